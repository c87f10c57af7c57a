//! `terrella label`.

use super::SettingOptions;
use super::shared::device;
use crate::error::usage;
use crate::out;
use crate::pipeline::{Labelling, label};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    settings: SettingOptions,
    /// Recordings with pictures and actions to learn from; several, with a comma between two. Those of --data are labelled
    #[arg(long, value_name = "LABELLED")]
    from: PathBuf,
    /// Folder to make, of the recordings of --data with the actions that were told
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Share of the episodes that are learned from whose actions are looked at; the others may be labelled
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    labels: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let sets = self.settings.sets_of_data();
        let [film] = &sets[..] else {
            return Err(usage(format!(
                "{} sets of recordings are to be labelled; name one with --data, and label several one after the other",
                sets.len()
            )));
        };
        // What is learned from are the recordings of these settings.
        let options = SettingOptions { data: Some(self.from), ..self.settings };
        let settings = options.resolve("quickstart-pixels")?;
        let labelling = Labelling { film: film.clone(), out: self.out, share: self.labels };
        let labelled = label(&labelling, settings, &device(), &super::shared::watch())?;
        if self.json {
            return out::json(&labelled);
        }
        labelled.notes.iter().for_each(|note| out::note(&format!("note: {note}")));
        out::line(&labelled.to_string())
    }
}
