//! From the last tables to datasets: rows in order, pictures from the recordings, lineage beside them.

use crate::engine::Engine;
use crate::ingest::SourceRecord;
use crate::lineage::{self, Lineage, RowsWriter};
use crate::recordings::Recordings;
use crate::stage::register;
use crate::store::Store;
use crate::tables::{Tables, read_table, row_of};
use crate::{Error, Result};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Float32Type;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrella_core::{Episode, Frames, Table};
use terrella_data::{Writer, Written};

/// Where datasets go, and what they are made of.
pub(crate) struct Output<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) store: &'a Store,
    pub(crate) tables: &'a Tables,
    pub(crate) lineage: &'a Lineage,
    /// The pipeline as TOML.
    pub(crate) pipeline: &'a str,
    /// The folder to make: a dataset, or a folder of parts.
    pub(crate) folder: &'a Path,
}

/// A dataset being written: one part, or all.
struct Part {
    name: String,
    writer: Writer,
    rows: RowsWriter,
    /// Rows of the last `episodes` that belong to it.
    chosen: Vec<usize>,
    /// Episodes that are still to come.
    left: usize,
}

impl Output<'_> {
    /// Writes every part; name and counts of each, in the order of names.
    pub(crate) fn write(
        &self,
        recordings: &mut Recordings,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<(String, Written)>> {
        register(self.engine, self.store, self.tables)?;
        let episodes = read_table(&self.store.path(&self.tables.episodes))?;
        let part_of = |at: usize| -> String {
            episodes.column_by_name("part").map(|c| c.as_string::<i32>().value(at).to_owned()).unwrap_or_default()
        };
        let divided = episodes.column_by_name("part").is_some();
        if divided {
            std::fs::create_dir_all(self.folder).map_err(Error::io("create", self.folder))?;
        }
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        (0..episodes.num_rows()).for_each(|at| *sizes.entry(part_of(at)).or_default() += 1);
        let mut open: BTreeMap<String, Part> = BTreeMap::new();
        let mut done: Vec<(String, Written)> = Vec::new();
        let mut pictures = Pictures { tables: self.tables, sources: &self.lineage.sources, recordings, last: None };
        let total = episodes.num_rows();
        let mut written = 0;
        let sink = |episode, rows: RecordBatch| {
            let at = row_of(&episodes, episode)?;
            let name = part_of(at);
            if !open.contains_key(&name) {
                open.insert(name.clone(), self.begin(&name, sizes[&name])?);
            }
            let Some(part) = open.get_mut(&name) else { return Ok(()) };
            let from = lineage::from(&episodes, at);
            let mirrored = episodes["mirrored"].as_boolean().value(at);
            let made = Episode {
                index: part.chosen.len(),
                task: episodes["task"].as_string::<i32>().value(at).to_owned(),
                states: table(&rows, &self.tables.state),
                actions: table(&rows, &self.tables.action),
                frames: None,
                ..Episode::default()
            };
            let mut shown = pictures.of_clip(&from, rows.num_rows(), mirrored)?;
            let views = shown.split_off(usize::from(self.tables.signature.image.is_some()));
            let made = Episode { frames: shown.pop(), ..made };
            part.rows.write(part.chosen.len(), rows.num_rows(), &from)?;
            part.writer.write_views(&made, &views)?;
            part.chosen.push(at);
            part.left -= 1;
            if part.left == 0
                && let Some(part) = open.remove(&name)
            {
                done.push((name, self.finish(part, &episodes)?));
            }
            written += 1;
            progress(written, total);
            Ok(())
        };
        let failed = |e: datafusion::error::DataFusionError| Error::Broken {
            path: self.store.path(&self.tables.frames),
            what: e.strip_backtrace(),
        };
        self.engine.episodes("*", "frames", sink).map_err(failed)??;
        done.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(done)
    }

    fn begin(&self, name: &str, left: usize) -> Result<Part> {
        let writer = Writer::create(&part_folder(self.folder, name), &self.tables.signature)?;
        let writer = writer.with_views(&self.tables.views);
        let rows = RowsWriter::create(writer.folder())?;
        Ok(Part { name: name.to_owned(), writer, rows, chosen: Vec::new(), left })
    }

    fn finish(&self, part: Part, episodes: &RecordBatch) -> Result<Written> {
        part.rows.finish()?;
        let named = (!part.name.is_empty()).then(|| part.name.clone());
        let lineage = Lineage { part: named, ..self.lineage.clone() };
        lineage.write(part.writer.folder(), self.pipeline, self.store, episodes, &part.chosen)?;
        Ok(part.writer.finish()?)
    }
}

/// The folder of a part; there is no other if it has no name.
pub(crate) fn part_folder(root: &Path, part: &str) -> PathBuf {
    if part.is_empty() { root.to_path_buf() } else { root.join(part) }
}

/// Columns as a table.
fn table(rows: &RecordBatch, columns: &[String]) -> Table {
    let values: Vec<&[f32]> =
        columns.iter().map(|name| &**rows[name.as_str()].as_primitive::<Float32Type>().values()).collect();
    let data = (0..rows.num_rows()).flat_map(|t| values.iter().map(move |v| v[t])).collect();
    Table { width: columns.len(), data }
}

/// Pictures of clips, decoded a recorded episode at a time.
struct Pictures<'a> {
    tables: &'a Tables,
    sources: &'a [SourceRecord],
    recordings: &'a mut Recordings,
    /// Source, episode and its pictures, as [`Self::decode`] has them.
    last: Option<((i64, i64), Vec<Frames>)>,
}

impl Pictures<'_> {
    /// Pictures of the camera, if there is one, and of each view.
    fn of_clip(&mut self, from: &lineage::From, rows: usize, mirrored: bool) -> Result<Vec<Frames>> {
        let key = (from.source, from.episode);
        let recorded = match self.last.take().filter(|(of, _)| *of == key) {
            Some((_, recorded)) => recorded,
            None => self.decode(key)?,
        };
        let clips = recorded.iter().map(|frames| cut(frames, from, rows, mirrored)).collect();
        self.last = Some((key, recorded));
        clips
    }

    fn decode(&mut self, (source, episode): (i64, i64)) -> Result<Vec<Frames>> {
        if self.tables.signature.image.is_none() && self.tables.views.is_empty() {
            return Ok(Vec::new());
        }
        let record = &self.sources[source as usize];
        let reader = self.recordings.hold(source as usize, &record.recording)?;
        let mut shown: Vec<Frames> = reader.pictures(episode as usize)?.into_iter().collect();
        if self.tables.signature.image.is_some() && shown.is_empty() {
            return Err(Error::broken(&record.path, format!("episode {episode} has no pictures, others have")));
        }
        for view in 0..self.tables.views.len() {
            shown.push(reader.view(episode as usize, view)?);
        }
        Ok(shown)
    }
}

/// The pictures of a clip among those of its episode.
fn cut(frames: &Frames, from: &lineage::From, rows: usize, mirrored: bool) -> Result<Frames> {
    let ([height, width], pixel) = (frames.size(), frames.pixel().bytes());
    let mut bytes = Vec::with_capacity(rows * height * width * pixel);
    for row in 0..rows {
        let at = from.from as usize + row * from.every as usize;
        if at >= frames.len() {
            return Err(Error::Invalid(format!(
                "row {at} of episode {} has no picture, the recording changed meanwhile; run again",
                from.episode
            )));
        }
        let picture = frames.bytes(at);
        if mirrored {
            let lines = picture.chunks_exact(width * pixel);
            bytes.extend(lines.flat_map(|line| line.chunks_exact(pixel).rev().flatten().copied()));
        } else {
            bytes.extend_from_slice(picture);
        }
    }
    Ok(Frames::of(frames.pixel(), frames.size(), bytes))
}
