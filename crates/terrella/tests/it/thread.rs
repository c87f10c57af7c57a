//! The thread from recordings to a report: whole, repeatable, and interruptible anywhere.

use crate::support::{copy, device, finished, fresh, program, tiny, told, training};
use std::fs;
use std::path::Path;
use terrella::error::exit_code;
use terrella::pipeline::{CollectConfig, Run, collect, quickstart};
use terrella::{Settings, Watch, open};

fn run(name: &str, settings: &Settings, watch: &Watch) -> (std::path::PathBuf, anyhow::Result<()>) {
    let path = fresh(name);
    let run = Run::create("quickstart", Some(&path), settings.clone()).expect("a run");
    (path, quickstart(run, &device(), watch).map(|_| ()))
}

fn same(a: &Path, b: &Path, file: &str) {
    let read = |folder: &Path| fs::read(folder.join(file)).expect("a file");
    assert!(read(a) == read(b), "{file} of {} and of {} differ", a.display(), b.display());
}

#[test]
fn an_interrupted_and_resumed_run_equals_the_uninterrupted_one() {
    let _turn = training();
    let settings = tiny("tworoom", &["train.log_every=3"]);
    let (whole, done) = run("whole", &settings, &Watch::silent());
    done.expect("the whole thread");
    let (parts, stopped) = run("parts", &settings, &Watch::stopping_at("train", 6));
    let error = stopped.expect_err("interrupted");
    assert_eq!(exit_code(&error), 130, "{error:#}");
    assert!(error.to_string().contains("terrella quickstart --resume"), "{error:#}");
    assert!(!parts.join("model").exists(), "nothing unfinished under a final name");
    let resumed = Run::open(&parts).expect("a run directory");
    quickstart(resumed, &device(), &Watch::silent()).expect("the rest of the thread");
    for file in ["train.jsonl", "model/weights.safetensors", "model/reacher.safetensors", "attempts-hybrid.jsonl"] {
        same(&whole, &parts, file);
    }
    let (again, done) = run("again", &settings, &Watch::silent());
    done.expect("the whole thread");
    for file in ["train.jsonl", "model/weights.safetensors", "model/decoder.safetensors", "attempts-search.jsonl"] {
        same(&whole, &again, file);
    }
}

#[test]
fn quickstart_in_pusht_ends_with_a_page() {
    let _turn = training();
    let (path, done) = run("pusht", &tiny("pusht", &["eval.budget=30"]), &Watch::silent());
    done.expect("the whole thread");
    let html = fs::read_to_string(path.join("report.html")).expect("a page");
    for heading in [
        "What was done",
        "How good it is",
        "What it learned",
        "What it imagines",
        "What it did",
        "What it could not do",
        "How to repeat it",
    ] {
        assert!(html.contains(&format!("<h2>{heading}</h2>")), "section {heading}");
    }
    assert!(html.contains("hybrid") && html.contains("acting at random"), "scores stand beside their floors");
    // Heads once learned without the symmetry that the model was trained with.
    let model = fs::read_to_string(path.join("model/model.json")).expect("a manifest");
    let model: serde_json::Value = serde_json::from_str(&model).expect("JSON");
    assert_eq!(model["train"]["symmetry"]["extent"], 512.0, "the finished model knows the symmetry of its world");
    let record = fs::read_to_string(path.join("run.toml")).expect("a record");
    for key in ["commit", "data_hash", "machine", "command", "[settings.train]", "symmetry"] {
        assert!(record.contains(key), "{key} in run.toml");
    }
}

#[test]
fn heads_are_asked_what_a_plan_costs_where_there_are_any() {
    let untaught = fresh("untaught-steps");
    copy(finished(), &untaught);
    let text = told(&program(&untaught, &["eval", ".", "--set", "cost.kind=reach"]));
    assert!(text.starts_with("exit 2") && text.contains("steps_to_go.steps=2000"), "{text}");
    let text = told(&program(&untaught, &["eval", ".", "--policy", "search", "--set", "cost.consistency=2"]));
    let html = fs::read_to_string(untaught.join("report.html")).expect("a page");
    assert!(text.starts_with("exit 0") && html.contains("Doubt: a plan costs 2 times as much again"), "{text}");
    let _turn = training();
    let (_, done) = run("unproposed", &tiny("tworoom", &["reacher.steps=0", "cost.consistency=1"]), &Watch::silent());
    let text = done.err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(text.contains("reacher.steps=3000") && text.contains("cost.consistency=0"), "nobody to ask: {text}");
    let sets = ["steps_to_go.steps=5", "steps_to_go.reach=20", "cost.kind=reach"];
    let (path, done) = run("steps", &tiny("tworoom", &sets), &Watch::silent());
    done.expect("the whole thread");
    assert!(path.join("model/steps_to_go.safetensors").exists(), "it is kept");
    let html = fs::read_to_string(path.join("report.html")).expect("a page");
    assert!(html.contains("steps to go, told of held-out rows"), "what it tells is judged");
    assert!(html.contains("steps to go are told apart up to 20"), "goals 25 steps away lie beyond");
    let text = told(&program(&path, &["eval", ".", "--policy", "search"]));
    assert!(text.starts_with("exit 0"), "read again: {text}");
}

#[test]
fn models_of_states_go_the_same_way() {
    let _turn = training();
    let (path, done) = run("states", &tiny("tworoom", &["model.kind=jepa", "model.sees=state"]), &Watch::silent());
    done.expect("the whole thread");
    assert!(!path.join("model/decoder.safetensors").exists(), "there is nothing to draw");
    let html = fs::read_to_string(path.join("report.html")).expect("a page");
    assert!(html.contains("Pictures of what it imagines are missing: "), "what is missing is told");
}

#[test]
fn a_family_without_latents_acts_by_search_alone() {
    let _turn = training();
    let small = ["model.kind=ensemble", "model.hidden=32", "train.steps=40", "train.batch_size=32"];
    let policies = ["eval.policies=[\"hybrid\", \"search\"]"];
    let (path, done) = run("ensemble", &tiny("pusht", &[&small[..], &policies].concat()), &Watch::silent());
    done.expect("the whole thread");
    let evaluation = fs::read_to_string(path.join("eval.json")).expect("an evaluation");
    let evaluation: serde_json::Value = serde_json::from_str(&evaluation).expect("JSON");
    let cards = evaluation["scorecards"].as_array().expect("scorecards");
    assert!(!cards.is_empty() && cards.iter().all(|card| card["policy"] == "search"), "{cards:?}");
    assert!(evaluation["notes"][0].as_str().is_some_and(|note| note.contains("hybrid")), "what was left out is told");
    assert!(evaluation["rollout"]["n_clips"].as_u64() > Some(0), "open-loop errors, as of any model");
    let html = fs::read_to_string(path.join("report.html")).expect("a page");
    assert!(html.contains("A probabilistic ensemble") && html.contains("Surprise at the recordings"), "its own words");
    assert!(!path.join("model/reacher.safetensors").exists() && !path.join("probes.json").exists(), "no heads");
    let model = fs::read_to_string(path.join("model/model.json")).expect("a manifest");
    assert!(model.contains("\"symmetry\": null"), "no symmetry that it made no use of");
    let refused = run(
        "ensemble-hybrid",
        &tiny("tworoom", &[&small[..], &["eval.policies=[\"hybrid\"]"]].concat()),
        &Watch::silent(),
    );
    assert!(refused.1.expect_err("refused").to_string().contains("--policy search"), "a remedy");
}

#[test]
fn pictures_alone_are_enough() {
    let _turn = training();
    let settings = tiny("tworoom", &["model.kind=jepa", "model.readout=false", "cost.kind=latent"]);
    let (path, done) = run("pixels", &settings, &Watch::silent());
    done.expect("the whole thread");
    assert!(path.join("probe.json").exists(), "a probe tells what latents hold");
    let html = fs::read_to_string(path.join("report.html")).expect("a page");
    assert!(html.contains("Predicting the next latent"), "charts");
    assert!(!html.contains("Telling what was done"), "no chart of what was not asked");
}

#[test]
fn recordings_do_not_depend_on_threads() {
    let config = |threads| CollectConfig {
        env: "pusht".to_owned(),
        episodes: 5,
        steps: Some(12),
        explore: 0.4,
        explorer: Default::default(),
        noise: 0.05,
        size: 32,
        seed: 3,
        threads,
    };
    let hash = |name: &str, threads| {
        let path = fresh(name);
        collect(&path, &config(threads), &Watch::silent()).expect("recorded");
        open(&path, &terrella_formats::OpenOptions::default()).expect("a dataset").hash
    };
    assert_eq!(hash("one-thread", 1), hash("three-threads", 3), "keyed by seed and episode alone");
}

#[test]
fn a_finished_run_says_how_long_it_took() {
    let timings = fs::read_to_string(finished().join("timings.json")).expect("timings");
    for stage in ["collect", "train", "encode", "reacher", "hybrid"] {
        assert!(timings.contains(stage), "{stage} in {timings}");
    }
}
