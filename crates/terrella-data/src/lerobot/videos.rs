//! The videos of one camera in a dataset that is being written: episodes one behind the other, a new file every 200 MB.

use super::names::{CHUNK_FILES, VIDEO_FILE_MB};
use crate::{Error, Result};
use std::path::{Path, PathBuf};
use terrella_core::Frames;
use terrella_media::video::VideoWriter;

/// Where the pictures of an episode are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ClipRow {
    /// Chunk and file.
    pub(super) file: [usize; 2],
    /// Seconds within the file at which the episode begins and ends.
    pub(super) span: [f64; 2],
}

/// Videos being written below a dataset's folder.
pub(super) struct Videos {
    folder: PathBuf,
    fps: u32,
    file: Option<VideoWriter>,
    n_files: usize,
}

impl Videos {
    pub(super) fn new(root: &Path, key: &str, fps: f64) -> Self {
        Self { folder: root.join("videos").join(key), fps: fps as u32, file: None, n_files: 0 }
    }

    /// Appends the pictures of an episode.
    pub(super) fn push(&mut self, frames: &Frames) -> Result<ClipRow> {
        let limit = (VIDEO_FILE_MB as u64) << 20;
        // An episode is never split, so its size is guessed from those before it.
        let full = self.file.as_ref().is_some_and(|file| {
            let each = file.bytes() / file.pictures().max(1) as u64;
            file.pictures() > 0 && file.bytes() + each * frames.len() as u64 >= limit
        });
        if full {
            self.close()?;
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let folder = self.folder.join(format!("chunk-{:03}", self.n_files / CHUNK_FILES));
                std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
                let path = folder.join(format!("file-{:03}.mp4", self.n_files % CHUNK_FILES));
                self.n_files += 1;
                none.insert(VideoWriter::create(&path, frames.size(), self.fps)?)
            }
        };
        let first = file.pictures();
        for at in 0..frames.len() {
            file.push(frames.bytes(at), at == 0)?;
        }
        let second = |picture: usize| picture as f64 / f64::from(self.fps);
        let at = self.n_files - 1;
        Ok(ClipRow { file: [at / CHUNK_FILES, at % CHUNK_FILES], span: [second(first), second(file.pictures())] })
    }

    /// Completes the open file.
    pub(super) fn close(&mut self) -> Result<()> {
        if let Some(file) = self.file.take() {
            file.finish()?;
        }
        Ok(())
    }
}
