//! The planner of a run as it drives in `terrella play`: it does what `terrella plan` shows, and shows what it imagines.

use crate::driver::Driver;
use crate::support::{copy, device, finished, fresh, program, told};
use terrella::Watch;
use terrella::pipeline::{Actor, PlanConfig, Recordings, Run, pilot, plan};
use terrella::settings::Flavour;
use terrella_core::{Env, Many, Sim, Table};
use terrella_formats::{OpenOptions, open};
use terrella_model::Saved;
use terrella_play::{Due, Pilot};

/// A copy of the finished tiny run, so that what is written there is in nobody's way, and its recordings.
fn opened(name: &str) -> (Run, Recordings) {
    let path = fresh(name);
    copy(finished(), &path);
    let run = Run::open(&path).expect("a run");
    let recordings = Recordings::open(&path.join("data"), &run.settings, &Watch::silent()).expect("recordings");
    (run, recordings)
}

fn saved(run: &Run) -> Saved {
    Saved::load(&run.file("model"), &device()).expect("a model")
}

fn planner(run: &Run, recordings: &Recordings) -> Box<dyn Pilot> {
    pilot(run, saved(run), recordings).expect("a planner")
}

#[test]
fn a_piloted_row_moves_as_the_planner_plans_outside_of_play() {
    let (run, recordings) = opened("piloted");
    let (episode, offset) = (recordings.split.held_out[0], run.settings.eval.offset);
    let actor = Actor::new(&run, saved(&run), &recordings).expect("an actor");
    let config = PlanConfig { episode, start: 0, goal_row: Some(offset), policy: Flavour::Hybrid };
    let outside = plan(&run, &actor, &recordings, &config).expect("an attempt").verdict;
    let (skip, size) = (actor.saved.world.frame_skip(), 48);

    let mut planner = planner(&run, &recordings);
    let log = &recordings.dataset.episodes[episode].states;
    let (start, goal, other) = (log.row(0), log.row(offset), planner.goal(5).expect("a goal"));
    let mut worlds = Many::new(recordings.world.as_ref().expect("a world"), 3);
    worlds.reset(&[1], &[9]).expect("a start");
    worlds.set_logged(&[2], &Table::from_data(start.len(), start.to_vec())).expect("a start");
    let steps = offset.min(outside.actions.len());
    assert!(steps > 2 * skip, "a few plans");
    for step in 0..steps {
        let begins = step == 0;
        // Somebody else is planned for beside it, towards another goal.
        let due = [(1, &other[..]), (2, goal)].map(|(row, goal)| Due { row, goal: Some(goal), begins });
        let acts = planner.act(&due, &worlds, size).expect("actions");
        assert_eq!(acts[1].action, outside.actions.row(step), "step {step}");
        assert_eq!(
            acts[1].plan.is_some(),
            step % skip == 0,
            "a plan is for {skip} steps, of which this is number {step}"
        );
        if let Some(plan) = &acts[1].plan {
            assert_eq!(plan.every, skip);
            assert!(plan.pictures.len() > 1, "the present, and what comes of it");
            assert!(plan.pictures.iter().all(|image| [image.height, image.width] == [size; 2]));
        }
        let actions = [&acts[0].action[..], &acts[1].action].concat();
        worlds.step(&[1, 2], &actions).expect("a step");
        assert_eq!(worlds.logged(&[2]).row(0), outside.states.row(step + 1), "after step {step}");
    }
}

#[test]
fn what_the_planner_drives_in_the_program_is_what_it_plans_and_comes_again() {
    let (run, recordings) = opened("piloted-program");
    let (episode, offset) = (recordings.split.held_out[0], run.settings.eval.offset);
    let actor = Actor::new(&run, saved(&run), &recordings).expect("an actor");
    let config = PlanConfig { episode, start: 0, goal_row: Some(offset), policy: Flavour::Hybrid };
    let outside = plan(&run, &actor, &recordings, &config).expect("an attempt").verdict;
    let steps = offset.min(outside.actions.len());

    let folder = run.path().parent().expect("a folder");
    fresh("piloted-drives");
    let mut driver = Driver::of(folder, &["piloted-program", "--port", "0", "--record", "piloted-drives"]);
    // Episodes are counted among those that were held out.
    driver.say(r#"{"do":"reset","episode":0,"row":0}"#);
    driver.frame(|header| header["step"] == 0 && header["remembered"] == 0);
    driver.say(&format!(r#"{{"do":"goal","episode":0,"row":{offset}}}"#));
    driver.frame(|header| header["goal"].is_string());
    driver.say(r#"{"do":"record","on":true}"#);
    driver.frame(|header| header["recording"] == 0);
    driver.say(r#"{"do":"pilot","on":true}"#);
    driver.frame(|header| header["drivers"][0] == "planner");
    for step in 1..=steps {
        driver.say(r#"{"do":"step"}"#);
        driver.frame(|header| header["step"] == step);
    }
    let drive = driver.recorded();
    let dataset = open(&drive, &OpenOptions::default()).expect("a dataset");
    let driven = &dataset.episodes[0];
    assert_eq!(driven.len(), steps);
    for step in 0..steps {
        assert_eq!(driven.states.row(step), outside.states.row(step), "before step {step}");
        assert_eq!(driven.actions.row(step), outside.actions.row(step), "step {step}");
    }
    let text = told(&program(folder, &["replay", drive.to_str().expect("a path")]));
    assert!(text.starts_with("exit 0\n") && text.contains("bit for bit"), "{text}");
    assert!(text.contains(&format!("the planner drove rows 0 to {}", steps - 1)), "{text}");
}

#[test]
fn goals_are_keyed_by_their_seed_drawn_and_judged_by_the_rules_of_the_run() {
    let (run, recordings) = opened("piloted-goals");
    let mut planner = planner(&run, &recordings);
    let [one, again, other] = [3, 3, 4].map(|seed| planner.goal(seed).expect("a goal"));
    assert!(one == again && one != other, "{one:?}, {other:?}");
    assert_eq!(planner.rules(), run.settings.eval.rules);
    assert!(
        planner.rules().iter().all(|&rule| planner.reached(rule, &one, &one) && !planner.reached(rule, &other, &one))
    );
    let mut world = recordings.world.clone().expect("a world");
    world.set_logged(&one).expect("a state");
    assert_eq!(planner.picture(&one, 32).expect("a picture"), world.draw(32));
    assert!(planner.picture(&[0.5], 32).is_err(), "no state of this world");
    assert!(planner.words().contains("policy hybrid"), "{}", planner.words());
    let due = Due { row: 0, goal: None, begins: true };
    let error = planner.act(&[due], &Many::new(&world, 1), 32).expect_err("where to?").to_string();
    assert!(error.contains("needs a goal"), "{error}");
}

#[test]
fn where_time_is_up_the_planner_begins_again_and_goes_on() {
    let (run, recordings) = opened("piloted-again");
    let mut planner = planner(&run, &recordings);
    let world = recordings.world.as_ref().expect("a world");
    let (skip, offset) = (saved(&run).world.frame_skip(), run.settings.eval.offset);
    let goal = planner.goal(11).expect("a goal");
    let mut worlds = Many::new(world, 1);
    worlds.reset(&[0], &[2]).expect("a start");
    let mut lengths = Vec::new();
    for step in 0..2 * offset {
        let act = planner.act(&[Due { row: 0, goal: Some(&goal), begins: step == 0 }], &worlds, 16).expect("an action");
        lengths.extend(act[0].plan.as_ref().map(|plan| plan.pictures.len()));
        worlds.step(&[0], &act[0].action).expect("a step");
    }
    let half = offset.div_ceil(skip);
    assert!(lengths[half] > lengths[half - 1], "with time again it looks ahead again: {lengths:?}");
    assert_eq!(lengths[0], lengths[half], "as far as at the beginning");
}
