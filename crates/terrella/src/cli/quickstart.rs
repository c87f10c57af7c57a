//! `terrella quickstart`.

use super::shared::device;
use super::{SettingOptions, eval, train};
use crate::out;
use crate::pipeline::quickstart;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

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
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let watch = super::shared::watch();
        let mut options = self.settings;
        if options.preset.is_none() && self.resume.is_none() && !has_pictures(options.data.as_deref())? {
            watch.say("the recordings have no pictures, so the model will be shown the logged state");
            options.preset = Some("quickstart-state".to_owned());
        }
        let run = train::open("quickstart", &options, self.out.as_deref(), self.resume.as_deref(), false)?;
        let outcome = quickstart(run, &device(), &watch)?;
        if self.json {
            return out::json(&outcome);
        }
        eval::print(&outcome.evaluation)?;
        let total: f64 = outcome.timings.iter().map(|(_, seconds)| seconds).sum();
        out::line(&format!("took {:.1} min", total / 60.0))?;
        out::line(&format!("report: {}", outcome.report.display()))?;
        out::line(&format!("one plan: {}", outcome.plan.display()))?;
        out::line(&format!("again: {}", outcome.command))
    }
}

/// Whether there is something to see; recordings of our own always have pictures.
fn has_pictures(data: Option<&std::path::Path>) -> Result<bool> {
    let Some(path) = data else { return Ok(true) };
    Ok(terrella_data::open_source(path, &terrella_data::SourceOptions::default())?.signature().image.is_some())
}
