//! A world whose family is hidden is the world inside, bit for bit.

use crate::support::{alone, batch, interface};
use burn::prelude::*;
use terrella_core::{Dynamics, Image, Key, Observation, Stats, Table};
use terrella_model::{AnyWorld, EnsembleConfig, JepaConfig, Registered, Sees, TrainConfig, Trainer};

/// All that a world tells of a look, a step, a second look, a rollout of several sequences and steps
/// that last a while.
fn told<D: Dynamics>(world: &D, image: Option<&Image>) -> Vec<u32> {
    let numbers = |key: u64, n: usize| -> Vec<f32> {
        let mut stream = Key::new(11).at(key).stream();
        (0..n).map(|_| stream.normal() as f32).collect()
    };
    let look = |key: u64| [Observation { image: image.cloned(), state: numbers(key, 2) }];
    let (width, n, horizon) = (world.block_width(), 5, 3);
    let first = world.observe(&look(0)).expect("a state");
    let seen = world.track(&first, &numbers(1, width), &look(2)).expect("a state");
    let mut states = world.roll_out(&seen, &numbers(3, n * horizon * width), n);
    let many = world.repeat(&seen, n);
    let next = world.step(&many, &numbers(4, n * width));
    let after = world.step_for(&next, &numbers(5, n * width), &[0.1, 0.2, 0.05, 0.1, 0.3]);
    states.extend([first, seen, many, next, after]);
    let mut bits = vec![width as u32];
    for state in &states {
        let tables = [Some(world.latents(state)), world.read(state)];
        let rows = tables.into_iter().flatten().map(|Table { data, .. }| data);
        let rewards = [world.reward(state), world.ended(state)].into_iter().flatten();
        bits.extend(rows.chain(rewards).flatten().map(f32::to_bits));
        bits.extend(world.draw(state).into_iter().flatten().flat_map(|image| image.data).map(u32::from));
    }
    bits
}

fn same<F: Registered>(family: F, about: &JepaConfig, image: Option<&Image>) {
    let mut interface = interface(about);
    interface.rate_stats = Some(Stats::of(2, [&Table::from_data(2, vec![-1.0, -2.0, 1.0, 2.0])]));
    let train = TrainConfig { steps: 100, batch_size: 4, ..TrainConfig::default() };
    let mut trainer = Trainer::new(family, interface.clone(), train, &Device::flex());
    for step in 0..3 {
        let mut batch = batch(about, 4, 3, Key::new(2).at(step));
        batch.dt = vec![0.1; 4 * 2];
        trainer.advance(&batch, false).expect("a step");
    }
    let bare = trainer.world(&Device::flex());
    let hidden = AnyWorld::new(trainer.model_config.clone(), interface, trainer.world(&Device::flex()));
    let bits = told(&bare, image);
    assert_eq!(bits, told(&hidden, image), "{}", hidden.config().kind());
    assert!(bits.len() > 100 && bits.iter().skip(1).any(|b| *b != bits[1]), "there is something to compare");
}

#[test]
fn a_hidden_world_is_the_bare_one() {
    let _turn = alone();
    let states = JepaConfig { sees: Sees::State, readout: true, frame_skip: 2, ..JepaConfig::default() };
    same(states.clone(), &states, None);
    let pictures = JepaConfig { readout: true, ..JepaConfig::default() };
    let mut stream = Key::new(3).stream();
    let data = (0..96 * 96 * 3).map(|_| stream.below(256) as u8).collect();
    same(pictures.clone(), &pictures, Some(&Image { height: 96, width: 96, data }));
    let rows = JepaConfig { sees: Sees::State, frame_skip: 1, ..JepaConfig::default() };
    let ensemble = EnsembleConfig { members: 3, layers: 2, hidden: 16, ..EnsembleConfig::default() };
    same(ensemble, &rows, None);
}

#[test]
#[should_panic(expected = "the world that it came from")]
fn a_state_of_another_family_is_not_taken() {
    let _turn = alone();
    let config = JepaConfig { sees: Sees::State, frame_skip: 1, ..JepaConfig::default() };
    let mut about = interface(&config);
    about.rate_stats = Some(about.state_stats.clone());
    let world = |family: EnsembleConfig| {
        let trainer = Trainer::new(family.clone(), about.clone(), TrainConfig::default(), &Device::flex());
        AnyWorld::new(family, about.clone(), trainer.world(&Device::flex()))
    };
    let other = Trainer::new(config.clone(), about.clone(), TrainConfig::default(), &Device::flex());
    let other = AnyWorld::new(config, about.clone(), other.world(&Device::flex()));
    let seen = [Observation { image: None, state: vec![0.0, 0.0] }];
    let state = other.observe(&seen).expect("a state");
    let _ = world(EnsembleConfig::default()).latents(&state);
}
