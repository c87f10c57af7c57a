//! Bags of ROS 1 (format 2.0): the same topics and messages in another container.
//!
//! A bag is walked from front to back like MCAP, so one that was never closed (`.bag.active`), or was cut,
//! gives what is there. The crate `rosbag` trusts positions and sizes in the file (it panics on a bag that was not
//! closed and unpacks without limit), so the few records are parsed here.
//!
//! Format: <http://wiki.ros.org/Bags/Format/2.0>.

use super::container::{Chunk, Head, Item, LARGEST_RECORD, Opened, Place, Visit, within};
use mcap::records::{Channel, MessageHeader, SchemaHeader};
use std::collections::BTreeMap;

/// How a bag begins.
pub(super) const MAGIC: &[u8] = b"#ROSBAG V2.0\n";

/// Bytes of what stands before the data of a record.
const LARGEST_HEAD: u64 = 1 << 20;

const MESSAGE: u8 = 2;
const CHUNK: u8 = 5;
const CONNECTION: u8 = 7;

/// Named fields of a record's head.
struct Fields<'a>(BTreeMap<&'a [u8], &'a [u8]>);

impl<'a> Fields<'a> {
    /// Fields follow each other: length, name, `=`, value.
    fn parse(mut bytes: &'a [u8]) -> Result<Self, String> {
        let mut fields = BTreeMap::new();
        while !bytes.is_empty() {
            let (len, rest) = bytes.split_first_chunk::<4>().ok_or("a field ends within its length")?;
            let len = u32::from_le_bytes(*len) as usize;
            let (field, rest) =
                rest.split_at_checked(len).ok_or_else(|| format!("a field of {len} bytes is cut off"))?;
            let at = field.iter().position(|b| *b == b'=').ok_or("a field without a name")?;
            fields.insert(&field[..at], &field[at + 1..]);
            bytes = rest;
        }
        Ok(Self(fields))
    }

    fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], String> {
        let value = self.0.get(name.as_bytes()).ok_or_else(|| format!("it has no field {name}"))?;
        <[u8; N]>::try_from(*value).map_err(|_| format!("{name} has {} bytes, not {N}", value.len()))
    }

    fn number(&self, name: &str) -> Result<u32, String> {
        self.array(name).map(u32::from_le_bytes)
    }

    fn text(&self, name: &str) -> Result<String, String> {
        let value = self.0.get(name.as_bytes()).ok_or_else(|| format!("it has no field {name}"))?;
        String::from_utf8(value.to_vec()).map_err(|_| format!("{name} is no text"))
    }

    fn op(&self) -> Result<u8, String> {
        self.array("op").map(|[op]| op)
    }
}

/// Passes what stands in a bag to `visit`, and gives what was left out.
pub(super) fn walk(file: &mut Opened, visit: &mut Visit<'_>) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    let mut at = MAGIC.len() as u64;
    let end = loop {
        if at == file.size {
            break None;
        }
        let (head, data) = match lengths(file, at) {
            Ok(lengths) => lengths,
            Err(why) => break Some(why),
        };
        let fields = file.read(at + 4, head).map_err(|e| e.to_string())?;
        let fields = match Fields::parse(&fields).and_then(|fields| fields.op().map(|op| (op, fields))) {
            Ok(fields) => fields,
            Err(why) => break Some(why),
        };
        let body = at + 8 + head;
        let whole = data <= file.size - body;
        match fields {
            (CHUNK, _) => {
                let ended = within(chunk(file, at), (at, whole), &mut notes, |records| inside(records, at, visit))?;
                if ended.is_some() {
                    break ended;
                }
            }
            _ if !whole => break Some(format!("a record of {data} bytes begins, which is more than follows")),
            (op @ (MESSAGE | CONNECTION), fields) if data <= LARGEST_RECORD => {
                let bytes = file.read(body, data).map_err(|e| e.to_string())?;
                let place = Place { chunk: None, offset: body, len: data };
                if let Err(why) = record(op, &fields, &bytes, place, visit)? {
                    notes.push(format!("left out: the record at byte {at}: {why}"));
                }
            }
            _ => {}
        }
        at = body + data;
    };
    if let Some(why) = end {
        notes.push(format!("left out: what follows byte {at} of {} ({why}); what stands before was read", file.size));
    }
    Ok(notes)
}

/// Bytes of the head and of the data of the record at a place.
fn lengths(file: &mut Opened, at: u64) -> Result<(u64, u64), String> {
    let mut number = |at: u64| {
        let bytes = file.read(at, 4).map_err(|e| e.to_string())?;
        let four = <[u8; 4]>::try_from(bytes).map_err(|_| "it ends within a record".to_owned())?;
        Ok::<u64, String>(u64::from(u32::from_le_bytes(four)))
    };
    let head = number(at)?;
    if head > LARGEST_HEAD {
        return Err(format!("a record has a head of {head} bytes, the limit (LARGEST_HEAD) is {LARGEST_HEAD}"));
    }
    Ok((head, number(at + 4 + head)?))
}

/// The unpacked records of the chunk at a place, and whether the end of the file tore it.
pub(super) fn chunk(file: &mut Opened, at: u64) -> Chunk {
    let (head, data) = lengths(file, at)?;
    let fields = file.read(at + 4, head).map_err(|e| e.to_string())?;
    let fields = Fields::parse(&fields)?;
    let packed = file.read(at + 8 + head, data).map_err(|e| e.to_string())?;
    let compression = match fields.text("compression")?.as_str() {
        "none" => String::new(),
        other => other.to_owned(),
    };
    let head = Head { unpacked: u64::from(fields.number("size")?), crc: 0, compression, packed: data };
    head.unpack(&packed, (packed.len() as u64) < data)
}

/// The records of an unpacked chunk; says why it ended early, if it did.
fn inside(records: &[u8], chunk: u64, visit: &mut Visit<'_>) -> Result<Option<String>, String> {
    let mut rest = records;
    while !rest.is_empty() {
        let part = |bytes: &mut &[u8]| -> Option<(usize, usize)> {
            let (len, after) = bytes.split_first_chunk::<4>()?;
            let len = u32::from_le_bytes(*len) as usize;
            let from = records.len() - after.len();
            *bytes = after.get(len..)?;
            Some((from, from + len))
        };
        let Some((head, data)) = part(&mut rest).zip(part(&mut rest)) else {
            return Ok(Some("it ends within a record".to_owned()));
        };
        let place = Place { chunk: Some(chunk), offset: data.0 as u64, len: (data.1 - data.0) as u64 };
        let read = match Fields::parse(&records[head.0..head.1]).and_then(|f| f.op().map(|op| (op, f))) {
            Ok((op, fields)) => record(op, &fields, &records[data.0..data.1], place, visit)?,
            Err(why) => Err(why),
        };
        if let Err(why) = read {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// One record; the inner error is damage, the outer one comes from the visitor.
fn record(
    op: u8,
    fields: &Fields<'_>,
    data: &[u8],
    place: Place,
    visit: &mut Visit<'_>,
) -> Result<Result<(), String>, String> {
    let items = match op {
        CONNECTION => connection(fields, data),
        MESSAGE => message(fields).map(|header| vec![Item::Message(header, data, place)]),
        _ => Ok(Vec::new()),
    };
    match items {
        Ok(items) => items.into_iter().try_for_each(visit).map(Ok),
        Err(why) => Ok(Err(why)),
    }
}

/// The channel of a number; there are as many as MCAP has.
fn channel(fields: &Fields<'_>) -> Result<u16, String> {
    let number = fields.number("conn")?;
    u16::try_from(number).map_err(|_| format!("connection {number}: numbers up to {} are read", u16::MAX))
}

fn connection<'a>(fields: &Fields<'_>, data: &'a [u8]) -> Result<Vec<Item<'a>>, String> {
    let (id, topic, about) = (channel(fields)?, fields.text("topic")?, Fields::parse(data)?);
    let definition = about.0.get(&b"message_definition"[..]).copied().unwrap_or_default();
    let schema = SchemaHeader { id, name: about.text("type")?, encoding: "ros1msg".to_owned() };
    let metadata = BTreeMap::new();
    let channel = Channel { id, schema_id: id, topic, message_encoding: "ros1".to_owned(), metadata };
    Ok(vec![Item::Schema(schema, definition), Item::Channel(channel)])
}

fn message(fields: &Fields<'_>) -> Result<MessageHeader, String> {
    let [a, b, c, d, e, f, g, h] = fields.array("time")?;
    let (seconds, rest) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    let time = u64::from(seconds) * 1_000_000_000 + u64::from(rest);
    Ok(MessageHeader { channel_id: channel(fields)?, sequence: 0, log_time: time, publish_time: time })
}
