//! Zarr v2 replay buffers, the layout of Diffusion Policy: `data/img`, `data/state`, `data/action`
//! and `meta/episode_ends`, zipped or in a folder. Other arrays in `data` become the state where they are asked for.
//!
//! Rows of all episodes follow each other; `episode_ends` says where each stops. Pictures are
//! decoded a chunk at a time and kept as bytes, so 2.8 GB of floats never stand in memory.

mod array;
mod store;

use crate::source::{check_finite, given_names};
use crate::vectors::{LARGEST_WIDTH, Vector, choose_vectors, joined, joined_names};
use crate::views::choose_views;
use crate::{Error, Format, Note, Result, Source, SourceOptions, View};
use array::{NUMBERS, RowArray};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use store::{SIGN, Store};
use terrella_core::{Episode, Frames, Pixel, Signature, Table};

/// The format.
pub(crate) struct ReplayBuffer;

impl Format for ReplayBuffer {
    fn name(&self) -> &'static str {
        "zarr-replay-buffer"
    }

    fn describe(&self) -> &'static str {
        "a zarr v2 replay buffer: a .zarr.zip file or .zarr folder with data/action and meta/episode_ends"
    }

    fn detect(&self, path: &Path) -> bool {
        let zip = path.is_file() && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
        // A folder with `data` but without its ends is a damaged buffer: better named than unknown.
        let folder = path.join(SIGN).exists() || path.join("data/action/.zarray").exists();
        zip || folder || (path.is_dir() && path.extension().is_some_and(|e| e == "zarr"))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(Buffer::open(path, options)?))
    }
}

/// An opened replay buffer.
struct Buffer {
    path: PathBuf,
    signature: Signature,
    task: String,
    ends: Vec<usize>,
    states: Table,
    actions: Table,
    images: Option<RowArray>,
    /// One, if there are images.
    cameras: Vec<View>,
    notes: Vec<Note>,
    /// The last decoded chunks: neighbouring episodes share them.
    decoded: Mutex<VecDeque<(usize, Arc<Vec<u8>>)>>,
}

/// What the numbers of a buffer are that was declared to be of PushT.
const PUSHT_STATE: [&str; 5] = ["agent.x", "agent.y", "block.x", "block.y", "block.angle"];
const PUSHT_ACTION: [&str; 2] = ["target.x", "target.y"];

/// Decoded chunks kept: a few, so that several threads may work on neighbouring episodes.
const KEPT_CHUNKS: usize = 8;

impl Buffer {
    fn open(path: &Path, options: &SourceOptions) -> Result<Self> {
        let store = Arc::new(Store::open(path)?);
        let arrays = store.arrays();
        let table = |name: &str| -> Result<Table> {
            let array = RowArray::open(path, &store, name, NUMBERS)?;
            let width =
                array.shape[1..].iter().try_fold(1, |n: usize, side| n.checked_mul(*side)).unwrap_or(usize::MAX);
            if !(1..=LARGEST_WIDTH).contains(&width) {
                let what =
                    format!("{name} has shape {:?}, 1 to {LARGEST_WIDTH} numbers a row can be read", array.shape);
                return Err(Error::broken(path, what, "leave it out: --vectors says what is read"));
            }
            Ok(Table { width, data: array.read_f32()? })
        };
        let ends = RowArray::open(path, &store, "meta/episode_ends", &["i8", "i4", "u4", "u8"])?.read_i64()?;
        let actions = table("data/action")?;
        let has = |name: &str| arrays.iter().any(|a| a == name);
        let numbers =
            arrays.iter().filter(|a| a.starts_with("data/") && !["data/action", "data/img"].contains(&a.as_str()));
        let offered: Vec<Vector> = numbers.map(|name| Vector::new(name, 0)).collect();
        let names: Vec<String> = offered.iter().map(|v| v.name.clone()).collect();
        let mut vectors = choose_vectors(path, options, offered, |v| v.name == "data/state")?;
        let tables = vectors.iter().map(|v| table(&v.name)).collect::<Result<Vec<_>>>()?;
        choose_views(path, options, &[], None)?;
        let images = if has("data/img") && !options.no_pictures {
            Some(RowArray::open(path, &store, "data/img", &["u1", "f4"])?)
        } else {
            None
        };
        let rows = actions.len();
        let lengths = vectors.iter().map(|v| v.name.as_str()).zip(tables.iter().map(Table::len));
        for (name, n) in lengths.chain(images.as_ref().map(|i| ("data/img", i.shape[0]))) {
            if n != rows {
                let what = format!("{name} has {n} rows, data/action has {rows}");
                return Err(Error::broken(path, what, "record one row of each a step"));
            }
        }
        vectors.iter_mut().zip(&tables).for_each(|(v, table)| v.width = table.width);
        let states = joined(&tables);
        let others: Vec<String> = names.into_iter().filter(|name| vectors.iter().all(|v| v.name != *name)).collect();
        let told = |others: &Vec<String>| Note {
            place: "arrays".to_owned(),
            what: format!("not kept: {}", others.join(", ")),
        };
        let notes = Some(others).filter(|others| !others.is_empty()).iter().map(told).collect();
        let ends = check_ends(path, &ends, rows)?;
        let image = images.as_ref().map(|i| picture_size(path, &i.shape)).transpose()?;
        let cameras = image.map(|size| View { name: "data/img".to_owned(), size, depth: None }).into_iter().collect();
        let said = options.env.as_deref() == Some("pusht") && actions.width == 2;
        let own = matches!(&vectors[..], [only] if only.name == "data/state");
        if said && !own && !options.vectors.is_empty() {
            let what = format!("{} is not the state of pusht, which is data/state", options.vectors.join(", "));
            return Err(Error::broken(path, what, "leave --env out (and give --fps 10), or leave --vectors out"));
        }
        let pusht = said && own && states.width == PUSHT_STATE.len();
        if pusht {
            vectors[0].numbers = PUSHT_STATE.map(str::to_owned).to_vec();
        }
        let action = if pusht { PUSHT_ACTION.map(str::to_owned).to_vec() } else { numbered("action", actions.width) };
        let signature = signature(path, options, [joined_names(&vectors), action], image)?;
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
            images,
            cameras,
            notes,
            decoded: Mutex::default(),
        };
        for at in 0..buffer.ends.len() {
            let episode = buffer.episode(at);
            check_finite(path, at, "state", &episode.states, &buffer.signature.state)?;
            check_finite(path, at, "action", &episode.actions, &buffer.signature.action)?;
        }
        Ok(buffer)
    }

    fn start(&self, at: usize) -> usize {
        if at == 0 { 0 } else { self.ends[at - 1] }
    }

    /// A chunk of pictures as bytes.
    fn chunk(&self, images: &RowArray, at: usize) -> Result<Arc<Vec<u8>>> {
        let lock = || self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = lock().iter().find(|(kept, _)| *kept == at) {
            return Ok(bytes.clone());
        }
        // Not under the lock: decoding may run on the thread pool that others wait on.
        let bytes = Arc::new(match images.dtype.as_str() {
            "u1" => images.read::<u8>(at)?,
            _ => self.to_bytes(images, at, &images.read::<f32>(at)?)?,
        });
        let mut decoded = lock();
        decoded.push_back((at, bytes.clone()));
        if decoded.len() > KEPT_CHUNKS {
            decoded.pop_front();
        }
        Ok(bytes)
    }

    fn to_bytes(&self, images: &RowArray, chunk: usize, floats: &[f32]) -> Result<Vec<u8>> {
        let bad = |at: usize, what: String| {
            let row = images.block(chunk).start + at / images.shape[1..].iter().product::<usize>();
            let episode = self.ends.partition_point(|end| *end <= row);
            let (path, row, remedy) =
                (self.path.clone(), row - self.start(episode), "store pictures as uint8, or as floats in 0..255");
            Error::Row { path, episode, row, what, remedy }
        };
        if let Some(at) = floats.iter().position(|x| !(0.0..=255.0).contains(x)) {
            return Err(bad(at, format!("data/img holds {}", floats[at])));
        }
        // Pictures scaled to one would silently become black.
        if !floats.is_empty() && floats.iter().all(|x| *x <= 1.0) && floats.iter().any(|x| x.fract() != 0.0) {
            return Err(bad(0, "data/img holds fractions of 1".to_owned()));
        }
        Ok(floats.iter().map(|x| x.round() as u8).collect())
    }
}

impl Source for Buffer {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn lengths(&self) -> Vec<usize> {
        (0..self.ends.len()).map(|at| self.ends[at] - self.start(at)).collect()
    }

    fn episode(&self, at: usize) -> Episode {
        let cut = |table: &Table| {
            let (low, high) = (self.start(at) * table.width, self.ends[at] * table.width);
            Table { width: table.width, data: table.data[low..high].to_vec() }
        };
        Episode {
            index: at,
            task: self.task.clone(),
            states: cut(&self.states),
            actions: cut(&self.actions),
            frames: None,
            ..Episode::default()
        }
    }

    fn cameras(&self) -> &[View] {
        &self.cameras
    }

    fn frames(&self, at: usize, camera: usize) -> Result<Frames> {
        let (Some(images), Some(View { size: [height, width], .. })) = (&self.images, self.cameras.get(camera)) else {
            return Err(Error::Invalid(format!("there is no camera {camera}")));
        };
        let (first, end) = (self.start(at), self.ends[at]);
        let size = height * width * 3;
        let mut bytes = Vec::with_capacity((end - first) * size);
        for chunk in first / images.block_rows()..end.div_ceil(images.block_rows()) {
            let block = images.block(chunk);
            let rgb = self.chunk(images, chunk)?;
            let (low, high) = (first.max(block.start) - block.start, end.min(block.end) - block.start);
            bytes.extend_from_slice(&rgb[low * size..high * size]);
        }
        Ok(Frames::of(Pixel::Rgb, [*height, *width], bytes))
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }

    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        let mut files = Vec::new();
        if self.path.is_file() {
            files.push(("zip".to_owned(), self.path.clone()));
        }
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

/// Checks that ends increase and that the last one is the number of rows.
fn check_ends(path: &Path, ends: &[i64], rows: usize) -> Result<Vec<usize>> {
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
        let what = format!("meta/episode_ends stops at row {before}, data/action has {rows} rows");
        return Err(Error::broken(path, what, remedy));
    }
    Ok(ends.iter().map(|end| *end as usize).collect())
}

fn picture_size(path: &Path, shape: &[usize]) -> Result<[usize; 2]> {
    match shape {
        &[_, height, width, 3] if height > 0 && width > 0 => Ok([height, width]),
        _ => {
            let what = format!("data/img has shape {shape:?}, not rows, height, width, 3");
            Err(Error::broken(path, what, "store RGB pictures, channels last"))
        }
    }
}

fn numbered(what: &str, width: usize) -> Vec<String> {
    (0..width).map(|i| format!("{what}.{i}")).collect()
}

/// Zarr says neither the rate nor of which world it is. Of a buffer that was declared to be of PushT we know the rate;
/// for anything else the caller has to give it.
fn signature(
    path: &Path,
    options: &SourceOptions,
    [state, action]: [Vec<String>; 2],
    image: Option<[usize; 2]>,
) -> Result<Signature> {
    let pusht = options.env.as_deref() == Some("pusht");
    let fps = options.fps.or(pusht.then_some(10.0)).ok_or_else(|| {
        Error::broken(
            path,
            "a replay buffer does not store its rate",
            "import it with its rows a second (--fps), or with its world if that is PushT (--env pusht)",
        )
    })?;
    Ok(Signature {
        fps,
        image,
        state: given_names(path, "state", options.state.as_ref(), state)?,
        action: given_names(path, "action", options.action.as_ref(), action)?,
        env: options.env.clone(),
        ..Signature::default()
    })
}
