//! Logs that follow no standard, read by a mapping file that says what their columns mean.
//!
//! `tree` finds files in folders and archives, `files`, `json` and `mcap` read them, `table` picks columns,
//! `times` says when samples were taken and `runs` where a clock begins anew, `clock` puts samples of several clocks onto
//! rows of one rate, `extent` says from when to when there are rows, `cuts` finds the episodes, and `recording`
//! does all of that for one recording. Known layouts have mappings of their own in `mappings/`, which are the examples too.

mod clock;
mod column;
mod contents;
mod cuts;
mod decoding;
mod extent;
mod files;
mod json;
mod jumps;
mod mapping;
mod mcap;
mod opening;
mod pictures;
mod reader;
mod recording;
mod rows;
mod runs;
mod source;
mod streams;
mod table;
mod times;
mod tree;
mod units;
mod unseen;

pub use mapping::Mapping;
pub(crate) use mapping::{Marks, Pictures, Rule, Stream};
pub(crate) use mcap::OWN_RECORD;

use crate::{Error, Format, Note, Result, Source, SourceOptions};
use files::{ENDINGS, table_ending};
use std::path::Path;
use table::Content;
use tree::Tree;

/// Mappings of layouts that are known.
pub const MAPPINGS: &[(&str, &str)] = &[
    ("comma2k19", include_str!("../../mappings/comma2k19.toml")),
    ("donkeycar", include_str!("../../mappings/donkeycar.toml")),
    ("double-pendulum", include_str!("../../mappings/double-pendulum.toml")),
    ("double-pendulum-recorded", include_str!("../../mappings/double-pendulum-recorded.toml")),
    ("droid-json", include_str!("../../mappings/droid-json.toml")),
    ("simple-pendulum", include_str!("../../mappings/simple-pendulum.toml")),
    ("simple-pendulum-recorded", include_str!("../../mappings/simple-pendulum-recorded.toml")),
    ("slambook", include_str!("../../mappings/slambook.toml")),
    ("table-tennis", include_str!("../../mappings/table-tennis.toml")),
    ("vjepa2-franka", include_str!("../../mappings/vjepa2-franka.toml")),
];

/// The format.
pub(crate) struct Logs;

impl Format for Logs {
    fn name(&self) -> &'static str {
        "log"
    }

    fn describe(&self) -> &'static str {
        "MCAP and bags of ROS 1; CSV, JSON, NumPy or Parquet files in a folder or an archive, with --map"
    }

    fn detect(&self, path: &Path) -> bool {
        (path.is_file() && table_ending(path))
            || Tree::open(path).is_ok_and(|tree| known(&tree).is_some() || bag(&tree).is_some())
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        let tree = Tree::open(path)?;
        let (mapping, note) = match &options.map {
            Some(name) => (named(name)?, None),
            None => match known(&tree) {
                Some(mapping) => (mapping, None),
                None => of_bag(path, &tree, options)?.ok_or_else(|| no_mapping(path, &tree))?,
            },
        };
        Ok(Box::new(source::Log::open(path, tree, mapping, options, note)?))
    }
}

/// A mapping by its name, or from a file.
fn named(name: &str) -> Result<Mapping> {
    if let Some((name, text)) = MAPPINGS.iter().find(|(known, _)| *known == name) {
        return Mapping::parse(name, text);
    }
    let path = Path::new(name);
    let text = std::fs::read_to_string(path).map_err(|e| {
        let known: Vec<&str> = MAPPINGS.iter().map(|(name, _)| *name).collect();
        Error::Invalid(format!("cannot read the mapping {name}: {e}; give a file, or one of {}", known.join(", ")))
    })?;
    Mapping::parse(name, &text)
}

/// The mapping whose files are all there.
fn known(tree: &Tree) -> Option<Mapping> {
    let mappings = MAPPINGS.iter().filter_map(|(name, text)| Mapping::parse(name, text).ok());
    mappings.into_iter().find(|m| !m.detect.is_empty() && m.detect.iter().all(|name| tree.contains(name)))
}

/// The first MCAP file or bag of a tree.
fn bag(tree: &Tree) -> Option<&String> {
    tree.names().iter().find(|name| mcap::ending(name).is_some())
}

/// The mapping that an MCAP file has, or that is guessed for it; each file of a folder is a recording.
fn of_bag(path: &Path, tree: &Tree, options: &SourceOptions) -> Result<Option<(Mapping, Option<Note>)>> {
    let Some(first) = bag(tree) else { return Ok(None) };
    let found = mcap::mapping_of(&tree.store(first)?, options);
    let (mut mapping, note) =
        found.map_err(|what| Error::Invalid(format!("{}: {what}", tree.path(first).display())))?;
    if !path.is_file() || tree.names().len() > 1 {
        let ending = mcap::ending(first).unwrap_or_default();
        mapping.episodes.get_or_insert_with(|| format!("**/*{ending}"));
    }
    Ok(Some((mapping, note)))
}

/// Tells what columns there are, and how a mapping for them begins.
fn no_mapping(path: &Path, tree: &Tree) -> Error {
    let columns = || -> Result<Vec<String>> {
        let name = tree.names().first().cloned().unwrap_or_default();
        let bytes = tree.read(&name)?;
        let content: Content =
            files::parse(&name, bytes, &mapping::Csv::default()).map_err(|e| Error::broken(path, e, "repair it"))?;
        Ok(content.names())
    };
    match columns() {
        Err(error) => error,
        Ok(names) => {
            let clock = names.iter().find(|n| matches!(n.to_lowercase().as_str(), "t" | "time" | "timestamp"));
            let clock = clock.map_or("rate = 100.0".to_owned(), |c| format!("column = \"{c}\""));
            Error::Invalid(format!(
                "{}: a log that does not say what its columns mean ({}); write that into a file and give it with --map FILE. It may begin with\n\n[clock]\n{clock}\n\n[[state]]\ncolumns = [\"…\"]\n\n[[action]]\ncolumns = [\"…\"]\n\ndocs/logs.md has the rest; {ENDINGS} can be read",
                path.display(),
                names.join(", ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_that_is_shipped_can_be_read() {
        for (name, text) in MAPPINGS {
            let mapping = Mapping::parse(name, text).expect("a mapping");
            assert!(!mapping.about.is_empty(), "{name} says what it is for");
        }
    }
}
