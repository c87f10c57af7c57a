//! Where zarr chunks come from: a stored zip or a plain folder, behind the read traits of `zarrs`.
//!
//! The archive is read under a lock and decoded outside it. A replay buffer is sometimes zipped
//! together with its folder, so the store finds the prefix under which `meta/episode_ends` lies.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use terrella_data::{Error, Result};
use terrella_media::DOWNLOAD_AGAIN;
use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator, extract_byte_ranges};
use zarrs::storage::{Bytes, MaybeBytesIterator, ReadableStorageTraits, StorageError, StoreKey};
use zip::ZipArchive;
use zip::result::ZipError;

/// The files whose presence makes a folder or an archive a replay buffer, of both versions of zarr.
pub(super) const SIGNS: [&str; 2] = ["meta/episode_ends/.zarray", "meta/episode_ends/zarr.json"];
/// What describes an array, or in the newer version a group too.
pub(super) const DESCRIPTIONS: [&str; 2] = [".zarray", "zarr.json"];
/// Groups within groups that are looked through.
const DEEPEST: usize = 6;
/// Bytes of one entry: more than a compressor of zarr takes.
const LARGEST_ENTRY: u64 = 1 << 32;

/// Read-only storage.
pub(super) enum Store {
    /// Files below a folder.
    Folder(PathBuf),
    /// Entries of an archive, below a prefix.
    Zip { archive: Mutex<ZipArchive<File>>, prefix: String, names: Vec<String> },
}

impl Store {
    /// Opens a folder or an archive.
    pub(super) fn open(path: &Path) -> Result<Self> {
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
        let prefix = names.iter().find_map(|name| SIGNS.iter().find_map(|sign| name.strip_suffix(sign)));
        let prefix = prefix.unwrap_or_default().to_owned();
        Ok(Self::Zip { archive: Mutex::new(archive), prefix, names })
    }

    /// Folders that have a description: arrays, and in the newer version groups.
    pub(super) fn described(&self) -> Vec<String> {
        let mut found = Vec::new();
        match self {
            Self::Folder(root) => descend(root, "", 0, &mut found),
            Self::Zip { prefix, names, .. } => {
                let name = |name: &String| {
                    let name = name.strip_prefix(prefix.as_str())?;
                    let (folder, file) = name.rsplit_once('/')?;
                    DESCRIPTIONS.contains(&file).then(|| folder.to_owned())
                };
                found.extend(names.iter().filter_map(name));
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// The bytes of a key, or nothing if there is none.
    pub(super) fn read(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(root) => match std::fs::read(root.join(key)) {
                Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
                other => other.map(Some),
            },
            Self::Zip { archive, prefix, .. } => {
                let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
                let entry = match archive.by_name(&format!("{prefix}{key}")) {
                    Err(ZipError::FileNotFound) => return Ok(None),
                    other => other.map_err(io::Error::other)?,
                };
                // Grows with what is really there, whatever size is claimed.
                let mut bytes = Vec::with_capacity(entry.size().min(1 << 24) as usize);
                entry.take(LARGEST_ENTRY).read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
        }
    }

    /// Whether a key exists.
    pub(super) fn contains(&self, key: &str) -> bool {
        match self {
            Self::Folder(root) => root.join(key).is_file(),
            Self::Zip { prefix, names, .. } => names.binary_search(&format!("{prefix}{key}")).is_ok(),
        }
    }
}

/// Folders below one that have a description; what lies below an array is chunks.
fn descend(folder: &Path, name: &str, depth: usize, found: &mut Vec<String>) {
    let has = |file: &str| !name.is_empty() && folder.join(file).is_file();
    if DESCRIPTIONS.iter().any(|file| has(file)) {
        found.push(name.to_owned());
    }
    let numbered = |name: &str| name == "c" || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if depth >= DEEPEST || has(DESCRIPTIONS[0]) {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let part = entry.file_name().to_string_lossy().into_owned();
        if !numbered(&part) && entry.path().is_dir() {
            let below = if name.is_empty() { part } else { format!("{name}/{part}") };
            descend(&entry.path(), &below, depth + 1, found);
        }
    }
}

/// Parts of a file, or nothing if there is none; shards are larger than what is wanted of them.
fn read_ranges(path: &Path, ranges: ByteRangeIterator<'_>) -> io::Result<Option<Vec<Bytes>>> {
    let mut file = match File::open(path) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        other => other?,
    };
    let size = file.metadata()?.len();
    let mut parts = Vec::new();
    for range in ranges {
        let (start, length) = match range {
            ByteRange::FromStart(start, length) => (start, length.unwrap_or(size.saturating_sub(start))),
            ByteRange::Suffix(length) => (size.saturating_sub(length), length),
        };
        if start.checked_add(length).is_none_or(|end| end > size) {
            return Err(io::Error::other(format!("{length} bytes from byte {start} on are wanted of {size}")));
        }
        let mut bytes = vec![0; length as usize];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut bytes)?;
        parts.push(Bytes::from(bytes));
    }
    Ok(Some(parts))
}

impl ReadableStorageTraits for Store {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let refused = |e| StorageError::IOError(Arc::new(e));
        let parts = if let Self::Folder(root) = self {
            read_ranges(&root.join(key.as_str()), byte_ranges).map_err(refused)?
        } else {
            match self.read(key.as_str()).map_err(refused)? {
                Some(bytes) => Some(extract_byte_ranges(&bytes, byte_ranges)?.into_iter().map(Bytes::from).collect()),
                None => None,
            }
        };
        let Some(parts): Option<Vec<Bytes>> = parts else { return Ok(None) };
        Ok(Some(Box::new(parts.into_iter().map(Ok))))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        let bytes = self.read(key.as_str()).map_err(|e| StorageError::IOError(Arc::new(e)))?;
        Ok(bytes.map(|b| b.len() as u64))
    }

    fn supports_get_partial(&self) -> bool {
        matches!(self, Self::Folder(_))
    }
}
