//! Where moments lie among those that were learned from: distances to near ones, in whitened numbers.
//!
//! Numbers are counted in deviations, angles are a sine and a cosine, and what varies together counts once: the Cholesky factor of
//! their correlations is taken out. The distance is that to the [`NEAREST`]-th of the rows that are kept, divided by the root of how many
//! numbers there are, so that rows of the same law are about 1 apart or less.

use serde::{Deserialize, Serialize};
use terrella_core::{Stats, Table};

/// The neighbour that a distance goes to: the very nearest may be a chance.
const NEAREST: usize = 5;
/// Added to the correlation of each number with itself: what hardly varies by itself is not blown up beyond ten times.
const RIDGE: f64 = 0.01;

/// Rows that were learned from, where they lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Places {
    stats: Stats,
    /// Which of the numbers that are told each column comes from.
    of: Vec<usize>,
    angles: Vec<usize>,
    /// The lower Cholesky factor of the correlations, row after row.
    factor: Vec<f64>,
    /// Whitened rows, `[rows, columns]`.
    rows: Table,
}

impl Places {
    /// Of these rows of numbers, some of which are angles.
    pub(super) fn of(raw: &Table, angles: &[usize]) -> Self {
        let of: Vec<usize> =
            (0..raw.width).flat_map(|i| std::iter::repeat_n(i, 1 + usize::from(angles.contains(&i)))).collect();
        let width = of.len();
        let mut columns = Table::new(width);
        raw.rows().for_each(|row| columns.data.extend(round(row, angles)));
        let stats = Stats::of(width, [&columns]);
        stats.normalize(&mut columns.data);
        let mut places =
            Self { stats, of, angles: angles.to_vec(), factor: correlations(&columns), rows: Table::new(width) };
        cholesky(&mut places.factor, width);
        for row in columns.rows() {
            let white = places.whitened(row);
            places.rows.push(&white);
        }
        places
    }

    /// Rows that are kept.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How far a row of numbers is from those that are kept, and which number is farthest from the nearest one.
    pub(super) fn distance(&self, row: &[f32]) -> (f64, usize) {
        let mut here = round(row, &self.angles);
        self.stats.normalize(&mut here);
        let white = self.whitened(&here);
        let apart = |other: &[f32]| other.iter().zip(&white).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let mut near: Vec<(f32, usize)> = self.rows.rows().enumerate().map(|(at, other)| (apart(other), at)).collect();
        let order = |a: &(f32, usize), b: &(f32, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let last = NEAREST.min(near.len()) - 1;
        let (_, &mut (distance, _), _) = near.select_nth_unstable_by(last, order);
        let nearest = near[..=last].iter().copied().min_by(order).map_or(0, |(_, at)| at);
        let there = self.unwhitened(self.rows.row(nearest));
        let worst = there.iter().zip(&here).map(|(there, here)| (here - there).abs());
        let worst = worst.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(column, _)| self.of[column]);
        ((f64::from(distance) / white.len() as f64).sqrt(), worst)
    }

    /// The factor solved for a row of columns in deviations.
    fn whitened(&self, row: &[f32]) -> Vec<f32> {
        let n = row.len();
        let mut white: Vec<f64> = Vec::with_capacity(n);
        for (i, x) in row.iter().enumerate() {
            let known: f64 = (0..i).map(|j| self.factor[i * n + j] * white[j]).sum();
            white.push((f64::from(*x) - known) / self.factor[i * n + i]);
        }
        white.into_iter().map(|x| x as f32).collect()
    }

    /// The other way round.
    fn unwhitened(&self, white: &[f32]) -> Vec<f32> {
        let n = white.len();
        (0..n).map(|i| (0..=i).map(|j| self.factor[i * n + j] * f64::from(white[j])).sum::<f64>() as f32).collect()
    }
}

/// Columns of a row of numbers: angles as a sine and a cosine.
fn round(row: &[f32], angles: &[usize]) -> Vec<f32> {
    let mut columns = Vec::with_capacity(row.len() + angles.len());
    for (i, x) in row.iter().enumerate() {
        match angles.contains(&i) {
            true => columns.extend([x.sin(), x.cos()]),
            false => columns.push(*x),
        }
    }
    columns
}

/// How columns in deviations vary together, with a ridge.
fn correlations(columns: &Table) -> Vec<f64> {
    let (n, width) = (columns.len().max(1) as f64, columns.width);
    let mut sum = vec![0.0f64; width * width];
    for row in columns.rows() {
        for (i, a) in row.iter().enumerate() {
            let a = f64::from(*a);
            sum[i * width..][..=i].iter_mut().zip(row).for_each(|(s, b)| *s += a * f64::from(*b) / n);
        }
    }
    (0..width).for_each(|i| sum[i * width + i] += RIDGE);
    sum
}

/// The lower factor in the place of a matrix, of which only the lower half is looked at.
fn cholesky(matrix: &mut [f64], n: usize) {
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let value = matrix[i * n + j] - dot;
            matrix[i * n + j] = if i == j { value.max(1e-12).sqrt() } else { value / matrix[j * n + j] };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn what_varies_together_is_far_where_it_does_not() {
        let mut stream = Key::new(6).stream();
        let mut raw = Table::new(3);
        for _ in 0..500 {
            let (x, turn) = (stream.normal(), stream.uniform(-3.0, 3.0));
            raw.push(&[x as f32, (10.0 * x + stream.normal()) as f32, turn as f32]);
        }
        let places = Places::of(&raw, &[2]);
        assert_eq!(places.len(), 500, "all of them");
        let (usual, _) = places.distance(&[0.5, 5.0, 1.0]);
        let (off, _) = places.distance(&[0.5, -5.0, 1.0]);
        assert!(usual < 0.5 && off > 4.0 * usual, "each number by itself is usual: {off} beside {usual}");
        let (far, number) = places.distance(&[0.0, 300.0, 1.0]);
        assert!(far > 10.0 && number == 1, "{far}, number {number}");
        let turned = places.distance(&[0.5, 5.0, 1.0 + std::f32::consts::TAU]);
        assert!((turned.0 - usual).abs() < 1e-3, "a turn more is the same place");
    }
}
