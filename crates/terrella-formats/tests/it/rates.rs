//! The rate of rows: every n-th row of a dataset that says its rate, and rates that are no whole number.

use crate::fixtures::{assert_says, episode, signature, write_dataset};
use std::fs;
use std::path::Path;
use terrella_core::{Episode, Signature};
use terrella_data::{SourceOptions, Writer};
use terrella_formats::{ImportOptions, OpenOptions, import, open, open_source};

fn at(fps: f64) -> SourceOptions {
    SourceOptions { fps: Some(fps), ..SourceOptions::default() }
}

fn change_info(root: &Path, from: &str, to: &str) {
    let path = root.join("meta/info.json");
    let text = fs::read_to_string(&path).expect("read");
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(path, text.replace(from, to)).expect("written");
}

/// Two episodes of 60 and 7 rows at 30 a second, with rewards and an end in the last row.
fn thirty(path: &Path) {
    let signature = Signature { fps: 30.0, reward: true, ends: true, ..signature() };
    let mut writer = Writer::create(path, &signature).expect("a writer");
    for (index, rows) in [60, 7].into_iter().enumerate() {
        let mut terminated = vec![false; rows];
        terminated[rows - 2] = true;
        let outcomes = Episode { rewards: vec![1.0; rows], terminated, ..episode(index, rows) };
        writer.write_episode(&outcomes).expect("written");
    }
    writer.finish().expect("finished");
}

#[test]
fn every_third_row_is_taken_and_told() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, out) = (base.path().join("thirty"), base.path().join("ten"));
    thirty(&path);
    let imported = import(&path, &out, &at(10.0).into(), &mut |_, _| {}).expect("imported");
    assert_eq!((imported.written.episodes, imported.written.rows), (2, 23), "20 and 3");
    let told = imported.notes.last().expect("a note").to_string();
    assert!(told.starts_with("fps: every 3rd row of 30 a second is kept"), "{told}");
    let read = open(&out, &OpenOptions::default()).expect("opened");
    assert_eq!(read.signature.fps, 10.0, "a third");
    for (read, whole) in read.episodes.iter().zip([episode(0, 60), episode(1, 7)]) {
        for row in 0..read.len() {
            assert_eq!(
                (read.states.row(row), read.actions.row(row)),
                (whole.states.row(3 * row), whole.actions.row(3 * row))
            );
            let [read, whole] = [(&read.frames, row), (&whole.frames, 3 * row)]
                .map(|(frames, row)| frames.as_ref().map(|f| f.bytes(row).to_vec()));
            assert_eq!(read, whole, "pictures of row {row}");
        }
        assert!(read.times.is_empty(), "regular");
    }
    assert_eq!(read.episodes[1].rewards, [3.0, 3.0, 1.0], "added up");
    assert_eq!(read.episodes[1].terminated, [false, true, false], "row 5 lies in the second three");
    let same = open_source(&path, &at(30.0)).expect("as it is");
    assert!(same.lengths() == [60, 7] && same.notes().is_empty(), "its own rate changes nothing");
    let [ten, own] = [at(10.0), SourceOptions::default()]
        .map(|o| open(&path, &OpenOptions { source: o, ..OpenOptions::default() }).expect("opened"));
    assert_ne!(ten.hash, own.hash, "other content");
    assert_eq!(ten.episodes[0].frames.as_ref().map(|f| f.len()), Some(20), "pictures of its own");
}

#[test]
fn a_rate_that_no_rows_have_is_refused_with_those_that_some_have() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, out) = (base.path().join("thirty"), base.path().join("out"));
    thirty(&path);
    let refused = |fps| import(&path, &out, &at(fps).into(), &mut |_, _| {}).expect_err("refused");
    assert_says(&refused(12.0), &["30 rows a second", "--fps 12", "15 (every 2nd row) or 10 (every 3rd row)"]);
    assert_says(&refused(60.0), &["none can be made", "leave --fps out"]);
    for odd in [0.0, -3.0, f64::NAN, f64::INFINITY] {
        assert_says(&refused(odd), &["--fps is a number above 0"]);
    }
    let imported = import(&path, &out, &at(15.0).into(), &mut |_, _| {}).expect("the remedy works");
    assert_eq!(imported.written.rows, 34, "every second");
}

#[test]
fn a_rate_that_is_no_whole_number_is_kept_as_times() {
    let base = tempfile::tempdir().expect("a folder");
    let [path, out, third] = ["film", "kept", "third"].map(|name| base.path().join(name));
    let signature = Signature { fps: 30.0, ..signature() };
    let mut writer = Writer::create(&path, &signature).expect("a writer");
    let times = (0..40).map(|row| f64::from(row) / 29.97).collect();
    writer.write_episode(&Episode { times, ..episode(0, 40) }).expect("written");
    writer.finish().expect("finished");
    change_info(&path, "\"fps\": 30", "\"fps\": 29.97");
    let imported = import(&path, &out, &ImportOptions::default(), &mut |_, _| {}).expect("imported");
    assert!(imported.notes[0].to_string().contains("29.97"), "{:?}", imported.notes);
    let read = open(&out, &OpenOptions::default()).expect("opened");
    assert_eq!((read.signature.fps, read.episodes[0].len()), (30.0, 40), "named by a whole number");
    assert!((read.episodes[0].times[39] - 39.0 / 29.97).abs() < 1e-6, "{:?}", read.episodes[0].times.last());
    import(&path, &third, &at(10.0).into(), &mut |_, _| {}).expect("every third row");
    let read = open(&third, &OpenOptions::default()).expect("opened");
    assert_eq!((read.signature.fps, read.episodes[0].len()), (10.0, 14), "9.99 a second");
    assert!((read.episodes[0].times[13] - 39.0 / 29.97).abs() < 1e-6, "their times");
}

#[test]
fn options_that_change_nothing_are_told_and_others_are_heard() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, out) = (base.path().join("data"), base.path().join("out"));
    write_dataset(&path, &[8, 6]).expect("written");
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    let source = SourceOptions {
        task: Some("stack".to_owned()),
        state: names(&["a", "b", "c"]),
        action: names(&["d", "e"]),
        no_pictures: true,
        ..SourceOptions::default()
    };
    let options = ImportOptions { source: source.clone(), image_size: Some(8), ..ImportOptions::default() };
    let imported = import(&path, &out, &options, &mut |_, _| {}).expect("imported");
    let notes: Vec<String> = imported.notes.iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|n| n.contains("2 stored tasks are not kept")), "{notes:?}");
    assert!(notes.iter().any(|n| n.contains("--image-size changes nothing")), "{notes:?}");
    let read = open(&out, &OpenOptions::default()).expect("opened");
    assert_eq!((read.signature.state.join(""), read.signature.action.join("")), ("abc".to_owned(), "de".to_owned()));
    assert!(read.episodes.iter().all(|e| e.task == "stack"), "as it was said");
    let few = SourceOptions { state: names(&["a"]), ..source };
    assert_says(&open_source(&path, &few).err().expect("refused"), &["1 state names", "3 numbers"]);
}
