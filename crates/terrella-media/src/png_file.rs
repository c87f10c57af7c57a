//! PNG, written with fast compression; the largest picture of any kind.
//!
//! PNG because LeRobot's `image` dtype holds encoded bytes and lossless pictures keep the dataset
//! equal to what was recorded.

use png::{BitDepth, ColorType, Compression, Filter, OutputInfo, Transformations};
use std::io::Cursor;
use terrella_core::Pixel;

/// The largest side of a picture that is decoded: a few bytes may promise any size.
pub const LARGEST_SIDE: usize = 16_384;

/// Encodes the pixels of one picture.
pub fn encode(pixel: Pixel, [height, width]: [usize; 2], data: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::with_capacity(data.len() / 4);
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    let (colour, depth) = match pixel {
        Pixel::Rgb => (ColorType::Rgb, BitDepth::Eight),
        Pixel::Depth => (ColorType::Grayscale, BitDepth::Sixteen),
    };
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header()?;
    match pixel {
        Pixel::Rgb => writer.write_image_data(data)?,
        Pixel::Depth => writer.write_image_data(&swapped(data))?,
    }
    writer.finish()?;
    Ok(bytes)
}

/// Numbers of 16 bits with their bytes turned: PNG has the high one first.
fn swapped(data: &[u8]) -> Vec<u8> {
    data.as_chunks::<2>().0.iter().flat_map(|[a, b]| [*b, *a]).collect()
}

/// The first frame of a PNG, and its bytes.
fn read_png(bytes: &[u8], into: Transformations) -> Result<(OutputInfo, Vec<u8>), String> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(into);
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let (width, height) = reader.info().size();
    if width.max(height) as usize > LARGEST_SIDE {
        return Err(format!("{width}x{height} pixels, a side may have {LARGEST_SIDE}"));
    }
    let size = reader.output_buffer_size().ok_or("a picture larger than memory")?;
    let mut data = vec![0; size];
    let info = reader.next_frame(&mut data).map_err(|e| e.to_string())?;
    data.truncate(info.buffer_size());
    Ok((info, data))
}

/// Decodes a grey PNG to height, width and counts of 16 bits, the low byte first.
pub(crate) fn decode_grey(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    let (info, data) = read_png(bytes, Transformations::IDENTITY)?;
    let counts = match (info.color_type, info.bit_depth) {
        (ColorType::Grayscale, BitDepth::Sixteen) => swapped(&data),
        (ColorType::Grayscale, BitDepth::Eight) => data.iter().flat_map(|count| [*count, 0]).collect(),
        (colour, depth) => return Err(format!("{colour:?} of {depth:?} bits is no depth; grey of 16 or 8 bits is")),
    };
    Ok((info.height as usize, info.width as usize, counts))
}

/// Decodes a PNG to height, width and RGB bytes.
pub fn decode(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    let (info, data) = read_png(bytes, Transformations::normalize_to_color8())?;
    let rgb = match info.color_type {
        ColorType::Rgb => data,
        ColorType::Rgba => data.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
        ColorType::Grayscale => data.iter().flat_map(|g| [*g; 3]).collect(),
        ColorType::GrayscaleAlpha => data.chunks_exact(2).flat_map(|p| [p[0]; 3]).collect(),
        ColorType::Indexed => return Err("a palette that was not expanded".to_owned()),
    };
    Ok((info.height as usize, info.width as usize, rgb))
}
