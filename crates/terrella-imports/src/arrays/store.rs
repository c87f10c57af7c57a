//! The seam between containers and layouts: arrays by name, measured before they are read.
//!
//! A file may declare more than it holds, or unpack to more than fits anywhere, so a container asks [`measure`] first.

use std::path::{Path, PathBuf};
use terrella_core::Table;
use terrella_data::vectors::LARGEST_WIDTH;
use terrella_data::{Error, Note, Result};
use terrella_media::DOWNLOAD_AGAIN;

/// Bytes of one read, at most: no episode's pictures are more.
pub(crate) const LIMIT: u64 = 4 << 30;

/// Rows of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) array: String,
    pub(crate) from: usize,
    pub(crate) len: usize,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    /// A whole number of 8 bits without a sign.
    Byte,
    Whole,
    /// True or false.
    Truth,
    /// A text, or bytes, of a length that is the same for all.
    Text,
    /// Nothing that is read as rows.
    Other,
}

/// An array's shape and kind of elements.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub(crate) sides: Vec<usize>,
    pub(crate) kind: Kind,
    /// What the container calls the kind.
    pub(crate) spelled: String,
    /// Bytes of an element.
    pub(crate) element: u64,
}

impl Shape {
    /// Rows; a single number is one.
    pub(crate) fn rows(&self) -> usize {
        self.sides.first().copied().unwrap_or(1)
    }

    /// Whether each row is an RGB picture.
    pub(crate) fn is_pictures(&self) -> bool {
        self.kind == Kind::Byte && matches!(self.sides.as_slice(), [_, h, w, 3] if *h > 0 && *w > 0)
    }

    /// Whether elements are numbers or truths.
    pub(crate) fn is_numbers(&self) -> bool {
        matches!(self.kind, Kind::Float | Kind::Byte | Kind::Whole | Kind::Truth)
    }

    /// Whether elements are whole numbers.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.kind, Kind::Byte | Kind::Whole)
    }

    /// Whether each row is one number.
    pub(crate) fn is_column(&self) -> bool {
        self.is_numbers() && matches!(self.sides.as_slice(), [_] | [_, 1])
    }

    /// Numbers of a row, of any kind and shape; pictures are none.
    pub(crate) fn width(&self) -> Option<usize> {
        let [_, row @ ..] = self.sides.as_slice() else { return None };
        let width = row.iter().try_fold(1_usize, |n, side| n.checked_mul(*side))?;
        (self.is_numbers() && !self.is_pictures() && (1..=LARGEST_WIDTH).contains(&width)).then_some(width)
    }

    /// Whether each row is a few floats.
    pub(crate) fn is_table(&self) -> bool {
        self.kind == Kind::Float && (self.sides.len() == 1 || self.sides.len() == 2)
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.spelled, self.sides)
    }
}

/// Arrays of a file, by name; names have `/` between groups where the container has groups.
pub(crate) trait Store: Send + Sync {
    /// The file.
    fn path(&self) -> &Path;

    /// Names of the groups in a group, sorted as people count; none if there is no such group.
    fn groups(&self, group: &str) -> Vec<String>;

    /// Arrays in a group and in all groups in it, by the name below it, sorted.
    fn below(&self, group: &str) -> Vec<(String, Shape)>;

    /// The shape of an array.
    ///
    /// # Errors
    /// If there is no such array, or it cannot be read.
    fn shape(&self, array: &str) -> Result<Shape>;

    /// Rows of numbers, as a table.
    ///
    /// # Errors
    /// If they are no numbers, or are not all there.
    fn table(&self, rows: &Rows) -> Result<Table>;

    /// All whole numbers of an array.
    ///
    /// # Errors
    /// If they are no whole numbers, or are not all there.
    fn integers(&self, array: &str) -> Result<Vec<i64>>;

    /// Rows as they are stored.
    ///
    /// # Errors
    /// If they are not all there.
    fn bytes(&self, rows: &Rows) -> Result<Vec<u8>>;

    /// Whether the file was cut off, so that rows that it declares may not be there.
    fn is_cut(&self) -> bool {
        false
    }

    /// What is odd about the file, whatever is in it.
    fn told(&self) -> Vec<Note> {
        Vec::new()
    }

    /// Other files that were read because this one leads there.
    fn beside(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// The bytes of rows whose elements are at least so large; refuses rows that are not there, and more than the limit.
pub(crate) fn measure(path: &Path, rows: &Rows, shape: &Shape, least: u64) -> Result<u64> {
    let there = shape.rows();
    if rows.from.checked_add(rows.len).is_none_or(|end| end > there) {
        let what = format!("{} has {there} rows, {} from row {} on are needed", rows.array, rows.len, rows.from);
        return Err(Error::broken(path, what, DOWNLOAD_AGAIN));
    }
    let inner = shape.sides.iter().skip(1).try_fold(1_u64, |n, side| n.checked_mul(*side as u64));
    let bytes =
        inner.and_then(|n| n.checked_mul(rows.len as u64)).and_then(|n| n.checked_mul(shape.element.max(least)));
    bytes.filter(|bytes| *bytes <= LIMIT).ok_or_else(|| {
        let what = format!("{} is {shape}: an episode would be more than {} GiB", rows.array, LIMIT >> 30);
        Error::broken(path, what, "store shorter episodes")
    })
}

/// The error of rows that are no numbers.
pub(crate) fn no_numbers(path: &Path, array: &str, shape: &Shape) -> Error {
    Error::broken(path, format!("{array} is {shape}, not rows of numbers"), "store one row of numbers a step")
}
