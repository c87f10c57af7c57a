//! What the program says, word for word. After a wanted change: `TERRELLA_SNAPSHOTS=update cargo test -p terrella --release`.

use crate::support::{finished, fresh, program, snapshot, told};
use std::fs;
use std::path::Path;

fn says(name: &str, arguments: &[&str]) {
    says_in(&std::env::temp_dir(), name, arguments);
}

fn says_in(folder: &Path, name: &str, arguments: &[&str]) {
    snapshot(name, &told(&program(folder, arguments)));
}

#[test]
fn help_of_every_verb() {
    says("help", &["--help"]);
    for verb in [
        "quickstart",
        "envs",
        "collect",
        "import",
        "export",
        "record",
        "inspect",
        "label",
        "keypoints",
        "identify",
        "train",
        "eval",
        "plan",
        "report",
        "bench",
        "completions",
    ] {
        says(&format!("help_{verb}"), &[verb, "--help"]);
    }
}

#[test]
fn worlds() {
    says("envs", &["envs"]);
}

#[test]
fn mistakes_are_named_with_a_remedy() {
    says("unknown_key", &["quickstart", "--set", "train.step=3"]);
    says("unknown_section", &["quickstart", "--set", "modle.size=s"]);
    says("wrong_type", &["quickstart", "--set", "train.steps=many"]);
    says("unknown_preset", &["train", "--preset", "quikstart"]);
    says("unknown_env", &["collect", "--env", "push", "--out", "nowhere"]);
    says("unknown_env_in_settings", &["quickstart", "--set", "data.env=tworom"]);
    says("no_data", &["train"]);
    says("missing_data", &["inspect", "there/is/nothing"]);
    says("not_a_run", &["eval", "."]);
    says("unknown_verb", &["trian"]);
}

#[test]
fn an_unknown_key_in_a_file_is_told_with_the_file() {
    let folder = fresh("config");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("mine.toml"), "[model]\nsizes = \"s\"\n").expect("a file");
    says_in(&folder, "unknown_key_in_file", &["quickstart", "--config", "mine.toml"]);
}

#[test]
fn an_existing_run_directory_is_not_touched() {
    let folder = fresh("existing");
    fs::create_dir_all(folder.join("run")).expect("a folder");
    says_in(&folder, "existing_run", &["quickstart", "--out", "run"]);
    fs::write(folder.join("file"), "").expect("a file");
    says_in(&folder, "unwritable_run", &["quickstart", "--out", "file/run"]);
}

#[test]
fn verbs_work_on_a_finished_run() {
    let run = finished();
    let path = run.display().to_string();
    for arguments in [
        vec!["eval", &path, "--policy", "search", "--pairs", "3", "--json"],
        vec!["plan", &path, "--episode", "1", "--start", "2", "--json"],
        vec!["report", &path, "--json"],
    ] {
        let output = program(run, &arguments);
        assert!(output.status.success(), "{}", told(&output));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON document");
        assert!(json.is_object(), "{json}");
    }
    let output = program(run, &["inspect", "data"]);
    assert!(output.status.success() && told(&output).contains("tworoom"), "{}", told(&output));
}
