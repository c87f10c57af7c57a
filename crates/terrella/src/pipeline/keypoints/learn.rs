//! Teaches keypoints, from pictures and nothing else.

use crate::error::Interrupted;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::Result;
use burn::tensor::Device;
use terrella_core::Dataset;
use terrella_model::{KeypointLoss, KeypointTrainer, Keypoints, TrainConfig};

/// Keypoints learned from these episodes, and the last loss.
pub(super) fn learn(
    data: (&Dataset, &[usize]),
    settings: &Settings,
    device: &Device,
    watch: &Watch,
) -> Result<(Keypoints, Option<KeypointLoss>)> {
    let mut trainer = trainer(data, settings, device)?;
    let (steps, every) = (settings.keypoints.steps, settings.train.log_every.max(1));
    let stage = watch.stage("learn", steps);
    let mut last = None;
    for step in 0..steps {
        let log = (step + 1).is_multiple_of(every) || step + 1 == steps;
        let loss = trainer.advance(data.0, log)?;
        let words = |loss: &KeypointLoss| {
            let KeypointLoss { drawing, presence, crowding, extent, jumps } = loss;
            format!(
                "drawing {drawing:.3}, presence {presence:.2}, crowding {crowding:.2}, extent {extent:.2}, jumps {jumps:.2}"
            )
        };
        stage.at(step + 1, &loss.as_ref().map_or_else(String::new, words));
        last = loss.or(last);
        if watch.stopped() && step + 1 < steps {
            return Err(Interrupted { resume: None }.into());
        }
    }
    Ok((trainer.finish(), last))
}

/// The same network before it learned anything: what is its architecture's merit alone.
pub(super) fn untaught(data: (&Dataset, &[usize]), settings: &Settings, device: &Device) -> Result<Keypoints> {
    Ok(trainer(data, settings, device)?.finish())
}

fn trainer(data: (&Dataset, &[usize]), settings: &Settings, device: &Device) -> Result<KeypointTrainer> {
    let asked = &settings.keypoints;
    let train = TrainConfig {
        steps: asked.steps,
        batch_size: asked.batch_size,
        learning_rate: asked.learning_rate,
        seed: settings.seed,
        ..settings.train.clone()
    };
    Ok(KeypointTrainer::new(asked.model(), data, train, device)?)
}
