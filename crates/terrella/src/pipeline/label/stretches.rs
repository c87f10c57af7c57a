//! Which rows of a film are kept: stretches that are confident throughout and long enough.

use std::ops::Range;

/// What is kept of an episode, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretches {
    /// Rows that are kept, in order.
    pub(super) kept: Vec<Range<usize>>,
    /// Rows that are too unsure.
    pub(super) unsure: usize,
    /// Rows that are sure, in stretches that are too short.
    pub(super) short: usize,
    /// The longest stretch of sure rows.
    pub(super) longest: usize,
}

impl Stretches {
    /// Of rows with these doubts, where at most `reach` is sure enough.
    pub(super) fn of(doubt: &[f32], reach: f64, min_rows: usize) -> Self {
        let mut found = Self::default();
        let mut start = 0;
        for row in 0..=doubt.len() {
            let sure = doubt.get(row).is_some_and(|doubt| f64::from(*doubt) <= reach);
            if sure {
                continue;
            }
            let rows = start..row;
            found.longest = found.longest.max(rows.len());
            if rows.len() >= min_rows.max(1) {
                found.kept.push(rows);
            } else {
                found.short += rows.len();
            }
            found.unsure += usize::from(row < doubt.len());
            start = row + 1;
        }
        found
    }
}

/// The least reach that would keep a stretch of so many rows; nothing if there are not as many.
pub(super) fn least_reach(doubt: &[f32], rows: usize) -> Option<f64> {
    let most = doubt.windows(rows.max(1)).map(|window| window.iter().copied().fold(0.0, f32::max));
    most.map(f64::from).reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(rows: Range<usize>) -> Vec<Range<usize>> {
        std::iter::once(rows).collect()
    }

    #[test]
    fn only_long_stretches_of_sure_rows_are_kept_and_all_rows_are_counted() {
        let doubt = [0.1, 0.2, 0.9, 0.1, 0.1, 0.1, 0.5, 0.7, 0.2];
        let found = Stretches::of(&doubt, 0.5, 3);
        assert_eq!(found, Stretches { kept: one(3..7), unsure: 2, short: 3, longest: 4 });
        assert_eq!(found.kept[0].len() + found.unsure + found.short, doubt.len(), "every row is somewhere");
        assert_eq!(Stretches::of(&doubt, 1.0, 9).kept, one(0..9), "a whole episode");
        assert!(Stretches::of(&doubt, 0.05, 1).kept.is_empty(), "none is sure enough");
        assert_eq!(Stretches::of(&[], 1.0, 1), Stretches::default(), "of nothing");
    }

    #[test]
    fn the_least_reach_is_the_first_that_keeps_something() {
        let doubt = [0.4, 0.3, 0.9, 0.6, 0.2, 0.61];
        let least = least_reach(&doubt, 3).expect("long enough");
        assert_eq!(least, f64::from(0.61f32), "of rows 3 to 5");
        assert_eq!(Stretches::of(&doubt, least, 3).kept, one(3..6));
        assert!(Stretches::of(&doubt, least - 1e-6, 3).kept.is_empty());
        assert_eq!(least_reach(&doubt, 7), None, "too short");
    }
}
