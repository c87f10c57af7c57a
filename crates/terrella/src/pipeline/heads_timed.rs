//! How long what is learned on latents takes here: a few steps of each head, on a few episodes that a model sees.

use super::heads::{Seen, decoder};
use super::sides::Sides;
use super::{Recordings, Run};
use anyhow::Result;
use burn::tensor::Device;
use std::time::Instant;
use terrella_model::{Reacher, ReacherConfig, Saved, StepsToGo, StepsToGoConfig};

/// How long what is learned on latents takes: seconds of seeing all recordings, and of each head its name, steps and milliseconds a
/// step. The model gets an amortised planner that has learned nothing, if it is to have one.
///
/// # Errors
/// If recordings and model do not fit.
pub(super) fn time_heads(
    run: &Run,
    saved: &mut Saved,
    recordings: &Recordings,
    device: &Device,
) -> Result<(f64, Vec<(String, u64, f64)>)> {
    /// Episodes that are seen, and steps of a head that are timed.
    const FEW: [usize; 2] = [4, 16];
    let (settings, split) = (&run.settings, &recordings.split);
    let sides = Sides::of(saved, &settings.reacher);
    let seen = &split.train[..FEW[0].min(split.train.len())];
    let rows =
        |episodes: &[usize]| episodes.iter().map(|&e| recordings.dataset.episodes[e].len()).sum::<usize>() as f64;
    let began = Instant::now();
    let mut traces = Vec::new();
    for &episode in seen {
        traces.extend(sides.traces((saved, recordings), (sides.len() - 1, episode))?);
    }
    let all = rows(&split.train) * sides.len() as f64 + rows(&recordings.unseen());
    let seeing = began.elapsed().as_secs_f64() * all / rows(seen).max(1.0);
    let few = FEW[1] as u64;
    let mut heads = Vec::new();
    let mut timed = |name: &str, steps: u64, head: &mut dyn FnMut(&mut dyn FnMut(u64)) -> Result<()>| -> Result<()> {
        if steps == 0 {
            return Ok(());
        }
        let mut ticks = Vec::new();
        head(&mut |_| ticks.push(Instant::now()))?;
        // The first steps allocate.
        let timed = ticks.get(few as usize / 4..).unwrap_or_default();
        let ms = match timed {
            [first, .., last] => (*last - *first).as_secs_f64() * 1e3 / (timed.len() - 1) as f64,
            _ => 0.0,
        };
        heads.push((name.to_owned(), steps, ms));
        Ok(())
    };
    let reacher = ReacherConfig { steps: few, ..settings.reacher.clone() };
    timed("reacher", settings.reacher.steps, &mut |tick| {
        let (net, _) = Reacher::train(&saved.world, &traces, &reacher, device, tick)?;
        saved.reacher = Some((net, reacher.clone()));
        Ok(())
    })?;
    let to_go = StepsToGoConfig { steps: few, ..settings.steps_to_go.clone() };
    timed("steps_to_go", settings.steps_to_go.steps, &mut |tick| {
        StepsToGo::train(&traces, saved.world.frame_skip(), &to_go, device, tick)?;
        Ok(())
    })?;
    if saved.world.wants().picture.is_some() {
        let mut latents = Vec::new();
        for &episode in seen {
            latents.push(Seen::of(&saved.world, recordings, episode)?.latents);
        }
        timed("decoder", settings.decoder.steps, &mut |tick| {
            decoder(run, &latents, recordings, (few, device), tick);
            Ok(())
        })?;
    }
    Ok((seeing, heads))
}
