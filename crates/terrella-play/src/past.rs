//! What led to a moment: where a future began, and all that was done since, so that it can come again bit for bit.
//!
//! A [`Trail`] is shared with every moment that can be come back to: futures that fork, are rewound or loaded keep the trail that
//! led to them, and none is copied. What is held for many steps is one entry. A trail of more than [`MOST`] entries is given up,
//! which its [`Past`] tells: hours of play need no more memory for it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Entries of a trail at most: an hour and a half in which something else is done at each of ten steps a second.
const MOST: usize = 50_000;

/// Where a future began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Began {
    /// At what a seed draws.
    Seed(u64),
    /// In a row of a recording, both counted from 0.
    Row {
        /// Which of the recordings to start in.
        episode: usize,
        /// Its row.
        row: usize,
        /// The state that was logged there and begun in; empty where pictures were looked at.
        state: Vec<f32>,
    },
}

impl Default for Began {
    /// Where a session begins.
    fn default() -> Self {
        Self::Seed(0)
    }
}

impl fmt::Display for Began {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(seed) => write!(f, "seed {seed}"),
            Self::Row { episode, row, .. } => write!(f, "episode {episode}, row {row}"),
        }
    }
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// An action, for so many steps.
    Act {
        /// Its numbers.
        action: Vec<f32>,
        /// Steps.
        times: usize,
    },
    /// The learned world looked at the real one.
    Anchor,
}

/// All that determines what was driven, beside the worlds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// Where the future began.
    pub origin: Began,
    /// Steps from there to the first row that was recorded.
    pub step: usize,
    /// All that was done from there to the last row that was recorded, in order; nothing where it was too much to be kept.
    pub path: Option<Vec<Deed>>,
}

/// What was done since a future began.
#[derive(Clone, Default)]
pub(crate) struct Trail {
    before: Option<Arc<Entry>>,
    /// The newest, which still grows: it is not shared.
    last: Option<Deed>,
    len: usize,
    /// There were too many.
    lost: bool,
}

struct Entry {
    deed: Deed,
    before: Option<Arc<Self>>,
}

impl Drop for Entry {
    /// One after the other: a chain that drops its rest from within needs a stack as deep as it is long.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut entry) = next.and_then(Arc::into_inner) {
            next = entry.before.take();
        }
    }
}

impl Trail {
    /// One more step of this action.
    pub(crate) fn act(&mut self, action: &[f32]) {
        let same = |held: &[f32]| held.iter().map(|x| x.to_bits()).eq(action.iter().map(|x| x.to_bits()));
        match &mut self.last {
            Some(Deed::Act { action: held, times }) if same(held.as_slice()) => *times += 1,
            _ => self.push(Deed::Act { action: action.to_vec(), times: 1 }),
        }
    }

    /// The learned world looked.
    pub(crate) fn anchor(&mut self) {
        self.push(Deed::Anchor);
    }

    fn push(&mut self, deed: Deed) {
        if self.lost || self.len == MOST {
            *self = Self { lost: true, ..Self::default() };
            return;
        }
        if let Some(deed) = self.last.replace(deed) {
            self.before = Some(Arc::new(Entry { deed, before: self.before.take() }));
        }
        self.len += 1;
    }

    /// All of it, the oldest first; nothing where it was too much.
    pub(crate) fn deeds(&self) -> Option<Vec<Deed>> {
        if self.lost {
            return None;
        }
        let mut deeds: Vec<Deed> = self.last.iter().cloned().collect();
        let mut next = self.before.as_ref();
        while let Some(entry) = next {
            deeds.push(entry.deed.clone());
            next = entry.before.as_ref();
        }
        deeds.reverse();
        Some(deeds)
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trail({} entries{})", self.len, if self.lost { ", lost" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(action: &[f32], times: usize) -> Deed {
        Deed::Act { action: action.to_vec(), times }
    }

    #[test]
    fn what_is_held_is_one_entry_and_forks_keep_what_led_to_them() {
        let mut trail = Trail::default();
        assert_eq!(trail.deeds(), Some(vec![]));
        (0..3).for_each(|_| trail.act(&[1.0]));
        let mut fork = trail.clone();
        trail.act(&[1.0]);
        trail.anchor();
        trail.act(&[0.0]);
        trail.act(&[-0.0]);
        fork.act(&[2.0]);
        let [zero, other] = [0.0f32, -0.0].map(|x| act(&[x], 1));
        assert_eq!(trail.deeds(), Some(vec![act(&[1.0], 4), Deed::Anchor, zero, other]), "zeros differ in a bit");
        assert_eq!(trail.len, 4);
        assert_eq!(fork.deeds(), Some(vec![act(&[1.0], 3), act(&[2.0], 1)]));
    }

    #[test]
    fn too_long_a_trail_is_given_up_and_one_from_before_is_whole() {
        let mut trail = Trail::default();
        (0..MOST).for_each(|at| trail.act(&[at as f32]));
        let before = trail.clone();
        assert_eq!(before.deeds().map(|deeds| deeds.len()), Some(MOST));
        trail.act(&[-1.0]);
        trail.act(&[-2.0]);
        assert_eq!((trail.deeds(), trail.before.is_none()), (None, true), "and nothing of it is kept");
        assert_eq!(before.deeds().map(|deeds| deeds.len()), Some(MOST));
        // Deep chains are dropped without a deep stack.
        std::thread::Builder::new()
            .stack_size(64 * 1024)
            .spawn(move || drop(before))
            .expect("a thread")
            .join()
            .expect("no overflow");
    }

    #[test]
    fn a_past_survives_json() {
        let row = Began::Row { episode: 3, row: 20, state: vec![0.1, -7.25e-9] };
        for origin in [Began::Seed(u64::MAX), row] {
            let path = Some(vec![act(&[0.3, -0.0], 2), Deed::Anchor]);
            let past = Past { origin, step: 1, path };
            let text = serde_json::to_string(&past).expect("JSON");
            assert_eq!(serde_json::from_str::<Past>(&text).expect("back"), past, "{text}");
        }
    }
}
