//! What is driven comes again bit for bit, beside a simulator and without one; what was changed is told.

use crate::driver::Driver;
use crate::painting::{get, painted};
use crate::support::{copy, device, fresh, program, record, tiny, told, training};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use terrella::Watch;
use terrella::pipeline::{Recordings, Run, train_whole};
use terrella_data::Writer;
use terrella_formats::{OpenOptions, open};

const RECORD: &str = r#"{"do":"record","on":true}"#;

/// Changes what a drive says of itself, in a copy.
fn changed(drive: &Path, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let other = fresh(name);
    copy(drive, &other);
    let file = other.join("meta/drive.json");
    let mut value: Value = serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON");
    change(&mut value);
    fs::write(&file, value.to_string()).expect("a file");
    other
}

/// What the program says when a drive is replayed.
fn replayed(folder: &Path, drive: &Path, more: &[&str]) -> String {
    told(&program(folder, &[&["replay", drive.to_str().expect("a path")], more].concat()))
}

/// That it says all this, and ends with this code.
fn says(text: &str, code: u8, words: &[&str]) {
    assert!(text.starts_with(&format!("exit {code}\n")), "{text}");
    words.iter().for_each(|word| assert!(text.contains(word), "{word} in {text}"));
}

/// A drive in the painted TwoRoom: by way of a rewind, a branch and a look at the real world.
fn drive() -> &'static Path {
    static DRIVE: OnceLock<PathBuf> = OnceLock::new();
    DRIVE.get_or_init(|| {
        let folder = painted().parent().expect("a folder");
        fresh("replayed-drives");
        let mut driver = Driver::of(folder, &["painted", "--port", "0", "--record", "replayed-drives"]);
        driver.say(r#"{"do":"reset","seed":3}"#);
        driver.frame(|header| header["step"] == 0 && header["remembered"] == 0);
        driver.act(0, [0.7, 0.3], 5);
        driver.say(r#"{"do":"rewind","steps":2}"#);
        driver.frame(|header| header["step"] == 3);
        driver.say(r#"{"do":"branch"}"#);
        driver.frame(|header| header["lanes"] == 2);
        driver.say(r#"{"do":"lane","lane":1}"#);
        driver.frame(|header| header["lane"] == 1);
        driver.act(3, [-0.5, 0.9], 2);
        driver.say(r#"{"do":"anchor"}"#);
        driver.frame(|header| header["anchored"] == 5);
        driver.say(RECORD);
        driver.frame(|header| header["recording"] == 0);
        driver.act(5, [0.1, -0.9], 4);
        driver.say(r#"{"do":"anchor"}"#);
        driver.frame(|header| header["anchored"] == 9);
        driver.act(9, [0.9, 0.0], 3);
        driver.recorded()
    })
}

#[test]
fn a_drive_comes_again_bit_for_bit_and_a_change_is_told_by_its_row() {
    let (folder, drive) = (painted().parent().expect("a folder"), drive());
    let all = ["7 rows from seed 3, step 5", "bit for bit", "states, pictures, the dream beside them"];
    says(&replayed(folder, drive, &[]), 0, &all);
    let output = program(folder, &["replay", drive.to_str().expect("a path"), "--run", "painted", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((&json["rows"], &json["differs"]), (&json!(7), &json!([])));

    let other = changed(drive, "replayed-dream", |value| value["learned"][2] = json!("0011223344556677"));
    says(&replayed(folder, &other, &[]), 1, &["1 differ, first row 2", "row 2: the dream is another", "1 of 7 rows"]);
    let other = changed(drive, "replayed-seed", |value| value["past"]["origin"] = json!({"seed": 4}));
    let text = replayed(folder, &other, &[]);
    says(&text, 1, &["7 differ, first row 0", "levels of 255", " was ", "7 of 7 rows"]);
    let blind = changed(drive, "replayed-blind", |value| {
        value["past"]["path"].as_array_mut().expect("a path").retain(|deed| *deed != "anchor");
    });
    let text = replayed(folder, &blind, &[]);
    says(&text, 1, &["the dream is another"]);
    assert!(!text.contains("levels of 255"), "the real world is the same: {text}");
}

#[test]
fn what_cannot_be_replayed_is_told_with_what_helps() {
    let (folder, drive) = (painted().parent().expect("a folder"), drive());
    says(&replayed(folder, &painted().join("data"), &[]), 2, &["no meta/drive.json", "terrella play"]);
    says(&replayed(folder, Path::new("nowhere"), &[]), 2, &["cannot read nowhere"]);
    says(&replayed(folder, drive, &["--run", "nothing-here"]), 2, &["no run nothing-here"]);
    says(&replayed(folder, drive, &["--set", "seed=3"]), 2, &["leave them out"]);
    let refused = |name: &str, change: fn(&mut Value), code: u8, words: &[&str]| {
        says(&replayed(folder, &changed(drive, name, change), &[]), code, words);
    };
    refused("replayed-gone", |value| value["made"]["run"] = json!("gone"), 2, &["driven in gone", "--run"]);
    refused("replayed-other", |value| value["made"]["model"] = json!("abc"), 2, &["not the one", "--run"]);
    refused("replayed-world", |value| value["made"]["world"] = json!("pusht"), 2, &["pusht", "of tworoom"]);
    refused("replayed-long", |value| value["past"]["path"] = Value::Null, 1, &["record sooner"]);
    refused("replayed-short", |value| value["past"]["step"] = json!(4), 1, &["12 steps long"]);

    // One bit of one weight.
    let run = fresh("replayed-run");
    copy(painted(), &run);
    let weights = run.join("model/weights.safetensors");
    let mut bytes = fs::read(&weights).expect("weights");
    *bytes.last_mut().expect("a byte") ^= 1;
    fs::write(&weights, bytes).expect("weights");
    says(&replayed(folder, drive, &["--run", "replayed-run"]), 1, &["weights.safetensors", "changed or damaged"]);
}

/// Recordings of TwoRoom that do not say so.
fn nameless(name: &str, seed: u64) -> PathBuf {
    let (named, path) = (fresh(&format!("{name}-named")), fresh(name));
    record(&named, "tworoom", (8, 40), 32, seed);
    let mut dataset = open(&named, &OpenOptions::default()).expect("recordings");
    dataset.signature.env = None;
    let mut writer = Writer::create(&path, &dataset.signature).expect("a dataset");
    dataset.episodes.iter().for_each(|episode| writer.write_episode(episode).expect("an episode"));
    writer.finish().expect("a dataset");
    path
}

/// A tiny model of these, in a folder of this name.
fn trained(data: &Path, name: &str, set: &[&str]) -> PathBuf {
    let _turn = training();
    let mut settings = tiny("tworoom", set);
    (settings.data.env, settings.data.path) = (None, Some(data.to_path_buf()));
    let mut recordings = Recordings::open(data, &settings, &Watch::silent()).expect("recordings");
    assert!(recordings.world.is_none(), "of no world");
    let path = fresh(name);
    let run = Run::create("train", Some(&path), settings).expect("a run");
    train_whole(&run, &mut recordings, &device(), &Watch::silent()).expect("a model");
    path
}

#[test]
fn without_a_simulator_a_dream_begins_in_recordings_and_is_kept_as_one() {
    let data = nameless("nameless", 5);
    let run = trained(&data, "nameless-run", &["model.kind=diffusion", "model.picture=32"]);
    let folder = run.parent().expect("a folder");
    fresh("nameless-drives");
    let mut driver = Driver::of(folder, &["nameless-run", "--port", "0", "--record", "nameless-drives"]);
    let about = get(&driver.address, "/about");
    for word in ["\"world\":\"recordings\"", "\"real\":false", "\"episodes\":[{\"rows\":", "10 % of its recorded range"]
    {
        assert!(about.contains(word), "{word} in {about}");
    }
    let mut drives = Vec::new();
    for origin in [r#"{"do":"reset","seed":5}"#, r#"{"do":"reset","episode":1,"row":7}"#] {
        driver.say(origin);
        let header = driver.frame(|header| header["step"] == 0 && header["remembered"] == 0);
        assert_eq!((&header["pictures"], &header["error"]), (&json!(["learned:0"]), &Value::Null));
        driver.act(0, [0.4, -0.2], 2);
        driver.say(RECORD);
        driver.frame(|header| header["recording"] == 0);
        driver.act(2, [0.0, 0.5], 3);
        drives.push(driver.recorded());
    }
    drop(driver);
    for (drive, began) in drives.iter().zip(["seed 5, step 2", "episode 1, row 7, step 2"]) {
        says(&replayed(folder, drive, &[]), 0, &["3 rows from", began, "bit for bit", "pictures"]);
        let value: Value =
            serde_json::from_slice(&fs::read(drive.join("meta/drive.json")).expect("a file")).expect("JSON");
        assert_eq!(
            (&value["dreamt"], &value["made"]["world"], &value["learned"]),
            (&json!(true), &Value::Null, &json!([]))
        );
        let dataset = open(drive, &OpenOptions::default()).expect("a dataset");
        assert!(dataset.signature.env.is_none() && dataset.episodes[0].task.contains("dream"), "marked as a dream");
    }
    let other = nameless("nameless-other", 6);
    let text = replayed(folder, &drives[1], &["--data", other.to_str().expect("a path")]);
    says(&text, 2, &["the hash", "--data"]);
}

#[test]
fn a_model_that_only_tells_states_is_not_seen_without_a_simulator() {
    let data = nameless("nameless-states", 7);
    let run = trained(&data, "nameless-states-run", &["model.kind=ensemble"]);
    let folder = run.parent().expect("a folder");
    let text = told(&program(folder, &["play", "nameless-states-run", "--port", "0", "--record", "nameless-none"]));
    says(&text, 1, &["cannot paint", "--preset diffusion"]);
}
