//! Errors of reading and writing recordings: what was wrong, in which file and row, and the remedy.
//!
//! Recordings come from strangers, so a message must let the reader find the culprit without a
//! debugger: each variant carries the path and the numbers, and its text ends with what to do.

use arrow_schema::DataType;
use std::path::{Path, PathBuf};
use terrella_media::{DOWNLOAD_AGAIN, remedy, unpanicked};

/// What can go wrong with recordings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    /// A dataset would be overwritten.
    #[error("{} already exists; choose another destination, or remove it first", .0.display())]
    Exists(PathBuf),
    /// No format recognises the path.
    #[error("{}: not a recording that can be read: it is {found}; supported are {supported}", path.display())]
    Unknown {
        /// What was to be opened.
        path: PathBuf,
        /// What was recognised.
        found: String,
        /// The formats that can be read.
        supported: String,
    },
    /// A file that cannot be used as a whole, or is inconsistent with its neighbours.
    #[error("{}: {what}; {remedy}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// An array, column or feature that has to be there.
    #[error("{}: no {kind} \"{name}\" (there are: {present}); add it, or rename the one meant", path.display())]
    Missing {
        /// The file or dataset.
        path: PathBuf,
        /// `array`, `column`, `feature`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// What is there instead.
        present: String,
    },
    /// Numbers of a type that cannot be used.
    #[error("{}: {name} has dtype {found}, expected {expected}; convert it when recording", path.display())]
    Dtype {
        /// The file or dataset.
        path: PathBuf,
        /// The array or column.
        name: String,
        /// The type found.
        found: String,
        /// The types that can be read.
        expected: &'static str,
    },
    /// One row that cannot be used.
    #[error("{}: episode {episode}, row {row}: {what}; {remedy}", path.display())]
    Row {
        /// The file or dataset.
        path: PathBuf,
        /// Index of the episode.
        episode: usize,
        /// Row within the episode.
        row: usize,
        /// What is wrong with it.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// No episode is long enough for one window.
    #[error(
        "all {episodes} episodes are shorter than the window: it needs {span} rows ({n_frames} frames, {frame_skip} apart), the longest has {longest}; lower the number of frames or the frame skip, or record longer episodes"
    )]
    TooShort {
        /// Episodes that were given.
        episodes: usize,
        /// Rows of one window.
        span: usize,
        /// Frames of one window.
        n_frames: usize,
        /// Rows between two frames.
        frame_skip: usize,
        /// Rows of the longest episode.
        longest: usize,
    },
    /// A dataset that does not fit the model it is used with.
    #[error(
        "the dataset does not fit the checkpoint: {what} is {dataset} in the dataset, {wanted} in the checkpoint; {remedy}"
    )]
    Incompatible {
        /// What differs.
        what: &'static str,
        /// Its value in the dataset.
        dataset: String,
        /// Its value in the checkpoint.
        wanted: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Recordings that lie elsewhere and cannot be had.
    #[error("{place}: {what}; {remedy}")]
    Elsewhere {
        /// Their address.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// Somebody asked to stop while recordings were fetched.
    #[error("stopped while recordings were fetched; what came is kept, and the same command goes on")]
    Stopped,
    /// A request that makes no sense; the text says why and what to change.
    #[error("{0}")]
    Invalid(String),
    /// An error of the core types.
    #[error(transparent)]
    Core(#[from] terrella_core::Error),
}

/// The result of reading or writing recordings.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Runs a library on bytes from strangers: if it panics, as some do on what makes no sense, that is an error like
/// any other, and the rest of a recording can still be read.
///
/// # Errors
/// What `read` fails with, and that it panicked.
pub fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    unpanicked(read).unwrap_or_else(|what| Err(Error::broken(path, what, DOWNLOAD_AGAIN)))
}

impl From<terrella_media::Error> for Error {
    fn from(error: terrella_media::Error) -> Self {
        match error {
            terrella_media::Error::Io { doing, path, reason } => Self::Io { doing, path, reason },
            terrella_media::Error::Broken { path, what, remedy } => Self::Broken { path, what, remedy },
            terrella_media::Error::Invalid(what) => Self::Invalid(what),
        }
    }
}

impl Error {
    /// Wraps an IO error with what was being done to which path.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |reason| Self::Io { doing, path: path.to_path_buf(), reason }
    }

    /// Reports a file that cannot be used.
    pub fn broken(path: &Path, what: impl Into<String>, remedy: &'static str) -> Self {
        Self::Broken { path: path.to_path_buf(), what: what.into(), remedy }
    }

    /// Wraps a Parquet error; a refusal of the system inside it is told as such (a full disk, say).
    pub(crate) fn parquet(doing: &'static str, path: &Path) -> impl FnOnce(parquet::errors::ParquetError) -> Self {
        move |error| match error {
            parquet::errors::ParquetError::External(inner) if inner.is::<std::io::Error>() => {
                let reason = inner.downcast::<std::io::Error>().map_or_else(std::io::Error::other, |e| *e);
                Self::Io { doing, path: path.to_path_buf(), reason }
            }
            other => Self::broken(path, format!("cannot {doing} it as Parquet: {other}"), DOWNLOAD_AGAIN),
        }
    }

    /// A column that holds something else than is `expected`.
    pub(crate) fn dtype(path: &Path, name: &str, found: &DataType, expected: &'static str) -> Self {
        Self::Dtype { path: path.to_path_buf(), name: format!("column {name}"), found: found.to_string(), expected }
    }

    /// Wraps an Arrow error met while reading or writing a Parquet file.
    pub(crate) fn arrow(path: &Path) -> impl FnOnce(arrow_schema::ArrowError) -> Self {
        move |error| Self::broken(path, error.to_string(), DOWNLOAD_AGAIN)
    }
}
