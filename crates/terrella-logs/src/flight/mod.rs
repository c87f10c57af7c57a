//! Flight logs: what a vehicle's own recorder writes. Their topics become tables that a mapping picks from, as those of
//! MCAP do.
//!
//! `ulog` is the format of PX4 and others, `crazyflie` that of the Crazyflie's SD card; `found` is what any of them
//! gives, and `kind` what all of them can do. A kind is one line in [`KINDS`]. `guess` makes a mapping for a log whose
//! topics are known.

mod bytes;
mod crazyflie;
mod found;
mod guess;
mod kind;
mod layout;
mod px4;
mod ulog;

pub(super) use found::listed;
pub(super) use guess::mapping_of;
pub(super) use kind::Kind;

use super::files::table_ending;
use super::tree::Tree;
use std::path::Path;

/// Every kind that can be read.
const KINDS: &[&dyn Kind] = &[&ulog::Ulog, &crazyflie::Crazyflie];

/// First bytes by which a file is told.
const HEAD: u64 = 64;

/// Files without a telling name that are looked into before a folder is taken for something else.
const LOOKS: usize = 64;

/// The kind of a file.
pub(super) fn kind_of(tree: &Tree, name: &str) -> Option<&'static dyn Kind> {
    if table_ending(Path::new(name)) || !tree.contains(name) {
        return None;
    }
    let head = tree.head(name, HEAD).unwrap_or_default();
    let lower = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    KINDS.iter().find(|kind| kind.is(&lower, &head)).copied()
}

/// Flight logs of a tree: those with a telling name, else among the first files without an ending.
pub(super) fn logs_of<'a>(tree: &'a Tree) -> Vec<(&'a String, &'static dyn Kind)> {
    let base = |name: &String| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let named = |name: &&String| KINDS.iter().any(|kind| kind.is(&base(name), &[]));
    let kind = |name: &'a String| kind_of(tree, name).map(|kind| (name, kind));
    let found: Vec<_> = tree.names().iter().filter(named).filter_map(kind).collect();
    if !found.is_empty() {
        return found;
    }
    let single = tree.names().len() == 1;
    let bare = tree.names().iter().filter(|name| single || !base(name).contains('.'));
    bare.take(LOOKS).filter_map(kind).collect()
}

/// A glob that fits these files of one kind.
pub(super) fn glob_of(logs: &[(&String, &'static dyn Kind)]) -> String {
    let base = |name: &String| name.rsplit('/').next().unwrap_or(name).to_owned();
    let (first, kind) = (base(logs[0].0), logs[0].1.name());
    let others = || logs.iter().filter(|(_, other)| other.name() == kind).map(|(name, _)| base(name));
    if let Some((_, ending)) = first.rsplit_once('.') {
        return format!("**/*.{}", glob::Pattern::escape(ending));
    }
    let alike = |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let n = others().map(|other| alike(&first, &other)).min().unwrap_or(0);
    format!("**/{}*", glob::Pattern::escape(&first.chars().take(n).collect::<String>()))
}
