//! Small RLDS datasets made on the spot: protocol buffers and TFRecord frames written by hand, so
//! that the reader is not tested against itself.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Name of the only shard.
pub(crate) const SHARD: &str = "toy-train.tfrecord-00000-of-00001";

/// The values of one feature of an example.
#[derive(Clone)]
pub(crate) enum Values {
    Bytes(Vec<Vec<u8>>),
    Floats(Vec<f32>),
    Integers(Vec<u8>),
}

/// An example: names with values.
pub(crate) type Example = Vec<(String, Values)>;

/// Replaces, or with `None` removes, one feature.
pub(crate) fn set(example: &mut Example, name: &str, values: Option<Values>) {
    example.retain(|(n, _)| n != name);
    example.extend(values.map(|values| (name.to_owned(), values)));
}

/// A PNG of one grey.
pub(crate) fn picture(height: u32, width: u32, grey: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&vec![grey; (height * width * 3) as usize]).expect("pixels");
    writer.finish().expect("an end");
    bytes
}

/// An episode of `n` steps whose numbers say where they are; `image_0` is black, `image_1` is not.
pub(crate) fn example(index: usize, n: usize) -> Example {
    let at = |t: usize| (100 * index + t) as f32;
    let grey = |t: usize| 100 + (10 * index + t) as u8;
    let list = [
        ("steps/action", Values::Floats((0..n).flat_map(|t| [at(t), 0.5]).collect())),
        ("steps/observation/state", Values::Floats((0..n).flat_map(|t| [at(t), 1.0, -at(t)]).collect())),
        ("steps/observation/image_0", Values::Bytes((0..n).map(|_| picture(6, 4, 0)).collect())),
        ("steps/observation/image_1", Values::Bytes((0..n).map(|t| picture(6, 4, grey(t))).collect())),
        ("steps/language_instruction", Values::Bytes(vec![format!("task {index}").into_bytes(); n])),
        ("steps/is_last", Values::Integers((0..n).map(|t| u8::from(t + 1 == n)).collect())),
    ];
    list.into_iter().map(|(name, values)| (name.to_owned(), values)).collect()
}

/// The `features.json` of [`example`].
pub(crate) fn features() -> Value {
    let tensor = |dims: &[&str], dtype: &str| json!({"tensor": {"shape": {"dimensions": dims}, "dtype": dtype, "encoding": "none"}});
    let image = json!({"image": {"shape": {"dimensions": ["6", "4", "3"]}, "dtype": "uint8", "encodingFormat": "png"}});
    let step = json!({"featuresDict": {"features": {
        "action": tensor(&["2"], "float32"),
        "is_last": tensor(&[], "bool"),
        "language_instruction": {"text": {}},
        "label": {"pythonClassName": "tensorflow_datasets.core.features.class_label_feature.ClassLabel"},
        "observation": {"featuresDict": {"features": {
            "state": tensor(&["3"], "float32"), "image_0": image.clone(), "image_1": image,
        }}},
    }}});
    json!({"featuresDict": {"features": {"steps": {"sequence": {"feature": step, "length": "-1"}}}}})
}

/// Writes a dataset of these examples.
pub(crate) fn write(folder: &Path, examples: &[Example]) {
    fs::write(folder.join("features.json"), features().to_string()).expect("features");
    fs::write(folder.join("dataset_info.json"), r#"{"name": "toy"}"#).expect("info");
    fs::write(folder.join(SHARD), shard(examples)).expect("a shard");
}

/// The bytes of a shard.
pub(crate) fn shard(examples: &[Example]) -> Vec<u8> {
    examples.iter().flat_map(|example| frame(&encode(example))).collect()
}

/// One record in its frame.
pub(crate) fn frame(data: &[u8]) -> Vec<u8> {
    let masked = |bytes: &[u8]| crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// An example as a protocol buffer; numbers packed, as TensorFlow writes them.
fn encode(example: &Example) -> Vec<u8> {
    let entries = example.iter().flat_map(|(name, values)| {
        let (tag, list) = match values {
            Values::Bytes(all) => (1, all.iter().flat_map(|one| field(1, one)).collect()),
            Values::Floats(all) => (2, field(1, &all.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())),
            Values::Integers(all) => (3, field(1, all)),
        };
        field(1, &[field(1, name.as_bytes()), field(2, &field(tag, &list))].concat())
    });
    field(1, &entries.collect::<Vec<u8>>())
}

/// A field of bytes: its tag, their number in groups of 7 bits, the bytes.
fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut n) = (vec![tag << 3 | 2], bytes.len());
    while n > 127 {
        out.push(n as u8 | 128);
        n >>= 7;
    }
    out.push(n as u8);
    out.extend_from_slice(bytes);
    out
}
