//! What fuzzing found, kept from coming back.

use arrow_array::{Float32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use base64::Engine as _;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::file::metadata::KeyValue;
use std::sync::Arc;
use terrella_data::SourceOptions;
use terrella_formats::open_source;

/// Parquet files carry Arrow's own schema too, and decoding a damaged one panicked.
#[test]
fn a_damaged_second_schema_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, map) = (folder.path().join("log.parquet"), folder.path().join("map.toml"));
    std::fs::write(&map, "fps = 10.0\n[clock]\nrate = 10.0\n[[state]]\ncolumns = [\"a\"]\n").expect("written");
    let options = SourceOptions { map: Some(map.to_string_lossy().into_owned()), ..Default::default() };
    let schema =
        Arc::new(Schema::new(vec![Field::new("a", DataType::Float32, false), Field::new("n", DataType::Int64, true)]));
    let plain = parquet::arrow::encode_arrow_schema(&schema);
    let schema_bytes = base64::engine::general_purpose::STANDARD.decode(plain).expect("base64");
    let numbers = Arc::new(Schema::new(vec![Field::new("a", DataType::Float32, false)]));
    let batch =
        RecordBatch::try_new(numbers, vec![Arc::new(Float32Array::from(vec![1.0, 2.0, 3.0]))]).expect("a batch");
    for at in 0..schema_bytes.len() {
        let mut damaged = schema_bytes.clone();
        damaged[at] ^= 4;
        let text = base64::engine::general_purpose::STANDARD.encode(damaged);
        let file = std::fs::File::create(&path).expect("a file");
        let how = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
        let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), how).expect("a writer");
        writer.write(&batch).expect("written");
        writer.append_key_value_metadata(KeyValue::new("ARROW:schema".to_owned(), text));
        writer.close().expect("closed");
        let source = open_source(&path, &options).expect("Parquet's own schema is enough");
        assert_eq!(source.episode(0).states.data, [1.0, 2.0, 3.0], "byte {at}");
    }
}

/// A negative place of a column made the library panic.
#[test]
fn no_damage_of_a_parquet_file_panics() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole");
    crate::fixtures::write_dataset(&whole, &[4]).expect("written");
    let table = whole.join("data/chunk-000/file-000.parquet");
    let bytes = std::fs::read(&table).expect("read");
    let footer = bytes.len().saturating_sub(1500);
    let mut refused = 0;
    for at in footer..bytes.len() {
        for bit in [1, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            std::fs::write(&table, damaged).expect("written");
            let opened = open_source(&whole, &SourceOptions::default());
            refused += usize::from(opened.and_then(|source| source.pictures(0)).is_err());
        }
    }
    assert!(refused > 100, "{refused} were refused");
}

/// Brackets within brackets took the library of NumPy's headers years.
#[test]
fn headers_of_arrays_that_never_end_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, map) = (folder.path().join("log.npy"), folder.path().join("map.toml"));
    std::fs::write(&map, "fps = 10.0\n[clock]\nrate = 10.0\n[[state]]\ncolumns = [\"log[0]\"]\n").expect("written");
    let options = SourceOptions { map: Some(map.to_string_lossy().into_owned()), ..Default::default() };
    let header = format!("{{'descr': {}", "{".repeat(60));
    for (version, length) in
        [(1, (header.len() as u16).to_le_bytes().to_vec()), (2, (header.len() as u32).to_le_bytes().to_vec())]
    {
        let bytes = [b"\x93NUMPY", &[version, 0][..], &length, header.as_bytes()].concat();
        std::fs::write(&path, bytes).expect("written");
        let said = open_source(&path, &options).map(|_| ()).expect_err("refused").to_string();
        assert!(said.contains("61 brackets"), "{said}");
    }
}
