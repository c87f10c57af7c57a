//! What each world tells the registry of itself: its name, and how it and its policies are made of options.

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
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
    /// What of its behaviour can be another.
    pub(crate) factors: &'static [Factor],
}

/// One thing about how a world behaves that can be another, at three sizes from small to large.
#[derive(Debug)]
pub(crate) struct Factor {
    /// What it is.
    pub(crate) name: &'static str,
    /// Unit of the sizes.
    pub(crate) unit: &'static str,
    /// What is tried; the world as it is has another.
    pub(crate) sizes: [f64; 3],
    /// The options of the world with this.
    pub(crate) options: fn(f64) -> Value,
}

/// Actions that take effect so many steps late, where `latency` is an option.
pub(crate) const LATE: Factor = Factor {
    name: "actions come later",
    unit: "steps",
    sizes: [1.0, 2.0, 4.0],
    options: |steps| json!({ "latency": steps as usize }),
};

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
