//! What is changed of recordings before they are learned from, clip by clip: turned where the world has a symmetry,
//! moved, and seen in another light.
//!
//! A clip and its goal are changed as one, since a picture that jumps from frame to frame would show motion where
//! there is none. Whatever the log says in coordinates of the picture changes with it: an action that is a target
//! would else lead beside the place that is seen. Which numbers those are, the world declares
//! ([`terrella_core::EnvSpec::moves`]).

use crate::pixels::levels;
use crate::train_config::TrainConfig;
use crate::{Symmetry, Turn};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use terrella_core::{Key, Stream};

/// How pictures are varied in training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augment {
    /// Pictures are moved by up to so many of the pixels that the model is shown, each way; pixels of the edge are
    /// repeated.
    pub shift: usize,
    /// Brightness, contrast and each of the three colours are multiplied by something within 1 ± this.
    pub colour: f64,
    /// What of the log moves with the pictures; absent where nothing is moved.
    pub moves: Option<Symmetry>,
}

/// What is done to each clip of a batch, with its goal.
#[derive(Clone, Debug)]
pub struct Changes {
    symmetry: Option<Symmetry>,
    turns: Vec<Turn>,
    moves: Option<Symmetry>,
    /// Pixels to the right and down; no entries if nothing moves.
    shifts: Vec<[isize; 2]>,
    /// What each byte of each colour is; no entries where it is what it always is.
    lights: Vec<Vec<f32>>,
}

impl Changes {
    /// Nothing is done to so many clips.
    pub fn none(clips: usize) -> Self {
        let turns = vec![Turn::NONE; clips];
        Self { symmetry: None, turns, moves: None, shifts: Vec::new(), lights: Vec::new() }
    }

    /// Draws what is done to so many clips; each has keys of its own.
    pub fn draw(config: &TrainConfig, clips: usize, key: Key) -> Self {
        let each = |purpose: &str| {
            let key = key.with(purpose);
            (0..clips as u64).map(move |clip| key.at(clip).stream())
        };
        let Augment { shift, colour, moves } = config.augment.clone();
        let mut changes = Self { symmetry: config.symmetry.clone(), moves, ..Self::none(clips) };
        if changes.symmetry.is_some() {
            changes.turns = each("turn").map(|mut stream| Turn::number(stream.below(8))).collect();
        }
        if shift > 0 {
            let draw = |stream: &mut Stream| stream.below(2 * shift + 1) as isize - shift as isize;
            changes.shifts = each("shift").map(|mut stream| [draw(&mut stream), draw(&mut stream)]).collect();
        }
        if colour > 0.0 {
            changes.lights = each("colour").map(|stream| light(stream, colour)).collect();
        }
        changes
    }

    /// The same for some of the clips.
    pub(crate) fn of(&self, clips: std::ops::Range<usize>) -> Self {
        fn some<T: Clone>(all: &[T], clips: std::ops::Range<usize>) -> Vec<T> {
            if all.is_empty() { Vec::new() } else { all[clips].to_vec() }
        }
        Self {
            symmetry: self.symmetry.clone(),
            turns: some(&self.turns, clips.clone()),
            moves: self.moves.clone(),
            shifts: some(&self.shifts, clips.clone()),
            lights: some(&self.lights, clips),
        }
    }

    /// How each clip is turned.
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// What each byte of each clip's pictures is, [`levels`]; no entries where it is what it always is.
    pub(crate) fn lights(&self) -> &[Vec<f32>] {
        &self.lights
    }

    /// Changes the states and actions of all clips, rows of these widths; `side` is that of the pictures in pixels.
    pub(crate) fn numbers(&self, (states, actions): (&mut [f32], &mut [f32]), widths: [usize; 2], side: usize) {
        let clips = self.turns.len();
        if let (Some(moves), false) = (&self.moves, self.shifts.is_empty()) {
            let by = |clip: usize| self.shifts[clip].map(|pixels| pixels as f32 / side as f32);
            for_rows(states, widths[0], clips, |clip, row| moves.move_state(by(clip), row));
            for_rows(actions, widths[1], clips, |clip, row| moves.move_action(by(clip), row));
        }
        if let Some(symmetry) = &self.symmetry {
            for_rows(states, widths[0], clips, |clip, row| symmetry.turn_state(self.turns[clip], row));
            for_rows(actions, widths[1], clips, |clip, row| symmetry.turn_action(self.turns[clip], row));
        }
    }

    /// The pictures of all clips, moved but not yet turned; `side` is theirs in pixels.
    pub(crate) fn moved<'a>(&self, images: &'a [u8], side: usize) -> Cow<'a, [u8]> {
        if self.shifts.is_empty() || images.is_empty() {
            return Cow::Borrowed(images);
        }
        let (picture, shown) = (side * side * 3, images.len() / self.shifts.len());
        let mut out = vec![0; images.len()];
        for ((from, to), &by) in images.chunks(shown).zip(out.chunks_mut(shown)).zip(&self.shifts) {
            from.chunks(picture).zip(to.chunks_mut(picture)).for_each(|(from, to)| shift(from, side, by, to));
        }
        Cow::Owned(out)
    }
}

/// A random light: brightness, contrast (about middle grey) and the share of each colour.
fn light(mut stream: Stream, colour: f64) -> Vec<f32> {
    let mut factor = || stream.uniform(1.0 - colour, 1.0 + colour) as f32;
    let (brightness, contrast, shares) = (factor(), factor(), [factor(), factor(), factor()]);
    levels(|channel, level| ((level * brightness * shares[channel] - 0.5) * contrast + 0.5).clamp(0.0, 1.0))
}

/// Moves a picture to the right and down, repeating the pixels of its edge.
fn shift(from: &[u8], side: usize, [right, down]: [isize; 2], to: &mut [u8]) {
    let inside = |at: isize| at.clamp(0, side as isize - 1) as usize;
    // Columns from..to of a row come from the picture, as one piece; those beside them repeat its first or last pixel.
    let (left, end) = (right.clamp(0, side as isize) as usize, (side as isize + right.min(0)).max(0) as usize);
    for (y, row) in to.chunks_mut(3 * side).enumerate() {
        let source = &from[3 * side * inside(y as isize - down)..][..3 * side];
        let (first, last) = (&source[..3], &source[3 * (side - 1)..]);
        let start = left as isize - right;
        row[3 * left..3 * end].copy_from_slice(&source[3 * start as usize..][..3 * (end - left)]);
        row[..3 * left].chunks_mut(3).for_each(|pixel| pixel.copy_from_slice(first));
        row[3 * end..].chunks_mut(3).for_each(|pixel| pixel.copy_from_slice(last));
    }
}

/// Applies `f` to each row of this width; it is told the number of the clip.
fn for_rows(data: &mut [f32], width: usize, clips: usize, f: impl Fn(usize, &mut [f32])) {
    if data.is_empty() || width == 0 {
        return;
    }
    let per_clip = data.len() / clips;
    for (clip, rows) in data.chunks_mut(per_clip).enumerate() {
        rows.chunks_mut(width).for_each(|row| f(clip, row));
    }
}
