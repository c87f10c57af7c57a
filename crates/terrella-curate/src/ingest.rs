//! Recordings of any format into the two tables, a recording and an episode at a time.
//!
//! Names of columns are those of the signature in lower case, with `state_` or `action_` before them and
//! nothing that SQL would want quoted. Measures of pictures are taken here, once, if a stage names them.

use crate::functions::pictures;
use crate::pipeline::{Pipeline, Recording};
use crate::recordings::Recordings;
use crate::store::{StageKey, Store};
use crate::tables::{FramesWriter, Tables, episode_fields, index_columns, index_fields, write_table};
use crate::{Error, Result};
use arrow::array::{ArrayRef, BooleanArray, Float32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::{Signature, Table};
use terrella_data::{Note, Source};
use terrella_formats::Opened;

/// What is known of a recording that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SourceRecord {
    /// Where it was; absolute, so that it is found again.
    pub(crate) path: PathBuf,
    pub(crate) format: String,
    /// SHA-256 of its content.
    pub(crate) hash: String,
    /// How it was read.
    pub(crate) recording: Recording,
    pub(crate) episodes: usize,
    pub(crate) rows: usize,
    /// What its reader left out, assumed or could not keep.
    pub(crate) notes: Vec<String>,
}

/// The tables of all recordings, and what is known of these.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ingested {
    pub(crate) tables: Tables,
    pub(crate) sources: Vec<SourceRecord>,
}

/// Reads all recordings into the store, unless that was done before; with the key of what was read.
pub(crate) fn ingest(
    pipeline: &Pipeline,
    store: &Store,
    recordings: &mut Recordings,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Ingested, StageKey, bool)> {
    let hash = |asked| recordings.ask(asked, |source| Ok(source.hash()?.to_owned()));
    let hashes = pipeline.sources.iter().enumerate().map(hash).collect::<Result<Vec<_>>>()?;
    let pictures = pipeline.wants_pictures();
    let mut texts = vec![if pictures { "pictures" } else { "tables" }.to_owned()];
    for (hash, recording) in hashes.iter().zip(&pipeline.sources) {
        texts.push(hash.clone());
        texts.push(format!("{:?}", recording.options()));
    }
    let key = StageKey::of(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let (ingested, reused) = store.make("00-read", &key, |folder, name| {
        let mut reading = Reading { folder, name, pictures, open: None, episodes: Rows::default() };
        let mut sources = Vec::new();
        for (at, (recording, hash)) in pipeline.sources.iter().zip(hashes).enumerate() {
            let read = |source: &Opened| reading.source((at, recording), source, hash, progress);
            sources.push(recordings.ask((at, recording), read)?);
        }
        Ok(Ingested { tables: reading.finish()?, sources })
    })?;
    // Only for pictures is a recording asked again.
    if ingested.tables.signature.image.is_none() && ingested.tables.views.is_empty() {
        recordings.close();
    }
    Ok((ingested, key, reused))
}

/// Columns of `episodes` while they are collected.
#[derive(Default)]
struct Rows {
    task: Vec<String>,
    length: Vec<i64>,
    source: Vec<i64>,
    source_episode: Vec<i64>,
}

struct Reading<'a> {
    folder: &'a Path,
    name: &'a Path,
    pictures: bool,
    /// Begun with the first recording, whose signature all must have.
    open: Option<(FramesWriter, Tables)>,
    episodes: Rows,
}

impl Reading<'_> {
    fn source(
        &mut self,
        (number, recording): (usize, &Recording),
        source: &Opened,
        hash: String,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<SourceRecord> {
        let (writer, tables) = match &mut self.open {
            Some(open) => {
                agree(&open.1, &**source, &recording.path)?;
                open
            }
            None => {
                let tables = self.begin(&**source);
                if self.pictures && source.signature().image.is_none() {
                    return Err(Error::Invalid(format!(
                        "{}: a stage asks for pictures and there are none; leave that stage out",
                        recording.path.display()
                    )));
                }
                let schema = frame_schema(&tables, self.pictures);
                let writer = FramesWriter::create(&self.folder.join("frames"), schema)?;
                self.open.insert((writer, tables))
            }
        };
        let schema = frame_schema(tables, self.pictures);
        let lengths = source.lengths();
        let mut dropped = Dropped::of(source.signature());
        for (at, &rows) in lengths.iter().enumerate() {
            let episode = source.episode(at);
            let mut columns = index_columns(self.episodes.length.len(), rows, tables.signature.fps).to_vec();
            columns.extend(columns_of(&episode.states));
            columns.extend(columns_of(&episode.actions));
            if self.pictures {
                columns.extend(picture_columns(&**source, at)?);
            }
            let batch = RecordBatch::try_new(schema.clone(), columns);
            writer.write(&batch.map_err(|e| Error::broken(&recording.path, format!("episode {at}: {e}")))?)?;
            dropped.times |= !episode.times.is_empty();
            self.episodes.task.push(episode.task);
            self.episodes.length.push(rows as i64);
            self.episodes.source.push(number as i64);
            self.episodes.source_episode.push(at as i64);
            progress(at + 1, lengths.len());
        }
        Ok(SourceRecord {
            path: std::fs::canonicalize(&recording.path).map_err(Error::io("find", &recording.path))?,
            format: source.format().to_owned(),
            hash,
            recording: recording.clone(),
            episodes: lengths.len(),
            rows: lengths.iter().sum(),
            notes: source.notes().iter().map(Note::to_string).chain(dropped.told()).collect(),
        })
    }

    fn begin(&self, source: &dyn Source) -> Tables {
        let signature = source.signature();
        let mut taken: Vec<String> = Vec::new();
        let mut columns = |kind: &str, names: &[String]| -> Vec<String> {
            names.iter().map(|name| column_name(kind, name, &mut taken)).collect()
        };
        let state = columns("state", &signature.state);
        let action = columns("action", &signature.action);
        Tables {
            frames: self.name.join("frames"),
            episodes: self.name.join("episodes.parquet"),
            complete: true,
            signature: Signature { reward: false, ends: false, ..signature.clone() },
            views: source.views().to_vec(),
            state,
            action,
            counts: [0, 0],
        }
    }

    fn finish(self) -> Result<Tables> {
        let Some((writer, mut tables)) = self.open else {
            return Err(Error::Invalid("there is no recording to curate".to_owned()));
        };
        let n = self.episodes.length.len();
        tables.counts = [n, writer.finish()?];
        let ints = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
        let columns: Vec<ArrayRef> = vec![
            ints((0..n as i64).collect()),
            Arc::new(StringArray::from(self.episodes.task)),
            ints(self.episodes.length),
            ints(self.episodes.source),
            ints(self.episodes.source_episode),
            ints(vec![0; n]),
            ints(vec![1; n]),
            Arc::new(StringArray::from(vec![""; n])),
            Arc::new(BooleanArray::from(vec![false; n])),
        ];
        let path = self.folder.join("episodes.parquet");
        let schema = Arc::new(Schema::new(episode_fields()));
        write_table(&path, &RecordBatch::try_new(schema, columns).map_err(|e| Error::broken(&path, e))?)?;
        Ok(tables)
    }
}

/// What the tables have no columns for.
struct Dropped {
    reward: bool,
    ends: bool,
    times: bool,
}

impl Dropped {
    fn of(signature: &Signature) -> Self {
        Self { reward: signature.reward, ends: signature.ends, times: false }
    }

    /// For people, if there is anything.
    fn told(&self) -> Option<String> {
        let all = [
            (self.reward, "rewards"),
            (self.ends, "ends of tasks"),
            (self.times, "times of rows that are not at the rate"),
        ];
        let names: Vec<&str> = all.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect();
        (!names.is_empty()).then(|| format!("stages: not kept: {}", names.join(", ")))
    }
}

fn agree(tables: &Tables, source: &dyn Source, path: &Path) -> Result<()> {
    let (first, other): (&Signature, &Signature) = (&tables.signature, source.signature());
    let differ = |what: &str, a: &dyn std::fmt::Debug, b: &dyn std::fmt::Debug| {
        Err(Error::Invalid(format!(
            "{}: {what} is {b:?}, that of the first recording {a:?}; all recordings of a pipeline must agree",
            path.display()
        )))
    };
    if first.fps != other.fps {
        return differ("the rate", &first.fps, &other.fps);
    }
    if first.image != other.image {
        return differ("the size of pictures", &first.image, &other.image);
    }
    if first.state != other.state {
        return differ("the state", &first.state, &other.state);
    }
    if first.action != other.action {
        return differ("the action", &first.action, &other.action);
    }
    if tables.views != source.views() {
        return differ("the list of views", &tables.views, &source.views());
    }
    Ok(())
}

fn frame_schema(tables: &Tables, pictures: bool) -> SchemaRef {
    let numbers = tables.state.iter().chain(&tables.action);
    let mut fields = index_fields();
    fields.extend(numbers.map(|name| Field::new(name, DataType::Float32, true)));
    if pictures {
        fields.extend(pictures::FIELDS.map(|(name, of)| Field::new(name, of, true)));
    }
    Arc::new(Schema::new(fields))
}

/// A name that SQL takes as it is, unlike all that are taken.
fn column_name(kind: &str, name: &str, taken: &mut Vec<String>) -> String {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    // A name that tells the kind itself need not tell it twice.
    let base = if plain.starts_with(&format!("{kind}_")) { plain } else { format!("{kind}_{plain}") };
    let numbered = (2..).map(|n| format!("{base}_{n}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or(base);
    taken.push(free.clone());
    free
}

/// The columns of a table.
fn columns_of(table: &Table) -> impl Iterator<Item = ArrayRef> + '_ {
    let column = |i: usize| Float32Array::from_iter_values(table.data.iter().skip(i).step_by(table.width).copied());
    (0..table.width).map(move |i| -> ArrayRef { Arc::new(column(i)) })
}

fn picture_columns(source: &dyn Source, at: usize) -> Result<[ArrayRef; 3]> {
    let Some(frames) = source.pictures(at)? else {
        return Err(Error::Invalid(format!("episode {at} has no pictures, others have")));
    };
    let [height, width] = frames.size();
    let measured: Vec<pictures::Measures> =
        (0..frames.len()).into_par_iter().map(|i| pictures::measure(height, width, frames.bytes(i))).collect();
    Ok([
        Arc::new(Float32Array::from_iter_values(measured.iter().map(|m| m.mean))),
        Arc::new(Float32Array::from_iter_values(measured.iter().map(|m| m.sharpness))),
        Arc::new(Int64Array::from_iter_values(measured.iter().map(|m| m.hash.cast_signed()))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_need_no_quotes_and_are_not_mixed_up() {
        let mut taken = Vec::new();
        let names = ["Joint1.Angle", "joint1-angle", "x", "state.x", "état"];
        let columns: Vec<String> = names.iter().map(|n| column_name("state", n, &mut taken)).collect();
        assert_eq!(columns, ["state_joint1_angle", "state_joint1_angle_2", "state_x", "state_x_2", "state__tat"]);
    }
}
