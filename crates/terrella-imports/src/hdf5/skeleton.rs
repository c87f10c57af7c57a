//! The skeleton of an HDF5 file: how long it should be, and what the names in its groups lead to.
//!
//! The library that reads datasets passes over links that lead elsewhere, and gives up on a whole group where one entry
//! cannot be read. So groups are listed here, by the format's specification (version 3, chapters II to IV). Links of a
//! group with many are in a heap that is not read here; how many there are is.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of one structure, at most; symbol tables and headers have some thousands.
const LARGEST: u64 = 64 << 20;
/// Nodes and entries of a group, at most.
const MOST_NODES: usize = 4 << 20;
/// Where a file may begin behind a block of its user.
const LAST_START: u64 = 1 << 30;

/// What a name in a group leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// An object of the file, by the place of its header.
    Here(u64),
    /// Another name in the file.
    Soft(String),
    /// A name in another file.
    Elsewhere { file: String, name: String },
}

/// The names in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) links: BTreeMap<String, Target>,
    /// How many links are in a heap, where that is so; `links` is empty then.
    pub(super) heaped: Option<u64>,
    /// Whether some of them cannot be read.
    pub(super) partial: bool,
}

/// What a header says of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Group,
    Dataset,
    Other,
}

/// The skeleton of one file.
pub(super) struct Skeleton {
    file: Mutex<File>,
    size: u64,
    /// Where the file says that it ends.
    end: u64,
    base: u64,
    address: usize,
    length: usize,
    pub(super) root: u64,
    known: Mutex<HashMap<u64, Option<Arc<Names>>>>,
}

type Messages = Vec<(u16, Vec<u8>)>;

impl Skeleton {
    /// Reads the superblock; nothing if there is none.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let size = file.metadata().ok()?.len();
        let known = Mutex::default();
        let (base, root) = (0, 0);
        let mut one = Self { file: Mutex::new(file), size, end: 0, base, address: 8, length: 8, root, known };
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

    /// The names in the group with this header; nothing if it is none or cannot be read.
    pub(super) fn names(&self, header: u64) -> Option<Arc<Names>> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&header) {
            return known.clone();
        }
        let names = self.messages(header).and_then(|messages| self.read_names(&messages)).map(Arc::new);
        lock().insert(header, names.clone());
        names
    }

    /// What has this header; nothing if it cannot be read.
    pub(super) fn object(&self, header: u64) -> Option<Object> {
        let messages = self.messages(header)?;
        let has = |kinds: &[u16]| messages.iter().any(|(kind, _)| kinds.contains(kind));
        Some(match (has(&[0x08]), has(&[0x02, 0x06, 0x0a, 0x11])) {
            (true, _) => Object::Dataset,
            (_, true) => Object::Group,
            _ => Object::Other,
        })
    }

    fn read_names(&self, messages: &Messages) -> Option<Names> {
        let mut names = Names::default();
        let mut group = false;
        for (kind, data) in messages {
            let mut bytes = Bytes(data);
            match kind {
                0x02 => {
                    group = true;
                    bytes.skip(1)?;
                    let flags = bytes.number(1)?;
                    bytes.skip(if flags & 1 == 0 { 0 } else { 8 })?;
                    let (heap, tree) = (bytes.number(self.address)?, bytes.number(self.address)?);
                    if !self.undefined(heap) {
                        names.heaped = Some(self.heaped(tree)?);
                    }
                }
                0x06 => {
                    group = true;
                    let (name, target) = self.link(bytes)?;
                    names.links.insert(name, target);
                }
                0x11 => {
                    group = true;
                    let (tree, heap) = (bytes.number(self.address)?, bytes.number(self.address)?);
                    self.table(tree, heap, &mut names)?;
                }
                _ => {}
            }
        }
        group.then_some(names)
    }

    /// A link message: its name, and what it leads to.
    fn link(&self, mut bytes: Bytes<'_>) -> Option<(String, Target)> {
        bytes.skip(1)?;
        let flags = bytes.number(1)?;
        let kind = if flags & 8 == 0 { 0 } else { bytes.number(1)? };
        bytes.skip(if flags & 4 == 0 { 0 } else { 8 })?;
        bytes.skip(if flags & 16 == 0 { 0 } else { 1 })?;
        let length = bytes.number(1 << (flags & 3))?;
        let name = text(bytes.take(usize::try_from(length).ok()?)?);
        let target = match kind {
            0 => Target::Here(bytes.number(self.address)?),
            1 => {
                let length = bytes.number(2)? as usize;
                Target::Soft(text(bytes.take(length)?))
            }
            64 => {
                bytes.skip(3)?;
                let mut parts = bytes.0.split(|b| *b == 0).map(text);
                Target::Elsewhere { file: parts.next()?, name: parts.next()? }
            }
            _ => Target::Soft(String::new()),
        };
        Some((name, target))
    }

    /// How many links the tree over a heap counts.
    fn heaped(&self, tree: u64) -> Option<u64> {
        let head = self.read(tree, 16 + self.address + 2 + self.length)?;
        let mut bytes = Bytes(head.strip_prefix(b"BTHD")?);
        bytes.skip(12 + self.address + 2)?;
        bytes.number(self.length)
    }

    /// The names of a group in the old style: a tree of symbol tables, and a heap of texts. Nodes that cannot be read, as
    /// where the file was cut, are passed over.
    fn table(&self, tree: u64, heap: u64, into: &mut Names) -> Option<()> {
        let head = self.read(heap, 8 + 2 * self.length + self.address)?;
        let mut bytes = Bytes(head.strip_prefix(b"HEAP")?);
        bytes.skip(4)?;
        let size = bytes.number(self.length)?;
        bytes.skip(self.length)?;
        let texts = self.read(bytes.number(self.address)?, usize::try_from(size).ok()?)?;
        let at = |at: u64| {
            let rest = texts.get(usize::try_from(at).ok()?..)?;
            Some(text(rest.split(|b| *b == 0).next()?))
        };
        let mut nodes = vec![tree];
        // So may nodes.
        let mut left = MOST_NODES;
        while let Some(node) = nodes.pop() {
            if let Some(children) = self.tree_node(node) {
                left = left.checked_sub(1 + children.len())?;
                nodes.extend(children);
                continue;
            }
            let entries = self.entries(node);
            left = left.checked_sub(1 + entries.as_ref().map_or(0, Vec::len))?;
            into.partial |= entries.is_none();
            for (name, header, scratch) in entries.into_iter().flatten() {
                let target =
                    if self.undefined(header) { at(scratch).map(Target::Soft) } else { Some(Target::Here(header)) };
                if let (Some(name), Some(target)) = (at(name), target) {
                    into.links.insert(name, target);
                }
            }
        }
        Some(())
    }

    fn tree_node(&self, at: u64) -> Option<Vec<u64>> {
        let head = self.read(at, 8 + 2 * self.address)?;
        let mut bytes = Bytes(head.strip_prefix(b"TREE")?);
        bytes.skip(2)?;
        let used = bytes.number(2)? as usize;
        let keys = self.read(at + head.len() as u64, used * (self.length + self.address))?;
        let mut bytes = Bytes(&keys);
        (0..used).map(|_| bytes.skip(self.length).and_then(|()| bytes.number(self.address))).collect()
    }

    /// Entries of a symbol table: where their names are, their headers, and where the text of a link is.
    fn entries(&self, at: u64) -> Option<Vec<(u64, u64, u64)>> {
        let head = self.read(at, 8)?;
        let mut bytes = Bytes(head.strip_prefix(b"SNOD")?);
        bytes.skip(2)?;
        let used = bytes.number(2)? as usize;
        let entries = self.read(at + 8, used * (2 * self.address + 24))?;
        let mut bytes = Bytes(&entries);
        let entry = |_| {
            let (name, header) = (bytes.number(self.address)?, bytes.number(self.address)?);
            bytes.skip(8)?;
            let scratch = bytes.number(4)?;
            bytes.skip(12)?;
            Some((name, header, scratch))
        };
        (0..used).map(entry).collect()
    }

    /// The messages of an object header, of either version.
    fn messages(&self, header: u64) -> Option<Messages> {
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

    fn undefined(&self, address: u64) -> bool {
        address == u64::MAX >> (64 - 8 * self.address)
    }

    /// Bytes from a place on, all of them.
    fn read(&self, at: u64, n: usize) -> Option<Vec<u8>> {
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

/// Bob Jenkins' sum of bytes (lookup3, 2006), which the format has behind its structures.
fn lookup3(bytes: &[u8]) -> u32 {
    let [mut a, mut b, mut c] = [0xdead_beef_u32.wrapping_add(bytes.len() as u32); 3];
    let word =
        |part: &[u8], at: usize| (0..4).fold(0, |w, i| w | u32::from(*part.get(at + i).unwrap_or(&0)) << (8 * i));
    let mut rest = bytes;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.len().min(12));
        a = a.wrapping_add(word(part, 0));
        b = b.wrapping_add(word(part, 4));
        c = c.wrapping_add(word(part, 8));
        rest = after;
        if rest.is_empty() {
            break;
        }
        for (k, l, m) in [(4, 6, 8), (16, 19, 4)] {
            a = a.wrapping_sub(c) ^ c.rotate_left(k);
            c = c.wrapping_add(b);
            b = b.wrapping_sub(a) ^ a.rotate_left(l);
            a = a.wrapping_add(c);
            c = c.wrapping_sub(b) ^ b.rotate_left(m);
            b = b.wrapping_add(a);
        }
    }
    if !bytes.is_empty() {
        let ends = |x: u32, y: u32, k: u32| (x ^ y).wrapping_sub(y.rotate_left(k));
        c = ends(c, b, 14);
        a = ends(a, c, 11);
        b = ends(b, a, 25);
        c = ends(c, b, 16);
        a = ends(a, c, 4);
        b = ends(b, a, 14);
        c = ends(c, b, 24);
    }
    c
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bytes that are read from the front, numbers with their low byte first.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip(&mut self, n: usize) -> Option<()> {
        self.take(n).map(drop)
    }

    fn number(&mut self, n: usize) -> Option<u64> {
        Some(self.take(n)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_its_author() {
        // From his own driver of the function.
        assert_eq!(
            (lookup3(b""), lookup3(b"Four score and seven years ago")),
            (0xdead_beef, 0x1777_0551),
            "known sums"
        );
    }
}
