//! Recordings in NumPy archives: the replay of the Dreamer family, and episodes of TD-MPC2.
//!
//! `file` reads arrays in bounds, and pictures only where they are asked for; each layout says which array is what. Adding
//! one is a file and a line here and in the registry.

mod dreamer;
mod file;
mod tdmpc2;

pub(crate) use file::Npz;

use crate::arrays::gather::{files, gather, noted};
use crate::arrays::recorded::Found;
use crate::arrays::recording::{Origin, Recording};
use crate::arrays::store::Store;
use std::path::{Path, PathBuf};
use terrella_data::{Format, Result, Source, SourceOptions};

/// A way to lay recordings out in archives: a format.
pub struct Layout {
    name: &'static str,
    describe: &'static str,
    /// Whether a file looks like it.
    is: fn(&Npz) -> bool,
    read: fn(&Npz, &SourceOptions) -> Result<Found>,
}

/// Episodes of the Dreamer family.
pub const DREAMER: Layout = Layout {
    name: "dreamer-npz",
    describe: "replay of Dreamer: a folder of npz files with action, reward and is_first, is_last, is_terminal or discount",
    is: dreamer::is,
    read: dreamer::read,
};

/// Episodes of TD-MPC2.
pub const TDMPC2: Layout = Layout {
    name: "tdmpc2-npz",
    describe: "episodes of TD-MPC2: a folder of npz files with obs, action and a reward that is NaN in the first row",
    is: tdmpc2::is,
    read: tdmpc2::read,
};

/// The archives of a path: itself, or those in it.
pub(crate) fn npz_files(path: &Path) -> Vec<PathBuf> {
    let npz = |file: &PathBuf| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    files(path, &["npz"]).into_iter().filter(npz).collect()
}

impl Format for Layout {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> &'static str {
        self.describe
    }

    fn detect(&self, path: &Path) -> bool {
        npz_files(path).first().is_some_and(|file| Npz::open(file).is_ok_and(|file| (self.is)(&file)))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        let files = npz_files(path);
        let found = gather(&files, |path| {
            let file = Npz::open(path)?;
            Ok(noted(&file, (self.read)(&file, options)?))
        })?;
        let open = |path: &Path| -> Result<Box<dyn Store>> { Ok(Box::new(Npz::open(path)?)) };
        let origin = Origin { path: path.to_path_buf(), files, open, meaning: String::new() };
        Ok(Box::new(Recording::new(origin, options, found)?))
    }
}
