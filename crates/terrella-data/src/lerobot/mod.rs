//! LeRobot v3.0 datasets: the format in which episodes live on disk.
//!
//! One folder: `meta/` (info, statistics, tasks, episodes) and `data/chunk-000/file-000.parquet` …
//! whose rows are the steps, pictures as PNG in a struct column. `info` knows the metadata file,
//! `columns` the Arrow layout, `write` makes a dataset and `read` checks and opens one.

mod columns;
mod info;
mod meta;
mod read;
mod stats;
mod write;

pub use write::{Writer, Written};

use crate::{Format, Result, Source, SourceOptions};
use std::path::Path;

/// The format.
pub(crate) struct LeRobot;

impl Format for LeRobot {
    fn name(&self) -> &'static str {
        "lerobot-v3"
    }

    fn describe(&self) -> &'static str {
        "a LeRobot v3.0 dataset: a folder with meta/info.json"
    }

    fn detect(&self, path: &Path) -> bool {
        path.join("meta").is_dir()
            && (path.join("meta/info.json").exists() || path.join("data").is_dir())
            && !path.join("meta/episode_ends").exists()
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(read::Reader::open(path, options)?))
    }
}
