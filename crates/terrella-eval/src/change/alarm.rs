//! What a watched stream is told of: alarms with what changed, notices of what cannot be judged, and a summary.

use super::bets::Place;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that is told while a stream is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum Told {
    /// The world has changed.
    Alarm(Alarm),
    /// Something cannot be judged, or is odd in itself.
    Notice(Notice),
}

/// The world has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// The row at which this was sure enough.
    pub at: Place,
    /// Since when it most likely is so, by the likelihood of what was bet; as a place in the stream.
    pub since: Place,
    /// Rows from then to now.
    pub rows: u64,
    /// The number of the state whose errors show it most.
    pub quantity: String,
    /// Its unit, empty where it is not known.
    pub unit: String,
    /// How its errors changed.
    pub effect: Effect,
    /// Where they are only larger: what of any number most likely makes them so.
    pub why: Option<Box<Sign>>,
    /// What bets held: the mean number of blocks until chance brings as much is at least this.
    pub evidence: f64,
    /// Whether this is the last alarm's change, which goes on.
    pub goes_on: bool,
}

/// A number of the state and how its errors changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sign {
    /// The number.
    pub quantity: String,
    /// Its unit, empty where it is not known.
    pub unit: String,
    /// How its errors changed.
    pub effect: Effect,
}

/// How errors of a number of the state changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// They are greater or less by this, a row.
    Shifted {
        /// In units of the number.
        by: f64,
    },
    /// They go with something.
    GoesWith {
        /// A state, an action, or the change of an action.
        what: String,
        /// Its unit, empty where it is not known.
        unit: String,
        /// Units of the number a row, for each unit of that.
        slope: f64,
    },
    /// They are so many times as large as usual there.
    Sized {
        /// How many times.
        times: f64,
    },
}

/// Something that cannot be judged, or is odd in itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Notice {
    /// For a while rows have been like none that were calibrated on.
    Beyond {
        /// The first of them.
        since: Place,
        /// The number that is farthest outside, its value and where it was calibrated; nothing where it is only new that they
        /// come together.
        farthest: Option<(String, f32, [f32; 2])>,
    },
    /// A number is not finite.
    NotFinite {
        /// Where.
        at: Place,
        /// Its name.
        name: String,
    },
    /// The clock ran backwards, or stood.
    Clock {
        /// Where.
        at: Place,
        /// Seconds from this row to the next.
        lasts: f64,
    },
    /// A number stands still for longer than it ever did.
    Still {
        /// Where this is sure.
        at: Place,
        /// Its name.
        name: String,
        /// Rows for which it did not change.
        rows: usize,
        /// The most that were calibrated on.
        usual: usize,
    },
    /// Episodes of the stream are left out, as they were learned from or calibrated on.
    LeftOut {
        /// Which.
        episodes: Vec<usize>,
        /// Why.
        why: String,
    },
}

/// What came of a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were bet on.
    pub judged: u64,
    /// Rows like none that were calibrated on.
    pub beyond: u64,
    /// First rows of stretches: what goes on from the row before is not known there.
    pub first: u64,
    /// Rows with a number or a clock that cannot be used.
    pub unusable: u64,
    /// Alarms.
    pub alarms: u64,
    /// What bets hold at the end.
    pub evidence: f64,
    /// What they would have to hold.
    pub threshold: f64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "episode {} row {} ({:.3} s)", self.episode, self.row, self.seconds)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alarm(alarm) => alarm.fmt(f),
            Self::Notice(notice) => notice.fmt(f),
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, since, rows, quantity, unit, effect, why, evidence, goes_on } = self;
        let word = if *goes_on { "goes on" } else { "alarm" };
        write!(f, "{word:8}{at}: {quantity} {}", effect.words(unit))?;
        if let Some(why) = why {
            write!(f, "; {} {}", why.quantity, why.effect.words(&why.unit))?;
        }
        write!(f, "; since about {since}, {rows} rows ago; evidence {evidence:.2e}")
    }
}

impl Effect {
    /// In words; `unit` is that of the number whose errors these are.
    fn words(&self, unit: &str) -> String {
        let of = |unit: &str| if unit.is_empty() { String::new() } else { format!(" {unit}") };
        match self {
            Self::Shifted { by } => {
                let way = if *by > 0.0 { "greater" } else { "less" };
                format!("comes out {way} than foretold by {:.3e}{} a row", by.abs(), of(unit))
            }
            Self::GoesWith { what, unit: its, slope } => {
                format!(
                    "is off with {what}, by {slope:.3e}{} a row for each {}",
                    of(unit),
                    if its.is_empty() { "1" } else { its.as_str() }
                )
            }
            Self::Sized { times } => format!("is foretold with {times:.2} times the usual error"),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beyond { since, farthest: Some((name, x, [low, high])) } => write!(
                f,
                "beyond  {since}: rows are like none that were calibrated on and cannot be judged; {name} is {x}, calibrated were {low} to {high}"
            ),
            Self::Beyond { since, farthest: None } => write!(
                f,
                "beyond  {since}: rows are like none that were calibrated on and cannot be judged; each number is within its range, but not together with the others"
            ),
            Self::NotFinite { at, name } => {
                write!(f, "odd     {at}: {name} is not a finite number; rows are left out until it is")
            }
            Self::Clock { at, lasts } => write!(
                f,
                "odd     {at}: the next row comes {lasts:.4} s later, so that the clock runs backwards or stands; such rows are left out"
            ),
            Self::Still { at, name, rows, usual } => write!(
                f,
                "odd     {at}: {name} has been the same number for {rows} rows, which it never was for more than {usual}; is the sensor stuck?"
            ),
            Self::LeftOut { episodes, why } => {
                let list: Vec<String> = episodes.iter().take(8).map(ToString::to_string).collect();
                let more = if episodes.len() > 8 { format!(" and {} more", episodes.len() - 8) } else { String::new() };
                write!(f, "note    {} episodes are left out, {why}: {}{more}", episodes.len(), list.join(", "))
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, judged, beyond, first, unusable, alarms, evidence, threshold } = self;
        write!(
            f,
            "{alarms} alarms in {judged} of {rows} rows that could be judged; {beyond} were like none that were calibrated on, "
        )?;
        write!(
            f,
            "{first} began a stretch, {unusable} had numbers or a clock that cannot be used; evidence at the end {evidence:.2e} of {threshold:.2e}"
        )
    }
}
