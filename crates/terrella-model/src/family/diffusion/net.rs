//! The network of a diffusion world: a causal transformer over the patches of frames.
//!
//! A slot is one frame to be painted. Each of its tokens holds a patch of the frame before, a patch of the frame itself behind
//! noise (nothing, where it is painted from the past alone), and where it is; patches are made of small cells, which all are
//! looked at and painted alike. What was done in between and how much noise there
//! is steer all layers of the slot (adaptive norms, Peebles & Xie 2023; gates begin at one, which learns sooner here than at zero). Tokens see those of their own slot and of slots
//! before, up to `context`, with a learnt liking for how long ago that was; so slots can be kept, and a new frame costs its own
//! tokens alone. Each pixel is a mixture of what it was and of what is painted, so that what rests stays as sharp as it was. Every slot is told which noise it has by itself (diffusion forcing, Chen et al. 2024), and what comes out is the
//! picture and not the noise: patches are many numbers, of which few vary (Li & He 2025).

use super::config::{CELL_VALUES, DiffusionConfig};
use super::eyes::Eyes;
use crate::codec::StateCodec;
use crate::interface::Interface;
use crate::nn::{attend_with, join_heads, plain_norm, rowwise, split_heads};
use burn::module::{Module, Param};
use burn::nn;
use burn::nn::Initializer;
use burn::prelude::*;
use burn::tensor::activation::{relu, sigmoid, silu};

/// Epsilon of the norms without parameters.
pub(super) const PLAIN: f64 = 1e-6;
/// What slots are told beside the action: share of the picture, deviation of the noise on the frame before, and whether
/// there is nothing but the past.
pub(super) const TOLD: usize = 3;
/// What the ground is counted in: it is far from where it begins, and a number moves by the learning rate in a step.
pub(super) const GROUND: f64 = 10.0;
/// What is added to how sure a pixel is to stay, so that a fresh network paints the frame before.
pub(super) const STAYS: f64 = 2.0;

/// The network.
#[derive(Module, Debug)]
pub struct DiffusionNet {
    /// A cell of the frame before, and of the frame itself.
    pub(super) past: nn::Linear,
    pub(super) now: nn::Linear,
    /// All cells of a patch.
    pub(super) gather: nn::Linear,
    pub(super) place: Param<Tensor<2>>,
    pub(super) told: Vec<nn::Linear>,
    pub(super) blocks: Vec<Block>,
    /// What a patch tells its cells.
    pub(super) spread: nn::Linear,
    /// What a cell paints, and how sure each pixel is to stay as it was.
    pub(super) paint: nn::Linear,
    /// What painting begins with, `[tokens, values]`.
    pub(super) ground: Param<Tensor<2>>,
    pub(super) eyes: Option<Eyes>,
}

/// A transformer block.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub(super) qkv: nn::Linear,
    pub(super) output: nn::Linear,
    pub(super) up: nn::Linear,
    pub(super) down: nn::Linear,
    pub(super) modulation: nn::Linear,
    /// What is added to how much a head looks at a slot so long ago, `[heads, context]`.
    pub(super) ago: Param<Tensor<2>>,
}

/// Frames to be painted, `[clips, slots, tokens · values]` patch by patch and cell by cell, and what steers them, `[clips, slots, action + 3]`.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    pub(super) past: Tensor<3>,
    pub(super) now: Tensor<3>,
    pub(super) told: Tensor<3>,
}

impl DiffusionNet {
    /// A network with fresh weights; they depend on the device's seed alone.
    pub(super) fn new(config: &DiffusionConfig, interface: &Interface, device: &Device) -> Self {
        let (widths, [tokens, cells]) = (config.widths(), config.counts());
        let (width, values) = (widths.token, cells * CELL_VALUES);
        let linear = |i, o| nn::LinearConfig::new(i, o).init(device);
        let zeros = |i, o| nn::LinearConfig::new(i, o).with_initializer(Initializer::Zeros).init(device);
        let block = |_| Block {
            qkv: nn::LinearConfig::new(width, 3 * width).with_bias(false).init(device),
            output: linear(width, width),
            up: linear(width, widths.hidden),
            down: linear(widths.hidden, width),
            modulation: zeros(width, 6 * width),
            ago: Initializer::Zeros.init([widths.heads, config.context], device),
        };
        let steering = config.steering(interface.action_width()) + TOLD;
        let features = StateCodec::new(interface).feature_width();
        Self {
            past: linear(CELL_VALUES, widths.cell),
            now: nn::LinearConfig::new(CELL_VALUES, widths.cell).with_bias(false).init(device),
            gather: linear(cells * widths.cell, width),
            place: Initializer::Normal { mean: 0.0, std: 0.5 }.init([tokens, width], device),
            told: vec![linear(steering, width), linear(width, width)],
            blocks: (0..widths.depth).map(block).collect(),
            spread: linear(width, cells * widths.cell),
            paint: zeros(widths.cell, CELL_VALUES + CELL_VALUES / 3),
            ground: Initializer::Zeros.init([tokens, values], device),
            eyes: (config.readout > 0.0 && features > 0).then(|| Eyes::new((tokens, values), features, device)),
        }
    }

    /// Paints frames.
    ///
    /// # Shapes
    /// → `[clips, slots, tokens · values]`.
    pub(super) fn forward(&self, slots: Slots) -> Tensor<3> {
        let [clips, n, numbers] = slots.past.dims();
        let [tokens, values] = self.ground.val().dims();
        let [_, width] = self.place.val().dims();
        let all = values / CELL_VALUES * tokens;
        let cells = |x: Tensor<3>| x.reshape([clips * n, all, CELL_VALUES]);
        let past = cells(slots.past);
        let x = relu(rowwise(&self.past, past.clone()) + rowwise(&self.now, cells(slots.now)));
        let [_, _, cell] = x.dims();
        let x = rowwise(&self.gather, x.reshape([clips * n, tokens, all / tokens * cell]));
        let steering = self.told.iter().fold(slots.told, |x, layer| silu(rowwise(layer, x)));
        let mut x = x + self.place.val().unsqueeze() + steering.clone().reshape([clips * n, 1, width]);
        for block in &self.blocks {
            let steering = rowwise(&block.modulation, steering.clone()).reshape([clips * n, 1, 6 * width]);
            x = block.forward(x, steering, [clips, n]);
        }
        let told = relu(rowwise(&self.spread, plain_norm(x, PLAIN))).reshape([clips * n, all, cell]);
        let told = rowwise(&self.paint, told);
        let ground = (self.ground.val() * GROUND).reshape([1, all, CELL_VALUES]);
        let painted = told.clone().narrow(2, 0, CELL_VALUES) + ground;
        let stays = sigmoid(told.narrow(2, CELL_VALUES, CELL_VALUES / 3) + STAYS);
        let stays = Tensor::cat(vec![stays; 3], 2);
        (painted.clone() + (past - painted) * stays).reshape([clips, n, numbers])
    }
}

impl Block {
    /// # Shapes
    /// `x`: `[clips · slots, tokens, width]`, `steering`: `[clips · slots, 1, 6 · width]` → as `x`.
    fn forward(&self, x: Tensor<3>, steering: Tensor<3>, [clips, slots]: [usize; 2]) -> Tensor<3> {
        let mut parts = steering.chunk(6, 2).into_iter();
        let mut next = || parts.next().expect("six chunks of six widths");
        let (shift, scale, gate) = (next(), next(), next());
        let (mlp_shift, mlp_scale, mlp_gate) = (next(), next(), next());
        let seen = plain_norm(x.clone(), PLAIN) * (scale + 1.0) + shift;
        let x = x + self.attention(seen, [clips, slots]) * (gate + 1.0);
        let seen = plain_norm(x.clone(), PLAIN) * (mlp_scale + 1.0) + mlp_shift;
        x + rowwise(&self.down, relu(rowwise(&self.up, seen))) * (mlp_gate + 1.0)
    }

    fn attention(&self, x: Tensor<3>, [clips, slots]: [usize; 2]) -> Tensor<3> {
        let [rows, tokens, width] = x.dims();
        let [heads, _] = self.ago.val().dims();
        let mut parts = rowwise(&self.qkv, x).reshape([clips, slots * tokens, 3 * width]).chunk(3, 2).into_iter();
        let mut next = || split_heads(parts.next().expect("three chunks of three"), heads);
        let (q, k, v) = (next(), next(), next());
        let mixed = join_heads(attend_with(q, k, v, self.liking(slots, tokens)));
        rowwise(&self.output, mixed).reshape([rows, tokens, width])
    }

    /// What is added to how much tokens look at each other, `[1, heads, slots · tokens, slots · tokens]`: a learnt number for how many
    /// slots ago it was, and next to nothing of what is yet to come or too long ago.
    fn liking(&self, slots: usize, tokens: usize) -> Tensor<4> {
        let [heads, context] = self.ago.val().dims();
        let device = self.ago.val().device();
        let pairs = || (0..slots).flat_map(|to| (0..slots).map(move |from| (to, from)));
        let ago: Vec<i32> = pairs().map(|(to, from)| to.saturating_sub(from).min(context - 1) as i32).collect();
        let hidden = |(to, from): (usize, usize)| if from > to || to - from >= context { -1e9 } else { 0.0 };
        let hidden: Vec<f32> = pairs().map(hidden).collect();
        let ago = Tensor::<1, Int>::from_data(TensorData::new(ago, [slots * slots]), &device);
        let hidden = Tensor::<2>::from_data(TensorData::new(hidden, [1, slots * slots]), &device);
        let liking = self.ago.val().select(1, ago) + hidden;
        let all = slots * tokens;
        let liking = liking.reshape([heads, slots, 1, slots, 1]).expand([heads, slots, tokens, slots, tokens]);
        liking.reshape([1, heads, all, all])
    }
}
