//! Errors of files of pictures, in the words in which errors of recordings are told.
//!
//! Pictures in memory fail with a text: whoever holds them knows where they came from, and says so.

use std::path::{Path, PathBuf};

/// What can go wrong with files of pictures.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {doing} {}: {reason}{}", path.display(), remedy(reason))]
    Io {
        /// What was attempted, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason the system gave; not a `source`, since the text has it already.
        reason: std::io::Error,
    },
    /// A file that cannot be used.
    #[error("{}: {what}; {remedy}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A request that makes no sense; the text says why and what to change.
    #[error("{0}")]
    Invalid(String),
}

/// The result of reading or writing files of pictures.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What helps against half a file.
pub const DOWNLOAD_AGAIN: &str = "the copy is incomplete or damaged, download or record it again";

/// Runs a library on bytes from strangers: if it panics, as some do on what makes no sense, that is an error like
/// any other.
#[cfg(feature = "video")]
pub(crate) fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    unpanicked(read).unwrap_or_else(|what| Err(Error::broken(path, what, DOWNLOAD_AGAIN)))
}

/// What a function gives.
///
/// # Errors
/// What it said when it panicked.
pub fn unpanicked<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
        format!("the library that reads it gave up ({said})")
    })
}

impl Error {
    /// Wraps an IO error with what was being done to which path.
    #[cfg(feature = "video")]
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |reason| Self::Io { doing, path: path.to_path_buf(), reason }
    }

    /// Reports a file that cannot be used.
    pub(crate) fn broken(path: &Path, what: impl Into<String>, remedy: &'static str) -> Self {
        Self::Broken { path: path.to_path_buf(), what: what.into(), remedy }
    }
}

/// What helps against a refusal of the system, as the end of a sentence; nothing where nothing is known.
pub fn remedy(reason: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match reason.kind() {
        ErrorKind::StorageFull => "; free some space or choose another disk",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "; choose a folder you may write to",
        ErrorKind::NotFound => "; check the spelling of the path, or download the missing file",
        ErrorKind::NotADirectory => "; a file stands where a folder is needed, choose another path",
        _ => "",
    }
}
