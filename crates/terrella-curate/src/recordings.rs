//! The recordings of a pipeline, each opened once where memory allows.
//!
//! A recording is asked for its hash, for its tables, and at last for the pictures of what is left of it. In between it
//! stays open, as long as the tables of all that are open need no more than the pipeline's `memory_mib`; one that has no
//! room is opened again, so that any number of recordings can be read.

use crate::pipeline::{Pipeline, Recording};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use terrella_formats::Opened;

/// Bytes of a number in a table.
const NUMBER: usize = size_of::<f32>();
/// Bytes that a row may have beside its numbers: its time and outcomes, and where each of its pictures lies.
const ROW: usize = 64;

/// Opened recordings, by their number in the pipeline.
pub(crate) struct Recordings {
    open: BTreeMap<usize, Opened>,
    /// Bytes of tables that may still be kept.
    left: usize,
    /// How often one was opened.
    #[cfg(test)]
    pub(crate) opened: usize,
}

/// Opens a recording as the pipeline says.
pub(crate) fn open(recording: &Recording) -> Result<Opened> {
    terrella_formats::open_source(&recording.path, &recording.options()).map_err(Error::from)
}

impl Recordings {
    /// Keeps tables of as many bytes as queries of this pipeline may have.
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        Self::within(pipeline.memory_mib << 20)
    }

    /// Keeps tables of at most so many bytes.
    pub(crate) fn within(bytes: usize) -> Self {
        Self {
            open: BTreeMap::new(),
            left: bytes,
            #[cfg(test)]
            opened: 0,
        }
    }

    /// Asks a recording something; it stays open if there is room.
    ///
    /// # Errors
    /// If it cannot be opened, or what `ask` says.
    pub(crate) fn ask<T>(
        &mut self,
        (at, recording): (usize, &Recording),
        ask: impl FnOnce(&Opened) -> Result<T>,
    ) -> Result<T> {
        if let Some(source) = self.open.get(&at) {
            return ask(source);
        }
        #[cfg(test)]
        {
            self.opened += 1;
        }
        let source = open(recording)?;
        let answer = ask(&source)?;
        let bytes = bytes(&source);
        if bytes <= self.left {
            self.left -= bytes;
            self.open.insert(at, source);
        }
        Ok(answer)
    }

    /// A recording that stays open, room or not: whoever wants its pictures comes back for each episode.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(crate) fn hold(&mut self, at: usize, recording: &Recording) -> Result<&Opened> {
        match self.open.entry(at) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(free) => {
                #[cfg(test)]
                {
                    self.opened += 1;
                }
                Ok(free.insert(open(recording)?))
            }
        }
    }

    /// Closes all: nobody will ask any more.
    pub(crate) fn close(&mut self) {
        self.open.clear();
    }
}

/// About how many bytes the tables of a recording have.
fn bytes(source: &Opened) -> usize {
    let signature = source.signature();
    let numbers = NUMBER * (signature.state.len() + signature.action.len());
    source.lengths().iter().sum::<usize>() * (numbers + ROW * (1 + source.cameras().len()))
}
