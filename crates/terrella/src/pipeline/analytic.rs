//! What equations say without a learned rest: fitted beside a hybrid to the episodes that it learned from.
//!
//! The fit is that of `terrella identify`. It is the baseline of the hybrid's errors ahead, and what its parameters are held against: a rest that
//! took over what the equations could say would move them away from what the equations alone find (the test of integrity for
//! hybrids, arXiv:2410.05507).

use super::{Recordings, Run};
use crate::error::Interrupted;
use crate::watch::Watch;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use terrella_core::{Dataset, Table};
use terrella_eval::Forecaster;
use terrella_model::{AnyWorld, HybridConfig, LearnedParameter};
use terrella_physics::{IdentifyConfig, digits, forecast, identify_while};

/// Where it is kept in a run directory.
pub const FILE: &str = "analytic.json";

/// Equations alone, beside a hybrid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Analytic {
    /// The equations.
    pub mechanism: String,
    /// Their parameters, in their order.
    pub parameters: Vec<Beside>,
    /// Rows by which actions are late in this fit (`identify.delay`); the hybrid knows of no delay.
    pub late: f64,
    /// Episodes that both learned from.
    pub episodes: usize,
    /// How intervals were made, in a sentence.
    pub intervals: String,
    /// What else there is to tell of it.
    pub notes: Vec<String>,
}

/// A parameter as a hybrid learned it, and as equations alone find it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Beside {
    /// As the hybrid has it.
    pub learned: LearnedParameter,
    /// As equations alone find it.
    pub analytic: f64,
    /// The 90 % interval of that; nothing for one that is fixed.
    pub interval: Option<[f64; 2]>,
}

impl Beside {
    /// Whether the hybrid's lies within the interval; nothing for one that is fixed.
    pub fn agrees(&self) -> Option<bool> {
        self.interval.map(|[low, high]| (low..=high).contains(&self.learned.value))
    }

    fn words(&self) -> String {
        let LearnedParameter { name, unit, value, .. } = &self.learned;
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let interval = self.interval.map_or_else(String::new, |[low, high]| {
            format!(" (equations alone {}, {} to {})", digits(self.analytic), digits(low), digits(high))
        });
        format!("{name} {}{unit}{interval}", digits(*value))
    }
}

impl Analytic {
    /// Whether the hybrid's parameters are those of the equations alone, in sentences.
    pub fn words(&self) -> Vec<String> {
        let of = |agrees: bool| -> Vec<String> {
            self.parameters.iter().filter(|p| p.agrees() == Some(agrees)).map(Beside::words).collect()
        };
        let (inside, outside) = (of(true), of(false));
        let all = inside.len() + outside.len();
        let mut told = vec![format!(
            "{} of {all} learned parameters lie within the 90 % intervals of the {} alone, fitted to the same {} episodes{}{}.",
            inside.len(),
            self.mechanism,
            self.episodes,
            if inside.is_empty() { "" } else { ": " },
            inside.join(", ")
        )];
        if !outside.is_empty() {
            told.push(format!(
                "Outside of them: {}. Where equations leave much out, their own fit bends to make up for it; where they leave little, a larger model.residual keeps \
                 what is learned to them.",
                outside.join(", ")
            ));
        }
        if self.late > 0.0 {
            told.push(format!(
                "The equations alone take actions as late by {} rows, which the hybrid does not know.",
                digits(self.late)
            ));
        }
        told.extend(self.notes.iter().map(|note| format!("The equations alone: {note}.")));
        told
    }

    /// Rows about it for the page of a run: what, and how much.
    pub fn facts(&self) -> Vec<(String, String)> {
        let fact = |beside: &Beside| {
            let LearnedParameter { name, unit, value, prior, .. } = &beside.learned;
            let name = if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") };
            let between = |[low, high]: [f64; 2]| format!("{} to {}", digits(low), digits(high));
            let told = match (beside.interval, prior) {
                (Some(interval), Some(prior)) => format!(
                    "{}; equations alone {}, 90 % interval {}; believed before {}",
                    digits(*value),
                    digits(beside.analytic),
                    between(interval),
                    between(*prior)
                ),
                _ => format!("{}, fixed", digits(*value)),
            };
            (name, told)
        };
        self.parameters.iter().map(fact).collect()
    }

    /// What these equations foretell of recordings. Numbers that they do not know stay as they are.
    ///
    /// # Errors
    /// If columns do not fit, or a number in them is none.
    pub fn forecaster<'a>(&self, config: &HybridConfig, dataset: &'a Dataset) -> Result<Box<Forecaster<'a>>> {
        let known = config.known(&dataset.signature)?;
        let every: Vec<usize> = (0..dataset.episodes.len()).collect();
        let records = known.columns.records(dataset, &every)?;
        let (values, late): (Vec<f64>, f64) = (self.parameters.iter().map(|p| p.analytic).collect(), self.late);
        let tell = move |starts: &[(usize, usize)], steps: usize| -> terrella_core::Result<Option<Table>> {
            let mut table = Table::new(dataset.signature.state.len());
            for &(episode, row) in starts {
                let mut state = dataset.episodes[episode].states.row(row).to_vec();
                let told = forecast(&*known.mechanism, &records[episode], (row, steps), (&values, late));
                known.columns.state.iter().zip(told).for_each(|(&column, told)| state[column] = told as f32);
                table.push(&state);
            }
            Ok(Some(table))
        };
        Ok(Box::new(tell))
    }
}

/// The equations of a model that has some.
pub(super) fn equations(model: &AnyWorld) -> Option<HybridConfig> {
    model.config().family::<HybridConfig>("its equations").ok()
}

/// Fits the equations of a hybrid without their rest to what it learned from, and keeps both in the run; a fit that comes to nothing is told.
///
/// # Errors
/// If columns do not fit, the disk refuses, or somebody asked to stop.
pub(super) fn fit_beside(run: &Run, model: &AnyWorld, recordings: &Recordings, watch: &Watch) -> Result<()> {
    let Some(config) = equations(model).filter(|_| !run.file(FILE).exists()) else { return Ok(()) };
    let (dataset, train) = (&*recordings.dataset, &recordings.split.train);
    let known = config.known(&dataset.signature)?;
    known.columns.notes.iter().for_each(|note| watch.say(note));
    let records = known.columns.records(dataset, train)?;
    let settings = IdentifyConfig { parts: config.parts, ..run.settings.identify.clone() };
    let stage = watch.stage("equations alone", 1);
    let fitted = identify_while(&*known.mechanism, &known.space, (&records, &settings), &|| !watch.stopped());
    stage.at(1, "");
    drop(stage);
    if watch.stopped() {
        return Err(Interrupted { resume: Some(run.resume_command()) }.into());
    }
    let identified = match fitted {
        Ok(identified) => identified,
        Err(error) => {
            watch.say(&format!("the equations alone could not be fitted beside it: {error}"));
            return Ok(());
        }
    };
    let late = identified.late();
    let beside = |(learned, told): (&LearnedParameter, &terrella_physics::ParameterTold)| Beside {
        learned: learned.clone(),
        analytic: told.estimate,
        interval: told.interval,
    };
    let analytic = Analytic {
        parameters: model.parameters().iter().zip(&identified.parameters).map(beside).collect(),
        mechanism: identified.mechanism,
        late,
        episodes: train.len(),
        intervals: identified.intervals,
        notes: identified.notes,
    };
    analytic.words().iter().for_each(|line| watch.say(line));
    run.write_json(FILE, &analytic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(name: &str, value: f64, interval: Option<[f64; 2]>) -> Beside {
        let prior = interval.map(|_| [0.05, 5.0]);
        let learned = LearnedParameter { name: name.into(), unit: "kg".into(), start: 0.5, value, prior };
        Beside { learned, analytic: 0.6, interval }
    }

    #[test]
    fn parameters_inside_and_outside_of_their_intervals_are_told_apart() {
        let parameters = vec![
            beside("mass", 0.61, Some([0.58, 0.62])),
            beside("load", 0.7, Some([0.58, 0.62])),
            beside("gravity", 9.81, None),
        ];
        let all = Analytic {
            mechanism: "pendulum".into(),
            parameters,
            late: 0.0,
            episodes: 9,
            intervals: String::new(),
            notes: Vec::new(),
        };
        assert_eq!(
            all.parameters.iter().map(Beside::agrees).collect::<Vec<_>>(),
            [Some(true), Some(false), None],
            "agreement"
        );
        let told = all.words();
        assert!(
            told[0].starts_with("1 of 2") && told[0].contains("mass 0.61") && !told[0].contains("load"),
            "{told:?}"
        );
        assert!(told[1].contains("load 0.7") && !told.concat().contains("gravity"), "{told:?}");
        let facts = all.facts();
        assert!(facts[0].1.contains("0.58") && facts[0].1.contains("0.0500 to 5.00"), "{facts:?}");
        assert!(facts[2].1.ends_with("fixed"), "{facts:?}");
    }
}
