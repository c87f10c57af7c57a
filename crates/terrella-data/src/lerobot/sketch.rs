//! Statistics of a column that is seen once, number by number: exact while there are few, then with quantiles
//! whose rank is off by at most 0.1 % of the rows.
//!
//! Sorted buffers of one size lie in a binary counter: two of equal weight are merged, and every other number of
//! both stays with twice the weight (Manku, Rajagopalan and Lindsay 1998). Which of the two stays takes turns instead
//! of being drawn, so the result is the same every time.

use super::moments::{QUANTILES, moments};

/// Numbers that are all kept; a buffer has half as many.
const EXACT: usize = 1 << 16;

/// A column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sketch {
    /// Numbers that came last, in their order.
    newest: Vec<f64>,
    /// Sorted buffers: number `i` stands for `2^(i + 1)` numbers of the column each; empty or `EXACT / 2` long.
    levels: Vec<Vec<f64>>,
    /// Whether the next merge at each level keeps the second of two.
    second: Vec<bool>,
    count: u64,
    mean: f64,
    /// Sum of squared distances to the mean.
    squares: f64,
    extremes: Option<[f64; 2]>,
}

impl Sketch {
    /// Adds a number.
    pub(crate) fn push(&mut self, x: f64) {
        if self.newest.len() == EXACT {
            self.carry();
        }
        self.newest.push(x);
        self.count += 1;
        // Welford 1962.
        let off = x - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (x - self.mean);
        let [low, high] = self.extremes.unwrap_or([x, x]);
        self.extremes =
            Some([if x.total_cmp(&low).is_lt() { x } else { low }, if x.total_cmp(&high).is_gt() { x } else { high }]);
    }

    /// Numbers seen.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Minimum, maximum, mean, deviation and quantiles.
    pub(crate) fn moments(&self) -> [f64; 9] {
        let Some([low, high]) = self.extremes.filter(|_| self.count > EXACT as u64) else {
            let mut sorted = self.newest.clone();
            sorted.sort_by(f64::total_cmp);
            return moments(&sorted);
        };
        let weighted = self.levels.iter().enumerate().flat_map(|(i, b)| b.iter().map(move |x| (*x, 2u64 << i)));
        let mut all: Vec<(f64, u64)> = self.newest.iter().map(|x| (*x, 1)).chain(weighted).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let at = |q: f64| {
            let (wanted, mut below) = (q * (self.count - 1) as f64, 0);
            let found = all.iter().find(|(_, weight)| {
                below += weight;
                below as f64 > wanted
            });
            found.map_or(high, |(x, _)| *x)
        };
        let [q01, q10, q50, q90, q99] = QUANTILES.map(|(_, q)| at(q));
        [low, high, self.mean, (self.squares / self.count as f64).sqrt(), q01, q10, q50, q90, q99]
    }

    /// Largest error of a rank as a fraction of the count. Each merge moves a rank by at most the weight of one
    /// number, and level `i` is merged once every `EXACT · 2^i` numbers, so all levels add the same; a quantile is one
    /// of the numbers that are left, whose weight adds as much as two levels. 63 levels would be 0.1 %.
    #[cfg(test)]
    fn error(&self) -> f64 {
        (self.levels.len() + 2) as f64 / EXACT as f64
    }

    /// Halves the newest numbers into the counter.
    fn carry(&mut self) {
        let mut sorted = std::mem::take(&mut self.newest);
        sorted.sort_by(f64::total_cmp);
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
                self.second.push(false);
            }
            let half: Vec<f64> = sorted.iter().skip(usize::from(self.second[level])).step_by(2).copied().collect();
            self.second[level] = !self.second[level];
            if self.levels[level].is_empty() {
                self.levels[level] = half;
                break;
            }
            sorted = merge(&std::mem::take(&mut self.levels[level]), &half);
        }
    }
}

/// Two sorted lists as one.
fn merge(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut all = Vec::with_capacity(EXACT);
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if b[j].total_cmp(&a[i]).is_lt() {
            all.push(b[j]);
            j += 1;
        } else {
            all.push(a[i]);
            i += 1;
        }
    }
    all.extend_from_slice(&a[i..]);
    all.extend_from_slice(&b[j..]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    /// The largest error of the ranks of the quantiles, as a fraction.
    fn rank_error(data: &[f64], moments: [f64; 9]) -> f64 {
        let mut sorted = data.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = (data.len() - 1) as f64;
        let errors = QUANTILES.iter().zip(&moments[4..]).map(|((_, q), x)| {
            // Equal numbers have a range of ranks.
            let low = sorted.partition_point(|y| y < x) as f64;
            let high = sorted.partition_point(|y| y <= x) as f64 - 1.0;
            (low - q * n).max(q * n - high).max(0.0) / n
        });
        errors.fold(0.0, f64::max)
    }

    #[test]
    fn ranks_stay_within_the_stated_error() {
        let n = 1_000_000;
        let mut stream = Key::new(5).stream();
        let random: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
        let heavy = random.iter().map(|u| (1.0 - u).powi(-3)).collect();
        let rising: Vec<f64> = (0..n).map(f64::from).collect();
        let falling = rising.iter().rev().copied().collect();
        let saw = (0..n).map(|i| f64::from(i % 1000)).collect();
        let kinds = [("random", random), ("heavy-tailed", heavy), ("falling", falling), ("saw", saw)];
        let constant = vec![0.25; n as usize];
        for (name, data) in kinds.into_iter().chain([("rising", rising), ("constant", constant)]) {
            let mut sketch = Sketch::default();
            data.iter().for_each(|x| sketch.push(*x));
            let found = sketch.moments();
            let error = rank_error(&data, found);
            assert!(error <= sketch.error() && sketch.error() < 0.001, "{name}: {error} of {}", sketch.error());
            let mut sorted = data;
            sorted.sort_by(f64::total_cmp);
            let exact = moments(&sorted);
            assert_eq!((found[0], found[1]), (exact[0], exact[1]), "{name}: extremes");
            for i in [2, 3] {
                assert!((found[i] - exact[i]).abs() <= 1e-9 * exact[i].abs(), "{name}: {} {}", found[i], exact[i]);
            }
        }
    }

    #[test]
    fn few_numbers_are_exact_to_the_last_bit() {
        let mut stream = Key::new(6).stream();
        for n in [0, 1, 2, 1000, EXACT] {
            let mut data: Vec<f64> = (0..n).map(|_| stream.unit() - 0.5).collect();
            let mut sketch = Sketch::default();
            data.iter().for_each(|x| sketch.push(*x));
            data.sort_by(f64::total_cmp);
            assert_eq!(sketch.moments().map(f64::to_bits), moments(&data).map(f64::to_bits), "{n} numbers");
        }
    }

    #[test]
    fn memory_grows_with_the_logarithm() {
        let mut sketch = Sketch::default();
        let mut largest = 0;
        for i in 0..3_000_000u32 {
            sketch.push(f64::from(i.wrapping_mul(2_654_435_761)));
            if i.is_multiple_of(10_000) {
                largest = largest.max(sketch.newest.len() + sketch.levels.iter().map(Vec::len).sum::<usize>());
            }
        }
        assert_eq!((sketch.levels.len(), sketch.count()), (6, 3_000_000), "a level each doubling");
        assert!(largest <= EXACT + 6 * EXACT / 2, "{largest} numbers are kept");
    }
}
