//! A folder for one run. Files appear whole: written under a temporary name, then renamed.

use crate::{Error, Result};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// Makes a new folder.
    ///
    /// # Errors
    /// If it exists, or cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        if path.exists() {
            return Err(Error::Exists(path.to_path_buf()));
        }
        fs::create_dir_all(path).map_err(Error::io("create", path))?;
        Ok(Self(path.to_path_buf()))
    }

    /// Opens the folder of an earlier run.
    ///
    /// # Errors
    /// If it is not there.
    pub fn open(path: &Path) -> Result<Self> {
        fs::read_dir(path).map_err(Error::io("open run directory", path))?;
        Ok(Self(path.to_path_buf()))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// If the disk refuses; the earlier content then remains.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        write_atomic(&self.file(name), bytes)
    }

    /// Reads a whole text file.
    ///
    /// # Errors
    /// If it is missing or not UTF-8.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.file(name);
        fs::read_to_string(&path).map_err(Error::io("read", &path))
    }

    /// Appends one line, such as a JSON record.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn append(&self, name: &str, line: &str) -> Result<()> {
        let path = self.file(name);
        let mut file =
            fs::OpenOptions::new().create(true).append(true).open(&path).map_err(Error::io("append to", &path))?;
        writeln!(file, "{line}").map_err(Error::io("append to", &path))
    }
}

/// The neighbour whose name is this one's with something behind it.
pub fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

/// Writes a file so that no reader ever sees a part of it: temporary name, flush, rename.
///
/// # Errors
/// If the disk refuses; nothing is left behind and the earlier content remains.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = suffixed(path, ".tmp");
    let written = fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        // The first error is the one to tell; a leftover that cannot be removed changes nothing.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_run_is_not_overwritten() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let base = tempfile::tempdir()?;
        let path = base.path().join("run");
        RunDir::create(&path)?.write("a.txt", b"one")?;
        let error = RunDir::create(&path).map_err(|e| e.to_string());
        assert!(error.is_err_and(|e| e.contains("already exists") && e.contains("resume")), "names the remedy");
        assert_eq!(RunDir::open(&path)?.read("a.txt")?, "one", "the first content remains");
        Ok(())
    }

    #[test]
    fn a_refused_write_leaves_nothing_behind() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let base = tempfile::tempdir()?;
        // A folder stands where the file should go, so the rename is refused.
        fs::create_dir(base.path().join("x"))?;
        fs::write(base.path().join("x/inside"), b"1")?;
        assert!(write_atomic(&base.path().join("x"), b"data").is_err(), "a folder cannot be replaced");
        assert_eq!(fs::read_dir(base.path())?.count(), 1, "no temporary file remains");
        Ok(())
    }
}
