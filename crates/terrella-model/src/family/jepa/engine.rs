//! The predictor on a CPU, for planning: the same numbers as [`super::net`] on plain rows.
//!
//! A search imagines a few dozen rows at a time, so a tensor library spends its time between
//! operations. Here a chunk of rows goes through the whole predictor while it stays in the cache, one
//! thread a chunk, and nothing is computed twice: while the window grows, keys and values of earlier
//! tokens are kept, and the last block does for the newest token only what the prediction needs.
//! The network of tensors is the reference; a test holds the two together.

use crate::host::block::{Block, Norm, Rows};
use crate::host::dense::{self, Dense, silu};
use crate::host::threads::in_chunks;
use std::ops::Range;

/// The predictor of a trained model, with its action encoder and its readout.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) action: [Dense; 3],
    pub(crate) position: Vec<f32>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) norm: Norm,
    /// The predictor's projector: layers with a GELU between.
    pub(crate) project: Vec<Dense>,
    /// Layers with a ReLU between.
    pub(crate) readout: Option<[Dense; 2]>,
    pub(crate) history: usize,
    pub(crate) residual: bool,
    pub(crate) width: usize,
}

/// A batch of states: the last few latents and what lies between them, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    rows: usize,
    /// Up to `history` times `[rows, width]`.
    latents: Vec<Vec<f32>>,
    /// What action blocks do, one step fewer: `[rows, steering]`.
    steering: Vec<Vec<f32>>,
    /// Keys and values of the first latents, while the window still begins with them: `[rows, kept]`.
    kept: Vec<Vec<f32>>,
}

impl Memory {
    /// A state without a past, `[rows, width]`.
    pub(crate) fn new(latents: Vec<f32>, width: usize) -> Self {
        Self { rows: latents.len() / width, latents: vec![latents], steering: Vec::new(), kept: Vec::new() }
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The newest latents.
    pub(crate) fn now(&self) -> &[f32] {
        self.latents.last().map_or(&[], Vec::as_slice)
    }

    /// Puts other latents in the place of the newest ones.
    pub(crate) fn correct(&mut self, latents: Vec<f32>) {
        if let Some(last) = self.latents.last_mut() {
            *last = latents;
        }
    }

    /// Rows of several states, one below the other, where as much is kept of all of them.
    pub(crate) fn join(parts: Vec<Self>) -> Option<Self> {
        let kept = |part: &Self| [&part.latents, &part.steering, &part.kept].map(Vec::len);
        let first = kept(parts.first()?);
        parts.iter().all(|part| kept(part) == first).then(|| Self::joined(parts))
    }

    /// The same of states that have been through the same.
    fn joined(parts: Vec<Self>) -> Self {
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or(Self { rows: 0, latents: vec![], steering: vec![], kept: vec![] });
        for part in parts {
            all.rows += part.rows;
            let append = |all: &mut [Vec<f32>], more: Vec<Vec<f32>>| {
                all.iter_mut().zip(more).for_each(|(table, rows)| table.extend(rows));
            };
            append(&mut all.latents, part.latents);
            append(&mut all.steering, part.steering);
            append(&mut all.kept, part.kept);
        }
        all
    }

    /// These rows, in this order, each as often as it is named.
    pub(crate) fn take(&self, rows: impl ExactSizeIterator<Item = usize> + Clone) -> Self {
        let some = |table: &Vec<f32>| -> Vec<f32> {
            let width = table.len() / self.rows.max(1);
            rows.clone().flat_map(|row| &table[row * width..(row + 1) * width]).copied().collect()
        };
        let all = |tables: &[Vec<f32>]| tables.iter().map(some).collect();
        Self { rows: rows.len(), latents: all(&self.latents), steering: all(&self.steering), kept: all(&self.kept) }
    }
}

/// These rows of a batch; one that is alone twice. By itself it would be multiplied in another order than a row among others, and what
/// becomes of a row must not hang on whether there are others.
fn never_alone(rows: &Range<usize>) -> impl ExactSizeIterator<Item = usize> + Clone + use<> {
    let (first, last) = (rows.start, rows.end.saturating_sub(1));
    let n = if rows.len() == 1 { 2 } else { rows.len() };
    (0..n).map(move |at| (first + at).min(last))
}

/// The same rows of a table of this width.
fn rows_of(table: &[f32], width: usize, rows: &Range<usize>) -> Vec<f32> {
    never_alone(rows).flat_map(|row| &table[row * width..(row + 1) * width]).copied().collect()
}

impl Engine {
    /// Numbers of steering a row.
    fn steering(&self) -> usize {
        self.blocks.iter().map(Block::steering).sum()
    }

    /// Numbers of keys and values a row.
    fn kept(&self) -> usize {
        self.blocks.iter().map(Block::kept).sum()
    }

    /// The states after these normalised action blocks, `[rows, block]`.
    pub(crate) fn step(&self, before: &Memory, actions: &[f32]) -> Memory {
        self.step_in(before, actions, &[before.rows])
    }

    fn step_in(&self, before: &Memory, actions: &[f32], groups: &[usize]) -> Memory {
        let action = actions.len() / before.rows.max(1);
        let parts = in_chunks(groups, |rows| {
            let mut memory = before.take(never_alone(&rows));
            self.advance(&mut memory, &rows_of(actions, action, &rows));
            if memory.rows == rows.len() { memory } else { memory.take(0..rows.len()) }
        });
        Memory::joined(parts)
    }

    /// As [`Self::step`], where what was seen, `[rows, width]`, stands in the place of the prediction; `groups`
    /// are as for [`in_chunks`].
    pub(crate) fn track(&self, before: &Memory, actions: &[f32], seen: Vec<f32>, groups: &[usize]) -> Memory {
        let action = actions.len() / before.rows.max(1);
        if before.latents.len() < self.history {
            // The window still grows, and a search wants the keys and values that come with a prediction.
            let mut memory = self.step_in(before, actions, groups);
            memory.correct(seen);
            return memory;
        }
        // The window slides, and nothing is kept of a prediction but the steering.
        let parts = in_chunks(groups, |rows| {
            let (n, acts) = (never_alone(&rows).len(), rows_of(actions, action, &rows));
            let mut newest = vec![0.0; n * self.steering()];
            self.steer(&acts, n, &mut newest);
            newest.truncate(rows.len() * self.steering());
            newest
        });
        let moved = |all: &[Vec<f32>], newest: Vec<f32>| all.iter().chain([&newest]).skip(1).cloned().collect();
        let (latents, steering) = (moved(&before.latents, seen), moved(&before.steering, parts.concat()));
        Memory { rows: before.rows, latents, steering, kept: Vec::new() }
    }

    /// The latents after each of several blocks a row (`[rows, block]` each). A chunk of rows goes
    /// through all blocks before anybody waits for it; `groups` are as for [`in_chunks`].
    pub(crate) fn roll_out(&self, before: &Memory, actions: &[Vec<f32>], groups: &[usize]) -> Vec<Vec<f32>> {
        let parts = in_chunks(groups, |rows| {
            let mut memory = before.take(never_alone(&rows));
            let step = |actions: &Vec<f32>| {
                let action = actions.len() / before.rows;
                self.advance(&mut memory, &rows_of(actions, action, &rows));
                memory.now()[..rows.len() * self.width].to_vec()
            };
            actions.iter().map(step).collect::<Vec<_>>()
        });
        (0..actions.len()).map(|at| parts.iter().flat_map(|part| part[at].iter().copied()).collect()).collect()
    }

    fn advance(&self, memory: &mut Memory, actions: &[f32]) {
        let (n, steering, kept) = (memory.rows, self.steering(), self.kept());
        let mut next = vec![0.0; n * self.width];
        let mut newest = vec![0.0; n * steering];
        let mut keep = vec![0.0; n * kept];
        self.steer(actions, n, &mut newest);
        memory.steering.push(newest);
        let (past, before) = (slices(&memory.steering), slices(&memory.kept));
        let rows = Rows { n, steering: &past, kept: &before, total: [steering, kept] };
        self.predict(&slices(&memory.latents), &rows, &mut next, &mut keep);
        memory.latents.push(next);
        if memory.latents.len() <= self.history {
            memory.kept.push(keep);
        } else {
            // The window slides: every token changes its place, and nothing can be kept.
            memory.latents.remove(0);
            memory.steering.remove(0);
            memory.kept.clear();
        }
    }

    /// What actions do to each block, `[n, steering]`.
    fn steer(&self, actions: &[f32], n: usize, out: &mut [f32]) {
        let [squeeze, up, down] = &self.action;
        let apply = |layer: &Dense, x: &[f32]| {
            let mut y = vec![0.0; n * layer.output];
            layer.forward(x, &mut y);
            y
        };
        let mut x = apply(up, &apply(squeeze, actions));
        x.iter_mut().for_each(|x| *x = silu(*x));
        let mut x = apply(down, &x);
        x.iter_mut().for_each(|x| *x = silu(*x));
        let stride = self.steering();
        let mut at = 0;
        for block in &self.blocks {
            block.steer(&x, &mut out[at..], stride, n);
            at += block.steering();
        }
    }

    /// The next latents, `[n, width]`; keys and values of the newest token go to `keep`.
    fn predict(&self, latents: &[&[f32]], rows: &Rows<'_>, next: &mut [f32], keep: &mut [f32]) {
        let (n, width, time) = (rows.n, self.width, latents.len());
        let first = rows.kept.len();
        let mut x = Vec::with_capacity((time - first) * n * width);
        for (token, latents) in latents.iter().enumerate().skip(first) {
            let position = &self.position[token * width..(token + 1) * width];
            x.extend(latents.chunks(width).flat_map(|row| row.iter().zip(position).map(|(z, p)| z + p)));
        }
        let mut at = [0, 0];
        for (i, block) in self.blocks.iter().enumerate() {
            let last = i + 1 == self.blocks.len();
            block.forward(&mut x, rows, at, last, keep);
            at = [at[0] + block.steering(), at[1] + block.kept()];
        }
        let mut x = x.split_off(x.len() - n * width);
        x.chunks_mut(width).for_each(|row| self.norm.apply(row));
        for (i, layer) in self.project.iter().enumerate() {
            if i > 0 {
                x.iter_mut().for_each(|x| *x = dense::gelu(*x));
            }
            let mut y = vec![0.0; n * layer.output];
            layer.forward(&x, &mut y);
            x = y;
        }
        next.copy_from_slice(&x);
        if self.residual {
            next.iter_mut().zip(latents[time - 1]).for_each(|(y, z)| *y += z);
        }
    }

    /// State features told by latents, `[rows, width]`.
    pub(crate) fn read(&self, latents: &[f32]) -> Option<Vec<f32>> {
        let rows = 0..latents.len() / self.width;
        let mut told = Dense::perceptron(self.readout.as_ref()?, &rows_of(latents, self.width, &rows));
        told.truncate(told.len() / never_alone(&rows).len().max(1) * rows.len());
        Some(told)
    }
}

fn slices(tables: &[Vec<f32>]) -> Vec<&[f32]> {
    tables.iter().map(Vec::as_slice).collect()
}
