//! Doubts of a tiny ensemble about changed worlds, from the program; plans that count them; and a model that was adapted.

use crate::support::{copy, fresh, program, told};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What a command said; it must have gone well.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let text = told(&program(folder, arguments));
    assert!(text.starts_with("exit 0"), "{arguments:?}: {text}");
    text
}

const TINY: [&str; 14] = [
    "--set",
    "planner.samples=8",
    "--set",
    "planner.iterations=1",
    "--set",
    "planner.elites=2",
    "--set",
    "mpc.horizon=3",
    "--set",
    "eval.returns.episodes=2",
    "--set",
    "eval.open_loop.clips=20",
    "--set",
    "eval.trust.horizon=5",
];

/// A folder with `data`, random pushes of a cart, and `run`, a tiny ensemble that learned from half of them.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("doubt");
        fs::create_dir_all(&folder).expect("a folder");
        let collect = ["collect", "--env", "cart_pole", "--size", "0", "--explore", "1", "--episodes", "40"];
        done(&folder, &[&collect[..], &["--out", "data"]].concat());
        let sets = ["model.kind=ensemble", "train.steps=150", "train.batch_size=32", "data.held_out=0.5"];
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        done(&folder, &[&["train", "--data", "data", "--out", "run"][..], &sets[..]].concat());
        // Tests go side by side, and each writes into its own.
        ["doubted", "careful"].iter().for_each(|name| copy(&folder.join("run"), &folder.join(name)));
        folder
    })
}

#[test]
fn worlds_that_behave_otherwise_are_told_from_the_world_as_it_is() {
    let folder = folder();
    let text = done(folder, &[&["eval", "doubted", "--doubt"][..], &TINY[..]].concat());
    for line in ["as it is", "friction", "mass", "actions come later", "sensors that err", "surprise, stretch"] {
        assert!(text.contains(line), "{line} is missing in: {text}");
    }
    let evaluation: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("doubted/eval.json")).expect("an evaluation"))
            .expect("JSON");
    let rows = evaluation["doubt"]["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 13, "as it is, three factors and sensors at three sizes");
    assert!(folder.join("doubted/doubt.json").is_file(), "what is usual is kept");
    let text = told(&program(folder, &["eval", "doubted", "--doubt", "--set", "eval.factors=[\"weather\"]"]));
    assert!(text.starts_with("exit 2") && text.contains("there are friction, mass, actions come later"), "{text}");
}

#[test]
fn plans_count_doubts_where_several_members_tell_them() {
    let folder = folder();
    let careful = ["eval", "careful", "--set", "cost.doubt=0.5", "--set", "cost.doubt_most=5", "--json"];
    let output = program(folder, &[&careful[..], &TINY[..]].concat());
    assert!(output.status.success(), "{}", told(&output));
    let evaluation: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let provenance = evaluation["returns"]["provenance"].to_string();
    assert!(provenance.contains("by more than 5 deviations"), "the page says so: {provenance}");

    let single =
        ["train", "--data", "data", "--out", "single", "--set", "model.kind=ensemble", "--set", "model.members=1"];
    done(folder, &[&single[..], &["--set", "train.steps=2", "--set", "data.held_out=0.5"]].concat());
    let text = done(folder, &[&["eval", "single", "--set", "cost.doubt=1"][..], &TINY[..]].concat());
    assert!(text.contains("train an ensemble of several"), "{text}");
}

#[test]
fn a_model_is_adapted_to_new_recordings_and_knows_which_rows_it_learned_from() {
    let folder = folder();
    let collect = ["collect", "--env", "cart_pole", "--size", "0", "--explore", "1", "--episodes", "30", "--seed", "9"];
    done(folder, &[&collect[..], &["--out", "now"]].concat());
    let sets = ["--set", "train.steps=10", "--set", "eval.open_loop.horizons=[1]", "--set", "eval.open_loop.clips=20"];
    let adapt =
        |out: &'static str| [&["adapt", "run", "--to", "now", "--rows", "60", "--out", out][..], &sets[..]].concat();
    let text = done(folder, &adapt("adapted"));
    for told in ["5 rows moved", "50 rows moved", "60 rows moved", "not adapted", "anew, 60 rows", "angular_velocity"] {
        assert!(text.contains(told), "{told} is missing in: {text}");
    }
    let kept = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).expect("a file")).expect("JSON")
    };
    let report = kept("adapted/adapt.json");
    let episodes = report["episodes"].as_array().expect("episodes").len();
    assert!((1..29).contains(&episodes) && report["from"] == "run", "{report}");
    done(folder, &adapt("again"));
    assert_eq!(report["moved"], kept("again/adapt.json")["moved"], "nothing is random");

    let text = done(folder, &[&["eval", "adapted", "--set", "eval.trust.level=0.5"][..], &TINY[..]].concat());
    assert!(text.contains(&format!("{} of 30 episodes", 30 - episodes)), "what rows came from is not judged: {text}");
    let text = told(&program(folder, &["adapt", "run", "--to", "now", "--rows", "99999", "--out", "none"]));
    assert!(text.starts_with("exit 2") && text.contains("--rows 99999"), "{text}");
}
