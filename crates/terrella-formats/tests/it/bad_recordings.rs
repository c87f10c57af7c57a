//! Replay buffers that are damaged, and destinations that cannot be written: each error names the
//! file, the place and a remedy, and nothing is left under the final name.

use crate::fixtures::{
    Array, assert_nothing_at, assert_says, episode, options, replay_buffer, signature, write_folder, write_zip,
};
use std::fs;
use std::path::{Path, PathBuf};
use terrella_data::{Error, Writer};
use terrella_formats::{ImportOptions, detect, import};

const LENGTHS: [usize; 3] = [8, 6, 5];

/// Imports a buffer changed by `spoil` and returns the error; nothing may be left behind.
fn import_spoilt(spoil: impl FnOnce(&mut Vec<Array>)) -> Error {
    let base = tempfile::tempdir().expect("a folder");
    let mut arrays = replay_buffer(&LENGTHS);
    spoil(&mut arrays);
    let (source, destination) = (base.path().join("spoilt.zarr.zip"), base.path().join("out"));
    write_zip(&source, &arrays);
    let error = import(&source, &destination, &options().into(), &mut |_, _| {}).expect_err("a damaged recording");
    assert_nothing_at(&destination);
    assert_says(&error, &["spoilt.zarr.zip"]);
    error
}

fn array<'a>(arrays: &'a mut [Array], name: &str) -> &'a mut Array {
    arrays.iter_mut().find(|a| a.name == name).expect("an array of the fixture")
}

fn set_f32(array: &mut Array, at: usize, value: f32) {
    array.bytes[at * 4..at * 4 + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn a_truncated_zip_is_named() {
    let base = tempfile::tempdir().expect("a folder");
    let (source, destination) = (base.path().join("half.zarr.zip"), base.path().join("out"));
    write_zip(&source, &replay_buffer(&LENGTHS));
    let bytes = fs::read(&source).expect("the whole zip");
    for keep in [bytes.len() / 2, 10, 0] {
        fs::write(&source, &bytes[..keep]).expect("half of it");
        let error = import(&source, &destination, &options().into(), &mut |_, _| {}).expect_err("a truncated zip");
        assert_says(&error, &["half.zarr.zip", &format!("{keep} bytes"), "truncated", "download"]);
        assert_nothing_at(&destination);
    }
}

#[test]
fn a_flipped_byte_in_a_chunk_is_found() {
    let base = tempfile::tempdir().expect("a folder");
    let (source, destination) = (base.path().join("flipped.zarr.zip"), base.path().join("out"));
    let arrays = replay_buffer(&LENGTHS);
    write_zip(&source, &arrays);
    let mut bytes = fs::read(&source).expect("the zip");
    let needle = &arrays[2].bytes[..16];
    let at = bytes.windows(16).position(|w| w == needle).expect("the actions are stored");
    bytes[at] ^= 1;
    fs::write(&source, bytes).expect("spoilt");
    let error = import(&source, &destination, &options().into(), &mut |_, _| {}).expect_err("a damaged chunk");
    assert_says(&error, &["flipped.zarr.zip", "data/action", "rows 0 to 7", "download"]);
    assert_nothing_at(&destination);
}

#[test]
fn a_wrong_dtype_names_array_type_and_expectation() {
    let error = import_spoilt(|arrays| array(arrays, "data/action").dtype = "<c8");
    assert_says(&error, &["array data/action", "<c8", "float32", "whole numbers", "convert"]);
    let error = import_spoilt(|arrays| array(arrays, "data/img").dtype = "|b1");
    assert_says(&error, &["array data/img", "|b1", "uint8"]);
}

#[test]
fn numbers_that_are_not_finite_name_episode_and_row() {
    // Row 9 of the file is row 1 of episode 1.
    let error = import_spoilt(|arrays| set_f32(array(arrays, "data/action"), 9 * 2 + 1, f32::NAN));
    assert_says(&error, &["episode 1, row 1", "action action.1 is NaN", "drop or repair"]);
    let error = import_spoilt(|arrays| set_f32(array(arrays, "data/state"), 0, f32::INFINITY));
    assert_says(&error, &["episode 0, row 0", "state state.0 is inf"]);
}

#[test]
fn episode_ends_must_increase_and_match_the_rows() {
    let set = |at: usize, value: i64| {
        move |arrays: &mut Vec<Array>| {
            array(arrays, "meta/episode_ends").bytes[at * 8..at * 8 + 8].copy_from_slice(&value.to_le_bytes());
        }
    };
    assert_says(&import_spoilt(set(1, 8)), &["does not increase", "entry 1 is 8 after 8", "repair"]);
    assert_says(&import_spoilt(set(2, 18)), &["stops at row 18", "19 rows", "repair"]);
}

#[test]
fn missing_arrays_list_what_is_there() {
    let error = import_spoilt(|arrays| arrays.retain(|a| a.name != "data/action"));
    assert_says(&error, &["no array \"data/action\"", "data/img, data/state, meta/episode_ends", "rename"]);
}

#[test]
fn a_missing_chunk_without_a_fill_value_is_not_filled() {
    let base = tempfile::tempdir().expect("a folder");
    let (source, destination) = (base.path().join("holes.zarr"), base.path().join("out"));
    write_folder(&source, &replay_buffer(&LENGTHS));
    fs::remove_file(source.join("data/img/1.0.0.0")).expect("a chunk");
    let described = source.join("data/img/.zarray");
    let text = fs::read_to_string(&described).expect("read").replace("\"fill_value\":0", "\"fill_value\":null");
    fs::write(described, text).expect("written");
    let error = import(&source, &destination, &options().into(), &mut |_, _| {}).expect_err("a hole");
    assert_says(&error, &["holes.zarr", "chunk data/img/1.0.0.0 is missing", "download"]);
    assert_nothing_at(&destination);
}

#[test]
fn a_rate_that_is_not_stored_has_to_be_given() {
    let base = tempfile::tempdir().expect("a folder");
    let source = base.path().join("a.zarr.zip");
    write_zip(&source, &replay_buffer(&LENGTHS));
    let error = import(&source, &base.path().join("out"), &ImportOptions::default(), &mut |_, _| {});
    assert_says(&error.expect_err("no rate"), &["a.zarr.zip", "does not store its rate", "fps"]);
}

#[test]
fn unknown_input_is_described_with_what_is_supported() {
    let base = tempfile::tempdir().expect("a folder");
    let file = base.path().join("notes.odt");
    fs::write(&file, b"1,2,3").expect("a file");
    let error = detect(&file).err().expect("an unknown format");
    assert_says(&error, &["notes.odt", "5 bytes", ".odt", "lerobot-v3", "zarr-replay-buffer", "--map"]);
    let error = detect(base.path()).err().expect("an unknown folder");
    assert_says(&error, &["a folder with notes.odt", "supported are"]);
    let error = detect(&base.path().join("nowhere")).err().expect("nothing");
    assert_says(&error, &["nowhere", "check the spelling"]);
}

#[test]
fn an_existing_destination_is_not_touched() {
    let base = tempfile::tempdir().expect("a folder");
    let (source, destination) = (base.path().join("a.zarr.zip"), base.path().join("out"));
    write_zip(&source, &replay_buffer(&LENGTHS));
    fs::write(&destination, b"precious").expect("a file in the way");
    let error = import(&source, &destination, &options().into(), &mut |_, _| {}).expect_err("it exists");
    assert_says(&error, &["out already exists", "choose another destination"]);
    assert_eq!(fs::read(&destination).expect("still there"), b"precious", "untouched");
}

#[test]
fn an_unwritable_destination_names_the_folder_and_a_remedy() {
    let base = tempfile::tempdir().expect("a folder");
    let (source, in_the_way) = (base.path().join("a.zarr.zip"), base.path().join("file"));
    write_zip(&source, &replay_buffer(&LENGTHS));
    fs::write(&in_the_way, b"x").expect("a file where a folder is needed");
    let error =
        import(&source, &in_the_way.join("sub/out"), &options().into(), &mut |_, _| {}).expect_err("not a folder");
    assert_says(&error, &["file/sub/out", "a file stands where a folder is needed", "choose another path"]);
}

#[test]
fn a_foreign_partial_folder_is_left_alone() {
    let base = tempfile::tempdir().expect("a folder");
    let partial = base.path().join("out.partial");
    fs::create_dir(&partial).expect("somebody's folder");
    fs::write(partial.join("thesis.tex"), b"x").expect("somebody's file");
    let error = Writer::create(&base.path().join("out"), &signature()).err().expect("refused");
    assert_says(&error, &["out.partial", "not ours to remove", "move it away"]);
    assert!(partial.join("thesis.tex").exists(), "still there");
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let Some(disk) = TinyDisk::mount() else {
        eprintln!("skipped: a small tmpfs cannot be mounted here (it takes root)");
        return;
    };
    let path = disk.0.path().join("out");
    let mut writer = Writer::create(&path, &signature()).expect("created");
    let error = (0..200).find_map(|index| writer.write_episode(&episode(index, 100)).err()).expect("the disk is full");
    assert_says(&error, &["file-000.parquet", "free some space"]);
    drop(writer);
    assert_nothing_at(&path);
}

/// A disk of 256 kB.
struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let mounted = mount("mount", &["-t", "tmpfs", "-o", "size=256k", "tmpfs"], folder.path());
        mounted.then_some(Self(folder))
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        mount("umount", &[], self.0.path());
    }
}

fn mount(command: &str, arguments: &[&str], path: &Path) -> bool {
    let output = std::process::Command::new(command).args(arguments).arg(PathBuf::from(path)).output();
    output.is_ok_and(|o| o.status.success())
}
