//! The text of a ROS message definition: the type itself, then those it is made of, between lines of `=`.
//!
//! A type is a list of fields; constants and default values take no place on the wire and are passed
//! by. Names of types may leave out the package, which is then the one of the type they stand in.

use super::definition::{Count, Definition, Field, Kind, MOST_TYPES, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// Parses the text of a schema that is called `name`.
pub(super) fn parse(name: &str, text: &str) -> Result<Definition, String> {
    let mut sections: Vec<(String, Vec<&str>)> = vec![(short(name), Vec::new())];
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.len() >= 3 && line.bytes().all(|b| b == b'=') {
            sections.push((String::new(), Vec::new()));
            if sections.len() > MOST_TYPES {
                return Err(format!("it has more than {MOST_TYPES} types"));
            }
        } else if let Some((title, lines)) = sections.last_mut() {
            match line.strip_prefix("MSG:") {
                Some(found) => *title = short(found.trim()),
                None if !line.is_empty() => lines.push(line),
                None => {}
            }
        }
    }
    for (title, fields) in [("builtin_interfaces/Time", TIME), ("builtin_interfaces/Duration", DURATION)] {
        if sections.iter().all(|(t, _)| t != title) {
            sections.push((title.to_owned(), fields.to_vec()));
        }
    }
    let places: HashMap<&str, usize> =
        sections.iter().enumerate().rev().map(|(at, (title, _))| (title.as_str(), at)).collect();
    let types = sections.iter().map(|(title, lines)| {
        let package = title.split('/').next().unwrap_or_default();
        let fields = lines.iter().filter_map(|line| field(line, package, &places).transpose());
        Ok(Type { fields: fields.collect::<Result<_, String>>()?, extensible: None })
    });
    Ok(Definition { types: types.collect::<Result<_, String>>()?, lists: Vec::new(), padded: true })
}

const TIME: &[&str] = &["int32 sec", "uint32 nanosec"];
const DURATION: &[&str] = TIME;

/// `package/Type` of `package/msg/Type`.
fn short(name: &str) -> String {
    match name.split('/').collect::<Vec<_>>()[..] {
        [package, .., last] => format!("{package}/{last}"),
        _ => name.to_owned(),
    }
}

/// A field; nothing where the line is a constant.
fn field(line: &str, package: &str, places: &HashMap<&str, usize>) -> Result<Option<Field>, String> {
    let mut words = line.split_whitespace();
    let (Some(written), Some(name)) = (words.next(), words.next()) else {
        return Err(format!("\"{line:.60}\" is no field"));
    };
    if name.contains('=') || words.next().is_some_and(|w| w.starts_with('=')) {
        return Ok(None);
    }
    let (base, count) = match written.strip_suffix(']').and_then(|w| w.rsplit_once('[')) {
        None => (written, Count::One),
        Some((base, "")) => (base, Count::Sequence),
        Some((base, bound)) if bound.starts_with("<=") => (base, Count::Sequence),
        Some((base, n)) => (base, Count::Fixed(n.parse().map_err(|_| format!("\"{written:.60}\" has no length"))?)),
    };
    // The bound of a string does not change how it is written.
    let base = base.split("<=").next().unwrap_or(base);
    let kind = match base {
        "bool" => Kind::Bool,
        // The byte of ROS 1 is signed, but nobody means numbers by it.
        "byte" | "char" | "uint8" => Kind::U8,
        "int8" => Kind::I8,
        "uint16" => Kind::U16,
        "int16" => Kind::I16,
        "uint32" => Kind::U32,
        "int32" => Kind::I32,
        "uint64" => Kind::U64,
        "int64" => Kind::I64,
        "float32" => Kind::F32,
        "float64" => Kind::F64,
        "string" => Kind::String,
        "wstring" => Kind::WideString,
        other => {
            let full = match other {
                "Header" => "std_msgs/Header".to_owned(),
                "time" => "builtin_interfaces/Time".to_owned(),
                "duration" => "builtin_interfaces/Duration".to_owned(),
                other if other.contains('/') => short(other),
                other => format!("{package}/{other}"),
            };
            let place = places.get(full.as_str());
            Kind::Type(*place.ok_or_else(|| format!("the type {full:.60} of \"{name:.60}\" is not defined"))?)
        }
    };
    Ok(Some(Field { name: Arc::from(name), kind, count, optional: false }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_is_understood() {
        let text = "# comment\nuint8 MODE_A=1\nstring NAME = \"x\"\nstd_msgs/Header header\nPoint[<=3] points # some\n\
            float64[9] k\nstring<=10[] names\nint32 n 5\nwstring w\n\
            ================================================================================\n\
            MSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n===\nMSG: my/Point\nfloat64 x 0.5\n";
        let parsed = parse("my/msg/Shape", text).expect("parsed");
        let root: Vec<(&str, Kind, Count)> =
            parsed.types[0].fields.iter().map(|f| (&*f.name, f.kind, f.count)).collect();
        assert_eq!(
            root,
            [
                ("header", Kind::Type(1), Count::One),
                ("points", Kind::Type(2), Count::Sequence),
                ("k", Kind::F64, Count::Fixed(9)),
                ("names", Kind::String, Count::Sequence),
                ("n", Kind::I32, Count::One),
                ("w", Kind::WideString, Count::One),
            ],
            "constants take no place"
        );
        assert_eq!(parsed.types[1].fields.len(), 2, "the time is known without being defined");
    }

    #[test]
    fn what_is_not_defined_is_named() {
        let error = parse("a/msg/B", "Pose pose").expect_err("refused");
        assert!(error.contains("a/Pose"), "{error}");
        assert!(parse("a/msg/B", "float64").is_err(), "no name");
    }
}
