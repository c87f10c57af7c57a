//! Datasets whose pictures are videos: what is written is read back, within what H.264 loses.
#![cfg(feature = "video")]

use crate::fixtures::signature;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use terrella_core::{Episode, Frames, Image, Signature, Table};
use terrella_data::Writer;
use terrella_formats::{ImportOptions, OpenOptions, import, open};

const SIZE: [usize; 2] = [48, 64];

/// A bright square that moves over a grey gradient, three pixels a row.
fn picture(episode: usize, row: usize) -> Image {
    let mut image = Image::filled(SIZE[0], SIZE[1], [0; 3]);
    for (at, pixel) in image.data.chunks_exact_mut(3).enumerate() {
        let (y, x) = (at / SIZE[1], at % SIZE[1]);
        let left = 3 * row + episode;
        let inside = (10..22).contains(&y) && (left..left + 12).contains(&x);
        pixel.copy_from_slice(&if inside { [230, 220, 210] } else { [(x + y) as u8; 3] });
    }
    image
}

fn episode(index: usize, rows: usize) -> Episode {
    let images: Vec<Image> = (0..rows).map(|row| picture(index, row)).collect();
    Episode {
        index,
        task: "push".to_owned(),
        states: Table::from_data(3, (0..rows * 3).map(|x| x as f32).collect()),
        actions: Table::from_data(2, vec![0.5; rows * 2]),
        frames: Some(Frames::from_images(&images)),
        ..Episode::default()
    }
}

fn write(path: &Path, lengths: &[usize]) {
    let signature = Signature { image: Some(SIZE), ..signature() };
    let mut writer = Writer::create(path, &signature).and_then(Writer::with_video).expect("made");
    lengths.iter().enumerate().for_each(|(i, n)| writer.write_episode(&episode(i, *n)).expect("written"));
    writer.finish().expect("finished");
}

/// Peak signal-to-noise ratio in decibels.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let square: f64 = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    10.0 * (255.0f64.powi(2) / (square / a.len() as f64).max(1e-9)).log10()
}

#[test]
fn videos_read_back_row_by_row() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    let lengths = [7, 1, 12, 4];
    write(&path, &lengths);
    let dataset = open(&path, &OpenOptions::default()).expect("opened");
    assert_eq!(dataset.signature.image, Some(SIZE), "their size");
    for (read, rows) in dataset.episodes.iter().zip(lengths) {
        let wanted = episode(read.index, rows);
        assert_eq!((&read.states, &read.actions), (&wanted.states, &wanted.actions), "tables");
        let frames = read.frames.as_ref().expect("pictures");
        for row in 0..rows {
            let quality = psnr(frames.bytes(row), &picture(read.index, row).data);
            let next = psnr(frames.bytes(row), &picture(read.index, row + 1).data);
            assert!(quality > 35.0 && quality > next + 10.0, "row {row} of {}: {quality} dB, {next}", read.index);
        }
    }
    let files: Vec<String> = walk(&path).into_iter().filter(|n| n.contains("videos")).collect();
    assert_eq!(files, ["videos/observation.image/chunk-000/file-000.mp4"], "and nothing half-finished");
}

fn walk(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("listed").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                names.push(entry.path().strip_prefix(root).expect("below").to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    names
}

#[test]
fn the_same_pictures_give_the_same_bytes() {
    let base = tempfile::tempdir().expect("a folder");
    let video = |name: &str| {
        let path = base.path().join(name);
        write(&path, &[9, 5]);
        fs::read(path.join("videos/observation.image/chunk-000/file-000.mp4")).expect("a video")
    };
    assert!(video("a") == video("b"), "whatever the number of threads");
}

#[test]
fn an_import_stores_video_and_says_where_it_came_from() {
    let base = tempfile::tempdir().expect("a folder");
    let (from, to) = (base.path().join("from"), base.path().join("to"));
    write(&from, &[6, 3]);
    let options = ImportOptions { video: true, ..ImportOptions::default() };
    import(&from, &to, &options, &mut |_, _| {}).expect("imported");
    assert_eq!(open(&to, &OpenOptions::default()).expect("opened").episodes.len(), 2, "episodes");
    let origin = fs::read_to_string(to.join("meta/import.json")).expect("an origin");
    let origin: serde_json::Value = serde_json::from_str(&origin).expect("JSON");
    assert_eq!((&origin["source"], origin["source_hash"].as_str().map(str::len)), (&"from".into(), Some(64)));
}

#[test]
fn sides_that_h264_cannot_have_are_refused_with_a_remedy() {
    let base = tempfile::tempdir().expect("a folder");
    let signature = Signature { image: Some([47, 64]), ..signature() };
    let path = base.path().join("odd");
    let mut writer = Writer::create(&path, &signature).and_then(Writer::with_video).expect("made");
    let frames = Frames::from_images(&vec![Image::filled(47, 64, [9; 3]); 3]);
    let error = writer.write_episode(&Episode { frames: Some(frames), ..episode(0, 3) }).expect_err("refused");
    assert!(error.to_string().contains("47x64") && error.to_string().contains("--image-size"), "{error}");
}

/// Writes other numbers into columns of the table of episodes.
fn change_episodes(root: &Path, changes: &[(&str, ArrayRef)]) {
    let path = root.join("meta/episodes/chunk-000/file-000.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("opened")).expect("Parquet");
    let rows = reader.build().expect("a reader").next().expect("a batch").expect("rows");
    let schema = rows.schema();
    let changed = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        changes.iter().find(|(name, _)| name == field.name()).map_or(column, |(_, other)| other).clone()
    });
    let rows = RecordBatch::try_new(schema.clone(), changed.collect()).expect("the same types");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).expect("created"), rows.schema(), None).expect("a writer");
    writer.write(&rows).expect("written");
    writer.close().expect("closed");
}

#[test]
fn episodes_lie_anywhere_in_several_videos() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, other) = (base.path().join("data"), base.path().join("other"));
    write(&path, &[7, 5]);
    write(&other, &[4, 7, 5]);
    let video = |root: &Path, at: usize| root.join(format!("videos/observation.image/chunk-000/file-00{at}.mp4"));
    fs::copy(video(&other, 0), video(&path, 1)).expect("copied");
    let ints = |ints: [i64; 2]| -> ArrayRef { Arc::new(Int64Array::from(ints.to_vec())) };
    let seconds = |seconds: [f64; 2]| -> ArrayRef { Arc::new(Float64Array::from(seconds.to_vec())) };
    change_episodes(
        &path,
        &[
            ("videos/observation.image/file_index", ints([0, 1])),
            ("videos/observation.image/from_timestamp", seconds([0.0, 1.1])),
            ("videos/observation.image/to_timestamp", seconds([0.7, 1.6])),
        ],
    );
    let dataset = open(&path, &OpenOptions::default()).expect("opened");
    for (read, shown) in dataset.episodes.iter().zip([0, 2]) {
        let frames = read.frames.as_ref().expect("pictures");
        for row in 0..read.len() {
            let quality = psnr(frames.bytes(row), &picture(shown, row).data);
            let beside = psnr(frames.bytes(row), &picture(shown, row + 1).data);
            assert!(quality > 35.0 && quality > beside + 10.0, "row {row} of {}: {quality} dB", read.index);
        }
    }
}
