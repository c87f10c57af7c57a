//! Several vectors, keypoints and tokens: which of them make the state, in formats that keep them apart.

use crate::fixtures::{Array, assert_says, options, replay_buffer, write_dataset, write_folder};
use arrow_array::builder::{Float64Builder, ListBuilder};
use arrow_array::{ArrayRef, FixedSizeListArray, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use terrella_data::SourceOptions;
use terrella_formats::{OpenOptions, import, open, open_source};

const ROWS: usize = 13;

fn asking(names: &[&str]) -> SourceOptions {
    SourceOptions { vectors: names.iter().map(ToString::to_string).collect(), ..options() }
}

fn list(values: ArrayRef, side: i32) -> ArrayRef {
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    Arc::new(FixedSizeListArray::new(item, side, values, None))
}

/// Changes fields and columns of the data file, and what `info.json` says.
fn change(path: &Path, change: impl FnOnce(&mut Vec<Arc<Field>>, &mut Vec<ArrayRef>, &mut Value)) {
    let (table, info) = (path.join("data/chunk-000/file-000.parquet"), path.join("meta/info.json"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&table).expect("opened")).expect("Parquet");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|b| b.expect("a batch")).collect();
    let batch = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).expect("one batch");
    let mut told: Value = serde_json::from_str(&fs::read_to_string(&info).expect("read")).expect("JSON");
    let (mut fields, mut columns) = (batch.schema().fields().to_vec(), batch.columns().to_vec());
    change(&mut fields, &mut columns, &mut told["features"]);
    fs::write(&info, told.to_string()).expect("written");
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("a batch");
    let mut writer = ArrowWriter::try_new(File::create(&table).expect("created"), batch.schema(), None).expect("made");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

/// A dataset with efforts of joints (f64, units), keypoints (two axes) and a token beside the state.
fn dataset(path: &Path) {
    write_dataset(path, &[8, 5]).expect("written");
    let efforts = Float64Array::from_iter_values((0..ROWS * 3).map(|i| i as f64 / 4.0));
    let points = Float64Array::from_iter_values((0..ROWS * 6).map(|i| i as f64));
    let tokens = Int64Array::from_iter_values((0..ROWS as i64).map(|i| 1000 + i));
    let (efforts, points) = (list(Arc::new(efforts), 3), list(list(Arc::new(points), 2), 3));
    change(path, |fields, columns, features| {
        // Joints are called alike in both.
        let names = features["observation.state"]["names"].clone();
        let effort = json!({"dtype": "float64", "shape": [3], "names": names, "units": ["N m", "N m", "N"]});
        let added: [(&str, ArrayRef, Value); 3] = [
            ("observation.effort", efforts, effort),
            ("observation.keypoints", points, json!({"dtype": "float64", "shape": [3, 2]})),
            ("observation.token", Arc::new(tokens), json!({"dtype": "int64", "shape": [1]})),
        ];
        for (name, column, feature) in added {
            fields.push(Arc::new(Field::new(name, column.data_type().clone(), true)));
            columns.push(column);
            features[name] = feature;
        }
    });
}

#[test]
fn features_of_a_dataset_are_joined_and_kept_by_an_import() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, out) = (base.path().join("data"), base.path().join("out"));
    dataset(&path);
    let usual = open(&path, &OpenOptions::default()).expect("opened");
    assert_eq!((usual.signature.state.len(), usual.signature.env.as_deref()), (3, Some("toy")), "the state alone");
    let names = &usual.signature.state;
    assert!(usual.notes[0].contains("not kept: observation.effort, observation.keypoints"), "{:?}", usual.notes);

    let wanted = asking(&["observation.keypoints", "observation.state", "observation.effort", "observation.token"]);
    let source = open_source(&path, &wanted).expect("opened");
    let found = &source.signature().state;
    assert_eq!(found[..6], [0, 1, 2, 3, 4, 5].map(|i| format!("keypoints.{i}")), "two axes are one row");
    assert_eq!(found[6], format!("state.{}", names[0]), "names of both joints would be alike");
    assert_eq!((found[9].as_str(), found[12].as_str()), (&*format!("effort.{}", names[0]), "token.0"), "{found:?}");
    assert_eq!(source.signature().units[9..], ["N m", "N m", "N", ""], "units go along");
    assert_eq!(source.signature().env, None, "these are not the world's numbers");
    assert!(source.notes()[0].what.contains("toy is not kept"), "{:?}", source.notes());
    // The third row of the second episode is the eleventh of the file.
    let row = source.episode(1).states.row(2).to_vec();
    assert_eq!(row[..6], [60.0, 61.0, 62.0, 63.0, 64.0, 65.0], "keypoints");
    assert_eq!(row[6..9], *usual.episodes[1].states.row(2), "the state");
    assert_eq!(row[9..], [7.5, 7.75, 8.0, 1010.0], "efforts and the token");

    import(&path, &out, &wanted.into(), &mut |_, _| {}).expect("imported");
    let kept = open(&out, &OpenOptions::default()).expect("opened");
    assert_eq!(
        (&kept.signature.state, kept.episodes[1].states.row(2)),
        (found, &row[..]),
        "all of it is the state now"
    );

    for (names, words) in [
        (
            &["observation.speed"][..],
            "no vector \"observation.speed\" (there are: observation.effort, observation.keypoints",
        ),
        (&["observation.token", "observation.token"], "observation.token is asked for twice"),
        (&["action"], "no vector \"action\""),
    ] {
        assert_says(&open_source(&path, &asking(names)).err().expect("refused"), &[words]);
    }
}

#[test]
fn lists_of_lists_are_told_by_row_and_may_be_stored_flat() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    dataset(&path);
    let keypoints = || open_source(&path, &asking(&["observation.keypoints"]));
    let nested = keypoints().expect("opened").episode(1).states;
    let flat = list(Arc::new(Float64Array::from_iter_values((0..ROWS * 6).map(|i| i as f64))), 6);
    let set = |column: ArrayRef| {
        change(&path, |fields, columns, _| {
            let at = fields.iter().position(|f| f.name() == "observation.keypoints").expect("a column");
            fields[at] = Arc::new(Field::new("observation.keypoints", column.data_type().clone(), true));
            columns[at] = column;
        });
    };
    set(flat);
    assert_eq!(keypoints().expect("opened").episode(1).states, nested, "six numbers, whichever way");
    // A point of row 4 lacks a number.
    let mut points = ListBuilder::new(ListBuilder::new(Float64Builder::new()));
    for row in 0..ROWS {
        for point in 0..3 {
            let n = if (row, point) == (4, 2) { 1 } else { 2 };
            (0..n).for_each(|_| points.values().values().append_value(0.0));
            points.values().append(true);
        }
        points.append(true);
    }
    set(Arc::new(points.finish()));
    let error = keypoints().err().expect("refused");
    assert_says(&error, &["observation.keypoints has 1 numbers in row 4, list 2, info.json declares 2"]);
}

#[test]
fn a_state_in_parts_is_put_together_and_told() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    dataset(&path);
    // As some converters write it: no state, but features whose names begin with it.
    change(&path, |fields, _, features| {
        let features = features.as_object_mut().expect("an object");
        features.remove("observation.state");
        for (from, to) in
            [("observation.token", "observation.state.grip"), ("observation.effort", "observation.state.arm")]
        {
            let at = fields.iter().position(|f| f.name() == from).expect("a column");
            fields[at] = Arc::new(Field::new(to, fields[at].data_type().clone(), true));
            let feature = features.remove(from).expect("a feature");
            features.insert(to.to_owned(), feature);
        }
    });
    let dataset = open(&path, &OpenOptions { skip_images: true, ..OpenOptions::default() }).expect("opened");
    assert_eq!(dataset.signature.state[3], "grip.0", "{:?}", dataset.signature.state);
    assert_eq!(dataset.episodes[1].states.row(2), [7.5, 7.75, 8.0, 1010.0], "their numbers");
    assert!(dataset.notes[0].contains("made of observation.state.arm, observation.state.grip"), "{:?}", dataset.notes);
}

#[test]
fn arrays_of_a_replay_buffer_are_asked_for_by_name() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("buffer.zarr");
    let mut arrays = replay_buffer(&[8, 5]);
    let points = (0..ROWS * 4).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let tokens = (0..ROWS as i64).flat_map(|i| (i - 5).to_le_bytes()).collect();
    arrays.push(Array { name: "data/token", dtype: "<i8", shape: vec![ROWS], bytes: tokens });
    arrays.push(Array { name: "data/keypoint", dtype: "<f4", shape: vec![ROWS, 2, 2], bytes: points });
    write_folder(&path, &arrays);
    let usual = open_source(&path, &options()).expect("opened");
    assert_eq!(usual.notes()[0].what, "not kept: data/keypoint, data/token", "told");
    let both = open_source(&path, &asking(&["data/state", "data/keypoint"])).expect("opened");
    let names = ["state.0", "state.1", "state.2", "keypoint.0", "keypoint.1", "keypoint.2", "keypoint.3"];
    assert_eq!(both.signature().state, names, "joined");
    let row = both.episode(1).states.row(1).to_vec();
    assert_eq!((&row[..3], &row[3..]), (usual.episode(1).states.row(1), &[36.0, 37.0, 38.0, 39.0][..]), "row 9");
    let token = open_source(&path, &asking(&["data/token"])).expect("opened");
    assert_eq!(token.episode(1).states.row(1), [4.0], "whole numbers are numbers");
    let error = open_source(&path, &asking(&["keypoint"])).err().expect("refused");
    assert_says(&error, &["no vector \"keypoint\" (there are: data/keypoint, data/state, data/token)"]);
}
