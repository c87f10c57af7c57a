//! One feature of a dataset as `meta/info.json` has it: its type and shape, and what a picture of it is.

use crate::vectors::Vector;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One feature of the dataset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Feature {
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    #[serde(default)]
    pub(super) names: Value,
    /// Unit of each number, where it is known; LeRobot has no such key and passes it over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) units: Vec<String>,
    /// What a video or depth is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) info: Option<Value>,
}

impl Feature {
    pub(super) fn new(dtype: &str, shape: Vec<usize>, names: Value) -> Self {
        Self { dtype: dtype.to_owned(), shape, names, units: Vec::new(), info: None }
    }

    /// Whether it is numbers of any shape.
    pub(super) fn is_numbers(&self) -> bool {
        ["float", "int", "uint", "bool"].iter().any(|kind| self.dtype.starts_with(kind))
    }

    /// As a vector; its numbers have names if they are a list or a dictionary of lists of as many.
    pub(super) fn vector(&self, name: &str) -> Vector {
        let width = self.shape.iter().fold(1, |n: usize, side| n.saturating_mul(*side));
        let mut numbers = Vec::new();
        collect_strings(&self.names, &mut numbers);
        // Names of axes are no names of numbers.
        if numbers.len() != width || self.shape.len() > 1 && numbers.len() == self.shape.len() {
            numbers.clear();
        }
        Vector { numbers, units: self.units.clone(), ..Vector::new(name, width) }
    }

    pub(super) fn is_pictures(&self) -> bool {
        // Depth in a video is HEVC of 12 bits, which no decoder here reads.
        self.dtype == "image" || (self.dtype == "video" && !self.is_depth())
    }

    pub(super) fn is_depth(&self) -> bool {
        let told = |key: &str| self.info.as_ref().is_some_and(|info| info[key] == true);
        told("is_depth_map") || told("video.is_depth_map")
    }

    /// What it is, if it is depth in a video: codec, pixels and bits.
    pub(super) fn film_of_depth(&self) -> Option<String> {
        if self.dtype != "video" || !self.is_depth() {
            return None;
        }
        let told = |key: &str| self.info.as_ref().and_then(|info| info[key].as_str());
        // Bits of a sample end the name, before the order of its bytes; names without are of 8.
        let bits = told("video.pix_fmt").map(|pixels| {
            let name = pixels.trim_end_matches("le").trim_end_matches("be");
            let bits = &name[name.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
            format!("{pixels}, {} bits", if bits.is_empty() { "8" } else { bits })
        });
        let (codec, pixels) = (told("video.codec").unwrap_or("not said"), bits.as_deref().unwrap_or("not said"));
        Some(format!("depth in a video (codec {codec}, pixels {pixels}), which no decoder here reads"))
    }

    /// Height and width of pictures; grey ones have one channel or none.
    pub(super) fn picture_size(&self) -> Option<[usize; 2]> {
        let channels_first = self.names.get(0).and_then(Value::as_str).is_some_and(|n| n.starts_with("channel"));
        match (self.shape.as_slice(), channels_first) {
            (&[1 | 3, height, width], true) | (&[height, width, 1 | 3], false) | (&[height, width], _) => {
                (height > 0 && width > 0).then_some([height, width])
            }
            _ => None,
        }
    }

    /// Metres of a count of depth: what the file says, else millimetres, which most cameras count.
    pub(super) fn metres(&self) -> f64 {
        let info = self.info.as_ref().unwrap_or(&Value::Null);
        let told = info["depth_metres_per_count"].as_f64().filter(|m| m.is_finite() && *m > 0.0);
        told.unwrap_or(if info["depth_unit"] == "m" { 1.0 } else { 0.001 })
    }
}

fn collect_strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_strings(item, into)),
        Value::Object(map) => map.values().for_each(|item| collect_strings(item, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn units_of_depth_are_known_by_name() {
        for (info, metres) in [
            (json!({"is_depth_map": true}), 0.001),
            (json!({"is_depth_map": true, "depth_unit": "m"}), 1.0),
            (json!({"video.is_depth_map": true, "depth_metres_per_count": 0.0002}), 0.0002),
            (json!({"is_depth_map": true, "depth_metres_per_count": -1.0}), 0.001),
        ] {
            let feature = Feature { info: Some(info.clone()), ..Feature::new("image", vec![4, 6, 1], Value::Null) };
            assert_eq!((feature.is_depth(), feature.metres()), (true, metres), "{info}");
        }
    }

    #[test]
    fn depth_in_a_video_is_told_by_codec_pixels_and_bits() {
        let video = |info: Value| Feature { info: Some(info), ..Feature::new("video", vec![4, 6, 1], Value::Null) };
        for (pixels, bits) in
            [("gray12le", "12 bits"), ("yuv420p10be", "10 bits"), ("gray16", "16 bits"), ("gray", "8 bits")]
        {
            let depth = video(json!({"is_depth_map": true, "video.codec": "hevc", "video.pix_fmt": pixels}));
            let told = depth.film_of_depth().unwrap_or_default();
            assert!(told.contains(&format!("codec hevc, pixels {pixels}, {bits}")), "{told}");
        }
        assert!(video(json!({"is_depth_map": true})).film_of_depth().is_some_and(|t| t.contains("not said")));
        assert_eq!(video(json!({"video.codec": "hevc"})).film_of_depth(), None, "colours");
        let image = Feature { dtype: "image".to_owned(), ..video(json!({"is_depth_map": true})) };
        assert_eq!(image.film_of_depth(), None, "pictures of their own");
    }
}
