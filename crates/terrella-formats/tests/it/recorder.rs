//! A recorder keeps what sensors say, each on its own clock, and its log reads like any other.

use serde_json::json;
use std::path::Path;
use terrella_core::Image;
use terrella_formats::{OpenOptions, open};
use terrella_logs::{Mapping, Recorder, Stamp};

const MAPPING: &str = "fps = 50.0\n[[state]]\ntopic = \"/joints\"\ncolumns = [\"angle[0:2]\"]\nnames = [\"a\", \"b\"]\n[[action]]\ntopic = \"/command\"\ncolumns = [\"torque\"]\nalign = \"hold\"\n[picture]\ntopic = \"/camera\"\n";
const EPOCH: u64 = 1_764_000_000_000_000_000;

fn mapping(extra: &str) -> Mapping {
    Mapping::parse("map.toml", &format!("{MAPPING}{extra}")).expect("a mapping")
}

fn at(milliseconds: u64) -> Stamp {
    let log = EPOCH + milliseconds * 1_000_000;
    // The sensor counts from when it was switched on.
    Stamp { log, sensor: milliseconds * 1_000_000 }
}

fn png(grey: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let image = Image::filled(4, 6, [grey; 3]);
    let mut encoder = png::Encoder::new(&mut bytes, 6, 4);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().and_then(|mut w| w.write_image_data(&image.data)).expect("a PNG");
    bytes
}

/// Joints at 100 Hz, commands at 20 Hz, pictures at 10 Hz, two seconds, each sensor in a thread of its own.
fn record(path: &Path, mapping: &Mapping, events: &[(u64, &str, Option<bool>)]) {
    let calibration = json!({"/camera": {"fx": 100.0}});
    let recorder = Recorder::create(path, mapping, Some(&calibration)).expect("a recorder");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..=200u64 {
                let angle = json!({"angle": [i as f64 * 0.5, -(i as f64)]});
                recorder.sample("/joints", at(10 * i), angle).expect("recorded");
            }
        });
        scope.spawn(|| {
            for i in 0..=40u64 {
                recorder.sample("/command", at(50 * i), json!({"torque": i})).expect("recorded");
            }
        });
        scope.spawn(|| {
            for i in 0..=20u64 {
                recorder.picture("/camera", at(100 * i), png(i as u8)).expect("recorded");
            }
        });
    });
    for (time, event, success) in events {
        recorder.event(at(*time), event, "push", *success).expect("recorded");
    }
    let recorded = recorder.finish().expect("finished");
    let joints = recorded.iter().find(|r| r.topic == "/joints").expect("joints");
    assert_eq!((joints.messages, joints.seconds), (201, 2.0), "what was recorded");
}

#[test]
fn sensors_at_several_rates_become_rows_of_one() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("log.mcap");
    record(
        &path,
        &mapping(""),
        &[(500, "begin", None), (1000, "end", Some(true)), (1200, "bump", None), (1500, "begin", None)],
    );
    let dataset = open(&path, &OpenOptions::default()).expect("opened");
    assert_eq!(dataset.signature.state, ["a", "b"], "named by the mapping in the file");
    let lengths: Vec<usize> = dataset.episodes.iter().map(|e| e.len()).collect();
    assert_eq!(lengths, [26, 26], "half a second of 50 rows a second each, between the marks");
    let first = &dataset.episodes[0];
    assert_eq!((first.task.as_str(), first.states.row(0)), ("push", &[25.0, -50.0][..]), "from half a second on");
    assert_eq!(first.states.row(3), [28.0, -56.0], "60 ms later");
    let commands: Vec<f32> = (0..6).map(|row| first.actions.row(row)[0]).collect();
    assert_eq!(commands, [10.0, 10.0, 10.0, 11.0, 11.0, 12.0], "the command in force");
    let frames = first.frames.as_ref().expect("pictures");
    let greys: Vec<u8> = (0..7).map(|row| frames.bytes(row)[0]).collect();
    assert_eq!(greys, [5, 5, 5, 6, 6, 6, 6], "the nearest picture");
    let notes = dataset.notes.join("\n");
    assert!(notes.contains("picture: samples lie up to 40.0 ms from their rows"), "the error of aligning: {notes}");
}

#[test]
fn without_marks_a_recording_is_one_episode_and_that_is_told() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("log.mcap");
    record(&path, &mapping(""), &[]);
    let dataset = open(&path, &OpenOptions::default()).expect("opened");
    assert_eq!(dataset.episodes.iter().map(|e| e.len()).collect::<Vec<_>>(), [101], "all of it");
    assert!(dataset.notes.join("\n").contains("nothing was marked on /episode"), "{:?}", dataset.notes);
}

#[test]
fn the_clock_of_a_sensor_can_be_the_clock() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("log.mcap");
    let text = MAPPING.replace("fps = 50.0", "fps = 50.0\n[clock]\ncolumn = \"publish_time\"");
    record(&path, &Mapping::parse("map.toml", &text).expect("a mapping"), &[]);
    let dataset = open(&path, &OpenOptions::default()).expect("opened");
    assert_eq!((dataset.episodes[0].len(), dataset.episodes[0].states.row(2)), (101, &[2.0, -4.0][..]), "its rows");
}

#[test]
fn what_cannot_be_recorded_is_refused() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("log.mcap");
    let recorder = Recorder::create(&path, &mapping(""), None).expect("a recorder");
    let error = recorder.picture("/camera", recorder.now(), b"GIF89a".to_vec()).expect_err("refused").to_string();
    assert!(error.contains("/camera") && error.contains("PNG nor JPEG"), "{error}");
    drop(recorder);
    let error = Recorder::create(&path, &mapping(""), None).err().expect("refused").to_string();
    assert!(error.contains("already exists"), "{error}");
    let nowhere = base.path().join("no/such/folder.mcap");
    assert!(Recorder::create(&nowhere, &mapping(""), None).is_err(), "no such folder");
}
