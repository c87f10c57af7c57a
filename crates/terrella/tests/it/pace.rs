//! Minutes instead of steps: what they come to is written down, and the same steps come to the same model.

use crate::support::{device, fresh, tiny, training};
use std::fs;
use terrella::pipeline::{Pace, Run, quickstart};
use terrella::{Settings, Watch};

#[test]
fn steps_that_were_fixed_for_some_minutes_come_to_the_same_model_when_they_are_asked_for() {
    let _turn = training();
    let run = |name: &str, settings: Settings| {
        let run = Run::create("quickstart", Some(&fresh(name)), settings).expect("a run");
        let path = run.path().to_path_buf();
        quickstart(run, &device(), &Watch::silent()).expect("the whole thread");
        path
    };
    let mut settings = tiny("tworoom", &["steps_to_go.steps=5", "cost.kind=reach"]);
    settings.minutes = Some(0.5);
    let timed = run("timed", settings.clone());
    let pace: Pace = serde_json::from_str(&fs::read_to_string(timed.join("pace.json")).expect("a pace")).expect("JSON");
    let fixed = Run::open(&timed).expect("a run").settings;
    let steps = |name: &str| pace.trained.iter().find(|t| t.name == name).expect("it is trained").steps;
    assert_eq!(
        (fixed.train.steps, fixed.reacher.steps, fixed.decoder.steps),
        (steps("train"), steps("reacher"), steps("decoder"))
    );
    assert!(
        fs::read_to_string(timed.join("report.html")).expect("a page").contains("0.5 asked for"),
        "a fact of the page"
    );

    settings.minutes = None;
    settings.steps_to_go.steps = steps("steps_to_go");
    (settings.train.steps, settings.reacher.steps, settings.decoder.steps) =
        (steps("train"), steps("reacher"), steps("decoder"));
    let told = run("told", settings);
    assert_eq!(Run::open(&told).expect("a run").settings.train.steps, steps("train"), "measuring changes nothing");
    for file in ["weights", "reacher", "decoder", "steps_to_go"] {
        let read = |run: &std::path::Path| fs::read(run.join(format!("model/{file}.safetensors"))).expect("weights");
        assert!(read(&timed) == read(&told), "{file} came out otherwise");
    }
}

#[test]
fn what_nothing_can_be_learned_from_is_refused_before_it_is_timed() {
    let folder = fresh("timed-worthless");
    let mut settings = tiny("tworoom", &["model.kind=ensemble", "minutes=1"]);
    settings.train.symmetry =
        Some(terrella_model::Symmetry { side: 1.0, points: vec![], headings: vec![], action_points: vec![] });
    let run = Run::create("quickstart", Some(&folder), settings).expect("a run");
    let error = quickstart(run, &device(), &Watch::silent()).expect_err("it cannot turn");
    assert!(format!("{error:#}").contains("train.symmetry is of no use"), "{error:#}");
    assert!(!folder.join("pace.json").exists(), "nothing was timed");
}
