//! Video without actions becomes recordings to learn from: a labeller is taught by recordings that have some (inverse dynamics, as
//! VPT has it: Baker et al. 2022), its intervals are made to hold what they promise, and rows that it is not sure of are left out.
//!
//! [`film`] is what is labelled, [`roles`] which episodes teach, calibrate and judge, [`learn`] the labeller, [`floors`] what
//! stands beside it, [`write`] what is kept.

mod film;
mod floors;
mod learn;
mod report;
mod roles;
mod stretches;
mod write;

pub use report::{FilmRows, Labelled, Lessons};

use super::Recordings;
use super::local::local;
use crate::error::{Interrupted, usage};
use crate::settings::{Layers, Settings};
use crate::watch::Watch;
use anyhow::{Context, Result};
use burn::tensor::Device;
use film::Film;
use floors::LabelFloors;
use learn::{Calibrated, learn};
use roles::Roles;
use serde_json::json;
use std::path::PathBuf;
use terrella_core::Key;
use terrella_eval::{LabelScore, ToldRows};
use write::Output;

/// What is to be labelled, and where that goes.
#[derive(Clone, Debug)]
pub struct Labelling {
    /// Recordings of any known format, with pictures.
    pub film: PathBuf,
    /// Folder to make.
    pub out: PathBuf,
    /// Share of the episodes that are learned from whose actions are looked at.
    pub share: f64,
}

/// Learns from the recordings of the settings and labels a film.
///
/// # Errors
/// If recordings lack pictures or actions or do not fit together, nothing is sure enough to be kept, the folder exists or
/// cannot be written to, or somebody asked to stop. Nothing stands under its name then.
pub fn label(labelling: &Labelling, mut settings: Settings, device: &Device, watch: &Watch) -> Result<Labelled> {
    let Labelling { film: path, out, share } = labelling;
    if out.symlink_metadata().is_ok() {
        return Err(terrella_data::Error::Exists(out.clone()).into());
    }
    if !(*share > 0.0 && *share <= 1.0) {
        return Err(usage(format!("--labels is {share}; it must lie above 0 and be 1 at most (0.05 is a twentieth)")));
    }
    // Whatever a preset trains: a labeller is shown pictures, and no state.
    settings.model = pictures()?;
    if settings.data.shift == 0 {
        settings.data.shift = settings.label.shift;
    }
    let from = settings.data.path.clone().context("name recordings to learn from with --from")?;
    let sets: Vec<PathBuf> = std::iter::once(from.clone()).chain(settings.data.also.iter().cloned()).collect();
    let path = &local(path, watch)?;
    let here = sets.iter().map(|set| local(set, watch)).collect::<Result<Vec<_>>>()?;
    film::check(&here, path, &settings)?;
    let recordings = Recordings::open(&from, &settings, watch)?;
    let key = Key::new(settings.seed).with("label");
    let roles = Roles::of(&recordings, *share, &settings, key)?;
    let film = Film::open(path, (&recordings, &roles.teaching), &settings, watch)?;
    let names = &recordings.dataset.signature.action;
    let (acted, others) = film.acted(&recordings.dataset.signature);
    let mut output = Output::create(out, &film, names, &settings.label)?;

    let labeller = learn((&recordings, &roles.teaching), &settings, device, watch)?;
    let dataset = &recordings.dataset;
    let coverage = settings.label.coverage;
    let labeller = Calibrated::of((labeller, roles.stats.clone()), (dataset, &roles.calibrating), coverage)?;
    let floors = LabelFloors::new(&recordings, &roles.teaching, &settings.label.model())?;
    let stage = watch.stage("judge", roles.judging.len() as u64);
    let mut rows = ToldRows::default();
    for (done, &at) in roles.judging.iter().enumerate() {
        let episode = &dataset.episodes[at];
        labeller.compare((episode, labeller.tell(episode)?), &floors.tell(episode)?, &mut rows);
        stage.at(done as u64 + 1, "");
    }
    drop(stage);
    let held_out = rows.score(names, coverage, key.with("held out"));
    let judging = acted.then_some((&floors, &names[..], (coverage, key)));
    let judged = tell(&film, &labeller, &mut output, judging, watch)?;
    if let Err(error) = output.check() {
        // Why nothing is sure enough is seen there.
        held_out.iter().for_each(|score| watch.say(&format!("held out: {score}")));
        return Err(error);
    }

    let learned = Lessons {
        episodes: roles.teaching.len(),
        rows: roles.teaching.iter().map(|&e| dataset.episodes[e].len()).sum(),
        of: recordings.split.train.len(),
        split: recordings.split_words.clone(),
        calibrating: roles.calibrating.len(),
        judging: roles.judging.len(),
        action: names.clone(),
        factors: labeller.factors.clone(),
    };
    let (film_rows, seed) = (output.counted(), settings.seed);
    let record = json!({
        "terrella": env!("CARGO_PKG_VERSION"),
        "learned_from": dataset.hash,
        "source": film.source.name(),
        "source_hash": film.source.hash()?,
        "seed": seed,
        "settings": settings.label,
        "learned": learned,
        "held_out": held_out,
        "rows": film_rows,
    });
    let written = output.finish(&record)?;
    let notes = roles.notes.into_iter().chain(others).chain(floors.note()).collect();
    let (path, settings) = (out.clone(), settings.label);
    Ok(Labelled { path, written, learned, held_out, film: film_rows, judged, settings, seed, notes })
}

/// What labels are judged by where actions were logged: floors, names, and what intervals promise.
type Judging<'a> = (&'a LabelFloors<'a>, &'a [String], (f64, Key));

/// Labels all episodes of a film and writes what is sure; where it is known what was done, answers with the scores of all rows and of
/// those that were kept.
fn tell(
    film: &Film,
    labeller: &Calibrated,
    output: &mut Output<'_>,
    judging: Option<Judging<'_>>,
    watch: &Watch,
) -> Result<Option<[LabelScore; 2]>> {
    let stage = watch.stage("label", film.episodes.len() as u64);
    let (mut rows, mut kept) = (ToldRows::default(), Vec::new());
    for (done, &at) in film.episodes.iter().enumerate() {
        let episode = &film.dataset.episodes[at];
        let told = labeller.tell(episode)?;
        let stretches = output.append(at, &told)?;
        if let Some((floors, ..)) = judging {
            let before = rows.truth.len();
            kept.extend(stretches.into_iter().flatten().map(|row| before + row));
            labeller.compare((episode, told), &floors.tell(episode)?, &mut rows);
        }
        stage.at(done as u64 + 1, "");
        if watch.stopped() {
            return Err(Interrupted { resume: None }.into());
        }
    }
    let score = |(names, (coverage, key)): (&[String], (f64, Key))| {
        let all = rows.score(names, coverage, key.with("judged"))?;
        Some([all, rows.only(&kept).score(names, coverage, key.with("kept"))?])
    };
    Ok(judging.and_then(|(_, names, how)| score((names, how))))
}

/// A model that is shown pictures alone.
fn pictures() -> Result<terrella_model::ModelConfig> {
    let mut layers = Layers::new()?;
    layers.preset("quickstart-pixels")?;
    Ok(layers.resolve()?.model)
}
