//! Foxglove's `CompressedImage` in Protobuf, which viewers of robots' logs show without being told how.

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, Timestamp};

/// Name of the type, and of its schema.
pub(super) const COMPRESSED_IMAGE: &str = "foxglove.CompressedImage";

/// A picture as a camera or a recorder packed it.
#[derive(Clone, PartialEq, Message)]
struct CompressedImage {
    #[prost(message, optional, tag = "1")]
    timestamp: Option<Timestamp>,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
    #[prost(string, tag = "3")]
    format: String,
    #[prost(string, tag = "4")]
    frame_id: String,
}

/// A message with a PNG or a JPEG, taken at `time` nanoseconds.
pub(super) fn compressed_image(time: u64, encoded: &[u8]) -> Vec<u8> {
    let format = if terrella_media::picture::is_jpeg(encoded) { "jpeg" } else { "png" };
    let timestamp = Timestamp { seconds: (time / 1_000_000_000) as i64, nanos: (time % 1_000_000_000) as i32 };
    let (data, format) = (encoded.to_vec(), format.to_owned());
    CompressedImage { timestamp: Some(timestamp), data, format, frame_id: "camera".to_owned() }.encode_to_vec()
}

/// Describes the type and the one that it is made of.
pub(super) fn schema() -> Vec<u8> {
    let field = |number: i32, name: &str, kind: Type, of: Option<&str>| FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        r#type: Some(kind.into()),
        label: Some(Label::Optional.into()),
        type_name: of.map(str::to_owned),
        ..FieldDescriptorProto::default()
    };
    let file = |name: &str, package: &str, uses: &[&str], message: &str, field: Vec<FieldDescriptorProto>| {
        let message = DescriptorProto { name: Some(message.to_owned()), field, ..DescriptorProto::default() };
        FileDescriptorProto {
            name: Some(name.to_owned()),
            package: Some(package.to_owned()),
            dependency: uses.iter().map(ToString::to_string).collect(),
            message_type: vec![message],
            syntax: Some("proto3".to_owned()),
            ..FileDescriptorProto::default()
        }
    };
    let stamp = "google/protobuf/timestamp.proto";
    let stamp_fields = vec![field(1, "seconds", Type::Int64, None), field(2, "nanos", Type::Int32, None)];
    let picture_fields = vec![
        field(1, "timestamp", Type::Message, Some(".google.protobuf.Timestamp")),
        field(2, "data", Type::Bytes, None),
        field(3, "format", Type::String, None),
        field(4, "frame_id", Type::String, None),
    ];
    let files = vec![
        file(stamp, "google.protobuf", &[], "Timestamp", stamp_fields),
        file("foxglove/CompressedImage.proto", "foxglove", &[stamp], "CompressedImage", picture_fields),
    ];
    FileDescriptorSet { file: files }.encode_to_vec()
}
