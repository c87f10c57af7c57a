//! The ensemble learns a swing with its own clock, counts turns, and says where it knows nothing.

use crate::support::alone;
use burn::prelude::*;
use std::f32::consts::TAU;
use terrella_core::{Acts, Batch, Clip, Dataset, Dt, Dynamics, Episode, Key, Observation, Signature, Stats, Table};
use terrella_model::{EnsembleConfig, EnsembleWorld, Interface, TrainConfig, Trainer, load_any, save_world};

/// Pendulums that are pushed, with steps of 20 to 80 ms; most swing, some go round.
fn pendulums() -> Dataset {
    let episode = |index: usize| {
        let mut stream = Key::new(7).at(index as u64).stream();
        let (mut angle, mut speed, mut time) = (stream.uniform(-3.0, 3.0), stream.uniform(-4.0, 4.0), 0.0);
        let mut episode = Episode { index, states: Table::new(2), actions: Table::new(1), ..Episode::default() };
        for _ in 0..60 {
            let (push, dt) = (stream.uniform(-2.0, 2.0), stream.uniform(0.02, 0.08));
            episode.times.push(time);
            episode.states.push(&[angle as f32, speed as f32]);
            episode.actions.push(&[push as f32]);
            for _ in 0..10 {
                speed += 0.1 * dt * (push - 9.81 * angle.sin());
                angle += 0.1 * dt * speed;
            }
            time += dt;
        }
        episode
    };
    let episodes: Vec<Episode> = (0..40).map(episode).collect();
    let signature = Signature {
        fps: 20.0,
        state: vec!["angle".into(), "speed".into()],
        units: vec!["rad".into(), "rad/s".into()],
        action: vec!["push".into()],
        ..Signature::default()
    };
    let [state_stats, action_stats] = [2, 1].map(|width| Stats::of(width, []));
    Dataset { signature, episodes, state_stats, action_stats, hash: "pendulums".into(), notes: vec![] }
}

/// Some steps of the first thirty episodes.
fn batch(data: &Dataset, step: u64) -> Batch {
    let mut stream = Key::new(1).at(step).stream();
    let mut batch = Batch { n_frames: 2, ..Batch::default() };
    for _ in 0..128 {
        let clip = Clip { episode: stream.below(30), start: stream.below(59) };
        let episode = &data.episodes[clip.episode];
        batch.states.extend_from_slice(&episode.states.data[2 * clip.start..2 * clip.start + 4]);
        batch.actions.extend_from_slice(episode.actions.row(clip.start));
        batch.dt.extend(episode.durations(clip.start..clip.start + 1, 20.0).map(|dt| dt as f32));
        batch.clips.push(clip);
    }
    batch
}

fn trained(data: &Dataset, steps: u64) -> Trainer<EnsembleConfig> {
    let train: Vec<usize> = (0..30).collect();
    let interface = Interface::of(data, &train, &data.signature.angles()).expect("an interface");
    let config = TrainConfig { steps, learning_rate: 3e-3, ..TrainConfig::default() };
    let family = EnsembleConfig { members: 3, layers: 2, hidden: 64, ..EnsembleConfig::default() };
    Trainer::new(family, interface, config, &Device::flex())
}

fn state(world: &EnsembleWorld, rows: &[[f32; 2]]) -> <EnsembleWorld as Dynamics>::State {
    let seen: Vec<Observation> = rows.iter().map(|r| Observation { image: None, state: r.to_vec() }).collect();
    world.observe(&seen).expect("states")
}

#[test]
fn an_ensemble_foretells_a_swing_on_a_clock_of_its_own() {
    let _turn = alone();
    let data = pendulums();
    let mut trainer = trained(&data, 600);
    while trainer.step() < 600 {
        let at = trainer.step();
        trainer.advance(&batch(&data, at), false).expect("a step");
    }
    let world = trainer.world(&Device::flex());
    let (mut model, mut still) = (0.0f64, 0.0f64);
    for episode in &data.episodes[30..] {
        let first = [episode.states.row(0)[0], episode.states.row(0)[1]];
        let mut now = state(&world, &[first]);
        for row in 0..20 {
            let dt: Vec<f32> = episode.durations(row..row + 1, 20.0).map(|dt| dt as f32).collect();
            now = world.step(&now, Acts::of(episode.actions.row(row)).lasting(Dt::Each(&dt)));
        }
        let (told, truth) = (world.read(&now).expect("a state"), episode.states.row(20));
        model += f64::from(told.row(0)[0] - truth[0]).powi(2);
        still += f64::from(first[0] - truth[0]).powi(2);
    }
    assert!(model < 0.05 * still, "twenty steps ahead: {model} against standing still {still}");
    // A turn more changes nothing but the count of turns.
    let next =
        |angle: f32| world.read(&world.step(&state(&world, &[[angle, 1.0]]), Acts::of(&[0.0]))).expect("a state").data;
    let (here, round) = (next(0.5), next(0.5 + TAU));
    assert!((round[0] - here[0] - TAU).abs() < 1e-3 && (round[1] - here[1]).abs() < 1e-3, "{here:?} {round:?}");
    // Speeds that nobody ever had: members disagree there more than where they learned.
    let apart = |speed: f32| {
        let after = world.step(&state(&world, &[[0.5, speed]]), Acts::of(&[0.0]));
        world.disagreement(&after).row(0)[1]
    };
    assert!(apart(60.0) > 5.0 * apart(1.0), "{} beside {}", apart(60.0), apart(1.0));
    // The same in deviations that they tell, which is what planners count.
    let doubt = |speed: f32| {
        let start = state(&world, &[[0.5, speed]]);
        assert!(world.doubts(&start).is_none(), "nothing was foretold yet");
        world.doubts(&world.step(&start, Acts::of(&[0.0]))).expect("three members").row(0)[1]
    };
    assert!(doubt(60.0) > doubt(1.0), "{} beside {}", doubt(60.0), doubt(1.0));
}

#[test]
fn rows_do_not_know_each_other_and_noise_hangs_on_its_key() {
    let _turn = alone();
    let data = pendulums();
    let world = trained(&data, 1).world(&Device::flex());
    let rows: Vec<[f32; 2]> = (0..70).map(|i| [0.1 * i as f32, 1.0 - 0.05 * i as f32]).collect();
    let pushes: Vec<f32> = (0..70).map(|i| 0.03 * i as f32).collect();
    let together = world.read(&world.step(&state(&world, &rows), Acts::of(&pushes))).expect("states");
    for (i, row) in rows.iter().enumerate() {
        let alone = world.read(&world.step(&state(&world, &[*row]), Acts::of(&pushes[i..=i]))).expect("a state");
        let near = alone.row(0).iter().zip(together.row(i)).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near, "row {i}: {alone:?} beside {:?}", together.row(i));
    }
    // Nor do their doubts, along sequences too, from whichever row they start.
    let sequences: Vec<f32> = (0..6).map(|i| 0.1 * i as f32).collect();
    let rolled = world.roll_out(&state(&world, &rows), &[3, 9], &sequences);
    let mut one = state(&world, &[rows[9]]);
    for (block, push) in sequences[3..].iter().enumerate() {
        one = world.step(&one, Acts::of(&[*push]));
        let [beside, alone] = [&rolled[block], &one].map(|state| world.doubts(state).expect("three members"));
        let (beside, alone) = (beside.row(1), alone.row(0));
        let near = beside.iter().zip(alone).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + b.abs()));
        assert!(near && beside.iter().all(|x| *x > 0.0), "block {block}: {alone:?} beside {beside:?}");
    }
    let taken = world.doubts(&world.take(&rolled[2], &[1])).expect("taken along");
    assert_eq!(taken.row(0), world.doubts(&rolled[2]).expect("both").row(1), "rows take their doubts along");
    let noisy = |key: u64| {
        let start = state(&world, &rows).with_noise(Key::new(key));
        world.read(&world.step(&start, Acts::of(&pushes))).expect("states").data
    };
    assert_eq!(noisy(1), noisy(1), "the same key");
    assert!(noisy(1) != noisy(2) && noisy(1) != together.data, "another key, and no noise");
}

#[test]
fn an_ensemble_is_saved_loaded_and_resumed_bit_for_bit() {
    let _turn = alone();
    let (data, folder) = (pendulums(), tempfile::tempdir().expect("a folder"));
    let mut whole = trained(&data, 6);
    let advance = |trainer: &mut Trainer<EnsembleConfig>, to: u64| {
        while trainer.step() < to {
            let at = trainer.step();
            trainer.advance(&batch(&data, at), false).expect("a step");
        }
    };
    advance(&mut whole, 3);
    whole.save(folder.path()).expect("a checkpoint");
    let mut resumed = Trainer::resume(folder.path(), &Device::flex()).expect("readable").expect("there");
    advance(&mut whole, 6);
    advance(&mut resumed, 6);
    let path = folder.path().join("model");
    save_world(&resumed, &path).expect("saved");
    let loaded = load_any(&path, &Device::flex()).expect("loaded");
    let seen = [Observation { image: None, state: vec![1.0, 2.0] }];
    let again =
        loaded.read(&loaded.step(&loaded.observe(&seen).expect("a state"), Acts::of(&[0.5]).lasting(Dt::Same(0.05))));
    let world = whole.world(&Device::flex());
    let once = world.read(&world.step(&state(&world, &[[1.0, 2.0]]), Acts::of(&[0.5]).lasting(Dt::Same(0.05))));
    assert_eq!(again, once, "after a stop, a file and back");
    let told = Trainer::<terrella_model::JepaConfig>::resume(folder.path(), &Device::flex()).err().expect("refused");
    assert!(told.to_string().contains("ensemble"), "{told}");
}
