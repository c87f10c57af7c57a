//! Stand-ins where decoders and encoder were not built: they say how to get them.

use super::samples::StreamTake;

/// Stands in where the decoders were not built.
#[derive(Debug)]
pub(crate) enum Video {}

impl Video {
    pub(crate) fn open(path: &std::path::Path) -> crate::Result<Self> {
        let remedy = "build with --features video, or leave pictures out with --no-pictures";
        Err(crate::Error::broken(path, "pictures are stored as video", remedy))
    }

    pub(crate) fn size(&self) -> [usize; 2] {
        match *self {}
    }

    pub(crate) fn times(&self) -> &[f64] {
        match *self {}
    }

    pub(crate) fn frames(&self, _wanted: &[usize], _sink: &mut dyn FnMut(usize, &[u8])) -> crate::Result<()> {
        match *self {}
    }
}

/// Stands in where the encoder was not built.
pub(crate) enum VideoWriter {}

impl VideoWriter {
    pub(crate) fn create(path: &std::path::Path, _size: [usize; 2], _fps: u32) -> crate::Result<Self> {
        let remedy = "build with --features video, or keep pictures as PNG";
        Err(crate::Error::broken(path, "pictures were to be stored as video", remedy))
    }

    pub(crate) fn push(&mut self, _rgb: &[u8], _first: bool) -> crate::Result<()> {
        match *self {}
    }

    pub(crate) fn bytes(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn len(&self) -> usize {
        match *self {}
    }

    pub(crate) fn finish(self) -> crate::Result<()> {
        match self {}
    }
}

/// Stands in where the decoders were not built.
pub(crate) enum VideoStream {}

impl VideoStream {
    pub(crate) fn new(_format: &str) -> Result<Self, String> {
        Err("it is video, for which this program was built without decoders".to_owned())
    }

    pub(crate) fn feed(&mut self, _sample: Vec<u8>, _take: &mut StreamTake<'_>) -> Result<(), String> {
        match *self {}
    }

    pub(crate) fn finish(&mut self, _take: &mut StreamTake<'_>) -> Result<(), String> {
        match *self {}
    }
}
