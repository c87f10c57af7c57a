//! How recordings are varied in training: by what their world declares, where that holds and is of use to the model.

use super::Recordings;
use crate::error::usage;
use crate::settings::Settings;
use anyhow::Result;
use terrella_model::{Augment, TrainConfig, UNSEEN_SIDE};

impl Recordings {
    /// The training settings with what the world declares filled in: its symmetry, where it holds, is wanted, and is
    /// of use to the model; and what moves with its pictures, where those are moved.
    ///
    /// # Errors
    /// If pictures shall be varied that there are not, or by too much, or moved where nobody says what moves with them.
    pub fn train_config(&self, settings: &Settings) -> Result<TrainConfig> {
        let mut config = settings.train.clone();
        if config.symmetry.is_none() && settings.data.symmetry && settings.model.turns() {
            config.symmetry = self.taught_spec().and_then(|spec| spec.symmetry.clone());
        }
        let wants = settings.model.wants();
        if config.augment.shift == 0 && settings.data.shift > 0 && settings.model.turns() {
            let declared = self.taught_spec().and_then(|spec| spec.moves(wants.state).ok());
            config.augment.shift = declared.map_or(0, |_| settings.data.shift);
        }
        if !config.augment.varies() {
            return Ok(config);
        }
        if wants.picture.is_none() && (config.augment.alters_looks() || !settings.model.turns()) {
            return Err(usage("train.augment varies pictures, and this model is shown none; leave it out"));
        }
        let side = wants.picture.unwrap_or(UNSEEN_SIDE);
        let Augment { shift, moves, .. } = &mut config.augment;
        // Half a picture that is gone is a sign of a slip.
        if 2 * *shift > side {
            return Err(usage(format!(
                "train.augment.shift = {shift} moves pictures of {side} pixels by more than half; {} is usual",
                side / 16
            )));
        }
        if *shift > 0 && moves.is_none() {
            let declared = match self.taught_spec() {
                Some(spec) => spec.moves(wants.state),
                None => Err("these recordings name no world".to_owned()),
            };
            *moves = Some(declared.map_err(|reason| {
                usage(format!(
                    "train.augment.shift: {reason}, and actions or states that are places would lie about a picture that is moved; leave it out, or name what moves with train.augment.moves (extent, points, headings, action_points)"
                ))
            })?);
        }
        if let Some(moves) = moves {
            let signature = &self.taught().signature;
            for (what, points, there) in [
                ("points", &moves.points, signature.state.len()),
                ("action_points", &moves.action_points, signature.action.len()),
            ] {
                // Recordings may lack the states that their world has.
                if let Some(at) = points.as_flattened().iter().find(|&&at| there > 0 && at >= there) {
                    return Err(usage(format!(
                        "train.augment.moves.{what} names number {at} of {there}; count from 0"
                    )));
                }
            }
        }
        Ok(config)
    }
}
