//! Logs: streams with clocks of their own, read by a mapping that says what their columns mean, and recorded.
//!
//! `tree` finds files in folders and archives, `files`, `text`, `json`, `parquet`, `mcap` and `flight` read them, `table`
//! picks columns, `times` says when samples were taken and `runs` where a clock begins anew, `clock` puts samples of
//! several clocks onto rows of one rate, `extent` says from when to when there are rows, `cuts` finds the episodes, and
//! `recording` does all of that for one recording. `bags` and `rosbag2` tell which files are one recording of ROS 2,
//! `unpacked` unpacks files that are packed as a whole. [`Logs`] is the format, a [`Mapping`] says what columns mean;
//! a [`Recorder`] makes such logs, through an [`McapFile`].

mod bags;
mod chosen;
mod clock;
mod column;
mod contents;
mod cuts;
mod decoding;
mod extent;
mod files;
mod flight;
mod format;
mod json;
mod jumps;
mod laid;
mod mapping;
mod mcap;
mod mcap_file;
mod opening;
mod parquet;
mod pictures;
mod reader;
mod recorder;
mod recording;
mod rosbag2;
mod rows;
mod runs;
mod source;
mod spelling;
mod streams;
mod table;
mod text;
mod times;
mod torn;
mod tree;
mod units;
mod unpacked;
mod unseen;

pub use format::{Logs, MAPPINGS};
pub use mapping::{Mapping, Marks, Pictures, Rule, Stream};
pub use mcap_file::McapFile;
pub use recorder::{Recorded, Recorder, Stamp};
