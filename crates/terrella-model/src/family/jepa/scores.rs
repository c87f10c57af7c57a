//! What a training step tells: its losses, and how healthy the latents are.

use crate::family::jepa::config::LossWeights;
use crate::losses::Losses;
use burn::prelude::*;
use burn::tensor::Transaction;

/// What a batch cost, not yet read back.
pub struct Scores {
    /// Prediction, rollout, readout, readout of rollouts, reaching: not yet weighted.
    pub(super) losses: [Tensor<1>; 5],
    /// SIGReg.
    pub(super) gaussian: Tensor<1>,
    /// Bends, where somebody asks.
    pub(super) straight: Option<Tensor<1>>,
    /// `[clips, frames, latent]`.
    pub(super) latents: Tensor<3>,
    pub(super) weights: LossWeights,
}

impl Scores {
    /// Reads everything back, in one wait.
    pub(crate) fn read_back(self, gradient_norm: Tensor<1>) -> Losses {
        let weights = self.weights;
        let straight = self.straight.unwrap_or_else(|| self.gaussian.zeros_like());
        let health = health(self.latents);
        let own = self.losses.into_iter().chain([self.gaussian, straight]);
        let tensors = own.chain(health).chain([gradient_norm]);
        let transaction = tensors.fold(Transaction::default(), Transaction::register);
        let read = |data: burn::tensor::TensorData| data.iter::<f32>().next().unwrap_or(f32::NAN);
        let numbers: Vec<f32> = transaction.execute().into_iter().map(read).collect();
        const NAMES: [&str; 11] = [
            "predict",
            "rollout",
            "readout",
            "readout_rollout",
            "reach",
            "sigreg",
            "straight",
            "copy_last",
            "effective_rank",
            "smallest_std",
            "gradient_norm",
        ];
        let named = Losses::of(NAMES.into_iter().zip(numbers.iter().copied()));
        let weighted = |name: &str, weight: f64| named.get(name) * weight as f32;
        let readout = named.get("readout") + named.get("readout_rollout");
        let total = named.get("predict")
            + weighted("rollout", weights.rollout)
            + weighted("reach", weights.reach)
            + weighted("sigreg", weights.sigreg)
            + weighted("straight", weights.straight)
            + readout * weights.readout as f32;
        // Of what has no weight there is nothing to tell.
        let silent = |name: &str| match name {
            "reach" => weights.reach <= 0.0,
            "straight" => weights.straight <= 0.0,
            _ => false,
        };
        let told = NAMES.into_iter().zip(numbers).filter(|(name, _)| !silent(name));
        Losses::of(told.chain([("total", total)]))
    }
}

/// Copy-last error, effective rank and smallest deviation of `[batch, time, latent]`.
fn health(latents: Tensor<3>) -> [Tensor<1>; 3] {
    let [batch, time, latent] = latents.dims();
    let copy_last = mse(latents.clone().narrow(1, 0, time - 1), latents.clone().narrow(1, 1, time - 1));
    let rows = latents.reshape([batch * time, latent]);
    let centred = rows.clone() - rows.mean_dim(0);
    let covariance = centred.clone().transpose().matmul(centred) / (batch * time) as f64; // [latent, latent]
    let variances = (covariance.clone() * Tensor::eye(latent, &covariance.device())).sum_dim(1);
    let rank = variances.clone().sum().square() / (covariance.square().sum() + 1e-12);
    [copy_last, rank, variances.min().sqrt()]
}

/// Mean squared difference.
pub(super) fn mse<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<1> {
    (a - b).square().mean()
}
