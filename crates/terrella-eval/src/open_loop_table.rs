//! Open-loop errors as they are told: a table on a page, in a document and in a terminal, and what it says
//! against the model.

use crate::Provenance;
use crate::aligned::aligned;
use crate::html::{escape, table};
use crate::limits::{digits, with_interval};
use crate::markdown;
use crate::stats::Interval;
use serde::{Deserialize, Serialize};

/// Name of the linear regression.
pub(crate) const LINEAR: &str = "linear ARX";

/// One predictor at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Who: `model`, `copy-last`, `linear ARX` …
    pub predictor: String,
    /// Root mean square error.
    pub rmse: f64,
    /// Its 95 % interval, episodes resampled.
    pub interval: Interval,
}

/// All predictors on one number of the state at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenLoopRow {
    /// Name of the number, as the log calls it.
    pub name: String,
    /// Its unit; empty if the recordings do not say.
    pub unit: String,
    /// Rows ahead.
    pub steps: usize,
    /// The model first.
    pub told: Vec<Told>,
}

/// Open-loop errors of a model and of its baselines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenLoop {
    /// Rows a second.
    pub fps: f64,
    /// Clips at each horizon, and the held-out episodes that they came from: (steps, clips, episodes).
    pub counts: Vec<(usize, usize, usize)>,
    /// Horizons that no held-out episode is long enough for.
    pub too_long: Vec<usize>,
    /// Hash of the recordings.
    pub data_hash: String,
    /// What was measured.
    pub rows: Vec<OpenLoopRow>,
    /// Where it came from; nothing in evaluations of before this was kept.
    #[serde(default)]
    pub provenance: Option<Provenance>,
}

impl OpenLoop {
    /// Header and rows of the table: number, steps, then one column a predictor.
    fn cells(&self) -> (Vec<String>, Vec<Vec<String>>) {
        // Who cannot tell a horizon is missing there.
        let mut predictors: Vec<&str> = Vec::new();
        for told in self.rows.iter().flat_map(|row| &row.told) {
            if !predictors.contains(&told.predictor.as_str()) {
                predictors.push(&told.predictor);
            }
        }
        predictors.sort_by_key(|name| *name != "model");
        let names = predictors.iter().map(|name| (*name).to_owned());
        let header = ["number".to_owned(), "ahead".to_owned()].into_iter().chain(names).collect();
        let episodes = |steps: usize| self.counts.iter().find(|c| c.0 == steps).map_or(0, |c| c.2);
        let row = |row: &OpenLoopRow| {
            let unit = if row.unit.is_empty() { "as logged" } else { row.unit.as_str() };
            let ahead = format!("{} steps, {} s", row.steps, digits(row.steps as f64 / self.fps));
            let told = predictors.iter().map(|name| {
                let told = row.told.iter().find(|t| t.predictor == *name);
                told.map_or_else(
                    || "–".to_owned(),
                    |t| match episodes(row.steps) {
                        // One episode says nothing of how episodes differ.
                        0 | 1 => digits(t.rmse),
                        _ => with_interval(t.rmse, t.interval),
                    },
                )
            });
            [format!("{} ({unit})", row.name), ahead].into_iter().chain(told).collect()
        };
        (header, self.rows.iter().map(row).collect())
    }

    /// The table for a page, with what it means.
    pub fn to_html(&self) -> String {
        let (header, rows) = self.cells();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let origin = escape(&self.origin());
        format!("<p>{}</p>\n{}<p class=\"soft\">{origin}</p>\n", escape(&self.words()), table(&header, &rows))
    }

    /// The table for a document.
    pub(crate) fn to_markdown(&self) -> String {
        let (header, rows) = self.cells();
        format!("{}\n{} {}\n", markdown::table(&header, &rows), self.words(), self.origin())
    }

    fn origin(&self) -> String {
        self.provenance.as_ref().map_or_else(String::new, |Provenance { split, command, commit, machine, .. }| {
            format!("Made by `{command}`, revision {commit}, on {machine}; held out: {split}.")
        })
    }

    /// What was done, in words.
    pub fn words(&self) -> String {
        let counts = self.counts.iter().map(|(h, clips, n)| format!("{h} steps: {clips} clips of {n} episodes"));
        let mut words = format!(
            "Root mean square errors on held-out episodes: each predictor was shown one row (linear ARX also the one before), was told the actions that followed, and \
             foretold the rest alone ({}). “copy-last” says that nothing changes, {}. Brackets are 95 % intervals that resample whole \
             episodes. Data {:.12}.",
            counts.collect::<Vec<_>>().join("; "),
            if self.rows.iter().flat_map(|row| &row.told).any(|told| told.predictor == LINEAR) {
                "“linear ARX” is a linear regression on two rows and their actions"
            } else {
                "a linear regression is missing, as none of the recorded episodes was learned from"
            },
            self.data_hash
        );
        if !self.too_long.is_empty() {
            words.push_str(&format!(" No held-out episode is long enough for {:?} steps.", self.too_long));
        }
        words
    }

    /// Where the model is no better than a baseline, as sentences.
    pub fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        for row in &self.rows {
            let Some((model, others)) = row.told.split_first().filter(|(m, _)| m.predictor == "model") else {
                continue;
            };
            let better: Vec<&str> =
                others.iter().filter(|o| o.rmse <= model.rmse).map(|o| o.predictor.as_str()).collect();
            if !better.is_empty() {
                limits.push(format!(
                    "{} steps ahead the model's {} is no better than {}.",
                    row.steps,
                    row.name,
                    better.join(" and ")
                ));
            }
        }
        limits
    }
}

impl std::fmt::Display for OpenLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (header, rows) = self.cells();
        f.write_str(&aligned(&header, &rows))
    }
}
