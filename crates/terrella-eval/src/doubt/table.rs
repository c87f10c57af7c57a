//! How well doubts tell changed worlds from the world as it is, in a table.
//!
//! The same actions from the same recorded states, in the world as it is and in one that was changed in one thing. A moment is one
//! row, a stretch is as bad as its worst moment. What is refused of the world as it is are false alarms.

use super::auroc::{Separated, auroc};
use super::familiar::{Familiar, worst};
use super::moments::{DoubtKind, Moment};
use crate::Provenance;
use crate::aligned::aligned;
use crate::html::{escape, table};
use crate::limits::with_interval;
use crate::markdown;
use crate::trust::Covered;
use serde::{Deserialize, Serialize};
use std::fmt;
use terrella_core::Key;

/// How well one score tells a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoubtTold {
    /// The score.
    pub kind: DoubtKind,
    /// Of single moments.
    pub moments: Separated,
    /// Of stretches.
    pub stretches: Separated,
}

/// One world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoubtRow {
    /// What is changed.
    pub factor: String,
    /// To what, or by how much, in `unit`.
    pub size: f64,
    /// Unit of the size; empty where nothing is changed.
    pub unit: String,
    /// How well each score tells it from the world as it is; none for that itself.
    pub told: Vec<DoubtTold>,
    /// Episodes of which no moment was refused, of those that were judged.
    pub accepted: Covered,
}

/// Moments of a judged episode in one world: of each of its stretches, of each moment the scores.
pub type Judged = Vec<Vec<Vec<Moment>>>;

/// All worlds that were tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoubtTable {
    /// The world as it is, then each change.
    pub rows: Vec<DoubtRow>,
    /// Share of episodes of which no moment is to be refused.
    pub level: f64,
    /// Episodes that calibrated.
    pub calibrated: usize,
    /// Rows of a stretch, at most.
    pub stretch: usize,
    /// Rows that were learned from, to which distances were measured.
    pub places: usize,
    /// What was not tried, and why.
    pub notes: Vec<String>,
    /// Where it came from.
    pub provenance: Provenance,
}

impl DoubtRow {
    /// What is made of a world: `plain` are the same episodes in the world as it is.
    pub fn of(
        (factor, size, unit): (&str, f64, &str),
        familiar: &Familiar,
        (plain, changed): (&[Judged], &[Judged]),
        key: Key,
    ) -> Self {
        let told = |kind: DoubtKind| {
            let moments = |judged: &[Judged], e: usize| -> Vec<f64> {
                let all = judged[e].iter().flatten().flatten();
                all.filter(|moment| moment.kind == kind).map(|moment| moment.value).collect()
            };
            let stretches = |judged: &[Judged], e: usize| -> Vec<f64> {
                judged[e].iter().filter_map(|stretch| worst(stretch, kind)).map(|moment| moment.value).collect()
            };
            let n = plain.len().min(changed.len());
            let single: Vec<[Vec<f64>; 2]> = (0..n).map(|e| [moments(plain, e), moments(changed, e)]).collect();
            let whole: Vec<[Vec<f64>; 2]> = (0..n).map(|e| [stretches(plain, e), stretches(changed, e)]).collect();
            let key = key.with(kind.name());
            Some(DoubtTold { kind, moments: auroc(&single, key)?, stretches: auroc(&whole, key)? })
        };
        let told = if unit.is_empty() { Vec::new() } else { familiar.kinds().into_iter().filter_map(told).collect() };
        let quiet = |episode: &Judged| !episode.iter().flatten().flatten().any(|moment| familiar.refuses(moment));
        let accepted = Covered { held: changed.iter().filter(|&episode| quiet(episode)).count(), of: changed.len() };
        Self { factor: factor.to_owned(), size, unit: unit.to_owned(), told, accepted }
    }
}

impl DoubtTable {
    /// What was done, in words.
    pub fn words(&self) -> String {
        format!(
            "Doubts about held-out episodes whose actions are done again from recorded states, {} rows at most, in the world as it is and in worlds that \
             are changed in one thing. AUROC: how probable it is that a moment (or a stretch, by its worst moment) of the changed world has the larger \
             score; 0.5 is chance. Brackets are 95 % intervals by episode. Disagreement: of members, in deviations that they tell. Distance: to {} rows \
             that were learned from. Surprise: the error one block ahead, in told deviations. Refused: episodes with a moment beyond what {:.0} % of \
             episodes never exceed by each score alone, calibrated on {} others; of the world as it is these are false alarms.",
            self.stretch,
            self.places,
            100.0 * self.level,
            self.calibrated
        )
    }

    fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let kinds: Vec<DoubtKind> = DoubtKind::ALL
            .into_iter()
            .filter(|kind| self.rows.iter().any(|row| row.told.iter().any(|told| told.kind == *kind)))
            .collect();
        let mut header = vec!["world".to_owned(), "by".to_owned()];
        header.extend(kinds.iter().flat_map(|kind| ["moment", "stretch"].map(|of| format!("{}, {of}", kind.name()))));
        header.push("refused".to_owned());
        let row = |row: &DoubtRow| {
            let by = if row.unit.is_empty() { "–".to_owned() } else { format!("{} {}", row.size, row.unit) };
            let mut cells = vec![row.factor.clone(), by];
            for kind in &kinds {
                let told = row.told.iter().find(|told| told.kind == *kind);
                let cell = |of: fn(&DoubtTold) -> Separated| {
                    told.map_or_else(|| "–".to_owned(), |told| with_interval(of(told).auroc, of(told).interval))
                };
                cells.extend([cell(|told| told.moments), cell(|told| told.stretches)]);
            }
            let Covered { held, of } = row.accepted;
            cells.push(format!("{} of {of}", of - held));
            cells
        };
        (header, self.rows.iter().map(row).collect())
    }

    fn origin(&self) -> String {
        let Provenance { command, commit, machine, split, .. } = &self.provenance;
        format!("`{command}`, revision {commit}, {machine}; held out: {split}.")
    }

    /// The table for a page, with what it means and where it came from.
    pub fn to_html(&self) -> String {
        let (header, rows) = self.table();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let notes: String = self.notes.iter().map(|note| format!("<p>{}</p>\n", escape(note))).collect();
        let (words, origin) = (escape(&self.words()), escape(&self.origin()));
        format!("<p>{words}</p>\n{notes}{}<p class=\"soft\">{origin}</p>\n", table(&header, &rows))
    }

    /// The table for a document.
    pub fn to_markdown(&self) -> String {
        let (header, rows) = self.table();
        format!("{}\n\n{}\n{}\n", markdown::table(&header, &rows), self.words(), self.origin())
    }
}

impl fmt::Display for DoubtTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, rows) = self.table();
        write!(f, "{}", aligned(&header, &rows))?;
        self.notes.iter().try_for_each(|note| write!(f, "\nnote: {note}"))
    }
}
