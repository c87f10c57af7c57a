//! PNM pictures (PGM and PPM in binary), as older datasets and drivers of depth cameras store them.

use zune_ppm::PPMDecoder;
use zune_ppm::zune_core::bytestream::ZCursor;
use zune_ppm::zune_core::options::DecoderOptions;
use zune_ppm::zune_core::result::DecodingResult;

type Decoder<'a> = PPMDecoder<ZCursor<&'a [u8]>>;

/// Values of a picture, a channel or three a pixel.
pub(crate) struct Pnm {
    pub(crate) height: usize,
    pub(crate) width: usize,
    values: DecodingResult,
    colours: bool,
}

impl Pnm {
    /// Whether bytes begin as grey or coloured ones do.
    pub(crate) fn is(bytes: &[u8]) -> bool {
        matches!(bytes, [b'P', b'5' | b'6', space, ..] if space.is_ascii_whitespace() || *space == b'#')
    }

    /// Height and width as the header has them.
    pub(crate) fn size(bytes: &[u8], largest: usize) -> Result<[usize; 2], String> {
        Ok(headed(bytes, largest)?.1)
    }

    /// Decodes one whose sides are `largest` at most.
    pub(crate) fn decode(bytes: &[u8], largest: usize) -> Result<Self, String> {
        let (mut decoder, [height, width]) = headed(bytes, largest)?;
        let colours = bytes[1] == b'6';
        let values = decoder.decode().map_err(|e| format!("{e:?}"))?;
        Ok(Self { height, width, values, colours })
    }

    /// RGB bytes; of 16 bits the upper ones.
    pub(crate) fn rgb(&self) -> Vec<u8> {
        let bytes: Vec<u8> = match &self.values {
            DecodingResult::U8(values) => values.clone(),
            DecodingResult::U16(values) => values.iter().map(|value| (value >> 8) as u8).collect(),
            _ => Vec::new(),
        };
        if self.colours { bytes } else { bytes.iter().flat_map(|grey| [*grey; 3]).collect() }
    }

    /// Counts of depth, the low byte first.
    pub(crate) fn depth(&self) -> Result<Vec<u8>, String> {
        match &self.values {
            _ if self.colours => Err("colours are no depth; grey of 16 or 8 bits is".to_owned()),
            DecodingResult::U16(counts) => Ok(counts.iter().flat_map(|count| count.to_le_bytes()).collect()),
            DecodingResult::U8(counts) => Ok(counts.iter().flat_map(|count| [*count, 0]).collect()),
            _ => Err("its values are neither of 8 nor of 16 bits".to_owned()),
        }
    }
}

/// A decoder that has read the header, with height and width that the bytes can fill.
fn headed(bytes: &[u8], largest: usize) -> Result<(Decoder<'_>, [usize; 2]), String> {
    let options = DecoderOptions::default().set_max_width(largest).set_max_height(largest);
    let mut decoder = PPMDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|e| format!("{e:?}"))?;
    let (width, height) = decoder.dimensions().ok_or("a picture without a size")?;
    if height * width == 0 || height * width > bytes.len() {
        return Err(format!("{} bytes cannot hold {height}x{width} pixels", bytes.len()));
    }
    Ok((decoder, [height, width]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_and_colours_are_read() {
        let grey = Pnm::decode(b"P5 2 1 65535\n\x01\x02\x00\xff", 10).expect("a picture");
        assert_eq!((grey.height, grey.width), (1, 2), "size");
        assert_eq!(grey.depth(), Ok(vec![2, 1, 255, 0]), "the low byte first");
        assert_eq!(grey.rgb(), [1, 1, 1, 0, 0, 0], "the upper byte");
        let colour = Pnm::decode(b"P6\n# by hand\n1 1 255\n\x07\x08\x09", 10).expect("a picture");
        assert_eq!(colour.rgb(), [7, 8, 9], "as it is");
        assert!(colour.depth().is_err_and(|e| e.contains("no depth")), "colours");
    }

    #[test]
    fn sizes_that_the_bytes_cannot_fill_are_refused() {
        for (bytes, word) in
            [(&b"P5 9 9 255\n\x00"[..], "cannot hold"), (b"P5 99999 1 255\n\x00", "idth"), (b"P5 2 1 65535\n\x01", "")]
        {
            let error = Pnm::decode(bytes, 10_000).err().expect("refused");
            assert!(error.contains(word), "{word} is missing in: {error}");
        }
        assert!(Pnm::is(b"P5 ") && Pnm::is(b"P6\n") && !Pnm::is(b"P1\n") && !Pnm::is(b"P5"), "beginnings");
    }
}
