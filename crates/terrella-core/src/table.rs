//! Rows of numbers of one width: states, actions, latents.

use serde::{Deserialize, Serialize};

/// A row-major table of `f32`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Columns.
    pub width: usize,
    /// `rows × width` numbers.
    pub data: Vec<f32>,
}

impl Table {
    /// An empty table of this width.
    pub fn new(width: usize) -> Self {
        Self { width, data: Vec::new() }
    }

    /// A table from its numbers.
    ///
    /// # Panics
    /// If the numbers do not fill whole rows.
    pub fn from_data(width: usize, data: Vec<f32>) -> Self {
        assert!(width > 0 && data.len().is_multiple_of(width), "{} numbers do not fill rows of {width}", data.len());
        Self { width, data }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.data.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// One row.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.data[at * self.width..(at + 1) * self.width]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[f32]> + ExactSizeIterator {
        self.data.chunks_exact(self.width.max(1))
    }

    /// These rows, in this order, each as often as it is named.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        Self { width: self.width, data: rows.iter().flat_map(|&row| self.row(row)).copied().collect() }
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If the row has another width.
    pub fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.width, "a row of another width");
        self.data.extend_from_slice(row);
    }
}
