//! Pictures: PNG, JPEG, PNM and TIFF, depth, and video; read from strangers' bytes and written.
//!
//! Nothing here knows of recordings. A few bytes may promise any size, so every reader has limits, and libraries
//! that panic on what makes no sense are [asked with care](unpanicked). Video sits behind the feature `video`.

pub mod depth;
mod error;
pub mod picture;
pub mod png_file;
mod pnm;
pub mod video;

pub use error::{DOWNLOAD_AGAIN, Error, Result, remedy, unpanicked};
