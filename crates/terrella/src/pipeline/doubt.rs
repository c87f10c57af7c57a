//! What a model was taught nothing like: learned from held-out episodes, tried on worlds that were changed, and kept for whoever asks.
//!
//! `terrella eval --doubt` does what was recorded once more, in the world as it is and in worlds that behave or look otherwise in one
//! thing, as far as the model is shown that; sensors that err can be had without a world. `doubt.json` is what is usual.

use super::act::view;
use super::scene::Scene;
use super::{Recordings, Run};
use crate::error::{Interrupted, usage};
use crate::watch::Watch;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use terrella_core::{AnySim, Dataset, EnvSpec, GoalWorld, Key, Observation, Sim, Table, View};
use terrella_env::{behaviours, shifts};
use terrella_eval::{
    Block, DoubtConfig, DoubtJudged, DoubtKind, DoubtRow, DoubtTable, Doubtful, Familiar, Stretch, familiar,
};
use terrella_model::{AnyWorld, fingerprint};

/// Where it is kept in a run directory.
pub const FILE: &str = "doubt.json";

/// Deviations of the noise on each number of a state, in recorded deviations, from small to large.
const NOISE: [f64; 3] = [0.02, 0.05, 0.1];

/// What is usual for the model of a run.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// By what its model is known.
    model: String,
    familiar: Familiar,
}

/// A world that is another in one thing.
struct Other {
    factor: String,
    size: f64,
    unit: String,
    /// Where actions are done again; nothing where what was recorded is taken as it is.
    world: Option<AnySim>,
    noise: f64,
}

/// Learns on half of the held-out episodes what is usual, keeps it in the run, and tries on the others how well doubts tell changes.
///
/// # Errors
/// If there are too few held-out episodes, an episode cannot be done again, the disk refuses, or somebody asked to stop.
pub fn measure_doubts(run: &Run, model: &AnyWorld, recordings: &Recordings, watch: &Watch) -> Result<DoubtTable> {
    let (data, config, view) = (&*recordings.dataset, &run.settings.eval.doubt, view(model));
    let angles = recordings.spec().map_or_else(|| data.signature.angles(), EnvSpec::angles);
    let key = Key::new(config.seed).with("doubt");
    let mut order: Vec<usize> =
        recordings.split.held_out.iter().copied().filter(|&e| data.episodes[e].len() > model.frame_skip()).collect();
    order.sort_by_key(|&e| (key.with("split").at(e as u64).seed(), e));
    let (calibrating, judged) = order.split_at(order.len().div_ceil(2));
    if judged.is_empty() {
        return Err(usage(format!(
            "--doubt calibrates on half of the held-out episodes and judges the others, and there are {}; give more recordings with --data",
            order.len()
        )));
    }
    let (mut others, notes) = others(recordings, view)?;
    let words = &run.settings.eval.factors;
    if let Some(word) = words.iter().find(|word| !others.iter().any(|other| other.factor.contains(word.as_str()))) {
        let mut factors: Vec<&str> = others[1..].iter().map(|other| other.factor.as_str()).collect();
        factors.dedup();
        let factors = factors.join(", ");
        return Err(usage(format!("eval.factors: {word:?} is in no name of a change; there are {factors}")));
    }
    let wanted = |other: &Other| words.is_empty() || words.iter().any(|word| other.factor.contains(word.as_str()));
    others.retain(|other| other.unit.is_empty() || wanted(other));

    let stage = watch.stage("doubt", 1 + others.len() as u64);
    let sides = (data, &recordings.split.train[..], calibrating);
    let familiar =
        familiar(model, sides, (view, &angles[..]), config).map_err(|error| usage(format!("--doubt: {error}")))?;
    let kept = Kept { model: fingerprint(&run.file("model"))?, familiar };
    // Places are many numbers; nobody reads them line by line.
    run.dir().write(FILE, &serde_json::to_vec(&kept)?)?;
    let familiar = kept.familiar;
    let scale = if recordings.split.train.is_empty() {
        data.state_stats.std.clone()
    } else {
        data.stats_of(&recordings.split.train).0.std
    };
    let mut plain: Vec<DoubtJudged> = Vec::new();
    let mut rows = Vec::with_capacity(others.len());
    for (at, other) in others.iter().enumerate() {
        stage.at(at as u64 + 1, &other.factor);
        let mut all = Vec::with_capacity(judged.len());
        for &episode in judged {
            if watch.stopped() {
                return Err(Interrupted { resume: None }.into());
            }
            let stretches = done_again(&familiar, (data, episode), view, (other, &scale), config)?;
            let moments = stretches.iter().map(|stretch| familiar.moments(model, stretch));
            all.push(moments.collect::<terrella_core::Result<Vec<_>>>()?);
        }
        let about = (&other.factor[..], other.size, &other.unit[..]);
        let before = if plain.is_empty() { &all } else { &plain };
        rows.push(DoubtRow::of(about, &familiar, (&before[..], &all[..]), key.with("intervals").at(at as u64)));
        if plain.is_empty() {
            plain = all;
        }
    }
    Ok(DoubtTable {
        rows,
        level: config.level,
        calibrated: calibrating.len(),
        stretch: config.rows,
        places: familiar.places(),
        notes,
        provenance: run.provenance(&recordings.split_words, Vec::new()),
    })
}

/// The world as it is, then all that can be another of it and is shown, and what there is to tell of what cannot.
fn others(recordings: &Recordings, view: View) -> Result<(Vec<Other>, Vec<String>)> {
    let mut notes = Vec::new();
    let plain = recordings.world.clone().filter(|_| recordings.dataset.signature.state.len() == width(recordings));
    if recordings.world.is_none() {
        notes.push(
            "These recordings name no world in which their actions could be done again, so that only sensors were changed.".to_owned(),
        );
    } else if plain.is_none() {
        notes.push("These recordings have no logged state from which their actions could be done again.".to_owned());
    }
    let other = |factor: &str, (size, unit): (f64, &str), world, noise| Other {
        factor: factor.to_owned(),
        size,
        unit: unit.to_owned(),
        world,
        noise,
    };
    let mut all = vec![other("as it is", (0.0, ""), plain.clone(), 0.0)];
    if let Some(world) = &plain {
        let id = &world.spec().id;
        for behaviour in behaviours(id) {
            let about = (behaviour.size, &behaviour.unit[..]);
            all.push(other(&behaviour.factor, about, Some(behaviour.world()?), 0.0));
        }
        for shift in if view.picture.is_some() && world.goals().is_some() { shifts(id) } else { Vec::new() } {
            let changed: Box<dyn GoalWorld> = shift.world(id)?;
            all.push(other(&shift.factor, (shift.size, &shift.unit[..]), Some(AnySim::from(&*changed)), 0.0));
        }
    }
    if view.picture.is_none() {
        let unit = "recorded deviations";
        all.extend(NOISE.map(|noise| other("sensors that err", (noise, unit), plain.clone(), noise)));
    }
    if all.len() == 1 {
        return Err(usage(
            "--doubt: nothing of what this model is shown can be changed, as its pictures are of no known world with a logged state; leave it out",
        ));
    }
    Ok((all, notes))
}

/// Numbers of the state of the world of some recordings.
fn width(recordings: &Recordings) -> usize {
    recordings.spec().map_or(usize::MAX, |spec| spec.state.len())
}

/// The stretches by which an episode is judged, with its actions done again in a world, and seen through sensors that err.
fn done_again(
    familiar: &Familiar,
    (data, episode): (&Dataset, usize),
    view: View,
    (other, scale): (&Other, &[f32]),
    config: &DoubtConfig,
) -> Result<Vec<Stretch>> {
    let mut stretches = familiar.stretches(data, episode, view, config)?;
    for stretch in &mut stretches {
        if let Some(world) = &other.world {
            let start = data.episodes[episode].states.row(stretch.start);
            again(&mut world.clone(), stretch, start, view)
                .with_context(|| format!("doing episode {episode} again from row {}", stretch.start))?;
        }
        if other.noise > 0.0 {
            let key = Key::new(config.seed).with("sensors").at(episode as u64).at(stretch.start as u64);
            for (moment, seen) in stretch.seen.iter_mut().enumerate() {
                let mut stream = key.at(moment as u64).stream();
                let numbers = seen.state.iter_mut().zip(scale);
                numbers.for_each(|(x, scale)| *x += (other.noise * f64::from(*scale) * stream.normal()) as f32);
            }
        }
    }
    Ok(stretches)
}

/// Puts what a world shows in the place of what was recorded; the stretch ends where the task does.
fn again(world: &mut AnySim, stretch: &mut Stretch, start: &[f32], view: View) -> Result<()> {
    world.set_logged(start)?;
    let width = world.spec().actions.width().max(1);
    let mut seen = vec![view.observe(&*world)];
    for block in &stretch.blocks {
        let mut ended = false;
        block.chunks_exact(width).for_each(|action| ended |= world.step(action).terminated);
        seen.push(view.observe(&*world));
        if ended {
            break;
        }
    }
    let blocks = seen.len() - 1;
    stretch.blocks.truncate(blocks);
    stretch.lasts.truncate(blocks);
    stretch.seen = seen;
    Ok(())
}

/// The most doubtful moment of a future by each score, if the run keeps what is usual for its model. `told` are the states foretold after
/// each block, `next` the recorded state after the first, where just that was done.
///
/// # Errors
/// If the file is damaged, or the model cannot look at the start.
pub(super) fn doubts_of(
    run: &Run,
    scene: &Scene<'_>,
    (blocks, told): (&[Block], &Table),
    next: Option<&Table>,
) -> Result<Vec<Doubtful>> {
    let Some(Kept { model, familiar }) = run.json::<Kept>(FILE)? else { return Ok(Vec::new()) };
    if model != fingerprint(&run.file("model"))? || familiar.skip != scene.skip {
        return Ok(Vec::new());
    }
    // Of pictures, only what is seen can be asked about: what is imagined is none.
    let n = if familiar.of_states() { blocks.len() } else { 1.min(blocks.len()) };
    let shown = |state: &[f32]| Observation { image: None, state: state.to_vec() };
    let mut seen = vec![scene.seen.clone()];
    seen.extend(told.rows().take(n.saturating_sub(1)).map(shown));
    let (acts, lasts) = blocks[..n].iter().map(|(act, dt)| (act.clone(), dt.iter().sum::<f32>())).unzip();
    let mut moments = familiar.moments(&scene.world, &Stretch { seen, blocks: acts, lasts, ..Stretch::default() })?;
    // A model is not surprised by what it imagined itself.
    moments.iter_mut().for_each(|scores| scores.retain(|moment| moment.kind != DoubtKind::Surprise));
    if let (Some(next), Some((act, dt))) =
        (next.filter(|next| familiar.of_states() && !next.is_empty()), blocks.first())
    {
        let (seen, lasts) = (vec![scene.seen.clone(), shown(next.row(0))], vec![dt.iter().sum::<f32>()]);
        let first = Stretch { seen, blocks: vec![act.clone()], lasts, ..Stretch::default() };
        let surprise = familiar.moments(&scene.world, &first)?.into_iter().flatten();
        moments[0].extend(surprise.filter(|moment| moment.kind == DoubtKind::Surprise));
    }
    Ok(familiar.worst(&moments))
}
