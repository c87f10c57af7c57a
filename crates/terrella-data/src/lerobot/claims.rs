//! What a LeRobot dataset claims about itself: stored statistics and splits, as they are written.
//!
//! v3.0 stores statistics of the whole, v2.1 of each episode; the latter are put together over the
//! episodes that are there, so that both can be held against the tables.

use super::layout::json_lines;
use crate::{Claims, Error, Result};
use serde_json::Value;
use std::ops::Range;
use std::path::Path;
use terrella_core::Stats;

/// Reads the claims; `features` make the state and the action, `numbers` are the episodes that are there, ascending.
/// Statistics of the whole say nothing where it is not `complete`.
pub(super) fn read(
    root: &Path,
    features: [&[&str]; 2],
    splits: &Value,
    numbers: &[i64],
    complete: bool,
) -> Result<Claims> {
    let whole = root.join("meta/stats.json");
    let each = root.join("meta/episodes_stats.jsonl");
    let stats = if whole.exists() && complete {
        let text = std::fs::read_to_string(&whole).map_err(Error::io("read", &whole))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|e| Error::broken(&whole, format!("not JSON: {e}"), "compute the statistics again"))?;
        features.map(|keys| side_by_side(keys.iter().map(|key| one(&value[*key]))))
    } else if each.exists() {
        let lines = json_lines(&each)?;
        let there = |line: &&Value| line["episode_index"].as_i64().is_some_and(|n| numbers.binary_search(&n).is_ok());
        features.map(|keys| {
            let of = |line: &Value| side_by_side(keys.iter().map(|key| one(&line["stats"][*key])));
            let parts: Option<Vec<Stats>> = lines.iter().filter(there).map(of).collect();
            parts.filter(|parts| parts.len() == numbers.len()).and_then(|parts| together(&parts))
        })
    } else {
        [None, None]
    };
    let splits = splits.as_object().into_iter().flatten();
    let splits = splits.filter_map(|(name, text)| Some((name.clone(), positions(text.as_str()?, numbers)?)));
    Ok(Claims { stats, splits: splits.collect() })
}

/// Statistics of a feature, if they are there and whole.
fn one(value: &Value) -> Option<Stats> {
    let list = |name: &str| {
        let mut numbers = Vec::new();
        (value[name].is_array() && flat(&value[name], &mut numbers)).then_some(numbers)
    };
    let count = value["count"].get(0).or(value.get("count")).and_then(Value::as_u64).unwrap_or(0);
    let stats = Stats { mean: list("mean")?, std: list("std")?, min: list("min")?, max: list("max")?, count };
    let width = stats.mean.len();
    [&stats.std, &stats.min, &stats.max].iter().all(|v| v.len() == width).then_some(stats)
}

/// The numbers and truths of lists of lists, in order; false where there is anything else.
fn flat(value: &Value, into: &mut Vec<f32>) -> bool {
    match value {
        Value::Array(items) => return items.iter().all(|item| flat(item, into)),
        Value::Bool(truth) => into.push(f32::from(u8::from(*truth))),
        other => match other.as_f64() {
            Some(x) => into.push(x as f32),
            None => return false,
        },
    }
    true
}

/// Statistics of joined features, if all have some, of as many rows.
fn side_by_side(features: impl Iterator<Item = Option<Stats>>) -> Option<Stats> {
    let mut all: Option<Stats> = None;
    for found in features {
        let found = found?;
        match &mut all {
            None => all = Some(found),
            Some(all) if all.count == found.count => {
                all.mean.extend(found.mean);
                all.std.extend(found.std);
                all.min.extend(found.min);
                all.max.extend(found.max);
            }
            Some(_) => return None,
        }
    }
    all
}

/// Statistics of the rows of all parts.
fn together(parts: &[Stats]) -> Option<Stats> {
    let first = parts.first()?;
    let width = first.width();
    let count: u64 = parts.iter().map(|p| p.count).sum();
    if count == 0 || parts.iter().any(|p| p.width() != width) {
        return None;
    }
    let mut all = Stats { min: first.min.clone(), max: first.max.clone(), count, ..Stats::default() };
    for i in 0..width {
        let (mut sum, mut square) = (0.0, 0.0);
        for part in parts {
            let (n, mean, std) = (part.count as f64, f64::from(part.mean[i]), f64::from(part.std[i]));
            sum += n * mean;
            square += n * (std * std + mean * mean);
            all.min[i] = all.min[i].min(part.min[i]);
            all.max[i] = all.max[i].max(part.max[i]);
        }
        let mean = sum / count as f64;
        all.mean.push(mean as f32);
        all.std.push((square / count as f64 - mean * mean).max(0.0).sqrt() as f32);
    }
    Some(all)
}

/// `a:b` of episode numbers as positions among those that are there.
fn positions(text: &str, numbers: &[i64]) -> Option<Range<usize>> {
    let (from, to) = text.split_once(':')?;
    let at = |text: &str, default: usize| match text.trim() {
        "" => Some(default),
        text => text.parse::<i64>().ok().map(|n| numbers.partition_point(|x| *x < n)),
    };
    Some(at(from, 0)?..at(to, numbers.len())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use terrella_core::Table;

    #[test]
    fn statistics_of_parts_are_those_of_the_whole() {
        let tables = [Table::from_data(1, vec![1.0, 2.0, 6.0]), Table::from_data(1, vec![-4.0, 0.5])];
        let parts: Vec<Stats> = tables.iter().map(|t| Stats::of(1, [t])).collect();
        let (all, whole) = (together(&parts).expect("parts"), Stats::of(1, &tables));
        assert_eq!((all.count, &all.min, &all.max), (5, &whole.min, &whole.max), "extremes");
        assert!((all.mean[0] - whole.mean[0]).abs() < 1e-6 && (all.std[0] - whole.std[0]).abs() < 1e-6, "{all:?}");
    }

    #[test]
    fn splits_are_counted_among_what_is_there() {
        let numbers = [0, 1, 5, 6];
        assert_eq!(positions("0:5", &numbers), Some(0..2), "2 to 4 are missing");
        assert_eq!(positions("5:", &numbers), Some(2..4), "to the end");
        assert_eq!(positions("all", &numbers), None, "no range");
        assert!(one(&json!({"mean": [1.0], "std": [1.0], "min": [0.0]})).is_none(), "incomplete statistics");
        let nested =
            json!({"mean": [[1.0], [2.0]], "std": [[1.0], [0.0]], "min": [[false], [2]], "max": [[true], [2]]});
        let all = side_by_side([one(&nested), one(&nested)].into_iter()).expect("statistics of points and flags");
        assert_eq!(all.max, [1.0, 2.0, 1.0, 2.0], "lists of lists, and truths");
        assert_eq!(side_by_side([one(&nested), None].into_iter()), None, "a part without any");
    }
}
