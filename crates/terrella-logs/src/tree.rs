//! Files by name, whether they lie in a folder, a zip or a tar: what a mapping's globs look at.
//!
//! Archives come from strangers. Names that lead out of the archive are left out, and what is unpacked
//! is counted while it is unpacked, because a header may promise less than follows.

use super::mcap::Store;
use super::unpacked::{packing, unpack};
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use terrella_data::{Error, Result};
use terrella_media::DOWNLOAD_AGAIN;
use zip::ZipArchive;

/// Bytes of one file after unpacking.
const LARGEST_FILE: u64 = 4 << 30;
/// Bytes of one tar, which is kept in memory.
const LARGEST_TAR: u64 = 2 << 30;
/// Files of one source.
const MOST_FILES: usize = 2_000_000;

/// Named files.
pub(super) struct Tree {
    root: PathBuf,
    kind: Kind,
    /// Names in order, with `/` between folders.
    names: Vec<String>,
}

enum Kind {
    Folder,
    /// A path that is a file by itself.
    Single,
    Zip {
        archive: Mutex<ZipArchive<File>>,
        prefix: String,
    },
    Tar(BTreeMap<String, Vec<u8>>),
}

impl Tree {
    /// Opens a folder, an archive or a single file.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let lower = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|e| lower.ends_with(e));
        let (kind, names) = if path.is_dir() {
            (Kind::Folder, list(path)?)
        } else if ends(&[".zip", ".npz"]) && !lower.ends_with(".npz") {
            open_zip(path)?
        } else if ends(&[".tar", ".tar.gz", ".tgz"]) {
            let files = open_tar(path, !lower.ends_with(".tar"))?;
            let names = files.keys().cloned().collect();
            (Kind::Tar(files), names)
        } else {
            std::fs::metadata(path).map_err(Error::io("open", path))?;
            (Kind::Single, vec![path.file_name().unwrap_or_default().to_string_lossy().into_owned()])
        };
        Ok(Self { root: path.to_path_buf(), kind, names })
    }

    /// All names in order.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether there is such a file.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).is_ok()
    }

    /// What to call a file in a message.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        if matches!(self.kind, Kind::Single) { self.root.clone() } else { self.root.join(name) }
    }

    /// Where a file lies on disk, for readers that look here and there in it.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf> {
        let path = self.path(name);
        match self.kind {
            _ if !self.contains(name) => {
                Err(Error::broken(&path, "there is no such file", "check the mapping, or download what is missing"))
            }
            Kind::Folder | Kind::Single => Ok(path),
            _ => Err(Error::broken(&path, "it lies in an archive", "unpack the archive into a folder")),
        }
    }

    /// The bytes of a file; `.gz` is unpacked.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name);
        if !self.contains(name) {
            return Err(Error::broken(
                &path,
                "there is no such file",
                "check the mapping, or download what is missing",
            ));
        }
        let bytes = match &self.kind {
            Kind::Folder | Kind::Single => {
                let file = File::open(&path).map_err(Error::io("read", &path))?;
                limited(&path, file, LARGEST_FILE)?
            }
            Kind::Tar(files) => files[name].clone(),
            Kind::Zip { archive, prefix } => {
                let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
                let entry = archive.by_name(&format!("{prefix}{name}"));
                limited(&path, entry.map_err(|e| Error::broken(&path, e.to_string(), DOWNLOAD_AGAIN))?, LARGEST_FILE)?
            }
        };
        if name.ends_with(".gz") {
            return limited(&path, MultiGzDecoder::new(Cursor::new(bytes)), LARGEST_FILE);
        }
        Ok(bytes)
    }

    /// The first bytes of a file as they are unpacked; fewer where it is shorter.
    pub(super) fn head(&self, name: &str, n: u64) -> Result<Vec<u8>> {
        let path = self.path(name);
        let mut head = Vec::new();
        let mut take = |from: &mut dyn Read| -> std::io::Result<usize> {
            match name.ends_with(".gz") {
                true => MultiGzDecoder::new(from).take(n).read_to_end(&mut head),
                false => from.take(n).read_to_end(&mut head),
            }
        };
        match &self.kind {
            Kind::Folder | Kind::Single => File::open(&path).and_then(|mut file| take(&mut file)),
            Kind::Tar(files) => take(&mut files.get(name).map_or(&[][..], Vec::as_slice)),
            Kind::Zip { archive, prefix } => {
                let mut archive = archive.lock().unwrap_or_else(PoisonError::into_inner);
                archive
                    .by_name(&format!("{prefix}{name}"))
                    .map_err(std::io::Error::other)
                    .and_then(|mut e| take(&mut e))
            }
        }
        .map_err(Error::io("read", &path))?;
        Ok(head)
    }

    /// The bytes of an MCAP file or a bag, on disk where they lie there; what is packed is unpacked.
    pub(super) fn store(&self, name: &str) -> Result<Store> {
        let path = self.path(name);
        match (&self.kind, packing(name)) {
            (Kind::Folder | Kind::Single, None) => self.file(name).map(Store::Disk),
            (Kind::Folder | Kind::Single, Some(_)) => {
                let file = File::open(self.file(name)?).map_err(Error::io("read", &path))?;
                unpack(&path, name, file)
            }
            // Reading unpacks `.gz` already.
            (_, Some(_)) if !name.ends_with(".gz") => unpack(&path, name, &self.read(name)?[..]),
            _ => self.read(name).map(|bytes| Store::Memory(bytes.into())),
        }
    }

    /// Files on disk that hold these, for the content hash.
    pub(super) fn on_disk<'a>(&self, used: impl Iterator<Item = &'a str>) -> Vec<(String, PathBuf)> {
        // What SQLite wrote last lies beside its file.
        let with_log = |(name, path): (String, PathBuf)| {
            let log = log_beside(&path).map(|log| (format!("{name}-wal"), log));
            std::iter::once((name, path)).chain(log)
        };
        match &self.kind {
            Kind::Folder => used.map(|name| (name.to_owned(), self.root.join(name))).flat_map(with_log).collect(),
            _ => with_log(("archive".to_owned(), self.root.clone())).collect(),
        }
    }
}

/// The log of writes beside an SQLite file, if there is something in it.
fn log_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let log = path.with_file_name(format!("{name}-wal"));
    let is_bag = name.to_lowercase().ends_with(".db3");
    std::fs::metadata(&log).is_ok_and(|meta| is_bag && meta.len() > 0).then_some(log)
}

/// Reads to the end, but not beyond the limit.
fn limited(path: &Path, reader: impl Read, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::broken(path, format!("it cannot be unpacked or read ({e})"), DOWNLOAD_AGAIN))?;
    if bytes.len() as u64 > limit {
        let what = format!("it has more than {} MiB after unpacking, which is the limit", limit >> 20);
        return Err(Error::broken(path, what, "split it, or unpack an archive into a folder yourself"));
    }
    Ok(bytes)
}

/// Whether a name stays below the place it is unpacked to, and is no litter of a file manager.
fn acceptable(name: &Path) -> bool {
    let inside = name.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    let litter = name.components().any(|c| {
        let c = c.as_os_str().to_string_lossy();
        c.starts_with("._") || c == "__MACOSX" || c == ".DS_Store"
    });
    inside && !litter
}

fn list(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
            let entry = entry.map_err(Error::io("list", &folder))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(Error::io("list", &folder))?);
            let relative = path.strip_prefix(root).unwrap_or(&path);
            if !acceptable(relative) || relative.starts_with(".cache") {
                continue;
            }
            // Links to folders are not followed: they may lead out, or in a circle.
            if kind.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                names.push(slashed(relative));
            }
            too_many(root, names.len())?;
        }
    }
    names.sort();
    Ok(names)
}

fn slashed(name: &Path) -> String {
    let parts = name.components().filter(|c| matches!(c, Component::Normal(_)));
    parts.map(|c| c.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("/")
}

fn too_many(path: &Path, n: usize) -> Result<()> {
    if n > MOST_FILES {
        let what = format!("it holds more than {MOST_FILES} files, which is the limit");
        return Err(Error::broken(path, what, "import it in parts"));
    }
    Ok(())
}

fn open_zip(path: &Path) -> Result<(Kind, Vec<String>)> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let archive = ZipArchive::new(file)
        .map_err(|e| Error::broken(path, format!("the zip is truncated or damaged ({e})"), DOWNLOAD_AGAIN))?;
    too_many(path, archive.len())?;
    let names = archive.file_names().flatten().map(|n| n.into_owned());
    let names: Vec<String> = names.filter(|n| !n.ends_with('/') && acceptable(Path::new(n))).collect();
    let prefix = common_folder(&names);
    let mut names: Vec<String> = names.iter().map(|n| n[prefix.len()..].to_owned()).collect();
    names.sort();
    Ok((Kind::Zip { archive: Mutex::new(archive), prefix }, names))
}

fn open_tar(path: &Path, packed: bool) -> Result<BTreeMap<String, Vec<u8>>> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let reader: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let damaged = |e: std::io::Error| Error::broken(path, format!("the tar is damaged ({e})"), DOWNLOAD_AGAIN);
    let mut archive = tar::Archive::new(reader);
    let mut files = BTreeMap::new();
    let mut left = LARGEST_TAR;
    for entry in archive.entries().map_err(damaged)? {
        let entry = entry.map_err(damaged)?;
        let name = entry.path().map_err(damaged)?.into_owned();
        if !entry.header().entry_type().is_file() || !acceptable(&name) {
            continue;
        }
        let bytes = limited(path, entry, left)?;
        left -= bytes.len() as u64;
        files.insert(slashed(&name), bytes);
        too_many(path, files.len())?;
    }
    let names: Vec<String> = files.keys().cloned().collect();
    let prefix = common_folder(&names).len();
    Ok(files.into_iter().map(|(name, bytes)| (name[prefix..].to_owned(), bytes)).collect())
}

/// The one folder that holds everything, with its slash; archives are often made around one.
fn common_folder(names: &[String]) -> String {
    let Some((first, _)) = names.first().and_then(|n| n.split_once('/')) else { return String::new() };
    let prefix = format!("{first}/");
    if names.iter().all(|n| n.starts_with(&prefix)) { prefix } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_not_accepted() {
        for (name, good) in
            [("a/b.csv", true), ("../b", false), ("/etc/b", false), ("a/../../b", false), ("a/._b", false)]
        {
            assert_eq!(acceptable(Path::new(name)), good, "{name}");
        }
    }

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_refused() {
        let error = limited(Path::new("bomb.gz"), std::io::repeat(0), 1 << 20).expect_err("refused");
        assert!(error.to_string().contains("more than 1 MiB"), "{error}");
    }
}
