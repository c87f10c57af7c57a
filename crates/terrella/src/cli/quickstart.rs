//! `terrella quickstart`.

use super::shared::device;
use super::{SettingOptions, eval, train};
use crate::out;
use crate::pipeline::{local, preset_for, quickstart};
use crate::watch::Watch;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use terrella_core::time;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    settings: SettingOptions,
    /// Run directory to make [default: runs/quickstart-<n>]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Run directory to go on with; needs nothing else
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Minutes that all of it may take here: steps are measured and fixed before training begins [default: as many as the preset's steps take]
    #[arg(long, value_name = "MINUTES", conflicts_with = "resume")]
    minutes: Option<f64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let watch = super::shared::watch();
        let mut options = self.settings;
        options.sets.extend(self.minutes.map(|minutes| format!("minutes={minutes:?}")));
        if options.preset.is_none() && self.resume.is_none() {
            let (preset, why) = preset(options.sets_of_data().first().map(PathBuf::as_path), &watch)?;
            why.into_iter().for_each(|why| watch.say(why));
            options.preset = preset.map(str::to_owned);
        }
        let run = train::open("quickstart", &options, self.out.as_deref(), self.resume.as_deref(), false)?;
        let outcome = quickstart(run, &device(), &watch)?;
        if self.json {
            return out::json(&outcome);
        }
        eval::print(&outcome.evaluation)?;
        let total: f64 = outcome.timings.iter().map(|(_, seconds)| seconds).sum();
        out::line(&format!("took {} min", time::minutes(total)))?;
        out::line(&format!("report: {}", outcome.report.display()))?;
        if let Some(plan) = &outcome.plan {
            out::line(&format!("one plan: {}", plan.display()))?;
        }
        out::line(&format!("again: {}", outcome.command))
    }
}

/// The preset that recordings ask for, and why, if it is not the usual one; recordings of our own always have pictures.
fn preset(data: Option<&Path>, watch: &Watch) -> Result<(Option<&'static str>, Option<&'static str>)> {
    let Some(path) = data else { return Ok((None, None)) };
    let source = terrella_formats::open_source(local(path, watch)?, &terrella_data::SourceOptions::default())?;
    preset_for(source.signature())
}
