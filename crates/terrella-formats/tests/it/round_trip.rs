//! What is written is what is read, whatever way it took.

use crate::fixtures::{
    SIZE, assert_nothing_at, assert_says, episode, options, replay_buffer, signature, write_dataset, write_folder,
    write_zip,
};
use std::fs;
use std::path::Path;
use terrella_core::{Dataset, Episode};
use terrella_data::{SourceOptions, Writer};
use terrella_formats::{FORMATS, OpenOptions, import, inspect, open, open_source, open_with};

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

/// An episode with times, rewards and ends that say where they are.
fn eventful(index: usize, rows: usize) -> Episode {
    let mut made = episode(index, rows);
    made.times = (0..rows).map(|t| (t as f64).powf(1.1) * 0.013 / (index + 1) as f64).collect();
    made.rewards = (0..rows).map(|t| (index as f32 - t as f32) / 3.0).collect();
    made.terminated = (0..rows).map(|t| index.is_multiple_of(2) && t + 1 == rows).collect();
    made.truncated = (0..rows).map(|t| !index.is_multiple_of(2) && t + 1 == rows).collect();
    made
}

#[test]
fn times_rewards_and_ends_come_back_bit_for_bit() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("data");
    let signature = terrella_core::Signature { reward: true, ends: true, ..signature() };
    let mut writer = Writer::create(&path, &signature).expect("created");
    // The second has rows at the rate; the third comes after a file that could hold only such.
    let mut wanted: Vec<Episode> = LENGTHS.iter().enumerate().map(|(at, rows)| eventful(at, *rows)).collect();
    wanted[0].times.clear();
    for made in &wanted {
        writer.write_episode(made).expect("written");
    }
    writer.finish().expect("finished");
    // Opened as an import of itself, too.
    let copy = base.path().join("copy");
    import(&path, &copy, &SourceOptions::default().into(), &mut |_, _| {}).expect("imported");
    for path in [&path, &copy] {
        let read = open(path, &OpenOptions::default()).expect("opened");
        assert_eq!((&read.signature, read.notes.len()), (&signature, 0), "what it says of itself: {:?}", read.notes);
        for (read, made) in read.episodes.iter().zip(&wanted) {
            let one_row = made.len() == 1;
            assert!(read.times == made.times || one_row, "times of episode {}", made.index);
            assert_eq!(read.rewards, made.rewards, "rewards");
            assert_eq!((&read.terminated, &read.truncated), (&made.terminated, &made.truncated), "ends");
        }
    }
    let text = |name: &str| fs::read_to_string(path.join("meta").join(name)).expect("there");
    let info: serde_json::Value = serde_json::from_str(&text("info.json")).expect("JSON");
    let dtype = |name: &str| info["features"][name]["dtype"].as_str().expect("a feature").to_owned();
    let found = ["next.reward", "next.done", "next.truncated", "timestamp"].map(dtype);
    assert_eq!(found, ["float32", "bool", "bool", "float64"], "features");
    let stats: serde_json::Value = serde_json::from_str(&text("stats.json")).expect("JSON");
    assert_eq!(
        (&stats["next.done"]["max"], &stats["next.reward"]["count"]),
        (&serde_json::json!([1.0]), &serde_json::json!([27]))
    );
    assert!(stats["next.truncated"]["q99"].is_array() && stats["timestamp"]["q01"].is_array(), "quantiles");
}

#[test]
fn what_is_no_clock_and_no_outcome_is_refused() {
    let base = tempfile::tempdir().expect("a folder");
    let signature = terrella_core::Signature { reward: true, ends: true, ..signature() };
    let refused = |change: &dyn Fn(&mut Episode)| {
        let mut writer = Writer::create(&base.path().join("data"), &signature).expect("created");
        writer.write_episode(&eventful(0, 5)).expect("written");
        let mut made = eventful(1, 5);
        change(&mut made);
        writer.write_episode(&made).expect_err("refused")
    };
    assert_says(&refused(&|e| e.times[3] = e.times[2]), &["episode 1", "time of row 3", "one rising time a row"]);
    assert_says(&refused(&|e| e.times[0] = -1.0), &["begin at -1 s"]);
    assert_says(&refused(&|e| e.times.truncate(2)), &["2 times and 5 rows"]);
    assert_says(&refused(&|e| e.rewards.clear()), &["0 values of next.reward", "needs 5"]);
    assert_says(&refused(&|e| e.truncated.clear()), &["0 values of next.truncated", "every row of every episode"]);
    assert_says(&refused(&|e| e.rewards[4] = f32::NAN), &["row 4", "reward is NaN"]);
    let mut writer = Writer::create(&base.path().join("data"), &crate::fixtures::signature()).expect("created");
    assert_says(&writer.write_episode(&eventful(0, 5)).expect_err("refused"), &["say in the signature"]);
}
