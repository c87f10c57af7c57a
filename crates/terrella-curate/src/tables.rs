//! The two tables on disk: `frames`, sorted by episode and row, and `episodes`, a row each.
//!
//! Files of frames end where an episode ends. Rewriting frames, as cutting and augmenting do, makes new
//! episodes whose rows in `episodes` descend from those before, so that where they came from is never lost.

use crate::{Error, Result};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Int64Type, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_core::Signature;
use terrella_data::View;

/// Rows of frames in a file, at least.
const FILE_ROWS: usize = 2_000_000;
/// Rows of frames in a row group.
const GROUP_ROWS: usize = 128 * 1024;

/// Where a stage finds its tables, and what it must know of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tables {
    /// Folder of frames, in the store.
    pub(crate) frames: PathBuf,
    /// File of episodes, in the store.
    pub(crate) episodes: PathBuf,
    /// Whether `episodes` has all the episodes that `frames` has.
    pub(crate) complete: bool,
    pub(crate) signature: Signature,
    /// Pictures beside those of the signature.
    pub(crate) views: Vec<View>,
    /// Columns of the state and of the action, in the order of the signature.
    pub(crate) state: Vec<String>,
    pub(crate) action: Vec<String>,
    /// Episodes and rows.
    pub(crate) counts: [usize; 2],
}

/// Columns of `episodes` that are always there.
pub(crate) fn episode_fields() -> Vec<Field> {
    let int = |name: &str| Field::new(name, DataType::Int64, true);
    vec![
        int("episode_index"),
        Field::new("task", DataType::Utf8, true),
        int("length"),
        int("source"),
        int("source_episode"),
        int("source_from"),
        int("source_every"),
        Field::new("variant", DataType::Utf8, true),
        Field::new("mirrored", DataType::Boolean, true),
    ]
}

/// A file of one table, renamed by its stage.
pub(crate) struct TableWriter {
    path: PathBuf,
    writer: ArrowWriter<File>,
}

impl TableWriter {
    pub(crate) fn create(path: &Path, schema: SchemaRef) -> Result<Self> {
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS));
        for field in schema.fields().iter().filter(|f| f.data_type().is_floating()) {
            // Measured numbers hardly ever repeat.
            properties = properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false);
        }
        let file = File::create(path).map_err(Error::io("write", path))?;
        let writer = ArrowWriter::try_new(file, schema, Some(properties.build()));
        Ok(Self { path: path.to_path_buf(), writer: writer.map_err(|e| Error::broken(path, e))? })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch).map_err(|e| Error::broken(&self.path, e))
    }

    pub(crate) fn finish(self) -> Result<()> {
        let file = self.writer.into_inner().map_err(|e| Error::broken(&self.path, e))?;
        file.sync_all().map_err(Error::io("write", &self.path))
    }
}

/// Reads a small table whole.
pub(crate) fn read_table(path: &Path) -> Result<RecordBatch> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let bad = |e: &dyn std::fmt::Display| Error::broken(path, format!("cannot be read as Parquet: {e}"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| bad(&e))?;
    let schema = reader.schema().clone();
    let reader = reader.build().map_err(|e| bad(&e))?;
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(|e| bad(&e))?;
    concat_batches(&schema, &batches).map_err(|e| bad(&e))
}

/// Writes a small table whole.
pub(crate) fn write_table(path: &Path, batch: &RecordBatch) -> Result<()> {
    let mut writer = TableWriter::create(path, batch.schema())?;
    writer.write(batch)?;
    writer.finish()
}

/// The row of an episode in `episodes`.
pub(crate) fn row_of(episodes: &RecordBatch, episode: i64) -> Result<usize> {
    ints(episodes, "episode_index").binary_search(&episode).map_err(|_| {
        Error::Invalid(format!("frames of episode {episode} without the episode; remove the work folder and run again"))
    })
}

/// Rows of a table.
pub(crate) fn rows_at(table: &RecordBatch, rows: impl Iterator<Item = usize>) -> Result<RecordBatch> {
    let indices = UInt64Array::from_iter_values(rows.map(|row| row as u64));
    take_record_batch(table, &indices).map_err(|e| Error::Invalid(e.to_string()))
}

/// A table with some of its columns replaced.
pub(crate) fn replaced(table: &RecordBatch, new: &[(&str, ArrayRef)]) -> Result<RecordBatch> {
    let schema = table.schema();
    let columns = schema.fields().iter().zip(table.columns()).map(|(field, old)| {
        new.iter().find(|(name, _)| name == field.name()).map_or_else(|| old.clone(), |(_, new)| new.clone())
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).map_err(|e| Error::Invalid(e.to_string()))
}

/// Whole numbers of a column that is always there.
pub(crate) fn ints<'a>(batch: &'a RecordBatch, name: &str) -> &'a [i64] {
    batch[name].as_primitive::<Int64Type>().values()
}

/// Frames in files, an episode at a time.
pub(crate) struct FramesWriter {
    folder: PathBuf,
    schema: SchemaRef,
    open: Option<(TableWriter, usize)>,
    files: usize,
    rows: usize,
}

impl FramesWriter {
    pub(crate) fn create(folder: &Path, schema: SchemaRef) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        Ok(Self { folder: folder.to_path_buf(), schema, open: None, files: 0, rows: 0 })
    }

    /// Appends an episode.
    pub(crate) fn write(&mut self, episode: &RecordBatch) -> Result<()> {
        if self.open.as_ref().is_some_and(|(_, rows)| *rows >= FILE_ROWS) {
            self.close()?;
        }
        let (writer, rows) = match &mut self.open {
            Some(open) => open,
            None => {
                let path = self.folder.join(format!("{:05}.parquet", self.files));
                self.files += 1;
                self.open.insert((TableWriter::create(&path, self.schema.clone())?, 0))
            }
        };
        writer.write(episode)?;
        *rows += episode.num_rows();
        self.rows += episode.num_rows();
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.open.take().map_or(Ok(()), |(writer, _)| writer.finish())
    }

    pub(crate) fn finish(mut self) -> Result<usize> {
        self.close()?;
        Ok(self.rows)
    }
}

/// How an episode came from one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Descent {
    /// Row of the parent in its `episodes`.
    pub(crate) parent: usize,
    /// First row of the parent's.
    pub(crate) from: usize,
    /// Rows of the parent's from one to the next.
    pub(crate) every: usize,
    /// Stage and copy of an augmented one.
    pub(crate) variant: Option<String>,
    pub(crate) mirrored: bool,
}

/// Episodes made of episodes.
pub(crate) struct Rewrite {
    frames: FramesWriter,
    parents: RecordBatch,
    /// Where each came from, and its rows.
    descents: Vec<(Descent, usize)>,
    fps: f64,
}

impl Rewrite {
    /// Begins in a stage's folder, with the episodes there were.
    pub(crate) fn create(folder: &Path, schema: SchemaRef, parents: RecordBatch, fps: f64) -> Result<Self> {
        let frames = FramesWriter::create(&folder.join("frames"), schema)?;
        Ok(Self { frames, parents, descents: Vec::new(), fps })
    }

    /// The row of an episode among the parents.
    pub(crate) fn parent(&self, episode: i64) -> Result<usize> {
        row_of(&self.parents, episode)
    }

    /// Appends an episode: rows of frames, the first three columns of which are numbered anew.
    pub(crate) fn add(&mut self, rows: &RecordBatch, descent: Descent) -> Result<()> {
        let n = rows.num_rows();
        let mut columns = rows.columns().to_vec();
        columns[..3].clone_from_slice(&index_columns(self.descents.len(), n, self.fps));
        let batch = RecordBatch::try_new(self.frames.schema.clone(), columns);
        self.frames.write(&batch.map_err(|e| Error::Invalid(e.to_string()))?)?;
        self.descents.push((descent, n));
        Ok(())
    }

    /// Completes both tables: episodes and rows.
    pub(crate) fn finish(self, folder: &Path) -> Result<[usize; 2]> {
        let rows = self.frames.finish()?;
        let batch = rows_at(&self.parents, self.descents.iter().map(|(d, _)| d.parent))?;
        let [from, every] = ["source_from", "source_every"].map(|name| ints(&batch, name));
        let descents = || self.descents.iter().map(|(descent, _)| descent).enumerate();
        let numbers = |f: &dyn Fn(usize, &Descent) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(descents().map(|(at, d)| f(at, d))))
        };
        let before = batch["variant"].as_string::<i32>();
        let variants = descents().map(|(at, d)| match &d.variant {
            Some(new) if before.value(at).is_empty() => new.clone(),
            Some(new) => format!("{},{new}", before.value(at)),
            None => before.value(at).to_owned(),
        });
        let mirrored = batch["mirrored"].as_boolean();
        let mirrored = descents().map(|(at, d)| mirrored.value(at) ^ d.mirrored);
        let batch = replaced(
            &batch,
            &[
                ("episode_index", numbers(&|at, _| at as i64)),
                ("length", Arc::new(Int64Array::from_iter_values(self.descents.iter().map(|(_, n)| *n as i64)))),
                ("source_from", numbers(&|at, d| from[at] + d.from as i64 * every[at])),
                ("source_every", numbers(&|at, d| every[at] * d.every as i64)),
                ("variant", Arc::new(StringArray::from_iter_values(variants))),
                ("mirrored", Arc::new(BooleanArray::from_iter(mirrored.map(Some)))),
            ],
        )?;
        write_table(&folder.join("episodes.parquet"), &batch)?;
        Ok([batch.num_rows(), rows])
    }
}

/// `episode_index`, `frame_index` and `timestamp` of an episode.
pub(crate) fn index_columns(episode: usize, rows: usize, fps: f64) -> [ArrayRef; 3] {
    [
        Arc::new(Int64Array::from_iter_values(std::iter::repeat_n(episode as i64, rows))),
        Arc::new(Int64Array::from_iter_values(0..rows as i64)),
        Arc::new(arrow::array::Float64Array::from_iter_values((0..rows).map(|t| t as f64 / fps))),
    ]
}

/// Fields of [`index_columns`].
pub(crate) fn index_fields() -> Vec<Field> {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    vec![
        field("episode_index", DataType::Int64),
        field("frame_index", DataType::Int64),
        field("timestamp", DataType::Float64),
    ]
}
