//! An opened replay buffer: rows of all episodes follow each other, and `meta/episode_ends` says where each stops.
//!
//! States, actions and times are read at once; pictures stay where they are, since a buffer has gigabytes of them.

use super::array::{MOST_FILLED, NUMBERS, RowArray};
use super::choice::{self, Chosen, ENDS, STATE};
use super::described::{self, Described};
use super::pictures::Camera;
use super::store::Store;
use super::times::{self, Times};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Episode, Frames, Pixel, Signature, Table};
use terrella_data::timing::own_times;
use terrella_data::vectors::{LARGEST_WIDTH, Vector, joined, joined_names, made_of};
use terrella_data::{Error, Evidence, Note, Result, Source, SourceOptions, View};
use terrella_data::{check_finite, given_names};

/// What the numbers of a buffer are that was declared to be of PushT.
const PUSHT_STATE: [&str; 5] = ["agent.x", "agent.y", "block.x", "block.y", "block.angle"];
const PUSHT_ACTION: [&str; 2] = ["target.x", "target.y"];

/// An opened replay buffer.
pub(super) struct Buffer {
    path: PathBuf,
    signature: Signature,
    task: String,
    ends: Vec<usize>,
    states: Table,
    actions: Table,
    /// Seconds of each row as they are stored, counted from the first of all; empty if there are none.
    times: Vec<f64>,
    cameras: Vec<Camera>,
    views: Vec<View>,
    notes: Vec<Note>,
    /// Whether arrays are described by the whole alone.
    consolidated: bool,
}

impl Buffer {
    pub(super) fn open(path: &Path, options: &SourceOptions) -> Result<Self> {
        let store = Arc::new(Store::open(path)?);
        let (arrays, consolidated) = described::arrays(path, &store)?;
        let ends = arrays.get(ENDS).ok_or_else(|| choice::missing(path, "array", ENDS, &arrays))?;
        let ends = RowArray::open(path, &store, ends, &["i8", "i4", "u4", "u8"])?;
        ends.check_stored(0)?;
        let ends = ends.read_i64()?;
        let Chosen { action, mut vectors, times, cameras, sees, not_kept } = choice::choose(path, &arrays, options)?;
        let rows = action.shape.first().copied().unwrap_or(0);
        let ends = check_ends(path, &ends, rows, &action.name)?;
        let chosen = vectors.iter().map(|v| &arrays[&v.name]);
        for described in chosen.clone().chain(&times).chain(&cameras) {
            let (name, n) = (&described.name, described.shape.first().copied().unwrap_or(0));
            if n != rows {
                let what = format!("{name} has {n} rows, {} has {rows}", action.name);
                return Err(Error::broken(path, what, "record one row of each a step"));
            }
        }
        let mut notes = Vec::new();
        let actions = table(path, &store, &action, &mut notes)?;
        let tables = chosen.map(|described| table(path, &store, described, &mut notes)).collect::<Result<Vec<_>>>()?;
        let states = joined(&tables);
        let cameras = cameras.iter().map(|d| Camera::open(path, &store, d)).collect::<Result<Vec<_>>>()?;
        for camera in &cameras {
            notes.extend(camera.array.check_stored(usize::MAX)?);
        }
        if options.vectors.is_empty() {
            notes.extend(stands_for(&vectors));
        }
        let clock = match &times {
            Some(described) => {
                let array = RowArray::open(path, &store, described, NUMBERS)?;
                notes.extend(array.check_stored(MOST_FILLED)?);
                let (times, note) = times::read(&array, &ranges(&ends))?;
                notes.extend(note);
                times
            }
            None => None,
        };
        if !not_kept.is_empty() {
            let what = format!("not kept: {}", not_kept.join(", "));
            notes.push(Note { place: "arrays".to_owned(), what });
        }
        let said = options.env.as_deref() == Some("pusht") && actions.width == 2;
        let own = matches!(&vectors[..], [only] if only.name == STATE);
        if said && !own && !options.vectors.is_empty() {
            let what = format!("{} is not the state of pusht, which is {STATE}", options.vectors.join(", "));
            return Err(Error::broken(path, what, "leave --env out (and give --fps 10), or leave --vectors out"));
        }
        let pusht = said && own && states.width == PUSHT_STATE.len();
        if pusht {
            vectors[0].numbers = PUSHT_STATE.map(str::to_owned).to_vec();
        }
        let action = if pusht { PUSHT_ACTION.map(str::to_owned).to_vec() } else { numbered("action", actions.width) };
        let fps = rate(path, options, clock.as_ref())?;
        let signature = Signature {
            fps,
            image: sees.then(|| cameras[0].size),
            state: given_names(path, "state", options.state.as_ref(), joined_names(&vectors))?,
            action: given_names(path, "action", options.action.as_ref(), action)?,
            env: options.env.clone(),
            ..Signature::default()
        };
        let task = options.task.clone().unwrap_or_else(|| {
            if pusht { "Push the T-shaped block onto the T-shaped target." } else { "unknown" }.to_owned()
        });
        let buffer = Self {
            path: path.to_path_buf(),
            signature,
            task,
            ends,
            states,
            actions,
            times: clock.map(|clock| clock.seconds).unwrap_or_default(),
            views: cameras.iter().map(Camera::view).collect(),
            cameras,
            notes,
            consolidated,
        };
        for at in 0..buffer.ends.len() {
            let episode = buffer.episode(at);
            check_finite(path, at, "state", &episode.states, &buffer.signature.state)?;
            check_finite(path, at, "action", &episode.actions, &buffer.signature.action)?;
        }
        Ok(buffer)
    }

    fn rows(&self, at: usize) -> Range<usize> {
        at.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[at]
    }
}

impl Source for Buffer {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        ranges(&self.ends).into_iter().map(|rows| rows.len()).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let rows = self.rows(at);
        let cut = |table: &Table| {
            let (low, high) = (rows.start * table.width, rows.end * table.width);
            Table { width: table.width, data: table.data[low..high].to_vec() }
        };
        // They rise, or they would not be here.
        let times = own_times(&self.evidence(at).times, self.signature.fps).unwrap_or_default();
        Episode {
            index: at,
            task: self.task.clone(),
            states: cut(&self.states),
            actions: cut(&self.actions),
            times,
            ..Episode::default()
        }
    }

    fn cameras(&self) -> &[View] {
        &self.views
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        let Some(camera) = self.cameras.get(camera) else {
            return Err(Error::Invalid(format!("there is no camera {camera}")));
        };
        let rows = self.rows(at);
        Ok(Frames::of(Pixel::Rgb, camera.size, camera.rows(rows.start, rows.end, &self.ends)?))
    }

    fn evidence(&self, at: usize) -> Evidence {
        Evidence { times: self.times.get(self.rows(at)).map(<[f64]>::to_vec).unwrap_or_default(), success: None }
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let mut files = Vec::new();
        if self.path.is_file() {
            files.push(("zip".to_owned(), self.path.clone()));
        }
        let whole = [".zmetadata", "zarr.json"].into_iter().map(|name| (name.to_owned(), self.path.join(name)));
        files.extend(whole.filter(|(_, path)| self.consolidated && path.is_file()));
        let mut folders = vec![self.path.join("data"), self.path.join("meta")];
        while let Some(folder) = folders.pop().filter(|_| self.path.is_dir()) {
            for entry in std::fs::read_dir(&folder).map_err(Error::io("list", &folder))?.flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.path).unwrap_or(&path).to_string_lossy().into_owned();
                    files.push((name, path));
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

/// Rows of each episode.
fn ranges(ends: &[usize]) -> Vec<Range<usize>> {
    std::iter::once(0).chain(ends.iter().copied()).zip(ends).map(|(start, end)| start..*end).collect()
}

/// An array of numbers, a row each.
fn table(path: &Path, store: &Arc<Store>, described: &Described, notes: &mut Vec<Note>) -> Result<Table> {
    let array = RowArray::open(path, store, described, NUMBERS)?;
    let width = described.width();
    if !(1..=LARGEST_WIDTH).contains(&width) {
        let (name, shape) = (&described.name, &described.shape);
        let what = format!("{name} has shape {shape:?}, 1 to {LARGEST_WIDTH} numbers a row can be read");
        return Err(Error::broken(path, what, "leave it out: --vectors says what is read"));
    }
    notes.extend(array.check_stored(MOST_FILLED)?);
    Ok(Table { width, data: array.read_f32()? })
}

/// Tells what stands for the state where nothing is called so.
fn stands_for(vectors: &[Vector]) -> Option<Note> {
    match vectors {
        [only] if only.name != STATE => {
            Some(Note { place: "state".to_owned(), what: format!("there is no {STATE}; {} stands for it", only.name) })
        }
        several => made_of("state", several.iter().map(|v| v.name.as_str())),
    }
}

/// Checks that ends increase and that the last one is the number of rows.
fn check_ends(path: &Path, ends: &[i64], rows: usize, action: &str) -> Result<Vec<usize>> {
    let remedy = "repair meta/episode_ends, or record again";
    let mut before = 0;
    for (at, end) in ends.iter().enumerate() {
        if *end <= before {
            let what = format!("meta/episode_ends does not increase: entry {at} is {end} after {before}");
            return Err(Error::broken(path, what, remedy));
        }
        before = *end;
    }
    if before != rows as i64 {
        let what = format!("meta/episode_ends stops at row {before}, {action} has {rows} rows");
        return Err(Error::broken(path, what, remedy));
    }
    Ok(ends.iter().map(|end| *end as usize).collect())
}

fn numbered(what: &str, width: usize) -> Vec<String> {
    (0..width).map(|i| format!("{what}.{i}")).collect()
}

/// Of a buffer that stores times, their rate. Others say neither the rate nor of which world they are: of one that was
/// declared to be of PushT we know it; for anything else the caller has to give it.
fn rate(path: &Path, options: &SourceOptions, clock: Option<&Times>) -> Result<f64> {
    let pusht = options.env.as_deref() == Some("pusht");
    clock.map(|clock| clock.rate).or(options.fps).or(pusht.then_some(10.0)).ok_or_else(|| {
        Error::broken(
            path,
            "a replay buffer does not store its rate",
            "import it with its rows a second (--fps), or with its world if that is PushT (--env pusht)",
        )
    })
}
