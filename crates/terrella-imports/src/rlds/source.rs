//! An opened dataset: the rows of every usable episode, and where its record lies for the pictures.
//!
//! Records are read one after the other, so no more than one stands in memory; those that cannot be
//! used are counted and the first of them named.

use super::camera;
use super::columns::{Columns, OUTCOMES, note, number_names};
use super::episode::{self, Rows};
use super::example::Example;
use super::features;
use super::shards::Shards;
use super::tfrecord::{Record, Records};
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use terrella_core::{Episode, Frames, Pixel, Signature};
use terrella_data::outcome::agree;
use terrella_data::vectors::{Vector, joined_names};
use terrella_data::{Error, Note, Result, Source, SourceOptions, View};
use terrella_data::{check_finite, given_names};
use terrella_media::DOWNLOAD_AGAIN;

/// Examples looked at to see which cameras are black: a robot without a camera lacks it throughout.
const LOOKED_AT: usize = 8;

/// Episodes left out that are named one by one; a list that nobody reads to the end helps nobody.
const NAMED: usize = 100;

/// What BridgeData V2 was controlled with (Walke et al. 2023), which its records do not say.
const BRIDGE_FPS: f64 = 5.0;

/// An opened dataset.
pub(super) struct Recording {
    shards: Shards,
    signature: Signature,
    /// The camera, if there is one, and the views; sizes that `features.json` does not tell are 0 until an episode does.
    cameras: Vec<View>,
    /// What an episode without an instruction was about.
    task: String,
    episodes: Vec<Stored>,
    notes: Vec<Note>,
}

/// An episode that can be used.
struct Stored {
    /// Position among the names of the shards.
    shard: usize,
    /// Where its record starts.
    offset: u64,
    rows: Rows,
}

/// Something that was left out.
struct Rejected {
    place: String,
    what: String,
}

impl Recording {
    pub(super) fn open(path: &Path, options: &SourceOptions) -> Result<Self> {
        let mut notes = Vec::new();
        let shards = Shards::find(path, &mut notes)?;
        let described = shards.folder.join("features.json");
        let text = std::fs::read(&described).map_err(Error::io("read", &described))?;
        let features = features::parse(&text).map_err(|e| {
            Error::broken(&described, format!("not a features.json of an RLDS dataset: {e}"), DOWNLOAD_AGAIN)
        })?;
        let columns = Columns::choose(&described, &features, options, &mut notes)?;
        let fps = rate(path, &shards, options, &mut notes)?;
        let candidates = camera::candidates(&described, &features, options)?;
        let examples = if options.no_pictures { Vec::new() } else { first_examples(&shards)? };
        let camera = if options.no_pictures {
            None
        } else {
            camera::choose(&candidates, &examples, options.camera.is_some(), &mut notes)
        };
        let camera = camera.map(|c| c.name.clone());
        let has_camera = camera.is_some();
        let views = camera::views(&described, &features, &examples, options, camera.as_deref())?;
        let cameras: Vec<String> = camera.into_iter().chain(views).collect();
        columns.tell_dropped(&features, &cameras, &mut notes);
        let state = if options.vectors.is_empty() {
            number_names(&columns.state, "state")
        } else {
            let vectors = columns.state.iter().map(|c| Vector::new(&c.name, c.width));
            joined_names(&vectors.collect::<Vec<_>>())
        };
        let signature = Signature {
            fps,
            image: None,
            state: given_names(path, "state", options.state.as_ref(), state)?,
            action: given_names(path, "action", options.action.as_ref(), number_names(&columns.action, "action"))?,
            env: options.env.clone(),
            ..Signature::default()
        };
        let task = options.task.clone().unwrap_or_else(|| "unknown".to_owned());
        let size = |name: &String| features.iter().find(|f| f.name == *name).and_then(|f| f.kind.size());
        let seen = |name: String| View { size: size(&name).unwrap_or_default(), name, depth: None };
        let cameras = cameras.into_iter().map(seen).collect();
        let mut recording = Self { shards, signature, cameras, task, episodes: Vec::new(), notes };
        let rejected = recording.read_all(&columns)?;
        recording.tell_rejected(path, rejected)?;
        recording.signature.image = has_camera.then(|| recording.cameras[0].size);
        recording.tell_tasks();
        let all = recording.episodes.iter_mut().map(|e| (e.rows.actions.len(), &mut e.rows.outcome));
        let logged = agree(all, OUTCOMES, &mut recording.notes);
        (recording.signature.reward, recording.signature.ends) = (logged.reward, logged.ends);
        Ok(recording)
    }

    /// Reads every record of every shard; returns what cannot be used.
    fn read_all(&mut self, columns: &Columns) -> Result<Vec<Rejected>> {
        let mut rejected = Vec::new();
        for shard in 0..self.shards.names.len() {
            let path = self.shard_path(shard);
            let (file, end) = open_shard(&path)?;
            for (at, record) in Records::new(BufReader::new(file), 0, end).enumerate() {
                let record = record.map_err(Error::io("read", &path))?;
                let (offset, read) = match record {
                    Ok(Record { offset, data }) => (offset, self.read(&path, columns, &data)),
                    Err(damage) => (damage.offset, Err(damage.what)),
                };
                match read {
                    Ok(rows) => self.episodes.push(Stored { shard, offset, rows }),
                    Err(what) => {
                        let place = format!("{}, record {at} at byte {offset}", self.shards.names[shard]);
                        rejected.push(Rejected { place, what });
                    }
                }
            }
        }
        Ok(rejected)
    }

    /// One record as rows, if it fits the episodes before it.
    fn read(&mut self, path: &Path, columns: &Columns, data: &[u8]) -> Result<Rows, String> {
        let rows = episode::read(&Example::parse(data)?, columns, self.cameras.iter().map(|c| c.name.as_str()))?;
        let at = self.episodes.len();
        let Signature { state, action, .. } = &self.signature;
        for (what, table, names) in [("state", &rows.states, state), ("action", &rows.actions, action)] {
            check_finite(path, at, what, table, names).map_err(|error| match error {
                Error::Row { row, what, .. } => format!("row {row}: {what}"),
                other => other.to_string(),
            })?;
        }
        for (View { name, size, .. }, &[h, w]) in self.cameras.iter_mut().zip(&rows.sizes) {
            if *size == [0, 0] {
                *size = [h, w];
            }
            let [height, width] = *size;
            if [h, w] != [height, width] {
                return Err(format!("its pictures of {name} are {h}x{w}, those of the dataset {height}x{width}"));
            }
        }
        Ok(rows)
    }

    /// Notes what was left out; an error if that is everything.
    fn tell_rejected(&mut self, path: &Path, rejected: Vec<Rejected>) -> Result<()> {
        if self.episodes.is_empty() {
            let what = match rejected.first() {
                Some(Rejected { place, what }) => {
                    format!("none of {} episodes can be used; the first, {place}: {what}", rejected.len())
                }
                None => "the shards hold no record".to_owned(),
            };
            return Err(Error::broken(path, what, DOWNLOAD_AGAIN));
        }
        let total = rejected.len();
        for Rejected { place, what } in rejected.into_iter().take(NAMED) {
            self.notes.push(note(&place, format!("left out, {what}")));
        }
        if total > NAMED {
            self.notes.push(note("episodes", format!("{} more were left out", total - NAMED)));
        }
        Ok(())
    }

    fn tell_tasks(&mut self) {
        let count = |test: fn(&Rows) -> bool| self.episodes.iter().filter(|e| test(&e.rows)).count();
        let (untold, changing) = (count(|r| r.task.is_empty()), count(|r| r.task_changes));
        let n = self.episodes.len();
        if untold > 0 {
            let what = format!("{untold} of {n} episodes have no instruction; their task is \"{}\"", self.task);
            self.notes.push(note("task", what));
        }
        if changing > 0 {
            let what = format!("the instruction changes within {changing} of {n} episodes; the first one is kept");
            self.notes.push(note("task", what));
        }
    }

    fn shard_path(&self, shard: usize) -> PathBuf {
        self.shards.folder.join(&self.shards.names[shard])
    }
}

impl Source for Recording {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        self.episodes.iter().map(|e| e.rows.actions.len()).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let Rows { states, actions, task, outcome, .. } = &self.episodes[at].rows;
        let task = if task.is_empty() { &self.task } else { task }.clone();
        let (states, actions) = (states.clone(), actions.clone());
        outcome.on(Episode { index: at, task, states, actions, ..Episode::default() })
    }

    fn cameras(&self) -> &[View] {
        &self.cameras
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        let View { name: camera, size: [height, width], .. } = &self.cameras[camera];
        let (height, width) = (*height, *width);
        let stored = &self.episodes[at];
        let path = self.shard_path(stored.shard);
        let changed = |what: String| {
            let what = format!("record at byte {} was whole when the dataset was opened: {what}", stored.offset);
            Error::broken(&path, what, "leave the files alone while they are read")
        };
        let (mut file, end) = open_shard(&path)?;
        file.seek(SeekFrom::Start(stored.offset)).map_err(Error::io("read", &path))?;
        let record = Records::new(file, stored.offset, end).next();
        let record = record.ok_or_else(|| changed("the file has become shorter".to_owned()))?;
        let record = record.map_err(Error::io("read", &path))?.map_err(|damage| changed(damage.what))?;
        let example = Example::parse(&record.data).map_err(changed)?;
        let pictures = example.bytes(camera).map_err(changed)?;
        let n = stored.rows.actions.len();
        if pictures.len() != n {
            return Err(changed(format!("{} pictures instead of {n}", pictures.len())));
        }
        // Grows with what is really decoded.
        let mut rgb = Vec::new();
        for (row, encoded) in pictures.iter().enumerate() {
            let bad = |what: String| {
                let (path, remedy) = (path.clone(), "remove the episode, or choose another camera");
                Error::Row { path, episode: at, row, what, remedy }
            };
            let (h, w, bytes) = camera::decode(encoded).map_err(|e| bad(format!("{camera} is no picture: {e}")))?;
            if [h, w] != [height, width] {
                return Err(bad(format!("{camera} is {h}x{w}, not {height}x{width}")));
            }
            rgb.extend_from_slice(&bytes);
        }
        Ok(Frames::of(Pixel::Rgb, [height, width], rgb))
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        Ok(self.shards.files())
    }
}

fn open_shard(path: &Path) -> Result<(File, u64)> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let end = file.metadata().map_err(Error::io("open", path))?.len();
    Ok((file, end))
}

/// The first examples that can be read.
fn first_examples(shards: &Shards) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    for name in &shards.names {
        let path = shards.folder.join(name);
        let (file, end) = open_shard(&path)?;
        for record in Records::new(BufReader::new(file), 0, end) {
            let record = record.map_err(Error::io("read", &path))?;
            examples.extend(record.ok().and_then(|r| Example::parse(&r.data).ok()));
            if examples.len() == LOOKED_AT {
                return Ok(examples);
            }
        }
    }
    Ok(examples)
}

/// RLDS does not store its rate. That of BridgeData is known; for others the caller has to give it.
fn rate(path: &Path, shards: &Shards, options: &SourceOptions, notes: &mut Vec<Note>) -> Result<f64> {
    if let Some(fps) = options.fps {
        return Ok(fps);
    }
    let name = shards.dataset_name();
    if !name.starts_with("bridge") {
        let remedy = "give the rows a second (--fps) when importing";
        return Err(Error::broken(path, "an RLDS dataset does not store its rate", remedy));
    }
    let what = format!("the rate is not stored; {BRIDGE_FPS} Hz is that of BridgeData, for {name}");
    notes.push(note("dataset_info.json", what));
    Ok(BRIDGE_FPS)
}
