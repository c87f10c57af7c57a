//! Recordings for Rerun. What its own reader finds in them is compared by `tests/judges/rerun_open.sh`.

use crate::fixtures::write_dataset;
use std::fs;
use terrella_data::SourceOptions;
use terrella_formats::{open_source, rerun_recording};

#[test]
fn each_episode_is_a_recording_named_by_the_content() {
    let base = tempfile::tempdir().expect("a folder");
    let (data, file) = (base.path().join("data"), base.path().join("out.rrd"));
    write_dataset(&data, &[7, 1, 12]).expect("written");
    let options = SourceOptions::default();
    let source = open_source(&data, &options).expect("opened");
    let hash = source.hash().expect("a hash");
    // Again, over what is there.
    for _ in 0..2 {
        let mut heard = Vec::new();
        rerun_recording(&source, &file, &mut |done, all| heard.push((done, all))).expect("written");
        assert_eq!(heard, [(1, 3), (2, 3), (3, 3)], "progress");
        let bytes = fs::read(&file).expect("read");
        assert!(bytes.starts_with(b"RRF2"), "the mark of Rerun's files");
        let named = |at: usize| bytes.windows(hash.len() + 2).any(|w| w == format!("{hash}-{at}").as_bytes());
        assert_eq!([0, 1, 2, 3].map(named), [true, true, true, false], "recordings");
    }
}

#[test]
fn what_cannot_be_read_leaves_nothing() {
    let base = tempfile::tempdir().expect("a folder");
    let data = base.path().join("data");
    write_dataset(&data, &[7, 4]).expect("written");
    let table = data.join("data/chunk-000/file-000.parquet");
    let source = open_source(&data, &SourceOptions::default()).expect("opened");
    source.hash().expect("a hash");
    // Pictures are read as they are written out.
    fs::File::options().write(true).open(&table).and_then(|file| file.set_len(1000)).expect("cut");
    let file = base.path().join("out.rrd");
    rerun_recording(&source, &file, &mut |_, _| {}).expect_err("a table that was cut");
    let left: Vec<_> = fs::read_dir(base.path()).expect("a folder").map(|e| e.expect("listed").file_name()).collect();
    assert_eq!(left, ["data"], "neither the file nor a part of it");
}
