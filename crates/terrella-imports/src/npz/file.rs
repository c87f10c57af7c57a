//! A NumPy archive as arrays by name: headers are read when it is opened, numbers when they are asked for.

use crate::arrays::store::{Kind, Rows, Shape, Store, measure, no_numbers};
use crate::npy::{self, Header, Numbers};
use npyz::TypeChar;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use terrella_core::Table;
use terrella_data::{Error, Result};
use terrella_media::DOWNLOAD_AGAIN;
use zip::ZipArchive;

/// Bytes of one array after unpacking.
const LARGEST_ARRAY: u64 = 2 << 30;
/// Bytes that the header of an array has at most here; NumPy's have 128.
const LARGEST_HEADER: u64 = 1 << 16;
/// Arrays of a file, at most.
const MOST_ARRAYS: usize = 10_000;

/// An open archive.
pub(crate) struct Npz {
    path: PathBuf,
    archive: Mutex<ZipArchive<File>>,
    arrays: BTreeMap<String, Shape>,
    /// Numbers that were read; rows of several episodes lie in one array.
    read: Mutex<BTreeMap<String, Arc<Vec<f64>>>>,
}

impl Npz {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let damaged = |e: &dyn std::fmt::Display| {
            Error::broken(path, format!("the archive is truncated or damaged ({e})"), DOWNLOAD_AGAIN)
        };
        let mut archive = ZipArchive::new(file).map_err(|e| damaged(&e))?;
        if archive.len() > MOST_ARRAYS {
            let what = format!("it holds {} arrays, the limit is {MOST_ARRAYS}", archive.len());
            return Err(Error::broken(path, what, "store episodes in files of their own"));
        }
        let mut arrays = BTreeMap::new();
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).map_err(|e| damaged(&e))?;
            let name = entry.name().map_err(|e| damaged(&e))?.into_owned();
            let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
            let mut head = Vec::new();
            entry.by_ref().take(LARGEST_HEADER).read_to_end(&mut head).map_err(|e| damaged(&e))?;
            let header = npy::header(&head).map_err(|e| damaged(&format!("{name}: {e}")))?;
            if let Some(header) = header {
                arrays.insert(name, shape(&header));
            }
        }
        let (archive, read) = (Mutex::new(archive), Mutex::default());
        Ok(Self { path: path.to_path_buf(), archive, arrays, read })
    }

    fn numbers(&self, array: &str) -> Result<Numbers> {
        let damaged = |e: &dyn std::fmt::Display| Error::broken(&self.path, format!("{array}: {e}"), DOWNLOAD_AGAIN);
        let mut archive = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entry = archive.by_name(&format!("{array}.npy")).map_err(|e| damaged(&e))?;
        let mut bytes = Vec::new();
        entry.by_ref().take(LARGEST_ARRAY + 1).read_to_end(&mut bytes).map_err(|e| damaged(&e))?;
        if bytes.len() as u64 > LARGEST_ARRAY {
            let what = format!("{array} has more than {} MiB after unpacking, which is the limit", LARGEST_ARRAY >> 20);
            return Err(Error::broken(&self.path, what, "store shorter episodes"));
        }
        let read = npy::read(&bytes).map_err(|e| damaged(&e))?;
        read.map(|(_, numbers)| numbers).ok_or_else(|| damaged(&"it holds no numbers"))
    }

    /// All numbers of an array.
    fn floats(&self, array: &str) -> Result<Arc<Vec<f64>>> {
        let lock = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(array) {
            return Ok(known.clone());
        }
        let data = Arc::new(match self.numbers(array)? {
            Numbers::Floats(data) => data,
            Numbers::Bytes(data) => data.into_iter().map(f64::from).collect(),
        });
        lock().insert(array.to_owned(), data.clone());
        Ok(data)
    }
}

impl Store for Npz {
    fn path(&self) -> &Path {
        &self.path
    }

    fn groups(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn below(&self, group: &str) -> Vec<(String, Shape)> {
        let inside = |name: &String| match group {
            "" => Some(name.clone()),
            group => Some(name.strip_prefix(group)?.strip_prefix('/')?.to_owned()),
        };
        self.arrays.iter().filter_map(|(name, shape)| Some((inside(name)?, shape.clone()))).collect()
    }

    fn shape(&self, array: &str) -> Result<Shape> {
        self.arrays.get(array).cloned().ok_or_else(|| Error::Missing {
            path: self.path.clone(),
            kind: "array",
            name: array.to_owned(),
            present: self.arrays.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    fn table(&self, rows: &Rows) -> Result<Table> {
        let shape = self.shape(&rows.array)?;
        let width = shape.width().ok_or_else(|| no_numbers(&self.path, &rows.array, &shape))?;
        measure(&self.path, rows, &shape, 8)?;
        let all = self.floats(&rows.array)?;
        let data = all.get(rows.from * width..(rows.from + rows.len) * width).ok_or_else(|| {
            let what = format!("{} holds {} numbers, it declares {shape}", rows.array, all.len());
            Error::broken(&self.path, what, DOWNLOAD_AGAIN)
        })?;
        Ok(Table { width, data: data.iter().map(|x| *x as f32).collect() })
    }

    fn integers(&self, array: &str) -> Result<Vec<i64>> {
        let shape = self.shape(array)?;
        if !shape.is_whole() {
            return Err(Error::broken(&self.path, format!("{array} is {shape}"), "store whole numbers"));
        }
        Ok(self.floats(array)?.iter().map(|x| *x as i64).collect())
    }

    fn bytes(&self, rows: &Rows) -> Result<Vec<u8>> {
        let shape = self.shape(&rows.array)?;
        let need = measure(&self.path, rows, &shape, 1)? as usize;
        let row = need / rows.len.max(1);
        let part = |data: Vec<u8>| data.get(rows.from * row..rows.from * row + need).map(<[u8]>::to_vec);
        let found = match self.numbers(&rows.array)? {
            Numbers::Bytes(data) => part(data),
            Numbers::Floats(data) if shape.kind == Kind::Byte => part(data.into_iter().map(|x| x as u8).collect()),
            Numbers::Floats(_) => None,
        };
        let what =
            || Error::broken(&self.path, format!("{} is {shape}, not rows of bytes", rows.array), DOWNLOAD_AGAIN);
        found.ok_or_else(what)
    }
}

fn shape(header: &Header) -> Shape {
    let kind = match (header.kind, header.size) {
        (TypeChar::Float, 4 | 8) => Kind::Float,
        (TypeChar::Uint, 1) => Kind::Byte,
        (TypeChar::Int | TypeChar::Uint, _) => Kind::Whole,
        (TypeChar::Bool, _) => Kind::Truth,
        _ => Kind::Other,
    };
    Shape { sides: header.shape.clone(), kind, spelled: header.spelled.clone(), element: header.size }
}
