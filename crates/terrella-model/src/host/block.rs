//! One block of the predictor on plain rows: modulated norms, causal attention, perceptron.

use super::dense::{self, Dense, dot, numbers, standardize};
use burn::nn::LayerNorm;

/// Epsilon of the norms without parameters.
pub(super) const PLAIN: f32 = 1e-6;
/// Epsilon of Burn's norms.
pub(crate) const EPSILON: f32 = 1e-5;

/// A norm with scale and shift.
#[derive(Debug)]
pub(crate) struct Norm {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
    pub(crate) epsilon: f32,
}

impl Norm {
    pub(crate) fn of(norm: &LayerNorm, epsilon: f32) -> Self {
        let scale = numbers(norm.gamma.val());
        let shift = norm.beta.as_ref().map_or_else(|| vec![0.0; scale.len()], |beta| numbers(beta.val()));
        Self { scale, shift, epsilon }
    }

    pub(crate) fn apply(&self, row: &mut [f32]) {
        standardize(row, self.epsilon);
        row.iter_mut().zip(&self.scale).zip(&self.shift).for_each(|((x, s), h)| *x = *x * s + h);
    }
}

/// A transformer block steered by actions.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) attention_norm: Norm,
    /// Queries, keys and values, side by side.
    pub(crate) qkv: Dense,
    pub(crate) output: Dense,
    pub(crate) mlp_norm: Norm,
    pub(crate) up: Dense,
    pub(crate) down: Dense,
    /// Shift, scale and gate of the attention, then of the perceptron.
    pub(crate) modulation: Dense,
    pub(crate) heads: usize,
    pub(crate) gelu: bool,
}

/// What a chunk of rows brings with it.
pub(crate) struct Rows<'a> {
    pub(crate) n: usize,
    /// Steering of each token, `[n, total[0]]`.
    pub(crate) steering: &'a [&'a [f32]],
    /// Keys and values of the tokens that were here before, `[n, total[1]]`.
    pub(crate) kept: &'a [&'a [f32]],
    pub(crate) total: [usize; 2],
}

impl Block {
    fn inner(&self) -> usize {
        self.qkv.output / 3
    }

    fn width(&self) -> usize {
        self.output.output
    }

    pub(crate) fn steering(&self) -> usize {
        6 * self.width()
    }

    pub(crate) fn kept(&self) -> usize {
        2 * self.inner()
    }

    /// Writes this block's steering into rows that are `stride` apart.
    pub(crate) fn steer(&self, x: &[f32], out: &mut [f32], stride: usize, n: usize) {
        // The last row of a later block is shorter than a stride.
        let whole = (n - 1) * stride + self.steering();
        let mut own = vec![0.0; n * self.steering()];
        self.modulation.forward(x, &mut own);
        for (to, from) in out[..whole].chunks_mut(stride).zip(own.chunks(self.steering())) {
            to[..from.len()].copy_from_slice(from);
        }
    }

    /// Advances the new tokens `[tokens, n, width]` in place; the last block only the newest one.
    /// `at` says where this block's numbers begin in a row of steering and of what is kept.
    pub(crate) fn forward(&self, x: &mut [f32], rows: &Rows<'_>, at: [usize; 2], last: bool, keep: &mut [f32]) {
        let (n, width, inner) = (rows.n, self.width(), self.inner());
        let each = n * width;
        let tokens = x.len() / each;
        let first = rows.kept.len();
        // Tokens whose own output is wanted.
        let from = if last { tokens - 1 } else { 0 };

        let mut h = x.to_vec();
        for (token, h) in h.chunks_mut(each).enumerate() {
            self.modulate(h, rows, (first + token, at[0]), 0, &self.attention_norm);
        }
        let mut qkv = vec![0.0; tokens * n * 3 * inner];
        if from == 0 {
            self.qkv.forward(&h, &mut qkv);
        } else {
            self.qkv.columns(inner..3 * inner, &h, &mut qkv, 3 * inner);
            self.qkv.columns(0..inner, &h[from * each..], &mut qkv[from * n * 3 * inner..], 3 * inner);
        }
        let newest = &qkv[(tokens - 1) * n * 3 * inner..];
        for (to, row) in keep.chunks_mut(rows.total[1]).zip(newest.chunks(3 * inner)) {
            to[at[1]..at[1] + 2 * inner].copy_from_slice(&row[inner..]);
        }

        let mut mixed = vec![0.0; (tokens - from) * n * inner];
        for (i, mixed) in mixed.chunks_mut(inner).enumerate() {
            let (token, row) = (from + i / n, i % n);
            self.attend(&qkv, rows, (first, token, row), at[1], mixed);
        }
        let x = &mut x[from * each..];
        let mut y = vec![0.0; x.len()];
        self.output.forward(&mixed, &mut y);
        self.add(x, &y, rows, (first + from, at[0]), 2);

        let mut h = x.to_vec();
        for (token, h) in h.chunks_mut(each).enumerate() {
            self.modulate(h, rows, (first + from + token, at[0]), 3, &self.mlp_norm);
        }
        let mut hidden = vec![0.0; (tokens - from) * n * self.up.output];
        self.up.forward(&h, &mut hidden);
        match self.gelu {
            true => hidden.iter_mut().for_each(|h| *h = dense::gelu(*h)),
            false => hidden.iter_mut().for_each(|h| *h = h.max(0.0)),
        }
        self.down.forward(&hidden, &mut y);
        self.add(x, &y, rows, (first + from, at[0]), 5);
    }

    /// `norm(plain(x) · (1 + scale) + shift)` for the rows of one token; shift is part `part` of the
    /// steering, scale the next.
    fn modulate(&self, x: &mut [f32], rows: &Rows<'_>, (token, at): (usize, usize), part: usize, norm: &Norm) {
        let width = self.width();
        for (x, steering) in x.chunks_mut(width).zip(rows.steering[token].chunks(rows.total[0])) {
            let (shift, scale) = steering[at + part * width..][..2 * width].split_at(width);
            standardize(x, PLAIN);
            x.iter_mut().zip(scale).zip(shift).for_each(|((x, s), h)| *x = *x * (s + 1.0) + h);
            norm.apply(x);
        }
    }

    /// `x + gate · y`, token by token; the gate is part `part` of the steering.
    fn add(&self, x: &mut [f32], y: &[f32], rows: &Rows<'_>, (token, at): (usize, usize), part: usize) {
        let (width, each) = (self.width(), rows.n * self.width());
        for ((x, y), steering) in x.chunks_mut(each).zip(y.chunks(each)).zip(&rows.steering[token..]) {
            let steering = steering.chunks(rows.total[0]);
            for ((x, y), steering) in x.chunks_mut(width).zip(y.chunks(width)).zip(steering) {
                let gate = &steering[at + part * width..][..width];
                x.iter_mut().zip(y).zip(gate).for_each(|((x, y), g)| *x += g * y);
            }
        }
    }

    /// What one token sees of itself and those before it, in one row.
    fn attend(
        &self,
        qkv: &[f32],
        rows: &Rows<'_>,
        (first, token, row): (usize, usize, usize),
        at: usize,
        out: &mut [f32],
    ) {
        let (n, inner) = (rows.n, self.inner());
        let head = inner / self.heads;
        let of = |token: usize| &qkv[(token * n + row) * 3 * inner..][..3 * inner];
        let query = &of(token)[..inner];
        let total = first + token + 1;
        let pair = |t: usize| match t.checked_sub(first) {
            None => rows.kept[t][row * rows.total[1] + at..][..2 * inner].split_at(inner),
            Some(new) => of(new)[inner..].split_at(inner),
        };
        let scale = 1.0 / (head as f32).sqrt();
        let mut scores = [0.0f32; MOST];
        for (i, out) in out.chunks_mut(head).enumerate() {
            let part = i * head..(i + 1) * head;
            let scores = &mut scores[..total];
            for (t, score) in scores.iter_mut().enumerate() {
                *score = dot(&query[part.clone()], &pair(t).0[part.clone()]) * scale;
            }
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            scores.iter_mut().for_each(|s| *s = dense::exp(*s - most));
            let sum: f32 = scores.iter().sum();
            for (t, score) in scores.iter().enumerate() {
                let weight = score / sum;
                out.iter_mut().zip(&pair(t).1[part.clone()]).for_each(|(o, v)| *o += weight * v);
            }
        }
    }
}

/// Longest window there is room for.
pub(crate) const MOST: usize = 32;
