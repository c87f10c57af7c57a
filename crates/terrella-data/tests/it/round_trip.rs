//! What is written is what is read, whatever way it took.

use crate::fixtures::{
    SIZE, assert_nothing_at, episode, options, replay_buffer, signature, write_dataset, write_folder, write_zip,
};
use std::fs;
use std::path::Path;
use terrella_core::{Dataset, Episode};
use terrella_data::{FORMATS, OpenOptions, SourceOptions, Writer, import, inspect, open, open_source, open_with};

const LENGTHS: [usize; 4] = [5, 9, 1, 12];

fn assert_same_episodes(dataset: &Dataset) {
    assert_eq!(dataset.episodes.len(), LENGTHS.len(), "episodes");
    for (index, (read, rows)) in dataset.episodes.iter().zip(LENGTHS).enumerate() {
        let wanted = episode(index, rows);
        assert_eq!((read.index, &read.states, &read.actions), (index, &wanted.states, &wanted.actions), "tables");
        let pictures =
            |e: &Episode| (0..rows).map(|t| e.frames.as_ref().expect("pictures").image(t)).collect::<Vec<_>>();
        assert_eq!(pictures(read), pictures(&wanted), "pictures of episode {index}");
    }
}

#[test]
fn a_dataset_reads_back_as_it_was_written() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    let written = write_dataset(&path, &LENGTHS).expect("written");
    assert_eq!((written.episodes, written.rows), (4, 27), "what was written");
    let dataset = open(&path, &OpenOptions::default()).expect("opened");
    assert_same_episodes(&dataset);
    assert_eq!(
        (&dataset.signature, dataset.episodes[3].task.as_str()),
        (&signature(), "task 1"),
        "what it says of itself"
    );
    assert_eq!((dataset.hash.len(), dataset.action_stats.count), (64, 27), "hash and statistics");
    let names: Vec<String> =
        fs::read_dir(base.path()).expect("listed").flatten().map(|e| e.file_name().to_string_lossy().into()).collect();
    assert_eq!(names, ["data"], "nothing unfinished beside it");
}

#[test]
fn a_replay_buffer_opens_and_imports_from_zip_and_folder() {
    let base = tempfile::tempdir().expect("a folder");
    let (zip, folder) = (base.path().join("a.zarr.zip"), base.path().join("b.zarr"));
    write_zip(&zip, &replay_buffer(&LENGTHS));
    write_folder(&folder, &replay_buffer(&LENGTHS));
    for (at, source) in [&zip, &folder].into_iter().enumerate() {
        let direct = open(source, &OpenOptions { source: options(), ..OpenOptions::default() }).expect("opened");
        assert_same_episodes(&direct);
        let destination = base.path().join(format!("imported-{at}"));
        let mut told = Vec::new();
        import(source, &destination, &options().into(), &mut |done, all| told.push((done, all))).expect("imported");
        assert_eq!(told, [(1, 4), (2, 4), (3, 4), (4, 4)], "progress");
        let imported = open(&destination, &OpenOptions::default()).expect("opened");
        assert_same_episodes(&imported);
        assert_eq!(imported.signature, direct.signature, "the signature survives the import");
    }
}

#[test]
fn a_second_open_decodes_nothing_and_gives_the_same() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write_dataset(&path, &LENGTHS).expect("written");
    let mut told = 0;
    let mut count = |_, _| told += 1;
    let first = open_with(&path, &OpenOptions::default(), &mut count).expect("opened");
    let second = open_with(&path, &OpenOptions::default(), &mut |_, _| panic!("decoded again")).expect("opened again");
    assert_eq!((told, &first.hash), (1, &second.hash), "one group was decoded, once");
    assert_same_episodes(&second);
    // Where the cache cannot be written, pictures stay in memory.
    let in_the_way = base.path().join("file");
    fs::write(&in_the_way, b"").expect("a file");
    let options = OpenOptions { cache: Some(in_the_way.join("cache")), ..OpenOptions::default() };
    assert_same_episodes(&open(&path, &options).expect("opened without a cache"));
}

#[test]
fn pictures_can_be_smaller_or_left_out() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write_dataset(&path, &LENGTHS).expect("written");
    let small = open(&path, &OpenOptions { image_size: Some(2), ..OpenOptions::default() }).expect("opened");
    assert_eq!(small.signature.image, Some([2, 2]), "the signature says the size in memory");
    let frames = |e: &Episode| e.frames.clone().expect("pictures");
    let wanted = frames(&episode(1, 9)).image(8).resized(2, 2);
    assert_eq!(frames(&small.episodes[1]).image(8), wanted, "as the core scales live pictures");
    let without = open(&path, &OpenOptions { skip_images: true, ..OpenOptions::default() }).expect("opened");
    assert!(without.signature.image.is_none() && without.episodes[0].frames.is_none(), "no pictures");
    assert_eq!(without.hash, small.hash, "the hash is of the content, not of the view");
}

#[test]
fn the_hash_follows_the_content() {
    let base = tempfile::tempdir().expect("a folder");
    let hash = |name: &str, lengths: &[usize]| {
        let path = base.path().join(name);
        write_dataset(&path, lengths).expect("written");
        open(&path, &OpenOptions::default()).expect("opened").hash
    };
    assert_eq!(hash("a", &[5, 9]), hash("b", &[5, 9]), "the same recording");
    assert_ne!(hash("c", &[5, 9]), hash("d", &[9, 5]), "another");
}

#[test]
fn an_abandoned_writer_leaves_nothing_and_a_killed_one_is_cleaned() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    let mut writer = Writer::create(&path, &signature()).expect("created");
    writer.write_episode(&episode(0, 5)).expect("written");
    assert!(!path.exists(), "nothing under the final name before the end");
    drop(writer);
    assert_nothing_at(&path);
    // What a killed process leaves behind.
    let partial = base.path().join("data.partial");
    std::mem::forget(Writer::create(&path, &signature()).expect("created"));
    fs::write(partial.join("meta/old"), b"").expect("a leftover");
    write_dataset(&path, &[5]).expect("written over the leftover");
    assert!(!partial.exists() && !path.join("meta/old").exists(), "the leftover is gone");
}

#[test]
fn a_width_of_one_and_missing_states_or_pictures_are_stored_too() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    let mut signature = signature();
    (signature.image, signature.state) = (None, Vec::new());
    signature.action.truncate(1);
    let mut writer = Writer::create(&path, &signature).expect("created");
    let actions = terrella_core::Table::from_data(1, vec![1.0, 2.0, 3.0]);
    let states = terrella_core::Table::new(0);
    let short = Episode { index: 0, task: String::new(), states, actions, frames: None, ..Episode::default() };
    writer.write_episode(&short).expect("written");
    writer.finish().expect("finished");
    let read = open(&path, &OpenOptions::default()).expect("opened");
    assert_eq!((&read.signature, &read.episodes[0].actions), (&signature, &short.actions), "as written");
}

#[test]
fn inspection_tells_what_is_there_and_what_is_odd() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    write_dataset(&path, &LENGTHS).expect("written");
    let summary = inspect(&open_source(&path, &SourceOptions::default()).expect("opened")).expect("inspected");
    assert_eq!((summary.format.as_str(), summary.episodes, summary.rows), ("lerobot-v3", 4, 27), "counts");
    assert_eq!((summary.lengths, summary.image), ([1, 9, 12], Some(SIZE)), "sizes");
    assert_eq!(summary.warnings, ["state y is 0.5 in every row"], "the constant column");
    assert_eq!(summary.hash, open(&path, &OpenOptions::default()).expect("opened").hash, "the hash of the dataset");
}

#[test]
fn every_registered_format_recognises_its_own_and_only_its_own() {
    let base = tempfile::tempdir().expect("a folder");
    let (lerobot, zip) = (base.path().join("data"), base.path().join("a.zarr.zip"));
    write_dataset(&lerobot, &[5]).expect("written");
    write_zip(&zip, &replay_buffer(&[5]));
    for (path, name) in [(&lerobot, "lerobot-v3"), (&zip, "zarr-replay-buffer")] {
        let claims: Vec<&str> = FORMATS.iter().filter(|f| f.detect(path)).map(|f| f.name()).collect();
        assert_eq!(claims, [name], "{}", path.display());
    }
    assert!(FORMATS.iter().all(|f| !f.detect(Path::new("nowhere"))), "nothing is no format");
}
