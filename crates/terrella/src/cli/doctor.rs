//! `terrella doctor`.

use super::import::SourceArgs;
use crate::out;
use crate::pipeline::{checkup_page, local};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use terrella_core::write_atomic;
use terrella_doctor::{Checkup, Severity, Subject, examine};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings of any known format, or an address of some (s3://, gs://, hf://, https://)
    path: PathBuf,
    #[command(flatten)]
    source_options: SourceArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// What to end with an error for
    #[arg(long, value_enum, default_value_t = FailOn::Fail, value_name = "SEVERITY")]
    fail_on: FailOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Failures
    Fail,
    /// Failures and warnings
    Warn,
    /// Nothing
    Never,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let options = self.source_options.resolve()?;
        let watch = super::shared::watch();
        let path = local(&self.path, &watch)?;
        let mut stage = None;
        let subject = Subject::open(&path, &options, &mut |done, total| {
            stage.get_or_insert_with(|| watch.stage("look", total as u64)).at(done as u64, "");
        })?;
        drop(stage);
        let checkup = examine(&subject);
        if let Some(html) = &self.html {
            let page = checkup_page(&self.path.display().to_string(), &subject, &checkup);
            write_atomic(html, page.as_bytes()).with_context(|| format!("cannot write {}", html.display()))?;
        }
        if self.json {
            out::json(&checkup)?
        } else {
            print(&checkup)?
        }
        let bad = match self.fail_on {
            FailOn::Fail => checkup.count(Severity::Fail),
            FailOn::Warn => checkup.count(Severity::Fail) + checkup.count(Severity::Warn),
            FailOn::Never => 0,
        };
        if bad > 0 {
            let word = if self.fail_on == FailOn::Warn {
                "findings are warnings or failures"
            } else {
                "findings are failures"
            };
            bail!("{bad} {word}");
        }
        Ok(())
    }
}

fn print(checkup: &Checkup) -> Result<()> {
    for group in checkup.groups() {
        let word = match group.severity {
            Severity::Fail => "FAIL",
            Severity::Warn => "warn",
            Severity::Info => "info",
        };
        let first = group.findings[0];
        let place = first.place();
        let mut head =
            vec![group.episodes(), place].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ");
        if !head.is_empty() {
            head.push_str(": ");
        }
        let more = match group.findings.len() {
            1 => String::new(),
            n => format!(" (the first of {n})"),
        };
        out::line(&format!("{word}  {:15} {head}{}{more}", group.check.name(), first.what))?;
        out::line(&format!("{:21} → {}", "", first.remedy))?;
    }
    let [fail, warn, info] = [Severity::Fail, Severity::Warn, Severity::Info].map(|s| checkup.count(s));
    out::line(&format!(
        "{} episodes, {} rows: {fail} failures, {warn} warnings, {info} notes",
        checkup.episodes, checkup.rows
    ))
}
