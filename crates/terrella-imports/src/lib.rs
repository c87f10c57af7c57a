//! Recordings in layouts of others, as sources: arrays of HDF5, npz and zarr, and RLDS.
//!
//! Each format implements [`terrella_data::Format`], of which `FORMATS` in `terrella-formats` is the list. HDF5 and npz share
//! `arrays/`: a layout is one file that says which array is what, or the `[arrays]` of a [mapping](mapped).

mod arrays;
pub mod hdf5;
pub mod mapped;
pub mod npy;
pub mod npz;
mod rlds;
mod zarr;

pub use arrays::layout::Arrays;
pub use rlds::Rlds;
pub use zarr::ReplayBuffer;
