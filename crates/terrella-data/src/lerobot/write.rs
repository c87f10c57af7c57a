//! Writes a LeRobot v3.0 dataset episode by episode.
//!
//! Everything goes into `<name>.partial`, which is renamed when the last file is on disk, so nothing
//! incomplete ever stands under the final name. A writer that is dropped before [`Writer::finish`]
//! removes its folder; one left by a killed process is recognised by a marker file and cleaned by
//! the next attempt at the same destination.

use super::columns::{int_column, picture_column, schema, table_column};
use super::info::{ACTION, CHUNK_FILES, DATA_FILE_MB, IMAGE, Info, STATE};
use super::meta::{EpisodeRow, properties, write_episodes, write_tasks};
use super::stats::{FeatureStats, Histogram};
use super::videos::{ClipRow, Videos};
use crate::format::check_finite;
use crate::video::check_decoders;
use crate::{Error, Result, picture};
use arrow::array::{ArrayRef, Float32Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use rayon::prelude::*;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Episode, Frames, Signature, suffixed, write_atomic};

/// Marks an unfinished folder as ours to clean.
const MARKER: &str = ".terrella-partial";

/// A dataset being written.
pub struct Writer {
    path: PathBuf,
    partial: Partial,
    signature: Signature,
    /// Pictures as videos instead of as PNG in the tables.
    videos: Option<Videos>,
    /// The open data file, its path and the bytes of its finished row groups.
    file: Option<(ArrowWriter<File>, PathBuf)>,
    n_files: usize,
    file_bytes: usize,
    rows: usize,
    tasks: Vec<String>,
    episodes: Vec<EpisodeRow>,
    /// Every number of each table feature, for exact quantiles.
    values: Vec<(String, usize, Vec<f64>)>,
    histogram: Histogram,
}

/// What a finished writer wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// Episodes.
    pub episodes: usize,
    /// Rows.
    pub rows: usize,
}

/// The unfinished folder; dropping it removes it.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // After the rename nothing is there; a folder that cannot be removed is cleaned next time.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Writer {
    /// Begins a dataset; nothing appears under `path` until [`Self::finish`].
    ///
    /// # Errors
    /// If `path` exists, its folder cannot be written to, or the signature cannot be stored.
    pub fn create(path: &Path, signature: &Signature) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists(path.to_path_buf()));
        }
        let fps = signature.fps;
        if fps < 1.0 || fps.fract() != 0.0 || signature.action.is_empty() {
            return Err(Error::Invalid(format!(
                "cannot write {}: LeRobot v3.0 stores a whole number of rows a second and at least one action number, not {fps} and {}; give a rate with --fps (logs are resampled), or log actions",
                path.display(),
                signature.action.len()
            )));
        }
        let folder = suffixed(path, ".partial");
        if folder.exists() {
            if !folder.join(MARKER).exists() {
                let what = "it stands where the unfinished dataset would be kept, and is not ours to remove";
                return Err(Error::broken(&folder, what, "move it away or choose another destination"));
            }
            fs::remove_dir_all(&folder).map_err(Error::io("clean", &folder))?;
        }
        let partial = Partial(folder);
        fs::create_dir_all(partial.0.join("meta/episodes/chunk-000")).map_err(Error::io("create", &partial.0))?;
        fs::write(partial.0.join(MARKER), b"").map_err(Error::io("write", &partial.0))?;
        Ok(Self {
            path: path.to_path_buf(),
            partial,
            signature: signature.clone(),
            videos: None,
            file: None,
            n_files: 0,
            file_bytes: 0,
            rows: 0,
            tasks: Vec::new(),
            episodes: Vec::new(),
            values: Vec::new(),
            histogram: Histogram::default(),
        })
    }

    /// Stores pictures as H.264 videos: a tenth of the size, but no longer the very pixels.
    ///
    /// # Errors
    /// If the program was built without the feature `video`.
    pub fn with_video(mut self) -> Result<Self> {
        check_decoders(&self.path)?;
        self.videos = Some(Videos::new(&self.partial.0, self.signature.fps));
        Ok(self)
    }

    /// The unfinished folder: files put there before [`Self::finish`] travel with the dataset.
    pub fn folder(&self) -> &Path {
        &self.partial.0
    }

    /// Appends an episode; its number is its position, whatever `episode.index` says.
    ///
    /// # Errors
    /// If it does not fit the signature, holds numbers that are not finite, or the disk refuses.
    pub fn write_episode(&mut self, episode: &Episode) -> Result<()> {
        self.check(episode)?;
        let clip = match (&mut self.videos, &episode.frames) {
            (Some(videos), Some(frames)) => Some(videos.push(frames)?),
            _ => None,
        };
        let pngs = match &episode.frames {
            Some(frames) if clip.is_none() => Some(self.encode(frames)?),
            _ => None,
        };
        let bytes = pngs.iter().flatten().map(Vec::len).sum::<usize>()
            + 4 * (episode.states.data.len() + episode.actions.data.len())
            + 36 * episode.len();
        let limit = DATA_FILE_MB * 1024 * 1024;
        if self.file.is_none() || (self.file_bytes > 0 && self.file_bytes + bytes >= limit) {
            self.next_file()?;
        }
        self.file_bytes += bytes;
        let task = self.task_index(&episode.task);
        let batch = self.batch(episode, task, pngs.as_deref())?;
        if let Some((writer, path)) = &mut self.file {
            // One row group an episode: a reader finds an episode without scanning its neighbours.
            writer.write(&batch).and_then(|()| writer.flush()).map_err(Error::parquet("write", path))?;
        }
        self.remember(episode, task, clip);
        Ok(())
    }

    /// Completes the files and gives the dataset its name.
    ///
    /// # Errors
    /// If there is no episode, the disk refuses, or the destination appeared meanwhile.
    pub fn finish(mut self) -> Result<Written> {
        if self.episodes.is_empty() {
            return Err(Error::Invalid(format!(
                "cannot write {}: there is no episode; record one",
                self.path.display()
            )));
        }
        self.close_file()?;
        if let Some(videos) = &mut self.videos {
            videos.close()?;
        }
        let root = self.partial.0.clone();
        let counts = [self.episodes.len(), self.rows, self.tasks.len()];
        write_json(&root.join("meta/info.json"), &Info::new(&self.signature, self.videos.is_some(), counts))?;
        let mut stats = serde_json::Map::new();
        for (name, width, values) in &self.values {
            stats.insert(name.clone(), FeatureStats::of(*width, values).json());
        }
        if self.signature.image.is_some() {
            stats.insert(IMAGE.to_owned(), self.histogram.stats().json());
        }
        write_json(&root.join("meta/stats.json"), &stats)?;
        write_tasks(&root.join("meta/tasks.parquet"), &self.tasks)?;
        write_episodes(&root.join("meta/episodes/chunk-000/file-000.parquet"), &self.episodes)?;
        fs::remove_file(root.join(MARKER)).map_err(Error::io("clean", &root))?;
        if self.path.symlink_metadata().is_ok() {
            return Err(Error::Exists(self.path.clone()));
        }
        fs::rename(&root, &self.path).map_err(Error::io("rename the finished dataset to", &self.path))?;
        Ok(Written { episodes: counts[0], rows: counts[1] })
    }

    fn check(&self, episode: &Episode) -> Result<()> {
        let (at, signature) = (self.episodes.len(), &self.signature);
        let unfit =
            |what: String| Err(Error::Invalid(format!("cannot write episode {at}: {what}; record it like the others")));
        let widths = [episode.states.width, episode.actions.width];
        if widths != [signature.state.len(), signature.action.len()] {
            return unfit(format!(
                "it has {widths:?} state and action numbers, the dataset {:?}",
                [signature.state.len(), signature.action.len()]
            ));
        }
        let rows = episode.len();
        if rows == 0 || (episode.states.width > 0 && episode.states.len() != rows) {
            return unfit(format!("it has {rows} actions and {} states", episode.states.len()));
        }
        let pictures = episode.frames.as_ref().map(|f| (f.len(), f.size()));
        if pictures != signature.image.map(|size| (rows, size)) {
            return unfit(format!(
                "it has pictures {pictures:?} (number, size), the dataset needs {:?}",
                signature.image.map(|size| (rows, size))
            ));
        }
        check_finite(&self.path, at, "state", &episode.states, &signature.state)?;
        check_finite(&self.path, at, "action", &episode.actions, &signature.action)
    }

    /// Encodes pictures in parallel; one episode is in memory at a time.
    fn encode(&self, frames: &Frames) -> Result<Vec<Vec<u8>>> {
        let [height, width] = frames.size();
        let encoded = (0..frames.len()).into_par_iter().map(|i| picture::encode(height, width, frames.bytes(i)));
        encoded.collect::<Result<_, _>>().map_err(|e| {
            Error::Invalid(format!("cannot encode a {height}x{width} picture: {e}; record at another size"))
        })
    }

    fn task_index(&mut self, task: &str) -> usize {
        self.tasks.iter().position(|t| t == task).unwrap_or_else(|| {
            self.tasks.push(task.to_owned());
            self.tasks.len() - 1
        })
    }

    fn batch(&self, episode: &Episode, task: usize, pngs: Option<&[Vec<u8>]>) -> Result<RecordBatch> {
        let rows = episode.len();
        let mut columns: Vec<ArrayRef> = Vec::new();
        if episode.states.width > 0 {
            columns.push(table_column(&episode.states));
        }
        columns.push(table_column(&episode.actions));
        columns.extend(pngs.map(picture_column));
        let fps = self.signature.fps;
        columns.push(Arc::new(Float32Array::from_iter_values((0..rows).map(|t| (t as f64 / fps) as f32))));
        columns.push(int_column(0..rows as i64));
        columns.push(int_column(std::iter::repeat_n(self.episodes.len() as i64, rows)));
        columns.push(int_column(self.rows as i64..(self.rows + rows) as i64));
        columns.push(int_column(std::iter::repeat_n(task as i64, rows)));
        RecordBatch::try_new(schema(&self.signature, self.videos.is_none()), columns).map_err(Error::arrow(&self.path))
    }

    /// Keeps what the metadata files need of an episode that is on disk.
    fn remember(&mut self, episode: &Episode, task: usize, clip: Option<ClipRow>) {
        let (rows, fps) = (episode.len(), self.signature.fps);
        let wide = |data: &[f32]| data.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let each = |f: &dyn Fn(usize) -> f64| (0..rows).map(f).collect::<Vec<f64>>();
        let mut features: Vec<(&str, usize, Vec<f64>)> = Vec::new();
        if episode.states.width > 0 {
            features.push((STATE, episode.states.width, wide(&episode.states.data)));
        }
        features.push((ACTION, episode.actions.width, wide(&episode.actions.data)));
        features.push(("timestamp", 1, each(&|t| t as f64 / fps)));
        features.push(("frame_index", 1, each(&|t| t as f64)));
        features.push(("episode_index", 1, each(&|_| self.episodes.len() as f64)));
        features.push(("index", 1, each(&|t| (self.rows + t) as f64)));
        features.push(("task_index", 1, each(&|_| task as f64)));
        if self.values.is_empty() {
            self.values = features.iter().map(|(name, width, _)| ((*name).to_owned(), *width, Vec::new())).collect();
        }
        let mut stats: Vec<(String, FeatureStats)> =
            features.iter().map(|(name, width, v)| ((*name).to_owned(), FeatureStats::of(*width, v))).collect();
        for ((_, _, all), (_, _, new)) in self.values.iter_mut().zip(features) {
            all.extend(new);
        }
        if let Some(frames) = &episode.frames {
            let histogram = Histogram::of(frames);
            stats.push((IMAGE.to_owned(), histogram.stats()));
            self.histogram.merge(&histogram);
        }
        let file = self.n_files - 1;
        let file = [file / CHUNK_FILES, file % CHUNK_FILES];
        self.episodes.push(EpisodeRow { task: episode.task.clone(), length: rows, from: self.rows, file, clip, stats });
        self.rows += rows;
    }

    fn next_file(&mut self) -> Result<()> {
        self.close_file()?;
        let (chunk, file) = (self.n_files / CHUNK_FILES, self.n_files % CHUNK_FILES);
        let folder = self.partial.0.join(format!("data/chunk-{chunk:03}"));
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join(format!("file-{file:03}.parquet"));
        let file = File::create(&path).map_err(Error::io("write", &path))?;
        let writer = ArrowWriter::try_new(file, schema(&self.signature, self.videos.is_none()), Some(properties()));
        self.file = Some((writer.map_err(Error::parquet("write", &path))?, path));
        self.n_files += 1;
        self.file_bytes = 0;
        Ok(())
    }

    fn close_file(&mut self) -> Result<()> {
        let Some((writer, path)) = self.file.take() else { return Ok(()) };
        let file = writer.into_inner().map_err(Error::parquet("write", &path))?;
        file.sync_all().map_err(Error::io("write", &path))
    }
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Error::Invalid(e.to_string()))?;
    text.push('\n');
    Ok(write_atomic(path, text.as_bytes())?)
}
