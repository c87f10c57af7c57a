//! Bands as they are told: on a page with charts, in a document and in a terminal, and what they say against the model.

use crate::aligned::aligned;
use crate::html::{escape, grid, table};
use crate::limits::{digits, with_interval};
use crate::markdown;
use crate::score::percent;
use crate::trust::{Covered, Trust};
use crate::{BandNumber, Chart, Estimate, Provenance, ScoredRow, Series, TrustNumber};
use std::fmt;

/// Numbers that are drawn; the table has all.
const DRAWN: usize = 6;

/// What scores are, in words.
const SCORES: &str = "Distributions, scored by what then happened in judged episodes (CRPS, in the unit of the number; less is better; of a point it is its absolute error). “copy-last” says that nothing changes, \
                      “recorded changes” adds what changed over as many rows in episodes that were learned from.";

/// Name of the band of all numbers.
const JOINT: &str = "all at once";

impl Trust {
    /// Header and rows of the table: a number, how often it stayed inside, how far its band reaches, and its horizon.
    fn cells(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let at = &self.told_at;
        let reaches = at.iter().map(|block| {
            let rows = block * self.band.skip;
            format!("± at {rows} steps, {} s", digits(rows as f64 / self.band.fps))
        });
        let header = ["number".to_owned(), "held".to_owned()].into_iter().chain(reaches);
        let header = header.chain(["tolerance", "horizon in steps"].map(str::to_owned)).collect();
        let missing = || "–".to_owned();
        let row = |(number, found): (&BandNumber, &TrustNumber)| {
            let unit = if number.unit.is_empty() { "as logged" } else { number.unit.as_str() };
            let reach = |block: &usize| {
                let reach = number.factor.map(|factor| factor * found.scale[block - 1]);
                reach.map_or_else(|| "endless".to_owned(), digits)
            };
            [format!("{} ({unit})", number.name), held(found.covered)]
                .into_iter()
                .chain(at.iter().map(reach))
                .chain([number.tolerance.map_or_else(missing, digits), self.steps(found.horizon)])
                .collect()
        };
        let mut rows: Vec<Vec<String>> = self.band.numbers.iter().zip(&self.numbers).map(row).collect();
        let blanks = at.iter().map(|_| missing()).chain([missing(), self.steps(self.horizon)]);
        rows.push([JOINT.to_owned(), held(self.joint)].into_iter().chain(blanks).collect());
        (header, rows)
    }

    /// Header and rows of the table of scores.
    fn score_cells(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let header = ["number", "ahead", "model", "copy-last", "recorded changes", "inside 5 to 95 %"];
        let told = |estimate: &Estimate| with_interval(estimate.mean, estimate.interval);
        let row = |row: &ScoredRow| {
            let name = self.band.numbers.get(row.column).map_or("", |number| number.name.as_str());
            let ahead = format!("{} steps, {} s", row.steps, digits(row.steps as f64 / self.band.fps));
            let changes = row.changes.as_ref().map_or_else(|| "–".to_owned(), told);
            let inside = row.inside.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share));
            vec![name.to_owned(), ahead, told(&row.model), told(&row.copy_last), changes, inside]
        };
        (header.map(str::to_owned).to_vec(), self.scored.iter().map(row).collect())
    }

    /// A horizon; one that reaches the end of what was calibrated may be longer.
    fn steps(&self, horizon: Option<usize>) -> String {
        match horizon {
            None => "–".to_owned(),
            Some(rows) if rows >= self.band.rows() => format!("{rows} or more"),
            Some(rows) => rows.to_string(),
        }
    }

    /// What was done, in words.
    pub fn words(&self) -> String {
        let band = &self.band;
        let scale = match self.fitted {
            0 => "deviations that the model tells with them".to_owned(),
            n => format!("root mean squares that were fitted on {n} more episodes, as this model tells no deviations"),
        };
        let clips = if band.clips == 1 { "one clip".to_owned() } else { format!("all of up to {} clips", band.clips) };
        let mut words = format!(
            "Bands that hold the recorded state at each of {} steps at once, in {clips} of a held-out episode, with {:.0} %: errors in {scale}, \
             ranked by episode. {}. “held” counts judged episodes that never left the band, which {} others calibrated; brackets are 95 % \
             intervals. ± is the usual reach (median); the horizon is up to which step that stays under the tolerance. Data {:.12}.",
            band.rows(),
            100.0 * band.promise.level,
            band.promise.words(),
            band.promise.episodes,
            band.data_hash
        );
        if self.short > 0 {
            words.push_str(&format!(" {} held-out episodes are shorter and count as far as they go.", self.short));
        }
        if self.left_out > 0 {
            words.push_str(&format!(" {} held-out episodes have no whole block and are left out.", self.left_out));
        }
        if band.numbers.iter().all(|number| number.tolerance.is_none()) {
            words.push_str(" No tolerance is known, so there is no horizon: name some with --set 'eval.trust.tolerance={\"NAME\"=0.1}'.");
        }
        words
    }

    /// The table and charts for a page.
    pub(crate) fn to_html(&self) -> String {
        let (header, rows) = self.cells();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let (score_header, scores) = self.score_cells();
        let score_header: Vec<&str> = score_header.iter().map(String::as_str).collect();
        let charts: String = self.charts().iter().map(Chart::to_html).collect();
        let origin = escape(&self.origin());
        format!(
            "<p>{}</p>\n{}<p>{}</p>\n{}{}<p class=\"soft\">{origin}</p>\n",
            escape(&self.words()),
            table(&header, &rows),
            escape(SCORES),
            table(&score_header, &scores),
            grid(&charts)
        )
    }

    /// The table for a document.
    pub(crate) fn to_markdown(&self) -> String {
        let (header, rows) = self.cells();
        let (score_header, scores) = self.score_cells();
        let [bands, scores] = [markdown::table(&header, &rows), markdown::table(&score_header, &scores)];
        format!("{bands}\n{} {}\n\n{scores}\n{SCORES}\n", self.words(), self.origin())
    }

    fn origin(&self) -> String {
        self.provenance.as_ref().map_or_else(String::new, |Provenance { split, command, commit, machine, .. }| {
            format!("Made by `{command}`, revision {commit}, on {machine}; held out: {split}.")
        })
    }

    /// The calibration curve, and a clip with its band, a chart a number.
    fn charts(&self) -> Vec<Chart> {
        let points = |at: usize| self.curve.iter().map(|row| [100.0 * row[0], 100.0 * row[at]]).collect();
        let mut curve = Chart::new("What is promised, and what was held", "promised, %", "held, % of judged episodes")
            .line("all numbers at once", points(1))
            .line("single numbers, in the mean", points(2))
            .line("as promised", points(0));
        curve.note = format!(
            "{} judged episodes. Above the line bands are wider than they need be, below it they promise too much.",
            self.joint.of
        );
        let numbers = self.band.numbers.iter().zip(&self.example.paths).take(DRAWN);
        std::iter::once(curve).chain(numbers.map(|(number, path)| self.along(number, path))).collect()
    }

    /// One number along the example.
    fn along(&self, number: &BandNumber, path: &[(f64, f64, Option<f64>)]) -> Chart {
        let seconds = |at: usize| ((at + 1) * self.band.skip) as f64 / self.band.fps;
        let line = |of: fn(&(f64, f64, Option<f64>)) -> f64| -> Vec<[f64; 2]> {
            path.iter().enumerate().map(|(at, point)| [seconds(at), of(point)]).collect()
        };
        let unit = if number.unit.is_empty() { "as logged" } else { number.unit.as_str() };
        let mut chart = Chart::new(&number.name, "s ahead", unit);
        let ends = |(told, _, reach): &(f64, f64, Option<f64>)| reach.map(|reach| [told - reach, told + reach]);
        let band: Option<Vec<[f64; 2]>> = path.iter().map(ends).collect();
        let points = line(|point| point.0);
        chart.series.push(Series {
            name: "foretold, with its band".to_owned(),
            points,
            band: band.unwrap_or_default(),
        });
        let (episode, row) = (self.example.episode, self.example.row);
        chart.note =
            format!("Episode {episode} from row {row}, which was judged: drawn by the seed, not for its looks.");
        chart.line("recorded", line(|point| point.1))
    }

    /// What bands say against the model.
    pub(crate) fn limits(&self) -> Vec<String> {
        let (mut limits, promise) = (Vec::new(), &self.band.promise);
        let numbers = self.band.numbers.iter().zip(&self.numbers);
        let all = numbers.map(|(number, found)| (number.name.as_str(), found.covered)).chain([(JOINT, self.joint)]);
        for (name, covered) in all {
            if covered.interval().high < promise.interval.low {
                limits.push(format!(
                    "The band of {name} held {} where {:.0} % was promised: calibrating and judged episodes are not alike.",
                    held(covered),
                    100.0 * promise.level
                ));
            }
        }
        for (number, found) in self.band.numbers.iter().zip(&self.numbers) {
            if let (Some(horizon), Some(tolerance)) = (found.horizon, number.tolerance)
                && horizon < self.band.rows()
            {
                limits.push(format!(
                    "{} is not to be trusted to within {} beyond {horizon} steps.",
                    number.name,
                    digits(tolerance)
                ));
            }
            if number.factor.is_none() {
                limits.push(format!("The band of {} is endless: too often it ran away.", number.name));
            }
        }
        limits
    }
}

fn held(covered: Covered) -> String {
    percent(covered.rate(), covered.interval())
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, rows) = self.cells();
        let (score_header, scores) = self.score_cells();
        write!(f, "{}\n{SCORES}\n{}", aligned(&header, &rows), aligned(&score_header, &scores))
    }
}
