//! What is learned on the frozen latents of a trained world, whichever its family: an amortised planner,
//! a head that says how many steps it takes, a picture decoder and a linear probe.
//!
//! A head knows nothing but rows of latents. A family says whether it has latents for that
//! ([`crate::Family::latent`]).

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::prelude::*;

pub(crate) mod decoder;
pub(crate) mod probe;
pub(crate) mod reacher;
pub(crate) mod steps_to_go;

/// Trains a head for so many steps, with a warm-up of a twentieth of them to this learning rate; answers with it and its last loss.
/// `loss` is that of a step, `on_step` is told the steps done.
fn fit<M: Module>(
    mut net: M,
    mut optimizer: ModuleOptimizer,
    (steps, peak): (u64, f64),
    mut loss: impl FnMut(&M, u64) -> Tensor<1>,
    mut on_step: impl FnMut(u64),
) -> (M, f32) {
    let mut last = f32::NAN;
    for step in 0..steps {
        let loss = loss(&net, step);
        if step + 1 == steps {
            last = loss.clone().into_scalar();
        }
        let grads = GradientsParams::from_grads(loss.backward(), &net);
        let rate = crate::optim::learning_rate(step, steps, (steps / 20).max(1), peak);
        net = optimizer.step(rate, net, grads);
        on_step(step + 1);
    }
    (net.valid(), last)
}
