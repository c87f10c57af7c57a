//! A trained labeller: what was done in each row of a recording, and how sure that is.
//!
//! Each picture goes through the encoder once, whatever number of rows it is shown for. Where the world has a symmetry, all of its
//! sides are asked: told is the mixture of their answers, so sides that disagree make a label less sure.

use super::config::InverseConfig;
use super::lesson::{append, frames};
use super::net::InverseNet;
use crate::device::is_cpu;
use crate::family::Eyes;
use crate::nn::table;
use crate::pixels::Patcher;
use crate::{Result, Symmetry, Turn};
use burn::prelude::*;
use terrella_core::{Episode, Stats, Table};

/// Pictures that go through the encoder together.
const AT_ONCE: usize = 256;

/// A trained labeller with everything it needs to be asked in log units.
#[derive(Debug)]
pub struct Inverse {
    net: InverseNet,
    config: InverseConfig,
    patcher: Patcher,
    stats: Stats,
    symmetry: Option<Symmetry>,
    /// The encoder on plain rows, where it runs on a CPU.
    fast: Option<Eyes>,
    device: Device,
}

/// What was done in the rows of an episode, in log units.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// Means, `[rows, action]`.
    pub mean: Table,
    /// Deviations, `[rows, action]`; how far they can be believed is for who calibrates them.
    pub std: Table,
}

impl Inverse {
    pub(super) fn new(
        net: InverseNet,
        (config, patcher, stats): (InverseConfig, Patcher, Stats),
        symmetry: Option<Symmetry>,
        device: &Device,
    ) -> Self {
        let device = device.clone().without_autodiff();
        let fast = is_cpu(&device).then(|| Eyes::of((&net.encoder, &net.projector), &patcher)).flatten();
        Self { net, config, patcher, stats, symmetry, fast, device }
    }

    /// The same without its short cut for the CPU: slower, and the reference for it.
    #[cfg(test)]
    pub(super) fn by_tensors(self) -> Self {
        Self { fast: None, ..self }
    }

    /// Tells the actions of all rows.
    ///
    /// # Errors
    /// If the episode has no pictures, or of another size than the network takes.
    pub fn label(&self, episode: &Episode) -> Result<Labels> {
        let (rows, width) = (frames(episode)?.len(), self.stats.width());
        let turns: Vec<Turn> = if self.symmetry.is_some() { Turn::all().collect() } else { vec![Turn::NONE] };
        let [mut mean, mut square] = [(); 2].map(|()| vec![0.0f64; rows * width]);
        for turn in &turns {
            let [side, deviation] = self.from(*turn, episode, rows)?;
            for (at, (m, s)) in side.iter().zip(&deviation).map(|(m, s)| (f64::from(*m), f64::from(*s))).enumerate() {
                mean[at] += m / turns.len() as f64;
                square[at] += (m * m + s * s) / turns.len() as f64;
            }
        }
        let std = square.iter().zip(&mean).map(|(square, mean)| (square - mean * mean).max(0.0).sqrt() as f32);
        let std = Table { width, data: std.collect() };
        Ok(Labels { mean: Table { width, data: mean.into_iter().map(|x| x as f32).collect() }, std })
    }

    /// Means and deviations in log units, as told from one side and turned back.
    fn from(&self, turn: Turn, episode: &Episode, rows: usize) -> Result<[Vec<f32>; 2]> {
        let seen = self.seen(turn, episode, rows)?;
        let windows = (0..rows).flat_map(|row| self.config.rows(row, rows)).flat_map(|at| seen.row(at)).copied();
        let windows = TensorData::new(windows.collect(), [rows, self.config.shown() * seen.width]);
        let [mean, spread] = self.net.tell(Tensor::from_data(windows, &self.device)).map(|told| table(told).data);
        let width = self.stats.width();
        // What lies a deviation further is turned along, and its distance is the deviation again.
        let further: Vec<f32> = mean.iter().zip(&spread).map(|(mean, spread)| mean + (0.5 * spread).exp()).collect();
        let [mean, further] = [mean, further].map(|mut rows| {
            self.stats.denormalize(&mut rows);
            if let Some(symmetry) = &self.symmetry {
                symmetry.turn_actions(turn.inverse(), &mut rows, width);
            }
            rows
        });
        let deviation = further.iter().zip(&mean).map(|(further, mean)| (further - mean).abs()).collect();
        Ok([mean, deviation])
    }

    /// What each picture shows from a side, `[rows, latent]`.
    fn seen(&self, turn: Turn, episode: &Episode, rows: usize) -> Result<Table> {
        let mut seen = Table::default();
        for from in (0..rows).step_by(AT_ONCE) {
            let n = AT_ONCE.min(rows - from);
            let (mut images, turns) = (Vec::with_capacity(n * self.patcher.bytes()), vec![turn; n]);
            append(episode, from..from + n, &self.patcher, &mut images)?;
            let latents = match &self.fast {
                Some(eyes) => eyes.encode(&self.patcher, &images, &turns),
                None => {
                    let shape = [n, self.patcher.tokens(), self.patcher.values()];
                    let patches = TensorData::new(self.patcher.patches(&images, &turns), shape);
                    table(self.net.see(Tensor::from_data(patches, &self.device))).data
                }
            };
            seen.width = latents.len() / n;
            seen.data.extend(latents);
        }
        Ok(seen)
    }
}
