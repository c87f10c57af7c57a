//! HDF5 recordings in two layouts: robomimic's, a group each demonstration, and that of stable-worldmodel,
//! all rows one after another.
//!
//! `file` reads tables and pictures in bounds; each layout says which dataset is what. Read by a library in
//! pure Rust, so nothing has to be installed.

mod file;
mod robomimic;
mod rows;

use crate::format::{Evidence, check_finite};
use crate::{Error, Format, Note, Result, Source, SourceOptions};
use file::{Hdf5, Rows};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Episode, Frames, Signature, Table};

/// Demonstrations of robomimic.
pub(crate) struct Robomimic;

/// Rows of stable-worldmodel.
pub(crate) struct WorldModelRows;

fn looks_like(path: &Path, of: fn(&Hdf5) -> bool) -> bool {
    path.is_file() && Hdf5::signed(path) && Hdf5::open(path).is_ok_and(|file| of(&file))
}

impl Format for Robomimic {
    fn name(&self) -> &'static str {
        "robomimic"
    }

    fn describe(&self) -> &'static str {
        "demonstrations of robomimic: an HDF5 file with data/demo_0/actions"
    }

    fn detect(&self, path: &Path) -> bool {
        looks_like(path, |file| file.groups("data").iter().any(|g| g.starts_with("demo")))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(robomimic::open(Hdf5::open(path)?, options)?))
    }
}

impl Format for WorldModelRows {
    fn name(&self) -> &'static str {
        "hdf5-rows"
    }

    fn describe(&self) -> &'static str {
        "rows of stable-worldmodel: an HDF5 file with action and ep_len"
    }

    fn detect(&self, path: &Path) -> bool {
        // Any other HDF5 file too, so that what is in it is told.
        looks_like(path, |_| true) || (path.is_file() && Hdf5::signed(path))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(rows::open(Hdf5::open(path)?, options)?))
    }
}

/// One episode: its tables, and where its pictures are.
struct Recorded {
    states: Table,
    actions: Table,
    pictures: Option<Rows>,
    success: Option<bool>,
}

/// An opened file of either layout.
struct Recording {
    file: Hdf5,
    signature: Signature,
    task: String,
    episodes: Vec<Recorded>,
    notes: Vec<Note>,
}

/// What a layout found out about a file.
struct Found {
    fps: Option<f64>,
    task: Option<String>,
    state: Vec<String>,
    /// Episodes by name, or why they cannot be read.
    episodes: Vec<(String, Result<Recorded>)>,
    notes: Vec<Note>,
}

impl Recording {
    /// Checks episodes, leaves out bad ones, and makes the signature.
    fn new(file: Hdf5, options: &SourceOptions, found: Found) -> Result<Self> {
        let path = file.path().to_path_buf();
        let fps = options.fps.or(found.fps).ok_or_else(|| {
            Error::broken(&path, "the file does not store its rate", "give the rows a second (fps) when importing")
        })?;
        let mut notes = found.notes;
        let mut episodes: Vec<Recorded> = Vec::new();
        let mut names: Option<[Vec<String>; 2]> = None;
        let mut image = None;
        let mut first_error = None;
        for (name, recorded) in found.episodes {
            let checked = recorded.and_then(|episode| {
                let names = match &names {
                    Some(names) => names.clone(),
                    None => [
                        named(&path, "state", options.state.as_ref(), &found.state, episode.states.width)?,
                        named(&path, "action", options.action.as_ref(), &[], episode.actions.width)?,
                    ],
                };
                let size = episode.pictures.as_ref().map(|p| file.picture_size(p)).transpose()?;
                let image = if episodes.is_empty() { size } else { image };
                fits(&path, &episode, &names, [size, image])?;
                check_finite(&path, episodes.len(), "state", &episode.states, &names[0])?;
                check_finite(&path, episodes.len(), "action", &episode.actions, &names[1])?;
                Ok((episode, names, image))
            });
            match checked {
                Ok((episode, found, size)) => {
                    (names, image) = (Some(found), size);
                    episodes.push(episode);
                }
                Err(error) => {
                    notes.push(Note { place: name, what: format!("left out: {error}") });
                    first_error.get_or_insert(error);
                }
            }
        }
        let Some([state, action]) = names else {
            return Err(first_error.unwrap_or_else(|| Error::broken(&path, "it holds no episode", "record one")));
        };
        let signature = Signature { fps, image, state, action, env: options.env.clone() };
        let task = options.task.clone().or(found.task).unwrap_or_else(|| "unknown".to_owned());
        Ok(Self { file, signature, task, episodes, notes })
    }
}

/// The names of numbers: given, found, or made up.
fn named(path: &Path, what: &str, given: Option<&Vec<String>>, found: &[String], width: usize) -> Result<Vec<String>> {
    let made_up = || (0..width).map(|i| format!("{what}.{i}")).collect();
    let known = || if found.len() == width { found.to_vec() } else { made_up() };
    let names = given.cloned().unwrap_or_else(known);
    if names.len() == width {
        return Ok(names);
    }
    let text = format!("{} {what} names were given, the rows have {width} numbers", names.len());
    Err(Error::broken(path, text, "give one name a number"))
}

fn fits(
    path: &Path,
    episode: &Recorded,
    names: &[Vec<String>; 2],
    [size, image]: [Option<[usize; 2]>; 2],
) -> Result<()> {
    let rows = episode.actions.len();
    let bad = |what: String| Err(Error::broken(path, what, "record one row of each a step, as in the other episodes"));
    if rows == 0 {
        return bad("there is no action".to_owned());
    }
    let widths = [episode.states.width, episode.actions.width];
    if widths != [names[0].len(), names[1].len()] {
        let others = [names[0].len(), names[1].len()];
        return bad(format!("it has {widths:?} state and action numbers, others have {others:?}"));
    }
    if episode.states.width > 0 && episode.states.len() != rows {
        return bad(format!("{} states and {rows} actions", episode.states.len()));
    }
    if episode.pictures.as_ref().is_some_and(|p| p.len != rows) || size != image {
        let n = episode.pictures.as_ref().map(|p| p.len);
        return bad(format!("{rows} actions and pictures {n:?} of {size:?}, others are of {image:?}"));
    }
    Ok(())
}

impl Source for Recording {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        self.episodes.iter().map(|e| e.actions.len()).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let Recorded { states, actions, .. } = &self.episodes[at];
        Episode { index: at, task: self.task.clone(), states: states.clone(), actions: actions.clone(), frames: None }
    }

    fn pictures(&self, at: usize) -> Result<Option<Frames>> {
        let (Some(rows), Some([height, width])) = (&self.episodes[at].pictures, self.signature.image) else {
            return Ok(None);
        };
        let bytes = self.file.bytes(rows)?;
        let need = rows.len * height * width * 3;
        if bytes.len() != need {
            let what = format!("{} holds {} bytes where {need} were declared", rows.dataset, bytes.len());
            return Err(Error::broken(self.file.path(), what, crate::error::DOWNLOAD_AGAIN));
        }
        Ok(Some(Frames::new(height, width, rows.len, Arc::new(bytes), 0)))
    }

    fn evidence(&self, at: usize) -> Evidence {
        Evidence { times: Vec::new(), success: self.episodes[at].success }
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        Ok(vec![("hdf5".to_owned(), self.file.path().to_path_buf())])
    }
}

/// The picture feature to read: the one asked for, or the only one.
fn camera(file: &Hdf5, options: &SourceOptions, pictures: &[String]) -> Result<Option<String>> {
    if options.no_pictures {
        return Ok(None);
    }
    if let Some(camera) = &options.camera {
        let known = pictures.contains(camera);
        let missing = || Error::Missing {
            path: file.path().to_path_buf(),
            kind: "picture",
            name: camera.clone(),
            present: pictures.join(", "),
        };
        return known.then(|| Some(camera.clone())).ok_or_else(missing);
    }
    match pictures {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        several => Err(Error::broken(
            file.path(),
            format!("there are {} pictures a row: {}", several.len(), several.join(", ")),
            "say which to read with --camera, or leave pictures out with --no-pictures",
        )),
    }
}
