//! What is changed of recordings before they are learned from, clip by clip: turned where the world has a symmetry,
//! moved, and seen in another light.
//!
//! A clip and its goal are changed as one, since a picture that jumps from frame to frame would show motion where
//! there is none. Whatever the log says in coordinates of the picture changes with it: an action that is a target
//! would else lead beside the place that is seen. Which numbers those are, the world declares
//! ([`terrella_core::EnvSpec::moves`]).

use crate::pixels::levels;
use crate::{Error, Result, Symmetry, Turn};
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
    /// How each clip is turned.
    pub(crate) turns: Vec<Turn>,
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
    ///
    /// # Errors
    /// If pictures shall be moved and nobody says what moves with them.
    pub fn draw(augment: &Augment, symmetry: Option<&Symmetry>, clips: usize, key: Key) -> Result<Self> {
        let each = |purpose: &str| {
            let key = key.with(purpose);
            (0..clips as u64).map(move |clip| key.at(clip).stream())
        };
        let Augment { shift, colour, moves } = augment.clone();
        if shift > 0 && moves.is_none() {
            return Err(Error::Invalid(format!(
                "train.augment.shift = {shift} moves pictures, and train.augment.moves does not say which states and actions move with \
                 them; name them, or say with empty lists that there are none"
            )));
        }
        let mut changes = Self { symmetry: symmetry.cloned(), moves, ..Self::none(clips) };
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
        Ok(changes)
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

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 8;

    fn config(shift: usize, colour: f64) -> Augment {
        Augment { shift, colour, moves: Some(symmetry()) }
    }

    fn symmetry() -> Symmetry {
        Symmetry { side: 4.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[1, 0]] }
    }

    fn drawn(config: &Augment, clips: usize) -> Changes {
        Changes::draw(config, Some(&symmetry()), clips, Key::new(4)).expect("what moves is said")
    }

    /// A bright pixel, a logged point and a target that are together stay together, in all pictures of a clip.
    #[test]
    fn what_is_seen_and_what_is_said_move_alike() {
        let changes = drawn(&config(2, 0.0), 40);
        let (row, column) = (3, 4);
        let mut image = [0; SIDE * SIDE * 3];
        image[(row * SIDE + column) * 3..][..3].copy_from_slice(&[9, 8, 7]);
        // Two pictures a clip, side 4.0 in the units of the log.
        let moved = changes.moved(&image.repeat(80), SIDE).into_owned();
        let point = [(column as f32 + 0.5) / 2.0, (row as f32 + 0.5) / 2.0];
        let (mut states, mut actions) = (point.repeat(80), [point[1], point[0]].repeat(40));
        changes.numbers((&mut states, &mut actions), [2, 2], SIDE);
        let mut places = std::collections::BTreeSet::new();
        for (at, picture) in moved.chunks(SIDE * SIDE * 3).enumerate() {
            let turn = changes.turns[at / 2];
            let source = |y, x| {
                let (y, x) = turn.source(y, x, SIDE);
                &picture[(y * SIDE + x) * 3..][..3]
            };
            let said = &states[2 * at..][..2];
            let (y, x) = ((said[1] * 2.0) as usize, (said[0] * 2.0) as usize);
            assert_eq!(source(y, x), [9, 8, 7], "picture {at}, turned {turn:?}");
            assert_eq!([actions[at / 2 * 2 + 1], actions[at / 2 * 2]], said, "the target of clip {}", at / 2);
            places.insert(changes.shifts[at / 2]);
        }
        // 25 places, 40 draws: about 20 of them.
        assert!(places.len() > 12 && places.iter().flatten().all(|by| by.abs() <= 2), "{places:?}");
    }

    #[test]
    fn the_edge_is_repeated() {
        let image: Vec<u8> = (0..3 * 9).collect();
        let at = |image: &[u8], y: usize, x: usize| image[(y * 3 + x) * 3..][..3].to_vec();
        for by in [[0, 0], [1, 0], [-1, 2], [2, -1], [-2, -2], [3, 0], [0, -3]] {
            let mut to = vec![0; 27];
            shift(&image, 3, by, &mut to);
            for (y, x) in (0..3).flat_map(|y| (0..3).map(move |x| (y, x))) {
                let from = |at: usize, by: isize| (at as isize - by).clamp(0, 2) as usize;
                assert_eq!(at(&to, y, x), at(&image, from(y, by[1]), from(x, by[0])), "{by:?}, row {y}, column {x}");
            }
        }
    }

    #[test]
    fn a_light_is_one_for_a_clip_and_changes_levels_by_little() {
        let changes = drawn(&config(0, 0.2), 6);
        let plain = levels(|_, level| level);
        assert!(changes.shifts.is_empty() && changes.lights().len() == 6, "one light a clip, and nothing moves");
        for light in changes.lights() {
            assert!(*light != plain, "a light of its own");
            // 1.2 · 1.2 · 1.2 and half of a fifth are the most; the smallest deviation is 0.224.
            let most = light.iter().zip(&plain).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(most < (1.2f32.powi(3) - 1.0 + 0.1) / 0.224, "by {most}");
            assert!((0..3).all(|c| light[256 * c..256 * (c + 1)].is_sorted()), "brighter stays brighter");
        }
    }

    #[test]
    fn each_clip_has_keys_of_its_own_and_nothing_is_drawn_unasked() {
        let all = drawn(&config(3, 0.2), 5);
        let some = drawn(&config(3, 0.2), 2);
        assert_eq!(all.of(0..2).shifts, some.shifts);
        assert_eq!(all.of(0..2).lights, some.lights);
        assert_eq!(all.of(3..5).turns, all.turns[3..], "the turns of the last clips");
        let plain = drawn(&Augment::default(), 5);
        assert_eq!(plain.turns, all.turns, "turns do not depend on what else is drawn");
        assert!(plain.shifts.is_empty() && plain.lights.is_empty(), "nothing else");
        let image = vec![7; SIDE * SIDE * 3 * 5];
        assert!(matches!(plain.moved(&image, SIDE), Cow::Borrowed(_)), "pictures are not even copied");
        let mut unsaid = config(3, 0.0);
        unsaid.moves = None;
        let told =
            Changes::draw(&unsaid, Some(&symmetry()), 5, Key::new(4)).expect_err("nobody says what moves").to_string();
        assert!(told.contains("shift = 3") && told.contains("train.augment.moves"), "{told}");
    }
}
