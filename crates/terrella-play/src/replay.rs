//! What was driven comes again: from where it began, by what was done, frame by frame, and is held against what was recorded.
//!
//! Worlds and models say the same again to the last bit, so whatever differs was changed: a program, a model or a recording.

use crate::past::{Deed, Past};
use crate::stage::Stage;
use serde::Serialize;
use terrella_core::{Episode, Error, Result, Step};

/// A row in which something came otherwise than it was recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Differs {
    /// The row, counted from 0.
    pub row: usize,
    /// The first number of the state that differs, as it was recorded and as it came, and how many do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Apart>,
    /// How the picture differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<Levels>,
    /// The reward of the step, as it was recorded and as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward: Option<[f32; 2]>,
    /// Whether the step ended the episode in one of them and not in the other.
    pub end: bool,
    /// Whether the learned world's picture or state, of which only a fingerprint was kept, came otherwise.
    pub dream: bool,
}

/// A number of a state that differs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Apart {
    /// Which one, counted from 0.
    pub at: usize,
    /// As it was recorded, and as it came.
    pub values: [f32; 2],
    /// How many numbers of the state differ.
    pub of: usize,
}

/// How two pictures differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Levels {
    /// Bytes that differ, three a pixel.
    pub bytes: usize,
    /// By how much at most, of 255.
    pub most: u8,
}

impl Differs {
    fn is_there(&self) -> bool {
        *self != Self { row: self.row, ..Self::default() }
    }
}

/// Drives once more what was driven, and says in which rows something came otherwise. `learned` is what the learned world was known
/// by in each row, where that was kept.
///
/// # Errors
/// If the path was not kept, it is not the way to this episode, all rows of the stage are lent, or a world refuses.
pub fn replay(stage: &mut Stage, past: &Past, learned: &[String], episode: &Episode) -> Result<Vec<Differs>> {
    let Some(path) = &past.path else {
        return Err(Error::Invalid(format!(
            "so much was done since {} that the path to this drive was not kept, so it cannot come again; record sooner after a reset",
            past.origin
        )));
    };
    check(stage, past, path, learned, episode)?;
    let row =
        stage.lend().ok_or_else(|| Error::Invalid("all futures are lent; replay on a stage of its own".to_owned()))?;
    let differs = again(stage, row, past, path, learned, episode);
    stage.take_back(row);
    differs
}

/// Whether a path leads to an episode, before anything is driven.
fn check(stage: &Stage, past: &Past, path: &[Deed], learned: &[String], episode: &Episode) -> Result<()> {
    let (rows, width) = (episode.len(), stage.spec().actions.width());
    Error::check("action numbers of what was driven, beside those of the world", width, episode.actions.width)?;
    Error::check(
        "state numbers of what was driven, beside those of the world",
        stage.told(0).len(),
        episode.states.width,
    )?;
    let Some(frames) = &episode.frames else {
        return Err(Error::Invalid("it has no pictures, which what was driven has; it was changed since".to_owned()));
    };
    let ([height, wide], size) = (frames.size(), stage.size());
    if [height, wide] != [size; 2] || frames.len() != rows {
        return Err(Error::Invalid(format!(
            "it has {} pictures of {height} × {wide} in {rows} rows, and here they are {size} × {size}; it was changed since, or is of another model",
            frames.len()
        )));
    }
    if !learned.is_empty() {
        Error::check("fingerprints of the learned world, one a row", rows, learned.len())?;
    }
    let mut steps = 0usize;
    for deed in path {
        if let Deed::Act { action, times } = deed {
            Error::check("numbers of an action on the path", width, action.len())?;
            steps = steps.saturating_add(*times);
        }
    }
    if Some(steps) != past.step.checked_add(rows) {
        return Err(Error::Invalid(format!(
            "the path is {steps} steps long, which are not {} to the first row and {rows} in the episode; one of the two was changed",
            past.step
        )));
    }
    Ok(())
}

fn again(
    stage: &mut Stage,
    row: usize,
    past: &Past,
    path: &[Deed],
    learned: &[String],
    episode: &Episode,
) -> Result<Vec<Differs>> {
    stage.begin(row, &past.origin)?;
    let (mut found, mut step) = (Vec::new(), 0usize);
    for deed in path {
        let (action, times) = match deed {
            Deed::Anchor => {
                stage.anchor(row)?;
                continue;
            }
            Deed::Act { action, times } => (action, *times),
        };
        for _ in 0..times {
            let at = step.checked_sub(past.step);
            let left = at.map(|at| before(stage, row, at, action, (learned, episode))).transpose()?;
            let came = stage.step(&[row], action)?.0[0];
            if let Some(mut differs) = left {
                after(&mut differs, came, episode);
                found.extend(Some(differs).filter(Differs::is_there));
            }
            step += 1;
        }
    }
    Ok(found)
}

/// What is otherwise in a row before its action.
fn before(
    stage: &Stage,
    row: usize,
    at: usize,
    action: &[f32],
    (learned, episode): (&[String], &Episode),
) -> Result<Differs> {
    let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    if bits(action) != bits(episode.actions.row(at)) {
        return Err(Error::Invalid(format!(
            "the action of row {at} is {:?} in the episode, and {action:?} on the path: one of the two was changed",
            episode.actions.row(at)
        )));
    }
    let look = stage.look(&[row]).0.swap_remove(0);
    let [dreamt, real] = stage.tell(row);
    let print = look.print(dreamt.as_deref().unwrap_or_default());
    let told = if stage.is_real() { real } else { dreamt }.unwrap_or_default();
    let state = if episode.states.width == 0 { None } else { number(episode.states.row(at), &told) };
    let frames = episode.frames.as_ref();
    let picture = frames.and_then(|frames| levels(frames.bytes(at), &look.into_true_one().data));
    let dream = learned.get(at).is_some_and(|kept| *kept != print);
    Ok(Differs { row: at, state, picture, dream, ..Differs::default() })
}

/// What is otherwise in what came of an action, where that was logged.
fn after(differs: &mut Differs, came: Step, episode: &Episode) {
    let (at, reward) = (differs.row, came.reward as f32);
    let logged = episode.rewards.get(at).copied().filter(|logged| logged.to_bits() != reward.to_bits());
    differs.reward = logged.map(|logged| [logged, reward]);
    let ends = [(&episode.terminated, came.terminated), (&episode.truncated, came.truncated)];
    differs.end = ends.iter().any(|(logged, came)| logged.get(at).is_some_and(|logged| logged != came));
}

fn number(recorded: &[f32], came: &[f32]) -> Option<Apart> {
    let apart = |&at: &usize| came.get(at).is_none_or(|x| x.to_bits() != recorded[at].to_bits());
    let mut all = (0..recorded.len()).filter(apart);
    let at = all.next()?;
    let values = [recorded[at], came.get(at).copied().unwrap_or(f32::NAN)];
    Some(Apart { at, values, of: 1 + all.count() })
}

fn levels(recorded: &[u8], came: &[u8]) -> Option<Levels> {
    let apart = || recorded.iter().zip(came).map(|(a, b)| a.abs_diff(*b)).filter(|apart| *apart > 0);
    let most = apart().max()?;
    Some(Levels { bytes: apart().count(), most })
}

#[cfg(test)]
mod tests;
