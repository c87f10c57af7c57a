//! A trained model as a simulator: [`World`] implements [`Dynamics`] on host numbers.
//!
//! Where the world has a symmetry, the model can look at a picture from eight sides. Its errors on
//! the eight are nearly independent, so that what it believes on average is nearer the truth than
//! what it reads off one; see [`Views`].

use crate::device::is_cpu;
use crate::family::jepa::batch::Batcher;
use crate::family::jepa::config::JepaConfig;
use crate::family::jepa::engine::Engine;
use crate::family::jepa::eyes::Eyes;
use crate::family::jepa::held::Held;
use crate::family::jepa::net::Jepa;
use crate::family::seam::Family;
use crate::interface::Interface;
use crate::nn::table;
use crate::{Symmetry, Turn, Views};
use burn::prelude::*;
use std::sync::Arc;
use terrella_core::{Acts, Dynamics, Image, Observation, Table, blocks_at};

/// A trained model with everything it needs to be asked in log units.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) model: Jepa,
    pub(crate) config: JepaConfig,
    pub(crate) interface: Interface,
    pub(crate) batcher: Batcher,
    pub(crate) device: Device,
    eyes: Option<Arc<Eyes>>,
    engine: Option<Arc<Engine>>,
    around: Option<(Symmetry, Views)>,
}

/// A batch of latent states, each seen from one side or from several.
#[derive(Clone, Debug)]
pub struct Latents {
    /// All states from the first side, then all from the second, …
    held: Held,
    turns: Vec<Turn>,
    /// What is added to what the sides tell, one row a state.
    offset: Option<Table>,
}

impl Latents {
    /// Number of states.
    fn n(&self) -> usize {
        self.held.rows() / self.turns.len()
    }
}

impl World {
    /// Wraps a model for inference (call it with [`crate::Trainer::model`]'s result).
    pub fn new(model: Jepa, config: JepaConfig, interface: Interface, device: &Device) -> Self {
        let batcher = Batcher::new(&config, &interface);
        let device = device.clone().without_autodiff();
        let engine = is_cpu(&device).then(|| model.on_host().map(Arc::new)).flatten();
        let patcher = batcher.patcher().filter(|_| is_cpu(&device));
        let eyes = patcher.and_then(|patcher| Eyes::of((&model.encoder, &model.projector), patcher)).map(Arc::new);
        let config = config.resolved();
        Self { model, config, interface, batcher, device, eyes, engine, around: None }
    }

    /// The same model without its short cuts for the CPU: slower, and the reference for them.
    #[must_use]
    pub fn by_tensors(mut self) -> Self {
        (self.eyes, self.engine) = (None, None);
        self
    }

    /// Lets the model use a symmetry of its world.
    #[must_use]
    pub fn with_views(mut self, symmetry: Option<Symmetry>, views: Views) -> Self {
        self.around = symmetry.filter(|_| views != Views::One).map(|symmetry| (symmetry, views));
        self
    }

    /// What the model is.
    pub fn config(&self) -> &JepaConfig {
        &self.config
    }

    /// What it was trained on.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The latents of observations, `[observations, latent]`.
    ///
    /// # Errors
    /// If an observation lacks what the model looks at, or has another size.
    pub fn encode(&self, observations: &[Observation]) -> crate::Result<Tensor<2>> {
        self.encode_turned(observations, &[Turn::NONE])
    }

    fn encode_turned(&self, observations: &[Observation], turns: &[Turn]) -> crate::Result<Tensor<2>> {
        if let (Some(eyes), Some(patcher)) = (&self.eyes, self.batcher.patcher()) {
            let (images, each) = self.batcher.pictures(observations, turns, patcher)?;
            let latents = eyes.encode(patcher, &images, &each);
            let shape = [each.len(), latents.len() / each.len().max(1)];
            return Ok(Tensor::from_data(TensorData::new(latents, shape), &self.device));
        }
        let symmetry = self.around.as_ref().map(|(symmetry, _)| symmetry);
        Ok(self.model.encode(self.batcher.observations(observations, (symmetry, turns), &self.device)?))
    }

    /// The newest latents from all sides, `[sides · batch, latent]`.
    pub(super) fn all_sides(&self, state: &Latents) -> Table {
        state.held.now(state.held.rows())
    }

    /// The states as they look from the first side, moved by what all sides together know better
    /// ([`Views::Look`]); otherwise as they are.
    fn at_a_look(&self, state: &Latents) -> Option<Latents> {
        self.around.as_ref().filter(|(_, views)| *views == Views::Look && state.turns.len() > 1)?;
        let first: Vec<usize> = (0..state.n()).collect();
        let one = Latents { held: state.held.take(&first), turns: vec![Turn::NONE], offset: None };
        let offset = self.told(state).and_then(|all| {
            let mut offset = Table::new(all.width);
            for (row, all) in all.rows().enumerate() {
                // Each by itself: tensors multiply one row in another order than several.
                let one = self.told(&self.take(&one, &[row]))?;
                offset.push(&self.batcher.codec().difference(all, one.row(0)));
            }
            Some(offset)
        });
        Some(Latents { offset, ..one })
    }

    /// Normalised actions as they look from each side, `[sides · rows, width]`, from one side's.
    fn blocks(&self, turns: &[Turn], actions: &[f32]) -> Vec<f32> {
        let mut all = actions.repeat(turns.len());
        if let Some((symmetry, _)) = &self.around {
            let parts = all.chunks_mut(actions.len().max(1));
            let width = self.interface.action_width();
            parts.zip(turns).for_each(|(part, turn)| symmetry.turn_actions(*turn, part, width));
        }
        self.interface.action_stats.normalize(&mut all);
        all
    }

    /// The average over sides of actions, `[sides · rows, width]`, as they look from the first.
    pub(super) fn consensus(&self, state: &Latents, mut actions: Vec<f32>) -> Vec<f32> {
        let n = actions.len() / state.turns.len();
        let width = self.interface.action_width();
        if let Some((symmetry, _)) = &self.around {
            let sides = actions.chunks_mut(n).zip(&state.turns);
            sides.for_each(|(side, turn)| symmetry.turn_actions(turn.inverse(), side, width));
        }
        let scale = 1.0 / state.turns.len() as f32;
        (0..n).map(|i| actions.iter().skip(i).step_by(n).sum::<f32>() * scale).collect()
    }

    /// What the sides tell, one row a state.
    fn told(&self, state: &Latents) -> Option<Table> {
        let rows = state.held.rows();
        let features = match (&state.held, &self.engine) {
            (Held::Host(memory), Some(engine)) => engine.read(memory.now())?,
            _ => table(self.model.read(state.held.now_tensor(rows, &self.device))?).data,
        };
        let symmetry = self.around.as_ref().map(|(symmetry, _)| symmetry);
        Some(self.batcher.codec().decode_sides(&features, symmetry, &state.turns))
    }
}

impl Dynamics for World {
    type State = Latents;

    fn block_width(&self) -> usize {
        self.config.frame_skip * self.interface.action_width()
    }

    fn observe(&self, observations: &[Observation]) -> terrella_core::Result<Latents> {
        let turns = if self.around.is_some() { Turn::all().collect() } else { vec![Turn::NONE] };
        let latents = self.encode_turned(observations, &turns);
        let latents = latents.map_err(|e| terrella_core::Error::Invalid(e.to_string()))?;
        Ok(Latents { held: Held::new(latents, self.engine.as_ref()), turns, offset: None })
    }

    fn track(&self, before: &Latents, block: &[f32], observations: &[Observation]) -> terrella_core::Result<Latents> {
        // What is seen stands where a prediction would; the past stays as context.
        let seen = self.observe(observations)?.held;
        let blocks = self.blocks(&before.turns, block);
        let held =
            before.held.track(&self.model, self.engine.as_ref(), blocks, (seen, before.turns.len()), &self.device);
        Ok(Latents { held, turns: before.turns.clone(), offset: before.offset.clone() })
    }

    fn take(&self, state: &Latents, rows: &[usize]) -> Latents {
        let n = state.n();
        let all: Vec<usize> =
            (0..state.turns.len()).flat_map(|side| rows.iter().map(move |row| side * n + row)).collect();
        let offset = state.offset.as_ref().map(|offset| offset.take(rows));
        Latents { held: state.held.take(&all), turns: state.turns.clone(), offset }
    }

    fn join(&self, states: &[&Latents]) -> Option<Latents> {
        let (turns, sides) = (&states.first()?.turns, states[0].turns.len());
        if states.iter().any(|state| state.turns != *turns) {
            return None;
        }
        let held = Held::join(&states.iter().map(|state| &state.held).collect::<Vec<_>>())?;
        // They lie one behind the other with all their sides, and a batch has all rows from each side.
        let firsts = states.iter().scan(0, |first, state| {
            let own = (*first, state.n());
            *first += state.held.rows();
            Some(own)
        });
        let firsts: Vec<(usize, usize)> = firsts.collect();
        let rows: Vec<usize> = (0..sides)
            .flat_map(|side| firsts.iter().flat_map(move |&(first, n)| first + side * n..first + (side + 1) * n))
            .collect();
        let offsets: Vec<&Table> = states.iter().filter_map(|state| state.offset.as_ref()).collect();
        let offset = match offsets.len() {
            0 => None,
            n if n == states.len() => {
                let data = offsets.iter().flat_map(|offset| offset.data.iter().copied()).collect();
                Some(Table::from_data(offsets[0].width, data))
            }
            _ => return None,
        };
        let held = if sides == 1 { held } else { held.take(&rows) };
        Some(Latents { held, turns: turns.clone(), offset })
    }

    fn step(&self, state: &Latents, acts: Acts<'_>) -> Latents {
        let blocks = self.blocks(&state.turns, acts.blocks);
        let held = state.held.step(&self.model, self.engine.as_ref(), blocks, &self.device);
        Latents { held, turns: state.turns.clone(), offset: state.offset.clone() }
    }

    fn roll_out(&self, start: &Latents, rows: &[usize], sequences: &[f32]) -> Vec<Latents> {
        let (width, each) = (self.block_width(), sequences.len() / rows.len().max(1));
        let look = self.at_a_look(start);
        let start = self.take(look.as_ref().unwrap_or(start), rows);
        let actions: Vec<Vec<f32>> =
            (0..each).step_by(width).map(|at| blocks_at(sequences, each, at..at + width)).collect();
        let blocks: Vec<Vec<f32>> = actions.iter().map(|actions| self.blocks(&start.turns, actions)).collect();
        // Sequences of one start are what they are without the others.
        let groups = match start.turns.len() {
            1 => rows.chunk_by(|a, b| a == b).map(<[usize]>::len).collect(),
            sides => vec![sides * rows.len()],
        };
        if let Some(held) = start.held.roll_out(self.engine.as_ref(), &blocks, &groups) {
            let state = |held| Latents { held, turns: start.turns.clone(), offset: start.offset.clone() };
            return held.into_iter().map(state).collect();
        }
        let mut now = start;
        let step = |actions: &Vec<f32>| {
            now = self.step(&now, Acts::of(actions));
            now.clone()
        };
        actions.iter().map(step).collect()
    }

    fn latents(&self, state: &Latents) -> Table {
        state.held.now(state.n())
    }

    fn read(&self, state: &Latents) -> Option<Table> {
        let mut told = self.told(state)?;
        if let Some(offset) = &state.offset {
            told.data.iter_mut().zip(&offset.data).for_each(|(told, offset)| *told += offset);
        }
        Some(told)
    }

    fn draw(&self, _: &Latents) -> Option<Vec<Image>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::jepa::config::Sees;
    use crate::family::jepa::reference::interface;
    use crate::train::Trainer;
    use crate::train_config::TrainConfig;
    use terrella_core::{Batch, Clip, Key};

    fn random(n: usize, key: Key) -> Vec<f32> {
        let mut stream = key.stream();
        (0..n).map(|_| stream.normal() as f32).collect()
    }

    /// A model of two state numbers and two action numbers after a few steps, which open the gates of
    /// AdaLN: before, actions do nothing.
    fn trained(history: usize) -> World {
        let config = JepaConfig { history: Some(history), sees: Sees::State, readout: true, ..JepaConfig::default() };
        let interface = interface(&config);
        let train = TrainConfig { steps: 100, batch_size: 8, learning_rate: 3e-3, ..TrainConfig::default() };
        let mut trainer = Trainer::new(config.clone(), interface.clone(), train, &Device::flex());
        for step in 0..3 {
            let key = Key::new(8).at(step);
            let batch = Batch {
                clips: (0..8).map(|start| Clip { episode: 0, start }).collect(),
                n_frames: 4,
                states: random(8 * 4 * 2, key.with("states")),
                actions: random(8 * 3 * config.frame_skip * 2, key.with("actions")),
                ..Batch::default()
            };
            trainer.advance(&batch, false).expect("a step");
        }
        World::new(trainer.model(), config, interface, &Device::flex())
    }

    /// Foretells, and puts what is seen in the place of what was foretold.
    fn step_and_correct(world: &World, before: &Latents, block: &[f32], seen: &[Observation]) -> Latents {
        let mut after = world.step(before, Acts::of(block));
        match (&mut after.held, world.observe(seen).expect("a state").held) {
            (Held::Host(here), Held::Host(seen)) => here.correct(seen.now().to_vec()),
            (Held::Device { latents, .. }, Held::Device { latents: mut seen, .. }) => {
                latents.pop();
                latents.append(&mut seen);
            }
            _ => panic!("all states of one world are held alike"),
        }
        after
    }

    fn bits(world: &World, state: &Latents) -> Vec<u32> {
        let told = world.read(state).expect("a readout");
        let all = state.held.now(state.held.rows());
        all.data.iter().chain(&told.data).map(|x| x.to_bits()).collect()
    }

    /// While the window grows and when it slides, from one side and from all, on rows and on tensors.
    #[test]
    fn tracking_is_a_step_corrected_by_what_is_seen() {
        let _turn = crate::device::alone();
        let symmetry = Symmetry { side: 0.0, points: vec![[0, 1]], headings: vec![], action_points: vec![[0, 1]] };
        for history in 1..4 {
            let fast = trained(history);
            let plain = fast.clone().by_tensors();
            let worlds = [Views::One, Views::Look, Views::Imagine]
                .into_iter()
                .flat_map(|views| [&fast, &plain].map(|world| world.clone().with_views(Some(symmetry.clone()), views)));
            for world in worlds {
                let name = format!("history {history}, {:?}, rows {}", world.around, world.engine.is_some());
                // More rows than go through the predictor together.
                for n in [1, 9] {
                    let look = |at: u64| -> Vec<Observation> {
                        let states = random(n * 2, Key::new(9).at(at));
                        states.chunks(2).map(|s| Observation { image: None, state: s.to_vec() }).collect()
                    };
                    let block = |at: u64| random(n * world.block_width(), Key::new(10).at(at));
                    let mut tracked = world.observe(&look(0)).expect("a state");
                    // Row by row: tensors take a single row through another kernel than a row among others.
                    let mut reference: Vec<Latents> = (0..n).map(|row| world.take(&tracked, &[row])).collect();
                    let width = world.block_width();
                    for at in 1..6 {
                        let (block, seen) = (block(at), look(at));
                        tracked = world.track(&tracked, &block, &seen).expect("a state");
                        for (row, reference) in reference.iter_mut().enumerate() {
                            let (acts, seen) = (&block[row * width..][..width], std::slice::from_ref(&seen[row]));
                            *reference = step_and_correct(&world, reference, acts, seen);
                            let mut tracked = world.take(&tracked, &[row]);
                            if let (Held::Host(a), Held::Host(b)) = (&tracked.held, &reference.held) {
                                // Too many numbers to print.
                                assert!(format!("{a:?}") == format!("{b:?}"), "{name}, all that is held {at}");
                            }
                            // What comes next shows the past.
                            let mut reference = reference.clone();
                            for ahead in 20..24 {
                                assert!(bits(&world, &tracked) == bits(&world, &reference), "{name}, {at} and {ahead}");
                                let block = random(width, Key::new(10).at(ahead));
                                tracked = world.step(&tracked, Acts::of(&block));
                                reference = world.step(&reference, Acts::of(&block));
                            }
                        }
                    }
                }
            }
        }
    }
}
