//! What each world tells the registry of itself: its name, and how it and its policies are made of options.

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use terrella_core::{AnySim, RowPolicy};

/// A policy that can be sent to a thread.
pub type BoxedPolicy = Box<dyn RowPolicy + Send>;

/// An entry of the registry.
#[derive(Debug)]
pub struct World {
    /// Its name.
    pub id: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    pub(crate) make: fn(&Value) -> Result<AnySim>,
    pub(crate) demonstrator: fn(&Value) -> Result<BoxedPolicy>,
    pub(crate) explorer: fn(&Value) -> Result<BoxedPolicy>,
    /// Seeks contacts, where there are any to seek.
    pub(crate) seeker: Option<fn(&Value) -> Result<BoxedPolicy>>,
}

impl World {
    /// Builds it with the options that it has by default.
    ///
    /// # Errors
    /// As [`crate::make`].
    pub fn with_defaults(&self) -> Result<AnySim> {
        (self.make)(&Value::Null)
    }
}

/// Options as JSON; serde's message names the keys that would do.
pub(crate) fn read<T: DeserializeOwned + Default>(id: &'static str, options: &Value) -> Result<T> {
    if options.is_null() {
        return Ok(T::default());
    }
    T::deserialize(options).map_err(|e| Error::Options { id: id.to_owned(), reason: e.to_string() })
}
