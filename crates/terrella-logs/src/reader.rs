//! What is known of one recording of a log while it is read; `contents`, `streams`, `pictures`, `cuts` and
//! `recording` each say how a part of it is.

use super::bags::Bag;
use super::mapping::Mapping;
use super::mcap::{self, MessageAt};
use super::table::Content;
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// A stamp that jumps back while the clock of logging runs on.
pub(super) struct Jump {
    /// Which stamp, of which topic.
    pub(super) what: String,
    /// When that was logged, in seconds since the recording began.
    pub(super) logged: f64,
    pub(super) before: f64,
    pub(super) after: f64,
}

/// A recording whose topics were read before its mapping was known.
pub(super) struct Before {
    /// The recording.
    pub(super) name: String,
    pub(super) log: mcap::Log,
}

/// Reads files of one recording, each once.
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Tree,
    pub(super) bags: &'a [Bag],
    pub(super) mapping: &'a Mapping,
    /// The file or folder that is the recording.
    pub(super) name: &'a str,
    /// What is read of it already.
    pub(super) before: Option<Before>,
    /// By file and topic.
    pub(super) contents: BTreeMap<(String, String), Content>,
    pub(super) messages: BTreeMap<(String, String), Vec<MessageAt>>,
    pub(super) used: BTreeSet<String>,
    pub(super) odd: Vec<String>,
    /// Why topics that are there cannot be read, by file and topic.
    pub(super) unread: BTreeMap<(String, String), String>,
    /// Where stamps jump back that nobody goes by.
    pub(super) jumps: Vec<Jump>,
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
            before: None,
            contents: BTreeMap::new(),
            messages: BTreeMap::new(),
            used: BTreeSet::new(),
            odd: Vec::new(),
            unread: BTreeMap::new(),
            jumps: Vec::new(),
            others: BTreeSet::new(),
            stored: None,
        }
    }

    /// Tells something once, however many streams it is true of.
    pub(super) fn tell(&mut self, what: String) {
        if !self.odd.contains(&what) {
            self.odd.push(what);
        }
    }
}
