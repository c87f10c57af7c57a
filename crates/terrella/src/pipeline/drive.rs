//! What people drive, as a dataset of one episode, and beside it a file that says all that determines it: the model, the world, where
//! it began and everything that was done since.

use super::About;
use crate::error::usage;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use terrella_core::{Error, Signature};
use terrella_data::Writer;
use terrella_play::{Driven, Keep, Past};

/// The file, in the folder of the dataset.
const FILE: &str = "meta/drive.json";
/// Version of what it says. There was one before that said less and had no number.
const VERSION: u32 = 1;

/// All that determines what was driven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drive {
    /// Version of this file.
    pub version: u32,
    /// The program that wrote it, its revision, and the processor that it ran on.
    pub made_by: [String; 3],
    /// Where it began, in words.
    pub began: String,
    /// Whether the episode is a dream's: nothing real was beside it.
    pub dreamt: bool,
    /// In what it was driven.
    pub made: Made,
    /// Where it began, and all that was done.
    pub past: Past,
    /// What the dream's picture and state are known by in each row, where the episode is of the real world.
    pub learned: Vec<String>,
}

/// In what something is driven.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// The run, as its folder was named.
    pub run: PathBuf,
    /// What its model is known by (see [`terrella_model::fingerprint`]).
    pub model: String,
    /// The world beside it, by its name in the registry, where there was one.
    pub world: Option<String>,
    /// Side of the pictures.
    pub picture: usize,
    /// The recordings that dreams began in, where there was no world.
    pub recordings: Option<Named>,
}

/// Recordings by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Where they were.
    pub paths: Vec<PathBuf>,
    /// Hash of what is in them, and of how they were opened.
    pub hash: String,
}

impl Drive {
    /// What is said of a drive in its folder.
    ///
    /// # Errors
    /// If it is no folder of a drive, or one of another version of the program.
    pub fn read(folder: &Path) -> Result<Self> {
        std::fs::read_dir(folder).map_err(|e| usage(format!("cannot read {}: {e}; name a drive", folder.display())))?;
        let path = folder.join(FILE);
        if !path.is_file() {
            return Err(usage(format!(
                "{} has no {FILE}, so it was not driven in `terrella play`; name a folder that it recorded, such as drives/drive-0001",
                folder.display()
            )));
        }
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let damaged = || format!("{} is damaged; copy it anew from where it is whole", path.display());
        let value: serde_json::Value = serde_json::from_str(&text).with_context(damaged)?;
        match value.get("version").map(serde_json::Value::as_u64) {
            Some(Some(version)) if version == u64::from(VERSION) => serde_json::from_value(value).with_context(damaged),
            None if value.get("began").is_some() => bail!(
                "{} is of an earlier version of the program, which did not keep what led to a drive; record it anew",
                path.display()
            ),
            version => bail!(
                "{} has version {}, and this program reads {VERSION}; use the program that wrote it",
                path.display(),
                version.flatten().map_or_else(|| "none that is a number".to_owned(), |version| version.to_string())
            ),
        }
    }
}

/// Keeps each recording as a LeRobot dataset of one episode, in a folder of its own.
pub struct Folder {
    path: PathBuf,
    signature: Signature,
    /// Rows a second, where the dataset can only name a rate near it.
    fps: Option<f64>,
    made: Made,
    next: usize,
}

impl Folder {
    /// Recordings of this kind below `path`, which were driven in this; those that are there stay.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(path: &Path, signature: Signature, made: Made) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(|e| usage(format!("cannot make {}: {e}", path.display())))?;
        let (path, fps) = (path.to_path_buf(), signature.fps);
        // Rates are whole numbers there; where one is not, rows keep their own times.
        let whole = fps.round().max(1.0);
        let fps = ((fps - whole).abs() > 1e-6 * fps).then_some(fps);
        Ok(Self { path, signature: Signature { fps: whole, ..signature }, fps, made, next: 1 })
    }
}

impl Keep for Folder {
    fn keep(&mut self, driven: Driven) -> terrella_core::Result<PathBuf> {
        let Driven { mut episode, provenance: began, dreamt, past, learned } = driven;
        if !self.signature.reward {
            episode.rewards.clear();
        }
        if !self.signature.ends {
            episode.terminated.clear();
            episode.truncated.clear();
        }
        if let Some(fps) = self.fps {
            episode.times = (0..episode.len()).map(|row| row as f64 / fps).collect();
        }
        let mut path = self.path.join(format!("drive-{:04}", self.next));
        while path.exists() {
            self.next += 1;
            path = self.path.join(format!("drive-{:04}", self.next));
        }
        let told = |error: terrella_data::Error| Error::Invalid(error.to_string());
        let mut writer = Writer::create(&path, &self.signature).map_err(told)?;
        writer.write_episode(&episode).map_err(told)?;
        let now = About::now("play");
        let made_by = [format!("terrella {}", now.version), now.revision(), now.machine];
        let drive = Drive { version: VERSION, made_by, began, dreamt, made: self.made.clone(), past, learned };
        let text = serde_json::to_vec(&drive).map_err(|error| Error::Invalid(error.to_string()))?;
        terrella_core::write_atomic(&writer.folder().join(FILE), &text)?;
        writer.finish().map_err(told)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Episode, Frames, Image, Table};
    use terrella_formats::{OpenOptions, open};
    use terrella_play::{Began, Deed};

    fn signature(fps: f64, reward: bool) -> Signature {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let (state, action) = (names(&["x", "y"]), names(&["push"]));
        Signature { fps, image: Some([8; 2]), state, action, reward, ends: reward, ..Signature::default() }
    }

    fn driven() -> Driven {
        let episode = Episode {
            task: "driven by hand".to_owned(),
            states: Table::from_data(2, vec![0.25; 6]),
            actions: Table::from_data(1, vec![0.5; 3]),
            frames: Some(Frames::from_images(&vec![Image::filled(8, 8, [7; 3]); 3])),
            rewards: vec![0.0; 3],
            terminated: vec![false; 3],
            truncated: vec![false; 3],
            ..Episode::default()
        };
        let path = Some(vec![Deed::Act { action: vec![0.5], times: 5 }]);
        let past = Past { origin: Began::Seed(4), step: 2, path };
        let learned = vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
        Driven { episode, provenance: "seed 4, step 2".to_owned(), dreamt: false, past, learned }
    }

    #[test]
    fn what_is_driven_becomes_a_dataset_that_says_all_that_determines_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Made { run: "runs/dream".into(), model: "0123".into(), picture: 8, ..Made::default() };
        let mut keep =
            Folder::new(&folder.path().join("drives"), signature(10.0, true), made.clone()).expect("a folder");
        let [one, other] = [(); 2].map(|()| keep.keep(driven()).expect("kept"));
        assert_ne!(one, other, "each by itself");
        let dataset = open(&other, &OpenOptions::default()).expect("a dataset");
        assert_eq!((dataset.episodes.len(), dataset.n_rows()), (1, 3));
        assert_eq!(dataset.episodes[0].rewards, [0.0; 3]);
        let drive = Drive::read(&one).expect("all of it");
        assert_eq!((drive.made, drive.past, drive.learned), (made, driven().past, driven().learned));
        assert_eq!((drive.began.as_str(), drive.dreamt), ("seed 4, step 2", false));
    }

    #[test]
    fn a_rate_that_is_no_whole_number_is_in_the_times_of_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = |name: &str, fps: f64| {
            let keep = Folder::new(&folder.path().join(name), signature(fps, false), Made::default());
            let path = keep.expect("a folder").keep(driven()).expect("kept");
            open(&path, &OpenOptions::default()).expect("a dataset").episodes.swap_remove(0)
        };
        let times = kept("logs", 12.5).times;
        assert!(times.len() == 3 && (times[2] - 0.16).abs() < 1e-6, "{times:?}");
        assert!(kept("film", 1.0 / (1.0 / 29.0)).rewards.is_empty(), "nearly whole is whole");
    }

    #[test]
    fn what_is_no_drive_is_told_apart_from_one_that_says_too_little() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |words: &[&str]| {
            let error = format!("{:#}", Drive::read(&folder.path().join("drive")).expect_err("no drive"));
            words.iter().for_each(|word| assert!(error.contains(word), "{word} in {error}"));
        };
        refused(&["cannot read"]);
        std::fs::create_dir_all(folder.path().join("drive/meta")).expect("a folder");
        refused(&["no meta/drive.json", "terrella play"]);
        let write = |text: &str| std::fs::write(folder.path().join("drive").join(FILE), text).expect("a file");
        write(r#"{"made_by":"terrella play 0.1.0","began":"seed 4","dreamt":false}"#);
        refused(&["earlier version", "record it anew"]);
        write(r#"{"version":2}"#);
        refused(&["version 2", "reads 1"]);
        write(r#"{"version":1,"began":"#);
        refused(&["damaged"]);
        write(r#"{"version":1}"#);
        refused(&["damaged", "made_by"]);
    }
}
