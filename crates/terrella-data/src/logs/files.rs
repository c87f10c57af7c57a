//! Files of a log, told by their names' endings: tables in text, JSON, NumPy arrays, Parquet.

use super::column::Column;
use super::mapping::Csv;
use super::table::{Bytes, Columns, Content};
use super::{json, parquet, text};
use npyz::{DType, NpyFile, Order, TypeChar};
use std::io::{Cursor, Read};

/// Endings that can be read.
pub(super) const ENDINGS: &str = ".csv, .tsv, .txt, .json, .jsonl, .catalog, .npy, .npz, .parquet, each also with .gz";

/// What the bytes of a file hold, and what there is to tell about them.
pub(super) fn parse(name: &str, bytes: Vec<u8>, csv: &Csv) -> Result<(Content, Vec<String>), String> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let file = name.rsplit('/').next().unwrap_or(name);
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let table = |(columns, notes)| (Content::Columns(columns), notes);
    let whole = |columns| (Content::Columns(columns), Vec::new());
    match ending.to_lowercase().as_str() {
        "csv" | "txt" | "dat" => text::table(&bytes, csv).map(table),
        "tsv" => text::table(&bytes, &Csv { delimiter: Some('\t'), ..csv.clone() }).map(table),
        "json" => json::document(&bytes).map(|value| (Content::Json(value), Vec::new())),
        "jsonl" | "ndjson" | "catalog" => json::lines(&bytes).map(|(value, notes)| (Content::Json(value), notes)),
        "npy" => {
            let mut columns = Columns::default();
            array(stem, &bytes, &mut columns)?;
            Ok(whole(columns))
        }
        "npz" => arrays(bytes).map(whole),
        "parquet" => parquet::columns(bytes).map(whole),
        _ => Err(format!("its ending is none that can be read ({ENDINGS})")),
    }
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

/// Brackets within brackets in the header of an array; names of fields with shapes of their own have five.
const DEEPEST_HEADER: usize = 8;

/// Refuses a header with which the library would never end: its time doubles with each bracket that is open.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    // Six bytes of magic and two of version stand before the header's length, of which version 1 has two bytes.
    let (begin, length) = match bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([*a, *b]))),
        [_, _, _, _, _, _, _, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Ok(()),
    };
    let (mut open, mut deepest) = (0usize, 0);
    for byte in bytes[begin..].iter().take(length) {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    if deepest <= DEEPEST_HEADER {
        return Ok(());
    }
    Err(format!("its header has {deepest} brackets within each other, the limit (DEEPEST_HEADER) is {DEEPEST_HEADER}"))
}

/// One NumPy array. Leading dimensions of 1 (a batch of one) are dropped; rows are the first one left.
fn array(name: &str, bytes: &[u8], into: &mut Columns) -> Result<(), String> {
    check_header(bytes)?;
    let file = NpyFile::new(bytes).map_err(|e| e.to_string())?;
    let DType::Plain(kind) = file.dtype() else {
        // Records of named fields are rare in logs; nothing is guessed about them.
        return Ok(());
    };
    let mut shape: Vec<usize> = file.shape().iter().map(|n| *n as usize).collect();
    let promised = shape.iter().try_fold(kind.num_bytes().unwrap_or(1), |n, d| n.checked_mul(*d));
    if promised.is_none_or(|n| n > bytes.len()) {
        return Err(format!("it promises shape {shape:?} and has {} bytes: it is truncated", bytes.len()));
    }
    let transposed = file.order() == Order::Fortran;
    let all_pixels = kind.type_char() == TypeChar::Uint && kind.size_field() == 1;
    let skipped = shape.iter().take(shape.len().saturating_sub(2)).take_while(|d| **d == 1).count();
    if all_pixels && shape.len() - skipped >= 3 && !transposed {
        let data = file.into_vec::<u8>().map_err(|e| e.to_string())?;
        into.bytes.insert(name.to_owned(), Bytes { shape: shape.split_off(skipped), data });
        return Ok(());
    }
    macro_rules! as_f64 {
        ($type:ty) => {
            file.into_vec::<$type>().map_err(|e| e.to_string())?.into_iter().map(|x| x as f64).collect::<Vec<f64>>()
        };
    }
    let data = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 4) => as_f64!(f32),
        (TypeChar::Float, 8) => as_f64!(f64),
        (TypeChar::Int, 1) => as_f64!(i8),
        (TypeChar::Int, 2) => as_f64!(i16),
        (TypeChar::Int, 4) => as_f64!(i32),
        (TypeChar::Int, 8) => as_f64!(i64),
        (TypeChar::Uint, 1) => as_f64!(u8),
        (TypeChar::Uint, 2) => as_f64!(u16),
        (TypeChar::Uint, 4) => as_f64!(u32),
        (TypeChar::Uint, 8) => as_f64!(u64),
        (TypeChar::Bool, _) => {
            let bools = file.into_vec::<bool>().map_err(|e| e.to_string())?;
            bools.into_iter().map(|x| f64::from(u8::from(x))).collect()
        }
        // Texts, dates and pickled objects are no columns of numbers.
        _ => return Ok(()),
    };
    let data = if transposed { untranspose(&shape, &data) } else { data };
    let shape = &shape[skipped..];
    let width = shape.iter().skip(1).product::<usize>().max(1);
    if !data.is_empty() {
        into.numbers.insert(name.to_owned(), Column { width, data });
    }
    Ok(())
}

/// From column-major to row-major order.
fn untranspose(shape: &[usize], data: &[f64]) -> Vec<f64> {
    let mut index = vec![0; shape.len()];
    let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[..axis].iter().product()).collect();
    let mut out = Vec::with_capacity(data.len());
    for _ in 0..data.len() {
        out.push(data[index.iter().zip(&strides).map(|(i, s)| i * s).sum::<usize>()]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    out
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
    fn column_major_arrays_are_turned() {
        assert_eq!(untranspose(&[2, 3], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "rows");
    }

    #[test]
    fn an_array_that_promises_more_than_it_has_is_refused() {
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 7), }";
        bytes.extend(format!("{header:<117}\n").bytes());
        let error = array("x", &bytes, &mut Columns::default()).expect_err("refused");
        assert!(error.contains("truncated"), "{error}");
    }
}
