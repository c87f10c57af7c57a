//! Numbers and instants as people and programs write them into tables: decimal commas, words for a missing number,
//! dates with times (ISO 8601).
//!
//! A column is read in one spelling, or it holds texts: nothing is decided cell by cell.

use terrella_core::time::{civil_from_days, days_from_civil};

/// Words that stand for a missing number.
const NOTHING: [&str; 8] = ["", "na", "n/a", "#n/a", "<na>", "null", "none", "-"];

/// Numbers of a column, NaN where a cell is empty or says that there is none, and whether they have decimal commas.
/// Without a `decimal` sign that was given, points are tried first. Nothing if a cell is anything else.
pub(super) fn numbers(cells: &[String], decimal: Option<char>) -> Option<(Vec<f64>, bool)> {
    let read = |comma: bool| {
        let cell = |cell: &String| {
            let number = if comma { with_comma(cell) } else { cell.parse().ok() };
            number.or_else(|| is_nothing(cell).then_some(f64::NAN))
        };
        cells.iter().map(cell).collect::<Option<Vec<f64>>>()
    };
    // A column of words alone is no column of numbers.
    let any = |data: &[f64]| {
        data.iter().any(|x| x.is_finite()) || cells.iter().all(|c| c.parse::<f64>().is_ok() || c.is_empty())
    };
    let points = (decimal != Some(',')).then(|| read(false)).flatten().filter(|data| any(data));
    let commas = || (decimal != Some('.')).then(|| read(true)).flatten().filter(|data| any(data));
    points.map(|data| (data, false)).or_else(|| commas().map(|data| (data, true)))
}

/// The first cell that no spelling of numbers fits.
pub(super) fn no_number(cells: &[String]) -> Option<(usize, &String)> {
    cells.iter().enumerate().find(|(_, cell)| !is_nothing(cell) && cell.parse::<f64>().is_err())
}

/// Whether a cell is empty or says that nothing was measured.
pub(super) fn is_nothing(cell: &str) -> bool {
    cell.len() <= 4 && NOTHING.contains(&cell.to_ascii_lowercase().as_str())
}

/// `1,5`, `-0,050`, `1.234,5e3`: points stand between thousands.
fn with_comma(cell: &str) -> Option<f64> {
    let (whole, rest) = cell.split_once(',').map_or((cell, None), |(whole, rest)| (whole, Some(rest)));
    let unsigned = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let mut groups = unsigned.split('.');
    let first = groups.next().unwrap_or_default();
    let thousands = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    if unsigned.contains('.') && !(first.len() <= 3 && !first.is_empty() && groups.all(thousands)) {
        return None;
    }
    let whole = whole.replace('.', "");
    match rest {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("{whole}.{rest}").parse().ok(),
        Some(_) => None,
        None => whole.parse().ok(),
    }
}

/// Microseconds since 1970 of a date with a time of day, or since midnight of a time of day alone:
/// `2024-03-01T10:00:00.05Z`, `2024-03-01 10:00:00,05+01:00`, `20240301T100000`, `10:00:00.05`. Without a zone it is UTC.
pub(super) fn microseconds(text: &str) -> Option<f64> {
    let mut rest = Rest(text.trim().as_bytes());
    let dated = match rest.0 {
        [_, _, b':', ..] => None,
        _ => Some(rest.date()?),
    };
    if dated.is_some() && !(rest.skip(b'T') || rest.skip(b't') || rest.skip(b' ')) {
        return None;
    }
    let (seconds, millionths) = rest.time(dated.is_none())?;
    let east = rest.zone()?;
    if !rest.0.is_empty() {
        return None;
    }
    let whole = dated.unwrap_or(0) * 86_400 + seconds - east;
    // Whole microseconds of this century are exact in 64 bits.
    Some((whole * 1_000_000) as f64 + millionths)
}

/// What was not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn skip(&mut self, byte: u8) -> bool {
        let is = self.0.first() == Some(&byte);
        self.0 = &self.0[usize::from(is)..];
        is
    }

    /// So many digits.
    fn digits(&mut self, n: usize) -> Option<i64> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        taken.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
    }

    /// Two digits of at most `most`.
    fn two(&mut self, most: i64) -> Option<i64> {
        self.digits(2).filter(|n| *n <= most)
    }

    /// Days since 1970.
    fn date(&mut self) -> Option<i64> {
        let year = self.digits(4)?;
        let dashed = self.skip(b'-');
        let month = self.two(12).filter(|m| *m >= 1)?;
        if dashed != self.skip(b'-') {
            return None;
        }
        let day = self.two(31).filter(|d| *d >= 1)?;
        let days = days_from_civil([year, month, day]);
        // A day that its month lacks has another date.
        (civil_from_days(days) == [year, month, day]).then_some(days)
    }

    /// Whole seconds since midnight, and millionths of one.
    fn time(&mut self, with_seconds: bool) -> Option<(i64, f64)> {
        let hour = self.two(23)?;
        let colons = self.skip(b':');
        let minute = self.two(59)?;
        let more = if colons { self.skip(b':') } else { self.0.first().is_some_and(u8::is_ascii_digit) };
        if with_seconds && !more {
            return None;
        }
        // A leap second is the sixtieth.
        let second = if more { self.two(60)? } else { 0 };
        let mut millionths = 0.0;
        if more && (self.skip(b'.') || self.skip(b',')) {
            let n = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
            let fraction = std::str::from_utf8(&self.0[..n]).ok().filter(|_| n > 0)?;
            let padded = format!("{fraction:0<6}");
            millionths = format!("{}.{}", &padded[..6], &padded[6..]).parse().ok()?;
            self.0 = &self.0[n..];
        }
        Some((hour * 3600 + minute * 60 + second, millionths))
    }

    /// Seconds by which a zone is ahead of UTC.
    fn zone(&mut self) -> Option<i64> {
        self.skip(b' ');
        if self.0.eq_ignore_ascii_case(b"z") || self.0.eq_ignore_ascii_case(b"utc") {
            self.0 = &[];
        }
        let sign = match self.0.first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Some(0),
        };
        self.0 = &self.0[1..];
        let hours = self.two(23)?;
        let minutes = if self.skip(b':') || !self.0.is_empty() { self.two(59)? } else { 0 };
        Some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_column_is_numbers_in_one_spelling() {
        let read = |texts: &[&str], decimal| numbers(&cells(texts), decimal);
        assert_eq!(read(&["0.5", "1e3"], None), Some((vec![0.5, 1000.0], false)), "points");
        assert_eq!(read(&["0,050", "-1.234,5", "7"], None), Some((vec![0.05, -1234.5, 7.0], true)), "commas");
        assert_eq!(read(&["1,5e-3", "+2,"], None), None, "a comma without a digit behind it");
        assert_eq!(read(&["0,5", "0.5"], None), None, "both");
        assert_eq!(read(&["0,5"], Some('.')), None, "commas, where points were said");
        assert_eq!(read(&["1.234", "5"], Some(',')), Some((vec![1234.0, 5.0], true)), "points between thousands");
        assert_eq!(read(&["none", "-"], None), None, "words alone");
        let (data, _) = read(&["1", "", "N/A", "nan"], None).expect("numbers");
        assert!(data[0] == 1.0 && data[1..].iter().all(|x| x.is_nan()), "missing ones: {data:?}");
        assert!(read(&["", ""], None).is_some_and(|(data, _)| data[0].is_nan()), "nothing at all");
    }

    #[test]
    fn instants_are_read_with_zone_and_fraction() {
        let start = 1_709_287_200_000_000.0;
        for (text, off) in [
            ("2024-03-01T10:00:00.000Z", 0.0),
            ("2024-03-01 10:00:00", 0.0),
            ("2024-03-01T11:00:00.05+01:00", 50_000.0),
            ("2024-03-01T04:30:00,000001-0530", 1.0),
            ("20240301T100000.1234567z", 123_456.75),
            ("2024-03-01T10:00", 0.0),
            ("2024-03-01t12+02", -1.0),
            ("2024-03-01 10:00:01 UTC", 1e6),
        ] {
            // The hour alone is no time of day.
            let wanted = (off >= 0.0).then_some(start + off);
            assert_eq!(microseconds(text), wanted, "{text}");
        }
        assert_eq!(microseconds("1970-01-01T00:00:00Z"), Some(0.0), "the epoch");
        assert_eq!(microseconds("1969-12-31T23:59:59Z"), Some(-1e6), "before it");
        assert_eq!(microseconds("00:01:00.5"), Some(60.5e6), "a time of day");
        for text in
            ["2024-02-30T00:00:00", "2023-02-29T00:00:00", "2024-13-01T00:00:00", "2024-03-01", "12:30", "", "abc"]
        {
            assert_eq!(microseconds(text), None, "{text}");
        }
        assert!(
            microseconds("2000-02-29T24:00:00").is_none() && microseconds("2000-02-29T23:59:60").is_some(),
            "limits"
        );
    }
}
