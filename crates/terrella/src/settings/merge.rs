//! One table laid over another, key by key.

use crate::error::usage;
use anyhow::Result;
use toml::{Table, Value};

/// Settings that are given as a whole, or not at all.
const WHOLE: [&str; 3] = ["train.symmetry", "train.augment.moves", "eval.trust.tolerance"];

/// Lays a layer over a table; what `known` has not is told with the nearest key that it has.
pub(super) fn merge(into: &mut Table, layer: &Table, known: &Table, path: &str, origin: &str) -> Result<()> {
    for (key, value) in layer {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(known) = known.get(key) else {
            let here: Vec<&str> = known.keys().map(String::as_str).collect();
            let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
            let hint = nearest_path(&prefix, key, &here);
            return Err(usage(format!("{origin}: there is no setting {full}{hint}")));
        };
        match (value, known) {
            (Value::Table(value), Value::Table(known)) if !WHOLE.contains(&full.as_str()) => {
                let entry = into.entry(key.clone()).or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(entry) = entry {
                    merge(entry, value, known, &full, origin)?;
                }
            }
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(())
}

/// The keys of `all` that `some` has not: what may be absent.
pub(super) fn missing(all: &Table, some: &Table, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in all {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (value, some.get(key)) {
            (_, None) => found.push(full),
            (Value::Table(all), Some(Value::Table(some))) => found.extend(missing(all, some, &full)),
            _ => {}
        }
    }
    found
}

pub(super) fn nearest_path(prefix: &str, key: &str, known: &[&str]) -> String {
    let hint = nearest(key, known);
    if hint.is_empty() {
        return format!(
            "; {} has {}",
            if prefix.is_empty() { "the top level" } else { prefix.trim_end_matches('.') },
            known.join(", ")
        );
    }
    hint.replacen('"', &format!("\"{prefix}"), 1)
}

/// ` (did you mean "x"?)`, if one name is close.
pub(super) fn nearest(name: &str, known: &[&str]) -> String {
    let score = |k: &&str| strsim::jaro_winkler(&name.to_lowercase(), k);
    let best = known.iter().copied().max_by(|a, b| score(a).total_cmp(&score(b)));
    best.filter(|k| score(k) > 0.7).map_or_else(String::new, |k| format!(" (did you mean \"{k}\"?)"))
}
