//! The page of a run that goes on: what it says when all is done, and when somebody stopped it.

use crate::support::{device, finished, fresh, program, record, tiny, told, training};
use std::fs;
use std::path::Path;
use terrella::Watch;
use terrella::pipeline::{Run, quickstart};

fn page(run: &Path) -> String {
    fs::read_to_string(run.join("progress.html")).expect("a page")
}

fn is_over(page: &str) {
    assert!(page.contains("The run is done") && !page.contains("refresh"), "{page}");
    assert!(!page.contains("to come") && !page.contains("<td>now</td>"), "{page}");
}

#[test]
fn a_finished_run_says_so_and_leads_to_its_report() {
    let page = page(finished());
    is_over(&page);
    assert!(page.contains("<a href=\"report.html\">") && page.contains("<polyline"), "its report and its losses");
    for stage in ["recording demonstrations", "training the model", "training the amortised planner", "judging: hybrid"]
    {
        assert!(page.contains(&format!("<th scope=\"row\">{stage}</th><td>done</td>")), "{stage} in {page}");
    }
    assert!(!page.contains("done before"), "no stage was expected that there was not: {page}");
}

#[test]
fn an_interrupted_run_says_how_far_it_came_and_how_to_go_on() {
    let _turn = training();
    let path = fresh("progress");
    let run = Run::create("quickstart", Some(&path), tiny("tworoom", &[])).expect("a run");
    let stopped = quickstart(run, &device(), &Watch::stopping_at("train", 6));
    stopped.expect_err("interrupted");
    let stopped = page(&path);
    for told in ["somebody asked it to", "6 of 12 steps", "stopped here", "to come"] {
        assert!(stopped.contains(told), "{told} in {stopped}");
    }
    let resume = format!("<pre>{}</pre>", Run::open(&path).expect("a run").resume_command());
    assert!(resume.contains("terrella quickstart --resume"), "{resume}");
    assert!(stopped.contains(&resume) && !stopped.contains("refresh"), "{stopped}");
    quickstart(Run::open(&path).expect("a run"), &device(), &Watch::silent()).expect("the rest of the thread");
    let whole = page(&path);
    is_over(&whole);
    assert!(whole.contains("recording demonstrations</th><td>done before"), "the first command did that: {whole}");
    let points = |page: &str| page.split("<polyline").nth(1)?.split('"').nth(3).map(|line| line.matches(',').count());
    assert_eq!([points(&stopped), points(&whole)], [Some(2), Some(4)], "curves go on: {whole}");
}

#[test]
fn training_alone_says_where_to_look_and_what_to_do_next() {
    let folder = fresh("progress-train");
    fs::create_dir_all(&folder).expect("a folder");
    record(&folder.join("data"), "tworoom", (8, 40), 0, 0);
    let train = ["train", "--data", "data", "--set", "model.kind=ensemble", "--out", "run"];
    let few = ["--set", "train.steps=20", "--set", "train.batch_size=32", "--set", "data.held_out=0.25"];
    let text = told(&program(&folder, &[&train[..], &few[..]].concat()));
    assert!(text.starts_with("exit 0") && text.contains("progress: run/progress.html"), "{text}");
    let page = page(&folder.join("run"));
    is_over(&page);
    assert!(page.contains("<pre>terrella eval run</pre>") && !page.contains("<a "), "there is no report yet: {page}");
    assert!(page.contains("terrella train --data data"), "the command: {page}");
}
