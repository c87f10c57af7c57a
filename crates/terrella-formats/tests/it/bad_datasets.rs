//! LeRobot datasets that are damaged or foreign: each error names the file, the place and a remedy, and
//! episodes that are not all there are left out and told.

use crate::fixtures::{assert_says, episode, signature, write_dataset};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int64Type};
use arrow_array::{Array, ArrayRef, FixedSizeListArray, Float32Array, Int64Array, RecordBatch};
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use terrella_core::{Signature, Table};
use terrella_data::{Error, Writer};
use terrella_formats::{OpenOptions, open};

const FILE: &str = "data/chunk-000/file-000.parquet";

/// Opens a dataset changed by `spoil`.
fn open_changed(spoil: impl FnOnce(&Path)) -> terrella_data::Result<terrella_core::Dataset> {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("spoilt");
    write_dataset(&path, &[8, 6, 5]).expect("written");
    spoil(&path);
    let opened = open(&path, &OpenOptions::default());
    assert!(
        opened.is_ok()
            || !path.join(".cache").exists()
            || fs::read_dir(path.join(".cache")).expect("listed").flatten().all(|e| e.file_name() == "content.json"),
        "no pictures of a damaged dataset are kept"
    );
    opened
}

/// Opens a dataset changed by `spoil` and returns the error.
fn open_spoilt(spoil: impl FnOnce(&Path)) -> Error {
    let error = open_changed(spoil).expect_err("a damaged dataset");
    assert_says(&error, &["spoilt"]);
    error
}

/// Rewrites the data file column by column; `None` drops the column.
fn rewrite(root: &Path, change: impl Fn(&str, ArrayRef) -> Option<ArrayRef>) {
    let path = root.join(FILE);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("opened")).expect("Parquet");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|b| b.expect("a batch")).collect();
    let batch = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).expect("one batch");
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if let Some(column) = change(field.name(), column.clone()) {
            fields.push(field.clone());
            columns.push(column);
        }
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).expect("created"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

fn edit_info(root: &Path, from: &str, to: &str) {
    let path = root.join("meta/info.json");
    let text = fs::read_to_string(&path).expect("read");
    assert!(text.contains(from), "\"{from}\" is not in info.json");
    fs::write(path, text.replacen(from, to, 1)).expect("written");
}

#[test]
fn missing_columns_name_the_file_and_what_is_there() {
    for missing in ["action", "observation.state", "observation.image", "index", "episode_index"] {
        let error = open_spoilt(|root| rewrite(root, |name, column| (name != missing).then_some(column)));
        assert_says(&error, &["file-000.parquet", &format!("no column \"{missing}\""), "timestamp", "rename"]);
    }
}

/// Makes action `v` in one row not finite.
fn spoil_action(root: &Path, row: usize) {
    rewrite(root, |name, column| {
        if name != "action" {
            return Some(column);
        }
        let list = column.as_fixed_size_list();
        let mut values = list.values().as_primitive::<Float32Type>().values().to_vec();
        values[row * 2 + 1] = f32::NAN;
        let arrow_schema::DataType::FixedSizeList(item, width) = list.data_type() else { return None };
        Some(Arc::new(FixedSizeListArray::new(item.clone(), *width, Arc::new(Float32Array::from(values)), None)))
    });
}

#[test]
fn an_episode_with_actions_that_are_not_finite_is_left_out_and_told() {
    let dataset = open_changed(|root| spoil_action(root, 8 + 2)).expect("the others");
    let lengths: Vec<usize> = dataset.episodes.iter().map(terrella_core::Episode::len).collect();
    assert_eq!(lengths, [8, 5], "the one in the middle is left out");
    assert_eq!(dataset.episodes[1].states.row(0)[0], 2000.0, "the last one is still itself");
    let frames = dataset.episodes[1].frames.as_ref().expect("pictures");
    assert_eq!(frames.bytes(0), episode(2, 5).frames.expect("pictures").bytes(0), "with its own pictures");
    let note = dataset.notes.join("; ");
    for word in ["episode 1", "left out", "row 2", "action v is NaN", "drop or repair"] {
        assert!(note.contains(word), "{word} is missing in: {note}");
    }
}

#[test]
fn a_dataset_without_a_good_episode_is_refused() {
    let error = open_spoilt(|root| [1, 9, 15].into_iter().for_each(|row| spoil_action(root, row)));
    assert_says(&error, &["episode 0, row 1", "action v is NaN", "drop or repair"]);
}

#[test]
fn a_gap_in_the_index_names_file_and_row() {
    let shift = |name: &'static str, from: usize| {
        move |root: &Path| {
            rewrite(root, |column_name, column| {
                if column_name != name {
                    return Some(column);
                }
                let ints = column.as_primitive::<Int64Type>().values().iter().enumerate();
                Some(Arc::new(Int64Array::from_iter_values(ints.map(|(i, x)| x + i64::from(i >= from)))))
            });
        }
    };
    assert_says(
        &open_spoilt(shift("index", 9)),
        &["file-000.parquet", "row 9 of the file has index 10", "expected index 9"],
    );
    assert_says(&open_spoilt(shift("frame_index", 10)), &["file-000.parquet", "row 10", "without a gap"]);
}

#[test]
fn a_dataset_that_is_not_all_there_is_refused() {
    assert_says(&open_spoilt(|root| fs::remove_dir_all(root.join("data")).expect("removed")), &["data", "download"]);
    let error = open_spoilt(|root| edit_info(root, "\"total_episodes\": 3", "\"total_episodes\": 2"));
    assert_says(&error, &["info.json", "lists 2 episodes with 19 rows", "hold 3 with 19"]);
    let rest =
        open_changed(|root| edit_info(root, "\"total_episodes\": 3", "\"total_episodes\": 6")).expect("what is there");
    assert_eq!(rest.episodes.len(), 3, "episodes that were not downloaded are left out");
    assert!(rest.notes[0].contains("episodes 3-5: left out") && rest.notes[0].contains("lists 6"), "{:?}", rest.notes);
    let error = open_spoilt(|root| {
        let bytes = fs::read(root.join(FILE)).expect("read");
        fs::write(root.join(FILE), &bytes[..bytes.len() / 2]).expect("half of it");
    });
    assert_says(&error, &["file-000.parquet", "Parquet", "download"]);
    let error = open_spoilt(|root| fs::remove_file(root.join("meta/info.json")).expect("removed"));
    assert_says(&error, &["meta/info.json", "check the spelling"]);
}

#[test]
fn another_version_or_odd_features_are_refused_with_a_remedy() {
    assert_says(
        &open_spoilt(|root| edit_info(root, "v3.0", "v1.6")),
        &["info.json", "v1.6", "v2.0, v2.1 and v3.0 can be read", "convert"],
    );
    let words: &[&str] = if cfg!(feature = "video") {
        &["info.json", "observation.image is a video", "no video_path"]
    } else {
        &["info.json", "stored as video", "--features video", "--no-pictures"]
    };
    let error = open_spoilt(|root| edit_info(root, "\"dtype\": \"image\"", "\"dtype\": \"video\""));
    assert_says(&error, words);
    let error = open_spoilt(|root| fs::write(root.join("meta/info.json"), b"{ \"codebase").expect("written"));
    assert_says(&error, &["info.json", "not a LeRobot info file"]);
}

/// As of a film: what was done is not there, or under another name that is told.
#[test]
fn a_dataset_without_actions_opens_with_one_that_is_always_0() {
    let dataset = open_changed(|root| edit_info(root, "\"action\"", "\"command\"")).expect("a film");
    assert!(!dataset.signature.acted(), "{:?}", dataset.signature.action);
    let [rows, zeros] = [dataset.n_rows(), dataset.episodes.iter().map(|e| e.actions.data.len()).sum()];
    assert_eq!((rows, zeros), (19, 19), "a row a picture");
    let notes = dataset.notes.join("; ");
    assert!(notes.contains("no action was logged") && notes.contains("not kept: command"), "{notes}");
}

#[test]
fn a_picture_of_another_size_names_the_row() {
    let error = open_spoilt(|root| edit_info(root, "6,\n        4,\n        3", "8,\n        4,\n        3"));
    assert_says(&error, &["episode 0, row 0", "observation.image is 6x4", "declares 8x4"]);
}

#[test]
fn a_width_that_is_not_the_declared_one_is_told() {
    let error =
        open_spoilt(|root| edit_info(root, "\"shape\": [\n        2\n      ]", "\"shape\": [\n        3\n      ]"));
    assert_says(&error, &["file-000.parquet", "action has 2 numbers", "declares 3"]);
}

#[test]
fn the_writer_refuses_what_does_not_fit() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("out");
    let mut writer = Writer::create(&path, &signature()).expect("created");
    let spoil = |change: fn(&mut terrella_core::Episode)| {
        let mut spoilt = episode(0, 5);
        change(&mut spoilt);
        spoilt
    };
    for (spoilt, words) in [
        (spoil(|e| e.actions.data[3] = f32::NAN), ["episode 0, row 1", "action v is NaN"]),
        (spoil(|e| e.states = Table::new(0)), ["[0, 2] state and action numbers", "[3, 2]"]),
        (spoil(|e| e.states.data.truncate(3)), ["5 actions and 1 states", "record"]),
        (spoil(|e| e.frames = None), ["pictures []", "needs [(5, [6, 4], Rgb)]"]),
    ] {
        assert_says(&writer.write_episode(&spoilt).expect_err("unfit"), &words);
    }
    assert_says(&writer.finish().expect_err("nothing was written"), &["out", "no episode", "record one"]);
    let odd = Signature { fps: 12.5, ..signature() };
    assert_says(&Writer::create(&path, &odd).err().expect("refused"), &["out", "12.5", "--fps"]);
    crate::fixtures::assert_nothing_at(&path);
}
