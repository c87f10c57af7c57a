//! The only door to stdout: data, and nothing else. People are spoken to on stderr.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;

/// Writes a line.
///
/// # Errors
/// If stdout is closed, as by `| head`.
pub fn line(text: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context("cannot write to stdout")
}

/// Writes a value as one JSON document.
///
/// # Errors
/// If stdout is closed or a number cannot be written.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Tells people something.
pub fn note(text: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
