//! What does not fit or is damaged ends with an error that names file, numbers and remedy.

use crate::support::{copy, finished, fresh, program, told};
use std::fs;

#[test]
fn recordings_of_another_world_are_refused() {
    let folder = fresh("another");
    fs::create_dir_all(&folder).expect("a folder");
    let collect = ["collect", "--env", "balls", "--episodes", "4", "--steps", "40", "--out", "balls"];
    let output = program(&folder, &collect);
    assert!(output.status.success(), "{}", told(&output));
    let run = finished().display().to_string();
    let output = program(&folder, &["eval", &run, "--data", "balls"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("data.env is tworoom") && text.contains("of balls"), "{text}");
}

#[test]
fn addresses_that_cannot_be_are_told_and_how_to_build_what_fetches() {
    let folder = fresh("addresses");
    fs::create_dir_all(&folder).expect("a folder");
    let text = told(&program(&folder, &["inspect", "az://box/trials"]));
    assert!(text.starts_with("exit 1") && text.contains("az://") && text.contains("s3://BUCKET/PREFIX"), "{text}");
    if cfg!(not(feature = "remote")) {
        let address = "s3://robots/trials";
        for arguments in
            [&["inspect", address][..], &["doctor", address], &["train", "--data", address, "--out", "run"]]
        {
            let text = told(&program(&folder, arguments));
            assert!(text.starts_with("exit 1") && text.contains(address), "{text}");
            assert!(text.contains("build with --features remote, or download them and give the folder"), "{text}");
        }
    }
}

#[test]
fn a_damaged_model_is_named() {
    let run = fresh("damaged");
    copy(finished(), &run);
    let weights = run.join("model/weights.safetensors");
    let bytes = fs::read(&weights).expect("weights");
    fs::write(&weights, &bytes[..bytes.len() / 2]).expect("a file");
    let text = told(&program(&run, &["eval", "."]));
    assert!(text.starts_with("exit 1") && text.contains("weights.safetensors") && text.contains("damaged"), "{text}");
}

#[test]
fn a_single_changed_byte_of_a_model_is_told() {
    let run = fresh("flipped");
    copy(finished(), &run);
    for file in ["weights.safetensors", "reacher.safetensors", "model.json"] {
        let path = run.join("model").join(file);
        let whole = fs::read(&path).expect("a file");
        let mut bytes = whole.clone();
        // In the description a digit, which leaves it readable; elsewhere the last byte of the last number.
        let at = match file {
            "model.json" => bytes.iter().rposition(|b| b"12345678".contains(b)).expect("a digit"),
            _ => bytes.len() - 1,
        };
        bytes[at] ^= 1;
        fs::write(&path, bytes).expect("a file");
        let text = told(&program(&run, &["eval", "."]));
        assert!(text.starts_with("exit 1") && text.contains(file) && text.contains("SHA-256"), "{text}");
        fs::write(&path, whole).expect("a file");
    }
}

#[test]
fn a_damaged_checkpoint_and_a_damaged_record_are_named() {
    let run = fresh("damaged-checkpoint");
    copy(finished(), &run);
    fs::remove_dir_all(run.join("model")).expect("a folder");
    let checkpoint = fs::read_dir(&run).expect("a folder").flatten().map(|e| e.path());
    let checkpoint = checkpoint.filter(|p| p.display().to_string().contains("checkpoint-")).last().expect("one");
    fs::write(checkpoint.join("model.json"), "{").expect("a file");
    let text = told(&program(&run, &["quickstart", "--resume", "."]));
    assert!(text.starts_with("exit 1") && text.contains("model.json") && text.contains("damaged"), "{text}");
    fs::write(run.join("run.toml"), "[settings]\ntrain = 3\n").expect("a file");
    let text = told(&program(&run, &["quickstart", "--resume", "."]));
    assert!(text.starts_with("exit 1") && text.contains("run.toml"), "{text}");
}

#[test]
fn windows_longer_than_every_episode_are_refused() {
    let folder = fresh("short");
    fs::create_dir_all(&folder).expect("a folder");
    let collect = ["collect", "--env", "tworoom", "--episodes", "10", "--steps", "9", "--out", "short"];
    assert!(program(&folder, &collect).status.success(), "recorded");
    let text = told(&program(&folder, &["train", "--data", "short"]));
    assert!(text.starts_with("exit 1") && text.contains("26") && text.contains('9'), "{text}");
}

#[test]
fn a_vector_that_recordings_lack_is_refused_with_those_that_there_are() {
    let folder = fresh("vectors");
    fs::create_dir_all(&folder).expect("a folder");
    let collect = ["collect", "--env", "tworoom", "--episodes", "4", "--steps", "20", "--size", "0", "--out", "walks"];
    assert!(program(&folder, &collect).status.success(), "recorded");
    let train =
        ["train", "--preset", "quickstart-state", "--data", "walks", "--set", "data.vectors=[\"observation.force\"]"];
    let text = told(&program(&folder, &train));
    assert!(text.starts_with("exit 1") && text.contains("no vector \"observation.force\""), "{text}");
    assert!(text.contains("there are: observation.state"), "{text}");
}

#[test]
fn a_way_of_exploring_that_a_world_has_not_is_refused_and_nothing_is_left() {
    let folder = fresh("explored");
    fs::create_dir_all(&folder).expect("a folder");
    let collect = |env: &str, explorer: &str| {
        let how = ["--explore", "1", "--explorer", explorer, "--episodes", "1", "--steps", "9", "--size", "0"];
        told(&program(&folder, &[&["collect", "--env", env, "--out", "here"], &how[..]].concat()))
    };
    let text = collect("tworoom", "contacts");
    assert!(!text.starts_with("exit 0") && text.contains("only in pusht"), "{text}");
    let text = collect("pendulum", "contacts");
    assert!(text.starts_with("exit 2") && text.contains("leave the explorer out"), "{text}");
    let text = collect("pusht", "seek");
    assert!(text.starts_with("exit 2") && text.contains("wander, random and contacts"), "{text}");
    assert!(fs::read_dir(&folder).expect("a folder").next().is_none(), "nothing is left");
    let text = collect("tworoom", "random");
    assert!(text.starts_with("exit 0"), "the remedy works: {text}");
}

#[test]
fn a_collection_that_exists_is_not_overwritten() {
    let folder = fresh("collected");
    fs::create_dir_all(folder.join("here")).expect("a folder");
    let text = told(&program(&folder, &["collect", "--episodes", "1", "--out", "here"]));
    assert!(text.starts_with("exit 1") && text.contains("here") && text.contains("exists"), "{text}");
}

#[test]
fn a_damaged_line_in_the_log_of_losses_is_named_and_one_that_was_cut_off_is_not_missed() {
    let run = fresh("damaged-log");
    copy(finished(), &run);
    let log = fs::read_to_string(run.join("train.jsonl")).expect("a log");
    fs::write(run.join("train.jsonl"), format!("{log}{{\"step\": 1")).expect("a file");
    let text = told(&program(&run, &["report", "."]));
    assert!(text.starts_with("exit 0"), "killed in the middle of a line: {text}");
    fs::write(run.join("train.jsonl"), log.replacen('{', "", 2)).expect("a file");
    let text = told(&program(&run, &["report", "."]));
    assert!(text.starts_with("exit 1") && text.contains("line 1 of") && text.contains("train.jsonl"), "{text}");
}
