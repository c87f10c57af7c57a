//! Tests of all readers and writers from outside, through the doors: round trips, bad input and real recordings.

mod array_files;
mod array_layouts;
mod bad_datasets;
mod bad_recordings;
mod bag;
mod bag_fixtures;
mod elsewhere;
mod fixtures;
mod flight;
mod flight_fixtures;
mod fuzzed;
mod hdf5;
mod lerobot_joined;
mod lerobot_outcomes;
mod lerobot_v2;
mod log_meaning;
mod log_spellings;
mod logs;
mod mcap;
mod rates;
mod real;
mod recorder;
#[cfg(feature = "remote")]
mod remote;
#[cfg(feature = "remote")]
mod remote_server;
#[cfg(feature = "rerun")]
mod rerun;
mod rlds;
mod rlds_fixtures;
mod ros2_bags;
mod round_trip;
mod sqlite_fixtures;
mod vectors;
mod video;
mod views;
mod zarr;
