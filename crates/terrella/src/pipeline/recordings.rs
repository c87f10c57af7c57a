//! Recordings as a run uses them: opened for its model, split by episode, with their world.

use super::worlds::KnownWorld;
use crate::error::usage;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use std::path::Path;
use std::sync::Arc;
use terrella_core::{Dataset, Split};
use terrella_data::{OpenOptions, open_with};
use terrella_model::{Interface, Learned, TrainConfig};

/// Recordings of one run.
pub struct Recordings {
    /// All episodes.
    pub dataset: Arc<Dataset>,
    /// Which are learned from, and which are not.
    pub split: Split,
    /// How they were held out, in words.
    pub split_words: String,
    /// Their world, if it is declared and known.
    pub world: Option<KnownWorld>,
    /// Seed and share of the split, as asked for.
    asked: (u64, f64),
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
        let world = KnownWorld::declared(&dataset.signature, settings.data.env.as_deref())?;
        let asked = (settings.data.split_seed, settings.data.held_out);
        Ok(Self { dataset: Arc::new(dataset), split, split_words, world, asked })
    }

    /// Puts aside for judging what this model did not learn from, and nothing else, whatever the settings
    /// say of a split and in whichever file the recordings are. Answers with what there is to tell.
    ///
    /// # Errors
    /// If another split of the same recordings is asked for, or it learned from every episode.
    pub fn judge(&mut self, interface: &Interface) -> Result<Vec<String>> {
        let same = self.dataset.hash == interface.data_hash;
        let Some(learned) = &interface.learned else {
            let mut told = vec![
                "the checkpoint does not say which episodes it learned from (an earlier version made it), so nothing proves that these are held out".to_owned(),
            ];
            if !same {
                told.push(
                    "it was trained on recordings with another hash; all episodes of these are judged".to_owned(),
                );
                let all: Vec<usize> = (0..self.dataset.episodes.len()).collect();
                self.split = Split { train: Vec::new(), held_out: all };
                self.split_words = "all episodes of another file than it was trained on".to_owned();
            }
            self.split_words.push_str("; unproven, as the checkpoint does not say what it learned from");
            return Ok(told);
        };
        let known = learned.recognise(&self.dataset.episodes);
        let (train, fresh): (Vec<usize>, Vec<usize>) = (0..known.len()).partition(|&e| known[e]);
        let n = known.len();
        if same && self.asked != (learned.split_seed, learned.held_out) {
            let judged = self.split.held_out.len();
            let seen = self.split.held_out.iter().filter(|&&e| known[e]).count();
            return Err(usage(format!(
                "data.split_seed = {} and data.held_out = {} would judge {judged} episodes, {seen} of which this model learned from; its own split is {} and {}: leave these settings out",
                self.asked.0, self.asked.1, learned.split_seed, learned.held_out
            )));
        }
        if fresh.is_empty() {
            return Err(usage(format!(
                "this model learned from all {n} episodes of these recordings, so there is none to judge it on; give recordings that it has not seen with --data"
            )));
        }
        let mut told = Vec::new();
        if !same {
            let (seen, left) = (train.len(), fresh.len());
            self.split_words = match seen {
                0 => format!("all {n} episodes; none of them was learned from, by fingerprint"),
                _ => format!(
                    "{left} of {n} episodes; the other {seen} were learned from, by fingerprint, and are left out"
                ),
            };
            told.push(format!("these are other files than it was trained on; judged are {}", self.split_words));
        }
        let twins = self.split.held_out.iter().filter(|&&e| known[e]).count();
        if same && twins > 0 {
            told.push(format!("{twins} held-out episodes share their rows with learned ones and are not judged"));
        }
        self.split = Split { train, held_out: fresh };
        Ok(told)
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
        let interface = Interface::of(&self.dataset, &self.split.train, &angles)?;
        Ok(Interface { learned: Some(Learned::of(&self.dataset, &self.split.train, self.asked)), ..interface })
    }
}
