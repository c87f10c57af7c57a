//! Pictures of a replay buffer: one array a camera, decoded a chunk at a time and kept as bytes.

use super::array::RowArray;
use super::described::Described;
use super::store::Store;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use terrella_data::{Error, Result, View};

/// Decoded blocks kept: a few, so that several threads may work on neighbouring episodes.
const KEPT_BLOCKS: usize = 8;

/// One camera.
pub(super) struct Camera {
    path: PathBuf,
    pub(super) array: RowArray,
    pub(super) size: [usize; 2],
    /// The last decoded blocks: neighbouring episodes share them.
    decoded: Mutex<VecDeque<(usize, Arc<Vec<u8>>)>>,
}

impl Camera {
    pub(super) fn open(path: &Path, store: &Arc<Store>, described: &Described) -> Result<Self> {
        let size = match described.shape[..] {
            [_, height, width, 3] if height > 0 && width > 0 => [height, width],
            _ => {
                let what = format!("{} has shape {:?}, not rows, height, width, 3", described.name, described.shape);
                return Err(Error::broken(path, what, "store RGB pictures, channels last"));
            }
        };
        let array = RowArray::open(path, store, described, &["u1", "f4"])?;
        Ok(Self { path: path.to_path_buf(), array, size, decoded: Mutex::default() })
    }

    pub(super) fn view(&self) -> View {
        View { name: self.array.described.name.clone(), size: self.size, depth: None }
    }

    /// Pictures of rows one behind the other; `ends` are those of the episodes.
    pub(super) fn rows(&self, first: usize, end: usize, ends: &[usize]) -> Result<Vec<u8>> {
        let array = &self.array;
        let size = self.size[0] * self.size[1] * 3;
        let mut bytes = Vec::with_capacity((end - first) * size);
        for at in first / array.block_rows()..end.div_ceil(array.block_rows()) {
            let block = array.block(at);
            let rgb = self.block(at, ends)?;
            let (low, high) = (first.max(block.start) - block.start, end.min(block.end) - block.start);
            bytes.extend_from_slice(&rgb[low * size..high * size]);
        }
        Ok(bytes)
    }

    /// A block of pictures as bytes.
    fn block(&self, at: usize, ends: &[usize]) -> Result<Arc<Vec<u8>>> {
        let lock = || self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = lock().iter().find(|(kept, _)| *kept == at) {
            return Ok(bytes.clone());
        }
        // Not under the lock: decoding may run on the thread pool that others wait on.
        let bytes = Arc::new(match self.array.described.dtype.as_str() {
            "u1" => self.array.read::<u8>(at)?,
            _ => self.to_bytes(at, &self.array.read::<f32>(at)?, ends)?,
        });
        let mut decoded = lock();
        decoded.push_back((at, bytes.clone()));
        if decoded.len() > KEPT_BLOCKS {
            decoded.pop_front();
        }
        Ok(bytes)
    }

    fn to_bytes(&self, block: usize, floats: &[f32], ends: &[usize]) -> Result<Vec<u8>> {
        let name = &self.array.described.name;
        let bad = |at: usize, what: String| {
            let row = self.array.block(block).start + at / (self.size[0] * self.size[1] * 3);
            let episode = ends.partition_point(|end| *end <= row);
            let start = episode.checked_sub(1).map_or(0, |before| ends[before]);
            let (path, row, remedy) =
                (self.path.clone(), row - start, "store pictures as uint8, or as floats in 0..255");
            Error::Row { path, episode, row, what, remedy }
        };
        if let Some(at) = floats.iter().position(|x| !(0.0..=255.0).contains(x)) {
            return Err(bad(at, format!("{name} holds {}", floats[at])));
        }
        // Pictures scaled to one would silently become black.
        if !floats.is_empty() && floats.iter().all(|x| *x <= 1.0) && floats.iter().any(|x| x.fract() != 0.0) {
            return Err(bad(0, format!("{name} holds fractions of 1")));
        }
        Ok(floats.iter().map(|x| x.round() as u8).collect())
    }
}
