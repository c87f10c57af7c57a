//! What the store says of its arrays: type, shape and chunks, in either version of zarr.
//!
//! An array has a file of its own, `.zarray` or `zarr.json`. Where only the description of the whole is there
//! ("consolidated": `.zmetadata`, or a key of the root's `zarr.json`), that one counts.

use super::store::{DESCRIPTIONS, Store};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use terrella_data::{Error, Result};
use terrella_media::DOWNLOAD_AGAIN;
use zarrs::array::ArrayMetadata;

/// One array.
#[derive(Clone, Debug)]
pub(super) struct Described {
    /// Where it lies, with `/` between groups.
    pub(super) name: String,
    /// Element type as the older version spells it, without the byte order: `f4`; as it stands if it is another.
    pub(super) dtype: String,
    /// As it is spelled in the file.
    pub(super) spelled: String,
    /// Rows first.
    pub(super) shape: Vec<usize>,
    pub(super) chunks: Vec<usize>,
    /// Whether it says what a chunk that is not stored holds.
    pub(super) fills: bool,
    pub(super) metadata: Value,
}

/// Types in the newer version and in the older one.
const TYPES: [(&str, &str); 12] = [
    ("bool", "b1"),
    ("int8", "i1"),
    ("int16", "i2"),
    ("int32", "i4"),
    ("int64", "i8"),
    ("uint8", "u1"),
    ("uint16", "u2"),
    ("uint32", "u4"),
    ("uint64", "u8"),
    ("float16", "f2"),
    ("float32", "f4"),
    ("float64", "f8"),
];

/// All arrays, by name, and whether some have no file of their own.
pub(super) fn arrays(path: &Path, store: &Store) -> Result<(BTreeMap<String, Described>, bool)> {
    let mut found = BTreeMap::new();
    for name in store.described() {
        for file in DESCRIPTIONS {
            let Some(value) = json(path, store, &format!("{name}/{file}"))? else { continue };
            if value["node_type"] != "group" {
                found.insert(name.clone(), Described::of(path, &name, value)?);
            }
        }
    }
    let own = found.len();
    let older = json(path, store, ".zmetadata")?.unwrap_or_default();
    let newer = json(path, store, "zarr.json")?.unwrap_or_default();
    let of_older = older["metadata"].as_object().into_iter().flatten();
    let of_older = of_older.filter_map(|(key, value)| Some((key.strip_suffix("/.zarray")?, value)));
    let of_newer = newer["consolidated_metadata"]["metadata"].as_object().into_iter().flatten();
    let of_newer =
        of_newer.filter(|(_, value)| value["node_type"] == "array").map(|(key, value)| (key.as_str(), value));
    for (name, value) in of_older.chain(of_newer) {
        if !found.contains_key(name) {
            found.insert(name.to_owned(), Described::of(path, name, value.clone())?);
        }
    }
    let whole = found.len() > own;
    Ok((found, whole))
}

fn json(path: &Path, store: &Store, key: &str) -> Result<Option<Value>> {
    let broken = |e: String| Error::broken(path, format!("{key}: {e}"), DOWNLOAD_AGAIN);
    let Some(text) = store.read(key).map_err(|e| broken(e.to_string()))? else { return Ok(None) };
    serde_json::from_slice(&text).map(Some).map_err(|e| broken(e.to_string()))
}

impl Described {
    fn of(path: &Path, name: &str, metadata: Value) -> Result<Self> {
        let newer = metadata["zarr_format"] == 3;
        let (kind, chunks) = if newer {
            (&metadata["data_type"], &metadata["chunk_grid"]["configuration"]["chunk_shape"])
        } else {
            (&metadata["dtype"], &metadata["chunks"])
        };
        let spelled = kind.as_str().unwrap_or("(structured)").to_owned();
        let plain = spelled.trim_start_matches(['<', '>', '|', '=']);
        let known = TYPES.iter().find(|(long, _)| newer && *long == plain).map(|(_, short)| *short);
        let dtype = known.unwrap_or(plain).to_owned();
        let sizes = |value: &Value| -> Option<Vec<usize>> {
            value.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect()
        };
        let (Some(shape), Some(chunks)) = (sizes(&metadata["shape"]), sizes(chunks)) else {
            let what = format!("array {name} has shape {} in chunks of {chunks}", metadata["shape"]);
            return Err(Error::broken(path, what, "store it in chunks of one size"));
        };
        let fills = !metadata["fill_value"].is_null();
        Ok(Self { name: name.to_owned(), dtype, spelled, shape, chunks, fills, metadata })
    }

    /// Numbers a row.
    pub(super) fn width(&self) -> usize {
        self.shape.iter().skip(1).fold(1, |n: usize, side| n.saturating_mul(*side))
    }

    /// As the library has it.
    pub(super) fn parsed(&self) -> Result<ArrayMetadata, String> {
        let told = |e: serde_json::Error| e.to_string();
        match self.metadata["zarr_format"] == 3 {
            true => serde_json::from_value(self.metadata.clone()).map(ArrayMetadata::V3).map_err(told),
            false => serde_json::from_value(self.metadata.clone()).map(ArrayMetadata::V2).map_err(told),
        }
    }

    /// What it is compressed with, for people.
    pub(super) fn codecs(&self) -> String {
        let mut names = Vec::new();
        let list = |key: &str| self.metadata[key].as_array().cloned().unwrap_or_default();
        let compressor = std::iter::once(self.metadata["compressor"].clone());
        for codec in list("codecs").into_iter().chain(list("filters")).chain(compressor) {
            names.extend(codec["name"].as_str().or(codec["id"].as_str()).map(str::to_owned));
        }
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_versions_say_the_same() {
        let older = json!({"zarr_format": 2, "dtype": ">f4", "shape": [9, 2], "chunks": [4, 2], "fill_value": null,
            "filters": [{"id": "shuffle"}], "compressor": {"id": "lz4"}});
        let newer = json!({"zarr_format": 3, "data_type": "float32", "shape": [9, 2], "fill_value": 0.0,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 2]}},
            "codecs": [{"name": "bytes"}, {"name": "zstd"}]});
        let path = Path::new("buffer");
        let [older, newer] = [older, newer].map(|value| Described::of(path, "data/state", value).expect("described"));
        assert_eq!((&older.dtype, &older.shape, &older.chunks), (&newer.dtype, &newer.shape, &newer.chunks), "alike");
        assert_eq!((older.fills, newer.fills, newer.width()), (false, true, 2), "what is not stored");
        assert_eq!((older.codecs(), newer.codecs()), ("shuffle, lz4".to_owned(), "bytes, zstd".to_owned()), "codecs");
        let odd = json!({"zarr_format": 2, "dtype": "<f4", "shape": [-1], "chunks": [4]});
        assert!(Described::of(path, "data/state", odd).is_err_and(|e| e.to_string().contains("[-1]")), "no size");
    }
}
