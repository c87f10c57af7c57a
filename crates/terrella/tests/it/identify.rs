//! `terrella identify`: the parameters of a recorded world are found again, and what does not fit is refused with what would.

use crate::support::{fresh, program, told};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use terrella_core::Key;
use terrella_physics::{Row, mechanism};

/// A folder with recordings of the double pendulum that moves at random: rods of 0.3 m and 0.5 kg.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("identify");
        fs::create_dir_all(&folder).expect("a folder");
        let arguments = ["collect", "--env", "double_pendulum", "--episodes", "10", "--steps", "60", "--explore", "1"];
        let text = told(&program(&folder, &[&arguments[..], &["--size", "0", "--out", "data"]].concat()));
        assert!(text.starts_with("exit 0"), "{text}");
        folder
    })
}

const KNOWN: [&str; 14] = [
    "--fix",
    "mass1=0.5",
    "--fix",
    "mass2=0.5",
    "--fix",
    "length1=0.3",
    "--fix",
    "coulomb1=0",
    "--fix",
    "coulomb2=0",
    "--set",
    "identify.rows=10",
    "--set",
    "identify.parts=8",
];

#[test]
fn the_rods_of_a_world_are_found_again_and_foretold() {
    let fixed = ["identify", "data", "--mechanism", "double-pendulum", "--json", "--out", "found"];
    let output = program(folder(), &[&fixed[..], &KNOWN[..]].concat());
    assert!(output.status.success(), "{}", told(&output));
    let json: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON document");
    let estimate = |name: &str| {
        let all = json["identified"]["parameters"].as_array().expect("parameters");
        let parameter = all.iter().find(|p| p["name"] == name).expect("there");
        parameter["estimate"].as_f64().expect("a number")
    };
    // Uniform: the centre of mass in the middle, m l²/12 about it; 0.03 N m s/rad in each joint.
    let rods = [("centre1", 0.15), ("centre2", 0.15), ("inertia1", 3.75e-3), ("inertia2", 3.75e-3), ("viscous1", 0.03)];
    for (name, truth) in rods {
        assert!((estimate(name) / truth - 1.0).abs() < 0.05, "{name}: {} for {truth}", estimate(name));
    }
    let [train, held_out] = ["train", "held_out"].map(|side| json[side].as_array().expect("episodes").len());
    assert_eq!((train, held_out), (9, 1), "the split is written down");
    let rows = json["errors"]["rows"].as_array().expect("errors ahead");
    let ahead = rows.iter().find(|row| row["steps"] == 10 && row["name"] == "joint1.angle").expect("ten rows ahead");
    let rmse = |who: &str| {
        let told = ahead["told"].as_array().expect("predictors").iter().find(|t| t["predictor"] == who);
        told.and_then(|t| t["rmse"].as_f64()).expect("an error")
    };
    assert!(rmse("model") < 0.1 * rmse("copy-last"), "{} and {}", rmse("model"), rmse("copy-last"));
    let written = fs::read_to_string(folder().join("found/identify.json")).expect("a file");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), json, "the same in the folder");
    let again = told(&program(folder(), &[&fixed[..], &KNOWN[..]].concat()));
    assert!(again.starts_with("exit 1") && again.contains("found"), "an earlier folder stays: {again}");
}

/// Twelve trials of a pendulum of 0.6 kg and 0.4 m as tables with columns of other names, measured with noise.
pub(crate) fn trials(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let pendulum = mechanism("pendulum", 4).expect("there");
    let parameters = [0.6, 0.4, 0.05, 0.0, 9.81, 0.0];
    for trial in 0..12_u32 {
        let mut stream = Key::new(u64::from(trial)).stream();
        let mut state = vec![stream.uniform(-1.5, 1.5), 0.0];
        let mut rows = String::from("time,q,dq,u\n");
        for row in 0..200 {
            let t = 0.01 * f64::from(row);
            let action = [0.5 * (3.0 * t + f64::from(trial)).sin()];
            let [q, dq] = [state[0] + 0.005 * stream.normal(), state[1] + 0.05 * stream.normal()];
            rows += &format!("{t},{q},{dq},{}\n", action[0]);
            state = pendulum.step(Row { state: &state, action: &action, parameters: &parameters, dt: 0.01 });
        }
        fs::write(folder.join(format!("trial-{trial}.csv")), rows).expect("a file");
    }
    let mapping = "episodes = \"*.csv\"\nfps = 100.0\n[clock]\ncolumn = \"time\"\n[[state]]\ncolumns = [\"q\", \"dq\"]\n\
                   si = [\"rad\", \"rad/s\"]\n[[action]]\ncolumns = [\"u\"]\n";
    fs::write(folder.join("map.toml"), mapping).expect("a file");
}

#[test]
fn tables_of_a_pendulum_become_its_mass_its_length_and_its_friction() {
    let folder = fresh("identify-tables");
    trials(&folder);
    let imported = told(&program(&folder, &["import", ".", "data", "--map", "map.toml"]));
    assert!(imported.starts_with("exit 0"), "{imported}");
    let named = ["--state", "angle=q", "--state", "velocity=dq", "--action", "torque=u", "--fix", "coulomb=0"];
    let output =
        program(&folder, &[&["identify", "data", "--mechanism", "pendulum", "--json"][..], &named[..]].concat());
    assert!(output.status.success(), "{}", told(&output));
    let json: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON document");
    for (at, truth) in [0.6, 0.4, 0.05].into_iter().enumerate() {
        let parameter = &json["identified"]["parameters"][at];
        let estimate = parameter["estimate"].as_f64().expect("a number");
        assert!((estimate / truth - 1.0).abs() < 0.15, "{parameter} for {truth}");
        assert!(parameter["width"].as_f64().expect("a share") < 0.2, "{parameter}");
    }
    let text = told(&program(&folder, &["identify", "data", "--mechanism", "pendulum"]));
    assert!(text.contains("exit 2") && text.contains("--state angle=COLUMN"), "columns have other names: {text}");
}

#[test]
fn what_recordings_do_not_tell_apart_is_said_in_words() {
    let arguments = ["identify", "data", "--mechanism", "double-pendulum", "--set", "identify.rows=10"];
    let text = told(&program(folder(), &[&arguments[..], &["--set", "identify.parts=8"]].concat()));
    assert!(text.starts_with("exit 0") && text.contains("not told apart: "), "{text}");
    assert!(text.contains("copy-last") && text.contains("split seed 0"), "errors ahead, and the split: {text}");
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let with = ["identify", "data", "--mechanism"];
    let cases: [(&[&str], u8, &[&str]); 9] = [
        (&["pendulums"], 2, &["no mechanism \"pendulums\"", "double-pendulum"]),
        (&["ball"], 2, &["ball needs ball.x (m)", "--state ball.x=COLUMN"]),
        (&["double-pendulum", "--state", "joint1.angle=q"], 2, &["no column q", "angle_1"]),
        (&["double-pendulum", "--fix", "weight=1"], 2, &["no parameter weight", "mass1"]),
        (&["double-pendulum", "--fix", "mass1"], 2, &["--fix mass1 is no pair", "gravity=9.81"]),
        (&["double-pendulum", "--prior", "mass1=2"], 2, &["has no '..'"]),
        (&["double-pendulum", "--set", "identify.row=2"], 2, &["identify.rows"]),
        (&["double-pendulum", "--set", "identify.rows=0"], 2, &["25 is usual"]),
        (&["double-pendulum", "--data", "data"], 2, &["without --data"]),
    ];
    for (more, code, wanted) in cases {
        let text = told(&program(folder(), &[&with[..], more].concat()));
        assert!(text.starts_with(&format!("exit {code}")), "{more:?}: {text}");
        wanted.iter().for_each(|wanted| assert!(text.contains(wanted), "{more:?}: {text}"));
    }
}
