//! Errors of curating: which stage, which text, what there is instead, and the remedy.

use std::path::{Path, PathBuf};

/// What can go wrong with a pipeline.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pipeline file does not say something that can be done.
    #[error("{}: {what}", path.display())]
    Pipeline {
        /// The pipeline file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A query that cannot be understood or run.
    #[error("stage {stage} ({kind}): {reason}; the text is {text:?}; {tables}")]
    Query {
        /// Its number, counted from 1.
        stage: usize,
        /// What it does.
        kind: &'static str,
        /// The user's SQL.
        text: String,
        /// What the query engine says.
        reason: String,
        /// The columns there are.
        tables: String,
    },
    /// A stage that cannot be done with these recordings.
    #[error("stage {stage} ({kind}): {what}")]
    Stage {
        /// Its number, counted from 1.
        stage: usize,
        /// What it does.
        kind: &'static str,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The operating system refused a file operation.
    #[error("cannot {doing} {}: {reason}", path.display())]
    Io {
        /// What was attempted, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason the system gave.
        reason: std::io::Error,
    },
    /// A file of ours that cannot be read or written.
    #[error("{}: {what}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A request that makes no sense; the text says why and what to change.
    #[error("{0}")]
    Invalid(String),
    /// An error of reading or writing recordings.
    #[error(transparent)]
    Data(#[from] terrella_data::Error),
    /// An error of the core types.
    #[error(transparent)]
    Core(#[from] terrella_core::Error),
}

/// The result of curating.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Wraps an IO error with what was being done to which path.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |reason| Self::Io { doing, path: path.to_path_buf(), reason }
    }

    /// A file that cannot be used.
    pub(crate) fn broken(path: &Path, what: impl std::fmt::Display) -> Self {
        Self::Broken { path: path.to_path_buf(), what: what.to_string() }
    }
}
