//! From any recording to one MCAP file, for the tools that robots are looked at with.
//!
//! Topics are `/state`, `/action`, `/camera`, `/views/NAME` and `/episode`. Rows lie on one grid of the dataset's rate
//! that begins at one second; between episodes stays at least a second. States and actions are
//! JSON numbers that hold every 32-bit float exactly, pictures are PNG, so reading the file back gives
//! the dataset bit for bit.

use crate::logs::{Mapping, Marks, Pictures, Rule, Stream};
use crate::mcap_file::McapFile;
use crate::views::short_names;
use crate::{Error, Note, Result, SourceOptions, View, open_source, picture};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use terrella_core::{Episode, Frames, suffixed};

/// Topic of the pictures that models see.
const CAMERA: &str = "/camera";

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
        let mut out = Out::create(partial, signature, opened.views(), about)?;
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

struct Out<'a> {
    file: McapFile,
    signature: &'a terrella_core::Signature,
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
        about: BTreeMap<String, String>,
    ) -> Result<Self> {
        let mut file = McapFile::create(path, &mapping(signature, views), about)?;
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
        let topics = signature.image.map(|_| CAMERA.to_owned());
        let topics = topics.into_iter().chain(short_names(views).into_iter().map(|name| view_topic(&name)));
        let cameras = topics.map(|topic| file.camera(&topic)).collect::<Result<Vec<_>>>()?;
        let mark = [("event", "string"), ("index", "integer"), ("task", "string"), ("success", "boolean")];
        let marks = file.channel("/episode", "terrella.Episode", &mark)?;
        let next = signature.fps.ceil() as u64;
        Ok(Self { file, signature, state, action, cameras, marks, next, rows: 0 })
    }

    fn episode(&mut self, index: usize, episode: &Episode, shown: &[Frames], success: Option<bool>) -> Result<()> {
        let fps = self.signature.fps;
        let time = |row: u64| (row as f64 * 1e9 / fps).round() as u64;
        let object = |names: &[String], row: &[f32]| {
            let fields = names.iter().zip(row).map(|(name, x)| (name.clone(), json!(f64::from(*x))));
            Value::Object(fields.collect::<Map<_, _>>())
        };
        let rows = episode.actions.rows().len();
        let first = time(self.next);
        let begin = json!({ "event": "begin", "index": index, "task": episode.task });
        self.file.write(self.marks, first, first, &begin)?;
        for row in 0..rows {
            let t = time(self.next + row as u64);
            if let Some(state) = self.state {
                self.file.write(state, t, t, &object(&self.signature.state, episode.states.row(row)))?;
            }
            self.file.write(self.action, t, t, &object(&self.signature.action, episode.actions.row(row)))?;
            for (camera, frames) in self.cameras.iter().zip(shown) {
                let png = picture::encode(frames.pixel(), frames.size(), frames.bytes(row));
                let png = png.map_err(|e| Error::Invalid(format!("picture {row} of episode {index}: {e}")))?;
                self.file.write_picture(*camera, t, t, &png)?;
            }
        }
        let end = json!({ "event": "end", "index": index, "success": success });
        // Between the last row and the next place on the grid, lest both marks of a single row have one time.
        let ended = (time(self.next + rows as u64 - 1) + time(self.next + rows as u64)) / 2;
        self.file.write(self.marks, ended, ended, &end)?;
        self.next += (rows + fps.ceil() as usize) as u64;
        self.rows += rows;
        Ok(())
    }
}

/// What the topics mean.
fn mapping(signature: &terrella_core::Signature, views: &[View]) -> Mapping {
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
    Mapping {
        about: "Exported by terrella: rows on one grid, episodes between marks.".to_owned(),
        fps: Some(signature.fps),
        env: signature.env.clone(),
        state: some("/state", &signature.state),
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
