//! A model that looks from eight sides believes the same of a turned world, turned.

use crate::support::{alone, batch, interface};
use burn::prelude::*;
use terrella_core::{Dynamics, Key, Observation};
use terrella_model::{JepaConfig, Sees, Symmetry, TrainConfig, Trainer, Turn, Views, World};

#[test]
fn belief_turns_with_the_world() {
    let _turn = alone();
    // States and actions are points around the origin.
    let symmetry = Symmetry { side: 0.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[0, 1]] };
    let config = JepaConfig { sees: Sees::State, readout: true, ..JepaConfig::default() };
    let train = TrainConfig { steps: 100, batch_size: 8, ..TrainConfig::default() };
    let mut trainer = Trainer::new(config.clone(), interface(&config), train, &Device::flex());
    for step in 0..3 {
        trainer.advance(&batch(&config, 8, 4, Key::new(4).at(step)), false).expect("a step");
    }
    let world = |views| {
        let world = World::new(trainer.model(), config.clone(), interface(&config), &Device::flex());
        world.with_views(Some(symmetry.clone()), views)
    };
    let believed = |world: &World, turn: Turn, n: usize| {
        let turned = |v: [f32; 2]| turn.vector(v).to_vec();
        let block: Vec<f32> = (0..config.frame_skip).flat_map(|i| turned([0.3, 0.1 * i as f32])).collect();
        let look = |v| [Observation { image: None, state: turned(v) }];
        let start = world.observe(&look([0.7, -0.4])).expect("a state");
        let start = world.track(&start, &block, &look([0.9, -0.2])).expect("a state");
        let ahead = world.roll_out(&start, &vec![0; n], &block.repeat(n)).remove(0);
        let read =
            |state| turn.inverse().vector(world.read(state).expect("a readout").row(n - 1).try_into().expect("two"));
        [read(&world.take(&start, &vec![0; n])), read(&ahead)]
    };
    let near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-4;
    for turn in Turn::all() {
        for views in [Views::Look, Views::Imagine] {
            let world = world(views);
            let (straight, turned) = (believed(&world, Turn::NONE, 3), believed(&world, turn, 3));
            assert!(near(straight[0], turned[0]), "{views:?}, {turn:?}, now: {straight:?} and {turned:?}");
            let same = near(straight[1], turned[1]);
            assert!(same || views == Views::Look, "{views:?}, {turn:?}, ahead: {straight:?} and {turned:?}");
        }
    }
    let turn = Turn::number(5);
    let [straight, turned] = [Turn::NONE, turn].map(|turn| believed(&world(Views::One), turn, 1)[0]);
    assert!(!near(straight, turned), "the model alone knows no symmetry, or this test shows nothing");
}
