//! Pictures that come one by one, as messages of a log hold them: H.264 behind start codes, or AV1.
//!
//! Each sample is one picture and none is reordered, as Foxglove's `CompressedVideo` demands, so the pictures that
//! come out are the samples that went in, in their order.

use super::colour::to_rgb;
use super::decode::{Codec, Decoder, Planes, Take};
use super::samples::{StreamTake, other_format};
use crate::error::unpanicked;

/// A stream while it is decoded.
pub(crate) struct VideoStream {
    decoder: Decoder,
    rgb: Vec<u8>,
}

impl VideoStream {
    pub(crate) fn new(format: &str) -> Result<Self, String> {
        let codec = match format {
            "h264" => Codec::H264 { length_bytes: 0, headers: Vec::new() },
            "av1" => Codec::Av1,
            other => return Err(other_format(other, &[])),
        };
        Ok(Self { decoder: Decoder::new(&codec)?, rgb: Vec::new() })
    }

    /// Decodes the next sample, which may bring pictures of earlier ones; `take` says of which it wants the pixels.
    pub(crate) fn feed(&mut self, sample: Vec<u8>, take: &mut StreamTake<'_>) -> Result<(), String> {
        self.with(take, |decoder, show| decoder.feed(sample, show).map(drop))
    }

    /// Hands out what was held back.
    pub(crate) fn finish(&mut self, take: &mut StreamTake<'_>) -> Result<(), String> {
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

/// Pictures as samples behind start codes, each with its parameters if it needs no other.
#[cfg(test)]
pub(crate) fn encoded(pictures: &[Vec<u8>], size: [usize; 2]) -> Vec<Vec<u8>> {
    let mut encoder = super::encode::Encoder::new(size, 10.0).expect("an encoder");
    let encode = |rgb: &Vec<u8>| {
        let encoded = encoder.encode(rgb, false).expect("encoded");
        let headers = encoder.headers.iter().flatten().filter(|_| encoded.sync);
        let mut sample: Vec<u8> = headers.flat_map(|unit| [&[0, 0, 0, 1], &unit[..]].concat()).collect();
        super::decode::to_start_codes(&encoded.bytes, 4, &mut sample).expect("units");
        sample
    };
    pictures.iter().map(encode).collect()
}
