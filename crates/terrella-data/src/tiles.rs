//! Several cameras in one picture: a square grid of cells, row by row, each camera scaled into its own.
//!
//! A model of pictures takes one picture a row. What several cameras see at the same time becomes one by
//! laying them side by side; cells that no camera fills stay black.

use crate::{Error, Result, Source};
use terrella_core::{Frames, Pixel};
use terrella_media::picture::Scaler;

/// Where each camera goes in a picture of a size.
pub(crate) struct Tiles {
    to: [usize; 2],
    cells: Vec<Cell>,
}

struct Cell {
    scaler: Scaler,
    size: [usize; 2],
    corner: [usize; 2],
}

impl Tiles {
    /// The first `n` cameras of a source, in pictures of this size.
    ///
    /// # Errors
    /// If one is depth, or a cell would have no pixel.
    pub(crate) fn new(source: &dyn Source, n: usize, to: [usize; 2]) -> Result<Self> {
        let cameras = &source.cameras()[..n];
        let side = (1..).find(|side| side * side >= n).unwrap_or(1);
        let cell = |(at, camera): (usize, &crate::View)| {
            if camera.pixel() == Pixel::Depth {
                return Err(Error::Invalid(format!(
                    "{} is depth, which no model sees; name cameras with colours",
                    camera.name
                )));
            }
            let (row, column) = (at / side, at % side);
            let span = |at: usize, whole: usize| at * whole / side..(at + 1) * whole / side;
            let (rows, columns) = (span(row, to[0]), span(column, to[1]));
            let size = [rows.len(), columns.len()];
            if size.contains(&0) {
                return Err(Error::Invalid(format!("{n} cameras do not fit into pictures of {}x{}", to[0], to[1])));
            }
            Ok(Cell { scaler: Scaler::new(camera.size, size), size, corner: [rows.start, columns.start] })
        };
        Ok(Self { to, cells: cameras.iter().enumerate().map(cell).collect::<Result<_>>()? })
    }

    /// The bytes of all pictures of an episode, one after the other.
    pub(crate) fn episode(&self, source: &dyn Source, at: usize) -> Result<Vec<u8>> {
        let seen = (0..self.cells.len()).map(|camera| source.frames(at, camera)).collect::<Result<Vec<Frames>>>()?;
        let len = seen.first().map_or(0, Frames::len);
        let mut bytes = Vec::with_capacity(len * self.to[0] * self.to[1] * 3);
        let mut scaled = Vec::new();
        for row in 0..len {
            if let [only] = &self.cells[..] {
                only.scaler.scale(seen[0].bytes(row), &mut bytes);
                continue;
            }
            let first = bytes.len();
            bytes.resize(first + self.to[0] * self.to[1] * 3, 0);
            for (cell, frames) in self.cells.iter().zip(&seen) {
                scaled.clear();
                cell.scaler.scale(frames.bytes(row), &mut scaled);
                let width = cell.size[1] * 3;
                for (y, line) in scaled.chunks_exact(width).enumerate() {
                    let at = first + ((cell.corner[0] + y) * self.to[1] + cell.corner[1]) * 3;
                    bytes[at..at + width].copy_from_slice(line);
                }
            }
        }
        Ok(bytes)
    }
}
