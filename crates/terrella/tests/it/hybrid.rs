//! Equations with a learned rest, from the program: trained from tables, held against the equations alone, and what is refused.

use crate::identify::trials;
use crate::support::{fresh, program, told};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A folder with recordings of a pendulum whose columns are called `q`, `dq` and `u`.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("hybrid");
        trials(&folder);
        let imported = told(&program(&folder, &["import", ".", "data", "--map", "map.toml"]));
        assert!(imported.starts_with("exit 0"), "{imported}");
        folder
    })
}

const TRAIN: [&str; 9] =
    ["train", "--preset", "hybrid", "--data", "data", "--set", "train.steps=40", "--set", "model.hidden=16"];
const COLUMNS: [&str; 2] = ["--set", "model.columns=[\"angle=q\",\"velocity=dq\",\"torque=u\"]"];
const KNOWN: [&str; 4] = ["--set", "model.mechanism=pendulum", "--set", "model.fixed=[\"coulomb=0\"]"];

#[test]
fn a_hybrid_is_trained_from_tables_and_held_against_its_equations_alone() {
    let start = ["--set", "model.parameters=[\"mass=0.6\"]", "--out", "run"];
    let text = told(&program(folder(), &[&TRAIN[..], &COLUMNS, &KNOWN, &start].concat()));
    assert!(text.starts_with("exit 0") && text.contains("learned parameters lie within"), "{text}");
    let json = |name: &str| -> Value {
        let text = fs::read_to_string(folder().join("run").join(name)).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    };
    let training = json("training.json");
    let learned = training["equations"].as_array().expect("parameters");
    let mass = &learned[0];
    assert_eq!((mass["name"].as_str(), mass["unit"].as_str()), (Some("mass"), Some("kg")), "{mass}");
    assert_eq!((mass["start"].as_f64(), mass["prior"][1].as_f64()), (Some(0.6), Some(5.0)), "{mass}");
    assert!(mass["value"].as_f64().is_some_and(|x| x != 0.6 && x > 0.1 && x < 3.0), "it moved, a little: {mass}");
    let beside = json("analytic.json");
    assert!((beside["parameters"][1]["analytic"].as_f64().expect("a length") / 0.4 - 1.0).abs() < 0.15, "{beside}");

    let text = told(&program(folder(), &["eval", "run"]));
    assert!(text.starts_with("exit 0") && text.contains("analytic"), "{text}");
    let evaluation = json("eval.json");
    let rows = evaluation["open_loop"]["rows"].as_array().expect("errors ahead");
    let row = rows.iter().find(|row| row["name"] == "q" && row["steps"] == 10).expect("ten rows ahead");
    let rmse = |who: &str| {
        let told = row["told"].as_array().expect("predictors").iter().find(|told| told["predictor"] == who);
        told.and_then(|told| told["rmse"].as_f64()).unwrap_or_else(|| panic!("{who} in {row}"))
    };
    assert!(rmse("analytic") < 0.3 * rmse("copy-last"), "{row}");
    assert!(rmse("model") < rmse("copy-last") && rmse("MLP") > 0.0, "{row}");
    let notes = evaluation["notes"].to_string();
    assert!(notes.contains("learned parameters lie within the 90 % intervals of the pendulum alone"), "{notes}");
    let text = told(&program(folder(), &["report", "run"]));
    let page = fs::read_to_string(folder().join("run/report.html")).expect("a page");
    assert!(text.starts_with("exit 0"), "{text}");
    for wanted in
        ["A hybrid model of recordings", "What the network adds to the equations", "length (m)", "equations alone"]
    {
        assert!(page.contains(wanted), "{wanted} is missing");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_a_step_is_made() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&[], &["model.mechanism names none", "double-pendulum"]),
        (&["--set", "model.mechanism=pendulums"], &["no mechanism \"pendulums\""]),
        (&["--set", "model.mechanism=pendulum"], &["pendulum needs angle (rad)", "model.columns=[\"angle=COLUMN\"]"]),
        (
            &[&COLUMNS[..], &KNOWN, &["--set", "model.parameters=[\"coulomb=1\"]"]].concat(),
            &["coulomb starts, which is not learned", "model.fixed"],
        ),
        (&[&COLUMNS[..], &KNOWN, &["--set", "model.free=[\"weight\"]"]].concat(), &["no parameter weight", "mass"]),
        (&["--set", "model.residual=-1"], &["model.residual", "0.1 is usual"]),
    ];
    for (at, (more, wanted)) in cases.into_iter().enumerate() {
        let out = format!("refused-{at}");
        let text = told(&program(folder(), &[&TRAIN[..], more, &["--out", &out]].concat()));
        assert!(text.starts_with("exit 2"), "{more:?}: {text}");
        wanted.iter().for_each(|wanted| assert!(text.contains(wanted), "{more:?}: {text}"));
    }
}
