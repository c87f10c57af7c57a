//! Rows of a batch know nothing of each other: whatever is done to a batch and then to some rows of it can be done to
//! these rows alone, bit for bit.

use crate::hybrid::begun;
use crate::outcomes::{carts, trained};
use crate::support::{alone, batch, interface};
use burn::prelude::*;
use terrella_core::{Acts, Dynamics, Image, Key, Observation};
use terrella_model::{
    AnyWorld, JepaConfig, Reacher, ReacherConfig, Sees, Symmetry, Trace, TrainConfig, Trainer, Views, Way, World,
};

/// All that a world tells of a batch.
fn told<D: Dynamics>(world: &D, state: &D::State) -> Vec<Vec<u32>> {
    let latents = world.latents(state);
    let reads = world.read(state).expect("states");
    let outcomes = [world.reward(state), world.ended(state)].map(Option::unwrap_or_default);
    let row = |i: usize| {
        let outcomes = outcomes.iter().filter_map(|told| told.get(i));
        latents.row(i).iter().chain(reads.row(i)).chain(outcomes).map(|x| x.to_bits()).collect()
    };
    (0..latents.len()).map(row).collect()
}

fn numbers(key: u64, n: usize) -> Vec<f32> {
    let mut stream = Key::new(12).at(key).stream();
    (0..n).map(|_| stream.normal() as f32).collect()
}

/// Rows with holes, repeated and out of order; more of them than go through a network together.
const ROWS: [usize; 40] = {
    let mut rows = [0; 40];
    let mut i = 0;
    while i < 40 {
        rows[i] = (i * 7 + 3) % 5;
        i += 1;
    }
    rows
};

fn rows_are_alone<D: Dynamics>(name: &str, world: &D, look: impl Fn(u64) -> Vec<Observation>) {
    let (n, width, horizon) = (5, world.block_width(), 3);
    let some = |blocks: &[f32]| {
        ROWS.iter().flat_map(|row| &blocks[row * width..(row + 1) * width]).copied().collect::<Vec<_>>()
    };
    let seen = look(0);
    let mut now = world.observe(&seen).expect("states");
    for (row, seen) in seen.iter().enumerate() {
        let alone = world.observe(std::slice::from_ref(seen)).expect("a state");
        assert_eq!(told(world, &world.take(&now, &[row])), told(world, &alone), "{name}, row {row} looked at");
    }
    // The past grows, is full, and moves on.
    for at in 1..5 {
        let first: Vec<Observation> = look(at);
        let block = numbers(10 + at, n * width);
        let taken = world.take(&now, &ROWS);
        assert_eq!(told(world, &taken), ROWS.map(|row| told(world, &now)[row].clone()), "{name}, taken at {at}");
        let (stepped, alone) = (world.step(&now, Acts::of(&block)), world.step(&taken, Acts::of(&some(&block))));
        assert_eq!(told(world, &world.take(&stepped, &ROWS)), told(world, &alone), "{name}, stepped at {at}");
        let tracked = world.track(&now, &block, &first).expect("states");
        let seen: Vec<Observation> = ROWS.iter().map(|&row| first[row].clone()).collect();
        let alone = world.track(&taken, &some(&block), &seen).expect("states");
        assert_eq!(told(world, &world.take(&tracked, &ROWS)), told(world, &alone), "{name}, tracked at {at}");
        // What comes next shows the past that is carried along.
        let next = numbers(20 + at, n * width);
        let (next, alone) = (world.step(&tracked, Acts::of(&next)), world.step(&alone, Acts::of(&some(&next))));
        assert_eq!(told(world, &world.take(&next, &ROWS)), told(world, &alone), "{name}, after {at}");
        let each = horizon * width;
        // More sequences of a start than go together, so that the last one is by itself.
        let starts = [[3; 33], [0; 33], [4; 33]];
        let sequences = numbers(30 + at, 3 * 33 * each);
        let together = world.roll_out(&tracked, starts.as_flattened(), &sequences);
        for (i, (starts, sequences)) in starts.iter().zip(sequences.chunks(33 * each)).enumerate() {
            let alone = world.roll_out(&world.take(&tracked, &starts[..1]), &[0; 33], sequences);
            for (step, (together, alone)) in together.iter().zip(&alone).enumerate() {
                let told_together = &told(world, together)[i * 33..(i + 1) * 33];
                assert_eq!(told_together, told(world, alone), "{name}, start {i}, step {step} at {at}");
            }
        }
        now = tracked;
    }
}

fn states(key: u64) -> Vec<Observation> {
    numbers(key, 5 * 2).chunks(2).map(|state| Observation { image: None, state: state.to_vec() }).collect()
}

fn jepa(config: &JepaConfig) -> Trainer<JepaConfig> {
    let train = TrainConfig { steps: 100, batch_size: 8, learning_rate: 3e-3, ..TrainConfig::default() };
    let mut trainer = Trainer::new(config.clone(), interface(config), train, &Device::flex());
    for step in 0..3 {
        trainer.advance(&batch(config, 8, 4, Key::new(4).at(step)), false).expect("a step");
    }
    trainer
}

fn symmetry() -> Symmetry {
    Symmetry { side: 0.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[0, 1]] }
}

#[test]
fn rows_of_an_ensemble_know_nothing_of_each_other() {
    let _turn = alone();
    rows_are_alone("ensemble", &trained(&carts(true), 4).world(&Device::flex()), states);
}

#[test]
fn rows_of_a_hybrid_know_nothing_of_each_other() {
    let _turn = alone();
    rows_are_alone("hybrid", &begun().1.world(&Device::flex()), states);
}

#[test]
fn rows_of_an_rssm_know_nothing_of_each_other() {
    let _turn = alone();
    let world = crate::rssm::carted(4).world(&Device::flex());
    rows_are_alone("rssm", &world, states);
}

#[test]
fn rows_of_a_jepa_know_nothing_of_each_other() {
    let _turn = alone();
    let config =
        JepaConfig { history: Some(3), sees: Sees::State, readout: true, frame_skip: 2, ..JepaConfig::default() };
    let trainer = jepa(&config);
    for views in [Views::One, Views::Look, Views::Imagine] {
        let world = World::new(trainer.model(), config.clone(), interface(&config), &Device::flex());
        rows_are_alone(&format!("{views:?}"), &world.with_views(Some(symmetry()), views), states);
    }
}

/// Five random pictures.
fn pictures(key: u64) -> Vec<Observation> {
    let mut stream = Key::new(13).at(key).stream();
    let mut picture = || {
        let data = (0..96 * 96 * 3).map(|_| stream.below(256) as u8).collect();
        Observation { image: Some(Image { height: 96, width: 96, data }), state: Vec::new() }
    };
    (0..5).map(|_| picture()).collect()
}

#[test]
fn pictures_seen_together_are_pictures_seen_alone() {
    let _turn = alone();
    let config = JepaConfig { history: Some(2), sees: Sees::Pixels, readout: true, ..JepaConfig::default() };
    let trainer = jepa(&config);
    for views in [Views::One, Views::Look] {
        let world = World::new(trainer.model(), config.clone(), interface(&config), &Device::flex());
        rows_are_alone(&format!("pictures, {views:?}"), &world.with_views(Some(symmetry()), views), pictures);
    }
}

#[test]
fn proposals_made_together_are_proposals_made_alone() {
    let _turn = alone();
    let config = JepaConfig { sees: Sees::State, readout: true, ..JepaConfig::default() };
    let bare = World::new(jepa(&config).model(), config.clone(), interface(&config), &Device::flex());
    let world = AnyWorld::new(config.clone(), interface(&config), bare);
    let trace = Trace {
        latents: world.latents(&world.observe(&(0..8).flat_map(states).collect::<Vec<_>>()).expect("states")),
        actions: terrella_core::Table::from_data(2, numbers(3, 80)),
    };
    let settings = ReacherConfig { steps: 3, batch_size: 16, ..ReacherConfig::default() };
    let (reacher, _) = Reacher::train(&world, &[trace], &settings, &Device::flex(), |_| ()).expect("a reacher");
    for views in [Views::One, Views::Look] {
        let world = world.clone().with_views(Some(&symmetry()), views);
        let [starts, goals] = [1, 2].map(|key| world.observe(&states(key)).expect("states"));
        let way = |row: usize, steps: usize| Way { start: row, goal: 4 - row, steps };
        let ways: Vec<Way> =
            (0..5).flat_map(|row| [5, 10, 15, 20, 25, 30, 40, 50].map(|steps| way(row, steps))).collect();
        let together = reacher.propose(&world, (&starts, &goals), &ways, 4);
        for (together, ways) in together.chunks(8).zip(ways.chunks(8)) {
            let alone = reacher.propose(&world, (&starts, &goals), ways, 4);
            assert_eq!(together, alone, "ways {ways:?}");
        }
        let ways: Vec<Way> = (0..5).map(|row| way(row, 10)).collect();
        let together = reacher.propose(&world, (&starts, &goals), &ways, 4);
        for (together, way) in together.iter().zip(&ways) {
            let alone = reacher.propose(&world, (&starts, &goals), std::slice::from_ref(way), 4);
            assert_eq!(*together, alone[0], "one way a start, {views:?}");
        }
    }
}
