//! Bags of ROS 1: every way of packing, bags that were never closed, damage.

use crate::bag_fixtures::{ROWS, TWIST, bag, connection, doubles, record};
use crate::fixtures::{changed, read_all, rounds};
use std::fs;
use std::path::Path;
use terrella_data::SourceOptions;
use terrella_formats::open_source;

/// Rows of states and actions, and what was told.
fn read(path: &Path) -> Result<(Vec<f32>, Vec<f32>, String), String> {
    let source = open_source(path, &SourceOptions::default()).map_err(|e| e.to_string())?;
    assert_eq!(source.lengths().len(), 1, "one episode");
    let episode = source.episode(0);
    let notes = source.notes().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Ok((episode.states.data, episode.actions.data, notes))
}

fn wanted(rows: u32) -> (Vec<f32>, Vec<f32>) {
    let states = (0..rows).flat_map(|i| [i as f32, -(i as f32), 0.5 * i as f32, 1.0]);
    let actions = (0..rows).flat_map(|i| [i as f32, 0.0, 0.0, 0.0, 0.0, 2.0 * i as f32]);
    (states.collect(), actions.collect())
}

#[test]
fn bags_of_ros_1_are_read_however_they_are_packed() {
    let base = tempfile::tempdir().expect("a folder");
    for compression in ["none", "lz4", "bz2"] {
        for (closed, name) in [(true, "drive.bag"), (false, "drive.bag.active")] {
            let path = base.path().join(format!("{compression}-{name}"));
            fs::write(&path, bag(compression, closed)).expect("written");
            let (states, actions, notes) = read(&path).expect("read");
            assert_eq!((states, actions), wanted(ROWS), "{compression}, {name}");
            assert!(notes.contains("/joint_states as the state") && !notes.contains("left out"), "{notes}");
        }
    }
}

#[test]
fn a_bag_that_was_cut_gives_what_is_there() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("cut.bag");
    for compression in ["none", "lz4", "bz2"] {
        let whole = bag(compression, true);
        let mut most = 0;
        for part in 1..30 {
            fs::write(&path, &whole[..whole.len() * part / 30]).expect("written");
            // So little that there is nothing to read is refused.
            let Ok((states, actions, notes)) = read(&path) else { continue };
            let rows = actions.len() / 6;
            assert_eq!((states, actions), wanted(rows as u32), "a prefix of {compression}");
            assert!(notes.contains("left out: what follows byte"), "{notes}");
            most = most.max(rows);
        }
        assert!(most >= 30, "{most} rows of {compression}");
    }
}

#[test]
fn a_damaged_chunk_is_left_out_and_the_others_are_read() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("damaged.bag");
    let mut bytes = bag("bz2", true);
    let second = bytes.windows(3).enumerate().filter(|(_, w)| w == b"BZh").nth(1).expect("a chunk").0;
    bytes[second + 20..second + 40].fill(0);
    fs::write(&path, bytes).expect("written");
    let source = open_source(&path, &SourceOptions::default()).expect("opened");
    let notes = format!("{:?}", source.notes());
    assert!(notes.contains("left out: the chunk at byte") && notes.contains("cannot be unpacked"), "{notes}");
    assert_eq!(source.lengths().iter().sum::<usize>(), ROWS as usize, "the clock runs over the gap");
}

#[test]
fn bags_that_lie_are_refused_without_panic() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("lies.bag");
    let seeds = ["none", "lz4", "bz2"].map(|packed| bag(packed, true));
    for round in 0..rounds(300) {
        fs::write(&path, changed(&seeds, round)).expect("written");
        read_all(&path);
    }
    // Four gigabytes after unpacking, as the head has it.
    let mut bytes = seeds[1].clone();
    let at = bytes.windows(5).position(|w| w == b"size=").expect("a size") + 5;
    bytes[at..at + 4].fill(255);
    fs::write(&path, bytes).expect("written");
    let notes = open_source(&path, &SourceOptions::default()).map(|s| format!("{:?}", s.notes()));
    let told = notes.unwrap_or_else(|e| e.to_string());
    assert!(told.contains("LARGEST_CHUNK") || told.contains("no topic"), "{told}");
}

#[test]
fn a_connection_that_changes_in_mid_file_is_read_as_it_is_there() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("changed.bag");
    let mut bytes = bag("none", true);
    // A later recorder gave the command a field before the others.
    bytes.extend(connection(1, "/cmd_vel", "geometry_msgs/Twist", &format!("float64 effort\n{TWIST}")));
    for i in ROWS..ROWS + 10 {
        let time = [(1_700_000_000 + i / 20).to_le_bytes(), (i % 20 * 50_000_000).to_le_bytes()].concat();
        let x = f64::from(i);
        let message = doubles(&[99.0, x, 0.0, 0.0, 0.0, 0.0, 2.0 * x]);
        bytes.extend(record(&[("op", &[2]), ("conn", &1u32.to_le_bytes()), ("time", &time)], &message));
    }
    fs::write(&path, &bytes).expect("written");
    let map = base.path().join("map.toml");
    fs::write(&map, "fps = 20.0\n[[state]]\ntopic = \"/cmd_vel\"\ncolumns = [\"linear.x\", \"angular.z\"]\n")
        .expect("written");
    let options = SourceOptions { map: Some(map.display().to_string()), ..SourceOptions::default() };
    let source = open_source(&path, &options).expect("opened");
    let wanted: Vec<f32> = (0..ROWS + 10).flat_map(|i| [i as f32, 2.0 * i as f32]).collect();
    assert_eq!(source.episode(0).states.data, wanted, "before and after");
    let notes = format!("{:?}", source.notes());
    assert!(notes.contains("/cmd_vel: its channel is defined anew 1 times"), "{notes}");
}
