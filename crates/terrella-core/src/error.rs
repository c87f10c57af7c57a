//! Errors of the core: what was wrong, where, with numbers, and what to do about it.

use std::path::{Path, PathBuf};

/// What can go wrong in the core types.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {doing} {}: {reason}{}", path.display(), remedy(reason))]
    Io {
        /// What was attempted, as a verb: `read`, `write`, `create`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason the system gave; not a `source`, since the text has it already.
        reason: std::io::Error,
    },
    /// A run directory would be overwritten.
    #[error("run directory {} already exists; choose another name, or resume it", .0.display())]
    Exists(PathBuf),
    /// Sizes that do not fit together.
    #[error("{what}: expected {expected}, got {got}")]
    Shape {
        /// The thing with the wrong size.
        what: String,
        /// The size that was needed.
        expected: usize,
        /// The size that was found.
        got: usize,
    },
    /// A value that cannot be used; the text says why and what to change.
    #[error("{0}")]
    Invalid(String),
}

/// The result of a core operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps an IO error with what was being done to which path.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |reason| Self::Io { doing, path: path.to_path_buf(), reason }
    }

    /// Fails unless `got == expected`.
    pub fn check(what: &str, expected: usize, got: usize) -> Result<()> {
        if expected == got {
            return Ok(());
        }
        Err(Self::Shape { what: what.to_owned(), expected, got })
    }

    /// Fails unless all of these rows are among `n` things, counted from 0.
    ///
    /// # Errors
    /// The first row that is not there.
    pub fn check_rows(rows: &[usize], n: usize, things: &str) -> Result<()> {
        match rows.iter().find(|&&row| row >= n) {
            Some(row) => Err(Self::Invalid(format!("there is no row {row} in {n} {things}; rows count from 0"))),
            None => Ok(()),
        }
    }
}

fn remedy(reason: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match reason.kind() {
        ErrorKind::StorageFull => "; free some space or choose another disk",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "; choose a folder you may write to",
        ErrorKind::NotFound => "; check the spelling of the path",
        _ => "",
    }
}
