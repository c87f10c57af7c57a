//! A mechanism identified in recordings: fitted to the episodes that are learned from, judged on the others.
//!
//! Errors ahead are measured as those of learned models are (`eval.open_loop`), in the units of the recordings, beside copy-last and a
//! linear regression. The split is that of any training with the same settings.

use super::{About, Recordings};
use crate::error::{Interrupted, usage};
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use terrella_core::{Dataset, Episode, Signature, Stats, Table, write_atomic};
use terrella_eval::{Forecaster, OpenLoop, Provenance, open_loop};
use terrella_model::Wants;
use terrella_physics::{
    Choices, Columns, Identified, IdentifyConfig, Mechanism, Named, Space, forecast, identify_while, mechanism,
};

/// The file that is written.
const NUMBERS: &str = "identify.json";

/// What is asked of which mechanism.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Its name.
    pub mechanism: String,
    /// Columns that were named.
    pub columns: Named,
    /// What is known of its parameters.
    pub parameters: Choices,
}

/// A mechanism with its parameters, and how far it foretells.
#[derive(Clone, Debug, Serialize)]
pub struct IdentifyReport {
    /// What the recordings say of its parameters.
    pub identified: Identified,
    /// Errors ahead on held-out episodes; nothing where none is long enough.
    pub errors: Option<OpenLoop>,
    /// How episodes were held out, in words.
    pub split: String,
    /// Episodes that parameters were fitted to.
    pub train: Vec<usize>,
    /// Episodes that errors ahead were measured on.
    pub held_out: Vec<usize>,
    /// The recordings.
    pub source: PathBuf,
    /// Hash of their content.
    pub dataset: String,
    /// How it was fitted.
    pub settings: IdentifyConfig,
    /// The command as it was typed.
    pub command: String,
    /// What there is to tell, in sentences.
    pub notes: Vec<String>,
}

/// Identifies a mechanism in recordings, and writes what came of it into a folder if one is named.
///
/// # Errors
/// If columns, units or parameters do not fit, foretold states run away, the folder exists or cannot be written to, or somebody asked
/// to stop.
pub fn identify_mechanism(
    path: &Path,
    settings: &Settings,
    asked: &Asked,
    out: Option<&Path>,
    watch: &Watch,
) -> Result<IdentifyReport> {
    if let Some(out) = out.filter(|out| out.symlink_metadata().is_ok()) {
        return Err(terrella_data::Error::Exists(out.to_owned()).into());
    }
    // First what may be refused without a look at recordings.
    let wrong = |error: terrella_core::Error| usage(error.to_string());
    let mechanism = mechanism(&asked.mechanism, settings.identify.parts).map_err(wrong)?;
    let space = Space::new(&*mechanism, &asked.parameters).map_err(wrong)?;
    let recordings = Recordings::open_for(Wants { picture: None, state: false }, path, settings, watch)?;
    let dataset = &*recordings.dataset;
    let columns = Columns::find(&*mechanism, &dataset.signature, &asked.columns).map_err(wrong)?;
    let (train, held_out) = (recordings.split.train.clone(), recordings.unseen());
    let every: Vec<usize> = (0..dataset.episodes.len()).collect();
    let records = columns.records(dataset, &every)?;
    let learned: Vec<_> = train.iter().map(|&episode| records[episode].clone()).collect();
    let stage = watch.stage("identify", 2);
    let identified = identify_while(&*mechanism, &space, (&learned, &settings.identify), &|| !watch.stopped());
    if watch.stopped() {
        return Err(Interrupted { resume: None }.into());
    }
    let identified = identified?;
    stage.at(1, "");
    let (values, late) = (identified.values(), identified.late());
    let width = mechanism.state().len();
    let told = |starts: &[(usize, usize)], steps: usize| {
        let mut table = Table::new(width);
        for &(episode, row) in starts {
            let state = forecast(&*mechanism, &records[episode], (row, steps), (&values, late));
            table.push(&state.iter().map(|x| *x as f32).collect::<Vec<_>>());
        }
        Ok(Some(table))
    };
    let forecasters: [(&str, &Forecaster<'_>); 1] = [("model", &told)];
    let seen = seen(dataset, &*mechanism, &columns);
    let mut notes = [columns.notes.clone(), identified.notes.clone()].concat();
    let about = About::now("identify");
    let errors = match open_loop((&seen, &train, &held_out), &forecasters, &settings.eval.open_loop) {
        Ok(table) => {
            let (split, command) = (recordings.split_words.clone(), about.command.clone());
            let (commit, machine) = (about.revision(), about.machine());
            Some(OpenLoop {
                provenance: Some(Provenance { split, command, commit, machine, told: Vec::new() }),
                ..table
            })
        }
        Err(error) => {
            notes.push(format!("errors ahead are left out: {error}"));
            None
        }
    };
    stage.at(2, "");
    drop(stage);
    if watch.stopped() {
        return Err(Interrupted { resume: None }.into());
    }
    notes.extend(errors.iter().flat_map(OpenLoop::limits));
    let report = IdentifyReport {
        identified,
        errors,
        split: recordings.split_words.clone(),
        train,
        held_out,
        source: path.to_owned(),
        dataset: dataset.hash.clone(),
        settings: settings.identify.clone(),
        command: about.command,
        notes,
    };
    if let Some(out) = out {
        std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
        write_atomic(&out.join(NUMBERS), format!("{}\n", serde_json::to_string_pretty(&report)?).as_bytes())?;
    }
    Ok(report)
}

/// The recordings with the states that the mechanism knows, in its order, and all actions.
fn seen(dataset: &Dataset, mechanism: &dyn Mechanism, columns: &Columns) -> Dataset {
    let pick = |episode: &Episode| {
        let rows = episode.states.rows();
        let data = rows.flat_map(|row| columns.state.iter().map(move |&column| row[column])).collect();
        let states = Table { width: columns.state.len(), data };
        Episode { states, frames: None, ..episode.clone() }
    };
    let signature = Signature {
        state: mechanism.state().iter().map(|quantity| quantity.name.to_owned()).collect(),
        units: mechanism.state().iter().map(|quantity| quantity.unit.to_owned()).collect(),
        image: None,
        ..dataset.signature.clone()
    };
    let episodes: Vec<Episode> = dataset.episodes.iter().map(pick).collect();
    let state_stats = Stats::of(columns.state.len(), episodes.iter().map(|episode| &episode.states));
    Dataset { signature, episodes, state_stats, ..dataset.clone() }
}

impl fmt::Display for IdentifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.identified)?;
        if let Some(errors) = &self.errors {
            writeln!(f, "{}\n{errors}", errors.words())?;
        }
        write!(f, "fitted to {} episodes; held out: {}", self.train.len(), self.split)
    }
}
