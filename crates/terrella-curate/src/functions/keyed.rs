//! Random numbers in queries, keyed by what they are for: a label, and whole numbers such as seed, episode and
//! step. The same key gives the same number in any plan and on any machine, so these functions count as
//! immutable.

use arrow::array::{Array, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use std::sync::Arc;
use terrella_core::Key;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Keyed {
    gaussian: bool,
    signature: Signature,
}

/// `noise(label, …)` if `gaussian`, else `random(label, …)`.
pub(super) fn keyed(gaussian: bool) -> ScalarUDF {
    ScalarUDF::from(Keyed { gaussian, signature: Signature::user_defined(Volatility::Immutable) })
}

impl ScalarUDFImpl for Keyed {
    fn name(&self) -> &str {
        if self.gaussian { "noise" } else { "random" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [label, numbers @ ..]
                if matches!(label, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8)
                    && !numbers.is_empty()
                    && numbers.iter().all(DataType::is_integer) =>
            {
                Ok(std::iter::once(DataType::Utf8).chain(numbers.iter().map(|_| DataType::Int64)).collect())
            }
            _ => {
                let name = self.name();
                plan_err!("{name} is keyed by a text and whole numbers: write {name}('label', {{seed}}, episode_index)")
            }
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let numbers = columns[1..].iter().map(|c| Ok(cast(c, &DataType::Int64)?)).collect::<Result<Vec<_>>>()?;
        let labels = cast(&columns[0], &DataType::Utf8)?;
        let labels = labels.as_string::<i32>();
        let root = Key::new(0).with("curate");
        let drawn = (0..labels.len()).map(|row| {
            let key = numbers.iter().fold(root.with(labels.value(row)), |key, column| {
                key.at(column.as_primitive::<Int64Type>().value(row).cast_unsigned())
            });
            let mut stream = key.stream();
            if self.gaussian { stream.normal() } else { stream.unit() }
        });
        Ok(ColumnarValue::Array(Arc::new(Float64Array::from_iter_values(drawn))))
    }
}
