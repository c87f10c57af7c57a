//! Recordings in NumPy archives: the replay of the Dreamer family.
//!
//! `file` reads arrays in bounds, and pictures only where they are asked for; `dreamer` says which array is what.

mod dreamer;
mod file;

pub(crate) use file::Npz;

use crate::arrays::gather::{files, gather, noted};
use crate::arrays::recording::{Origin, Recording};
use crate::arrays::store::Store;
use crate::{Format, Result, Source, SourceOptions};
use std::path::{Path, PathBuf};

/// Episodes of the Dreamer family.
pub(crate) struct Dreamer;

/// The one of it.
pub(crate) const DREAMER: Dreamer = Dreamer;

/// The archives of a path: itself, or those in it.
pub(crate) fn npz_files(path: &Path) -> Vec<PathBuf> {
    let npz = |file: &PathBuf| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    files(path, &["npz"]).into_iter().filter(npz).collect()
}

impl Format for Dreamer {
    fn name(&self) -> &'static str {
        "dreamer-npz"
    }

    fn describe(&self) -> &'static str {
        "replay of Dreamer: a folder of npz files with action, reward and is_first, is_last, is_terminal or discount"
    }

    fn detect(&self, path: &Path) -> bool {
        npz_files(path).first().is_some_and(|file| Npz::open(file).is_ok_and(|file| dreamer::is(&file)))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        let files = npz_files(path);
        let found = gather(&files, |path| {
            let file = Npz::open(path)?;
            Ok(noted(&file, dreamer::read(&file, options)?))
        })?;
        let open = |path: &Path| -> Result<Box<dyn Store>> { Ok(Box::new(Npz::open(path)?)) };
        let origin = Origin { path: path.to_path_buf(), files, open, meaning: String::new() };
        Ok(Box::new(Recording::new(origin, options, found)?))
    }
}
