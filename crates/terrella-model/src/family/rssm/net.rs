//! The network of an RSSM: a recurrent memory, and a categorical latent that is told by it, or by it and what is seen.
//!
//! The sequence model is a GRU whose weights are block-diagonal on the memory and dense on latent and action; layers have an RMS norm
//! and a SiLU behind them (DreamerV3, appendix B). Prior and posterior are groups of categoricals, mixed with a little of the uniform
//! distribution; what is drawn is one-hot, and its gradient that of the probabilities (straight-through, Bengio et al. 2013).

use super::config::RssmConfig;
use super::lesson::Translator;
use burn::module::{Module, Param};
use burn::nn;
use burn::nn::Initializer;
use burn::prelude::*;
use burn::tensor::activation::{sigmoid, silu, softmax};

/// Epsilon of the RMS norm.
pub(super) const EPSILON: f64 = 1e-4;
/// What is added to the update gate, so that a fresh memory keeps more than it takes (DreamerV3).
pub(super) const KEEPS: f64 = -1.0;
/// Width of what a patch says.
const PATCH: usize = 32;

/// The network.
#[derive(Module, Debug)]
pub struct RssmNet {
    /// The memory before anything was seen, behind a tanh, `[1, memory]`.
    pub(super) start: Param<Tensor<2>>,
    pub(super) eyes: Option<nn::Linear>,
    pub(super) encoder: Vec<Normed>,
    pub(super) from_memory: Normed,
    pub(super) from_latent: Normed,
    pub(super) from_act: Normed,
    pub(super) mix: Blocks,
    pub(super) mix_scale: Param<Tensor<1>>,
    pub(super) gates: Blocks,
    pub(super) prior: Chooser,
    pub(super) posterior: Chooser,
    pub(super) state: Option<Head>,
    pub(super) painter: Option<Painter>,
    pub(super) reward: Option<Head>,
    pub(super) end: Option<Head>,
}

/// A linear layer, an RMS norm, a SiLU.
#[derive(Module, Debug)]
pub(super) struct Normed {
    pub(super) linear: nn::Linear,
    pub(super) scale: Param<Tensor<1>>,
}

/// Linear layers side by side, each of its own block: `[blocks, input, output]` and `[blocks, 1, output]`.
#[derive(Module, Debug)]
pub(super) struct Blocks {
    pub(super) weight: Param<Tensor<3>>,
    pub(super) bias: Param<Tensor<3>>,
}

/// Groups of categoricals.
#[derive(Module, Debug)]
pub(super) struct Chooser {
    pub(super) hidden: Normed,
    pub(super) logits: nn::Linear,
    groups: usize,
    classes: usize,
    unimix: f64,
}

/// A perceptron that tells something of memory and latent.
#[derive(Module, Debug)]
pub(super) struct Head {
    pub(super) hidden: Vec<Normed>,
    pub(super) tell: nn::Linear,
}

/// What draws a picture again: all patches of memory and latent, then each by itself.
#[derive(Module, Debug)]
pub(super) struct Painter {
    pub(super) spread: nn::Linear,
    pub(super) paint: nn::Linear,
}

fn rms(x: Tensor<2>, scale: &Param<Tensor<1>>) -> Tensor<2> {
    let size = (x.clone().square().mean_dim(1) + EPSILON).sqrt();
    x / size * scale.val().unsqueeze::<2>()
}

impl Normed {
    fn new(input: usize, output: usize, device: &Device) -> Self {
        Self {
            linear: nn::LinearConfig::new(input, output).init(device),
            scale: Initializer::Ones.init([output], device),
        }
    }

    /// So many layers of one width.
    fn stack(input: usize, (width, n): (usize, usize), device: &Device) -> Vec<Self> {
        (0..n).map(|at| Self::new(if at == 0 { input } else { width }, width, device)).collect()
    }

    /// # Shapes
    /// `[rows, input]` → `[rows, output]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        silu(rms(self.linear.forward(x), &self.scale))
    }
}

impl Blocks {
    fn new([blocks, input, output]: [usize; 3], device: &Device) -> Self {
        // As wide as PyTorch and Burn begin a linear layer of so many inputs.
        let most = 1.0 / (input as f64).sqrt();
        let uniform = Initializer::Uniform { min: -most, max: most };
        Self {
            weight: uniform.init([blocks, input, output], device),
            bias: Initializer::Zeros.init([blocks, 1, output], device),
        }
    }

    /// # Shapes
    /// `[blocks, rows, input]` → `[blocks, rows, output]`.
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        x.matmul(self.weight.val()) + self.bias.val()
    }
}

impl Chooser {
    fn new(input: usize, config: &RssmConfig, device: &Device) -> Self {
        Self {
            hidden: Normed::new(input, config.hidden, device),
            logits: nn::LinearConfig::new(config.hidden, config.latent()).init(device),
            groups: config.groups,
            classes: config.classes,
            unimix: config.unimix,
        }
    }

    /// Logarithms of probabilities.
    ///
    /// # Shapes
    /// `[rows, input]` → `[rows, groups, classes]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<3> {
        let [rows, _] = x.dims();
        let logits = self.logits.forward(self.hidden.forward(x)).reshape([rows, self.groups, self.classes]);
        (softmax(logits, 2) * (1.0 - self.unimix) + self.unimix / self.classes as f64).log()
    }
}

impl Head {
    fn new((input, output): (usize, usize), config: &RssmConfig, device: &Device) -> Self {
        // It begins by telling nothing of what it is shown: the mean of states, all rewards alike.
        let tell = nn::LinearConfig::new(config.hidden, output).with_initializer(Initializer::Zeros);
        Self { hidden: Normed::stack(input, (config.hidden, config.layers), device), tell: tell.init(device) }
    }

    /// # Shapes
    /// `[rows, memory + latent]` → `[rows, output]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.tell.forward(self.hidden.iter().fold(x, |x, layer| layer.forward(x)))
    }
}

impl Painter {
    /// # Shapes
    /// `[rows, memory + latent]` → `[rows, tokens · values]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let [rows, _] = x.dims();
        let spread = silu(self.spread.forward(x));
        let [_, all] = spread.dims();
        let painted = self.paint.forward(spread.reshape([rows * all / PATCH, PATCH]));
        let [tokens, values] = painted.dims();
        painted.reshape([rows, tokens * values / rows])
    }
}

impl RssmNet {
    /// A network with fresh weights; they depend on the device's seed alone.
    pub(super) fn new(translator: &Translator, device: &Device) -> Self {
        let config = &translator.config;
        let RssmConfig { memory, blocks, hidden, layers, .. } = *config;
        let linear = |input, output| nn::LinearConfig::new(input, output).init(device);
        let (features, tokens) = (translator.features(), translator.tokens());
        let seen = if config.sees.state() { features } else { 0 };
        let eyes = tokens.map(|[_, values]| linear(values, PATCH));
        let painter = tokens.map(|[tokens, values]| Painter {
            spread: linear(config.told(), tokens * PATCH),
            paint: linear(PATCH, values),
        });
        let seen = seen + tokens.map_or(0, |[tokens, _]| tokens * PATCH);
        let part = memory / blocks;
        let head = |output: usize| Head::new((config.told(), output), config, device);
        Self {
            start: Initializer::Zeros.init([1, memory], device),
            eyes,
            encoder: Normed::stack(seen, (hidden, layers), device),
            from_memory: Normed::new(memory, hidden, device),
            from_latent: Normed::new(config.latent(), hidden, device),
            from_act: Normed::new(translator.action_width() + 1, hidden, device),
            mix: Blocks::new([blocks, part + 3 * hidden, part], device),
            mix_scale: Initializer::Ones.init([memory], device),
            gates: Blocks::new([blocks, part, 3 * part], device),
            prior: Chooser::new(memory, config, device),
            posterior: Chooser::new(memory + hidden, config, device),
            state: (features > 0).then(|| head(features)),
            painter,
            reward: translator.places.as_ref().map(|places| head(places.len())),
            end: translator.ends.then(|| head(1)),
        }
    }

    /// What is seen, in a row of the encoder's width.
    ///
    /// # Shapes
    /// `states`: `[rows, features]`, `patches`: `[rows, tokens · values]` → `[rows, hidden]`.
    pub(super) fn encode(&self, states: Option<Tensor<2>>, patches: Option<Tensor<2>>) -> Tensor<2> {
        let looked = self.eyes.as_ref().zip(patches).map(|(eyes, patches)| {
            let [rows, numbers] = patches.dims();
            let [values, _] = eyes.weight.val().dims();
            let tokens = numbers / values;
            silu(eyes.forward(patches.reshape([rows * tokens, values]))).reshape([rows, tokens * PATCH])
        });
        let all: Vec<Tensor<2>> = states.into_iter().chain(looked).collect();
        self.encoder.iter().fold(Tensor::cat(all, 1), |x, layer| layer.forward(x))
    }

    /// The memory of so many rows that have seen nothing.
    pub(super) fn begin(&self, rows: usize) -> Tensor<2> {
        let [_, memory] = self.start.val().dims();
        self.start.val().tanh().expand([rows, memory])
    }

    /// The memory after an action.
    ///
    /// # Shapes
    /// `[rows, memory]`, `[rows, latent]`, `[rows, hidden]` as [`Self::from_act`] tells it → `[rows, memory]`.
    pub(super) fn advance(&self, memory: Tensor<2>, latent: Tensor<2>, act: Tensor<2>) -> Tensor<2> {
        let [rows, width] = memory.dims();
        let [blocks, input, part] = self.mix.weight.val().dims();
        let told =
            Tensor::cat(vec![self.from_memory.forward(memory.clone()), self.from_latent.forward(latent), act], 1);
        let told = told.unsqueeze_dim::<3>(0).expand([blocks, rows, input - part]);
        let cut = |x: Tensor<2>| x.reshape([rows, blocks, part]).swap_dims(0, 1); // [blocks, rows, part]
        let join = |x: Tensor<3>| x.swap_dims(0, 1).reshape([rows, width]);
        let before = cut(memory);
        let mixed = self.mix.forward(Tensor::cat(vec![before.clone(), told], 2));
        let mixed = cut(silu(rms(join(mixed), &self.mix_scale)));
        let gates = self.gates.forward(mixed); // [blocks, rows, 3 · part]
        let gate = |at: usize| gates.clone().narrow(2, at * part, part);
        let candidate = (sigmoid(gate(0)) * gate(1)).tanh();
        let update = sigmoid(gate(2) + KEEPS);
        join(before.clone() + update * (candidate - before))
    }

    /// The categoricals that memory foretells.
    pub(super) fn foretold(&self, memory: Tensor<2>) -> Tensor<3> {
        self.prior.forward(memory)
    }

    /// The categoricals of memory and what is seen.
    pub(super) fn told(&self, memory: Tensor<2>, seen: Tensor<2>) -> Tensor<3> {
        self.posterior.forward(Tensor::cat(vec![memory, seen], 1))
    }
}

/// A class of each group, drawn with Gumbel noise, or the likeliest where that is zero; its gradient is that of the probabilities.
///
/// # Shapes
/// `[rows, groups, classes]` twice → `[rows, groups · classes]`.
pub(super) fn draw(log: Tensor<3>, noise: Tensor<3>) -> Tensor<2> {
    let [rows, groups, classes] = log.dims();
    let scores = log.clone().detach() + noise;
    let most = scores.clone().max_dim(2).expand([rows, groups, classes]);
    let hot = scores.equal(most).float();
    let probability = log.exp();
    (hot + probability.clone() - probability.detach()).reshape([rows, groups * classes])
}
