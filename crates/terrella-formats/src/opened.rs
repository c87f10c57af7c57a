//! A recording that was opened: for who looks closer than [`crate::open`] does.

use crate::format::choose;
use crate::thinned::at_rate;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use terrella_data::cache::{content_hash, default_cache};
use terrella_data::{Error, Result, Source, SourceOptions};

/// A recording of any format, and what it was opened from.
pub struct Opened {
    path: PathBuf,
    format: &'static str,
    source: Box<dyn Source>,
    hash: OnceLock<String>,
}

/// Opens a path as a source, whatever its format.
///
/// # Errors
/// As [`crate::open`].
pub fn open_source(path: impl AsRef<Path>, options: &SourceOptions) -> Result<Opened> {
    let path = path.as_ref();
    if let Some(fps) = options.fps.filter(|fps| !fps.is_finite() || *fps <= 0.0) {
        return Err(Error::Invalid(format!("{fps} rows a second were asked for; --fps is a number above 0")));
    }
    let format = choose(path, options)?;
    let source = at_rate(path, format.open(path, options)?, options.fps)?;
    Ok(Opened { path: path.to_path_buf(), format: format.name(), source, hash: OnceLock::new() })
}

impl Opened {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last part of its path.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Name of its format.
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// SHA-256 of the content; nothing is decoded and nothing written.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn hash(&self) -> Result<&str> {
        if let Some(hash) = self.hash.get() {
            return Ok(hash);
        }
        let hash = content_hash(&self.source.files()?, default_cache(&self.path).as_deref(), false)?;
        Ok(self.hash.get_or_init(|| hash))
    }
}

impl Deref for Opened {
    type Target = dyn Source;

    fn deref(&self) -> &Self::Target {
        self.source.as_ref()
    }
}
