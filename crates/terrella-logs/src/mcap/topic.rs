//! The messages of one topic as a table: fields laid flat into columns, one row a message.
//!
//! A list of numbers is one column as wide as its first message. Elements of a list that stands beside
//! a list of names are columns of their own (`naming`), so that joints keep their column
//! whatever their order; so do transforms, by the frame they lead to. What a message lacks is NaN.

use super::naming::Names;
use super::value::{LONGEST_LIST, Value};
use crate::column::Column;
use crate::table::Columns;
use std::collections::{BTreeMap, HashMap};

/// Columns of one topic.
pub(super) const MOST_COLUMNS: usize = 4096;
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
    /// Of columns of instants, whether they count from the beginning of the recording.
    clocks: Vec<Option<Counted>>,
    places: HashMap<String, usize>,
    texts: BTreeMap<String, Vec<String>>,
    /// Log and publish time of each row, in nanoseconds since the beginning of the recording.
    times: Vec<[i128; 2]>,
    /// Names of lists that are too long for columns.
    pub(super) long: BTreeMap<String, usize>,
    /// Fields for which there were too many columns.
    pub(super) crowded: usize,
}

/// From when a column of instants counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    /// From the beginning of the recording: it is of the clock of logging.
    Recording,
    /// From its own beginning.
    Own,
    /// There were only zeros yet, which is what a stamp is that nobody set, or how a simulation begins.
    Zeros,
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
        flatten(value, &mut String::new(), None, &mut self.long, &mut cells);
        let mut taken = 2;
        for (name, cell) in cells {
            let known = self.places.get(&name).copied();
            let (numbers, clock) = match cell {
                Cell::Text(text) => {
                    let full = self.texts.len() + self.names.len() >= MOST_COLUMNS;
                    if !self.texts.contains_key(&name) && full {
                        self.crowded += usize::from(rows == 0);
                        continue;
                    }
                    let column = self.texts.entry(name).or_default();
                    column.resize(rows, String::new());
                    let kept = if text.len() <= LONGEST_TEXT { text } else { "" };
                    taken += 3 + kept.len() / 8;
                    column.push(kept.to_owned());
                    continue;
                }
                Cell::Numbers(numbers) => (numbers, None),
                Cell::Time(t) => {
                    let before = known.and_then(|at| self.clocks[at]);
                    let counted = counted(before, t, times[0]);
                    if let (Some(at), Some(Counted::Zeros), Counted::Recording) = (known, before, counted) {
                        // The clock is that of logging, so what was 0 before was never set.
                        self.columns[at].data.fill(f64::NAN);
                    }
                    (vec![instant(t, counted, base)], Some(counted))
                }
            };
            let at = match known {
                Some(at) => at,
                None if numbers.is_empty() => continue,
                None if self.names.len() + self.texts.len() >= MOST_COLUMNS => {
                    self.crowded += usize::from(rows == 0);
                    continue;
                }
                None => {
                    let width = numbers.len();
                    // What came before had no such field.
                    spend(left, rows * width)?;
                    self.places.insert(name.clone(), self.names.len());
                    self.names.push(name);
                    self.columns.push(Column { width, data: vec![f64::NAN; rows * width] });
                    self.clocks.push(clock);
                    self.names.len() - 1
                }
            };
            self.clocks[at] = clock.or(self.clocks[at]);
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
        let clocks = self.names.iter().zip(&self.clocks).filter_map(|(name, clock)| Some((name.clone(), (*clock)?)));
        columns.stamps.extend(clocks.map(|(name, clock)| (name, clock == Counted::Recording)));
        let why = |n| format!("lists of more than {LONGEST_LIST} elements are passed by, and it has {n}");
        columns.passed_by.extend(self.long.iter().map(|(name, n)| (name.clone(), why(n))));
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

/// From when a column of instants counts, with the next of them.
fn counted(before: Option<Counted>, t: i128, logged: u64) -> Counted {
    match before {
        Some(Counted::Zeros) | None if t == 0 => Counted::Zeros,
        Some(Counted::Zeros) | None if (t - i128::from(logged)).abs() < SAME_CLOCK => Counted::Recording,
        Some(known @ (Counted::Recording | Counted::Own)) => known,
        _ => Counted::Own,
    }
}

/// Seconds of an instant; none where a stamp of the clock of logging was never set.
fn instant(t: i128, counted: Counted, base: u64) -> f64 {
    match counted {
        Counted::Recording if t == 0 => f64::NAN,
        Counted::Recording => seconds(t - i128::from(base)),
        Counted::Own | Counted::Zeros => seconds(t),
    }
}

/// Lays a value flat: a name for each cell. `outer` names the elements of lists that have no names beside them.
fn flatten<'a>(
    value: &'a Value<'_>,
    path: &mut String,
    outer: Option<&Names<'a>>,
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
            let names = Names::beside(fields);
            let names = names.as_ref().or(outer);
            for (at, (key, value)) in fields.iter().enumerate() {
                if names.is_some_and(|names| names.is_one(value)) {
                    continue;
                }
                let before = path.len();
                if before > 0 {
                    path.push('.');
                }
                path.push_str(key);
                match value {
                    Value::List(items) => elements(items, path, names.map(|names| (names, at)), long, cells),
                    value => flatten(value, path, names, long, cells),
                }
                path.truncate(before);
            }
        }
        Value::List(items) => elements(items, path, outer.map(|names| (names, 0)), long, cells),
    }
}

/// Lays a list flat; beside it stand names, and it is the field of this place.
fn elements<'a>(
    items: &'a [Value<'_>],
    path: &mut String,
    names: Option<(&Names<'a>, usize)>,
    long: &mut BTreeMap<String, usize>,
    cells: &mut Vec<(String, Cell<'a>)>,
) {
    let own = names.and_then(|(names, at)| names.of(items, at));
    let plain: Option<Vec<f64>> = items.iter().map(Value::number).collect();
    if let (Some(numbers), None) = (plain, own) {
        cells.push((path.clone(), Cell::Numbers(numbers)));
        return;
    }
    // Names that the elements are called by are not those of what is in them.
    let inner = names.map(|(names, _)| names).filter(|_| own.is_none());
    for (at, item) in items.iter().enumerate() {
        let before = path.len();
        match (["child_frame_id", "name", "id"].iter().find_map(|key| item.get(key)?.text()), own) {
            (Some(own), _) => path.extend([".", own]),
            (None, Some(own)) => path.extend([".", own[at]]),
            (None, None) => path.push_str(&format!("[{at}]")),
        }
        flatten(item, path, inner, long, cells);
        path.truncate(before);
    }
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
    fn stamps_that_were_never_set_are_gaps_and_a_simulation_begins_at_0() {
        let stamp = |sec: u64| json!({"stamp": {"sec": sec, "nsec": 0}});
        let logged = table(&[stamp(0), stamp(1_700_000_001), stamp(0)]);
        let data = &logged.numbers["stamp"].data;
        assert!(data[0].is_nan() && data[1] == 1.0 && data[2].is_nan(), "{data:?}");
        assert!(logged.stamps["stamp"], "of the clock of logging");
        let simulated = table(&[stamp(0), stamp(1), stamp(0)]);
        assert_eq!(simulated.numbers["stamp"].data, [0.0, 1.0, 0.0], "of its own");
        assert!(!simulated.stamps["stamp"], "and that is known");
    }

    #[test]
    fn lists_in_elements_go_by_their_own_names() {
        let one = |order: [&str; 2], x: f64| json!({"interface_names": order, "values": [x, -x]});
        let interfaces = |joints: &[&str]| {
            let orders = [["position", "velocity"], ["velocity", "position"]];
            let values: Vec<_> = (0..joints.len()).map(|at| one(orders[at % 2], at as f64 + 1.0)).collect();
            table(&[json!({"joint_names": joints, "interface_values": values})])
        };
        for joints in [&["a", "b"][..], &["a", "b", "c"]] {
            let found = interfaces(joints);
            assert_eq!(found.numbers["interface_values.a.values.position"].data, [1.0], "{joints:?}");
            assert_eq!(found.numbers["interface_values.b.values.position"].data, [-2.0], "in another order");
            assert_eq!(found.numbers.len(), 2 + 2 * joints.len(), "{:?}", found.numbers.keys());
        }
        // Points of a trajectory have no names of their own: those beside them are of the joints.
        for points in 1..4 {
            let points: Vec<_> = (0..points).map(|at| json!({"positions": [at, 7.0], "effort": []})).collect();
            let found = table(&[json!({"joint_names": ["a", "b"], "points": points})]);
            assert_eq!(found.numbers["points[0].positions.b"].data, [7.0], "{:?}", found.numbers.keys());
        }
        let poses = json!([{"x": 1.0}, {"x": 2.0}]);
        let found =
            table(&[json!({"joint_names": ["a", "b"], "transforms": poses, "tool_names": ["t"], "force": [3.0]})]);
        assert_eq!(found.numbers["transforms.b.x"].data, [2.0], "elements by the names beside them");
        assert_eq!(found.numbers["force.t"].data, [3.0], "the list of names that fits");
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
