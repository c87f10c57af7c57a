//! What is known of a log while its recordings are read, and what a reader should know about the whole.

use super::clock::Misfit;
use super::extent::Edges;
use super::mapping::Mapping;
use super::recording::Recording;
use super::rows::Rows;
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use terrella_data::{Note, SourceOptions};

/// What is known while recordings are read.
#[derive(Default)]
pub(super) struct Opening {
    pub(super) state: Vec<String>,
    pub(super) units: Vec<String>,
    pub(super) action: Vec<String>,
    pub(super) widths: [usize; 2],
    pub(super) fps: f64,
    pub(super) rates: Vec<f64>,
    pub(super) episodes: Vec<(String, Rows)>,
    pub(super) notes: Vec<Note>,
    pub(super) used: BTreeSet<String>,
    pub(super) misfits: BTreeMap<String, Misfit>,
    pub(super) edges: Edges,
    pub(super) unused: BTreeSet<String>,
    pub(super) first_error: Option<String>,
}

impl Opening {
    pub(super) fn take(&mut self, place: &str, recording: Recording, options: &SourceOptions) -> Result<(), String> {
        let widths = [recording.state.len(), recording.action.len()];
        if self.episodes.is_empty() {
            (self.state, self.units, self.action) = (recording.state, recording.units, recording.action);
            self.widths = widths;
        } else if widths != self.widths {
            return Err(format!(
                "it has {widths:?} state and action numbers, the recordings before it have {:?}",
                self.widths
            ));
        }
        self.rates.push(recording.fps);
        for (name, misfit) in recording.misfits {
            self.misfits.entry(name).or_default().merge(misfit);
        }
        self.edges.merge(recording.edges, 1);
        self.unused.extend(recording.unused);
        self.notes.extend(recording.odd.into_iter().map(|what| Note { place: place.to_owned(), what }));
        let whole = recording.task;
        self.episodes.extend(recording.episodes.into_iter().map(|mut rows| {
            let task = options.task.clone().or(rows.task.take()).or(whole.clone()).filter(|t| !t.trim().is_empty());
            (task.unwrap_or_else(|| "unknown".to_owned()), rows)
        }));
        Ok(())
    }

    /// The rate of all, and what a reader should know about the whole.
    pub(super) fn sum_up(&mut self, tree: &Tree, mapping: &Mapping) {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        self.fps = rates[rates.len() / 2];
        let mut note = |place: &str, what: String| self.notes.push(Note { place: place.to_owned(), what });
        if rates[rates.len() - 1] > rates[0] * 1.01 {
            note(
                "clock",
                format!(
                    "recordings have {:.4} to {:.4} rows a second, taken as {:.4}; give fps to put all on one rate",
                    rates[0],
                    rates[rates.len() - 1],
                    self.fps
                ),
            );
        }
        if mapping.action.is_empty() {
            note("action", "no action was logged: one that is always 0 stands for it".to_owned());
        }
        for (name, what) in self.edges.told() {
            note(name, what);
        }
        for (name, misfit) in self.misfits.iter().filter(|(_, m)| m.largest > 1e-6) {
            note(
                name,
                format!(
                    "samples lie up to {:.1} ms from their rows, {:.1} ms on average",
                    1e3 * misfit.largest,
                    1e3 * misfit.mean()
                ),
            );
        }
        if !self.unused.is_empty() {
            note("columns", format!("not kept: {}", self.unused.iter().cloned().collect::<Vec<_>>().join(", ")));
        }
        let pictures = self.episodes.iter().any(|(_, rows)| !rows.pictures.is_empty());
        let others = tree.names().iter().filter(|name| !self.used.contains(*name) && table_like(name)).count();
        if others > 0 && !pictures {
            note("files", format!("{others} files with tables were not read"));
        }
    }
}

fn table_like(name: &str) -> bool {
    super::files::table_ending(Path::new(name))
}
