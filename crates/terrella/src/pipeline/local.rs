//! Recordings that lie elsewhere, brought to this machine before they are opened.

use crate::error::Interrupted;
use crate::watch::Watch;
use anyhow::Result;
use std::path::{Path, PathBuf};
use terrella_formats::{FetchOptions, Place, Told, fetch};

/// Bytes of a unit of progress.
const MEGABYTE: u64 = 1_000_000;

/// Where recordings are on this machine: a path itself, or the copy of what an address (`s3://…`, `gs://…`, `hf://…`, `https://…`)
/// names, which is made or brought up to date.
///
/// # Errors
/// If it is an address and nothing can be fetched from there, or somebody asked to stop.
pub fn local(path: &Path, watch: &Watch) -> Result<PathBuf> {
    let Some(place) = path.to_str().map(Place::parse).transpose()?.flatten() else { return Ok(path.to_path_buf()) };
    let mut stage = None;
    let fetched = fetch(&place, &FetchOptions::from_environment()?, &mut |told| {
        match told {
            Told::Note(text) => watch.say(text),
            Told::At { total: 0, .. } => {}
            Told::At { done, total } => {
                let stage = stage.get_or_insert_with(|| watch.stage("fetch", total.div_ceil(MEGABYTE)));
                stage.at(done.div_ceil(MEGABYTE), "MB");
            }
        }
        !watch.stopped()
    });
    drop(stage);
    match fetched {
        Ok(fetched) => Ok(fetched.path),
        Err(terrella_data::Error::Stopped) => Err(Interrupted { resume: Some("the same command".to_owned()) }.into()),
        Err(error) => Err(error.into()),
    }
}
