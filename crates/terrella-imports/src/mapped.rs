//! HDF5 files and archives of NumPy whose arrays a mapping explains (`[arrays]`), whatever their layout.

use crate::arrays::gather::{gather, noted};
use crate::arrays::layout::Arrays;
use crate::arrays::recorded::Found;
use crate::arrays::recording::{Opener, Origin, Recording};
use crate::hdf5::{Hdf5, hdf5_files};
use crate::npz::{Npz, npz_files};
use sha2::{Digest, Sha256};
use std::path::Path;
use terrella_data::{Error, Result, Source, SourceOptions};

/// What a mapping says beside which array is what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Rows a second.
    pub fps: Option<f64>,
    /// What was being done.
    pub task: Option<String>,
    /// World that can replay the recordings.
    pub env: Option<String>,
}

/// Opens a file or a folder of files by a mapping.
///
/// # Errors
/// If it is neither HDF5 nor npz, or has not what the mapping names.
pub fn open(path: &Path, arrays: &Arrays, about: About, options: &SourceOptions) -> Result<Box<dyn Source>> {
    let About { fps, task, env } = about;
    let about = Found { fps, task, env, ..Found::default() };
    std::fs::metadata(path).map_err(Error::io("open", path))?;
    let hdf5 = hdf5_files(path);
    let (files, open): (_, Opener) = if hdf5.first().is_some_and(|file| Hdf5::signed(file)) {
        (hdf5, |path| Ok(Box::new(Hdf5::open(path)?)))
    } else {
        (npz_files(path), |path| Ok(Box::new(Npz::open(path)?)))
    };
    if files.is_empty() {
        let what = "the mapping's [arrays] are read from HDF5 (.hdf5, .h5) and .npz, and it is neither";
        return Err(Error::broken(path, what, "describe other files by streams: [[state]], [[action]]"));
    }
    let found = gather(&files, |path| {
        let store = open(path)?;
        Ok(noted(&*store, arrays.read(&*store, &about, options)?))
    })?;
    let text = toml::to_string(arrays).map_err(|e| Error::Invalid(e.to_string()))?;
    let meaning = terrella_core::hex(&Sha256::digest(text)[..8]);
    let origin = Origin { path: path.to_path_buf(), files, open, meaning };
    Ok(Box::new(Recording::new(origin, options, found)?))
}
