//! The predictor as it learns on a CPU: the same numbers and gradients as [`super::net`] on plain rows.
//!
//! Some clips go through the action encoder once, then pass by pass through the blocks as a [`crate::host::course`] says, which shares
//! what the taught window and the rollout have in common; gradients come back through the passes in the opposite order,
//! through each step of the rollout to the first latent. The network of tensors is the reference; a test holds the two
//! together.

use crate::family::jepa::net::{ActionEncoder, Jepa};
use crate::host::block::MOST;
use crate::host::course::{Pass, Source};
use crate::host::lanes::{Lane, cleared, silu_and_slope, sized};
use crate::host::learner::{Affine, Learner, Places};
use crate::host::norms::{norm, norm_back};
use crate::host::steered::{Kept, Layout, Steered};
use crate::host::vector::add_rows;
use crate::nn::predictor::Row;
use burn::optim::GradientsParams;
use burn::prelude::*;

/// Action encoder, predictor and its projector.
pub(super) struct Pupil {
    action: [Learner; 3],
    position: Row,
    blocks: Vec<Steered>,
    norm: Affine,
    project: Learner,
    residual: bool,
    pub(super) history: usize,
}

/// What some clips are on their way, and gradients. Rows stand time by time, clip by clip.
#[derive(Default)]
pub(super) struct Desk {
    /// Action blocks, `[steps, clips, block]`, filled by who asks.
    pub(super) actions: Vec<Lane>,
    /// Latents, `[shown, clips, latent]`, filled by who asks, and their gradient, to which others add theirs.
    pub(super) latents: Vec<Lane>,
    pub(super) of_latents: Vec<Lane>,
    /// What each token tells, `[tokens, clips, latent]`, and its gradient, put there by who judges.
    pub(super) told: Vec<Lane>,
    pub(super) of_told: Vec<Lane>,
    /// The action encoder's layers, and slopes of its two SiLU.
    squeezed: Vec<Lane>,
    lifted: [Vec<Lane>; 2],
    heard: [Vec<Lane>; 2],
    blocks: Vec<Kept>,
    /// Before, behind and inside the last norm.
    x: Vec<Lane>,
    normed: Vec<Lane>,
    scaled: Vec<Lane>,
    by: Vec<f32>,
    room: Vec<Lane>,
}

impl Pupil {
    /// The predictor of a model, if its window is not too long and its layers are of this kind.
    pub(super) fn of(model: &Jepa, places: &mut Places) -> Option<Self> {
        let ActionEncoder { squeeze, up, down } = &model.action;
        let (position, blocks, norm) = model.predictor.learning(places)?;
        let project = Learner::of(model.predictor_projector.layer()?, places);
        let action = [squeeze, up, down].map(|layer| Learner::of(layer, places));
        let Jepa { residual, history, .. } = *model;
        (history <= MOST).then_some(Self { action, position, blocks, norm, project, residual, history })
    }

    /// Lanes of a latent.
    pub(super) fn width(&self) -> usize {
        self.project.width()
    }

    /// Lanes of an action block.
    pub(super) fn block(&self) -> usize {
        self.action[0].depth()
    }

    /// A pass as the block at this place takes it: all but the last one owe every token to the next.
    fn pass(&self, pass: &Pass, block: usize) -> Pass {
        if block + 1 == self.blocks.len() { pass.clone() } else { Pass { wanted: pass.tokens.start, ..pass.clone() } }
    }

    /// From latents and actions to what is told.
    pub(super) fn forward(&self, desk: &mut Desk, layout: Layout<'_>) {
        let (course, clips, width) = (layout.course, layout.clips, self.width());
        let each = clips * width;
        let rows = course.tokens.len() * clips;
        self.steer(desk, course.rolled.len() * clips);
        self.blocks.iter().zip(&mut desk.blocks).for_each(|(block, kept)| block.begin(kept, layout));
        for own in [&mut desk.told, &mut desk.normed, &mut desk.scaled] {
            sized(own, rows * width);
        }
        cleared(&mut desk.of_told, rows * width);
        desk.by.resize(rows, 0.0);
        for pass in &course.passes {
            let x = sized(&mut desk.x, pass.tokens.len() * each);
            for (token, x) in course.tokens[pass.tokens.clone()].iter().zip(x.chunks_exact_mut(each)) {
                x.copy_from_slice(match token.from {
                    Source::Frame(at) => &desk.latents[at * each..(at + 1) * each],
                    Source::Step(at) => &desk.told[course.rolled[at] * each..][..each],
                });
                let position = &self.position.0[token.position * width..(token.position + 1) * width];
                x.chunks_exact_mut(width).for_each(|row| add_rows(row, position));
            }
            for (at, (block, kept)) in self.blocks.iter().zip(&mut desk.blocks).enumerate() {
                block.forward(x, &self.pass(pass, at), kept, layout);
            }
            let ahead = (pass.wanted - pass.tokens.start) * each;
            let wanted = layout.rows(&(pass.wanted..pass.tokens.end));
            let lanes = wanted.start * width..wanted.end * width;
            let (scaled, normed) = (&mut desk.scaled[lanes.clone()], &mut desk.normed[lanes.clone()]);
            norm(&x[ahead..], [&self.norm.scale, &self.norm.shift], scaled, &mut desk.by[wanted.clone()], normed);
            self.project.forward(wanted.len(), normed, &mut desk.told[lanes]);
            for token in (pass.wanted..pass.tokens.end).filter(|_| self.residual) {
                match course.tokens[token].from {
                    Source::Frame(at) => {
                        add_rows(&mut desk.told[token * each..][..each], &desk.latents[at * each..(at + 1) * each]);
                    }
                    // What is rolled out stands before what hangs on it.
                    Source::Step(at) => {
                        let (before, own) = desk.told.split_at_mut(token * each);
                        add_rows(&mut own[..each], &before[course.rolled[at] * each..][..each]);
                    }
                }
            }
        }
    }

    /// From the gradient of what was told to those of latents, to which it is added, and of all layers.
    pub(super) fn back(&self, desk: &mut Desk, layout: Layout<'_>, sums: &mut [Lane]) {
        let (course, clips, width) = (layout.course, layout.clips, self.width());
        let each = clips * width;
        for pass in course.passes.iter().rev() {
            let (all, wanted) = (layout.rows(&pass.tokens), layout.rows(&(pass.wanted..pass.tokens.end)));
            let x = cleared(&mut desk.x, all.len() * width);
            let own = &mut x[(wanted.start - all.start) * width..];
            let lanes = wanted.start * width..wanted.end * width;
            self.project.back(wanted.len(), &desk.of_told[lanes.clone()], own);
            norm_back(own, &self.norm.scale, &desk.scaled[lanes], &desk.by[wanted], &mut sums[self.norm.at.clone()]);
            for (at, (block, kept)) in self.blocks.iter().zip(&mut desk.blocks).enumerate().rev() {
                block.back(x, &self.pass(pass, at), kept, layout, (sums, &mut desk.room));
            }
            for (token, x) in pass.tokens.clone().zip(x.chunks_exact_mut(each)) {
                let position = self.position.1.start + course.tokens[token].position * width;
                add_rows(&mut sums[position..position + width], x);
                if self.residual && token >= pass.wanted {
                    add_rows(x, &desk.of_told[token * each..][..each]);
                }
                let from = match course.tokens[token].from {
                    Source::Frame(at) => &mut desk.of_latents[at * each..(at + 1) * each],
                    Source::Step(at) => &mut desk.of_told[course.rolled[at] * each..][..each],
                };
                add_rows(from, x);
            }
        }
        let (every, runs) = (0..course.tokens.len(), course.runs());
        for run in &runs {
            self.project.learn(layout.rows(run), &desk.normed, &desk.of_told, sums);
        }
        for (at, (block, kept)) in self.blocks.iter().zip(&desk.blocks).enumerate() {
            let last = at + 1 == self.blocks.len();
            block.learn(kept, layout, if last { &runs } else { std::slice::from_ref(&every) }, sums);
        }
        self.steer_back(desk, course.rolled.len() * clips, sums);
    }

    /// What action blocks do to each block.
    fn steer(&self, desk: &mut Desk, rows: usize) {
        let [squeeze, up, down] = &self.action;
        squeeze.forward(rows, &desk.actions, sized(&mut desk.squeezed, rows * squeeze.width()));
        let bend = |layer: &Learner, x: &[Lane], [slope, y]: &mut [Vec<Lane>; 2]| {
            layer.forward(rows, x, sized(slope, rows * layer.width()));
            silu_and_slope(slope, sized(y, rows * layer.width()));
        };
        bend(up, &desk.squeezed, &mut desk.lifted);
        bend(down, &desk.lifted[1], &mut desk.heard);
        desk.blocks.resize_with(self.blocks.len(), Kept::default);
        for (block, kept) in self.blocks.iter().zip(&mut desk.blocks) {
            let steering = sized(&mut kept.steering, rows * block.modulation.width());
            block.modulation.forward(rows, &desk.heard[1], steering);
        }
    }

    /// The gradients of all that [`Self::steer`] went through.
    fn steer_back(&self, desk: &mut Desk, rows: usize, sums: &mut [Lane]) {
        let [squeeze, up, down] = &self.action;
        let through = |x: &mut [Lane], slopes: &[Lane]| {
            x.iter_mut().zip(slopes).for_each(|(x, s)| x.0.iter_mut().zip(&s.0).for_each(|(x, s)| *x *= s));
        };
        let heard = cleared(&mut desk.x, rows * down.width());
        for (block, kept) in self.blocks.iter().zip(&desk.blocks) {
            block.modulation.learn(0..rows, &desk.heard[1], &kept.of_steering, sums);
            block.modulation.back_onto(rows, &kept.of_steering, heard);
        }
        through(heard, &desk.heard[0]);
        down.learn(0..rows, &desk.lifted[1], heard, sums);
        let lifted = sized(&mut desk.room, rows * up.width());
        down.back(rows, heard, lifted);
        through(lifted, &desk.lifted[0]);
        up.learn(0..rows, &desk.squeezed, lifted, sums);
        let squeezed = sized(&mut desk.x, rows * squeeze.width());
        up.back(rows, lifted, squeezed);
        squeeze.learn(0..rows, &desk.actions, squeezed, sums);
    }

    /// The gradients under the names of the parameters.
    pub(super) fn hand(&self, model: &Jepa, sums: &[Lane], gradients: &mut GradientsParams, device: &Device) {
        let ActionEncoder { squeeze, up, down } = &model.action;
        for (own, layer) in self.action.iter().zip([squeeze, up, down]) {
            own.hand(layer, sums, gradients, device);
        }
        model.predictor.hand((&self.position, &self.blocks, &self.norm), sums, gradients, device);
        if let Some(layer) = model.predictor_projector.layer() {
            self.project.hand(layer, sums, gradients, device);
        }
    }
}
