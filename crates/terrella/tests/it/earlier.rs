//! Settings and runs of earlier versions mean what they meant.

use crate::support::fresh;
use serde_json::{Value, json};
use std::fs;
use terrella::Layers;
use terrella::pipeline::Run;

/// As written when loss weights were kept with the training of every family.
const EARLIER: &str = r#"
[run]
verb = "train"
command = "terrella train"

[settings]
seed = 3

[settings.model]
kind = "jepa"
size = "s"
readout = true

[settings.train]
steps = 30
directions = 128
log_every = 25

[settings.train.weights]
sigreg = 0.05
rollout = 0.5
readout = 10.0
"#;

fn open(name: &str, text: &str) -> anyhow::Result<Run> {
    let folder = fresh(name);
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("run.toml"), text).expect("written");
    Run::open(&folder)
}

fn model(settings: &terrella::Settings) -> Value {
    serde_json::to_value(&settings.model).expect("JSON")
}

#[test]
fn a_run_keeps_the_weights_that_it_had() {
    for (name, text) in [("named", EARLIER.to_owned()), ("unnamed", EARLIER.replace("kind = \"jepa\"\n", ""))] {
        let run = open(&format!("earlier-{name}"), &text).expect("a run");
        let model = model(&run.settings);
        assert_eq!((&model["directions"], &model["weights"]["sigreg"]), (&json!(128), &json!(0.05)), "{model}");
        assert_eq!((run.settings.train.steps, &model["size"]), (30, &json!("s")), "the rest");
    }
    let ensemble = EARLIER.replace("\"jepa\"\nsize = \"s\"\nreadout = true", "\"ensemble\"\nmembers = 7");
    let run = open("earlier-ensemble", &ensemble).expect("a run");
    assert_eq!(model(&run.settings)["members"], json!(7), "what meant nothing to it is left out");
    let told = open("earlier-unknown", &EARLIER.replace("log_every", "log_ever")).expect_err("no such key");
    assert!(told.to_string().contains("log_ever"), "{told}");
}

#[test]
fn weights_can_be_set_where_they_were() {
    let mut layers = Layers::new().expect("defaults");
    layers.set("train.weights.sigreg=0.05").expect("as it was");
    layers.set("model.weights.rollout=0.5").expect("as it is");
    let file = fresh("earlier-settings.toml");
    let _ = fs::remove_file(&file);
    fs::write(
        &file,
        "[train]\ndirections = 64\n[train.weights]\nreadout = 5.0\nrollout = 9.0\n[model.weights]\nrollout = 0.25\n",
    )
    .expect("written");
    layers.file(&file).expect("as it was");
    let model = model(&layers.clone().resolve().expect("settings"));
    assert_eq!(
        model["weights"],
        json!({ "sigreg": 0.05, "rollout": 0.25, "readout": 5.0, "reach": 0.0, "straight": 0.0 }),
        "the new place holds"
    );
    assert_eq!(model["directions"], json!(64), "directions");
    layers.set("model.kind=ensemble").expect("another family");
    let told = layers.set("train.weights.sigreg=0.1").expect_err("it has none").to_string();
    assert!(told.contains("train.weights"), "{told}");
}
