//! One zarr array, read a block of rows at a time.
//!
//! Zarr fills chunks that are not stored with the fill value; in a recording that would be invented
//! data, so a missing chunk is an error here.

use super::store::Store;
use crate::error::DOWNLOAD_AGAIN;
use crate::{Error, Result};
use serde_json::Value;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zarrs::array::{Array, ArraySubset, ElementOwned};

/// Element types of vectors.
pub(crate) const NUMBERS: &[&str] = &["f4", "f8", "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"];

/// An array of the replay buffer.
pub(crate) struct RowArray {
    path: PathBuf,
    name: String,
    array: Array<Store>,
    store: Arc<Store>,
    /// Element type as zarr v2 spells it, without the byte order: `f4`.
    pub(crate) dtype: String,
    /// Rows first.
    pub(crate) shape: Vec<usize>,
    chunks: Vec<usize>,
}

impl RowArray {
    /// Opens an array whose element type is one of `allowed`.
    pub(crate) fn open(path: &Path, store: &Arc<Store>, name: &str, allowed: &'static [&str]) -> Result<Self> {
        let describe = |e: String| Error::broken(path, format!("array {name}: {e}"), DOWNLOAD_AGAIN);
        let Some(text) = store.read(&format!("{name}/.zarray")).map_err(|e| describe(e.to_string()))? else {
            let present = store.arrays().join(", ");
            return Err(Error::Missing { path: path.to_path_buf(), kind: "array", name: name.to_owned(), present });
        };
        let meta: Value = serde_json::from_slice(&text).map_err(|e| describe(e.to_string()))?;
        let spelled = meta["dtype"].as_str().unwrap_or("(structured)").to_owned();
        let dtype = spelled.trim_start_matches(['<', '>', '|', '=']).to_owned();
        if !allowed.contains(&dtype.as_str()) {
            return Err(Error::Dtype {
                path: path.to_path_buf(),
                name: format!("array {name}"),
                found: spelled,
                expected: spell(allowed),
            });
        }
        let sizes = |key: &str| -> Vec<usize> {
            meta[key].as_array().into_iter().flatten().map(|n| n.as_u64().unwrap_or(0) as usize).collect()
        };
        let (shape, chunks) = (sizes("shape"), sizes("chunks"));
        if shape.is_empty() || shape.len() != chunks.len() || chunks.contains(&0) {
            return Err(describe(format!("shape {shape:?} in chunks of {chunks:?}")));
        }
        let array = Array::open(store.clone(), &format!("/{name}")).map_err(|e| describe(e.to_string()))?;
        let (path, name, store) = (path.to_path_buf(), name.to_owned(), store.clone());
        Ok(Self { path, name, array, store, dtype, shape, chunks })
    }

    /// Rows of one chunk.
    pub(crate) fn block_rows(&self) -> usize {
        self.chunks[0]
    }

    /// The rows of the array that block `at` holds.
    pub(crate) fn block(&self, at: usize) -> Range<usize> {
        at * self.chunks[0]..((at + 1) * self.chunks[0]).min(self.shape[0])
    }

    /// Reads the rows of one block.
    pub(crate) fn read<T: ElementOwned>(&self, at: usize) -> Result<Vec<T>> {
        self.check_stored(at)?;
        let rows = self.block(at);
        let trailing = self.shape[1..].iter().map(|n| 0..*n as u64);
        let ranges: Vec<Range<u64>> = std::iter::once(rows.start as u64..rows.end as u64).chain(trailing).collect();
        self.array.retrieve_array_subset::<Vec<T>>(&ArraySubset::new_with_ranges(&ranges)).map_err(|e| {
            let what = format!("array {}, rows {} to {}: {e}", self.name, rows.start, rows.end);
            Error::broken(&self.path, what, DOWNLOAD_AGAIN)
        })
    }

    /// Reads everything as `f32`.
    pub(crate) fn read_f32(&self) -> Result<Vec<f32>> {
        let blocks = 0..self.shape[0].div_ceil(self.chunks[0]);
        let mut all = Vec::with_capacity(self.shape.iter().product());
        for at in blocks {
            match self.dtype.as_str() {
                "f8" => all.extend(self.read::<f64>(at)?.into_iter().map(|x| x as f32)),
                "b1" => all.extend(self.read::<bool>(at)?.into_iter().map(|x| f32::from(u8::from(x)))),
                "i1" => all.extend(self.read::<i8>(at)?.into_iter().map(f32::from)),
                "i2" => all.extend(self.read::<i16>(at)?.into_iter().map(f32::from)),
                "i4" => all.extend(self.read::<i32>(at)?.into_iter().map(|x| x as f32)),
                "i8" => all.extend(self.read::<i64>(at)?.into_iter().map(|x| x as f32)),
                "u1" => all.extend(self.read::<u8>(at)?.into_iter().map(f32::from)),
                "u2" => all.extend(self.read::<u16>(at)?.into_iter().map(f32::from)),
                "u4" => all.extend(self.read::<u32>(at)?.into_iter().map(|x| x as f32)),
                "u8" => all.extend(self.read::<u64>(at)?.into_iter().map(|x| x as f32)),
                _ => all.extend(self.read::<f32>(at)?),
            }
        }
        Ok(all)
    }

    /// Reads everything as integers.
    pub(crate) fn read_i64(&self) -> Result<Vec<i64>> {
        let mut all = Vec::new();
        for at in 0..self.shape[0].div_ceil(self.chunks[0]) {
            match self.dtype.as_str() {
                "i4" => all.extend(self.read::<i32>(at)?.into_iter().map(i64::from)),
                "u4" => all.extend(self.read::<u32>(at)?.into_iter().map(i64::from)),
                "u8" => all.extend(self.read::<u64>(at)?.into_iter().map(|n| i64::try_from(n).unwrap_or(-1))),
                _ => all.extend(self.read::<i64>(at)?),
            }
        }
        Ok(all)
    }

    /// Fails unless every chunk under these rows is stored.
    fn check_stored(&self, at: usize) -> Result<()> {
        let counts: Vec<usize> = self.shape.iter().zip(&self.chunks).map(|(n, c)| n.div_ceil(*c)).collect();
        for mut flat in 0..counts[1..].iter().product::<usize>() {
            let mut indices = vec![at as u64; counts.len()];
            for axis in (1..counts.len()).rev() {
                indices[axis] = (flat % counts[axis]) as u64;
                flat /= counts[axis];
            }
            let key = self.array.chunk_key(&indices);
            if !self.store.contains(key.as_str()) {
                return Err(Error::broken(&self.path, format!("chunk {key} is missing"), DOWNLOAD_AGAIN));
            }
        }
        Ok(())
    }
}

fn spell(allowed: &[&str]) -> &'static str {
    match allowed.first() {
        Some(&"i8") => "int64 (<i8), or another integer of 4 or 8 bytes",
        Some(&"u1") => "uint8 (|u1), or float32 (<f4) in 0..255",
        _ => "float32 (<f4), float64 (<f8), whole numbers or truths",
    }
}
