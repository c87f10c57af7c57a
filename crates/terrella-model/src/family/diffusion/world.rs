//! A trained diffusion world, asked in the units of the log.
//!
//! Rows are dreams, each painted by itself whatever the others do, side by side on the threads there are. Its latents are its
//! picture at a quarter of the side: a distance of latents is one of pictures.

use super::config::DiffusionConfig;
use super::engine::{Engine, Memory};
use super::lesson::Translator;
use super::net::DiffusionNet;
use crate::host::threads::each;
use crate::interface::Interface;
use std::sync::Arc;
use terrella_core::{Acts, Dynamics, Error, Image, Key, Observation, Result, Table};

/// A trained diffusion world; a copy costs nothing.
#[derive(Clone)]
pub struct DiffusionWorld {
    engine: Arc<Engine>,
    translator: Translator,
    width: usize,
}

/// Dreams side by side.
#[derive(Clone)]
pub struct Frames {
    rows: Vec<Memory>,
}

impl DiffusionWorld {
    pub(super) fn new(net: &DiffusionNet, config: &DiffusionConfig, interface: &Interface) -> Self {
        let width = config.frame_skip * interface.action_width();
        Self { engine: Arc::new(Engine::of(net, config)), translator: Translator::new(config, interface), width }
    }

    fn frame(&self, observation: &Observation) -> Result<Vec<f32>> {
        self.translator.check(observation.image.as_ref().map(|image| [image.height, image.width]))?;
        Ok(observation.image.as_ref().map(|image| self.translator.frames(&image.data)).unwrap_or_default())
    }

    fn image(&self, memory: &Memory) -> Image {
        self.translator.picture(&memory.now)
    }

    /// # Panics
    /// If there is not one block a row.
    fn stepped(&self, rows: &[Memory], blocks: &[f32]) -> Vec<Memory> {
        assert_eq!(blocks.len(), rows.len() * self.width, "one block a row");
        let told = self.translator.actions(blocks);
        let width = told.len() / rows.len().max(1);
        each(rows.len(), |row| {
            let action = &told[row * width..][..width];
            // What is drawn hangs on how long a dream has gone on: two that began alike and are done alike with stay alike.
            let normal = |painted: u64| {
                let mut stream = Key::new(0).with("dream").at(painted).stream();
                (0..self.translator.numbers()).map(|_| stream.normal() as f32).collect()
            };
            self.engine.step(&rows[row], action, normal)
        })
    }
}

impl Dynamics for DiffusionWorld {
    type State = Frames;

    fn block_width(&self) -> usize {
        self.width
    }

    fn observe(&self, observations: &[Observation]) -> Result<Frames> {
        let rows = observations.iter().map(|seen| Ok(Memory::of(self.frame(seen)?))).collect::<Result<_>>()?;
        Ok(Frames { rows })
    }

    fn track(&self, before: &Frames, block: &[f32], observations: &[Observation]) -> Result<Frames> {
        Error::check("observations of rows to track", before.rows.len(), observations.len())?;
        let seen = observations.iter().map(|seen| self.frame(seen)).collect::<Result<Vec<_>>>()?;
        let rows = self.stepped(&before.rows, block).into_iter().zip(seen);
        Ok(Frames { rows: rows.map(|(memory, seen)| memory.corrected(seen)).collect() })
    }

    fn take(&self, state: &Frames, rows: &[usize]) -> Frames {
        Frames { rows: rows.iter().map(|row| state.rows[*row].clone()).collect() }
    }

    fn join(&self, states: &[&Frames]) -> Option<Frames> {
        Some(Frames { rows: states.iter().flat_map(|state| state.rows.iter().cloned()).collect() })
    }

    fn step(&self, state: &Frames, acts: Acts<'_>) -> Frames {
        Frames { rows: self.stepped(&state.rows, acts.blocks) }
    }

    fn latents(&self, state: &Frames) -> Table {
        let side = self.translator.config.picture.div_ceil(4);
        let row =
            |memory: &Memory| self.image(memory).resized(side, side).data.into_iter().map(|x| f32::from(x) / 255.0);
        Table { width: 3 * side * side, data: state.rows.iter().flat_map(row).collect() }
    }

    fn read(&self, state: &Frames) -> Option<Table> {
        let told = state.rows.iter().map(|memory| self.engine.tell(&memory.now)).collect::<Option<Vec<_>>>()?;
        Some(self.translator.codec.decode(&told.concat()))
    }

    fn draw(&self, state: &Frames) -> Option<Vec<Image>> {
        Some(state.rows.iter().map(|memory| self.image(memory)).collect())
    }
}
