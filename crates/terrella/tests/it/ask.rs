//! Asking a tiny trained ensemble about futures, from the program: bands that were calibrated before, answers, and what is refused.

use crate::support::{copy, fresh, program, told};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use terrella_core::Key;

/// What a command said; it must have gone well.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let text = told(&program(folder, arguments));
    assert!(text.starts_with("exit 0"), "{arguments:?}: {text}");
    text
}

/// The JSON that a command printed.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = program(folder, arguments);
    assert!(output.status.success(), "{}", told(&output));
    serde_json::from_slice(&output.stdout).expect("stdout is one JSON document")
}

/// A folder with `data`, 24 trials of a damped swing, of which no world is known, and `run`, a tiny ensemble that learned from six of
/// them and was judged.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = fresh("ask");
        fs::create_dir_all(&folder).expect("a folder");
        for trial in 0..24 {
            let mut stream = Key::new(trial).stream();
            let (mut x, mut v) = (stream.normal(), stream.normal());
            let mut rows = String::from("time,x,v,push\n");
            for row in 0..40 {
                let push = stream.uniform(-1.0, 1.0);
                rows += &format!("{},{x},{v},{push}\n", 0.1 * f64::from(row));
                (x, v) = (x + 0.1 * v, v + 0.1 * (push - x - 0.2 * v) + 0.01 * stream.normal());
            }
            fs::write(folder.join(format!("trial-{trial:02}.csv")), rows).expect("a file");
        }
        let mapping = "episodes = \"*.csv\"\nfps = 10.0\n[clock]\ncolumn = \"time\"\n\
                       [[state]]\ncolumns = [\"x\", \"v\"]\n[[action]]\ncolumns = [\"push\"]\n";
        fs::write(folder.join("map.toml"), mapping).expect("a file");
        done(&folder, &["import", ".", "data", "--map", "map.toml"]);
        let sets = ["model.kind=ensemble", "train.steps=40", "train.batch_size=16", "data.held_out=0.75"];
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        done(&folder, &[&["train", "--data", "data", "--out", "run"][..], &sets[..]].concat());
        done(&folder, &[&["eval", "run"], &EVAL[..]].concat());
        // Tests go side by side, and what is judged once more is another run.
        copy(&folder.join("run"), &folder.join("doubted"));
        folder
    })
}

const EVAL: [&str; 6] = [
    "--set",
    "eval.open_loop.clips=20",
    "--set",
    "eval.trust.horizon=10",
    "--set",
    "eval.trust.tolerance={\"x\"=1000.0}",
];

/// Asks from the fifth row of an episode.
fn asks(more: &[&str]) -> Value {
    json(folder(), &[&["ask", "run", "--from", "2:5", "--json"], more].concat())
}

fn refused(arguments: &[&str]) -> String {
    let text = told(&program(folder(), &[&["ask", "run"], arguments].concat()));
    assert!(text.starts_with("exit 2"), "{text}");
    text
}

#[test]
fn an_evaluation_ends_in_a_band_that_is_kept_and_shown() {
    let run = folder().join("run");
    let text = fs::read_to_string(run.join("eval.json")).expect("an evaluation");
    let evaluation: Value = serde_json::from_str(&text).expect("JSON");
    let trust = &evaluation["trust"];
    assert_eq!((&trust["joint"]["of"], &trust["band"]["promise"]["episodes"]), (&9.into(), &9.into()), "{trust}");
    assert_eq!((&trust["band"]["blocks"], &trust["numbers"][0]["horizon"]), (&10.into(), &10.into()), "{trust}");
    assert!(trust["numbers"][1]["horizon"].is_null() && evaluation["no_bands"].is_null(), "{trust}");
    let page = fs::read_to_string(run.join("report.html")).expect("a page");
    assert!(
        page.contains("How far it can be trusted") && page.contains("What is promised, and what was held"),
        "shown"
    );
    let said = done(folder(), &["report", "run", "--markdown"]);
    assert!(said.contains("10 or more") && said.contains("9 calibration episodes"), "{said}");
}

#[test]
fn what_is_recorded_stands_beside_what_is_foretold_and_conditions_are_probable() {
    let asked = ["--do", "as-recorded", "--steps", "10", "--whether", "x > 0 or x <= 0", "--whether", "abs(v) > 1e6"];
    let answer = asks(&asked);
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&answer),
        "from doing steps seconds level how outcomes whether marks doubts actions times paths samples",
        "what others read"
    );
    let x = &answer["outcomes"][0];
    assert_eq!(
        keys(x),
        "name unit start told mean quantiles conformal tolerance horizon beyond recorded difference effect",
        "what others read"
    );
    assert_eq!(answer["whether"][0]["probability"], 1.0, "{answer}");
    assert_eq!((&answer["whether"][1]["probability"], &answer["whether"][1]["recorded"]), (&0.0.into(), &false.into()));
    let [low, high] = [0, 1].map(|at| x["conformal"][at].as_f64().expect("an end"));
    let told = x["told"].as_f64().expect("a number");
    assert!(low < told && told < high && x["recorded"].is_number() && x["effect"].is_null(), "{x}");
    assert_eq!((answer["samples"]["data"].as_array().map(Vec::len), &answer["steps"]), (Some(400), &10.into()));
    assert!(answer["how"].as_str().is_some_and(|how| how.contains("200 particles")), "{}", answer["how"]);
    assert_eq!(answer, asks(&asked), "keyed");
}

#[test]
fn what_is_unlike_all_that_was_learned_from_is_refused_and_says_why() {
    let folder = folder();
    let text = done(folder, &[&["eval", "doubted", "--doubt"][..], &EVAL[..]].concat());
    assert!(text.contains("sensors that err") && text.contains("name no world"), "{text}");
    let page = fs::read_to_string(folder.join("doubted/report.html")).expect("a page");
    assert!(page.contains("What it does not know"), "on the page, too");
    let ask =
        |run: &str, from: &str| json(folder, &["ask", run, "--from", from, "--do", "zero", "--steps", "2", "--json"]);
    let distance = |answer: &Value| {
        let doubts = answer["doubts"].as_array().expect("doubts");
        doubts.iter().find(|doubt| doubt["kind"] == "distance").expect("a distance").clone()
    };
    let far = ask("doubted", "x=60,v=-80");
    let told = distance(&far);
    assert_eq!(told["refused"], true, "{told}");
    assert!(told["number"] == "x" || told["number"] == "v", "{told}");
    assert!(told["value"].as_f64() > told["usual"].as_f64() && told["p"].as_f64() <= Some(0.1), "{told}");
    assert!(far["marks"].to_string().contains("taught nothing like this"), "{}", far["marks"]);
    let near = ask("doubted", "x=0.1,v=0");
    assert_eq!(distance(&near)["refused"], false, "{near}");
    assert_eq!(ask("run", "x=60,v=-80")["doubts"], serde_json::json!([]), "nobody learned there what is usual");
}

#[test]
fn other_actions_are_compared_with_the_recorded_ones() {
    let answer = asks(&["--do", "0.9", "--repeat", "--steps", "8"]);
    let v = &answer["outcomes"][1];
    assert!(v["effect"].is_number() && v["difference"].is_number() && v["recorded"].is_number(), "{v}");
    let none = asks(&["--do", "zero", "--steps", "8"]);
    assert_ne!(none["outcomes"][1]["told"], v["told"], "actions matter");
    let answer = asks(&["--do", "1000", "--repeat", "--steps", "2"]);
    let marks = answer["marks"].to_string();
    assert!(marks.contains("outside of what the model learned from: push from -"), "{marks}");
    let answer = json(folder(), &["ask", "run", "--from", "v=0,x=0.1", "--do", "0.1;0.2", "--steps", "2", "--json"]);
    assert_eq!((&answer["outcomes"][0]["recorded"], answer["from"].as_str()), (&Value::Null, Some("v = 0, x = 0.1")));
}

#[test]
fn beyond_what_was_calibrated_there_is_an_answer_with_a_mark_and_a_page() {
    let asked = ["ask", "run", "--from", "2:5", "--do", "hold", "--steps", "20", "--out", "page.html"];
    let text = done(folder(), &asked);
    assert!(text.contains("20 steps are beyond the 10 that bands were calibrated for"), "{text}");
    assert!(text.contains("x (as logged) *") && text.contains("page: page.html"), "{text}");
    let page = fs::read_to_string(folder().join("page.html")).expect("a page");
    assert!(page.contains("What speaks against it") && page.contains("foretold, with its conformal band"), "drawn");
}

#[test]
fn what_cannot_be_asked_is_told_with_what_can() {
    let steps = ["--steps", "3"];
    let from =
        |start: &'static str, doing: &'static str| refused(&[&["--from", start, "--do", doing], &steps[..]].concat());
    assert!(from("x=1,w=2", "zero").contains("no w in the state; there are x, v"), "another name");
    assert!(from("x=1", "zero").contains("lacks v"), "half a state");
    assert!(from("99:0", "zero").contains("there is no episode 99; the recordings have 24"), "another episode");
    assert!(from("2:400", "zero").contains("episode 2 has 40 rows"), "another row");
    assert!(from("2:38", "as-recorded").contains("has 2 actions from that row on, and 3 are wanted"), "too few");
    assert!(from("x=1,v=0", "as-recorded").contains("EPISODE:ROW"), "nothing was recorded there");
    assert!(from("2:5", "0.1;0.2").contains("2 actions for 3 steps") && from("2:5", "0.1;0.2").contains("--repeat"));
    assert!(from("2:5", "0.1,0.2").contains("an action has 1 (push)"), "too wide");
    let text = refused(&["--from", "2:5", "--do", "zero", "--steps", "3", "--whether", "y > 1"]);
    assert!(text.contains("character 1: there is no y in the state; there are x, v"), "{text}");
}

#[test]
fn a_world_says_which_actions_it_allows() {
    let folder = fresh("ask-world");
    fs::create_dir_all(&folder).expect("a folder");
    done(
        &folder,
        &["collect", "--env", "pendulum", "--episodes", "6", "--steps", "40", "--size", "0", "--out", "data"],
    );
    let train = ["train", "--data", "data", "--set", "model.kind=ensemble", "--out", "run", "--set", "train.steps=3"];
    done(&folder, &[&train[..], &["--set", "data.held_out=0.34"]].concat());
    let ask = ["ask", "run", "--from", "0:0", "--steps", "3", "--repeat", "--do"];
    let text = told(&program(&folder, &[&ask[..], &["99"]].concat()));
    assert!(text.starts_with("exit 2") && text.contains("world pendulum does not allow; actions are "), "{text}");
    let text = done(&folder, &[&ask[..], &["-0.5"]].concat());
    assert!(text.contains("No band was calibrated for this model"), "before it is evaluated: {text}");
}
