//! Bags of ROS 2 in SQLite by hand: a page a table, and the logs of writes that recorders leave beside them.

use crate::mcap::Cdr;
use std::ops::Range;

/// Bytes of a page; all rows of a table have room in one.
const PAGE: usize = 32_768;
/// What tells this log from older ones.
const SALTS: [u32; 2] = [17, 23];

enum Cell<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

fn varint(number: u64) -> Vec<u8> {
    let mut bytes = vec![(number & 127) as u8];
    let mut rest = number >> 7;
    while rest > 0 {
        bytes.insert(0, 128 | (rest & 127) as u8);
        rest >>= 7;
    }
    bytes
}

fn row(cells: &[Cell<'_>]) -> Vec<u8> {
    let (mut kinds, mut body) = (Vec::new(), Vec::new());
    for cell in cells {
        let (kind, bytes) = match cell {
            Cell::Null => (0, Vec::new()),
            Cell::Integer(number) => (6, number.to_be_bytes().to_vec()),
            Cell::Text(text) => (13 + 2 * text.len() as u64, text.as_bytes().to_vec()),
            Cell::Blob(bytes) => (12 + 2 * bytes.len() as u64, bytes.to_vec()),
        };
        kinds.extend(varint(kind));
        body.extend(bytes);
    }
    // The head counts itself.
    [varint(kinds.len() as u64 + 1), kinds, body].concat()
}

/// A page of rows, numbered from 1, behind a head of so many bytes.
fn leaf(rows: &[Vec<u8>], head: usize) -> Vec<u8> {
    let (mut page, mut begin) = (vec![0; PAGE], PAGE);
    for (at, row) in rows.iter().enumerate() {
        let cell = [varint(row.len() as u64), varint(at as u64 + 1), row.clone()].concat();
        begin -= cell.len();
        page[begin..begin + cell.len()].copy_from_slice(&cell);
        page[head + 8 + 2 * at..head + 10 + 2 * at].copy_from_slice(&(begin as u16).to_be_bytes());
    }
    page[head] = 13;
    page[head + 3..head + 5].copy_from_slice(&(rows.len() as u16).to_be_bytes());
    page[head + 5..head + 7].copy_from_slice(&(begin as u16).to_be_bytes());
    page
}

/// Nanoseconds of a row.
pub(crate) fn time(at: usize) -> u64 {
    1_700_000_000_000_000_000 + at as u64 * 50_000_000
}

/// Joints `a` and `b`, and a command, in CDR.
pub(crate) fn messages(at: usize) -> [Vec<u8>; 2] {
    let x = at as f64;
    let (seconds, rest) = ((time(at) / 1_000_000_000) as i32, (time(at) % 1_000_000_000) as u32);
    let head = Cdr::new().put(seconds.to_le_bytes()).put(rest.to_le_bytes()).text("base");
    let names = head.put(2u32.to_le_bytes()).text("a").text("b");
    let joints = names.doubles(&[x, -x]).doubles(&[0.5 * x, 1.0]).doubles(&[]);
    let twist = [x, 0.0, 0.0, 0.0, 0.0, 2.0 * x].iter().fold(Cdr::new(), |cdr, x| cdr.put(x.to_le_bytes()));
    [joints.0, twist.0]
}

/// The pages of a bag of these rows, whose messages are stored as `pack` makes them: the table of tables, topics, messages.
pub(crate) fn bag(rows: Range<usize>, pack: impl Fn(&[u8]) -> Vec<u8>) -> [Vec<u8>; 3] {
    let table = |name: &str, root: i64, columns: &str| {
        let made = format!("CREATE TABLE {name}(id INTEGER PRIMARY KEY,{columns})");
        row(&[Cell::Text("table"), Cell::Text(name), Cell::Text(name), Cell::Integer(root), Cell::Text(&made)])
    };
    let topics = "name TEXT NOT NULL,type TEXT NOT NULL,serialization_format TEXT NOT NULL,offered_qos_profiles TEXT";
    let stored = "topic_id INTEGER NOT NULL,timestamp INTEGER NOT NULL, data BLOB NOT NULL";
    let mut first = leaf(&[table("topics", 2, topics), table("messages", 3, stored)], 100);
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[16..18].copy_from_slice(&(PAGE as u16).to_be_bytes());
    // Written and read through a log; the parts of a page that rows may take; three pages; UTF-8.
    first[18..24].copy_from_slice(&[2, 2, 0, 64, 32, 32]);
    first[31] = 3;
    first[47] = 4;
    first[59] = 1;
    let topic = |name: &str, kind: &str| {
        row(&[Cell::Null, Cell::Text(name), Cell::Text(kind), Cell::Text("cdr"), Cell::Text("")])
    };
    let topics = [topic("/joint_states", "sensor_msgs/msg/JointState"), topic("/cmd_vel", "geometry_msgs/msg/Twist")];
    let message = |at: usize, topic: usize, data: &[u8]| {
        let time = Cell::Integer(time(at) as i64);
        row(&[Cell::Null, Cell::Integer(topic as i64 + 1), time, Cell::Blob(&pack(data))])
    };
    let stored: Vec<Vec<u8>> =
        rows.flat_map(|at| [0, 1].map(|topic| message(at, topic, &messages(at)[topic]))).collect();
    [first, leaf(&topics, 0), leaf(&stored, 0)]
}

/// A log of writes: numbers and bytes of pages, and how many pages there are where a change ends.
pub(crate) fn wal(frames: &[(u32, &[u8], u32)], high_first: bool) -> Vec<u8> {
    let numbers = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
    let add = |sums: [u32; 2], bytes: &[u8]| {
        bytes.chunks(8).fold(sums, |[sum, of_sums], eight| {
            let number = |at: usize| {
                let four = [eight[at], eight[at + 1], eight[at + 2], eight[at + 3]];
                if high_first { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
            };
            let sum = sum.wrapping_add(number(0)).wrapping_add(of_sums);
            [sum, of_sums.wrapping_add(number(4)).wrapping_add(sum)]
        })
    };
    let mut log = numbers(&[0x377f_0682 + u32::from(high_first), 3_007_000, PAGE as u32, 0, SALTS[0], SALTS[1]]);
    let mut sums = add([0, 0], &log);
    log.extend(numbers(&sums));
    for (page, bytes, size) in frames {
        let head = numbers(&[*page, *size]);
        sums = add(add(sums, &head), bytes);
        log.extend([head, numbers(&SALTS), numbers(&sums), bytes.to_vec()].concat());
    }
    log
}
