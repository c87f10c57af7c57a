//! Places of things as the state that a model is taught: found in pictures alone, followed, and judged by what was logged.

use crate::support::{device, fresh, tiny, training};
use serde_json::Value;
use std::sync::Arc;
use terrella::Watch;
use terrella::pipeline::{Actor, CollectConfig, Recordings, Run, collect, evaluate, train_whole};
use terrella::settings::Settings;
use terrella_core::{Dataset, Dynamics, Table};
use terrella_model::Saved;

/// A few recordings of a world, and settings by which places are found in them.
fn recorded(name: &str, env: &str, more: &[&str]) -> (Settings, Recordings, Run) {
    let more = [&["data.state=found", "data.ground=starts"], more].concat();
    let mut settings = tiny(env, &more);
    let folder = fresh(name);
    let data = folder.join("data");
    let config = CollectConfig {
        env: env.to_owned(),
        episodes: 16,
        steps: Some(40),
        explore: 0.3,
        explorer: Default::default(),
        noise: 0.05,
        size: 96,
        seed: 4,
        threads: 2,
    };
    collect(&data, &config, &Watch::silent()).expect("recorded");
    settings.data.path = Some(data.clone());
    let recordings = Recordings::open(&data, &settings, &Watch::silent()).expect("recordings");
    let run = Run::create("train", Some(&folder.join("run")), settings.clone()).expect("a run");
    (settings, recordings, run)
}

/// What was found, as it stands in the run.
fn report(run: &Run) -> Value {
    serde_json::from_str(&std::fs::read_to_string(run.path().join("things.json")).expect("a file")).expect("JSON")
}

#[test]
fn a_disc_and_a_t_are_found_where_the_log_has_them_and_the_log_is_not_looked_at() {
    let (_, mut recordings, run) = recorded("found", "pusht", &[]);
    let (mut blind, original) = (Vec::new(), recordings.dataset.clone());
    recordings.find_things(&run, &Watch::silent()).expect("things");
    let told = report(&run);
    let turns: Vec<bool> = told["things"].as_array().expect("things").iter().map(|t| t["turns"] == true).collect();
    assert_eq!(turns, [false, true], "the agent first, which obeys: {told}");
    for (part, most) in [("agent", 2.0), ("block", 2.0), ("block angle", 1.5)] {
        let errors = told["errors"].as_array().expect("errors");
        let error = errors.iter().find(|e| e[0] == part).and_then(|e| e[2].as_f64()).expect(part);
        assert!(error < most, "{part}: {error}");
    }
    blind.push(places(&recordings));
    // The same pictures and actions, beside states that say something else.
    let (_, mut others, run) = recorded("found-otherwise", "pusht", &[]);
    let mut lying = Dataset::clone(&original);
    lying.episodes.iter_mut().for_each(|episode| episode.states.data.fill(7.0));
    others.dataset = Arc::new(lying);
    others.find_things(&run, &Watch::silent()).expect("things");
    blind.push(places(&others));
    assert_eq!(blind[0], blind[1], "found in pictures alone");
    assert!(
        recordings.split.held_out.iter().all(|&e| recordings.taught().episodes[e].states.is_empty()),
        "none held out"
    );
}

fn places(recordings: &Recordings) -> Vec<Table> {
    recordings.split.train.iter().map(|&e| recordings.taught().episodes[e].states.clone()).collect()
}

#[test]
fn a_model_of_things_acts_and_is_judged_in_what_was_logged() {
    let _turn = training();
    let (_, mut recordings, run) = recorded("found-acts", "pusht", &["eval.policies=[\"hybrid\"]"]);
    let (_, training) = train_whole(&run, &mut recordings, &device(), &Watch::silent()).expect("a model");
    assert_eq!(training.steps, 12);
    let saved = Saved::load(&run.path().join("model"), &device()).expect("a model");
    let interface = saved.world.interface();
    assert_eq!((interface.things.len(), interface.state_stats.width(), interface.signature.state.len()), (2, 5, 5));
    // Opened anew: nothing is found again.
    let mut judged =
        Recordings::open(run.settings.data.path.as_deref().expect("data"), &run.settings, &Watch::silent())
            .expect("recordings");
    judged.judge(interface, run.settings.data.split()).expect("held out");
    let actor = Actor::new(&run, saved, &judged).expect("an actor");
    let seen = judged.dataset.episodes[judged.split.held_out[0]].clone();
    let picture = seen.frames.as_ref().expect("pictures").image(3);
    let state = actor.saved.world.observe(&[terrella_core::Observation { image: Some(picture), state: vec![] }]);
    let state = state.expect("seen");
    let (told, believed) =
        (actor.saved.world.read(&state).expect("read"), actor.saved.world.believe(&state).expect("things"));
    assert_eq!((told.width, believed.width), (5, 5));
    let evaluation = evaluate(&run, &actor, &judged, &Watch::silent()).expect("judged");
    let words = serde_json::to_string(&evaluation).expect("JSON");
    assert!(words.contains("places of 2 things that were found in the pictures"), "{words}");
    let rollout = evaluation.rollout.expect("imagined");
    assert!(rollout.quantity("block").is_some(), "errors in what was logged");
}

#[test]
fn what_is_no_few_things_is_refused_with_what_to_do() {
    let (_, mut recordings, run) = recorded("found-noise", "pusht", &[]);
    let mut noisy = Dataset::clone(&recordings.dataset);
    for episode in &mut noisy.episodes {
        let frames = episode.frames.as_ref().expect("pictures");
        let mut stream = terrella_core::Key::new(1).at(episode.index as u64).stream();
        let bytes: Vec<u8> = (0..frames.len() * 96 * 96 * 3).map(|_| stream.below(256) as u8).collect();
        episode.frames = Some(terrella_core::Frames::of(terrella_core::Pixel::Rgb, [96, 96], bytes));
    }
    recordings.dataset = Arc::new(noisy);
    let told = recordings.find_things(&run, &Watch::silent()).expect_err("noise").to_string();
    assert!(told.contains("not a few things") && told.contains("quickstart-pixels"), "{told}");
    let (_, mut recordings, run) = recorded("found-blind", "pusht", &["model.kind=jepa", "model.sees=state"]);
    let told = recordings.find_things(&run, &Watch::silent()).expect_err("no pictures").to_string();
    assert!(told.contains("data.state") && told.contains("leave it out"), "{told}");
}
