//! Numbers of one column of a log.

/// Numbers of one column, row by row; missing ones are NaN.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// Numbers a row.
    pub(super) width: usize,
    /// Rows × width.
    pub(super) data: Vec<f64>,
}

impl Column {
    pub(super) fn rows(&self) -> usize {
        self.data.len() / self.width.max(1)
    }

    /// Some of the numbers of each row.
    pub(super) fn cut(&self, from: usize, to: usize) -> Self {
        let data = self.data.chunks(self.width.max(1)).flat_map(|row| row[from..to].iter().copied()).collect();
        Self { width: to - from, data }
    }
}
