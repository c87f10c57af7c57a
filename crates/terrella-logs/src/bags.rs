//! Bags of ROS 2 in a tree: files that `metadata.yaml` calls one recording are one, in its order.
//!
//! A bag goes by the name of its `metadata.yaml`, unless it has one file only, which then stands for itself. Whatever
//! finds the files of a bag finds the bag.

use super::mcap::{self, Store};
use super::rosbag2::{self, Metadata};
use super::tree::Tree;
use super::unpacked::PACKINGS;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use terrella_data::{Error, Result};

/// The file that tells of a bag.
pub(super) const METADATA: &str = "metadata.yaml";
/// Bytes of it; a topic has some hundred.
const LARGEST_METADATA: usize = 16 << 20;
/// What turns any bag of ROS 2 into one that can be read.
const CONVERT: &str = "convert it with `ros2 bag convert -i BAG -o plain.yaml`, where plain.yaml says `output_bags: [{uri: plain, storage_id: mcap, all_topics: true}]` (before Jazzy: all: true)";

/// A folder that a recorder made.
pub(super) struct Bag {
    /// The name of its metadata.
    name: String,
    /// What they say, or why they cannot be read.
    metadata: Result<Metadata, String>,
    /// Names of its files that are there, in order.
    files: Vec<String>,
    /// These, and the same packed or unpacked.
    claimed: Vec<String>,
    /// Files that it names and that are not there.
    missing: Vec<String>,
}

impl Bag {
    fn open(tree: &Tree, name: &str) -> Option<Self> {
        let folder = &name[..name.len() - METADATA.len()];
        let metadata = match tree.read(name) {
            Ok(bytes) if bytes.len() > LARGEST_METADATA => return None,
            Ok(bytes) => rosbag2::parse(&String::from_utf8_lossy(&bytes)).transpose()?,
            Err(_) => return None,
        };
        let (mut files, mut claimed, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        match &metadata {
            Ok(metadata) => {
                for listed in &metadata.files {
                    let same = there(tree, folder, listed);
                    match same.first() {
                        Some(file) => files.push(file.clone()),
                        None => missing.push(listed.clone()),
                    }
                    claimed.extend(same);
                }
            }
            // Nobody knows which are its files, so all that may be are.
            Err(_) => {
                let beside = |n: &&String| n.strip_prefix(folder).is_some_and(|rest| !rest.contains('/'));
                claimed.extend(tree.names().iter().filter(beside).filter(|n| mcap::ending(n).is_some()).cloned());
            }
        }
        Some(Self { name: name.to_owned(), metadata, files, claimed, missing })
    }

    /// What the recording is called: one file stands for itself.
    fn recording(&self) -> &String {
        match &self.files[..] {
            [one] if self.why_not().is_none() => one,
            _ => &self.name,
        }
    }

    /// Why it cannot be read.
    fn why_not(&self) -> Option<(String, &'static str)> {
        let metadata = match &self.metadata {
            Err(why) => return Some((why.clone(), "correct it, or read its files one by one")),
            Ok(metadata) => metadata,
        };
        if let Some(what) = packed_otherwise(metadata) {
            return Some((what, CONVERT));
        }
        if !self.missing.is_empty() {
            let n = self.files.len() + self.missing.len();
            let what = format!(
                "{} of the {n} files that it names are not there: {}",
                self.missing.len(),
                self.missing.join(", ")
            );
            return Some((what, "copy them beside it, or take them out of relative_file_paths to read the rest"));
        }
        let odd = self.files.iter().find(|name| mcap::ending(name).is_none())?;
        Some((format!("{odd} is neither MCAP nor SQLite, packed as .zst, .zstd or .gz or not at all"), CONVERT))
    }
}

/// That messages are packed one by one in a way that is not read.
fn packed_otherwise(metadata: &Metadata) -> Option<String> {
    let format = metadata.packed_messages.as_deref().filter(|format| !matches!(*format, "" | "zstd"))?;
    Some(format!(
        "its messages are packed one by one (compression_mode: MESSAGE) as \"{format:.20}\", and only zstd is read"
    ))
}

/// The folder of a bag, where a path is its metadata.
pub(super) fn folder_of(path: &Path) -> Option<PathBuf> {
    if path.file_name()? != METADATA {
        return None;
    }
    let parent = path.parent()?;
    // A name alone lies in the folder where we are.
    let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    metadata_in(folder).map(|_| folder.to_path_buf())
}

/// What there is of a file that a bag names: it may have been packed or unpacked since. Best what needs no unpacking.
fn there(tree: &Tree, folder: &str, listed: &str) -> Vec<String> {
    let plain = PACKINGS.iter().find_map(|packing| listed.strip_suffix(packing)).unwrap_or(listed);
    let all = [""].iter().chain(&PACKINGS).map(|packing| format!("{folder}{plain}{packing}"));
    all.filter(|name| tree.contains(name)).collect()
}

/// The bags of a tree.
pub(super) fn find(tree: &Tree) -> Vec<Bag> {
    let is = |name: &&String| name.as_str() == METADATA || name.ends_with("/metadata.yaml");
    tree.names().iter().filter(is).filter_map(|name| Bag::open(tree, name)).collect()
}

/// Puts bags where their files are, each once; further bags come last where all are wanted.
pub(super) fn gather(bags: &[Bag], names: Vec<String>, all: bool) -> Vec<String> {
    let bag_of = |name: &String| bags.iter().find(|bag| bag.claimed.contains(name));
    let recording = |name: String| bag_of(&name).map_or(name, |bag| bag.recording().clone());
    let others = bags.iter().filter(|_| all).map(|bag| bag.recording().clone());
    let mut seen = BTreeSet::new();
    let gathered = names.into_iter().map(recording).chain(others);
    gathered.filter(|name| seen.insert(name.clone())).collect()
}

/// Whether a glob asks for every log of a kind, as the one does that stands where no mapping says anything.
pub(super) fn means_all(glob: &str) -> bool {
    glob.strip_prefix("**/*").is_some_and(|ending| ending == METADATA || mcap::ending(ending) == Some(ending))
}

/// Whether a file belongs to a bag.
pub(super) fn claimed(bags: &[Bag], name: &String) -> bool {
    bags.iter().any(|bag| bag.claimed.contains(name))
}

/// Whether a name is that of a bag.
pub(super) fn is_bag(bags: &[Bag], name: &str) -> bool {
    bags.iter().any(|bag| bag.name == name)
}

/// The bytes of a recording: of a file, or of all files of a bag.
pub(super) fn store(tree: &Tree, bags: &[Bag], name: &str) -> Result<Store> {
    let Some(bag) = bags.iter().find(|bag| bag.name == name) else { return tree.store(name) };
    if let Some((what, remedy)) = bag.why_not() {
        return Err(Error::broken(&tree.path(name), what, remedy));
    }
    let part = |file: &String| Ok((file.rsplit('/').next().unwrap_or(file).to_owned(), tree.store(file)?));
    Ok(Store::Parts(bag.files.iter().map(part).collect::<Result<_>>()?))
}

/// Names with the files of bags among them.
pub(super) fn expanded<'a>(bags: &'a [Bag], names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let one = |name: &'a String| {
        let files = bags.iter().find(|bag| bag.name == *name).map_or(&[][..], |bag| &bag.files);
        std::iter::once(name.as_str()).chain(files.iter().map(String::as_str))
    };
    names.flat_map(one).collect()
}

/// What to know of a single file beside which metadata tell of more.
///
/// # Errors
/// If they say that it is packed in a way that is not read.
pub(super) fn beside(path: &Path) -> Result<Option<String>> {
    let Some(Ok(found)) = path.parent().and_then(metadata_in) else { return Ok(None) };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !found.files.iter().any(|file| *file == name) {
        return Ok(None);
    }
    if let Some(what) = packed_otherwise(&found) {
        return Err(Error::broken(path, what, CONVERT));
    }
    let n = found.files.len();
    let told = || format!("one of {n} files of a recording ({METADATA}); its folder is read as a whole");
    Ok((n > 1).then(told))
}

/// The metadata of a bag in a folder, or why they cannot be read.
fn metadata_in(folder: &Path) -> Option<Result<Metadata, String>> {
    let metadata = folder.join(METADATA);
    if std::fs::metadata(&metadata).ok()?.len() > LARGEST_METADATA as u64 {
        return None;
    }
    rosbag2::parse(&std::fs::read_to_string(metadata).ok()?).transpose()
}
