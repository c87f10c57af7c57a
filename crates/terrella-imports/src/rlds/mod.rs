//! RLDS datasets as TensorFlow Datasets writes them: `features.json` and TFRecord shards.
//!
//! One record is one episode. Opening reads every record once, checks it and keeps the numbers and
//! where the record lies; pictures are decoded when they are asked for. RLDS' action of a step is the
//! one taken after its observation, as in an [`Episode`] here. Collections of this kind are large and
//! never quite clean, so an episode that cannot be used is left out with a note, not an error.

mod camera;
mod columns;
mod episode;
mod example;
mod features;
mod shards;
mod source;
mod tfrecord;

use std::path::Path;
use terrella_data::{Format, Result, Source, SourceOptions};

/// The format of TensorFlow Datasets' episodes.
pub struct Rlds;

impl Format for Rlds {
    fn name(&self) -> &'static str {
        "rlds"
    }

    fn describe(&self) -> &'static str {
        "an RLDS dataset: a folder with features.json and *.tfrecord-00000-of-00001, or one such shard"
    }

    fn detect(&self, path: &Path) -> bool {
        if path.is_dir() {
            // Either half alone is a damaged dataset: better named than unknown.
            return path.join("features.json").exists() || shards::list(path).is_ok_and(|names| !names.is_empty());
        }
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.contains(".tfrecord"))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(source::Recording::open(path, options)?))
    }
}
