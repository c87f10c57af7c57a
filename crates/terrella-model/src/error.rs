//! Errors of the model side.

use std::path::PathBuf;

/// What can go wrong with models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A core operation failed.
    #[error(transparent)]
    Core(#[from] terrella_core::Error),
    /// A checkpoint could not be read.
    #[error("checkpoint {} is damaged: {reason}; use an earlier checkpoint, or train again", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The data does not fit the model.
    #[error("{0}")]
    Invalid(String),
    /// Training went wrong in a way that more steps will not mend.
    #[error("training stopped at step {step}: {reason}")]
    Collapsed {
        /// The step.
        step: u64,
        /// What was seen and what to change.
        reason: String,
    },
}

/// The result of a model operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;
