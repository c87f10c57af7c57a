//! A trained RSSM on plain rows of numbers.
//!
//! A step is a dozen small layers, between which a tensor library spends its time; and no row may depend on the others, to the last
//! bit, which products of whole lanes promise (`host/lanes.rs`). The tensors of [`super::net`] are the reference of a test.

use super::config::RssmConfig;
use super::lesson::gumbel;
use super::net::{Blocks, Chooser, EPSILON, Head, KEEPS, Normed, Painter, RssmNet};
use crate::host::dense::{exp, numbers, silu, sum};
use crate::host::lanes::{Lane, padded, unpadded};
use crate::host::layer::Layer;
use burn::prelude::*;
use terrella_core::Key;

/// The network on plain rows.
#[derive(Debug)]
pub(super) struct Engine {
    start: Vec<f32>,
    eyes: Option<Layer>,
    encoder: Vec<HostNormed>,
    from_memory: HostNormed,
    from_latent: HostNormed,
    from_act: HostNormed,
    mix: Vec<Layer>,
    mix_scale: Vec<f32>,
    gates: Vec<Layer>,
    prior: HostChooser,
    posterior: HostChooser,
    state: Option<HostHead>,
    painter: Option<[Layer; 2]>,
    reward: Option<HostHead>,
    end: Option<HostHead>,
    classes: usize,
    unimix: f32,
}

#[derive(Debug)]
struct HostNormed {
    layer: Layer,
    scale: Vec<f32>,
}

#[derive(Debug)]
struct HostChooser {
    hidden: HostNormed,
    logits: Layer,
}

#[derive(Debug)]
struct HostHead {
    hidden: Vec<HostNormed>,
    tell: Layer,
}

/// A layer of whole rows, without what fills lanes.
fn linear(layer: &Layer, x: &[f32]) -> Vec<f32> {
    let rows = x.len() / layer.input;
    let mut out = vec![Lane::default(); rows * layer.width()];
    layer.forward(rows, (x, layer.input), &mut out);
    unpadded(&out, layer.output)
}

/// RMS norm and SiLU of each row, in place.
fn norm(x: &mut [f32], scale: &[f32]) {
    for row in x.chunks_exact_mut(scale.len()) {
        let size = (sum(row, |x| x * x) / scale.len() as f32 + EPSILON as f32).sqrt();
        row.iter_mut().zip(scale).for_each(|(x, scale)| *x = silu(*x / size * scale));
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Rows of several widths side by side, each given with its width.
fn beside(parts: &[(&[f32], usize)]) -> Vec<f32> {
    let rows = parts.first().map_or(0, |(part, width)| part.len() / (*width).max(1));
    let mut all = Vec::with_capacity(parts.iter().map(|(part, _)| part.len()).sum());
    for row in 0..rows {
        parts.iter().for_each(|(part, width)| all.extend_from_slice(&part[row * width..(row + 1) * width]));
    }
    all
}

impl HostNormed {
    fn of(normed: &Normed) -> Self {
        Self { layer: Layer::of(&normed.linear), scale: numbers(normed.scale.val()) }
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut y = linear(&self.layer, x);
        norm(&mut y, &self.scale);
        y
    }
}

impl HostChooser {
    fn of(chooser: &Chooser) -> Self {
        Self { hidden: HostNormed::of(&chooser.hidden), logits: Layer::of(&chooser.logits) }
    }

    /// Logits, `[rows, groups · classes]`.
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        linear(&self.logits, &self.hidden.forward(x))
    }
}

impl HostHead {
    fn of(head: &Head) -> Self {
        Self { hidden: head.hidden.iter().map(HostNormed::of).collect(), tell: Layer::of(&head.tell) }
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        match self.hidden.split_first() {
            None => linear(&self.tell, x),
            Some((first, more)) => {
                let hidden = more.iter().fold(first.forward(x), |x, layer| layer.forward(&x));
                linear(&self.tell, &hidden)
            }
        }
    }
}

/// The layer of each block.
fn layers(blocks: &Blocks) -> Vec<Layer> {
    let [n, input, output] = blocks.weight.val().dims();
    let (weight, bias) = (numbers(blocks.weight.val()), numbers(blocks.bias.val()));
    let of = |numbers: &[f32], rows: usize, at: usize| {
        padded(&numbers[at * rows * output..(at + 1) * rows * output], output)
    };
    (0..n).map(|at| Layer { weight: of(&weight, input, at), bias: of(&bias, 1, at), input, output }).collect()
}

impl Engine {
    pub(super) fn of(net: &RssmNet, config: &RssmConfig) -> Self {
        let head = |head: Option<&Head>| head.map(HostHead::of);
        let painter = |painter: &Painter| [Layer::of(&painter.spread), Layer::of(&painter.paint)];
        Self {
            start: numbers(net.start.val().tanh()),
            eyes: net.eyes.as_ref().map(Layer::of),
            encoder: net.encoder.iter().map(HostNormed::of).collect(),
            from_memory: HostNormed::of(&net.from_memory),
            from_latent: HostNormed::of(&net.from_latent),
            from_act: HostNormed::of(&net.from_act),
            mix: layers(&net.mix),
            mix_scale: numbers(net.mix_scale.val()),
            gates: layers(&net.gates),
            prior: HostChooser::of(&net.prior),
            posterior: HostChooser::of(&net.posterior),
            state: head(net.state.as_ref()),
            painter: net.painter.as_ref().map(painter),
            reward: head(net.reward.as_ref()),
            end: head(net.end.as_ref()),
            classes: config.classes,
            unimix: config.unimix as f32,
        }
    }

    /// Numbers of a memory.
    fn memory(&self) -> usize {
        self.start.len()
    }

    /// Memories of rows that have seen nothing.
    pub(super) fn begin(&self, rows: usize) -> Vec<f32> {
        self.start.repeat(rows)
    }

    /// Memories after actions, `[rows, memory]`; `acts` as [`super::lesson::Translator::act`] tells them.
    pub(super) fn advance(&self, memory: &[f32], latent: &[u16], acts: &[f32]) -> Vec<f32> {
        let (width, hidden, blocks) = (self.memory(), self.from_act.scale.len(), self.mix.len());
        let (rows, part) = (memory.len() / width, width / blocks);
        let from = [
            self.from_memory.forward(memory),
            self.from_latent.forward(&self.hot(latent)),
            self.from_act.forward(acts),
        ];
        let mut mixed = vec![0.0; memory.len()];
        for (block, layer) in self.mix.iter().enumerate() {
            let mut x = Vec::with_capacity(rows * layer.input);
            for row in 0..rows {
                x.extend_from_slice(&memory[row * width + block * part..][..part]);
                from.iter().for_each(|told| x.extend_from_slice(&told[row * hidden..(row + 1) * hidden]));
            }
            let told = linear(layer, &x);
            for (row, told) in told.chunks_exact(part).enumerate() {
                mixed[row * width + block * part..][..part].copy_from_slice(told);
            }
        }
        norm(&mut mixed, &self.mix_scale);
        let mut next = memory.to_vec();
        for (block, layer) in self.gates.iter().enumerate() {
            let x: Vec<f32> = (0..rows).flat_map(|row| &mixed[row * width + block * part..][..part]).copied().collect();
            let gates = linear(layer, &x);
            for (row, gates) in gates.chunks_exact(3 * part).enumerate() {
                let next = &mut next[row * width + block * part..][..part];
                for (i, next) in next.iter_mut().enumerate() {
                    let [reset, candidate, update] = [gates[i], gates[part + i], gates[2 * part + i]];
                    let candidate = (sigmoid(reset) * candidate).tanh();
                    *next += sigmoid(update + KEEPS as f32) * (candidate - *next);
                }
            }
        }
        next
    }

    /// One-hot rows of classes, `[rows, groups · classes]`.
    fn hot(&self, latent: &[u16]) -> Vec<f32> {
        let mut hot = vec![0.0; latent.len() * self.classes];
        hot.chunks_exact_mut(self.classes).zip(latent).for_each(|(hot, class)| hot[usize::from(*class)] = 1.0);
        hot
    }

    /// The likeliest classes of what memories foretell, `[rows, groups]`, or with keys, one a row, drawn ones.
    pub(super) fn foretold(&self, memory: &[f32], keys: Option<&[Key]>) -> Vec<u16> {
        let mut logits = self.prior.forward(memory);
        if let Some(keys) = keys {
            let each = logits.len() / keys.len().max(1);
            for (row, key) in logits.chunks_exact_mut(each.max(1)).zip(keys) {
                row.chunks_exact_mut(self.classes).for_each(|group| self.log(group));
                let mut noise = Vec::with_capacity(each);
                gumbel(&mut key.stream(), each, &mut noise);
                row.iter_mut().zip(noise).for_each(|(x, noise)| *x += noise);
            }
        }
        self.largest(&logits)
    }

    /// Logits of one categorical become logarithms of its probabilities.
    fn log(&self, group: &mut [f32]) {
        let most = group.iter().fold(f32::NEG_INFINITY, |most, x| most.max(*x));
        let all: f32 = group.iter().map(|x| exp(x - most)).sum();
        let least = self.unimix / self.classes as f32;
        group.iter_mut().for_each(|x| *x = (exp(*x - most) / all * (1.0 - self.unimix) + least).ln());
    }

    /// The largest of each group; of several, the first.
    fn largest(&self, scores: &[f32]) -> Vec<u16> {
        let of = |group: &[f32]| {
            let mut best = 0;
            (1..group.len()).for_each(|i| best = if group[i] > group[best] { i } else { best });
            best as u16
        };
        scores.chunks_exact(self.classes).map(of).collect()
    }

    /// The likeliest classes of memories that see something: features and patches, either of which may be empty.
    pub(super) fn told(&self, memory: &[f32], [features, patches]: [&[f32]; 2]) -> Vec<u16> {
        let rows = memory.len() / self.memory();
        let looked = self.eyes.as_ref().filter(|_| !patches.is_empty()).map(|eyes| {
            let mut looked = linear(eyes, patches);
            looked.iter_mut().for_each(|x| *x = silu(*x));
            looked
        });
        let looked = looked.unwrap_or_default();
        let parts: Vec<(&[f32], usize)> =
            [features, &looked[..]].into_iter().filter(|x| !x.is_empty()).map(|x| (x, x.len() / rows)).collect();
        let seen = self.encoder.iter().fold(beside(&parts), |x, layer| layer.forward(&x));
        self.largest(
            &self.posterior.forward(&beside(&[(memory, self.memory()), (&seen[..], seen.len() / rows.max(1))])),
        )
    }

    /// What heads are told: memory and latent, `[rows, memory + latent]`.
    fn known(&self, memory: &[f32], latent: &[u16]) -> Vec<f32> {
        let (hot, rows) = (self.hot(latent), memory.len() / self.memory());
        beside(&[(memory, self.memory()), (&hot[..], hot.len() / rows.max(1))])
    }

    /// Features of the logged state in the symmetric logarithm; nothing where they are not told.
    pub(super) fn state(&self, memory: &[f32], latent: &[u16]) -> Option<Vec<f32>> {
        self.state.as_ref().map(|head| head.forward(&self.known(memory, latent)))
    }

    /// Logits of the places of a reward; nothing where none were learned.
    pub(super) fn reward(&self, memory: &[f32], latent: &[u16]) -> Option<Vec<f32>> {
        self.reward.as_ref().map(|head| head.forward(&self.known(memory, latent)))
    }

    /// How probable an end is; nothing where none were learned.
    pub(super) fn end(&self, memory: &[f32], latent: &[u16]) -> Option<Vec<f32>> {
        let logits = self.end.as_ref()?.forward(&self.known(memory, latent));
        Some(logits.into_iter().map(sigmoid).collect())
    }

    /// Patches of pictures, `[rows, tokens · values]`; nothing where none are drawn.
    pub(super) fn paint(&self, memory: &[f32], latent: &[u16]) -> Option<Vec<f32>> {
        let [spread, paint] = self.painter.as_ref()?;
        let mut x = linear(spread, &self.known(memory, latent));
        x.iter_mut().for_each(|x| *x = silu(*x));
        Some(linear(paint, &x))
    }

    /// Whether rewards and ends are told.
    pub(super) fn outcomes(&self) -> [bool; 2] {
        [self.reward.is_some(), self.end.is_some()]
    }
}
