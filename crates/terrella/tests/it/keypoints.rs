//! Things without labels, from the program: learned from pictures alone, judged, drawn on a page, and refused where there is nothing to
//! learn from.

use crate::support::{fresh, program, record, told};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Seconds instead of minutes.
const TINY: [&str; 12] = [
    "--set",
    "keypoints.steps=4",
    "--set",
    "keypoints.batch_size=4",
    "--set",
    "keypoints.side=32",
    "--set",
    "keypoints.count=4",
    "--set",
    "data.held_out=0.5",
    "--seed",
    "3",
];

/// A folder with recordings of two worlds.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("keypoints");
        fs::create_dir_all(&folder).expect("a folder");
        record(&folder.join("balls"), "balls", (4, 30), 32, 0);
        record(&folder.join("pushes"), "pusht", (4, 30), 32, 0);
        record(&folder.join("blind"), "pusht", (4, 10), 0, 0);
        record(&folder.join("one"), "balls", (1, 10), 32, 0);
        folder
    })
}

fn keypoints(data: &str, out: &str, more: &[&str]) -> String {
    let arguments = [&["keypoints", "--data", data, "--out", out], &TINY[..], more].concat();
    told(&program(folder(), &arguments))
}

#[test]
fn keypoints_are_learned_judged_and_drawn() {
    let text = keypoints("balls", "of-balls", &[]);
    assert!(text.starts_with("exit 0"), "{text}");
    for words in
        ["60 held-out rows of 2 episodes", "ball1 (px)", "12x12 grey pixels", "the mean", "ball2, while it cannot"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(!text.contains("velocity"), "a picture shows no speed: {text}");
    let read = |name: &str| fs::read_to_string(folder().join("of-balls").join(name)).expect("a file");
    let json: Value = serde_json::from_str(&read("keypoints.json")).expect("JSON");
    assert_eq!(json["score"]["uses"].as_array().map(Vec::len), Some(4), "{json}");
    assert_eq!(json["score"]["bodies"][2]["name"], "ball2", "{json}");
    let rows = json["score"]["bodies"][0]["rows"].as_array().expect("seen and hidden");
    assert_eq!(rows.iter().filter_map(Value::as_u64).sum::<u64>(), 60, "every row is one of them");
    let page = read("keypoints.html");
    assert!(page.contains("<circle") && page.contains("Whether a keypoint stays with its thing"), "rings and tables");
    assert!(!page.contains("http") && !page.contains("<script"), "a page needs nothing else");
    let places = read("places.csv");
    assert_eq!(places.lines().count(), 1 + 60 * 4, "a line a row and keypoint");
    let row: Vec<f32> =
        places.lines().nth(7).expect("a row").split(',').map(|x| x.parse().expect("a number")).collect();
    assert!((0.0..=32.0).contains(&row[4]) && (0.0..=1.0).contains(&row[6]), "{row:?}");
}

#[test]
fn pictures_without_a_state_are_learned_from_all_the_same() {
    record(&folder().join("film"), "pusht", (4, 30), 32, 7);
    let info = folder().join("film/meta/info.json");
    let text = fs::read_to_string(&info).expect("info").replace("\"observation.state\"", "\"mood\"");
    fs::write(&info, text).expect("info");
    let text = keypoints("film", "of-film", &["--set", "keypoints.ground=episode", "--set", "keypoints.look=2"]);
    assert!(text.starts_with("exit 0") && text.contains("nothing to judge keypoints by but the eye"), "{text}");
    assert!(!text.contains("the mean"), "{text}");
}

#[test]
fn a_seed_says_every_byte_whatever_the_threads() {
    let run = |out: &str, threads: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_terrella"));
        command.args(["keypoints", "--data", "pushes", "--out", out]).args(TINY);
        let output = command.current_dir(folder()).env("RAYON_NUM_THREADS", threads).output().expect("it runs");
        assert!(output.status.success(), "{}", told(&output));
        fs::read(folder().join(out).join("places.csv")).expect("a file")
    };
    assert!(run("threads-1", "1") == run("threads-2", "2"), "threads change nothing");
}

#[test]
fn recordings_that_teach_nothing_are_refused() {
    fs::create_dir_all(folder().join("taken")).expect("a folder");
    let still = ["--set", "data.held_out=0.5"];
    for (data, out, more, code, words) in [
        ("blind", "x", &still[..], 1, ["no pictures", "blind"]),
        ("one", "x", &still[..], 1, ["one side empty", "record more"]),
        ("nowhere", "x", &still[..], 1, ["nowhere", "check the spelling"]),
        ("balls", "taken", &still[..], 1, ["taken already exists", "another destination"]),
        ("balls", "x", &["--set", "keypoints.count=0"], 2, ["keypoints.count is 0", "8 is usual"]),
        ("balls", "x", &["--set", "keypoints.side=30"], 1, ["30 pixels", "cells of 4"]),
        ("balls", "x", &["--set", "keypoints.colour=1"], 2, ["keypoints.colour", "count"]),
    ] {
        let text = keypoints(data, out, more);
        assert!(text.starts_with(&format!("exit {code}")), "{data} {more:?}: {text}");
        assert!(words.iter().all(|word| text.contains(word)), "{words:?} in {text}");
        assert!(!folder().join("x").exists(), "nothing is left behind");
    }
    let text = told(&program(folder(), &["keypoints"]));
    assert!(text.starts_with("exit 2") && text.contains("--data"), "{text}");
}
