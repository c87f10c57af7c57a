//! What people drive becomes a recording: a take, kept as an [`Episode`] when it ends.
//!
//! A row is the state and the picture that somebody saw, the action that left it, and what came of that. A take follows one
//! future without a jump: where the session jumps, it is kept and another begins; what is rewound was never recorded.

use crate::messages::Say;
use crate::past::{Began, Past, Trail};
use std::path::PathBuf;
use std::sync::Arc;
use terrella_core::{Episode, Error, Frames, Image, Result, Step, Table};

/// Rows after which a take is kept and another begins: half an hour at ten steps a second, and 250 MB of pictures of 64 × 64.
pub(crate) const ROWS_MOST: usize = 20_000;

/// What somebody drove.
#[derive(Clone, Debug, Default)]
pub struct Driven {
    /// States, actions, pictures, rewards and ends of the real world, or of the learned one where there is no real one. It has
    /// at least one row; the first one's state is the start.
    pub episode: Episode,
    /// Where it began, in words: a seed, or a row of a recording, and how many steps later.
    pub provenance: String,
    /// Whether it was driven in a learned world, with no real one beside it.
    pub dreamt: bool,
    /// All that led to it and what was done in it, by which it can be replayed.
    pub past: Past,
    /// What the learned world's picture and state are known by in each row; nothing where the episode has them itself.
    pub learned: Vec<String>,
}

/// Keeps what people record.
pub trait Keep: Send {
    /// Writes it somewhere, whole, and says where.
    ///
    /// # Errors
    /// If it cannot be written.
    fn keep(&mut self, driven: Driven) -> Result<PathBuf>;
}

/// A recording that goes on.
#[derive(Debug)]
pub(crate) struct Take {
    /// Counts the takes of a session.
    pub(crate) number: u64,
    /// Where its future began, and how many steps later its first row was.
    origin: Arc<Began>,
    step: usize,
    /// What was done since, until its last row.
    trail: Trail,
    states: Table,
    actions: Table,
    pictures: Vec<Image>,
    learned: Vec<String>,
    steps: Vec<Step>,
}

impl Take {
    /// A take without a row yet, of states and actions of so many numbers, that begins so many steps after an origin.
    pub(crate) fn new(number: u64, (origin, step): (Arc<Began>, usize), [state, action]: [usize; 2]) -> Self {
        let (states, actions, trail) = (Table::new(state), Table::new(action), Trail::default());
        let (pictures, learned, steps) = (Vec::new(), Vec::new(), Vec::new());
        Self { number, origin, step, trail, states, actions, pictures, learned, steps }
    }

    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// What is seen and done in the next row, and what the learned world is known by there.
    pub(crate) fn leave(&mut self, (state, picture): (&[f32], Image), learned: String, action: &[f32]) {
        self.states.push(state);
        self.pictures.push(picture);
        self.learned.push(learned);
        self.actions.push(action);
    }

    /// What came of it, and all that was done until then.
    pub(crate) fn arrive(&mut self, step: Step, trail: &Trail) {
        self.steps.push(step);
        self.trail = trail.clone();
    }

    /// Only the first rows were ever recorded, after which this was done.
    pub(crate) fn truncate(&mut self, rows: usize, trail: &Trail) {
        self.trail = trail.clone();
        self.learned.truncate(rows);
        self.states.data.truncate(rows * self.states.width);
        self.actions.data.truncate(rows * self.actions.width);
        self.pictures.truncate(rows);
        self.steps.truncate(rows);
    }

    /// All of it; nothing where there is no row.
    fn driven(self, dreamt: bool) -> Option<Driven> {
        if self.len() == 0 {
            return None;
        }
        let episode = Episode {
            task: if dreamt { "driven by hand in a dream" } else { "driven by hand" }.to_owned(),
            states: self.states,
            actions: self.actions,
            frames: Some(Frames::from_images(&self.pictures)),
            rewards: self.steps.iter().map(|step| step.reward as f32).collect(),
            terminated: self.steps.iter().map(|step| step.terminated).collect(),
            truncated: self.steps.iter().map(|step| step.truncated).collect(),
            ..Episode::default()
        };
        let provenance = format!("{}, step {}", self.origin, self.step);
        let past = Past { origin: Arc::unwrap_or_clone(self.origin), step: self.step, path: self.trail.deeds() };
        Some(Driven { episode, provenance, dreamt, past, learned: if dreamt { Vec::new() } else { self.learned } })
    }
}

/// Where takes go, if anywhere.
pub(crate) struct Recorder {
    keep: Option<Box<dyn Keep>>,
    dreamt: bool,
}

impl Recorder {
    /// Takes of the real world, or of one that is only dreamt.
    pub(crate) fn new(keep: Option<Box<dyn Keep>>, dreamt: bool) -> Self {
        Self { keep, dreamt }
    }

    /// Fails where recordings are not kept.
    pub(crate) fn check(&self) -> Result<()> {
        match self.keep {
            Some(_) => Ok(()),
            None => {
                Err(Error::Invalid("nothing is recorded here; start the server with a place for recordings".into()))
            }
        }
    }

    /// Keeps a take, and tells how that went; says nothing of one without rows.
    pub(crate) fn keep(&mut self, take: Take) -> Option<Say> {
        let (rows, keep) = (take.len(), self.keep.as_mut()?);
        let driven = take.driven(self.dreamt)?;
        Some(match keep.keep(driven) {
            Ok(path) => Say::Recorded { path: path.display().to_string(), rows },
            Err(error) => Say::Error { text: format!("the recording of {rows} steps could not be kept: {error}") },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Sent(mpsc::Sender<Driven>);

    impl Keep for Sent {
        fn keep(&mut self, driven: Driven) -> Result<PathBuf> {
            self.0.send(driven).map_err(|error| Error::Invalid(error.to_string()))?;
            Ok("kept".into())
        }
    }

    fn take(rows: usize) -> Take {
        let (mut take, mut trail) = (Take::new(0, (Arc::new(Began::Seed(1)), 0), [1, 2]), Trail::default());
        for row in 0..rows {
            let action = [0.0, row as f32];
            take.leave((&[row as f32], Image::filled(2, 2, [row as u8; 3])), format!("dream {row}"), &action);
            trail.act(&action);
            take.arrive(Step { reward: row as f64, ..Step::default() }, &trail);
        }
        take
    }

    #[test]
    fn a_take_is_rows_of_what_was_seen_and_done_without_those_that_were_rewound() {
        let (sender, kept) = mpsc::channel();
        let mut recorder = Recorder::new(Some(Box::new(Sent(sender))), false);
        let mut rewound = take(5);
        let mut trail = Trail::default();
        (0..3).for_each(|row| trail.act(&[0.0, row as f32]));
        rewound.truncate(3, &trail);
        assert_eq!(recorder.keep(rewound), Some(Say::Recorded { path: "kept".into(), rows: 3 }));
        let Driven { episode, provenance, dreamt, past, learned } = kept.recv().expect("an episode");
        assert_eq!((episode.len(), provenance.as_str(), dreamt), (3, "seed 1, step 0", false));
        assert_eq!((past.origin, past.step, past.path), (Began::Seed(1), 0, trail.deeds()));
        assert_eq!(learned, ["dream 0", "dream 1", "dream 2"]);
        assert_eq!((episode.states.row(2), episode.actions.row(2)), (&[2.0f32][..], &[0.0f32, 2.0][..]));
        assert_eq!(episode.rewards, [0.0, 1.0, 2.0]);
        let frames = episode.frames.expect("pictures");
        assert_eq!((frames.len(), frames.image(1)), (3, Image::filled(2, 2, [1; 3])));
    }

    #[test]
    fn nothing_is_kept_of_nothing_and_a_refusal_is_told() {
        let (sender, kept) = mpsc::channel();
        let mut recorder = Recorder::new(Some(Box::new(Sent(sender))), true);
        assert_eq!(recorder.keep(take(0)), None);
        drop(kept);
        let told = recorder.keep(take(2));
        assert!(matches!(&told, Some(Say::Error { text }) if text.contains("2 steps")), "{told:?}");
        assert!(Recorder::new(None, true).check().is_err(), "no place for recordings");
    }
}
