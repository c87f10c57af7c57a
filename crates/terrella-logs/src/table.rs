//! What a file of a log holds, and columns picked from it by a selector.
//!
//! Every reader ends here: tables in text, arrays and Parquet become named columns at once; JSON
//! stays a tree, because only a mapping knows which branch is a column.

use super::column::Column;
use super::units::TimeUnit;
use super::{json, spelling};
use std::collections::BTreeMap;

/// A picture array: bytes of `shape`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bytes {
    pub(super) shape: Vec<usize>,
    pub(super) data: Vec<u8>,
}

/// Columns of a file.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) numbers: BTreeMap<String, Column>,
    pub(super) texts: BTreeMap<String, Vec<String>>,
    pub(super) bytes: BTreeMap<String, Bytes>,
    /// Units of those that are times by their type.
    pub(super) clocks: BTreeMap<String, TimeUnit>,
    /// Units that others are known to be in.
    pub(super) units: BTreeMap<String, &'static str>,
    /// Columns of numbers that are instants, and whether they are of the clock of logging.
    pub(super) stamps: BTreeMap<String, bool>,
    /// What is there and is no column, and why.
    pub(super) passed_by: BTreeMap<String, String>,
}

/// What a column of times says of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stated {
    /// Nothing: a mapping does.
    Nothing,
    /// Its type does.
    Type(TimeUnit),
    /// They were dates or times of day, and are microseconds now.
    Dates,
}

/// A file that was read.
#[derive(Debug)]
pub(super) enum Content {
    Columns(Columns),
    Json(serde_json::Value),
}

impl Content {
    /// The column that a selector means: `name`, `name[2]`, `name[0:3]`, or alternatives between `|`.
    pub(super) fn numbers(&self, selector: &str) -> Result<Column, String> {
        let mut failed = Vec::new();
        for one in selector.split('|').map(str::trim) {
            // The whole text first: a name may end in brackets.
            if let Some(column) = self.named(one)? {
                return Ok(column);
            }
            let (name, range) = split_range(one)?;
            if let (Some(column), Some((from, to))) = (self.named(name)?, range) {
                let to = to.unwrap_or(column.width);
                if from >= to || to > column.width {
                    return Err(format!("{one} asks for numbers {from} to {to}, {name} has {} a row", column.width));
                }
                return Ok(column.cut(from, to));
            }
            failed.push(format!("\"{one}\""));
        }
        for one in selector.split('|').map(str::trim) {
            let (name, _) = split_range(one)?;
            if let Some(why) = self.no_numbers(one).or_else(|| self.no_numbers(name)) {
                return Err(why);
            }
        }
        Err(format!("no column {} (there are: {})", failed.join(" or "), self.present()))
    }

    /// Why something that is there is no column of numbers.
    fn no_numbers(&self, name: &str) -> Option<String> {
        let Self::Columns(columns) = self else { return None };
        if let Some(bytes) = columns.bytes.get(name) {
            return Some(format!("\"{name}\" holds bytes of pictures {:?}, not numbers", bytes.shape));
        }
        if let Some(why) = columns.passed_by.get(name) {
            return Some(format!("\"{name}\" is there, but is no column: {why}"));
        }
        let cells = columns.texts.get(name)?;
        let (row, cell) = spelling::no_number(cells).or_else(|| cells.iter().enumerate().next())?;
        let dates = spelling::microseconds(cell).is_some();
        let hint = if dates { "; it is a clock" } else { "; repair it, or leave the column out" };
        Some(format!(
            "column \"{name}\" holds texts, not numbers: \"{cell:.40}\" in row {} of {}{hint}",
            row + 1,
            cells.len()
        ))
    }

    /// The unit that a column is known to be in, or nothing.
    pub(super) fn unit(&self, selector: &str) -> &'static str {
        let Self::Columns(columns) = self else { return "" };
        let whole = |one: &str| columns.numbers.contains_key(one);
        let name = |one: &'_ str| match split_range(one) {
            Ok((name, Some(_))) if !whole(one) => name.to_owned(),
            _ => one.to_owned(),
        };
        let names = selector.split('|').map(|one| name(one.trim()));
        names
            .into_iter()
            .find(|name| whole(name))
            .and_then(|name| columns.units.get(&name))
            .copied()
            .unwrap_or_default()
    }

    /// A column of times, and what it says of their unit.
    pub(super) fn clock(&self, selector: &str) -> Result<(Column, Stated), String> {
        for name in selector.split('|').map(str::trim) {
            let dates = match self {
                Self::Columns(columns) => {
                    if let (Some(column), Some(unit)) = (columns.numbers.get(name), columns.clocks.get(name)) {
                        return Ok((column.clone(), Stated::Type(*unit)));
                    }
                    columns.texts.get(name).and_then(|cells| instants(cells))
                }
                Self::Json(value) => json::lookup(value, name).and_then(|found| json::instants(&found)),
            };
            if let Some(column) = dates {
                return Ok((column, Stated::Dates));
            }
            if self.named(name).is_ok_and(|found| found.is_some()) {
                break;
            }
        }
        self.numbers(selector).map(|column| (column, Stated::Nothing))
    }

    fn named(&self, name: &str) -> Result<Option<Column>, String> {
        match self {
            Self::Columns(columns) => Ok(columns.numbers.get(name).cloned()),
            Self::Json(value) => match json::lookup(value, name) {
                Some(found) => json::numbers(&found).map(Some).map_err(|e| format!("{name}: {e}")),
                None => Ok(None),
            },
        }
    }

    /// A column of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        let found = match self {
            Self::Columns(columns) => columns.texts.get(name).cloned(),
            Self::Json(value) => json::lookup(value, name).and_then(|found| json::texts(&found)),
        };
        found.ok_or_else(|| match self.named(name) {
            Ok(None) => format!("no column of texts \"{name}\" (there are: {})", self.present()),
            _ => format!("column \"{name}\" holds no texts"),
        })
    }

    /// Names of all columns, for messages.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Columns(c) => {
                let bytes = c.bytes.iter().map(|(name, b)| format!("{name} {:?}", b.shape));
                c.numbers.keys().cloned().chain(c.texts.keys().cloned()).chain(bytes).collect()
            }
            Self::Json(value) => json::keys(value),
        }
    }

    fn present(&self) -> String {
        let mut names = self.names();
        let more = names.len().saturating_sub(30);
        names.truncate(30);
        if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
    }
}

/// Microseconds of cells that are dates with times, or empty; nothing if there is anything else among them.
fn instants(cells: &[String]) -> Option<Column> {
    let one = |cell: &String| if cell.is_empty() { Some(f64::NAN) } else { spelling::microseconds(cell) };
    let data = cells.iter().map(one).collect::<Option<Vec<f64>>>()?;
    data.iter().any(|t| t.is_finite()).then_some(Column { width: 1, data })
}

/// A name and the range behind it.
type Ranged<'a> = (&'a str, Option<(usize, Option<usize>)>);

fn split_range(text: &str) -> Result<Ranged<'_>, String> {
    let Some((name, range)) = text.strip_suffix(']').and_then(|t| t.rsplit_once('[')) else { return Ok((text, None)) };
    let number = |digits: &str| digits.trim().parse::<usize>().map_err(|_| format!("{text}: \"{digits}\" is no index"));
    match range.split_once(':') {
        None => number(range).map(|at| (name, Some((at, Some(at + 1))))),
        Some((from, to)) => {
            let from = if from.trim().is_empty() { 0 } else { number(from)? };
            let to = if to.trim().is_empty() { None } else { Some(number(to)?) };
            Ok((name, Some((from, to))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_pick_columns() {
        let mut columns = Columns::default();
        columns.numbers.insert("a".into(), Column { width: 3, data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] });
        columns.numbers.insert("b[0]".into(), Column { width: 1, data: vec![9.0] });
        columns.texts.insert("t".into(), vec!["7".into(), "12:30".into()]);
        columns.passed_by.insert("long".into(), "65 elements".into());
        let content = Content::Columns(columns);
        let pick = |selector: &str| content.numbers(selector).map(|c| c.data);
        assert_eq!(pick("a[1]"), Ok(vec![2.0, 5.0]), "one");
        assert_eq!(pick("a[1:]"), Ok(vec![2.0, 3.0, 5.0, 6.0]), "an open range");
        assert_eq!(pick("c | a[0:1]"), Ok(vec![1.0, 4.0]), "an alternative");
        assert_eq!(pick("b[0]"), Ok(vec![9.0]), "brackets in a name");
        assert!(pick("a[2:5]").is_err_and(|e| e.contains("3 a row")), "too wide");
        assert!(pick("t").is_err_and(|e| e.contains("holds texts, not numbers: \"12:30\" in row 2 of 2")), "texts");
        assert!(pick("long[3]").is_err_and(|e| e.contains("is no column: 65 elements")), "what was passed by");
        assert!(pick("d").is_err_and(|e| e.contains("there are: a, b[0], t")), "what there is");
    }

    #[test]
    fn a_column_of_another_kind_is_not_said_to_be_missing() {
        let mut columns = Columns::default();
        columns.texts.insert("t".into(), vec!["2024-03-01T10:00:00Z".into(), String::new()]);
        columns.texts.insert("x".into(), vec!["1".into(), "one".into()]);
        columns.numbers.insert("n".into(), Column { width: 1, data: vec![1.0] });
        columns.clocks.insert("n".into(), TimeUnit::Ms);
        let content = Content::Columns(columns);
        let refused = |selector: &str| content.numbers(selector).expect_err("refused");
        assert!(refused("y | x").contains("\"x\" holds texts, not numbers: \"one\" in row 2 of 2"), "{}", refused("x"));
        assert!(refused("t").contains("it is a clock"), "{}", refused("t"));
        assert!(content.texts("n").is_err_and(|e| e.contains("\"n\" holds no texts")), "numbers");
        let (times, stated) = content.clock("t").expect("a clock");
        assert!(times.data[0] == 1_709_287_200e6 && times.data[1].is_nan() && stated == Stated::Dates, "{times:?}");
        assert_eq!(content.clock("z | n").map(|(_, stated)| stated), Ok(Stated::Type(TimeUnit::Ms)), "its type");
        assert!(content.clock("x").is_err_and(|e| e.contains("holds texts")), "no clock");
    }
}
