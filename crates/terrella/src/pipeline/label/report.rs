//! What came of labelling, for people and as JSON.

use crate::settings::LabelSettings;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use terrella_data::Written;
use terrella_eval::LabelScore;

/// What came of labelling.
#[derive(Clone, Debug, Serialize)]
pub struct Labelled {
    /// The folder that was made.
    pub path: PathBuf,
    /// What is in it.
    pub written: Written,
    /// What the labeller learned from.
    pub learned: Lessons,
    /// Errors on held-out episodes that neither taught nor calibrated; nothing if there were too few.
    pub held_out: Option<LabelScore>,
    /// What became of the rows that were to be labelled.
    pub film: FilmRows,
    /// Errors against the actions that were logged with them, in all rows and in those that were kept, if there were any.
    pub judged: Option<[LabelScore; 2]>,
    /// How it was asked for.
    pub settings: LabelSettings,
    /// Seed of weights, batches and choices.
    pub seed: u64,
    /// What there is to tell, in sentences.
    pub notes: Vec<String>,
}

/// What a labeller learned from, and by what its intervals were measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lessons {
    /// Episodes whose actions were looked at.
    pub episodes: usize,
    /// Their rows.
    pub rows: usize,
    /// Episodes that could have been learned from.
    pub of: usize,
    /// How episodes were held out.
    pub split: String,
    /// Held-out episodes that calibrated.
    pub calibrating: usize,
    /// Held-out episodes that were judged.
    pub judging: usize,
    /// Names of the action's numbers.
    pub action: Vec<String>,
    /// By which told deviations were multiplied, for each.
    pub factors: Vec<f64>,
}

/// What became of the rows that were to be labelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FilmRows {
    /// Episodes that were labelled.
    pub episodes: usize,
    /// Their rows.
    pub rows: usize,
    /// Episodes beside them that were left alone: those learned from, and those held out.
    pub known: [usize; 2],
    /// Rows that were kept.
    pub kept: usize,
    /// Rows that were too unsure.
    pub unsure: usize,
    /// Rows that were sure, in stretches that were too short.
    pub short: usize,
    /// Episodes of which nothing was kept.
    pub emptied: usize,
    /// How far the interval of half of the rows reaches at most, in standard deviations.
    pub median_reach: f64,
}

impl fmt::Display for Labelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lessons { episodes, rows, of, split, calibrating, judging, .. } = &self.learned;
        writeln!(
            f,
            "learned from {rows} rows of {episodes} of {of} episodes ({split}); {calibrating} held-out episodes calibrated, {judging} others were judged"
        )?;
        if let Some(score) = &self.held_out {
            writeln!(f, "\nheld out: {score}\n")?;
        }
        if let Some([all, kept]) = &self.judged {
            writeln!(
                f,
                "judged by the actions that were logged with them, all rows: {all}\n\nand those that were kept: {kept}\n"
            )?;
        }
        let FilmRows { episodes, rows, known, kept, unsure, short, emptied, median_reach } = self.film;
        let LabelSettings { reach, min_rows, .. } = self.settings;
        let share = 100.0 * kept as f64 / rows.max(1) as f64;
        writeln!(
            f,
            "{kept} of {rows} rows ({share:.1} %) of {episodes} episodes were kept; left out were {unsure} whose interval reaches further than {reach} standard deviations (half of all reach {median_reach:.2} at most) and {short} in stretches of fewer than {min_rows} rows, with {emptied} whole episodes"
        )?;
        if known != [0, 0] {
            writeln!(
                f,
                "not labelled: {} episodes that were learned from and {} that are held out",
                known[0], known[1]
            )?;
        }
        let Written { episodes, rows } = self.written;
        write!(f, "{}: {episodes} episodes, {rows} rows", self.path.display())
    }
}
