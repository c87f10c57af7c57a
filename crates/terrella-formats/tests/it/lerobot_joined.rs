//! LeRobot datasets that were put together: episodes that go on in another file, numbers that begin again, states and
//! actions in several features.

use crate::fixtures::{assert_says, episode, write_dataset};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int64Type};
use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::concat::concat_batches;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use terrella_core::Dataset;
use terrella_formats::{OpenOptions, open};

const FILE: &str = "data/chunk-000/file-000.parquet";

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("opened")).expect("Parquet");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|b| b.expect("a batch")).collect();
    concat_batches(&batches[0].schema(), &batches).expect("one batch")
}

fn write(path: &Path, rows: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(File::create(path).expect("created"), rows.schema(), None).expect("a writer");
    writer.write(rows).expect("written");
    writer.close().expect("closed");
}

fn change_info(root: &Path, change: impl FnOnce(&mut Value)) {
    let path = root.join("meta/info.json");
    let mut info = serde_json::from_str(&fs::read_to_string(&path).expect("read")).expect("JSON");
    change(&mut info);
    fs::write(path, info.to_string()).expect("written");
}

fn opened(path: &Path) -> Dataset {
    open(path, &OpenOptions::default()).expect("opened")
}

/// Every number and picture of the episodes of the fixtures.
fn assert_episodes(dataset: &Dataset, wanted: &[(usize, usize)]) {
    assert_eq!(dataset.episodes.len(), wanted.len(), "{:?}", dataset.notes);
    for (read, (index, rows)) in dataset.episodes.iter().zip(wanted) {
        let whole = episode(*index, *rows);
        assert_eq!((&read.states, &read.actions), (&whole.states, &whole.actions), "episode {index}");
        let [read, whole] = [&read.frames, &whole.frames].map(|f| f.as_ref().expect("pictures"));
        assert!((0..*rows).all(|row| read.bytes(row) == whole.bytes(row)), "pictures of episode {index}");
    }
}

#[test]
fn an_episode_goes_on_in_the_next_file() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write_dataset(&path, &[8, 6, 5]).expect("written");
    let rows = read(&path.join(FILE));
    let part = |file: &str, from, n| write(&path.join("data/chunk-000").join(file), &rows.slice(from, n));
    // Cut within the second episode, twice.
    part("file-000.parquet", 0, 10);
    part("file-001.parquet", 10, 2);
    part("file-002.parquet", 12, 7);
    let dataset = opened(&path);
    assert_episodes(&dataset, &[(0, 8), (1, 6), (2, 5)]);
    assert!(dataset.notes.is_empty(), "{:?}", dataset.notes);
    fs::remove_file(path.join("data/chunk-000/file-001.parquet")).expect("removed");
    let dataset = opened(&path);
    assert_episodes(&dataset, &[(0, 8), (2, 5)]);
    assert!(
        dataset.notes.iter().any(|n| n.contains("left out: some of their rows are not there")),
        "{:?}",
        dataset.notes
    );
}

#[test]
fn numbers_that_begin_again_are_counted_on() {
    let base = tempfile::tempdir().expect("a folder");
    for counted in [&["episode_index", "index"][..], &["index"], &["episode_index"]] {
        let [path, other] = [format!("all{}", counted.len()), "other".to_owned()].map(|name| base.path().join(name));
        write_dataset(&path, &[8, 6]).expect("written");
        write_dataset(&other, &[5, 7]).expect("written");
        let rows = read(&other.join(FILE));
        // As they are, or with one of both numbers put right by who joined them.
        let schema = rows.schema();
        let fixed = schema.fields().iter().zip(rows.columns()).map(|(field, column)| -> ArrayRef {
            let shift = match field.name().as_str() {
                "episode_index" => 2,
                "index" => 14,
                _ => return column.clone(),
            };
            let shift = if counted.contains(&field.name().as_str()) { 0 } else { shift };
            Arc::new(Int64Array::from_iter_values(
                column.as_primitive::<Int64Type>().values().iter().map(|x| x + shift),
            ))
        });
        let rows = RecordBatch::try_new(schema.clone(), fixed.collect()).expect("a batch");
        write(&path.join("data/chunk-000/file-001.parquet"), &rows);
        let dataset = opened(&path);
        assert_episodes(&dataset, &[(0, 8), (1, 6), (0, 5), (1, 7)]);
        let told = &dataset.notes[0];
        assert!(told.contains("row 0 of file-001.parquet") && told.contains("lists 2 episodes with 14 rows"), "{told}");
        fs::remove_dir_all(&path).expect("removed");
        fs::remove_dir_all(&other).expect("removed");
    }
}

/// Columns of a table of two and one numbers in place of one of three, or of one and one in place of two.
fn split(root: &Path, name: &str, parts: [(&str, usize); 2]) {
    let rows = read(&root.join(FILE));
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    let schema = rows.schema();
    for (field, column) in schema.fields().iter().zip(rows.columns()) {
        if field.name() != name {
            fields.push(field.clone());
            columns.push(column.clone());
            continue;
        }
        let list = column.as_fixed_size_list();
        let (width, numbers) = (list.value_length() as usize, list.values().as_primitive::<Float32Type>().values());
        let mut from = 0;
        for (part, n) in parts {
            let own = numbers.chunks(width).flat_map(|row| row[from..from + n].to_vec());
            let own = Arc::new(Float32Array::from_iter_values(own));
            let item = Arc::new(Field::new("item", DataType::Float32, true));
            let array: ArrayRef =
                if n == 1 { own } else { Arc::new(FixedSizeListArray::new(item, n as i32, own, None)) };
            fields.push(Arc::new(Field::new(part, array.data_type().clone(), true)));
            columns.push(array);
            from += n;
        }
    }
    write(&root.join(FILE), &RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch"));
    change_info(root, |info| {
        let features = info["features"].as_object_mut().expect("features");
        features.shift_remove(name).expect("a feature");
        for (part, n) in parts {
            features.insert(part.to_owned(), serde_json::json!({ "dtype": "float32", "shape": [n], "names": null }));
        }
    });
}

#[test]
fn a_state_and_an_action_in_several_features_are_joined_and_told() {
    let base = tempfile::tempdir().expect("a folder");
    for (state, names) in [
        (["observation.state.arm", "observation.state.grip"], ["arm.0", "arm.1", "grip.0"]),
        (["observation.joints", "observation.tool"], ["joints.0", "joints.1", "tool.0"]),
    ] {
        let path = base.path().join(state[0]);
        write_dataset(&path, &[8, 6]).expect("written");
        split(&path, "observation.state", [(state[0], 2), (state[1], 1)]);
        split(&path, "action", [("action.arm", 1), ("action.grip", 1)]);
        let dataset = opened(&path);
        assert_episodes(&dataset, &[(0, 8), (1, 6)]);
        assert_eq!(dataset.signature.state, names, "names of the parts");
        assert_eq!(dataset.signature.action, ["arm.0", "grip.0"], "of the action, too");
        let told = [format!("state: there is no single one, so it is made of {}", state.join(", "))];
        assert_eq!(dataset.notes[..1], told, "state");
        assert!(dataset.notes[1].contains("action: there is no single one"), "{:?}", dataset.notes);
        change_info(&path, |info| info["features"]["action.arm"]["shape"] = serde_json::json!([2]));
        let error = open(&path, &OpenOptions::default()).expect_err("refused");
        assert_says(&error, &["action.arm", "declares 2"]);
    }
}
