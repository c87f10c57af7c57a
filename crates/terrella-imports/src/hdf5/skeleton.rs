//! The skeleton of an HDF5 file: what the names in its groups lead to.
//!
//! The library that reads datasets passes over links that lead elsewhere, and gives up on a whole group where one entry
//! cannot be read. So groups are listed here, by the format's specification (version 3, chapter III). Links of a
//! group with many are in a heap that is not read here; how many there are is.

use super::blocks::{Blocks, Messages};
use super::bytes::{Bytes, text};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Nodes and entries of a group, at most.
const MOST_NODES: usize = 4 << 20;

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
    blocks: Blocks,
    pub(super) root: u64,
    known: Mutex<HashMap<u64, Option<Arc<Names>>>>,
}

impl Skeleton {
    /// Reads the superblock; nothing if there is none.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let blocks = Blocks::open(path)?;
        Some(Self { root: blocks.root, blocks, known: Mutex::default() })
    }

    /// Bytes that are there and that should be, where the file was cut off.
    pub(super) fn cut(&self) -> Option<[u64; 2]> {
        self.blocks.cut()
    }

    /// The names in the group with this header; nothing if it is none or cannot be read.
    pub(super) fn names(&self, header: u64) -> Option<Arc<Names>> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&header) {
            return known.clone();
        }
        let names = self.blocks.messages(header).and_then(|messages| self.read_names(&messages)).map(Arc::new);
        lock().insert(header, names.clone());
        names
    }

    /// What has this header; nothing if it cannot be read.
    pub(super) fn object(&self, header: u64) -> Option<Object> {
        let messages = self.blocks.messages(header)?;
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
                    let (heap, tree) = (bytes.number(self.blocks.address)?, bytes.number(self.blocks.address)?);
                    if !self.blocks.undefined(heap) {
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
                    let (tree, heap) = (bytes.number(self.blocks.address)?, bytes.number(self.blocks.address)?);
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
            0 => Target::Here(bytes.number(self.blocks.address)?),
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
        let head = self.blocks.read(tree, 16 + self.blocks.address + 2 + self.blocks.length)?;
        let mut bytes = Bytes(head.strip_prefix(b"BTHD")?);
        bytes.skip(12 + self.blocks.address + 2)?;
        bytes.number(self.blocks.length)
    }

    /// The names of a group in the old style: a tree of symbol tables, and a heap of texts. Nodes that cannot be read, as
    /// where the file was cut, are passed over.
    fn table(&self, tree: u64, heap: u64, into: &mut Names) -> Option<()> {
        let head = self.blocks.read(heap, 8 + 2 * self.blocks.length + self.blocks.address)?;
        let mut bytes = Bytes(head.strip_prefix(b"HEAP")?);
        bytes.skip(4)?;
        let size = bytes.number(self.blocks.length)?;
        bytes.skip(self.blocks.length)?;
        let texts = self.blocks.read(bytes.number(self.blocks.address)?, usize::try_from(size).ok()?)?;
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
                let target = if self.blocks.undefined(header) {
                    at(scratch).map(Target::Soft)
                } else {
                    Some(Target::Here(header))
                };
                if let (Some(name), Some(target)) = (at(name), target) {
                    into.links.insert(name, target);
                }
            }
        }
        Some(())
    }

    fn tree_node(&self, at: u64) -> Option<Vec<u64>> {
        let head = self.blocks.read(at, 8 + 2 * self.blocks.address)?;
        let mut bytes = Bytes(head.strip_prefix(b"TREE")?);
        bytes.skip(2)?;
        let used = bytes.number(2)? as usize;
        let keys = self.blocks.read(at + head.len() as u64, used * (self.blocks.length + self.blocks.address))?;
        let mut bytes = Bytes(&keys);
        (0..used).map(|_| bytes.skip(self.blocks.length).and_then(|()| bytes.number(self.blocks.address))).collect()
    }

    /// Entries of a symbol table: where their names are, their headers, and where the text of a link is.
    fn entries(&self, at: u64) -> Option<Vec<(u64, u64, u64)>> {
        let head = self.blocks.read(at, 8)?;
        let mut bytes = Bytes(head.strip_prefix(b"SNOD")?);
        bytes.skip(2)?;
        let used = bytes.number(2)? as usize;
        let entries = self.blocks.read(at + 8, used * (2 * self.blocks.address + 24))?;
        let mut bytes = Bytes(&entries);
        let entry = |_| {
            let (name, header) = (bytes.number(self.blocks.address)?, bytes.number(self.blocks.address)?);
            bytes.skip(8)?;
            let scratch = bytes.number(4)?;
            bytes.skip(12)?;
            Some((name, header, scratch))
        };
        (0..used).map(entry).collect()
    }
}
