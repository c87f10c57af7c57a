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
fn recordings_that_name_no_world_are_of_none_whatever_their_widths() {
    let folder = fresh("no-world");
    fs::create_dir_all(&folder).expect("a folder");
    let mut rows = String::from("time,ax,ay,bx,by,angle,ux,uy\n");
    for row in 0..60 {
        let x = f64::from(row);
        rows += &format!("{},{x},{x},100,{},0.5,{x},{x}\n", 0.1 * x, 100.0 + x);
    }
    for trial in 0..4 {
        fs::write(folder.join(format!("trial-{trial}.csv")), rows.replace("100,", &format!("{},", 100 + trial)))
            .expect("a file");
    }
    let mapping = "episodes = \"*.csv\"\nfps = 10.0\n[clock]\ncolumn = \"time\"\n\
                   [[state]]\ncolumns = [\"ax\", \"ay\", \"bx\", \"by\", \"angle\"]\n[[action]]\ncolumns = [\"ux\", \"uy\"]\n";
    fs::write(folder.join("map.toml"), mapping).expect("a file");
    done(&folder, &["import", ".", "data", "--map", "map.toml"]);
    let settings = ["train.steps=3", "train.batch_size=4", "data.held_out=0.25", "reacher.steps=2"];
    let sets: Vec<&str> = settings.iter().flat_map(|s| ["--set", s]).collect();
    let train = |out: &str, more: &[&str]| {
        let fixed = ["train", "--preset", "quickstart-state", "--data", "data", "--out", out];
        program(&folder, &[&fixed[..], &sets[..], more].concat())
    };
    let text = told(&train("none", &[]));
    assert!(text.starts_with("exit 0"), "{text}");
    let model = fs::read_to_string(folder.join("none/model/model.json")).expect("a manifest");
    assert!(model.contains("\"symmetry\": null"), "no symmetry of a world that nobody declared");
    // Five numbers, two actions, ten a second: PushT if somebody says so, and TwoRoom not even then.
    assert!(told(&train("said", &["--set", "data.env=pusht"])).starts_with("exit 0"), "said");
    let text = told(&train("wrong", &["--set", "data.env=tworoom"]));
    assert!(text.starts_with("exit 2") && text.contains("5 state numbers"), "{text}");
}
