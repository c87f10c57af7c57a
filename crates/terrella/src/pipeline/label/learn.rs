//! Teaches a labeller and finds how far its intervals must reach, each on episodes of its own.

use crate::error::{Interrupted, usage};
use crate::pipeline::Recordings;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::Result;
use burn::tensor::Device;
use terrella_core::{Dataset, Episode, Key, Stats, Table, Window};
use terrella_data::Sampler;
use terrella_eval::{ToldRows, conformal_factor};
use terrella_model::{Inverse, InverseTrainer, Labels, TrainConfig};

/// Learns from these episodes.
pub(super) fn learn(
    (recordings, episodes): (&Recordings, &[usize]),
    settings: &Settings,
    device: &Device,
    watch: &Watch,
) -> Result<Inverse> {
    let label = &settings.label;
    let train = TrainConfig {
        steps: label.steps,
        batch_size: label.batch_size,
        learning_rate: label.learning_rate,
        ..recordings.train_config(settings)?
    };
    let dataset = &recordings.dataset;
    let (_, stats) = dataset.stats_of(episodes);
    // Every row is a window of its own: pictures beyond the ends are those at the ends.
    let (row, seed) =
        (Window { n_frames: 1, frame_skip: 1, goal: None }, Key::new(train.seed).with("label rows").seed());
    let sampler = Sampler::new(dataset.clone(), episodes, row, train.batch_size, seed)?;
    let (steps, every) = (train.steps, train.log_every.max(1));
    let mut trainer = InverseTrainer::new(label.model(), stats, train, device);
    let stage = watch.stage("learn", steps);
    for step in 0..steps {
        let log = (step + 1).is_multiple_of(every) || step + 1 == steps;
        let loss = trainer.advance(dataset, &sampler.clips(step), log)?;
        stage.at(step + 1, &loss.map_or_else(String::new, |loss| format!("loss {loss:.4}")));
        if watch.stopped() && step + 1 < steps {
            return Err(Interrupted { resume: None }.into());
        }
    }
    Ok(trainer.finish())
}

/// A labeller whose intervals hold what they promise.
pub(super) struct Calibrated {
    labeller: Inverse,
    /// Statistics of the actions that it learned from.
    stats: Stats,
    /// By which told deviations are multiplied, for each number of the action.
    pub(super) factors: Vec<f64>,
}

/// What is told of an episode: means, how far intervals reach, and the furthest reach of each row in standard deviations.
pub(super) struct Told {
    pub(super) mean: Table,
    pub(super) reach: Table,
    pub(super) doubt: Vec<f32>,
}

impl Calibrated {
    /// Finds the factors on these episodes of a dataset.
    ///
    /// # Errors
    /// If they have too few rows for this coverage.
    pub(super) fn of(
        (labeller, stats): (Inverse, Stats),
        (dataset, episodes): (&Dataset, &[usize]),
        coverage: f64,
    ) -> Result<Self> {
        let mut errors = vec![Vec::new(); stats.width()];
        for &at in episodes {
            let episode = &dataset.episodes[at];
            let Labels { mean, std } = labeller.label(episode)?;
            for ((truth, mean), std) in episode.actions.rows().zip(mean.rows()).zip(std.rows()) {
                for (at, errors) in errors.iter_mut().enumerate() {
                    errors.push(f64::from((truth[at] - mean[at]).abs()) / f64::from(std[at].max(f32::MIN_POSITIVE)));
                }
            }
        }
        let factors: Vec<f64> = errors.iter().map(|errors| conformal_factor(errors, coverage)).collect();
        if factors.iter().any(|factor| !factor.is_finite()) {
            return Err(usage(format!(
                "{} held-out rows cannot promise intervals that hold {coverage} of all actions; lower label.coverage, or hold out more with data.held_out",
                errors[0].len()
            )));
        }
        Ok(Self { labeller, stats, factors })
    }

    /// Tells the actions of an episode.
    pub(super) fn tell(&self, episode: &Episode) -> Result<Told> {
        let Labels { mean, std } = self.labeller.label(episode)?;
        let mut reach = std;
        let mut doubt = Vec::with_capacity(reach.len());
        for row in reach.data.chunks_mut(self.stats.width()) {
            row.iter_mut().zip(&self.factors).for_each(|(reach, factor)| *reach *= *factor as f32);
            let shares = row.iter().enumerate().map(|(at, reach)| reach / self.stats.scale(at));
            doubt.push(shares.fold(0.0, f32::max));
        }
        Ok(Told { mean, reach, doubt })
    }

    /// Appends the rows of an episode whose actions are known to those that are scored.
    pub(super) fn compare(&self, (episode, told): (&Episode, Told), floors: &[(&str, Table)], rows: &mut ToldRows) {
        let append = |to: &mut Table, from: &Table| {
            to.width = from.width;
            to.data.extend_from_slice(&from.data);
        };
        append(&mut rows.truth, &episode.actions);
        append(&mut rows.told, &told.mean);
        append(&mut rows.reach, &told.reach);
        rows.doubt.extend(told.doubt);
        rows.episodes.extend(std::iter::repeat_n(episode.index, episode.len()));
        rows.floors.resize_with(floors.len(), Default::default);
        for ((name, table), (own, from)) in rows.floors.iter_mut().zip(floors) {
            (*own).clone_into(name);
            append(table, from);
        }
    }
}
