//! `terrella watch`: quiet recordings stay quiet, a changed sensor is told, and what does not fit is refused.

use crate::support::{finished, fresh, program, told};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use terrella_data::Writer;
use terrella_formats::{OpenOptions, open};

/// What a command said; it must have gone well.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let text = told(&program(folder, arguments));
    assert!(text.starts_with("exit 0"), "{arguments:?}: {text}");
    text
}

/// A folder with a run, recordings like those that it learned from (`fresh`), and the same with speeds that are told half as large
/// again (`changed`).
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("watch");
        fs::create_dir_all(&folder).expect("a folder");
        let collect = |out: &str, episodes: &str, seed: &str| {
            let fixed = ["collect", "--env", "pendulum", "--size", "0", "--explore", "1", "--out", out];
            done(&folder, &[&fixed[..], &["--episodes", episodes, "--seed", seed]].concat());
        };
        collect("data", "24", "0");
        collect("fresh", "6", "1");
        let mut data = open(folder.join("fresh"), &OpenOptions::default()).expect("recordings");
        let mut writer = Writer::create(&folder.join("changed"), &data.signature).expect("a dataset");
        for episode in &mut data.episodes {
            episode.states.data.chunks_exact_mut(2).for_each(|row| row[1] *= 1.5);
            writer.write_episode(episode).expect("an episode");
        }
        writer.finish().expect("a dataset");
        let train =
            ["train", "--data", "data", "--set", "model.kind=ensemble", "--set", "train.steps=300", "--out", "run"];
        done(&folder, &[&train[..], &["--set", "data.held_out=0.5"]].concat());
        // What is usual is learned and kept before tests ask for it side by side.
        done(&folder, &["watch", "run", "--stream", "fresh"]);
        folder
    })
}

#[test]
fn quiet_recordings_stay_quiet_and_a_changed_sensor_is_told_line_by_line() {
    let folder = folder();
    let text = done(folder, &["watch", "run", "--stream", "fresh", "--fail-on", "alarm"]);
    assert!(text.contains("0 alarms in") && text.contains("quiet rows, counted alone"), "{text}");
    assert!(folder.join("run/watch.json").is_file(), "what is usual is kept");

    let changed = ["watch", "run", "--stream", "changed", "--false-alarms", "1e-4", "--json"];
    let output = program(folder, &changed);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["told"] == kind).collect::<Vec<_>>();
    assert_eq!((lines[0]["told"].as_str(), of("summary").len()), (Some("calibration"), 1), "{text}");
    let alarm = of("alarm")[0];
    assert!(alarm["since"]["read"].as_u64() <= alarm["at"]["read"].as_u64(), "{alarm}");
    assert!(["angle", "velocity"].iter().any(|name| alarm["quantity"] == *name), "{alarm}");
    assert_eq!(of("summary")[0]["summary"]["alarms"], of("alarm").len(), "all of them are counted");
    let output = program(folder, &[&changed[..], &["--fail-on", "alarm"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
}

#[test]
fn episodes_that_were_learned_from_or_calibrated_on_are_left_out() {
    let folder = folder();
    let text = told(&program(folder, &["watch", "run", "--stream", "data"]));
    assert!(text.starts_with("exit 2") && text.contains("--calibrate 0.5"), "{text}");
    // The remedy, in a copy: another test reads what this run keeps.
    crate::support::copy(&folder.join("run"), &folder.join("copy"));
    let text = done(folder, &["watch", "copy", "--stream", "data", "--calibrate", "0.5"]);
    assert!(text.contains("12 episodes are left out, since the model learned from them"), "{text}");
    assert!(text.contains("6 episodes are left out, since what is usual was calibrated on them"), "{text}");
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let folder = folder();
    let cart = ["collect", "--env", "cart_pole", "--episodes", "2", "--size", "0", "--explore", "1", "--out", "cart"];
    done(folder, &cart);
    let text = told(&program(folder, &["watch", "run", "--stream", "cart"]));
    assert!(text.starts_with("exit 1") && text.contains("cart") && text.contains("fps"), "{text}");
    let mut data = open(folder.join("fresh"), &OpenOptions::default()).expect("recordings");
    data.signature.state.swap(0, 1);
    let mut writer = Writer::create(&folder.join("swapped"), &data.signature).expect("a dataset");
    writer.write_episode(&data.episodes[0]).expect("an episode");
    writer.finish().expect("a dataset");
    let text = told(&program(folder, &["watch", "run", "--stream", "swapped"]));
    assert!(text.starts_with("exit 2") && text.contains("\"velocity\"") && text.contains("\"angle\""), "{text}");
    let seeing = finished().display().to_string();
    let text = told(&program(folder, &["watch", &seeing, "--stream", "fresh"]));
    assert!(text.starts_with("exit 2") && text.contains("model.kind=ensemble"), "{text}");
    for (option, value) in [("--false-alarms", "0"), ("--false-alarms", "0.9"), ("--calibrate", "0")] {
        let text = told(&program(folder, &["watch", "run", "--stream", "fresh", option, value]));
        assert!(!text.starts_with("exit 0") && text.contains(value), "{option} {value}: {text}");
    }
    let text = told(&program(folder, &["watch", "run", "--stream", "nowhere"]));
    assert!(text.starts_with("exit 1") && text.contains("nowhere"), "{text}");
}
