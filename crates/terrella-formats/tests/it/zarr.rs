//! Replay buffers in both versions of zarr: codecs, what is not stored, arrays by other names.

use crate::fixtures::{Array, assert_says, options, replay_buffer, write_folder};
use std::fs;
use std::path::{Path, PathBuf};
use terrella_data::{ALL, SourceOptions};
use terrella_formats::{ImportOptions, OpenOptions, Opened, detect, import, open, open_source};

/// Made by tests/judges/zarr_python.py.
const MADE: [&str; 5] = ["v3", "v3_codecs", "v2_order_f", "v2_consolidated", "v3_consolidated"];

fn made(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/zarr/{name}.zarr.zip"))
}

/// Unpacks an archive.
fn unpacked(path: &Path, into: &Path) {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).expect("opened")).expect("a zip");
    archive.extract(into).expect("unpacked");
}

fn assert_as_made(source: &Opened, name: &str) {
    assert_eq!(source.lengths(), [9, 11], "{name}");
    for (at, rows) in source.lengths().into_iter().enumerate() {
        let (episode, frames) = (source.episode(at), source.pictures(at).expect("decoded").expect("pictures"));
        for t in 0..rows {
            let state = [(1000 * at + t) as f32, 0.5, -(t as f32)];
            assert_eq!(episode.states.row(t), state, "{name}: row {t} of episode {at}");
            assert_eq!(episode.actions.row(t), [t as f32, at as f32], "{name}");
            assert_eq!(frames.bytes(t), [(t + 10 * at) as u8; 72], "{name}: pictures");
        }
    }
}

#[test]
fn what_zarr_python_writes_is_read_zipped_and_in_a_folder() {
    for name in MADE {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("buffer.zarr");
        unpacked(&made(name), &folder);
        for path in [made(name), folder] {
            assert_eq!(detect(&path).expect("known").name(), "zarr-replay-buffer", "{name}");
            let source = open_source(&path, &options()).expect(name);
            assert_as_made(&source, name);
            assert!(source.notes().is_empty(), "{name}: {:?}", source.notes());
        }
    }
}

#[test]
fn a_codec_that_is_not_known_is_named() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("buffer.zarr");
    unpacked(&made("v3"), &path);
    change(&path, "data/state/zarr.json", "\"zstd\"", "\"lz77\"");
    let error = open_source(&path, &options()).err().expect("refused");
    assert_says(&error, &["data/state", "bytes, lz77", "store it again"]);
    change(&path, "data/state/zarr.json", "float32", "float128");
    assert_says(&open_source(&path, &options()).err().expect("refused"), &["dtype float128", "float32"]);
}

fn change(root: &Path, file: &str, from: &str, to: &str) {
    let path = root.join(file);
    let text = fs::read_to_string(&path).expect("read");
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(path, text.replace(from, to)).expect("written");
}

#[test]
fn a_chunk_that_is_not_stored_is_the_fill_value_and_told() {
    let base = tempfile::tempdir().expect("a folder");
    let newer = base.path().join("v3.zarr");
    unpacked(&made("v3"), &newer);
    fs::remove_file(newer.join("data/action/c/1/0")).expect("removed");
    let older = base.path().join("v2.zarr");
    write_folder(&older, &replay_buffer(&[9, 11]));
    fs::remove_file(older.join("data/action/1.0")).expect("removed");
    change(&older, "data/action/.zarray", "\"fill_value\":0", "\"fill_value\":2.5");
    for (path, fill) in [(&newer, 0.0), (&older, 2.5)] {
        let source = open_source(path, &options()).expect("opened");
        let actions = source.episode(1).actions;
        assert_eq!((actions.row(4), actions.row(5)[0] > fill), (&[fill, fill][..], true), "rows 7 to 13 of all");
        let told = source.notes()[0].to_string();
        for words in ["data/action: 1 of 3 chunks are not stored (rows 7 to 13)", &format!("fill value {fill}")[..]] {
            assert!(told.contains(words.trim_end_matches(".0")), "{words} is missing in: {told}");
        }
    }
    change(&older, "data/action/.zarray", "\"fill_value\":2.5", "\"fill_value\":null");
    assert_says(&open_source(&older, &options()).err().expect("refused"), &["chunk data/action/1.0 is missing"]);
    fs::remove_file(newer.join("meta/episode_ends/c/0")).expect("removed");
    assert_says(&open_source(&newer, &options()).err().expect("refused"), &["chunk meta/episode_ends/c/0 is missing"]);
}

/// Numbers of a clock that has 20 ticks a second and starts anew in no episode.
fn floats(n: usize, number: impl Fn(usize) -> f64) -> Vec<u8> {
    (0..n).flat_map(|i| number(i).to_le_bytes()).collect()
}

fn real(path: &Path, time: impl Fn(usize) -> f64) {
    let rows = 20;
    let array = |name, shape, bytes| Array { name, dtype: "<f8", shape, bytes };
    let mut arrays = replay_buffer(&[9, 11]);
    arrays.retain(|a| a.name != "data/state" && a.name != "data/img");
    arrays.push(array("data/robot_joint", vec![rows, 2], floats(2 * rows, |i| i as f64)));
    arrays.push(array("data/robot_eef_pose", vec![rows, 3], floats(3 * rows, |i| -(i as f64))));
    arrays.push(array("data/timestamp", vec![rows], floats(rows, time)));
    arrays.push(array("data/stage", vec![rows], floats(rows, |_| 0.0)));
    write_folder(path, &arrays);
}

#[test]
fn what_robots_say_of_themselves_is_the_state_and_their_clock_the_time() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("real.zarr");
    real(&path, |row| 1.7e9 + row as f64 / 20.0);
    // The rate is stored, so it need not be given.
    let source = open_source(&path, &SourceOptions::default()).expect("opened");
    assert_eq!(source.signature().fps, 20.0, "of the clock");
    let names = ["robot_eef_pose.0", "robot_eef_pose.1", "robot_eef_pose.2", "robot_joint.0", "robot_joint.1"];
    assert_eq!(source.signature().state, names, "both");
    assert_eq!(source.episode(1).states.row(0), [-27.0, -28.0, -29.0, 18.0, 19.0], "row 9 of all");
    assert!(source.evidence(1).times[3] - source.evidence(1).times[0] - 0.15 < 1e-6, "{:?}", source.evidence(1));
    let notes: Vec<String> = source.notes().iter().map(ToString::to_string).collect();
    let told = [
        "state: there is no single one, so it is made of data/robot_eef_pose, data/robot_joint",
        "arrays: not kept: data/stage",
    ];
    assert_eq!(notes, told, "and what is not kept");
    let half = open_source(&path, &options()).expect("every second row");
    assert_eq!((half.signature().fps, half.lengths()), (10.0, vec![5, 6]), "at 10 a second");
    real(&path, |row| (row / 2) as f64);
    let source = open_source(&path, &options()).expect("without a clock");
    assert!(source.episode(0).times.is_empty() && source.signature().fps == 10.0, "as it was given");
    assert!(
        source.notes()[1].to_string().starts_with("data/timestamp: not kept: row 1 of episode 0"),
        "{:?}",
        source.notes()
    );
}

#[test]
fn a_jittery_clock_is_kept_row_by_row() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, out) = (base.path().join("real.zarr"), base.path().join("out"));
    real(&path, |row| 5.0 + row as f64 / 20.0 + if row % 3 == 1 { 0.01 } else { 0.0 });
    import(&path, &out, &ImportOptions::default(), &mut |_, _| {}).expect("imported");
    let read = open(&out, &OpenOptions::default()).expect("opened");
    assert!((read.episodes[1].times[1] - 0.06).abs() < 1e-9, "{:?}", read.episodes[1].times);
    assert_eq!(read.signature.fps, 20.0, "the usual step");
}

#[test]
fn nothing_is_taken_for_a_state_that_is_not_called_one() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("odd.zarr");
    let mut arrays = replay_buffer(&[9, 11]);
    arrays.retain(|a| a.name != "data/img");
    arrays.iter_mut().filter(|a| a.name == "data/state").for_each(|a| a.name = "data/arm");
    write_folder(&path, &arrays);
    let error = open_source(&path, &options()).err().expect("asked");
    assert_says(&error, &["there is no data/state", "data/arm", "--vectors"]);
    let asked = SourceOptions { vectors: vec!["data/arm".to_owned()], ..options() };
    assert_eq!(open_source(&path, &asked).expect("opened").signature().state, ["arm.0", "arm.1", "arm.2"], "as asked");
}

#[test]
fn cameras_by_other_names_are_chosen_and_kept() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("two.zarr");
    let mut arrays = replay_buffer(&[9, 11]);
    let picture = arrays.remove(0);
    for name in ["data/camera_0", "data/camera_1"] {
        arrays.push(Array { name, dtype: "|u1", shape: picture.shape.clone(), bytes: picture.bytes.clone() });
    }
    write_folder(&path, &arrays);
    let error = open_source(&path, &options()).err().expect("asked");
    assert_says(&error, &["data/camera_0, data/camera_1", "--camera"]);
    let camera = Some("data/camera_1".to_owned());
    let both = SourceOptions { camera: camera.clone(), views: vec![ALL.to_owned()], ..options() };
    let source = open_source(&path, &both).expect("opened");
    let names: Vec<&str> = source.cameras().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["data/camera_1", "data/camera_0"], "the camera first");
    assert_eq!(source.view(1, 0).expect("decoded").len(), 11, "its pictures");
    let one = open_source(&path, &SourceOptions { camera, ..options() }).expect("opened");
    assert_eq!(one.notes()[0].what, "not kept: data/camera_0", "told");
}
