//! `terrella adapt`.

use super::SettingOptions;
use super::shared::device;
use crate::out;
use crate::pipeline::{Run, adapt_run};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory with a trained ensemble
    run: PathBuf,
    /// Recordings of the machine as it is now
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// So many of their first rows are learned from; the episodes that none of these are from judge it
    #[arg(long, default_value_t = 500)]
    rows: usize,
    /// Run directory to make [default: runs/adapt-<n>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let watch = super::shared::watch();
        let mut run = Run::open(&self.run)?;
        if !run.file("model").is_dir() {
            anyhow::bail!("{} has no trained model yet; go on with: {}", self.run.display(), run.resume_command());
        }
        run.settings = self.settings.resolve_over(&run.settings)?;
        let (made, report) = adapt_run(&run, (&self.to, self.rows), self.out.as_deref(), &device(), &watch)?;
        if self.json {
            return out::json(&json!({ "run": made.path(), "report": report }));
        }
        out::line(report.words().trim_end())?;
        out::line(&format!("next: terrella eval {}", made.path().display()))
    }
}
