//! Video without actions, from the program: labelled, cut where labels are not sure, and fit to learn from.

use crate::support::{fresh, program, record, told};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Seconds instead of minutes, and every label is sure enough.
const TINY: [&str; 12] = [
    "--set",
    "label.steps=6",
    "--set",
    "label.batch_size=4",
    "--set",
    "data.held_out=0.5",
    "--set",
    "label.reach=1000",
    "--set",
    "label.min_rows=10",
    "--seed",
    "3",
];

/// A folder with `acted` and `film` of one world, and `silent`, the film without its actions.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("label");
        fs::create_dir_all(&folder).expect("a folder");
        record(&folder.join("acted"), "pusht", (8, 30), 32, 0);
        for film in ["film", "silent"] {
            record(&folder.join(film), "pusht", (3, 30), 32, 7);
        }
        silence(&folder.join("silent"));
        folder
    })
}

/// Calls actions something that nobody knows, as a film has none.
fn silence(dataset: &Path) {
    let info = dataset.join("meta/info.json");
    let text = fs::read_to_string(&info).expect("info");
    fs::write(&info, text.replacen("\"action\"", "\"mood\"", 1)).expect("info");
}

/// Labels with tiny settings; what comes later holds.
fn label(from: &str, film: &str, out: &str, more: &[&str]) -> String {
    let fixed = ["label", "--from", from, "--data", film, "--out", out];
    told(&program(folder(), &[&fixed[..], &TINY, more].concat()))
}

/// The same, which must go well and answers in JSON.
fn labelled(from: &str, film: &str, out: &str, more: &[&str]) -> Value {
    let text = label(from, film, out, &[more, &["--json"]].concat());
    assert!(text.starts_with("exit 0"), "{text}");
    let json = text.split("--- stdout\n").nth(1).and_then(|text| text.split("--- stderr").next()).expect("stdout");
    serde_json::from_str(json).expect("JSON")
}

#[test]
fn a_film_becomes_recordings_that_can_be_learned_from() {
    let told = labelled("acted", "silent", "of-silent", &[]);
    assert_eq!((&told["written"]["episodes"], &told["written"]["rows"]), (&3.into(), &90.into()), "{told}");
    assert!(told["judged"].is_null(), "nobody knows what was done");
    let held_out = &told["held_out"];
    assert_eq!((&told["learned"]["calibrating"], &held_out["episodes"]), (&2.into(), &2.into()), "halves: {told}");
    let names: Vec<&str> = held_out["numbers"][0]["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|e| e["predictor"].as_str())
        .collect();
    assert_eq!(
        names,
        ["labeller", "the mean", "nearest pair of pictures", "the agent's next place", "linear, of logged states",]
    );
    let shares: Vec<&Value> = held_out["risk"].as_array().expect("risks").iter().map(|r| &r["rows"]).collect();
    assert_eq!(shares, [60, 54, 45, 30], "from all to the most confident half");

    let [labels, film] = ["of-silent", "film"].map(|name| terrella::open(folder().join(name), &Default::default()));
    let (labels, film) = (labels.expect("recordings"), film.expect("recordings"));
    assert_eq!(labels.signature, film.signature, "the film, with actions");
    for (a, b) in labels.episodes.iter().zip(&film.episodes) {
        assert!(a.states == b.states && a.actions != b.actions, "all but what was done is as it was recorded");
        let [a, b] = [a, b].map(|e| e.frames.as_ref().expect("pictures").bytes(5).to_vec());
        assert_eq!(a, b, "at the size that was recorded");
    }
    let record = fs::read_to_string(folder().join("of-silent/meta/labels.json")).expect("a record");
    assert!(record.contains("\"learned_from\"") && record.contains("\"factors\""), "{record}");

    let tiny = ["--set", "train.steps=2", "--set", "train.batch_size=4", "--set", "reacher.steps=2", "--set"];
    let train = ["train", "--preset", "quickstart-pixels", "--data", "of-silent", "--out", "trained"];
    let more = ["decoder.steps=0", "--set", "data.held_out=0.34"];
    let text = self::told(&program(folder(), &[&train[..], &tiny, &more].concat()));
    assert!(text.starts_with("exit 0") && text.contains("trained/model"), "{text}");
}

#[test]
fn labels_of_a_film_whose_actions_are_known_are_judged_by_them_and_not_learned_from() {
    let told = labelled("acted", "film", "of-film", &[]);
    let judged = told["judged"].as_array().expect("all rows and those that were kept");
    assert_eq!([&judged[0]["rows"], &judged[1]["rows"]], [90, 90], "all were kept");
    let silent = labelled("acted", "silent", "of-silent-again", &[]);
    assert_eq!(told["held_out"], silent["held_out"], "the film teaches nothing");
    let actions = |name: &str| {
        let data = terrella::open(folder().join(name), &Default::default()).expect("recordings");
        data.episodes.iter().flat_map(|e| e.actions.data.clone()).collect::<Vec<f32>>()
    };
    assert_eq!(actions("of-film"), actions("of-silent-again"), "nor does it tell what was done");
}

#[test]
fn a_seed_says_every_byte_whatever_the_threads() {
    let run = |out: &str, threads: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_terrella"));
        command.args(["label", "--from", "acted", "--data", "silent", "--out", out]).args(TINY);
        let output = command.current_dir(folder()).env("RAYON_NUM_THREADS", threads).output().expect("it runs");
        assert!(output.status.success(), "{}", told(&output));
        let file = |name: &str| fs::read(folder().join(out).join(name)).expect("a file");
        ["data/chunk-000/file-000.parquet", "meta/labels.json", "meta/stats.json"].map(file)
    };
    assert!(run("threads-1", "1") == run("threads-2", "2"), "threads change nothing");
}

#[test]
fn a_part_of_the_labels_teaches_and_the_rest_of_the_same_recordings_is_labelled() {
    let told = labelled("acted", "acted", "rest", &["--labels", "0.5"]);
    assert_eq!([&told["learned"]["episodes"], &told["learned"]["of"]], [2, 4], "half of those that are not held out");
    assert_eq!(told["film"]["known"], serde_json::json!([2, 4]), "neither what taught nor what is held out");
    assert_eq!([&told["film"]["episodes"], &told["judged"][0]["episodes"]], [2, 2], "the others are judged");
    let text = label("acted", "acted", "nothing", &[]);
    assert!(text.starts_with("exit 2") && text.contains("4 are learned from and 4 are held out"), "{text}");
    assert!(text.contains("--labels 0.1"), "{text}");
    for share in ["0", "1.5", "nan"] {
        let text = label("acted", "acted", "nothing", &["--labels", share]);
        assert!(text.starts_with("exit 2") && text.contains("above 0"), "{text}");
    }
}

#[test]
fn few_held_out_episodes_are_told() {
    let text = label("acted", "silent", "one", &["--set", "data.held_out=0.12"]);
    assert!(text.starts_with("exit 0") && text.contains("Only 1 episode is held out"), "{text}");
    let text = label("acted", "silent", "two", &["--set", "data.held_out=0.25"]);
    assert!(text.starts_with("exit 0") && text.contains("Only 2 episodes are held out"), "{text}");
    assert!(text.contains("Learned from 4 episodes") || !text.contains("Learned from"), "{text}");
}

#[test]
fn where_nothing_is_sure_enough_the_threshold_that_would_do_is_told_and_does() {
    let strict = ["--set", "label.reach=0.001"];
    let text = label("acted", "silent", "strict", &strict);
    assert!(text.starts_with("exit 2") && text.contains("nothing is left of 90 rows"), "{text}");
    assert!(text.contains("held out:"), "why is told, too: {text}");
    assert!(!folder().join("strict").exists() && !folder().join("strict.partial").exists(), "nothing is left behind");
    let least = text.split("label.reach = ").nth(2).and_then(|t| t.split(' ').next()).expect("a threshold");
    let told = labelled("acted", "silent", "least", &["--set", &format!("label.reach={least}")]);
    let kept = told["film"]["kept"].as_u64().expect("rows");
    assert!((10..90).contains(&kept), "{told}");
    let all = ["kept", "unsure", "short"].iter().map(|name| told["film"][name].as_u64().expect("rows")).sum::<u64>();
    assert_eq!(all, 90, "every row is accounted for: {told}");
}

#[test]
fn episodes_of_one_row_are_too_short_unless_that_is_wanted() {
    record(&folder().join("blinks"), "pusht", (3, 1), 32, 5);
    let text = label("acted", "blinks", "of-blinks", &[]);
    assert!(text.starts_with("exit 2") && text.contains("longest episode has 1"), "{text}");
    let told = labelled("acted", "blinks", "of-blinks", &["--set", "label.min_rows=1"]);
    assert_eq!(told["written"]["rows"], 3, "{told}");
}

#[test]
fn recordings_that_cannot_be_used_are_refused_before_anything_is_learned() {
    record(&folder().join("blind"), "pusht", (3, 20), 0, 1);
    record(&folder().join("large"), "pusht", (3, 20), 48, 1);
    record(&folder().join("other"), "balls", (3, 20), 32, 1);
    fs::create_dir_all(folder().join("taken")).expect("a folder");
    for (from, film, out, code, words) in [
        ("silent", "film", "x", 2, ["labels on 0 rows", "docs/logs.md"]),
        ("blind", "film", "x", 2, ["blind has no pictures", "camera"]),
        ("acted", "blind", "x", 2, ["blind has no pictures", "camera"]),
        ("acted", "large", "x", 2, ["32x32 in acted and 48x48 in large", "--image-size"]),
        ("acted,large", "film", "x", 2, ["48x48 in large and 32x32 in film", "--image-size"]),
        ("acted", "other", "x", 2, ["10 rows a second", "--fps"]),
        ("acted", "film", "taken", 1, ["taken already exists", "another destination"]),
        ("acted", "film,acted", "x", 2, ["2 sets", "one after the other"]),
        ("nowhere", "film", "x", 1, ["nowhere", "check the spelling"]),
    ] {
        let text = label(from, film, out, &[]);
        assert!(text.starts_with(&format!("exit {code}")), "{from}, {film}: {text}");
        assert!(words.iter().all(|word| text.contains(word)), "{words:?} in {text}");
        assert!(!folder().join("x").exists(), "nothing is left behind");
    }
    let text = label("acted", "film", "x", &["--set", "label.reach=nan"]);
    assert!(text.starts_with("exit 2") && text.contains("0.25 is usual"), "{text}");
}
