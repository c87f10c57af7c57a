//! The log of writes beside an SQLite file (`-wal`): pages that were written and not moved into it, which is what a recorder
//! leaves that was killed. Read through the log, the file holds what SQLite itself would show.
//!
//! After a head the log is frames, each a page with a checksum of all before it. What counts are whole frames with the marks
//! of the head, up to the last one that ends a change; of each page the newest.
//!
//! Format: <https://www.sqlite.org/fileformat2.html#walformat>.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// Bytes of the head, and before the page of a frame.
const HEAD: usize = 32;
const FRAME: usize = 24;
/// How it begins; the last bit says whether checksums read numbers with the high byte first.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;

/// What counts of a log.
#[derive(Debug)]
pub(crate) struct Wal {
    /// Where the newest bytes of each page begin in the log.
    pages: HashMap<u32, u64>,
    /// Bytes of a page.
    page: u64,
    /// Pages of the file with its log.
    size: u32,
    /// Changes that ended.
    commits: usize,
    /// Bytes of the log up to the end of the last.
    end: u64,
}

impl Wal {
    /// Reads the log of a file with pages of so many bytes; nothing where no change in it ended.
    pub(super) fn read(path: &Path, page: u64) -> io::Result<Option<Self>> {
        let mut log = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut head = [0; HEAD];
        if !filled(&mut log, &mut head)? || u32_at(&head, 0) & !1 != MAGIC || u32_at(&head, 4) != VERSION {
            return Ok(None);
        }
        let mut sum = Checksum { high_first: u32_at(&head, 0) & 1 == 1, sums: [0, 0] };
        sum.add(&head[..24]);
        if u64::from(u32_at(&head, 8)) != page || sum.sums != [u32_at(&head, 24), u32_at(&head, 28)] {
            return Ok(None);
        }
        let mut found = Self { pages: HashMap::new(), page, size: 0, commits: 0, end: 0 };
        let mut change = Vec::new();
        let (mut frame, mut bytes) = ([0; FRAME], vec![0; page as usize]);
        let mut at = HEAD as u64;
        while filled(&mut log, &mut frame)? && filled(&mut log, &mut bytes)? {
            sum.add(&frame[..8]);
            sum.add(&bytes);
            let (number, size) = (u32_at(&frame, 0), u32_at(&frame, 4));
            let right = frame[8..16] == head[16..24] && sum.sums == [u32_at(&frame, 16), u32_at(&frame, 20)];
            if !right || number == 0 {
                break;
            }
            change.push((number, at + FRAME as u64));
            at += FRAME as u64 + page;
            // The last frame of a change says how many pages there are then.
            if size > 0 {
                found.pages.extend(change.drain(..));
                (found.size, found.commits, found.end) = (size, found.commits + 1, at);
            }
        }
        Ok((found.commits > 0).then_some(found))
    }

    /// Bytes of the file with its log.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.size) * self.page
    }

    /// What to know of a log that is called `name` and has so many bytes.
    pub(super) fn told(&self, name: &str, bytes: u64) -> String {
        let (pages, commits, end) = (self.pages.len(), self.commits, self.end);
        let behind = match bytes.saturating_sub(end) {
            0 => String::new(),
            n => format!("; {n} bytes at its end are of no change that ended, and do not count"),
        };
        format!(
            "its recorder did not end well: read through {name}, which holds {pages} pages of {commits} changes{behind}"
        )
    }
}

/// The sum of all numbers so far, and the sum of those sums.
struct Checksum {
    high_first: bool,
    sums: [u32; 2],
}

impl Checksum {
    /// Adds bytes, eight at a time.
    fn add(&mut self, bytes: &[u8]) {
        let number = |bytes| if self.high_first { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        let [mut sum, mut sums] = self.sums;
        for pair in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
            sum = sum.wrapping_add(number(pair[0])).wrapping_add(sums);
            sums = sums.wrapping_add(number(pair[1])).wrapping_add(sum);
        }
        self.sums = [sum, sums];
    }
}

/// Numbers of the format itself have the high byte first.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Whether there were enough bytes.
fn filled(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

/// A file with the pages of its log in the place of its own.
pub(super) struct Through {
    file: File,
    log: File,
    wal: Arc<Wal>,
    at: u64,
}

impl Through {
    pub(super) fn open(file: &Path, log: &Path, wal: &Arc<Wal>) -> io::Result<Self> {
        Ok(Self { file: File::open(file)?, log: File::open(log)?, wal: Arc::clone(wal), at: 0 })
    }
}

impl Read for Through {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (before, within) = (self.at / self.wal.page, self.at % self.wal.page);
        let left = self.wal.bytes().saturating_sub(self.at).min(self.wal.page - within);
        let n = into.len().min(left as usize);
        // Behind the last page there is none, and nothing is left.
        let number = u32::try_from(before + 1).unwrap_or(0);
        let (source, at) = match self.wal.pages.get(&number) {
            Some(place) => (&mut self.log, place + within),
            None => (&mut self.file, self.at),
        };
        source.seek(SeekFrom::Start(at))?;
        let n = source.read(&mut into[..n])?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Through {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.wal.bytes().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::other("a place before the beginning of the file"))?;
        Ok(self.at)
    }
}
