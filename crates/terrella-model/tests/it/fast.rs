//! The fast ways are the plain ways: parts of a batch side by side, and planning without tensors.

use crate::support::{alone, batch, interface, with_goals};
use burn::prelude::*;
use terrella_core::{Acts, Dynamics, Key, Observation, Table};
use terrella_model::{JepaConfig, LossWeights, Losses, Sees, Size, TrainConfig, Trainer, World};

fn close(what: &str, a: f32, b: f32, tolerance: f32) {
    assert!((a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs())), "{what}: {a} against {b}");
}

#[test]
fn parts_of_a_batch_have_the_gradient_of_the_whole() {
    let _turn = alone();
    for sees in [Sees::Pixels, Sees::State] {
        let weights = LossWeights { reach: 1.0, ..LossWeights::default() };
        let config = JepaConfig { sees, readout: true, weights, ..JepaConfig::default() };
        let run = |parts| -> Vec<Losses> {
            let train = TrainConfig { steps: 20, batch_size: 7, ..TrainConfig::default() };
            let mut trainer = Trainer::new(config.clone(), interface(&config), train, &Device::flex()).in_parts(parts);
            let goals = [1, 5, 6, 10, 11, 30, 50];
            let lesson = |at| with_goals(batch(&config, 7, 4, Key::new(3).at(at)), &goals);
            let mut step = |at| trainer.advance(&lesson(at), true).expect("a step");
            (0..4).map(|at| step(at).expect("losses").losses).collect()
        };
        let [whole, two, four] = [1, 2, 4].map(run);
        for parts in [two, four] {
            // The last steps depend on the gradients of the first ones.
            for (at, (a, b)) in whole.iter().zip(&parts).enumerate() {
                let tolerance = if at == 0 { 1e-5 } else { 2e-3 };
                close("total", a.get("total"), b.get("total"), tolerance);
                close("prediction", a.get("predict"), b.get("predict"), tolerance);
                close("SIGReg", a.get("sigreg"), b.get("sigreg"), tolerance);
                close("reaching", a.get("reach"), b.get("reach"), tolerance);
                close("readout of rollouts", a.get("readout_rollout"), b.get("readout_rollout"), tolerance);
                close("gradient norm", a.get("gradient_norm"), b.get("gradient_norm"), 10.0 * tolerance);
            }
        }
    }
}

/// Up to the longest window and beyond it, with a look in between, for several chunks of rows.
#[test]
fn planning_on_plain_rows_is_planning_with_tensors() {
    let _turn = alone();
    for (size, history, steps) in [(Size::Xs, 2, 6), (Size::S, 1, 6), (Size::L, 3, 2)] {
        let config =
            JepaConfig { size, history: Some(history), sees: Sees::State, readout: true, ..JepaConfig::default() };
        let train = TrainConfig { steps: 100, batch_size: 8, learning_rate: 3e-3, ..TrainConfig::default() };
        let mut trainer = Trainer::new(config.clone(), interface(&config), train, &Device::flex());
        // The gates of AdaLN start closed; a few steps open them.
        for step in 0..steps {
            trainer.advance(&batch(&config, 8, 4, Key::new(4).at(step)), false).expect("a step");
        }
        let fast = World::new(trainer.model(), config.clone(), interface(&config), &Device::flex());
        let plain = fast.clone().by_tensors();
        let look = |at: u64, n: usize| -> Vec<Observation> {
            let mut stream = Key::new(5).at(at).stream();
            let mut state = || vec![stream.normal() as f32, stream.normal() as f32];
            (0..n).map(|_| Observation { image: None, state: state() }).collect()
        };
        let actions = |at: u64, n: usize| -> Vec<f32> {
            let mut stream = Key::new(6).at(at).stream();
            (0..n * fast.block_width()).map(|_| stream.normal() as f32).collect()
        };
        let roll = |world: &World| -> Vec<(Table, Table)> {
            let start = world.observe(&look(0, 1)).expect("a state");
            let start = world.track(&start, &actions(0, 1), &look(1, 1)).expect("a state");
            let mut state = world.take(&start, &[0; 70]);
            let step = |at| {
                state = world.step(&state, Acts::of(&actions(at, 70)));
                (world.latents(&state), world.read(&state).expect("a readout"))
            };
            let steps: Vec<(Table, Table)> = (1..5).map(step).collect();
            // All steps at once are the same steps.
            let blocks: Vec<Vec<f32>> = (1..5).map(|at| actions(at, 70)).collect();
            let width = world.block_width();
            let row = |i: usize| blocks.iter().flat_map(move |b| b[i * width..(i + 1) * width].to_vec());
            let sequences: Vec<f32> = (0..70).flat_map(row).collect();
            for (state, (latents, _)) in world.roll_out(&start, &[0; 70], &sequences).iter().zip(&steps) {
                let same = world.latents(state).data.iter().zip(&latents.data).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{size:?}: a rollout at once differs from one step after another");
            }
            steps
        };
        for (step, (fast, plain)) in roll(&fast).iter().zip(&roll(&plain)).enumerate() {
            for (name, a, b) in [("latents", &fast.0, &plain.0), ("states", &fast.1, &plain.1)] {
                assert_eq!((a.width, a.len()), (b.width, b.len()), "{name}");
                a.data.iter().zip(&b.data).for_each(|(a, b)| close(&format!("{size:?}, {name} {step}"), *a, *b, 2e-5));
            }
        }
    }
}
