//! Pictures as text: an RGB image becomes a PNG in a `data:` address, so that a page needs no files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use terrella_core::Image;

/// The `data:` address of a picture.
pub(crate) fn data_uri(image: &Image) -> String {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width as u32, image.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Writing to memory fails only if the size and the bytes disagree; the page then lacks a picture.
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&image.data));
    match written {
        Ok(()) => format!("data:image/png;base64,{}", STANDARD.encode(&bytes)),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_survives_the_address() {
        let mut image = Image::filled(3, 5, [10, 20, 30]);
        image.data[7] = 255;
        let uri = data_uri(&image);
        let text = uri.strip_prefix("data:image/png;base64,").expect("a PNG address");
        let bytes = STANDARD.decode(text).expect("base64");
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut back = vec![0; image.data.len()];
        reader.next_frame(&mut back).expect("one frame");
        assert_eq!(back, image.data, "the same bytes");
    }
}
