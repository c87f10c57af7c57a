//! All formats, and the doors that recordings go through: opened, looked at, imported, exported, fetched.
//!
//! [`open`] turns a path into a [`terrella_core::Dataset`] whose pictures are decoded once and
//! memory-mapped; [`import`] copies any recording into a LeRobot dataset through a [`terrella_data::Writer`];
//! [`open_source`] is for who looks closer. Formats are listed in [`FORMATS`]. Recordings in object storage are
//! copied to this machine by [`fetch`] first.

mod export;
mod format;
mod inspect;
mod open;
mod opened;
mod remote;
#[cfg(feature = "rerun")]
mod rerun;
mod sheet;
mod thinned;

pub use export::{Exported, export_mcap};
pub use format::{FORMATS, detect};
pub use inspect::{Summary, inspect};
pub use open::{ImportOptions, Imported, OpenOptions, import, open, open_with};
pub use opened::{Opened, open_source};
pub use remote::{FetchOptions, Fetched, Patience, Place, PlaceKind, Told, fetch};
#[cfg(feature = "rerun")]
pub use rerun::rerun_recording;
pub use sheet::contact_sheet;
