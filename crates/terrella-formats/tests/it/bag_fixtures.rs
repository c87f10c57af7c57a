//! Bags of ROS 1 made by hand, for tests and for fuzzing.

use std::io::Write;

const JOINTS: &str = "std_msgs/Header header\nstring[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort\n\
    ================================================================================\n\
    MSG: std_msgs/Header\nuint32 seq\ntime stamp\nstring frame_id\n";
/// The definition of a command.
pub(crate) const TWIST: &str =
    "Vector3 linear\nVector3 angular\n====\nMSG: geometry_msgs/Vector3\nfloat64 x\nfloat64 y\nfloat64 z\n";
const EPOCH: u32 = 1_700_000_000;
/// Rows of a bag.
pub(crate) const ROWS: u32 = 40;

/// A record by its fields and data.
pub(crate) fn record(fields: &[(&str, &[u8])], data: &[u8]) -> Vec<u8> {
    let field = |(name, value): &(&str, &[u8])| {
        let length = ((name.len() + 1 + value.len()) as u32).to_le_bytes();
        [&length[..], name.as_bytes(), b"=", value].concat()
    };
    let head = fields.iter().flat_map(field).collect::<Vec<u8>>();
    let length = |bytes: &[u8]| (bytes.len() as u32).to_le_bytes();
    [&length(&head)[..], &head, &length(data), data].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// Numbers one after the other.
pub(crate) fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// What says that messages of a number are of this topic and type.
pub(crate) fn connection(number: u32, topic: &str, kind: &str, definition: &str) -> Vec<u8> {
    let about = record(
        &[("topic", topic.as_bytes()), ("type", kind.as_bytes()), ("message_definition", definition.as_bytes())],
        &[],
    );
    let about = &about[4..about.len() - 4];
    record(&[("op", &[7]), ("conn", &number.to_le_bytes()), ("topic", topic.as_bytes())], about)
}

/// Joints and commands at 20 Hz, ten rows a chunk.
pub(crate) fn bag(compression: &str, closed: bool) -> Vec<u8> {
    let numbers = [("index_pos", u64::from(closed) * 9999), ("conn_count", 2), ("chunk_count", 4)];
    let [index, connections, chunks] = numbers.map(|(_, n)| n.to_le_bytes());
    let head =
        [("op", &[3][..]), ("index_pos", &index), ("conn_count", &connections[..4]), ("chunk_count", &chunks[..4])];
    let mut bytes = [&b"#ROSBAG V2.0\n"[..], &record(&head, &[b' '; 4000])].concat();
    for chunk in 0..4 {
        let mut records = Vec::new();
        if chunk == 0 {
            records.extend(connection(0, "/joint_states", "sensor_msgs/JointState", JOINTS));
            records.extend(connection(1, "/cmd_vel", "geometry_msgs/Twist", TWIST));
        }
        for i in chunk * ROWS / 4..(chunk + 1) * ROWS / 4 {
            let time = [(EPOCH + i / 20).to_le_bytes(), (i % 20 * 50_000_000).to_le_bytes()].concat();
            let x = f64::from(i);
            let list = |values: &[f64]| [&(values.len() as u32).to_le_bytes()[..], &doubles(values)].concat();
            let joints =
                [&i.to_le_bytes()[..], &time, &text("base"), &2u32.to_le_bytes(), &text("a"), &text("b")].concat();
            let joints = [joints, list(&[x, -x]), list(&[0.5 * x, 1.0]), list(&[])].concat();
            let twist = doubles(&[x, 0.0, 0.0, 0.0, 0.0, 2.0 * x]);
            for (number, message) in [(0u32, joints), (1, twist)] {
                records.extend(record(&[("op", &[2]), ("conn", &number.to_le_bytes()), ("time", &time)], &message));
            }
        }
        let packed = match compression {
            "lz4" => {
                let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
                packer.write_all(&records).expect("packed");
                packer.finish().expect("packed")
            }
            "bz2" => {
                let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                packer.write_all(&records).expect("packed");
                packer.finish().expect("packed")
            }
            _ => records.clone(),
        };
        let size = (records.len() as u32).to_le_bytes();
        bytes.extend(record(&[("op", &[5]), ("compression", compression.as_bytes()), ("size", &size)], &packed));
        bytes.extend(record(&[("op", &[4]), ("ver", &[1, 0, 0, 0]), ("conn", &[0; 4]), ("count", &[0; 4])], &[]));
    }
    if closed {
        bytes.extend(connection(0, "/joint_states", "sensor_msgs/JointState", JOINTS));
        bytes.extend(connection(1, "/cmd_vel", "geometry_msgs/Twist", TWIST));
    }
    bytes
}
