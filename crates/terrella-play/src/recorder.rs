//! What people drive becomes a recording: a take, kept as an [`Episode`] when it ends.
//!
//! A row is the state and the picture that somebody saw, the action that left it, and what came of that. A take follows one
//! future without a jump: where the session jumps, it is kept and another begins; what is rewound was never recorded.

use crate::messages::Say;
use std::path::PathBuf;
use terrella_core::{Episode, Error, Frames, Image, Result, Step, Table};

/// Rows after which a take is kept and another begins: half an hour at ten steps a second, and 250 MB of pictures of 64 × 64.
pub(crate) const ROWS_MOST: usize = 20_000;

/// What somebody drove.
#[derive(Clone, Debug, Default)]
pub struct Driven {
    /// States, actions, pictures, rewards and ends of the real world, or of the learned one where there is no real one. It has
    /// at least one row; the first one's state is the start.
    pub episode: Episode,
    /// Where it began, in words: a seed, or a row of a recording, and how many steps later; and which rows a planner drove, where one did.
    pub provenance: String,
    /// Whether it was driven in a learned world, with no real one beside it.
    pub dreamt: bool,
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
    provenance: String,
    states: Table,
    actions: Table,
    pictures: Vec<Image>,
    steps: Vec<Step>,
    /// Rows whose action a planner chose.
    planned: Vec<usize>,
}

impl Take {
    /// A take without a row yet, of states and actions of so many numbers.
    pub(crate) fn new(number: u64, provenance: String, [state, action]: [usize; 2]) -> Self {
        let (states, actions) = (Table::new(state), Table::new(action));
        Self { number, provenance, states, actions, pictures: Vec::new(), steps: Vec::new(), planned: Vec::new() }
    }

    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// What is seen and done in the next row.
    pub(crate) fn leave(&mut self, state: &[f32], picture: Image, action: &[f32]) {
        self.states.push(state);
        self.pictures.push(picture);
        self.actions.push(action);
    }

    /// What is done in the row that was left last, a planner chose.
    pub(crate) fn planned(&mut self) {
        self.planned.push(self.pictures.len().saturating_sub(1));
    }

    /// What came of it.
    pub(crate) fn arrive(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Only the first rows were ever recorded.
    pub(crate) fn truncate(&mut self, rows: usize) {
        self.states.data.truncate(rows * self.states.width);
        self.actions.data.truncate(rows * self.actions.width);
        self.pictures.truncate(rows);
        self.steps.truncate(rows);
        self.planned.retain(|&row| row < rows);
    }

    /// All of it; nothing where there is no row.
    fn driven(self, dreamt: bool) -> Option<Driven> {
        if self.len() == 0 {
            return None;
        }
        let provenance = format!("{}{}", self.provenance, drove(&self.planned));
        let task = match self.planned.len() {
            0 => "driven by hand",
            n if n == self.len() => "driven by a planner",
            _ => "driven by hand and by a planner",
        };
        let episode = Episode {
            task: task.to_owned(),
            states: self.states,
            actions: self.actions,
            frames: Some(Frames::from_images(&self.pictures)),
            rewards: self.steps.iter().map(|step| step.reward as f32).collect(),
            terminated: self.steps.iter().map(|step| step.terminated).collect(),
            truncated: self.steps.iter().map(|step| step.truncated).collect(),
            ..Episode::default()
        };
        Some(Driven { episode, provenance, dreamt })
    }
}

/// Says which rows, in order, a planner drove; nothing where it drove none.
fn drove(rows: &[usize]) -> String {
    let runs: Vec<String> = rows
        .chunk_by(|one, next| one + 1 == *next)
        .filter_map(|run| Some((run.first()?, run.last()?)))
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") })
        .collect();
    if runs.is_empty() { String::new() } else { format!("; the planner drove rows {}", runs.join(", ")) }
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
        let mut take = Take::new(0, "seed 1".into(), [1, 2]);
        for row in 0..rows {
            take.leave(&[row as f32], Image::filled(2, 2, [row as u8; 3]), &[0.0, row as f32]);
            take.arrive(Step { reward: row as f64, ..Step::default() });
        }
        take
    }

    #[test]
    fn a_take_is_rows_of_what_was_seen_and_done_without_those_that_were_rewound() {
        let (sender, kept) = mpsc::channel();
        let mut recorder = Recorder::new(Some(Box::new(Sent(sender))), false);
        let mut rewound = take(5);
        rewound.truncate(3);
        assert_eq!(recorder.keep(rewound), Some(Say::Recorded { path: "kept".into(), rows: 3 }));
        let Driven { episode, provenance, dreamt } = kept.recv().expect("an episode");
        assert_eq!((episode.len(), provenance.as_str(), dreamt), (3, "seed 1", false));
        assert_eq!((episode.states.row(2), episode.actions.row(2)), (&[2.0f32][..], &[0.0f32, 2.0][..]));
        assert_eq!(episode.rewards, [0.0, 1.0, 2.0]);
        let frames = episode.frames.expect("pictures");
        assert_eq!((frames.len(), frames.image(1)), (3, Image::filled(2, 2, [1; 3])));
    }

    #[test]
    fn what_a_planner_drove_says_so() {
        let (sender, kept) = mpsc::channel();
        let mut recorder = Recorder::new(Some(Box::new(Sent(sender))), false);
        let mut take = take(0);
        let row = |take: &mut Take, planned: bool| {
            take.leave(&[0.0], Image::filled(2, 2, [0; 3]), &[0.0, 0.0]);
            if planned {
                take.planned();
            }
            take.arrive(Step::default());
        };
        [true, true, false, true, true].iter().for_each(|&planned| row(&mut take, planned));
        take.truncate(4);
        recorder.keep(take);
        let Driven { episode, provenance, .. } = kept.recv().expect("an episode");
        assert_eq!(provenance, "seed 1; the planner drove rows 0 to 1, 3");
        assert_eq!(episode.task, "driven by hand and by a planner");
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
