//! LeRobot v2.1: a file each episode, lists as lines of JSON; read, converted, and with parts missing.

use crate::elsewhere::recordings;
use crate::fixtures::{assert_says, episode, write_dataset};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use terrella_data::SourceOptions;
use terrella_formats::{ImportOptions, OpenOptions, detect, import, open};

const LENGTHS: [usize; 4] = [8, 6, 5, 7];

/// A v2.1 dataset with the episodes of the fixtures.
fn write_v2(path: &Path) {
    write_dataset(path, &LENGTHS).expect("written");
    let data = path.join("data/chunk-000");
    let shared = data.join("file-000.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&shared).expect("opened")).expect("Parquet");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|b| b.expect("a batch")).collect();
    let rows = arrow_select::concat::concat_batches(&batches[0].schema(), &batches).expect("one batch");
    fs::remove_file(shared).expect("removed");
    let mut from = 0;
    for (number, n) in LENGTHS.into_iter().enumerate() {
        let rows = rows.slice(from, n);
        assert_eq!(rows["episode_index"].as_primitive::<Int64Type>().value(0), number as i64, "its rows");
        let file = File::create(data.join(format!("episode_{number:06}.parquet"))).expect("created");
        let mut writer = ArrowWriter::try_new(file, rows.schema(), None).expect("a writer");
        writer.write(&rows).expect("written");
        writer.close().expect("closed");
        from += n;
    }
    let info = path.join("meta/info.json");
    let mut value: serde_json::Value = serde_json::from_str(&fs::read_to_string(&info).expect("read")).expect("JSON");
    value["codebase_version"] = "v2.1".into();
    value["data_path"] = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet".into();
    fs::write(&info, value.to_string()).expect("written");
    fs::remove_file(path.join("meta/tasks.parquet")).expect("removed");
    fs::remove_dir_all(path.join("meta/episodes")).expect("removed");
    let tasks = "{\"task_index\": 0, \"task\": \"task 0\"}\n{\"task_index\": 1, \"task\": \"task 1\"}\n";
    fs::write(path.join("meta/tasks.jsonl"), tasks).expect("written");
}

#[test]
fn it_is_read_and_converted_without_loss() {
    let base = tempfile::tempdir().expect("a folder");
    let (old, new) = (base.path().join("old"), base.path().join("new"));
    write_v2(&old);
    assert_eq!(detect(&old).expect("known").name(), "lerobot-v2", "told apart");
    let imported = import(&old, &new, &ImportOptions::default(), &mut |_, _| {}).expect("converted");
    assert!(imported.notes.is_empty(), "nothing to tell: {:?}", imported.notes);
    assert_eq!(detect(&new).expect("known").name(), "lerobot-v3", "converted");
    for path in [old, new] {
        let dataset = open(&path, &OpenOptions::default()).expect("opened");
        for (at, n) in LENGTHS.into_iter().enumerate() {
            let (read, written) = (&dataset.episodes[at], episode(at, n));
            assert_eq!(
                (&read.states, &read.actions, &read.task),
                (&written.states, &written.actions, &written.task),
                "{at}"
            );
            let (read, written) = (read.frames.as_ref().expect("pictures"), written.frames.expect("pictures"));
            assert!((0..n).all(|t| read.bytes(t) == written.bytes(t)), "pictures of {at}");
        }
    }
}

#[test]
fn tables_that_were_not_downloaded_are_left_out_and_told() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("old");
    write_v2(&path);
    fs::remove_file(path.join("data/chunk-000/episode_000001.parquet")).expect("removed");
    let dataset = open(&path, &OpenOptions::default()).expect("the others");
    assert_eq!(
        dataset.episodes.iter().map(|e| e.states.row(0)[0]).collect::<Vec<_>>(),
        [0.0, 2000.0, 3000.0],
        "in order"
    );
    assert!(dataset.notes[0].starts_with("episodes 1: left out: their rows are not there"), "{:?}", dataset.notes);
    fs::remove_file(path.join("meta/tasks.jsonl")).expect("removed");
    assert_says(&open(&path, &OpenOptions::default()).expect_err("no tasks"), &["tasks.jsonl", "download"]);
}

#[test]
fn pictures_are_scaled_on_the_way_in_if_that_is_asked_for() {
    let base = tempfile::tempdir().expect("a folder");
    let (old, new) = (base.path().join("old"), base.path().join("new"));
    write_v2(&old);
    import(&old, &new, &ImportOptions { image_size: Some(2), ..ImportOptions::default() }, &mut |_, _| {})
        .expect("converted");
    let small = open(&new, &OpenOptions::default()).expect("opened");
    let image = episode(0, 8).frames.expect("pictures").image(3).resized(2, 2);
    assert_eq!(small.episodes[0].frames.as_ref().map(|f| f.image(3)), Some(image), "by area");
}

fn g1() -> Option<PathBuf> {
    recordings("g1_lerobot_v21")
}

#[test]
fn a_real_dataset_that_was_downloaded_in_part_gives_what_there_is() {
    let Some(path) = g1() else { return };
    let format = detect(&path).expect("known");
    let options = SourceOptions { no_pictures: true, ..SourceOptions::default() };
    let tables = format.open(&path, &options).expect("tables");
    assert_eq!(
        (tables.lengths().len(), tables.signature().state.len(), tables.signature().fps),
        (80, 26, 30.0),
        "tables"
    );
    assert!(tables.notes()[0].to_string().starts_with("episodes 80-99: left out"), "{:?}", tables.notes());
    assert!((0..80).all(|at| tables.episode(at).times.is_empty()), "times that only repeat the rate");
    let with_pictures = format.open(&path, &SourceOptions::default());
    if cfg!(not(feature = "video")) {
        assert_says(&with_pictures.err().expect("no decoder"), &["--features video"]);
        return;
    }
    let source = with_pictures.expect("four episodes");
    assert_eq!((source.lengths().len(), source.signature().image), (4, Some([480, 640])), "videos");
    let notes: Vec<String> = source.notes().iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|n| n.contains("0-9, 11-27, 31-79") && n.contains("video is not there")), "{notes:?}");
}
