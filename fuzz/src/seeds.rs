//! Whole recordings to begin with, made on the spot.

use crate::{Target, bag_fixtures, flight_fixtures, rlds_fixtures};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use terrella_core::{Episode, Frames, Pixel, Signature, Table};
use terrella_data::{View, Writer};

/// Bags of ROS 2 in SQLite.
const SQLITE: [&[u8]; 2] = [
    include_bytes!("../../crates/terrella-formats/tests/data/ros2_bag.db3"),
    include_bytes!("../../crates/terrella-formats/tests/data/ros2_defined.db3"),
];

const CSV: &str = "t,a,b\n0.0,1,2\n0.1,2,3\n0.2,3,4\n0.3,4.5,5e-1\n";

/// Writes the whole recording of a target into an empty folder.
pub fn write(target: Target, folder: &Path) {
    let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("written");
    match target {
        Target::Lerobot => lerobot(folder),
        Target::Rlds => rlds_fixtures::write(folder, &[rlds_fixtures::example(0, 3), rlds_fixtures::example(1, 2)]),
        Target::Zarr => put("buffer.zarr.zip", &zarr()),
        Target::Hdf5 => put("demo.hdf5", &hdf5()),
        Target::Csv => put("log.csv", CSV.as_bytes()),
        Target::Json => {}
        Target::Npy => put("log.npy", &npy(&[0.0, 1.0, 2.0, 3.0], &[2, 2])),
        Target::Npz => put("log.npz", &npz()),
        Target::Parquet => put("log.parquet", &parquet()),
        Target::Tar => put("logs.tar", &tar()),
        Target::Mapping => {
            put("log.csv", CSV.as_bytes());
            put("map.toml", MAPPING.as_bytes());
        }
        Target::Mcap => put("log.mcap", &exported()),
        Target::Mp4 => {
            put("log.csv", b"t,a\n0.0,1\n0.2,2\n0.4,3\n0.6,4\n");
            put("clip.mp4", b"");
        }
        Target::Ulog => put("log.ulg", &flight_fixtures::ulog()),
        Target::Crazyflie => put("log00", &flight_fixtures::crazyflie(2)),
    }
}

const MAPPING: &str = "about = \"x\"\nfps = 10.0\nepisode_seconds = 0.2\nmax_gap = 1.0\ntask = \"t\"\n[csv]\ndelimiter = \",\"\n[clock]\ncolumn = \"t\"\nunit = \"ms\"\n[[state]]\ncolumns = [\"a[0:1]\"]\nnames = [\"x\"]\nunit = \"deg\"\nalign = \"hold\"\ncircular = true\ndelay = 0.1\n[[action]]\ncolumns = [\"b | c\"]\n";

/// Inputs to begin with: what stands for one file, behind the byte that chooses it.
pub fn inputs(target: Target) -> Vec<Vec<u8>> {
    if target == Target::Json {
        let lines = "{\"t\": 0, \"a\": 1, \"b\": 2}\n{\"t\": 0.1, \"a\": 2, \"b\": 3}\n";
        let records = r#"[{"t": 0, "a": 1, "b": [2]}, {"t": 0.1, "a": 2, "b": [3]}]"#;
        let columns = r#"{"t": [0, 0.1, 0.2], "a": [1, 2, 3], "b": [1, 2, 3]}"#;
        return [(0, records), (0, columns), (1, lines)].map(|(c, text)| [&[c], text.as_bytes()].concat()).to_vec();
    }
    if target == Target::Mcap {
        let bags = ["none", "lz4", "bz2"].map(|packed| bag_fixtures::bag(packed, true));
        let logs = [exported(), bag()].into_iter().chain(bags).chain(SQLITE.map(<[u8]>::to_vec));
        #[cfg(feature = "video")]
        let logs = logs.chain([video()]);
        return logs.collect();
    }
    if target == Target::Crazyflie {
        return [1, 2].map(flight_fixtures::crazyflie).to_vec();
    }
    let folder = tempfile::tempdir().expect("a folder");
    write(target, folder.path());
    let files = target.files();
    files
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let bytes = fs::read(folder.path().join(name)).expect("a file of the seed");
            if files.len() == 1 { bytes } else { [vec![at as u8], bytes].concat() }
        })
        .collect()
}

fn lerobot(folder: &Path) {
    let signature = Signature {
        fps: 10.0,
        image: Some([3, 3]),
        state: vec!["x".into(), "y".into()],
        action: vec!["u".into()],
        env: None, ..Signature::default() };
    let whole = folder.join("whole");
    let view = |name: &str, depth| View { name: name.to_owned(), size: [2, 2], depth };
    let views = [view("side", None), view("deep", Some(0.001))];
    let mut writer = Writer::create(&whole, &signature).expect("a folder").with_views(&views);
    for index in 0..2 {
        let rows = 2 + index;
        let frames = Some(Frames::new(3, 3, rows, Arc::new(vec![7_u8; rows * 27]), 0));
        let states = Table { width: 2, data: vec![0.5; 2 * rows] };
        let actions = Table { width: 1, data: vec![1.0; rows] };
        let beside = [Pixel::Rgb, Pixel::Depth].map(|p| Frames::of(p, [2, 2], vec![3; rows * 4 * p.bytes()]));
        let episode = Episode { index, task: "t".into(), states, actions, frames, ..Episode::default() };
        writer.write_views(&episode, &beside).expect("written");
    }
    writer.finish().expect("finished");
    for name in ["meta", "data"] {
        fs::rename(whole.join(name), folder.join(name)).expect("moved");
    }
    fs::remove_dir_all(whole).expect("removed");
}

fn zarr() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut put = |name: &str, bytes: &[u8]| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
        zip.write_all(bytes).expect("written");
    };
    let meta = |shape: &str, dtype: &str| {
        format!(
            "{{\"zarr_format\":2,\"shape\":{shape},\"chunks\":{shape},\"dtype\":\"{dtype}\",\"compressor\":null,\"fill_value\":0,\"order\":\"C\",\"filters\":null}}"
        )
    };
    put(".zgroup", b"{\"zarr_format\":2}");
    put("data/.zgroup", b"{\"zarr_format\":2}");
    put("meta/.zgroup", b"{\"zarr_format\":2}");
    put("data/action/.zarray", meta("[4,2]", "<f4").as_bytes());
    put("data/action/0.0", &[0; 32]);
    put("data/state/.zarray", meta("[4,3]", "<f4").as_bytes());
    put("data/state/0.0", &[0; 48]);
    put("data/img/.zarray", meta("[4,2,2,3]", "|u1").as_bytes());
    put("data/img/0.0.0.0", &[9; 48]);
    put("meta/episode_ends/.zarray", meta("[2]", "<i8").as_bytes());
    put("meta/episode_ends/0", &[[2_u8, 0, 0, 0, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0, 0, 0]].concat());
    zip.finish().expect("finished").into_inner()
}

fn hdf5() -> Vec<u8> {
    let mut file = hdf5_pure::FileBuilder::new();
    file.create_dataset("action").with_f32_data(&[0.5; 10]).with_shape(&[5, 2]).with_chunks(&[2, 2]).with_deflate(1);
    file.create_dataset("state").with_f64_data(&[0.5; 5]);
    file.create_dataset("pixels").with_u8_data(&[7; 60]).with_shape(&[5, 2, 2, 3]);
    file.create_dataset("ep_len").with_i64_data(&[2, 3]);
    file.finish().expect("a file")
}

/// Version 1.0 of NumPy's format, by hand.
fn npy(values: &[f32], shape: &[usize]) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    bytes
}

fn npz() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let pixels = String::from_utf8_lossy(&npy(&[], &[2, 1, 1, 3])).replace("<f4", "|u1");
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend(&pixels.as_bytes()[pixels.len() - 118..]);
    for (name, bytes) in [("a.npy", npy(&[1.0, 2.0], &[2, 1])), ("p.npy", [header, vec![5; 6]].concat())] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
        zip.write_all(&bytes).expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

/// The table of a dataset that was just written, with columns that the mapping may or may not find.
fn parquet() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let signature = Signature { fps: 10.0, image: None, state: vec!["x".into()], action: vec!["u".into()], env: None, ..Signature::default() };
    let whole = folder.path().join("whole");
    let mut writer = Writer::create(&whole, &signature).expect("a folder");
    let table = Table { width: 1, data: vec![0.5; 4] };
    let episode = Episode { index: 0, task: "t".into(), states: table.clone(), actions: table, frames: None, ..Episode::default() };
    writer.write_episode(&episode).expect("written");
    writer.finish().expect("finished");
    fs::read(whole.join("data/chunk-000/file-000.parquet")).expect("read")
}

/// One file in the ustar format, by hand.
fn tar() -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    let mut field = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    field(0, "logs/a.csv");
    field(100, "0000644\0");
    field(124, &format!("{:011o}\0", CSV.len()));
    field(136, "00000000000\0");
    field(148, "        ");
    field(156, "0");
    field(257, "ustar\u{0}00");
    let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut body = CSV.as_bytes().to_vec();
    body.resize(512, 0);
    [header, body, vec![0; 1024]].concat()
}

/// A dataset as we export it: JSON, pictures, packed chunks.
fn exported() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log.mcap"));
    lerobot(&data);
    terrella_formats::export_mcap(&data, &log, &Default::default(), &mut |_, _| {}).expect("exported");
    fs::read(log).expect("read")
}

/// A robot's log with nothing packed, so that the fuzzer reaches CDR and Protobuf.
fn bag() -> Vec<u8> {
    use prost::Message;
    use prost_types::field_descriptor_proto::{Label, Type};
    use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
    let mut bytes = Vec::new();
    let mut writer =
        mcap::WriteOptions::new().use_chunks(false).create(std::io::Cursor::new(&mut bytes)).expect("a writer");
    let joints = "string[] name\nfloat64[] position\nfloat64[2] velocity\nBox box\n===\nMSG: sensor_msgs/Box\nuint8[] data\nbool on\n";
    let field = |name: &str, number, kind: Type, label: Label| FieldDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        r#type: Some(kind as i32),
        label: Some(label as i32),
        ..Default::default()
    };
    let message = DescriptorProto {
        name: Some("Twist".into()),
        field: vec![
            field("linear", 1, Type::Double, Label::Repeated),
            field("name", 2, Type::String, Label::Optional),
            field("angular", 3, Type::Sint32, Label::Optional),
        ],
        ..Default::default()
    };
    let file = FileDescriptorProto {
        name: Some("t.proto".into()),
        package: Some("my".into()),
        message_type: vec![message],
        syntax: Some("proto3".into()),
        ..Default::default()
    };
    let set = FileDescriptorSet { file: vec![file] }.encode_to_vec();
    let none = Default::default();
    let a = writer.add_schema("sensor_msgs/msg/JointState", "ros2msg", joints.as_bytes()).expect("a schema");
    let a = writer.add_channel(a, "/joints", "cdr", &none).expect("a channel");
    let b = writer.add_schema("my.Twist", "protobuf", &set).expect("a schema");
    let b = writer.add_channel(b, "/cmd", "protobuf", &none).expect("a channel");
    for i in 0..4u8 {
        let mut cdr = vec![0, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, b'j', 0, 0, 0, 1, 0, 0, 0];
        while (cdr.len() - 4) % 8 != 0 {
            cdr.push(0);
        }
        [f64::from(i), 1.0, 2.0].iter().for_each(|x| cdr.extend(x.to_le_bytes()));
        cdr.extend([1, 0, 0, 0, 9, 1]);
        let proto = [&[0x0a, 8][..], &f64::from(i).to_le_bytes(), &[0x12, 1, b'n', 0x18, 4]].concat();
        for (channel, data) in [(a, cdr), (b, proto)] {
            writer.write_to_known_channel(&header(channel, i), &data).expect("a message");
        }
    }
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

/// A camera whose pictures are H.264, one a message.
#[cfg(feature = "video")]
fn video() -> Vec<u8> {
    use openh264::{encoder::Encoder, formats::YUVBuffer};
    let mut bytes = Vec::new();
    let mut writer =
        mcap::WriteOptions::new().use_chunks(false).create(std::io::Cursor::new(&mut bytes)).expect("a writer");
    let fields = b"string format\nuint8[] data\n";
    let schema = writer.add_schema("foxglove_msgs/msg/CompressedVideo", "ros2msg", fields).expect("a schema");
    let channel = writer.add_channel(schema, "/eye", "cdr", &Default::default()).expect("a channel");
    let mut encoder = Encoder::new().expect("an encoder");
    for i in 0..4u8 {
        let picture = YUVBuffer::from_vec(vec![60 * i; 32 * 32 * 3 / 2], 32, 32);
        let sample = encoder.encode(&picture).expect("encoded").to_vec();
        let text = [&[0, 1, 0, 0, 5, 0, 0, 0][..], b"h264\0\0\0\0"].concat();
        let cdr = [&text[..], &(sample.len() as u32).to_le_bytes(), &sample].concat();
        writer.write_to_known_channel(&header(channel, i), &cdr).expect("a message");
    }
    writer.finish().expect("finished");
    drop(writer);
    bytes
}

/// The head of a message at a tenth of a second.
fn header(channel_id: u16, tenths: u8) -> mcap::records::MessageHeader {
    let time = u64::from(tenths) * 100_000_000;
    mcap::records::MessageHeader { channel_id, sequence: 0, log_time: time, publish_time: time }
}
