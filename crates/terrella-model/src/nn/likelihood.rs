//! Gaussian likelihoods of numbers that are told with their variance.
//!
//! The likelihood itself all but forgets a number that is still told badly beside one that is told well. Weighted by its
//! variance to some power, from which no gradient comes back, each keeps its share (β-NLL, Seitzer et al. 2022,
//! arXiv:2203.09168, equation 5).

use burn::prelude::*;

/// Twice the negative log-likelihood without its constant, and the same weighted by the variance to the power `beta`.
///
/// # Shapes
/// `square`: squared errors, `spread`: log-variances, both of any shape → the same twice.
pub(crate) fn surprise<const D: usize>(square: Tensor<D>, spread: Tensor<D>, beta: f64) -> [Tensor<D>; 2] {
    let surprise = square * spread.clone().neg().exp() + spread.clone();
    [surprise.clone(), surprise * (spread.detach() * beta).exp()]
}
