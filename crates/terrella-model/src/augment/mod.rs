//! What is changed of recordings before they are learned from, clip by clip: turned where the world has a symmetry,
//! moved, and seen in another light.
//!
//! A clip and its goal are changed as one, since a picture that jumps from frame to frame would show motion where
//! there is none. Where things are moved, whatever the log says in coordinates of the picture moves with them: an action
//! that is a target would else lead beside the place that is seen. Which numbers those are, the world declares
//! ([`terrella_core::EnvSpec::moves`]). Where it is the camera that moved, numbers stay what they are.

mod config;
mod room;
mod sight;

use crate::{Error, Result, Symmetry, Turn};
pub use config::{Augment, UNSEEN_SIDE};
use rayon::prelude::*;
pub(crate) use room::{Room, room, room_seen};
use sight::Sight;
use std::borrow::Cow;
use std::ops::Range;
use terrella_core::{Batch, Episode, Image, Key, Observation, Stream};

/// What is done to each clip of a batch, with its goal.
#[derive(Clone, Debug)]
pub struct Changes {
    symmetry: Option<Symmetry>,
    /// How each clip is turned.
    pub(crate) turns: Vec<Turn>,
    moves: Option<Symmetry>,
    /// Pixels to the right and down; no entries if nothing moves.
    shifts: Vec<[isize; 2]>,
    /// How each clip is seen, if not as recorded; no entries if none is.
    sights: Vec<Option<Sight>>,
    /// Side of the pictures.
    side: usize,
}

impl Changes {
    /// Nothing is done to so many clips.
    pub fn none(clips: usize) -> Self {
        let turns = vec![Turn::NONE; clips];
        Self { symmetry: None, turns, moves: None, shifts: Vec::new(), sights: Vec::new(), side: 0 }
    }

    /// Draws what is done to so many clips with pictures of this side; each has keys of its own.
    ///
    /// # Errors
    /// If pictures shall be moved and nobody says what moves with them.
    pub fn draw(
        augment: &Augment,
        symmetry: Option<&Symmetry>,
        (clips, side): (usize, usize),
        key: Key,
    ) -> Result<Self> {
        let shift = augment.shift as isize;
        Self::draw_within(augment, symmetry, (&vec![[[-shift, shift]; 2]; clips], side), key)
    }

    /// The same, where the things of each clip are moved within its room at most.
    ///
    /// # Errors
    /// As [`Self::draw`].
    pub(crate) fn draw_within(
        augment: &Augment,
        symmetry: Option<&Symmetry>,
        (rooms, side): (&[Room], usize),
        key: Key,
    ) -> Result<Self> {
        let clips = rooms.len();
        let each = |purpose: &str| {
            let key = key.with(purpose);
            (0..clips as u64).map(move |clip| key.at(clip))
        };
        let Augment { shift, moves, .. } = augment;
        if *shift > 0 && moves.is_none() {
            return Err(Error::Invalid(format!(
                "train.augment.shift = {shift} moves pictures, and train.augment.moves does not say which states and actions move with \
                 them; name them, or say with empty lists that there are none"
            )));
        }
        let varied = || each("varied").map(|key| key.stream().chance(augment.share));
        let mut changes = Self { symmetry: symmetry.cloned(), moves: moves.clone(), side, ..Self::none(clips) };
        if changes.symmetry.is_some() {
            changes.turns = each("turn").map(|key| Turn::number(key.stream().below(8))).collect();
        }
        if *shift > 0 {
            let draw = |stream: &mut Stream, [least, most]: [isize; 2]| {
                least + stream.below((most - least) as usize + 1) as isize
            };
            let place = |((key, varied), [right, down]): ((Key, bool), Room)| {
                let mut stream = key.stream();
                if varied { [draw(&mut stream, right), draw(&mut stream, down)] } else { [0, 0] }
            };
            changes.shifts = each("shift").zip(varied()).zip(rooms.iter().copied()).map(place).collect();
        }
        if augment.varies() {
            let shift = |clip: usize| changes.shifts.get(clip).copied().unwrap_or_default();
            let sight = |(clip, (key, varied)): (usize, (Key, bool))| {
                varied.then(|| Sight::draw(augment, shift(clip), side, key))
            };
            changes.sights = each("sight").zip(varied()).enumerate().map(sight).collect();
        }
        Ok(changes)
    }

    /// What is done to each clip of a batch, with its goal, for a model that is shown pictures of this side, if any: what changes
    /// in them stays in view.
    ///
    /// # Errors
    /// As [`Self::draw`].
    pub(crate) fn of_batch(
        augment: &Augment,
        symmetry: Option<&Symmetry>,
        (batch, picture): (&Batch, Option<usize>),
        key: Key,
    ) -> Result<Self> {
        let (clips, side) = (batch.clips.len(), picture.unwrap_or(UNSEEN_SIDE));
        if picture.is_none() || augment.shift == 0 {
            return Self::draw(augment, symmetry, (clips, side), key);
        }
        let bytes = (batch.images.len() / (clips * batch.shown()).max(1)).max(1);
        let of_clip = |clip: &[u8]| room_seen(clip.chunks_exact(bytes), side, augment.shift);
        let rooms: Vec<Room> = batch.images.par_chunks_exact(batch.shown() * bytes).map(of_clip).collect();
        Self::draw_within(augment, symmetry, (&rooms, side), key)
    }

    /// What is done to these rows of a recording as to one clip, for a model that is shown pictures of this side, if any: what
    /// changes in them stays in view.
    ///
    /// # Errors
    /// As [`Self::draw`].
    pub fn of_rows(
        augment: &Augment,
        symmetry: Option<&Symmetry>,
        (episode, rows, picture): (&Episode, Range<usize>, Option<usize>),
        key: Key,
    ) -> Result<Self> {
        let side = picture.unwrap_or(UNSEEN_SIDE);
        match episode.frames.as_ref().filter(|_| picture.is_some() && augment.shift > 0) {
            Some(frames) => {
                let seen: Vec<Image> = rows.map(|row| frames.image(row).resized(side, side)).collect();
                let room = room_seen(seen.iter().map(|image| &image.data[..]), side, augment.shift);
                Self::draw_within(augment, symmetry, (&[room], side), key)
            }
            None => Self::draw(augment, symmetry, (1, side), key),
        }
    }

    /// The same, with all clips turned so.
    #[must_use]
    pub fn turned(mut self, turn: Turn) -> Self {
        self.turns.fill(turn);
        self
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
            sights: some(&self.sights, clips),
            side: self.side,
        }
    }

    /// How far a clip's things are moved, as shares of the side.
    fn moved_by(&self, clip: usize) -> [f32; 2] {
        self.shifts[clip].map(|pixels| pixels as f32 / self.side as f32)
    }

    /// Changes the states and actions of all clips, rows of these widths.
    pub(crate) fn numbers(&self, (states, actions): (&mut [f32], &mut [f32]), widths: [usize; 2]) {
        let clips = self.turns.len();
        if let (Some(moves), false) = (&self.moves, self.shifts.is_empty()) {
            for_rows(states, widths[0], clips, |clip, row| moves.move_state(self.moved_by(clip), row));
            for_rows(actions, widths[1], clips, |clip, row| moves.move_action(self.moved_by(clip), row));
        }
        if let Some(symmetry) = &self.symmetry {
            for_rows(states, widths[0], clips, |clip, row| symmetry.turn_state(self.turns[clip], row));
            for_rows(actions, widths[1], clips, |clip, row| symmetry.turn_action(self.turns[clip], row));
        }
    }

    /// The pictures of all clips as they are seen, not yet turned.
    pub(crate) fn seen<'a>(&self, images: &'a [u8]) -> Cow<'a, [u8]> {
        if self.sights.is_empty() || images.is_empty() {
            return Cow::Borrowed(images);
        }
        let (picture, each) = (self.side * self.side * 3, images.len() / self.sights.len());
        let frames = each / picture;
        let mut out = vec![0; images.len()];
        out.par_chunks_mut(picture).zip(images.par_chunks(picture)).enumerate().for_each(
            |(at, (to, from))| match &self.sights[at / frames] {
                Some(sight) => sight.through((from, at % frames), self.side, to),
                None => to.copy_from_slice(from),
            },
        );
        Cow::Owned(out)
    }

    /// What was observed in a row of the one clip that is changed.
    pub(crate) fn observation(&self, row: usize, seen: Observation) -> Observation {
        let Observation { mut image, mut state } = seen;
        if let (Some(Some(sight)), Some(image)) = (self.sights.first(), &mut image) {
            let mut through = vec![0; image.data.len()];
            sight.through((&image.data, row), self.side, &mut through);
            image.data = through;
        }
        if let (Some(moves), false) = (&self.moves, self.shifts.is_empty() || state.is_empty()) {
            moves.move_state(self.moved_by(0), &mut state);
        }
        let seen = Observation { image, state };
        match &self.symmetry {
            Some(symmetry) => symmetry.turn_observation(self.turns[0], seen),
            None => seen,
        }
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
    use terrella_core::Clip;

    const SIDE: usize = 8;

    fn config(shift: usize, colour: f64) -> Augment {
        Augment { shift, colour, moves: Some(symmetry()), ..Augment::default() }
    }

    fn symmetry() -> Symmetry {
        Symmetry { side: 4.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[1, 0]] }
    }

    fn drawn(config: &Augment, clips: usize) -> Changes {
        Changes::draw(config, Some(&symmetry()), (clips, SIDE), Key::new(4)).expect("what moves is said")
    }

    /// A bright pixel, a logged point and a target that are together stay together, in all pictures of a clip.
    #[test]
    fn what_is_seen_and_what_is_said_move_alike() {
        let changes = drawn(&config(2, 0.0), 40);
        let (row, column) = (3, 4);
        let mut image = [0; SIDE * SIDE * 3];
        image[(row * SIDE + column) * 3..][..3].copy_from_slice(&[9, 8, 7]);
        // Two pictures a clip, side 4.0 in the units of the log.
        let moved = changes.seen(&image.repeat(80)).into_owned();
        let point = [(column as f32 + 0.5) / 2.0, (row as f32 + 0.5) / 2.0];
        let (mut states, mut actions) = (point.repeat(80), [point[1], point[0]].repeat(40));
        changes.numbers((&mut states, &mut actions), [2, 2]);
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

    /// A dot that walks to the right edge, in clips of two frames and their goal.
    #[test]
    fn what_changes_in_a_clip_stays_in_view() {
        let picture = |column: usize| {
            let mut picture = vec![200; SIDE * SIDE * 3];
            picture[(3 * SIDE + column) * 3..][..3].fill(0);
            picture
        };
        let clips = 30;
        let images = [5, 6, 7].map(picture).concat().repeat(clips);
        let clip = Clip { episode: 0, start: 0 };
        let batch =
            Batch { clips: vec![clip; clips], n_frames: 2, to_goal: vec![9; clips], images, ..Batch::default() };
        let augment = Augment { shift: 4, moves: Some(symmetry()), ..Augment::default() };
        let of = |picture| Changes::of_batch(&augment, None, (&batch, picture), Key::new(4)).expect("it is said");
        let changes = of(Some(SIDE));
        assert!(changes.shifts.iter().all(|[right, down]| (-4..=0).contains(right) && (-3..=4).contains(down)));
        let dots = |picture: &[u8]| picture.chunks(3).filter(|pixel| pixel[0] == 0).count();
        assert!(
            changes.seen(&batch.images).chunks(SIDE * SIDE * 3).all(|picture| dots(picture) > 0),
            "in every picture"
        );
        let moved = changes.shifts.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert!(moved > 8, "and is moved: {moved} places");
        // A model that is shown no pictures counts in pixels all the same, and looks at none.
        assert!(of(None).shifts.iter().any(|[right, _]| *right > 0), "as far as it likes");
    }

    #[test]
    fn each_clip_has_keys_of_its_own_and_nothing_is_drawn_unasked() {
        let all = drawn(&config(3, 0.2), 5);
        let some = drawn(&config(3, 0.2), 2);
        assert_eq!(all.of(0..2).shifts, some.shifts);
        let image: Vec<u8> = (0..SIDE * SIDE * 3 * 5).map(|i| (i % 250) as u8).collect();
        assert_eq!(all.seen(&image)[..2 * SIDE * SIDE * 3], some.seen(&image[..2 * SIDE * SIDE * 3])[..], "and sights");
        assert_eq!(all.of(3..5).seen(&image[3 * SIDE * SIDE * 3..])[..], all.seen(&image)[3 * SIDE * SIDE * 3..]);
        assert_eq!(all.of(3..5).turns, all.turns[3..], "the turns of the last clips");
        let half = drawn(&Augment { share: 0.5, ..config(3, 0.2) }, 40);
        let kept: Vec<bool> = half.sights.iter().map(Option::is_none).collect();
        assert!((10..=30).contains(&kept.iter().filter(|kept| **kept).count()), "about half are as recorded: {kept:?}");
        let still = |clip: usize| {
            half.seen(&image.repeat(8))[3 * SIDE * SIDE * clip..][..3] == image.repeat(8)[3 * SIDE * SIDE * clip..][..3]
        };
        assert!(
            (0..40).all(|clip| !kept[clip] || still(clip) && half.shifts[clip] == [0, 0]),
            "and nothing of them moves"
        );
        let told = Augment { share: 0.5, anew: true, ..config(3, 0.2) }.words();
        assert_eq!(told, "shift 3, colour 0.2, looks anew in each picture, in 50 % of the clips");
        assert_eq!(Augment { anew: true, share: 0.5, ..Augment::default() }.words(), "", "nothing");
        let plain = drawn(&Augment::default(), 5);
        assert_eq!(plain.turns, all.turns, "turns do not depend on what else is drawn");
        assert!(plain.shifts.is_empty() && plain.sights.is_empty(), "nothing else");
        assert!(matches!(plain.seen(&image), Cow::Borrowed(_)), "pictures are not even copied");
        let mut unsaid = config(3, 0.0);
        unsaid.moves = None;
        let told = Changes::draw(&unsaid, Some(&symmetry()), (5, SIDE), Key::new(4))
            .expect_err("nobody says what moves")
            .to_string();
        assert!(told.contains("shift = 3") && told.contains("train.augment.moves"), "{told}");
    }
}
