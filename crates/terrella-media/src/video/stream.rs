//! Pictures that come one by one, as messages of a log hold them: H.264 behind start codes, or AV1.
//!
//! Each sample is one picture and none is reordered, as Foxglove's `CompressedVideo` demands, so the pictures that
//! come out are the samples that went in, in their order.

use super::colour::to_rgb;
use super::decode::{Codec, Decoder, Planes, Take, to_start_codes};
use super::encode::Encoder;
use super::samples::{StreamTake, other_format};
use crate::error::unpanicked;

/// A stream while it is decoded.
pub struct VideoStream {
    decoder: Decoder,
    rgb: Vec<u8>,
}

impl VideoStream {
    /// Begins a stream of `h264` or `av1`.
    ///
    /// # Errors
    /// If the format is another one.
    pub fn new(format: &str) -> Result<Self, String> {
        let codec = match format {
            "h264" => Codec::H264 { length_bytes: 0, headers: Vec::new() },
            "av1" => Codec::Av1,
            other => return Err(other_format(other, &[])),
        };
        Ok(Self { decoder: Decoder::new(&codec)?, rgb: Vec::new() })
    }

    /// Decodes the next sample, which may bring pictures of earlier ones; `take` says of which it wants the pixels.
    ///
    /// # Errors
    /// If it cannot be decoded, or what `take` says.
    pub fn feed(&mut self, sample: Vec<u8>, take: &mut StreamTake<'_>) -> Result<(), String> {
        self.with(take, |decoder, show| decoder.feed(sample, show).map(drop))
    }

    /// Hands out what was held back.
    ///
    /// # Errors
    /// As [`Self::feed`].
    pub fn finish(&mut self, take: &mut StreamTake<'_>) -> Result<(), String> {
        self.with(take, Decoder::finish)
    }

    fn with(
        &mut self,
        take: &mut StreamTake<'_>,
        decode: impl FnOnce(&mut Decoder, &mut Take<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let Self { decoder, rgb } = self;
        let mut taken = Ok(());
        let mut show = |planes: &Planes<'_>| {
            taken = to_rgb(planes, planes.size, rgb).and_then(|()| take(planes.size, rgb));
            taken.is_ok()
        };
        unpanicked(|| decode(decoder, &mut show))??;
        taken
    }
}

/// Pictures of height × width × 3 bytes as samples of H.264 behind start codes, each with its parameters if it needs no
/// other: what a log of video holds.
///
/// # Errors
/// If they cannot be encoded.
pub fn encoded(pictures: &[Vec<u8>], size: [usize; 2]) -> Result<Vec<Vec<u8>>, String> {
    // The rate of a stream is that of its messages; what the encoder is told does not matter at constant quality.
    let mut encoder = Encoder::new(size, 10.0)?;
    let encode = |rgb: &Vec<u8>| -> Result<Vec<u8>, String> {
        let encoded = encoder.encode(rgb, false)?;
        let headers = encoder.headers.iter().flatten().filter(|_| encoded.sync);
        let mut sample: Vec<u8> = headers.flat_map(|unit| [&[0, 0, 0, 1], &unit[..]].concat()).collect();
        to_start_codes(&encoded.bytes, 4, &mut sample)?;
        Ok(sample)
    };
    pictures.iter().map(encode).collect()
}
