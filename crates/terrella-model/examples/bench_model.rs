//! Times the models: training step, encoding, planning.
//!
//! ```text
//! bench_model                       median milliseconds of every task, as JSON
//! bench_model --tasks xs            only tasks that begin with xs
//! bench_model --serve FOLDER        writes what a twin needs into FOLDER, then times one
//!                                   repetition of a task for each line on standard input
//! bench_model --check FOLDER        runs the models of a FOLDER on this device and compares with
//!                                   what was written there
//! ```
//!
//! `bench/torch_model.py` drives the second form, so that repetitions of both sides alternate and
//! the machine's noise hits both. With feature `vulkan` everything runs on the GPU unless
//! `--cpu` is given. Set `MIMALLOC_PURGE_DELAY=-1`: large tensors then keep their pages.
#![allow(clippy::print_stdout)]

use burn::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;
use terrella_agent::{CemConfig, Distance, PlannerConfig, Timing};
use terrella_core::{Acts, Batch, Dynamics, Image, Key, Observation, Planner, Prior, Problem, Problems, Space, Table};
use terrella_model::{JepaConfig, Latents, Size, TrainConfig, Trainer, World, load_any, save_world};
use twin::{FRAMES, Outcome, batch, directions, interface, write_f32, write_u8};

mod twin;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Blocks a plan looks ahead.
const HORIZON: usize = 5;
/// Steps before the weights are written: the gates of AdaLN are then open.
const WARM_STEPS: u64 = 4;
/// Clips whose outputs are written for comparison.
const CHECKED: usize = 2;

/// Name, size and numbers of each task.
const TASKS: [(&str, Size, Task); 10] = [
    ("xs train 64x4", Size::Xs, Task::Train),
    ("xs encode 64", Size::Xs, Task::Encode(64)),
    ("xs plan 64x5x5", Size::Xs, Task::Plan { samples: 64, iterations: 5 }),
    ("xs plan 300x30x5", Size::Xs, Task::Plan { samples: 300, iterations: 30 }),
    ("s train 64x4", Size::S, Task::Train),
    ("s encode 64", Size::S, Task::Encode(64)),
    ("s plan 64x5x5", Size::S, Task::Plan { samples: 64, iterations: 5 }),
    ("l train 2x4", Size::L, Task::Train),
    ("l encode 8", Size::L, Task::Encode(8)),
    ("l plan 64x5x5", Size::L, Task::Plan { samples: 64, iterations: 5 }),
];

#[derive(Clone, Copy)]
enum Task {
    Train,
    Encode(usize),
    Plan { samples: usize, iterations: usize },
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| arguments.iter().position(|a| a == flag).and_then(|i| arguments.get(i + 1));
    let device = device(arguments.iter().any(|a| a == "--cpu"));
    if let Some(folder) = after("--check") {
        return check(Path::new(folder), &device);
    }
    let prefix = after("--tasks").cloned().unwrap_or_default();
    let mut benches: BTreeMap<&str, Bench> = BTreeMap::new();
    for (name, size, _) in TASKS.iter().filter(|(name, _, _)| name.starts_with(&prefix)) {
        let key = name.split(' ').next().unwrap_or(name);
        if !benches.contains_key(key) {
            benches.insert(key, Bench::new(*size, &device)?);
        }
    }
    if let Some(folder) = after("--serve") {
        for (name, bench) in &mut benches {
            bench.write(&Path::new(folder).join(name))?;
        }
        println!("ready");
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            let (_, _, task) =
                TASKS.iter().find(|(name, _, _)| *name == line).ok_or_else(|| format!("no task {line}"))?;
            let bench = line.split(' ').next().and_then(|key| benches.get_mut(key)).ok_or("not made")?;
            println!("{}", bench.time(*task)?);
        }
        return Ok(());
    }
    let mut report = BTreeMap::new();
    for (name, _, task) in TASKS.iter().filter(|(name, _, _)| name.starts_with(&prefix)) {
        let bench = name.split(' ').next().and_then(|key| benches.get_mut(key)).ok_or("not made")?;
        bench.time(*task)?;
        let start = Instant::now();
        let mut times = Vec::new();
        while times.len() < 3 || (times.len() < 50 && start.elapsed().as_secs_f64() < 5.0) {
            times.push(bench.time(*task)?);
        }
        times.sort_by(f64::total_cmp);
        report.insert(*name, times[times.len() / 2]);
    }
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

#[allow(unused_variables)]
fn device(cpu: bool) -> Device {
    #[cfg(feature = "vulkan")]
    if !cpu {
        return Device::vulkan(burn::tensor::DeviceKind::DefaultDevice);
    }
    Device::flex()
}

/// One size, ready to be timed.
struct Bench {
    config: JepaConfig,
    train: TrainConfig,
    trainer: Trainer<JepaConfig>,
    batch: Batch,
    world: World,
    observations: Vec<Observation>,
    start: Latents,
    goal: Vec<f32>,
    space: Space,
    prior: Prior,
    device: Device,
}

impl Bench {
    fn new(size: Size, device: &Device) -> Outcome<Self> {
        let config = JepaConfig { size, ..JepaConfig::default() };
        let clips = if size == Size::L { 2 } else { 64 };
        let side = config.image_size();
        let interface = interface(side);
        let train = TrainConfig {
            batch_size: clips,
            n_frames: FRAMES,
            steps: 1_000_000,
            warmup: 0.0,
            ..TrainConfig::default()
        };
        let mut trainer = Trainer::new(config.clone(), interface.clone(), train.clone(), device);
        let batch = batch(clips, side, Key::new(1));
        for _ in 0..WARM_STEPS {
            trainer.advance(&batch, false)?;
        }
        let world = World::new(trainer.model(), config.clone(), interface.clone(), device);
        let observations = observations(&batch, 64);
        let start = world.observe(&observations[..1])?;
        let goal = world.latents(&world.observe(&observations[3..4])?).data;
        let stats = interface.action_stats.block(config.frame_skip);
        let table = |row: &[f32]| Table::from_data(row.len(), row.repeat(HORIZON));
        let prior = Prior { mean: table(&stats.mean), std: table(&stats.std) };
        let space = Space::uniform(&["x", "y"], 0.0, 512.0).block(config.frame_skip);
        Ok(Self {
            config,
            train,
            trainer,
            batch,
            world,
            observations,
            start,
            goal,
            space,
            prior,
            device: device.clone(),
        })
    }

    /// Milliseconds of one repetition.
    fn time(&mut self, task: Task) -> Outcome<f64> {
        let begun = Instant::now();
        match task {
            Task::Train => {
                self.trainer.advance(&self.batch, false)?;
            }
            Task::Encode(n) => {
                std::hint::black_box(self.world.encode(&self.observations[..n])?);
            }
            Task::Plan { samples, iterations } => {
                let config = PlannerConfig::Cem(CemConfig { samples, iterations, ..CemConfig::default() });
                let goal = Table::from_data(self.goal.len(), self.goal.clone());
                let objective = Distance::latent(&self.world, goal, Timing::default());
                let prior = self.prior.clone();
                let each = [Problem { goal: 0, prior, proposals: Vec::new(), key: Key::new(3) }];
                let problems = Problems {
                    dynamics: &self.world,
                    start: &self.start,
                    objective: &objective,
                    space: &self.space,
                    each: &each,
                    deadline: None,
                    margin: 0.0,
                };
                std::hint::black_box(config.build(2)?.plan(&problems));
            }
        }
        self.device.sync()?;
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    }

    /// Writes weights, inputs, outputs, and the losses of the next training step.
    fn write(&mut self, folder: &Path) -> Outcome {
        fs::create_dir_all(folder)?;
        save_world(&self.trainer, &folder.join("model"))?;
        let side = self.config.image_size();
        let clips = self.batch.clips.len();
        write_u8(folder, "pictures", &[clips * FRAMES, side, side, 3], &self.batch.images)?;
        write_f32(folder, "actions", &[clips, FRAMES - 1, 10], &self.batch.actions)?;
        for (name, values, shape) in outputs(&self.world, &self.batch)? {
            write_f32(folder, name, &shape, &values)?;
        }
        let key = Key::new(self.train.seed).with("train").at(self.trainer.step());
        let n = self.config.directions;
        write_f32(folder, "directions", &[n, self.goal.len()], &directions(key, n, self.goal.len()))?;
        let progress = self.trainer.advance(&self.batch, true)?;
        fs::write(folder.join("losses.json"), serde_json::to_vec_pretty(&progress)?)?;
        Ok(())
    }
}

/// Name, numbers and shape.
type Output = (&'static str, Vec<f32>, [usize; 3]);

/// Embeddings and rollouts of the first clips, by the way planners take.
fn outputs<D: Dynamics>(world: &D, batch: &Batch) -> Outcome<Vec<Output>> {
    let observations = observations(batch, CHECKED * FRAMES);
    let embeddings = world.latents(&world.observe(&observations)?);
    let width = embeddings.width;
    let first: Vec<Observation> = observations.into_iter().step_by(FRAMES).collect();
    let mut state = world.observe(&first)?;
    let mut rolled = vec![0.0; CHECKED * (FRAMES - 1) * width];
    for step in 0..FRAMES - 1 {
        let block = |clip: usize| &batch.actions[(clip * (FRAMES - 1) + step) * 10..][..10];
        state = world.step(&state, Acts::of(&(0..CHECKED).map(block).collect::<Vec<_>>().concat()));
        for (clip, row) in world.latents(&state).rows().enumerate() {
            rolled[(clip * (FRAMES - 1) + step) * width..][..width].copy_from_slice(row);
        }
    }
    Ok(vec![
        ("embeddings", embeddings.data, [CHECKED, FRAMES, width]),
        ("rolled", rolled, [CHECKED, FRAMES - 1, width]),
    ])
}

/// The first pictures of a batch.
fn observations(batch: &Batch, n: usize) -> Vec<Observation> {
    let [height, width] = batch.image_size.unwrap_or_default();
    let observation =
        |bytes: &[u8]| Observation { image: Some(Image { height, width, data: bytes.to_vec() }), state: vec![0.0; 2] };
    batch.images.chunks(height * width * 3).take(n).map(observation).collect()
}

/// Largest differences between this device's outputs and those in a folder, by size and output.
fn check(folder: &Path, device: &Device) -> Outcome {
    let mut report = BTreeMap::new();
    for size in ["xs", "s", "l"] {
        let folder = folder.join(size);
        if !folder.exists() {
            continue;
        }
        let world = load_any(&folder.join("model"), device)?;
        let clips = if size == "l" { 2 } else { 64 };
        let batch = batch(clips, world.wants().picture.unwrap_or_default(), Key::new(1));
        for (name, values, _) in outputs(&world, &batch)? {
            let written = fs::read(folder.join(name).with_extension("npy"))?;
            let tail = &written[written.len() - 4 * values.len()..];
            let difference = tail
                .chunks(4)
                .zip(&values)
                .map(|(b, v)| (f32::from_le_bytes([b[0], b[1], b[2], b[3]]) - v).abs())
                .fold(0.0, f32::max);
            report.insert(format!("{size} {name}"), difference);
        }
    }
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}
