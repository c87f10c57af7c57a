//! `terrella watch`.

use super::SettingOptions;
use super::eval::load_recordings;
use super::shared::device;
use crate::error::{Alarmed, usage};
use crate::out;
use crate::pipeline::{Calibration, Run, can_watch, open_stream, watch_stream};
use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;
use terrella_eval::{ToldOfStream, Watcher};
use terrella_model::load_any;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory with a trained model of logged states
    run: PathBuf,
    /// Recordings to read row by row, as if they came just now
    #[arg(long, value_name = "PATH")]
    stream: PathBuf,
    /// False alarms a row, on average at most
    #[arg(long, value_name = "RATE", default_value_t = 1e-6)]
    false_alarms: f64,
    /// Share of the held-out episodes that tell what is usual; the others may be watched
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    calibrate: f64,
    /// End with code 3 if there was one
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    settings: SettingOptions,
    /// Print a line of JSON for each alarm, notice and the summary
    #[arg(long)]
    json: bool,
}

/// What ends with a code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// An alarm
    Alarm,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        if !(self.calibrate > 0.0 && self.calibrate <= 1.0) {
            return Err(usage(format!("--calibrate is {}; give a share above 0 and at most 1", self.calibrate)));
        }
        let watch = super::shared::watch();
        let run = Run::open(&self.run)?;
        let folder = run.file("model");
        if !folder.is_dir() {
            anyhow::bail!("{} has no trained model yet; go on with: {}", self.run.display(), run.resume_command());
        }
        let model = load_any(&folder, &device())?;
        can_watch(&model)?;
        let kept = if self.settings.is_empty() { Calibration::kept(&run, self.calibrate)? } else { None };
        let calibration = match kept {
            Some(kept) => kept,
            None => {
                let (run, recordings) = load_recordings(&self.run, &self.settings, &watch)?;
                Calibration::make(&run, &model, &recordings, self.calibrate, &watch)?
            }
        };
        let stream = open_stream(&self.stream, &run.settings, &model, &watch)?;
        stream.notes.iter().for_each(|note| out::note(&format!("note: {note}")));
        self.open(&calibration)?;
        let mut tell =
            |told: &ToldOfStream| if self.json { out::line(&serde_json::to_string(told)?) } else { say(told) };
        let summary = watch_stream((&calibration, &model), &stream, self.false_alarms, &watch, &mut tell)?;
        if self.json {
            out::line(&json!({ "told": "summary", "summary": summary }).to_string())?;
        } else {
            out::line(&summary.to_string())?;
        }
        if self.fail_on == Some(FailOn::Alarm) && summary.alarms > 0 {
            return Err(Alarmed(summary.alarms).into());
        }
        Ok(())
    }

    /// What the alarms rest on.
    fn open(&self, calibration: &Calibration) -> Result<()> {
        let quiet = &calibration.usual.quiet;
        let threshold = Watcher::new(&calibration.usual, self.false_alarms)?.summary().threshold;
        if self.json {
            let line = json!({
                "told": "calibration", "quiet": quiet, "kept_rows": calibration.usual.rows(), "data_hash": calibration.data_hash,
                "calibrated_on": calibration.episodes, "false_alarms": self.false_alarms, "threshold": threshold,
            });
            return out::line(&line.to_string());
        }
        out::line(&format!(
            "usual   {} rows of {} held-out episodes, each watched against the others: bets held {:.2e} at most, in {} blocks of {} rows, tolerance {}",
            quiet.rows, quiet.episodes, quiet.highest, quiet.blocks, quiet.block, quiet.tolerance
        ))?;
        // Where nothing happened in n rows, the rate is below 3 / n in nineteen cases of twenty.
        out::line(&format!(
            "alarm   at {threshold:.2e}, so that one in {:.0} rows at most is false, by a bound; so many quiet rows, counted alone, support one in {:.0}",
            1.0 / self.false_alarms,
            quiet.rows as f64 / 3.0
        ))
    }
}

/// A line for people.
fn say(told: &ToldOfStream) -> Result<()> {
    out::line(&told.to_string())
}
