//! The only door to stdout: data, and nothing else. People are spoken to on stderr.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;

/// What is said of a failure to write to stdout.
const FAILED: &str = "cannot write to stdout";

/// Writes a line.
///
/// # Errors
/// If stdout is closed, as by `| head`.
pub fn line(text: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").context(FAILED)
}

/// Whether an error means that nobody reads stdout any more.
pub fn is_closed(error: &anyhow::Error) -> bool {
    let pipe = |e: &(dyn std::error::Error + 'static)| {
        e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    };
    error.to_string() == FAILED && error.chain().any(pipe)
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
