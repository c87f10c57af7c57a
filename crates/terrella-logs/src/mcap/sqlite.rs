//! Tables of an SQLite file, read from front to back: as much of the format as a bag needs.
//!
//! A table is a tree of pages: inner ones name others, leaves hold rows, and what of a row has no room in its leaf
//! goes on in a chain of further pages. Nothing is searched, indices are not looked at. The bytes come from
//! strangers: no page is visited twice in a table, and rows together have no more bytes than the file. What cannot
//! be read is counted as damage, and the rest is read.
//!
//! Format: <https://www.sqlite.org/fileformat2.html>.

use super::container::Opened;
use std::collections::HashSet;

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Bytes before the first page's content.
const HEADER: usize = 100;
/// Pages within each other; the library has at most 20.
const DEEPEST: usize = 20;
const INNER: u8 = 5;
const LEAF: u8 = 13;

/// An opened file.
pub(super) struct Database<'a> {
    file: &'a mut Opened,
    /// Bytes of a page.
    page: usize,
    /// Those of them that are used.
    usable: usize,
    /// Pages that it says it has; 0 where an old library did not count.
    pages: u64,
}

/// What of a table could not be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) times: usize,
    pub(super) first: String,
}

impl Damage {
    fn add(&mut self, why: String) {
        if self.times == 0 {
            self.first = why;
        }
        self.times += 1;
    }
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// Also what stands for the number of the row itself.
    Null,
    Integer(i64),
    Text(&'a str),
    /// Bytes, and where they begin in the row.
    Blob(&'a [u8], usize),
}

/// A row of a table.
pub(super) struct Row<'a> {
    /// Its number.
    pub(super) id: i64,
    /// Where it begins in the file.
    pub(super) at: u64,
    bytes: &'a [u8],
}

/// Whoever is shown rows; the inner error is damage, the outer one ends all.
pub(super) type Show<'a> = dyn FnMut(&Row<'_>) -> Result<Result<(), String>, String> + 'a;

impl<'a> Database<'a> {
    pub(super) fn open(file: &'a mut Opened) -> Result<Self, String> {
        let head = file.read(0, HEADER as u64).map_err(|e| e.to_string())?;
        if head.len() < HEADER || !head.starts_with(MAGIC) {
            return Err("it ends within its head: it is cut".to_owned());
        }
        let page = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            n if n.is_power_of_two() && n >= 512 => usize::from(n),
            n => return Err(format!("its head says pages of {n} bytes, which there are none of")),
        };
        let usable = page - usize::from(head[20]);
        if usable < 480 {
            return Err(format!("its head says that {} of {page} bytes of a page are not used", head[20]));
        }
        if !matches!(head[59], 0 | 1) {
            return Err("its texts are UTF-16, which no recorder of bags writes".to_owned());
        }
        let pages = u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]]));
        Ok(Self { file, page, usable, pages })
    }

    /// Bytes of a page.
    pub(super) fn page_size(&self) -> u64 {
        self.page as u64
    }

    /// Bytes that are missing at the end, by what the head says.
    pub(super) fn missing(&self) -> u64 {
        (self.pages * self.page as u64).saturating_sub(self.file.size)
    }

    fn page(&mut self, number: u32) -> Result<Vec<u8>, String> {
        let at = u64::from(number).checked_sub(1).ok_or("there is no page 0")? * self.page as u64;
        let bytes = self.file.read(at, self.page as u64).map_err(|e| e.to_string())?;
        if bytes.len() < self.page {
            return Err(format!("page {number} lies behind the end of the file"));
        }
        Ok(bytes)
    }

    /// Shows the rows of the table that begins at a page.
    pub(super) fn rows(&mut self, root: u32, show: &mut Show<'_>) -> Result<Damage, String> {
        let mut damage = Damage::default();
        let mut seen = HashSet::new();
        let mut left = self.file.size;
        let mut pages = vec![(root, 0)];
        while let Some((number, depth)) = pages.pop() {
            if depth > DEEPEST || !seen.insert(number) {
                damage.add(format!("page {number} is named twice, or too deep"));
                continue;
            }
            let page = match self.page(number) {
                Ok(page) => page,
                Err(why) => {
                    damage.add(why);
                    continue;
                }
            };
            match cells(&page, number) {
                Ok((INNER, cells)) => {
                    let last = cells.len();
                    pages.extend(cells.into_iter().map(|at| (at, depth + 1)));
                    // The first shall come next.
                    let from = pages.len() - last;
                    pages[from..].reverse();
                }
                Ok((_, cells)) => {
                    for at in cells {
                        let at = at as usize;
                        let shown = match self.row(&page, at, left) {
                            Ok((id, bytes)) => {
                                left -= bytes.len() as u64;
                                let at = (u64::from(number) - 1) * self.page as u64 + at as u64;
                                show(&Row { id, at, bytes: &bytes })?
                            }
                            Err(why) => Err(why),
                        };
                        shown.unwrap_or_else(|why| damage.add(format!("a row in page {number}: {why}")));
                    }
                }
                Err(why) => damage.add(why),
            }
        }
        Ok(damage)
    }

    /// The bytes of the row at a place of the file.
    pub(super) fn row_at(&mut self, at: u64) -> Result<Vec<u8>, String> {
        let (before, within) = (at / self.page as u64, at % self.page as u64);
        let number = u32::try_from(before + 1).map_err(|_| "there is no such page")?;
        let page = self.page(number)?;
        self.row(&page, within as usize, self.file.size).map(|(_, bytes)| bytes)
    }

    /// Number and bytes of the row at a place of a leaf, of which there may be `left`.
    fn row(&mut self, page: &[u8], at: usize, left: u64) -> Result<(i64, Vec<u8>), String> {
        let mut rest = page.get(at..self.usable).ok_or("it begins behind its page")?;
        let (len, id) = (varint(&mut rest)?, varint(&mut rest)?);
        if len > left {
            return Err(format!("{len} bytes are promised, the file has {left} beside the rows before"));
        }
        let (len, usable) = (len as usize, self.usable);
        // How much stays in the leaf, in the words of the format: X, M and K.
        let most = usable - 35;
        let least = (usable - 12) * 32 / 255 - 23;
        let local = match len {
            len if len <= most => len,
            len => Some(least + (len - least) % (usable - 4)).filter(|k| *k <= most).unwrap_or(least),
        };
        let mut bytes = rest.get(..local).ok_or("it is longer than its page")?.to_vec();
        if local < len {
            let next = rest.get(local..local + 4).ok_or("it is longer than its page")?;
            let mut next = u32::from_be_bytes([next[0], next[1], next[2], next[3]]);
            while bytes.len() < len {
                let page = self.page(next)?;
                let n = (len - bytes.len()).min(usable - 4);
                bytes.extend_from_slice(&page[4..4 + n]);
                next = u32::from_be_bytes([page[0], page[1], page[2], page[3]]);
            }
        }
        Ok((id.cast_signed(), bytes))
    }
}

/// What a page of a table is, and its cells: where rows begin in a leaf, further pages in an inner one.
fn cells(page: &[u8], number: u32) -> Result<(u8, Vec<u32>), String> {
    let head = if number == 1 { HEADER } else { 0 };
    let u16_at = |at: usize| page.get(at..at + 2).map(|b| usize::from(u16::from_be_bytes([b[0], b[1]])));
    let u32_at = |at: usize| page.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let kind = page[head];
    let begin = match kind {
        LEAF => head + 8,
        INNER => head + 12,
        other => return Err(format!("page {number} is of kind {other}, which is no part of a table")),
    };
    let short = || format!("page {number} has more cells than room");
    let n = u16_at(head + 3).ok_or_else(short)?;
    let places = (0..n).map(|at| u16_at(begin + 2 * at).ok_or_else(short));
    if kind == LEAF {
        return Ok((LEAF, places.map(|at| at.map(|at| at as u32)).collect::<Result<_, _>>()?));
    }
    let children = places.map(|at| u32_at(at?).ok_or_else(short));
    let children = children.chain([u32_at(head + 8).ok_or_else(short)]);
    Ok((INNER, children.collect::<Result<_, _>>()?))
}

/// Seven bits a byte, the highest first; the ninth byte counts whole.
fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut number = 0;
    for at in 0..9 {
        let (first, rest) = bytes.split_first().ok_or("it ends within a number")?;
        *bytes = rest;
        if at == 8 {
            return Ok(number << 8 | u64::from(*first));
        }
        number = number << 7 | u64::from(first & 127);
        if first & 128 == 0 {
            break;
        }
    }
    Ok(number)
}

impl<'a> Row<'a> {
    /// The values of these columns.
    pub(super) fn cells<const N: usize>(&self, columns: [usize; N]) -> Result<[Cell<'a>; N], String> {
        let mut head = self.bytes;
        let size = varint(&mut head)? as usize;
        let behind = self.bytes.len() - head.len();
        let mut kinds = size.checked_sub(behind).and_then(|n| head.get(..n)).ok_or("its head is longer than it is")?;
        let (mut cells, mut at, mut column) = ([Cell::Null; N], size, 0);
        while !kinds.is_empty() {
            let kind = varint(&mut kinds)?;
            let len = match kind {
                0 | 8 | 9 => 0,
                1..=4 => kind as usize,
                5 => 6,
                6 | 7 => 8,
                10 | 11 => return Err(format!("a value is of kind {kind}, which there is none of")),
                _ => usize::try_from((kind - 12) / 2).unwrap_or(usize::MAX),
            };
            let end = at.checked_add(len);
            let bytes = end.and_then(|end| self.bytes.get(at..end)).ok_or("a value is longer than its row")?;
            for (_, cell) in columns.iter().zip(&mut cells).filter(|(wanted, _)| **wanted == column) {
                *cell = match kind {
                    8 | 9 => Cell::Integer((kind - 8).cast_signed()),
                    1..=6 => Cell::Integer(integer(bytes)),
                    12.. if kind % 2 == 0 => Cell::Blob(bytes, at),
                    12.. => Cell::Text(std::str::from_utf8(bytes).map_err(|e| e.to_string())?),
                    // Nobody asks for a fraction.
                    _ => Cell::Null,
                };
            }
            (at, column) = (at + len, column + 1);
        }
        Ok(cells)
    }
}

/// Up to eight bytes with a sign, the high one first.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|b| b & 128 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte))
}

/// The names of a table's columns, by the statement that made it.
pub(super) fn columns(statement: &str) -> Result<Vec<String>, String> {
    let (open, close) = (statement.find('('), statement.rfind(')'));
    let (Some(open), Some(close)) = (open, close.filter(|close| Some(*close) > open)) else {
        return Err(format!("\"{statement:.60}\" names no columns"));
    };
    if statement[close..].to_uppercase().contains("WITHOUT ROWID") {
        return Err("a table is stored as an index (WITHOUT ROWID), which is not read".to_owned());
    }
    let mut depth = 0;
    let parts = statement[open + 1..close].split(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    let first = |part: &str| part.split_whitespace().next().unwrap_or_default().to_owned();
    let rules = ["PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "CONSTRAINT"];
    let names = parts.map(first).filter(|name| !rules.contains(&name.to_uppercase().as_str()));
    Ok(names.map(|name| name.trim_matches(['"', '`', '[', ']', '\'']).to_lowercase()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_say() {
        for (bytes, number) in [(&[0][..], 0), (&[127], 127), (&[129, 0], 128), (&[255; 9], u64::MAX)] {
            let mut rest = bytes;
            assert_eq!((varint(&mut rest), rest.len()), (Ok(number), 0), "{bytes:?}");
        }
        assert!(varint(&mut &[128, 128][..]).is_err(), "it goes on");
        assert_eq!(
            [&[255][..], &[1, 0], &[128, 0, 0, 0, 0, 0, 0, 0], &[]].map(integer),
            [-1, 256, i64::MIN, 0],
            "signs"
        );
    }

    #[test]
    fn columns_are_found_in_statements() {
        let made = "CREATE TABLE messages(id INTEGER PRIMARY KEY,topic_id INTEGER NOT NULL, \"timestamp\" DECIMAL(10, 5), [data] BLOB NOT NULL, UNIQUE (id, topic_id))";
        assert_eq!(columns(made).expect("read"), ["id", "topic_id", "timestamp", "data"], "names");
        assert!(columns("CREATE TABLE a(b) WITHOUT ROWID").is_err_and(|e| e.contains("index")), "another tree");
        assert!(columns("CREATE TABLE a").is_err() && columns(")(").is_err(), "no columns");
    }

    #[test]
    fn values_of_a_row_are_held_against_its_bytes() {
        let bytes = [6, 0, 1, 9, 19, 16, 0xff, b'a', b'b', b'c', 7, 8];
        let row = Row { id: 1, at: 0, bytes: &bytes };
        let wanted = [Cell::Integer(-1), Cell::Null, Cell::Blob(&[7, 8], 10), Cell::Text("abc"), Cell::Null];
        assert_eq!(row.cells([1, 0, 4, 3, 9]).expect("read"), wanted, "by column");
        for end in 0..bytes.len() {
            assert!(Row { bytes: &bytes[..end], ..row }.cells([1]).is_err(), "cut at {end}");
        }
    }
}
