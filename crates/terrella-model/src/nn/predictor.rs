//! The action-conditioned predictor: a causal transformer over the last few latents, in which each
//! action block steers its step through AdaLN-zero (Peebles & Xie 2023, eq. 1; LeWM's variant with
//! one more affine norm after the modulation).

use super::{attend, join_heads, plain_norm, split_heads};
use burn::module::{Module, Param};
use burn::nn;
use burn::prelude::*;
use burn::tensor::activation::{gelu, relu, silu};

/// Shape of a [`Predictor`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PredictorShape {
    pub(crate) width: usize,
    pub(crate) history: usize,
    pub(crate) depth: usize,
    pub(crate) heads: usize,
    pub(crate) head: usize,
    pub(crate) hidden: usize,
    pub(crate) dropout: f64,
    /// Exact-erf GELU as published, or ReLU, which costs a tenth of it on a CPU.
    pub(crate) gelu: bool,
}

/// Causal transformer; output `t` predicts latent `t + 1`.
#[derive(Module, Debug)]
pub(crate) struct Predictor {
    position: Param<Tensor<2>>,
    blocks: Vec<Block>,
    norm: nn::LayerNorm,
}

#[derive(Module, Debug)]
struct Block {
    attention_norm: nn::LayerNorm,
    qkv: nn::Linear,
    output: nn::Linear,
    mlp_norm: nn::LayerNorm,
    up: nn::Linear,
    down: nn::Linear,
    modulation: nn::Linear,
    dropout: nn::Dropout,
    heads: usize,
    gelu: bool,
}

impl Predictor {
    pub(crate) fn new(shape: PredictorShape, device: &Device) -> Self {
        let PredictorShape { width, history, depth, heads, head, hidden, dropout, gelu } = shape;
        let inner = heads * head;
        let block = |_| Block {
            attention_norm: nn::LayerNormConfig::new(width).init(device),
            qkv: nn::LinearConfig::new(width, 3 * inner).with_bias(false).init(device),
            output: nn::LinearConfig::new(inner, width).init(device),
            mlp_norm: nn::LayerNormConfig::new(width).init(device),
            up: nn::LinearConfig::new(width, hidden).init(device),
            down: nn::LinearConfig::new(hidden, width).init(device),
            modulation: nn::LinearConfig::new(width, 6 * width).with_initializer(nn::Initializer::Zeros).init(device),
            dropout: nn::DropoutConfig::new(dropout).init(),
            heads,
            gelu,
        };
        Self {
            position: nn::Initializer::Normal { mean: 0.0, std: 1.0 }.init([history, width], device),
            blocks: (0..depth).map(block).collect(),
            norm: nn::LayerNormConfig::new(width).init(device),
        }
    }

    /// # Shapes
    /// `latents`, `actions`: `[batch, time, width]` with `time ≤ history` → `[batch, time, width]`.
    pub(crate) fn forward(&self, latents: Tensor<3>, actions: Tensor<3>) -> Tensor<3> {
        let [_, time, _] = latents.dims();
        let hide = (time > 1).then(|| Tensor::<2, Bool>::tril_mask([time, time], 0, &latents.device()));
        let x = latents + self.position.val().narrow(0, 0, time).unsqueeze();
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, actions.clone(), hide.clone()));
        self.norm.forward(x)
    }
}

impl Block {
    fn forward(&self, x: Tensor<3>, action: Tensor<3>, hide: Option<Tensor<2, Bool>>) -> Tensor<3> {
        let mut chunks = self.modulation.forward(silu(action)).chunk(6, 2).into_iter();
        let mut next = || chunks.next().expect("six chunks of six widths");
        let (shift, scale, gate) = (next(), next(), next());
        let (mlp_shift, mlp_scale, mlp_gate) = (next(), next(), next());
        let modulated = plain_norm(x.clone(), 1e-6) * (scale + 1.0) + shift;
        let x = x + gate * self.attention(self.attention_norm.forward(modulated), hide);
        let modulated = plain_norm(x.clone(), 1e-6) * (mlp_scale + 1.0) + mlp_shift;
        x + mlp_gate * self.mlp(self.mlp_norm.forward(modulated))
    }

    fn attention(&self, x: Tensor<3>, hide: Option<Tensor<2, Bool>>) -> Tensor<3> {
        let mut parts = self.qkv.forward(x).chunk(3, 2).into_iter();
        let mut next = || split_heads(parts.next().expect("three chunks of three"), self.heads);
        let (q, k, v) = (next(), next(), next());
        self.dropout.forward(self.output.forward(join_heads(attend(q, k, v, hide))))
    }

    fn mlp(&self, x: Tensor<3>) -> Tensor<3> {
        let h = self.up.forward(x);
        let h = if self.gelu { gelu(h) } else { relu(h) };
        self.dropout.forward(self.down.forward(self.dropout.forward(h)))
    }
}
