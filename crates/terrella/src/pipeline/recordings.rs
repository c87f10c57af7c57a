//! Recordings as a run uses them: opened for its model, split by episode, with their world.

use super::worlds::KnownWorld;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use std::path::Path;
use std::sync::Arc;
use terrella_core::{Dataset, Split};
use terrella_data::{OpenOptions, open_with};
use terrella_model::{Interface, TrainConfig};

/// Recordings of one run.
pub struct Recordings {
    /// All episodes.
    pub dataset: Arc<Dataset>,
    /// Which are learned from, and which are not.
    pub split: Split,
    /// How they were held out, in words.
    pub split_words: String,
    /// Their world, if we know it.
    pub world: Option<KnownWorld>,
}

impl Recordings {
    /// Opens recordings at the picture size of the model.
    ///
    /// # Errors
    /// If they cannot be read, or lack what the model looks at.
    pub fn open(path: &Path, settings: &Settings, watch: &Watch) -> Result<Self> {
        let wants = settings.model.wants();
        let options =
            OpenOptions { image_size: wants.picture, skip_images: wants.picture.is_none(), ..OpenOptions::default() };
        let mut stage = None;
        let dataset = open_with(path, &options, &mut |done, total| {
            stage.get_or_insert_with(|| watch.stage("decode", total as u64)).at(done as u64, "");
        })?;
        drop(stage);
        dataset.notes.iter().for_each(|note| crate::out::note(&format!("note: {note}")));
        let shown = path.display();
        wants.check(&dataset.signature).with_context(|| shown.to_string())?;
        let split =
            dataset.split(settings.data.split_seed, settings.data.held_out).with_context(|| format!("{shown}"))?;
        let percent = 100.0 * settings.data.held_out;
        let split_words = format!("{percent:.0} % by episode, split seed {}", settings.data.split_seed);
        let world = match &dataset.signature.env {
            Some(id) => Some(KnownWorld::of(id)?),
            None => KnownWorld::of(&settings.data.env).ok().filter(|world| world.fits(&dataset.signature)),
        };
        Ok(Self { dataset: Arc::new(dataset), split, split_words, world })
    }

    /// Judges on all episodes, as when a model meets recordings it was not trained on.
    pub fn hold_out_all(&mut self) {
        let all: Vec<usize> = (0..self.dataset.episodes.len()).collect();
        // The mean baselines of open-loop errors then come from the same episodes.
        self.split = Split { train: all.clone(), held_out: all };
        self.split_words = "all episodes of recordings that nothing was learned from".to_owned();
    }

    /// Their world.
    ///
    /// # Errors
    /// If we do not know it.
    pub fn world(&self) -> Result<&KnownWorld> {
        self.world.as_ref().context(
            "these recordings name no world to act in; import them with --env (see `terrella envs`), or train without evaluating",
        )
    }

    /// The training settings with the world's symmetry filled in, where it holds and is wanted.
    pub fn train_config(&self, settings: &Settings) -> TrainConfig {
        let mut config = settings.train.clone();
        if config.symmetry.is_none() && settings.data.symmetry {
            config.symmetry = self.world.as_ref().and_then(|w| w.symmetry.clone());
        }
        config
    }

    /// What a model trained on these has to know.
    ///
    /// # Errors
    /// If world and recordings do not fit together.
    pub fn interface(&self) -> Result<Interface> {
        let declared = || self.dataset.signature.angles();
        let angles = self.world.as_ref().map_or_else(declared, |w| w.env.spec().angles.clone());
        Ok(Interface::of(&self.dataset, &self.split.train, &angles)?)
    }
}
