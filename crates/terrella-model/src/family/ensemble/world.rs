//! A trained ensemble as a simulator on plain rows of numbers.
//!
//! A state is a cloud of particles, each of which follows one member for good (trajectory sampling
//! TS∞ of PETS). What is read is their mean; how far they lie apart says how much the members agree.
//! A thread takes some particles of one member through all steps of a rollout, so that the member's weights
//! stay in its cache; how many threads there are changes no number.

use super::config::EnsembleConfig;
use super::inputs::Inputs;
use super::member::{Numbers, Room, forward};
use super::net::EnsembleNet;
use crate::host::dense::{exp, numbers};
use crate::host::lanes::{LANE, lanes};
use crate::host::layer::Layer;
use crate::host::threads::each;
use crate::interface::Interface;
use std::ops::Range;
use std::sync::Arc;
use terrella_core::{Acts, Dt, Dynamics, Error, Image, Key, Observation, Result, Table};

/// Rows of one member that go together, at most: with their weights they fill half of a core's cache.
const ROWS: usize = 64;

/// A trained ensemble with everything it needs to be asked in log units.
#[derive(Clone, Debug)]
pub struct EnsembleWorld {
    config: EnsembleConfig,
    interface: Interface,
    members: Arc<Vec<Vec<Layer>>>,
    bounds: [Vec<f32>; 2],
    inputs: Inputs,
}

/// A batch of states: a cloud of particles each, all of one member side by side.
#[derive(Clone, Debug)]
pub struct Particles {
    /// `[members, rows, state]`.
    states: Vec<f32>,
    rows: usize,
    /// Variance of all the noise that was told on the way here, in the mean over members, `[rows, state]`; empty before the first step.
    told: Vec<f32>,
    /// Where noise is wanted, what it is keyed by, and steps taken.
    noise: Option<(Key, u64)>,
    /// Mean reward of the last step, `[rows]`; empty before the first and where none is foretold.
    reward: Vec<f32>,
    /// Mean probability that it ended the task, likewise.
    ended: Vec<f32>,
}

impl Particles {
    /// Number of states.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Draws noise of the told variance in every step from here on, keyed by this, the step, the member and the
    /// place of the row in its batch: copies of a row go different ways. Rewards stay the means that are told;
    /// members that were taught no variance know of no noise.
    #[must_use]
    pub fn with_noise(self, key: Key) -> Self {
        Self { noise: Some((key, 0)), ..self }
    }
}

/// What some particles of one member do, step after step.
struct Walk {
    /// `[steps, rows, state]`.
    states: Vec<f32>,
    /// Variance of the noise that is told of each step, likewise.
    told: Vec<f32>,
    /// `[steps, rows]` each, or empty.
    outcomes: [Vec<f32>; 2],
}

/// Actions of each row, `steps · width` numbers one after the other, and how long they last.
#[derive(Clone, Copy)]
struct Script<'a> {
    actions: &'a [f32],
    steps: usize,
    /// One a row, for all of its steps.
    dt: &'a [f32],
}

impl EnsembleWorld {
    /// Wraps networks for inference.
    pub(super) fn new(net: &EnsembleNet, config: EnsembleConfig, interface: Interface) -> Self {
        let all = Numbers::of(net);
        let members = Arc::new((0..config.members).map(|m| all.member(m)).collect());
        let bounds = [numbers(net.least.val()), numbers(net.most.val())];
        let inputs = Inputs::new(&interface);
        Self { config, interface, members, bounds, inputs }
    }

    /// What the model is.
    pub fn config(&self) -> &EnsembleConfig {
        &self.config
    }

    /// What it was trained on.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Seconds that a step usually lasts.
    fn usual(&self) -> f32 {
        (1.0 / self.interface.signature.fps) as f32
    }

    /// Particles of each state at rest in one point.
    fn gather(&self, states: &[f32]) -> Particles {
        let rows = states.len() / self.inputs.state_width().max(1);
        let states = states.repeat(self.config.members);
        Particles { states, rows, told: Vec::new(), noise: None, reward: Vec::new(), ended: Vec::new() }
    }

    /// How far members lie apart: the standard deviation of their means, `[rows, state]`.
    pub fn disagreement(&self, state: &Particles) -> Table {
        let (n, mean) = (self.config.members as f32, self.mean(state));
        let mut square = vec![0.0f32; mean.data.len()];
        for cloud in state.states.chunks(mean.data.len()) {
            square.iter_mut().zip(cloud).zip(&mean.data).for_each(|((s, x), m)| *s += (x - m).powi(2) / n);
        }
        Table { width: mean.width, data: square.into_iter().map(f32::sqrt).collect() }
    }

    /// The mean of the particles. Angles are not wrapped here, so that their mean is a mean.
    fn mean(&self, state: &Particles) -> Table {
        let width = self.inputs.state_width();
        let mut mean = vec![0.0f32; state.rows * width];
        let share = 1.0 / self.config.members as f32;
        for cloud in state.states.chunks(mean.len().max(1)) {
            mean.iter_mut().zip(cloud).for_each(|(m, x)| *m += x * share);
        }
        Table { width, data: mean }
    }

    /// All particles along their scripts: the batch after each step.
    fn play(&self, start: &Particles, script: Script<'_>) -> Vec<Particles> {
        let (width, rows) = (self.inputs.state_width(), start.rows);
        let parts = rows.div_ceil(ROWS);
        let walks = each(self.config.members * parts, |at| {
            let (member, part) = (at / parts, at % parts);
            self.walk(member, part * rows / parts..(part + 1) * rows / parts, start, script)
        });
        let share = 1.0 / self.config.members as f32;
        let mut so_far = if start.told.is_empty() { vec![0.0; rows * width] } else { start.told.clone() };
        let after = |step: usize| {
            let mut states = Vec::with_capacity(start.states.len());
            let mut means =
                [self.inputs.reward.is_some(), self.inputs.ends].map(|told| vec![0.0; if told { rows } else { 0 }]);
            for (at, walk) in walks.iter().enumerate() {
                let part = walk.states.len() / script.steps;
                states.extend_from_slice(&walk.states[step * part..(step + 1) * part]);
                let (first, n) = (at % parts * rows / parts, part / width);
                let told = &walk.told[step * part..(step + 1) * part];
                so_far[first * width..][..part].iter_mut().zip(told).for_each(|(sum, x)| *sum += x * share);
                for (mean, told) in means.iter_mut().zip(&walk.outcomes).filter(|(mean, _)| !mean.is_empty()) {
                    let told = &told[step * n..(step + 1) * n];
                    mean[first..first + n].iter_mut().zip(told).for_each(|(mean, x)| *mean += x * share);
                }
            }
            let noise = start.noise.map(|(key, before)| (key, before + step as u64 + 1));
            let [reward, ended] = means;
            Particles { states, rows, told: so_far.clone(), noise, reward, ended }
        };
        (0..script.steps).map(after).collect()
    }

    /// Some particles of one member along their scripts.
    fn walk(&self, member: usize, rows: Range<usize>, start: &Particles, script: Script<'_>) -> Walk {
        let (width, action, told) = (self.inputs.state_width(), self.inputs.action_width(), self.inputs.told());
        let layers = &self.members[member];
        let stride = layers.last().map_or(0, |last| lanes(last.output) * LANE);
        let mut now = start.states[(member * start.rows + rows.start) * width..][..rows.len() * width].to_vec();
        let [states, variances] = [0, 1].map(|_| Vec::with_capacity(script.steps * now.len()));
        let mut walk = Walk { states, told: variances, outcomes: [Vec::new(), Vec::new()] };
        let (mut room, mut x) = (Room::default(), Vec::with_capacity(rows.len() * self.inputs.width()));
        let bounds = self.noise_bounds();
        for step in 0..script.steps {
            x.clear();
            for (row, state) in rows.clone().zip(now.chunks_exact(width)) {
                let actions = &script.actions[(row * script.steps + step) * action..][..action];
                self.inputs.row(state, actions, script.dt[row], &mut x);
            }
            let tells = forward(layers, &x, &mut room);
            for ((row, state), tells) in rows.clone().zip(now.chunks_exact_mut(width)).zip(tells.chunks_exact(stride)) {
                match start.noise.filter(|_| self.config.variance) {
                    None => self.inputs.advance(state, &tells[..width], script.dt[row]),
                    Some((key, before)) => {
                        let key = key.at(before + step as u64).at(member as u64).at(row as u64);
                        self.inputs.advance(state, &noisy(tells, (width, told), &bounds, key), script.dt[row]);
                    }
                }
                for (i, bounds) in bounds[..width].iter().enumerate() {
                    // Without learned variances, rates vary as recorded.
                    let normal = if self.config.variance { variance(tells[told + i], *bounds) } else { 1.0 };
                    walk.told.push(normal * (script.dt[row] * self.inputs.rates.scale(i)).powi(2));
                }
                let [rewards, ends] = &mut walk.outcomes;
                if self.inputs.reward.is_some() {
                    rewards.push(self.inputs.reward(tells[width]));
                }
                if self.inputs.ends {
                    ends.push(1.0 / (1.0 + exp(-tells[2 * told])));
                }
            }
            walk.states.extend_from_slice(&now);
        }
        walk
    }

    /// `eˡ` and `e⁻ᵐ` of the least and the most log-variance of each number.
    fn noise_bounds(&self) -> Vec<[f32; 2]> {
        self.bounds[0].iter().zip(&self.bounds[1]).map(|(least, most)| [least.exp(), (-most).exp()]).collect()
    }
}

/// The variance that is told, held between its bounds as in training: two softplus in the logarithm are
/// `eˡ + 1 / (e⁻ᵐ + e⁻ˢ)` outside of it.
fn variance(spread: f32, [least, most]: [f32; 2]) -> f32 {
    least + 1.0 / (most + exp(-spread))
}

/// Rates with noise of the told variance.
pub(super) fn noisy(tells: &[f32], (width, told): (usize, usize), bounds: &[[f32; 2]], key: Key) -> Vec<f32> {
    let mut stream = key.stream();
    let mut number = |i: usize| tells[i] + variance(tells[told + i], bounds[i]).sqrt() * stream.normal() as f32;
    (0..width).map(&mut number).collect()
}

impl Dynamics for EnsembleWorld {
    type State = Particles;

    fn block_width(&self) -> usize {
        self.interface.action_width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<Particles> {
        let width = self.inputs.state_width();
        let mut states = Vec::with_capacity(observations.len() * width);
        for o in observations {
            Error::check("state size", width, o.state.len())?;
            states.extend_from_slice(&o.state);
        }
        Ok(self.gather(&states))
    }

    fn take(&self, state: &Particles, rows: &[usize]) -> Particles {
        let width = self.inputs.state_width();
        let mut states = Vec::with_capacity(self.config.members * rows.len() * width);
        for cloud in state.states.chunks_exact((state.rows * width).max(1)) {
            rows.iter().for_each(|&row| states.extend_from_slice(&cloud[row * width..(row + 1) * width]));
        }
        let some = |told: &Vec<f32>| rows.iter().filter_map(|&row| told.get(row).copied()).collect();
        let [reward, ended] = [&state.reward, &state.ended].map(some);
        let told = match state.told.is_empty() {
            true => Vec::new(),
            false => rows.iter().flat_map(|&row| &state.told[row * width..(row + 1) * width]).copied().collect(),
        };
        Particles { states, rows: rows.len(), told, noise: state.noise, reward, ended }
    }

    /// Not where noise is wanted, which is keyed by the place in a batch, nor where some have taken a step and others have not.
    fn join(&self, states: &[&Particles]) -> Option<Particles> {
        let told = |state: &Particles| [&state.told, &state.reward, &state.ended].map(|told| !told.is_empty());
        let first = told(states.first()?);
        if states.iter().any(|state| state.noise.is_some() || told(state) != first) {
            return None;
        }
        let (width, rows) = (self.inputs.state_width(), states.iter().map(|state| state.rows).sum());
        let mut joined = Vec::with_capacity(self.config.members * rows * width);
        for member in 0..self.config.members {
            states.iter().for_each(|state| {
                let each = state.rows * width;
                joined.extend_from_slice(&state.states[member * each..(member + 1) * each]);
            });
        }
        let all = |of: fn(&Particles) -> &Vec<f32>| states.iter().flat_map(|state| of(state)).copied().collect();
        Some(Particles {
            states: joined,
            rows,
            told: all(|state| &state.told),
            noise: None,
            reward: all(|state| &state.reward),
            ended: all(|state| &state.ended),
        })
    }

    fn step(&self, state: &Particles, acts: Acts<'_>) -> Particles {
        let dt = acts.dt.rows(self.usual(), state.rows);
        self.play(state, Script { actions: acts.blocks, steps: 1, dt: &dt }).remove(0)
    }

    fn roll_out(&self, start: &Particles, rows: &[usize], sequences: &[f32]) -> Vec<Particles> {
        let steps = sequences.len() / (rows.len() * self.block_width()).max(1);
        let dt = Dt::Usual.rows(self.usual(), rows.len());
        self.play(&self.take(start, rows), Script { actions: sequences, steps, dt: &dt })
    }

    fn latents(&self, state: &Particles) -> Table {
        self.mean(state)
    }

    fn read(&self, state: &Particles) -> Option<Table> {
        Some(self.mean(state))
    }

    fn noisy(&self, state: Particles, key: Key) -> Particles {
        state.with_noise(key)
    }

    /// One particle a member. A single member that was taught no variance tells one state only.
    fn particles(&self, state: &Particles) -> Option<Table> {
        let (width, members) = (self.inputs.state_width(), self.config.members);
        if members < 2 && !self.config.variance {
            return None;
        }
        let mut all = Table::new(width);
        all.data.reserve_exact(state.states.len());
        for row in 0..state.rows {
            let of = |member: usize| &state.states[(member * state.rows + row) * width..][..width];
            (0..members).for_each(|member| all.push(of(member)));
        }
        Some(all)
    }

    fn doubts(&self, state: &Particles) -> Option<Table> {
        if self.config.members < 2 || state.told.is_empty() {
            return None;
        }
        let mut doubts = self.disagreement(state);
        let told = doubts.data.iter_mut().zip(&state.told);
        told.for_each(|(doubt, variance)| *doubt /= variance.sqrt().max(f32::MIN_POSITIVE));
        Some(doubts)
    }

    fn reward(&self, state: &Particles) -> Option<Vec<f32>> {
        (!state.reward.is_empty()).then(|| state.reward.clone())
    }

    fn ended(&self, state: &Particles) -> Option<Vec<f32>> {
        (!state.ended.is_empty()).then(|| state.ended.clone())
    }

    fn draw(&self, _: &Particles) -> Option<Vec<Image>> {
        None
    }
}
