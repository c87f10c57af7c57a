//! Several runs side by side: what was asked of each that was not asked of the others, what came of it, and who solved
//! what the others did not.
//!
//! Rates of two runs are told apart pair by pair, and only where both made the very same attempts; where they did not, the
//! page says why, and intervals are all there is.

use crate::aligned::aligned;
use crate::columns::{Cells, collected, errors_ahead, foretold, last_parts, scores, side_by_side};
use crate::html::{escape, list, page, push, table, text_table};
use crate::score_rows::comparison;
use crate::{Chart, OpenLoop, Paired, Returns, RolloutTable, Scorecard};
use serde::{Deserialize, Serialize};
use std::fmt;
use terrella_core::Rule;

/// One run: what it was and what came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ComparedRun {
    /// Its folder.
    pub path: String,
    /// Where it came from: name and value.
    pub about: Vec<(String, String)>,
    /// Every setting: dotted name and value.
    pub settings: Vec<(String, String)>,
    /// One card a policy.
    pub scorecards: Vec<Scorecard>,
    /// What it imagines.
    pub rollout: Option<RolloutTable>,
    /// What it foretells in units of the log.
    pub open_loop: Option<OpenLoop>,
    /// Rewards that planning in it collects.
    pub returns: Option<Returns>,
    /// Its training.
    pub curves: Vec<Chart>,
}

/// Several runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Compared {
    /// The runs; the others are compared with the first.
    pub runs: Vec<ComparedRun>,
    /// Two on the same pairs: who, rule and comparison.
    pub paired: Vec<(String, String, Rule, Paired)>,
    /// What could not be compared, and why.
    pub notes: Vec<String>,
}

impl ComparedRun {
    fn measured(&self) -> Cells {
        let mut cells = scores(&self.scorecards);
        cells.extend(self.returns.iter().flat_map(collected));
        cells.extend(self.rollout.iter().flat_map(|table| errors_ahead(table, None)));
        cells.extend(self.open_loop.iter().flat_map(foretold));
        cells
    }
}

impl Compared {
    /// What runs are called here.
    pub fn names(&self) -> Vec<String> {
        last_parts(&self.runs.iter().map(|run| run.path.as_str()).collect::<Vec<_>>())
    }

    /// Where they came from and what was set otherwise; settings that are the same for all are left out.
    fn differences(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let columns: Vec<Cells> =
            self.runs.iter().map(|run| run.about.iter().chain(&run.settings).cloned().collect()).collect();
        let (header, mut rows) = side_by_side(self.names(), &columns);
        rows.retain(|row| row[1..].iter().any(|cell| *cell != row[1]));
        (header, rows)
    }

    fn measured(&self) -> (Vec<String>, Vec<Vec<String>>) {
        side_by_side(self.names(), &self.runs.iter().map(ComparedRun::measured).collect::<Vec<_>>())
    }

    /// Training of all runs in one chart for each thing that was logged.
    fn charts(&self) -> Vec<Chart> {
        let mut charts: Vec<Chart> = Vec::new();
        for (run, name) in self.runs.iter().zip(self.names()) {
            for own in &run.curves {
                let at = charts.iter().position(|chart| chart.title == own.title).unwrap_or_else(|| {
                    charts.push(Chart { series: Vec::new(), ..own.clone() });
                    charts.len() - 1
                });
                for series in &own.series {
                    let line = if own.series.len() > 1 { format!("{name}: {}", series.name) } else { name.clone() };
                    charts[at].series.push(crate::Series { name: line, ..series.clone() });
                }
            }
        }
        charts
    }

    /// The page.
    pub fn to_html(&self) -> String {
        let (title, mut out) = (format!("{} side by side", self.names().join(", ")), String::new());
        push(&mut out, "<h1>", &title, "</h1>\n");
        let mut section = |title: &str, intro: &str, body: String| {
            if !body.is_empty() {
                push(&mut out, "<section>\n<h2>", title, "</h2>\n");
                push(&mut out, "<p>", intro, "</p>\n");
                out.push_str(&body);
                out.push_str("</section>\n");
            }
        };
        let drawn = |(header, rows): (Vec<String>, Vec<Vec<String>>), draw: fn(&[&str], &[Vec<String>]) -> String| {
            let header: Vec<&str> = header.iter().map(String::as_str).collect();
            if rows.is_empty() { String::new() } else { draw(&header, &rows) }
        };
        section("What came of it", MEASURED, drawn(self.measured(), table));
        let rows: Vec<Vec<String>> = self.paired.iter().map(comparison).collect();
        let header = PAIRED.map(str::to_owned).to_vec();
        section("On the same attempts", SAME, drawn((header, rows), table));
        let notes = if self.notes.is_empty() { String::new() } else { list(&self.notes) };
        section("What could not be compared", "", notes);
        section("What was done otherwise", OTHERWISE, drawn(self.differences(), text_table));
        let charts: String = self.charts().iter().map(Chart::to_html).collect();
        let charts = if charts.is_empty() { charts } else { format!("<div class=\"charts\">\n{charts}</div>\n") };
        section("What they learned", "", charts);
        let commands: Vec<String> = self
            .runs
            .iter()
            .zip(self.names())
            .filter_map(|(run, name)| {
                let command = run.about.iter().find(|(what, _)| what == "command")?;
                Some(format!("# {name}\n{}", command.1))
            })
            .collect();
        let commands =
            if commands.is_empty() { String::new() } else { format!("<pre>{}</pre>\n", escape(&commands.join("\n"))) };
        section("How to repeat them", "", commands);
        page(&title, &out)
    }
}

const PAIRED: [&str; 8] = ["runs", "rule", "both", "only first", "only second", "neither", "difference", "p"];
const MEASURED: &str = "Each run on what it held out; brackets are 95 % intervals by episode. Runs that judged on other episodes \
                        are told apart by no more than these.";
const SAME: &str = "Pairs of start and goal that both attempted. p: chance of such a difference, with the signs of whole episodes \
                    flipped; it says nothing of another seed of training.";
const OTHERWISE: &str = "Settings that are the same for all are left out.";

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, rows) = self.differences();
        writeln!(f, "{}\n", aligned(&header, &rows))?;
        let (header, rows) = self.measured();
        writeln!(f, "{}", aligned(&header, &rows))?;
        if !self.paired.is_empty() {
            let rows: Vec<Vec<String>> = self.paired.iter().map(comparison).collect();
            writeln!(f, "\n{}", aligned(&PAIRED.map(str::to_owned), &rows))?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told_of_settings_and_every_run_has_a_line_in_a_chart() {
        let run = |path: &str, steps: &str, loss: f64| ComparedRun {
            path: path.to_owned(),
            about: vec![("command".to_owned(), format!("terrella train --out {path}"))],
            settings: vec![("seed".to_owned(), "0".to_owned()), ("train.steps".to_owned(), steps.to_owned())],
            curves: vec![Chart::new("Loss", "steps", "nats").line("total", vec![[0.0, loss], [1.0, loss / 2.0]])],
            ..ComparedRun::default()
        };
        let both = Compared { runs: vec![run("x/a", "10", 1.0), run("x/b", "20", 2.0)], ..Compared::default() };
        let text = both.to_string();
        assert!(text.contains("train.steps") && !text.contains("seed"), "{text}");
        let charts = both.charts();
        assert_eq!(charts.len(), 1, "one thing was logged");
        assert_eq!(charts[0].series.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let html = both.to_html();
        assert!(html.contains("What was done otherwise") && html.contains("terrella train --out x/b"), "a page");
        assert!(!html.contains("On the same attempts"), "there were none");
    }
}
