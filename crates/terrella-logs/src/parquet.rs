//! Columns of a Parquet file, with the units that types of time state.

use super::column::Column;
use super::table::Columns;
use super::units::TimeUnit;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit as ArrowUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::reader::ChunkReader;
use terrella_data::numbers;

/// Its columns of numbers and of texts.
pub(super) fn columns(bytes: Vec<u8>) -> Result<Columns, String> {
    terrella_media::unpanicked(|| read(bytes)).and_then(|columns| columns)
}

fn read(bytes: Vec<u8>) -> Result<Columns, String> {
    let builder = terrella_data::parquet_file::open(bytes::Bytes::from(bytes)).map_err(|e| e.to_string())?;
    let mut columns = Columns::default();
    let fields = builder.schema().fields().iter().filter_map(|f| Some((f.name().clone(), unit(f.data_type())?)));
    columns.clocks = durations(&builder).into_iter().chain(fields).collect();
    for batch in builder.build().map_err(|e| e.to_string())? {
        let batch = batch.map_err(|e| e.to_string())?;
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            let name = field.name();
            if *field.data_type() == DataType::Utf8 {
                let texts = array.as_string::<i32>().iter().map(|t| t.unwrap_or_default().to_owned());
                columns.texts.entry(name.clone()).or_default().extend(texts);
            } else if let Some(more) = column(array).map_err(|e| format!("{name}: {e}"))? {
                let column = columns.numbers.entry(name.clone()).or_insert(Column { width: more.width, data: vec![] });
                if column.width != more.width {
                    return Err(format!("{name}: rows of {} and of {} numbers", column.width, more.width));
                }
                column.data.extend(more.data);
            }
        }
    }
    Ok(columns)
}

/// Numbers, or lists of equally many; nothing for other types.
fn column(array: &ArrayRef) -> Result<Option<Column>, String> {
    let (width, values) = match array.data_type() {
        DataType::FixedSizeList(..) => {
            let list = array.as_fixed_size_list();
            if list.null_count() > 0 {
                return Err("a row is missing".to_owned());
            }
            (
                list.value_length() as usize,
                list.values()
                    .slice(list.offset() * list.value_length() as usize, list.len() * list.value_length() as usize),
            )
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let widths: Vec<usize> = list.offsets().lengths().collect();
            let width = widths.first().copied().unwrap_or(0);
            if let Some(row) = widths.iter().position(|w| *w != width) {
                return Err(format!("row {row} has {} numbers, the first has {width}", widths[row]));
            }
            let first = list.offsets()[0] as usize;
            (width, list.values().slice(first, width * list.len()))
        }
        _ => (1, array.clone()),
    };
    let times = numbers::ticks(&values).and_then(|ticks| numbers::numbers::<Float64Type>(&ticks));
    let Some(values) = times.or_else(|| numbers::numbers::<Float64Type>(&values)) else { return Ok(None) };
    let data = values.iter().map(|x| x.unwrap_or(f64::NAN)).collect();
    Ok((width > 0).then_some(Column { width, data }))
}

/// The unit of a type of time.
fn unit(kind: &DataType) -> Option<TimeUnit> {
    let (DataType::Timestamp(unit, _) | DataType::Duration(unit) | DataType::Time32(unit) | DataType::Time64(unit)) =
        kind
    else {
        return None;
    };
    Some(match unit {
        ArrowUnit::Second => TimeUnit::S,
        ArrowUnit::Millisecond => TimeUnit::Ms,
        ArrowUnit::Microsecond => TimeUnit::Us,
        ArrowUnit::Nanosecond => TimeUnit::Ns,
    })
}

/// Units of columns that are whole numbers to Parquet, which has no durations, and durations or times to who wrote
/// them. Nothing where that schema makes no sense: nothing else needs it.
fn durations<T: ChunkReader>(builder: &ParquetRecordBatchReaderBuilder<T>) -> Vec<(String, TimeUnit)> {
    let about = builder.metadata().file_metadata();
    let hints = about.key_value_metadata();
    let meant = terrella_media::unpanicked(|| parquet_to_arrow_schema(about.schema_descr(), hints).ok());
    let Ok(Some(meant)) = meant else { return Vec::new() };
    let of = |field: &std::sync::Arc<arrow_schema::Field>| Some((field.name().clone(), unit(field.data_type())?));
    let stored = builder.schema();
    let whole = |name: &str| stored.field_with_name(name).is_ok_and(|f| f.data_type().is_integer());
    meant.fields().iter().filter_map(of).filter(|(name, _)| whole(name)).collect()
}
