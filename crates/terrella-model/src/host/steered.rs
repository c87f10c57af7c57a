//! A block of the predictor that learns: modulated norms, causal attention and perceptron, forward and back.
//!
//! Rows stand token by token, clip by clip, over all tokens of a [`Course`]. Passes go forward one after the other and back
//! the other way round; gradients of weights wait until all tokens are back, so that each is one long product. The
//! tensors of [`crate::nn::predictor`] are the reference.

use super::attention::{Glance, attend, attend_back};
use super::course::{Course, Pass};
use super::lanes::{LANE, Lane, cleared, sized};
use super::learner::{Affine, Learner};
use super::norms::{Normed, PARTS, gate, gate_back, modulate, modulate_back};
use super::vector::{behind, relu};
use std::ops::Range;

/// A transformer block steered by actions.
#[derive(Debug)]
pub(crate) struct Steered {
    pub(crate) attention_norm: Affine,
    /// Queries, keys and values, side by side.
    pub(crate) qkv: Learner,
    pub(crate) output: Learner,
    pub(crate) mlp_norm: Affine,
    pub(crate) up: Learner,
    pub(crate) down: Learner,
    /// Shift, scale and gate of the attention, then of the perceptron.
    pub(crate) modulation: Learner,
    pub(crate) heads: usize,
}

/// What a modulated norm kept, and what it told.
#[derive(Default)]
struct Trace {
    plain: Vec<Lane>,
    scaled: Vec<Lane>,
    by: Vec<[f32; 2]>,
    told: Vec<Lane>,
}

/// What a block keeps of all tokens, and gradients that wait for the others.
#[derive(Default)]
pub(crate) struct Kept {
    /// `[actions · clips, 6 · width]`.
    pub(crate) steering: Vec<Lane>,
    pub(crate) of_steering: Vec<Lane>,
    attention: Trace,
    qkv: Vec<Lane>,
    of_qkv: Vec<Lane>,
    looks: Vec<f32>,
    mixed: Vec<Lane>,
    attended: Vec<Lane>,
    of_attended: Vec<Lane>,
    mlp: Trace,
    hidden: Vec<Lane>,
    of_hidden: Vec<Lane>,
    answer: Vec<Lane>,
    of_answer: Vec<Lane>,
}

/// How rows lie: token by token, clip by clip.
#[derive(Clone, Copy)]
pub(crate) struct Layout<'a> {
    pub(crate) course: &'a Course,
    pub(crate) clips: usize,
}

impl Layout<'_> {
    /// Rows of these tokens.
    pub(crate) fn rows(&self, tokens: &Range<usize>) -> Range<usize> {
        tokens.start * self.clips..tokens.end * self.clips
    }
}

impl Trace {
    fn size(&mut self, rows: usize, width: usize) {
        for own in [&mut self.plain, &mut self.scaled, &mut self.told] {
            sized(own, rows * width);
        }
        self.by.resize(rows, [0.0; 2]);
    }

    /// Some rows, and what was told of them.
    fn at(&mut self, rows: &Range<usize>, width: usize) -> (Normed<'_>, &mut [Lane]) {
        let all = of(rows, width);
        let normed = Normed {
            plain: &mut self.plain[all.clone()],
            scaled: &mut self.scaled[all.clone()],
            by: &mut self.by[rows.clone()],
        };
        (normed, &mut self.told[all])
    }
}

/// Lanes of some rows.
fn of(rows: &Range<usize>, width: usize) -> Range<usize> {
    rows.start * width..rows.end * width
}

impl Steered {
    /// Lanes of a row.
    fn width(&self) -> usize {
        self.qkv.depth()
    }

    /// Whether rows and heads are whole lanes.
    pub(crate) fn whole(&self) -> bool {
        let head = self.output.input() / self.heads;
        [self.qkv.input(), head, self.up.output()].iter().all(|n| n.is_multiple_of(LANE))
    }

    /// Makes room for all tokens; the steering is there.
    pub(crate) fn begin(&self, kept: &mut Kept, layout: Layout<'_>) {
        let (rows, width, inner) = (layout.course.tokens.len() * layout.clips, self.width(), self.output.depth());
        kept.attention.size(rows, width);
        kept.mlp.size(rows, width);
        sized(&mut kept.qkv, rows * 3 * inner);
        sized(&mut kept.mixed, rows * inner);
        kept.looks.resize(rows * self.heads * layout.course.most(), 0.0);
        for own in [&mut kept.attended, &mut kept.of_attended, &mut kept.answer, &mut kept.of_answer] {
            sized(own, rows * width);
        }
        sized(&mut kept.hidden, rows * self.up.width());
        sized(&mut kept.of_hidden, rows * self.up.width());
        cleared(&mut kept.of_qkv, rows * 3 * inner);
        let steering = kept.steering.len();
        cleared(&mut kept.of_steering, steering);
    }

    fn glance<'a>(&self, token: usize, layout: Layout<'a>) -> Glance<'a> {
        Glance {
            clips: layout.clips,
            token,
            sees: &layout.course.tokens[token].sees,
            heads: self.heads,
            head: self.output.depth() / self.heads,
            most: layout.course.most(),
        }
    }

    /// Where the steering of a token begins, from a part on, and where it ends.
    fn steering(&self, token: usize, layout: Layout<'_>, part: usize) -> Range<usize> {
        let action = layout.course.tokens[token].action;
        let each = layout.clips * PARTS * self.width();
        action * each + part * self.width()..(action + 1) * each
    }

    /// Takes the tokens of a pass, `[tokens, clips, width]`, through the block. Those before the first wanted one
    /// are only looked back on.
    pub(crate) fn forward(&self, x: &mut [Lane], pass: &Pass, kept: &mut Kept, layout: Layout<'_>) {
        let (width, inner, clips) = (self.width(), self.output.depth(), layout.clips);
        let (all, wanted) = (layout.rows(&pass.tokens), layout.rows(&(pass.wanted..pass.tokens.end)));
        for (token, x) in pass.tokens.clone().zip(x.chunks_exact(clips * width)) {
            let steering = &kept.steering[self.steering(token, layout, 0)];
            let (normed, told) = kept.attention.at(&layout.rows(&(token..token + 1)), width);
            modulate(x, steering, [&self.attention_norm.scale, &self.attention_norm.shift], normed, told);
        }
        self.qkv.forward(all.len(), &kept.attention.told[of(&all, width)], &mut kept.qkv[of(&all, 3 * inner)]);
        for token in pass.wanted..pass.tokens.end {
            attend(self.glance(token, layout), &kept.qkv, &mut kept.looks, &mut kept.mixed);
        }
        let attended = &mut kept.attended[of(&wanted, width)];
        self.output.forward(wanted.len(), &kept.mixed[of(&wanted, inner)], attended);

        let x = &mut x[(wanted.start - all.start) * width..];
        let tokens = (pass.wanted..pass.tokens.end).zip(x.chunks_exact_mut(clips * width));
        for ((token, x), attended) in tokens.zip(attended.chunks_exact(clips * width)) {
            gate(x, attended, &kept.steering[self.steering(token, layout, 2)], width);
            let steering = &kept.steering[self.steering(token, layout, 3)];
            let (normed, told) = kept.mlp.at(&layout.rows(&(token..token + 1)), width);
            modulate(x, steering, [&self.mlp_norm.scale, &self.mlp_norm.shift], normed, told);
        }
        let hidden = &mut kept.hidden[of(&wanted, self.up.width())];
        self.up.forward(wanted.len(), &kept.mlp.told[of(&wanted, width)], hidden);
        relu(hidden);
        let answer = &mut kept.answer[of(&wanted, width)];
        self.down.forward(wanted.len(), hidden, answer);
        let tokens = (pass.wanted..pass.tokens.end).zip(x.chunks_exact_mut(clips * width));
        for ((token, x), answer) in tokens.zip(answer.chunks_exact(clips * width)) {
            gate(x, answer, &kept.steering[self.steering(token, layout, 5)], width);
        }
    }

    /// Puts the gradient of the tokens of a pass in the place of that of what the block told, when all later passes are
    /// back.
    pub(crate) fn back(
        &self,
        x: &mut [Lane],
        pass: &Pass,
        kept: &mut Kept,
        layout: Layout<'_>,
        (sums, room): (&mut [Lane], &mut Vec<Lane>),
    ) {
        let (width, inner, clips) = (self.width(), self.output.depth(), layout.clips);
        let (all, wanted) = (layout.rows(&pass.tokens), layout.rows(&(pass.wanted..pass.tokens.end)));
        let own = of(&wanted, width);
        let each = |token: usize| of(&layout.rows(&(token..token + 1)), width);
        let ahead = (wanted.start - all.start) * width;

        for (token, x) in (pass.wanted..pass.tokens.end).zip(x[ahead..].chunks_exact(clips * width)) {
            let steering = self.steering(token, layout, 5);
            let (gates, of_gates) = (&kept.steering[steering.clone()], &mut kept.of_steering[steering]);
            let of_answer = &mut kept.of_answer[each(token)];
            gate_back(x, &kept.answer[each(token)], gates, of_gates, of_answer, width);
        }
        let of_hidden = &mut kept.of_hidden[of(&wanted, self.up.width())];
        self.down.back(wanted.len(), &kept.of_answer[own.clone()], of_hidden);
        behind(of_hidden, &kept.hidden[of(&wanted, self.up.width())]);
        let back = sized(room, wanted.len() * width);
        self.up.back(wanted.len(), of_hidden, back);
        let tokens = (pass.wanted..pass.tokens.end).zip(x[ahead..].chunks_exact_mut(clips * width));
        for ((token, x), back) in tokens.zip(back.chunks_exact_mut(clips * width)) {
            let steering = self.steering(token, layout, 3);
            let (steering, of_steering) = (&kept.steering[steering.clone()], &mut kept.of_steering[steering]);
            let (normed, _) = kept.mlp.at(&layout.rows(&(token..token + 1)), width);
            let sums = &mut sums[self.mlp_norm.at.clone()];
            modulate_back(back, steering, &self.mlp_norm.scale, normed, of_steering, sums, x);
            let steering = self.steering(token, layout, 2);
            let (gates, of_gates) = (&kept.steering[steering.clone()], &mut kept.of_steering[steering]);
            let of_attended = &mut kept.of_attended[each(token)];
            gate_back(x, &kept.attended[each(token)], gates, of_gates, of_attended, width);
        }

        let mixed = sized(room, wanted.len() * inner);
        self.output.back(wanted.len(), &kept.of_attended[own], mixed);
        for (token, mixed) in (pass.wanted..pass.tokens.end).zip(mixed.chunks_exact(clips * inner)) {
            attend_back(self.glance(token, layout), &kept.qkv, &kept.looks, mixed, &mut kept.of_qkv);
        }
        let back = sized(room, all.len() * width);
        self.qkv.back(all.len(), &kept.of_qkv[of(&all, 3 * inner)], back);
        let tokens = pass.tokens.clone().zip(x.chunks_exact_mut(clips * width));
        for ((token, x), back) in tokens.zip(back.chunks_exact_mut(clips * width)) {
            let steering = self.steering(token, layout, 0);
            let (steering, of_steering) = (&kept.steering[steering.clone()], &mut kept.of_steering[steering]);
            let (normed, _) = kept.attention.at(&layout.rows(&(token..token + 1)), width);
            let sums = &mut sums[self.attention_norm.at.clone()];
            modulate_back(back, steering, &self.attention_norm.scale, normed, of_steering, sums, x);
        }
    }

    /// Adds the gradients of all weights but the modulation's, when all passes are back; `wanted` are the tokens that went
    /// all the way, in runs.
    pub(crate) fn learn(&self, kept: &Kept, layout: Layout<'_>, wanted: &[Range<usize>], sums: &mut [Lane]) {
        let all = 0..layout.course.tokens.len();
        self.qkv.learn(layout.rows(&all), &kept.attention.told, &kept.of_qkv, sums);
        for run in wanted {
            let rows = layout.rows(run);
            self.output.learn(rows.clone(), &kept.mixed, &kept.of_attended, sums);
            self.up.learn(rows.clone(), &kept.mlp.told, &kept.of_hidden, sums);
            self.down.learn(rows, &kept.hidden, &kept.of_answer, sums);
        }
    }
}
