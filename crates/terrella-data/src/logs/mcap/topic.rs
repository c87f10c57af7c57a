//! The messages of one topic as a table: fields laid flat into columns, one row a message.
//!
//! A list of numbers is one column as wide as its first message. Elements of a list that stands beside
//! a list of names are columns of their own, called by those names, so that joints keep their column
//! whatever their order; so do transforms, by the frame they lead to. What a message lacks is NaN.

use super::value::Value;
use crate::logs::column::Column;
use crate::logs::table::Columns;
use std::collections::{BTreeMap, HashMap};

/// Columns of one topic.
const MOST_COLUMNS: usize = 4096;
/// Numbers of all tables of a file.
const MOST_NUMBERS: usize = 1 << 29;
/// Numbers of all tables for each byte of the file: packing makes ten of one, gaps make many of few.
const NUMBERS_A_BYTE: u64 = 4;
/// Bytes of a text that becomes a cell.
const LONGEST_TEXT: usize = 256;
/// An instant farther than this from the time of logging belongs to another clock, or is a duration.
const SAME_CLOCK: i128 = 86_400_000_000_000;

/// A table that grows by messages.
#[derive(Default)]
pub(super) struct Topic {
    names: Vec<String>,
    columns: Vec<Column>,
    /// Whether a column counts from the beginning of the recording.
    recent: Vec<bool>,
    places: HashMap<String, usize>,
    texts: BTreeMap<String, Vec<String>>,
    /// Log and publish time of each row, in nanoseconds since the beginning of the recording.
    times: Vec<[i128; 2]>,
    /// Names of lists that are too long for columns.
    pub(super) long: BTreeMap<String, usize>,
}

/// How many numbers the tables of a file of this size may have.
pub(super) fn allowance(bytes: u64) -> usize {
    let numbers = bytes.saturating_mul(NUMBERS_A_BYTE).max(1 << 20);
    usize::try_from(numbers).unwrap_or(usize::MAX).min(MOST_NUMBERS)
}

enum Cell<'a> {
    Numbers(Vec<f64>),
    Time(i128),
    Text(&'a str),
}

impl Topic {
    /// Appends a message; `base` is when the recording begins, `left` how many numbers it may still have.
    pub(super) fn push(
        &mut self,
        value: &Value<'_>,
        times: [u64; 2],
        base: u64,
        left: &mut usize,
    ) -> Result<(), String> {
        let rows = self.times.len();
        let mut cells = Vec::new();
        flatten(value, &mut String::new(), &[], &mut self.long, &mut cells);
        let mut taken = 2;
        for (name, cell) in cells {
            let (numbers, recent) = match cell {
                Cell::Text(text) => {
                    let known = self.texts.len() + self.names.len();
                    if !self.texts.contains_key(&name) && known >= MOST_COLUMNS {
                        continue;
                    }
                    let column = self.texts.entry(name).or_default();
                    column.resize(rows, String::new());
                    let kept = if text.len() <= LONGEST_TEXT { text } else { "" };
                    taken += 3 + kept.len() / 8;
                    column.push(kept.to_owned());
                    continue;
                }
                Cell::Numbers(numbers) => (numbers, false),
                Cell::Time(t) => {
                    let recent = match self.places.get(&name) {
                        Some(at) => self.recent[*at],
                        None => (t - i128::from(times[0])).abs() < SAME_CLOCK,
                    };
                    let from = if recent { i128::from(base) } else { 0 };
                    (vec![seconds(t - from)], recent)
                }
            };
            let at = match self.places.get(&name) {
                Some(at) => *at,
                None if self.names.len() + self.texts.len() >= MOST_COLUMNS || numbers.is_empty() => continue,
                None => {
                    let width = numbers.len();
                    // What came before had no such field.
                    spend(left, rows * width)?;
                    self.places.insert(name.clone(), self.names.len());
                    self.names.push(name);
                    self.columns.push(Column { width, data: vec![f64::NAN; rows * width] });
                    self.recent.push(recent);
                    self.names.len() - 1
                }
            };
            let column = &mut self.columns[at];
            // A field that is there twice, or a list of another length, is as good as missing.
            if column.rows() == rows && numbers.len() == column.width {
                column.data.extend(numbers);
                taken += column.width;
            }
        }
        for column in self.columns.iter_mut().filter(|c| c.rows() == rows) {
            column.data.resize((rows + 1) * column.width, f64::NAN);
            taken += column.width;
        }
        self.texts.values_mut().for_each(|column| column.resize(rows + 1, String::new()));
        self.times.push(times.map(|t| i128::from(t) - i128::from(base)));
        spend(left, taken)
    }

    /// The table with its two times, rows in the order of logging, and that order.
    pub(super) fn finish(self) -> (Columns, Vec<usize>) {
        let mut order: Vec<usize> = (0..self.times.len()).collect();
        order.sort_by_key(|at| self.times[*at][0]);
        let sorted = order.windows(2).all(|w| w[0] < w[1]);
        let rows = |column: Column| {
            if sorted {
                return column;
            }
            let w = column.width;
            let data = order.iter().flat_map(|at| &column.data[at * w..(at + 1) * w]).copied().collect();
            Column { width: w, data }
        };
        let mut columns = Columns::default();
        for (which, name) in ["log_time", "publish_time"].into_iter().enumerate() {
            let data = self.times.iter().map(|t| seconds(t[which])).collect();
            columns.numbers.insert(name.to_owned(), rows(Column { width: 1, data }));
        }
        columns.numbers.extend(self.names.into_iter().zip(self.columns.into_iter().map(rows)));
        let texts = self.texts.into_iter().map(|(name, cells)| {
            let cells = if sorted { cells } else { order.iter().map(|at| cells[*at].clone()).collect() };
            (name, cells)
        });
        columns.texts.extend(texts);
        (columns, order)
    }
}

fn spend(left: &mut usize, numbers: usize) -> Result<(), String> {
    *left = left.checked_sub(numbers).ok_or_else(|| {
        format!(
            "its tables have more numbers than {NUMBERS_A_BYTE} a byte, or than {MOST_NUMBERS}, which is the limit (MOST_NUMBERS); cut the file"
        )
    })?;
    Ok(())
}

fn seconds(nanoseconds: i128) -> f64 {
    let whole = nanoseconds.div_euclid(1_000_000_000);
    whole as f64 + nanoseconds.rem_euclid(1_000_000_000) as f64 * 1e-9
}

/// Lays a value flat: a name for each cell.
fn flatten<'a>(
    value: &'a Value<'_>,
    path: &mut String,
    names: &[&'a str],
    long: &mut BTreeMap<String, usize>,
    cells: &mut Vec<(String, Cell<'a>)>,
) {
    match value {
        Value::Number(x) => cells.push((path.clone(), Cell::Numbers(vec![*x]))),
        Value::Time(t) => cells.push((path.clone(), Cell::Time(*t))),
        Value::Text(text) => cells.push((path.clone(), Cell::Text(text))),
        Value::Bytes(_) => {}
        Value::Long(n) => {
            long.entry(path.clone()).or_insert(*n);
        }
        Value::Fields(fields) => {
            let own = fields.iter().find_map(|(key, value)| {
                let named = matches!(&**key, "name" | "names" | "joint_names");
                if named { texts(value) } else { None }
            });
            let names = own.as_deref().unwrap_or(names);
            for (key, value) in fields {
                if texts(value).is_some_and(|t| t == names) {
                    continue;
                }
                let before = path.len();
                if before > 0 {
                    path.push('.');
                }
                path.push_str(key);
                flatten(value, path, names, long, cells);
                path.truncate(before);
            }
        }
        Value::List(items) => {
            let plain: Option<Vec<f64>> = items.iter().map(Value::number).collect();
            let named = !names.is_empty() && names.len() == items.len();
            if let (Some(numbers), false) = (plain, named) {
                cells.push((path.clone(), Cell::Numbers(numbers)));
                return;
            }
            for (at, item) in items.iter().enumerate() {
                let before = path.len();
                match ["child_frame_id", "name", "id"].iter().find_map(|key| item.get(key)?.text()) {
                    Some(own) => path.extend([".", own]),
                    None if named => path.extend([".", names[at]]),
                    None => path.push_str(&format!("[{at}]")),
                }
                flatten(item, path, names, long, cells);
                path.truncate(before);
            }
        }
    }
}

/// A list of texts, if it is one and not empty.
fn texts<'a>(value: &'a Value<'_>) -> Option<Vec<&'a str>> {
    let Value::List(items) = value else { return None };
    if items.is_empty() { None } else { items.iter().map(Value::text).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table(messages: &[serde_json::Value]) -> Columns {
        let mut topic = Topic::default();
        let base = 1_700_000_000_000_000_000;
        for (at, message) in messages.iter().enumerate() {
            let value = Value::json(message.clone(), 0).expect("a value");
            let time = base + at as u64 * 1_000_000_000;
            topic.push(&value, [time; 2], base, &mut 1000).expect("pushed");
        }
        topic.finish().0
    }

    #[test]
    fn joints_keep_their_column_whatever_their_order() {
        let joints = table(&[
            json!({"name": ["a", "b"], "position": [1, 2], "velocity": []}),
            json!({"name": ["b", "a"], "position": [4, 3], "velocity": []}),
            json!({"name": ["b"], "position": [6], "velocity": []}),
        ]);
        assert_eq!(joints.numbers["position.a"].data[..2], [1.0, 3.0], "by name");
        assert!(joints.numbers["position.a"].data[2].is_nan(), "a joint that a message lacks");
        assert_eq!(joints.numbers["position.b"].data, [2.0, 4.0, 6.0], "by name");
        assert_eq!(joints.numbers["log_time"].data, [0.0, 1.0, 2.0], "from the beginning");
    }

    #[test]
    fn lists_are_as_wide_as_the_first_and_later_fields_have_gaps_before_them() {
        let lists = table(&[json!({"v": [1, 2]}), json!({"v": [3], "w": 7}), json!({"v": [5, 6], "w": 8})]);
        let v = &lists.numbers["v"];
        assert_eq!((v.width, v.rows()), (2, 3), "one column");
        assert!(v.data[2].is_nan() && v.data[3].is_nan() && v.data[5] == 6.0, "another length is a gap");
        assert!(lists.numbers["w"].data[0].is_nan() && lists.numbers["w"].data[2] == 8.0, "a gap before");
    }

    #[test]
    fn transforms_are_told_apart_by_their_frame_and_stamps_from_durations() {
        let stamp = json!({"sec": 1_700_000_001, "nsec": 500_000_000});
        let one = |frame: &str, x: f64| json!({"child_frame_id": frame, "x": x});
        let tf = table(&[
            json!({"stamp": stamp, "lifetime": {"sec": 2, "nsec": 0}, "transforms": [one("arm", 1.0)]}),
            json!({"stamp": stamp, "lifetime": {"sec": 2, "nsec": 0}, "transforms": [one("base", 2.0), one("arm", 3.0)]}),
        ]);
        assert_eq!(tf.numbers["transforms.arm.x"].data, [1.0, 3.0], "by frame");
        assert_eq!(tf.numbers["stamp"].data, [1.5, 1.5], "since the beginning");
        assert_eq!(tf.numbers["lifetime"].data, [2.0, 2.0], "a duration stays one");
    }

    #[test]
    fn rows_come_in_the_order_of_logging() {
        let mut topic = Topic::default();
        for (time, x) in [(5, 1.0), (3, 2.0), (4, 3.0)] {
            topic
                .push(&Value::json(json!({"x": x, "s": format!("{x}")}), 0).expect("a value"), [time; 2], 3, &mut 99)
                .expect("pushed");
        }
        let (columns, order) = topic.finish();
        assert_eq!(order, [1, 2, 0], "where the rows came from");
        assert_eq!(columns.numbers["x"].data, [2.0, 3.0, 1.0], "numbers");
        assert_eq!(columns.texts["s"], ["2", "3", "1"], "texts");
    }

    #[test]
    fn a_table_that_grows_beyond_the_limit_is_refused() {
        let mut topic = Topic::default();
        let value = Value::json(json!({"v": [1, 2, 3]}), 0).expect("a value");
        let error = topic.push(&value, [0; 2], 0, &mut 4).expect_err("refused");
        assert!(error.contains("MOST_NUMBERS"), "{error}");
    }
}
