//! What was driven, driven once more by its own model and world: a drive that is kept is a test of all that it went through.

use super::play::stage;
use super::worlds::declared;
use super::{About, Drive, Recordings, Run};
use crate::error::usage;
use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use serde::Serialize;
use std::path::{Path, PathBuf};
use terrella_core::Episode;
use terrella_formats::{OpenOptions, open};
use terrella_model::{describe, fingerprint, load_any};
use terrella_play::Differs;

/// Rows of which it is told in words how they differ.
const TOLD: usize = 10;

/// What came of driving something once more.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// The drive.
    pub drive: PathBuf,
    /// The run that it was driven in.
    pub run: PathBuf,
    /// Where it began, in words.
    pub began: String,
    /// Rows that were held against each other.
    pub rows: usize,
    /// What was: state and picture of the real world or of a dream, and the dream beside a real one.
    pub compared: Vec<&'static str>,
    /// Rows in which something came otherwise.
    pub differs: Vec<Differs>,
    #[serde(skip)]
    state: Vec<String>,
}

/// Whether this is the model that a drive was driven in.
///
/// # Errors
/// If it is of another world, another model, or there is none.
pub fn check_model(drive: &Drive, run: &Run) -> Result<()> {
    let model = run.file("model");
    if !model.is_dir() {
        bail!("{} has no trained model yet; go on with: {}", run.path().display(), run.resume_command());
    }
    let (_, interface) = describe(&model)?;
    let named = |world: Option<&str>| world.unwrap_or("recordings of no world of ours").to_owned();
    let (theirs, ours) = (drive.made.world.as_deref(), interface.signature.env.as_deref());
    if theirs.is_some() && ours.is_some() && theirs != ours {
        return Err(usage(format!(
            "this was driven in {}, and the model of {} is of {}; name the run that it was driven in with --run",
            named(theirs),
            run.path().display(),
            named(ours)
        )));
    }
    let is = fingerprint(&model)?;
    if is != drive.made.model {
        return Err(usage(format!(
            "the model of {} is not the one that this was driven in: its fingerprint is {is:.12}…, and the drive says {:.12}…. It was trained anew, or is another; name the run with the model of then with --run",
            run.path().display(),
            drive.made.model
        )));
    }
    Ok(())
}

/// Drives once more what lies in a folder. Of a drive with no world beside it, its recordings are needed too.
///
/// # Errors
/// As [`check_model`], if recordings are missing or were changed, or the drive cannot come again.
pub fn replay(
    (folder, drive): (&Path, &Drive),
    (run, recordings): (&Run, Option<&Recordings>),
    device: &Device,
) -> Result<Replayed> {
    check_model(drive, run)?;
    let model = load_any(&run.file("model"), device)?;
    let world = match &drive.made.world {
        Some(world) => declared(&model.interface().signature, Some(world.as_str()))?,
        None => None,
    };
    if let (None, Some(named)) = (&world, &drive.made.recordings) {
        let hash = recordings.map(|recordings| recordings.dataset.hash.as_str()).unwrap_or_default();
        if hash != named.hash {
            let paths: Vec<String> = named.paths.iter().map(|path| path.display().to_string()).collect();
            return Err(usage(format!(
                "this dream began in recordings with the hash {:.12}…, and here they have {hash:.12}…: {} was changed, or is opened otherwise; give those of then with --data, and the settings that it was played with",
                named.hash,
                paths.join(", ")
            )));
        }
    }
    let (mut stage, _) = stage(model, recordings, world.as_ref(), 1)?;
    let mut dataset = open(folder, &OpenOptions::default())?;
    let (theirs, ours) = (&dataset.signature.action, stage.signature().action);
    if *theirs != ours {
        return Err(usage(format!(
            "{} has the actions {}, and the model of {} knows {}; it was changed since, or is a drive of another world",
            folder.display(),
            theirs.join(", "),
            run.path().display(),
            ours.join(", ")
        )));
    }
    let episode: Episode = match dataset.episodes.len() {
        1 => dataset.episodes.remove(0),
        n => bail!("{} has {n} episodes, and a drive is one; it was changed since", folder.display()),
    };
    let differs = terrella_play::replay(&mut stage, &drive.past, &drive.learned, &episode)
        .with_context(|| format!("{} cannot be replayed", folder.display()))?;
    let there = [
        ("states", episode.states.width > 0),
        ("pictures", true),
        ("rewards", !episode.rewards.is_empty()),
        ("ends", !episode.terminated.is_empty()),
        ("the dream beside them", !drive.learned.is_empty()),
    ];
    Ok(Replayed {
        drive: folder.to_path_buf(),
        run: run.path().to_path_buf(),
        began: drive.began.clone(),
        rows: episode.len(),
        compared: there.into_iter().filter_map(|(what, is)| is.then_some(what)).collect(),
        differs,
        state: dataset.signature.state,
    })
}

impl Replayed {
    /// What came of it: a line for people, and one for each of the first rows that differ.
    pub fn lines(&self) -> Vec<String> {
        let (rows, n) = (self.rows, self.differs.len());
        let what = format!("{}: {rows} rows from {}", self.drive.display(), self.began);
        let Some(first) = self.differs.first() else {
            return vec![format!("{what}; all came again bit for bit: {}", self.compared.join(", "))];
        };
        let mut lines = vec![format!("{what}; {n} differ, first row {}", first.row)];
        lines.extend(self.differs.iter().take(TOLD).map(|differs| self.line(differs)));
        if n > TOLD {
            lines.push(format!("and {} more rows", n - TOLD));
        }
        lines
    }

    fn line(&self, differs: &Differs) -> String {
        let mut parts = Vec::new();
        if let Some(state) = differs.state {
            let name = self.state.get(state.at).map_or("state", String::as_str);
            let [recorded, came] = state.values;
            let more = if state.of > 1 { format!(" (and {} more numbers)", state.of - 1) } else { String::new() };
            parts.push(format!("{name} was {recorded} and is {came}{more}"));
        }
        if let Some(picture) = differs.picture {
            parts.push(format!(
                "the picture differs in {} bytes by up to {} levels of 255",
                picture.bytes, picture.most
            ));
        }
        if let Some([recorded, came]) = differs.reward {
            parts.push(format!("the reward was {recorded} and is {came}"));
        }
        if differs.end {
            parts.push("the episode ended in one of them".to_owned());
        }
        if differs.dream {
            parts.push("the dream is another".to_owned());
        }
        format!("  row {}: {}", differs.row, parts.join("; "))
    }
}

/// What is to be said before, where another machine drove: its last bits may be others.
pub fn driven_elsewhere(drive: &Drive) -> Option<String> {
    let [_, _, then] = &drive.made_by;
    let now = About::now("replay").machine;
    (*then != now).then(|| format!("it was driven on {then}, and this is {now}: another processor may round otherwise"))
}
