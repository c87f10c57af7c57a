//! One zarr array, read a block of rows at a time.
//!
//! A chunk that is not stored holds the fill value, as zarr's specification has it, and is told. Where there is no
//! fill value, it is missing.

use super::described::Described;
use super::store::Store;
use arrow_array::ArrowPrimitiveType;
use arrow_array::types::Float16Type;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrella_data::guarded;
use terrella_data::{Error, Note, Result};
use terrella_media::DOWNLOAD_AGAIN;
use zarrs::array::{Array, ArrayShardedExt, ArraySubset, ElementOwned};

/// Element types of vectors.
pub(super) const NUMBERS: &[&str] = &["f4", "f8", "f2", "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"];
/// Chunks of an array: each is looked for.
const MOST_CHUNKS: usize = 1 << 24;
/// Elements of a block of rows, which is in memory as a whole.
const LARGEST_BLOCK: usize = 1 << 31;
/// Numbers that are not stored and taken into memory all the same.
pub(super) const MOST_FILLED: usize = 1 << 28;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// An array of the replay buffer.
pub(super) struct RowArray {
    path: PathBuf,
    array: Array<Store>,
    store: Arc<Store>,
    pub(super) described: Described,
    /// Rows that are read at a time.
    block: usize,
}

impl RowArray {
    /// Opens an array whose element type is one of `allowed`.
    pub(super) fn open(
        path: &Path,
        store: &Arc<Store>,
        described: &Described,
        allowed: &'static [&str],
    ) -> Result<Self> {
        let Described { name, dtype, spelled, shape, chunks, .. } = described;
        if !allowed.contains(&dtype.as_str()) {
            return Err(Error::Dtype {
                path: path.to_path_buf(),
                name: format!("array {name}"),
                found: spelled.clone(),
                expected: spell(allowed),
            });
        }
        let broken = |what: String, remedy| Error::broken(path, format!("array {name}: {what}"), remedy);
        if shape.is_empty() || shape.len() != chunks.len() || chunks.contains(&0) {
            return Err(broken(format!("shape {shape:?} in chunks of {chunks:?}"), DOWNLOAD_AGAIN));
        }
        let array = described.parsed().map_err(|e| broken(e, DOWNLOAD_AGAIN))?;
        let array = Array::new_with_metadata(store.clone(), &format!("/{name}"), array).map_err(|e| {
            let remedy = "store it again as zarr does by default, or with zstd, blosc, gzip or zlib";
            broken(format!("{e} (its codecs: {})", described.codecs()), remedy)
        })?;
        let inner = array.effective_subchunk_shape().map_or(chunks[0], |shape| shape[0].get() as usize);
        let block = if inner > 0 && chunks[0].is_multiple_of(inner) { inner } else { chunks[0] };
        let trailing = shape.iter().zip(chunks).skip(1).map(|(n, chunk)| n.div_ceil(*chunk).saturating_mul(*chunk));
        let elements = trailing.fold(block, |n: usize, side| n.saturating_mul(side));
        let counts = shape.iter().zip(chunks).map(|(n, chunk)| n.div_ceil(*chunk));
        let count = counts.fold(1, |n: usize, more| n.saturating_mul(more));
        if elements > LARGEST_BLOCK || count > MOST_CHUNKS {
            let what = format!("shape {shape:?} in {count} chunks of {chunks:?}");
            return Err(broken(
                what,
                "store it in chunks of some rows, below 2 billion numbers and not millions of them",
            ));
        }
        let (path, store, described) = (path.to_path_buf(), store.clone(), described.clone());
        Ok(Self { path, array, store, described, block })
    }

    /// Rows of one block.
    pub(super) fn block_rows(&self) -> usize {
        self.block
    }

    /// The rows of the array that block `at` holds.
    pub(super) fn block(&self, at: usize) -> Range<usize> {
        at * self.block..((at + 1) * self.block).min(self.rows())
    }

    /// Rows of the array.
    pub(super) fn rows(&self) -> usize {
        self.described.shape[0]
    }

    /// Reads the rows of one block.
    pub(super) fn read<T: ElementOwned>(&self, at: usize) -> Result<Vec<T>> {
        let rows = self.block(at);
        let trailing = self.described.shape[1..].iter().map(|n| 0..*n as u64);
        let ranges: Vec<Range<u64>> = std::iter::once(rows.start as u64..rows.end as u64).chain(trailing).collect();
        let subset = ArraySubset::new_with_ranges(&ranges);
        guarded(&self.path, || {
            self.array.retrieve_array_subset::<Vec<T>>(&subset).map_err(|e| {
                let what = format!("array {}, rows {} to {}: {e}", self.described.name, rows.start, rows.end);
                Error::broken(&self.path, what, DOWNLOAD_AGAIN)
            })
        })
    }

    /// Reads everything as `f32`.
    pub(super) fn read_f32(&self) -> Result<Vec<f32>> {
        let mut all = Vec::new();
        self.each(&mut |number| all.push(number as f32))?;
        Ok(all)
    }

    /// Reads everything as `f64`.
    pub(super) fn read_f64(&self) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        self.each(&mut |number| all.push(number))?;
        Ok(all)
    }

    fn each(&self, take: &mut dyn FnMut(f64)) -> Result<()> {
        for at in 0..self.rows().div_ceil(self.block) {
            match self.described.dtype.as_str() {
                "f2" => self.read::<Half>(at)?.into_iter().for_each(|x| take(f64::from(x.to_f32()))),
                "f8" => self.read::<f64>(at)?.into_iter().for_each(&mut *take),
                "b1" => self.read::<bool>(at)?.into_iter().for_each(|x| take(f64::from(u8::from(x)))),
                "i1" => self.read::<i8>(at)?.into_iter().for_each(|x| take(f64::from(x))),
                "i2" => self.read::<i16>(at)?.into_iter().for_each(|x| take(f64::from(x))),
                "i4" => self.read::<i32>(at)?.into_iter().for_each(|x| take(f64::from(x))),
                "i8" => self.read::<i64>(at)?.into_iter().for_each(|x| take(x as f64)),
                "u1" => self.read::<u8>(at)?.into_iter().for_each(|x| take(f64::from(x))),
                "u2" => self.read::<u16>(at)?.into_iter().for_each(|x| take(f64::from(x))),
                "u4" => self.read::<u32>(at)?.into_iter().for_each(|x| take(f64::from(x))),
                "u8" => self.read::<u64>(at)?.into_iter().for_each(|x| take(x as f64)),
                _ => self.read::<f32>(at)?.into_iter().for_each(|x| take(f64::from(x))),
            }
        }
        Ok(())
    }

    /// Reads everything as integers.
    pub(super) fn read_i64(&self) -> Result<Vec<i64>> {
        let mut all = Vec::new();
        for at in 0..self.rows().div_ceil(self.block) {
            match self.described.dtype.as_str() {
                "i4" => all.extend(self.read::<i32>(at)?.into_iter().map(i64::from)),
                "u4" => all.extend(self.read::<u32>(at)?.into_iter().map(i64::from)),
                "u8" => all.extend(self.read::<u64>(at)?.into_iter().map(|n| i64::try_from(n).unwrap_or(-1))),
                _ => all.extend(self.read::<i64>(at)?),
            }
        }
        Ok(all)
    }

    /// Looks whether every chunk is stored. What is not holds the fill value, which is told; without one it is missing,
    /// and so it is where there are more than `most` numbers of it.
    pub(super) fn check_stored(&self, most: usize) -> Result<Option<Note>> {
        let Described { name, shape, chunks, fills, .. } = &self.described;
        let counts: Vec<usize> = shape.iter().zip(chunks).map(|(n, c)| n.div_ceil(*c)).collect();
        let total: usize = counts.iter().product();
        let (mut absent, mut rows): (usize, Vec<Range<usize>>) = (0, Vec::new());
        for mut flat in 0..total {
            let mut indices = vec![0; counts.len()];
            for axis in (0..counts.len()).rev() {
                indices[axis] = (flat % counts[axis]) as u64;
                flat /= counts[axis];
            }
            let key = self.array.chunk_key(&indices);
            if self.store.contains(key.as_str()) {
                continue;
            }
            if most == 0 || !fills {
                return Err(Error::broken(&self.path, format!("chunk {key} is missing"), DOWNLOAD_AGAIN));
            }
            absent += 1;
            let first = indices[0] as usize * chunks[0];
            let end = (first + chunks[0]).min(shape[0]);
            match rows.last_mut().filter(|last| last.end >= first) {
                Some(last) => last.end = end,
                None => rows.push(first..end),
            }
        }
        let filled = rows.iter().map(|r| r.len()).sum::<usize>().saturating_mul(self.described.width());
        if filled > most {
            let what = format!("{absent} of the {total} chunks of {name} are missing");
            return Err(Error::broken(&self.path, what, DOWNLOAD_AGAIN));
        }
        Ok((absent > 0).then(|| {
            let told = rows.iter().take(8).map(|r| format!("{} to {}", r.start, r.end - 1));
            let told = told.collect::<Vec<_>>().join(", ");
            let more = if rows.len() > 8 { " and more" } else { "" };
            let fill = &self.described.metadata["fill_value"];
            let what = format!(
                "{absent} of {total} chunks are not stored (rows {told}{more}), which stands for the fill value {fill}; if the copy is not complete, download it again"
            );
            Note { place: name.clone(), what }
        }))
    }
}

fn spell(allowed: &[&str]) -> &'static str {
    match allowed.first() {
        Some(&"i8") => "int64 (<i8), or another integer of 4 or 8 bytes",
        Some(&"u1") => "uint8 (|u1), or float32 (<f4) in 0..255",
        _ => "float16 (<f2), float32 (<f4), float64 (<f8), whole numbers or truths",
    }
}
