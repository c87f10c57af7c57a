//! Pictures in messages: PNG and JPEG as ROS 2 and Foxglove pack them, and plain pixels.

use super::value::Value;
use crate::picture;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::borrow::Cow;

/// Bytes of the pixels of one picture.
const LARGEST_PICTURE: usize = 1 << 30;

/// Whether messages of this type are pictures.
pub(super) fn is_picture(kind: &str) -> bool {
    matches!(
        kind,
        "sensor_msgs/msg/CompressedImage"
            | "sensor_msgs/msg/Image"
            | "sensor_msgs/CompressedImage"
            | "sensor_msgs/Image"
            | "foxglove.CompressedImage"
            | "foxglove.RawImage"
            | "foxglove_msgs/msg/CompressedImage"
            | "foxglove_msgs/msg/RawImage"
    )
}

/// Height, width and RGB bytes of a message.
pub(super) fn decode(message: &Value<'_>) -> Result<(usize, usize, Vec<u8>), String> {
    let data: Cow<'_, [u8]> = match message.get("data") {
        Some(Value::Bytes(bytes)) => Cow::Borrowed(bytes),
        // JSON has no bytes.
        Some(Value::Text(text)) => Cow::Owned(BASE64_STANDARD.decode(&**text).map_err(|e| format!("its data: {e}"))?),
        _ => return Err("it has no field \"data\" of bytes, so it is no picture".to_owned()),
    };
    let Some(encoding) = message.get("encoding").and_then(Value::text) else {
        return picture::decode(&data);
    };
    let field = |name: &str| {
        let number = message.get(name).and_then(Value::number).filter(|x| x.fract() == 0.0 && (0.0..1e9).contains(x));
        number.map(|x| x as usize).ok_or_else(|| format!("it has no field \"{name}\" with a count"))
    };
    let (height, width, step) = (field("height")?, field("width")?, field("step")?);
    // Where red, green and blue stand within the bytes of a pixel.
    let (size, rgb) = match encoding {
        "rgb8" => (3, [0, 1, 2]),
        "bgr8" | "8UC3" => (3, [2, 1, 0]),
        "rgba8" => (4, [0, 1, 2]),
        "bgra8" | "8UC4" => (4, [2, 1, 0]),
        "mono8" | "8UC1" => (1, [0, 0, 0]),
        other => {
            return Err(format!(
                "its pixels are \"{other:.40}\"; rgb8, bgr8, rgba8, bgra8, mono8, 8UC1, 8UC3 and 8UC4 can be read"
            ));
        }
    };
    let fits = step >= width * size && step.checked_mul(height).is_some_and(|n| n <= data.len());
    if !fits || height * width == 0 || height * width > LARGEST_PICTURE / 3 {
        return Err(format!(
            "{height} rows of {step} bytes do not hold {width} pixels of {size} bytes in the {} that are there",
            data.len()
        ));
    }
    let rows = data.chunks(step).take(height);
    let pixels = rows.flat_map(|row| row[..width * size].chunks_exact(size));
    Ok((height, width, pixels.flat_map(|pixel| rgb.map(|at| pixel[at])).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(encoding: &str, step: usize, bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
        let data = BASE64_STANDARD.encode(bytes);
        let message = json!({"height": 1, "width": 2, "step": step, "encoding": encoding, "data": data});
        decode(&Value::json(message, 0).expect("a value"))
    }

    #[test]
    fn pixels_become_rgb() {
        assert_eq!(raw("rgb8", 6, &[1, 2, 3, 4, 5, 6]), Ok((1, 2, vec![1, 2, 3, 4, 5, 6])), "as it is");
        assert_eq!(raw("bgr8", 8, &[1, 2, 3, 4, 5, 6, 0, 0]), Ok((1, 2, vec![3, 2, 1, 6, 5, 4])), "turned, padded");
        assert_eq!(raw("bgra8", 8, &[1, 2, 3, 9, 4, 5, 6, 9]), Ok((1, 2, vec![3, 2, 1, 6, 5, 4])), "no transparency");
        assert_eq!(raw("mono8", 2, &[7, 8]), Ok((1, 2, vec![7, 7, 7, 8, 8, 8])), "grey");
    }

    #[test]
    fn what_does_not_hold_its_pixels_is_refused() {
        assert!(raw("rgb8", 6, &[1, 2, 3]).is_err_and(|e| e.contains("in the 3 that are there")), "too short");
        assert!(raw("rgb8", 3, &[1, 2, 3]).is_err_and(|e| e.contains("rows of 3 bytes")), "rows too short");
        assert!(raw("16UC1", 4, &[0; 4]).is_err_and(|e| e.contains("16UC1")), "depth is no picture");
    }
}
