//! AdamW for all families (Loshchilov and Hutter 2019, arXiv:1711.05101): on a CPU in one pass.
//!
//! Burn's own makes fifteen passes over every parameter, each into a new buffer; for a small model that costs
//! as much as a third of the gradient. Here each number is read and written once, by the same arithmetic in the same
//! order. State and records are Burn's, so that checkpoints stay what they were; other devices take Burn's own.

use crate::device::is_cpu;
use crate::host::threads::each;
use burn::optim::{AdamWConfig, AdamWState, AdaptiveMomentumState, ModuleOptimizer, Optimizer};
use burn::prelude::*;
use std::sync::Mutex;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Numbers that go to a thread together.
const PART: usize = 1 << 15;

/// The optimiser of a model with this weight decay.
pub(crate) fn adamw(weight_decay: f64) -> ModuleOptimizer {
    ModuleOptimizer::from(AdamW { decay: weight_decay as f32, tensors: burns(weight_decay as f32) })
}

fn burns(decay: f32) -> burn::optim::AdamW {
    AdamWConfig::new().with_beta_1(BETA_1).with_beta_2(BETA_2).with_weight_decay(decay).with_epsilon(EPSILON).build()
}

#[derive(Clone)]
struct AdamW {
    decay: f32,
    tensors: burn::optim::AdamW,
}

impl Optimizer for AdamW {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        let device = gradient.device();
        if !is_cpu(&device) || gradient.dtype() != burn::tensor::DType::F32 {
            return self.tensors.step(rate, tensor, gradient, state);
        }
        let (time, moments) = match state {
            Some(AdamWState { momentum }) => (momentum.time + 1, [momentum.moment_1, momentum.moment_2]),
            None => (1, [gradient.zeros_like(), gradient.zeros_like()]),
        };
        let ([mut first, mut second], mut data) = (moments.map(Tensor::into_data), tensor.into_data());
        let gradient = gradient.into_data();
        self.pass(
            rate,
            time,
            [numbers(&mut data), numbers(&mut first), numbers(&mut second)],
            gradient.as_slice().expect("numbers"),
        );
        let back = |data| Tensor::<D>::from_data(data, &device);
        let momentum = AdaptiveMomentumState::new(time, back(first), back(second));
        (back(data), Some(AdamWState::new(momentum)))
    }

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        <burn::optim::AdamW as Optimizer>::to_device(state, device)
    }
}

/// The numbers of a tensor of 32-bit floats.
fn numbers(data: &mut TensorData) -> &mut [f32] {
    data.as_mut_slice().expect("32-bit floats, as the gradient has")
}

impl AdamW {
    /// One step of these parameters, their mean gradient and mean squared gradient.
    fn pass(&self, rate: f64, time: usize, [values, first, second]: [&mut [f32]; 3], gradient: &[f32]) {
        let (rate, keep) = (rate as f32, (1.0 - rate * f64::from(self.decay)) as f32);
        let [one, two] = [BETA_1, BETA_2].map(|beta| 1.0 - beta.powi(time as i32));
        let parts =
            values.chunks_mut(PART).zip(first.chunks_mut(PART)).zip(second.chunks_mut(PART)).zip(gradient.chunks(PART));
        let parts: Vec<_> = parts.map(|part| Mutex::new(Some(part))).collect();
        each(parts.len(), |at| {
            let part = parts[at].lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            let Some((((values, first), second), gradient)) = part else { return };
            for (((x, m), v), g) in values.iter_mut().zip(first).zip(second).zip(gradient) {
                *m = *m * BETA_1 + g * (1.0 - BETA_1);
                *v = *v * BETA_2 + g * g * (1.0 - BETA_2);
                let step = (*m / one) / ((*v / two).sqrt() + EPSILON);
                *x = *x * keep - step * rate;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::dense;
    use terrella_core::Key;

    #[test]
    fn one_pass_is_what_burn_does_in_many() {
        let device = Device::flex();
        let (n, decay) = (PART + 77, 1e-2);
        let tensor = |key: u64, scale: f32| {
            let mut stream = Key::new(key).stream();
            let data: Vec<f32> = (0..n).map(|_| scale * stream.normal() as f32).collect();
            Tensor::<1>::from_data(TensorData::new(data, [n]), &device)
        };
        let (ours, burns) = (AdamW { decay, tensors: burns(decay) }, burns(decay));
        let (mut a, mut b) = ((tensor(1, 1.0), None), (tensor(1, 1.0), None));
        for step in 0..5 {
            // Some gradients are nothing from the start.
            let gradient = tensor(2 + step, 1e-3).clamp_min(0.0);
            a = ours.step(3e-3, a.0, gradient.clone(), a.1);
            b = burns.step(3e-3, b.0, gradient, b.1);
            let far = dense::numbers(a.0.clone())
                .iter()
                .zip(dense::numbers(b.0.clone()))
                .filter(|(a, b)| a.to_bits() != b.to_bits())
                .count();
            assert_eq!(far, 0, "numbers that differ after step {step}, of {n}");
        }
        let (a, b) = (a.1.expect("a state").momentum, b.1.expect("a state").momentum);
        assert_eq!((a.time, dense::numbers(a.moment_2)), (b.time, dense::numbers(b.moment_2)), "what is kept");
    }
}
