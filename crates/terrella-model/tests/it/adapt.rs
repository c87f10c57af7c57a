//! A trained ensemble is fitted to few rows of a swing with more friction: it foretells that better, says by how much it moved, and
//! knows what it learned from.

use crate::support::alone;
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dataset, Dynamics, Episode, Key, Observation, Signature, Stats, Table};
use terrella_model::{AnyWorld, EnsembleConfig, Finished, Interface, Learned, TrainConfig, Trainer, adapt, save_world};

/// Pendulums that are pushed; `friction` slows them down.
fn pendulums(friction: f64, key: u64) -> Dataset {
    let episode = |index: usize| {
        let mut stream = Key::new(key).at(index as u64).stream();
        let (mut angle, mut speed) = (stream.uniform(-3.0, 3.0), stream.uniform(-4.0, 4.0));
        let mut episode = Episode { index, states: Table::new(2), actions: Table::new(1), ..Episode::default() };
        for _ in 0..60 {
            let push = stream.uniform(-2.0, 2.0);
            episode.states.push(&[angle as f32, speed as f32]);
            episode.actions.push(&[push as f32]);
            for _ in 0..10 {
                speed += 0.005 * (push - 9.81 * angle.sin() - friction * speed);
                angle += 0.005 * speed;
            }
        }
        episode
    };
    let signature = Signature {
        fps: 20.0,
        state: vec!["angle".into(), "speed".into()],
        units: vec!["rad".into(), "rad/s".into()],
        action: vec!["push".into()],
        ..Signature::default()
    };
    let [state_stats, action_stats] = [2, 1].map(|width| Stats::of(width, []));
    let episodes = (0..30).map(episode).collect();
    Dataset { signature, episodes, state_stats, action_stats, hash: format!("friction {friction}"), notes: vec![] }
}

fn batch(data: &Dataset, step: u64) -> Batch {
    let mut stream = Key::new(1).at(step).stream();
    let mut batch = Batch { n_frames: 2, ..Batch::default() };
    for _ in 0..128 {
        let clip = Clip { episode: stream.below(20), start: stream.below(59) };
        let episode = &data.episodes[clip.episode];
        batch.states.extend_from_slice(&episode.states.data[2 * clip.start..2 * clip.start + 4]);
        batch.actions.extend_from_slice(episode.actions.row(clip.start));
        batch.dt.push(0.05);
        batch.clips.push(clip);
    }
    batch
}

/// Root mean square error of speeds one row ahead, over the last ten episodes.
fn error(world: &AnyWorld, data: &Dataset) -> f64 {
    let (mut square, mut n) = (0.0, 0.0);
    for episode in &data.episodes[20..] {
        let seen: Vec<Observation> =
            (0..59).map(|row| Observation { image: None, state: episode.states.row(row).to_vec() }).collect();
        let next = world.step(&world.observe(&seen).expect("states"), Acts::of(&episode.actions.data[..59]));
        for (row, told) in world.read(&next).expect("states").rows().enumerate() {
            square += f64::from(told[1] - episode.states.row(row + 1)[1]).powi(2);
            n += 1.0;
        }
    }
    f64::sqrt(square / n)
}

#[test]
fn few_rows_of_another_friction_move_the_residual_and_none_of_the_same_do() {
    let _turn = alone();
    let (device, folder) = (Device::flex(), tempfile::tempdir().expect("a folder"));
    let data = pendulums(0.0, 7);
    let train: Vec<usize> = (0..20).collect();
    let learned = Some(Learned::of(&data, &train, (0, 0.3)));
    let interface = Interface { learned, ..Interface::of(&data, &train, &[0]).expect("an interface") };
    let family = EnsembleConfig { members: 3, layers: 2, hidden: 48, ..EnsembleConfig::default() };
    let config = TrainConfig { steps: 500, learning_rate: 3e-3, ..TrainConfig::default() };
    let mut trainer = Trainer::new(family, interface, config, &device);
    while trainer.step() < 500 {
        let at = trainer.step();
        trainer.advance(&batch(&data, at), false).expect("a step");
    }
    let path = folder.path().join("model");
    save_world(&trainer, &path).expect("saved");
    let model = Finished::<EnsembleConfig>::open(&path, &device).expect("there");

    let (other, same) = (pendulums(1.0, 8), pendulums(0.0, 8));
    let rows: Vec<(usize, usize)> = (0..4).flat_map(|e| (0..50).map(move |row| (e, row))).collect();
    let (rubbed, moved) = adapt(&model, &other, &rows).expect("adapted");
    let (kept, unmoved) = adapt(&model, &same, &rows).expect("adapted");
    let [before, after] = [model.world(&device), rubbed.world(&device)].map(|world| error(&world, &other));
    assert!(after < 0.6 * before, "a row ahead with friction: {after} after {before}");
    let [plain, still] = [model.world(&device), kept.world(&device)].map(|world| error(&world, &same));
    assert!(still < 1.5 * plain, "where nothing changed nothing is lost: {still} after {plain}");
    assert!(moved.outputs[1] > 3.0 * unmoved.outputs[1], "what is foretold moved: {moved:?} beside {unmoved:?}");
    assert!(moved.weights > unmoved.weights && moved.rows == 200, "{moved:?} beside {unmoved:?}");

    // The same rows, the same model; it is kept, and knows all that it learned from.
    let (again, told) = adapt(&model, &other, &rows).expect("adapted");
    assert_eq!((told, error(&again.world(&device), &other)), (moved, after), "nothing is random");
    let path = folder.path().join("adapted");
    rubbed.save(&path).expect("saved");
    let read = Finished::<EnsembleConfig>::open(&path, &device).expect("there");
    assert_eq!(error(&read.world(&device), &other), after, "to the last bit");
    let learned = read.interface.learned.as_ref().expect("it says so");
    let known = |data: &Dataset| learned.recognise(&data.episodes);
    assert_eq!(known(&other).iter().filter(|known| **known).count(), 4, "the episodes that rows came from");
    assert!(known(&other)[..4].iter().all(|known| *known) && known(&data)[..20].iter().all(|known| *known));
    assert!(!known(&data)[20..].iter().any(|known| *known), "and no other");

    assert!(adapt(&model, &other, &[]).is_err(), "no rows");
}
