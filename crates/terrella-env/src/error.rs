//! Errors of the worlds: what was wrong, where, with numbers, and what to do about it.

/// What can go wrong when a world is made or set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No world of this name.
    #[error("no world is called {id:?}; the worlds are {known}{}", nearest.map_or_else(String::new, |n| format!("; did you mean {n:?}?")))]
    UnknownWorld {
        /// What was asked for.
        id: String,
        /// What there is.
        known: String,
        /// The name most like it, if one is close.
        nearest: Option<&'static str>,
    },
    /// Options that the world does not understand.
    #[error("options of {id:?} cannot be read: {reason}; correct or drop the key")]
    Options {
        /// The world.
        id: String,
        /// What the parser said.
        reason: String,
    },
    /// An option outside its range.
    #[error("option {option} of {id:?} is {value}, but must be {allowed}")]
    Range {
        /// The world.
        id: &'static str,
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        allowed: &'static str,
    },
    /// A world with rewards where goals are needed.
    #[error("world {id:?} has rewards and no goals to reach, and goals are needed here; worlds with goals are {known}")]
    NoGoals {
        /// The world.
        id: String,
        /// Those that would do.
        known: String,
    },
    /// A world in which nothing seeks contacts.
    #[error(
        "nobody wrote a policy that seeks contacts in {id:?}, only in {known}; explore by wander or random there (--explorer, data.explorer)"
    )]
    NoContacts {
        /// The world.
        id: String,
        /// Those that have one.
        known: String,
    },
    /// A world whose task no policy was written for.
    #[error("nobody wrote a policy that does the task of {id:?}; let it be explored instead")]
    NoDemonstrator {
        /// The world.
        id: String,
    },
    /// A core type refused.
    #[error(transparent)]
    Core(#[from] terrella_core::Error),
}

/// The result of making a world.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Fails with [`Error::Range`] unless the condition holds.
pub(crate) fn require(
    holds: bool,
    id: &'static str,
    option: &'static str,
    value: impl std::fmt::Display,
    allowed: &'static str,
) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::Range { id, option, value: value.to_string(), allowed })
}
