//! How long what is learned on latents takes here: a few steps of each head, on a few episodes that a model sees.

use super::heads::{Seen, decoder, draws_only_by_a_decoder};
use super::sides::Sides;
use super::{Recordings, Run};
use anyhow::Result;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::time::Instant;
use terrella_model::{Reacher, ReacherConfig, Saved, StepsToGo, StepsToGoConfig};

/// Episodes that are seen.
const EPISODES: usize = 4;
/// Steps of a head, and those of them that are not timed: the first ones allocate.
const STEPS: u64 = 16;
const FIRST: usize = 4;

/// One thing that is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// What it is, as its section of the settings is called.
    pub name: String,
    /// Steps.
    pub steps: u64,
    /// Milliseconds a step, here.
    pub ms: f64,
}

/// When each step was done.
#[derive(Default)]
struct Ticks(Vec<Instant>);

impl Ticks {
    fn now(&mut self) {
        self.0.push(Instant::now());
    }

    /// So many steps of what was timed.
    fn of(&self, name: &str, steps: u64) -> Trained {
        let ms = match self.0.get(FIRST..).unwrap_or_default() {
            [first, rest @ ..] if !rest.is_empty() => {
                (rest[rest.len() - 1] - *first).as_secs_f64() * 1e3 / rest.len() as f64
            }
            _ => 0.0,
        };
        Trained { name: name.to_owned(), steps, ms }
    }
}

/// Seconds of seeing all recordings for what is learned on latents, and how long a step of each head takes. The model gets what
/// acting asks of them, an amortised planner and a head that tells steps to go, which have learned next to nothing.
///
/// # Errors
/// If recordings and model do not fit.
pub(super) fn time_heads(
    run: &Run,
    saved: &mut Saved,
    recordings: &Recordings,
    device: &Device,
) -> Result<(f64, Vec<Trained>)> {
    let (settings, split) = (&run.settings, &recordings.split);
    let sides = Sides::of(saved, &settings.reacher);
    let seen = &split.train[..EPISODES.min(split.train.len())];
    let length = |e: &usize| recordings.dataset.episodes[*e].len();
    let rows = |episodes: &[usize]| episodes.iter().map(length).sum::<usize>() as f64;
    let began = Instant::now();
    let mut traces = Vec::new();
    for &episode in seen {
        traces.extend(sides.traces((saved, recordings), (sides.len() - 1, episode))?);
    }
    let all = rows(&split.train) * sides.len() as f64 + rows(&recordings.unseen());
    let seeing = began.elapsed().as_secs_f64() * all / rows(seen).max(1.0);
    let mut heads = Vec::new();
    if settings.reacher.steps > 0 {
        let (config, mut ticks) = (ReacherConfig { steps: STEPS, ..settings.reacher.clone() }, Ticks::default());
        let (net, _) = Reacher::train(&saved.world, &traces, &config, device, |_| ticks.now())?;
        saved.reacher = Some((net, config));
        heads.push(ticks.of("reacher", settings.reacher.steps));
    }
    if settings.steps_to_go.steps > 0 {
        let (config, mut ticks) = (StepsToGoConfig { steps: STEPS, ..settings.steps_to_go.clone() }, Ticks::default());
        let (head, _) = StepsToGo::train(&traces, saved.world.frame_skip(), &config, device, |_| ticks.now())?;
        saved.steps_to_go = Some((head, config));
        heads.push(ticks.of("steps_to_go", settings.steps_to_go.steps));
    }
    if draws_only_by_a_decoder(&saved.world) && settings.decoder.steps > 0 {
        let latents = seen.iter().map(|&e| Ok(Seen::of(&saved.world, recordings, e)?.latents));
        let (latents, mut ticks) = (latents.collect::<Result<Vec<_>>>()?, Ticks::default());
        decoder(run, &latents, recordings, (STEPS, device), &mut |_| ticks.now());
        heads.push(ticks.of("decoder", settings.decoder.steps));
    }
    Ok((seeing, heads))
}
