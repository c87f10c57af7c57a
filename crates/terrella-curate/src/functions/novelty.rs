//! How unlike all others an episode is: the distance to its nearest other row in a space of features.
//!
//! A window function, since each row is compared with all others. Every feature counts in units of its spread
//! (standard deviation over the window). Rows are sorted by their norm, which bounds distances from below, so
//! that far neighbours are never looked at.

use super::motion::distance;
use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};
use std::sync::Arc;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Novelty {
    signature: Signature,
}

impl Novelty {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl WindowUDFImpl for Novelty {
    fn name(&self) -> &'static str {
        "novelty"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.is_empty() || !types.iter().all(DataType::is_numeric) {
            return plan_err!("novelty takes one or more columns of numbers, and OVER ()");
        }
        Ok(vec![DataType::Float64; types.len()])
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Nearest))
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Float64, true)))
    }
}

#[derive(Debug)]
struct Nearest;

impl PartitionEvaluator for Nearest {
    fn evaluate_all(&mut self, values: &[ArrayRef], n: usize) -> Result<ArrayRef> {
        let columns = values.iter().map(|v| Ok(cast(v, &DataType::Float64)?)).collect::<Result<Vec<ArrayRef>>>()?;
        let mut rows = vec![Vec::with_capacity(columns.len()); n];
        for column in &columns {
            let column = column.as_primitive::<Float64Type>();
            rows.iter_mut()
                .enumerate()
                .for_each(|(at, row)| row.push(if column.is_valid(at) { column.value(at) } else { f64::NAN }));
        }
        Ok(Arc::new(Float64Array::from(nearest(rows))))
    }

    fn uses_window_frame(&self) -> bool {
        false
    }
}

/// Divides each column by its standard deviation; columns that do not vary become 0.
pub(crate) fn standardise(rows: &mut [Vec<f64>]) {
    for i in 0..rows.first().map_or(0, Vec::len) {
        let finite: Vec<f64> = rows.iter().map(|r| r[i]).filter(|x| x.is_finite()).collect();
        let n = finite.len().max(1) as f64;
        let mean = finite.iter().sum::<f64>() / n;
        let spread = (finite.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        for row in rows.iter_mut() {
            row[i] = if spread > 0.0 { (row[i] - mean) / spread } else { 0.0 * row[i] };
        }
    }
}

/// Distance of each row to the nearest other; none for a row with a number that is not finite, or alone.
fn nearest(mut rows: Vec<Vec<f64>>) -> Vec<Option<f64>> {
    standardise(&mut rows);
    let mut sorted: Vec<(f64, usize)> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| (row.iter().map(|x| x * x).sum::<f64>().sqrt(), at))
        .filter(|(norm, _)| norm.is_finite())
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut found = vec![None; rows.len()];
    for (place, (norm, at)) in sorted.iter().enumerate() {
        let mut best = f64::INFINITY;
        let mut look = |other: &(f64, usize)| {
            let closer = (other.0 - norm).abs() < best;
            if closer {
                best = best.min(distance(&rows[*at], &rows[other.1]));
            }
            closer
        };
        let _ = sorted[place + 1..].iter().all(&mut look);
        let _ = sorted[..place].iter().rev().all(&mut look);
        found[*at] = best.is_finite().then_some(best);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn the_bound_loses_no_neighbour() {
        let mut stream = Key::new(3).stream();
        let rows: Vec<Vec<f64>> = (0..200).map(|_| (0..3).map(|_| stream.normal()).collect()).collect();
        let mut scaled = rows.clone();
        standardise(&mut scaled);
        for (at, found) in nearest(rows).iter().enumerate() {
            let others = (0..scaled.len()).filter(|o| *o != at).map(|o| distance(&scaled[at], &scaled[o]));
            let plain = others.fold(f64::INFINITY, f64::min);
            assert_eq!(*found, Some(plain), "row {at} compared with all others");
        }
    }

    #[test]
    fn rows_without_numbers_or_neighbours_have_no_novelty() {
        assert_eq!(nearest(vec![vec![1.0]]), [None], "alone");
        let found = nearest(vec![vec![0.0], vec![f64::NAN], vec![4.0], vec![0.0]]);
        assert_eq!((found[0], found[1]), (Some(0.0), None), "twins and gaps");
        assert!(found[2].is_some_and(|d| d > 1.0), "the odd one");
    }
}
