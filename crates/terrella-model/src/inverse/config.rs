//! What a labeller is, before it knows its data: how large, and which pictures around a row it is shown.

use crate::family::Size;

/// A labeller, before it knows its data.
#[derive(Clone, Debug, PartialEq)]
pub struct InverseConfig {
    /// The size dial of the encoder.
    pub size: Size,
    /// Pictures before the row whose action is told.
    pub before: usize,
    /// Pictures after it: what an action does is seen later.
    pub after: usize,
    /// Width of the hidden layers behind the encoder.
    pub hidden: usize,
    /// Each number's likelihood counts as its variance to this power (β-NLL).
    pub beta: f64,
}

impl Default for InverseConfig {
    fn default() -> Self {
        Self { size: Size::Xs, before: 1, after: 2, hidden: 256, beta: 0.5 }
    }
}

impl InverseConfig {
    /// Pictures that are shown of a row.
    pub fn shown(&self) -> usize {
        self.before + 1 + self.after
    }

    /// The rows that are shown of a row, in order; beyond either end of an episode of this length, the row there again.
    pub fn rows(&self, row: usize, len: usize) -> impl Iterator<Item = usize> + use<> {
        let before = self.before;
        (0..self.shown()).map(move |at| (row + at).saturating_sub(before).min(len.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_ends_are_the_rows_there() {
        let config = InverseConfig { before: 2, after: 1, ..InverseConfig::default() };
        let rows = |row| config.rows(row, 5).collect::<Vec<_>>();
        assert_eq!([rows(0), rows(2), rows(4)], [vec![0, 0, 0, 1], vec![0, 1, 2, 3], vec![2, 3, 4, 4]]);
        assert_eq!(config.rows(0, 1).collect::<Vec<_>>(), [0; 4], "a single picture");
    }
}
