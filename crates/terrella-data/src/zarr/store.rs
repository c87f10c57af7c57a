//! Where zarr chunks come from: a stored zip or a plain folder, behind the read traits of `zarrs`.
//!
//! The archive is read under a lock and decoded outside it. A replay buffer is sometimes zipped
//! together with its folder, so the store finds the prefix under which `meta/episode_ends` lies.

use crate::error::DOWNLOAD_AGAIN;
use crate::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zarrs::storage::byte_range::{ByteRangeIterator, extract_byte_ranges};
use zarrs::storage::{Bytes, MaybeBytesIterator, ReadableStorageTraits, StorageError, StoreKey};
use zip::ZipArchive;
use zip::result::ZipError;

/// The file whose presence makes a folder or an archive a replay buffer.
pub(crate) const SIGN: &str = "meta/episode_ends/.zarray";

/// Read-only storage.
pub(crate) enum Store {
    /// Files below a folder.
    Folder(PathBuf),
    /// Entries of an archive, below a prefix.
    Zip { archive: Mutex<ZipArchive<File>>, prefix: String, names: Vec<String> },
}

impl Store {
    /// Opens a folder or an archive.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_path_buf()));
        }
        let file = File::open(path).map_err(Error::io("open", path))?;
        let size = file.metadata().map_err(Error::io("open", path))?.len();
        let archive = ZipArchive::new(file).map_err(|e| {
            let what = format!("the zip of {size} bytes is truncated or damaged ({e})");
            Error::broken(path, what, DOWNLOAD_AGAIN)
        })?;
        let mut names: Vec<String> = archive.file_names().flatten().map(|name| name.into_owned()).collect();
        names.sort();
        let prefix = names.iter().find_map(|name| name.strip_suffix(SIGN)).unwrap_or_default().to_owned();
        Ok(Self::Zip { archive: Mutex::new(archive), prefix, names })
    }

    /// The arrays there are.
    pub(crate) fn arrays(&self) -> Vec<String> {
        let mut found = Vec::new();
        match self {
            Self::Folder(root) => {
                for group in ["data", "meta"] {
                    let entries = std::fs::read_dir(root.join(group)).into_iter().flatten().flatten();
                    let arrays = entries.filter(|e| e.path().join(".zarray").exists());
                    found.extend(arrays.map(|e| format!("{group}/{}", e.file_name().to_string_lossy())));
                }
            }
            Self::Zip { prefix, names, .. } => {
                let arrays = names.iter().filter_map(|n| n.strip_prefix(prefix.as_str())?.strip_suffix("/.zarray"));
                found.extend(arrays.map(str::to_owned));
            }
        }
        found.sort();
        found
    }

    /// The bytes of a key, or nothing if there is none.
    pub(crate) fn read(&self, key: &str) -> std::io::Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(root) => match std::fs::read(root.join(key)) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
                other => other.map(Some),
            },
            Self::Zip { archive, prefix, .. } => {
                let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
                let mut entry = match archive.by_name(&format!("{prefix}{key}")) {
                    Err(ZipError::FileNotFound) => return Ok(None),
                    other => other.map_err(std::io::Error::other)?,
                };
                let mut bytes = Vec::with_capacity(entry.size() as usize);
                entry.read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
        }
    }

    /// Whether a key exists.
    pub(crate) fn contains(&self, key: &str) -> bool {
        match self {
            Self::Folder(root) => root.join(key).exists(),
            Self::Zip { prefix, names, .. } => names.binary_search(&format!("{prefix}{key}")).is_ok(),
        }
    }
}

impl ReadableStorageTraits for Store {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let Some(bytes) = self.read(key.as_str()).map_err(|e| StorageError::IOError(Arc::new(e)))? else {
            return Ok(None);
        };
        let parts = extract_byte_ranges(&bytes, byte_ranges)?;
        Ok(Some(Box::new(parts.into_iter().map(|part| Ok(Bytes::from(part))))))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        let bytes = self.read(key.as_str()).map_err(|e| StorageError::IOError(Arc::new(e)))?;
        Ok(bytes.map(|b| b.len() as u64))
    }

    fn supports_get_partial(&self) -> bool {
        false
    }
}
