//! Short stretches of recordings that a fit foretells, each from a state of its own.
//!
//! Clips of one recording share no row: what is measured counts once.

use crate::record::Record;
use serde::{Deserialize, Serialize};

/// A stretch of a record: `start`, and so many rows after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clip {
    /// Its record.
    pub record: usize,
    /// The first row.
    pub start: usize,
    /// Rows that are foretold.
    pub rows: usize,
}

/// Clips of `rows` rows, one behind the other, none of which begins before row `lead`: delayed actions are known there. A record that is
/// too short gives one that is shorter. At most `most` of them (0: all), spread evenly.
pub fn clips(records: &[Record], rows: usize, lead: usize, most: usize) -> Vec<Clip> {
    let mut all = Vec::new();
    for (record, whole) in records.iter().enumerate() {
        let last = whole.len().saturating_sub(1);
        if last <= lead {
            continue;
        }
        let rows = rows.clamp(1, last - lead);
        let starts = (lead..).step_by(rows + 1).take_while(|start| start + rows <= last);
        all.extend(starts.map(|start| Clip { record, start, rows }));
    }
    let n = all.len();
    if most == 0 || n <= most {
        return all;
    }
    (0..most).map(|nth| all[nth * n / most]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_share_no_row_and_begin_where_delayed_actions_are_known() {
        let record = |rows: usize| Record { dt: vec![0.1; rows], ..Record::default() };
        let records = [record(20), record(4), record(2)];
        let all = clips(&records, 5, 2, 0);
        let there: Vec<(usize, usize, usize)> = all.iter().map(|c| (c.record, c.start, c.rows)).collect();
        assert_eq!(there, [(0, 2, 5), (0, 8, 5), (0, 14, 5), (1, 2, 1)], "the shortest record has no row left");
        let some = clips(&records, 5, 2, 2);
        assert_eq!(some.iter().map(|c| c.start).collect::<Vec<_>>(), [2, 14], "spread");
    }
}
