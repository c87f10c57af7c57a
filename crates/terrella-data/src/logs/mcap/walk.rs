//! Records of an MCAP file (or of a [`bag`]), one by one: chunks unpacked within limits, damage told instead of failing.
//!
//! The file is read from front to back and its index is not asked, because recordings that were cut
//! off have none. What is read up to the damage counts; the rest is told as left out. The frame of a
//! record is nine bytes, so it is walked here, where limits can be held.

use super::bag;
use super::records::{MESSAGE_HEAD, Parsed, parse};
use mcap::records::{Channel, MessageHeader, Metadata, SchemaHeader, op};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of a chunk after unpacking.
const LARGEST_CHUNK: u64 = 1 << 30;
/// Bytes of a record that is no chunk.
pub(super) const LARGEST_RECORD: u64 = 1 << 30;
/// An opcode and a length stand before every record.
const FRAME: u64 = 9;
/// What stands before the data of a message.
const BEFORE_DATA: u64 = FRAME + MESSAGE_HEAD as u64;

/// The bytes of a file: on disk, or unpacked from an archive.
#[derive(Clone)]
pub(in crate::logs) enum Store {
    Disk(PathBuf),
    Memory(Arc<[u8]>),
}

trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// An opened store.
pub(super) struct Opened {
    bytes: Box<dyn Bytes>,
    pub(super) size: u64,
    is_bag: bool,
}

/// Where the data of a message lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where its chunk begins, if it lies in one.
    pub(super) chunk: Option<u64>,
    /// From the beginning of the unpacked chunk, or of the file.
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// What a reader of logs looks at.
pub(super) enum Item<'a> {
    Schema(SchemaHeader, &'a [u8]),
    Channel(Channel),
    Message(MessageHeader, &'a [u8], Place),
    Metadata(Metadata),
}

/// Passes every record to `visit`, in the order of the file, and gives what was left out.
pub(super) fn walk(
    store: &Store,
    visit: &mut dyn FnMut(Item<'_>) -> Result<(), String>,
) -> Result<Vec<String>, String> {
    let mut file = store.open().map_err(|e| e.to_string())?;
    if file.is_bag {
        return bag::walk(&mut file, visit);
    }
    let magic = file.read(0, mcap::MAGIC.len() as u64).map_err(|e| e.to_string())?;
    if magic != mcap::MAGIC {
        return Err("it begins neither like an MCAP file nor like a bag of ROS 1 (2.0)".to_owned());
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
                    within(file.chunk(at), (at, whole), &mut notes, |records| inside(records, at, &mut counted))?;
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

/// An unpacked chunk, and whether the end of the file tore it; or why there is none.
pub(super) type Chunk = Result<(Vec<u8>, Option<String>), String>;

/// Goes through a chunk by `inside`, which says why it ended early; gives why the file ends here, if it does.
pub(super) fn within(
    chunk: Chunk,
    (at, whole): (u64, bool),
    notes: &mut Vec<String>,
    inside: impl FnOnce(&[u8]) -> Result<Option<String>, String>,
) -> Result<Option<String>, String> {
    match chunk {
        Ok((records, torn)) => {
            let ended = inside(&records)?;
            if !whole {
                return Ok(Some(torn.unwrap_or_else(|| "it ends within a chunk".to_owned())));
            }
            notes.extend(ended.map(|why| format!("left out: the rest of the chunk at byte {at}: {why}")));
            Ok(None)
        }
        Err(why) if whole => {
            notes.push(format!("left out: the chunk at byte {at}: {why}"));
            Ok(None)
        }
        Err(why) => Ok(Some(why)),
    }
}

/// Opcode and length of a record.
fn frame(bytes: &[u8]) -> (u8, u64) {
    let mut len = [0; 8];
    len.copy_from_slice(&bytes[1..9]);
    (bytes[0], u64::from_le_bytes(len))
}

pub(super) type Visit<'a> = dyn FnMut(Item<'_>) -> Result<(), String> + 'a;

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

impl Store {
    /// Bytes of the file.
    pub(super) fn size(&self) -> io::Result<u64> {
        self.open().map(|opened| opened.size)
    }

    fn open(&self) -> io::Result<Opened> {
        let mut bytes: Box<dyn Bytes> = match self {
            Self::Disk(path) => Box::new(File::open(path)?),
            Self::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        let size = bytes.seek(SeekFrom::End(0))?;
        let mut opened = Opened { bytes, size, is_bag: false };
        opened.is_bag = opened.read(0, bag::MAGIC.len() as u64)? == bag::MAGIC;
        Ok(opened)
    }

    /// Passes the data of these messages on, one after the other; neighbours share a chunk.
    pub(super) fn messages(
        &self,
        places: impl Iterator<Item = Place>,
        take: &mut dyn FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut file = self.open().map_err(|e| e.to_string())?;
        let mut kept: Option<(u64, Vec<u8>)> = None;
        for place in places {
            let Some(chunk) = place.chunk else {
                take(&file.read(place.offset, place.len).map_err(|e| e.to_string())?)?;
                continue;
            };
            if kept.as_ref().is_none_or(|(at, _)| *at != chunk) {
                kept = Some((chunk, file.chunk(chunk)?.0));
            }
            let (from, to) = (place.offset as usize, (place.offset + place.len) as usize);
            let bytes = kept.as_ref().and_then(|(_, records)| records.get(from..to));
            take(bytes.ok_or("the file changed while it was read")?)?;
        }
        Ok(())
    }
}

impl Opened {
    /// Bytes from a place, fewer where the file ends.
    pub(super) fn read(&mut self, at: u64, len: u64) -> io::Result<Vec<u8>> {
        self.bytes.seek(SeekFrom::Start(at))?;
        let mut read = Vec::with_capacity(len.min(self.size.saturating_sub(at)) as usize);
        self.bytes.by_ref().take(len).read_to_end(&mut read)?;
        Ok(read)
    }

    /// The unpacked records of the chunk at a place. One that the end of the file tears gives what
    /// is there, and says so.
    fn chunk(&mut self, at: u64) -> Chunk {
        if self.is_bag {
            return bag::chunk(self, at);
        }
        let (_, len) = frame(&self.read(at, FRAME).map_err(|e| e.to_string())?);
        let body = self.read(at + FRAME, len).map_err(|e| e.to_string())?;
        let torn = (body.len() as u64) < len;
        let (head, packed) = Head::parse(&body).ok_or("its head is damaged")?;
        let packed = match packed.get(..usize::try_from(head.packed).unwrap_or(usize::MAX)) {
            Some(packed) => packed,
            None if torn => packed,
            None => return Err(format!("it promises {} packed bytes and has {}", head.packed, packed.len())),
        };
        head.unpack(packed, torn)
    }
}

/// What stands before the records of a chunk.
pub(super) struct Head {
    pub(super) unpacked: u64,
    /// 0 if it is not known.
    pub(super) crc: u32,
    pub(super) compression: String,
    pub(super) packed: u64,
}

impl Head {
    /// By hand, because the library refuses a chunk that is torn.
    fn parse(body: &[u8]) -> Option<(Self, &[u8])> {
        let u64_at = |at: usize| Some(u64::from_le_bytes(body.get(at..at + 8)?.try_into().ok()?));
        let u32_at = |at: usize| Some(u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?));
        let name_ends = 32usize.checked_add(u32_at(28)? as usize)?;
        let compression = String::from_utf8(body.get(32..name_ends)?.to_vec()).ok()?;
        let head = Self { unpacked: u64_at(16)?, crc: u32_at(24)?, compression, packed: u64_at(name_ends)? };
        Some((head, &body[name_ends + 8..]))
    }

    pub(super) fn unpack(&self, packed: &[u8], torn: bool) -> Chunk {
        if self.unpacked > LARGEST_CHUNK {
            let (has, limit) = (self.unpacked >> 20, LARGEST_CHUNK >> 20);
            return Err(format!("it would have {has} MiB after unpacking, the limit (LARGEST_CHUNK) is {limit}"));
        }
        let mut records = Vec::new();
        let read = match self.compression.as_str() {
            "" => packed.take(self.unpacked + 1).read_to_end(&mut records),
            "zstd" => zstd::Decoder::with_buffer(packed)
                .and_then(|unpacker| unpacker.take(self.unpacked + 1).read_to_end(&mut records)),
            "lz4" => lz4_flex::frame::FrameDecoder::new(packed).take(self.unpacked + 1).read_to_end(&mut records),
            "bz2" => bzip2::read::BzDecoder::new(packed).take(self.unpacked + 1).read_to_end(&mut records),
            other => return Err(format!("it is packed as \"{other:.20}\", not with zstd, lz4 or bz2")),
        };
        if torn {
            records.truncate(self.unpacked as usize);
            return Ok((records, Some("it ends within a chunk".to_owned())));
        }
        read.map_err(|e| format!("it cannot be unpacked ({e})"))?;
        if records.len() as u64 != self.unpacked {
            let more = if records.len() as u64 > self.unpacked { "more" } else { "fewer" };
            return Err(format!("it unpacks to {more} bytes than the {} it promises", self.unpacked));
        }
        let crc = crc32fast::hash(&records);
        if self.crc != 0 && self.crc != crc {
            return Err(format!("its checksum is {crc:08x}, {:08x} was written", self.crc));
        }
        Ok((records, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_that_promises_or_holds_too_much_is_refused() {
        let packed = zstd::encode_all(&[7u8; 4096][..], 1).expect("packed");
        let head = |unpacked, crc| Head { unpacked, crc, compression: "zstd".to_owned(), packed: 0 };
        let refused = |head: Head| head.unpack(&packed, false).expect_err("refused");
        assert!(refused(head(LARGEST_CHUNK + 1, 0)).contains("LARGEST_CHUNK"), "a promise");
        assert!(refused(head(100, 0)).contains("more bytes than the 100"), "a bomb");
        assert!(refused(head(5000, 0)).contains("fewer bytes"), "too little");
        assert!(refused(head(4096, 1)).contains("checksum"), "other bytes");
        let right = head(4096, crc32fast::hash(&[7u8; 4096]));
        assert_eq!(right.unpack(&packed, false), Ok((vec![7; 4096], None)), "as promised");
    }

    #[test]
    fn a_torn_chunk_gives_what_is_there() {
        let whole: Vec<u8> = (0..100_000u32).flat_map(|i| i.to_le_bytes()).collect();
        let packed = zstd::encode_all(&whole[..], 1).expect("packed");
        let head = Head { unpacked: whole.len() as u64, crc: 1, compression: "zstd".to_owned(), packed: 0 };
        let (records, torn) = head.unpack(&packed[..packed.len() / 2], true).expect("a part");
        assert!(!records.is_empty() && whole.starts_with(&records) && torn.is_some(), "{} bytes", records.len());
    }
}
