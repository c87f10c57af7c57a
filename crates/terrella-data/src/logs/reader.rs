//! What is known of one recording of a log while it is read; `contents`, `streams`, `pictures`, `cuts` and
//! `recording` each say how a part of it is.

use super::bags::Bag;
use super::mapping::Mapping;
use super::mcap::MessageAt;
use super::table::Content;
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// Reads files of one recording, each once.
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Tree,
    pub(super) bags: &'a [Bag],
    pub(super) mapping: &'a Mapping,
    /// The file or folder that is the recording.
    pub(super) name: &'a str,
    /// By file and topic.
    pub(super) contents: BTreeMap<(String, String), Content>,
    pub(super) messages: BTreeMap<(String, String), Vec<MessageAt>>,
    pub(super) used: BTreeSet<String>,
    pub(super) odd: Vec<String>,
    /// Topics that nobody wanted.
    pub(super) others: BTreeSet<String>,
    /// Stored times of the first clock beside those that are believed.
    pub(super) stored: Option<Vec<[f64; 2]>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tree: &'a Tree, bags: &'a [Bag], mapping: &'a Mapping, name: &'a str) -> Self {
        Self {
            tree,
            bags,
            mapping,
            name,
            contents: BTreeMap::new(),
            messages: BTreeMap::new(),
            used: BTreeSet::new(),
            odd: Vec::new(),
            others: BTreeSet::new(),
            stored: None,
        }
    }
}
