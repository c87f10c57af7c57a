//! Which earlier episode an episode is like, if any: the window functions behind near deduplication.
//!
//! Rows are taken in order; one that is like none of those kept is kept. Two paths are alike if the root mean
//! square of their differences, each in units of its column's spread over the window, is within the tolerance.
//! Since distances of norms bound distances, only rows of about the same norm are compared. Pictures are alike
//! if their hashes differ in no more bits than that, on average.

use super::signature::PLACES;
use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};
use std::sync::Arc;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Twin {
    pictures: bool,
    signature: Signature,
}

impl Twin {
    pub(super) fn new(pictures: bool) -> Self {
        Self { pictures, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl WindowUDFImpl for Twin {
    fn name(&self) -> &'static str {
        if self.pictures { "twin_pictures" } else { "twin_path" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [list @ DataType::List(_), tolerance] if tolerance.is_numeric() => {
                Ok(vec![list.clone(), DataType::Float64])
            }
            _ => plan_err!("{} takes a signature and a tolerance, and OVER (ORDER BY episode_index)", self.name()),
        }
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Compare { pictures: self.pictures }))
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Int64, true)))
    }
}

#[derive(Debug)]
struct Compare {
    pictures: bool,
}

impl PartitionEvaluator for Compare {
    fn evaluate_all(&mut self, values: &[ArrayRef], n: usize) -> Result<ArrayRef> {
        let tolerance = values[1].as_primitive::<Float64Type>();
        let tolerance = if tolerance.is_empty() { 0.0 } else { tolerance.value(0) };
        let mut rows = Vec::with_capacity(n);
        for list in values[0].as_list::<i32>().iter() {
            let numbers = list.map(|l| cast(&l, &DataType::Float64)).transpose()?;
            let numbers = numbers.map(|l| l.as_primitive::<Float64Type>().clone());
            rows.push(numbers.as_ref().map(numbers_of).unwrap_or_default());
        }
        let twins = if self.pictures { alike_pictures(&rows, tolerance) } else { alike_paths(rows, tolerance) };
        Ok(Arc::new(twins.into_iter().map(|t| t.map(|t| t as i64)).collect::<Int64Array>()))
    }

    fn uses_window_frame(&self) -> bool {
        false
    }
}

fn numbers_of(list: &Float64Array) -> Vec<f64> {
    list.iter().map(|x| x.unwrap_or(f64::NAN)).collect()
}

/// For each path the earlier kept one that it is like.
fn alike_paths(mut rows: Vec<Vec<f64>>, tolerance: f64) -> Vec<Option<usize>> {
    let width = rows.iter().map(|r| r.len() / PLACES).max().unwrap_or(0);
    for i in 0..width {
        // A column has one spread, whatever the place along the path.
        let all = || rows.iter().flat_map(|r| r.iter().skip(i).step_by(width)).filter(|x| x.is_finite());
        let n = all().count().max(1) as f64;
        let mean = all().sum::<f64>() / n;
        let spread = (all().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        let scale = if spread > 0.0 { 1.0 / spread } else { 0.0 };
        rows.iter_mut().for_each(|r| r.iter_mut().skip(i).step_by(width).for_each(|x| *x = (*x - mean) * scale));
    }
    // Kept rows by norm; the bits of positive numbers are ordered as the numbers are.
    let mut kept: std::collections::BTreeMap<(u64, usize), ()> = std::collections::BTreeMap::new();
    let mut twins = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !norm.is_finite() || row.is_empty() {
            twins.push(None);
            continue;
        }
        let reach = tolerance * (row.len() as f64).sqrt() * (1.0 + 1e-12) + 1e-12;
        let (low, high) = ((norm - reach).max(0.0), norm + reach);
        let near = kept.range((low.to_bits(), 0)..=(high.to_bits(), usize::MAX)).map(|((_, other), ())| *other);
        let like = |other: &usize| {
            let sum: f64 = row.iter().zip(&rows[*other]).map(|(a, b)| (a - b).powi(2)).sum();
            rows[*other].len() == row.len() && (sum / row.len() as f64).sqrt() <= tolerance
        };
        let twin = near.filter(like).min();
        if twin.is_none() {
            kept.insert((norm.to_bits(), at), ());
        }
        twins.push(twin);
    }
    twins
}

/// For each row of hash halves the earlier kept one that it is like.
fn alike_pictures(rows: &[Vec<f64>], tolerance: f64) -> Vec<Option<usize>> {
    let halves: Vec<Vec<u32>> = rows.iter().map(|r| r.iter().map(|x| *x as u32).collect()).collect();
    let mut kept: Vec<usize> = Vec::new();
    let mut twins = Vec::with_capacity(rows.len());
    for (at, row) in halves.iter().enumerate() {
        let like = |other: &&usize| {
            let other = &halves[**other];
            let bits: u32 = row.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum();
            other.len() == row.len() && f64::from(bits) <= tolerance * (row.len() / 2) as f64
        };
        let twin = if row.is_empty() { None } else { kept.iter().find(like).copied() };
        if twin.is_none() && !row.is_empty() {
            kept.push(at);
        }
        twins.push(twin);
    }
    twins
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn twins_are_found_as_by_comparing_all() {
        let mut stream = Key::new(1).stream();
        let mut rows: Vec<Vec<f64>> = (0..120).map(|_| (0..2 * PLACES).map(|_| stream.normal()).collect()).collect();
        for at in 0..40 {
            // Every third of the later rows is like an earlier one.
            rows[60 + at] = rows[at].iter().map(|x| x + if at % 3 == 0 { 0.01 } else { 0.4 }).collect();
        }
        let twins = alike_paths(rows, 0.05);
        let found: Vec<(usize, usize)> = twins.iter().enumerate().filter_map(|(a, t)| t.map(|t| (a, t))).collect();
        let expected: Vec<(usize, usize)> = (0..40).filter(|at| at % 3 == 0).map(|at| (60 + at, at)).collect();
        assert_eq!(found, expected, "those that were made alike, and no other");
    }

    #[test]
    fn a_copy_of_a_copy_is_compared_with_what_is_kept() {
        // A column's spread makes the unit here, so the numbers are spread out by a last row.
        let row = |x: f64| vec![x; PLACES];
        let twins = alike_paths(vec![row(0.0), row(0.9), row(1.8), row(-400.0)], 0.006);
        assert_eq!(twins, [None, Some(0), None, None], "the third is near the second, which is not kept");
        assert_eq!(alike_paths(vec![row(f64::NAN), row(f64::NAN)], 1.0), [None, None], "no number, no twin");
        assert_eq!(alike_paths(vec![row(1.0), row(1.0)], 0.0), [None, Some(0)], "equal");
    }

    #[test]
    fn hashes_are_compared_by_bits() {
        let rows = [vec![0.0, 7.0], vec![0.0, 6.0], vec![255.0, 0.0]];
        assert_eq!(alike_pictures(&rows, 1.0), [None, Some(0), None], "one bit, and eleven");
        assert_eq!(alike_pictures(&rows, 0.0), [None, None, None], "none is equal");
    }
}
