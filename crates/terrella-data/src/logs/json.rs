//! Branches of a JSON document as columns.
//!
//! A path is keys with dots between, and `[2]` picks an element; keys may hold dots themselves, so
//! the longest key that fits counts. Records (an array of objects, or lines of objects) are looked
//! through one by one, so `pose.x` of a thousand records is a column of a thousand rows.

use super::column::Column;
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

/// Reads a document, or one object a line.
pub(super) fn parse(bytes: &[u8], lines: bool) -> Result<Value, String> {
    if !lines {
        return serde_json::from_slice(bytes).map_err(|e| e.to_string());
    }
    let mut records = Vec::new();
    for (at, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        records.push(serde_json::from_slice(line).map_err(|e| format!("line {}: {e}", at + 1))?);
    }
    Ok(Value::Array(records))
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
        let value = parse(b"{\"x\": 1}\n\n{\"x\": 2}\n", true).expect("two records");
        assert_eq!(numbers(&lookup(&value, "x").expect("x")).map(|c| c.data), Ok(vec![1.0, 2.0]), "a column");
        assert!(parse(b"{\"x\": 1}\n{\"x\": ", true).is_err_and(|e| e.starts_with("line 2")), "the line is named");
    }
}
