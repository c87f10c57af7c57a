//! An HDF5 file behind few questions: which groups and datasets there are, tables, pictures, texts.
//!
//! Links are followed, those to other files within the folder of this one. A file that was cut off is read as far as it
//! goes, and every error says where it was cut.

use super::skeleton::{Object, Skeleton, Target};
use crate::arrays::gather::counted;
use crate::arrays::store::{Kind, Rows, Shape, Store, measure, no_numbers};
use hdf5_pure::{AttrValue, DType, Datatype, File};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use terrella_core::Table;
use terrella_data::{Error, Note, Result};
use terrella_media::{DOWNLOAD_AGAIN, unpanicked};

/// Links that lead to links, at most.
const MOST_HOPS: usize = 16;
/// Groups within groups, at most, and entries of a listing: a file may lead in a circle.
const DEEPEST: usize = 12;
const MOST_LISTED: usize = 100_000;
/// Other files that stay open.
const MOST_OPEN: usize = 64;

/// An open file.
pub(crate) struct Hdf5 {
    path: PathBuf,
    file: Mutex<File>,
    skeleton: Option<Skeleton>,
    /// Files that links of this one lead to, those that are open.
    others: Mutex<BTreeMap<PathBuf, Arc<Hdf5>>>,
    visited: Mutex<BTreeSet<PathBuf>>,
    /// Links that cannot be followed.
    lost: Mutex<BTreeSet<String>>,
    /// Files that led here.
    hops: usize,
}

/// Where a name leads.
enum Place {
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
        self.shape(name).is_ok() || self.is_group(name)
    }

    /// What is wrong with it, with the bytes that are missing if it was cut off.
    pub(crate) fn broken(&self, what: &str, error: &dyn std::fmt::Display) -> Error {
        broken(&self.path, self.cut(), what, error)
    }

    /// Bytes that are there and that should be, where the file was cut off.
    pub(crate) fn cut(&self) -> Option<[u64; 2]> {
        self.skeleton.as_ref().and_then(Skeleton::cut)
    }

    fn with<T>(&self, read: impl FnOnce(&File) -> Result<T, hdf5_pure::Error>) -> Result<T, String> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        unpanicked(|| read(&file)).and_then(|read| read.map_err(|e| e.to_string()))
    }

    /// Follows the links in a name.
    fn place(&self, name: &str) -> Result<Place> {
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

    fn is_group(&self, name: &str) -> bool {
        match self.place(name) {
            Ok(Place::Here(name)) => self.with(|file| group_of(file, &name)).is_ok(),
            Ok(Place::There(other, name)) => other.is_group(&name),
            Err(_) => false,
        }
    }

    /// Where the header of a group is; nothing where that is not known.
    fn header(&self, name: &str) -> Option<u64> {
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

    /// Whether all that is in a group can be looked at, so that it may stand for others.
    pub(crate) fn sound(&self, group: &str) -> bool {
        let (mut groups, mut seen) = (vec![(group.to_owned(), 0)], 0);
        while let Some((here, depth)) = groups.pop() {
            seen += 1;
            let Some(entries) = self.listing(&here).filter(|_| depth <= DEEPEST && seen < MOST_LISTED) else {
                return false;
            };
            for (name, is_group) in entries {
                let name = format!("{here}/{name}");
                if is_group {
                    groups.push((name, depth + 1));
                } else if self.shape(&name).is_err() {
                    return false;
                }
            }
        }
        self.whole(group).is_ok()
    }

    /// Refuses a group of which something is behind the cut of a file that was cut off; datasets say so themselves.
    pub(crate) fn whole(&self, group: &str) -> Result<()> {
        let (Some(skeleton), Some(_)) = (&self.skeleton, self.cut()) else { return Ok(()) };
        let missing = || self.broken(group, &"not all of it is there");
        let Some(at) = self.header(group) else { return Ok(()) };
        let (mut groups, mut seen) = (vec![at], 0);
        while let Some(at) = groups.pop() {
            seen += 1;
            let names = skeleton.names(at).filter(|names| !names.partial && seen < MOST_LISTED).ok_or_else(missing)?;
            for target in names.links.values() {
                let Target::Here(at) = target else { continue };
                match skeleton.object(*at).ok_or_else(missing)? {
                    Object::Group => groups.push(*at),
                    Object::Dataset | Object::Other => {}
                }
            }
        }
        Ok(())
    }

    /// As [`Self::listing`]; a group that cannot be listed is remembered as if it were a link that leads nowhere.
    fn entries(&self, group: &str) -> Vec<(String, bool)> {
        self.listing(group).unwrap_or_else(|| {
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).insert(group.to_owned());
            Vec::new()
        })
    }

    /// Names in a group, and whether each is a group; links that lead nowhere are remembered. Nothing if there is no such
    /// group, or it cannot be read.
    fn listing(&self, group: &str) -> Option<Vec<(String, bool)>> {
        let name = match self.place(group).ok()? {
            Place::Here(name) => name,
            Place::There(other, name) => return other.listing(&name),
        };
        let names = match (self.header(&name), &self.skeleton) {
            // A header that is there and cannot be read is damaged.
            (Some(at), Some(skeleton)) => Some(skeleton.names(at)?),
            _ => None,
        };
        let whole = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}/{part}") };
        let lose = |what: String| {
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).insert(what);
        };
        let heaped = names.as_ref().and_then(|names| names.heaped);
        let mut entries = Vec::new();
        match (&self.skeleton, names.filter(|names| names.heaped.is_none())) {
            (Some(skeleton), Some(names)) => {
                if names.partial {
                    lose(format!("some of {}", if name.is_empty() { "the root" } else { &name }));
                }
                for (part, target) in &names.links {
                    match target {
                        Target::Here(at) => match skeleton.object(*at) {
                            Some(Object::Other) => {}
                            Some(object) => entries.push((part.clone(), object == Object::Group)),
                            // As a group it stays in the list, so that an episode is missed rather than passed over.
                            None => {
                                lose(whole(part));
                                entries.push((part.clone(), true));
                            }
                        },
                        Target::Soft(to) | Target::Elsewhere { file: to, .. } => {
                            let whole = whole(part);
                            if self.shape(&whole).is_ok() {
                                entries.push((part.clone(), false));
                            } else if self.is_group(&whole) {
                                entries.push((part.clone(), true));
                            } else {
                                lose(format!("{whole} (to {to})"));
                            }
                        }
                    }
                }
            }
            _ => {
                let found = self.with(|file| {
                    let group = group_of(file, &name)?;
                    let of = |names: Vec<String>, is: bool| names.into_iter().map(move |name| (name, is));
                    Ok(of(group.groups()?, true).chain(of(group.datasets()?, false)).collect::<Vec<_>>())
                });
                entries = found.ok()?;
                let missing = heaped.unwrap_or(0).saturating_sub(entries.len() as u64);
                if missing > 0 {
                    lose(format!("{missing} in {}", if name.is_empty() { "the root" } else { &name }));
                }
            }
        }
        entries.sort_by_key(|(name, _)| counted(name));
        Some(entries)
    }

    /// The shape of a dataset; one that cannot be read is remembered.
    fn shape_or_lost(&self, dataset: &str) -> Option<Shape> {
        let shape = self.shape(dataset).ok();
        if shape.is_none() {
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).insert(dataset.to_owned());
        }
        shape
    }

    /// Names and shapes of the datasets in a group, sorted; those that cannot be read are left out, and remembered.
    pub(crate) fn datasets(&self, group: &str) -> Vec<(String, Shape)> {
        let names = self.listing(group).into_iter().flatten().filter(|(_, is_group)| !is_group);
        let shape = |name: &str| {
            self.shape_or_lost(&if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") })
        };
        let mut found: Vec<(String, Shape)> =
            names.filter_map(|(name, _)| Some((name.clone(), shape(&name)?))).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// All texts of a dataset.
    pub(crate) fn texts(&self, dataset: &str) -> Result<Vec<String>> {
        match self.place(dataset)? {
            Place::There(other, name) => other.texts(&name),
            Place::Here(name) => {
                let shape = self.shape(dataset)?;
                let rows = Rows { array: dataset.to_owned(), from: 0, len: shape.rows() };
                measure(&self.path, &rows, &shape, 16)?;
                self.with(|file| file.dataset(&name)?.read_string()).map_err(|e| self.broken(dataset, &e))
            }
        }
    }

    /// An attribute of a group or, if there is no such group, of a dataset.
    fn attributes(&self, of: &str, name: &str) -> Option<AttrValue> {
        match self.place(of).ok()? {
            Place::There(other, of) => other.attributes(&of, name),
            Place::Here(of) => self
                .with(|file| match group_of(file, &of) {
                    Ok(group) => group.attrs(),
                    Err(_) => file.dataset(&of)?.attrs(),
                })
                .ok()?
                .remove(name),
        }
    }

    /// A text that is an attribute.
    pub(crate) fn attribute(&self, of: &str, name: &str) -> Option<String> {
        self.attributes(of, name)?.as_str().map(str::to_owned)
    }
}

impl Store for Hdf5 {
    fn path(&self) -> &Path {
        &self.path
    }

    fn groups(&self, group: &str) -> Vec<String> {
        self.listing(group).into_iter().flatten().filter(|(_, is_group)| *is_group).map(|(name, _)| name).collect()
    }

    fn below(&self, group: &str) -> Vec<(String, Shape)> {
        let mut found = Vec::new();
        let (mut groups, mut seen) = (vec![(String::new(), 0)], 0);
        while let Some((below, depth)) = groups.pop() {
            seen += 1;
            let here = [group, below.as_str()].iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join("/");
            let named =
                |base: &str, name: &str| if base.is_empty() { name.to_owned() } else { format!("{base}/{name}") };
            for (name, is_group) in self.entries(&here) {
                if is_group && depth < DEEPEST {
                    groups.push((named(&below, &name), depth + 1));
                } else if !is_group {
                    found.extend(self.shape_or_lost(&named(&here, &name)).map(|shape| (named(&below, &name), shape)));
                }
            }
            // A group may hold itself, under many names.
            if found.len() + groups.len() + seen > MOST_LISTED {
                self.lost
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(format!("more than {MOST_LISTED} names"));
                break;
            }
        }
        found.sort_by_key(|(name, _)| counted(name));
        found
    }

    fn shape(&self, dataset: &str) -> Result<Shape> {
        let name = match self.place(dataset)? {
            Place::There(other, name) => return other.shape(&name),
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

    fn table(&self, rows: &Rows) -> Result<Table> {
        let name = match self.place(&rows.array)? {
            Place::There(other, array) => return other.table(&Rows { array, ..rows.clone() }),
            Place::Here(name) => name,
        };
        let shape = self.shape(&rows.array)?;
        let width = shape.width().ok_or_else(|| no_numbers(&self.path, &rows.array, &shape))?;
        measure(&self.path, rows, &shape, 8)?;
        let data = self.with(|file| file.dataset(&name)?.read_f64_rows(rows.from as u64, rows.len as u64));
        let data: Vec<f32> = data.map_err(|e| self.broken(&rows.array, &e))?.into_iter().map(|x| x as f32).collect();
        if data.len() != width * rows.len {
            let what =
                format!("{} holds {} numbers where {width} × {} were declared", rows.array, data.len(), rows.len);
            return Err(Error::broken(&self.path, what, DOWNLOAD_AGAIN));
        }
        Ok(Table { width, data })
    }

    fn integers(&self, dataset: &str) -> Result<Vec<i64>> {
        let name = match self.place(dataset)? {
            Place::There(other, name) => return other.integers(&name),
            Place::Here(name) => name,
        };
        let shape = self.shape(dataset)?;
        if !shape.is_whole() {
            return Err(Error::broken(&self.path, format!("{dataset} is {shape}"), "store whole numbers"));
        }
        measure(&self.path, &Rows { array: dataset.to_owned(), from: 0, len: shape.rows() }, &shape, 8)?;
        self.with(|file| file.dataset(&name)?.read_i64()).map_err(|e| self.broken(dataset, &e))
    }

    fn bytes(&self, rows: &Rows) -> Result<Vec<u8>> {
        let name = match self.place(&rows.array)? {
            Place::There(other, array) => return other.bytes(&Rows { array, ..rows.clone() }),
            Place::Here(name) => name,
        };
        measure(&self.path, rows, &self.shape(&rows.array)?, 1)?;
        let read = |file: &File| file.dataset(&name)?.read_raw_rows(rows.from as u64, rows.len as u64);
        self.with(read).map_err(|e| self.broken(&rows.array, &e))
    }

    fn is_cut(&self) -> bool {
        self.cut().is_some()
    }

    fn told(&self) -> Vec<Note> {
        let note = |what: String| Note { place: "file".to_owned(), what };
        let cut = self.cut().map(|[have, need]| {
            note(format!(
                "left out what is missing: it was cut off at byte {have} of {need}, and is read as far as it goes"
            ))
        });
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lost.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
        let more = if lost.len() > 20 { format!(" and {} more", lost.len() - 20) } else { String::new() };
        let links = (!lost.is_empty())
            .then(|| note(format!("left out names that lead to nothing that can be read: {list}{more}")));
        cut.into_iter().chain(links).collect()
    }

    fn beside(&self) -> Vec<PathBuf> {
        self.visited.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
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

fn group_of(file: &File, group: &str) -> Result<hdf5_pure::Group, hdf5_pure::Error> {
    if group.is_empty() { Ok(file.root()) } else { file.group(group) }
}

fn broken(path: &Path, cut: Option<[u64; 2]>, what: &str, error: &dyn std::fmt::Display) -> Error {
    let cut = cut.map(|[have, need]| format!("; the file was cut off at byte {have} of {need}")).unwrap_or_default();
    Error::broken(path, format!("{what} cannot be read as HDF5: {error}{cut}"), DOWNLOAD_AGAIN)
}
