//! An open HDF5 file: where names lead, what is a group, and what a dataset is made of.
//!
//! Links are followed, those to other files within the folder of this one. A file that was cut off is read as far as it
//! goes, and every error says where it was cut. `listing` says what there is in groups, `reading` reads it.

use super::skeleton::{Skeleton, Target};
use crate::arrays::store::{Kind, Shape};
use hdf5_pure::{DType, Datatype, File};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use terrella_data::{Error, Result};
use terrella_media::{DOWNLOAD_AGAIN, unpanicked};

/// Links that lead to links, at most.
const MOST_HOPS: usize = 16;
/// Other files that stay open.
const MOST_OPEN: usize = 64;

/// An open file.
pub(crate) struct Hdf5 {
    pub(super) path: PathBuf,
    file: Mutex<File>,
    pub(super) skeleton: Option<Skeleton>,
    /// Files that links of this one lead to, those that are open.
    others: Mutex<BTreeMap<PathBuf, Arc<Hdf5>>>,
    pub(super) visited: Mutex<BTreeSet<PathBuf>>,
    /// Links that cannot be followed.
    pub(super) lost: Mutex<BTreeSet<String>>,
    /// Files that led here.
    hops: usize,
}

/// Where a name leads.
pub(super) enum Place {
    Here(String),
    There(Arc<Hdf5>, String),
}

impl Hdf5 {
    /// Whether a file begins as HDF5 does.
    pub(crate) fn signed(path: &Path) -> bool {
        path.is_file() && hdf5_pure::is_hdf5(path).unwrap_or(false)
    }

    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::open_after(path, 0)
    }

    fn open_after(path: &Path, hops: usize) -> Result<Self> {
        let skeleton = Skeleton::open(path);
        let cut = skeleton.as_ref().and_then(Skeleton::cut);
        let file = unpanicked(|| File::open_streaming(path)).and_then(|file| file.map_err(|e| e.to_string()));
        let file = file.map_err(|e| broken(path, cut, "it", &e))?;
        let (others, visited, lost) = (Mutex::default(), Mutex::default(), Mutex::default());
        Ok(Self { path: path.to_path_buf(), file: Mutex::new(file), skeleton, others, visited, lost, hops })
    }

    /// Whether there is a group or a dataset of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.shape_of(name).is_ok() || self.is_group(name)
    }

    /// What is wrong with it, with the bytes that are missing if it was cut off.
    pub(crate) fn broken(&self, what: &str, error: &dyn std::fmt::Display) -> Error {
        broken(&self.path, self.cut(), what, error)
    }

    /// Bytes that are there and that should be, where the file was cut off.
    pub(crate) fn cut(&self) -> Option<[u64; 2]> {
        self.skeleton.as_ref().and_then(Skeleton::cut)
    }

    /// Asks the library, which may panic on bytes from strangers.
    pub(super) fn with<T>(&self, read: impl FnOnce(&File) -> Result<T, hdf5_pure::Error>) -> Result<T, String> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        unpanicked(|| read(&file)).and_then(|read| read.map_err(|e| e.to_string()))
    }

    /// Follows the links in a name.
    pub(super) fn place(&self, name: &str) -> Result<Place> {
        let Some(skeleton) = &self.skeleton else { return Ok(Place::Here(name.to_owned())) };
        let parts =
            |text: &str| text.split('/').filter(|p| !p.is_empty() && *p != ".").map(str::to_owned).rev().collect();
        let mut rest: Vec<String> = parts(name);
        let (mut done, mut header, mut hops) = (Vec::new(), Some(skeleton.root), 0);
        while let Some(part) = rest.pop() {
            let target = header.and_then(|at| skeleton.names(at)).and_then(|names| names.links.get(&part).cloned());
            match target {
                Some(Target::Here(at)) => {
                    header = Some(at);
                    done.push(part);
                }
                Some(Target::Soft(target)) => {
                    hops += 1;
                    if hops > MOST_HOPS {
                        return Err(self.broken(name, &"its links lead in a circle"));
                    }
                    if target.starts_with('/') {
                        done.clear();
                        header = Some(skeleton.root);
                    }
                    let target: Vec<String> = parts(&target);
                    rest.extend(target);
                }
                Some(Target::Elsewhere { file, name: target }) => {
                    rest.push(target.trim_matches('/').to_owned());
                    rest.reverse();
                    return Ok(Place::There(self.other(&file)?, rest.join("/")));
                }
                None => {
                    header = None;
                    done.push(part);
                }
            }
        }
        Ok(Place::Here(done.join("/")))
    }

    /// Another file that a link names.
    fn other(&self, file: &str) -> Result<Arc<Self>> {
        let named = Path::new(file);
        let inside = named.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        let refused = |why: &str| {
            let what = format!("a link leads to the file {file}, {why}");
            Error::broken(&self.path, what, "put that file into the folder of this one, under that name")
        };
        if !inside || self.hops > MOST_HOPS {
            return Err(refused("which is not in its folder and is not followed"));
        }
        let path = self.path.parent().unwrap_or(Path::new("")).join(named);
        let lock = || self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = lock().get(&path) {
            return Ok(other.clone());
        }
        if !path.is_file() {
            return Err(refused("which is not there"));
        }
        let other = Arc::new(Self::open_after(&path, self.hops + 1)?);
        let mut others = lock();
        if others.len() >= MOST_OPEN {
            others.clear();
        }
        others.insert(path.clone(), other.clone());
        self.visited.lock().unwrap_or_else(PoisonError::into_inner).insert(path);
        Ok(other)
    }

    /// Whether there is a group of this name.
    pub(super) fn is_group(&self, name: &str) -> bool {
        match self.place(name) {
            Ok(Place::Here(name)) => self.with(|file| group_of(file, &name)).is_ok(),
            Ok(Place::There(other, name)) => other.is_group(&name),
            Err(_) => false,
        }
    }

    /// Where the header of a group is; nothing where that is not known.
    pub(super) fn header(&self, name: &str) -> Option<u64> {
        let skeleton = self.skeleton.as_ref()?;
        let mut at = skeleton.root;
        for part in name.split('/').filter(|p| !p.is_empty()) {
            match skeleton.names(at)?.links.get(part)? {
                Target::Here(next) => at = *next,
                _ => return None,
            }
        }
        Some(at)
    }

    /// Says that something has to be there, and where the file was cut if it was.
    pub(crate) fn lacks(&self, what: &str) -> Error {
        match self.cut() {
            Some([have, need]) => {
                let what = format!("{what}; the file was cut off at byte {have} of {need}");
                Error::broken(&self.path, what, DOWNLOAD_AGAIN)
            }
            None => Error::broken(&self.path, what, "record one, or repair what is there"),
        }
    }

    /// Sides and kind of a dataset.
    pub(super) fn shape_of(&self, dataset: &str) -> Result<Shape> {
        let name = match self.place(dataset)? {
            Place::There(other, name) => return other.shape_of(&name),
            Place::Here(name) => name,
        };
        self.with(|file| {
            let opened = file.dataset(&name)?;
            let kind = opened.dtype()?;
            let sides = opened.shape()?.into_iter().map(|side| usize::try_from(side).unwrap_or(usize::MAX)).collect();
            Ok(Shape { sides, kind: kind_of(&kind), spelled: kind.to_string(), element: opened.element_size()? })
        })
        .map_err(|e| self.broken(dataset, &e))
    }

    /// Remembers what cannot be followed or read, to be told.
    pub(super) fn lose(&self, what: String) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).insert(what);
    }
}

fn kind_of(kind: &DType) -> Kind {
    match kind {
        DType::F32 | DType::F64 => Kind::Float,
        DType::U8 => Kind::Byte,
        DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U16 | DType::U32 | DType::U64 => Kind::Whole,
        DType::Enum(names) if names.len() == 2 => Kind::Truth,
        DType::String => Kind::Text,
        DType::Other(other) if matches!(**other, Datatype::FloatingPoint { .. }) => Kind::Float,
        _ => Kind::Other,
    }
}

/// A group by its name; the root has none.
pub(super) fn group_of(file: &File, group: &str) -> Result<hdf5_pure::Group, hdf5_pure::Error> {
    if group.is_empty() { Ok(file.root()) } else { file.group(group) }
}

fn broken(path: &Path, cut: Option<[u64; 2]>, what: &str, error: &dyn std::fmt::Display) -> Error {
    let cut = cut.map(|[have, need]| format!("; the file was cut off at byte {have} of {need}")).unwrap_or_default();
    Error::broken(path, format!("{what} cannot be read as HDF5: {error}{cut}"), DOWNLOAD_AGAIN)
}
