//! `terrella report`.

use super::SettingOptions;
use super::eval::load;
use crate::out;
use crate::pipeline::{Run, write_logs_report, write_report};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory
    run: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let run = Run::open(&self.run)?;
        // A page without pictures is better than none.
        if run.settings.jepa().is_err() {
            let loaded = super::eval::load_model(&self.run, &SettingOptions::default(), &super::watch());
            let recordings = loaded.map(|(_, _, recordings)| recordings);
            if let Err(error) = &recordings {
                out::note(&format!("the page will not describe its recordings: {error:#}"));
            }
            let page = write_logs_report(&run, recordings.as_ref().ok())?;
            return if self.json {
                out::json(&json!({ "report": page }))
            } else {
                out::line(&page.display().to_string())
            };
        }
        let page = match load(&self.run, &SettingOptions::default(), &super::watch()) {
            Ok((run, actor, recordings)) => write_report(&run, Some((&actor, &recordings)))?,
            Err(error) => {
                out::note(&format!("the page will lack pictures: {error:#}"));
                write_report(&run, None)?
            }
        };
        if self.json { out::json(&json!({ "report": page })) } else { out::line(&page.display().to_string()) }
    }
}
