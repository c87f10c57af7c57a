//! Bags of ROS 2 as they lie on disks: in SQLite, split over files, packed as a whole, with and without metadata.

use crate::fixtures::{assert_says, changed, read_all, rounds};
use crate::mcap::{JOINTS, TWIST};
use crate::sqlite_fixtures::{bag, messages, time, wal};
use mcap::records::MessageHeader;
use mcap::{WriteOptions, Writer};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use terrella_data::SourceOptions;
use terrella_formats::{Opened, open_source};

/// Joints `a` and `b`, commands, a camera and a type that nobody knows, 24 rows at 20 Hz; see the script beside it.
const BAG: &[u8] = include_bytes!("../data/ros2_bag.db3");
/// Wheels, of a type that the bag describes, and commands.
const DEFINED: &[u8] = include_bytes!("../data/ros2_defined.db3");
const ROWS: usize = 24;
/// Rows of the first until the last picture.
const SEEN: usize = 22;

fn open_plain(path: &Path) -> Opened {
    open_source(path, &SourceOptions::default()).expect("opened")
}

fn refused(path: &Path) -> terrella_data::Error {
    open_source(path, &SourceOptions::default()).err().expect("refused")
}

fn told(source: &Opened) -> String {
    source.notes().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Rows of the states and of the first number of the actions.
fn numbers(source: &Opened, episode: usize) -> (Vec<f32>, Vec<f32>) {
    let episode = source.episode(episode);
    (episode.states.data.clone(), episode.actions.rows().map(|row| row[0]).collect())
}

fn wanted(rows: std::ops::Range<usize>) -> (Vec<f32>, Vec<f32>) {
    let states = rows.clone().flat_map(|i| [i as f32, -(i as f32), 0.5 * i as f32, 1.0]);
    (states.collect(), rows.map(|i| i as f32).collect())
}

fn metadata(files: &[&str], mode: &str) -> String {
    let files = files.iter().map(|name| format!("    - {name}\n")).collect::<String>();
    format!(
        "rosbag2_bagfile_information:\n  version: 5\n  storage_identifier: any\n  relative_file_paths:\n{files}  duration:\n    nanoseconds: 1\n  compression_format: zstd\n  compression_mode: {mode}\n"
    )
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("packed")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("packed");
    packer.finish().expect("packed")
}

/// The same rows as MCAP with messages in JSON.
fn mcap_of(rows: std::ops::Range<usize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer: Writer<_> = WriteOptions::new().create(Cursor::new(&mut bytes)).expect("a writer");
    let mut channel = |topic: &str, kind: &str| {
        let schema = writer.add_schema(kind, "jsonschema", b"{}").expect("a schema");
        writer.add_channel(schema, topic, "json", &BTreeMap::new()).expect("a channel")
    };
    let (joints, twist) =
        (channel("/joint_states", "sensor_msgs/msg/JointState"), channel("/cmd_vel", "geometry_msgs/msg/Twist"));
    for i in rows {
        let (time, x) = (1_700_000_000_000_000_000 + i as u64 * 50_000_000, i as f64);
        let messages = [
            (joints, serde_json::json!({"name": ["a", "b"], "position": [x, -x], "velocity": [0.5 * x, 1.0]})),
            (twist, serde_json::json!({"linear": {"x": x}})),
        ];
        for (channel_id, message) in messages {
            let header = MessageHeader { channel_id, sequence: i as u32, log_time: time, publish_time: time };
            writer.write_to_known_channel(&header, message.to_string().as_bytes()).expect("written");
        }
    }
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

#[test]
fn bags_in_sqlite_are_read_without_definitions() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("run_0.db3");
    fs::write(&path, BAG).expect("written");
    for folder in [false, true] {
        if folder {
            fs::write(base.path().join("metadata.yaml"), metadata(&["run_0.db3"], "\"\"")).expect("written");
        }
        let source = open_plain(if folder { base.path() } else { &path });
        assert_eq!(source.lengths(), [SEEN], "{}", told(&source));
        assert_eq!(source.signature().fps, 20.0, "the rate");
        assert_eq!(numbers(&source, 0), wanted(0..SEEN), "numbers");
        assert_eq!(source.signature().image, Some([12, 16]), "the camera");
        let frames = source.pictures(0).expect("decoded").expect("pictures");
        for row in 0..SEEN {
            // The nearest of every third row.
            let taken = ((row + 1) / 3 * 3) as u8;
            assert_eq!(frames.bytes(row)[..3], [10 * taken, 255 - 10 * taken, 7], "picture {row}");
        }
        let told = told(&source);
        assert!(
            told.contains("left out: 3 messages of /odd: nothing says what my_msgs/msg/Odd")
                && told.contains("ros2 bag convert"),
            "{told}"
        );
        assert!(!told.contains("/silent: "), "what has no messages lacks nothing: {told}");
    }
}

#[test]
fn definitions_of_a_bag_are_used() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("wheels.db3");
    fs::write(&path, DEFINED).expect("written");
    let options = SourceOptions { vectors: vec!["/wheels".to_owned()], ..SourceOptions::default() };
    let source = open_source(&path, &options).expect("opened");
    assert_eq!(source.signature().state, ["left.speed", "left.ticks", "right.speed", "right.ticks"], "its own type");
    assert_eq!(source.episode(0).states.row(3), [3.0, 30.0, -3.0, -30.0], "numbers");
}

#[test]
fn a_bag_whose_recorder_was_killed_is_refused_with_a_remedy() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("run_0.db3");
    fs::write(&path, BAG).expect("written");
    for (ending, pragma) in [("-wal", "wal_checkpoint"), ("-journal", "quick_check")] {
        let beside = base.path().join(format!("run_0.db3{ending}"));
        fs::write(&beside, []).expect("written");
        assert_eq!(open_plain(&path).lengths(), [SEEN], "empty ones hold nothing");
        fs::write(&beside, [1; 99]).expect("written");
        assert_says(&refused(&path), &[&format!("run_0.db3{ending}"), "sqlite3 run_0.db3", pragma]);
        fs::remove_file(beside).expect("removed");
    }
}

#[test]
fn a_log_of_writes_beside_a_bag_is_read_as_sqlite_does() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, log) = (base.path().join("run_0.db3"), base.path().join("run_0.db3-wal"));
    let of = |rows: usize| bag(0..rows, <[u8]>::to_vec);
    // The table of messages is in the log alone.
    fs::write(&path, of(ROWS)[..2].concat()).expect("written");
    let [early, late] = [16, ROWS].map(|rows| of(rows)[2].clone());
    for high_first in [false, true] {
        let whole = wal(&[(3, &early, 3), (1, &of(ROWS)[0], 0), (3, &late, 3)], high_first);
        let more = wal(&[(3, &early, 3), (3, &late, 3), (3, &early, 0)], high_first);
        for (bytes, rows, words) in [
            (&whole[..], ROWS, "read through run_0.db3-wal, which holds 2 pages of 2 changes"),
            (&whole[..whole.len() - 1], 16, "are of no change that ended"),
            (&more[..], ROWS, "are of no change that ended"),
        ] {
            fs::write(&log, bytes).expect("written");
            let source = open_plain(&path);
            assert_eq!(source.lengths(), [rows], "{}", told(&source));
            assert_eq!(numbers(&source, 0), wanted(0..rows), "numbers");
            assert!(told(&source).contains(words), "{}", told(&source));
            let files = source.files().expect("listed");
            assert!(files.iter().any(|(_, file)| *file == log), "the log is of the content: {files:?}");
        }
        // A change, a salt and a checksum of which a bit is wrong; a head alone.
        for (at, end) in [(100, whole.len()), (32 + 8, whole.len()), (24, whole.len()), (40, 32)] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&log, &bytes[..end]).expect("written");
            assert_says(&refused(&path), &["run_0.db3-wal", "no change that is whole", "wal_checkpoint"]);
        }
    }
}

/// The rows as MCAP in CDR, each message packed by itself.
fn packed_mcap() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer: Writer<_> = WriteOptions::new().create(Cursor::new(&mut bytes)).expect("a writer");
    let mut channel = |topic: &str, kind: &str, text: &str| {
        let schema = writer.add_schema(kind, "ros2msg", text.as_bytes()).expect("a schema");
        writer.add_channel(schema, topic, "cdr", &BTreeMap::new()).expect("a channel")
    };
    let channels = [
        channel("/joint_states", "sensor_msgs/msg/JointState", JOINTS),
        channel("/cmd_vel", "geometry_msgs/msg/Twist", TWIST),
    ];
    for at in 0..ROWS {
        for (channel_id, message) in channels.into_iter().zip(messages(at)) {
            let header = MessageHeader { channel_id, sequence: 0, log_time: time(at), publish_time: time(at) };
            writer.write_to_known_channel(&header, &zstd(&message)).expect("written");
        }
    }
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

#[test]
fn messages_that_are_packed_one_by_one_are_read() {
    for (name, bytes) in [("run_0.db3", bag(0..ROWS, zstd).concat()), ("run_0.mcap", packed_mcap())] {
        let base = tempfile::tempdir().expect("a folder");
        let (path, yaml) = (base.path().join(name), base.path().join("metadata.yaml"));
        fs::write(&path, bytes).expect("written");
        fs::write(&yaml, metadata(&[name], "MESSAGE")).expect("written");
        for path in [base.path(), &path, &yaml] {
            let source = open_plain(path);
            assert_eq!(source.lengths(), [ROWS], "{}", told(&source));
            assert_eq!(numbers(&source, 0), wanted(0..ROWS), "{name}");
            assert!(told(&source).contains("48 messages were packed one by one"), "{}", told(&source));
        }
    }
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("run_0.db3");
    let cut = |message: &[u8]| {
        let packed = zstd(message);
        packed[..packed.len() / 2].to_vec()
    };
    fs::write(&path, bag(0..ROWS, cut).concat()).expect("written");
    assert_says(&refused(&path), &["cannot be unpacked"]);
}

#[test]
fn metadata_stand_for_the_folder_of_their_bag() {
    let base = tempfile::tempdir().expect("a folder");
    let yaml = base.path().join("metadata.yaml");
    fs::write(base.path().join("run_0.mcap"), mcap_of(0..10)).expect("written");
    fs::write(base.path().join("run_1.mcap"), mcap_of(10..24)).expect("written");
    fs::write(&yaml, metadata(&["run_0.mcap", "run_1.mcap"], "NONE")).expect("written");
    let source = open_plain(&yaml);
    assert_eq!(numbers(&source, 0), wanted(0..ROWS), "both files: {}", told(&source));
    assert_eq!(source.hash().expect("hashed"), open_plain(base.path()).hash().expect("hashed"), "the same recording");
    fs::write(&yaml, "name: a dataset\n").expect("written");
    assert_says(&refused(&yaml), &["not a recording that can be read"]);
}

#[test]
fn bags_in_sqlite_that_were_cut_or_changed_are_read_or_refused() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("lies.db3");
    let mut most = 0;
    for end in (0..BAG.len()).step_by(256) {
        fs::write(&path, &BAG[..end]).expect("written");
        let Ok(source) = open_source(&path, &SourceOptions::default()) else { continue };
        assert!(told(&source).contains("bytes are missing at its end"), "cut at {end}: {}", told(&source));
        most = most.max(source.lengths().iter().sum::<usize>());
    }
    assert!(most >= ROWS / 2, "{most} rows of one that was cut");
    for round in 0..rounds(300) {
        fs::write(&path, changed(&[BAG.to_vec(), DEFINED.to_vec()], round)).expect("written");
        read_all(&path);
    }
    // All inner pages lead to the first page of messages, or to themselves.
    for page in 1..BAG.len() / 512 {
        let mut bytes = BAG.to_vec();
        if bytes[page * 512] == 5 {
            let inner = page as u32 + 1;
            bytes[page * 512 + 8..page * 512 + 12].copy_from_slice(&inner.to_be_bytes());
            fs::write(&path, &bytes).expect("written");
            let said = open_source(&path, &SourceOptions::default()).map_or_else(|e| e.to_string(), |s| told(&s));
            assert!(said.contains("is named twice"), "{said}");
        }
    }
    fs::write(&path, [&BAG[..100], &[0; 1000]].concat()).expect("written");
    assert_says(&refused(&path), &["tables topics and messages"]);
}

#[test]
fn a_recording_that_was_split_is_one() {
    let base = tempfile::tempdir().expect("a folder");
    let halves = [mcap_of(0..10), mcap_of(10..24)];
    for (run, first, second) in [("a", "z_0.mcap", "b_1.mcap"), ("b", "run_0.mcap.zstd", "run_1.mcap.zstd")] {
        let folder = base.path().join(run);
        fs::create_dir(&folder).expect("a folder");
        for (name, bytes) in [first, second].iter().zip(&halves) {
            let bytes = if name.ends_with("zstd") { zstd(bytes) } else { bytes.clone() };
            fs::write(folder.join(name), bytes).expect("written");
        }
        fs::write(folder.join("metadata.yaml"), metadata(&[&format!("{run}/{first}"), second], "FILE"))
            .expect("written");
        let source = open_plain(&folder);
        assert_eq!(source.lengths(), [ROWS], "{}", told(&source));
        assert_eq!(numbers(&source, 0), wanted(0..ROWS), "in the order of the metadata");
        let files: Vec<String> = source
            .files()
            .expect("listed")
            .into_iter()
            .map(|(_, path)| path.file_name().expect("a name").to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, ["metadata.yaml", first, second], "all of them are the content");
        let part = open_plain(&folder.join(second));
        assert_eq!(part.lengths(), [14], "a part by itself");
        assert!(told(&part).contains("one of 2 files of a recording"), "{}", told(&part));
    }
    fs::write(base.path().join("c.mcap"), mcap_of(0..ROWS)).expect("written");
    let source = open_plain(base.path());
    assert_eq!(source.lengths(), [ROWS; 3], "two bags and a file: {}", told(&source));
}

#[test]
fn a_mapping_reads_bags_with_or_without_a_glob() {
    let base = tempfile::tempdir().expect("a folder");
    let (folder, map) = (base.path().join("run"), base.path().join("map.toml"));
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("run_0.mcap"), mcap_of(0..10)).expect("written");
    fs::write(folder.join("run_1.mcap"), mcap_of(10..24)).expect("written");
    fs::write(folder.join("metadata.yaml"), metadata(&["run_0.mcap", "run_1.mcap"], "NONE")).expect("written");
    let text = "fps = 20.0\n[[state]]\ntopic = \"/joint_states\"\ncolumns = [\"position.a\"]\n[[action]]\ntopic = \"/cmd_vel\"\ncolumns = [\"linear.x\"]\n";
    for glob in ["", "episodes = \"*.mcap\"\n", "episodes = \"**/*.mcap\"\n", "episodes = \"metadata.yaml\"\n"] {
        fs::write(&map, format!("{glob}{text}")).expect("written");
        let options = SourceOptions { map: Some(map.display().to_string()), ..SourceOptions::default() };
        let source = open_source(&folder, &options).expect("opened");
        assert_eq!(source.lengths(), [ROWS], "{glob}: {}", told(&source));
        assert_eq!(source.episode(0).states.data, (0..ROWS).map(|i| i as f32).collect::<Vec<_>>(), "{glob}");
    }
}

#[test]
fn bags_of_sqlite_are_split_too() {
    let base = tempfile::tempdir().expect("a folder");
    fs::write(base.path().join("run_0.db3"), BAG).expect("written");
    fs::write(base.path().join("run_1.db3.zstd"), zstd(BAG)).expect("written");
    fs::write(base.path().join("metadata.yaml"), metadata(&["run_0.db3.zstd", "run_1.db3.zstd"], "FILE"))
        .expect("written");
    let source = open_plain(base.path());
    assert_eq!(source.lengths(), [SEEN], "the same times again, one unpacked by hand: {}", told(&source));
    assert!(told(&source).contains("24 samples of position.a repeat the time"), "both were read: {}", told(&source));
    assert!(source.pictures(0).is_ok(), "pictures of both files");
}

#[test]
fn what_is_wrong_with_a_bag_is_told() {
    let base = tempfile::tempdir().expect("a folder");
    let whole = mcap_of(0..ROWS);
    let (one, yaml) = (base.path().join("run_0.mcap"), base.path().join("metadata.yaml"));
    fs::write(&one, &whole).expect("written");
    for (text, words) in [
        (metadata(&["run_0.mcap", "run_1.mcap"], "NONE"), ["1 of the 2 files", "run_1.mcap", "relative_file_paths"]),
        (metadata(&["other.mcap"], "NONE"), ["1 of the 1 files", "other.mcap", "copy them"]),
        (
            metadata(&["run_0.mcap"], "MESSAGE").replace("zstd", "lz4"),
            ["(compression_mode: MESSAGE) as \"lz4\"", "ros2 bag convert", "output_bags"],
        ),
        (metadata(&["run_0.mcap"], "TWICE"), ["\"twice\" is not known", "metadata.yaml", "one by one"]),
        (metadata(&["&run run_0.mcap"], "NONE"), ["not understood", "metadata.yaml", "correct it"]),
    ] {
        fs::write(&yaml, &text).expect("written");
        match open_source(base.path(), &SourceOptions::default()) {
            Err(error) => assert_says(&error, &words),
            // The file that is there is read, since the metadata name another.
            Ok(source) => {
                assert_eq!(source.lengths(), [ROWS], "the one that is there");
                assert!(words.iter().all(|word| told(&source).contains(word)), "{}", told(&source));
            }
        }
    }
    fs::write(&yaml, metadata(&["run_0.mcap"], "MESSAGE").replace("zstd", "lz4")).expect("written");
    assert_says(&refused(&one), &["run_0.mcap: its messages are packed", "ros2 bag convert"]);
    // Of two bags one is whole.
    for (run, files) in [("a", &["a_0.mcap"][..]), ("b", &["b_0.mcap", "b_1.mcap"])] {
        fs::create_dir(base.path().join(run)).expect("a folder");
        fs::write(base.path().join(format!("{run}/{run}_0.mcap")), &whole).expect("written");
        fs::write(base.path().join(format!("{run}/metadata.yaml")), metadata(files, "NONE")).expect("written");
    }
    fs::remove_file(&one).expect("removed");
    fs::write(&yaml, "name: a dataset\n").expect("written");
    let source = open_plain(base.path());
    assert_eq!(source.lengths(), [ROWS], "the whole one");
    assert!(
        told(&source).contains("b/metadata.yaml: left out") && told(&source).contains("b_1.mcap"),
        "{}",
        told(&source)
    );
}

#[test]
fn files_that_are_packed_as_a_whole_are_read() {
    let base = tempfile::tempdir().expect("a folder");
    let whole = mcap_of(0..ROWS);
    for (name, bytes) in [
        ("a.mcap.zstd", zstd(&whole)),
        ("a.mcap.zst", zstd(&whole)),
        ("a.mcap.gz", gzip(&whole)),
        ("a.db3.zstd", zstd(BAG)),
        ("a.db3.gz", gzip(BAG)),
        ("A.MCAP.ZST", zstd(&whole)),
    ] {
        let path = base.path().join(name);
        fs::write(&path, &bytes).expect("written");
        let source = open_plain(&path);
        let rows = if name.contains("db3") { SEEN } else { ROWS };
        assert_eq!((source.lengths(), numbers(&source, 0)), (vec![rows], wanted(0..rows)), "{name}");
        assert!(source.pictures(0).is_ok(), "{name}");
        fs::write(&path, &bytes[..bytes.len() * 4 / 5]).expect("written");
        let said = open_source(&path, &SourceOptions::default()).map_or_else(|e| e.to_string(), |s| told(&s));
        assert!(
            ["left out", "no topic is surely", "can be unpacked"].iter().any(|what| said.contains(what)),
            "{name}: {said}"
        );
        fs::write(&path, b"not packed").expect("written");
        assert_says(&refused(&path), &["nothing of it can be unpacked"]);
        fs::remove_file(path).expect("removed");
    }
    let tar = base.path().join("logs.tar");
    let mut writer = tar::Builder::new(fs::File::create(&tar).expect("a file"));
    for (name, bytes) in [("a/a.mcap.zst", zstd(&whole)), ("b/b.mcap.zst", zstd(&whole))] {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        writer.append_data(&mut header, name, &bytes[..]).expect("written");
    }
    writer.finish().expect("finished");
    assert_eq!(open_plain(&tar).lengths(), [ROWS, ROWS], "within an archive");
}

#[test]
fn logs_of_another_kind_beside_the_first_are_told() {
    let base = tempfile::tempdir().expect("a folder");
    fs::write(base.path().join("a.mcap"), mcap_of(0..ROWS)).expect("written");
    fs::write(base.path().join("b.db3"), BAG).expect("written");
    let source = open_plain(base.path());
    assert_eq!(source.lengths(), [ROWS], "the first kind");
    assert!(
        told(&source).contains("left out: 1 logs that do not end in .mcap") && told(&source).contains("b.db3"),
        "{}",
        told(&source)
    );
}

#[test]
fn a_depth_camera_is_known_by_its_pixels() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("drive.mcap");
    for (encoding, step, pixels, seen) in [
        ("16UC1", 4, vec![1u8, 2, 3, 4], Some([1, 2, 3, 4])),
        ("32FC1", 8, vec![0; 8], Some([0; 4])),
        ("mono16", 4, vec![255; 4], None),
    ] {
        let mut bytes = Vec::new();
        let mut writer: Writer<_> = WriteOptions::new().create(Cursor::new(&mut bytes)).expect("a writer");
        let mut channel = |topic: &str, kind: &str| {
            let schema = writer.add_schema(kind, "jsonschema", b"{}").expect("a schema");
            writer.add_channel(schema, topic, "json", &BTreeMap::new()).expect("a channel")
        };
        let channels = [
            channel("/joints", "sensor_msgs/msg/JointState"),
            channel("/cmd_vel", "geometry_msgs/msg/Twist"),
            channel("/eye", "sensor_msgs/msg/Image"),
        ];
        let data = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &pixels);
        for i in 0..4u64 {
            let messages = [
                serde_json::json!({"name": ["a"], "position": [i]}),
                serde_json::json!({"linear": {"x": i}}),
                serde_json::json!({"height": 1, "width": 2, "step": step, "encoding": encoding, "data": data}),
            ];
            for (channel_id, message) in channels.into_iter().zip(messages) {
                let header = MessageHeader { channel_id, sequence: 0, log_time: i * 100_000_000, publish_time: 0 };
                writer.write_to_known_channel(&header, message.to_string().as_bytes()).expect("written");
            }
        }
        writer.finish().expect("finished");
        drop(writer);
        fs::write(&path, bytes).expect("written");
        let source = open_plain(&path);
        let Some(seen) = seen else {
            let frames = source.pictures(0).expect("decoded").expect("pictures");
            assert_eq!(frames.bytes(0), [255; 6], "{encoding} is a picture");
            assert!(told(&source).contains("65535 is white"), "{}", told(&source));
            continue;
        };
        assert_eq!(source.signature().image, None, "{encoding} is no picture");
        assert!(told(&source).contains("not kept: /eye"), "{}", told(&source));
        let options = SourceOptions { views: vec!["/eye".to_owned()], ..SourceOptions::default() };
        let source = open_source(&path, &options).expect("opened");
        assert_eq!(source.view(0, 0).expect("decoded").bytes(0), seen, "{encoding}");
    }
}
