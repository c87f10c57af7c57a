//! Pictures in files, PNG, JPEG and PNM, and area averaging to another size; depth has a module of its own.
//!
//! The scaler gives the very bytes of [`Image::resized`] (a test holds
//! it to that, since live pictures go through the latter), with the overlaps computed once.

use crate::depth;
use crate::png_file::{self, LARGEST_SIDE};
use crate::pnm::Pnm;
use std::io::Cursor;
use terrella_core::{Frames, Pixel};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Decodes a picture to height, width and pixels of this kind. Colours are in a PNG, a JPEG or a PNM; grey becomes
/// RGB, transparency is dropped. Depth is grey in TIFF, PNG or PGM.
pub fn decode_as(pixel: Pixel, bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    match pixel {
        Pixel::Rgb => decode(bytes),
        Pixel::Depth => depth::decode(bytes),
    }
}

/// Decodes a PNG, a JPEG or a PNM to height, width and RGB bytes.
pub fn decode(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    if is_jpeg(bytes) {
        decode_jpeg(bytes)
    } else if Pnm::is(bytes) {
        let picture = Pnm::decode(bytes, LARGEST_SIDE)?;
        Ok((picture.height, picture.width, picture.rgb()))
    } else {
        png_file::decode(bytes)
    }
}

/// Whether bytes begin as a JPEG does.
pub fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8])
}

/// Height and width as the header has them; nothing is decoded.
pub fn size(bytes: &[u8]) -> Result<[usize; 2], String> {
    if is_jpeg(bytes) {
        let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
        decoder.decode_headers().map_err(|e| e.to_string())?;
        let (width, height) = decoder.dimensions().ok_or("a picture without a size")?;
        return Ok([height, width]);
    }
    if Pnm::is(bytes) {
        return Pnm::size(bytes, LARGEST_SIDE);
    }
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info().map_err(|e| e.to_string())?;
    let (width, height) = reader.info().size();
    Ok([height as usize, width as usize])
}

fn decode_jpeg(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(LARGEST_SIDE)
        .set_max_height(LARGEST_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let rgb = decoder.decode().map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("a picture without a size")?;
    Ok((height, width, rgb))
}

/// Scales pictures of one size to another: colours by area averaging, depth by the count in the middle, since the
/// mean of something near and something far is a place where nothing is.
pub struct Scaler {
    from: [usize; 2],
    rows: Vec<Vec<(usize, f64)>>,
    columns: Vec<Vec<(usize, f64)>>,
}

impl Scaler {
    /// Prepares the overlaps of two sizes, `[height, width]`.
    pub fn new(from: [usize; 2], to: [usize; 2]) -> Self {
        let spans = |axis: usize| (0..to[axis]).map(|at| span(at, to[axis], from[axis])).collect();
        Self { from, rows: spans(0), columns: spans(1) }
    }

    /// All pictures of an episode, scaled.
    pub fn frames(&self, frames: &Frames) -> Frames {
        let to = [self.rows.len(), self.columns.len()];
        let mut scaled = Vec::with_capacity(frames.len() * to[0] * to[1] * frames.pixel().bytes());
        for at in 0..frames.len() {
            self.append(frames, at, &mut scaled);
        }
        Frames::of(frames.pixel(), to, scaled)
    }

    /// Appends one scaled picture of an episode to `out`.
    pub fn append(&self, frames: &Frames, at: usize, out: &mut Vec<u8>) {
        match frames.pixel() {
            Pixel::Rgb => self.scale(frames.bytes(at), out),
            Pixel::Depth => self.pick(frames.bytes(at), out),
        }
    }

    fn pick(&self, counts: &[u8], out: &mut Vec<u8>) {
        let middle = |at: usize, to: usize, from: usize| (2 * at + 1) * from / (2 * to);
        let counts = counts.as_chunks::<2>().0;
        for y in 0..self.rows.len() {
            let y = middle(y, self.rows.len(), self.from[0]);
            for x in 0..self.columns.len() {
                out.extend(counts[y * self.from[1] + middle(x, self.columns.len(), self.from[1])]);
            }
        }
    }

    /// Appends the scaled RGB picture to `out`.
    pub fn scale(&self, picture: &[u8], out: &mut Vec<u8>) {
        if self.from == [self.rows.len(), self.columns.len()] {
            out.extend_from_slice(picture);
            return;
        }
        for rows in &self.rows {
            for columns in &self.columns {
                let (mut sum, mut weight) = ([0.0f64; 3], 0.0);
                for &(y, wy) in rows {
                    for &(x, wx) in columns {
                        let at = (y * self.from[1] + x) * 3;
                        weight += wy * wx;
                        for (s, p) in sum.iter_mut().zip(&picture[at..at + 3]) {
                            *s += wy * wx * f64::from(*p);
                        }
                    }
                }
                out.extend(sum.map(|s| (s / weight).round() as u8));
            }
        }
    }
}

/// The source cells under one target cell, each with the length of its overlap.
fn span(at: usize, target: usize, source: usize) -> Vec<(usize, f64)> {
    let scale = source as f64 / target as f64;
    let (low, high) = (at as f64 * scale, (at + 1) as f64 * scale);
    let last = (high.ceil() as usize).min(source);
    (low as usize..last).map(|i| (i, (high.min((i + 1) as f64) - low.max(i as f64)).max(1e-9))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::png_file::encode;
    use terrella_core::{Image, Key};

    fn noise(height: usize, width: usize) -> Image {
        let mut stream = Key::new(1).stream();
        Image { height, width, data: (0..height * width * 3).map(|_| stream.below(256) as u8).collect() }
    }

    #[test]
    fn png_keeps_every_byte() {
        let image = noise(7, 5);
        let png = encode(Pixel::Rgb, [7, 5], &image.data).expect("a picture that can be encoded");
        assert_eq!(decode(&png), Ok((7, 5, image.data)), "lossless");
        let depth = noise(4, 5).data[..40].to_vec();
        let png = encode(Pixel::Depth, [4, 5], &depth).expect("a picture that can be encoded");
        assert_eq!(decode_as(Pixel::Depth, &png), Ok((4, 5, depth)), "lossless, and the bytes in order");
    }

    #[test]
    fn depth_is_never_averaged() {
        let counts = [10u16, 10, 10, 900, 10, 10, 900, 900, 900, 10, 900, 900, 900, 900, 900, 900];
        let frames = Frames::of(Pixel::Depth, [4, 4], counts.iter().flat_map(|c| c.to_le_bytes()).collect());
        let scaled = Scaler::new([4, 4], [2, 2]).frames(&frames);
        assert_eq!((scaled.len(), scaled.size()), (1, [2, 2]), "one picture");
        let found: Vec<u16> = scaled.bytes(0).as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
        assert_eq!(found, [10, 900, 900, 900], "counts that were measured");
    }

    #[test]
    fn colours_are_no_depth() {
        let png = encode(Pixel::Rgb, [2, 2], &[0; 12]).expect("a picture");
        let error = decode_as(Pixel::Depth, &png).expect_err("refused");
        assert!(error.contains("Rgb") && error.contains("grey of 16"), "{error}");
    }

    #[test]
    fn the_scaler_gives_the_bytes_of_the_core() {
        for (from, to) in [([96, 96], [64, 64]), ([12, 18], [4, 6]), ([5, 7], [8, 3]), ([6, 6], [6, 6])] {
            let image = noise(from[0], from[1]);
            let mut scaled = Vec::new();
            Scaler::new(from, to).scale(&image.data, &mut scaled);
            assert_eq!(scaled, image.resized(to[0], to[1]).data, "{from:?} to {to:?}");
        }
    }
}
