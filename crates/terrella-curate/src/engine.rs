//! The query engine: DataFusion with our functions, a limit of memory, and two tables.
//!
//! Everything is asked in SQL and answered in batches, one after another, so that an answer never has to fit
//! into memory. What a query says does not depend on the number of threads: rows are ordered explicitly, and
//! our functions sort what they are given.

use crate::{Error, Pipeline, Result, functions};
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext, col};
use futures::StreamExt as _;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Runs queries.
pub(crate) struct Engine {
    runtime: Runtime,
    context: SessionContext,
}

impl Engine {
    /// An engine in this process with a pipeline's limits, which spills to `scratch`.
    pub(crate) fn local(pipeline: &Pipeline, scratch: &Path) -> Result<Self> {
        let runtime = Runtime::new().map_err(Error::io("start threads for", scratch))?;
        let context = SessionContext::new_with_state(state(pipeline, scratch)?);
        Ok(Self { runtime, context })
    }

    /// An engine whose queries these workers compute.
    #[cfg(feature = "cluster")]
    pub(crate) fn of(workers: &crate::cluster::Workers, pipeline: &Pipeline, scratch: &Path) -> Result<Self> {
        let runtime = Runtime::new().map_err(Error::io("start threads for", scratch))?;
        let context = runtime.block_on(crate::cluster::session(workers, state(pipeline, scratch)?))?;
        Ok(Self { runtime, context })
    }

    /// Makes Parquet files a table, in place of one that had the name; `sorted` says by which columns the rows
    /// are sorted.
    pub(crate) fn register(&self, name: &str, path: &Path, sorted: &[&str]) -> Result<(), DataFusionError> {
        let order = sorted.iter().map(|c| col(*c).sort(true, false)).collect::<Vec<_>>();
        let options = ParquetReadOptions { file_sort_order: vec![order], ..Default::default() };
        let path = path.to_string_lossy();
        self.context.deregister_table(name)?;
        self.runtime.block_on(self.context.register_parquet(name, &*path, options))
    }

    /// Makes a query a table, in place of one that had the name.
    pub(crate) fn register_view(&self, name: &str, query: &str) -> Result<(), DataFusionError> {
        self.context.deregister_table(name)?;
        let frame = self.plan(query)?;
        self.context.register_table(name, frame.into_view())?;
        Ok(())
    }

    /// The names of a table's columns.
    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        let frame = self.runtime.block_on(self.context.table(table));
        frame.map(|f| f.schema().fields().iter().map(|f| f.name().clone()).collect()).unwrap_or_default()
    }

    fn plan(&self, query: &str) -> Result<DataFrame, DataFusionError> {
        self.runtime.block_on(self.context.sql(query))
    }

    /// The columns of an answer; all may be null, as those of our tables.
    pub(crate) fn schema(&self, query: &str) -> Result<SchemaRef, DataFusionError> {
        let plan = self.plan(query)?;
        let fields = plan.schema().fields().iter().map(|f| f.as_ref().clone().with_nullable(true));
        Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }

    /// The answer of a query, a batch at a time.
    ///
    /// # Errors
    /// What the engine says, or what `sink` says.
    pub(crate) fn stream(
        &self,
        query: &str,
        mut sink: impl FnMut(RecordBatch) -> Result<()>,
    ) -> Result<Result<()>, DataFusionError> {
        let frame = self.plan(query)?;
        self.runtime.block_on(async {
            let mut batches = frame.execute_stream().await?;
            while let Some(batch) = batches.next().await {
                if let Err(error) = sink(batch?) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        })
    }
}

impl Engine {
    /// Columns of frames, an episode at a time, in order.
    ///
    /// # Errors
    /// As [`Self::stream`].
    pub(crate) fn episodes(
        &self,
        columns: &str,
        frames: &str,
        sink: impl FnMut(i64, RecordBatch) -> Result<()>,
    ) -> Result<Result<()>, DataFusionError> {
        let query = format!("SELECT {columns} FROM {frames} ORDER BY episode_index, frame_index");
        let mut episodes = ByEpisode { pending: Vec::new(), episode: -1, sink };
        let streamed = self.stream(&query, |batch| episodes.push(&batch))?;
        Ok(streamed.and_then(|()| episodes.flush()))
    }
}

/// A session with our functions.
fn state(pipeline: &Pipeline, scratch: &Path) -> Result<SessionState> {
    let failed = |e: DataFusionError| Error::Invalid(format!("cannot start the query engine: {e}"));
    let pool = Arc::new(FairSpillPool::new(pipeline.memory_mib << 20));
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![scratch.to_path_buf()]));
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(pool).with_disk_manager_builder(disk).build_arc();
    let config = SessionConfig::new()
        .with_target_partitions(pipeline.threads.max(1))
        // Text stays as our tables have it.
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
        // Sorted tables stay sorted, so that groups are complete one by one and need not be kept.
        .set_bool("datafusion.optimizer.prefer_existing_sort", true);
    let builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime.map_err(failed)?)
        .with_default_features();
    let mut state = builder.build();
    functions::register(&mut state).map_err(failed)?;
    Ok(state)
}

/// Puts rows that arrive sorted by episode together, an episode at a time.
struct ByEpisode<F> {
    pending: Vec<RecordBatch>,
    episode: i64,
    sink: F,
}

impl<F: FnMut(i64, RecordBatch) -> Result<()>> ByEpisode<F> {
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let episodes = crate::tables::ints(batch, "episode_index");
        let mut from = 0;
        while from < episodes.len() {
            let episode = episodes[from];
            let n = episodes[from..].iter().take_while(|e| **e == episode).count();
            if episode != self.episode {
                self.flush()?;
                self.episode = episode;
            }
            self.pending.push(batch.slice(from, n));
            from += n;
        }
        Ok(())
    }

    /// Hands out the episode that is complete.
    fn flush(&mut self) -> Result<()> {
        let Some(first) = self.pending.first() else { return Ok(()) };
        let whole = concat_batches(&first.schema(), &self.pending).map_err(|e| Error::Invalid(e.to_string()))?;
        self.pending.clear();
        (self.sink)(self.episode, whole)
    }
}
