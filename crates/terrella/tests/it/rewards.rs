//! Worlds with rewards, from the program: recorded, learned, judged by what planning in them collects, and
//! recorded again by the model.

use crate::support::{device, fresh, program, told};
use std::fs;
use std::path::Path;
use terrella::Watch;
use terrella::pipeline::{Recordings, Run, pilot};
use terrella_core::Many;
use terrella_model::Saved;
use terrella_play::Due;

/// What a command said; it must have gone well.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let text = told(&program(folder, arguments));
    assert!(text.starts_with("exit 0"), "{arguments:?}: {text}");
    text
}

/// A tiny search, and few episodes.
const TINY: [&str; 12] = [
    "--set",
    "planner.samples=8",
    "--set",
    "planner.iterations=1",
    "--set",
    "planner.elites=2",
    "--set",
    "mpc.horizon=3",
    "--set",
    "eval.returns.episodes=3",
    "--set",
    "data.held_out=0.25",
];

#[test]
fn a_world_with_rewards_ends_in_returns_and_its_experience_goes_back_into_data() {
    let folder = fresh("rewards");
    fs::create_dir_all(&folder).expect("a folder");
    let collect = |out: &str, more: &[&str]| {
        let fixed = ["collect", "--env", "pendulum", "--size", "0", "--out", out];
        done(&folder, &[&fixed[..], more].concat())
    };
    let text = collect("data", &["--episodes", "8", "--explore", "1"]);
    assert!(text.contains("8 episodes, 1600 rows"), "whole episodes: {text}");
    let train = ["train", "--data", "data", "--set", "model.kind=ensemble", "--out", "run", "--set", "train.steps=20"];
    done(&folder, &[&train[..], &TINY[..]].concat());
    let text = done(&folder, &["eval", "run", "--set", "eval.open_loop.clips=20"]);
    for name in ["model", "expert", "random"] {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
        assert!(line.contains("return -") && line.contains('['), "{line}");
    }
    assert!(text.contains("angle (rad)"), "open-loop errors stand beside: {text}");
    let page = fs::read_to_string(folder.join("run/report.html")).expect("a page");
    assert!(page.contains("What it collects") && page.contains("ceiling"), "the page says so");
    assert!(page.contains("3 episodes are few"), "and what is against it");
    let quoted = done(&folder, &["report", "run", "--markdown"]);
    assert!(quoted.contains("| expert | -") && quoted.contains("`terrella eval run"), "{quoted}");

    // It drives in a person's place, too, and needs no goal.
    let run = Run::open(&folder.join("run")).expect("a run");
    let recordings = Recordings::open(&folder.join("data"), &run.settings, &Watch::silent()).expect("recordings");
    let model = Saved::load(&run.file("model"), &device()).expect("a model");
    let mut planner = pilot(&run, model, &recordings).expect("a planner");
    assert!(planner.rules().is_empty() && planner.goal(1).is_err(), "there are no goals");
    let worlds = Many::new(recordings.world.as_ref().expect("a world"), 2);
    let due = [0, 1].map(|row| Due { row, goal: None, begins: true });
    let acts = planner.act(&due, &worlds, 24).expect("actions");
    assert!(acts.iter().all(|act| act.action.len() == 1 && act.plan.as_ref().is_some_and(|p| p.pictures.len() == 4)));

    // What the model does is recorded onto what it learned from; no start is used twice.
    let text = collect("more", &["--episodes", "2", "--explore", "0", "--onto", "data", "--by", "run"]);
    assert!(text.contains("10 episodes, 2000 rows"), "{text}");
    let told_of = done(&folder, &["inspect", "more"]);
    assert!(told_of.contains("collect reward by a model"), "{told_of}");
    let again = [
        &["train", "--data", "more", "--set", "model.kind=ensemble", "--out", "run-2", "--set", "train.steps=5"],
        &TINY[..],
    ];
    done(&folder, &again.concat());
}

/// What the pipeline knows of rewards it knows of no family.
#[test]
fn a_model_that_remembers_is_judged_by_returns_and_by_what_it_foretells() {
    let folder = fresh("rewards-rssm");
    fs::create_dir_all(&folder).expect("a folder");
    let collect = ["collect", "--env", "pendulum", "--size", "0", "--episodes", "8", "--explore", "1", "--out", "data"];
    done(&folder, &collect);
    let train = ["train", "--data", "data", "--set", "model.kind=rssm", "--out", "run", "--set", "train.steps=5"];
    let small = ["--set", "train.batch_size=8", "--set", "train.n_frames=4"];
    done(&folder, &[&train[..], &small[..], &TINY[..]].concat());
    let text = done(&folder, &["eval", "run", "--set", "eval.open_loop.clips=20"]);
    for name in ["model", "expert", "random"] {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {text}"));
        assert!(line.contains("return -") && line.contains('['), "{line}");
    }
    assert!(text.contains("angle (rad)"), "open-loop errors stand beside: {text}");
    let page = fs::read_to_string(folder.join("run/report.html")).expect("a page");
    assert!(page.contains("A recurrent state-space model"), "the page says what it is");
}

#[test]
fn a_model_that_foretells_no_rewards_has_no_returns_and_that_is_told() {
    let folder = fresh("no-rewards");
    fs::create_dir_all(&folder).expect("a folder");
    done(
        &folder,
        &["collect", "--env", "pendulum", "--episodes", "6", "--steps", "40", "--size", "0", "--out", "data"],
    );
    let train = ["train", "--preset", "quickstart-state", "--data", "data", "--out", "run", "--set", "train.steps=3"];
    let more = ["--set", "train.batch_size=8", "--set", "reacher.steps=2", "--set", "data.held_out=0.34"];
    done(&folder, &[&train[..], &more[..]].concat());
    let text = told(&program(&folder, &["eval", "run", "--set", "eval.open_loop.clips=10", "--json"]));
    assert!(text.starts_with("exit 0") && text.contains("foretells no rewards"), "{text}");
    let text = told(&program(&folder, &["collect", "--env", "tworoom", "--by", "run", "--out", "no"]));
    assert!(text.starts_with("exit 2") && text.contains("world of goals"), "{text}");
}
