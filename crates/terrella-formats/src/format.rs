//! The registry of formats, and which of them a path is. Adding a format is one file and one line in [`FORMATS`].

use std::path::{Path, PathBuf};
use terrella_data::{Error, Format, Result, SourceOptions};

/// What helps against files of PyTorch, whose tensors lie in a program for Python.
const TORCH: &str = "write each episode with NumPy (for i, e in enumerate(torch.load(FILE, weights_only=False)): np.savez(f\"{i:06}.npz\", obs=e[\"obs\"].numpy(), action=e[\"action\"].numpy(), reward=e[\"reward\"].numpy())), and give the folder";

/// Every format that can be read.
pub const FORMATS: &[&dyn Format] = &[
    &terrella_data::LeRobot,
    &terrella_data::LeRobotV2,
    &terrella_imports::ReplayBuffer,
    &terrella_imports::Rlds,
    &terrella_imports::hdf5::ROBOMIMIC,
    &terrella_imports::hdf5::ALOHA,
    &terrella_imports::hdf5::D4RL,
    &terrella_imports::hdf5::MINARI,
    &terrella_imports::hdf5::MANISKILL,
    &terrella_imports::hdf5::ROWS,
    &terrella_imports::npz::DREAMER,
    &terrella_imports::npz::TDMPC2,
    // The last, since any table may be a log.
    &terrella_logs::Logs,
];

/// The format of a path: that of logs where a mapping is given.
///
/// # Errors
/// If there is nothing, or nothing that can be read.
pub(crate) fn choose(path: &Path, options: &SourceOptions) -> Result<&'static dyn Format> {
    if options.map.is_some() { Ok(&terrella_logs::Logs) } else { detect(path) }
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
    if let Some(file) = of_torch(path) {
        return Err(Error::broken(&file, "it is a file of PyTorch, which only PyTorch reads", TORCH));
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

/// A file of PyTorch: the path itself, or one in it.
fn of_torch(path: &Path) -> Option<PathBuf> {
    let is = |file: &PathBuf| {
        file.is_file()
            && file.extension().is_some_and(|e| e.eq_ignore_ascii_case("pt") || e.eq_ignore_ascii_case("pth"))
    };
    let own = std::iter::once(path.to_path_buf()).find(is);
    let mut inside: Vec<PathBuf> =
        std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).filter(is).collect();
    inside.sort();
    own.or_else(|| inside.into_iter().next())
}
