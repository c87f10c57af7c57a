//! LeRobot datasets: v3.0 is the format in which episodes live on disk; v2.0 and v2.1 are read too.
//!
//! One folder: `meta/` (info, statistics, tasks, episodes) and `data/`, whose rows are the steps;
//! pictures are PNG in a struct column or videos beside it. `info` knows the metadata file, `names` what things are called in it, `columns`
//! the Arrow layout, `layout` where files are in each version, `scan` makes episodes of rows, `read`
//! opens a dataset and `write` makes one.

mod claims;
mod columns;
mod feature;
mod info;
mod layout;
mod meta;
mod moments;
mod names;
mod pictures;
mod read;
mod scan;
mod sketch;
mod stats;
mod videos;
mod write;

pub use write::{Writer, Written};

use crate::{Format, Result, Source, SourceOptions};
use std::path::Path;

/// The format of LeRobot v3.0, in which recordings are kept.
pub struct LeRobot;

/// The format of LeRobot v2.0 and v2.1.
pub struct LeRobotV2;

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
            && !LeRobotV2.detect(path)
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(read::Reader::open(path, options)?))
    }
}

impl Format for LeRobotV2 {
    fn name(&self) -> &'static str {
        "lerobot-v2"
    }

    fn describe(&self) -> &'static str {
        "a LeRobot v2.0 or v2.1 dataset"
    }

    fn detect(&self, path: &Path) -> bool {
        info::Info::read(&path.join("meta/info.json")).is_ok_and(|info| info.layout() == info::Layout::EpisodeFiles)
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(read::Reader::open(path, options)?))
    }
}
