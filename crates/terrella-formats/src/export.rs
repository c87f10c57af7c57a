//! From any recording to one MCAP file, for the tools that robots are looked at with.
//!
//! Topics are `/state`, `/action`, `/outcome` (reward, end, cut), `/camera`, `/views/NAME` and `/episode`. Rows lie on one
//! grid of the dataset's rate that begins at one second; between episodes stays at least a second. States and actions
//! are JSON numbers that hold every 32-bit float exactly, pictures are PNG, so reading the file back gives
//! the dataset bit for bit. Rows with times of their own lie at these, to the nanosecond, and the rate is not named.

use crate::{Opened, open_source};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use terrella_core::{Episode, Frames, suffixed};
use terrella_data::views::short_names;
use terrella_data::{Error, Note, Result, SourceOptions, View};
use terrella_logs::McapFile;
use terrella_logs::{Mapping, Marks, Pictures, Rule, Stream};
use terrella_media::png_file;

/// Topic of the pictures that models see.
const CAMERA: &str = "/camera";

/// Topic of what came of each action, and its numbers.
const OUTCOME: &str = "/outcome";
const OUTCOMES: [&str; 3] = ["reward", "terminated", "truncated"];

/// What was exported.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Exported {
    /// Episodes in the file.
    pub episodes: usize,
    /// Rows of all episodes.
    pub rows: usize,
    /// What was left out or assumed when the recording was read.
    pub notes: Vec<Note>,
}

/// Writes a recording of any format into a new MCAP file; `progress` hears episodes done and all.
///
/// # Errors
/// If the recording cannot be read, the file exists, or names of numbers cannot be names of columns.
pub fn export_mcap(
    source: &Path,
    destination: &Path,
    options: &SourceOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Exported> {
    if destination.symlink_metadata().is_ok() {
        return Err(Error::Exists(destination.to_path_buf()));
    }
    let opened = open_source(source, options)?;
    let signature = opened.signature();
    for (what, names) in [("state", &signature.state), ("action", &signature.action)] {
        let unique: BTreeSet<&String> = names.iter().collect();
        if unique.len() < names.len() || names.iter().any(|n| n.contains('|') || n.trim() != n || n.is_empty()) {
            return Err(Error::Invalid(format!(
                "{what} names {} cannot be columns: each has to be different, without | and outer spaces; give others with --{what}",
                names.join(", ")
            )));
        }
    }
    let total = opened.lengths().len();
    let about = BTreeMap::from([
        ("source_hash".to_owned(), opened.hash()?.to_owned()),
        ("episodes".to_owned(), total.to_string()),
    ]);
    let rows = into_file(destination, |partial| {
        let kept = Kept::of(&opened);
        let mut out = Out::create(partial, signature, opened.views(), (kept, about))?;
        for at in 0..total {
            let views = (0..opened.views().len()).map(|view| opened.view(at, view)).collect::<Result<Vec<_>>>()?;
            let shown: Vec<Frames> = opened.pictures(at)?.into_iter().chain(views).collect();
            out.episode(at, &opened.episode(at), &shown, opened.evidence(at).success)?;
            progress(at + 1, total);
        }
        out.file.finish()?;
        Ok(out.rows)
    })?;
    Ok(Exported { episodes: total, rows, notes: opened.notes() })
}

/// Lets a file be written under a name of its own, and gives it its name when it is whole.
pub(crate) fn into_file<T>(destination: &Path, write: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let partial = suffixed(destination, &format!(".{}.partial", std::process::id()));
    let written = write(&partial).inspect_err(|_| drop(std::fs::remove_file(&partial)))?;
    std::fs::rename(&partial, destination).map_err(Error::io("rename the finished file to", destination))?;
    Ok(written)
}

/// What there is beside states, actions and pictures.
#[derive(Clone, Copy)]
struct Kept {
    outcomes: [bool; 3],
    own_times: bool,
}

impl Kept {
    fn of(opened: &Opened) -> Self {
        let any = |test: fn(&Episode) -> bool| (0..opened.lengths().len()).any(|at| test(&opened.episode(at)));
        let signature = opened.signature();
        Self {
            outcomes: [signature.reward, signature.ends, signature.ends && any(|e| !e.truncated.is_empty())],
            own_times: any(|e| !e.times.is_empty()),
        }
    }

    /// Names of what came of actions.
    fn names(self) -> impl Iterator<Item = &'static str> {
        OUTCOMES.into_iter().zip(self.outcomes).filter(|(_, there)| *there).map(|(name, _)| name)
    }
}

struct Out<'a> {
    file: McapFile,
    signature: &'a terrella_core::Signature,
    kept: Kept,
    outcome: Option<u16>,
    state: Option<u16>,
    action: u16,
    /// The camera, if there is one, and the views.
    cameras: Vec<u16>,
    marks: u16,
    /// The next row of the grid.
    next: u64,
    rows: usize,
}

impl<'a> Out<'a> {
    fn create(
        path: &Path,
        signature: &'a terrella_core::Signature,
        views: &[View],
        (kept, about): (Kept, BTreeMap<String, String>),
    ) -> Result<Self> {
        let mut file = McapFile::create(path, &mapping(signature, kept, views), about)?;
        let mut numbers = |topic: &str, kind: &str, names: &[String]| {
            let properties: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "number")).collect();
            file.channel(topic, kind, &properties)
        };
        let state = if signature.state.is_empty() {
            None
        } else {
            Some(numbers("/state", "terrella.State", &signature.state)?)
        };
        let action = numbers("/action", "terrella.Action", &signature.action)?;
        let outcomes: Vec<String> = kept.names().map(str::to_owned).collect();
        let outcome = if outcomes.is_empty() { None } else { Some(numbers(OUTCOME, "terrella.Outcome", &outcomes)?) };
        let topics = signature.image.map(|_| CAMERA.to_owned());
        let topics = topics.into_iter().chain(short_names(views).into_iter().map(|name| view_topic(&name)));
        let cameras = topics.map(|topic| file.camera(&topic)).collect::<Result<Vec<_>>>()?;
        let mark = [("event", "string"), ("index", "integer"), ("task", "string"), ("success", "boolean")];
        let marks = file.channel("/episode", "terrella.Episode", &mark)?;
        let next = signature.fps.ceil() as u64;
        Ok(Self { file, signature, kept, outcome, state, action, cameras, marks, next, rows: 0 })
    }

    fn episode(&mut self, index: usize, episode: &Episode, shown: &[Frames], success: Option<bool>) -> Result<()> {
        let fps = self.signature.fps;
        let grid = |row: u64| (row as f64 * 1e9 / fps).round() as u64;
        let begun = self.next;
        let time = |row: usize| match episode.times.get(row) {
            Some(seconds) => grid(begun) + (seconds * 1e9).round() as u64,
            None => grid(begun + row as u64),
        };
        let object = |names: &[String], row: &[f32]| {
            let fields = names.iter().zip(row).map(|(name, x)| (name.clone(), json!(f64::from(*x))));
            Value::Object(fields.collect::<Map<_, _>>())
        };
        let rows = episode.actions.rows().len();
        let first = time(0);
        let begin = json!({ "event": "begin", "index": index, "task": episode.task });
        self.file.write(self.marks, first, first, &begin)?;
        for row in 0..rows {
            let t = time(row);
            if let Some(state) = self.state {
                self.file.write(state, t, t, &object(&self.signature.state, episode.states.row(row)))?;
            }
            self.file.write(self.action, t, t, &object(&self.signature.action, episode.actions.row(row)))?;
            if let Some(outcome) = self.outcome {
                let flag = |flags: &[bool]| flags.get(row).map_or(0.0, |x| f32::from(u8::from(*x)));
                let reward = episode.rewards.get(row).copied().unwrap_or_default();
                let values = [reward, flag(&episode.terminated), flag(&episode.truncated)];
                let there = OUTCOMES.iter().zip(values).zip(self.kept.outcomes).filter(|(_, there)| *there);
                let fields = there.map(|((name, x), _)| ((*name).to_owned(), json!(f64::from(x))));
                self.file.write(outcome, t, t, &Value::Object(fields.collect()))?;
            }
            for (camera, frames) in self.cameras.iter().zip(shown) {
                let png = png_file::encode(frames.pixel(), frames.size(), frames.bytes(row));
                let png = png.map_err(|e| Error::Invalid(format!("picture {row} of episode {index}: {e}")))?;
                self.file.write_picture(*camera, t, t, &png)?;
            }
        }
        let end = json!({ "event": "end", "index": index, "success": success });
        // Between the last row and the next place on the grid, lest both marks of a single row have one time.
        let last = time(rows - 1);
        let ended = if episode.times.is_empty() { (last + time(rows)) / 2 } else { last + grid(1) / 2 };
        self.file.write(self.marks, ended, ended, &end)?;
        let lasted = episode.times.last().map_or(rows as u64, |seconds| (seconds * fps).ceil() as u64 + 1);
        self.next += lasted + fps.ceil() as u64;
        self.rows += rows;
        Ok(())
    }
}

/// What the topics mean.
fn mapping(signature: &terrella_core::Signature, kept: Kept, views: &[View]) -> Mapping {
    let stream = |topic: &str, names: &[String]| {
        let mut stream = Stream::of_topic(topic, names.to_vec());
        stream.names = Some(names.to_vec());
        stream.align = Some(Rule::Nearest);
        stream
    };
    let seen = |name: String, view: &View| {
        let topic = Pictures::of_topic(&view_topic(&name));
        (name, Pictures { depth: view.depth, ..topic })
    };
    let some = |topic: &str, names: &[String]| {
        if names.is_empty() { Vec::new() } else { vec![stream(topic, names)] }
    };
    let outcome = |name: &str| {
        let there = kept.names().any(|kept| kept == name);
        there.then(|| Stream::of_topic(OUTCOME, vec![name.to_owned()]))
    };
    let [reward, terminated, truncated] = OUTCOMES.map(outcome);
    Mapping {
        reward,
        terminated,
        truncated,
        about: "Exported by terrella: rows on one grid, episodes between marks.".to_owned(),
        fps: (!kept.own_times).then_some(signature.fps),
        env: signature.env.clone(),
        state: some("/state", &signature.state)
            .into_iter()
            .map(|s| Stream { si: signature.units.clone(), ..s })
            .collect(),
        action: some("/action", &signature.action),
        picture: signature.image.map(|_| Pictures::of_topic(CAMERA)),
        views: short_names(views).into_iter().zip(views).map(|(name, view)| seen(name, view)).collect(),
        marks: Some(Marks {
            topic: Some("/episode".to_owned()),
            event: Some("event".to_owned()),
            task: Some("task".to_owned()),
            success: Some("success".to_owned()),
            ..Marks::default()
        }),
        ..Mapping::default()
    }
}

fn view_topic(name: &str) -> String {
    format!("/views/{name}")
}
