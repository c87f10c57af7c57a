//! Parameters from recordings, by least squares over trajectories (multiple shooting).
//!
//! Recordings are cut into clips of some rows; each is foretold from a state of its own with the same parameters, and what is foretold
//! is compared with every row that was measured. One row ahead would lean on noise, a whole recording would run away; clips are
//! between. A first fit over a quarter of the rows finds the valley. Each number of the state counts in units of its own noise, which
//! is what is left over, so a fit is made a few times.

use crate::clip::{Clip, clips};
use crate::delay::Delay;
use crate::direction::undetermined;
use crate::identified::{EpisodeError, Identified, ParameterTold};
use crate::levenberg::{Fitted, minimise};
use crate::mechanism::Mechanism;
use crate::normal::{Initial, Problem};
use crate::record::Record;
use crate::space::{NINETY, Space};
use crate::uncertainty::uncertainty;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terrella_core::{Error, Result};

/// How parameters are identified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentifyConfig {
    /// Rows that a clip foretells: longer ones see small frictions, shorter ones do not run away.
    pub rows: usize,
    /// Clips that are looked at, at most, spread over the recordings; 0 takes all.
    pub clips: usize,
    /// Whether clips start from a state that is fitted too (`free`), or from what was measured (`measured`).
    pub initial: Initial,
    /// Parts of a row that are integrated one after the other.
    pub parts: usize,
    /// Steps of a fit, at most.
    pub iterations: usize,
    /// Rows by which actions may be late; a delay from 0 to as many is looked for, and none if this is 0.
    pub delay: f64,
    /// Threads; 0 takes as many as there are cores. They change no number.
    pub threads: usize,
}

impl Default for IdentifyConfig {
    fn default() -> Self {
        Self { rows: 25, clips: 2000, initial: Initial::Free, parts: 2, iterations: 60, delay: 0.0, threads: 0 }
    }
}

/// Times that the noise is found anew, at most; it settles in two or three.
const ROUNDS: usize = 5;
/// Relative change of the noise that ends them.
const SETTLED: f64 = 0.01;
/// Share of a column's spread that is taken for its noise at first.
const NOISE: f64 = 0.05;
/// The same below which noise is never believed: what is known better than to 1e-5 makes information of 1e12 and more, beside which the 1 of a
/// prior would drown in rounding.
const ROUNDING: f64 = 1e-5;
/// The least noise of a number that never changes.
const LEAST: f64 = 1e-12;
/// Rows between the delays that are tried.
const STEP: f64 = 0.5;

/// Finds the free parameters of a mechanism in recordings.
///
/// # Errors
/// If there is no clip, a number in a record is none, or foretold states run away where the fit starts.
pub fn identify(
    mechanism: &dyn Mechanism,
    space: &Space,
    records: &[Record],
    config: &IdentifyConfig,
) -> Result<Identified> {
    identify_while(mechanism, space, (records, config), &|| true)
}

/// [`identify()`], as long as it is to go on, which is asked at every step of the fit.
///
/// # Errors
/// As there, and if it is to go on no longer.
pub fn identify_while(
    mechanism: &dyn Mechanism,
    space: &Space,
    (records, config): (&[Record], &IdentifyConfig),
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Identified> {
    let width = mechanism.state().len();
    records.iter().try_for_each(|record| record.check(width, mechanism.action().len()))?;
    if !(config.delay.is_finite() && config.delay >= 0.0) {
        return Err(Error::Invalid(format!("identify.delay is {}; give rows, or 0 for no delay", config.delay)));
    }
    let lead = config.delay.ceil() as usize;
    let cut = |rows: usize| clips(records, rows, lead, config.clips);
    let whole = cut(config.rows);
    if whole.is_empty() {
        return Err(Error::Invalid(format!(
            "none of {} recordings has {} rows, which a clip needs at least; give longer ones",
            records.len(),
            lead + 2
        )));
    }
    let spread = spread(records, width);
    let threads = match config.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let problem = |clips| Problem {
        mechanism,
        space,
        records,
        clips,
        noise: spread.iter().map(|spread| (NOISE * spread).max(LEAST)).collect(),
        initial: config.initial,
        delay: 0.0,
        threads,
        go_on,
    };
    let short = cut(config.rows.div_ceil(4).max(2));
    let mut first = problem(&short);
    let z = settle(&mut first, space.starts(), &spread, config.iterations)?.z;
    let mut last = problem(&whole);
    last.noise = first.noise;
    let (fitted, delay) = if config.delay > 0.0 && !mechanism.action().is_empty() {
        let (fitted, delay) = scan(&mut last, &z, &spread, config)?;
        (fitted, Some(delay))
    } else {
        (settle(&mut last, z, &spread, config.iterations)?, None)
    };
    told(&last, &fitted, delay, config)
}

/// Standard deviation of each number of the state over all rows.
fn spread(records: &[Record], width: usize) -> Vec<f64> {
    let of = |i: usize| {
        let numbers = || records.iter().flat_map(move |record| record.states.iter().skip(i).step_by(width));
        let n = numbers().count().max(1) as f64;
        let mean = numbers().sum::<f64>() / n;
        (numbers().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt()
    };
    (0..width).map(of).collect()
}

/// Fits, takes what is left over for the noise, and fits again until that no longer changes.
fn settle(problem: &mut Problem<'_>, z: Vec<f64>, spread: &[f64], iterations: usize) -> Result<Fitted> {
    let mut fitted = minimise(problem, z, problem.measured(), iterations)?;
    for _ in 0..ROUNDS {
        let noise = noise(problem, &fitted, spread);
        let change = noise.iter().zip(&problem.noise).map(|(new, old)| (new / old).ln().abs()).fold(0.0, f64::max);
        problem.noise = noise;
        let before = fitted.steps;
        fitted = minimise(problem, fitted.z, fitted.starts, iterations)?;
        fitted.steps += before;
        if change < SETTLED {
            break;
        }
    }
    Ok(fitted)
}

/// Standard deviation of what is left over of each number of the state; fitted numbers count against rows.
fn noise(problem: &Problem<'_>, fitted: &Fitted, spread: &[f64]) -> Vec<f64> {
    // A free start adds a row and takes a number of each column: rows that are foretold remain.
    let rows: usize = problem.clips.iter().map(|clip| clip.rows).sum();
    let taken = problem.space.len() as f64 / problem.width() as f64;
    let freedom = (rows as f64 - taken).max(1.0);
    let of = |i: usize| {
        let squares: f64 = fitted.sums.iter().map(|sum| sum.squares[i]).sum();
        (squares / freedom).sqrt().max(ROUNDING * spread[i]).max(LEAST)
    };
    (0..problem.width()).map(of).collect()
}

/// The fit with the likeliest delay.
fn scan(problem: &mut Problem<'_>, z: &[f64], spread: &[f64], config: &IdentifyConfig) -> Result<(Fitted, Delay)> {
    let mut start = z.to_vec();
    let mut at = |problem: &mut Problem<'_>, delay: f64| -> Result<(Fitted, f64)> {
        problem.delay = delay;
        let fitted = settle(problem, start.clone(), spread, config.iterations)?;
        start.clone_from(&fitted.z);
        let rows: usize = problem.clips.iter().map(|clip| clip.rows).sum();
        // With the noise that makes each column likeliest; what is left of it is the sum of its squares.
        let squares = |i: usize| fitted.sums.iter().map(|sum| sum.squares[i]).sum::<f64>();
        let errors: f64 =
            (0..problem.width()).map(|i| 0.5 * rows as f64 * squares(i).max(f64::MIN_POSITIVE).ln()).sum();
        let prior: f64 = fitted.z.iter().map(|z| 0.5 * z * z).sum();
        let misfit = errors + prior;
        Ok((fitted, misfit))
    };
    let mut profile: Vec<[f64; 2]> = Vec::new();
    for nth in 0..=(config.delay / STEP).floor() as usize {
        let delay = nth as f64 * STEP;
        profile.push([delay, at(problem, delay)?.1]);
    }
    let best = (0..profile.len()).min_by(|&a, &b| profile[a][1].total_cmp(&profile[b][1])).unwrap_or(0);
    // A parabola through the best and its neighbours.
    let valley = (best > 0 && best + 1 < profile.len()).then(|| {
        let [left, middle, right] = [profile[best - 1][1], profile[best][1], profile[best + 1][1]];
        let bend = left - 2.0 * middle + right;
        (profile[best][0] + 0.5 * STEP * (left - right) / bend, bend / (STEP * STEP))
    });
    let valley = valley.filter(|(place, bend)| place.is_finite() && *bend > 0.0);
    let place = valley.map_or(profile[best][0], |(place, _)| place);
    let (fitted, misfit) = at(problem, place)?;
    let (fitted, rows, least) = if misfit <= profile[best][1] {
        (fitted, place, misfit)
    } else {
        let (fitted, misfit) = at(problem, profile[best][0])?;
        (fitted, profile[best][0], misfit)
    };
    // Where the log-likelihood is half of the square of 1.645 below its top.
    let half = valley.map(|(_, bend)| NINETY / bend.sqrt());
    let interval = half.map(|half| [(rows - half).max(0.0), rows + half]);
    let [seconds, n] = problem
        .records
        .iter()
        .fold([0.0, 0.0], |[s, n], record| [s + record.dt.iter().sum::<f64>(), n + record.len() as f64]);
    let least = least.min(profile[best][1]);
    profile.iter_mut().for_each(|point| point[1] = least - point[1]);
    Ok((fitted, Delay { rows, seconds: rows * seconds / n.max(1.0), interval, profile }))
}

fn told(problem: &Problem<'_>, fitted: &Fitted, delay: Option<Delay>, config: &IdentifyConfig) -> Result<Identified> {
    let Problem { mechanism, space, .. } = *problem;
    let sure = uncertainty(problem, fitted)?;
    let values = space.values(&fitted.z);
    let mut notes = Vec::new();
    if !fitted.settled {
        notes.push(format!("the fit did not settle in {} steps; allow more (identify.iterations)", config.iterations));
    }
    let mut parameters = Vec::new();
    for (at, parameter) in mechanism.parameters().iter().enumerate() {
        let (name, unit) = (parameter.name.to_owned(), parameter.unit.to_owned());
        let Some(nth) = space.free.iter().position(|&free| free == at) else {
            let estimate = values[at];
            parameters.push(ParameterTold { name, unit, estimate, interval: None, prior: None, width: None });
            continue;
        };
        let (z, half) = (fitted.z[nth], sure.half[nth]);
        // Twice as far out as the end of the prior interval.
        if z.abs() > 2.0 * NINETY {
            notes.push(format!("{name} lies far outside of its prior; is its unit right, and is the prior?"));
        }
        parameters.push(ParameterTold {
            name,
            unit,
            estimate: values[at],
            interval: Some([space.told(nth, z - half), space.told(nth, z + half)]),
            prior: Some(space.priors[nth]),
            width: Some(half / NINETY),
        });
    }
    if config.delay > 0.0 && delay.is_none() {
        notes.push(format!("nobody acts in a {}, so no delay was looked for", mechanism.name()));
    }
    if let Some(delay) = &delay
        && delay.interval.is_none()
    {
        notes.push(format!(
            "the likeliest delay, {} rows, is the first or the last that was tried; look further with identify.delay",
            delay.rows
        ));
    }
    Ok(Identified {
        mechanism: mechanism.name().to_owned(),
        parameters,
        directions: undetermined(mechanism, space, &sure.information),
        delay,
        state: mechanism.state().iter().map(|quantity| quantity.name.to_owned()).collect(),
        units: mechanism.state().iter().map(|quantity| quantity.unit.to_owned()).collect(),
        noise: problem.noise.clone(),
        episodes: by_episode(problem, fitted),
        clips: problem.clips.len(),
        rows: problem.clips.iter().map(|clip| clip.rows).sum(),
        steps: fitted.steps,
        intervals: sure.words,
        notes,
    })
}

/// What is left over in each episode.
fn by_episode(problem: &Problem<'_>, fitted: &Fitted) -> Vec<EpisodeError> {
    let width = problem.width();
    let mut episodes: BTreeMap<usize, (usize, Vec<f64>)> = BTreeMap::new();
    let rows = |clip: &Clip| clip.rows + usize::from(problem.initial == Initial::Free);
    for (clip, sum) in problem.clips.iter().zip(&fitted.sums) {
        let episode = episodes.entry(problem.records[clip.record].episode).or_insert_with(|| (0, vec![0.0; width]));
        episode.0 += rows(clip);
        episode.1.iter_mut().zip(&sum.squares).for_each(|(all, squares)| *all += squares);
    }
    let told = |(episode, (rows, squares)): (usize, (usize, Vec<f64>))| EpisodeError {
        episode,
        rows,
        rms: squares.iter().map(|squares| (squares / rows as f64).sqrt()).collect(),
    };
    episodes.into_iter().map(told).collect()
}
