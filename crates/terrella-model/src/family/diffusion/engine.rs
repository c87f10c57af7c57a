//! A trained diffusion world on plain rows: one new frame, whose tokens look back on those of frames before.
//!
//! A frame is sixteen tokens or so, which a tensor library spends between operations. What frames before said of themselves
//! (keys and values) is kept, so that a new one costs its own tokens alone. The tensors of [`super::net`] are the reference.

use super::config::{CELL_VALUES, DiffusionConfig};
use super::eyes::Eyes;
use super::net::{Block, DiffusionNet, GROUND, PLAIN, STAYS, TOLD};
use crate::host::dense::{Dense, dot, exp, numbers, silu, standardize};
use std::collections::VecDeque;
use std::sync::Arc;

/// What a slot said of itself: keys and values of all blocks, `[blocks, tokens, 2 · width]`.
type Said = Arc<Vec<f32>>;

/// One dream: the frame that is seen now, and what is kept of those before.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// `[tokens, values]`.
    pub(super) now: Arc<Vec<f32>>,
    /// Oldest first, at most one less than the context.
    past: VecDeque<Said>,
    /// Frames that were painted.
    painted: u64,
}

impl Memory {
    /// A first frame.
    pub(super) fn of(frame: Vec<f32>) -> Self {
        Self { now: Arc::new(frame), past: VecDeque::new(), painted: 0 }
    }

    /// The same where something else is seen.
    pub(super) fn corrected(self, frame: Vec<f32>) -> Self {
        Self { now: Arc::new(frame), ..self }
    }
}

/// The network on plain rows.
#[derive(Debug)]
pub(super) struct Engine {
    past: Dense,
    now: Dense,
    gather: Dense,
    place: Vec<f32>,
    told: Vec<Dense>,
    blocks: Vec<HostBlock>,
    spread: Dense,
    paint: Dense,
    ground: Vec<f32>,
    eyes: Option<HostEyes>,
    context: usize,
    passes: usize,
}

#[derive(Debug)]
struct HostBlock {
    qkv: Dense,
    output: Dense,
    up: Dense,
    down: Dense,
    modulation: Dense,
    ago: Vec<f32>,
    heads: usize,
}

#[derive(Debug)]
struct HostEyes {
    patch: Dense,
    again: Dense,
    place: Vec<f32>,
    whole: Dense,
    tell: Dense,
}

impl Engine {
    pub(super) fn of(net: &DiffusionNet, config: &DiffusionConfig) -> Self {
        let block = |block: &Block| HostBlock {
            qkv: Dense::of(&block.qkv),
            output: Dense::of(&block.output),
            up: Dense::of(&block.up),
            down: Dense::of(&block.down),
            modulation: Dense::of(&block.modulation),
            ago: numbers(block.ago.val()),
            heads: block.ago.val().dims()[0],
        };
        let eyes = |eyes: &Eyes| HostEyes {
            patch: Dense::of(&eyes.patch),
            again: Dense::of(&eyes.again),
            place: numbers(eyes.place.val()),
            whole: Dense::of(&eyes.whole),
            tell: Dense::of(&eyes.tell),
        };
        Self {
            past: Dense::of(&net.past),
            now: Dense::of(&net.now),
            gather: Dense::of(&net.gather),
            place: numbers(net.place.val()),
            told: net.told.iter().map(Dense::of).collect(),
            blocks: net.blocks.iter().map(block).collect(),
            spread: Dense::of(&net.spread),
            paint: Dense::of(&net.paint),
            ground: numbers(net.ground.val() * GROUND),
            eyes: net.eyes.as_ref().map(eyes),
            context: config.context,
            passes: config.denoise,
        }
    }

    /// Width of a token.
    fn width(&self) -> usize {
        self.gather.output
    }

    /// Features of the state that a frame shows.
    pub(super) fn tell(&self, frame: &[f32]) -> Option<Vec<f32>> {
        Some(self.eyes.as_ref()?.forward(frame))
    }

    /// Paints the frame after `action`, normalised. With several passes `normal` draws the noise that it begins with.
    pub(super) fn step(&self, memory: &Memory, action: &[f32], mut normal: impl FnMut(u64) -> Vec<f32>) -> Memory {
        let numbers = self.ground.len();
        let (mut frame, mut said);
        if self.passes == 1 {
            (frame, said) = self.paint(memory, &vec![0.0; numbers], (action, [0.0, 0.0, 1.0]));
        } else {
            let mut now = normal(memory.painted);
            (frame, said) = (Vec::new(), Vec::new());
            for pass in 0..self.passes {
                let share = |pass: usize| pass as f32 / self.passes as f32;
                (frame, said) = self.paint(memory, &now, (action, [share(pass), 0.0, 0.0]));
                // Along the straight line from what there is to what was painted, as far as the next share.
                let along = (share(pass + 1) - share(pass)) / (1.0 - share(pass));
                now.iter_mut().zip(&frame).for_each(|(now, x)| *now += along * (x - *now));
            }
        }
        let mut past = memory.past.clone();
        past.push_back(Arc::new(said));
        while past.len() >= self.context {
            past.pop_front();
        }
        Memory { now: Arc::new(frame), past, painted: memory.painted + 1 }
    }

    /// One pass: the frame, and what its slot says of itself.
    fn paint(&self, memory: &Memory, now: &[f32], (action, told): (&[f32], [f32; TOLD])) -> (Vec<f32>, Vec<f32>) {
        let (width, cell, cells) = (self.width(), self.past.output, self.ground.len() / CELL_VALUES);
        let tokens = self.place.len() / width;
        let mut steering: Vec<f32> = action.iter().chain(&told).copied().collect();
        for layer in &self.told {
            let mut next = vec![0.0; layer.output];
            layer.forward(&steering, &mut next);
            next.iter_mut().for_each(|x| *x = silu(*x));
            steering = next;
        }
        let (mut seen, mut own) = (vec![0.0; cells * cell], vec![0.0; cells * cell]);
        self.past.forward(&memory.now, &mut seen);
        // Nothing stands for nothing: that layer has no bias.
        if told[2] == 0.0 {
            self.now.forward(now, &mut own);
        }
        seen.iter_mut().zip(&own).for_each(|(x, own)| *x = (*x + own).max(0.0));
        let mut x = vec![0.0; tokens * width];
        self.gather.forward(&seen, &mut x);
        x.iter_mut().zip(&self.place).for_each(|(x, place)| *x += place);
        x.chunks_mut(width).for_each(|row| row.iter_mut().zip(&steering).for_each(|(x, steer)| *x += steer));
        let mut said = Vec::with_capacity(self.blocks.len() * tokens * 2 * width);
        for (at, block) in self.blocks.iter().enumerate() {
            let each = tokens * 2 * width;
            let past: Vec<&[f32]> = memory.past.iter().map(|said| &said[at * each..][..each]).collect();
            block.forward(&mut x, &steering, &past, &mut said);
        }
        x.chunks_mut(width).for_each(|row| standardize(row, PLAIN as f32));
        self.spread.forward(&x, &mut seen);
        seen.iter_mut().for_each(|x| *x = x.max(0.0));
        let mut told = vec![0.0; cells * self.paint.output];
        self.paint.forward(&seen, &mut told);
        let mut frame = Vec::with_capacity(self.ground.len());
        let each = told.chunks(self.paint.output).zip(self.ground.chunks(CELL_VALUES));
        for ((told, ground), past) in each.zip(memory.now.chunks(CELL_VALUES)) {
            for (at, ((painted, ground), past)) in told.iter().zip(ground).zip(past).enumerate() {
                let stays = told[CELL_VALUES + at % (CELL_VALUES / 3)] + STAYS as f32;
                let painted = painted + ground;
                frame.push(painted + (past - painted) / (1.0 + exp(-stays)));
            }
        }
        (frame, said)
    }
}

impl HostBlock {
    /// Takes the tokens of one slot, `[tokens, width]`, through the block, and appends their keys and values.
    fn forward(&self, x: &mut [f32], steering: &[f32], past: &[&[f32]], said: &mut Vec<f32>) {
        let width = self.output.output;
        let tokens = x.len() / width;
        let mut parts = vec![0.0; 6 * width];
        self.modulation.forward(steering, &mut parts);
        let part = |at: usize| &parts[at * width..][..width];
        let modulated = |x: &[f32], shift: &[f32], scale: &[f32]| {
            let mut seen = x.to_vec();
            for row in seen.chunks_mut(width) {
                standardize(row, PLAIN as f32);
                row.iter_mut().zip(scale).zip(shift).for_each(|((x, scale), shift)| *x = *x * (scale + 1.0) + shift);
            }
            seen
        };
        let gated = |x: &mut [f32], y: &[f32], gate: &[f32]| {
            let rows = x.chunks_mut(width).zip(y.chunks(width));
            rows.for_each(|(x, y)| x.iter_mut().zip(y).zip(gate).for_each(|((x, y), gate)| *x += y * (gate + 1.0)));
        };

        let mut qkv = vec![0.0; tokens * 3 * width];
        self.qkv.forward(&modulated(x, part(0), part(1)), &mut qkv);
        let first = said.len();
        qkv.chunks(3 * width).for_each(|row| said.extend_from_slice(&row[width..]));
        let slots: Vec<&[f32]> = past.iter().copied().chain([&said[first..]]).collect();
        let mixed = self.attend(&qkv, &slots);
        let mut y = vec![0.0; tokens * width];
        self.output.forward(&mixed, &mut y);
        gated(x, &y, part(2));

        let mut hidden = vec![0.0; tokens * self.up.output];
        self.up.forward(&modulated(x, part(3), part(4)), &mut hidden);
        hidden.iter_mut().for_each(|x| *x = x.max(0.0));
        self.down.forward(&hidden, &mut y);
        gated(x, &y, part(5));
    }

    /// Mixes the values of all slots by how much each token looks at them, `[tokens, width]`.
    fn attend(&self, qkv: &[f32], slots: &[&[f32]]) -> Vec<f32> {
        let width = self.output.output;
        let (head, context) = (width / self.heads, self.ago.len() / self.heads);
        let scale = 1.0 / (head as f32).sqrt();
        let tokens = qkv.len() / (3 * width);
        let mut mixed = vec![0.0; tokens * width];
        let mut looks = vec![0.0; slots.len() * tokens];
        for (query, mixed) in qkv.chunks(3 * width).zip(mixed.chunks_mut(width)) {
            for h in 0..self.heads {
                let columns = h * head..(h + 1) * head;
                let (query, mixed) = (&query[columns.clone()], &mut mixed[columns.clone()]);
                let mut most = f32::NEG_INFINITY;
                for (at, (slot, looks)) in slots.iter().zip(looks.chunks_mut(tokens)).enumerate() {
                    let liking = self.ago[h * context + (slots.len() - 1 - at)];
                    for (look, row) in looks.iter_mut().zip(slot.chunks(2 * width)) {
                        *look = dot(query, &row[columns.clone()]) * scale + liking;
                        most = most.max(*look);
                    }
                }
                let mut sum = 0.0;
                for look in &mut looks {
                    *look = exp(*look - most);
                    sum += *look;
                }
                for (slot, looks) in slots.iter().zip(looks.chunks(tokens)) {
                    for (look, row) in looks.iter().zip(slot.chunks(2 * width)) {
                        let value = &row[width..][columns.clone()];
                        mixed.iter_mut().zip(value).for_each(|(mixed, x)| *mixed += look * x);
                    }
                }
                mixed.iter_mut().for_each(|x| *x /= sum);
            }
        }
        mixed
    }
}

impl HostEyes {
    fn forward(&self, frame: &[f32]) -> Vec<f32> {
        let tokens = self.place.len() / self.patch.output;
        let positive = |x: &mut [f32]| x.iter_mut().for_each(|x| *x = x.max(0.0));
        let mut seen = vec![0.0; self.place.len()];
        self.patch.forward(frame, &mut seen);
        seen.iter_mut().zip(&self.place).for_each(|(x, place)| *x += place);
        positive(&mut seen);
        let mut again = vec![0.0; tokens * self.again.output];
        self.again.forward(&seen, &mut again);
        positive(&mut again);
        let mut whole = vec![0.0; self.whole.output];
        self.whole.forward(&again, &mut whole);
        positive(&mut whole);
        let mut features = vec![0.0; self.tell.output];
        self.tell.forward(&whole, &mut features);
        features
    }
}
