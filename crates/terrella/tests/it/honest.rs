//! A score that cannot be talked into a better number: what a model learned from is never judged as
//! held out, and worlds are declared, not guessed.

use crate::support::{copy, finished, fresh, program, told};
use std::fs;
use std::path::Path;

/// Success of a command, with what it said.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = program(folder, arguments);
    let text = told(&output);
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn another_split_of_the_same_recordings_is_refused() {
    let run = fresh("other-split");
    copy(finished(), &run);
    let text = told(&program(&run, &["eval", ".", "--set", "data.split_seed=1", "--policy", "search"]));
    assert!(text.starts_with("exit 2") && text.contains("learned from") && text.contains("split"), "{text}");
}

#[test]
fn recordings_in_another_file_are_recognised() {
    let run = fresh("other-file");
    copy(finished(), &run);
    // Written anew, so that hash, picture size and numbers of episodes differ.
    done(&run, &["import", "data", "again", "--image-size", "64"]);
    let text = done(&run, &["eval", ".", "--data", "again", "--policy", "search", "--pairs", "3"]);
    assert!(text.contains("3 of 12 episodes; the other 9 were learned from"), "{text}");
    let report = fs::read_to_string(run.join("report.html")).expect("a page");
    assert!(report.contains("the other 9 were learned from"), "the page says so");
}

#[test]
fn goals_beyond_what_the_amortised_planner_was_taught_are_marked() {
    let run = fresh("beyond-reach");
    copy(finished(), &run);
    let said = |offset: usize| {
        let sets = [format!("eval.offset={offset}"), "eval.budget=60".to_owned()];
        let arguments = ["eval", ".", "--policy", "reacher", "--pairs", "2", "--set", &sets[0], "--set", &sets[1]];
        done(&run, &arguments);
        fs::read_to_string(run.join("report.html")).expect("a page")
    };
    let marked = "Goals lie 55 steps away, and the amortised planner was taught goals of at most 50";
    assert!(!said(50).contains("was taught goals of at most"), "as it was taught");
    assert!(said(55).contains(marked), "the page says so");
}

/// Makes a model one of a version that did not keep what it learned from.
fn forget(run: &Path) {
    let path = run.join("model/model.json");
    let mut model: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).expect("a manifest")).expect("JSON");
    let interface = model["interface"].as_object_mut().expect("an interface");
    interface.remove("learned").expect("what it learned from");
    for kept in ["sha256", "files"] {
        model.as_object_mut().and_then(|model| model.remove(kept)).expect("what proves that nothing was changed");
    }
    fs::write(path, model.to_string()).expect("a file");
}

#[test]
fn a_model_of_an_earlier_version_has_the_split_of_its_run_and_the_page_says_what_is_unproven() {
    let run = fresh("earlier-version");
    copy(finished(), &run);
    forget(&run);
    let search = ["--policy", "search", "--pairs", "2"];
    let text = told(&program(&run, &[&["eval", ".", "--set", "data.split_seed=1"], &search[..]].concat()));
    assert!(text.starts_with("exit 2") && text.contains("its own split is 0 and 0.25"), "{text}");
    let output = program(&run, &[&["eval", ".", "--json"], &search[..]].concat());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(json["notes"][0].as_str().is_some_and(|note| note.contains("nothing proves")), "{}", json["notes"]);
    let page = fs::read_to_string(run.join("report.html")).expect("a page");
    assert!(page.contains("so nothing proves that these are held out."), "the page says so");
}

#[test]
fn an_attempt_says_whether_its_episode_was_learned_from() {
    let run = fresh("attempts");
    copy(finished(), &run);
    let said = |episode: usize| done(&run, &["plan", ".", "--episode", &episode.to_string(), "--goal-row", "5"]);
    let texts: Vec<String> = (0..12).map(said).collect();
    let aside = texts.iter().filter(|text| text.contains("This episode was put aside for judging.")).count();
    let learned = texts.iter().filter(|text| text.contains("The model learned from this episode")).count();
    assert_eq!((aside, learned), (3, 9), "as they were split");
}

/// Four trials of which no world is known, imported as `data`; each like the others or not.
fn trials(folder: &Path, alike: bool) {
    fs::create_dir_all(folder).expect("a folder");
    let mut rows = String::from("time,ax,ay,bx,by,angle,ux,uy\n");
    for row in 0..60 {
        let x = f64::from(row);
        rows += &format!("{},{x},{x},100,{},0.5,{x},{x}\n", 0.1 * x, 100.0 + x);
    }
    for trial in 0..4 {
        let start = if alike { "100,".to_owned() } else { format!("{},", 100 + trial) };
        fs::write(folder.join(format!("trial-{trial}.csv")), rows.replace("100,", &start)).expect("a file");
    }
    let mapping = "episodes = \"*.csv\"\nfps = 10.0\n[clock]\ncolumn = \"time\"\n\
                   [[state]]\ncolumns = [\"ax\", \"ay\", \"bx\", \"by\", \"angle\"]\n[[action]]\ncolumns = [\"ux\", \"uy\"]\n";
    fs::write(folder.join("map.toml"), mapping).expect("a file");
    done(folder, &["import", ".", "data", "--map", "map.toml"]);
}

/// Trains on them for three steps.
fn train(folder: &Path, out: &str, more: &[&str]) -> String {
    let settings = ["train.steps=3", "train.batch_size=4", "data.held_out=0.25"];
    let sets: Vec<&str> = settings.iter().chain(more).flat_map(|s| ["--set", s]).collect();
    let fixed = ["train", "--preset", "quickstart-state", "--data", "data", "--out", out];
    told(&program(folder, &[&fixed[..], &sets[..]].concat()))
}

#[test]
fn what_is_unproven_stands_on_the_page_about_a_log_too() {
    let folder = fresh("unproven-log");
    trials(&folder, false);
    let text = train(&folder, "run", &["model.kind=ensemble"]);
    assert!(text.starts_with("exit 0"), "{text}");
    forget(&folder.join("run"));
    done(&folder, &["eval", "run", "--set", "eval.open_loop.clips=4"]);
    let page = fs::read_to_string(folder.join("run/report.html")).expect("a page");
    assert!(page.contains("so nothing proves that these are held out."), "the page says so");
}

#[test]
fn a_probe_is_not_scored_on_copies_of_what_it_was_fitted_to() {
    for (alike, rows) in [(false, 60), (true, 0)] {
        let folder = fresh(&format!("alike-{alike}"));
        trials(&folder, alike);
        let text = train(&folder, "run", &["reacher.steps=2"]);
        assert!(text.starts_with("exit 0"), "{text}");
        let report = fs::read_to_string(folder.join("run/probes.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        assert_eq!(report["rows"], rows, "held-out rows, trials alike: {alike}");
    }
}

#[test]
fn recordings_that_name_no_world_are_of_none_whatever_their_widths() {
    let folder = fresh("no-world");
    trials(&folder, false);
    let text = train(&folder, "none", &["reacher.steps=2"]);
    assert!(text.starts_with("exit 0"), "{text}");
    let model = fs::read_to_string(folder.join("none/model/model.json")).expect("a manifest");
    assert!(model.contains("\"symmetry\": null"), "no symmetry of a world that nobody declared");
    // Without a world nothing can be reached, and what is foretold is judged.
    let small = ["--set", "data.held_out=0.25", "--set", "train.steps=3", "--set", "eval.open_loop.clips=4"];
    let text = told(&program(&folder, &[&["quickstart", "--data", "data", "--out", "foretells"][..], &small].concat()));
    assert!(text.starts_with("exit 0") && text.contains("name no world") && text.contains("--env"), "{text}");
    assert!(text.contains("ax (as logged)") && !text.contains("one plan"), "an open-loop table: {text}");
    let quoted = done(&folder, &["report", "foretells", "--markdown"]);
    assert!(
        quoted.contains("Made by `terrella quickstart --data data") && quoted.contains("held out: 25 %"),
        "{quoted}"
    );
    let line = quoted.lines().find(|line| line.starts_with("| ax (as logged)")).expect("a row");
    assert!(quoted.contains("copy-last") && !line.contains('['), "one episode has no interval: {line}");
    let text = told(&program(&folder, &["eval", "foretells", "--policy", "search"]));
    assert!(text.starts_with("exit 2") && text.contains("--policy is about goals to reach"), "{text}");
    // A mistyped path leaves nothing in the way of the right one.
    let train_of = |data: &str| {
        told(&program(
            &folder,
            &[
                "train",
                "--data",
                data,
                "--out",
                "again",
                "--set",
                "model.kind=ensemble",
                "--set",
                "train.steps=2",
                "--set",
                "data.held_out=0.25",
            ],
        ))
    };
    assert!(train_of("dato").starts_with("exit 1"), "no such recordings");
    assert!(train_of("data").starts_with("exit 0"), "the same name again");
    assert!(train_of("data").contains("already exists"), "a run that began is not overwritten");
    // Five numbers, two actions, ten a second: PushT if somebody says so, and TwoRoom not even then.
    let text = train(&folder, "said", &["reacher.steps=2", "data.env=pusht"]);
    assert!(text.starts_with("exit 0"), "{text}");
    let text = train(&folder, "wrong", &["reacher.steps=2", "data.env=tworoom"]);
    assert!(text.starts_with("exit 2") && text.contains("5 state numbers"), "{text}");
}
