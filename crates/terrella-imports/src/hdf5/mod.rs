//! HDF5 recordings in the layouts of robomimic (and LIBERO), ALOHA, D4RL, Minari, ManiSkill and stable-worldmodel.
//!
//! `file` follows links, `listing` says what is in groups and `reading` reads datasets in bounds; `skeleton` knows what the
//! library that they use passes over, from the `blocks` and `bytes` of a file. Each layout says which dataset is what. A path is
//! a file, or a folder of files of one layout. Read by a library in pure Rust, so nothing has to be installed. Adding a layout is
//! one file and one line here and in the registry (`FORMATS` of terrella-formats).

mod aloha;
mod blocks;
mod bytes;
mod d4rl;
mod file;
mod grouped;
mod listing;
mod maniskill;
mod minari;
mod reading;
mod robomimic;
mod rows;
mod skeleton;

pub(crate) use file::Hdf5;

use crate::arrays::gather::{files, gather, noted};
use crate::arrays::recorded::Found;
use crate::arrays::recording::{Origin, Recording};
use crate::arrays::store::Store;
use std::path::{Path, PathBuf};
use terrella_data::{Error, Format, Result, Source, SourceOptions};

/// Endings of HDF5 files in folders.
pub(crate) const ENDINGS: [&str; 3] = ["hdf5", "h5", "hdf"];

/// A way to lay recordings out in HDF5: a format.
pub struct Layout {
    name: &'static str,
    describe: &'static str,
    /// Whether a file looks like it.
    is: fn(&Hdf5) -> bool,
    read: fn(&Hdf5, &SourceOptions) -> Result<Found>,
}

/// Demonstrations of robomimic, and of LIBERO.
pub const ROBOMIMIC: Layout = Layout {
    name: "robomimic",
    describe: "demonstrations of robomimic: an HDF5 file with data/demo_0/actions, or a folder of them",
    is: robomimic::is,
    read: robomimic::read,
};

/// Episodes of ALOHA.
pub const ALOHA: Layout = Layout {
    name: "aloha",
    describe: "episodes of ALOHA (ACT): a folder of HDF5 files with action and observations/qpos",
    is: aloha::is,
    read: aloha::read,
};

/// Rows of D4RL.
pub const D4RL: Layout = Layout {
    name: "d4rl",
    describe: "rows of D4RL: an HDF5 file with observations, actions and terminals",
    is: d4rl::is,
    read: d4rl::read,
};

/// Episodes of Minari.
pub const MINARI: Layout = Layout {
    name: "minari",
    describe: "a dataset of Minari: a folder with data/main_data.hdf5, which has episode_0/actions",
    is: minari::is,
    read: minari::read,
};

/// Trajectories of ManiSkill.
pub const MANISKILL: Layout = Layout {
    name: "maniskill",
    describe: "trajectories of ManiSkill: an HDF5 file with traj_0/actions, and a JSON file beside it",
    is: maniskill::is,
    read: maniskill::read,
};

/// Rows of stable-worldmodel.
pub const ROWS: Layout = Layout {
    name: "hdf5-rows",
    describe: "rows of stable-worldmodel: an HDF5 file with action and ep_len",
    // Any other HDF5 file too, so that what is in it is told.
    is: |_| true,
    read: rows::read,
};

/// The HDF5 files of a path: itself, those in it, or Minari's one.
pub(crate) fn hdf5_files(path: &Path) -> Vec<PathBuf> {
    let minari = ["data/main_data.hdf5", "main_data.hdf5"].map(|name| path.join(name));
    match minari.into_iter().find(|file| file.is_file()) {
        Some(file) => vec![file],
        None => files(path, &ENDINGS),
    }
}

/// Files of a folder whose layout is looked at.
const MOST_LOOKED_AT: usize = 4;

/// Whether a folder has HDF5 files alone, and what may lie beside them: then nobody else can read it.
fn nothing_else(folder: &Path) -> bool {
    let beside = ["json", "md", "txt", "yaml", "yml", "png", "mp4"];
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    names.filter(|path| path.is_file()).all(|path| {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        hidden || ENDINGS.contains(&ending.as_str()) || beside.contains(&ending.as_str())
    })
}

impl Format for Layout {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> &'static str {
        self.describe
    }

    fn detect(&self, path: &Path) -> bool {
        let files = hdf5_files(path);
        let any = self.name == ROWS.name;
        if any && path.is_dir() && !nothing_else(path) {
            return false;
        }
        let is = |file: &&PathBuf| Hdf5::open(file).is_ok_and(|file| (self.is)(&file));
        // A file that cannot be opened is told by whoever takes any; others of a folder may be whole.
        let mut first = files.iter().filter(|file| Hdf5::signed(file)).take(MOST_LOOKED_AT);
        first.any(|file| any || is(&file))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        let files = hdf5_files(path);
        let found = gather(&files, |path| {
            let file = Hdf5::open(path)?;
            if !(self.is)(&file) {
                let what = format!("it is not laid out as {}", self.describe);
                let cut = file.cut().map(|_| file.broken("it", &what));
                return Err(cut.unwrap_or_else(|| Error::broken(path, what, "import it by itself")));
            }
            Ok(noted(&file, (self.read)(&file, options)?))
        })?;
        let reopen = |path: &Path| -> Result<Box<dyn Store>> { Ok(Box::new(Hdf5::open(path)?)) };
        let origin = Origin { path: path.to_path_buf(), files, open: reopen, meaning: String::new() };
        Ok(Box::new(Recording::new(origin, options, found)?))
    }
}
