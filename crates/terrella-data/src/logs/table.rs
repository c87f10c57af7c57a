//! What a file of a log holds, and columns picked from it by a selector.
//!
//! Every reader ends here: tables in text, arrays and Parquet become named columns at once; JSON
//! stays a tree, because only a mapping knows which branch is a column.

use super::column::Column;
use super::json;
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
    /// Columns of numbers that are instants, and whether they are of the clock of logging.
    pub(super) stamps: BTreeMap<String, bool>,
    /// What is there and is no column, and why.
    pub(super) passed_by: BTreeMap<String, String>,
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
            if let Some(why) = self.why_none(one).or_else(|| self.why_none(name)) {
                return Err(why);
            }
            failed.push(format!("\"{one}\""));
        }
        Err(format!("no column {} (there are: {})", failed.join(" or "), self.present()))
    }

    /// Why something that is there is no column of numbers.
    fn why_none(&self, name: &str) -> Option<String> {
        let Self::Columns(columns) = self else { return None };
        if let Some(texts) = columns.texts.get(name) {
            let number = |text: &&String| text.trim().is_empty() || text.trim().parse::<f64>().is_ok();
            let (row, odd) =
                texts.iter().enumerate().find(|(_, text)| !number(text)).or(texts.iter().enumerate().next())?;
            return Some(format!(
                "column \"{name}\" is there, but holds texts (row {row}: \"{odd:.40}\"), not numbers"
            ));
        }
        if let Some(bytes) = columns.bytes.get(name) {
            return Some(format!("\"{name}\" is there, but is an array of pictures ({:?}), not numbers", bytes.shape));
        }
        columns.passed_by.get(name).map(|why| format!("\"{name}\" is there, but is no column: {why}"))
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
        let numbers = matches!(self, Self::Columns(columns) if columns.numbers.contains_key(name));
        found.ok_or_else(|| match numbers {
            true => format!("column \"{name}\" is there, but holds numbers, not texts"),
            false => format!("no column of texts \"{name}\" (there are: {})", self.present()),
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
        assert!(pick("t").is_err_and(|e| e.contains("holds texts (row 1: \"12:30\")")), "texts");
        assert!(pick("long[3]").is_err_and(|e| e.contains("is no column: 65 elements")), "what was passed by");
        assert!(pick("d").is_err_and(|e| e.contains("there are: a, b[0], t")), "what there is");
    }
}
