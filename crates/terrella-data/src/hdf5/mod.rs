//! HDF5 recordings in two layouts: robomimic's, a group each demonstration, and that of stable-worldmodel,
//! all rows one after another.
//!
//! `file` reads tables and pictures in bounds; each layout says which dataset is what, and `recording` checks it. Read by a library in
//! pure Rust, so nothing has to be installed.

mod file;
mod recording;
mod robomimic;
mod rows;

use crate::{Format, Result, Source, SourceOptions};
use file::Hdf5;
use std::path::Path;

/// Demonstrations of robomimic.
pub(crate) struct Robomimic;

/// Rows of stable-worldmodel.
pub(crate) struct WorldModelRows;

impl Format for Robomimic {
    fn name(&self) -> &'static str {
        "robomimic"
    }

    fn describe(&self) -> &'static str {
        "demonstrations of robomimic: an HDF5 file with data/demo_0/actions"
    }

    fn detect(&self, path: &Path) -> bool {
        Hdf5::signed(path)
            && Hdf5::open(path).is_ok_and(|file| file.groups("data").iter().any(|g| g.starts_with("demo")))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(robomimic::open(Hdf5::open(path)?, options)?))
    }
}

impl Format for WorldModelRows {
    fn name(&self) -> &'static str {
        "hdf5-rows"
    }

    fn describe(&self) -> &'static str {
        "rows of stable-worldmodel: an HDF5 file with action and ep_len"
    }

    fn detect(&self, path: &Path) -> bool {
        // Any other HDF5 file too, so that what is in it is told.
        Hdf5::signed(path)
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(rows::open(Hdf5::open(path)?, options)?))
    }
}
