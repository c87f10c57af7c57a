//! Files of a log, told by their names' endings: tables in text, JSON, NumPy arrays, Parquet.

use super::column::Column;
use super::mapping::Csv;
use super::table::{Bytes, Columns, Content};
use super::{json, parquet, text};
use std::io::{Cursor, Read};
use terrella_imports::npy::{self, Numbers};

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

/// Whether a name is that of a file with a table in it.
pub(super) fn table_ending(path: &std::path::Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    [".csv", ".tsv", ".json", ".jsonl", ".npy", ".npz", ".parquet"].iter().any(|e| name.ends_with(e))
}
