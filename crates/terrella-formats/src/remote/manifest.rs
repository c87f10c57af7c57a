//! What of a copy is whole: a line of JSON a file, with name, size and tag.
//!
//! A line is added when a file has got its name, so that a killed fetch need not begin anew; the last line about a name counts,
//! and one that was cut off says nothing. Once all is there, the lines of what is still listed are written anew.

use super::object::Object;
use super::place::leaves;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use terrella_core::write_atomic;
use terrella_data::{Error, Result};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    name: String,
    size: u64,
    etag: String,
}

/// What is whole.
#[derive(Debug)]
pub(super) struct Manifest {
    path: PathBuf,
    lines: BTreeMap<String, Line>,
}

impl Line {
    fn of(object: &Object) -> Self {
        Self { name: object.name.clone(), size: object.size, etag: object.tag.clone() }
    }

    fn text(&self) -> Result<String> {
        let text = serde_json::to_string(self).map_err(|e| Error::Invalid(format!("{}: {e}", self.name)))?;
        Ok(text + "\n")
    }
}

impl Manifest {
    /// What an earlier fetch wrote, if there was one.
    pub(super) fn read(path: &Path) -> Self {
        // One that cannot be read costs a fetch, and nothing else.
        let text = fs::read(path).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        Self { path: path.to_path_buf(), lines: lines.map(|line| (line.name.clone(), line)).collect() }
    }

    /// Whether the file at `path` is this object as it is listed now.
    pub(super) fn has(&self, object: &Object, path: &Path) -> bool {
        // Without a tag, nothing says that the content is the same.
        let known = !object.tag.is_empty() && self.lines.get(&object.name) == Some(&Line::of(object));
        known && fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == object.size)
    }

    /// Names of files that are not listed any more.
    pub(super) fn gone(&self, listed: &[Object]) -> Vec<String> {
        let listed: BTreeSet<&str> = listed.iter().map(|object| object.name.as_str()).collect();
        // The file may have been changed by somebody else, and what it names is removed.
        let names = self.lines.keys().filter(|name| !listed.contains(name.as_str()) && !leaves(name));
        names.cloned().collect()
    }

    /// Remembers that a file is whole.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(super) fn add(&mut self, object: &Object) -> Result<()> {
        let line = Line::of(object);
        // A line that was cut off ends here.
        let text = format!("\n{}", line.text()?);
        let file = fs::OpenOptions::new().create(true).append(true).open(&self.path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io("write", &self.path))?;
        self.lines.insert(line.name.clone(), line);
        Ok(())
    }

    /// Writes it anew with what is listed.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(super) fn close(&self, listed: &[Object]) -> Result<()> {
        let text: String = listed.iter().map(|object| Line::of(object).text()).collect::<Result<_>>()?;
        Ok(write_atomic(&self.path, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, tag: &str) -> Object {
        let [name, tag] = [name, tag].map(str::to_owned);
        Object { key: name.clone(), name, size: 3, tag, sha256: None }
    }

    #[test]
    fn what_is_whole_is_remembered_and_the_last_line_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, file] = ["manifest.jsonl", "a"].map(|name| folder.path().join(name));
        fs::write(&file, "abc").expect("a file");
        let (old, new) = (object("a", "one"), object("a", "two"));
        let mut manifest = Manifest::read(&path);
        assert!(!manifest.has(&old, &file), "nothing was fetched");
        manifest.add(&old).expect("a line");
        // Killed in the middle of a line.
        let mut text = fs::read_to_string(&path).expect("lines");
        text.push_str("{\"name\":\"a\",\"si");
        fs::write(&path, text).expect("half a line");
        let mut manifest = Manifest::read(&path);
        assert!(manifest.has(&old, &file) && !manifest.has(&new, &file), "as it was fetched");
        manifest.add(&new).expect("a line");
        let manifest = Manifest::read(&path);
        assert!(manifest.has(&new, &file) && !manifest.has(&old, &file), "as it was fetched last");
        assert!(!manifest.has(&Object { size: 4, ..new.clone() }, &file), "of another size");
        fs::write(&file, "ab").expect("a file");
        assert!(!manifest.has(&new, &file), "somebody has cut it off");
        assert_eq!(manifest.gone(&[object("b", "one")]), ["a"], "not listed any more");
        manifest.close(&[object("b", "one")]).expect("a list");
        assert_eq!(Manifest::read(&path).lines.into_keys().collect::<Vec<_>>(), ["b"], "written anew");
    }

    #[test]
    fn without_a_tag_nothing_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, file] = ["manifest.jsonl", "a"].map(|name| folder.path().join(name));
        fs::write(&file, "abc").expect("a file");
        let mut manifest = Manifest::read(&path);
        manifest.add(&object("a", "")).expect("a line");
        manifest.add(&object("../a", "x")).expect("a line");
        assert!(!manifest.has(&object("a", ""), &file), "it may be another");
        assert_eq!(manifest.gone(&[]), ["a"], "what leaves the folder is none of ours");
    }
}
