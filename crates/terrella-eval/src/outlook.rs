//! The answer to a question about a future: a distribution, how far it can be trusted, and what it means for conditions.
//!
//! The distribution is the model's own word, as samples; the conformal interval is what its errors on held-out episodes make of it.
//! Where somebody started from a recorded row, what was recorded stands beside. Nothing is held back: what lies beyond the horizon up
//! to which bands stay under their tolerances is told and marked.

use crate::band::{Band, BandNumber};
use crate::doubt::Doubtful;
use crate::foresee::apart;
use crate::horizon::conformal_horizon;
use crate::predicate::Predicate;
use serde::Serialize;
use terrella_core::Table;

/// Shares of the samples that quantiles are told of.
const SHARES: [f64; 3] = [0.05, 0.5, 0.95];

/// What is foretold, before it is an answer.
#[derive(Clone, Debug, Default)]
pub struct Foretold {
    /// The state that it starts from.
    pub start: Vec<f32>,
    /// The state after each block, told without noise, `[blocks, state]`.
    pub told: Table,
    /// Deviations that were told with it, likewise.
    pub deviation: Option<Table>,
    /// Samples of the state after each block, `[samples, state]` each; a block may lack some.
    pub samples: Vec<Table>,
    /// What was recorded after each block, as far as the recording goes.
    pub recorded: Option<Table>,
    /// What the model tells of the recorded actions, as far as the recording goes; nothing where these were asked about.
    pub as_recorded: Option<Table>,
}

/// What is known of the model and its clock.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The numbers of the state.
    pub numbers: &'a [BandNumber],
    /// The band, if one was calibrated.
    pub band: Option<&'a Band>,
    /// Rows of a block.
    pub skip: usize,
    /// Seconds from the start to the end of each block.
    pub seconds: &'a [f64],
    /// Conditions on the state in the end.
    pub whether: &'a [Predicate],
}

/// One number of the state in the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// As the log calls it.
    pub name: String,
    /// Its unit; empty if the recordings do not say.
    pub unit: String,
    /// Where it starts.
    pub start: f64,
    /// What the model foretells without noise.
    pub told: f64,
    /// Mean of the samples.
    pub mean: f64,
    /// 5, 50 and 95 % of the samples lie at or below.
    pub quantiles: [f64; 3],
    /// The interval around what is foretold that holds the truth with the promised probability; nothing where nothing was calibrated,
    /// or it is endless.
    pub conformal: Option<[f64; 2]>,
    /// How far off it may be.
    pub tolerance: Option<f64>,
    /// Rows up to which the interval of this very future stays under the tolerance.
    pub horizon: Option<usize>,
    /// Whether the end lies beyond that horizon, or beyond what was calibrated.
    pub beyond: bool,
    /// What was recorded that many rows after the start.
    pub recorded: Option<f64>,
    /// What is foretold less what was recorded; of angles the shorter way round.
    pub difference: Option<f64>,
    /// What is foretold less what the model foretells of the recorded actions: what other actions change, its own errors left aside.
    pub effect: Option<f64>,
}

/// How probable a condition is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likely {
    /// The condition.
    pub whether: String,
    /// The share of the samples that fulfil it.
    pub probability: f64,
    /// Whether what was recorded fulfils it.
    pub recorded: Option<bool>,
}

/// One number along the way, block after block from the first on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OutlookPath {
    /// What the model foretells.
    pub told: Vec<f64>,
    /// 5 and 95 % of the samples.
    pub spread: Vec<[f64; 2]>,
    /// How far the conformal band reaches to either side, as far as it was calibrated and is not endless.
    pub reach: Vec<f64>,
    /// What was recorded, as far as it goes, angles on the turn of what is foretold.
    pub recorded: Vec<f64>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// Where it starts, in words.
    pub from: String,
    /// What is done, in words.
    pub doing: String,
    /// Rows ahead.
    pub steps: usize,
    /// Seconds ahead.
    pub seconds: f64,
    /// Coverage that the intervals promise; nothing without a band.
    pub level: Option<f64>,
    /// How samples came about.
    pub how: String,
    /// Each number in the end.
    pub outcomes: Vec<Outcome>,
    /// Each condition in the end.
    pub whether: Vec<Likely>,
    /// What speaks against trusting it, as sentences.
    pub marks: Vec<String>,
    /// The most doubtful moment on the way by each score, where it is known what is usual; the caller's to add.
    pub doubts: Vec<Doubtful>,
    /// Actions that are done, a row each.
    pub actions: Table,
    /// Seconds to the end of each block.
    pub times: Vec<f64>,
    /// Each number along the way.
    pub paths: Vec<OutlookPath>,
    /// Samples of the state in the end.
    pub samples: Table,
}

impl Outlook {
    /// Makes an answer of what is foretold; words and actions are the caller's to add.
    ///
    /// # Panics
    /// If nothing is foretold, not even one block.
    pub fn of(asked: &Asked<'_>, foretold: &Foretold) -> Self {
        let blocks = foretold.told.len();
        let last = blocks.saturating_sub(1);
        let paths: Vec<OutlookPath> = (0..asked.numbers.len()).map(|column| path(asked, foretold, column)).collect();
        let outcome = |(column, path): (usize, &OutlookPath)| outcome(asked, foretold, (column, path));
        let recorded = foretold.recorded.as_ref().filter(|table| table.len() > last).map(|table| table.row(last));
        let samples = foretold.samples.get(last).cloned().unwrap_or_default();
        let likely = |predicate: &Predicate| Likely {
            whether: predicate.text().to_owned(),
            probability: predicate.share(&samples),
            recorded: recorded.map(|state| predicate.holds(state)),
        };
        let mut answer = Self {
            from: String::new(),
            doing: String::new(),
            steps: blocks * asked.skip,
            seconds: asked.seconds.last().copied().unwrap_or_default(),
            level: asked.band.map(|band| band.promise.level),
            how: String::new(),
            outcomes: paths.iter().enumerate().map(outcome).collect(),
            whether: asked.whether.iter().map(likely).collect(),
            marks: Vec::new(),
            doubts: Vec::new(),
            actions: Table::default(),
            times: asked.seconds.to_vec(),
            paths,
            samples,
        };
        answer.marks = answer.doubts(asked.band);
        answer
    }

    /// What speaks against it.
    fn doubts(&self, band: Option<&Band>) -> Vec<String> {
        let mut doubts = Vec::new();
        let Some(band) = band else {
            return vec![
                "No band was calibrated for this model, so that nothing says how far its word can be trusted: `terrella eval` does that.".to_owned(),
            ];
        };
        if self.steps > band.rows() {
            doubts.push(format!(
                "{} steps are beyond the {} that bands were calibrated for: there is no conformal interval. Evaluate with --set eval.trust.horizon={} to have one.",
                self.steps,
                band.rows(),
                self.steps
            ));
        }
        for outcome in &self.outcomes {
            if let (Some(horizon), Some(tolerance)) = (outcome.horizon, outcome.tolerance)
                && self.steps > horizon
            {
                doubts.push(format!(
                    "{} is beyond its conformal horizon: its band stays under {tolerance} up to {horizon} steps, and {} were asked about.",
                    outcome.name, self.steps
                ));
            }
            if outcome.conformal.is_none() && self.steps <= band.rows() {
                doubts.push(format!("The band of {} is endless: too often it ran away.", outcome.name));
            }
        }
        doubts
    }
}

fn path(asked: &Asked<'_>, foretold: &Foretold, column: usize) -> OutlookPath {
    let number = &asked.numbers[column];
    let told: Vec<f64> = foretold.told.rows().map(|row| f64::from(row[column])).collect();
    let spread = foretold.samples.iter().map(|samples| {
        let sorted = sorted(samples, column);
        [SHARES[0], SHARES[2]].map(|share| quantile(&sorted, share))
    });
    let deviation = |block: usize| foretold.deviation.as_ref().map(|table| f64::from(table.row(block)[column]));
    let reach = |block: usize| asked.band?.reach(block, column, deviation(block)).filter(|reach| reach.is_finite());
    let recorded = foretold.recorded.iter().flat_map(Table::rows).zip(&told);
    let recorded = recorded.map(|(row, told)| told - apart(number.angle, *told, f64::from(row[column]))).collect();
    let reach = (0..told.len()).map_while(reach).collect();
    OutlookPath { spread: spread.collect(), reach, recorded, told }
}

fn outcome(asked: &Asked<'_>, foretold: &Foretold, (column, path): (usize, &OutlookPath)) -> Outcome {
    let (number, last) = (&asked.numbers[column], path.told.len() - 1);
    let sorted = foretold.samples.get(last).map(|samples| sorted(samples, column)).unwrap_or_default();
    let told = path.told[last];
    let against = |table: &Option<Table>| -> Option<f64> {
        let table = table.as_ref().filter(|table| table.len() > last)?;
        Some(f64::from(table.row(last)[column]))
    };
    let [recorded, as_recorded] = [&foretold.recorded, &foretold.as_recorded].map(against);
    let reach = path.reach.get(last);
    let horizon = number.tolerance.filter(|_| asked.band.is_some());
    let horizon = horizon.map(|tolerance| asked.skip * conformal_horizon(path.reach.iter().copied(), tolerance));
    Outcome {
        name: number.name.clone(),
        unit: number.unit.clone(),
        start: f64::from(foretold.start.get(column).copied().unwrap_or(f32::NAN)),
        told,
        mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
        quantiles: SHARES.map(|share| quantile(&sorted, share)),
        conformal: reach.map(|reach| [told - reach, told + reach]),
        tolerance: number.tolerance,
        horizon,
        beyond: reach.is_none() || horizon.is_some_and(|horizon| horizon < (last + 1) * asked.skip),
        recorded,
        difference: recorded.map(|truth| apart(number.angle, told, truth)),
        effect: as_recorded.map(|other| apart(number.angle, told, other)),
    }
}

fn sorted(samples: &Table, column: usize) -> Vec<f64> {
    let mut values: Vec<f64> = samples.rows().map(|row| f64::from(row[column])).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The smallest of sorted values that this share of them does not exceed; not a number of none.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::Promise;

    /// Two numbers, one an angle with a tolerance; twenty samples in the end.
    fn asked(steps: usize) -> (Vec<BandNumber>, Band, Foretold) {
        let number = |name: &str, angle, tolerance| BandNumber {
            name: name.to_owned(),
            unit: if angle { "rad" } else { "m" }.to_owned(),
            angle,
            tolerance,
            factor: Some(2.0),
        };
        let numbers = vec![number("x", false, None), number("turn", true, Some(0.5))];
        let band = Band {
            promise: Promise::of(9, 0.9).expect("enough"),
            numbers: numbers.clone(),
            joint: Some(3.0),
            skip: 1,
            fps: 10.0,
            blocks: 3,
            clips: 1,
            copies: 1,
            fitted: Some(Table::from_data(2, vec![1.0, 0.1, 1.0, 0.2, 1.0, 0.3])),
            data_hash: "hash".to_owned(),
        };
        let samples = Table::from_data(2, (1..=20).flat_map(|i| [i as f32, 3.0]).collect());
        let foretold = Foretold {
            start: vec![0.0, 3.0],
            told: Table::from_data(2, [10.0, 3.1].repeat(steps)),
            deviation: None,
            samples: vec![samples; steps],
            recorded: Some(Table::from_data(2, [9.0, -3.1].repeat(3))),
            as_recorded: Some(Table::from_data(2, [9.5, 3.1].repeat(3))),
        };
        (numbers, band, foretold)
    }

    #[test]
    fn an_answer_holds_what_hand_arithmetic_makes_of_its_samples() {
        let (numbers, band, foretold) = asked(2);
        let whether = [Predicate::parse("x > 15", &["x".to_owned(), "turn".to_owned()]).expect("a condition")];
        let seconds = [0.1, 0.2];
        let asked = Asked { numbers: &numbers, band: Some(&band), skip: 1, seconds: &seconds, whether: &whether };
        let answer = Outlook::of(&asked, &foretold);
        let [x, turn] = &answer.outcomes[..] else { panic!("two numbers") };
        assert_eq!((x.mean, x.quantiles, x.told), (10.5, [1.0, 10.0, 19.0], 10.0));
        assert_eq!(
            (x.conformal, x.recorded, x.difference, x.effect),
            (Some([8.0, 12.0]), Some(9.0), Some(1.0), Some(0.5))
        );
        assert!(!x.beyond && !turn.beyond && turn.horizon == Some(2), "0.4 rad is under the tolerance: {turn:?}");
        let across = turn.difference.expect("recorded");
        assert!((across + 0.083).abs() < 1e-3, "the shorter way round: {across}");
        assert_eq!((answer.whether[0].probability, answer.whether[0].recorded), (0.25, Some(false)));
        assert!(answer.marks.is_empty() && answer.steps == 2, "{:?}", answer.marks);
        assert!((answer.paths[1].recorded[0] - 3.183).abs() < 1e-3, "on the same turn: {:?}", answer.paths[1]);
    }

    #[test]
    fn what_lies_beyond_a_horizon_or_what_was_calibrated_is_given_and_marked() {
        for (steps, mark) in
            [(3, "turn is beyond its conformal horizon"), (4, "beyond the 3 that bands were calibrated for")]
        {
            let (numbers, band, foretold) = asked(steps);
            let seconds = vec![0.1; steps];
            let asked = Asked { numbers: &numbers, band: Some(&band), skip: 1, seconds: &seconds, whether: &[] };
            let answer = Outlook::of(&asked, &foretold);
            assert!(answer.marks.iter().any(|told| told.contains(mark)), "{:?}", answer.marks);
            assert!(answer.outcomes[1].beyond && answer.outcomes[1].quantiles[1] == 3.0, "given all the same");
            assert_eq!(answer.outcomes[0].conformal.is_some(), steps == 3, "no interval beyond");
            assert_eq!(answer.outcomes[0].recorded.is_some(), steps == 3, "the recording ends");
        }
        let (numbers, _, foretold) = asked(1);
        let answer =
            Outlook::of(&Asked { numbers: &numbers, band: None, skip: 1, seconds: &[0.1], whether: &[] }, &foretold);
        assert!(answer.marks[0].contains("terrella eval") && answer.level.is_none(), "{:?}", answer.marks);
    }
}
