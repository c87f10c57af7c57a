//! Times, rewards and ends as other recorders of LeRobot datasets store them.

use crate::fixtures::{episode, signature, write_dataset};
use arrow_array::{ArrayRef, BooleanArray, Float32Array, RecordBatch};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use terrella_core::{Dataset, Signature};
use terrella_data::{SourceOptions, Writer};
use terrella_formats::{OpenOptions, open, open_source};

/// Replaces or adds a column of the only data file.
fn set(path: &Path, name: &str, column: ArrayRef) {
    let file = path.join("data/chunk-000/file-000.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file).expect("opened")).expect("Parquet");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|b| b.expect("a batch")).collect();
    let rows = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).expect("one batch");
    let names = rows.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>();
    let mut columns: Vec<(String, ArrayRef)> = names.into_iter().zip(rows.columns().to_vec()).collect();
    columns.retain(|(n, _)| n != name);
    columns.push((name.to_owned(), column));
    let fields: Vec<Field> = columns.iter().map(|(n, c)| Field::new(n, c.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, c)| c).collect();
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("rows");
    let mut writer =
        ArrowWriter::try_new(File::create(&file).expect("created"), rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("written");
    writer.close().expect("closed");
}

/// Declares a feature of one number a row.
fn declare(path: &Path, name: &str, dtype: &str) {
    let info = path.join("meta/info.json");
    let mut value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&info).expect("read")).expect("JSON");
    value["features"][name] = serde_json::json!({"dtype": dtype, "shape": [1], "names": null});
    fs::write(&info, value.to_string()).expect("written");
}

fn read(path: &Path) -> Dataset {
    open(path, &OpenOptions::default()).expect("opened")
}

#[test]
fn success_tells_an_end_from_a_cut() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    let mut writer = Writer::create(&path, &Signature { ends: true, ..signature() }).expect("created");
    for (index, rows) in [4, 3].into_iter().enumerate() {
        let mut made = episode(index, rows);
        made.terminated = (0..rows).map(|t| t + 1 == rows).collect();
        writer.write_episode(&made).expect("written");
    }
    writer.finish().expect("finished");
    // The first succeeds a row before it is done, the second never.
    let success = vec![false, false, true, false, false, false, false];
    set(&path, "next.success", Arc::new(BooleanArray::from(success)));
    declare(&path, "next.success", "bool");
    let data = read(&path);
    let ends: Vec<_> = data.episodes.iter().map(|e| (e.terminated.clone(), e.truncated.clone())).collect();
    assert_eq!(ends[0], (vec![false, false, false, true], vec![false; 4]), "an end");
    assert_eq!(ends[1], (vec![false; 3], vec![false, false, true]), "a cut");
    assert_eq!(data.notes.len(), 1, "{:?}", data.notes);
    assert!(data.notes[0].starts_with("next.success: 1 of 2 ends by next.done come without it"), "{:?}", data.notes);
}

#[test]
fn times_that_are_no_clock_are_told_and_still_there_for_the_doctor() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write_dataset(&path, &[3, 4]).expect("written");
    let times = [0.0f32, 0.1, 0.2, 5.0, 5.1, 5.05, 5.3];
    set(&path, "timestamp", Arc::new(Float32Array::from(times.to_vec())));
    let data = read(&path);
    assert!(data.episodes.iter().all(|e| e.times.is_empty()), "neither repeats nor makes no sense");
    let note = "timestamp: not kept of an episode (1): they do not rise, row 2 is at 5.05";
    assert!(data.notes.len() == 1 && data.notes[0].starts_with(note), "{:?}", data.notes);
    let source = open_source(&path, &SourceOptions::default()).expect("opened");
    assert_eq!(source.evidence(1).times.len(), 4, "as they were stored");
    set(&path, "timestamp", Arc::new(Float32Array::from(vec![0.0f32, 0.1, 0.2, 5.0, 5.1, 5.25, 5.5])));
    let data = read(&path);
    assert!(data.episodes[0].times.is_empty() && data.notes.is_empty(), "{:?}", data.notes);
    let seconds: Vec<f64> = data.episodes[1].durations(0..4, 10.0).collect();
    let wanted = [0.1, 0.15, 0.25, 0.1];
    assert!(seconds.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6), "from the first row: {seconds:?}");
}

#[test]
fn rewards_that_are_declared_but_not_there_or_no_numbers_are_told() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write_dataset(&path, &[3, 4]).expect("written");
    declare(&path, "next.reward", "float32");
    let data = read(&path);
    assert!(!data.signature.reward && data.notes == ["features: not kept: next.reward"], "{:?}", data.notes);
    set(
        &path,
        "next.reward",
        Arc::new(Float32Array::from(vec![Some(1.0f32), Some(0.0), None, None, None, None, None])),
    );
    let data = read(&path);
    assert!(data.notes == ["next.reward: not kept: it is NaN in row 2 of episode 0"], "{:?}", data.notes);
    set(&path, "next.reward", Arc::new(arrow_array::Int64Array::from(vec![0, 1, 2, 3, 4, 5, 6])));
    let data = read(&path);
    assert!(data.signature.reward && data.notes.is_empty(), "{:?}", data.notes);
    assert_eq!(data.episodes[1].rewards, [3.0, 4.0, 5.0, 6.0], "whole numbers");
}
