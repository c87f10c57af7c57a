//! Records of an MCAP file, one by one: chunks unpacked within limits, damage told instead of failing.
//!
//! The file is read from front to back and its index is not asked, because recordings that were cut
//! off have none. What is read up to the damage counts; the rest is told as left out. The frame of a
//! record is nine bytes, so it is walked here, where limits can be held.

use super::container::{Chunk, Head, Item, LARGEST_RECORD, Opened, Place, Visit, within};
use super::records::{MESSAGE_HEAD, Parsed, parse};
use mcap::records::op;

/// An opcode and a length stand before every record.
const FRAME: u64 = 9;
/// What stands before the data of a message.
const BEFORE_DATA: u64 = FRAME + MESSAGE_HEAD as u64;

/// Passes every record to `visit`, in the order of the file, and gives what was left out.
pub(super) fn walk(file: &mut Opened, visit: &mut Visit<'_>) -> Result<Vec<String>, String> {
    let magic = file.read(0, mcap::MAGIC.len() as u64).map_err(|e| e.to_string())?;
    if magic != mcap::MAGIC {
        return Err("it begins neither like an MCAP file nor like a bag of ROS 1 (2.0) or of ROS 2 (SQLite)".to_owned());
    }
    let mut notes = Vec::new();
    let mut messages = 0u64;
    let mut counted = |item: Item<'_>| {
        messages += u64::from(matches!(item, Item::Message(..)));
        visit(item)
    };
    let mut at = magic.len() as u64;
    let end = loop {
        if at + FRAME > file.size {
            break Some("it ends without an end mark".to_owned());
        }
        let (opcode, len) = frame(&file.read(at, FRAME).map_err(|e| e.to_string())?);
        let whole = len <= file.size - at - FRAME;
        match opcode {
            op::DATA_END | op::FOOTER if whole => break None,
            0 => break Some("a record of kind 0, which there is none of".to_owned()),
            op::CHUNK => {
                let ended =
                    within(chunk(file, at), (at, whole), &mut notes, |records| inside(records, at, &mut counted))?;
                if ended.is_some() {
                    break ended;
                }
            }
            _ if !whole => break Some(format!("a record of {len} bytes begins, which is more than follows")),
            op::SCHEMA | op::CHANNEL | op::MESSAGE | op::METADATA => {
                if len > LARGEST_RECORD {
                    notes.push(format!(
                        "left out: a record of {} MiB at byte {at}, the limit (LARGEST_RECORD) is {}",
                        len >> 20,
                        LARGEST_RECORD >> 20
                    ));
                } else {
                    let body = file.read(at + FRAME, len).map_err(|e| e.to_string())?;
                    let place =
                        Place { chunk: None, offset: at + BEFORE_DATA, len: len.saturating_sub(MESSAGE_HEAD as u64) };
                    if let Err(why) = record(opcode, &body, place, &mut counted)? {
                        notes.push(format!("left out: the record at byte {at}: {why}"));
                    }
                }
            }
            _ => {}
        }
        at += FRAME + len;
    };
    if let Some(why) = end {
        notes.push(format!(
            "left out: what follows byte {at} of {} ({why}); the {messages} messages before that were read",
            file.size
        ));
    }
    Ok(notes)
}

/// Opcode and length of a record.
fn frame(bytes: &[u8]) -> (u8, u64) {
    let mut len = [0; 8];
    len.copy_from_slice(&bytes[1..9]);
    (bytes[0], u64::from_le_bytes(len))
}

/// The records of an unpacked chunk; says why it ended early, if it did.
fn inside(records: &[u8], chunk: u64, visit: &mut Visit<'_>) -> Result<Option<String>, String> {
    let mut at = 0usize;
    while at < records.len() {
        let rest = &records[at..];
        if rest.len() < FRAME as usize {
            return Ok(Some("it ends within a record".to_owned()));
        }
        let (opcode, len) = frame(rest);
        let Some(body) = usize::try_from(len).ok().and_then(|len| rest[FRAME as usize..].get(..len)) else {
            return Ok(Some(format!("a record of {len} bytes is longer than the chunk")));
        };
        let place =
            Place { chunk: Some(chunk), offset: at as u64 + BEFORE_DATA, len: len.saturating_sub(MESSAGE_HEAD as u64) };
        if let Err(why) = record(opcode, body, place, visit)? {
            return Ok(Some(why));
        }
        at += FRAME as usize + body.len();
    }
    Ok(None)
}

/// One record; the inner error is damage, the outer one comes from the visitor.
fn record(opcode: u8, body: &[u8], place: Place, visit: &mut Visit<'_>) -> Result<Result<(), String>, String> {
    let item = match parse(opcode, body) {
        Err(why) => return Ok(Err(why)),
        Ok(Parsed::Other) => return Ok(Ok(())),
        Ok(Parsed::Schema(header, data)) => Item::Schema(header, data),
        Ok(Parsed::Message(header, data)) => Item::Message(header, data, place),
        Ok(Parsed::Channel(channel)) => Item::Channel(channel),
        Ok(Parsed::Metadata(metadata)) => Item::Metadata(metadata),
    };
    visit(item).map(Ok)
}

/// The unpacked records of the chunk at a place. One that the end of the file tears gives what
/// is there, and says so.
pub(super) fn chunk(file: &mut Opened, at: u64) -> Chunk {
    let (_, len) = frame(&file.read(at, FRAME).map_err(|e| e.to_string())?);
    let body = file.read(at + FRAME, len).map_err(|e| e.to_string())?;
    let torn = (body.len() as u64) < len;
    let (head, packed) = head(&body).ok_or("its head is damaged")?;
    let packed = match packed.get(..usize::try_from(head.packed).unwrap_or(usize::MAX)) {
        Some(packed) => packed,
        None if torn => packed,
        None => return Err(format!("it promises {} packed bytes and has {}", head.packed, packed.len())),
    };
    head.unpack(packed, torn)
}

/// What stands before the records of a chunk; by hand, because the library refuses a chunk that is torn.
fn head(body: &[u8]) -> Option<(Head, &[u8])> {
    let u64_at = |at: usize| Some(u64::from_le_bytes(body.get(at..at + 8)?.try_into().ok()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?));
    let name_ends = 32usize.checked_add(u32_at(28)? as usize)?;
    let compression = String::from_utf8(body.get(32..name_ends)?.to_vec()).ok()?;
    let head = Head { unpacked: u64_at(16)?, crc: u32_at(24)?, compression, packed: u64_at(name_ends)? };
    Some((head, &body[name_ends + 8..]))
}
