//! An opened file of either layout: what a layout found is checked, and bad episodes are left out and told.

use super::file::{Hdf5, Rows, Shape};
use crate::outcome::{Outcome, agree};
use crate::source::{check_finite, given_names};
use crate::views::{Offered, choose_camera, choose_views};
use crate::{Error, Evidence, Note, Result, Source, SourceOptions, View};
use std::path::{Path, PathBuf};
use terrella_core::{Episode, Frames, Pixel, Signature, Table};

/// One episode: its tables, and where its pictures are.
pub(super) struct Recorded {
    pub(super) states: Table,
    pub(super) actions: Table,
    /// Rows of the camera, if there is one, and of each view.
    pub(super) pictures: Vec<Rows>,
    pub(super) success: Option<bool>,
    pub(super) outcome: Outcome,
}

impl Recorded {
    /// Reads what came of each action, from datasets of one number a row; a name is empty where there is none.
    pub(super) fn with_outcome(mut self, file: &Hdf5, rows: [Option<Rows>; 3]) -> Self {
        let [rewards, ends, cuts] = rows.map(|rows| {
            let table = rows.and_then(|rows| file.table(&rows).ok()).filter(|table| table.width == 1);
            table.map(|table| table.data).unwrap_or_default()
        });
        self.outcome.rewards = rewards;
        ends.into_iter().for_each(|x| Outcome::mark(&mut self.outcome.terminated, x));
        cuts.into_iter().for_each(|x| Outcome::mark(&mut self.outcome.truncated, x));
        self
    }
}

/// An opened file of either layout.
pub(super) struct Recording {
    file: Hdf5,
    signature: Signature,
    task: String,
    cameras: Vec<View>,
    episodes: Vec<Recorded>,
    notes: Vec<Note>,
}

/// The pictures to read.
pub(super) struct Cameras {
    camera: Option<String>,
    views: Vec<String>,
}

impl Cameras {
    /// All of them, the camera first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.camera.iter().chain(&self.views).map(String::as_str)
    }
}

/// What a layout found out about a file.
pub(super) struct Found {
    pub(super) fps: Option<f64>,
    pub(super) task: Option<String>,
    pub(super) state: Vec<String>,
    /// What reward, end and cut are called.
    pub(super) outcomes: [&'static str; 3],
    /// Episodes by name, or why they cannot be read.
    pub(super) episodes: Vec<(String, Result<Recorded>)>,
    pub(super) notes: Vec<Note>,
}

impl Recording {
    /// Checks episodes, leaves out bad ones, and makes the signature.
    pub(super) fn new(file: Hdf5, options: &SourceOptions, cameras: &Cameras, found: Found) -> Result<Self> {
        let path = file.path().to_path_buf();
        // What is asked for beside a rate that is stored takes part of the rows.
        let fps = found.fps.or(options.fps).ok_or_else(|| {
            Error::broken(&path, "the file does not store its rate", "give the rows a second (fps) when importing")
        })?;
        let mut notes = found.notes;
        let mut episodes: Vec<Recorded> = Vec::new();
        let mut names: Option<[Vec<String>; 2]> = None;
        let mut sizes: Vec<[usize; 2]> = Vec::new();
        let mut first_error = None;
        for (name, recorded) in found.episodes {
            let checked = recorded.and_then(|episode| {
                let names = match &names {
                    Some(names) => names.clone(),
                    None => [
                        given_names(
                            &path,
                            "state",
                            options.state.as_ref(),
                            known("state", &found.state, episode.states.width),
                        )?,
                        given_names(
                            &path,
                            "action",
                            options.action.as_ref(),
                            known("action", &[], episode.actions.width),
                        )?,
                    ],
                };
                let found = episode.pictures.iter().map(|p| file.picture_size(p)).collect::<Result<Vec<_>>>()?;
                let others = if episodes.is_empty() { &found } else { &sizes };
                fits(&path, &episode, &names, [&found, others])?;
                check_finite(&path, episodes.len(), "state", &episode.states, &names[0])?;
                check_finite(&path, episodes.len(), "action", &episode.actions, &names[1])?;
                Ok((episode, names, found))
            });
            match checked {
                Ok((episode, found, size)) => {
                    (names, sizes) = (Some(found), size);
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
        let all = episodes.iter_mut().map(|e| (e.actions.len(), &mut e.outcome));
        let logged = agree(all, found.outcomes, &mut notes);
        let image = cameras.camera.as_ref().and(sizes.first().copied());
        let (reward, ends) = (logged.reward, logged.ends);
        let signature =
            Signature { fps, image, state, action, env: options.env.clone(), reward, ends, ..Signature::default() };
        let seen = cameras.names().zip(sizes);
        let cameras = seen.map(|(name, size)| View { name: name.to_owned(), size, depth: None }).collect();
        let task = options.task.clone().or(found.task).unwrap_or_else(|| "unknown".to_owned());
        Ok(Self { file, signature, task, cameras, episodes, notes })
    }
}

/// Names that were found, if they are as many as numbers, else made up.
fn known(what: &str, found: &[String], width: usize) -> Vec<String> {
    if found.len() == width { found.to_vec() } else { (0..width).map(|i| format!("{what}.{i}")).collect() }
}

fn fits(path: &Path, episode: &Recorded, names: &[Vec<String>; 2], [sizes, others]: [&[[usize; 2]]; 2]) -> Result<()> {
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
    if episode.pictures.iter().any(|p| p.len != rows) || sizes != others {
        let n: Vec<usize> = episode.pictures.iter().map(|p| p.len).collect();
        return bad(format!("{rows} actions and {n:?} pictures of {sizes:?}, others are of {others:?}"));
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
        let Recorded { states, actions, outcome, .. } = &self.episodes[at];
        let (states, actions) = (states.clone(), actions.clone());
        outcome.on(Episode { index: at, task: self.task.clone(), states, actions, ..Episode::default() })
    }

    fn cameras(&self) -> &[View] {
        &self.cameras
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        let (rows, size) = (&self.episodes[at].pictures[camera], self.cameras[camera].size);
        let bytes = self.file.bytes(rows)?;
        let need = rows.len * size[0] * size[1] * 3;
        if bytes.len() != need {
            let what = format!("{} holds {} bytes where {need} were declared", rows.dataset, bytes.len());
            return Err(Error::broken(self.file.path(), what, crate::error::DOWNLOAD_AGAIN));
        }
        Ok(Frames::of(Pixel::Rgb, size, bytes))
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

/// The pictures to read among datasets.
pub(super) fn cameras(file: &Hdf5, options: &SourceOptions, datasets: &[(String, Shape)]) -> Result<Cameras> {
    let pictures: Vec<&str> = datasets.iter().filter(|(_, s)| s.is_pictures()).map(|(n, _)| n.as_str()).collect();
    let offered: Vec<Offered<'_>> = pictures.iter().map(|name| Offered { name, depth: false }).collect();
    let camera = choose_camera(file.path(), options, &offered, None, |camera| Error::Missing {
        path: file.path().to_path_buf(),
        kind: "picture",
        name: camera.to_owned(),
        present: pictures.join(", "),
    })?;
    let views = choose_views(file.path(), options, &offered, camera.as_deref())?;
    Ok(Cameras { camera, views })
}
