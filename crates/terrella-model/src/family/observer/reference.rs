//! Eyes on rows are eyes on tensors, a mind behind them is a mind alone, and eyes find what pictures show.

use super::config::ObserverConfig;
use super::gradient::{Lesson, gradient};
use super::world::ObserverWorld;
use crate::augment::Augment;
use crate::device::alone;
use crate::family::jepa::reference::{batch, interface, observed, pictures, share};
use crate::family::jepa::watching::Studio;
use crate::family::jepa::{Batcher, JepaConfig, LossWeights, Size};
use crate::family::seam::Family;
use crate::train::Trainer;
use crate::train_config::TrainConfig;
use crate::{Symmetry, Views};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::prelude::*;
use terrella_core::{Acts, Batch, Clip, Dynamics, Key, Observation};

fn config(size: Size) -> ObserverConfig {
    let ObserverConfig { mind, .. } = ObserverConfig::default();
    let weights = LossWeights { reach: 1.0, ..LossWeights::default() };
    ObserverConfig { size, mind: JepaConfig { weights, ..mind } }
}

fn symmetry() -> Symmetry {
    Symmetry { side: 0.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[0, 1]] }
}

/// In all ways at once.
fn varied() -> TrainConfig {
    let moves = Some(Symmetry { side: 4.0, ..symmetry() });
    let augment = Augment { anew: true, shift: 6, colour: 0.2, noise: 4.0, moves, ..Augment::default() };
    TrainConfig { steps: 100, batch_size: 4, symmetry: Some(symmetry()), augment, ..TrainConfig::default() }
}

/// After a few steps, with the data of the next.
fn trained(config: &ObserverConfig, train: TrainConfig, steps: u64) -> (Trainer<ObserverConfig>, Batch) {
    let mut trainer = Trainer::new(config.clone(), interface(&config.mind), train, &Device::flex());
    let next = |step: u64| batch(&config.mind, 5, 3, Key::new(3).at(step));
    for step in 0..steps {
        trainer.advance(&next(step), false).expect("a step");
    }
    (trainer, next(steps))
}

#[test]
fn eyes_on_rows_have_the_gradient_of_eyes_on_tensors() {
    let _turn = alone();
    let device = Device::flex().autodiff();
    for size in [Size::Xs, Size::S] {
        let config = config(size);
        let (trainer, next) = trained(&config, varied(), 2);
        let net = trainer.model().train();
        let batcher = Batcher::new(&config.eyes(), &trainer.interface);
        let lesson = Lesson::of(&batcher, &next, (&trainer.config, Key::new(5))).expect("a lesson");
        let (rows, loss) = gradient((&net.eyes, &batcher, &Studio::default()), &lesson, &device);
        let patcher = batcher.patcher().expect("it sees");
        let shape = [lesson.turns.len(), patcher.tokens(), patcher.values()];
        let patches = TensorData::new(patcher.patches(&lesson.images, &lesson.turns), shape);
        let wanted = TensorData::new(lesson.features.clone(), [shape[0], 2]);
        let told = net.eyes.tell(Tensor::from_data(patches, &device));
        let want = (told - Tensor::from_data(wanted, &device)).abs().mean();
        let (a, b): (f32, f32) = (loss.into_scalar(), want.clone().into_scalar());
        assert!((a - b).abs() < 1e-5 * (1.0 + b), "{size:?}: {a} against {b}");
        let mut sum = burn::optim::GradientsAccumulator::new();
        rows.into_iter().for_each(|gradients| sum.accumulate(&net.eyes, gradients));
        let want = GradientsParams::from_grads(want.backward(), &net.eyes);
        let share = share(&net.eyes, [&sum.grads(), &want], 15);
        // The norm over a few pictures magnifies rounding.
        assert!(share < 2e-3, "{size:?}: {share}");
    }
}

#[test]
fn a_mind_behind_eyes_learns_and_acts_as_it_would_alone() {
    let _turn = alone();
    let (config, device) = (config(Size::Xs), Device::flex());
    let (trainer, next) = trained(&config, varied(), 3);
    // Its gradient is that of the same network alone.
    let (key, learning) = (Key::new(9), device.clone().autodiff());
    let net = trainer.model().train();
    let both = ObserverConfig::gradient((&net, &trainer.tools), &next, (&trainer.config, key), &learning);
    let tools = config.mind.tools(&trainer.interface, &learning);
    let alone = JepaConfig::gradient((&net.mind, &tools), &next, (&trainer.config, key), &learning);
    let share = share(&net.mind, [&both.expect("both").0, &alone.expect("a gradient").0], 40);
    assert!(share == 0.0, "{share}");

    // And so is what it makes of what it is told, by rows or tensors, from one side or all.
    let side = config.eyes().image_size();
    let seen = observed(&pictures(3, side, Key::new(7)), side);
    let mut differ = false;
    for views in [Views::One, Views::Look, Views::Imagine] {
        let world = trainer.world(&device).with_views(&symmetry(), views);
        let told = world.told(&seen).expect("states");
        let slow = world.clone().by_tensors().told(&seen).expect("states");
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4 * (1.0 + b.abs());
        assert!(told.data.iter().zip(&slow.data).all(near), "{views:?}: {told:?} against {slow:?}");
        let row = world.told(&seen[1..2]).expect("a state");
        assert!(row.data.iter().zip(told.row(1)).all(near), "{views:?}: whoever else is looked at");
        differ |= trainer.world(&device).told(&seen).expect("states") != told;
        let states: Vec<Observation> =
            told.rows().map(|row| Observation { image: None, state: row.to_vec() }).collect();
        let block = vec![0.3; 3 * world.block_width()];
        let ahead = |world: &ObserverWorld, start| {
            let after = world.step(&start, Acts::of(&block));
            (world.read(&after).expect("a readout"), world.latents(&after))
        };
        let start = world.mind.observe(&states).expect("a state");
        assert_eq!(ahead(&world, world.observe(&seen).expect("a state")), ahead(&world, start), "{views:?}");
        assert_eq!(
            ahead(&world, ObserverConfig::taught(&world, &states).expect("a state")),
            ahead(&world, world.mind.observe(&states).expect("a state")),
            "{views:?}: heads are taught by states"
        );
    }
    assert!(differ, "eight sides tell something else than one");
}

/// The middle of a bright square, found in pictures that were not learned from.
#[test]
fn eyes_find_what_a_picture_shows() {
    let _turn = alone();
    let config = config(Size::Xs);
    let side = config.eyes().image_size();
    let lay = |key: Key, clips: usize| {
        let mut batch = batch(&config.mind, clips, 2, key);
        let of = |picture: &[u8]| -> [f32; 2] {
            let first = picture.chunks(3).position(|pixel| pixel[0] > 120).expect("a square");
            [first % side, first / side].map(|at| (at as f32 + 10.0) / side as f32 * 4.0 - 2.0)
        };
        batch.states = batch.images.chunks(side * side * 3).flat_map(of).collect();
        batch.clips = vec![Clip { episode: 0, start: 0 }; clips];
        batch
    };
    let train = TrainConfig { steps: 60, batch_size: 24, learning_rate: 3e-3, ..TrainConfig::default() };
    let mut trainer = Trainer::new(config.clone(), interface(&config.mind), train, &Device::flex());
    for step in 0..60 {
        trainer.advance(&lay(Key::new(1).at(step), 24), false).expect("a step");
    }
    let judged = lay(Key::new(2), 8);
    let seen = observed(&judged.images, side);
    let told = trainer.world(&Device::flex()).told(&seen).expect("states");
    let error = |told: &dyn Fn(usize) -> f32| {
        judged.states.iter().enumerate().map(|(i, x)| (told(i) - x).abs()).sum::<f32>() / judged.states.len() as f32
    };
    let (found, middle) = (error(&|i| told.data[i]), error(&|_| 0.0));
    assert!(found < 0.3 * middle, "{found} off; always saying the middle, {middle}");
}
