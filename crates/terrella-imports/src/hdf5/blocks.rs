//! The blocks of an HDF5 file: its superblock, and the messages in the header of an object, of either version.
//!
//! Files come from strangers: what is read is held against the size of the file and a limit, blocks may lead in a circle,
//! and a block whose sum is another is none. By the format's specification (version 3, chapters II and IV).

use super::bytes::{Bytes, lookup3};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes of one structure, at most; symbol tables and headers have some thousands.
const LARGEST: u64 = 64 << 20;
/// Where a file may begin behind a block of its user.
const LAST_START: u64 = 1 << 30;

/// Messages of a header: kind and data of each.
pub(super) type Messages = Vec<(u16, Vec<u8>)>;

/// A file by its blocks.
pub(super) struct Blocks {
    file: Mutex<File>,
    size: u64,
    /// Where the file says that it ends.
    end: u64,
    base: u64,
    /// Bytes of an address, and of a length.
    pub(super) address: usize,
    pub(super) length: usize,
    /// The header of the root.
    pub(super) root: u64,
}

impl Blocks {
    /// Reads the superblock; nothing if there is none.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let size = file.metadata().ok()?.len();
        let (base, root) = (0, 0);
        let mut one = Self { file: Mutex::new(file), size, end: 0, base, address: 8, length: 8, root };
        let starts = std::iter::successors(Some(512_u64), |at| at.checked_mul(2)).take_while(|at| *at <= LAST_START);
        let start =
            std::iter::once(0).chain(starts).find(|at| one.read(*at, 8).is_some_and(|b| b == *b"\x89HDF\r\n\x1a\n"));
        let head = one.read_some(start?, 128)?;
        let mut bytes = Bytes(&head[8..]);
        let version = bytes.number(1)?;
        if version < 2 {
            bytes.skip(4)?;
            (one.address, one.length) = (bytes.number(1)? as usize, bytes.number(1)? as usize);
            bytes.skip(if version == 1 { 13 } else { 9 })?;
        } else {
            (one.address, one.length) = (bytes.number(1)? as usize, bytes.number(1)? as usize);
            bytes.skip(1)?;
        }
        if ![2, 4, 8].contains(&one.address) || ![2, 4, 8].contains(&one.length) {
            return None;
        }
        let base = bytes.number(one.address)?;
        bytes.number(one.address)?;
        one.end = bytes.number(one.address)?;
        // A driver's block, and the name of the root's entry, stand before its header.
        (0..if version < 2 { 2 } else { 0 }).try_for_each(|_| bytes.number(one.address).map(drop))?;
        one.root = bytes.number(one.address)?;
        one.base = base;
        Some(one)
    }

    /// Bytes that are there and that should be, where the file was cut off.
    pub(super) fn cut(&self) -> Option<[u64; 2]> {
        (self.size < self.end).then_some([self.size, self.end])
    }

    /// The messages of an object header, of either version.
    pub(super) fn messages(&self, header: u64) -> Option<Messages> {
        let head = self.read_some(header, 64)?;
        let new = head.starts_with(b"OHDR");
        let mut bytes = Bytes(&head);
        let mut stamped = false;
        let mut blocks = if new {
            bytes.skip(5)?;
            let flags = bytes.number(1)?;
            stamped = flags & 4 != 0;
            bytes.skip(if flags & 32 == 0 { 0 } else { 16 })?;
            bytes.skip(if flags & 16 == 0 { 0 } else { 4 })?;
            let size = bytes.number(1 << (flags & 3))?;
            vec![(header + (head.len() - bytes.0.len()) as u64, size)]
        } else {
            (bytes.number(1)? == 1).then_some(())?;
            bytes.skip(7)?;
            vec![(header + 16, bytes.number(4)?)]
        };
        let mut messages = Vec::new();
        // Blocks may lead in a circle.
        let (mut seen, mut left) = (0, LARGEST);
        while let Some((at, size)) = blocks.pop() {
            seen += 1;
            left = left.checked_sub(size.saturating_add(1))?;
            let size = usize::try_from(size).ok()?;
            // In the new style a sum over all of the block follows it: over the first with the head before it.
            let block = match (new, seen) {
                (false, _) => self.read(at, size)?,
                (true, 1) => self
                    .summed(header, size.checked_add(usize::try_from(at - header).ok()?)?)?
                    .split_off((at - header) as usize),
                (true, _) => self.summed(at, size.checked_sub(4)?)?.strip_prefix(b"OCHK")?.to_vec(),
            };
            let mut bytes = Bytes(&block);
            while let Some((kind, data)) = message(&mut bytes, new, stamped) {
                if kind == 0x10 {
                    let mut to = Bytes(data);
                    blocks.push((to.number(self.address)?, to.number(self.length)?));
                } else {
                    messages.push((kind, data.to_vec()));
                }
            }
        }
        Some(messages)
    }

    /// Bytes that a sum follows; nothing where it is another.
    fn summed(&self, at: u64, n: usize) -> Option<Vec<u8>> {
        let mut bytes = self.read(at, n.checked_add(4)?)?;
        let sum = Bytes(&bytes.split_off(n)).number(4)?;
        (u64::from(lookup3(&bytes)) == sum).then_some(bytes)
    }

    /// Whether an address is the one that stands for none.
    pub(super) fn undefined(&self, address: u64) -> bool {
        address == u64::MAX >> (64 - 8 * self.address)
    }

    /// Bytes from a place on, all of them.
    pub(super) fn read(&self, at: u64, n: usize) -> Option<Vec<u8>> {
        let from = self.base.checked_add(at)?;
        (n as u64 <= LARGEST && from.checked_add(n as u64)? <= self.size).then_some(())?;
        let mut bytes = vec![0; n];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(from)).ok()?;
        file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Bytes from a place on, fewer where the file ends.
    fn read_some(&self, at: u64, n: u64) -> Option<Vec<u8>> {
        let left = self.size.checked_sub(self.base.checked_add(at)?)?;
        self.read(at, usize::try_from(n.min(left)).ok()?)
    }
}

/// The next message of a block: its kind and its data.
fn message<'a>(bytes: &mut Bytes<'a>, new: bool, stamped: bool) -> Option<(u16, &'a [u8])> {
    let kind = bytes.number(if new { 1 } else { 2 })? as u16;
    let size = bytes.number(2)? as usize;
    bytes.skip(if new { 1 + 2 * usize::from(stamped) } else { 4 })?;
    Some((kind, bytes.take(size)?))
}
