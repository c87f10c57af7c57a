//! `terrella eval --shift`: the same attempts in scenes that look otherwise.

use crate::support::{copy, finished, fresh, program, told};
use std::fs;

#[test]
fn a_policy_is_tried_in_other_scenes_and_the_page_shows_them() {
    let run = fresh("shifted");
    copy(finished(), &run);
    let output = program(&run, &["eval", ".", "--shift", "--policy", "hybrid", "--pairs", "2"]);
    let text = told(&output);
    assert!(text.starts_with("exit 0"), "{text}");
    for line in ["as it is", "other colours", "noise"] {
        assert!(text.contains(line), "{line} is missing in: {text}");
    }
    assert!(!text.contains("painted target"), "TwoRoom paints none: {text}");
    let evaluation: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(run.join("eval.json")).expect("an evaluation")).expect("JSON");
    let rows = evaluation["shifts"]["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 22, "a scene as it is, and seven factors at three sizes");
    let seen = |at: usize| rows[at]["told"][0]["seen"].as_f64().expect("an error");
    let strongest = rows.iter().position(|r| r["factor"] == "noise" && r["size"] == 32.0).expect("noise");
    assert_ne!(seen(0), seen(strongest), "the model is shown the noise");
    let page = fs::read_to_string(run.join("report.html")).expect("a page");
    assert!(page.contains("Where the scene looks otherwise") && page.contains("One moment in every scene"), "shown");
    let some = |factors: &str| {
        told(&program(&run, &["eval", ".", "--shift", "--policy", "hybrid", "--pairs", "2", "--set", factors]))
    };
    let text = some("eval.factors=[\"colours\", \"noise\"]");
    assert!(text.starts_with("exit 0") && text.contains("other colours") && !text.contains("light"), "{text}");
    let text = some("eval.factors=[\"colors\"]");
    assert!(text.starts_with("exit 2") && text.contains("light from one side, noise, other colours"), "{text}");
    let quoted = told(&program(&run, &["report", ".", "--markdown"]));
    assert!(quoted.contains("| factor | rule | middle size | successes lost | breaks at |"), "{quoted}");
}

#[test]
fn models_of_states_and_logs_have_no_scenes() {
    let folder = fresh("sightless");
    fs::create_dir_all(&folder).expect("a folder");
    let done = |arguments: &[&str]| told(&program(&folder, arguments));
    let walks = ["collect", "--env", "tworoom", "--episodes", "12", "--steps", "60", "--size", "0", "--out", "walks"];
    assert!(done(&walks).starts_with("exit 0"), "recorded");
    let train = ["train", "--preset", "quickstart-state", "--data", "walks", "--out", "run", "--set", "train.steps=4"];
    let small = ["--set", "reacher.steps=4", "--set", "data.held_out=0.25"];
    let text = done(&[&train[..], &small[..]].concat());
    assert!(text.starts_with("exit 0"), "{text}");
    let text = done(&["eval", "run", "--shift", "--pairs", "2", "--set", "eval.rollout.horizon=4"]);
    assert!(text.starts_with("exit 2") && text.contains("shown logged states"), "{text}");
}
