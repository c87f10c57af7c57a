//! `terrella keypoints`.

use super::SettingOptions;
use super::shared::device;
use crate::error::usage;
use crate::out;
use crate::pipeline::find_keypoints;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    settings: SettingOptions,
    /// Folder to make, with keypoints.html, keypoints.json and places.csv
    #[arg(long, value_name = "DIR", default_value = "keypoints")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        if self.settings.data.is_none() {
            return Err(usage("name recordings with pictures with --data"));
        }
        let settings = self.settings.resolve("quickstart-pixels")?;
        let found = find_keypoints(&self.out, &settings, &device(), &super::shared::watch())?;
        if self.json {
            return out::json(&found);
        }
        found.notes.iter().for_each(|note| out::note(&format!("note: {note}")));
        out::line(&found.to_string())
    }
}
