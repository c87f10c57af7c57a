//! What came of each action: its reward, and whether it ended the task or the recording.
//!
//! Every reader fills an [`Outcome`] an episode. A dataset has a reward or an end on every row or not at all, so what
//! only some episodes have is not kept, and told.

use crate::Note;
use terrella_core::Episode;

/// Outcomes of the actions of one episode; lists are empty where nothing was stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// A reward a row.
    pub rewards: Vec<f32>,
    /// Whether the action of a row ended the task for good.
    pub terminated: Vec<bool>,
    /// Whether the recording was cut behind a row for another reason.
    pub truncated: Vec<bool>,
}

/// What all episodes of a recording have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// Every row has a reward.
    pub reward: bool,
    /// Every row says whether the task ended there.
    pub ends: bool,
}

impl Outcome {
    /// The episode with what is known of it.
    pub fn on(&self, episode: Episode) -> Episode {
        let Self { rewards, terminated, truncated } = self.clone();
        Episode { rewards, terminated, truncated, ..episode }
    }

    /// Appends 0 or 1, or another number that stands for yes; nothing where nothing was stored.
    pub fn mark(flags: &mut Vec<bool>, number: f32) {
        if !number.is_nan() {
            flags.push(number != 0.0);
        }
    }
}

/// Keeps what every episode has on each of its rows, and tells what it drops; `all` are rows and outcomes of the
/// episodes, `names` are what the recording calls reward, end and cut.
pub fn agree<'a>(
    all: impl Iterator<Item = (usize, &'a mut Outcome)>,
    names: [&str; 3],
    notes: &mut Vec<Note>,
) -> Logged {
    let mut all: Vec<(usize, &mut Outcome)> = all.collect();
    let mut tell = |name: &str, what: String| notes.push(Note { place: name.to_owned(), what });
    let odd = all
        .iter()
        .enumerate()
        .find_map(|(at, (_, o))| o.rewards.iter().position(|x| !x.is_finite()).map(|row| (at, row, o.rewards[row])));
    if let Some((at, row, x)) = odd {
        tell(names[0], format!("not kept: it is {x} in row {row} of episode {at}"));
        all.iter_mut().for_each(|(_, o)| o.rewards.clear());
    }
    let lengths: [fn(&Outcome) -> usize; 3] = [|o| o.rewards.len(), |o| o.terminated.len(), |o| o.truncated.len()];
    let clear: [fn(&mut Outcome); 3] = [|o| o.rewards.clear(), |o| o.terminated.clear(), |o| o.truncated.clear()];
    let mut kept = [false; 3];
    for (at, (length, clear)) in lengths.into_iter().zip(clear).enumerate() {
        let whole = all.iter().filter(|(rows, o)| length(o) == *rows).count();
        if whole == all.len() {
            kept[at] = whole > 0;
        } else if all.iter().any(|(_, o)| length(o) > 0) {
            tell(names[at], format!("not kept: {whole} of {} episodes have it on every row", all.len()));
            all.iter_mut().for_each(|(_, o)| clear(o));
        }
    }
    if kept[2] && !kept[1] {
        tell(names[2], "not kept: where a recording was cut says little without where the task ended".to_owned());
        all.iter_mut().for_each(|(_, o)| o.truncated.clear());
    }
    Logged { reward: kept[0], ends: kept[1] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(mut all: Vec<Outcome>) -> (Logged, Vec<Outcome>, Vec<String>) {
        let mut notes = Vec::new();
        let logged = agree(all.iter_mut().map(|o| (2, o)), ["reward", "done", "cut"], &mut notes);
        (logged, all, notes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_every_row_has_is_kept() {
        let whole = Outcome { rewards: vec![0.0, 1.0], terminated: vec![false, true], truncated: Vec::new() };
        let (logged, all, notes) = agreed(vec![whole.clone(), whole.clone()]);
        assert_eq!((logged, &all[1], notes.len()), (Logged { reward: true, ends: true }, &whole, 0), "as it was");
        assert_eq!(agreed(vec![Outcome::default()]).0, Logged::default(), "nothing was stored");
        let cut = Outcome { truncated: vec![false, true], ..Outcome::default() };
        let (logged, all, notes) = agreed(vec![cut]);
        assert!(!logged.ends && all[0].truncated.is_empty() && notes.len() == 1, "a cut is no end of the task");
    }

    #[test]
    fn what_some_rows_lack_is_told() {
        let whole = Outcome { rewards: vec![0.0, 1.0], terminated: vec![false, true], truncated: Vec::new() };
        let part = Outcome { rewards: vec![0.0, f32::NAN], terminated: vec![false], truncated: Vec::new() };
        let (logged, all, notes) = agreed(vec![whole, part]);
        assert_eq!((logged, &all[0]), (Logged::default(), &Outcome::default()), "all or none");
        let told = [
            "reward: not kept: it is NaN in row 1 of episode 1",
            "done: not kept: 1 of 2 episodes have it on every row",
        ];
        assert_eq!(notes, told, "why");
    }
}
