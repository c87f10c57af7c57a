//! One model judged on several sets of recordings: what of a score carries over to another demonstrator, another place.
//!
//! A column is a set. Every policy's rate stands above the best floor on the same pairs, and what is imagined between
//! copy-last (no model) and the true simulator, told the same actions from the same logged states: what is left there is due
//! to what the log does not say, such as velocities.

use crate::aligned::aligned;
use crate::html::{escape, table};
use crate::limits::with_interval;
use crate::rollout::{MOVED, STILL};
use crate::{Interval, RolloutTable, Score, Scorecard, markdown, percent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// Name of the world itself among those that foretell.
const SIMULATOR: &str = "simulator";

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
    fn cells(&self) -> Vec<(String, String)> {
        let mut cells = Vec::new();
        if let Some((judged, all)) = self.scorecards.first().map(Scorecard::episodes) {
            cells.push(("judged".to_owned(), format!("{judged} of {all} episodes")));
        }
        for card in &self.scorecards {
            let cell = |score: &Score| {
                (format!("{}, {}", card.policy(), score.rule().name()), percent(score.rate(), score.interval()))
            };
            cells.extend(card.scores().iter().map(cell));
        }
        for score in self.scorecards.first().into_iter().flat_map(Scorecard::scores) {
            let (name, (rate, interval)) = best_floor(score);
            cells.push((format!("best floor, {}", score.rule().name()), format!("{} {name}", percent(rate, interval))));
        }
        let Some(imagined) = &self.imagined else { return cells };
        for quantity in imagined.quantities.iter().filter(|q| q.of_state()) {
            let steps = imagined.frame_skip * quantity.curves.first().map_or(0, |c| c.points.len().saturating_sub(1));
            let unit = &quantity.unit;
            let replayed = self.replayed.as_ref().and_then(|table| table.quantity(&quantity.name)?.last("model"));
            let who = ["copy-last", "model", MOVED, STILL, "seen"].map(|name| (name, quantity.last(name)));
            for (name, told) in who.into_iter().chain([(SIMULATOR, replayed)]) {
                let what = if name == "seen" {
                    "seen at that moment".to_owned()
                } else {
                    format!("{steps} steps ahead, {name}")
                };
                let Some(told) = told else { continue };
                let told = format!("{} {unit}", with_interval(told.mean, told.interval));
                cells.push((format!("{}, {what}", quantity.name), told));
            }
        }
        cells
    }
}

/// The best policy without a model, of those that remember and those that do not.
fn best_floor(score: &Score) -> (&str, (f64, Interval)) {
    let ignorant = [("random", score.random()), ("null", score.null())];
    let remembering = score.floors().iter().map(|floor| (floor.name.as_str(), (floor.rate, floor.interval)));
    let all = ignorant.into_iter().chain(remembering);
    all.max_by(|(_, (a, _)), (_, (b, _))| a.total_cmp(b)).unwrap_or(("random", score.random()))
}

impl Elsewhere {
    /// What the sets are called: by the last part of their paths, if these differ.
    fn names(&self) -> Vec<String> {
        let last = |place: &Place| {
            let name = Path::new(&place.recordings).file_name().map(|name| name.to_string_lossy().into_owned());
            name.unwrap_or_else(|| place.recordings.clone())
        };
        let short: Vec<String> = self.0.iter().map(last).collect();
        let unique: BTreeSet<&String> = short.iter().collect();
        if unique.len() == short.len() { short } else { self.0.iter().map(|place| place.recordings.clone()).collect() }
    }

    fn table(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let columns: Vec<Vec<(String, String)>> = self.0.iter().map(Place::cells).collect();
        let mut names: Vec<&String> = Vec::new();
        for (name, _) in columns.iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let header = std::iter::once(String::new()).chain(self.names()).collect();
        let cell = |column: &Vec<(String, String)>, name: &String| {
            column.iter().find(|(n, _)| n == name).map_or_else(|| "–".to_owned(), |(_, cell)| cell.clone())
        };
        let row = |name: &&String| {
            std::iter::once((*name).clone()).chain(columns.iter().map(|column| cell(column, name))).collect()
        };
        (header, names.iter().map(row).collect())
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
