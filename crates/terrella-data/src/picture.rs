//! Pictures in files: PNG (written with fast compression) and JPEG, and area averaging to another size.
//!
//! PNG because LeRobot's `image` dtype holds encoded bytes and lossless pictures keep the dataset
//! equal to what was recorded. The scaler gives the very bytes of [`Image::resized`] (a test holds
//! it to that, since live pictures go through the latter), with the overlaps computed once.

use png::{BitDepth, ColorType, Compression, Filter, Transformations};
use std::io::Cursor;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Encodes `height × width × 3` bytes.
pub(crate) fn encode(height: usize, width: usize, rgb: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::with_capacity(rgb.len() / 4);
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(bytes)
}

/// The largest side of a picture that is decoded: a few bytes may promise any size.
const LARGEST_SIDE: usize = 16_384;

/// Decodes a PNG or a JPEG to height, width and RGB bytes; grey becomes RGB, transparency is dropped.
pub(crate) fn decode(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    if bytes.starts_with(&[0xff, 0xd8]) { decode_jpeg(bytes) } else { decode_png(bytes) }
}

/// Height and width as the header of a PNG or a JPEG has them; nothing is decoded.
pub(crate) fn size(bytes: &[u8]) -> Result<[usize; 2], String> {
    if bytes.starts_with(&[0xff, 0xd8]) {
        let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
        decoder.decode_headers().map_err(|e| e.to_string())?;
        let (width, height) = decoder.dimensions().ok_or("a picture without a size")?;
        return Ok([height, width]);
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

fn decode_png(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let (width, height) = reader.info().size();
    if width.max(height) as usize > LARGEST_SIDE {
        return Err(format!("{width}x{height} pixels, a side may have {LARGEST_SIDE}"));
    }
    let size = reader.output_buffer_size().ok_or("a picture larger than memory")?;
    let mut data = vec![0; size];
    let info = reader.next_frame(&mut data).map_err(|e| e.to_string())?;
    data.truncate(info.buffer_size());
    let rgb = match info.color_type {
        ColorType::Rgb => data,
        ColorType::Rgba => data.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
        ColorType::Grayscale => data.iter().flat_map(|g| [*g; 3]).collect(),
        ColorType::GrayscaleAlpha => data.chunks_exact(2).flat_map(|p| [p[0]; 3]).collect(),
        ColorType::Indexed => return Err("a palette that was not expanded".to_owned()),
    };
    Ok((info.height as usize, info.width as usize, rgb))
}

/// Scales pictures of one size to another by area averaging.
pub(crate) struct Scaler {
    from: [usize; 2],
    rows: Vec<Vec<(usize, f64)>>,
    columns: Vec<Vec<(usize, f64)>>,
}

impl Scaler {
    /// Prepares the overlaps of two sizes, `[height, width]`.
    pub(crate) fn new(from: [usize; 2], to: [usize; 2]) -> Self {
        let spans = |axis: usize| (0..to[axis]).map(|at| span(at, to[axis], from[axis])).collect();
        Self { from, rows: spans(0), columns: spans(1) }
    }

    /// Appends the scaled picture to `out`.
    pub(crate) fn scale(&self, picture: &[u8], out: &mut Vec<u8>) {
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
    use terrella_core::{Image, Key};

    fn noise(height: usize, width: usize) -> Image {
        let mut stream = Key::new(1).stream();
        Image { height, width, data: (0..height * width * 3).map(|_| stream.below(256) as u8).collect() }
    }

    #[test]
    fn png_keeps_every_byte() {
        let image = noise(7, 5);
        let png = encode(7, 5, &image.data).expect("a picture that can be encoded");
        assert_eq!(decode(&png), Ok((7, 5, image.data)), "lossless");
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
