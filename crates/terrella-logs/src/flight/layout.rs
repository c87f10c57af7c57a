//! Where the fields of a ULog message lie: definitions with types within types, laid flat.
//!
//! Definitions come from the file, and a few bytes of them can ask for any number of fields. So sizes are held
//! against what a message can have before anything is laid out, and fields are counted.

use super::bytes::Number;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a message: its length has 16 bits.
const LARGEST: usize = 65_535;
/// Fields of one message, and of all that are laid out.
pub(super) const MOST_FIELDS: usize = 4096;
pub(super) const MOST_IN_ALL: usize = 1 << 18;
/// Types within types.
const DEEPEST: usize = 16;

/// A field as it is defined.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    kind: String,
    /// Elements, if it is an array.
    count: Option<usize>,
    name: String,
}

/// Definitions by name.
pub(super) type Formats = BTreeMap<String, Vec<Field>>;

/// What stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Numbers(Number),
    Text,
}

/// A field laid flat.
#[derive(Debug, PartialEq)]
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) what: What,
    pub(super) offset: usize,
    pub(super) count: usize,
}

/// A message laid flat.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Layout {
    pub(super) leaves: Vec<Leaf>,
    /// Bytes with all padding, and without that at the end, which need not be written.
    pub(super) size: usize,
    pub(super) least: usize,
    /// Where the time is, in microseconds.
    pub(super) timestamp: usize,
}

/// Parses `name:type field;type[n] field;`.
pub(super) fn parse(text: &str) -> Result<(String, Vec<Field>), String> {
    let (name, fields) = text.split_once(':').ok_or("a definition without a colon")?;
    let field = |text: &str| {
        let (kind, name) =
            text.trim().split_once(' ').ok_or_else(|| format!("the field \"{text:.40}\" has no name"))?;
        let (kind, count) = match kind.strip_suffix(']').and_then(|k| k.split_once('[')) {
            None => (kind, None),
            Some((kind, n)) => {
                let n = n.parse().ok().filter(|n| (1..=LARGEST).contains(n));
                (kind, Some(n.ok_or_else(|| format!("\"{text:.40}\" has no length from 1 to {LARGEST}"))?))
            }
        };
        Ok::<_, String>(Field { kind: kind.to_owned(), count, name: name.trim().to_owned() })
    };
    let fields: Vec<Field> = fields.split(';').filter(|f| !f.trim().is_empty()).map(field).collect::<Result<_, _>>()?;
    if fields.is_empty() {
        return Err(format!("the definition of {name:.40} has no fields"));
    }
    Ok((name.trim().to_owned(), fields))
}

/// Lays out a message.
pub(super) fn layout(formats: &Formats, name: &str) -> Result<Layout, String> {
    let mut layout = Layout::default();
    add(formats, name, "", 0, &mut layout)?;
    let names: BTreeSet<&String> = layout.leaves.iter().map(|leaf| &leaf.name).collect();
    if names.len() < layout.leaves.len() {
        return Err("two of its fields have one name".to_owned());
    }
    let time = |leaf: &&Leaf| leaf.name == "timestamp" && leaf.what == What::Numbers(Number::U64) && leaf.count == 1;
    let time = layout.leaves.iter().find(time).ok_or("it has no timestamp of 64 bits")?;
    layout.timestamp = time.offset;
    Ok(layout)
}

fn add(formats: &Formats, name: &str, prefix: &str, depth: usize, layout: &mut Layout) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("types are nested more than {DEEPEST} deep"));
    }
    let fields = formats.get(name).ok_or_else(|| format!("nothing defines {name:.40}"))?;
    for field in fields {
        let n = field.count.unwrap_or(1);
        let path = format!("{prefix}{}", field.name);
        let Some((what, size)) = plain(&field.kind) else {
            for at in 0..n {
                let element = if field.count.is_some() { format!("{path}[{at}].") } else { format!("{path}.") };
                add(formats, &field.kind, &element, depth + 1, layout)?;
            }
            continue;
        };
        let offset = layout.size;
        // Both are at most 65,535 here.
        layout.size += n * size;
        if layout.size > LARGEST {
            return Err(format!("its fields take more than {LARGEST} bytes, which no message has"));
        }
        if field.name.starts_with("_padding") {
            continue;
        }
        layout.least = layout.size;
        layout.leaves.push(Leaf { name: path, what, offset, count: n });
        if layout.leaves.len() > MOST_FIELDS {
            return Err(format!("it has more than {MOST_FIELDS} fields, which is the limit (MOST_FIELDS)"));
        }
    }
    Ok(())
}

/// What a type that is not defined is, and its bytes.
fn plain(kind: &str) -> Option<(What, usize)> {
    let number = match kind {
        "char" => return Some((What::Text, 1)),
        "bool" => Number::Bool,
        "int8_t" => Number::I8,
        "uint8_t" => Number::U8,
        "int16_t" => Number::I16,
        "uint16_t" => Number::U16,
        "int32_t" => Number::I32,
        "uint32_t" => Number::U32,
        "int64_t" => Number::I64,
        "uint64_t" => Number::U64,
        "float" => Number::F32,
        "double" => Number::F64,
        _ => return None,
    };
    Some((What::Numbers(number), number.size()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(texts: &[&str]) -> Formats {
        texts.iter().map(|text| parse(text).expect("a definition")).collect()
    }

    #[test]
    fn types_within_types_are_laid_flat() {
        let formats = formats(&[
            "esc:uint64_t timestamp;int32_t rpm;uint8_t[4] _padding0;",
            "status:uint64_t timestamp;esc[2] esc;esc next;char[3] name;float[2] xy;uint8_t[1] _padding0;",
        ]);
        let layout = layout(&formats, "status").expect("laid out");
        let names: Vec<(&str, usize, usize)> =
            layout.leaves.iter().map(|leaf| (leaf.name.as_str(), leaf.offset, leaf.count)).collect();
        let wanted = [
            ("timestamp", 0, 1),
            ("esc[0].timestamp", 8, 1),
            ("esc[0].rpm", 16, 1),
            ("esc[1].timestamp", 24, 1),
            ("esc[1].rpm", 32, 1),
            ("next.timestamp", 40, 1),
            ("next.rpm", 48, 1),
            ("name", 56, 3),
            ("xy", 59, 2),
        ];
        assert_eq!(names, wanted, "where they are");
        assert_eq!((layout.size, layout.least, layout.timestamp), (68, 67, 0), "sizes");
    }

    #[test]
    fn definitions_that_ask_for_much_are_refused() {
        for (texts, name, words) in [
            (&["a:a x;"][..], "a", "nested more than"),
            (&["a:b[60000] x;", "b:b2[60000] x;", "b2:uint8_t x;"], "a", "more than"),
            (&["a:b x;b y;", "b:c x;c y;", "c:d x;d y;", "d:uint64_t[3000] x;"], "a", "65535 bytes"),
            (&["a:uint64_t timestamp;b x;"], "a", "nothing defines b"),
            (&["a:uint32_t timestamp;"], "a", "no timestamp of 64 bits"),
            (&["a:uint64_t timestamp;float x;float[2] x;"], "a", "two of its fields"),
        ] {
            let error = layout(&formats(texts), name).expect_err("refused");
            assert!(error.contains(words), "{words} is missing in: {error}");
        }
        for text in ["a", "a:", "a:float;", "a:float[0] x;", "a:float[99999999999] x;", "a:float[-1] x;"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
