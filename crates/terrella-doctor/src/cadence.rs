//! Whether something changes only in every n-th row, as a camera or a sensor does that is slower than the rows.
//!
//! In a window of rows, those in which it changes are counted, and how many of them fall on every n-th row, for the
//! phase at which most do. A thing that changes in every row has one n-th of its changes there, a slow one all. What is
//! slow and uneven never changes in two rows running. Only
//! the dataset as a whole is compared with that, never an episode with others, since a slow camera is slow in all.

use crate::robust::quantile;

/// Rows of a window: a clock that is slightly off keeps its phase as long.
const WINDOW: usize = 48;
/// Changes of a window that are needed to tell anything, and of a recording.
const CHANGES: usize = 5;
const ENOUGH: usize = 30;
/// A change is this part of the large ones of its window; what a codec does to a repeated picture is less.
const LARGE: f64 = 0.25;
/// Of all that could fall on every n-th row beyond chance, the part that has to.
const CLEAR: f64 = 0.6;

/// Part of the changes there would be at a cadence that have to be there.
const THERE: f64 = 0.6;
/// Part of changes that may follow another in the very next row where things are slow, and that keep near to their
/// usual distance.
const RUNNING: f64 = 0.08;
const NEAR: f64 = 0.6;
/// Distances from change to change that are counted.
const FARTHEST: usize = 12;

/// So many changes in so many rows, from rarely to often.
const CADENCES: [[usize; 2]; 11] =
    [[1, 8], [1, 6], [1, 5], [1, 4], [3, 10], [1, 3], [2, 5], [1, 2], [3, 5], [2, 3], [3, 4]];

/// Changes in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cadence {
    pub(crate) changes: usize,
    pub(crate) rows: usize,
}

impl Cadence {
    /// Rows from one change to the next.
    pub(crate) fn period(self) -> f64 {
        self.rows as f64 / self.changes as f64
    }

    /// `a new picture every 3 rows, 6.7 a second at 20 rows a second`.
    pub(crate) fn told(self, what: &str, fps: f64) -> String {
        let rate = fps / self.period();
        let often = match self.changes {
            1 => format!("a new {what} every {} rows", self.rows),
            n => format!("{n} new {what}s in {} rows", self.rows),
        };
        format!("{often}, {rate:.1} a second at {fps} rows a second")
    }
}

/// Changes that were counted, and those of them that fall on the rows of each cadence.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    changes: usize,
    rows: usize,
    fitting: [usize; CADENCES.len()],
    /// How often changes are so many rows apart.
    apart: [usize; FARTHEST + 1],
}

impl Counts {
    /// Counts in the windows of a recording for which `usable` says so; a change below `least` is none.
    pub(crate) fn of(sizes: &[f64], least: f64, usable: impl Fn(usize, &[f64]) -> bool) -> Self {
        let mut counts = Self::default();
        for (at, window) in sizes.chunks(WINDOW).enumerate() {
            // The third largest of a window: two cuts do not hide what goes on.
            let large = quantile(&mut window.to_vec(), 0.95);
            if window.len() < WINDOW / 2 || large < least || !usable(at * WINDOW, window) {
                continue;
            }
            let changed: Vec<usize> = (0..window.len()).filter(|row| window[*row] >= LARGE * large).collect();
            if changed.len() < CHANGES {
                continue;
            }
            counts.changes += changed.len();
            counts.rows += window.len();
            changed.windows(2).for_each(|pair| counts.apart[(pair[1] - pair[0]).min(FARTHEST)] += 1);
            for (fitting, [changes, rows]) in counts.fitting.iter_mut().zip(CADENCES) {
                let hits =
                    |phase: usize| changed.iter().filter(|row| (*row * changes + phase) % rows < changes).count();
                *fitting += (0..rows).map(hits).max().unwrap_or(0);
            }
        }
        counts
    }

    pub(crate) fn add(mut self, other: Self) -> Self {
        self.changes += other.changes;
        self.rows += other.rows;
        self.apart.iter_mut().zip(other.apart).for_each(|(a, b)| *a += b);
        self.fitting.iter_mut().zip(other.fitting).for_each(|(a, b)| *a += b);
        self
    }

    /// The rarest cadence that explains the changes, if one does.
    pub(crate) fn cadence(&self) -> Option<Cadence> {
        let clear = |(fitting, [changes, rows]): (&usize, [usize; 2])| {
            let (part, chance) = (*fitting as f64 / self.changes as f64, changes as f64 / rows as f64);
            let there = self.changes as f64 >= THERE * chance * self.rows as f64;
            (there && (part - chance) / (1.0 - chance) >= CLEAR).then_some(Cadence { changes, rows })
        };
        if self.changes < ENOUGH {
            return None;
        }
        self.fitting.iter().zip(CADENCES).find_map(clear).or_else(|| self.uneven())
    }

    /// Of changes that come slowly, now after three rows and now after four, the mean distance.
    fn uneven(&self) -> Option<Cadence> {
        let total: usize = self.apart.iter().sum();
        let mut below = 0;
        let usual = (1..FARTHEST).find(|n| {
            below += self.apart[*n];
            2 * below >= total
        })?;
        let near = usual.div_ceil(2).max(2)..=usual + usual / 2;
        let count: usize = self.apart[near.clone()].iter().sum();
        let rows: usize = near.map(|n| n * self.apart[n]).sum();
        let slow = self.apart[1] as f64 <= RUNNING * total as f64 && count as f64 >= NEAR * total as f64;
        let twice = (2.0 * rows as f64 / count.max(1) as f64).round() as usize;
        slow.then_some(if twice.is_multiple_of(2) {
            Cadence { changes: 1, rows: twice / 2 }
        } else {
            Cadence { changes: 2, rows: twice }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    /// Sizes of changes of a thing that is looked at by a camera of so many pictures in so many rows.
    fn seen([pictures, rows]: [usize; 2], jitter: bool) -> Vec<f64> {
        let mut stream = Key::new(3).stream();
        let size = |t: usize| {
            let late = usize::from(jitter && stream.below(12) == 0);
            let new = (t * pictures + late) % rows < pictures;
            if new { 1.0 + stream.uniform(-0.6, 0.6) } else { 0.1 + stream.uniform(-0.1, 0.1) }
        };
        (0..300).map(size).collect()
    }

    fn told(sizes: &[f64]) -> Option<[usize; 2]> {
        Counts::of(sizes, 0.01, |_, _| true).cadence().map(|c| [c.changes, c.rows])
    }

    #[test]
    fn slow_cameras_are_told_by_their_rate() {
        for cadence in [[1, 2], [1, 3], [1, 4], [1, 6], [2, 3], [3, 4], [2, 5]] {
            assert_eq!(told(&seen(cadence, false)), Some(cadence), "exact");
        }
        assert_eq!(told(&seen([1, 3], true)), Some([1, 3]), "some are late");
        let cadence = Cadence { changes: 1, rows: 3 };
        assert_eq!(cadence.told("picture", 20.0), "a new picture every 3 rows, 6.7 a second at 20 rows a second");
    }

    #[test]
    fn an_uneven_cadence_is_told_by_its_mean() {
        let mut stream = Key::new(4).stream();
        let mut sizes = Vec::new();
        while sizes.len() < 600 {
            let rest = 2 + usize::from(stream.below(2) == 0) + 3 * usize::from(stream.below(9) == 0);
            sizes.extend(std::iter::repeat_n(0.0, rest).chain([1.0]));
        }
        assert_eq!(told(&sizes), Some([2, 7]), "after three rows or four, and sometimes more");
    }

    #[test]
    fn what_changes_as_it_likes_has_no_cadence() {
        let mut stream = Key::new(5).stream();
        assert_eq!(told(&seen([1, 1], false)), None, "in every row");
        let seldom: Vec<f64> = (0..600).map(|_| f64::from(u8::from(stream.below(3) == 0))).collect();
        assert_eq!(told(&seldom), None, "now and then");
        let swing: Vec<f64> = (0..600).map(|t| (f64::from(t) * 0.52).sin().abs()).collect();
        assert_eq!(told(&swing), None, "to and fro in twelve rows");
        assert_eq!(told(&vec![0.0; 300]), None, "never");
    }
}
