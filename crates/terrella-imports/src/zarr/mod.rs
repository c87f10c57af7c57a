//! Zarr replay buffers, the layout of Diffusion Policy, in zarr's versions 2 and 3: `data/action`, `data/state`,
//! `data/img` and `meta/episode_ends`, zipped or in a folder.
//!
//! `store` reads bytes, `described` what arrays there are, `array` one of them, a block of rows at a time; `choice` says
//! which array is what, `times` and `pictures` what they hold, and `buffer` makes episodes.

mod array;
mod buffer;
mod choice;
mod described;
mod pictures;
mod store;
mod times;

use buffer::Buffer;
use std::path::Path;
use store::SIGNS;
use terrella_data::{Format, Result, Source, SourceOptions};

/// The format of replay buffers.
pub struct ReplayBuffer;

impl Format for ReplayBuffer {
    fn name(&self) -> &'static str {
        "zarr-replay-buffer"
    }

    fn describe(&self) -> &'static str {
        "a zarr replay buffer: a .zarr.zip file or .zarr folder with data/action and meta/episode_ends"
    }

    fn detect(&self, path: &Path) -> bool {
        let zip = path.is_file() && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
        // A folder with `data` but without its ends is a damaged buffer: better named than unknown.
        let folder = SIGNS.iter().chain(&["data/action/.zarray", "data/action/zarr.json"]);
        let folder = folder.into_iter().any(|sign| path.join(sign).exists());
        zip || folder || (path.is_dir() && path.extension().is_some_and(|e| e == "zarr"))
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        Ok(Box::new(Buffer::open(path, options)?))
    }
}
