//! Pairs, attempts, floors and scorecards.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use toy::recordings;

fn short_protocol() -> Protocol {
    Protocol { pairs: 20, seeds: vec![0, 1], rules: Rule::ALL.to_vec(), ..Protocol::default() }
}

fn arena<'a>(env: &'a Rolling, dataset: &'a Dataset, held_out: &'a [usize], protocol: &'a Protocol) -> Arena<'a> {
    Arena { env, dataset, held_out, protocol, view: VIEW, threads: 2, rows: 7, progress: None }
}

#[test]
fn pairs_are_unsolved_balanced_inside_one_episode_and_keyed() {
    let (env, dataset) = (Rolling::new(false), recordings(8, 60, 8, false));
    let held_out = [1, 3, 4, 6];
    let draw = |seed| draw_pairs(&env, (&dataset, &held_out), (25, 40), &Rule::ALL, seed).expect("enough");
    let pairs = draw(0);
    assert_eq!(pairs, draw(0), "the same seed, the same pairs");
    assert_ne!(pairs, draw(1), "another seed, other pairs");
    assert_eq!(pairs.iter().collect::<std::collections::HashSet<_>>().len(), 40, "no pair twice");
    let mut counts = BTreeMap::new();
    for pair in &pairs {
        let states = &dataset.episodes[pair.episode].states;
        assert!(held_out.contains(&pair.episode), "episode {} is held out", pair.episode);
        assert!(pair.goal == pair.start + 25 && pair.goal < states.len(), "inside the episode");
        let solved = Rule::ALL.iter().any(|&r| env.reached(r, states.row(pair.start), states.row(pair.goal)));
        assert!(!solved, "not solved before it begins");
        *counts.entry(pair.episode).or_insert(0) += 1;
    }
    let (least, most) = (counts.values().min(), counts.values().max());
    assert!(counts.len() == 4 && most.zip(least).is_some_and(|(m, l)| m - l <= 1), "balanced: {counts:?}");
}

#[test]
fn too_few_pairs_are_refused_with_counts_and_remedies() {
    let (env, mut dataset) = (Rolling::new(false), recordings(3, 30, 8, false));
    let refuse = |dataset: &Dataset, n| {
        let drawn = draw_pairs(&env, (dataset, &[0, 1]), (25, n), &Rule::ALL, 0);
        drawn.expect_err("too few").to_string()
    };
    let text = refuse(&dataset, 1000);
    assert!(text.contains("1000") && text.contains("2 held-out") && text.contains("hold out more"), "{text}");
    dataset.episodes[0].states.data[0] = f32::NAN;
    assert!(refuse(&dataset, 1000).contains("1 rows hold numbers that are not finite"), "counts broken rows");
    dataset.signature.state.pop();
    assert!(refuse(&dataset, 1).contains("4 state numbers"), "another world");
    dataset.signature.state.push("angle".to_owned());
    dataset.signature.fps = 25.0;
    assert!(refuse(&dataset, 1).contains("25 steps a second"), "another clock");
}

#[test]
fn outcomes_do_not_depend_on_threads_or_rows_and_replay_is_the_ceiling() {
    let (env, dataset, protocol) = (Rolling::new(true), recordings(6, 80, 8, true), short_protocol());
    let dynamics = Exact { skip: 5, wall: true, blur: 0.0 };
    let counted = AtomicUsize::new(0);
    let run = |threads, rows| {
        let progress = |done: usize, total: usize| {
            assert!(done <= total && total == 40, "{done} of {total}");
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let arena = Arena { threads, rows, progress: Some(&progress), ..arena(&env, &dataset, &[0, 2, 5], &protocol) };
        let make = |_: &[Pair]| -> Result<Box<dyn Policy + '_>> {
            Ok(Box::new(planner(&dynamics, true, &PlannerConfig::default())))
        };
        evaluate(&arena, "planner", &make).expect("forty attempts").to_json_lines().expect("numbers")
    };
    let one = run(1, 1);
    assert_eq!(one.lines().count(), 40, "one line an attempt");
    assert_eq!(one, run(3, 3), "1 or 3 threads, 1 or 3 rows");
    assert_eq!(one, run(1, 40), "all together");
    assert_eq!(counted.into_inner(), 120, "progress is told of each attempt");
    let verdict: Verdict = serde_json::from_str(one.lines().next().expect("a line")).expect("a verdict");
    assert_eq!(verdict.states.len(), verdict.actions.len() + 1, "a verdict is an episode");

    // Recordings begin in motion and attempts at rest, so replay is nearly but not quite perfect.
    let replay = each(|pair: &Pair| {
        let actions = &dataset.episodes[pair.episode].actions;
        ReplayPolicy::new(Table::from_data(2, actions.data[pair.start * 2..pair.goal * 2].to_vec()))
    });
    let arena = arena(&env, &dataset, &[0, 2, 5], &protocol);
    let floors = terrella_eval::floors(&arena, &[1, 3, 4], &hold).expect("floors");
    let card =
        Scorecard::new(&evaluate(&arena, "replay", &replay).expect("attempts"), &floors, provenance()).expect("a card");
    eprintln!("{card}");
    let score = card.score(Rule::Historic).expect("noted");
    assert!(score.rate() > 0.9 && score.random().0 < 0.5 * score.rate(), "{score}");
    assert!(card.score(Rule::Strict).expect("noted").null().0 == 0.0, "who waits does not arrive");
}

#[test]
fn a_rate_prints_with_everything_it_stands_on_and_needs_it_to_exist() {
    let (env, dataset, protocol) = (Rolling::new(false), recordings(6, 60, 8, false), short_protocol());
    let arena = arena(&env, &dataset, &[0, 2], &protocol);
    let floors = terrella_eval::floors(&arena, &[1, 3, 4], &hold).expect("floors");
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let make = |_: &[Pair]| -> Result<Box<dyn Policy + '_>> {
        Ok(Box::new(planner(&dynamics, false, &PlannerConfig::default())))
    };
    let attempts = evaluate(&arena, "planner", &make).expect("attempts");
    let card = Scorecard::new(&attempts, &floors, provenance()).expect("a card");
    let line = card.score(Rule::Moderate).expect("noted").to_string();
    for needed in [
        "moderate",
        "[",
        "random",
        "null",
        "by episode (2 episodes)",
        "2 of 6 episodes held out",
        "seed 0",
        "toy-6x60",
        "2 seeds",
    ] {
        assert!(line.contains(needed), "{line} lacks {needed}");
    }
    // A file of a card is a card again, but not with a gap in it.
    let text = serde_json::to_string(&card).expect("numbers");
    let back: Scorecard = serde_json::from_str(&text).expect("a card");
    assert_eq!(back.to_string(), card.to_string(), "the same after a round trip");
    // Scorecards of before episodes were counted still load.
    let mut old: serde_json::Value = serde_json::from_str(&text).expect("numbers");
    old["scores"].as_array_mut().expect("scores").iter_mut().for_each(|s| {
        ["episodes", "floors"].iter().for_each(|key| drop(s.as_object_mut().expect("a score").remove(*key)));
    });
    old["provenance"].as_object_mut().expect("a provenance").remove("told");
    old.as_object_mut().expect("a card").remove("notes");
    serde_json::from_value::<Scorecard>(old).expect("an old card is a card");
    let hole = text.replace("\"toy-6x60\"", "\"\"");
    assert!(serde_json::from_str::<Scorecard>(&hole).expect_err("no hash").to_string().contains("data hash"), "named");
    let nameless = Provenance { split: String::new(), ..provenance() };
    assert!(Scorecard::new(&attempts, &floors, nameless).expect_err("no split").to_string().contains("split"), "named");
    let other = Protocol { seeds: vec![7], ..short_protocol() };
    let elsewhere = terrella_eval::floors(&Arena { protocol: &other, ..arena }, &[1, 3, 4], &hold).expect("floors");
    let text = Scorecard::new(&attempts, &elsewhere, provenance()).expect_err("other pairs").to_string();
    assert!(text.contains("other pairs"), "{text}");
}

#[test]
fn attempts_draw_a_picture_a_block_and_the_floors_none() {
    let (env, dataset, protocol) = (Counting::new(false), recordings(6, 60, 8, false), short_protocol());
    // The goals are recorded pictures of this size, so that all drawing is for the attempts.
    let view = View { picture: Some(8), state: true };
    let arena = Arena { env: &env, view, ..arena(&env.0, &dataset, &[0, 2], &protocol) };
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let lazy = |_: &[Pair]| -> Result<Box<dyn Policy + '_>> {
        Ok(Box::new(planner(&dynamics, false, &PlannerConfig::default())))
    };
    let staring = |_: &[Pair]| -> Result<Box<dyn Policy + '_>> {
        Ok(Box::new(Staring(planner(&dynamics, false, &PlannerConfig::default()))))
    };
    let steps = |attempts: &Attempts| attempts.verdicts().iter().map(|v| v.actions.len()).collect::<Vec<_>>();
    let a = evaluate(&arena, "planner", &lazy).expect("attempts");
    assert_eq!(env.drawn(), steps(&a).iter().map(|n| n.div_ceil(5)).sum::<usize>(), "one a block");
    let b = evaluate(&arena, "planner", &staring).expect("attempts");
    assert_eq!(env.drawn(), steps(&b).iter().sum::<usize>(), "one a step");
    assert_eq!(a.to_json_lines().expect("numbers"), b.to_json_lines().expect("numbers"), "the same outcomes");
    let null = each(|_: &Pair| NullPolicy::constant(vec![20.0, 50.0]));
    evaluate(&arena, "null", &null).expect("attempts");
    terrella_eval::floors(&arena, &[], &hold).expect("floors");
    assert_eq!(env.drawn(), 0, "nobody looks");
}

/// Notes what it is shown and does nothing.
struct Witness<'a>(&'a std::sync::Mutex<Vec<Observation>>);

impl RowPolicy for Witness<'_> {
    fn begin(&mut self, goal: &Goal, _key: Key) -> Result<()> {
        self.0.lock().expect("no panic").push(goal.observation.clone());
        assert_eq!(goal.steps, 25, "the demonstrator's time");
        Ok(())
    }
    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        self.0.lock().expect("no panic").push(now.clone());
        Ok(vec![50.0, 50.0])
    }
}

#[test]
fn goals_come_as_recorded_pictures_or_are_drawn_and_the_state_stays_hidden() {
    let (env, dataset) = (Rolling::new(false), recordings(4, 60, 16, false));
    let protocol = Protocol { pairs: 1, seeds: vec![0], budget: 1, ..Protocol::default() };
    let shown = |picture| {
        let notes = std::sync::Mutex::new(Vec::new());
        let view = View { picture: Some(picture), state: false };
        let arena = Arena { view, ..arena(&env, &dataset, &[2], &protocol) };
        let attempts = evaluate(&arena, "witness", &each(|_: &Pair| Witness(&notes))).expect("one attempt");
        let pair = attempts.pairs()[0];
        (notes.into_inner().expect("no panic"), pair)
    };
    let (seen, pair) = shown(16);
    let log = &dataset.episodes[pair.episode];
    let frames = log.frames.as_ref().expect("pictures");
    assert_eq!(seen[0].image.as_ref(), Some(&frames.image(pair.goal)), "the recorded picture of the goal");
    let start = seen[1].image.as_ref().expect("a picture");
    assert!(start.mean_abs_difference(&frames.image(pair.start)) < 0.5, "the world at the start");
    assert!(seen.iter().all(|o| o.state.is_empty()), "no state is shown");
    let (drawn, _) = shown(24);
    assert_eq!(drawn[0].image.as_ref().map(|i| i.width), Some(24), "another size is drawn by the world");
}

#[test]
fn failures_are_sorted_by_the_part_that_was_missing() {
    let (env, dataset, protocol) = (Rolling::new(false), recordings(6, 60, 8, false), short_protocol());
    let arena = arena(&env, &dataset, &[0, 2], &protocol);
    let make = each(|pair: &Pair| NullPolicy::constant(hold(dataset.episodes[pair.episode].states.row(pair.start))));
    let attempts = evaluate(&arena, "idler", &make).expect("attempts");
    let failures = failures(&env, &attempts, Rule::Historic);
    assert_eq!(failures.n_failed, 40, "who waits does not arrive");
    assert_eq!(failures.only, [("ball".to_owned(), 40)], "the historic rule asks for the place alone");
    assert_eq!(failures.untouched.first(), Some(&("ball".to_owned(), 40)), "and it was never moved");
    let names: BTreeSet<&str> = failures.left.iter().map(|(name, _, _)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["angle", "ball", "speed"]), "what was left at the end");
    let text = failures.sentences().join(" ");
    assert!(text.contains("failed 40 of 40") && text.contains("40 for want of the ball alone"), "{text}");
}
