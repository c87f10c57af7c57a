//! Pictures in messages: PNG and JPEG as ROS 2 and Foxglove pack them, and plain pixels, which `pixels` knows.

use super::packed_depth;
use super::pixels::{Layout, Plain, mosaic_to_rgb};
use super::value::Value;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::borrow::Cow;
use terrella_core::Pixel;
use terrella_media::picture;

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

/// Whether plain pixels can be nothing but depth.
pub(super) fn is_depth(encoding: &str) -> bool {
    matches!(encoding, "16UC1" | "32FC1")
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

/// Height, width and pixels of a message; counts of depth are millimetres.
pub(super) fn decode(message: &Value<'_>, pixel: Pixel) -> Result<(usize, usize, Vec<u8>), String> {
    let data = data(message)?;
    let Some(encoding) = encoding(message) else {
        let format = message.get("format").and_then(Value::text).unwrap_or_default();
        return packed(format, &data, pixel);
    };
    let field = |name: &str| {
        let number = message.get(name).and_then(Value::number).filter(|x| x.fract() == 0.0 && (0.0..1e9).contains(x));
        number.map(|x| x as usize).ok_or_else(|| format!("it has no field \"{name}\" with a count"))
    };
    let (height, width, step) = (field("height")?, field("width")?, field("step")?);
    let big = message.get("is_bigendian").and_then(Value::number).is_some_and(|x| x != 0.0);
    if height * width == 0 || height * width > LARGEST_PICTURE / 3 {
        return Err(format!("it has {height}x{width} pixels, 1 to {} can be read", LARGEST_PICTURE / 3));
    }
    let pixels = Layout::of(encoding, pixel)?.pixels(&Plain { data: &data, size: [height, width], step, big })?;
    Ok((height, width, pixels))
}

/// What a reader should know who sees the decoded picture only.
pub(super) fn told(message: &Value<'_>, pixel: Pixel) -> Option<String> {
    let encoding = encoding(message)?;
    let what = Layout::of(encoding, pixel).ok()?.told()?;
    Some(format!("pixels are \"{encoding}\": {what}"))
}

/// What plain pixels are; nothing where they are packed.
fn encoding<'a>(message: &'a Value<'_>) -> Option<&'a str> {
    message.get("encoding").and_then(Value::text)
}

/// A picture in a file's format. A mosaic that was packed as if it were grey is still one.
fn packed(format: &str, data: &[u8], pixel: Pixel) -> Result<(usize, usize, Vec<u8>), String> {
    match pixel {
        Pixel::Depth if packed_depth::is(format, data) => packed_depth::decode(format, data),
        Pixel::Rgb if format.contains("compressedDepth") => {
            let remedy = "name its topic under [views.NAME] with depth = 0.001 in a mapping, or another with --camera";
            Err(format!("it is \"{format:.60}\", which is depth: {remedy}"))
        }
        _ => {
            let (height, width, pixels) = picture::decode_as(pixel, data).map_err(|e| match format {
                "" => e,
                format => format!(
                    "it is \"{format:.60}\", and no PNG or JPEG that can be read: {e}: convert pictures to one of these"
                ),
            })?;
            match format.split_once(';').and_then(|(of, how)| (!how.contains('8')).then(|| Layout::mosaic(of))?) {
                Some(Layout::Mosaic { red, .. }) => {
                    let samples: Vec<u8> = pixels.as_chunks::<3>().0.iter().map(|p| p[0]).collect();
                    Ok((height, width, mosaic_to_rgb(&samples, [height, width], red)?))
                }
                _ => Ok((height, width, pixels)),
            }
        }
    }
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
    fn packed_pictures_are_what_their_format_says() {
        let packed = |format: &str, bytes: &[u8], pixel| {
            let message = json!({"format": format, "data": BASE64_STANDARD.encode(bytes)});
            decode(&Value::json(message, 0).expect("a value"), pixel)
        };
        // A mosaic of one colour, packed as if it were grey.
        let mosaic = [200u8, 40, 200, 40, 40, 20, 40, 20].repeat(2);
        let grey: Vec<u8> = mosaic.iter().flat_map(|x| [*x; 3]).collect();
        let png = terrella_media::png_file::encode(Pixel::Rgb, [4, 4], &grey).expect("a picture");
        let colours = [200, 40, 20].repeat(16);
        assert_eq!(packed("bayer_rggb8; png compressed ", &png, Pixel::Rgb), Ok((4, 4, colours)), "still a mosaic");
        assert_eq!(packed("bayer_rggb8; png compressed bgr8", &png, Pixel::Rgb), Ok((4, 4, grey.clone())), "no more");
        assert_eq!(packed("png", &png, Pixel::Rgb), Ok((4, 4, grey)), "a picture");
        let webp = packed("webp", b"RIFF....WEBPVP8 ", Pixel::Rgb);
        assert!(webp.is_err_and(|e| e.contains("\"webp\", and no PNG or JPEG")), "another format");
        let depth = packed("16UC1; compressedDepth png", &png, Pixel::Rgb);
        assert!(depth.is_err_and(|e| e.contains("[views.NAME]")), "depth is nothing to see");
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
