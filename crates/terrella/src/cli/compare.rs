//! `terrella compare`.

use crate::error::usage;
use crate::out;
use crate::pipeline::compare_runs;
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;
use terrella_core::write_atomic;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directories; the others are compared with the first
    #[arg(required = true, num_args = 2..)]
    runs: Vec<PathBuf>,
    /// Page to write as well: with the curves of training
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        if let Some(twice) = self.runs.iter().enumerate().find(|(at, run)| self.runs[..*at].contains(run)) {
            return Err(usage(format!("{} is named twice", twice.1.display())));
        }
        let compared = compare_runs(&self.runs)?;
        if let Some(page) = &self.out {
            write_atomic(page, compared.to_html().as_bytes()).context("cannot write the page")?;
        }
        if self.json {
            return out::json(&compared);
        }
        out::line(compared.to_string().trim_end())?;
        self.out.map_or(Ok(()), |page| out::line(&format!("page: {}", page.display())))
    }
}
