//! How fast this machine does what runs are made of, measured in the program itself.

use super::{CollectConfig, Recordings, collect};
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::Result;
use burn::tensor::Device;
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};
use terrella_agent::{CemConfig, Distance, PlannerConfig, PriorRule, Timing};
use terrella_core::{Dynamics, Key, Planner, Problem, Problems, Sim, Table};
use terrella_data::Sampler;
use terrella_model::{AnyWorld, Registered, Saved, TrainConfig, Trainer, Visitor};

/// What to measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchConfig {
    /// Seconds for each measurement.
    pub seconds: f64,
    /// The world.
    pub env: String,
}

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Timed {
    /// What was done.
    pub name: String,
    /// How often.
    pub repeats: u64,
    /// Milliseconds each, the median.
    pub ms: f64,
    /// Things a second, in the unit's own terms.
    pub per_second: f64,
    /// What is counted.
    pub unit: String,
}

/// Measures training step, encoding, planning, world and loader with the model of the settings.
/// `folder` takes the recordings that are needed for it.
///
/// # Errors
/// If the world is unknown or the folder cannot be written to.
pub fn bench(
    settings: &Settings,
    config: &BenchConfig,
    folder: &Path,
    (device, watch): (&Device, &Watch),
) -> Result<Vec<Timed>> {
    let limit = Duration::from_secs_f64(config.seconds);
    let mut out = worlds(config, limit)?;
    let data = folder.join("data");
    let record = CollectConfig {
        env: config.env.clone(),
        episodes: 10,
        steps: Some(60),
        explore: 0.5,
        explorer: Default::default(),
        noise: 0.0,
        size: settings.model.wants().picture.unwrap_or(0),
        seed: 0,
        threads: settings.eval.threads(),
    };
    collect(&data, &record, watch)?;
    let mut settings = settings.clone();
    settings.data.held_out = 0.2;
    let recordings = Recordings::open(&data, &settings, watch)?;
    let window = settings.model.window(settings.train.n_frames);
    let batch = settings.train.batch_size;
    let sampler = Sampler::new(recordings.dataset.clone(), &recordings.split.train, window, batch, 0)?;
    let mut step = 0;
    out.push(timed("loader", (batch, "clips"), limit, || {
        step += 1;
        std::hint::black_box(sampler.batch(step));
    }));
    let (train, world) = settings.model.clone().visit(TrainStep(&settings, &recordings, &sampler, device, limit))?;
    out.push(train);
    out.extend(model(&world, &recordings, limit)?);
    Ok(out)
}

/// Measures a training step of whichever family; answers with what the model then is, too.
struct TrainStep<'a>(&'a Settings, &'a Recordings, &'a Sampler, &'a Device, Duration);

impl Visitor for TrainStep<'_> {
    type Output = Result<(Timed, AnyWorld)>;

    fn visit<F: Registered>(self, family: F) -> Self::Output {
        let Self(settings, recordings, sampler, device, limit) = self;
        let augment = recordings.train_config(settings)?.augment;
        let config = TrainConfig { augment, ..settings.train.clone() };
        let mut trainer = Trainer::new(family, recordings.interface()?, config, device);
        let frames = settings.train.batch_size * settings.train.n_frames;
        let mut failed = None;
        let timed = timed("train step", (frames, "frames"), limit, || {
            let at = trainer.step();
            if let Err(error) = trainer.advance(&sampler.batch(at), true) {
                failed = Some(error);
            }
        });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok((timed, Saved::of(&trainer, device).world)),
        }
    }
}

fn worlds(config: &BenchConfig, limit: Duration) -> Result<Vec<Timed>> {
    let mut env = terrella_env::make(&config.env, &serde_json::Value::Null)?;
    let space = env.spec().actions.clone();
    let mut stream = Key::new(0).with("bench").stream();
    let actions: Vec<Vec<f32>> = (0..100).map(|_| space.sample(&mut stream)).collect();
    env.reset(0);
    let steps = timed(&format!("{} steps", config.env), (100, "steps"), limit, || {
        actions.iter().for_each(|action| _ = env.step(action));
    });
    env.reset(0);
    let frames = timed(&format!("{} steps and 96x96 pictures", config.env), (100, "frames"), limit, || {
        for action in &actions {
            env.step(action);
            std::hint::black_box(env.draw(96));
        }
    });
    Ok(vec![steps, frames])
}

fn model(world: &AnyWorld, recordings: &Recordings, limit: Duration) -> Result<Vec<Timed>> {
    let rows: Vec<_> = (0..64)
        .map(|i| super::heads::shown(world, recordings, (i % recordings.dataset.episodes.len(), i / 8)))
        .collect();
    let start = world.observe(&rows[..1])?;
    let goal = world.latents(&world.observe(&rows[1..2])?);
    let encode = timed("encode 64 frames", (64, "frames"), limit, || {
        // An error would have shown in the lines above.
        std::hint::black_box(world.observe(&rows).map(|s| world.latents(&s)).ok());
    });
    let space = recordings.world()?.spec().actions.space();
    let block = space.block(world.frame_skip());
    let middle: Vec<f32> = space.low.iter().zip(&space.high).map(|(l, h)| (l + h) / 2.0).collect();
    let std = space.low.iter().zip(&space.high).map(|(l, h)| (h - l) / 10.0).collect();
    let prior =
        PriorRule::HoldLast { std, growth: 0.5 }.prior(&Table::new(block.width()), &middle, 5, world.frame_skip());
    let objective = Distance::latent(world, goal, Timing::default());
    let each = [Problem { goal: 0, prior, proposals: Vec::new(), key: Key::new(0) }];
    let problems = Problems {
        dynamics: world,
        start: &start,
        objective: &objective,
        space: &block,
        each: &each,
        deadline: None,
        margin: 0.0,
    };
    let mut out = vec![encode];
    for (samples, iterations) in [(64, 5), (300, 30)] {
        let cem = CemConfig { samples, iterations, elites: samples / 8, ..CemConfig::default() };
        let planner = PlannerConfig::Cem(cem).build(space.width())?;
        let name = format!("plan, CEM {samples} sequences × {iterations} iterations × 5 blocks");
        out.push(timed(&name, (1, "plans"), limit, || {
            std::hint::black_box(planner.plan(&problems));
        }));
    }
    Ok(out)
}

/// Runs once to warm up, then until the time is over, at least three times.
fn timed(name: &str, (each, unit): (usize, &str), limit: Duration, mut work: impl FnMut()) -> Timed {
    work();
    let mut times = Vec::new();
    let started = Instant::now();
    while times.len() < 3 || started.elapsed() < limit {
        let from = Instant::now();
        work();
        times.push(from.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    Timed {
        name: name.to_owned(),
        repeats: times.len() as u64,
        ms: median * 1e3,
        per_second: each as f64 / median,
        unit: unit.to_owned(),
    }
}
