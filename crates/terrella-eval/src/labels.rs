//! How good labels are: errors beside floors, whether intervals hold what they promise, and what is gained by answering less often.
//!
//! Errors are absolute, in the units of the log, by number of the action: their median and what nine of ten do not exceed. Risk against
//! coverage (El-Yaniv and Wiener 2010) is the error of the most confident rows alone. Intervals are 95 % and resample
//! whole episodes.

use crate::clusters::by_episode;
use crate::stats::{Interval, bootstrap, resampled};
use serde::Serialize;
use std::fmt;
use terrella_core::{Key, Table};

/// Shares of the rows, the most confident ones, that are looked at by themselves.
const SHARES: [f64; 4] = [1.0, 0.9, 0.75, 0.5];

/// Rows whose actions are known and were told.
#[derive(Clone, Debug, Default)]
pub struct ToldRows {
    /// The episode of each.
    pub episodes: Vec<usize>,
    /// What was done.
    pub truth: Table,
    /// What was told.
    pub told: Table,
    /// How far the interval around it reaches.
    pub reach: Table,
    /// How unsure each row is; the least is answered first.
    pub doubt: Vec<f32>,
    /// What predictors say that need no network, by name.
    pub floors: Vec<(String, Table)>,
}

/// A quantile of errors with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantile {
    /// Its value.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// Errors of one predictor in one number of the action.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelError {
    /// Who told.
    pub predictor: String,
    /// The median.
    pub median: Quantile,
    /// What nine of ten do not exceed.
    pub ninety: Quantile,
}

/// How one number of the action was told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberScore {
    /// Its name.
    pub name: String,
    /// The labeller first, then floors.
    pub errors: Vec<LabelError>,
    /// Share of the rows whose interval holds what was done.
    pub coverage: f64,
    /// Its interval.
    pub coverage_interval: Interval,
    /// Median reach of the intervals to either side.
    pub reach: f64,
}

/// Errors of the most confident rows alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Risk {
    /// Their share.
    pub share: f64,
    /// How many.
    pub rows: usize,
    /// Median error of each number.
    pub median: Vec<f64>,
    /// What nine of ten do not exceed, of each number.
    pub ninety: Vec<f64>,
}

/// How good labels are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelScore {
    /// Episodes with known actions that were told.
    pub episodes: usize,
    /// Their rows.
    pub rows: usize,
    /// Share of the rows that an interval should hold.
    pub wanted: f64,
    /// One entry a number of the action.
    pub numbers: Vec<NumberScore>,
    /// From all rows to the most confident half.
    pub risk: Vec<Risk>,
}

impl ToldRows {
    /// These rows alone.
    #[must_use]
    pub fn only(&self, rows: &[usize]) -> Self {
        Self {
            episodes: rows.iter().map(|&row| self.episodes[row]).collect(),
            truth: self.truth.take(rows),
            told: self.told.take(rows),
            reach: self.reach.take(rows),
            doubt: rows.iter().map(|&row| self.doubt[row]).collect(),
            floors: self.floors.iter().map(|(name, table)| (name.clone(), table.take(rows))).collect(),
        }
    }

    /// Scores them; `names` are those of the action's numbers, `wanted` is what intervals promise. Nothing without rows.
    pub fn score(&self, names: &[String], wanted: f64, key: Key) -> Option<LabelScore> {
        let n = self.truth.len();
        if n == 0 {
            return None;
        }
        let number = |(at, name): (usize, &String)| {
            let key = key.with("label interval").at(at as u64);
            let errors = |(who, (predictor, told)): (usize, (&str, &Table))| {
                let key = key.at(who as u64);
                let groups = by_episode(&self.errors(told, at), &self.episodes);
                let of = |q: f64, purpose: &str| Quantile::of(&groups, q, key.with(purpose));
                LabelError { predictor: predictor.to_owned(), median: of(0.5, "median"), ninety: of(0.9, "ninety") }
            };
            let all = std::iter::once(("labeller", &self.told)).chain(self.floors.iter().map(|(n, t)| (n.as_str(), t)));
            let within = self.errors(&self.told, at).into_iter().zip(self.reach.rows());
            let within: Vec<f64> =
                within.map(|(error, reach)| f64::from(u8::from(error <= f64::from(reach[at])))).collect();
            let mut reach: Vec<f64> = self.reach.rows().map(|reach| f64::from(reach[at])).collect();
            NumberScore {
                name: name.clone(),
                errors: all.enumerate().map(errors).collect(),
                coverage: within.iter().sum::<f64>() / n as f64,
                coverage_interval: bootstrap(&by_episode(&within, &self.episodes), key.with("coverage")),
                reach: quantile(&mut reach, 0.5),
            }
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| self.doubt[*a].total_cmp(&self.doubt[*b]).then(a.cmp(b)));
        let risk = SHARES.map(|share| {
            let rows = ((n as f64 * share).round() as usize).clamp(1, n);
            let some = self.only(&order[..rows]);
            let of = |q: f64| (0..names.len()).map(|at| quantile(&mut some.errors(&some.told, at), q)).collect();
            Risk { share, rows, median: of(0.5), ninety: of(0.9) }
        });
        let episodes = self.episodes.iter().collect::<std::collections::BTreeSet<_>>().len();
        let numbers = names.iter().enumerate().map(number).collect();
        Some(LabelScore { episodes, rows: n, wanted, numbers, risk: risk.to_vec() })
    }

    fn errors(&self, told: &Table, at: usize) -> Vec<f64> {
        let apart = |(a, b): (&[f32], &[f32])| (f64::from(a[at]) - f64::from(b[at])).abs();
        told.rows().zip(self.truth.rows()).map(apart).collect()
    }
}

impl Quantile {
    /// Of values in groups, whole groups resampled. One group has no interval.
    pub(crate) fn of(groups: &[Vec<f64>], share: f64, key: Key) -> Self {
        // Sorted once for all resamples, each of which walks up as far as its quantile.
        let of = |(at, group): (usize, &Vec<f64>)| group.iter().map(move |value| (*value, at)).collect::<Vec<_>>();
        let mut sorted: Vec<(f64, usize)> = groups.iter().enumerate().flat_map(of).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let walk = |times: &[usize]| {
            let drawn: usize = groups.iter().zip(times).map(|(group, times)| group.len() * times).sum();
            let mut left = rank(drawn, share);
            sorted.iter().find(|(_, group)| {
                let reached = left < times[*group];
                left = left.saturating_sub(times[*group]);
                reached
            })
        };
        let interval = match groups.len() {
            0 | 1 => Interval { low: f64::NAN, high: f64::NAN },
            n => resampled(n, key, |draws| {
                let mut times = vec![0; n];
                draws.for_each(|group| times[group] += 1);
                walk(&times).map(|(value, _)| *value)
            }),
        };
        Self { value: walk(&vec![1; groups.len()]).map_or(f64::NAN, |(value, _)| *value), interval }
    }
}

/// The smallest value that this share of all does not exceed; not a number where there is none.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    *values.select_nth_unstable_by(rank(values.len(), share), f64::total_cmp).1
}

/// Which of `n` sorted values that is, counted from 0.
fn rank(n: usize, share: f64) -> usize {
    ((n as f64 * share).ceil() as usize).clamp(1, n.max(1)) - 1
}

/// A line a predictor and number, one of coverage a number, one of risk a share.
impl fmt::Display for LabelScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rows of {} episodes; absolute errors, intervals by episode", self.rows, self.episodes)?;
        for number in &self.numbers {
            for (at, error) in number.errors.iter().enumerate() {
                let name = if at == 0 { number.name.as_str() } else { "" };
                let told = |q: Quantile| format!("{}{}", short(q.value), around(q.interval));
                let (median, ninety) = (told(error.median), told(error.ninety));
                writeln!(f, "{name:<16}{:<28}median {median:<26}90 % within {ninety}", error.predictor)?;
            }
        }
        for number in &self.numbers {
            let Interval { low, high } = number.coverage_interval;
            writeln!(
                f,
                "{:<16}the {:.0} % interval reaches {} to either side (median) and held {:.1} % [{:.1}, {:.1}]",
                number.name,
                100.0 * self.wanted,
                short(number.reach),
                100.0 * number.coverage,
                100.0 * low,
                100.0 * high
            )?;
        }
        for (at, risk) in self.risk.iter().enumerate() {
            let list = |all: &[f64]| all.iter().map(|x| short(*x)).collect::<Vec<_>>().join(", ");
            let (median, ninety) = (list(&risk.median), list(&risk.ninety));
            let end = if at + 1 < self.risk.len() { "\n" } else { "" };
            write!(
                f,
                "most confident {:>3.0} % ({} rows): median {median}; 90 % within {ninety}{end}",
                100.0 * risk.share,
                risk.rows
            )?;
        }
        Ok(())
    }
}

/// Three figures of a number.
pub(crate) fn short(x: f64) -> String {
    let digits = if x == 0.0 || !x.is_finite() { 0 } else { (2 - x.abs().log10().floor() as i32).clamp(0, 6) };
    format!("{x:.*}", digits as usize)
}

/// ` [low, high]`, where there is an interval.
pub(crate) fn around(Interval { low, high }: Interval) -> String {
    if low.is_nan() { String::new() } else { format!(" [{}, {}]", short(low), short(high)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors of row `i` are `i` in the first number and 1 in the second; doubt falls with the row.
    fn rows() -> ToldRows {
        let n = 100;
        let table = |f: &dyn Fn(usize) -> [f32; 2]| Table::from_data(2, (0..n).flat_map(f).collect());
        ToldRows {
            episodes: (0..n).map(|i| i / 20).collect(),
            truth: table(&|_| [0.0, 0.0]),
            told: table(&|i| [i as f32, 1.0]),
            reach: table(&|_| [89.0, 0.5]),
            doubt: (0..n).map(|i| i as f32).collect(),
            floors: vec![("zero".to_owned(), table(&|_| [0.0, 0.0]))],
        }
    }

    #[test]
    fn quantiles_coverage_and_risk_agree_with_hand_arithmetic() {
        let names = ["x".to_owned(), "y".to_owned()];
        let score = rows().score(&names, 0.9, Key::new(0)).expect("rows");
        let [x, y] = &score.numbers[..] else { panic!("two numbers") };
        assert_eq!((score.rows, score.episodes), (100, 5));
        assert_eq!((x.errors[0].median.value, x.errors[0].ninety.value), (49.0, 89.0), "of 0 to 99");
        assert_eq!((x.coverage, y.coverage, x.errors[1].median.value), (0.9, 0.0, 0.0), "and a floor");
        let Interval { low, high } = x.errors[0].median.interval;
        assert!(low < 45.0 && high > 55.0, "five episodes of twenty rows that resemble each other: {low} to {high}");
        let risk: Vec<(usize, f64)> = score.risk.iter().map(|r| (r.rows, r.ninety[0])).collect();
        assert_eq!(risk, [(100, 89.0), (90, 80.0), (75, 67.0), (50, 44.0)], "the most confident are the best here");
        let text = score.to_string();
        assert!(text.contains("held 90.0 %") && text.contains("most confident  50 % (50 rows)"), "{text}");
    }

    /// Groups of different sizes, one drawn as a whole or not at all.
    #[test]
    fn a_resample_is_what_its_groups_hold() {
        let groups = [vec![5.0, 1.0, 1.0], vec![9.0]];
        let Quantile { value, interval } = Quantile::of(&groups, 0.5, Key::new(0));
        assert_eq!((value, interval), (1.0, Interval { low: 1.0, high: 9.0 }), "either twice, or both");
        let mut all = groups.concat();
        assert_eq!(["0.5", "0.75", "0.9"].map(|q| quantile(&mut all, q.parse().expect("a share"))), [1.0, 5.0, 9.0]);
        let of = |share| Quantile::of(&groups, share, Key::new(0)).value;
        assert_eq!([of(0.75), of(0.9)], [5.0, 9.0], "as without resampling");
    }

    #[test]
    fn without_rows_nothing_is_scored_and_one_episode_has_no_interval() {
        let names = ["x".to_owned(), "y".to_owned()];
        assert!(rows().only(&[]).score(&names, 0.9, Key::new(0)).is_none());
        let one = rows().only(&[0, 1, 2]).score(&names, 0.9, Key::new(0)).expect("rows");
        let error = &one.numbers[0].errors[0];
        assert!(error.median.value == 1.0 && error.median.interval.low.is_nan(), "{error:?}");
        assert_eq!(short(0.012345), "0.0123");
        assert_eq!((short(123.4), short(1.5), short(0.0)), ("123".into(), "1.50".into(), "0".into()));
    }
}
