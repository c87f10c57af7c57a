//! The half of the encoder where frames meet, as it learns on a CPU: a batch norm, then wide layers with a ReLU between two.
//!
//! Pieces of rows go through all layers; each finds the moments of its own rows, which are put together exactly (Chan et
//! al. 1979). The weights are as many as a batch has numbers, so their gradients are not added up piece by piece: blocks of
//! weights each look at all rows. Pieces and blocks depend on shapes alone, so that no result depends on how many threads
//! there are. The tensors of [`crate::nn::patch`] are the reference.

use super::lanes::{LANE, Lane, cleared, flat, flat_mut, sized, unpadded};
use super::learner::{Affine, Learner};
use super::threads::each_of;
use super::vector::{Vector, add_rows, behind, relu, widest};
use std::sync::{Mutex, PoisonError};

/// Rows of a piece: a batch of 64 clips of four frames has four.
const ROWS: usize = 64;
/// Numbers of a weight's input side that make a block.
const BLOCK: usize = 192;

/// A batch norm and layers that learn.
#[derive(Debug)]
pub(crate) struct Gather {
    pub(crate) norm: Affine,
    pub(crate) epsilon: f32,
    pub(crate) layers: [Learner; 3],
    /// Lanes of all gradients.
    pub(crate) lanes: usize,
}

/// What a batch is on its way, and gradients; its room serves one batch after the other.
#[derive(Default)]
pub(crate) struct Gathered {
    /// Behind the batch norm, before its scale and shift.
    scaled: Vec<Lane>,
    /// What goes into each layer and what the last one tells, and the gradients of these.
    values: [Vec<Lane>; 4],
    backs: [Vec<Lane>; 4],
    /// One over the deviation of each column.
    by: Vec<Lane>,
    /// Gradients of all parameters.
    pub(crate) sums: Vec<Lane>,
}

impl Gather {
    /// Lanes of a row of each value.
    fn widths(&self) -> [usize; 4] {
        let [mix, head, project] = &self.layers;
        [mix.depth(), head.depth(), project.depth(), project.width()]
    }

    /// Latents, `[rows, latent]`, for what queries saw, `[rows, seen]`; and mean and variance of each column of that.
    pub(crate) fn forward(&self, seen: &[f32], room: &mut Gathered) -> (Vec<f32>, [Vec<f32>; 2]) {
        let ([width, ..], input) = (self.widths(), self.layers[0].input());
        let rows = seen.len() / input;
        let scaled = sized(&mut room.scaled, rows * width);
        let found = Mutex::new(vec![(0, Vec::new()); rows.div_ceil(ROWS)]);
        each_of(scaled.chunks_mut(ROWS * width).zip(seen.chunks(ROWS * input)), |at, (scaled, seen)| {
            for (to, from) in scaled.chunks_exact_mut(width).zip(seen.chunks_exact(input)) {
                flat_mut(to)[..input].copy_from_slice(from);
            }
            let mut told = vec![Lane::default(); 2 * width];
            moments(scaled, &mut told);
            found.lock().unwrap_or_else(PoisonError::into_inner)[at] = (seen.len() / input, told);
        });
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let [mean, variance] = together(&found, width * LANE);
        let by: Vec<f32> = variance.iter().map(|v| 1.0 / (v + self.epsilon).sqrt()).collect();
        flat_mut(sized(&mut room.by, width)).copy_from_slice(&by);
        let mut middle = vec![Lane::default(); width];
        flat_mut(&mut middle).copy_from_slice(&mean);

        let (by, affine) = (&room.by, [&self.norm.scale[..], &self.norm.shift[..]]);
        let [into, mixed, hidden, told] = &mut room.values;
        let [_, second, third, last] = self.widths();
        let pieces = room.scaled.chunks_mut(ROWS * width).zip(sized(into, rows * width).chunks_mut(ROWS * width));
        let pieces = pieces.zip(sized(mixed, rows * second).chunks_mut(ROWS * second));
        let pieces = pieces.zip(sized(hidden, rows * third).chunks_mut(ROWS * third));
        let pieces = pieces.zip(sized(told, rows * last).chunks_mut(ROWS * last));
        let [mix, head, project] = &self.layers;
        each_of(pieces, |_, ((((scaled, into), mixed), hidden), told)| {
            let rows = scaled.len() / width;
            standardize(scaled, [&middle, by], affine, into);
            mix.forward(rows, into, mixed);
            relu(mixed);
            head.forward(rows, mixed, hidden);
            relu(hidden);
            project.forward(rows, hidden, told);
        });
        let own = |mut x: Vec<f32>| {
            x.truncate(input);
            x
        };
        (unpadded(told, project.output()), [own(mean), own(variance)])
    }

    /// The gradient of what was seen for that of the latents, in this order of rows; those of the parameters stay in the
    /// room.
    pub(crate) fn back(&self, latents: &[f32], room: &mut Gathered) -> Vec<f32> {
        let [width, second, third, last] = self.widths();
        let ([mix, head, project], rows) = (&self.layers, room.scaled.len() / width);
        let Gathered { scaled, values: [into, mixed, hidden, _], backs, by, sums } = room;
        let [of_into, of_mixed, of_hidden, of_told] = backs;
        let to = flat_mut(cleared(of_told, rows * last)).chunks_exact_mut(last * LANE);
        to.zip(latents.chunks_exact(project.output())).for_each(|(to, from)| to[..from.len()].copy_from_slice(from));
        let found = Mutex::new(vec![Vec::new(); rows.div_ceil(ROWS)]);
        let pieces = sized(of_into, rows * width).chunks_mut(ROWS * width);
        let pieces = pieces.zip(sized(of_mixed, rows * second).chunks_mut(ROWS * second));
        let pieces = pieces.zip(sized(of_hidden, rows * third).chunks_mut(ROWS * third));
        let kept = scaled.chunks(ROWS * width).zip(mixed.chunks(ROWS * second)).zip(hidden.chunks(ROWS * third));
        let pieces = pieces.zip(of_told.chunks(ROWS * last)).zip(kept);
        each_of(pieces, |at, ((((of_into, of_mixed), of_hidden), of_told), ((scaled, mixed), hidden))| {
            let rows = of_told.len() / last;
            project.back(rows, of_told, of_hidden);
            behind(of_hidden, hidden);
            head.back(rows, of_hidden, of_mixed);
            behind(of_mixed, mixed);
            mix.back(rows, of_mixed, of_into);
            let mut told = vec![Lane::default(); 2 * width];
            slopes(of_into, scaled, &mut told);
            found.lock().unwrap_or_else(PoisonError::into_inner)[at] = told;
        });

        let sums = cleared(sums, self.lanes);
        let of_norm = &mut sums[self.norm.at.clone()];
        for told in found.into_inner().unwrap_or_else(PoisonError::into_inner) {
            add_rows(of_norm, &told);
        }
        let of_norm = of_norm.to_vec();
        let mut rest = &mut sums[self.norm.at.end..];
        let mut blocks = Vec::new();
        let pairs = [(mix, &*into, &*of_mixed), (head, &*mixed, &*of_hidden), (project, &*hidden, &*of_told)];
        for (layer, x, y) in pairs {
            let (weight, after) = rest.split_at_mut(layer.input() * layer.width());
            let (bias, after) = after.split_at_mut(layer.width());
            add_rows(bias, y);
            let parts = weight.chunks_mut(BLOCK * layer.width()).enumerate();
            blocks.extend(parts.map(|(at, own)| (layer, at * BLOCK, x, y, own)));
            rest = after;
        }
        each_of(blocks.into_iter(), |_, (layer, first, x, y, own)| {
            // As many rows at a time as the processor finds the pages of.
            for start in (0..rows).step_by(ROWS) {
                layer.learn_block(first, start..rows.min(start + ROWS), (x, y), own);
            }
        });

        let (scale, share) = (&self.norm.scale, 1.0 / rows as f32);
        let mut seen = vec![0.0; rows * mix.input()];
        let pieces = of_into.chunks_mut(ROWS * width).zip(scaled.chunks(ROWS * width));
        each_of(pieces.zip(seen.chunks_mut(ROWS * mix.input())), |_, ((back, scaled), seen)| {
            standardize_back(back, scaled, [scale, by], &of_norm, share);
            for (to, from) in seen.chunks_exact_mut(mix.input()).zip(back.chunks_exact(width)) {
                to.copy_from_slice(&flat(from)[..mix.input()]);
            }
        });
        seen
    }
}

/// Mean and variance of each column, from numbers of rows, means and sums of squares of pieces.
fn together(pieces: &[(usize, Vec<Lane>)], width: usize) -> [Vec<f32>; 2] {
    let rows: usize = pieces.iter().map(|(rows, _)| rows).sum();
    let of = |(n, told): &(usize, Vec<Lane>), at: usize| {
        (*n as f64, f64::from(flat(told)[at]), f64::from(flat(told)[width + at]))
    };
    let column = |at: usize| {
        let of = || pieces.iter().map(|piece| of(piece, at));
        let mean = of().map(|(n, own, _)| n * own).sum::<f64>() / rows as f64;
        let square: f64 = of().map(|(n, own, square)| square + n * (own - mean).powi(2)).sum();
        (mean as f32, (square / rows as f64) as f32)
    };
    let (means, variances) = (0..width).map(column).unzip();
    [means, variances]
}

widest! {
    /// Mean of each column, and the sum of its squared differences from that.
    fn moments(x: &[Lane], told: &mut [Lane]) by moments_of
}

#[inline(always)]
fn moments_of<V: Vector>(x: &[Lane], told: &mut [Lane]) {
    let (mean, square) = told.split_at_mut(told.len() / 2);
    let width = mean.len();
    let share = V::all(width as f32 / x.len() as f32);
    for row in x.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(sum, x)| V::load(sum).add(V::load(x)).store(sum));
    }
    mean.iter_mut().for_each(|sum| V::load(sum).mul(share).store(sum));
    for row in x.chunks_exact(width) {
        for ((sum, mean), x) in square.iter_mut().zip(&*mean).zip(row) {
            let apart = V::load(x).sub(V::load(mean));
            V::load(sum).add(apart.mul(apart)).store(sum);
        }
    }
}

widest! {
    /// `x = (x − mean) · by`, and `out = x · scale + shift`, column by column.
    fn standardize(x: &mut [Lane], moments: [&[Lane]; 2], affine: [&[Lane]; 2], out: &mut [Lane]) by standardize_of
}

#[inline(always)]
fn standardize_of<V: Vector>(x: &mut [Lane], moments: [&[Lane]; 2], affine: [&[Lane]; 2], out: &mut [Lane]) {
    let width = affine[0].len();
    for (x, out) in x.chunks_exact_mut(width).zip(out.chunks_exact_mut(width)) {
        for i in 0..width {
            let own = V::load(&x[i]).sub(V::load(&moments[0][i])).mul(V::load(&moments[1][i]));
            own.store(&mut x[i]);
            own.mul(V::load(&affine[0][i])).add(V::load(&affine[1][i])).store(&mut out[i]);
        }
    }
}

widest! {
    /// Adds the gradients of a norm's scale and shift, one behind the other.
    fn slopes(back: &[Lane], scaled: &[Lane], told: &mut [Lane]) by slopes_of
}

#[inline(always)]
fn slopes_of<V: Vector>(back: &[Lane], scaled: &[Lane], told: &mut [Lane]) {
    let (of_scale, of_shift) = told.split_at_mut(told.len() / 2);
    let width = of_scale.len();
    for (back, scaled) in back.chunks_exact(width).zip(scaled.chunks_exact(width)) {
        for i in 0..width {
            let own = V::load(&back[i]);
            V::load(&of_scale[i]).add(own.mul(V::load(&scaled[i]))).store(&mut of_scale[i]);
            V::load(&of_shift[i]).add(own).store(&mut of_shift[i]);
        }
    }
}

widest! {
    /// Puts the gradient before a batch norm in the place of the one behind it: `scale · by · (back − (Σ back + x · Σ back · x) / n)`.
    fn standardize_back(back: &mut [Lane], scaled: &[Lane], affine: [&[Lane]; 2], sums: &[Lane], share: f32) by standardize_back_of
}

#[inline(always)]
fn standardize_back_of<V: Vector>(
    back: &mut [Lane],
    scaled: &[Lane],
    [scale, by]: [&[Lane]; 2],
    sums: &[Lane],
    share: f32,
) {
    let (of_scale, of_shift) = sums.split_at(scale.len());
    for (back, scaled) in back.chunks_exact_mut(scale.len()).zip(scaled.chunks_exact(scale.len())) {
        for i in 0..scale.len() {
            let all = V::load(&of_shift[i]).add(V::load(&scaled[i]).mul(V::load(&of_scale[i]))).mul(V::all(share));
            V::load(&back[i]).sub(all).mul(V::load(&scale[i]).mul(V::load(&by[i]))).store(&mut back[i]);
        }
    }
}
