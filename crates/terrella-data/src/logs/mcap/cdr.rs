//! Messages in CDR, the encoding of ROS 2, and in that of ROS 1, decoded by their definition.
//!
//! In CDR four bytes say the byte order; numbers are then aligned to their size, counted from behind those
//! four bytes. ROS 1 is little endian and aligns nothing. The bytes come from strangers: every length is
//! held against what follows.

use super::ros2msg::{Count, Definition, Field, Kind};
use super::value::{DEEPEST, LONGEST_LIST, MOST_VALUES, Value};
use std::borrow::Cow;

/// Decodes one message.
pub(super) fn decode<'a>(definition: &Definition, message: &'a [u8]) -> Result<Value<'a>, String> {
    let (little, widest) = match message.get(..4) {
        Some([0, 0, ..]) => (false, 8),
        Some([0, 1, ..]) => (true, 8),
        // The second version of the encoding aligns to four bytes at most.
        Some([0, 6, ..]) => (false, 4),
        Some([0, 7, ..]) => (true, 4),
        Some([0x28, 0xb5, 0x2f, 0xfd]) => {
            let what = "it is packed by itself (compression_mode: MESSAGE), which is not read";
            return Err(format!("{what}; ros2 bag convert makes a bag without packing"));
        }
        Some(head) => return Err(format!("it begins with {head:02x?}, which no plain CDR does")),
        None => return Err(format!("it has {} bytes, CDR begins with 4", message.len())),
    };
    let mut reader = Reader { data: &message[4..], at: 0, little, widest, padded: true, values: 0 };
    reader.fields(definition, 0, 0)
}

/// Decodes one message of ROS 1.
pub(super) fn decode_ros1<'a>(definition: &Definition, message: &'a [u8]) -> Result<Value<'a>, String> {
    Reader { data: message, at: 0, little: true, widest: 1, padded: false, values: 0 }.fields(definition, 0, 0)
}

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    little: bool,
    /// What numbers are aligned to at most.
    widest: usize,
    /// Whether an empty structure takes a byte.
    padded: bool,
    values: usize,
}

impl<'a> Reader<'a> {
    fn fields(&mut self, definition: &Definition, at: usize, depth: usize) -> Result<Value<'a>, String> {
        if depth > DEEPEST {
            return Err(format!("types are nested more than {DEEPEST} deep"));
        }
        let fields = &definition.types[at];
        if fields.is_empty() && depth > 0 && self.padded {
            self.take(1)?;
        }
        let mut read = Vec::with_capacity(fields.len());
        for field in fields {
            let value = self.field(definition, field, depth).map_err(|e| format!("{}: {e}", field.name))?;
            read.push((field.name.clone(), value));
        }
        Ok(Value::fields(read))
    }

    fn field(&mut self, definition: &Definition, field: &Field, depth: usize) -> Result<Value<'a>, String> {
        let n = match field.count {
            Count::One => return self.one(definition, field.kind, depth),
            Count::Fixed(n) => n,
            Count::Sequence => self.u32()? as usize,
        };
        let size = size(field.kind);
        if n.checked_mul(size).is_none_or(|bytes| bytes > self.data.len() - self.at) {
            return Err(format!("{n} elements are more than the {} bytes that follow", self.data.len() - self.at));
        }
        if matches!(field.kind, Kind::U8) && (field.count == Count::Sequence || n > LONGEST_LIST) {
            return self.take(n).map(|bytes| Value::Bytes(Cow::Borrowed(bytes)));
        }
        if n > LONGEST_LIST {
            if matches!(field.kind, Kind::String | Kind::WideString | Kind::Type(_)) {
                (0..n).try_for_each(|_| self.one(definition, field.kind, depth).map(drop))?;
            } else {
                self.align(size);
                self.take(n * size)?;
            }
            return Ok(Value::Long(n));
        }
        Ok(Value::List((0..n).map(|_| self.one(definition, field.kind, depth)).collect::<Result<_, _>>()?))
    }

    fn one(&mut self, definition: &Definition, kind: Kind, depth: usize) -> Result<Value<'a>, String> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(format!("it holds more than {MOST_VALUES} values, which is the limit (MOST_VALUES)"));
        }
        Ok(Value::Number(match kind {
            Kind::Bool => f64::from(u8::from(self.take(1)?[0] != 0)),
            Kind::U8 => f64::from(self.take(1)?[0]),
            Kind::I8 => f64::from(self.take(1)?[0].cast_signed()),
            Kind::U16 => f64::from(u16::from_le_bytes(self.bytes()?)),
            Kind::I16 => f64::from(i16::from_le_bytes(self.bytes()?)),
            Kind::U32 => f64::from(self.u32()?),
            Kind::I32 => f64::from(i32::from_le_bytes(self.bytes()?)),
            Kind::U64 => u64::from_le_bytes(self.bytes()?) as f64,
            Kind::I64 => i64::from_le_bytes(self.bytes()?) as f64,
            Kind::F32 => f64::from(f32::from_le_bytes(self.bytes()?)),
            Kind::F64 => f64::from_le_bytes(self.bytes()?),
            Kind::String => {
                let len = self.u32()? as usize;
                let bytes = self.take(len)?;
                return Ok(Value::Text(String::from_utf8_lossy(bytes.strip_suffix(&[0]).unwrap_or(bytes))));
            }
            Kind::WideString => return Err("wide strings are not read, their size is not agreed upon".to_owned()),
            Kind::Type(at) => return self.fields(definition, at, depth + 1),
        }))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let data: &'a [u8] = self.data;
        let end = self.at.checked_add(n).filter(|end| *end <= data.len());
        let end = end.ok_or_else(|| format!("{n} bytes are needed at byte {} of {}", self.at, data.len()))?;
        let taken = &data[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn align(&mut self, size: usize) {
        let to = size.min(self.widest);
        self.at = self.at.next_multiple_of(to).min(self.data.len());
    }

    /// Aligned bytes of a number, turned into little endian.
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.align(N);
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        if !self.little {
            bytes.reverse();
        }
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.bytes().map(u32::from_le_bytes)
    }
}

/// Bytes that one takes at least.
fn size(kind: Kind) -> usize {
    match kind {
        Kind::Bool | Kind::U8 | Kind::I8 | Kind::Type(_) => 1,
        Kind::U16 | Kind::I16 => 2,
        Kind::U32 | Kind::I32 | Kind::F32 | Kind::String | Kind::WideString => 4,
        Kind::U64 | Kind::I64 | Kind::F64 => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "uint8 a\nfloat64 x\nstring s\nint16[2] p\nuint8[] data\nfloat32[] v\nbuiltin_interfaces/Time t";

    /// The message of [`TEXT`], by hand, in one byte order.
    fn message(little: bool) -> Vec<u8> {
        let mut out = vec![0, u8::from(little), 0, 0];
        let mut put = |align: usize, bytes: &[u8]| {
            while !(out.len() - 4).is_multiple_of(align) {
                out.push(0xee);
            }
            if little { out.extend(bytes) } else { out.extend(bytes.iter().rev()) }
        };
        put(1, &[7]);
        put(8, &2.5f64.to_le_bytes());
        put(4, &3u32.to_le_bytes());
        b"hi\0".iter().for_each(|b| put(1, &[*b]));
        put(2, &(-2i16).to_le_bytes());
        put(2, &300i16.to_le_bytes());
        put(4, &2u32.to_le_bytes());
        put(1, &[8]);
        put(1, &[9]);
        put(4, &1u32.to_le_bytes());
        put(4, &0.5f32.to_le_bytes());
        put(4, &12i32.to_le_bytes());
        put(4, &34u32.to_le_bytes());
        out
    }

    #[test]
    fn both_byte_orders_are_read_with_their_alignment() {
        let definition = Definition::parse("a/msg/B", TEXT).expect("a definition");
        for little in [true, false] {
            let bytes = message(little);
            let value = decode(&definition, &bytes).expect("decoded");
            let number = |name| value.get(name).and_then(Value::number);
            assert_eq!((number("a"), number("x")), (Some(7.0), Some(2.5)), "numbers, little: {little}");
            assert_eq!(value.get("s").and_then(Value::text), Some("hi"), "a text");
            let p = vec![Value::Number(-2.0), Value::Number(300.0)];
            assert_eq!(value.get("p"), Some(&Value::List(p)), "an array");
            assert_eq!(value.get("data"), Some(&Value::Bytes(Cow::Borrowed(&[8, 9]))), "bytes");
            assert_eq!(value.get("v"), Some(&Value::List(vec![Value::Number(0.5)])), "a sequence");
            assert_eq!(value.get("t"), Some(&Value::Time(12_000_000_034)), "an instant");
        }
    }

    #[test]
    fn ros_1_aligns_nothing() {
        let definition =
            Definition::parse("a/B", "uint8 a\nfloat64 x\nstring s\ntime t\nEmpty e\nint16 last\n===\nMSG: a/Empty\n");
        let head = [&[7][..], &2.5f64.to_le_bytes(), &[2, 0, 0, 0], b"hi"].concat();
        let bytes = [&head[..], &12u32.to_le_bytes(), &34u32.to_le_bytes(), &(-3i16).to_le_bytes()].concat();
        let value = decode_ros1(&definition.expect("a definition"), &bytes).expect("decoded");
        assert_eq!((value.get("x"), value.get("t")), (Some(&Value::Number(2.5)), Some(&Value::Time(12_000_000_034))));
        assert_eq!((value.get("s").and_then(Value::text), value.get("last")), (Some("hi"), Some(&Value::Number(-3.0))));
    }

    #[test]
    fn every_cut_is_an_error_and_no_length_is_believed() {
        let definition = Definition::parse("a/msg/B", TEXT).expect("a definition");
        let whole = message(true);
        for end in 0..whole.len() {
            assert!(decode(&definition, &whole[..end]).is_err(), "cut at {end}");
        }
        let definition = Definition::parse("a/msg/B", "float64[] v\nB[] b").expect("a definition");
        let error = decode(&definition, &[0, 1, 0, 0, 255, 255, 255, 255]).expect_err("refused");
        assert!(error.contains("4294967295 elements"), "{error}");
        let definition = Definition::parse("a/msg/B", "B b").expect("a definition");
        assert!(decode(&definition, &[0, 1, 0, 0]).is_err_and(|e| e.contains("deep")), "a type in itself");
    }
}
