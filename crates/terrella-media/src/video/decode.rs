//! Samples to planes, by either of two decoders behind one pair of functions.
//!
//! Both hold pictures back until they know the order of showing, so one sample in may mean no picture
//! out, or several.

use super::sequence::{Colours, Sequence};
use openh264::decoder::{DecodeOptions, Flush};
use openh264::formats::YUVSource as _;
use re_rav1d::dav1d::{PixelLayout, PlanarImageComponent, Settings, pixel};

/// What a track is compressed with.
#[derive(Clone, Debug)]
pub(super) enum Codec {
    H264 {
        /// Bytes of the length before each unit; 0 if units stand behind start codes already.
        length_bytes: usize,
        /// Parameter sets, each behind a start code.
        headers: Vec<u8>,
    },
    Av1,
}

/// A picture as luma and two chroma planes.
pub(super) struct Planes<'a> {
    /// Height and width.
    pub(super) size: [usize; 2],
    pub(super) planes: [&'a [u8]; 3],
    /// Bytes from row to row of luma and of chroma.
    pub(super) strides: [usize; 2],
    /// By how much chroma is smaller, as shifts of row and column; nothing for grey pictures.
    pub(super) chroma: Option<[u32; 2]>,
    pub(super) colours: Colours,
}

/// Takes a picture; says whether more are wanted.
pub(super) type Take<'a> = dyn FnMut(&Planes<'_>) -> bool + 'a;

/// A decoder at work.
pub(super) enum Decoder {
    H264 {
        decoder: Box<openh264::decoder::Decoder>,
        length_bytes: usize,
        headers: Vec<u8>,
        /// As the stream said last.
        colours: Colours,
    },
    Av1(re_rav1d::dav1d::Decoder),
}

impl Decoder {
    pub(super) fn new(codec: &Codec) -> Result<Self, String> {
        match codec {
            Codec::H264 { length_bytes, headers } => {
                let decoder = openh264::decoder::Decoder::new().map_err(|e| e.to_string())?;
                let (decoder, colours) = (Box::new(decoder), Colours::UNSAID);
                Ok(Self::H264 { decoder, length_bytes: *length_bytes, headers: headers.clone(), colours })
            }
            Codec::Av1 => {
                let mut settings = Settings::new();
                // Episodes are decoded side by side already.
                settings.set_n_threads(1);
                settings.set_max_frame_delay(1);
                settings.set_frame_size_limit(1 << 28);
                re_rav1d::dav1d::Decoder::with_settings(&settings).map(Self::Av1).map_err(|e| e.to_string())
            }
        }
    }

    /// Decodes one sample; false once no more pictures are wanted.
    pub(super) fn feed(&mut self, sample: Vec<u8>, take: &mut Take<'_>) -> Result<bool, String> {
        match self {
            Self::H264 { decoder, length_bytes, headers, colours } => {
                let mut stream = std::mem::take(headers);
                if *length_bytes == 0 {
                    stream.extend_from_slice(&sample);
                } else {
                    to_start_codes(&sample, *length_bytes, &mut stream)?;
                }
                if let Some(sequence) = Sequence::last_in(&stream) {
                    if let Some(why) = sequence.unreadable() {
                        return Err(why);
                    }
                    *colours = sequence.colours;
                }
                // Flushing after each sample would break the order where pictures are reordered.
                let options = DecodeOptions::new().flush_after_decode(Flush::NoFlush);
                let picture = decoder.decode_with_options(&stream, options).map_err(|e| e.to_string())?;
                Ok(picture.is_none_or(|p| take(&of_h264(&p, *colours))))
            }
            Self::Av1(decoder) => {
                let mut pending = decoder.send_data(sample, None, None, None);
                loop {
                    if !drain(decoder, take)? {
                        return Ok(false);
                    }
                    match pending {
                        Ok(()) => return Ok(true),
                        Err(e) if e.is_again() => pending = decoder.send_pending_data(),
                        Err(e) => return Err(e.to_string()),
                    }
                }
            }
        }
    }

    /// Hands out what was held back.
    pub(super) fn finish(&mut self, take: &mut Take<'_>) -> Result<(), String> {
        match self {
            Self::H264 { decoder, colours, .. } => {
                for picture in decoder.flush_remaining().map_err(|e| e.to_string())? {
                    if !take(&of_h264(&picture, *colours)) {
                        break;
                    }
                }
                Ok(())
            }
            Self::Av1(decoder) => drain(decoder, take).map(|_| ()),
        }
    }
}

/// Takes pictures that are ready; false once no more are wanted.
fn drain(decoder: &mut re_rav1d::dav1d::Decoder, take: &mut Take<'_>) -> Result<bool, String> {
    loop {
        match decoder.get_picture() {
            Ok(picture) => {
                if !of_av1(&picture, take)? {
                    return Ok(false);
                }
            }
            Err(e) if e.is_again() => return Ok(true),
            Err(e) => return Err(e.to_string()),
        }
    }
}

fn of_h264<'a>(picture: &'a openh264::decoder::DecodedYUV<'_>, colours: Colours) -> Planes<'a> {
    let (width, height) = picture.dimensions();
    let (luma, chroma, _) = picture.strides();
    Planes {
        size: [height, width],
        planes: [picture.y(), picture.u(), picture.v()],
        strides: [luma, chroma],
        chroma: Some([1, 1]),
        colours,
    }
}

fn of_av1(picture: &re_rav1d::dav1d::Picture, take: &mut Take<'_>) -> Result<bool, String> {
    if picture.bit_depth() != 8 {
        return Err(format!("it has {} bits a channel, 8 can be read", picture.bit_depth()));
    }
    let chroma = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        PixelLayout::I420 => Some([1, 1]),
        PixelLayout::I422 => Some([0, 1]),
        PixelLayout::I444 => Some([0, 0]),
    };
    let planes = [PlanarImageComponent::Y, PlanarImageComponent::U, PlanarImageComponent::V];
    let strides = [picture.stride(planes[0]) as usize, picture.stride(planes[1]) as usize];
    let [y, u, v] = planes.map(|c| (chroma.is_some() || c == PlanarImageComponent::Y).then(|| picture.plane(c)));
    let bytes = |plane: &'_ Option<re_rav1d::dav1d::Plane>| plane.as_ref().map(|p| p.to_vec()).unwrap_or_default();
    let [y, u, v] = [bytes(&y), bytes(&u), bytes(&v)];
    Ok(take(&Planes {
        size: [picture.height() as usize, picture.width() as usize],
        planes: [&y, &u, &v],
        strides,
        chroma,
        colours: Colours {
            matrix: matrix_of_av1(picture.matrix_coefficients()),
            full_range: picture.color_range() == pixel::YUVRange::Full,
        },
    }))
}

/// The code point of ITU-T H.273.
fn matrix_of_av1(matrix: pixel::MatrixCoefficients) -> u8 {
    use pixel::MatrixCoefficients as Matrix;
    match matrix {
        Matrix::Identity => 0,
        Matrix::BT709 => 1,
        Matrix::Unspecified => 2,
        Matrix::BT470M => 4,
        Matrix::BT470BG => 5,
        Matrix::ST170M => 6,
        Matrix::ST240M => 7,
        Matrix::YCgCo => 8,
        Matrix::BT2020NonConstantLuminance => 9,
        _ => 10,
    }
}

/// From units behind their lengths, as MP4 has them, to units behind start codes.
pub(super) fn to_start_codes(sample: &[u8], length_bytes: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let mut rest = sample;
    while !rest.is_empty() {
        let (length, tail) = rest.split_at_checked(length_bytes).ok_or("a unit without a length")?;
        let n = length.iter().fold(0usize, |n, byte| n << 8 | usize::from(*byte));
        let (unit, tail) = tail.split_at_checked(n).ok_or_else(|| format!("a unit of {n} bytes in {}", tail.len()))?;
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(unit);
        rest = tail;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_become_start_codes_and_lies_are_refused() {
        let mut out = Vec::new();
        to_start_codes(&[0, 2, 7, 8, 0, 1, 9], 2, &mut out).expect("two units");
        assert_eq!(out, [0, 0, 0, 1, 7, 8, 0, 0, 0, 1, 9], "start codes");
        assert!(to_start_codes(&[0, 9, 7], 2, &mut out).is_err(), "more than there is");
        assert!(to_start_codes(&[0], 2, &mut out).is_err(), "half a length");
    }
}
