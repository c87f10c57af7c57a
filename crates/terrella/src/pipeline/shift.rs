//! What is left of a model's score in scenes that look otherwise: `terrella eval --shift`.
//!
//! Held-out episodes are drawn anew from their states, as they are and with one change at a time, and the headline policy makes
//! the same attempts in each scene. Nothing is learned from these pictures.

use super::act::Actor;
use super::evaluate::{arena, attempt_all, told};
use super::{Recordings, Run};
use crate::error::usage;
use crate::watch::Watch;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use terrella_core::{Dataset, Frames, GoalWorld, Image};
use terrella_env::{Shift, shifts};
use terrella_eval::{Filmstrip, ShiftRow, Shifts, StripRow, rollout_error};

/// Tries the first policy of the settings in every scene.
///
/// # Errors
/// If the model is shown no pictures, the world has no scenes, or an attempt fails; or somebody asked to stop.
pub fn try_shifts(run: &Run, actor: &Actor, recordings: &Recordings, watch: &Watch) -> Result<Shifts> {
    let (settings, world) = (&run.settings.eval, recordings.world()?);
    let Some(size) = actor.view().picture else {
        return Err(usage("this model is shown logged states, which no change of a scene touches; leave --shift out"));
    };
    let able = actor.able(&settings.policies);
    let Some(&flavour) = able.first() else {
        return Err(usage("there is no policy to try; name one with --policy search"));
    };
    let id = world.spec().id.as_ref();
    let mut scenes = vec![Shift::none()];
    scenes.extend(asked(shifts(id), &settings.factors)?);
    let protocol = settings.protocol();
    let mut rows = Vec::with_capacity(scenes.len());
    let stage = watch.stage("shifts", scenes.len() as u64);
    let mut steps = 0;
    for (at, scene) in scenes.iter().enumerate() {
        let mut other = scene.world(id)?;
        let dataset = redrawn(&recordings.dataset, &recordings.split.held_out, &mut *other, size)?;
        let sides = (&dataset, &[][..], &recordings.split.held_out[..]);
        let rollout = rollout_error(&actor.saved.world, other.spec(), sides, actor.view(), &settings.rollout);
        let rollout = rollout.with_context(|| format!("imagining where the scene is changed by {}", scene.factor))?;
        steps = rollout.frame_skip * settings.rollout.horizon;
        let arena = arena(settings, actor, (&*other, &dataset, &recordings.split.held_out), &protocol);
        let (attempts, _) = attempt_all(&arena, actor, flavour, watch)?;
        rows.push(ShiftRow::new((&scene.factor, scene.size, &scene.unit), &attempts, Some(&rollout)));
        stage.at(at as u64 + 1, &scene.factor);
    }
    let provenance = run.provenance(&recordings.split_words, told(run, actor, world.spec()));
    Ok(Shifts { policy: flavour.name().to_owned(), steps, rows, provenance })
}

/// Those changes whose factor has one of these words in its name; all of them where there are no words.
fn asked(all: Vec<Shift>, words: &[String]) -> Result<Vec<Shift>> {
    let factors: BTreeSet<&str> = all.iter().map(|shift| shift.factor.as_str()).collect();
    if let Some(word) = words.iter().find(|word| !factors.iter().any(|factor| factor.contains(word.as_str()))) {
        let factors: Vec<&str> = factors.into_iter().collect();
        return Err(usage(format!(
            "eval.factors: {word:?} is in no name of a change; there are {}",
            factors.join(", ")
        )));
    }
    let wanted = |shift: &Shift| words.is_empty() || words.iter().any(|word| shift.factor.contains(word.as_str()));
    Ok(all.iter().filter(|shift| wanted(shift)).cloned().collect())
}

/// The recordings with these episodes drawn anew from their states.
fn redrawn(dataset: &Dataset, episodes: &[usize], world: &mut dyn GoalWorld, size: usize) -> Result<Dataset> {
    let mut drawn = dataset.clone();
    drawn.signature.image = Some([size, size]);
    for &at in episodes {
        let episode = &mut drawn.episodes[at];
        let pictures = episode.states.rows().map(|state| {
            world.set_logged(state)?;
            Ok(world.draw(size))
        });
        episode.frames = Some(Frames::from_images(&pictures.collect::<terrella_core::Result<Vec<Image>>>()?));
    }
    Ok(drawn)
}

/// One state in every scene, a row a factor.
///
/// # Errors
/// If a world cannot be made.
pub(super) fn scenes(world: &dyn GoalWorld, state: &[f32], size: usize) -> Result<Filmstrip> {
    let id = world.spec().id.as_ref();
    let picture = |scene: &Shift| -> Result<Option<Image>> {
        let mut other = scene.world(id)?;
        other.set_logged(state)?;
        Ok(Some(other.draw(size)))
    };
    let still = picture(&Shift::none())?;
    let mut rows = Vec::new();
    for sizes in shifts(id).chunk_by(|a, b| a.factor == b.factor) {
        let mut frames = vec![still.clone()];
        for scene in sizes {
            frames.push(picture(scene)?);
        }
        let label = format!(
            "{} ({} {})",
            sizes[0].factor,
            sizes.iter().map(|s| s.size.to_string()).collect::<Vec<_>>().join(", "),
            sizes[0].unit
        );
        rows.push(StripRow { label, frames });
    }
    Ok(Filmstrip {
        title: "One moment in every scene".to_owned(),
        caption: "Only pictures change: what happens is the same in all of them.".to_owned(),
        steps: ["as it is", "small", "middle", "large"].map(str::to_owned).to_vec(),
        rows,
    })
}
