//! Depth in files: grey of 16 bits in TIFF, PNG or PGM.
//!
//! Datasets hold TIFF, as LeRobot does since it has depth, packed without loss; everything that reads TIFF reads it.

use crate::png_file::{LARGEST_SIDE, decode_grey};
use crate::pnm::Pnm;
use std::io::Cursor;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::encoder::{Compression, Predictor, TiffEncoder, colortype::Gray16};
use tiff::{ColorType, TiffError};

/// Bytes that one byte of a TIFF may become: LZW reaches 1365.
const LARGEST_EXPANSION: usize = 4096;

/// Encodes counts, the low byte first, as TIFF.
pub fn encode([height, width]: [usize; 2], counts: &[u8]) -> Result<Vec<u8>, String> {
    let counts: Vec<u16> = counts.as_chunks::<2>().0.iter().map(|c| u16::from_le_bytes(*c)).collect();
    let mut bytes = Cursor::new(Vec::new());
    let encoder = TiffEncoder::new(&mut bytes).map_err(|e| e.to_string())?;
    let mut encoder = encoder.with_compression(Compression::Lzw).with_predictor(Predictor::Horizontal);
    encoder.write_image::<Gray16>(width as u32, height as u32, &counts).map_err(|e| e.to_string())?;
    Ok(bytes.into_inner())
}

/// Decodes a picture of depth to height, width and counts, the low byte first.
pub fn decode(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
        return decode_tiff(bytes);
    }
    if Pnm::is(bytes) {
        let picture = Pnm::decode(bytes, LARGEST_SIDE)?;
        return Ok((picture.height, picture.width, picture.depth()?));
    }
    decode_grey(bytes)
}

fn decode_tiff(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    let told = |e: TiffError| e.to_string();
    let mut limits = Limits::default();
    limits.decoding_buffer_size = bytes.len().saturating_mul(LARGEST_EXPANSION).min(LARGEST_SIDE * LARGEST_SIDE * 2);
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(told)?.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(told)?;
    let colour = decoder.colortype().map_err(told)?;
    if width.max(height) as usize > LARGEST_SIDE {
        return Err(format!("{width}x{height} pixels, a side may have {LARGEST_SIDE}"));
    }
    let counts: Vec<u8> = match (colour, decoder.read_image().map_err(told)?) {
        (ColorType::Gray(16), DecodingResult::U16(counts)) => counts.iter().flat_map(|c| c.to_le_bytes()).collect(),
        (ColorType::Gray(8), DecodingResult::U8(counts)) => counts.iter().flat_map(|c| [*c, 0]).collect(),
        (colour, _) => return Err(format!("{colour:?} is no depth; grey of 16 or 8 bits is")),
    };
    let (height, width) = (height as usize, width as usize);
    if counts.len() != height * width * 2 {
        return Err(format!("{} bytes for {height}x{width} pixels of depth", counts.len()));
    }
    Ok((height, width, counts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn tiff_keeps_every_count() {
        for size in [[1, 1], [7, 5], [48, 64]] {
            let mut stream = Key::new(4).with("depth").stream();
            let counts: Vec<u8> = (0..size[0] * size[1] * 2).map(|_| stream.below(256) as u8).collect();
            let bytes = encode(size, &counts).expect("a picture that can be encoded");
            assert_eq!(decode(&bytes), Ok((size[0], size[1], counts)), "lossless");
        }
        let smooth: Vec<u8> = (0..64 * 64u16).flat_map(|i| (1000 + i / 64).to_le_bytes()).collect();
        assert!(encode([64, 64], &smooth).expect("encoded").len() < smooth.len() / 4, "a wall is small");
    }

    #[test]
    fn what_is_no_depth_or_too_much_is_refused() {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).expect("an encoder");
        encoder.write_image::<tiff::encoder::colortype::RGB8>(1, 1, &[1, 2, 3]).expect("written");
        assert!(decode(bytes.get_ref()).is_err_and(|e| e.contains("no depth")), "colours");
        let whole = encode([4, 4], &[1; 32]).expect("encoded");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] = 255;
            // Read or refused, never more than its size.
            if let Ok((height, width, counts)) = decode(&damaged) {
                assert_eq!(counts.len(), height * width * 2, "as many as pixels");
            }
            assert!(decode(&whole[..at]).is_err() || at > 40, "cut at {at}");
        }
    }
}
