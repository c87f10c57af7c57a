//! Recordings that are to be labelled, held against those that are learned from.

use crate::error::usage;
use crate::pipeline::Recordings;
use crate::pipeline::recordings::decoded;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use terrella_core::{Dataset, Signature};
use terrella_data::SourceOptions;
use terrella_formats::{OpenOptions, Opened, open_source};
use terrella_model::Learned;

/// Recordings that are to be labelled.
pub(super) struct Film {
    /// As the labeller sees them.
    pub(super) dataset: Dataset,
    /// As they were recorded.
    pub(super) source: Opened,
    /// Episodes that are to be labelled.
    pub(super) episodes: Vec<usize>,
    /// Episodes whose actions are learned from, and those that are held out there: neither is labelled.
    pub(super) known: [usize; 2],
}

/// What is read of recordings, labelled or not.
fn options(settings: &Settings) -> SourceOptions {
    let data = &settings.data;
    SourceOptions { camera: data.camera.clone(), views: data.views.clone(), ..SourceOptions::default() }
}

/// Fails unless all sets of recordings can be used together: told before anything is decoded.
pub(super) fn check(from: &[PathBuf], film: &Path, settings: &Settings) -> Result<()> {
    let looked = |path: &Path| -> Result<Signature> {
        let source = open_source(path, &options(settings))?;
        let signature = source.signature().clone();
        if signature.image.is_none() {
            return Err(usage(format!(
                "{} has no pictures, and labels are told from pictures; give recordings with a camera",
                path.display()
            )));
        }
        Ok(signature)
    };
    let theirs = looked(film)?;
    for path in from {
        let ours = looked(path)?;
        if !ours.acted() {
            return Err(usage(format!(
                "{}: labels on 0 rows, as no action was logged there; learn from recordings with actions (of a log, a mapping says which columns they are: docs/logs.md)",
                path.display()
            )));
        }
        if ours.fps != theirs.fps {
            return Err(usage(format!(
                "{} has {} rows a second and {} has {}: an action would not last as long; import one of them again with --fps",
                path.display(),
                ours.fps,
                film.display(),
                theirs.fps
            )));
        }
        if ours.image != theirs.image {
            let size = |s: &Signature| s.image.map_or_else(String::new, |[height, width]| format!("{height}x{width}"));
            return Err(usage(format!(
                "pictures are {} in {} and {} in {}: things would look larger or smaller than they were learned; make them alike with `terrella import … --image-size 96`",
                size(&ours),
                path.display(),
                size(&theirs),
                film.display()
            )));
        }
    }
    Ok(())
}

impl Film {
    /// Opens them and puts aside what `labelled` episodes of the recordings and held-out ones are.
    pub(super) fn open(
        path: &Path,
        (recordings, labelled): (&Recordings, &[usize]),
        settings: &Settings,
        watch: &Watch,
    ) -> Result<Self> {
        let source = options(settings);
        let opened = open_source(path, &source)?;
        let options = OpenOptions {
            source,
            image_size: settings.model.wants().picture,
            side_by_side: true,
            ..Default::default()
        };
        let dataset = decoded(path, &options, watch)?;
        let n = dataset.episodes.len();
        let among = |episodes: &[usize]| {
            let split = settings.data.split();
            Learned::of(&recordings.dataset, episodes, split).recognise(&dataset.episodes)
        };
        let (learned, held_out) = (among(labelled), among(&recordings.split.held_out));
        let mut unopened = vec![false; n];
        if settings.data.inner {
            // What an outer split holds out stays unopened, here as there.
            let (seed, share) = settings.data.split();
            let split = dataset.split(seed, share).with_context(|| format!("data.inner of {}", path.display()))?;
            split.held_out.iter().for_each(|&e| unopened[e] = true);
        }
        let aside = |e: usize| held_out[e] || unopened[e];
        let episodes: Vec<usize> = (0..n).filter(|&e| !learned[e] && !aside(e)).collect();
        let known = [(0..n).filter(|&e| learned[e]).count(), (0..n).filter(|&e| !learned[e] && aside(e)).count()];
        if episodes.is_empty() {
            return Err(usage(format!(
                "nothing is left to label: of {n} episodes of {}, {} are learned from and {} are held out; give other recordings with --data, or look at the actions of fewer with --labels 0.1",
                path.display(),
                known[0],
                known[1]
            )));
        }
        Ok(Self { dataset, source: opened, episodes, known })
    }

    /// Whether it is known what was done, so that labels can be judged; and what there is to tell if other actions were logged.
    pub(super) fn acted(&self, ours: &Signature) -> (bool, Option<String>) {
        let theirs = &self.dataset.signature;
        let alike = theirs.action.len() == ours.action.len();
        let other = || {
            let (theirs, ours) = (theirs.action.join(", "), ours.action.join(", "));
            format!(
                "The actions that were logged in --data ({theirs}) are not those that were learned ({ours}) and are dropped."
            )
        };
        (theirs.acted() && alike, (theirs.acted() && !alike).then(other))
    }
}
