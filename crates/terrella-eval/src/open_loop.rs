//! Open-loop errors in the units of the log, without a world to act in.
//!
//! A predictor is shown one row of a held-out recording, told the actions that followed, and compared
//! with what was then recorded, so many steps ahead. Beside a model stand two that need none: nothing
//! changes (copy-last), and a linear autoregression with inputs (ARX) fitted on the episodes that were
//! learned from. Errors are root mean squares over clips, intervals resample whole episodes.

use crate::arx::Arx;
use crate::curves::Estimate;
use crate::open_loop_table::{LINEAR, OpenLoop, OpenLoopRow, Told};
use crate::recorded::recorded;
use crate::spread::spread;
use crate::stats::Interval;
use serde::{Deserialize, Serialize};
use terrella_core::{Acts, Dataset, Dt, Dynamics, Error, Key, Observation, Result, Signature, Table, View};

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenLoopConfig {
    /// Rows ahead.
    pub horizons: Vec<usize>,
    /// Clips for each horizon, spread over the held-out episodes.
    pub clips: usize,
    /// Seed of the draw.
    pub seed: u64,
}

impl Default for OpenLoopConfig {
    fn default() -> Self {
        Self { horizons: vec![1, 10, 50, 200], clips: 400, seed: 0 }
    }
}

/// Something that foretells states: shown where clips start (episode, row), it tells the states `steps`
/// rows later, `[clips, state]`, or nothing where that is no whole number of its own steps.
pub type Forecaster<'a> = dyn Fn(&[(usize, usize)], usize) -> Result<Option<Table>> + 'a;

/// One block of actions for all clips, and how many seconds it lasts in each.
pub type Block = (Vec<f32>, Vec<f32>);

/// What a model foretells: shown some rows, it is told block after block what is done in all of them, and
/// tells the states at the end, `[rows, state]`, if it can tell states.
///
/// # Errors
/// If an observation lacks what the model looks at.
pub fn foretell<D: Dynamics>(
    dynamics: &D,
    seen: &[Observation],
    blocks: impl IntoIterator<Item = Block>,
) -> Result<Option<Table>> {
    let first = dynamics.observe(seen)?;
    let last = blocks
        .into_iter()
        .fold(first, |state, (actions, dt)| dynamics.step(&state, Acts::of(&actions).lasting(Dt::Each(&dt))));
    Ok(dynamics.read(&last))
}

/// A model as a forecaster: it is shown what `view` says of the first rows, and the clock of the
/// recording.
pub fn model_forecast<'a, D: Dynamics>(
    dynamics: &'a D,
    dataset: &'a Dataset,
    view: View,
) -> impl Fn(&[(usize, usize)], usize) -> Result<Option<Table>> + 'a {
    move |starts, steps| {
        let (width, fps) = (dataset.signature.action.len().max(1), dataset.signature.fps);
        let skip = (dynamics.block_width() / width).max(1);
        if !steps.is_multiple_of(skip) {
            return Ok(None);
        }
        let seen = starts.iter().map(|&at| recorded(dataset, at, view)).collect::<Result<Vec<_>>>()?;
        let blocks = (0..steps).step_by(skip).map(|ahead| {
            let (mut actions, mut dt) = (Vec::new(), Vec::new());
            for &(episode, row) in starts {
                let (episode, rows) = (&dataset.episodes[episode], row + ahead..row + ahead + skip);
                actions.extend_from_slice(&episode.actions.data[rows.start * width..rows.end * width]);
                dt.push(episode.durations(rows, fps).sum::<f64>() as f32);
            }
            (actions, dt)
        });
        let told = foretell(dynamics, &seen, blocks)?;
        told.map(Some).ok_or_else(|| {
            Error::Invalid("the model cannot tell states; train it with model.readout = true".to_owned())
        })
    }
}

/// Measures forecasters, the model first, beside copy-last and a linear ARX.
///
/// # Errors
/// If there is no state, or a held-out episode is not of two rows at least.
pub fn open_loop(
    (dataset, train, held_out): (&Dataset, &[usize], &[usize]),
    forecasters: &[(&str, &Forecaster<'_>)],
    config: &OpenLoopConfig,
) -> Result<OpenLoop> {
    let width = dataset.signature.state.len();
    let longest = held_out.iter().map(|&e| dataset.episodes[e].len()).max().unwrap_or(0);
    let (fit, too_long): (Vec<usize>, Vec<usize>) = config.horizons.iter().partition(|&&h| h > 0 && h < longest);
    if width == 0 || fit.is_empty() {
        return Err(Error::Invalid(format!(
            "open-loop errors need a logged state and a horizon (of {:?}) that fits; the state has {width} numbers and the longest of {} held-out episodes {longest} rows; set eval.open_loop.horizons",
            config.horizons,
            held_out.len()
        )));
    }
    // Never fitted to what is judged.
    let arx = (!train.is_empty()).then(|| Arx::fit(dataset, train));
    let linear = |starts: &[(usize, usize)], steps: usize| Ok(arx.as_ref().map(|a| a.forecast(dataset, starts, steps)));
    let still = |starts: &[(usize, usize)], _: usize| {
        let rows = starts.iter().flat_map(|&(e, row)| dataset.episodes[e].states.row(row).to_vec());
        Ok(Some(Table::from_data(width, rows.collect())))
    };
    let baselines: [(&str, &Forecaster<'_>); 2] = [("copy-last", &still), (LINEAR, &linear)];
    let mut table = OpenLoop {
        fps: dataset.signature.fps,
        counts: Vec::new(),
        too_long,
        data_hash: dataset.hash.clone(),
        rows: Vec::new(),
        provenance: None,
    };
    for &steps in &fit {
        let starts = draw(dataset, held_out, steps, config);
        let episodes: std::collections::BTreeSet<usize> = starts.iter().map(|at| at.0).collect();
        table.counts.push((steps, starts.len(), episodes.len()));
        let mut rows: Vec<OpenLoopRow> = (0..width)
            .map(|column| OpenLoopRow {
                name: dataset.signature.state[column].clone(),
                unit: dataset.signature.unit(column).to_owned(),
                steps,
                told: Vec::new(),
            })
            .collect();
        for (name, forecast) in forecasters.iter().chain(&baselines) {
            let Some(last) = forecast(&starts, steps)? else { continue };
            Error::check("forecast states", starts.len(), last.len())?;
            for (column, row) in rows.iter_mut().enumerate() {
                let key = Key::new(config.seed).with("open loop interval").at(steps as u64);
                row.told.push(told(name, (dataset, &starts, steps), &last, column, key));
            }
        }
        table.rows.extend(rows);
    }
    Ok(table)
}

/// Clips spread evenly over the episodes that are long enough.
fn draw(dataset: &Dataset, held_out: &[usize], steps: usize, config: &OpenLoopConfig) -> Vec<(usize, usize)> {
    let long: Vec<usize> = held_out.iter().copied().filter(|&e| dataset.episodes[e].len() > steps).collect();
    // An ARX looks one row back, so nobody starts at the first row where that can be helped.
    let starts = |episode: usize| {
        let n = dataset.episodes[episode].len() - steps;
        usize::from(n > 1)..n
    };
    let key = Key::new(config.seed).with("open loop clips");
    // At least one of each episode.
    let clips = spread(&long, config.clips.max(long.len()), starts, |e| key.at(e as u64).at(steps as u64));
    clips.into_iter().map(|clip| (clip.episode, clip.start)).collect()
}

fn told(
    name: &str,
    (dataset, starts, steps): (&Dataset, &[(usize, usize)], usize),
    forecast: &Table,
    column: usize,
    key: Key,
) -> Told {
    let square = |(&(episode, row), told): (&(usize, usize), &[f32])| {
        let truth = dataset.episodes[episode].states.row(row + steps)[column];
        apart(&dataset.signature, column, told[column], truth).powi(2)
    };
    let squares: Vec<f64> = starts.iter().zip(forecast.rows()).map(square).collect();
    let episodes: Vec<usize> = starts.iter().map(|at| at.0).collect();
    let Estimate { mean, interval: Interval { low, high } } = Estimate::of(&squares, &episodes, key);
    Told { predictor: name.to_owned(), rmse: mean.sqrt(), interval: Interval { low: low.sqrt(), high: high.sqrt() } }
}

/// Difference of two numbers of a state; of angles the shorter way round.
fn apart(signature: &Signature, column: usize, a: f32, b: f32) -> f64 {
    use std::f64::consts::{PI, TAU};
    let difference = f64::from(a) - f64::from(b);
    if signature.unit(column) == "rad" { (difference + PI).rem_euclid(TAU) - PI } else { difference }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Episode;

    /// A damped swing pushed by known actions, in two numbers; five episodes.
    fn swings() -> Dataset {
        let episode = |index: usize| {
            let mut stream = Key::new(index as u64).stream();
            let (mut x, mut v) = (stream.normal(), stream.normal());
            let mut episode = Episode { index, states: Table::new(2), actions: Table::new(1), ..Episode::default() };
            for _ in 0..80 {
                let push = stream.normal();
                episode.states.push(&[x as f32, v as f32]);
                episode.actions.push(&[push as f32]);
                (x, v) = (x + 0.1 * v, v + 0.1 * (push - x - 0.2 * v));
            }
            episode
        };
        let episodes: Vec<Episode> = (0..5).map(episode).collect();
        let signature = Signature {
            fps: 10.0,
            state: vec!["x".into(), "v".into()],
            units: vec!["m".into(), "m/s".into()],
            action: vec!["push".into()],
            ..Signature::default()
        };
        let [state_stats, action_stats] = [2, 1].map(|w| terrella_core::Stats::of(w, []));
        Dataset { signature, episodes, state_stats, action_stats, hash: "swings".into(), notes: vec![] }
    }

    #[test]
    fn a_baseline_that_is_left_out_is_not_described() {
        let data = swings();
        let config = OpenLoopConfig { horizons: vec![1], clips: 10, seed: 0 };
        let words = |train: &[usize]| {
            let table = open_loop((&data, train, &[3, 4]), &[], &config).expect("measured");
            (table.to_string().contains("linear ARX"), table.words().contains("“linear ARX” is"))
        };
        assert_eq!((words(&[0, 1]), words(&[])), ((true, true), (false, false)), "in the table, in words");
    }

    #[test]
    fn a_linear_world_is_foretold_by_the_linear_baseline_and_not_by_standing_still() {
        let data = swings();
        let config = OpenLoopConfig { horizons: vec![1, 20, 300], clips: 40, seed: 0 };
        let table = open_loop((&data, &[0, 1, 2], &[3, 4]), &[], &config).expect("measured");
        assert_eq!((table.too_long.clone(), table.counts.len()), (vec![300], 2), "what fits");
        for row in &table.rows {
            let rmse = |name: &str| row.told.iter().find(|t| t.predictor == name).expect("there").rmse;
            assert!(rmse("linear ARX") < 1e-3 && rmse("copy-last") > 0.05, "{row:?}");
        }
        let text = table.to_string();
        assert!(text.contains("x (m)") && text.contains("20 steps, 2.00 s"), "{text}");
    }

    #[test]
    fn a_model_that_is_worse_than_a_baseline_is_told() {
        let data = swings();
        let lost = |starts: &[(usize, usize)], _: usize| Ok(Some(Table::from_data(2, vec![99.0; 2 * starts.len()])));
        let config = OpenLoopConfig { horizons: vec![5], clips: 10, seed: 0 };
        let table = open_loop((&data, &[0, 1, 2], &[3, 4]), &[("model", &lost)], &config).expect("measured");
        assert!(table.limits().iter().any(|l| l.contains("no better than copy-last and linear ARX")), "{table}");
    }
}
