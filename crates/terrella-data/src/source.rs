//! The seam between kinds of recordings and everything else: [`Format`] and [`Source`].
//!
//! A format recognises a path and opens it as a source; a source lends episodes one by one, tables
//! apart from pictures, so that a cached open never decodes a picture.

use crate::{Error, Result, SourceOptions, View};
use std::ops::Range;
use std::path::Path;
use terrella_core::{Episode, Frames, Signature, Stats, Table};
use terrella_media::DOWNLOAD_AGAIN;

/// Something a reader left out, assumed or could not keep; told to whoever imports.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Note {
    /// Where: a file, an episode, a column.
    pub place: String,
    /// What, with its reason and numbers.
    pub what: String,
}

/// What a note says was lost, by what helps against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Bytes are missing or are not those that were written: another copy of the file helps.
    Bytes,
    /// The pictures of one camera, which are there and cannot be decoded here; numbers are all there.
    Camera,
    /// Something that another copy would not have either; the note says why.
    Other,
}

/// How notes and errors tell that bytes are missing or damaged.
const NO_BYTES: [&str; 11] = [
    "cut off",
    "checksum",
    "not there",
    "missing",
    "it has no video",
    "at byte",
    "left out: bytes",
    "bytes at the end",
    "what follows",
    "parts of the table",
    "cannot be unpacked",
];
/// How they tell that bytes are there and are not read: a limit, and a packing that is not known.
const NOT_READ: [&str; 2] = ["the limit (", "packed as"];

impl Note {
    /// Whether something that should be there was left out, rather than assumed or not kept.
    pub fn is_loss(&self) -> bool {
        self.what.starts_with("left out")
    }

    /// What was lost, if [something was](Self::is_loss).
    pub fn loss(&self) -> Option<Loss> {
        let has = |words: &[&str]| words.iter().any(|word| self.what.contains(word));
        self.is_loss().then(|| match () {
            () if self.what.starts_with(CAMERA) => Loss::Camera,
            () if self.what.contains(DOWNLOAD_AGAIN) => Loss::Bytes,
            () if has(&NOT_READ) || !has(&NO_BYTES) => Loss::Other,
            () => Loss::Bytes,
        })
    }

    /// That the pictures of a camera cannot be decoded, and why, with what helps.
    pub fn of_camera(place: &str, camera: &str, why: &str) -> Self {
        Self { place: place.to_owned(), what: format!("{CAMERA}{camera} cannot be decoded: {why}") }
    }
}

/// How a note begins that tells of a camera.
const CAMERA: &str = "left out: the pictures of ";

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// What a recording says of an episode beside its rows: for checks, not for training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Stored times in seconds as they were written: of the rows, or of the samples they came from.
    pub times: Vec<f64>,
    /// Whether the task was done, if the recording says so.
    pub success: Option<bool>,
}

/// What a dataset claims about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// Statistics stored for the state and for the action, if there are any.
    pub stats: [Option<Stats>; 2],
    /// Names of splits and the episodes in each, as positions among those that are there.
    pub splits: Vec<(String, Range<usize>)>,
}

/// A kind of recording.
pub trait Format: Sync {
    /// Short name, lower case.
    fn name(&self) -> &'static str;

    /// What it looks like on disk, for people.
    fn describe(&self) -> &'static str;

    /// Whether this path looks like one; cheap, and true for damaged ones so that they are named.
    fn detect(&self, path: &Path) -> bool;

    /// Reads and checks states and actions; pictures stay on disk.
    ///
    /// # Errors
    /// If anything is missing, inconsistent or not finite.
    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>>;
}

/// An opened recording.
pub trait Source: Send + Sync {
    /// What the episodes have in common, pictures at their recorded size.
    fn signature(&self) -> &Signature;

    /// Rows of each episode.
    fn lengths(&self) -> Vec<usize>;

    /// One episode without its pictures.
    fn episode(&self, at: usize) -> Episode;

    /// What is to be seen: the camera that models see, if the signature has pictures, then the views that
    /// [`SourceOptions::views`] asked for.
    fn cameras(&self) -> &[View];

    /// The decoded pictures of one of [`Self::cameras`] in one episode, as many as it has rows.
    ///
    /// # Errors
    /// If they cannot be read or have another size.
    fn frames(&self, at: usize, camera: usize) -> Result<Frames>;

    /// The pictures of one episode that models see, if there are any.
    ///
    /// # Errors
    /// As [`Self::frames`].
    fn pictures(&self, at: usize) -> Result<Option<Frames>> {
        self.signature().image.map(|_| self.frames(at, 0)).transpose()
    }

    /// The views beside them.
    fn views(&self) -> &[View] {
        &self.cameras()[usize::from(self.signature().image.is_some())..]
    }

    /// The pictures of one of [`Self::views`] in one episode.
    ///
    /// # Errors
    /// As [`Self::frames`].
    fn view(&self, at: usize, view: usize) -> Result<Frames> {
        self.frames(at, view + usize::from(self.signature().image.is_some()))
    }

    /// What is said of one episode beside its rows.
    fn evidence(&self, _at: usize) -> Evidence {
        Evidence::default()
    }

    /// What the dataset claims about itself.
    ///
    /// # Errors
    /// If a file of claims is there and cannot be read.
    fn claims(&self) -> Result<Claims> {
        Ok(Claims::default())
    }

    /// What was left out, assumed or lost on the way in.
    fn notes(&self) -> Vec<Note> {
        Vec::new()
    }

    /// Files that make up the content, relative names first, in a fixed order.
    ///
    /// # Errors
    /// If a folder cannot be listed.
    fn files(&self) -> Result<Vec<(String, std::path::PathBuf)>>;
}

/// The names of a row's numbers: those that were given, if there are as many as known or made up, else these.
///
/// # Errors
/// If there are more or fewer.
pub fn given_names(path: &Path, what: &str, given: Option<&Vec<String>>, others: Vec<String>) -> Result<Vec<String>> {
    match given {
        Some(given) if given.len() != others.len() => {
            let text = format!("{} {what} names were given, the rows have {} numbers", given.len(), others.len());
            Err(Error::broken(path, text, "give one name a number"))
        }
        Some(given) => Ok(given.clone()),
        None => Ok(others),
    }
}

/// Fails at the first number that is not finite, naming its row and column.
///
/// # Errors
/// If there is one.
pub fn check_finite(path: &Path, episode: usize, what: &str, table: &Table, names: &[String]) -> Result<()> {
    let Some(at) = table.data.iter().position(|x| !x.is_finite()) else { return Ok(()) };
    let (row, column) = (at / table.width, at % table.width);
    let name = names.get(column).map_or("?", String::as_str);
    Err(Error::Row {
        path: path.to_path_buf(),
        episode,
        row,
        what: format!("{what} {name} is {}", table.data[at]),
        remedy: "drop or repair the episode",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_apart_by_what_helps() {
        let loss = |what: &str| Note { place: String::new(), what: what.to_owned() }.loss();
        for what in [
            "left out: line 7 is cut off (it ends); the 6 rows before it were read",
            "left out: the chunk at byte 40: its checksum is 00000001, 00000002 was written",
            "left out: what follows byte 90 of 100 (it ends without an end mark); the 3 messages before that were read",
            "left out: bytes 10 to 20 of 30 (no sync)",
            "left out: their rows are not there (it has 1 episode)",
            "left out: 4 bytes are missing at its end, and rows in them",
            &format!("left out: x.npz: an array; {DOWNLOAD_AGAIN}"),
        ] {
            assert_eq!(loss(what), Some(Loss::Bytes), "{what}");
        }
        for what in [
            "left out: 70 of 100 rows, before its first sample",
            "left out: the chunk at byte 40: it is packed as \"xz\", not with zstd, lz4 or bz2",
            "left out: a record of 2000 MiB at byte 9, the limit (LARGEST_RECORD) is 1024",
            "left out: 3 messages of /x: nothing says what a/B is made of; define it",
        ] {
            assert_eq!(loss(what), Some(Loss::Other), "{what}");
        }
        let camera = Note::of_camera("picture", "/front", "it is \"hevc\"; convert it");
        assert_eq!(camera.loss(), Some(Loss::Camera), "{camera}");
        assert_eq!(loss("10 of 100 rows, before its first sample, are left out"), None, "no loss");
    }
}
