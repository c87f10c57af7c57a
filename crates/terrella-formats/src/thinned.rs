//! Every n-th row of a recording that says its rate itself, where another one is asked for with `--fps`.
//!
//! Logs are resampled, since their samples have clocks. Rows of a dataset are taken or left: those that are taken keep
//! their times, their pictures and the action that was given in them. The actions in between are not kept; rewards
//! of the rows in between are added up, and an end among them is the end.

use std::path::{Path, PathBuf};
use terrella_core::{Episode, Frames, Signature};
use terrella_data::{Claims, Error, Evidence, Note, Result, Source, View};

/// How far the ratio of two rates may lie from a whole number, as a fraction: 29.97 Hz is every third row of 10 Hz.
const WHOLE: f64 = 0.005;

/// A recording of which rows are left out.
struct Thinned {
    source: Box<dyn Source>,
    signature: Signature,
    every: usize,
}

/// The recording at the rate that was asked for: itself, or every n-th row of it.
///
/// # Errors
/// If the rate is no whole part of the recorded one.
pub(crate) fn at_rate(path: &Path, source: Box<dyn Source>, fps: Option<f64>) -> Result<Box<dyn Source>> {
    let (Some(asked), recorded) = (fps, source.signature().fps) else { return Ok(source) };
    let ratio = recorded / asked;
    let every = ratio.round().max(1.0);
    if (ratio / every - 1.0).abs() > WHOLE {
        let path = path.display();
        let others = |n: f64| format!("{} (every {} row)", recorded / n, ordinal(n as usize));
        return Err(Error::Invalid(if ratio < 1.0 {
            format!("{path}: it has {recorded} rows a second, and none can be made for --fps {asked}; leave --fps out")
        } else {
            let near = [ratio.floor(), ratio.floor() + 1.0].map(others).join(" or ");
            format!(
                "{path}: it has {recorded} rows a second, of which --fps {asked} is no whole part; give {near}, or leave --fps out"
            )
        }));
    }
    if every == 1.0 {
        return Ok(source);
    }
    let signature = Signature { fps: recorded / every, ..source.signature().clone() };
    Ok(Box::new(Thinned { source, signature, every: every as usize }))
}

/// `2nd`, `3rd`, `4th`.
fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100 / 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

impl Thinned {
    fn each<T: Copy>(&self, of: &[T]) -> Vec<T> {
        of.iter().copied().step_by(self.every).collect()
    }

    fn any(&self, flags: &[bool]) -> Vec<bool> {
        flags.chunks(self.every).map(|group| group.contains(&true)).collect()
    }
}

impl Source for Thinned {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        self.source.lengths().into_iter().map(|rows| rows.div_ceil(self.every)).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let whole = self.source.episode(at);
        let rows: Vec<usize> = (0..whole.len()).step_by(self.every).collect();
        let states = if whole.states.is_empty() { whole.states } else { whole.states.take(&rows) };
        Episode {
            states,
            actions: whole.actions.take(&rows),
            times: self.each(&whole.times),
            rewards: whole.rewards.chunks(self.every).map(|group| group.iter().sum()).collect(),
            terminated: self.any(&whole.terminated),
            truncated: self.any(&whole.truncated),
            ..whole
        }
    }

    fn cameras(&self) -> &[View] {
        self.source.cameras()
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        let whole = self.source.frames(at, camera)?;
        let taken = (0..whole.len()).step_by(self.every).flat_map(|row| whole.bytes(row).iter().copied());
        Ok(Frames::of(whole.pixel(), whole.size(), taken.collect()))
    }

    fn evidence(&self, at: usize) -> Evidence {
        let Evidence { times, success } = self.source.evidence(at);
        let of_rows = times.len() == self.source.episode(at).len();
        Evidence { times: if of_rows { self.each(&times) } else { times }, success }
    }

    /// Statistics are those of all rows, and say nothing of these.
    fn claims(&self) -> Result<Claims> {
        Ok(Claims { stats: [None, None], ..self.source.claims()? })
    }

    fn notes(&self) -> Vec<Note> {
        let what = format!(
            "every {} row of {} a second is kept, with its time and its action; the actions in between are not kept",
            ordinal(self.every),
            self.source.signature().fps
        );
        let mut notes = self.source.notes();
        notes.push(Note { place: "fps".to_owned(), what });
        notes
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let every = |(name, path)| (format!("every {}/{name}", self.every), path);
        Ok(self.source.files()?.into_iter().map(every).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_as_people_do() {
        let told = [2, 3, 4, 11, 12, 21, 112].map(ordinal);
        assert_eq!(told, ["2nd", "3rd", "4th", "11th", "12th", "21st", "112th"], "ordinals");
    }
}
