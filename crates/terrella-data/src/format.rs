//! The registry of formats, and which of them a path is. Adding a format is one file and one line in [`FORMATS`].

use crate::{Error, Format, Result, SourceOptions};
use std::path::Path;

/// Every format that can be read.
pub const FORMATS: &[&dyn Format] = &[
    &crate::lerobot::LeRobot,
    &crate::lerobot::LeRobotV2,
    &crate::zarr::ReplayBuffer,
    &crate::rlds::Rlds,
    &crate::hdf5::ROBOMIMIC,
    &crate::hdf5::ALOHA,
    &crate::hdf5::D4RL,
    &crate::hdf5::MINARI,
    &crate::hdf5::MANISKILL,
    &crate::hdf5::ROWS,
    &crate::npz::DREAMER,
    // The last, since any table may be a log.
    &crate::logs::Logs,
];

/// The format of a path: that of logs where a mapping is given.
///
/// # Errors
/// If there is nothing, or nothing that can be read.
pub(crate) fn choose(path: &Path, options: &SourceOptions) -> Result<&'static dyn Format> {
    if options.map.is_some() { Ok(&crate::logs::Logs) } else { detect(path) }
}

/// The format of a path.
///
/// # Errors
/// If there is nothing, or nothing that can be read.
pub fn detect(path: &Path) -> Result<&'static dyn Format> {
    let meta = std::fs::metadata(path).map_err(Error::io("open", path))?;
    if let Some(format) = FORMATS.iter().find(|f| f.detect(path)) {
        return Ok(*format);
    }
    let found = if meta.is_dir() {
        let mut names: Vec<String> = std::fs::read_dir(path)
            .map_err(Error::io("list", path))?
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.truncate(8);
        if names.is_empty() { "an empty folder".to_owned() } else { format!("a folder with {}", names.join(", ")) }
    } else {
        let extension = path.extension().map_or("no extension".into(), |e| format!("extension .{}", e.display()));
        format!("a file of {} bytes with {extension}", meta.len())
    };
    let supported: Vec<String> = FORMATS.iter().map(|f| format!("{} ({})", f.name(), f.describe())).collect();
    Err(Error::Unknown { path: path.to_path_buf(), found, supported: supported.join(" and ") })
}
