//! What topics of a log mean: commands that are sent once, publishers that share a topic, clocks that begin anew or were
//! never set, names beside lists, definitions in IDL, cameras that cannot be decoded.

use crate::fixtures::assert_says;
use mcap::Writer;
use mcap::records::MessageHeader;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use terrella_data::{Result, SourceOptions};
use terrella_formats::{Opened, open_source};

const EPOCH: u64 = 1_700_000_000_000_000_000;

/// A message: topic, seconds since the beginning, bytes.
type Logged = (&'static str, f64, Vec<u8>);
/// A topic: its name, its type, the encodings of its messages and of its schema, the schema.
type Topic<'a> = (&'static str, &'a str, [&'a str; 2], &'a str);

/// An MCAP file of these topics and messages.
fn file(topics: &[Topic<'_>], messages: &[Logged]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(Cursor::new(&mut bytes)).expect("a writer");
    let mut channels = BTreeMap::new();
    for (topic, kind, [encoding, language], text) in topics {
        let schema = writer.add_schema(kind, language, text.as_bytes()).expect("a schema");
        let channel = writer.add_channel(schema, topic, encoding, &BTreeMap::new()).expect("a channel");
        channels.insert(*topic, channel);
    }
    for (topic, seconds, data) in messages {
        let time = EPOCH + (seconds * 1e9).round() as u64;
        let header = MessageHeader { channel_id: channels[topic], sequence: 0, log_time: time, publish_time: time };
        writer.write_to_known_channel(&header, data).expect("a message");
    }
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

const JSON: [&str; 2] = ["json", "jsonschema"];
const JOINTS: Topic<'_> = ("/joints", "sensor_msgs/msg/JointState", JSON, "{}");
const COMMANDS: Topic<'_> = ("/cmd_vel", "geometry_msgs/msg/TwistStamped", JSON, "{}");

fn said(topic: &'static str, seconds: f64, message: &Value) -> Logged {
    (topic, seconds, message.to_string().into_bytes())
}

fn stamp(nanoseconds: u64) -> Value {
    json!({"stamp": {"sec": nanoseconds / 1_000_000_000, "nanosec": nanoseconds % 1_000_000_000}})
}

/// Joints of these names at a time, stamped by any clock.
fn joints(seconds: f64, stamped: u64, names: &[&str], positions: &[f64]) -> Logged {
    said("/joints", seconds, &json!({"header": stamp(stamped), "name": names, "position": positions}))
}

fn command(seconds: f64, stamped: u64, x: f64) -> Logged {
    said("/cmd_vel", seconds, &json!({"header": stamp(stamped), "linear": {"x": x}}))
}

/// Seconds of the clock of logging as a stamp.
fn logged(seconds: f64) -> u64 {
    EPOCH.saturating_add_signed((seconds * 1e9).round() as i64)
}

fn with(bytes: &[u8], mapping: Option<&str>, mut options: SourceOptions) -> Result<Opened> {
    let base = tempfile::tempdir().expect("a folder");
    let (path, map) = (base.path().join("log.mcap"), base.path().join("map.toml"));
    fs::write(&path, bytes).expect("written");
    if let Some(mapping) = mapping {
        fs::write(&map, mapping).expect("written");
        options.map = Some(map.display().to_string());
    }
    open_source(&path, &options)
}

fn opened(bytes: &[u8], mapping: Option<&str>) -> Result<Opened> {
    with(bytes, mapping, SourceOptions::default())
}

fn refused(bytes: &[u8], mapping: Option<&str>) -> terrella_data::Error {
    opened(bytes, mapping).err().expect("refused")
}

fn notes(source: &Opened) -> String {
    source.notes().iter().map(|note| format!("{note}\n")).collect()
}

fn map(clock: &str, state: &str, action: &str) -> String {
    format!(
        "fps = 20.0\n{clock}\n[[state]]\ntopic = \"/joints\"\ncolumns = [{state}]\n[[action]]\ntopic = \"/cmd_vel\"\n{action}\n"
    )
}

/// Joints at 20 Hz for 15 s, and commands at some seconds.
fn joints_and(commands: &[(f64, f64)]) -> Vec<u8> {
    let state = (0..300).map(|i| joints(f64::from(i) * 0.05, logged(f64::from(i) * 0.05), &["a"], &[f64::from(i)]));
    let action = commands.iter().map(|(t, x)| command(*t, logged(*t), *x));
    file(&[JOINTS, COMMANDS], &state.chain(action).collect::<Vec<_>>())
}

#[test]
fn a_command_that_is_sent_when_it_changes_stays_in_force() {
    let mapping = map("", "\"position.a\"", "columns = [\"linear.x\"]");
    for (commands, last) in [(&[(2.0, 0.08), (5.0, 0.0), (8.0, 0.07)][..], 0.07), (&[(2.0, 0.08)], 0.08)] {
        let source = opened(&joints_and(commands), Some(&mapping)).expect("opened");
        let episode = source.episode(0);
        assert_eq!(source.lengths(), [260], "from the first command to the last joints");
        assert_eq!((episode.states.row(0), episode.actions.row(0)), (&[40.0][..], &[0.08][..]), "the first row");
        assert_eq!((episode.states.row(259), episode.actions.row(259)), (&[299.0][..], &[last][..]), "the last row");
        let told = notes(&source);
        assert!(told.contains("/cmd_vel: 40 of 300 rows, before its first sample, are left out"), "{told}");
        assert!(told.contains("/cmd_vel: its last value stays in force for"), "{told}");
    }
    // A stream that is interpolated ends with its last sample, which is told, or refused where nothing is left.
    let line = map("", "\"position.a\"", "columns = [\"linear.x\"]\nalign = \"interpolate\"");
    let source = opened(&joints_and(&[(2.0, 0.08), (5.0, 0.0)]), Some(&line)).expect("opened");
    assert_eq!(source.lengths(), [61], "between two samples");
    assert!(
        notes(&source).contains("/cmd_vel: left out: 199 of 300 rows, after its last sample"),
        "{}",
        notes(&source)
    );
    let error = refused(&joints_and(&[(2.0, 0.08)]), Some(&line));
    assert_says(&error, &["only 1 of 300 rows", "/cmd_vel 2.000 to 2.000 s", "align = \"hold\""]);
    // Regular streams that end together cost and tell nothing.
    let regular: Vec<(f64, f64)> = (0..150).map(|i| (f64::from(i) * 0.1, 0.5)).collect();
    let source = opened(&joints_and(&regular), Some(&mapping)).expect("opened");
    assert_eq!(source.lengths(), [300], "all rows");
    assert!(!notes(&source).contains("/cmd_vel:"), "{}", notes(&source));
}

/// An arm at 20 Hz in changing order and a gripper at 10 Hz on one topic, stamps of the gripper late.
fn two_publishers() -> Vec<u8> {
    let mut all = Vec::new();
    for i in 0..200 {
        let t = f64::from(i) * 0.05;
        let (names, positions) = if i % 2 == 0 { (["s", "e"], [t, -t]) } else { (["e", "s"], [-t, t]) };
        all.push(joints(t, logged(t), &names, &positions));
        all.push(command(t, logged(t), t));
        if i % 2 == 0 {
            all.push(joints(t + 0.01, logged(t - 0.02), &["f"], &[2.0 * (t - 0.02)]));
        }
    }
    file(&[JOINTS, COMMANDS], &all)
}

#[test]
fn joints_of_two_publishers_on_one_topic_are_put_together() {
    let columns = "\"position.s\", \"position.e\", \"position.f\"";
    let clock = "[clock]\ncolumn = \"header.stamp\"\n";
    let mapped = map(clock, columns, "columns = [\"linear.x\"]");
    for mapping in [Some(mapped.as_str()), None] {
        let source = opened(&two_publishers(), mapping).expect("opened");
        let episode = source.episode(0);
        assert_eq!((source.signature().fps, source.lengths().len()), (20.0, 1), "the rate of the arm");
        assert!((194..=200).contains(&episode.len()), "{} rows", episode.len());
        let at = |name: &str| source.signature().state.iter().position(|n| n.ends_with(name)).expect("a joint");
        for row in episode.states.rows() {
            let (s, e, f) = (row[at(".s")], row[at(".e")], row[at(".f")]);
            let late = if mapping.is_some() { 0.0 } else { 0.06 };
            assert!((s + e).abs() < 1e-4 && (f - 2.0 * s + late).abs() < 1e-4, "{s} {e} {f}");
        }
        assert!(
            notes(&source).contains("in 200 of 300 samples; position.f in 100 of 300 samples"),
            "{}",
            notes(&source)
        );
    }
    let never =
        refused(&two_publishers(), Some(&map("", "\"position.s\", \"position.x\"", "columns = [\"linear.x\"]")));
    assert_says(&never, &["/joints", "no column \"position.x\" (there are: header.stamp"]);
}

/// Stamps of a simulation that begins anew after each of these numbers of samples.
fn restarted(runs: &[u64]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut t = 0.0;
    for n in runs {
        for i in 0..*n {
            all.push(joints(t, i * 50_000_000, &["a"], &[i as f64]));
            all.push(command(t, i * 50_000_000, -(i as f64)));
            t += 0.05;
        }
    }
    file(&[JOINTS, COMMANDS], &all)
}

#[test]
fn a_clock_that_begins_anew_makes_episodes() {
    let mapping = map("[clock]\ncolumn = \"header.stamp\"", "\"position.a\"", "columns = [\"linear.x\"]");
    for runs in [&[160, 140][..], &[50, 80, 30], &[20, 70]] {
        let source = opened(&restarted(runs), Some(&mapping)).expect("opened");
        let wanted: Vec<usize> = runs.iter().map(|n| *n as usize).collect();
        assert_eq!(source.lengths(), wanted, "an episode each");
        for (at, n) in wanted.iter().enumerate() {
            let (episode, times) = (source.episode(at), source.evidence(at).times);
            assert_eq!(
                (episode.states.row(0), episode.states.row(n - 1)),
                (&[0.0][..], &[*n as f32 - 1.0][..]),
                "rows"
            );
            assert_eq!((times.len(), times[0]), (*n, 0.0), "stored times of episode {at}");
        }
        let told = notes(&source);
        assert!(told.contains("header.stamp begins anew") && told.contains("0.000 s after"), "{told}");
    }
    // Nobody goes by the stamps: the rows go on, and that is told.
    let source = opened(&restarted(&[160, 140]), None).expect("opened");
    assert_eq!(source.lengths(), [300], "one episode");
    let told = notes(&source);
    assert!(told.contains("jumps back from 7.950 to 0.000 s") && told.contains("row 160"), "{told}");
    let steady = opened(&restarted(&[300]), None).expect("opened");
    assert!(!notes(&steady).contains("jumps back"), "{}", notes(&steady));
    // A stream on the clock of logging has nothing to do with a simulation's.
    let mixed =
        mapping.replace("columns = [\"linear.x\"]", "columns = [\"linear.x\"]\nclock = { column = \"log_time\" }");
    let error = refused(&restarted(&[160, 140]), Some(&mixed));
    assert_says(&error, &["header.stamp", "log_time"]);
}

#[test]
fn the_clock_of_a_simulation_is_looked_at_though_nobody_asks_for_it() {
    let mut all = Vec::new();
    for i in 0..200u64 {
        let t = i as f64 * 0.05;
        all.push(joints(t, logged(t), &["a"], &[t]));
        all.push(command(t, logged(t), t));
        let clock = json!({"clock": stamp(i % 120 * 50_000_000)["stamp"]});
        all.push(said("/clock", t, &clock));
    }
    let source = opened(&file(&[JOINTS, COMMANDS, ("/clock", "rosgraph_msgs/msg/Clock", JSON, "{}")], &all), None);
    let told = notes(&source.expect("opened"));
    assert!(told.contains("clock of /clock jumps back from 5.950 to 0.000 s at 6.000 s"), "{told}");
    assert!(told.contains("columns: not kept: /clock"), "{told}");
}

#[test]
fn a_stamp_that_nobody_set_gives_way_to_the_time_of_logging() {
    let mapping = map("[clock]\ncolumn = \"header.stamp\"", "\"position.a\"", "columns = [\"linear.x\"]");
    let with_stamps = |of: &dyn Fn(u64) -> u64, of_commands: &dyn Fn(u64) -> u64| {
        let each = |i: u64| {
            let t = i as f64 * 0.05;
            [joints(t, of(i), &["a"], &[i as f64]), command(t, of_commands(i), -(i as f64))]
        };
        file(&[JOINTS, COMMANDS], &(0..100).flat_map(each).collect::<Vec<_>>())
    };
    let right = |i: u64| logged(i as f64 * 0.05);
    let never = |_: u64| 0u64;
    let both: [&dyn Fn(u64) -> u64; 2] = [&never, &right];
    for state in both {
        let source = opened(&with_stamps(state, &never), Some(&mapping)).expect("opened");
        assert_eq!(source.lengths(), [100], "by log_time");
        assert_eq!(source.episode(0).actions.row(99), [-99.0], "in order");
        let told = notes(&source);
        assert!(told.contains("header.stamp of /cmd_vel is 0 in all of 100 messages: log_time was taken"), "{told}");
    }
    // Some that were never set are no samples.
    let some = |i: u64| if i < 10 { 0 } else { right(i) };
    let source = opened(&with_stamps(&some, &right), Some(&mapping)).expect("opened");
    assert_eq!(source.lengths(), [90], "those with a stamp");
    let told = notes(&source);
    assert!(
        told.contains("10 of 100 samples of position.a have no time")
            && told.contains("10 of 100 rows, before its first sample"),
        "{told}"
    );
    // Beside a simulation's clock the time of logging helps nobody.
    let simulated = |i: u64| i * 50_000_000;
    let error = refused(&with_stamps(&simulated, &never), Some(&mapping));
    assert_says(&error, &["header.stamp", "log_time", "clock = { column"]);
}

#[test]
fn numbers_are_called_by_the_names_beside_them() {
    let message = |i: usize| {
        let t = i as f64 * 0.05;
        let one = |order: [&str; 2], values: [f64; 2]| json!({"interface_names": order, "values": values});
        let values = [one(["position", "velocity"], [t, 1.0]), one(["velocity", "position"], [2.0, 2.0 * t])];
        said("/joints", t, &json!({"header": stamp(logged(t)), "joint_names": ["a", "b"], "interface_values": values}))
    };
    let all: Vec<Logged> =
        (0..50).flat_map(|i| [message(i), command(i as f64 * 0.05, logged(i as f64 * 0.05), 0.0)]).collect();
    let columns = "\"interface_values.a.values.position\", \"interface_values.b.values.position\"";
    let mapping = map("", columns, "columns = [\"linear.x\"]");
    let topic = ("/joints", "control_msgs/msg/DynamicJointState", JSON, "{}");
    let source = opened(&file(&[topic, COMMANDS], &all), Some(&mapping)).expect("opened");
    assert_eq!(source.episode(0).states.row(40), [2.0, 4.0], "positions of both");
}

const IDL: &str = "\
================================================================================
IDL: my_msgs/msg/Steer
#include \"builtin_interfaces/msg/Time.idl\"
module my_msgs { module msg {
  @verbatim (language=\"comment\", text=\"steering;\" \" }\")
  struct Steer { builtin_interfaces::msg::Time stamp; @unit(value=\"rad\") float angle; boolean fast; double rate; };
}; };
================================================================================
IDL: builtin_interfaces/msg/Time
module builtin_interfaces { module msg { struct Time { int32 sec; uint32 nanosec; }; }; };
";

/// `my_msgs/msg/Steer` in CDR.
fn steer(i: u32, big: bool, head: u8) -> Vec<u8> {
    let second = head > 1;
    let put = |bytes: &[u8]| if big { bytes.iter().rev().copied().collect() } else { bytes.to_vec() };
    let mut out = vec![0, head, 0, 0];
    out.extend(put(&(i as i32).to_le_bytes()));
    out.extend(put(&(i * 1000).to_le_bytes()));
    out.extend(put(&(i as f32 * 0.5).to_le_bytes()));
    out.extend([1, 0, 0, 0]);
    // The second version aligns to four bytes, where this lies anyway only every other time.
    if !second {
        assert!((out.len() - 4).is_multiple_of(8), "aligned");
    }
    out.extend(put(&(f64::from(i) * 0.01).to_le_bytes()));
    out
}

fn steered(encodings: [&str; 2], text: &str, message: &dyn Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let mut all = Vec::new();
    for i in 0..60 {
        let t = f64::from(i) * 0.05;
        all.push(joints(t, logged(t), &["a"], &[t]));
        all.push(("/cmd_vel", t, message(i)));
    }
    file(&[JOINTS, ("/cmd_vel", "my_msgs/msg/Steer", encodings, text)], &all)
}

#[test]
fn definitions_in_idl_are_read_in_both_byte_orders() {
    let mapping = map("", "\"position.a\"", "columns = [\"angle\", \"fast\", \"rate\"]");
    for language in ["ros2idl", "omgidl"] {
        for (big, head) in [(false, 1), (true, 0), (false, 7), (true, 6)] {
            let bytes = steered(["cdr", language], IDL, &|i| steer(i, big, head));
            let source = opened(&bytes, Some(&mapping)).expect("opened");
            assert_eq!(source.lengths(), [60], "{language} {head}");
            assert_eq!(source.episode(0).actions.row(8), [4.0, 1.0, 0.08], "{language} {head}");
        }
    }
}

#[test]
fn what_cannot_be_decoded_is_named_with_its_topic_and_encoding() {
    let mapping = map("", "\"position.a\"", "columns = [\"angle\"]");
    let unions = IDL
        .replace("boolean fast", "U fast")
        .replace("struct Steer", "union U switch (long) { case 1: long x; };\nstruct Steer");
    for (encodings, text, words) in [
        (["cdr", "ros2xyz"], "", "\"cdr\" with a schema in \"ros2xyz\" are not read"),
        (["cbor", ""], "", "\"cbor\" without a schema are not read"),
        (["cdr", "ros2idl"], "module m {", "the definition of my_msgs/msg/Steer in \"ros2idl\""),
        (["cdr", "ros2idl"], &unions, "it is the union my_msgs::msg::U"),
        (["cdr", "ros2msg"], "Point p", "the type my_msgs/Point"),
    ] {
        let bytes = steered(encodings, text, &|i| steer(i, false, 1));
        let error = refused(&bytes, Some(&mapping));
        assert_says(&error, &["/cmd_vel: its messages cannot be read: 60 messages of type my_msgs/msg/Steer", words]);
    }
    // Without a mapping the list of topics says it.
    let error = refused(&steered(["cdr", "ros2xyz"], "", &|i| steer(i, false, 1)), None);
    assert_says(
        &error,
        &["/cmd_vel (my_msgs/msg/Steer, 60 messages, 20.0 a second, in \"cdr\" with a schema in \"ros2xyz\""],
    );
    let texts = steered(JSON, "{}", &|i| json!({"angle": format!("{i} deg"), "time": i}).to_string().into_bytes());
    assert_says(
        &refused(&texts, Some(&mapping)),
        &["/cmd_vel: column \"angle\" holds texts, not numbers: \"0 deg\" in row 1 of 60"],
    );
    let long = steered(JSON, "{}", &|i| json!({"angle": vec![i; 80]}).to_string().into_bytes());
    assert_says(&refused(&long, Some(&mapping)), &["\"angle\" is there, but is no column", "it has 80"]);
}

/// A camera whose messages are these, beside joints and commands.
fn filmed(kind: &str, message: &Value) -> Vec<u8> {
    let mut all = Vec::new();
    for i in 0..40 {
        let t = f64::from(i) * 0.05;
        all.extend([joints(t, logged(t), &["a"], &[t]), command(t, logged(t), 0.0), said("/eye", t, message)]);
    }
    file(&[JOINTS, COMMANDS, ("/eye", kind, JSON, "{}")], &all)
}

#[test]
fn depth_in_hevc_is_told_by_camera_profile_and_bits() {
    // A parameter set of 12 bits of grey, as `video/hevc.rs` reads it.
    let message = json!({"format": "h265", "data": "AAAAAUABBwAAAUIBAQQIAAADALW1tbW1tV3AFAgHh0yFLA=="});
    let bytes = filmed("foxglove.CompressedVideo", &message);
    let depth = "columns = [\"linear.x\"]\n[views.near]\ntopic = \"/eye\"\ndepth = 0.001";
    let mapping = map("", "\"position.a\"", depth);
    let views = |name: &str| SourceOptions { views: vec![name.to_owned()], ..SourceOptions::default() };
    let source = with(&bytes, Some(&mapping), views("all")).expect("opened");
    assert_eq!((source.lengths(), source.views().len()), (vec![40], 0), "rows without depth");
    let error = with(&bytes, Some(&mapping), views("near")).err().expect("refused");
    for told in [notes(&source), error.to_string()] {
        for said in ["/eye cannot be decoded", "HEVC Monochrome 12 (grey, 12 bits)", "16UC1"] {
            assert!(told.contains(said), "{said}: {told}");
        }
        assert!(!told.contains("JPEG"), "8 bits are no help: {told}");
    }
}

#[test]
fn a_camera_that_cannot_be_decoded_costs_no_numbers() {
    let video = filmed("foxglove.CompressedVideo", &json!({"format": "h265", "data": "AAAAAUABDAH//w=="}));
    let pixels = json!({"encoding": "rgb565", "height": 1, "width": 2, "step": 4, "data": "AAAAAA=="});
    let pixels = filmed("sensor_msgs/msg/Image", &pixels);
    for (bytes, why, helps) in [(&video, "\"h265\"", "JPEG"), (&pixels, "\"rgb565\"", "image_proc")] {
        let mapping = map("", "\"position.a\"", "columns = [\"linear.x\"]\n[picture]\ntopic = \"/eye\"");
        for mapping in [None, Some(mapping.as_str())] {
            let source = opened(bytes, mapping).expect("opened");
            assert_eq!((source.lengths(), source.signature().image), (vec![40], None), "rows without pictures");
            let told = notes(&source);
            assert!(told.contains("picture: left out: the pictures of /eye cannot be decoded"), "{told}");
            assert!(told.contains(why) && told.contains(helps), "{told}");
        }
        let asked = SourceOptions { camera: Some("/eye".to_owned()), ..SourceOptions::default() };
        let error = with(bytes, None, asked).err().expect("refused");
        assert_says(&error, &["/eye cannot be decoded", why, "--no-pictures reads the rest"]);
        let without = SourceOptions { no_pictures: true, ..SourceOptions::default() };
        assert!(!notes(&with(bytes, None, without).expect("opened")).contains("cannot be decoded"), "nothing to tell");
    }
}
