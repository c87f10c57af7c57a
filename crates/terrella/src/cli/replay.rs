//! `terrella replay`.

use super::SettingOptions;
use super::eval::load_recordings;
use super::shared::device;
use crate::error::usage;
use crate::out;
use crate::pipeline::{Drive, Named, Recordings, Run, check_model, driven_elsewhere, replay};
use anyhow::{Result, bail};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of a drive, as `terrella play` recorded it
    drive: PathBuf,
    /// Run directory with the model that it was driven in; the drive says which that was
    #[arg(long)]
    run: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let drive = Drive::read(&self.drive)?;
        let path = self.run.as_ref().unwrap_or(&drive.made.run);
        if !path.exists() {
            return Err(usage(match &self.run {
                Some(path) => format!("there is no run {}; check the spelling of --run", path.display()),
                None => format!(
                    "this was driven in {}, which is not there from here; say where that run is with --run",
                    path.display()
                ),
            }));
        }
        let run = Run::open(path)?;
        check_model(&drive, &run)?;
        let (run, recordings) = match &drive.made.recordings {
            Some(named) => self.opened(path, named)?,
            None if self.settings.is_empty() => (run, None),
            None => {
                return Err(usage(
                    "this was driven beside a simulator, and neither recordings nor settings are needed to replay it; leave them out",
                ));
            }
        };
        driven_elsewhere(&drive).iter().for_each(|note| out::note(note));
        let replayed = replay((&self.drive, &drive), (&run, recordings.as_ref()), &device())?;
        if self.json {
            out::json(&replayed)?;
        } else {
            replayed.lines().iter().try_for_each(|line| out::line(line))?;
        }
        match replayed.differs.len() {
            0 => Ok(()),
            n => bail!("{n} of {} rows came otherwise than they were recorded", replayed.rows),
        }
    }

    /// The run with the recordings that a dream began in: those of then, unless others are named.
    fn opened(&self, path: &Path, named: &Named) -> Result<(Run, Option<Recordings>)> {
        let watch = super::shared::watch();
        let mut settings = self.settings.clone();
        if settings.data.is_none() {
            let paths: Vec<String> = named.paths.iter().map(|path| path.display().to_string()).collect();
            settings.data = Some(paths.join(",").into());
        }
        let (run, recordings) = load_recordings(path, &settings, &watch)?;
        Ok((run, Some(recordings)))
    }
}
