//! What an HDF5 file lends: tables, pictures, whole numbers, texts and attributes, each measured before it is read.

use super::file::{Hdf5, Place, group_of};
use crate::arrays::store::{Rows, Shape, Store, measure, no_numbers};
use hdf5_pure::{AttrValue, File};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use terrella_core::Table;
use terrella_data::{Error, Note, Result};
use terrella_media::DOWNLOAD_AGAIN;

impl Hdf5 {
    /// All texts of a dataset.
    pub(crate) fn texts(&self, dataset: &str) -> Result<Vec<String>> {
        match self.place(dataset)? {
            Place::There(other, name) => other.texts(&name),
            Place::Here(name) => {
                let shape = self.shape_of(dataset)?;
                let rows = Rows { array: dataset.to_owned(), from: 0, len: shape.rows() };
                measure(&self.path, &rows, &shape, 16)?;
                self.with(|file| file.dataset(&name)?.read_string()).map_err(|e| self.broken(dataset, &e))
            }
        }
    }

    /// An attribute of a group or, if there is no such group, of a dataset.
    fn attributes(&self, of: &str, name: &str) -> Option<AttrValue> {
        match self.place(of).ok()? {
            Place::There(other, of) => other.attributes(&of, name),
            Place::Here(of) => self
                .with(|file| match group_of(file, &of) {
                    Ok(group) => group.attrs(),
                    Err(_) => file.dataset(&of)?.attrs(),
                })
                .ok()?
                .remove(name),
        }
    }

    /// A text that is an attribute.
    pub(crate) fn attribute(&self, of: &str, name: &str) -> Option<String> {
        self.attributes(of, name)?.as_str().map(str::to_owned)
    }
}

impl Store for Hdf5 {
    fn path(&self) -> &Path {
        &self.path
    }

    fn groups(&self, group: &str) -> Vec<String> {
        self.listing(group).into_iter().flatten().filter(|(_, is_group)| *is_group).map(|(name, _)| name).collect()
    }

    fn below(&self, group: &str) -> Vec<(String, Shape)> {
        self.all_below(group)
    }

    fn shape(&self, dataset: &str) -> Result<Shape> {
        self.shape_of(dataset)
    }

    fn table(&self, rows: &Rows) -> Result<Table> {
        let name = match self.place(&rows.array)? {
            Place::There(other, array) => return other.table(&Rows { array, ..rows.clone() }),
            Place::Here(name) => name,
        };
        let shape = self.shape_of(&rows.array)?;
        let width = shape.width().ok_or_else(|| no_numbers(&self.path, &rows.array, &shape))?;
        measure(&self.path, rows, &shape, 8)?;
        let data = self.with(|file| file.dataset(&name)?.read_f64_rows(rows.from as u64, rows.len as u64));
        let data: Vec<f32> = data.map_err(|e| self.broken(&rows.array, &e))?.into_iter().map(|x| x as f32).collect();
        if data.len() != width * rows.len {
            let what =
                format!("{} holds {} numbers where {width} × {} were declared", rows.array, data.len(), rows.len);
            return Err(Error::broken(&self.path, what, DOWNLOAD_AGAIN));
        }
        Ok(Table { width, data })
    }

    fn integers(&self, dataset: &str) -> Result<Vec<i64>> {
        let name = match self.place(dataset)? {
            Place::There(other, name) => return other.integers(&name),
            Place::Here(name) => name,
        };
        let shape = self.shape_of(dataset)?;
        if !shape.is_whole() {
            return Err(Error::broken(&self.path, format!("{dataset} is {shape}"), "store whole numbers"));
        }
        measure(&self.path, &Rows { array: dataset.to_owned(), from: 0, len: shape.rows() }, &shape, 8)?;
        self.with(|file| file.dataset(&name)?.read_i64()).map_err(|e| self.broken(dataset, &e))
    }

    fn bytes(&self, rows: &Rows) -> Result<Vec<u8>> {
        let name = match self.place(&rows.array)? {
            Place::There(other, array) => return other.bytes(&Rows { array, ..rows.clone() }),
            Place::Here(name) => name,
        };
        measure(&self.path, rows, &self.shape_of(&rows.array)?, 1)?;
        let read = |file: &File| file.dataset(&name)?.read_raw_rows(rows.from as u64, rows.len as u64);
        self.with(read).map_err(|e| self.broken(&rows.array, &e))
    }

    fn is_cut(&self) -> bool {
        self.cut().is_some()
    }

    fn told(&self) -> Vec<Note> {
        let note = |what: String| Note { place: "file".to_owned(), what };
        let cut = self.cut().map(|[have, need]| {
            note(format!(
                "left out what is missing: it was cut off at byte {have} of {need}, and is read as far as it goes"
            ))
        });
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lost.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
        let more = if lost.len() > 20 { format!(" and {} more", lost.len() - 20) } else { String::new() };
        let links = (!lost.is_empty())
            .then(|| note(format!("left out names that lead to nothing that can be read: {list}{more}")));
        cut.into_iter().chain(links).collect()
    }

    fn beside(&self) -> Vec<PathBuf> {
        self.visited.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
