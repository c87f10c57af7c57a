//! Every parameter learns, and gradients are what central differences say.

use crate::support::{alone, batch, interface, values};
use burn::prelude::*;
use terrella_core::Key;
use terrella_model::{Jepa, JepaConfig, Sees, Size, TrainConfig, Trainer, directions, sigreg};

/// The gates of AdaLN-zero start at 0, so in the first step what lies behind them gets gradients
/// of exactly 0; the step opens the gates, and the next one must reach everything. Weight decay
/// is off: what moves, moves by its gradient. `Adam` moves every number whose gradient is not 0.
#[test]
fn two_steps_move_every_parameter() {
    let _turn = alone();
    for (size, clips) in [(Size::Xs, 8), (Size::S, 8), (Size::L, 2)] {
        let model = JepaConfig { size, readout: true, ..JepaConfig::default() };
        let config = TrainConfig { batch_size: clips, weight_decay: 0.0, steps: 10, ..TrainConfig::default() };
        let mut trainer = Trainer::new(model.clone(), interface(&model), config, &Device::flex());
        let start = values(&trainer.model());
        for step in 0..2 {
            trainer.advance(&batch(&model, clips, 4, Key::new(5).at(step)), false).expect("a step");
        }
        for (name, after) in values(&trainer.model()) {
            let moved = start[&name].iter().zip(&after).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
            assert!(after.iter().all(|x| x.is_finite()), "{size:?}: {name} is no longer a number");
            assert!(moved > 0, "{size:?}: nothing in {name} has moved");
        }
    }
}

#[test]
fn sigreg_has_the_gradient_of_its_value() {
    let device = Device::flex();
    let mut stream = Key::new(2).stream();
    let [n, time, width] = [6, 2, 5];
    let start: Vec<f32> = (0..n * time * width).map(|_| (1.3 * stream.normal() + 0.4) as f32).collect();
    let at = |x: &[f32], device: &Device| Tensor::<3>::from_data(TensorData::new(x.to_vec(), [n, time, width]), device);
    let along = directions(width, 32, Key::new(9), &device);
    let value = |x: &[f32]| f64::from(sigreg(at(x, &device), along.clone()).into_scalar::<f32>());

    let x = at(&start, &device.clone().autodiff()).require_grad();
    let grads = sigreg(x.clone(), along.clone()).backward();
    let gradient: Vec<f32> = x.grad(&grads).expect("a gradient").into_data().iter::<f32>().collect();
    assert!(gradient.iter().any(|g| g.abs() > 0.01), "the point chosen has a slope: {gradient:?}");
    for i in 0..start.len() {
        let moved = |by: f32| {
            let mut x = start.clone();
            x[i] += by;
            value(&x)
        };
        let slope = (moved(5e-3) - moved(-5e-3)) / 1e-2;
        assert!((slope - f64::from(gradient[i])).abs() < 2e-3, "number {i}: {} against {slope}", gradient[i]);
    }
}

/// The whole path on a model that sees states: encoder, projector, action encoder, predictor and
/// rollout, with the gates open. Central differences over the inputs, which everything depends on.
#[test]
fn a_rollout_has_the_gradient_of_its_value() {
    let _turn = alone();
    let config = JepaConfig { sees: Sees::State, frame_skip: 1, ..JepaConfig::default() };
    let mut trainer = Trainer::new(
        config.clone(),
        interface(&config),
        TrainConfig { steps: 100, batch_size: 8, learning_rate: 1e-2, ..TrainConfig::default() },
        &Device::flex(),
    );
    for step in 0..5 {
        trainer.advance(&batch(&config, 8, 4, Key::new(6).at(step)), false).expect("a step");
    }
    let model: Jepa = trainer.model();
    let mut stream = Key::new(8).stream();
    let start: Vec<f32> = (0..2 + 3 * 2).map(|_| stream.normal() as f32).collect();
    // The first two numbers are the state, the rest three actions.
    let energy = |x: Tensor<1>| {
        let state = x.clone().narrow(0, 0, 2).reshape([1, 1, 2]);
        let actions = x.narrow(0, 2, 6).reshape([1, 3, 2]);
        model.roll_out(model.encode(state), &model.steer(actions)).square().mean()
    };
    let at = |x: &[f32], device: &Device| Tensor::<1>::from_data(TensorData::new(x.to_vec(), [x.len()]), device);
    let x = at(&start, &Device::flex().autodiff()).require_grad();
    let grads = energy(x.clone()).backward();
    let gradient: Vec<f32> = x.grad(&grads).expect("a gradient").into_data().iter::<f32>().collect();
    for i in 0..start.len() {
        let moved = |by: f32| {
            let mut x = start.clone();
            x[i] += by;
            f64::from(energy(at(&x, &Device::flex())).into_scalar::<f32>())
        };
        let slope = (moved(2e-3) - moved(-2e-3)) / 4e-3;
        let near = 1e-3 + 0.02 * slope.abs();
        assert!((slope - f64::from(gradient[i])).abs() < near, "number {i}: {} against {slope}", gradient[i]);
    }
}
