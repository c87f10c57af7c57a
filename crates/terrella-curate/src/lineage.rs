//! What travels with a curated dataset, in its folder `lineage/`: where each row came from, and by which steps.
//!
//! `lineage.json` has the recordings with their hashes, the stages with their parameters and the version of the
//! code; `rows.parquet` the recording, episode and row behind each row; `episodes.parquet` what stages measured;
//! `dropped.parquet` what they left out; `pipeline.toml` the pipeline with its paths resolved.

use crate::ingest::SourceRecord;
use crate::store::Store;
use crate::tables::{TableWriter, ints, read_table, replaced, rows_at, write_table};
use crate::{Error, Result};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder in a dataset.
pub(crate) const FOLDER: &str = "lineage";

/// `lineage.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lineage {
    /// Version of the code that ran the pipeline.
    pub(crate) code: String,
    pub(crate) seed: u64,
    pub(crate) sources: Vec<SourceRecord>,
    pub(crate) stages: Vec<StageRecord>,
    /// Which part of a divided dataset this is.
    pub(crate) part: Option<String>,
}

/// What a stage did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StageRecord {
    /// Counted from 1.
    pub(crate) number: usize,
    /// The stage with all its parameters, as JSON.
    pub(crate) stage: serde_json::Value,
    /// Before and after.
    pub(crate) episodes: [usize; 2],
    /// Before and after.
    pub(crate) rows: [usize; 2],
    /// Its folder in the store.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// Where an episode's rows came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct From {
    pub(crate) source: i64,
    pub(crate) episode: i64,
    pub(crate) from: i64,
    pub(crate) every: i64,
    pub(crate) variant: String,
}

/// `rows.parquet`, an episode at a time.
pub(crate) struct RowsWriter {
    writer: TableWriter,
    schema: SchemaRef,
    path: PathBuf,
}

impl RowsWriter {
    pub(crate) fn create(dataset: &Path) -> Result<Self> {
        let folder = dataset.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let names = ["episode_index", "frame_index", "source", "source_episode", "source_frame"];
        let mut fields = names.map(|name| Field::new(name, DataType::Int64, true)).to_vec();
        fields.push(Field::new("variant", DataType::Utf8, true));
        let (schema, path) = (Arc::new(Schema::new(fields)), folder.join("rows.parquet"));
        Ok(Self { writer: TableWriter::create(&path, schema.clone())?, schema, path })
    }

    pub(crate) fn write(&mut self, episode: usize, rows: usize, from: &From) -> Result<()> {
        let same = |x: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![x; rows])) };
        let each =
            |f: &dyn Fn(i64) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values((0..rows as i64).map(f))) };
        let columns = vec![
            same(episode as i64),
            each(&|t| t),
            same(from.source),
            same(from.episode),
            each(&|t| from.from + t * from.every),
            Arc::new(StringArray::from(vec![from.variant.as_str(); rows])) as ArrayRef,
        ];
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|e| Error::broken(&self.path, e))?;
        self.writer.write(&batch)
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.writer.finish()
    }
}

impl Lineage {
    /// Writes all but the rows into an unfinished dataset: `chosen` are its rows of the last `episodes`.
    pub(crate) fn write(
        &self,
        dataset: &Path,
        pipeline: &str,
        store: &Store,
        episodes: &RecordBatch,
        chosen: &[usize],
    ) -> Result<()> {
        let folder = dataset.join(FOLDER);
        let text = serde_json::to_string_pretty(self).map_err(|e| Error::broken(&folder, e))?;
        terrella_core::write_atomic(&folder.join("lineage.json"), text.as_bytes())?;
        terrella_core::write_atomic(&folder.join("pipeline.toml"), pipeline.as_bytes())?;
        let path = folder.join("episodes.parquet");
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..chosen.len() as i64));
        let mine = rows_at(episodes, chosen.iter().copied())?;
        write_table(&path, &replaced(&mine, &[("episode_index", numbers)])?)?;
        let dropped = self.stages.iter().map(|s| store.path(&s.folder).join("dropped.parquet"));
        let dropped = dropped.filter(|path| path.exists()).map(|path| read_table(&path)).collect::<Result<Vec<_>>>()?;
        if let Some(first) = dropped.first() {
            let path = folder.join("dropped.parquet");
            write_table(&path, &concat_batches(&first.schema(), &dropped).map_err(|e| Error::broken(&path, e))?)?;
        }
        Ok(())
    }

    /// Reads the lineage of a dataset, if it has one.
    pub(crate) fn read(dataset: &Path) -> Result<Option<Self>> {
        let path = dataset.join(FOLDER).join("lineage.json");
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        serde_json::from_str(&text).map(Some).map_err(|e| Error::broken(&path, e))
    }
}

/// Where the rows of an episode in the last `episodes` came from.
pub(crate) fn from(episodes: &RecordBatch, at: usize) -> From {
    let int = |name: &str| ints(episodes, name)[at];
    From {
        source: int("source"),
        episode: int("source_episode"),
        from: int("source_from"),
        every: int("source_every"),
        variant: arrow::array::AsArray::as_string::<i32>(&episodes["variant"]).value(at).to_owned(),
    }
}
