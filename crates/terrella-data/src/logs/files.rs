//! Files of a log, told by their names' endings: tables in text, JSON, NumPy arrays, Parquet.

use super::column::Column;
use super::json;
use super::mapping::Csv;
use super::table::{Bytes, Columns, Content};
use crate::npy::{self, Numbers};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use std::io::{Cursor, Read};

/// Endings that can be read.
pub(super) const ENDINGS: &str = ".csv, .tsv, .txt, .json, .jsonl, .catalog, .npy, .npz, .parquet, each also with .gz";

/// What the bytes of a file hold.
pub(super) fn parse(name: &str, bytes: Vec<u8>, csv: &Csv) -> Result<Content, String> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let file = name.rsplit('/').next().unwrap_or(name);
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    match ending.to_lowercase().as_str() {
        "csv" | "txt" | "dat" => text(&bytes, csv).map(Content::Columns),
        "tsv" => text(&bytes, &Csv { delimiter: '\t', ..csv.clone() }).map(Content::Columns),
        "json" => json::parse(&bytes, false).map(Content::Json),
        "jsonl" | "ndjson" | "catalog" => json::parse(&bytes, true).map(Content::Json),
        "npy" => {
            let mut columns = Columns::default();
            array(stem, &bytes, &mut columns)?;
            Ok(Content::Columns(columns))
        }
        "npz" => arrays(bytes).map(Content::Columns),
        "parquet" => parquet(bytes).map(Content::Columns),
        _ => Err(format!("its ending is none that can be read ({ENDINGS})")),
    }
}

/// A table in text. A column in which everything is a number (or empty) is numbers, any other texts.
fn text(bytes: &[u8], csv: &Csv) -> Result<Columns, String> {
    let spaced = csv.delimiter == ' ';
    let squeezed: Vec<u8>;
    let bytes = if spaced {
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        squeezed = lines.join("\n").into_bytes();
        &squeezed
    } else {
        bytes
    };
    let delimiter =
        u8::try_from(csv.delimiter).map_err(|_| format!("'{}' cannot stand between columns", csv.delimiter))?;
    let mut reader = ::csv::ReaderBuilder::new();
    reader.delimiter(delimiter).has_headers(csv.header).trim(::csv::Trim::All).comment(Some(b'#'));
    let mut reader = reader.from_reader(bytes);
    let mut names: Vec<String> = if csv.header {
        let headers = reader.headers().map_err(|e| e.to_string())?;
        headers.iter().map(|h| h.trim_start_matches('\u{feff}').to_owned()).collect()
    } else {
        Vec::new()
    };
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        if names.is_empty() {
            names = (0..record.len()).map(|i| format!("column.{i}")).collect();
            cells = vec![Vec::new(); names.len()];
        }
        for (column, cell) in cells.iter_mut().zip(record.iter()) {
            column.push(cell.to_owned());
        }
    }
    let mut columns = Columns::default();
    for (name, cells) in names.into_iter().zip(cells) {
        let number = |cell: &String| if cell.is_empty() { Some(f64::NAN) } else { cell.parse::<f64>().ok() };
        match cells.iter().map(number).collect::<Option<Vec<f64>>>() {
            Some(data) => drop(columns.numbers.insert(name, Column { width: 1, data })),
            None => drop(columns.texts.insert(name, cells)),
        }
    }
    Ok(columns)
}

fn arrays(bytes: Vec<u8>) -> Result<Columns, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut columns = Columns::default();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|e| e.to_string())?;
        let name = entry.name().map_err(|e| e.to_string())?.trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        entry.by_ref().take(LARGEST_ARRAY + 1).read_to_end(&mut bytes).map_err(|e| format!("{name}: {e}"))?;
        if bytes.len() as u64 > LARGEST_ARRAY {
            return Err(format!(
                "{name} has more than {} MiB after unpacking, which is the limit",
                LARGEST_ARRAY >> 20
            ));
        }
        array(&name, &bytes, &mut columns).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(columns)
}

/// Bytes of one array in an archive.
const LARGEST_ARRAY: u64 = 2 << 30;

/// One NumPy array. Leading dimensions of 1 (a batch of one) are dropped; rows are the first one left.
fn array(name: &str, bytes: &[u8], into: &mut Columns) -> Result<(), String> {
    let Some((header, numbers)) = npy::read(bytes)? else { return Ok(()) };
    let mut shape = header.shape;
    let skipped = shape.iter().take(shape.len().saturating_sub(2)).take_while(|d| **d == 1).count();
    let shape = shape.split_off(skipped);
    match numbers {
        Numbers::Bytes(data) => drop(into.bytes.insert(name.to_owned(), Bytes { shape, data })),
        Numbers::Floats(data) if !data.is_empty() => {
            let width = shape.iter().skip(1).product::<usize>().max(1);
            into.numbers.insert(name.to_owned(), Column { width, data });
        }
        Numbers::Floats(_) => {}
    }
    Ok(())
}

fn parquet(bytes: Vec<u8>) -> Result<Columns, String> {
    crate::error::unpanicked(|| parquet_columns(bytes)).and_then(|columns| columns)
}

fn parquet_columns(bytes: Vec<u8>) -> Result<Columns, String> {
    let reader = crate::parquet_file::open(bytes::Bytes::from(bytes)).and_then(|b| b.build());
    let mut columns = Columns::default();
    for batch in reader.map_err(|e| e.to_string())? {
        let batch = batch.map_err(|e| e.to_string())?;
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            let name = field.name();
            if let DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View = field.data_type() {
                let texts = cast(array, &DataType::Utf8).map_err(|e| e.to_string())?;
                let texts = texts.as_string::<i32>().iter().map(|t| t.unwrap_or_default().to_owned());
                columns.texts.entry(name.clone()).or_default().extend(texts);
            } else if let Some(more) = numbers(array).map_err(|e| format!("{name}: {e}"))? {
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
fn numbers(array: &ArrayRef) -> Result<Option<Column>, String> {
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
    let kind = values.data_type();
    if !(kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Timestamp(..) | DataType::Duration(_))) {
        return Ok(None);
    }
    // Times go through integers, which Arrow asks for.
    let values = if kind.is_temporal() { cast(&values, &DataType::Int64).map_err(|e| e.to_string())? } else { values };
    let values = cast(&values, &DataType::Float64).map_err(|e| e.to_string())?;
    let data = values.as_primitive::<Float64Type>().iter().map(|x| x.unwrap_or(f64::NAN)).collect();
    Ok((width > 0).then_some(Column { width, data }))
}

/// Whether a name is that of a file with a table in it.
pub(super) fn table_ending(path: &std::path::Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".csv", ".tsv", ".json", ".jsonl", ".npy", ".npz", ".parquet"].iter().any(|e| name.ends_with(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_columns_are_numbers_where_they_can_be() {
        let parsed = text(b"time, a ,b\n0.0, 1,x\n0.1,,y\n", &Csv::default()).expect("a table");
        assert_eq!(parsed.numbers["time"].data, [0.0, 0.1], "numbers");
        assert!(parsed.numbers["a"].data[1].is_nan(), "an empty cell is NaN");
        assert_eq!(parsed.texts["b"], ["x", "y"], "texts");
        let spaced = Csv { delimiter: ' ', header: false };
        let parsed = text(b"1  2\n 3 4\n", &spaced).expect("a table");
        assert_eq!(parsed.numbers["column.1"].data, [2.0, 4.0], "any number of spaces");
        assert!(text(b"a,b\n1\n", &Csv::default()).is_err_and(|e| e.contains("1 fields")), "a short line");
    }
}
