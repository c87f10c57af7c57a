//! `terrella report`.

use super::SettingOptions;
use super::eval::{actor, load_recordings};
use super::shared::device;
use crate::error::usage;
use crate::out;
use crate::pipeline::{
    Run, build_report, foretold, report_of_films, report_of_logs, write_films_report, write_logs_report, write_report,
};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use terrella_model::load_any;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory
    run: PathBuf,
    /// Print the numbers as Markdown tables instead, to quote them
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let run = Run::open(&self.run)?;
        if self.markdown {
            let report = match (run.settings.model.paints(), foretold(&run)?) {
                (true, _) => report_of_films(&run, None),
                (false, true) => report_of_logs(&run, None),
                (false, false) => build_report(&run, None),
            }?;
            let text = report.to_markdown();
            if text.is_empty() {
                return Err(usage(format!("nothing was measured yet; run: terrella eval {}", self.run.display())));
            }
            return out::line(text.trim_end());
        }
        let (options, watch) = (SettingOptions::default(), super::shared::watch());
        // A page without pictures, or without what is known of the recordings, is better than none.
        let page = match load_recordings(&self.run, &options, &watch) {
            Ok((run, recordings)) if run.settings.model.paints() => {
                let model = load_any(&run.file("model"), &device())?;
                write_films_report(&run, Some((&model, &recordings)))?
            }
            Ok((run, recordings)) if !recordings.has_goals() => write_logs_report(&run, Some(&recordings))?,
            Ok((run, recordings)) => match actor(&run, &recordings) {
                Ok(actor) => write_report(&run, Some((&actor, &recordings)))?,
                Err(error) => {
                    out::note(&format!("the page will lack pictures: {error:#}"));
                    write_report(&run, None)?
                }
            },
            Err(error) => {
                out::note(&format!("the page will lack pictures and not describe its recordings: {error:#}"));
                match (run.settings.model.paints(), foretold(&run)?) {
                    (true, _) => write_films_report(&run, None)?,
                    (false, true) => write_logs_report(&run, None)?,
                    (false, false) => write_report(&run, None)?,
                }
            }
        };
        if self.json { out::json(&json!({ "report": page })) } else { out::line(&page.display().to_string()) }
    }
}
