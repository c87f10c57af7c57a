//! Decoded pictures on disk: one raw RGB file a camera and a picture size, memory-mapped.
//!
//! Decoding is the cost of opening a dataset, and training touches every picture many times, so it
//! is paid once. The file is named by the content hash, the camera and the size; it appears whole, and a folder
//! that cannot be written to means pictures in memory instead. `content.json` beside it remembers
//! the hash together with the size and time of each file, so that a second open does not read them.

use crate::tiles::Tiles;
use crate::{Error, Result, Source};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use terrella_core::{Frames, SharedBytes, write_atomic};

/// Pictures of several episodes, decoded in parallel, that are in memory at a time.
const GROUP: usize = 8;

/// What the hash was computed from.
#[derive(PartialEq, Serialize, Deserialize)]
struct Record {
    hash: String,
    /// Name, bytes and modification time in nanoseconds.
    files: Vec<(String, u64, u64)>,
}

/// SHA-256 over the files in the order the source lists them: name, length and bytes of each. The
/// record in `cache` saves reading them; `keep` writes one.
///
/// # Errors
/// If a file cannot be read.
pub fn content_hash(files: &[(String, PathBuf)], cache: Option<&Path>, keep: bool) -> Result<String> {
    let stamps = files.iter().map(|(name, path)| {
        let meta = fs::metadata(path).map_err(Error::io("read", path))?;
        let modified = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        Ok((name.clone(), meta.len(), modified.map_or(0, |d| d.as_nanos() as u64)))
    });
    let stamps = stamps.collect::<Result<Vec<_>>>()?;
    let record_path = cache.map(|cache| cache.join("content.json"));
    let known = record_path
        .as_ref()
        .and_then(|path| fs::read(path).ok())
        .and_then(|text| serde_json::from_slice::<Record>(&text).ok());
    if let Some(known) = known.filter(|known| known.files == stamps) {
        return Ok(known.hash);
    }
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    for ((name, path), (_, length, _)) in files.iter().zip(&stamps) {
        hasher.update(format!("{name}\0{length}\0"));
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        loop {
            let n = file.read(&mut buffer).map_err(Error::io("read", path))?;
            if n == 0 {
                break;
            }
            hasher.update(&buffer[..n]);
        }
    }
    let hash = terrella_core::hex(hasher.finalize());
    let record = Record { hash: hash.clone(), files: stamps };
    if let (Some(folder), Some(path), true) = (cache, record_path, keep) {
        // Only a convenience: where it cannot be kept, the next open reads the files again.
        if writable(folder) && fs::create_dir_all(folder).is_ok() {
            let _ = serde_json::to_vec(&record).map(|text| write_atomic(&path, &text));
        }
    }
    Ok(hash)
}

/// Whether the nearest folder that exists may be written to. Asked before trying, because root may
/// write where the owner of the data has forbidden it.
fn writable(folder: &Path) -> bool {
    let nearest = folder.ancestors().find(|f| f.as_os_str().is_empty() || f.exists());
    let nearest = nearest.filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(nearest).is_ok_and(|m| m.is_dir() && !m.permissions().readonly())
}

/// Where decoded pictures come from and go to.
pub struct PictureCache<'a> {
    /// Where they come from.
    pub source: &'a dyn Source,
    /// Where they are kept; in memory if absent or not writable.
    pub folder: Option<&'a Path>,
    /// [`content_hash`] of its files.
    pub hash: &'a str,
    /// Wanted size, `[height, width]`.
    pub to: [usize; 2],
    /// Cameras side by side in it.
    pub cameras: usize,
}

impl PictureCache<'_> {
    /// The pictures of all episodes, of so many rows each, decoded now or earlier; `progress` hears episodes done and all.
    ///
    /// # Errors
    /// If they cannot be decoded, or a file that was begun cannot be finished.
    pub fn frames(&self, lengths: &[usize], progress: &mut dyn FnMut(usize, usize)) -> Result<Vec<Frames>> {
        let [height, width] = self.to;
        let size = height * width * 3;
        let total = lengths.iter().sum::<usize>() * size;
        // One file may hold several cameras.
        let cameras: Vec<&str> = self.source.cameras().iter().take(self.cameras).map(|c| c.name.as_str()).collect();
        let camera = terrella_core::hex(&Sha256::digest(cameras.join("\n"))[..4]);
        let kept = self.folder.map(|f| f.join(format!("{}-{camera}-{height}x{width}.rgb", &self.hash[..16])));
        let bytes: SharedBytes = match kept {
            Some(path) if fs::metadata(&path).is_ok_and(|m| m.len() == total as u64) => map(&path)?,
            Some(path) => match self.create(&path) {
                Ok((temporary, file)) => {
                    let written = self.fill(lengths, BufWriter::new(file), &temporary, progress);
                    let renamed =
                        written.and_then(|()| fs::rename(&temporary, &path).map_err(Error::io("write", &path)));
                    if renamed.is_err() {
                        // The first error is the one to tell.
                        let _ = fs::remove_file(&temporary);
                    }
                    renamed?;
                    map(&path)?
                }
                Err(_) => self.in_memory(lengths, total, progress)?,
            },
            None => self.in_memory(lengths, total, progress)?,
        };
        let mut offset = 0;
        let frames = lengths.iter().map(|n| {
            let frames = Frames::new(height, width, *n, bytes.clone(), offset);
            offset += n * size;
            frames
        });
        Ok(frames.collect())
    }

    /// Makes the folder and a temporary file, and removes pictures of earlier contents and of
    /// killed processes.
    fn create(&self, path: &Path) -> std::io::Result<(PathBuf, File)> {
        let folder = path.parent().filter(|folder| writable(folder)).ok_or(std::io::ErrorKind::PermissionDenied)?;
        fs::create_dir_all(folder)?;
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let file = File::create(&temporary)?;
        for entry in fs::read_dir(folder)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let outdated = name.ends_with(".rgb") && !name.starts_with(&self.hash[..16]);
            // Left by a killed process; a younger one may belong to a process that is still writing.
            let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok());
            let abandoned = name.ends_with(".tmp") && age.is_some_and(|age| age.as_secs() > 3600);
            if outdated || abandoned {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok((temporary, file))
    }

    fn fill(
        &self,
        lengths: &[usize],
        mut file: BufWriter<File>,
        path: &Path,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<()> {
        self.decode(lengths, progress, &mut |bytes| {
            file.write_all(bytes).map_err(Error::io("write pictures to", path))
        })?;
        let file = file.into_inner().map_err(|e| Error::io("write pictures to", path)(e.into_error()))?;
        file.sync_all().map_err(Error::io("write pictures to", path))
    }

    fn in_memory(
        &self,
        lengths: &[usize],
        total: usize,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<SharedBytes> {
        let mut memory: Vec<u8> = Vec::with_capacity(total);
        self.decode(lengths, progress, &mut |bytes| {
            memory.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(Arc::new(memory))
    }

    /// Decodes and scales group by group, handing the bytes over in order.
    fn decode(
        &self,
        lengths: &[usize],
        progress: &mut dyn FnMut(usize, usize),
        sink: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let tiles = Tiles::new(self.source, self.cameras, self.to)?;
        let one = |at: usize| tiles.episode(self.source, at);
        for first in (0..lengths.len()).step_by(GROUP) {
            let last = (first + GROUP).min(lengths.len());
            let group: Vec<Result<Vec<u8>>> = (first..last).into_par_iter().map(one).collect();
            for bytes in group {
                sink(&bytes?)?;
            }
            progress(last, lengths.len());
        }
        Ok(())
    }
}

/// A file as shared bytes.
fn map(path: &Path) -> Result<SharedBytes> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    // SAFETY: the file is ours, appeared whole by a rename and is never written again; replacing it
    // renames another file over the name, which leaves this one in place while it is mapped.
    #[allow(unsafe_code)]
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(Error::io("map", path))?;
    Ok(Arc::new(map))
}

/// `.cache` inside a dataset folder; nothing beside a file, whose folder belongs to somebody else.
pub fn default_cache(path: &Path) -> Option<PathBuf> {
    path.is_dir().then(|| path.join(".cache"))
}
