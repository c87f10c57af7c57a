//! Columns of the data files: the Arrow arrays of one episode, and tables back from arrays.
//!
//! LeRobot declares widths in `info.json`; on disk a width of 1 is a plain column and anything wider
//! a (fixed-size) list, of whatever float type the recorder had.

use super::names::{ACTION, INDICES, OUTCOMES, STATE};
use crate::numbers::numbers;
use crate::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, Int64Array,
    StringArray, StructArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Fields, Schema};
use std::path::Path;
use std::sync::Arc;
use terrella_core::{Episode, Signature, Table};

/// What the tables have beside what a signature says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// Whether it is stored where a recording was cut.
    pub(crate) truncated: bool,
    /// Whether rows have times of their own, which 32 bits would round.
    pub(crate) own_times: bool,
}

/// Columns of rewards and ends.
pub(crate) fn outcome_columns(signature: &Signature, extras: Extras) -> impl Iterator<Item = (&'static str, DataType)> {
    let kinds = [DataType::Float32, DataType::Boolean, DataType::Boolean];
    let has = [signature.reward, signature.ends, signature.ends && extras.truncated];
    OUTCOMES.into_iter().zip(kinds).zip(has).filter(|(_, has)| *has).map(|(column, _)| column)
}

/// The values of [`outcome_columns`], of one episode.
pub(crate) fn outcomes_of(episode: &Episode, name: &str) -> ArrayRef {
    match OUTCOMES.iter().position(|o| *o == name) {
        Some(0) => Arc::new(Float32Array::from(episode.rewards.clone())),
        Some(1) => Arc::new(BooleanArray::from(episode.terminated.clone())),
        _ => Arc::new(BooleanArray::from(episode.truncated.clone())),
    }
}

/// Times of the rows of an episode as a column.
pub(crate) fn time_column(episode: &Episode, fps: f64, extras: Extras) -> ArrayRef {
    let times = (0..episode.len()).map(|row| episode.time(row, fps));
    if extras.own_times {
        Arc::new(Float64Array::from_iter_values(times))
    } else {
        Arc::new(Float32Array::from_iter_values(times.map(|t| t as f32)))
    }
}

/// The schema of the data files of a signature with these pictures in them.
pub(crate) fn schema<'a>(
    signature: &Signature,
    extras: Extras,
    pictures: impl Iterator<Item = &'a str>,
) -> Arc<Schema> {
    let mut fields = Vec::new();
    for (name, width) in [(STATE, signature.state.len()), (ACTION, signature.action.len())] {
        if width > 0 {
            fields.push(Field::new(name, table_type(width), true));
        }
    }
    fields.extend(pictures.map(|key| Field::new(key, DataType::Struct(picture_fields()), true)));
    fields.extend(outcome_columns(signature, extras).map(|(name, kind)| Field::new(name, kind, true)));
    let seconds = if extras.own_times { DataType::Float64 } else { DataType::Float32 };
    fields.push(Field::new("timestamp", seconds, true));
    fields.extend(INDICES.map(|name| Field::new(name, DataType::Int64, true)));
    Arc::new(Schema::new(fields))
}

fn table_type(width: usize) -> DataType {
    let item = || Arc::new(Field::new("item", DataType::Float32, true));
    if width == 1 { DataType::Float32 } else { DataType::FixedSizeList(item(), width as i32) }
}

fn picture_fields() -> Fields {
    Fields::from(vec![Field::new("bytes", DataType::Binary, true), Field::new("path", DataType::Utf8, true)])
}

/// A table as a column.
pub(crate) fn table_column(table: &Table) -> ArrayRef {
    let values = Arc::new(Float32Array::from(table.data.clone()));
    match table_type(table.width) {
        DataType::FixedSizeList(item, width) => Arc::new(FixedSizeListArray::new(item, width, values, None)),
        _ => values,
    }
}

/// Encoded pictures as a column.
pub(crate) fn picture_column(pngs: &[Vec<u8>]) -> ArrayRef {
    let bytes: ArrayRef = Arc::new(BinaryArray::from_iter_values(pngs));
    let path: ArrayRef = Arc::new(StringArray::new_null(pngs.len()));
    Arc::new(StructArray::new(picture_fields(), vec![bytes, path], None::<NullBuffer>))
}

/// Integers as a column.
pub(crate) fn int_column(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// A column of one number or one truth a row, as numbers; NaN where nothing was stored.
pub(crate) fn read_numbers(path: &Path, name: &str, column: &dyn Array) -> Result<Vec<f32>> {
    let dtype = || Error::dtype(path, name, column.data_type(), "one number a row");
    if column.data_type().is_nested() {
        return Ok(read_table(path, name, &[1], column)?.data);
    }
    let values = numbers::<Float32Type>(column).ok_or_else(dtype)?;
    Ok(values.iter().map(|x| x.unwrap_or(f32::NAN)).collect())
}

/// A column of numbers as a table of the declared shape; more than one axis becomes one long row, whether it is stored as
/// lists of lists or flat.
pub(crate) fn read_table(path: &Path, name: &str, shape: &[usize], column: &dyn Array) -> Result<Table> {
    read_lists(path, name, shape, column, 1)
}

/// As [`read_table`], of a column of which each row has this many lists.
fn read_lists(path: &Path, name: &str, shape: &[usize], column: &dyn Array, lists: usize) -> Result<Table> {
    let nested = match column.data_type() {
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) => {
            inner.data_type().is_nested()
        }
        _ => false,
    };
    if let (true, [side, inner @ ..]) = (nested, shape) {
        let opened = items(path, name, *side, column, lists)?;
        let table = read_lists(path, name, inner, opened.as_ref(), lists * side)?;
        return Ok(Table { width: side * table.width, data: table.data });
    }
    let width = shape.iter().product();
    let dtype = || Error::dtype(path, name, column.data_type(), "numbers, or lists of them");
    let values = items(path, name, width, column, lists)?;
    let values = numbers::<Float32Type>(&values).ok_or_else(dtype)?;
    // A null is a number that was not recorded: NaN, so that the check for finite numbers names its row.
    let data = values.iter().map(|x| x.unwrap_or(f32::NAN)).collect();
    Ok(Table { width, data })
}

/// What the lists of a column hold, one after the other, `width` each; a plain column has one a row.
fn items(path: &Path, name: &str, width: usize, column: &dyn Array, lists: usize) -> Result<ArrayRef> {
    let lengths: Vec<usize> = match column.data_type() {
        DataType::List(_) => column.as_list::<i32>().iter().map(|l| l.map_or(0, |l| l.len())).collect(),
        DataType::LargeList(_) => column.as_list::<i64>().iter().map(|l| l.map_or(0, |l| l.len())).collect(),
        DataType::FixedSizeList(_, n) => vec![*n as usize; usize::from(!column.is_empty())],
        _ => vec![1; usize::from(!column.is_empty())],
    };
    if let Some(at) = lengths.iter().position(|n| *n != width) {
        let (found, row) = (lengths[at], at / lists);
        let which = if lists == 1 { String::new() } else { format!(", list {}", at % lists) };
        let what = format!("column {name} has {found} numbers in row {row}{which}, info.json declares {width}");
        return Err(Error::broken(path, what, "correct the shape in info.json, or the row"));
    }
    Ok(match column.data_type() {
        // Sliced arrays keep their whole child, so the child has to be cut to the offsets.
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let (low, high) = (list.value_offsets()[0] as usize, list.value_offsets()[list.len()] as usize);
            list.values().slice(low, high - low)
        }
        DataType::LargeList(_) => {
            let list = column.as_list::<i64>();
            let (low, high) = (list.value_offsets()[0] as usize, list.value_offsets()[list.len()] as usize);
            list.values().slice(low, high - low)
        }
        DataType::FixedSizeList(_, _) => column.as_fixed_size_list().values().clone(),
        _ => column.slice(0, column.len()),
    })
}

/// The picture bytes of each row.
pub(crate) fn read_pictures<'a>(path: &Path, name: &str, column: &'a dyn Array) -> Result<Vec<Option<&'a [u8]>>> {
    let bytes = column.as_struct_opt().and_then(|s| s.column_by_name("bytes"));
    match bytes.map(|b| (b.data_type(), b)) {
        Some((DataType::Binary, bytes)) => Ok(bytes.as_binary::<i32>().iter().collect()),
        Some((DataType::LargeBinary, bytes)) => Ok(bytes.as_binary::<i64>().iter().collect()),
        _ => Err(Error::dtype(path, name, column.data_type(), "struct of bytes (binary) and path")),
    }
}
