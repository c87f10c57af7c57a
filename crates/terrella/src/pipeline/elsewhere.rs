//! The same model on several sets of recordings: `terrella eval RUN --data A,B`.

use super::act::Actor;
use super::evaluate::{Evaluation, evaluate};
use super::{Recordings, Run};
use crate::watch::Watch;
use anyhow::Result;
use terrella_agent::ExactSim;
use terrella_core::View;
use terrella_eval::{Place, RolloutConfig, RolloutTable, rollout_error};

/// Judges on one set, with the true simulator beside what the model imagines.
///
/// # Errors
/// As [`evaluate`].
pub fn judge_on(run: &Run, actor: &Actor, recordings: &Recordings, watch: &Watch) -> Result<(Place, Evaluation)> {
    let evaluation = evaluate(run, actor, recordings, watch)?;
    let replayed = evaluation.rollout.as_ref().and_then(|imagined| replay(run, recordings, imagined));
    let place = Place {
        recordings: run.settings.data.path.as_ref().map_or_else(String::new, |path| path.display().to_string()),
        split: recordings.split_words.clone(),
        scorecards: evaluation.scorecards.clone(),
        imagined: evaluation.rollout.clone(),
        replayed,
    };
    Ok((place, evaluation))
}

/// The clips that were imagined, by the true simulator from their logged states; nothing where it cannot begin there.
fn replay(run: &Run, recordings: &Recordings, imagined: &RolloutTable) -> Option<RolloutTable> {
    let exact = ExactSim::new(recordings.world.clone()?);
    let settings = &run.settings.eval.rollout;
    // Blocks of one step: the same clips, as these hang on how long they are.
    let config = RolloutConfig { horizon: settings.horizon * imagined.frame_skip, ..settings.clone() };
    let sides = (&*recordings.dataset, &[][..], &recordings.split.held_out[..]);
    let view = View { picture: None, state: true };
    rollout_error(&exact, recordings.spec()?, sides, view, &config).ok()
}
