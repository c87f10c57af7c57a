//! What a log file is made of, whichever container it is: bytes, places in them, chunks unpacked within limits,
//! and the items that somebody who walks through it is shown.

use super::wal::{Through, Wal};
use mcap::records::{Channel, MessageHeader, Metadata, SchemaHeader};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes of a chunk after unpacking.
const LARGEST_CHUNK: u64 = 1 << 30;
/// Bytes of a record that is no chunk.
pub(super) const LARGEST_RECORD: u64 = 1 << 30;

/// The bytes of a file: on disk, or unpacked from an archive; or several that are one recording.
#[derive(Clone)]
pub(crate) enum Store {
    Disk(PathBuf),
    Memory(Arc<[u8]>),
    /// A temporary file, which goes when nobody reads it any more, and what was lost on the way.
    Unpacked {
        file: Arc<tempfile::TempPath>,
        torn: Option<String>,
    },
    /// A file in SQLite, and the log of writes beside it through which it is read.
    Through {
        file: PathBuf,
        log: PathBuf,
        wal: Arc<Wal>,
    },
    /// Files with their names, in the order of recording.
    Parts(Arc<[(String, Self)]>),
}

trait Bytes: Read + Seek {}
impl<T: Read + Seek> Bytes for T {}

/// An opened store.
pub(super) struct Opened {
    bytes: Box<dyn Bytes>,
    pub(super) size: u64,
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
    /// What follows comes from this file.
    Part(&'a Store),
    Schema(SchemaHeader, &'a [u8]),
    Channel(Channel),
    Message(MessageHeader, &'a [u8], Place),
    Metadata(Metadata),
}

/// Whoever is shown the items of a file.
pub(super) type Visit<'a> = dyn FnMut(Item<'_>) -> Result<(), String> + 'a;

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

impl Store {
    /// Bytes of the file.
    pub(super) fn size(&self) -> io::Result<u64> {
        self.parts().into_iter().map(|(_, part)| part.open().map(|opened| opened.size)).sum()
    }

    /// The files of the recording, with names if there are several.
    pub(super) fn parts(&self) -> Vec<(&str, &Self)> {
        match self {
            Self::Parts(parts) => parts.iter().map(|(name, part)| (name.as_str(), part)).collect(),
            one => vec![("", one)],
        }
    }

    /// What was lost when it was unpacked.
    pub(crate) fn torn(&self) -> Option<&String> {
        if let Self::Unpacked { torn, .. } = self { torn.as_ref() } else { None }
    }

    pub(super) fn open(&self) -> io::Result<Opened> {
        let mut bytes: Box<dyn Bytes> = match self {
            Self::Disk(path) => Box::new(File::open(path)?),
            Self::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Self::Unpacked { file, .. } => Box::new(File::open(file.as_ref())?),
            Self::Through { file, log, wal } => Box::new(Through::open(file, log, wal)?),
            Self::Parts(_) => return Err(io::Error::other("it is several files, which are opened one by one")),
        };
        let size = bytes.seek(SeekFrom::End(0))?;
        Ok(Opened { bytes, size })
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
    /// The records, if there are as many bytes of them as promised; what is there of a chunk that the file's end tore.
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
