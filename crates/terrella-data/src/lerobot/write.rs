//! Writes a LeRobot v3.0 dataset episode by episode.
//!
//! Everything goes into `<name>.partial`, which is renamed when the last file is on disk, so nothing
//! incomplete ever stands under the final name. A writer that is dropped before [`Writer::finish`]
//! removes its folder; one left by a killed process is recognised by a marker file and cleaned by
//! the next attempt at the same destination.

use super::columns::{
    Extras, int_column, outcome_columns, outcomes_of, picture_column, schema, table_column, time_column,
};
use super::info::Info;
use super::meta::{EpisodeRow, properties, write_episodes, write_tasks};
use super::names::{ACTION, CHUNK_FILES, DATA_FILE_MB, OUTCOMES, STATE};
use super::pictures::{PictureFeature, Stored};
use super::sketch::Sketch;
use super::stats::{FeatureStats, Histogram};
use super::videos::ClipRow;
use crate::source::check_finite;
use crate::timing::first_unordered;
use crate::{Error, Result, View};
use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use rayon::prelude::*;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use terrella_core::{Episode, Frames, Signature, suffixed, write_atomic};
use terrella_media::video::check_decoders;

/// Marks an unfinished folder as ours to clean.
const MARKER: &str = ".terrella-partial";

/// A dataset being written.
pub struct Writer {
    path: PathBuf,
    partial: Partial,
    signature: Signature,
    /// The camera, if there is one, and the views.
    pictures: Vec<PictureFeature>,
    extras: Extras,
    /// The open data file, its path and the bytes of its finished row groups.
    file: Option<(ArrowWriter<File>, PathBuf)>,
    n_files: usize,
    file_bytes: usize,
    rows: usize,
    tasks: Vec<String>,
    episodes: Vec<EpisodeRow>,
    /// Statistics of each column of each table feature.
    columns: Vec<(String, Vec<Sketch>)>,
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
            pictures: signature.image.map(PictureFeature::camera).into_iter().collect(),
            extras: Extras::default(),
            file: None,
            n_files: 0,
            file_bytes: 0,
            rows: 0,
            tasks: Vec::new(),
            episodes: Vec::new(),
            columns: Vec::new(),
        })
    }

    /// Keeps views beside the camera: every episode has to come with [`Self::write_views`].
    pub fn with_views(mut self, views: &[View]) -> Self {
        self.pictures.extend(PictureFeature::views(views));
        self
    }

    /// Stores colours as H.264 videos: a tenth of the size, but no longer the very pixels.
    ///
    /// # Errors
    /// If the program was built without the feature `video`.
    pub fn with_video(mut self) -> Result<Self> {
        check_decoders(&self.path)?;
        let (root, fps) = (&self.partial.0, self.signature.fps);
        self.pictures = self.pictures.into_iter().map(|p| p.into_video(root, fps)).collect();
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
        self.write_views(episode, &[])
    }

    /// As [`Self::write_episode`], with the pictures of each view of [`Self::with_views`].
    ///
    /// # Errors
    /// As there, and if views are missing or do not fit.
    pub fn write_views(&mut self, episode: &Episode, views: &[Frames]) -> Result<()> {
        let shown: Vec<&Frames> = episode.frames.iter().chain(views).collect();
        self.check(episode, &shown)?;
        self.check_times(episode)?;
        self.check_outcomes(episode)?;
        // Each camera has an encoder of its own.
        let stored = self.pictures.par_iter_mut().zip(&shown).map(|(feature, frames)| feature.store(frames));
        let stored = stored.collect::<Result<Vec<_>>>()?;
        let files = || stored.iter().filter_map(|s| if let Stored::Files(files) = s { Some(files) } else { None });
        let bytes = files().flatten().map(Vec::len).sum::<usize>()
            + 4 * (episode.states.data.len() + episode.actions.data.len())
            + 36 * episode.len();
        let limit = DATA_FILE_MB * 1024 * 1024;
        // The first times that are not `row / fps` begin a file of their own, in which they are not rounded.
        let extras = Extras {
            own_times: self.extras.own_times || !episode.times.is_empty(),
            truncated: if self.episodes.is_empty() { !episode.truncated.is_empty() } else { self.extras.truncated },
        };
        let others = extras != std::mem::replace(&mut self.extras, extras);
        if others || self.file.is_none() || (self.file_bytes > 0 && self.file_bytes + bytes >= limit) {
            self.next_file()?;
        }
        self.file_bytes += bytes;
        let task = self.task_index(&episode.task);
        let batch = self.batch(episode, task, files().map(|files| picture_column(files)))?;
        if let Some((writer, path)) = &mut self.file {
            // One row group an episode: a reader finds an episode without scanning its neighbours.
            writer.write(&batch).and_then(|()| writer.flush()).map_err(Error::parquet("write", path))?;
        }
        let clips = self.pictures.iter().zip(stored).filter_map(|(feature, stored)| match stored {
            Stored::Clip(clip) => Some((feature.key.clone(), clip)),
            Stored::Files(_) => None,
        });
        let clips = clips.collect();
        self.remember(episode, &shown, task, clips);
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
        self.pictures.iter_mut().try_for_each(PictureFeature::close)?;
        let root = self.partial.0.clone();
        let counts = [self.episodes.len(), self.rows, self.tasks.len()];
        write_json(&root.join("meta/info.json"), &Info::new(&self.signature, self.extras, &self.pictures, counts))?;
        let mut stats = serde_json::Map::new();
        for (name, columns) in &self.columns {
            stats.insert(name.clone(), FeatureStats::of_columns(columns).json());
        }
        for feature in &self.pictures {
            stats.insert(feature.key.clone(), feature.histogram.stats().json());
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

    fn check(&self, episode: &Episode, shown: &[&Frames]) -> Result<()> {
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
        let found: Vec<_> = shown.iter().map(|f| (f.len(), f.size(), f.pixel())).collect();
        let need: Vec<_> = self.pictures.iter().map(|p| (rows, p.size, p.pixel())).collect();
        if found != need || episode.frames.is_some() != signature.image.is_some() {
            return unfit(format!("it has pictures {found:?} (number, size, pixels), the dataset needs {need:?}"));
        }
        check_finite(&self.path, at, "state", &episode.states, &signature.state)?;
        check_finite(&self.path, at, "action", &episode.actions, &signature.action)
    }

    fn check_times(&self, episode: &Episode) -> Result<()> {
        let (at, times) = (self.episodes.len(), &episode.times);
        if times.is_empty() {
            return Ok(());
        }
        if self.pictures.iter().any(PictureFeature::is_video) {
            return Err(Error::Invalid(format!(
                "cannot write episode {at}: its rows have times of their own, and pictures of a video follow each other at {} a second; store pictures without --video, or resample a log with --fps",
                self.signature.fps
            )));
        }
        let rows = episode.len();
        let what = match first_unordered(times) {
            _ if times.len() != rows => format!("it has {} times and {rows} rows", times.len()),
            Some(row) => format!("the time of row {row} is {}, which is not after the row before", times[row]),
            None if times[0] != 0.0 => format!("its times begin at {} s", times[0]),
            None => return Ok(()),
        };
        Err(Error::Invalid(format!(
            "cannot write episode {at}: {what}; count seconds from the first row, one rising time a row, or none"
        )))
    }

    fn check_outcomes(&self, episode: &Episode) -> Result<()> {
        let (at, rows) = (self.episodes.len(), episode.len());
        let Signature { reward, ends, .. } = self.signature;
        let cut = if at == 0 { ends && !episode.truncated.is_empty() } else { self.extras.truncated };
        let found = [episode.rewards.len(), episode.terminated.len(), episode.truncated.len()];
        for ((name, has), n) in OUTCOMES.into_iter().zip([reward, ends, cut]).zip(found) {
            let need = if has { rows } else { 0 };
            if n != need {
                return Err(Error::Invalid(format!(
                    "cannot write episode {at}: it has {n} values of {name}, the dataset needs {need}; say in the signature what is logged, and log it on every row of every episode"
                )));
            }
        }
        match episode.rewards.iter().position(|x| !x.is_finite()) {
            Some(row) => Err(Error::Row {
                path: self.path.clone(),
                episode: at,
                row,
                what: format!("reward is {}", episode.rewards[row]),
                remedy: "drop or repair the episode",
            }),
            None => Ok(()),
        }
    }

    fn task_index(&mut self, task: &str) -> usize {
        self.tasks.iter().position(|t| t == task).unwrap_or_else(|| {
            self.tasks.push(task.to_owned());
            self.tasks.len() - 1
        })
    }

    fn batch(&self, episode: &Episode, task: usize, pictures: impl Iterator<Item = ArrayRef>) -> Result<RecordBatch> {
        let rows = episode.len();
        let mut columns: Vec<ArrayRef> = Vec::new();
        if episode.states.width > 0 {
            columns.push(table_column(&episode.states));
        }
        columns.push(table_column(&episode.actions));
        columns.extend(pictures);
        columns.extend(outcome_columns(&self.signature, self.extras).map(|(name, _)| outcomes_of(episode, name)));
        columns.push(time_column(episode, self.signature.fps, self.extras));
        columns.push(int_column(0..rows as i64));
        columns.push(int_column(std::iter::repeat_n(self.episodes.len() as i64, rows)));
        columns.push(int_column(self.rows as i64..(self.rows + rows) as i64));
        columns.push(int_column(std::iter::repeat_n(task as i64, rows)));
        let schema = schema(&self.signature, self.extras, self.in_tables());
        RecordBatch::try_new(schema, columns).map_err(Error::arrow(&self.path))
    }

    /// Pictures that stand in the tables.
    fn in_tables(&self) -> impl Iterator<Item = &str> {
        self.pictures.iter().filter(|p| !p.is_video()).map(|p| p.key.as_str())
    }

    /// Keeps what the metadata files need of an episode that is on disk.
    fn remember(&mut self, episode: &Episode, shown: &[&Frames], task: usize, clips: Vec<(String, ClipRow)>) {
        let (rows, fps) = (episode.len(), self.signature.fps);
        let wide = |data: &[f32]| data.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
        let each = |f: &dyn Fn(usize) -> f64| (0..rows).map(f).collect::<Vec<f64>>();
        let mut features: Vec<(&str, usize, Vec<f64>)> = Vec::new();
        if episode.states.width > 0 {
            features.push((STATE, episode.states.width, wide(&episode.states.data)));
        }
        features.push((ACTION, episode.actions.width, wide(&episode.actions.data)));
        features.push(("timestamp", 1, each(&|t| episode.time(t, fps))));
        features.push(("frame_index", 1, each(&|t| t as f64)));
        features.push(("episode_index", 1, each(&|_| self.episodes.len() as f64)));
        features.push(("index", 1, each(&|t| (self.rows + t) as f64)));
        features.push(("task_index", 1, each(&|_| task as f64)));
        let flag = |flags: &[bool]| flags.iter().map(|x| f64::from(u8::from(*x))).collect::<Vec<f64>>();
        for (name, _) in outcome_columns(&self.signature, self.extras) {
            let values = match OUTCOMES.iter().position(|o| *o == name) {
                Some(0) => wide(&episode.rewards),
                Some(1) => flag(&episode.terminated),
                _ => flag(&episode.truncated),
            };
            features.push((name, 1, values));
        }
        if self.columns.is_empty() {
            let empty = |width: usize| vec![Sketch::default(); width];
            self.columns = features.iter().map(|(name, width, _)| ((*name).to_owned(), empty(*width))).collect();
        }
        let mut stats: Vec<(String, FeatureStats)> =
            features.iter().map(|(name, width, v)| ((*name).to_owned(), FeatureStats::of(*width, v))).collect();
        for ((_, columns), (_, width, values)) in self.columns.iter_mut().zip(features) {
            for row in values.chunks_exact(width) {
                columns.iter_mut().zip(row).for_each(|(column, x)| column.push(*x));
            }
        }
        for (feature, frames) in self.pictures.iter_mut().zip(shown) {
            let histogram = Histogram::of(frames);
            stats.push((feature.key.clone(), histogram.stats()));
            feature.histogram.merge(&histogram);
        }
        let file = self.n_files - 1;
        let file = [file / CHUNK_FILES, file % CHUNK_FILES];
        self.episodes.push(EpisodeRow {
            task: episode.task.clone(),
            length: rows,
            from: self.rows,
            file,
            clips,
            stats,
        });
        self.rows += rows;
    }

    fn next_file(&mut self) -> Result<()> {
        self.close_file()?;
        let (chunk, file) = (self.n_files / CHUNK_FILES, self.n_files % CHUNK_FILES);
        let folder = self.partial.0.join(format!("data/chunk-{chunk:03}"));
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join(format!("file-{file:03}.parquet"));
        let file = File::create(&path).map_err(Error::io("write", &path))?;
        let schema = schema(&self.signature, self.extras, self.in_tables());
        let writer = ArrowWriter::try_new(file, schema, Some(properties(self.in_tables())));
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
