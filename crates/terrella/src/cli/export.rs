//! `terrella export`.

use super::import::SourceArgs;
use crate::out;
use crate::pipeline::local;
use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings of any known format, or an address of some (s3://, gs://, hf://, https://)
    source: PathBuf,
    /// MCAP file to make
    destination: PathBuf,
    #[command(flatten)]
    source_options: SourceArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        if self.destination.extension().is_none_or(|e| e != "mcap") {
            bail!(
                "{}: only MCAP files are exported, give a name that ends with .mcap (a LeRobot dataset is made by `terrella import`)",
                self.destination.display()
            );
        }
        let options = self.source_options.resolve()?;
        let watch = super::shared::watch();
        let from = local(&self.source, &watch)?;
        let mut stage = None;
        let exported = terrella_formats::export_mcap(&from, &self.destination, &options, &mut |done, total| {
            stage.get_or_insert_with(|| watch.stage("export", total as u64)).at(done as u64, "");
        })?;
        drop(stage);
        if self.json {
            return out::json(&json!({ "path": self.destination, "exported": exported }));
        }
        exported.notes.iter().for_each(|note| out::note(&format!("note: {note}")));
        out::line(&format!("{}: {} episodes, {} rows", self.destination.display(), exported.episodes, exported.rows))
    }
}
