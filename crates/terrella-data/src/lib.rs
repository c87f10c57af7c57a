//! Recordings: LeRobot v3.0 datasets on disk, imports from other formats, and windows for training.
//!
//! [`open`] turns a path into a [`terrella_core::Dataset`] whose pictures are decoded once and
//! memory-mapped; [`import`] copies any recording into a LeRobot dataset through a [`Writer`];
//! [`Sampler`] cuts training windows, each exactly once an epoch. Formats are listed in [`FORMATS`]. Recordings in object storage are
//! copied to this machine by [`fetch`] first.

mod arrays;
mod cache;
mod compatible;
mod depth;
mod error;
mod export;
mod format;
mod hdf5;
mod inspect;
mod lerobot;
mod logs;
mod mapped;
mod mcap_file;
mod npy;
mod npz;
mod numbers;
mod open;
mod opened;
mod outcome;
mod parquet_file;
mod picture;
mod png_file;
mod pnm;
mod prefetch;
mod recorder;
mod remote;
#[cfg(feature = "rerun")]
mod rerun;
mod rlds;
mod sampler;
mod sheet;
mod source;
mod source_options;
mod thinned;
mod tiles;
mod timing;
mod vectors;
mod video;
mod views;
mod zarr;

pub use compatible::check_compatible;
pub use error::{Error, Result};
pub use export::{Exported, export_mcap};
pub use format::{FORMATS, detect};
pub use inspect::{Summary, inspect};
pub use lerobot::{Writer, Written};
pub use logs::{MAPPINGS, Mapping};
pub use open::{ImportOptions, Imported, OpenOptions, import, open, open_with};
pub use opened::{Opened, open_source};
pub use prefetch::Prefetch;
pub use recorder::{Recorded, Recorder, Stamp};
pub use remote::{FetchOptions, Fetched, Patience, Place, PlaceKind, Told, fetch};
#[cfg(feature = "rerun")]
pub use rerun::rerun_recording;
pub use sampler::{Sampler, gather};
pub use sheet::contact_sheet;
pub use source::{Claims, Evidence, Format, Loss, Note, Source};
pub use source_options::SourceOptions;
pub use views::{ALL, View};
