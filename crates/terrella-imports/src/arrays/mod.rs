//! Recordings whose episodes are arrays with names, whatever file they lie in: HDF5 or npz.
//!
//! A `store` lends arrays by name; a layout (a file of `hdf5/`, `npz/`, or a mapping) says which array is what;
//! `episode` reads rows by that, `spans` cuts rows of several episodes, `gather` goes through the files of a folder, and
//! `recording` checks it all and is the opened source.

pub(crate) mod episode;
pub(crate) mod gather;
pub(crate) mod layout;
pub(crate) mod listing;
pub(crate) mod pictures;
pub(crate) mod recorded;
pub(crate) mod recording;
pub(crate) mod spans;
pub(crate) mod store;
