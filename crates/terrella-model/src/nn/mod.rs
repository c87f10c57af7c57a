//! Network parts shared by the models. Batch first; trailing comments give shapes.

pub(crate) mod encoder;
pub(crate) mod likelihood;
pub(crate) mod mlp;
pub(crate) mod patch;
pub(crate) mod predictor;
pub(crate) mod reacher;
pub(crate) mod steps_to_go;
pub(crate) mod vit;

use crate::host::dense::numbers;
use burn::nn::{BatchNorm, Linear};
use burn::prelude::*;
use burn::tensor::activation::softmax;
use terrella_core::Table;

/// Scaled dot-product attention with an optional mask (`true` hides).
///
/// # Shapes
/// `q`, `k`, `v`: `[batch, heads, time, head]` → the same.
pub(crate) fn attend(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, hide: Option<Tensor<2, Bool>>) -> Tensor<4> {
    let [_, _, time, head] = q.dims();
    let mut scores = q.matmul(k.swap_dims(2, 3)) * (1.0 / (head as f64).sqrt()); // [batch, heads, time, time]
    if let Some(hide) = hide {
        let mask = hide.reshape([1, 1, time, time]).expand(scores.dims());
        scores = scores.mask_fill(mask, f32::NEG_INFINITY);
    }
    softmax(scores, 3).matmul(v)
}

/// As [`attend`], with something added to how much is looked at what.
///
/// # Shapes
/// `added`: `[1, heads, time, time]`.
pub(crate) fn attend_with(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, added: Tensor<4>) -> Tensor<4> {
    let [_, _, _, head] = q.dims();
    let scores = q.matmul(k.swap_dims(2, 3)) * (1.0 / (head as f64).sqrt()); // [batch, heads, time, time]
    softmax(scores + added, 3).matmul(v)
}

/// Splits `[batch, time, heads · head]` into `[batch, heads, time, head]`.
pub(crate) fn split_heads(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, time, width] = x.dims();
    x.reshape([batch, time, heads, width / heads]).swap_dims(1, 2)
}

/// Undoes [`split_heads`].
pub(crate) fn join_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, heads, time, head] = x.dims();
    x.swap_dims(1, 2).reshape([batch, time, heads * head])
}

/// LayerNorm without learnt scale and shift.
pub(crate) fn plain_norm(x: Tensor<3>, epsilon: f64) -> Tensor<3> {
    let (variance, mean) = x.clone().var_mean_bias(2);
    (x - mean) / (variance + epsilon).sqrt()
}

/// A linear layer over `[batch, time, width]` as one matrix product: left alone, the CPU backend
/// makes `batch` small ones of it.
pub(crate) fn rowwise(layer: &Linear, x: Tensor<3>) -> Tensor<3> {
    let [batch, time, width] = x.dims();
    let y = layer.forward(x.reshape([batch * time, width]));
    let [_, width] = y.dims();
    y.reshape([batch, time, width])
}

/// Scale and shift of a batch norm that no longer moves.
pub(crate) fn still(norm: &BatchNorm) -> (Vec<f32>, Vec<f32>) {
    let (mean, variance) = (numbers(norm.running_mean.value()), numbers(norm.running_var.value()));
    let (gamma, beta) = (numbers(norm.gamma.val()), numbers(norm.beta.val()));
    let scale: Vec<f32> = gamma.iter().zip(&variance).map(|(g, v)| g / (v + norm.epsilon as f32).sqrt()).collect();
    let shift = beta.iter().zip(&mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
    (scale, shift)
}

/// Reads a tensor back as rows.
pub(crate) fn table(x: Tensor<2>) -> Table {
    let [_, width] = x.dims();
    Table::from_data(width, x.into_data().iter::<f32>().collect())
}

/// Rows as a tensor.
pub(crate) fn tensor(x: &Table, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(x.data.clone(), [x.len(), x.width]), device)
}
