//! Pictures in messages: PNG and JPEG as ROS 2 and Foxglove pack them, and plain pixels.
//!
//! Depth is millimetres in 16 bits, or metres as floats, as ROS has it (REP 118).

use super::value::Value;
use crate::picture;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::borrow::Cow;
use terrella_core::Pixel;

/// Bytes of the pixels of one picture.
const LARGEST_PICTURE: usize = 1 << 30;

/// Whether messages of this type are pictures of a video, which need those before them.
pub(super) fn is_video(kind: &str) -> bool {
    matches!(kind, "foxglove.CompressedVideo" | "foxglove_msgs/msg/CompressedVideo")
}

/// Whether messages of this type are pictures.
pub(super) fn is_picture(kind: &str) -> bool {
    let alone = matches!(
        kind,
        "sensor_msgs/msg/CompressedImage"
            | "sensor_msgs/msg/Image"
            | "sensor_msgs/CompressedImage"
            | "sensor_msgs/Image"
            | "foxglove.CompressedImage"
            | "foxglove.RawImage"
            | "foxglove_msgs/msg/CompressedImage"
            | "foxglove_msgs/msg/RawImage"
    );
    alone || is_video(kind)
}

/// Codec and bytes of a picture of a video.
pub(super) fn sample<'a>(message: &'a Value<'_>) -> Result<(&'a str, Cow<'a, [u8]>), String> {
    let format =
        message.get("format").and_then(Value::text).ok_or("it has no field \"format\" that names its codec")?;
    Ok((format, data(message)?))
}

fn data<'a>(message: &'a Value<'_>) -> Result<Cow<'a, [u8]>, String> {
    match message.get("data") {
        Some(Value::Bytes(bytes)) => Ok(Cow::Borrowed(bytes)),
        // JSON has no bytes.
        Some(Value::Text(text)) => {
            Ok(Cow::Owned(BASE64_STANDARD.decode(&**text).map_err(|e| format!("its data: {e}"))?))
        }
        _ => Err("it has no field \"data\" of bytes, so it is no picture".to_owned()),
    }
}

/// What stands before the PNG in ROS's `compressedDepth`: how floats were packed.
const DEPTH_HEADER: usize = 12;
const PNG: &[u8] = b"\x89PNG";

/// Height, width and pixels of a message; counts of depth are millimetres.
pub(super) fn decode(message: &Value<'_>, pixel: Pixel) -> Result<(usize, usize, Vec<u8>), String> {
    let data = data(message)?;
    let Some(encoding) = message.get("encoding").and_then(Value::text) else {
        let packed = pixel == Pixel::Depth && data.get(DEPTH_HEADER..).is_some_and(|rest| rest.starts_with(PNG));
        return picture::decode_as(pixel, if packed { &data[DEPTH_HEADER..] } else { &data });
    };
    let field = |name: &str| {
        let number = message.get(name).and_then(Value::number).filter(|x| x.fract() == 0.0 && (0.0..1e9).contains(x));
        number.map(|x| x as usize).ok_or_else(|| format!("it has no field \"{name}\" with a count"))
    };
    let (height, width, step) = (field("height")?, field("width")?, field("step")?);
    let big = message.get("is_bigendian").and_then(Value::number).is_some_and(|x| x != 0.0);
    let (size, layout) = Layout::of(encoding, pixel, big)?;
    let fits = step >= width * size && step.checked_mul(height).is_some_and(|n| n <= data.len());
    if !fits || height * width == 0 || height * width > LARGEST_PICTURE / 3 {
        return Err(format!(
            "{height} rows of {step} bytes do not hold {width} pixels of {size} bytes in the {} that are there",
            data.len()
        ));
    }
    let rows = data.chunks(step).take(height);
    let pixels = rows.flat_map(|row| row[..width * size].chunks_exact(size));
    let bytes = match layout {
        Layout::Colours(at) => pixels.flat_map(|pixel| at.map(|at| pixel[at])).collect(),
        Layout::Counts { big } => pixels.flat_map(|p| if big { [p[1], p[0]] } else { [p[0], p[1]] }).collect(),
        Layout::Metres { big } => pixels.flat_map(|p| millimetres(p, big).to_le_bytes()).collect(),
    };
    Ok((height, width, bytes))
}

/// How the bytes of a pixel are meant.
enum Layout {
    /// Where red, green and blue stand.
    Colours([usize; 3]),
    Counts {
        big: bool,
    },
    Metres {
        big: bool,
    },
}

impl Layout {
    /// Bytes of a pixel, and what they are.
    fn of(encoding: &str, pixel: Pixel, big: bool) -> Result<(usize, Self), String> {
        Ok(match (encoding, pixel) {
            ("rgb8", Pixel::Rgb) => (3, Self::Colours([0, 1, 2])),
            ("bgr8" | "8UC3", Pixel::Rgb) => (3, Self::Colours([2, 1, 0])),
            ("rgba8", Pixel::Rgb) => (4, Self::Colours([0, 1, 2])),
            ("bgra8" | "8UC4", Pixel::Rgb) => (4, Self::Colours([2, 1, 0])),
            ("mono8" | "8UC1", Pixel::Rgb) => (1, Self::Colours([0, 0, 0])),
            ("16UC1" | "mono16", Pixel::Depth) => (2, Self::Counts { big }),
            ("32FC1", Pixel::Depth) => (4, Self::Metres { big }),
            ("16UC1" | "mono16" | "32FC1", Pixel::Rgb) => {
                return Err(format!(
                    "its pixels are \"{encoding}\", which is depth: name it [views.NAME] with depth = 0.001"
                ));
            }
            (other, Pixel::Rgb) => {
                return Err(format!(
                    "its pixels are \"{other:.40}\"; rgb8, bgr8, rgba8, bgra8, mono8, 8UC1, 8UC3 and 8UC4 can be read"
                ));
            }
            (other, Pixel::Depth) => {
                return Err(format!("its pixels are \"{other:.40}\", which is no depth; 16UC1, mono16 and 32FC1 are"));
            }
        })
    }
}

/// Metres as a 32-bit float to millimetres; 0 for what is no distance or more than fits.
fn millimetres(bytes: &[u8], big: bool) -> u16 {
    let four = [bytes[0], bytes[1], bytes[2], bytes[3]];
    let metres = if big { f32::from_be_bytes(four) } else { f32::from_le_bytes(four) };
    let rounded = (f64::from(metres) * 1000.0).round();
    if (0.0..=f64::from(u16::MAX)).contains(&rounded) { rounded as u16 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(pixel: Pixel, encoding: &str, step: usize, bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
        let data = BASE64_STANDARD.encode(bytes);
        let message = json!({"height": 1, "width": 2, "step": step, "encoding": encoding, "data": data});
        decode(&Value::json(message, 0).expect("a value"), pixel)
    }

    #[test]
    fn pixels_become_rgb() {
        assert_eq!(raw(Pixel::Rgb, "rgb8", 6, &[1, 2, 3, 4, 5, 6]), Ok((1, 2, vec![1, 2, 3, 4, 5, 6])), "as it is");
        assert_eq!(
            raw(Pixel::Rgb, "bgr8", 8, &[1, 2, 3, 4, 5, 6, 0, 0]),
            Ok((1, 2, vec![3, 2, 1, 6, 5, 4])),
            "turned, padded"
        );
        assert_eq!(
            raw(Pixel::Rgb, "bgra8", 8, &[1, 2, 3, 9, 4, 5, 6, 9]),
            Ok((1, 2, vec![3, 2, 1, 6, 5, 4])),
            "no transparency"
        );
        assert_eq!(raw(Pixel::Rgb, "mono8", 2, &[7, 8]), Ok((1, 2, vec![7, 7, 7, 8, 8, 8])), "grey");
    }

    #[test]
    fn depth_becomes_millimetres() {
        assert_eq!(raw(Pixel::Depth, "16UC1", 4, &[1, 2, 3, 4]), Ok((1, 2, vec![1, 2, 3, 4])), "as it is");
        let metres = [1.2345f32, f32::NAN].map(f32::to_le_bytes).concat();
        let [low, high] = 1235u16.to_le_bytes();
        assert_eq!(raw(Pixel::Depth, "32FC1", 8, &metres), Ok((1, 2, vec![low, high, 0, 0])), "rounded, unknown is 0");
        let metres = [65.536f32, -1.0].map(f32::to_le_bytes).concat();
        assert_eq!(raw(Pixel::Depth, "32FC1", 8, &metres), Ok((1, 2, vec![0; 4])), "more than fits, and behind");
    }

    #[test]
    fn what_does_not_hold_its_pixels_is_refused() {
        assert!(
            raw(Pixel::Rgb, "rgb8", 6, &[1, 2, 3]).is_err_and(|e| e.contains("in the 3 that are there")),
            "too short"
        );
        assert!(raw(Pixel::Rgb, "rgb8", 3, &[1, 2, 3]).is_err_and(|e| e.contains("rows of 3 bytes")), "rows too short");
        let depth = raw(Pixel::Rgb, "16UC1", 4, &[0; 4]);
        assert!(depth.is_err_and(|e| e.contains("[views.NAME]")), "depth is nothing to see");
        assert!(raw(Pixel::Depth, "rgb8", 6, &[0; 6]).is_err_and(|e| e.contains("no depth")), "colours are no depth");
    }
}
