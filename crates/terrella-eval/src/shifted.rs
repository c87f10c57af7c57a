//! What is left of a score when the scene looks otherwise: one factor at a time, on the same pairs.
//!
//! The first row is the scene as it is, drawn by the same hand. What is told of a factor is what its middle size costs, and its
//! break point: the least size tried from which on at most half of the successes are left.

use crate::aligned::aligned;
use crate::clusters::{by_episode, wilson_by_episode};
use crate::html::{escape, table};
use crate::markdown;
use crate::stats::Interval;
use crate::{Attempts, Provenance, RolloutTable};
use serde::{Deserialize, Serialize};
use std::fmt;
use terrella_core::Rule;

/// Successes under one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The rule.
    pub rule: Rule,
    /// Attempts that fulfilled it.
    pub successes: usize,
    /// Attempts.
    pub n: usize,
    /// The 95 % interval of the rate, by episode.
    pub interval: Interval,
}

impl Reached {
    /// Share of successes.
    pub fn rate(&self) -> f64 {
        self.successes as f64 / self.n.max(1) as f64
    }
}

/// How far off a part of the state is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The part.
    pub part: String,
    /// Unit of both.
    pub unit: String,
    /// Mean error of looking at the moment itself.
    pub seen: f64,
    /// Mean error of what was imagined at the end of the rollout.
    pub imagined: f64,
}

/// One scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftRow {
    /// What is changed.
    pub factor: String,
    /// By how much, in `unit`.
    pub size: f64,
    /// Unit of the size; empty where nothing is changed.
    pub unit: String,
    /// Successes, a rule each.
    pub reached: Vec<Reached>,
    /// Errors of parts of the state; none of a model that tells none.
    pub told: Vec<Told>,
}

impl ShiftRow {
    /// What a policy made of one scene, and what the model saw and imagined in it.
    pub fn new(scene: (&str, f64, &str), attempts: &Attempts, rollout: Option<&RolloutTable>) -> Self {
        let episodes = attempts.episodes();
        let reached = |&rule: &Rule| {
            let won: Vec<bool> = attempts.verdicts().iter().map(|v| v.success(rule)).collect();
            let groups = by_episode(&won, &episodes);
            let counts: Vec<(usize, usize)> =
                groups.iter().map(|g| (g.iter().filter(|won| **won).count(), g.len())).collect();
            let successes = won.iter().filter(|won| **won).count();
            Reached { rule, successes, n: won.len(), interval: wilson_by_episode(&counts) }
        };
        let told = rollout.into_iter().flat_map(|table| &table.quantities).filter(|q| q.of_state()).filter_map(|q| {
            let (seen, imagined) = (q.last("seen")?.mean, q.last("model")?.mean);
            Some(Told { part: q.name.clone(), unit: q.unit.clone(), seen, imagined })
        });
        let (factor, size, unit) = (scene.0.to_owned(), scene.1, scene.2.to_owned());
        Self {
            factor,
            size,
            unit,
            reached: attempts.protocol.rules.iter().map(reached).collect(),
            told: told.collect(),
        }
    }
}

/// What one factor costs under one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost<'a> {
    /// The factor.
    pub factor: &'a str,
    /// Its middle size, in words.
    pub middle: String,
    /// Which share of the successes that size takes away.
    pub drop: f64,
    /// The least size from which on half of the successes, at most, are left, in words; nothing if there is none.
    pub breaks: Option<String>,
}

/// A policy in a scene as it is, and in others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shifts {
    /// The policy.
    pub policy: String,
    /// Steps after which something imagined is compared.
    pub steps: usize,
    /// The scene as it is, then each factor's sizes from small to large.
    pub rows: Vec<ShiftRow>,
    /// Where it came from.
    pub provenance: Provenance,
}

impl Shifts {
    /// What each factor costs under a rule.
    pub fn costs(&self, rule: Rule) -> Vec<Cost<'_>> {
        let rate = |row: &ShiftRow| row.reached.iter().find(|r| r.rule == rule).map_or(0.0, Reached::rate);
        let Some((still, changed)) = self.rows.split_first() else { return Vec::new() };
        let left = |row: &ShiftRow| rate(row) / rate(still).max(f64::MIN_POSITIVE);
        let cost = |sizes: &'_ [ShiftRow]| {
            let broken = sizes.iter().rev().take_while(|row| left(row) <= 0.5).last();
            let middle = &sizes[sizes.len() / 2];
            (middle_of(middle), 1.0 - left(middle), broken.map(middle_of))
        };
        let factors = changed.chunk_by(|a, b| a.factor == b.factor);
        factors
            .map(|sizes| {
                let (middle, drop, breaks) = cost(sizes);
                Cost { factor: &sizes[0].factor, middle, drop, breaks }
            })
            .collect()
    }

    /// What was done, in words.
    pub fn words(&self) -> String {
        format!(
            "The same pairs for “{}” in scenes that look otherwise, one factor at a time. Recorded states are drawn anew; physics, starts and goals \
             are the same. Brackets are 95 % intervals by episode. Seen: how far off the model tells a moment that it looks at. Imagined: \
             the same {} steps after the last look. A factor breaks it from the least size on at which half of the successes, at most, are left.",
            self.policy, self.steps
        )
    }

    /// Where it does not carry over, as sentences.
    pub fn limits(&self) -> Vec<String> {
        let Some(rule) = self.rows.first().and_then(|row| row.reached.first()).map(|r| r.rule) else {
            return Vec::new();
        };
        let costly = self.costs(rule).into_iter().filter(|cost| cost.drop > 0.25);
        let sentence = |cost: Cost<'_>| {
            format!(
                "Where the scene differs by “{}” ({}), {:.0} % of the successes under the {} rule are lost.",
                cost.factor,
                cost.middle,
                100.0 * cost.drop,
                rule.name()
            )
        };
        costly.map(sentence).collect()
    }

    fn tables(&self) -> [(Vec<String>, Vec<Vec<String>>); 2] {
        let Some(first) = self.rows.first() else { return Default::default() };
        let mut header = vec!["scene".to_owned(), "by".to_owned()];
        header.extend(first.reached.iter().map(|r| r.rule.name().to_owned()));
        header.extend(first.told.iter().map(|t| format!("{} seen, imagined", t.part)));
        let row = |row: &ShiftRow| {
            let by = if row.unit.is_empty() { "–".to_owned() } else { middle_of(row) };
            let mut cells = vec![row.factor.clone(), by];
            cells.extend(row.reached.iter().map(|r| {
                let Interval { low, high } = r.interval;
                format!("{:.1} % [{:.1}, {:.1}]", 100.0 * r.rate(), 100.0 * low, 100.0 * high)
            }));
            cells.extend(row.told.iter().map(|t| format!("{:.1}, {:.1} {}", t.seen, t.imagined, t.unit)));
            cells
        };
        let mut costs = Vec::new();
        for reached in &first.reached {
            costs.extend(self.costs(reached.rule).into_iter().map(|cost| {
                let Cost { factor, middle, drop, breaks } = cost;
                let breaks = breaks.unwrap_or_else(|| "no size tried".to_owned());
                vec![
                    factor.to_owned(),
                    reached.rule.name().to_owned(),
                    middle,
                    format!("{:.0} %", 100.0 * drop),
                    breaks,
                ]
            }));
        }
        let costly = ["factor", "rule", "middle size", "successes lost", "breaks at"].map(str::to_owned).to_vec();
        [(header, self.rows.iter().map(row).collect()), (costly, costs)]
    }

    fn origin(&self) -> String {
        let Provenance { command, commit, machine, split, .. } = &self.provenance;
        format!("`{command}`, revision {commit}, {machine}; held out: {split}.")
    }

    /// Both tables for a page, with what they mean and where they came from.
    pub fn to_html(&self) -> String {
        let tables = self.tables().map(|(header, rows)| {
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            table(&header, &rows)
        });
        let (words, origin) = (escape(&self.words()), escape(&self.origin()));
        format!("<p>{words}</p>\n{}<p class=\"soft\">{origin}</p>\n", tables.concat())
    }

    /// Both tables for a document.
    pub fn to_markdown(&self) -> String {
        let tables = self.tables().map(|(header, rows)| markdown::table(&header, &rows));
        format!("{}\n\n{}\n{}\n", tables.join("\n"), self.words(), self.origin())
    }
}

/// A size in words.
fn middle_of(row: &ShiftRow) -> String {
    format!("{} {}", row.size, row.unit)
}

impl fmt::Display for Shifts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(header, rows), _] = self.tables();
        writeln!(f, "{}", aligned(&header, &rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(factor: &str, size: f64, successes: usize) -> ShiftRow {
        let reached =
            vec![Reached { rule: Rule::Moderate, successes, n: 100, interval: Interval { low: 0.0, high: 1.0 } }];
        let unit = if size == 0.0 { "" } else { "px" };
        ShiftRow { factor: factor.into(), size, unit: unit.into(), reached, told: Vec::new() }
    }

    #[test]
    fn a_factor_breaks_where_half_is_left_for_good() {
        let rows = vec![
            row("as it is", 0.0, 80),
            row("light", 1.0, 80),
            row("light", 2.0, 64),
            row("light", 4.0, 41),
            row("noise", 1.0, 40),
            row("noise", 2.0, 50),
            row("noise", 4.0, 10),
            row("moved", 1.0, 40),
            row("moved", 2.0, 39),
            row("moved", 4.0, 0),
        ];
        let shifts = Shifts { policy: "hybrid".into(), steps: 50, rows, provenance: Provenance::default() };
        let costs = shifts.costs(Rule::Moderate);
        let told: Vec<(&str, f64, Option<&str>)> =
            costs.iter().map(|c| (c.factor, (100.0 * c.drop).round(), c.breaks.as_deref())).collect();
        let wanted = [("light", 20.0, None), ("noise", 38.0, Some("4 px")), ("moved", 51.0, Some("1 px"))];
        assert_eq!(told, wanted, "the share lost at the middle size, and the least size from which on it is broken");
        let limits = shifts.limits();
        assert!(limits.len() == 2 && limits[0].contains("“noise” (2 px), 38 %"), "{limits:?}");
        assert!(shifts.to_markdown().contains("| moved | moderate | 2 px | 51 % | 1 px |"), "{}", shifts.to_markdown());
    }
}
