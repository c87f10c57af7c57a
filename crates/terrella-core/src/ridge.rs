//! Ridge regression in closed form: normal equations gathered row by row, solved by Cholesky in `f64`.
//!
//! The probe of a model and the lag that physics tells are both one of these. Rows are never kept, so
//! memory is the square of the inputs, whatever the recordings.

/// Sums of a regression under way: `inputs` numbers predict `outputs` numbers.
#[derive(Clone, Debug)]
pub struct Ridge {
    inputs: usize,
    outputs: usize,
    gram: Vec<f64>,
    right: Vec<f64>,
    rows: usize,
}

impl Ridge {
    /// A regression without rows.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs, outputs, gram: vec![0.0; inputs * inputs], right: vec![0.0; inputs * outputs], rows: 0 }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// If it has other widths.
    pub fn add(&mut self, row: &[f64], target: &[f64]) {
        assert_eq!((row.len(), target.len()), (self.inputs, self.outputs), "widths of a row");
        for (i, x) in row.iter().enumerate() {
            let start = i * self.inputs;
            self.gram[start..=start + i].iter_mut().zip(row).for_each(|(g, y)| *g += x * y);
            self.right[i * self.outputs..(i + 1) * self.outputs].iter_mut().zip(target).for_each(|(r, t)| *r += x * t);
        }
        self.rows += 1;
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The weights, inputs × outputs, with a penalty a row on the first `penalised` of them.
    pub fn solve(mut self, penalty: f64, penalised: usize) -> Vec<f64> {
        let (n, columns) = (self.inputs, self.outputs);
        let ridge = penalty * self.rows as f64 + 1e-9;
        (0..penalised.min(n)).for_each(|i| self.gram[i * n + i] += ridge);
        let (gram, right) = (&mut self.gram, &mut self.right);
        for i in 0..n {
            for j in 0..=i {
                let dot: f64 = (0..j).map(|k| gram[i * n + k] * gram[j * n + k]).sum();
                let value = gram[i * n + j] - dot;
                gram[i * n + j] = if i == j { value.max(1e-12).sqrt() } else { value / gram[j * n + j] };
            }
        }
        for c in 0..columns {
            for i in 0..n {
                let dot: f64 = (0..i).map(|k| gram[i * n + k] * right[k * columns + c]).sum();
                right[i * columns + c] = (right[i * columns + c] - dot) / gram[i * n + i];
            }
            for i in (0..n).rev() {
                let dot: f64 = (i + 1..n).map(|k| gram[k * n + i] * right[k * columns + c]).sum();
                right[i * columns + c] = (right[i * columns + c] - dot) / gram[i * n + i];
            }
        }
        self.right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_and_a_penalty_shrinks_it() {
        let mut ridge = Ridge::new(2, 1);
        for x in 0..10 {
            ridge.add(&[f64::from(x), 1.0], &[3.0 * f64::from(x) - 2.0]);
        }
        assert_eq!(ridge.rows(), 10, "rows so far");
        let exact = ridge.clone().solve(0.0, 1);
        assert!((exact[0] - 3.0).abs() < 1e-6 && (exact[1] + 2.0).abs() < 1e-6, "{exact:?}");
        let shrunk = ridge.solve(10.0, 1);
        assert!(shrunk[0] > 0.5 && shrunk[0] < 2.5, "{shrunk:?}");
    }
}
