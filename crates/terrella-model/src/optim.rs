//! Learning rate and gradient norm.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::prelude::*;

/// Linear warm-up from 0 to `peak`, then a cosine to 0 at `total`. A function of the step, so
/// that a resumed run needs no state for it.
pub(crate) fn learning_rate(step: u64, total: u64, warmup: u64, peak: f64) -> f64 {
    // Burn wants rates above zero; the last step of the cosine would be exactly that.
    let rate = if step < warmup {
        (step + 1) as f64 / warmup as f64
    } else {
        let progress = (step - warmup) as f64 / (total - warmup).max(1) as f64;
        0.5 * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos())
    };
    (peak * rate).max(1e-12)
}

/// Scales all gradients so that their joint norm is at most `max`; returns the norm before.
///
/// Burn's own clipping works tensor by tensor, which changes the direction of the step.
pub(crate) fn clip_global_norm<M: Module>(
    model: &M,
    mut grads: GradientsParams,
    max: f64,
) -> (GradientsParams, Tensor<1>) {
    let mut square = SquareSum { grads: &grads, sum: None };
    model.visit(&mut square);
    let Some(sum) = square.sum else {
        return (grads, Tensor::zeros([1], &Device::default()));
    };
    let norm = sum.sqrt();
    let by = ((norm.clone() + 1e-6).recip() * max).clamp_max(1.0);
    model.visit(&mut Scale { grads: &mut grads, by });
    (grads, norm)
}

struct SquareSum<'a> {
    grads: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SquareSum<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.get::<D>(param.id) {
            let sum = grad.square().sum();
            self.sum = Some(self.sum.take().map_or(sum.clone(), |total| total + sum));
        }
    }
}

struct Scale<'a> {
    grads: &'a mut GradientsParams,
    by: Tensor<1>,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.grads.remove::<D>(param.id) {
            self.grads.register(param.id, grad * self.by.clone().unsqueeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_rises_then_falls_to_zero() {
        let rate = |step| learning_rate(step, 100, 10, 1.0);
        assert!((rate(0) - 0.1).abs() < 1e-12 && (rate(9) - 1.0).abs() < 1e-12, "warm-up");
        assert!((rate(55) - 0.5).abs() < 1e-12, "half way down the cosine");
        assert!(rate(100) < 1e-11 && rate(100) > 0.0, "the end");
    }
}
