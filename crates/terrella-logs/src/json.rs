//! Branches of a JSON document as columns.
//!
//! A path is keys with dots between, and `[2]` picks an element; keys may hold dots themselves, so
//! the longest key that fits counts. Records (an array of objects, or lines of objects) are looked
//! through one by one, so `pose.x` of a thousand records is a column of a thousand rows.

use super::column::Column;
use super::spelling;
use super::torn::without_zeros;
use serde_json::Value;

/// What a path leads to.
pub(super) fn lookup(value: &Value, path: &str) -> Option<Value> {
    if path.is_empty() {
        return Some(value.clone());
    }
    if let Some(rest) = path.strip_prefix('[') {
        let (index, rest) = rest.split_once(']')?;
        let element = value.as_array()?.get(index.parse::<usize>().ok()?)?;
        return lookup(element, rest.strip_prefix('.').unwrap_or(rest));
    }
    match value {
        Value::Object(map) => {
            if let Some(found) = map.get(path) {
                return Some(found.clone());
            }
            let follows = |key: &str| path.strip_prefix(key).filter(|rest| rest.starts_with(['.', '[']));
            let mut keys: Vec<&String> = map.keys().filter(|key| follows(key).is_some()).collect();
            keys.sort_by_key(|key| std::cmp::Reverse(key.len()));
            keys.into_iter().find_map(|key| {
                let rest = follows(key)?;
                lookup(&map[key], rest.strip_prefix('.').unwrap_or(rest))
            })
        }
        Value::Array(records) if records.iter().all(Value::is_object) && !records.is_empty() => {
            // A record without the key is a gap, but a key that no record has is a mistake.
            let found: Vec<Option<Value>> = records.iter().map(|record| lookup(record, path)).collect();
            found.iter().any(Option::is_some).then(|| found.into_iter().map(Option::unwrap_or_default).collect())
        }
        _ => None,
    }
}

/// Rows of numbers: a list of numbers, or of lists; deeper lists are laid flat.
pub(super) fn numbers(value: &Value) -> Result<Column, String> {
    let Value::Array(items) = value else {
        return number(value).map(|x| Column { width: 1, data: vec![x] });
    };
    let mut data = Vec::with_capacity(items.len());
    let mut width = None;
    for (row, item) in items.iter().enumerate() {
        let before = data.len();
        flatten(item, &mut data).map_err(|e| format!("row {row}: {e}"))?;
        let found = data.len() - before;
        if *width.get_or_insert(found) != found {
            return Err(format!("row {row} has {found} numbers, rows before it have {}", width.unwrap_or_default()));
        }
    }
    match width {
        Some(width) if width > 0 => Ok(Column { width, data }),
        _ => Err("it is empty".to_owned()),
    }
}

fn flatten(value: &Value, into: &mut Vec<f64>) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| flatten(item, into)),
        other => number(other).map(|x| into.push(x)),
    }
}

fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Null => Ok(f64::NAN),
        Value::Bool(x) => Ok(f64::from(u8::from(*x))),
        Value::Number(x) => Ok(x.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => text.trim().parse().map_err(|_| format!("\"{text:.40}\" is no number")),
        _ => Err("a number was expected".to_owned()),
    }
}

/// Microseconds of a list of dates with times, or of one; nothing if there is anything else in it.
pub(super) fn instants(value: &Value) -> Option<Column> {
    let one = |value: &Value| match value {
        Value::Null => Some(f64::NAN),
        Value::String(text) => spelling::microseconds(text),
        _ => None,
    };
    let data: Vec<f64> = match value {
        Value::Array(items) => items.iter().map(one).collect::<Option<_>>()?,
        other => vec![one(other)?],
    };
    data.iter().any(|t| t.is_finite()).then_some(Column { width: 1, data })
}

/// A list of texts, or one text.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Top-level keys; those of the first record for records.
pub(super) fn keys(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(items) => items.first().map(keys).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// Reads a document.
pub(super) fn document(bytes: &[u8]) -> Result<Value, String> {
    parse(bytes).map_err(|e| e.to_string())
}

/// Reads one object a line, and tells if the last one was cut off.
pub(super) fn lines(bytes: &[u8]) -> Result<(Value, Vec<String>), String> {
    let mut notes = Vec::new();
    let bytes = without_zeros(bytes, &mut notes);
    let filled = |(_, line): &(usize, &[u8])| !line.iter().all(u8::is_ascii_whitespace);
    let lines: Vec<(usize, &[u8])> = bytes.split(|b| *b == b'\n').enumerate().filter(filled).collect();
    let mut records = Vec::with_capacity(lines.len());
    for (at, line) in &lines {
        match parse(line) {
            Ok(record) => records.push(record),
            // A line without an end, or one that ends within a value: there the recorder was stopped.
            Err(e)
                if !records.is_empty()
                    && records.len() + 1 == lines.len()
                    && (e.is_eof() || !bytes.ends_with(b"\n")) =>
            {
                let (line, before) = (at + 1, records.len());
                notes.push(format!("left out: line {line} is cut off; the {before} records before it were read"));
            }
            Err(e) => return Err(format!("line {}: {e}", at + 1)),
        }
    }
    Ok((Value::Array(records), notes))
}

/// Reads JSON, or what Python writes for it: numbers that are not finite are null.
fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(bytes).or_else(|e| match with_nulls(bytes) {
        Some(other) => serde_json::from_slice(&other),
        None => Err(e),
    })
}

/// The text with `null` for each `NaN`, `Infinity` and the like outside of strings; nothing if there is none.
fn with_nulls(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut found, mut quoted) = (0, false, false);
    while let Some(&byte) = bytes.get(at) {
        let word = |b: &u8| b.is_ascii_alphabetic();
        if quoted || !(word(&byte) || byte == b'-') {
            let escaped = quoted && byte == b'\\';
            quoted ^= byte == b'"';
            let n = if escaped { 2.min(bytes.len() - at) } else { 1 };
            out.extend_from_slice(&bytes[at..at + n]);
            at += n;
            continue;
        }
        let n = 1 + bytes[at + 1..].iter().take_while(|b| word(b)).count();
        let name = bytes[at..at + n].strip_prefix(b"-").unwrap_or(&bytes[at..at + n]);
        let lost = [&b"nan"[..], b"inf", b"infinity"].iter().any(|word| name.eq_ignore_ascii_case(word));
        out.extend_from_slice(if lost { b"null" } else { &bytes[at..at + n] });
        found |= lost;
        at += n;
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_find_their_way() {
        let value = json!({"a.b": {"c": [1, 2]}, "v": [{"p": "x"}, {"p": "y"}], "m": [[1, 2], [3, 4]]});
        assert_eq!(lookup(&value, "a.b.c"), Some(json!([1, 2])), "a key with a dot");
        assert_eq!(lookup(&value, "v[1].p"), Some(json!("y")), "an element");
        assert_eq!(lookup(&value, "v.p"), Some(json!(["x", "y"])), "records");
        assert_eq!(lookup(&value, "v.q"), None, "no such key");
        assert_eq!(numbers(&value["m"]), Ok(Column { width: 2, data: vec![1.0, 2.0, 3.0, 4.0] }), "rows");
        assert!(numbers(&json!([[1, 2], [3]])).is_err_and(|e| e.contains("row 1 has 1")), "ragged");
    }

    #[test]
    fn lines_are_records() {
        let (value, notes) = lines(b"{\"x\": 1}\n\n{\"x\": 2}\n").expect("two records");
        assert_eq!(numbers(&lookup(&value, "x").expect("x")).map(|c| c.data), Ok(vec![1.0, 2.0]), "a column");
        assert!(notes.is_empty(), "{notes:?}");
        assert!(lines(b"{\"x\": 1}\n{\"x\": \n{\"x\": 2}\n").is_err_and(|e| e.starts_with("line 2")), "amid others");
        assert!(lines(b"{\"x\": 1}\n{\"x\": 2]\n").is_err_and(|e| e.starts_with("line 2")), "wrong, but not cut");
        assert!(lines(b"{\"x\": ").is_err_and(|e| e.starts_with("line 1")), "nothing before it");
    }

    #[test]
    fn a_last_line_that_is_cut_off_is_left_out_and_told() {
        let whole = b"{\"x\": 1, \"s\": \"a\"}\n{\"x\": 2, \"s\": \"\xc3\xa4\"}\n";
        for end in 22..whole.len() - 2 {
            for tail in [&b""[..], b"\0\0\0"] {
                let (value, notes) = lines(&[&whole[..end], tail].concat()).expect("read");
                assert_eq!(value.as_array().map(Vec::len), Some(1), "{end}");
                assert!(notes.iter().any(|n| n.starts_with("left out: line 2 is cut off")), "{end}: {notes:?}");
            }
        }
    }

    #[test]
    fn numbers_that_are_not_finite_are_missing() {
        let text = br#"{"NaN": [NaN, -Infinity, 1, nan], "s": "NaN \" Infinity", "b": true}"#;
        let value = document(text).expect("read");
        assert_eq!(value, json!({"NaN": [null, null, 1, null], "s": "NaN \" Infinity", "b": true}));
        let (value, notes) = lines(b"{\"u\": NaN}\n{\"u\": 2}\n{\"u\": Na").expect("read");
        let u = numbers(&lookup(&value, "u").expect("u")).expect("numbers").data;
        assert!(u[0].is_nan() && u[1] == 2.0 && notes.len() == 1, "{u:?}, {notes:?}");
        assert!(document(b"{\"u\": Nun}").is_err_and(|e| e.contains("column 7")), "another word");
    }
}
