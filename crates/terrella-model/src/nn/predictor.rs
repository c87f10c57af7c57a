//! The action-conditioned predictor: a causal transformer over the last few latents, in which each
//! action block steers its step through AdaLN-zero (Peebles & Xie 2023, eq. 1; LeWM's variant with
//! one more affine norm after the modulation).

use super::{attend, join_heads, plain_norm, rowwise, split_heads};
use crate::host::block as host;
use crate::host::dense::{Dense, numbers};
use crate::host::lanes::{Lane, lanes, padded};
use crate::host::learner::{Affine, Learner, Places, hand};
use crate::host::steered::Steered;
use burn::module::{Module, Param};
use burn::nn;
use burn::optim::GradientsParams;
use burn::prelude::*;
use burn::tensor::activation::{gelu, relu, silu};
use std::ops::Range;

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

/// What action blocks do to each block of the predictor: shifts, scales and gates. It depends on
/// the actions alone, so a planner computes it once for an action and not for every window.
#[derive(Clone, Debug)]
pub struct Steering {
    /// One `[batch, time, 6 · width]` a block.
    modulations: Vec<Tensor<3>>,
}

impl Steering {
    /// The steps `start .. start + length`.
    #[must_use]
    pub fn narrow(&self, start: usize, length: usize) -> Self {
        Self { modulations: self.modulations.iter().map(|m| m.clone().narrow(1, start, length)).collect() }
    }

    /// This steering, then the next.
    #[must_use]
    pub fn then(&self, next: Self) -> Self {
        let both = self.modulations.iter().zip(next.modulations);
        Self { modulations: both.map(|(a, b)| Tensor::cat(vec![a.clone(), b], 1)).collect() }
    }

    /// These rows, in this order, each as often as it is named.
    #[must_use]
    pub fn take(&self, rows: &TensorData) -> Self {
        let some = |m: &Tensor<3>| m.clone().select(0, Tensor::<1, Int>::from_data(rows.clone(), &m.device()));
        Self { modulations: self.modulations.iter().map(some).collect() }
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.modulations.first().map_or(0, |m| m.dims()[1])
    }
}

/// Epsilon of the norms without parameters.
const PLAIN: f64 = 1e-6;

/// Rows of lanes, and where their gradients stand.
pub(crate) type Row = (Vec<Lane>, Range<usize>);

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

    /// Positions, blocks and last norm on plain rows.
    pub(crate) fn on_host(&self) -> (Vec<f32>, Vec<host::Block>, host::Norm) {
        let block = |b: &Block| host::Block {
            attention_norm: host::Norm::of(&b.attention_norm, host::EPSILON),
            qkv: Dense::of(&b.qkv),
            output: Dense::of(&b.output),
            mlp_norm: host::Norm::of(&b.mlp_norm, host::EPSILON),
            up: Dense::of(&b.up),
            down: Dense::of(&b.down),
            modulation: Dense::of(&b.modulation),
            heads: b.heads,
            gelu: b.gelu,
        };
        (
            numbers(self.position.val()),
            self.blocks.iter().map(block).collect(),
            host::Norm::of(&self.norm, host::EPSILON),
        )
    }

    /// Positions, blocks and last norm as they learn on plain rows, if all widths are whole lanes and nothing is dropped.
    pub(crate) fn learning(&self, places: &mut Places) -> Option<(Row, Vec<Steered>, Affine)> {
        let [history, width] = self.position.val().dims();
        let position = padded(&numbers(self.position.val()), width);
        let at = places.take(history * lanes(width));
        let block = |b: &Block| {
            let block = Steered {
                attention_norm: affine(&b.attention_norm, places),
                qkv: Learner::of(&b.qkv, places),
                output: Learner::of(&b.output, places),
                mlp_norm: affine(&b.mlp_norm, places),
                up: Learner::of(&b.up, places),
                down: Learner::of(&b.down, places),
                modulation: Learner::of(&b.modulation, places),
                heads: b.heads,
            };
            (!b.gelu && b.dropout.prob == 0.0 && block.whole()).then_some(block)
        };
        let blocks = self.blocks.iter().map(block).collect::<Option<Vec<_>>>()?;
        Some(((position, at), blocks, affine(&self.norm, places)))
    }

    /// The gradients of what [`Self::learning`] gave away, under the names of the parameters.
    pub(crate) fn hand(
        &self,
        (position, blocks, norm): (&Row, &[Steered], &Affine),
        sums: &[Lane],
        gradients: &mut GradientsParams,
        device: &Device,
    ) {
        let [_, width] = self.position.val().dims();
        hand(&self.position, &sums[position.1.clone()], width, gradients, device);
        for (own, block) in blocks.iter().zip(&self.blocks) {
            own.attention_norm.hand(pair(&block.attention_norm), sums, gradients, device);
            own.mlp_norm.hand(pair(&block.mlp_norm), sums, gradients, device);
            let learners = [&own.qkv, &own.output, &own.up, &own.down, &own.modulation];
            let layers = [&block.qkv, &block.output, &block.up, &block.down, &block.modulation];
            learners.into_iter().zip(layers).for_each(|(own, layer)| own.hand(layer, sums, gradients, device));
        }
        norm.hand(pair(&self.norm), sums, gradients, device);
    }

    /// # Shapes
    /// `actions`: `[batch, time, width]`.
    pub(crate) fn steer(&self, actions: Tensor<3>) -> Steering {
        let actions = silu(actions);
        Steering { modulations: self.blocks.iter().map(|block| rowwise(&block.modulation, actions.clone())).collect() }
    }

    /// # Shapes
    /// `latents`: `[batch, time, width]` with `time ≤ history`, as many steps of steering → `[batch, time, width]`.
    pub(crate) fn forward(&self, latents: Tensor<3>, steering: &Steering) -> Tensor<3> {
        let [_, time, _] = latents.dims();
        let hide = (time > 1).then(|| Tensor::<2, Bool>::tril_mask([time, time], 0, &latents.device()));
        let x = latents + self.position.val().narrow(0, 0, time).unsqueeze();
        let blocks = self.blocks.iter().zip(&steering.modulations);
        let x = blocks.fold(x, |x, (block, modulation)| block.forward(x, modulation.clone(), hide.clone()));
        self.norm.forward(x)
    }
}

/// Scale and shift of a norm.
fn pair(norm: &nn::LayerNorm) -> (&Param<Tensor<1>>, Option<&Param<Tensor<1>>>) {
    (&norm.gamma, norm.beta.as_ref())
}

fn affine(norm: &nn::LayerNorm, places: &mut Places) -> Affine {
    let (scale, shift) = pair(norm);
    Affine::of(scale, shift, places)
}

impl Block {
    fn forward(&self, x: Tensor<3>, modulation: Tensor<3>, hide: Option<Tensor<2, Bool>>) -> Tensor<3> {
        let mut chunks = modulation.chunk(6, 2).into_iter();
        let mut next = || chunks.next().expect("six chunks of six widths");
        let (shift, scale, gate) = (next(), next(), next());
        let (mlp_shift, mlp_scale, mlp_gate) = (next(), next(), next());
        let modulated = plain_norm(x.clone(), PLAIN) * (scale + 1.0) + shift;
        let x = x + gate * self.attention(self.attention_norm.forward(modulated), hide);
        let modulated = plain_norm(x.clone(), PLAIN) * (mlp_scale + 1.0) + mlp_shift;
        x + mlp_gate * self.mlp(self.mlp_norm.forward(modulated))
    }

    fn attention(&self, x: Tensor<3>, hide: Option<Tensor<2, Bool>>) -> Tensor<3> {
        let mut parts = rowwise(&self.qkv, x).chunk(3, 2).into_iter();
        let mut next = || split_heads(parts.next().expect("three chunks of three"), self.heads);
        let (q, k, v) = (next(), next(), next());
        self.dropout.forward(rowwise(&self.output, join_heads(attend(q, k, v, hide))))
    }

    fn mlp(&self, x: Tensor<3>) -> Tensor<3> {
        let h = rowwise(&self.up, x);
        let h = if self.gelu { gelu(h) } else { relu(h) };
        self.dropout.forward(rowwise(&self.down, self.dropout.forward(h)))
    }
}
