//! An HDF5 file behind few questions: which groups and datasets there are, tables, pictures, texts.
//!
//! A file may declare more than it holds, or unpack to more than fits anywhere, so whatever is read is measured
//! before.

use crate::error::DOWNLOAD_AGAIN;
use crate::vectors::LARGEST_WIDTH;
use crate::{Error, Result};
use hdf5_pure::{DType, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use terrella_core::Table;

/// Bytes of one read, at most: no episode's pictures are more.
const LIMIT: u64 = 4 << 30;

/// An open file.
pub(super) struct Hdf5 {
    path: PathBuf,
    file: Mutex<File>,
}

/// Rows of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) dataset: String,
    pub(super) from: usize,
    pub(super) len: usize,
}

/// A dataset's shape and kind of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) sides: Vec<usize>,
    pub(super) float: bool,
    pub(super) byte: bool,
    pub(super) whole: bool,
    kind: String,
    element: u64,
}

impl Shape {
    /// Whether each row is an RGB picture.
    pub(super) fn is_pictures(&self) -> bool {
        self.byte && matches!(self.sides.as_slice(), [_, h, w, 3] if *h > 0 && *w > 0)
    }

    /// Whether each row is one number.
    pub(super) fn is_column(&self) -> bool {
        (self.float || self.whole) && matches!(self.sides.as_slice(), [_] | [_, 1])
    }

    /// Numbers of a row, floats or whole ones, of any shape; pictures are none.
    pub(super) fn width(&self) -> Option<usize> {
        let [_, row @ ..] = self.sides.as_slice() else { return None };
        let width = row.iter().try_fold(1_usize, |n, side| n.checked_mul(*side))?;
        ((self.float || self.whole) && !self.is_pictures() && (1..=LARGEST_WIDTH).contains(&width)).then_some(width)
    }

    /// Whether each row is a few numbers.
    pub(super) fn is_table(&self) -> bool {
        self.float && (self.sides.len() == 1 || self.sides.len() == 2)
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.kind, self.sides)
    }
}

impl Hdf5 {
    /// Whether a file begins as HDF5 does.
    pub(super) fn signed(path: &Path) -> bool {
        path.is_file() && hdf5_pure::is_hdf5(path).unwrap_or(false)
    }

    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open_streaming(path).map_err(|e| broken(path, "it", &e))?;
        Ok(Self { path: path.to_path_buf(), file: Mutex::new(file) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn with<T>(&self, f: impl FnOnce(&File) -> T) -> T {
        f(&self.file.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Names of the groups in a group; none if there is no such group.
    pub(super) fn groups(&self, group: &str) -> Vec<String> {
        self.with(|file| group_of(file, group).and_then(|g| g.groups()).unwrap_or_default())
    }

    /// Names and shapes of the datasets in a group, sorted; those of a kind that cannot be read are left out.
    pub(super) fn datasets(&self, group: &str) -> Vec<(String, Shape)> {
        let names = self.with(|file| group_of(file, group).and_then(|g| g.datasets()).unwrap_or_default());
        let path = |name: &str| if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
        let mut found: Vec<(String, Shape)> =
            names.into_iter().filter_map(|name| Some((name.clone(), self.shape(&path(&name)).ok()?))).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    pub(super) fn shape(&self, dataset: &str) -> Result<Shape> {
        self.with(|file| {
            let opened = file.dataset(dataset)?;
            let kind = opened.dtype()?;
            let sides = opened.shape()?.into_iter().map(|side| usize::try_from(side).unwrap_or(usize::MAX)).collect();
            Ok(Shape {
                sides,
                float: matches!(kind, DType::F32 | DType::F64),
                byte: matches!(kind, DType::U8),
                whole: matches!(
                    kind,
                    DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::U8 | DType::U16 | DType::U32 | DType::U64
                ),
                kind: kind.to_string(),
                element: opened.element_size()?,
            })
        })
        .map_err(|e: hdf5_pure::Error| broken(&self.path, dataset, &e))
    }

    /// Rows of a dataset of numbers, as a table.
    pub(super) fn table(&self, rows: &Rows) -> Result<Table> {
        let shape = self.shape(&rows.dataset)?;
        let Some(width) = shape.width() else {
            let what = format!("{} is {shape}, not rows of numbers", rows.dataset);
            return Err(Error::broken(&self.path, what, "store one row of numbers a step"));
        };
        self.measure(rows, &shape, 8)?;
        let data = self.with(|file| file.dataset(&rows.dataset)?.read_f64_rows(rows.from as u64, rows.len as u64));
        let data: Vec<f32> =
            data.map_err(|e| broken(&self.path, &rows.dataset, &e))?.into_iter().map(|x| x as f32).collect();
        if data.len() != width * rows.len {
            let what =
                format!("{} holds {} numbers where {width} × {} were declared", rows.dataset, data.len(), rows.len);
            return Err(Error::broken(&self.path, what, DOWNLOAD_AGAIN));
        }
        Ok(Table { width, data })
    }

    /// All whole numbers of a dataset.
    pub(super) fn integers(&self, dataset: &str) -> Result<Vec<i64>> {
        let shape = self.shape(dataset)?;
        if !shape.whole {
            return Err(Error::broken(&self.path, format!("{dataset} is {shape}"), "store whole numbers"));
        }
        let rows = Rows { dataset: dataset.to_owned(), from: 0, len: shape.sides.first().copied().unwrap_or(1) };
        self.measure(&rows, &shape, 8)?;
        self.with(|file| file.dataset(dataset)?.read_i64()).map_err(|e| broken(&self.path, dataset, &e))
    }

    /// Rows of a dataset of bytes, as they are.
    pub(super) fn bytes(&self, rows: &Rows) -> Result<Vec<u8>> {
        self.measure(rows, &self.shape(&rows.dataset)?, 1)?;
        let read = |file: &File| file.dataset(&rows.dataset)?.read_u8_rows(rows.from as u64, rows.len as u64);
        self.with(read).map_err(|e| broken(&self.path, &rows.dataset, &e))
    }

    /// Height and width of the pictures in rows.
    pub(super) fn picture_size(&self, rows: &Rows) -> Result<[usize; 2]> {
        let shape = self.shape(&rows.dataset)?;
        match shape.sides.as_slice() {
            &[_, height, width, 3] if shape.is_pictures() => Ok([height, width]),
            _ => {
                let what = format!("{} is {shape}, not rows, height, width, 3 of bytes", rows.dataset);
                Err(Error::broken(&self.path, what, "store RGB pictures, channels last"))
            }
        }
    }

    /// A text that is an attribute of a group.
    pub(super) fn attribute(&self, group: &str, name: &str) -> Option<String> {
        let attributes = self.with(|file| group_of(file, group).and_then(|g| g.attrs())).ok()?;
        attributes.get(name)?.as_str().map(str::to_owned)
    }

    /// Refuses what would not fit: rows that are not there, or more bytes than the limit.
    fn measure(&self, rows: &Rows, shape: &Shape, least: u64) -> Result<()> {
        let there = shape.sides.first().copied().unwrap_or(1);
        if rows.from.checked_add(rows.len).is_none_or(|end| end > there) {
            let what = format!("{} has {there} rows, {} from row {} on are needed", rows.dataset, rows.len, rows.from);
            return Err(Error::broken(&self.path, what, DOWNLOAD_AGAIN));
        }
        let inner = shape.sides.iter().skip(1).try_fold(1_u64, |n, side| n.checked_mul(*side as u64));
        let bytes =
            inner.and_then(|n| n.checked_mul(rows.len as u64)).and_then(|n| n.checked_mul(shape.element.max(least)));
        if bytes.is_none_or(|bytes| bytes > LIMIT) {
            let what = format!("{} is {shape}: an episode would be more than {} GiB", rows.dataset, LIMIT >> 30);
            return Err(Error::broken(&self.path, what, "store shorter episodes"));
        }
        Ok(())
    }
}

fn group_of(file: &File, group: &str) -> Result<hdf5_pure::Group, hdf5_pure::Error> {
    if group.is_empty() { Ok(file.root()) } else { file.group(group) }
}

fn broken(path: &Path, what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::broken(path, format!("{what} cannot be read as HDF5: {error}"), DOWNLOAD_AGAIN)
}
