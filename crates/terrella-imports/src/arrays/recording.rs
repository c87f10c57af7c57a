//! An opened recording of arrays: what a layout found is checked, and bad episodes are left out and told.

use super::pictures;
use super::recorded::{Found, Recorded};
use super::store::Store;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use terrella_core::{Episode, Frames, Pixel, Signature};
use terrella_data::outcome::agree;
use terrella_data::{Claims, Error, Evidence, Note, Result, Source, SourceOptions, View};
use terrella_data::{check_finite, given_names};

/// Opens a file of the recording again, for its pictures.
pub(crate) type Opener = fn(&Path) -> Result<Box<dyn Store>>;

/// Where the recording is.
pub(crate) struct Origin {
    pub(crate) path: PathBuf,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) open: Opener,
    /// Changes where the meaning of the files does; empty where they say it themselves.
    pub(crate) meaning: String,
}

/// An opened recording.
pub(crate) struct Recording {
    origin: Origin,
    signature: Signature,
    task: String,
    cameras: Vec<View>,
    episodes: Vec<Recorded>,
    claims: Claims,
    notes: Vec<Note>,
    beside: Vec<PathBuf>,
    /// The file that was looked into last.
    last: Mutex<Option<(usize, Arc<dyn Store>)>>,
}

impl Recording {
    /// Checks episodes, leaves out bad ones, and makes the signature.
    pub(crate) fn new(origin: Origin, options: &SourceOptions, found: Found) -> Result<Self> {
        let path = &origin.path;
        // What is asked for beside a rate that is stored takes part of the rows.
        let fps = found.fps.or(options.fps).ok_or_else(|| {
            let remedy = "give the rows a second with --fps (fps when importing)";
            Error::broken(path, "the file does not store its rate", remedy)
        })?;
        let mut notes = found.notes;
        let mut episodes: Vec<Recorded> = Vec::new();
        let mut kept: Vec<String> = Vec::new();
        let mut names: Option<[Vec<String>; 2]> = None;
        let mut sizes: Vec<[usize; 2]> = Vec::new();
        let mut first_error = None;
        for (name, recorded) in found.episodes {
            let checked = recorded.and_then(|episode| {
                let names = match &names {
                    Some(names) => names.clone(),
                    None => {
                        let state = known("state", &found.state, episode.states.width);
                        let action = known("action", &found.action, episode.actions.width);
                        [
                            given_names(path, "state", options.state.as_ref(), state)?,
                            given_names(path, "action", options.action.as_ref(), action)?,
                        ]
                    }
                };
                fits(path, &episode, &names, if episodes.is_empty() { &episode.sizes } else { &sizes })?;
                check_finite(path, episodes.len(), "state", &episode.states, &names[0])?;
                check_finite(path, episodes.len(), "action", &episode.actions, &names[1])?;
                Ok((episode, names))
            });
            match checked {
                Ok((episode, found)) => {
                    (names, sizes) = (Some(found), episode.sizes.clone());
                    episodes.push(episode);
                    kept.push(name);
                }
                Err(error) => {
                    notes.push(Note { place: name, what: format!("left out: {error}") });
                    first_error.get_or_insert(error);
                }
            }
        }
        let Some([state, action]) = names else {
            return Err(first_error.unwrap_or_else(|| Error::broken(path, "it holds no episode", "record one")));
        };
        let over = episodes.iter().filter(|e| e.over).count();
        if over > 0 {
            let what = format!(
                "{over} episodes have an observation after their last action; it is a row of its own, whose action and reward are 0, and repeats how the episode ended"
            );
            notes.push(Note { place: "last observation".to_owned(), what });
        }
        let all = episodes.iter_mut().map(|e| (e.actions.len(), &mut e.outcome));
        let logged = agree(all, found.outcomes, &mut notes);
        let image = found.cameras.camera.as_ref().and(sizes.first().copied());
        let signature = Signature {
            fps,
            image,
            state,
            action,
            env: options.env.clone().or(found.env),
            reward: logged.reward,
            ends: logged.ends,
            ..Signature::default()
        };
        let seen = found.cameras.names().zip(sizes);
        let cameras = seen.map(|(name, size)| View { name: name.to_owned(), size, depth: None }).collect();
        if let Some(task) = &options.task {
            episodes.iter_mut().for_each(|episode| episode.task = Some(task.clone()));
        }
        let task = found.task.unwrap_or_else(|| "unknown".to_owned());
        let claims = Claims { splits: splits(&found.splits, &kept, &mut notes), ..Claims::default() };
        let (beside, last) = (found.beside, Mutex::default());
        Ok(Self { origin, signature, task, cameras, episodes, claims, notes, beside, last })
    }

    /// A file of the recording; the last one stays open.
    fn store(&self, at: usize) -> Result<Arc<dyn Store>> {
        let lock = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, store)) = lock().as_ref().filter(|(last, _)| *last == at) {
            return Ok(store.clone());
        }
        let store: Arc<dyn Store> = Arc::from((self.origin.open)(&self.origin.files[at])?);
        *lock() = Some((at, store.clone()));
        Ok(store)
    }
}

/// Names that were found, if they are as many as numbers, else made up.
fn known(what: &str, found: &[String], width: usize) -> Vec<String> {
    if found.len() == width { found.to_vec() } else { (0..width).map(|i| format!("{what}.{i}")).collect() }
}

fn fits(path: &Path, episode: &Recorded, names: &[Vec<String>; 2], others: &[[usize; 2]]) -> Result<()> {
    let (rows, sizes) = (episode.actions.len(), &episode.sizes);
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

/// Splits by positions of episodes that were kept, a run of them each; how many there are is told.
fn splits(
    found: &[(String, Vec<String>)],
    kept: &[String],
    notes: &mut Vec<Note>,
) -> Vec<(String, std::ops::Range<usize>)> {
    let mut runs: Vec<(String, std::ops::Range<usize>)> = Vec::new();
    for (split, names) in found {
        let names: std::collections::BTreeSet<&String> = names.iter().collect();
        for at in (0..kept.len()).filter(|at| names.contains(&kept[*at])) {
            match runs.last_mut() {
                Some((last, run)) if last == split && run.end == at => run.end = at + 1,
                _ => runs.push((split.clone(), at..at + 1)),
            }
        }
        let all = names.len();
        let here = runs.iter().filter(|(name, _)| name == split).map(|(_, run)| run.len()).sum::<usize>();
        let of = if here < all { format!(" of {all}") } else { String::new() };
        let what = format!("{here}{of} episodes; the doctor looks at it, training draws a split of its own");
        notes.push(Note { place: format!("split {split}"), what });
    }
    runs
}

impl Source for Recording {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        self.episodes.iter().map(|e| e.actions.len()).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let Recorded { states, actions, outcome, task, .. } = &self.episodes[at];
        let (states, actions) = (states.clone(), actions.clone());
        let task = task.clone().unwrap_or_else(|| self.task.clone());
        outcome.on(Episode { index: at, task, states, actions, ..Episode::default() })
    }

    fn cameras(&self) -> &[View] {
        &self.cameras
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        let (episode, size) = (&self.episodes[at], self.cameras[camera].size);
        let store = self.store(episode.file)?;
        Ok(Frames::of(Pixel::Rgb, size, pictures::pixels(&*store, &episode.pictures[camera], size)?))
    }

    fn evidence(&self, at: usize) -> Evidence {
        Evidence { times: Vec::new(), success: self.episodes[at].success }
    }

    fn claims(&self) -> Result<Claims> {
        Ok(self.claims.clone())
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let name = |path: &PathBuf| {
            let own = match (self.origin.files.len(), path == &self.origin.files[0]) {
                // As it always was for a single file, whose hash stays.
                (1, true) => "hdf5".to_owned(),
                _ => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            };
            if self.origin.meaning.is_empty() { own } else { format!("{}:{own}", self.origin.meaning) }
        };
        Ok(self.origin.files.iter().chain(&self.beside).map(|path| (name(path), path.clone())).collect())
    }
}
