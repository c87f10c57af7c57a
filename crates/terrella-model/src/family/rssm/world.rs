//! A trained RSSM, asked in the units of the log.
//!
//! A state is what is believed: a memory, and a class of each categorical. Looking for the first time is one step of the posterior from
//! the learnt beginning, without an action before it; tracking is a step of the posterior behind the action; stepping is one of the prior,
//! by its likeliest classes, or by drawn ones where noise is wanted. Rows know nothing of each other, and go side by side.

use super::engine::Engine;
use super::lesson::Translator;
use super::net::RssmNet;
use crate::host::threads::in_chunks;
use crate::interface::Interface;
use std::ops::Range;
use std::sync::Arc;
use terrella_core::{Acts, Dynamics, Error, Image, Key, Observation, Result, Table};

/// A trained RSSM with everything it needs to be asked in log units; a copy costs nothing.
#[derive(Clone, Debug)]
pub struct RssmWorld {
    engine: Arc<Engine>,
    translator: Arc<Translator>,
    interface: Arc<Interface>,
}

/// A batch of beliefs.
#[derive(Clone, Debug)]
pub struct Beliefs {
    rows: usize,
    /// `[rows, memory]`.
    memory: Vec<f32>,
    /// The class of each categorical, `[rows, groups]`.
    latent: Vec<u16>,
    /// Where noise is wanted, what it is keyed by, and steps taken.
    noise: Option<(Key, u64)>,
    /// Whether anything was done yet.
    acted: bool,
}

impl Beliefs {
    /// Number of beliefs.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Draws the latent of every step from here on, keyed by this, the step and the place of the row in its batch: copies of a row go
    /// different ways.
    #[must_use]
    pub fn with_noise(self, key: Key) -> Self {
        Self { noise: Some((key, 0)), ..self }
    }

    /// Memory and latent of some rows.
    fn part(&self, rows: &Range<usize>) -> (&[f32], &[u16]) {
        let [memory, groups] = [self.memory.len(), self.latent.len()].map(|n| n / self.rows.max(1));
        (&self.memory[rows.start * memory..rows.end * memory], &self.latent[rows.start * groups..rows.end * groups])
    }
}

/// Memories and latents of some rows, one chunk after the other.
fn joined(chunks: Vec<(Vec<f32>, Vec<u16>)>) -> (Vec<f32>, Vec<u16>) {
    let (memory, latent): (Vec<_>, Vec<_>) = chunks.into_iter().unzip();
    (memory.concat(), latent.concat())
}

/// The part of some of `n` rows.
fn rows_of<'a>(numbers: &'a [f32], n: usize, rows: &Range<usize>) -> &'a [f32] {
    let each = numbers.len() / n.max(1);
    &numbers[rows.start * each..rows.end * each]
}

impl RssmWorld {
    /// Wraps a network for inference.
    pub(super) fn new(net: &RssmNet, translator: Translator, interface: Interface) -> Self {
        let engine = Engine::of(net, &translator.config);
        Self { engine: Arc::new(engine), translator: Arc::new(translator), interface: Arc::new(interface) }
    }

    /// What it was trained on.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// What actions are told as, one a row.
    ///
    /// # Panics
    /// If there is not one action a row.
    fn acts(&self, blocks: &[f32], dt: &[f32]) -> Vec<f32> {
        let width = self.translator.action_width();
        assert_eq!(blocks.len(), dt.len() * width, "one action a row");
        let mut acts = Vec::with_capacity(dt.len() * (width + 1));
        let each = blocks.chunks_exact(width).zip(dt);
        each.for_each(|(action, dt)| self.translator.act(action, *dt, &mut acts));
        acts
    }

    /// Something that is told of each row, `[rows, …]`.
    fn told(&self, state: &Beliefs, tell: impl Fn(&[f32], &[u16]) -> Option<Vec<f32>> + Sync) -> Option<Vec<f32>> {
        let chunks = in_chunks(&[state.rows], |rows| {
            let (memory, latent) = state.part(&rows);
            tell(memory, latent)
        });
        chunks.into_iter().collect::<Option<Vec<_>>>().map(|chunks| chunks.concat())
    }

    /// Features of the believed states in the symmetric logarithm.
    fn features(&self, state: &Beliefs) -> Option<Vec<f32>> {
        (self.translator.features() > 0).then(|| self.told(state, |m, z| self.engine.state(m, z)))?
    }

    /// The posterior of these memories, and of what is seen.
    fn seen(&self, memory: &[f32], observations: &[Observation]) -> Result<(Vec<f32>, Vec<u16>)> {
        let n = observations.len();
        let [features, patches] = self.translator.seen(observations)?;
        Ok(joined(in_chunks(&[n], |rows| {
            let memory = rows_of(memory, n, &rows);
            let seen = [&features, &patches].map(|numbers| rows_of(numbers, n, &rows));
            (memory.to_vec(), self.engine.told(memory, seen))
        })))
    }
}

impl Dynamics for RssmWorld {
    type State = Beliefs;

    fn block_width(&self) -> usize {
        self.translator.action_width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<Beliefs> {
        let rows = observations.len();
        let (memory, latent) = self.seen(&self.engine.begin(rows), observations)?;
        Ok(Beliefs { rows, memory, latent, noise: None, acted: false })
    }

    fn track(&self, before: &Beliefs, block: &[f32], observations: &[Observation]) -> Result<Beliefs> {
        let rows = before.rows;
        Error::check("observations of rows to track", rows, observations.len())?;
        let acts = self.acts(block, &vec![self.translator.usual(); rows]);
        let memory = in_chunks(&[rows], |part| {
            let (memory, latent) = before.part(&part);
            self.engine.advance(memory, latent, rows_of(&acts, rows, &part))
        });
        let (memory, latent) = self.seen(&memory.concat(), observations)?;
        let noise = before.noise.map(|(key, steps)| (key, steps + 1));
        Ok(Beliefs { rows, memory, latent, noise, acted: true })
    }

    fn take(&self, state: &Beliefs, rows: &[usize]) -> Beliefs {
        let [width, groups] = [state.memory.len(), state.latent.len()].map(|n| n / state.rows.max(1));
        let memory = rows.iter().flat_map(|&row| &state.memory[row * width..(row + 1) * width]).copied().collect();
        let latent = rows.iter().flat_map(|&row| &state.latent[row * groups..(row + 1) * groups]).copied().collect();
        Beliefs { rows: rows.len(), memory, latent, noise: state.noise, acted: state.acted }
    }

    fn step(&self, state: &Beliefs, acts: Acts<'_>) -> Beliefs {
        let rows = state.rows;
        let told = self.acts(acts.blocks, &acts.dt.rows(self.translator.usual(), rows));
        let (memory, latent) = joined(in_chunks(&[rows], |part| {
            let (memory, latent) = state.part(&part);
            let memory = self.engine.advance(memory, latent, rows_of(&told, rows, &part));
            let keys = state.noise.map(|(key, steps)| part.map(|row| key.at(steps).at(row as u64)).collect::<Vec<_>>());
            let latent = self.engine.foretold(&memory, keys.as_deref());
            (memory, latent)
        }));
        let noise = state.noise.map(|(key, steps)| (key, steps + 1));
        Beliefs { rows, memory, latent, noise, acted: true }
    }

    /// Features of the believed state, or its picture at a quarter of the side where no state is told: numbers that mean the same
    /// however somebody came there, so that a distance of them is one of places. Memories are not such.
    fn latents(&self, state: &Beliefs) -> Table {
        if let Some(told) = self.features(state) {
            return Table { width: self.translator.features(), data: Translator::plain(&told) };
        }
        let side = self.translator.config.picture.div_ceil(4);
        let drawn = self.draw(state).unwrap_or_default().into_iter();
        let data = drawn.flat_map(|image| image.resized(side, side).data).map(|x| f32::from(x) / 255.0).collect();
        Table { width: 3 * side * side, data }
    }

    fn read(&self, state: &Beliefs) -> Option<Table> {
        self.features(state).map(|told| self.translator.decode(&told))
    }

    fn noisy(&self, state: Beliefs, key: Key) -> Beliefs {
        state.with_noise(key)
    }

    /// One a row: copies of a row that go different ways are what spreads.
    fn particles(&self, state: &Beliefs) -> Option<Table> {
        self.read(state)
    }

    fn reward(&self, state: &Beliefs) -> Option<Vec<f32>> {
        let places = self.translator.places.as_ref().filter(|_| state.acted && self.engine.outcomes()[0])?;
        let logits = self.told(state, |m, z| self.engine.reward(m, z))?;
        Some(logits.chunks_exact(places.len()).map(|logits| places.mean(logits)).collect())
    }

    fn ended(&self, state: &Beliefs) -> Option<Vec<f32>> {
        (state.acted && self.engine.outcomes()[1]).then(|| self.told(state, |m, z| self.engine.end(m, z)))?
    }

    fn draw(&self, state: &Beliefs) -> Option<Vec<Image>> {
        let [tokens, values] = self.translator.tokens()?;
        let patches = self.told(state, |m, z| self.engine.paint(m, z))?;
        patches.chunks_exact(tokens * values).map(|patches| self.translator.picture(patches)).collect()
    }
}
