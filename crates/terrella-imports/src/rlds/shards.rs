//! The files of a dataset: shards named `NAME-SPLIT.tfrecord-00000-of-00008`, and two JSON files.
//!
//! Names come from listing the folder, never from inside a file, so nothing outside it is opened.

use super::columns::note;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrella_data::{Error, Note, Result};

/// What lies in the folder.
pub(crate) struct Shards {
    /// The folder, also when one shard was named.
    pub(crate) folder: PathBuf,
    /// Names of the shards in order.
    pub(crate) names: Vec<String>,
}

/// Splits `a-train.tfrecord-00001-of-00008` into its stem, its number and how many there are.
pub(crate) fn parse_name(name: &str) -> Option<(&str, usize, usize)> {
    let (stem, numbers) = name.rsplit_once(".tfrecord-")?;
    let (at, of) = numbers.split_once("-of-")?;
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    let number = |text: &str| text.parse().ok().filter(|_| digits(text));
    Some((stem, number(at)?, number(of)?))
}

/// Names of the shards in a folder, sorted.
pub(crate) fn list(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)?.flatten();
    let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
    names.retain(|name| parse_name(name).is_some());
    names.sort();
    Ok(names)
}

impl Shards {
    /// Finds the shards of a folder, or the one that was named.
    pub(crate) fn find(path: &Path, notes: &mut Vec<Note>) -> Result<Self> {
        if path.is_dir() {
            let names = list(path).map_err(Error::io("list", path))?;
            if names.is_empty() {
                let remedy = "download the shards, or name the folder of one version";
                return Err(Error::broken(path, "there is no *.tfrecord-00000-of-00001 beside features.json", remedy));
            }
            tell_missing(&names, notes);
            return Ok(Self { folder: path.to_path_buf(), names });
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| Error::broken(path, "its name is no text", "rename it"))?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { folder: folder.to_path_buf(), names: vec![name.to_owned()] })
    }

    /// The `name` in `dataset_info.json`; empty where there is none.
    pub(crate) fn dataset_name(&self) -> String {
        let text = std::fs::read(self.folder.join("dataset_info.json")).unwrap_or_default();
        let info: Value = serde_json::from_slice(&text).unwrap_or_default();
        info["name"].as_str().unwrap_or_default().to_owned()
    }

    /// The files that make up the content.
    pub(crate) fn files(&self) -> Vec<(String, PathBuf)> {
        let info = ["dataset_info.json", "features.json"].map(str::to_owned).into_iter();
        let all = info.chain(self.names.iter().cloned()).map(|name| (name.clone(), self.folder.join(name)));
        all.filter(|(_, path)| path.is_file()).collect()
    }
}

/// Names the shards that "-of-" promises and that are not there.
fn tell_missing(names: &[String], notes: &mut Vec<Note>) {
    let mut sets: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for (stem, at, of) in names.iter().filter_map(|name| parse_name(name)) {
        sets.entry((stem, of)).or_default().push(at);
    }
    for ((stem, of), present) in sets {
        let missing: Vec<String> =
            (0..of).filter(|at| present.binary_search(at).is_err()).map(|at| format!("{at:05}")).collect();
        if !missing.is_empty() {
            let (n, mut listed) = (missing.len(), missing);
            listed.truncate(8);
            let more = if n > listed.len() { ", …" } else { "" };
            let what = format!("{n} of {of} shards are not there ({}{more}); download them too", listed.join(", "));
            notes.push(note(&format!("{stem}.tfrecord"), what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_shards_are_taken() {
        assert_eq!(parse_name("a-b-train.tfrecord-00003-of-00012"), Some(("a-b-train", 3, 12)), "a shard");
        for other in ["a.tfrecord", "a.tfrecord-1-of-2", "a.tfrecord-00001-of-0000x", "a.tfrecord-+0001-of-00001"] {
            assert_eq!(parse_name(other), None, "{other}");
        }
    }

    #[test]
    fn missing_shards_are_named_once_a_split() {
        let mut notes = Vec::new();
        let names = ["d-train.tfrecord-00001-of-00003", "d-val.tfrecord-00000-of-00001"].map(str::to_owned);
        tell_missing(&names, &mut notes);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].to_string().contains("d-train.tfrecord: 2 of 3 shards are not there (00000, 00002)"));
    }
}
