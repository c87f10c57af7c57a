//! MCAP: what is exported reads back bit for bit, robots' messages are decoded, damage costs what it hits.

use crate::fixtures::{changed, episode, read_all, rounds, signature, write_dataset};
use mcap::records::MessageHeader;
use mcap::{WriteOptions, Writer};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use terrella_core::{Dataset, Episode, Signature, Table};
use terrella_data::SourceOptions;
use terrella_formats::{OpenOptions, export_mcap, open, open_source};

fn export(from: &Path, to: &Path) -> terrella_data::Result<terrella_formats::Exported> {
    export_mcap(from, to, &SourceOptions::default(), &mut |_, _| {})
}

fn read(path: &Path) -> Dataset {
    open(path, &OpenOptions::default()).expect("opened")
}

fn pictures(episode: &Episode) -> Vec<Vec<u8>> {
    let frames = episode.frames.as_ref().expect("pictures");
    (0..frames.len()).map(|t| frames.bytes(t).to_vec()).collect()
}

#[test]
fn an_exported_dataset_reads_back_as_it_is() {
    let base = tempfile::tempdir().expect("a folder");
    let (data, log) = (base.path().join("data"), base.path().join("log.mcap"));
    write_dataset(&data, &[5, 1, 12]).expect("written");
    let exported = export(&data, &log).expect("exported");
    assert_eq!((exported.episodes, exported.rows), (3, 18), "what was exported");
    let (wanted, found) = (read(&data), read(&log));
    assert_eq!(found.signature, wanted.signature, "the signature");
    assert_eq!(found.episodes.len(), 3, "episodes: {:?}", found.notes);
    for (a, b) in wanted.episodes.iter().zip(&found.episodes) {
        assert_eq!((&a.states, &a.actions, &a.task), (&b.states, &b.actions, &b.task), "episode {}", a.index);
        assert_eq!(pictures(a), pictures(b), "pictures of episode {}", a.index);
    }
    assert!(found.notes.is_empty(), "nothing to tell: {:?}", found.notes);
    assert!(export(&data, &log).is_err_and(|e| e.to_string().contains("exists")), "never overwritten");
}

#[test]
fn exported_rewards_ends_and_times_read_back() {
    let base = tempfile::tempdir().expect("a folder");
    for timed in [false, true] {
        let (data, log) = (base.path().join(format!("data-{timed}")), base.path().join(format!("{timed}.mcap")));
        let units = ["m", "rad", "m"].map(str::to_owned).to_vec();
        let signature = Signature { reward: true, ends: true, units, ..signature() };
        let mut writer = terrella_data::Writer::create(&data, &signature).expect("made");
        for (index, rows) in [5, 1, 12].into_iter().enumerate() {
            let mut made = episode(index, rows);
            made.rewards = (0..rows).map(|t| t as f32 / 3.0).collect();
            made.terminated = (0..rows).map(|t| t + 1 == rows).collect();
            made.truncated = (0..rows).map(|t| t == 2).collect();
            made.times = (0..rows).filter(|_| timed).map(|t| (t as f64).powf(1.5) / 9.0).collect();
            writer.write_episode(&made).expect("written");
        }
        writer.finish().expect("finished");
        let exported = export(&data, &log).expect("exported");
        assert!(exported.notes.is_empty(), "nothing is lost: {:?}", exported.notes);
        let (wanted, found) = (read(&data), read(&log));
        assert!(found.signature.reward && found.signature.ends && found.notes.is_empty(), "{:?}", found.notes);
        assert_eq!(found.signature.units, wanted.signature.units, "units, and with them which numbers are angles");
        assert_eq!(found.signature == wanted.signature, !timed, "the rate is not named where rows have times");
        assert_eq!(found.episodes.len(), 3, "episodes");
        for (a, b) in wanted.episodes.iter().zip(&found.episodes) {
            assert_eq!((&a.states, &a.rewards), (&b.states, &b.rewards), "episode {}", a.index);
            assert_eq!((&a.terminated, &a.truncated), (&b.terminated, &b.truncated), "ends of episode {}", a.index);
            let time = |d: &Dataset, e: &Episode, row| e.time(row, d.signature.fps);
            let off = (0..a.len()).map(|row| (time(&wanted, a, row) - time(&found, b, row)).abs()).fold(0.0, f64::max);
            assert!(off < 2e-9 && (timed || b.times.is_empty()), "times of episode {}: {off}", a.index);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_finite_float_survives(bits in prop::collection::vec(any::<u32>(), 1..40), fps in 1u32..1200) {
        let base = tempfile::tempdir().expect("a folder");
        let floats: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b)).filter(|x| x.is_finite()).collect();
        let n = floats.len().max(1);
        let floats = if floats.is_empty() { vec![-0.0] } else { floats };
        let signature = Signature { fps: f64::from(fps), image: None, state: vec!["a.b [c]".into()], ..signature() };
        let (data, log) = (base.path().join("data"), base.path().join("log.mcap"));
        let mut writer = terrella_data::Writer::create(&data, &signature).expect("made");
        for index in 0..2 {
            let episode = Episode {
                index,
                task: "t".to_owned(),
                states: Table::from_data(1, floats.clone()),
                actions: Table::from_data(2, floats.iter().flat_map(|x| [*x, -x]).collect()),
                frames: None, ..Episode::default() };
            writer.write_episode(&episode).expect("written");
        }
        writer.finish().expect("finished");
        export(&data, &log).expect("exported");
        let found = read(&log);
        let bits = |t: &Table| t.data.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(found.episodes.len(), 2);
        for episode in &found.episodes {
            prop_assert_eq!(bits(&episode.states), floats.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
            prop_assert_eq!(episode.actions.rows().len(), n);
        }
    }
}

/// CDR, little endian, by hand.
pub(crate) struct Cdr(pub(crate) Vec<u8>);

impl Cdr {
    pub(crate) fn new() -> Self {
        Self(vec![0, 1, 0, 0])
    }

    pub(crate) fn put<const N: usize>(mut self, bytes: [u8; N]) -> Self {
        while !(self.0.len() - 4).is_multiple_of(N) {
            self.0.push(0);
        }
        self.0.extend(bytes);
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        let mut cdr = self.put((text.len() as u32 + 1).to_le_bytes());
        cdr.0.extend(text.bytes().chain([0]));
        cdr
    }

    pub(crate) fn doubles(self, values: &[f64]) -> Self {
        let sized = self.put((values.len() as u32).to_le_bytes());
        values.iter().fold(sized, |cdr, x| cdr.put(x.to_le_bytes()))
    }
}

pub(crate) const JOINTS: &str = "std_msgs/Header header\nstring[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort\n\
    ================================================================================\n\
    MSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n";
pub(crate) const TWIST: &str =
    "Vector3 linear\nVector3 angular\n====\nMSG: geometry_msgs/Vector3\nfloat64 x\nfloat64 y\nfloat64 z\n";
const EPOCH: u64 = 1_700_000_000_000_000_000;

/// A bag of ROS 2: joints at 50 Hz in one order and the other, commands at 25 Hz; chunks of this size.
fn bag(chunk: u64) -> Vec<u8> {
    let options = WriteOptions::new().chunk_size(Some(chunk)).compression_threads(0).disable_seeking(true);
    bag_as(options)
}

fn bag_as(options: WriteOptions) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = options.profile("ros2");
    let mut writer: Writer<_> = options.create(Cursor::new(&mut bytes)).expect("a writer");
    let none = BTreeMap::new();
    let mut channel = |topic: &str, kind: &str, text: &str| {
        let schema = writer.add_schema(kind, "ros2msg", text.as_bytes()).expect("a schema");
        writer.add_channel(schema, topic, "cdr", &none).expect("a channel")
    };
    let joints = channel("/joint_states", "sensor_msgs/msg/JointState", JOINTS);
    let twist = channel("/cmd_vel", "geometry_msgs/msg/Twist", TWIST);
    let odd = channel("/diagnostics", "my/msg/Odd", "uint8 x\n");
    let mut put = |channel: u16, sequence: u32, time: u64, data: &[u8]| {
        let header = MessageHeader { channel_id: channel, sequence, log_time: time, publish_time: time - 7 };
        writer.write_to_known_channel(&header, data).expect("a message");
    };
    for i in 0..101u32 {
        let time = EPOCH + u64::from(i) * 20_000_000;
        let (a, b) = (f64::from(i) * 0.01, -f64::from(i));
        let head = Cdr::new().put((1_700_000_000 + i as i32 / 50).to_le_bytes());
        let head = head.put((i % 50 * 20_000_000).to_le_bytes()).text("base").put(2u32.to_le_bytes());
        let message = if i % 2 == 0 {
            head.text("shoulder").text("elbow").doubles(&[a, b]).doubles(&[1.0, 2.0])
        } else {
            head.text("elbow").text("shoulder").doubles(&[b, a]).doubles(&[2.0, 1.0])
        };
        put(joints, i, time, &message.doubles(&[]).0);
        if i % 2 == 0 {
            let message = [a, 0.0, 0.0, 0.0, 0.0, 0.5].iter().fold(Cdr::new(), |cdr, x| cdr.put(x.to_le_bytes()));
            put(twist, i / 2, time, &message.0);
        }
        put(odd, i, time, &[0, 1, 0, 0, 1]);
    }
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

#[test]
fn a_bag_with_one_robot_and_one_command_needs_no_mapping() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("drive.mcap");
    fs::write(&path, bag(1 << 20)).expect("written");
    let dataset = read(&path);
    assert_eq!(dataset.signature.fps, 50.0, "the rate of the joints");
    let wanted = ["position.elbow", "position.shoulder", "velocity.elbow", "velocity.shoulder"];
    assert_eq!(dataset.signature.state, wanted, "joints by name");
    assert_eq!(dataset.signature.action.len(), 6, "{:?}", dataset.signature.action);
    let episode = &dataset.episodes[0];
    assert_eq!(episode.states.rows().len(), 101, "rows");
    for (i, row) in episode.states.rows().enumerate() {
        let a = (i as f64 * 0.01) as f32;
        assert_eq!(row, [-(i as f32), a, 2.0, 1.0], "row {i}");
        let held = ((i / 2 * 2) as f64 * 0.01) as f32;
        assert_eq!((episode.actions.row(i)[0], episode.actions.row(i)[5]), (held, 0.5), "the command in force");
    }
    let notes = dataset.notes.join("\n");
    assert!(notes.contains("/joint_states as the state") && notes.contains("/diagnostics"), "{notes}");
}

#[test]
fn several_topics_make_the_state_where_they_are_asked_for() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("drive.mcap");
    fs::write(&path, bag(1 << 20)).expect("written");
    let asking = |topics: &[&str]| SourceOptions {
        vectors: topics.iter().map(ToString::to_string).collect(),
        ..SourceOptions::default()
    };
    let source = open_source(&path, &asking(&["/diagnostics", "/joint_states"])).expect("opened");
    let names = &source.signature().state;
    assert_eq!((names.len(), names[0].as_str(), names[1].as_str()), (5, "x", "position.elbow"), "as asked");
    assert_eq!(source.episode(0).states.row(10), [1.0, -10.0, 0.1, 2.0, 1.0], "both on one clock");
    for (topic, words) in [("/odom", "no vector \"/odom\": no such topic"), ("/cmd_vel", "/cmd_vel is the action")] {
        let error = open_source(&path, &asking(&[topic])).err().expect("refused").to_string();
        assert!(error.contains(words) && error.contains("There are: /cmd_vel"), "{error}");
    }
}

#[test]
fn a_mapping_names_topics_and_a_wrong_one_hears_what_there_is() {
    let base = tempfile::tempdir().expect("a folder");
    let (path, map) = (base.path().join("drive.mcap"), base.path().join("map.toml"));
    fs::write(&path, bag(1 << 20)).expect("written");
    let text = "fps = 25.0\n[clock]\ncolumn = \"header.stamp\"\n[[state]]\ntopic = \"/joint_states\"\ncolumns = [\"position.elbow\"]\nunit = \"deg\"\n[[action]]\ntopic = \"/cmd_vel\"\ncolumns = [\"linear.x\"]\nclock = { column = \"publish_time\" }\n";
    let options = |map: &Path| SourceOptions { map: Some(map.display().to_string()), ..SourceOptions::default() };
    fs::write(&map, text).expect("written");
    let dataset = open(&path, &OpenOptions { source: options(&map), ..OpenOptions::default() }).expect("opened");
    let row = dataset.episodes[0].states.row(10)[0];
    assert!((f64::from(row) + 20f64.to_radians()).abs() < 1e-6, "{row}: converted, on the clock of the robot");
    fs::write(&map, text.replace("/cmd_vel", "/cmd")).expect("written");
    let error = open_source(&path, &options(&map)).err().expect("refused").to_string();
    assert!(error.contains("/cmd_vel (geometry_msgs/msg/Twist, 51 messages, 25.0 a second)"), "{error}");
}

#[test]
fn a_log_that_was_cut_gives_what_is_there() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("cut.mcap");
    let whole = bag(2048);
    let mut lengths = Vec::new();
    for end in (0..whole.len()).step_by(whole.len() / 60) {
        fs::write(&path, &whole[..end]).expect("written");
        let Ok(source) = open_source(&path, &SourceOptions::default()) else {
            lengths.push(0);
            continue;
        };
        let episode = source.episode(0);
        assert!(episode.states.rows().enumerate().all(|(i, row)| row[0] == -(i as f32)), "a prefix, cut at {end}");
        let told = source.notes().iter().any(|note| note.is_loss() || note.what.starts_with("left out"));
        lengths.push(episode.states.rows().len());
        // Behind the data only the index can be missing.
        assert!(told || lengths.last() == Some(&101), "the loss is told, cut at {end}: {:?}", source.notes());
    }
    assert!(lengths.is_sorted() && lengths.contains(&101), "more bytes, more rows: {lengths:?}");
    assert!(lengths.iter().any(|n| (30..70).contains(n)), "half a file gives half the rows: {lengths:?}");
}

#[test]
fn a_damaged_chunk_is_left_out_and_the_others_are_read() {
    let base = tempfile::tempdir().expect("a folder");
    let path = base.path().join("damaged.mcap");
    let mut bytes = bag(2048);
    let middle = bytes.len() / 3;
    bytes[middle..middle + 4].iter_mut().for_each(|b| *b ^= 0x5a);
    fs::write(&path, &bytes).expect("written");
    let source = open_source(&path, &SourceOptions::default()).expect("opened");
    let rows = source.episode(0).states.rows().len();
    let notes = format!("{:?}", source.notes());
    assert!(notes.contains("left out: the chunk at byte"), "{notes}");
    assert_eq!(rows, 101, "the clock runs over the gap");
    assert!(notes.contains("stands still"), "and that is told: {notes}");
}

#[test]
fn bytes_that_were_changed_are_read_or_refused() {
    let base = tempfile::tempdir().expect("a folder");
    let (data, log) = (base.path().join("data"), base.path().join("log.mcap"));
    write_dataset(&data, &[3, 2]).expect("written");
    export(&data, &log).expect("exported");
    // Nothing packed and nothing checked, so that changes reach the decoders.
    let seeds = [fs::read(&log).expect("read"), bag_as(WriteOptions::new().use_chunks(false)), bag(4096)];
    for round in 0..rounds(300) {
        fs::write(&log, changed(&seeds, round)).expect("written");
        read_all(&log);
    }
}

#[test]
fn names_that_cannot_be_columns_are_refused() {
    let base = tempfile::tempdir().expect("a folder");
    let (data, log) = (base.path().join("data"), base.path().join("log.mcap"));
    let signature = Signature { state: vec!["a".into(), "b|c".into(), "d".into()], ..signature() };
    let mut writer = terrella_data::Writer::create(&data, &signature).expect("made");
    writer.write_episode(&episode(0, 3)).expect("written");
    writer.finish().expect("finished");
    let error = export(&data, &log).expect_err("refused").to_string();
    assert!(error.contains("b|c") && error.contains("--state"), "{error}");
    assert_eq!(fs::read_dir(base.path()).expect("listed").count(), 1, "nothing half-written");
}
