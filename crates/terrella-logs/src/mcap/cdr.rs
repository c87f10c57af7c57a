//! Messages in CDR, the encoding of ROS 2, and in that of ROS 1, decoded by their definition.
//!
//! In CDR four bytes say the version and the byte order; numbers are then aligned to their size, counted from behind
//! those four bytes. The second version (XTypes 1.3, 7.4) aligns to four bytes at most, and lists of what is no number, as
//! well as structures that may grow, begin with their size there. ROS 1 is little endian and aligns nothing. Bytes are
//! read in `aligned`.

use super::aligned::Aligned;
use super::definition::{Count, Definition, Extensible, Field, Kind};
use super::value::{DEEPEST, LONGEST_LIST, MOST_VALUES, Value};
use std::borrow::Cow;

/// Bytes behind a message that only fill it up.
const FILLED: usize = 3;

/// Decodes one message.
pub(super) fn decode<'a>(definition: &Definition, message: &'a [u8]) -> Result<Value<'a>, String> {
    let (kind, data) = match message.get(..4) {
        Some([0, kind, ..]) => (*kind, &message[4..]),
        Some(head) => return Err(format!("it begins with {head:02x?}, which no plain CDR does")),
        None => return Err(format!("it has {} bytes, CDR begins with 4", message.len())),
    };
    let reader = Reader { bytes: Aligned::new(data, kind & 1 == 1, PLAIN.widest), form: PLAIN, values: 0 };
    let padded = definition.padded;
    match kind {
        0 | 1 => Reader { form: Form { padded, ..PLAIN }, ..reader }.root(definition, false),
        // Some writers leave the sizes out; a wrong guess does not end where the message does.
        6 | 7 | 0x10 | 0x11 => {
            let sized = Form { padded, ..SECOND };
            let forms = [sized, Form { lists: false, ..sized }];
            reader.first_that_fits(definition, &forms, false)
        }
        // Nobody agrees on what a structure is that does not say how it may grow.
        8 | 9 | 0x14 | 0x15 => {
            let sized = Form { padded, ..SECOND };
            let forms = [Form { unsaid: true, ..sized }, sized, Form { unsaid: true, lists: false, ..sized }];
            reader.first_that_fits(definition, &forms, true)
        }
        2 | 3 | 10 | 11 | 0x12 | 0x13 => {
            Err("it is a list of parameters (PL_CDR, of a mutable type), which is not read".to_owned())
        }
        _ => Err(format!("it begins with {:02x?}, which no plain CDR does", &message[..4])),
    }
}

/// Decodes one message of ROS 1.
pub(super) fn decode_ros1<'a>(definition: &Definition, message: &'a [u8]) -> Result<Value<'a>, String> {
    let form = Form { widest: 1, ..PLAIN };
    Reader { bytes: Aligned::new(message, true, form.widest), form, values: 0 }.fields(definition, 0, 0)
}

/// How numbers and structures are laid out.
#[derive(Clone, Copy)]
struct Form {
    /// What numbers are aligned to at most.
    widest: usize,
    /// Whether an empty structure takes a byte.
    padded: bool,
    /// Whether it is the second version.
    second: bool,
    /// Whether lists of what is no number begin with their size.
    lists: bool,
    /// Whether structures that do not say how they may grow begin with their size.
    unsaid: bool,
}

const PLAIN: Form = Form { widest: 8, padded: false, second: false, lists: false, unsaid: false };
const SECOND: Form = Form { widest: 4, padded: false, second: true, lists: true, unsaid: false };

#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: Aligned<'a>,
    form: Form,
    values: usize,
}

impl<'a> Reader<'a> {
    /// What the first of these forms makes of it that ends where the message does, or why the first one fails.
    fn first_that_fits(self, definition: &Definition, forms: &[Form], sized: bool) -> Result<Value<'a>, String> {
        let mut failed = None;
        for form in forms {
            match (Self { bytes: self.bytes.widest(form.widest), form: *form, ..self }).root(definition, sized) {
                Ok(value) => return Ok(value),
                Err(why) => drop(failed.get_or_insert(why)),
            }
        }
        Err(failed.unwrap_or_default())
    }

    /// The message, behind its size if it is `sized`.
    fn root(mut self, definition: &Definition, sized: bool) -> Result<Value<'a>, String> {
        let value = if sized {
            self.within(|reader| reader.members(definition, 0, (0, true)))?
        } else {
            self.members(definition, 0, (0, false))?
        };
        let left = self.bytes.unread();
        if self.form.second && left > FILLED {
            return Err(format!("{left} of its {} bytes are left when it is read", self.bytes.len()));
        }
        Ok(value)
    }

    /// Reads what stands behind its size, and goes on where that ends.
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        let size = self.bytes.u32()? as usize;
        let outer = self.bytes.enter(size)?;
        let value = read(self)?;
        self.bytes.leave(outer);
        Ok(value)
    }

    fn fields(&mut self, definition: &Definition, at: usize, depth: usize) -> Result<Value<'a>, String> {
        let sized = match definition.types[at].extensible {
            Some(Extensible::Mutable) if self.form.second => return Err("a mutable type in it is not read".to_owned()),
            Some(extensible) => extensible == Extensible::Appendable,
            None => self.form.unsaid,
        };
        if self.form.second && sized && depth > 0 {
            return self.within(|reader| reader.members(definition, at, (depth, true)));
        }
        self.members(definition, at, (depth, false))
    }

    fn members(
        &mut self,
        definition: &Definition,
        at: usize,
        (depth, sized): (usize, bool),
    ) -> Result<Value<'a>, String> {
        if depth > DEEPEST {
            return Err(format!("types are nested more than {DEEPEST} deep"));
        }
        let fields = &definition.types[at].fields;
        if fields.is_empty() && depth > 0 && self.form.padded {
            self.bytes.take(1)?;
        }
        let mut read = Vec::with_capacity(fields.len());
        for field in fields {
            // What was written by an older version of the type has fewer fields.
            if sized && self.bytes.is_over() {
                break;
            }
            if field.optional {
                if !self.form.second {
                    return Err(format!("{}: optional fields are read in the second version of CDR only", field.name));
                }
                if self.bytes.take(1)?[0] == 0 {
                    continue;
                }
            }
            let value = self.field(definition, field, depth).map_err(|e| format!("{}: {e}", field.name))?;
            read.push((field.name.clone(), value));
        }
        Ok(Value::fields(read))
    }

    fn field(&mut self, definition: &Definition, field: &Field, depth: usize) -> Result<Value<'a>, String> {
        self.several(definition, (field.kind, field.count), depth)
    }

    fn several(
        &mut self,
        definition: &Definition,
        (kind, count): (Kind, Count),
        depth: usize,
    ) -> Result<Value<'a>, String> {
        let sized = self.form.lists && !is_number(kind);
        match count {
            Count::One => self.one(definition, kind, depth),
            count if sized => self.within(|reader| reader.list(definition, (kind, count), depth)),
            count => self.list(definition, (kind, count), depth),
        }
    }

    fn list(
        &mut self,
        definition: &Definition,
        (kind, count): (Kind, Count),
        depth: usize,
    ) -> Result<Value<'a>, String> {
        let n = match count {
            Count::One => 1,
            Count::Fixed(n) => n,
            Count::Sequence => self.bytes.u32()? as usize,
        };
        let size = size(kind);
        let left = self.bytes.left();
        if n.checked_mul(size).is_none_or(|bytes| bytes > left) {
            return Err(format!("{n} elements are more than the {left} bytes that follow"));
        }
        if matches!(kind, Kind::U8) && (count == Count::Sequence || n > LONGEST_LIST) {
            return self.bytes.take(n).map(|bytes| Value::Bytes(Cow::Borrowed(bytes)));
        }
        if n > LONGEST_LIST {
            if is_number(kind) {
                self.bytes.align(size);
                self.bytes.take(n * size)?;
            } else {
                (0..n).try_for_each(|_| self.one(definition, kind, depth).map(drop))?;
            }
            return Ok(Value::Long(n));
        }
        Ok(Value::List((0..n).map(|_| self.one(definition, kind, depth)).collect::<Result<_, _>>()?))
    }

    fn one(&mut self, definition: &Definition, kind: Kind, depth: usize) -> Result<Value<'a>, String> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(format!("it holds more than {MOST_VALUES} values, which is the limit (MOST_VALUES)"));
        }
        Ok(Value::Number(match kind {
            Kind::Bool => f64::from(u8::from(self.bytes.take(1)?[0] != 0)),
            Kind::U8 => f64::from(self.bytes.take(1)?[0]),
            Kind::I8 => f64::from(self.bytes.take(1)?[0].cast_signed()),
            Kind::U16 => f64::from(u16::from_le_bytes(self.bytes.number()?)),
            Kind::I16 => f64::from(i16::from_le_bytes(self.bytes.number()?)),
            Kind::U32 | Kind::Enum => f64::from(self.bytes.u32()?),
            Kind::I32 => f64::from(i32::from_le_bytes(self.bytes.number()?)),
            Kind::U64 => u64::from_le_bytes(self.bytes.number()?) as f64,
            Kind::I64 => i64::from_le_bytes(self.bytes.number()?) as f64,
            Kind::F32 => f64::from(f32::from_le_bytes(self.bytes.number()?)),
            Kind::F64 => f64::from_le_bytes(self.bytes.number()?),
            Kind::String => {
                let len = self.bytes.u32()? as usize;
                let bytes = self.bytes.take(len)?;
                return Ok(Value::Text(String::from_utf8_lossy(bytes.strip_suffix(&[0]).unwrap_or(bytes))));
            }
            Kind::WideString => return Err("wide strings are not read, their size is not agreed upon".to_owned()),
            Kind::Type(at) => return self.fields(definition, at, depth + 1),
            Kind::List(at) if depth <= DEEPEST => return self.several(definition, definition.lists[at], depth + 1),
            Kind::List(_) => return Err(format!("lists are nested more than {DEEPEST} deep")),
        }))
    }
}

/// Whether it is a number as it stands.
fn is_number(kind: Kind) -> bool {
    !matches!(kind, Kind::String | Kind::WideString | Kind::Enum | Kind::Type(_) | Kind::List(_))
}

/// Bytes that one takes at least.
fn size(kind: Kind) -> usize {
    match kind {
        Kind::Bool | Kind::U8 | Kind::I8 | Kind::Type(_) | Kind::List(_) => 1,
        Kind::U16 | Kind::I16 => 2,
        Kind::U32 | Kind::I32 | Kind::F32 | Kind::String | Kind::WideString | Kind::Enum => 4,
        Kind::U64 | Kind::I64 | Kind::F64 => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ros2msg::parse;
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
        let definition = parse("a/msg/B", TEXT).expect("a definition");
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
        let definition = parse("a/B", "uint8 a\nfloat64 x\nstring s\ntime t\nEmpty e\nint16 last\n===\nMSG: a/Empty\n");
        let head = [&[7][..], &2.5f64.to_le_bytes(), &[2, 0, 0, 0], b"hi"].concat();
        let bytes = [&head[..], &12u32.to_le_bytes(), &34u32.to_le_bytes(), &(-3i16).to_le_bytes()].concat();
        let value = decode_ros1(&definition.expect("a definition"), &bytes).expect("decoded");
        assert_eq!((value.get("x"), value.get("t")), (Some(&Value::Number(2.5)), Some(&Value::Time(12_000_000_034))));
        assert_eq!((value.get("s").and_then(Value::text), value.get("last")), (Some("hi"), Some(&Value::Number(-3.0))));
    }

    #[test]
    fn every_cut_is_an_error_and_no_length_is_believed() {
        let definition = parse("a/msg/B", TEXT).expect("a definition");
        let whole = message(true);
        for end in 0..whole.len() {
            assert!(decode(&definition, &whole[..end]).is_err(), "cut at {end}");
        }
        let definition = parse("a/msg/B", "float64[] v\nB[] b").expect("a definition");
        let error = decode(&definition, &[0, 1, 0, 0, 255, 255, 255, 255]).expect_err("refused");
        assert!(error.contains("4294967295 elements"), "{error}");
        let definition = parse("a/msg/B", "B b").expect("a definition");
        assert!(decode(&definition, &[0, 1, 0, 0]).is_err_and(|e| e.contains("deep")), "a type in itself");
    }

    const IDL: &str = "module m {
        enum Mode { A, B };
        @final struct Time { long sec; unsigned long nanosec; };
        @final struct Point { double x; short y; };
        @final struct Fixed { octet flag; Time stamp; double x; sequence<string> name; sequence<double> position;
            Point points[2]; Mode mode; long long count; };
        @appendable struct Inner { double a; octet b; };
        @appendable struct Grown { octet flag; Point point; Inner inner; float speed; };
    };";

    /// As `tests/judges/cdr_second.py` prints them.
    const FIXED: [&str; 4] = [
        "00010000070000000c00000022000000000000000000000000000440020000000200000061000000030000006263000002000000000000000000f83f00000000000004c0000000000000f03ffdff00000000000000000000000000400400000001000000fbffffffffffffff",
        "00070000070000000c00000022000000000000000000044013000000020000000200000061000000030000006263000002000000000000000000f83f00000000000004c016000000000000000000f03ffdff000000000000000000400400000001000000fbffffffffffffff",
        "00000000070000000000000c000000220000000040040000000000000000000200000002610000000000000362630000000000023ff8000000000000c0040000000000003ff0000000000000fffd00000000000040000000000000000004000000000001fffffffffffffffb",
        "00060000070000000000000c000000224004000000000000000000130000000200000002610000000000000362630000000000023ff8000000000000c004000000000000000000163ff0000000000000fffd000040000000000000000004000000000001fffffffffffffffb",
    ];
    const GROWN: [&str; 2] = [
        "000900002400000001000000000000000000e03f02000000090000000000000000002240030000000000a03f",
        "0008000000000024010000003fe000000000000000020000000000094022000000000000030000003fa00000",
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
    }

    #[test]
    fn both_versions_are_read_as_others_write_them() {
        let definition = super::super::idl::parse("m/Fixed", IDL).expect("a definition");
        let list = |numbers: &[f64]| Some(Value::List(numbers.iter().map(|x| Value::Number(*x)).collect()));
        for hex in FIXED {
            let bytes = bytes(hex);
            let value = decode(&definition, &bytes).expect(hex);
            assert_eq!(value.get("stamp"), Some(&Value::Time(12_000_000_034)), "a structure");
            assert_eq!(value.get("position").cloned(), list(&[1.5, -2.5]), "numbers");
            let Some(Value::List(names)) = value.get("name") else { panic!("names") };
            assert_eq!(names.iter().map(Value::text).collect::<Vec<_>>(), [Some("a"), Some("bc")], "texts");
            let Some(Value::List(points)) = value.get("points") else { panic!("points") };
            assert_eq!(points[1].get("y"), Some(&Value::Number(4.0)), "structures");
            let ends = ["mode", "count"].map(|name| value.get(name).and_then(Value::number));
            assert_eq!(ends, [Some(1.0), Some(-5.0)], "what stands behind them");
            for end in 0..bytes.len() {
                assert!(decode(&definition, &bytes[..end]).is_err(), "cut at {end}");
            }
        }
        // Aligned as the second version has it, but without sizes.
        let plain = bytes(FIXED[1]);
        let plain = [&plain[..24], &plain[28..68], &plain[72..]].concat();
        let value = decode(&definition, &plain).expect("decoded");
        assert_eq!(value.get("count"), Some(&Value::Number(-5.0)), "a writer that leaves sizes out");
    }

    #[test]
    fn structures_that_may_grow_begin_with_their_size() {
        let unsaid = IDL.replace("@appendable", "").replace("@final", "");
        for (text, grown) in [(IDL, IDL), (IDL, &IDL.replace("octet b; };", "octet b; double later; };"))] {
            let definition = super::super::idl::parse("m/Grown", grown).expect(text);
            for hex in GROWN {
                let bytes = bytes(hex);
                let value = decode(&definition, &bytes).expect(hex);
                let inner = value.get("inner").expect("a structure");
                assert_eq!((inner.get("a"), inner.get("later")), (Some(&Value::Number(9.0)), None), "as it was");
                assert_eq!(value.get("speed"), Some(&Value::Number(1.25)), "what stands behind it");
            }
        }
        let definition = super::super::idl::parse("m/Inner", &unsaid).expect("a definition");
        let alone = bytes("0009000009000000000000000000224003000000");
        assert!(decode(&definition, &alone).is_ok(), "a type that does not say how it may grow");
        let error = decode(&definition, &[0, 0x0b, 0, 0, 1]).expect_err("refused");
        assert!(error.contains("list of parameters"), "{error}");
    }
}
