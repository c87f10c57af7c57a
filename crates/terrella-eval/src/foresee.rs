//! What a model foretells along a recording: the state after each block, and how far off it says that it may be.
//!
//! A model that tells noise is stepped in copies which draw it, so that what spreads is both what it does not know (its members
//! disagree) and what it holds for chance. The state itself is told without noise. One function does this for calibrating, judging
//! and asking, since a band promises nothing of numbers that come about in another way.

use crate::open_loop::Block;
use terrella_core::{Acts, Dt, Dynamics, Error, Key, Observation, Result, Table};

/// What is foretold of some rows of a batch, block after block.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// The state after each block, `[rows, state]` each.
    pub told: Vec<Table>,
    /// Standard deviations that the model tells with it, likewise; nothing where it tells none.
    pub deviation: Option<Vec<Table>>,
    /// The samples that these are of, `[rows · samples, state]` each, those of a row one after the other.
    pub samples: Option<Vec<Table>>,
}

/// Foretells from what is seen. Deviations are those of `copies` of each row, times as many particles as the model has of one.
///
/// # Errors
/// If an observation lacks what the model looks at, or the model cannot tell states.
pub fn foresee<D: Dynamics>(
    dynamics: &D,
    seen: &[Observation],
    blocks: &[Block],
    (copies, key): (usize, Key),
) -> Result<Foreseen> {
    let start = dynamics.observe(seen)?;
    let told = along(dynamics, start.clone(), blocks, |state| dynamics.read(state)).ok_or_else(untold)?;
    let samples = clouds(dynamics, &start, seen.len(), blocks, (copies, key));
    let deviation = samples.as_ref().map(|all| all.iter().map(|cloud| deviations(cloud, seen.len())).collect());
    Ok(Foreseen { told, deviation, samples })
}

/// The states that each of `n` rows may be in after each block, `[n · samples, state]`, those of a row one after the other; nothing
/// where the model tells one future only.
pub fn clouds<D: Dynamics>(
    dynamics: &D,
    start: &D::State,
    n: usize,
    blocks: &[Block],
    (copies, key): (usize, Key),
) -> Option<Vec<Table>> {
    let copies = copies.max(1);
    let rows: Vec<usize> = (0..n).flat_map(|row| std::iter::repeat_n(row, copies)).collect();
    let repeated = |numbers: &[f32]| -> Vec<f32> {
        let width = numbers.len() / n.max(1);
        rows.iter().flat_map(|&row| &numbers[row * width..(row + 1) * width]).copied().collect()
    };
    let blocks: Vec<Block> = blocks.iter().map(|(actions, dt)| (repeated(actions), repeated(dt))).collect();
    let many = dynamics.noisy(dynamics.take(start, &rows), key);
    along(dynamics, many, &blocks, |state| dynamics.particles(state))
}

/// Whether a model can tell states, and deviations with them, tried on one observation.
///
/// # Errors
/// If it cannot tell states, or look at this.
pub fn tells_deviations<D: Dynamics>(dynamics: &D, seen: &Observation) -> Result<bool> {
    let state = dynamics.observe(std::slice::from_ref(seen))?;
    dynamics.read(&state).ok_or_else(untold)?;
    Ok(dynamics.particles(&state).is_some())
}

/// `told − truth` of one number of a state; of angles the shorter way round.
pub(crate) fn apart(angle: bool, told: f64, truth: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    let difference = told - truth;
    if angle { (difference + PI).rem_euclid(TAU) - PI } else { difference }
}

fn untold() -> Error {
    Error::Invalid("the model cannot tell states; train it with model.readout = true".to_owned())
}

/// Block after block, what is told of the states that come.
fn along<D: Dynamics, T>(
    dynamics: &D,
    start: D::State,
    blocks: &[Block],
    tell: impl Fn(&D::State) -> Option<T>,
) -> Option<Vec<T>> {
    let mut state = start;
    let next = |(actions, dt): &Block| {
        state = dynamics.step(&state, Acts::of(actions).lasting(Dt::Each(dt)));
        tell(&state)
    };
    blocks.iter().map(next).collect()
}

/// Standard deviations of the samples of each of `n` rows.
pub(crate) fn deviations(cloud: &Table, n: usize) -> Table {
    let (width, samples) = (cloud.width, cloud.len() / n.max(1));
    let mut all = Table::new(width);
    for row in 0..n {
        let of = |column: usize| {
            let values = (0..samples).map(|at| f64::from(cloud.row(row * samples + at)[column]));
            let mean = values.clone().sum::<f64>() / samples as f64;
            (values.map(|x| (x - mean).powi(2)).sum::<f64>() / samples as f64).sqrt() as f32
        };
        let deviations: Vec<f32> = (0..width).map(of).collect();
        all.push(&deviations);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_those_of_each_rows_samples() {
        let cloud = Table::from_data(2, vec![1.0, 5.0, 3.0, 5.0, 0.0, -2.0, 0.0, 2.0]);
        assert_eq!(deviations(&cloud, 2).data, [1.0, 0.0, 0.0, 2.0], "two rows of two samples");
    }

    #[test]
    fn angles_are_apart_the_shorter_way_round() {
        assert!((apart(true, 3.1, -3.1) - (6.2 - std::f64::consts::TAU)).abs() < 1e-12, "across half a turn");
        assert!((apart(false, 3.1, -3.1) - 6.2).abs() < 1e-12, "other numbers are not");
    }
}
