//! One model judged on several sets of recordings: what of a score carries over to another demonstrator, another place.
//!
//! A column is a set. Every policy's rate stands above the best floor on the same pairs, and what is imagined between
//! copy-last (no model) and the true simulator, told the same actions from the same logged states: what is left there is due
//! to what the log does not say, such as velocities.

use crate::aligned::aligned;
use crate::columns::{Cells, errors_ahead, last_parts, scores, side_by_side};
use crate::html::{escape, table};
use crate::{RolloutTable, Scorecard, markdown};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was measured on one set of recordings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    /// The recordings, as they were named.
    pub recordings: String,
    /// Which episodes were judged, in words.
    pub split: String,
    /// One card a policy.
    pub scorecards: Vec<Scorecard>,
    /// What the model imagines; nothing where no episode is long enough.
    pub imagined: Option<RolloutTable>,
    /// The same clips, by the true simulator; nothing where the log has no states to begin from.
    pub replayed: Option<RolloutTable>,
}

/// A model on several sets of recordings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Elsewhere(pub Vec<Place>);

impl Place {
    /// Its cells, each with what it is.
    fn cells(&self) -> Cells {
        let mut cells = Cells::new();
        if let Some((judged, all)) = self.scorecards.first().map(Scorecard::episodes) {
            cells.push(("judged".to_owned(), format!("{judged} of {all} episodes")));
        }
        cells.extend(scores(&self.scorecards));
        cells.extend(self.imagined.iter().flat_map(|imagined| errors_ahead(imagined, self.replayed.as_ref())));
        cells
    }
}

impl Elsewhere {
    fn names(&self) -> Vec<String> {
        last_parts(&self.0.iter().map(|place| place.recordings.as_str()).collect::<Vec<_>>())
    }

    fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        side_by_side(self.names(), &self.0.iter().map(Place::cells).collect::<Vec<_>>())
    }

    /// What was done, in words.
    pub fn words(&self) -> String {
        let judged = self.names().into_iter().zip(&self.0).map(|(name, place)| format!("{name}: {}.", place.split));
        format!(
            "One model on {} sets of recordings; no episode that it learned from is judged. {} Success with its by-episode 95 % interval, the best \
             policy without a model on the same pairs, and errors of what is imagined from recorded actions: copy-last says that nothing moves, \
             the simulator is the true world told the same actions.",
            self.0.len(),
            judged.collect::<Vec<_>>().join(" ")
        )
    }

    /// The table for a page.
    pub fn to_html(&self) -> String {
        let (header, rows) = self.table();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        format!(
            "<p>{}</p>\n{}{}",
            escape(&self.words()),
            table(&header, &rows),
            self.origin("<p class=\"soft\">", "</p>\n")
        )
    }

    /// The table for a document.
    pub fn to_markdown(&self) -> String {
        let (header, rows) = self.table();
        format!("{}\n{}\n{}", markdown::table(&header, &rows), self.words(), self.origin("", "\n"))
    }

    fn origin(&self, before: &str, after: &str) -> String {
        let card = self.0.first().and_then(|place| place.scorecards.first());
        card.map_or_else(String::new, |card| {
            let origin = card.provenance();
            format!("{before}{}, revision {}, {}.{after}", origin.command, origin.commit, origin.machine)
        })
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, rows) = self.table();
        writeln!(f, "{}", aligned(&header, &rows))
    }
}
