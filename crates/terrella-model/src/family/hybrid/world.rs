//! A trained hybrid as a simulator on plain rows of numbers.
//!
//! Each row is a state; it goes on by the equations and by what the network adds. Where that comes to no number any more, the last state that was one
//! stays. With noise, every step adds what the hybrid was found to be off by in its own clips, growing with the root of the time.

use super::config::HybridConfig;
use super::motion::{Motion, VARIANCES};
use super::net::HybridNet;
use super::network::{Network, Pass};
use crate::host::dense::numbers;
use crate::host::lanes::{LANE, cleared, flat, flat_mut, lanes};
use crate::host::threads::each;
use crate::interface::Interface;
use crate::learned_parameter::LearnedParameter;
use std::sync::Arc;
use terrella_core::{Acts, Dynamics, Error, Image, Key, Observation, Result, Table};
use terrella_physics::Row;

/// Rows that go together, at most.
const ROWS: usize = 64;

/// A trained hybrid with everything it needs to be asked in log units.
#[derive(Clone)]
pub struct HybridWorld {
    motion: Motion,
    network: Arc<Network>,
    /// All parameters of the equations.
    values: Vec<f64>,
    /// Standard deviation that each number gains in a usual row, in units of the log.
    deviations: Vec<f64>,
}

/// A batch of states.
#[derive(Clone, Debug)]
pub struct HybridStates {
    /// `[rows, state]`.
    states: Vec<f64>,
    rows: usize,
    /// Where noise is wanted, what it is keyed by, and steps taken.
    noise: Option<(Key, u64)>,
}

impl HybridWorld {
    /// Wraps a network for inference.
    ///
    /// # Panics
    /// If its equations do not go with these recordings, which [`crate::Family::fits`] tells before.
    pub(super) fn new(net: &HybridNet, config: &HybridConfig, about: &Interface) -> Self {
        let known = config.known(&about.signature).expect("equations that fit, as was checked");
        let motion = Motion::new(known, about);
        let values = motion.values(&numbers(net.parameters.val()));
        let spread = numbers(net.spread.val()).into_iter().enumerate();
        let deviations = spread.map(|(i, x)| motion.unit(i) * (0.5 * VARIANCES * f64::from(x)).exp()).collect();
        Self { network: Arc::new(Network::of(&net.layers)), values, deviations, motion }
    }

    /// The parameters of its equations, in their order.
    pub fn parameters(&self) -> Vec<LearnedParameter> {
        let known = &self.motion.known;
        let told = |(at, parameter): (usize, &terrella_physics::Parameter)| LearnedParameter {
            name: parameter.name.to_owned(),
            unit: parameter.unit.to_owned(),
            start: known.space.start[at],
            value: self.values[at],
            prior: known.space.free.iter().position(|&free| free == at).map(|nth| known.space.priors[nth]),
        };
        known.mechanism.parameters().iter().enumerate().map(told).collect()
    }

    /// Rates that the network adds to what the equations tell under these actions for a usual row, in units of the log a second: `[rows, state]`.
    pub fn residual(&self, state: &HybridStates, actions: &[f32]) -> Table {
        let width = self.motion.width();
        let mut table = Table::new(width);
        let mut pass = Pass::default();
        self.tell(&state.states, actions, &vec![self.motion.usual() as f32; state.rows], &mut pass);
        for told in flat(&pass.told).chunks_exact(lanes(width) * LANE).take(state.rows) {
            let rates: Vec<f32> = (0..width).map(|i| told[i] * self.motion.scale(i) as f32).collect();
            table.push(&rates);
        }
        table
    }

    /// The network on these rows.
    fn tell(&self, states: &[f64], actions: &[f32], dt: &[f32], pass: &mut Pass) {
        let (motion, width, inputs) = (&self.motion, self.motion.width(), self.motion.inputs());
        let input = flat_mut(cleared(&mut pass.input, dt.len() * lanes(inputs)));
        let rows = states.chunks_exact(width).zip(input.chunks_exact_mut(lanes(inputs) * LANE)).zip(dt);
        for (at, ((state, row), &dt)) in rows.enumerate() {
            let action = &actions[at * motion.action_width()..(at + 1) * motion.action_width()];
            motion.input(state, action, f64::from(dt), &mut row[..inputs]);
        }
        self.network.forward(dt.len(), pass);
    }

    /// Some rows a step further.
    fn walk(&self, states: &[f64], actions: &[f32], dt: &[f32]) -> Vec<f64> {
        let (motion, width) = (&self.motion, self.motion.width());
        let columns = &motion.known.columns;
        let mut pass = Pass::default();
        self.tell(states, actions, dt, &mut pass);
        let (mut seen, mut done) = (vec![0.0; columns.state.len()], vec![0.0; columns.action.len()]);
        let mut next = vec![0.0; columns.state.len()];
        let mut after = states.to_vec();
        let rows = after.chunks_exact_mut(width).zip(flat(&pass.told).chunks_exact(lanes(width) * LANE)).zip(dt);
        for (at, ((state, added), &dt)) in rows.enumerate() {
            let action = &actions[at * motion.action_width()..(at + 1) * motion.action_width()];
            motion.seen(state, action, (&mut seen, &mut done));
            let row = Row { state: &seen, action: &done, parameters: &self.values, dt: f64::from(dt) };
            motion.known.mechanism.step_into(row, &mut next);
            motion.advance(state, (&next, &added[..width]), f64::from(dt));
            if !state.iter().all(|x| x.is_finite()) {
                state.copy_from_slice(&states[at * width..(at + 1) * width]);
            }
        }
        after
    }
}

impl Dynamics for HybridWorld {
    type State = HybridStates;

    fn block_width(&self) -> usize {
        self.motion.action_width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<HybridStates> {
        let mut states = Vec::with_capacity(observations.len() * self.motion.width());
        for seen in observations {
            Error::check("state size", self.motion.width(), seen.state.len())?;
            states.extend(seen.state.iter().map(|x| f64::from(*x)));
        }
        Ok(HybridStates { states, rows: observations.len(), noise: None })
    }

    fn take(&self, state: &HybridStates, rows: &[usize]) -> HybridStates {
        let width = self.motion.width();
        let states = rows.iter().flat_map(|&row| &state.states[row * width..(row + 1) * width]).copied().collect();
        HybridStates { states, rows: rows.len(), noise: state.noise }
    }

    fn step(&self, state: &HybridStates, acts: Acts<'_>) -> HybridStates {
        let (width, actions, n) = (self.motion.width(), self.motion.action_width(), state.rows);
        let dt = acts.dt.rows(self.motion.usual() as f32, n);
        let parts = n.div_ceil(ROWS);
        let walked = each(parts, |at| {
            let rows = at * n / parts..(at + 1) * n / parts;
            let states = &state.states[rows.start * width..rows.end * width];
            self.walk(states, &acts.blocks[rows.start * actions..rows.end * actions], &dt[rows])
        });
        let mut states = walked.concat();
        if let Some((key, before)) = state.noise {
            for (row, (state, dt)) in states.chunks_exact_mut(width).zip(&dt).enumerate() {
                let mut stream = key.at(before).at(row as u64).stream();
                let grown = (f64::from(*dt) / self.motion.usual()).max(0.0).sqrt();
                state
                    .iter_mut()
                    .zip(&self.deviations)
                    .for_each(|(x, deviation)| *x += deviation * grown * stream.normal());
            }
        }
        HybridStates { states, rows: n, noise: state.noise.map(|(key, before)| (key, before + 1)) }
    }

    fn latents(&self, state: &HybridStates) -> Table {
        let data = state.states.iter().map(|x| *x as f32).collect();
        Table { width: self.motion.width(), data }
    }

    fn read(&self, state: &HybridStates) -> Option<Table> {
        Some(self.latents(state))
    }

    fn noisy(&self, state: HybridStates, key: Key) -> HybridStates {
        HybridStates { noise: Some((key, 0)), ..state }
    }

    /// One a row: copies of a row spread by the noise that they draw.
    fn particles(&self, state: &HybridStates) -> Option<Table> {
        self.read(state)
    }

    fn draw(&self, _: &HybridStates) -> Option<Vec<Image>> {
        None
    }
}
