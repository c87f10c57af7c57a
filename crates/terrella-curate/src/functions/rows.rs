//! Aggregates that look at all rows of a group in order: one accumulator, many pure functions.
//!
//! A group's rows are kept until it is complete, with the number they are ordered by. Since they are sorted
//! again at the end, neither several partitions nor spilling can change an answer. On tables sorted by episode
//! the engine completes groups one by one, so one episode is in memory at a time.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use std::sync::Arc;

/// The rows of one group in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Numbers a row.
    pub width: usize,
    /// `len × width` numbers.
    pub values: Vec<f64>,
    /// What the rows are ordered by, ascending.
    pub order: Vec<f64>,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// One row.
    pub fn row(&self, at: usize) -> &[f64] {
        &self.values[at * self.width..(at + 1) * self.width]
    }

    /// Mean distance of two rows in the unit of the order; none for fewer than two rows, or if all are at once.
    pub fn step(&self) -> Option<f64> {
        let (first, last) = (self.order.first()?, self.order.last()?);
        let step = (last - first) / (self.len() - 1).max(1) as f64;
        (step > 0.0).then_some(step)
    }

    /// Rows from the accumulator's layout: the numbers, then the order, row by row.
    fn sorted(width: usize, flat: &[f64]) -> Self {
        let mut rows: Vec<&[f64]> = flat.chunks_exact(width + 1).collect();
        // A tie is broken by the numbers, so that the answer does not depend on how rows arrived.
        rows.sort_by(|a, b| {
            a[width].total_cmp(&b[width]).then_with(|| {
                let different = a.iter().zip(*b).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
                different.unwrap_or(std::cmp::Ordering::Equal)
            })
        });
        let values = rows.iter().flat_map(|row| row[..width].iter().copied()).collect();
        Self { width, values, order: rows.iter().map(|row| row[width]).collect() }
    }
}

/// What a function answers; none becomes NULL.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// One number.
    Number(fn(&Rows) -> Option<f64>),
    /// A list of numbers.
    List(fn(&Rows) -> Option<Vec<f64>>),
    /// A text.
    Text(fn(&Rows) -> Option<String>),
}

/// An ordered aggregate.
#[derive(Debug)]
pub(super) struct Ordered {
    name: &'static str,
    answer: Answer,
    signature: Signature,
}

impl Ordered {
    pub(super) fn new(name: &'static str, answer: Answer) -> Self {
        Self { name, answer, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

// A name stands for one function.
impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Ordered {}

impl std::hash::Hash for Ordered {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Float64, true))
}

impl AggregateUDFImpl for Ordered {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.answer {
            Answer::Number(_) => DataType::Float64,
            Answer::List(_) => DataType::List(item()),
            Answer::Text(_) => DataType::Utf8,
        })
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.is_empty() || !types.iter().all(DataType::is_numeric) {
            return plan_err!("{} takes one or more columns of numbers", self.name);
        }
        Ok(vec![DataType::Float64; types.len()])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match args.order_bys {
            [one] if !one.options.descending && !args.is_distinct => {}
            _ => {
                let name = self.name;
                return plan_err!(
                    "{name} looks at rows in order: write {name}(… ORDER BY timestamp) or {name}(… ORDER BY frame_index)"
                );
            }
        }
        Ok(Box::new(Gather { width: args.exprs.len(), flat: Vec::new(), answer: self.answer }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "rows"), DataType::List(item()), true))])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Beneficial
    }

    fn with_beneficial_ordering(self: Arc<Self>, _: bool) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        Ok(Some(self))
    }
}

#[derive(Debug)]
struct Gather {
    width: usize,
    flat: Vec<f64>,
    answer: Answer,
}

impl Accumulator for Gather {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let columns = values.iter().map(|v| Ok(cast(v, &DataType::Float64)?)).collect::<Result<Vec<ArrayRef>>>()?;
        let columns: Vec<&Float64Array> = columns.iter().map(|c| c.as_primitive::<Float64Type>()).collect();
        let rows = columns.first().map_or(0, |c| c.len());
        self.flat.reserve(rows * columns.len());
        for at in 0..rows {
            self.flat.extend(columns.iter().map(|c| if c.is_valid(at) { c.value(at) } else { f64::NAN }));
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for rows in states[0].as_list::<i32>().iter().flatten() {
            self.flat.extend(rows.as_primitive::<Float64Type>().values());
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![list(std::mem::take(&mut self.flat))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let rows = Rows::sorted(self.width, &self.flat);
        Ok(match self.answer {
            Answer::Number(f) => ScalarValue::Float64(f(&rows).filter(|x| x.is_finite())),
            Answer::Text(f) => ScalarValue::Utf8(f(&rows)),
            Answer::List(f) => match f(&rows) {
                Some(values) => list(values),
                None => ScalarValue::try_new_null(&DataType::List(item()))?,
            },
        })
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.flat.capacity() * size_of::<f64>()
    }
}

fn list(values: Vec<f64>) -> ScalarValue {
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    ScalarValue::List(Arc::new(ListArray::new(item(), offsets, Arc::new(Float64Array::from(values)), None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_however_they_arrive() {
        let forward = Rows::sorted(1, &[10.0, 0.0, 11.0, 1.0, 12.0, 2.0]);
        assert_eq!(forward, Rows::sorted(1, &[12.0, 2.0, 10.0, 0.0, 11.0, 1.0]), "any order");
        assert_eq!((forward.values.as_slice(), forward.step()), ([10.0, 11.0, 12.0].as_slice(), Some(1.0)), "rows");
        assert_eq!(Rows::sorted(1, &[1.0, 0.0]).step(), None, "one row has no step");
    }
}
