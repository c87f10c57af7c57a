//! Columns of Parquet in the type of number that is asked for.
//!
//! Arrow's own casts know every pair of types, and take as long to build as the rest of Arrow together. Files are
//! opened by Parquet's schema alone ([`crate::parquet_file`]), so a column of numbers has one of the few types below.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrowPrimitiveType, Int64Array, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};
use num_traits::{NumCast, ToPrimitive};

/// A column's numbers and truths (1 and 0), each as near as the type has it; nothing where nothing was stored, or where the type
/// has no such number. A column of anything else, such as texts or times, is none.
pub fn numbers<T: ArrowPrimitiveType<Native: NumCast>>(column: &dyn Array) -> Option<PrimitiveArray<T>> {
    Some(match column.data_type() {
        DataType::Boolean => {
            let number = |truth: Option<bool>| truth.and_then(|truth| NumCast::from(truth as u8));
            column.as_boolean().iter().map(number).collect()
        }
        DataType::Int8 => cast::<Int8Type, T>(column),
        DataType::Int16 => cast::<Int16Type, T>(column),
        DataType::Int32 => cast::<Int32Type, T>(column),
        DataType::Int64 => cast::<Int64Type, T>(column),
        DataType::UInt8 => cast::<UInt8Type, T>(column),
        DataType::UInt16 => cast::<UInt16Type, T>(column),
        DataType::UInt32 => cast::<UInt32Type, T>(column),
        DataType::UInt64 => cast::<UInt64Type, T>(column),
        DataType::Float16 => cast::<Float16Type, T>(column),
        DataType::Float32 => cast::<Float32Type, T>(column),
        DataType::Float64 => cast::<Float64Type, T>(column),
        DataType::Decimal32(_, scale) => decimals::<Decimal32Type, T>(column, *scale),
        DataType::Decimal64(_, scale) => decimals::<Decimal64Type, T>(column, *scale),
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type, T>(column, *scale),
        DataType::Decimal256(_, scale) => decimals::<Decimal256Type, T>(column, *scale),
        _ => return None,
    })
}

fn cast<F, T>(column: &dyn Array) -> PrimitiveArray<T>
where
    F: ArrowPrimitiveType<Native: ToPrimitive>,
    T: ArrowPrimitiveType<Native: NumCast>,
{
    column.as_primitive::<F>().unary_opt(NumCast::from)
}

fn decimals<F, T>(column: &dyn Array, scale: i8) -> PrimitiveArray<T>
where
    F: ArrowPrimitiveType<Native: ToPrimitive>,
    T: ArrowPrimitiveType<Native: NumCast>,
{
    let unit = 10f64.powi(scale.into());
    column.as_primitive::<F>().unary_opt(|whole| NumCast::from(whole.to_f64()? / unit))
}

/// A column of times as the whole numbers that are stored; nothing for other columns.
pub fn ticks(column: &dyn Array) -> Option<Int64Array> {
    use TimeUnit::{Microsecond as Us, Millisecond as Ms, Nanosecond as Ns, Second as S};
    Some(match column.data_type() {
        DataType::Timestamp(S, _) => cast::<TimestampSecondType, _>(column),
        DataType::Timestamp(Ms, _) => cast::<TimestampMillisecondType, _>(column),
        DataType::Timestamp(Us, _) => cast::<TimestampMicrosecondType, _>(column),
        DataType::Timestamp(Ns, _) => cast::<TimestampNanosecondType, _>(column),
        DataType::Duration(S) => cast::<DurationSecondType, _>(column),
        DataType::Duration(Ms) => cast::<DurationMillisecondType, _>(column),
        DataType::Duration(Us) => cast::<DurationMicrosecondType, _>(column),
        DataType::Duration(Ns) => cast::<DurationNanosecondType, _>(column),
        DataType::Time32(S) => cast::<Time32SecondType, _>(column),
        DataType::Time32(_) => cast::<Time32MillisecondType, _>(column),
        DataType::Time64(Ns) => cast::<Time64NanosecondType, _>(column),
        DataType::Time64(_) => cast::<Time64MicrosecondType, _>(column),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::*;

    #[test]
    fn numbers_of_every_type_are_the_nearest_that_there_are() {
        let all: [(&str, &dyn Array); 6] = [
            ("truths", &BooleanArray::from(vec![Some(true), None, Some(false)])),
            ("bytes", &UInt8Array::from(vec![Some(1), None, Some(0)])),
            ("whole", &Int64Array::from(vec![Some(1), None, Some(0)])),
            ("single", &Float32Array::from(vec![Some(1.0), None, Some(0.0)])),
            ("double", &Float64Array::from(vec![Some(1.0), None, Some(0.0)])),
            (
                "decimal",
                &Decimal128Array::from(vec![Some(100), None, Some(0)])
                    .with_precision_and_scale(9, 2)
                    .expect("two places"),
            ),
        ];
        for (name, column) in all {
            let told: Vec<Option<f64>> = numbers::<Float64Type>(column).expect(name).iter().collect();
            assert_eq!(told, [Some(1.0), None, Some(0.0)], "{name}");
            let told: Vec<Option<i64>> = numbers::<Int64Type>(column).expect(name).iter().collect();
            assert_eq!(told, [Some(1), None, Some(0)], "{name}, whole");
        }
        let halves = Float64Array::from(vec![2.5, f64::NAN, 1e300, -0.75]);
        let whole: Vec<Option<i64>> = numbers::<Int64Type>(&halves).expect("numbers").iter().collect();
        assert_eq!(whole, [Some(2), None, None, Some(0)], "cut to whole numbers, none where there is none");
        let single: Vec<Option<f32>> = numbers::<Float32Type>(&halves).expect("numbers").iter().collect();
        assert!(single[1].is_some_and(f32::is_nan) && single[2] == Some(f32::INFINITY), "{single:?}");
        assert!(numbers::<Float64Type>(&StringArray::from(vec!["1"])).is_none(), "a text is no number");
        assert!(numbers::<Float64Type>(&TimestampMillisecondArray::from(vec![1])).is_none(), "a time is none");
    }

    #[test]
    fn times_are_whole_numbers_of_their_unit() {
        let stamps = TimestampMicrosecondArray::from(vec![Some(1_500_000), None]);
        assert_eq!(ticks(&stamps).expect("times").iter().collect::<Vec<_>>(), [Some(1_500_000), None]);
        let times = Time32MillisecondArray::from(vec![Some(7)]);
        assert_eq!(ticks(&times).expect("times").iter().collect::<Vec<_>>(), [Some(7)]);
        assert!(ticks(&Int64Array::from(vec![1])).is_none(), "whole numbers have no unit");
    }
}
