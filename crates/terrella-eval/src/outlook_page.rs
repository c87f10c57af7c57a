//! An answer as it is told: lines in a terminal, and a page with a chart for each number.

use crate::aligned::aligned;
use crate::html::{escape, grid, list, page, push, section, table};
use crate::limits::{digits, with_unit};
use crate::outlook::{Outcome, Outlook, OutlookPath};
use crate::{Chart, Likely, Series};
use std::fmt;

/// What stands in a column of the table, if there is something.
type Cell = fn(&Outcome) -> Option<String>;

impl Outlook {
    /// Header and rows of the table; columns that nobody has anything for are left out.
    fn cells(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let level =
            self.level.map_or_else(|| "conformal".to_owned(), |level| format!("{:.0} % conformal", 100.0 * level));
        let columns: [(String, Cell); 11] = [
            ("start".to_owned(), |o| Some(digits(o.start))),
            ("foretold".to_owned(), |o| Some(digits(o.told))),
            ("mean".to_owned(), |o| Some(digits(o.mean))),
            ("5 %".to_owned(), |o| Some(digits(o.quantiles[0]))),
            ("50 %".to_owned(), |o| Some(digits(o.quantiles[1]))),
            ("95 %".to_owned(), |o| Some(digits(o.quantiles[2]))),
            (level, |o| o.conformal.map(|[low, high]| format!("{} to {}", digits(low), digits(high)))),
            ("horizon".to_owned(), |o| o.horizon.map(|rows| rows.to_string())),
            ("recorded".to_owned(), |o| o.recorded.map(digits)),
            ("less recorded".to_owned(), |o| o.difference.map(digits)),
            ("effect of the actions".to_owned(), |o| o.effect.map(digits)),
        ];
        let there = |cell: &Cell| self.outcomes.iter().any(|outcome| cell(outcome).is_some());
        let columns: Vec<(String, Cell)> = columns.into_iter().filter(|(_, cell)| there(cell)).collect();
        let header = std::iter::once("number".to_owned()).chain(columns.iter().map(|(name, _)| name.clone())).collect();
        let row = |outcome: &Outcome| {
            let unit = if outcome.unit.is_empty() { "as logged" } else { outcome.unit.as_str() };
            let mark = if outcome.beyond && self.level.is_some() { " *" } else { "" };
            let cells = columns.iter().map(|(_, cell)| cell(outcome).unwrap_or_else(|| "–".to_owned()));
            std::iter::once(format!("{} ({unit}){mark}", outcome.name)).chain(cells).collect()
        };
        (header, self.outcomes.iter().map(row).collect())
    }

    /// What was asked, in a sentence.
    fn asked(&self) -> String {
        format!("{} steps ({}) from {}, {}.", self.steps, with_unit(self.seconds, "s"), self.from, self.doing)
    }

    /// Conditions, a line each.
    fn conditions(&self) -> Vec<String> {
        let line = |likely: &Likely| {
            let recorded = likely.recorded.map_or("", |is| if is { "; recorded: yes" } else { "; recorded: no" });
            format!("{}: {:.1} %{recorded}", likely.whether, 100.0 * likely.probability)
        };
        self.whether.iter().map(line).collect()
    }

    /// A page of its own.
    pub fn to_html(&self) -> String {
        let mut out = String::new();
        push(&mut out, "<h1>", "What would come of it", "</h1>\n");
        push(&mut out, "<p>", &format!("{} {}", self.asked(), self.how), "</p>\n");
        let (header, rows) = self.cells();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        section(&mut out, "In the end", &table(&header, &rows));
        if !self.whether.is_empty() {
            section(&mut out, "How probable", &list(&self.conditions()));
        }
        let charts: String =
            self.outcomes.iter().zip(&self.paths).map(|(o, path)| self.chart(o, path).to_html()).collect();
        section(&mut out, "On the way", &grid(&charts));
        if !self.marks.is_empty() {
            section(&mut out, "What speaks against it", &list(&self.marks));
        }
        out.push_str(&format!("<p class=\"soft\">{}</p>\n", escape("* beyond its horizon, or what was calibrated.")));
        page("What would come of it", &out)
    }

    fn chart(&self, outcome: &Outcome, path: &OutlookPath) -> Chart {
        let unit = if outcome.unit.is_empty() { "as logged" } else { outcome.unit.as_str() };
        let mut chart = Chart::new(&outcome.name, "s ahead", unit);
        let points = |values: &[f64]| -> Vec<[f64; 2]> {
            self.times.iter().zip(values).map(|(time, value)| [*time, *value]).collect()
        };
        let told = |n: usize| points(&path.told[..n]);
        let reached = path.reach.len();
        let ends = |(told, reach): (&f64, &f64)| [told - reach, told + reach];
        let band = path.told.iter().zip(&path.reach).map(ends).collect();
        if reached > 0 {
            let name = "foretold, with its conformal band".to_owned();
            chart.series.push(Series { name, points: told(reached), band });
        }
        let name = "foretold, with 5 to 95 % of the samples".to_owned();
        chart.series.push(Series { name, points: told(path.told.len()), band: path.spread.clone() });
        if path.recorded.is_empty() { chart } else { chart.line("recorded", points(&path.recorded)) }
    }
}

impl fmt::Display for Outlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, rows) = self.cells();
        writeln!(f, "{}", self.asked())?;
        writeln!(f, "{}", self.how)?;
        write!(f, "{}", aligned(&header, &rows))?;
        for line in self.conditions() {
            write!(f, "\n{line}")?;
        }
        for mark in &self.marks {
            write!(f, "\nnote: {mark}")?;
        }
        Ok(())
    }
}
