//! Times the ensemble: a training step, and rollouts for planning.
//!
//! ```text
//! bench_ensemble                    median milliseconds of every task
//! bench_ensemble --serve FOLDER     writes what a twin needs into FOLDER, then times one repetition of
//!                                   a task for each line on standard input
//! ```
//!
//! `bench/ensemble_torch.py` drives the second form, so that repetitions of both sides alternate and the
//! machine's noise hits both. Set `MIMALLOC_PURGE_DELAY=-1`: buffers then keep their pages.
#![allow(clippy::print_stdout)]

use burn::prelude::*;
use std::fs;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;
use terrella_core::{Batch, Clip, Dynamics, Key, Observation, Signature, Stats, Table};
use terrella_model::{EnsembleConfig, EnsembleWorld, Interface, Particles, TrainConfig, Trainer, save_world};
use twin::{Outcome, write_f32};

#[allow(dead_code)]
mod twin;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rows of a training step.
const ROWS: usize = 256;
/// Action sequences of a rollout, and how long they are.
const SEQUENCES: usize = 216;
const HORIZON: usize = 30;
/// Steps before the weights are written.
const WARM_STEPS: u64 = 20;
const TASKS: [&str; 3] = ["train 256", "roll 216x30", "roll 216x30 noise"];

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut bench = Bench::new()?;
    if let Some(folder) = arguments.iter().position(|a| a == "--serve").and_then(|i| arguments.get(i + 1)) {
        bench.write(Path::new(folder))?;
        println!("ready");
        for line in std::io::stdin().lock().lines() {
            println!("{}", bench.time(&line?)?);
        }
        return Ok(());
    }
    for task in TASKS {
        let times: Result<Vec<f64>, _> = (0..40).map(|_| bench.time(task)).collect();
        let mut times = times?;
        times.sort_by(f64::total_cmp);
        println!("{task}: {:.2} ms (fastest {:.2})", times[times.len() / 2], times[0]);
    }
    Ok(())
}

/// A world like a cart with a pole: four numbers, one of them an angle, one action, a reward and an end.
fn interface() -> Interface {
    let stats = |width, data: &[f32]| Stats::of(width, [&Table::from_data(width, data.to_vec())]);
    Interface {
        signature: Signature {
            fps: 50.0,
            state: ["x", "v", "a", "w"].map(str::to_owned).to_vec(),
            action: vec!["u".to_owned()],
            reward: true,
            ends: true,
            ..Signature::default()
        },
        state_stats: stats(4, &[-1.0, -1.0, -0.2, -1.5, 1.2, 1.0, 0.3, 1.0]),
        action_stats: stats(1, &[-0.8, 1.0]),
        rate_stats: Some(stats(4, &[-1.0, -4.0, -1.0, -6.0, 1.0, 5.0, 1.0, 6.0])),
        reward_stats: Some(stats(1, &[-2.0, 1.0])),
        ends: true,
        angles: vec![2],
        ..Interface::default()
    }
}

/// How often an episode is drawn with replacement, as the family draws it: Poisson with mean 1.
fn drawn(key: Key) -> f32 {
    let mut stream = key.stream();
    let (mut product, mut n) = (stream.unit(), 0.0);
    while product > (-1.0f64).exp() {
        product *= stream.unit();
        n += 1.0;
    }
    n
}

struct Bench {
    trainer: Trainer<EnsembleConfig>,
    batch: Batch,
    world: EnsembleWorld,
    start: Particles,
    sequences: Vec<f32>,
}

impl Bench {
    fn new() -> Outcome<Self> {
        let mut stream = Key::new(1).stream();
        let mut normal = |n: usize| (0..n).map(|_| stream.normal() as f32).collect::<Vec<f32>>();
        let batch = Batch {
            // Rows of many episodes, as a sampler draws them.
            clips: (0..ROWS).map(|start| Clip { episode: start % 100, start }).collect(),
            n_frames: 2,
            states: normal(ROWS * 8),
            actions: normal(ROWS),
            dt: vec![0.02; ROWS],
            rewards: normal(ROWS),
            ends: normal(ROWS).iter().map(|x| f32::from(u8::from(*x > 1.5))).collect(),
            ..Batch::default()
        };
        let sequences = normal(SEQUENCES * HORIZON);
        let config = TrainConfig {
            batch_size: ROWS,
            steps: 1_000_000,
            warmup: 0.0,
            weight_decay: 1e-4,
            ..TrainConfig::default()
        };
        let mut trainer = Trainer::new(EnsembleConfig::default(), interface(), config, &Device::flex());
        for _ in 0..WARM_STEPS {
            trainer.advance(&batch, false)?;
        }
        let world = trainer.world(&Device::flex());
        let start = world.observe(&[Observation { image: None, state: vec![0.1, -0.2, 0.05, 0.3] }])?;
        Ok(Self { trainer, batch, world, start, sequences })
    }

    /// Milliseconds of one repetition.
    fn time(&mut self, task: &str) -> Outcome<f64> {
        let begun = Instant::now();
        match task {
            "train 256" => {
                self.trainer.advance(&self.batch, false)?;
            }
            "roll 216x30" => {
                std::hint::black_box(self.world.roll_out(&self.start, &[0; SEQUENCES], &self.sequences));
            }
            "roll 216x30 noise" => {
                let start = self.start.clone().with_noise(Key::new(2));
                std::hint::black_box(self.world.roll_out(&start, &[0; SEQUENCES], &self.sequences));
            }
            other => return Err(format!("no task {other}").into()),
        }
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    }

    /// Writes weights, inputs, where the rollout leads, and the losses of the next training step.
    fn write(&mut self, folder: &Path) -> Outcome {
        save_world(&self.trainer, &folder.join("model"))?;
        let batch = &self.batch;
        write_f32(folder, "states", &[ROWS, 2, 4], &batch.states)?;
        write_f32(folder, "actions", &[ROWS, 1], &batch.actions)?;
        write_f32(folder, "dt", &[ROWS], &batch.dt)?;
        write_f32(folder, "rewards", &[ROWS], &batch.rewards)?;
        write_f32(folder, "ends", &[ROWS], &batch.ends)?;
        let seed = Key::new(self.trainer.config.seed).with("bootstrap");
        let members = self.trainer.model_config.members;
        let drawn = (0..members)
            .flat_map(|m| batch.clips.iter().map(move |clip| drawn(seed.at(m as u64).at(clip.episode as u64))));
        write_f32(folder, "weights", &[members, ROWS], &drawn.collect::<Vec<f32>>())?;
        write_f32(folder, "sequences", &[SEQUENCES, HORIZON, 1], &self.sequences)?;
        let rollout = self.world.roll_out(&self.start, &[0; SEQUENCES], &self.sequences);
        let (mut states, mut outcomes) = (Vec::new(), Vec::new());
        for after in &rollout {
            states.extend(self.world.latents(after).data);
            outcomes.extend(self.world.reward(after).unwrap_or_default());
            outcomes.extend(self.world.ended(after).unwrap_or_default());
        }
        write_f32(folder, "rolled", &[HORIZON, SEQUENCES, 4], &states)?;
        write_f32(folder, "outcomes", &[HORIZON, 2, SEQUENCES], &outcomes)?;
        let progress = self.trainer.advance(&self.batch, true)?;
        fs::write(folder.join("losses.json"), serde_json::to_vec_pretty(&progress)?)?;
        Ok(())
    }
}
