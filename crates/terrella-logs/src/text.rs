//! Tables in text: CSV and what people mean by it, whole or with a last line that was cut off.
//!
//! What a mapping leaves open is guessed from the text and told: what stands between columns, and decimal commas.

use super::column::Column;
use super::mapping::Csv;
use super::spelling;
use super::table::Columns;
use super::torn::without_zeros;
use std::borrow::Cow;

/// Lines by which the character between columns is guessed.
const LINES: usize = 10;

/// The columns of a table, and what there is to tell. A column in which everything is a number (or missing) is numbers,
/// any other texts.
pub(super) fn table(bytes: &[u8], csv: &Csv) -> Result<(Columns, Vec<String>), String> {
    let mut notes = Vec::new();
    let text = decoded(without_zeros(bytes, &mut notes), &mut notes);
    let ended = text.ends_with(['\n', '\r']);
    let delimiter = csv.delimiter.unwrap_or_else(|| guessed(&text, csv.header, &mut notes));
    let text = if delimiter == ' ' { Cow::Owned(squeezed(&text)) } else { text };
    let byte = u8::try_from(delimiter).map_err(|_| format!("'{delimiter}' cannot stand between columns"))?;
    let mut reader = ::csv::ReaderBuilder::new();
    reader.delimiter(byte).has_headers(csv.header).trim(::csv::Trim::All).comment(Some(b'#')).flexible(true);
    let mut reader = reader.from_reader(text.as_bytes());
    let mut names: Vec<String> = if csv.header {
        reader.headers().map_err(|e| e.to_string())?.iter().map(str::to_owned).collect()
    } else {
        Vec::new()
    };
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    let mut record = ::csv::StringRecord::new();
    let (mut line, mut short, mut torn) = (0, None, None);
    while reader.read_record(&mut record).map_err(|e| e.to_string())? {
        line = record.position().map_or(0, ::csv::Position::line);
        if names.is_empty() {
            names = (0..record.len()).map(|i| format!("column.{i}")).collect();
            cells = vec![Vec::new(); names.len()];
        }
        let (found, wanted) = (record.len(), names.len());
        let rows = cells.first().map_or(0, Vec::len);
        if torn.is_some() || found > wanted || (found < wanted && (ended || rows == 0)) {
            let (line, found) = short.unwrap_or((line, found));
            return Err(format!("line {line} has {found} fields, the table has {wanted} columns"));
        }
        if found < wanted {
            // Only the last one may be.
            short = Some((line, found));
            torn = Some(format!("it has {found} of {wanted} fields"));
            continue;
        }
        for (column, cell) in cells.iter_mut().zip(record.iter()) {
            column.push(cell.to_owned());
        }
    }
    if torn.is_none() && !ended {
        torn = cells.last().and_then(|last| cut_off(last, csv.decimal));
        if torn.is_some() {
            cells.iter_mut().for_each(|column| drop(column.pop()));
        } else if let Some(cell) = cells.last().and_then(|last| shortest(last)) {
            notes.push(format!("line {line} has no end: its last field, {cell}, may be cut off"));
        }
    }
    if let Some(why) = torn {
        let rows = cells.first().map_or(0, Vec::len);
        notes.push(format!("left out: line {line} is cut off ({why}); the {rows} rows before it were read"));
    }
    Ok((columns(names, cells, csv.decimal, &mut notes), notes))
}

/// Cells as numbers where they can be.
fn columns(names: Vec<String>, cells: Vec<Vec<String>>, decimal: Option<char>, notes: &mut Vec<String>) -> Columns {
    let mut columns = Columns::default();
    let mut example = None;
    for (name, cells) in names.into_iter().zip(cells) {
        match spelling::numbers(&cells, decimal) {
            Some((data, commas)) => {
                if commas && decimal.is_none() && example.is_none() {
                    let pairs = || cells.iter().zip(&data).filter(|(cell, _)| cell.contains(','));
                    let shown = pairs().find(|(_, x)| **x != 0.0).or_else(|| pairs().next());
                    example = shown.map(|(cell, x)| (cell.clone(), *x));
                }
                columns.numbers.insert(name, Column { width: 1, data });
            }
            None => drop(columns.texts.insert(name, cells)),
        }
    }
    if let Some((cell, x)) = example {
        notes.push(format!("numbers have decimal commas: {cell} was read as {x} (csv.decimal says otherwise)"));
    }
    columns
}

/// UTF-8, or what older programs write; without the mark that some put in front.
fn decoded<'a>(bytes: &'a [u8], notes: &mut Vec<String>) -> Cow<'a, str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // A letter that the end of the file tore.
        Err(e) if e.error_len().is_none() => String::from_utf8_lossy(&bytes[..e.valid_up_to()]),
        Err(e) => {
            notes.push(format!("byte {} is not UTF-8: the text was read as Latin-1", e.valid_up_to()));
            Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect())
        }
    };
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        owned => owned,
    }
}

/// One space between columns, where there are any number of them.
fn squeezed(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands between columns where nobody says so: a comma, unless the first lines agree on something else.
fn guessed(text: &str, header: bool, notes: &mut Vec<String>) -> char {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mut lines: Vec<&str> = lines.take(LINES).collect();
    if lines.len() > 2 {
        // The last one may be cut off.
        lines.pop();
    }
    let Some(first) = lines.first() else { return ',' };
    let agreed = |delimiter: &char| {
        let fields = |line: &str| match delimiter {
            ' ' => line.split_whitespace().count(),
            other => line.split(*other).count(),
        };
        fields(first) > 1 && lines.iter().all(|line| fields(line) == fields(first))
    };
    // Decimal commas stand in rows, not in names.
    let other = if header && first.contains(',') { None } else { [';', '\t', '|'].into_iter().find(agreed) };
    let other = other.or_else(|| Some(' ').filter(|space| !text.contains(',') && agreed(space)));
    if let Some(other) = other {
        notes.push(format!("columns were taken to stand between {other:?} (csv.delimiter says otherwise)"));
    }
    other.unwrap_or(',')
}

/// Why the last cell of a column is surely not whole, if it is not: no number as the others are, or fewer decimals than
/// all others have.
fn cut_off(cells: &[String], decimal: Option<char>) -> Option<String> {
    let (last, others) = cells.split_last()?;
    if others.is_empty() {
        return None;
    }
    spelling::numbers(others, decimal)?;
    let whole = |cell: &String| !spelling::is_nothing(cell);
    if others.iter().all(whole) && (!whole(last) || spelling::numbers(cells, decimal).is_none()) {
        return Some(format!("its last field is \"{last:.20}\""));
    }
    let decimals = |cell: &String| cell.split_once(['.', ',']).map_or(0, |(_, rest)| rest.len());
    let usual = decimals(&others[0]);
    let same = others.len() > 2 && usual > 1 && others.iter().all(|cell| decimals(cell) == usual);
    (same && decimals(last) < usual).then(|| format!("its last field is {last:.20}, others have {usual} decimals"))
}

/// The last cell of a column, if it is a number shorter than all others.
fn shortest(cells: &[String]) -> Option<&String> {
    let (last, others) = cells.split_last()?;
    let number = last.parse::<f64>().is_ok() && others.len() > 2;
    (number && others.iter().all(|cell| cell.len() > last.len())).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Columns, String) {
        let (columns, notes) = table(text.as_bytes(), &Csv::default()).expect("a table");
        (columns, notes.join("\n"))
    }

    #[test]
    fn text_columns_are_numbers_where_they_can_be() {
        let (parsed, notes) = read("time, a ,b\n0.0, 1,x\n0.1,,y\n");
        assert_eq!(parsed.numbers["time"].data, [0.0, 0.1], "numbers");
        assert!(parsed.numbers["a"].data[1].is_nan() && notes.is_empty(), "an empty cell is NaN");
        assert_eq!(parsed.texts["b"], ["x", "y"], "texts");
        let spaced = Csv { delimiter: Some(' '), header: false, decimal: None };
        let (parsed, _) = table(b"1  2\n 3 4\n", &spaced).expect("a table");
        assert_eq!(parsed.numbers["column.1"].data, [2.0, 4.0], "any number of spaces");
        for text in ["a,b\n1,2\n1\n", "a,b\n1\n2,3\n", "a,b\n1,2\n1,2,3"] {
            let error = table(text.as_bytes(), &Csv::default()).expect_err("refused");
            assert!(error.contains("fields, the table has 2"), "{error}");
        }
    }

    #[test]
    fn what_stands_between_columns_is_guessed_and_told() {
        for (text, between) in [
            ("t;x\n0,0;1,5\n0,1;2,5\n", "';'"),
            ("t\tx\n0\t1.5\n0.1\t2.5\n", "'\\t'"),
            ("t  x\n0 1.5\n0.1   2.5\n", "' '"),
            ("\u{feff}t,x\n0,1.5\n0.1,2.5\n", ""),
        ] {
            let (parsed, notes) = read(text);
            assert_eq!(parsed.numbers["t"].data, [0.0, 0.1], "{text}");
            assert_eq!(parsed.numbers["x"].data, [1.5, 2.5], "{text}");
            assert!(notes.contains(between) && notes.is_empty() == between.is_empty(), "{notes}");
            assert_eq!(notes.contains("0,1 was read as 0.1"), text.contains("0,0;"), "{notes}");
        }
        let (parsed, _) = read("Winkel;Weg\n1;2\n");
        assert_eq!(parsed.numbers["Weg"].data, [2.0], "one row");
        let (parsed, notes) = table(b"t;\xb0\n0;1\n1;2\n", &Csv::default()).expect("a table");
        assert!(parsed.numbers.contains_key("°") && notes[0].contains("Latin-1"), "{notes:?}");
    }

    #[test]
    fn a_last_line_that_is_cut_off_is_left_out_and_told() {
        let whole = "t,x\n0.00,0.125\n0.05,0.250\n0.10,0.375\n0.15,-0.500\n";
        for end in 1..=11 {
            let text = &whole[..whole.len() - end];
            let (parsed, notes) = read(text);
            let rows = parsed.numbers["t"].data.len();
            match end {
                // All but the end of the line is there; or nothing of the line.
                1 => assert!(rows == 4 && notes.is_empty(), "{end}: {notes}"),
                _ => assert!(rows == 3 && notes.contains("line 5 is cut off"), "{end}: {rows} rows, {notes}"),
            }
        }
        let (parsed, notes) = read("t,x\n0,1.25\n1,-2.5\n2,1.75\n3,1");
        assert_eq!(parsed.numbers["x"].data.len(), 4, "it may be whole");
        assert!(notes.contains("line 5 has no end"), "{notes}");
        let (parsed, notes) = table(b"t,x\n0,1\n1,2\n\0\0\0", &Csv::default()).expect("a table");
        assert!(parsed.numbers["x"].data == [1.0, 2.0] && notes[0].contains("3 bytes at the end"), "{notes:?}");
    }
}
