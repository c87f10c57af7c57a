//! What all stores have in common: objects, what is read of them, and why that may fail.

use super::Place;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::time::Duration;
use terrella_data::Error;

/// How long nothing may come before a connection counts as cut.
pub(super) const STALL: Duration = Duration::from_secs(60);

/// What helps where a connection was cut too often.
pub(super) const AGAIN: &str =
    "check the network and the address, then give the same command again: what was fetched is kept";

/// A file as a store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Its name below the place, with slashes between parts.
    pub(super) name: String,
    /// What the store calls it: a key, or an address.
    pub(super) key: String,
    /// Bytes.
    pub(super) size: u64,
    /// Another where the content is another; empty where the store does not say.
    pub(super) tag: String,
    /// SHA-256 of the content in hexadecimal digits, where the store knows it.
    pub(super) sha256: Option<String>,
}

/// What lies at a place.
#[derive(Debug)]
pub(super) struct Listing {
    /// Whether the place is a file itself, and not a folder.
    pub(super) single: bool,
    pub(super) objects: Vec<Object>,
}

/// What a store gives of an object.
pub(super) struct Reading {
    /// Whether it is all of it, since the server knows no ranges, and not what was asked for.
    pub(super) whole: bool,
    pub(super) body: BoxStream<'static, Result<Bytes, String>>,
}

/// Why a range could not be read.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection was cut: worth another try.
    Cut(String),
    /// Another try would not help.
    Fatal(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

/// An object that is another than the one that was listed.
pub(super) fn changed(place: &Place, object: &Object) -> Error {
    let what = format!("{} has changed while it was fetched", object.name);
    place.error(what, "give the same command again once nobody writes there")
}

/// That nothing lies at a place, with the names that are most like the one looked for.
pub(super) fn nothing(place: &Place, mut beside: Vec<String>) -> Error {
    let wanted = place.name();
    let alike = |name: &String| name.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
    beside.sort_by_key(|name| (std::cmp::Reverse(alike(name)), name.clone()));
    let more = if beside.len() > 8 { ", …" } else { "" };
    beside.truncate(8);
    let remedy = match beside.is_empty() {
        true => "check the spelling".to_owned(),
        false => format!("check the spelling; there are: {}{more}", beside.join(", ")),
    };
    place.error("nothing lies there", remedy)
}

/// An error with what is at the bottom of it, on one line.
pub(super) fn why(error: &(dyn std::error::Error + 'static)) -> String {
    let outer = error.to_string();
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    let inner = inner.to_string();
    let text = if outer.contains(&inner) { outer } else { format!("{outer}: {inner}") };
    // Servers answer with pages.
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect()
}
