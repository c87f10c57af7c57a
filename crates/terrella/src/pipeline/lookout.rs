//! Watching a stream with the model of a run.
//!
//! What errors of the model are usual, and where, is learned once from held-out episodes and kept in the run (`watch.json`); after that
//! a stream needs neither these recordings nor any other. The stream is read in order, as if it came just now: rows are foretold some
//! hundreds at a time, which changes no number, and each is judged by what came before it alone.

use super::recordings::decoded;
use super::{Recordings, Run};
use crate::error::{Interrupted, usage};
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use terrella_core::{Dataset, Key, Signature};
use terrella_data::{SourceOptions, check_compatible};
use terrella_eval::{Notice, Recorded, StreamRow, Summary, ToldOfStream, Usual, Watcher, calibrate, foretold};
use terrella_formats::OpenOptions;
use terrella_model::{AnyWorld, Learned, fingerprint};

/// Where what is usual is kept in a run directory.
const FILE: &str = "watch.json";
/// Rows that are foretold together.
const TOGETHER: usize = 256;

/// What is usual for the model of a run, and what that was learned from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Calibration {
    /// By what its model is known.
    model: String,
    /// Share of the held-out episodes that was asked for.
    share: f64,
    /// SHA-256 of the recordings.
    pub data_hash: String,
    /// The episodes of these that were calibrated on.
    pub episodes: Vec<usize>,
    /// By what these episodes are known elsewhere.
    used: Learned,
    /// What is usual.
    pub usual: Usual,
}

impl Calibration {
    /// What a run keeps of an earlier calibration, if that is of its model and of this share of its held-out episodes.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn kept(run: &Run, share: f64) -> Result<Option<Self>> {
        let (kept, model) = (run.json::<Self>(FILE)?, fingerprint(&run.file("model"))?);
        // Shares come back from a file with a last digit that may be another.
        Ok(kept.filter(|kept| kept.model == model && (kept.share - share).abs() < 1e-9))
    }

    /// Learns what is usual from this share of the held-out episodes of the recordings, and keeps it in the run.
    ///
    /// # Errors
    /// If there are too few of them, the model does not foretell states row by row, or the disk refuses.
    pub fn make(run: &Run, model: &AnyWorld, recordings: &Recordings, share: f64, watch: &Watch) -> Result<Self> {
        let (data, angles) = (&*recordings.dataset, &model.interface().angles);
        // The first row of an episode only says what goes on from it.
        let held_out = recordings.split.held_out.iter().copied();
        let long: Vec<usize> = held_out.filter(|&e| data.episodes[e].len() > 2).collect();
        let key = Key::new(run.settings.data.split().0).with("watch");
        let mut episodes = long.clone();
        episodes.sort_by_key(|&e| (key.at(e as u64).seed(), e));
        episodes.truncate((share * long.len() as f64).ceil() as usize);
        episodes.sort_unstable();
        let stage = watch.stage("calibrate", episodes.len() as u64);
        let mut logs = Vec::new();
        for &e in &episodes {
            let told = foretold(model, data, e, 0..data.episodes[e].len() - 1)?;
            logs.push(Recorded::of(data, e, &told, angles)?);
            stage.at(logs.len() as u64, "");
            if watch.stopped() {
                return Err(Interrupted { resume: None }.into());
            }
        }
        let usual = calibrate(&model.interface().signature, angles, &logs)
            .with_context(|| format!("{} of {} held-out episodes", episodes.len(), recordings.split.held_out.len()))?;
        drop(stage);
        let used = Learned::of(data, &episodes, run.settings.data.split());
        let made = Self {
            model: fingerprint(&run.file("model"))?,
            share,
            data_hash: data.hash.clone(),
            episodes,
            used,
            usual,
        };
        run.write_json(FILE, &made)?;
        Ok(made)
    }
}

/// Fails unless a model can watch: it must foretell logged states row by row.
///
/// # Errors
/// As said.
pub fn can_watch(model: &AnyWorld) -> Result<()> {
    let kind = model.config().kind();
    let remedy = "train one on the logged states of such recordings: terrella train --set model.kind=ensemble";
    if model.wants().picture.is_some() || model.interface().signature.state.is_empty() {
        return Err(usage(format!(
            "streams are watched by what a model foretells of logged states, and this {kind} model looks at pictures; {remedy}"
        )));
    }
    if model.frame_skip() != 1 {
        return Err(usage(format!(
            "streams are watched row by row, and this {kind} model foretells {} rows at once; {remedy}",
            model.frame_skip()
        )));
    }
    Ok(())
}

/// Opens the recordings that are to be watched, without pictures.
///
/// # Errors
/// If they cannot be read, or are not of what the model knows.
pub fn open_stream(path: &Path, settings: &Settings, model: &AnyWorld, watch: &Watch) -> Result<Dataset> {
    let source = SourceOptions { vectors: settings.data.vectors.clone(), ..SourceOptions::default() };
    let options = OpenOptions { source, skip_images: true, ..OpenOptions::default() };
    let stream = decoded(path, &options, watch)?;
    let ours = &model.interface().signature;
    check_compatible(&stream.signature, ours).with_context(|| path.display().to_string())?;
    same_names(path, &stream.signature, ours)?;
    Ok(stream)
}

/// Fails unless numbers have the names that they had in training: others of the same number would alarm for ever.
fn same_names(path: &Path, stream: &Signature, ours: &Signature) -> Result<()> {
    for (what, theirs, ours) in [("state", &stream.state, &ours.state), ("action", &stream.action, &ours.action)] {
        if let Some(at) = (0..ours.len()).find(|&at| theirs[at] != ours[at]) {
            return Err(usage(format!(
                "{}: {what} number {at} is {:?}, and the model learned {:?} there; give recordings of the same machine, named alike",
                path.display(),
                theirs[at],
                ours[at]
            )));
        }
    }
    Ok(())
}

/// Watches a stream with so many false alarms a row at most; `tell` hears everything as soon as it is known. Episodes that the model
/// learned from, or that were calibrated on, are left out and told.
///
/// # Errors
/// If no episode is left, `tell` fails, or somebody asked to stop.
pub fn watch_stream(
    (calibration, model): (&Calibration, &AnyWorld),
    stream: &Dataset,
    false_alarms: f64,
    watch: &Watch,
    tell: &mut dyn FnMut(&ToldOfStream) -> Result<()>,
) -> Result<Summary> {
    let mut watcher = Watcher::new(&calibration.usual, false_alarms)?;
    let none = || vec![false; stream.episodes.len()];
    let learned = model.interface().learned.as_ref().map_or_else(none, |learned| learned.recognise(&stream.episodes));
    let used = calibration.used.recognise(&stream.episodes);
    let which = |known: &dyn Fn(usize) -> bool| (0..stream.episodes.len()).filter(|&e| known(e)).collect::<Vec<_>>();
    let fresh = which(&|e| !learned[e] && !used[e]);
    if fresh.is_empty() {
        return Err(usage(format!(
            "the model learned from all {} episodes of this stream, or they were calibrated on, so that nothing is left to watch; give others, or leave some held-out episodes for watching with --calibrate 0.5",
            stream.episodes.len()
        )));
    }
    for (episodes, why) in [
        (which(&|e| learned[e]), "since the model learned from them"),
        (which(&|e| used[e] && !learned[e]), "since what is usual was calibrated on them"),
    ] {
        if !episodes.is_empty() {
            tell(&ToldOfStream::Notice(Notice::LeftOut { episodes, why: why.to_owned() }))?;
        }
    }
    let fps = stream.signature.fps;
    let stage = watch.stage("watch", fresh.iter().map(|&e| stream.episodes[e].len() as u64).sum());
    let mut done = 0;
    for e in fresh {
        let log = &stream.episodes[e];
        let n = log.len().saturating_sub(1);
        for begin in (0..n).step_by(TOGETHER) {
            let rows = begin..n.min(begin + TOGETHER);
            let ahead = foretold(model, stream, e, rows.clone())?;
            for (row, (foretold, lasts)) in rows.clone().zip(ahead.rows().zip(log.durations(rows, fps))) {
                let (state, action, next) = (log.states.row(row), log.actions.row(row), log.states.row(row + 1));
                let seen =
                    StreamRow { episode: e, row, seconds: log.time(row, fps), lasts, state, action, foretold, next };
                watcher.see(&seen)?.iter().try_for_each(&mut *tell)?;
            }
            if watch.stopped() {
                return Err(Interrupted { resume: None }.into());
            }
            stage.at(done + (begin + TOGETHER).min(n) as u64, "");
        }
        done += log.len() as u64;
    }
    Ok(watcher.summary())
}
