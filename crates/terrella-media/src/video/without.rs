//! Stand-ins where decoders and encoder were not built: they say how to get them.

use super::samples::StreamTake;
use crate::{Error, Result};
use std::path::Path;

/// Stands in where the decoders were not built.
#[derive(Debug)]
pub enum Video {}

impl Video {
    /// Says how to get the decoders.
    ///
    /// # Errors
    /// Always.
    pub fn open(path: &Path) -> Result<Self> {
        let remedy = "build with --features video, or leave pictures out with --no-pictures";
        Err(Error::broken(path, "pictures are stored as video", remedy))
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        match *self {}
    }

    /// Seconds at which frames are shown.
    pub fn times(&self) -> &[f64] {
        match *self {}
    }

    /// Decodes frames.
    ///
    /// # Errors
    /// Never, as there are none.
    pub fn frames(&self, _wanted: &[usize], _sink: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        match *self {}
    }
}

/// Stands in where the encoder was not built.
pub enum VideoWriter {}

impl VideoWriter {
    /// Says how to get the encoder.
    ///
    /// # Errors
    /// Always.
    pub fn create(path: &Path, _size: [usize; 2], _fps: u32) -> Result<Self> {
        let remedy = "build with --features video, or keep pictures as PNG";
        Err(Error::broken(path, "pictures were to be stored as video", remedy))
    }

    /// Appends a picture.
    ///
    /// # Errors
    /// Never, as there is no writer.
    pub fn push(&mut self, _rgb: &[u8], _first: bool) -> Result<()> {
        match *self {}
    }

    /// Bytes of samples so far.
    pub fn bytes(&self) -> u64 {
        match *self {}
    }

    /// Pictures so far.
    pub fn pictures(&self) -> usize {
        match *self {}
    }

    /// Puts index and samples together.
    ///
    /// # Errors
    /// Never, as there is no writer.
    pub fn finish(self) -> Result<()> {
        match self {}
    }
}

/// Stands in where the decoders were not built.
pub enum VideoStream {}

impl VideoStream {
    /// Says why there is none.
    ///
    /// # Errors
    /// Always.
    pub fn new(_format: &str) -> Result<Self, String> {
        Err("it is video, for which this program was built without decoders".to_owned())
    }

    /// Decodes the next sample.
    ///
    /// # Errors
    /// Never, as there is no stream.
    pub fn feed(&mut self, _sample: Vec<u8>, _take: &mut StreamTake<'_>) -> Result<(), String> {
        match *self {}
    }

    /// Hands out what was held back.
    ///
    /// # Errors
    /// Never, as there is no stream.
    pub fn finish(&mut self, _take: &mut StreamTake<'_>) -> Result<(), String> {
        match *self {}
    }
}
