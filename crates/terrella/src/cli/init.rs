//! `terrella init`.

use crate::error::usage;
use crate::out;
use crate::pipeline::{local, suggest};
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;
use terrella_core::write_atomic;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings of any known format, or an address of some (s3://, gs://, hf://, https://)
    path: PathBuf,
    /// File to write [default: the name of the recordings with .toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let here = local(&self.path, &super::shared::watch())?;
        let file = match self.out {
            Some(file) => file,
            None => {
                let whole = here.canonicalize().with_context(|| format!("cannot open {}", self.path.display()))?;
                PathBuf::from(whole.file_stem().unwrap_or_default()).with_extension("toml")
            }
        };
        if file.exists() {
            return Err(usage(format!("{} is there already; name another with --out", file.display())));
        }
        let name = file.display().to_string();
        let suggested = suggest(&self.path, &here, &name)?;
        write_atomic(&file, suggested.text.as_bytes()).with_context(|| format!("cannot write {name}"))?;
        suggested.why.iter().for_each(|why| out::note(why));
        out::line(&format!(
            "{name}: read it, change it, then: terrella quickstart --preset {} --config {name}",
            suggested.preset
        ))
    }
}
