//! From the bytes of a message to a [`Value`], by what its channel says: CDR, ROS 1, JSON or Protobuf.

use super::definition::Definition;
use super::value::{DEEPEST, LONGEST_LIST, MOST_VALUES, Value};
use super::{cdr, idl, packed_message, ros2msg};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage};
use std::borrow::Cow;
use std::sync::Arc;

/// Decodes the messages of one channel.
#[derive(Clone)]
pub(super) enum Decoder {
    Cdr(Arc<Definition>),
    Ros1(Arc<Definition>),
    Json,
    Protobuf(MessageDescriptor),
}

/// What can be read.
const READ: &str = "cdr with ros2msg, ros2idl or omgidl, ros1 with ros1msg, json, protobuf";

/// An encoding and that of its schema, for messages.
pub(super) fn spelled(encoding: &str, kind: &str) -> String {
    let schema =
        if kind.is_empty() { "without a schema".to_owned() } else { format!("with a schema in \"{kind:.40}\"") };
    format!("\"{encoding:.40}\" {schema}")
}

/// Whether messages of such an encoding and schema are read.
pub(super) fn is_read(encoding: &str, kind: &str) -> bool {
    let pair = matches!(
        (encoding, kind),
        ("cdr", "ros2msg" | "ros2idl" | "omgidl") | ("ros1", "ros1msg") | ("protobuf", "protobuf")
    );
    pair || encoding == "json"
}

impl Decoder {
    /// The decoder for an encoding and a schema (name, encoding, data).
    pub(super) fn new(encoding: &str, (name, kind, data): (&str, &str, &[u8])) -> Result<Self, String> {
        match (encoding, kind) {
            ("json", _) => Ok(Self::Json),
            ("cdr", "ros2msg" | "ros2idl" | "omgidl") | ("ros1", "ros1msg") => {
                let of = |e: String| format!("the definition of {name} in \"{kind}\": {e}");
                let text = std::str::from_utf8(data).map_err(|e| of(e.to_string()))?;
                let parsed = match kind {
                    "ros2idl" | "omgidl" => idl::parse(name, text),
                    _ => ros2msg::parse(name, text),
                };
                let parsed = Arc::new(parsed.map_err(of)?);
                Ok(if encoding == "cdr" { Self::Cdr(parsed) } else { Self::Ros1(parsed) })
            }
            ("protobuf", "protobuf") => {
                let pool = terrella_media::unpanicked(|| DescriptorPool::decode(data))?;
                let pool = pool.map_err(|e| format!("the descriptors of {name}: {e}"))?;
                let message = pool.get_message_by_name(name);
                message.map(Self::Protobuf).ok_or_else(|| format!("its descriptors do not describe {name}"))
            }
            _ => Err(format!("messages in {} are not read ({READ} are)", spelled(encoding, kind))),
        }
    }

    /// The bytes of a message, unpacked where it is packed by itself.
    pub(super) fn unpacked<'a>(&self, message: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        match self {
            Self::Cdr(_) if packed_message::is(message) => packed_message::unpack(message).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(message)),
        }
    }

    /// Decodes a message, [unpacked](Self::unpacked).
    pub(super) fn decode<'a>(&self, message: &'a [u8]) -> Result<Value<'a>, String> {
        match self {
            Self::Cdr(definition) => cdr::decode(definition, message),
            Self::Ros1(definition) => cdr::decode_ros1(definition, message),
            Self::Json => Value::json(serde_json::from_slice(message).map_err(|e| e.to_string())?, 0),
            Self::Protobuf(descriptor) => {
                let decoded = DynamicMessage::decode(descriptor.clone(), message).map_err(|e| e.to_string())?;
                from_message(&decoded, 0, &mut 0)
            }
        }
    }
}

fn from_message(message: &DynamicMessage, depth: usize, values: &mut usize) -> Result<Value<'static>, String> {
    if depth > DEEPEST {
        return Err(format!("types are nested more than {DEEPEST} deep"));
    }
    let mut fields = Vec::new();
    for field in message.descriptor().fields() {
        // A structure that is not there has no columns; other fields that are not there are zero.
        if field.is_map() || (field.supports_presence() && !message.has_field(&field)) {
            continue;
        }
        let value = from_value(&message.get_field(&field), depth, values)?;
        fields.push((Arc::from(field.name()), value));
    }
    Ok(Value::fields(fields))
}

fn from_value(value: &prost_reflect::Value, depth: usize, values: &mut usize) -> Result<Value<'static>, String> {
    use prost_reflect::Value as Proto;
    *values += 1;
    if *values > MOST_VALUES {
        return Err(format!("it holds more than {MOST_VALUES} values, which is the limit (MOST_VALUES)"));
    }
    Ok(match value {
        Proto::Bool(x) => Value::Number(f64::from(u8::from(*x))),
        Proto::I32(x) | Proto::EnumNumber(x) => Value::Number(f64::from(*x)),
        Proto::U32(x) => Value::Number(f64::from(*x)),
        Proto::I64(x) => Value::Number(*x as f64),
        Proto::U64(x) => Value::Number(*x as f64),
        Proto::F32(x) => Value::Number(f64::from(*x)),
        Proto::F64(x) => Value::Number(*x),
        Proto::String(text) => Value::Text(Cow::Owned(text.clone())),
        Proto::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.to_vec())),
        Proto::Message(message) => from_message(message, depth + 1, values)?,
        Proto::List(items) if items.len() > LONGEST_LIST => Value::Long(items.len()),
        Proto::List(items) => {
            Value::List(items.iter().map(|x| from_value(x, depth, values)).collect::<Result<_, _>>()?)
        }
        Proto::Map(items) => Value::Long(items.len()),
    })
}
