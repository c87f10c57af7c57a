//! What is asked of a model: from where, what is done, and how far ahead.
//!
//! What was typed becomes a question once; names and widths are those of the recordings that the model learned from.

use crate::error::usage;
use anyhow::Result;
use std::path::Path;
use terrella_core::Table;

/// Where a future starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// In a recorded row.
    Row {
        /// Episode of the recordings.
        episode: usize,
        /// Its row.
        row: usize,
    },
    /// In a state, a number each by its name.
    State(Vec<(String, f32)>),
}

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Doing {
    /// What was done in the recording.
    AsRecorded,
    /// What keeps an agent where it is: its place where actions are places, and nothing where they are displacements. Of recordings
    /// of no known world, what was done in the first row goes on.
    Hold,
    /// Zeros.
    Zero,
    /// These actions, a row each.
    Rows(Table),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// From where.
    pub from: Start,
    /// What is done.
    pub doing: Doing,
    /// Whether given actions begin anew where they end before the question does.
    pub repeat: bool,
    /// Rows ahead.
    pub steps: usize,
    /// Conditions on the state in the end.
    pub whether: Vec<String>,
    /// Samples, at least, where the model has as many.
    pub samples: usize,
}

const ACTIONS: &str = "actions are as-recorded, hold, zero, a CSV file, or rows such as 0.1,0.2;0.1,0.2";

impl Start {
    /// Reads `EPISODE:ROW` or `name=value,…`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        let row = text.split_once(':').and_then(|(e, row)| Some((e.trim().parse().ok()?, row.trim().parse().ok()?)));
        if let Some((episode, row)) = row {
            return Ok(Self::Row { episode, row });
        }
        if !text.contains('=') {
            return Err(usage(format!(
                "--from {text} is neither EPISODE:ROW, such as 3:10, nor a state, such as 'x=0.1,v=0'"
            )));
        }
        let mut numbers: Vec<(String, f32)> = Vec::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.trim().to_owned(), value.trim());
            let Some(x) = value.parse().ok().filter(|x: &f32| x.is_finite()) else {
                return Err(usage(format!("--from: {name} is {value:?}, and a finite number is wanted")));
            };
            if numbers.iter().any(|(known, _)| *known == name) {
                return Err(usage(format!("--from names {name} twice")));
            }
            numbers.push((name, x));
        }
        Ok(Self::State(numbers))
    }

    /// The state that these numbers make, in the order of the recordings.
    ///
    /// # Errors
    /// If one is lacking, or is of no number of the state.
    pub(super) fn state(numbers: &[(String, f32)], names: &[String]) -> Result<Vec<f32>> {
        let there = || names.join(", ");
        if let Some((stranger, _)) = numbers.iter().find(|(name, _)| !names.contains(name)) {
            return Err(usage(format!("--from: there is no {stranger} in the state; there are {}", there())));
        }
        let of = |name: &String| numbers.iter().find(|(known, _)| known == name).map(|(_, x)| *x);
        let lacking: Vec<&str> = names.iter().filter(|name| of(name).is_none()).map(String::as_str).collect();
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            return Err(usage(format!("--from lacks {lacking}; a state is all of {}", there())));
        }
        Ok(names.iter().filter_map(of).collect())
    }
}

impl Doing {
    /// Reads `as-recorded`, `hold`, `zero`, the path of a CSV file, or rows divided by semicolons, for actions of these names.
    ///
    /// # Errors
    /// If it is none of these, or rows have not as many numbers as an action.
    pub fn parse(text: &str, names: &[String]) -> Result<Self> {
        match text.trim() {
            "as-recorded" => return Ok(Self::AsRecorded),
            "hold" => return Ok(Self::Hold),
            "zero" => return Ok(Self::Zero),
            _ => {}
        }
        if Path::new(text).is_file() {
            let read = std::fs::read_to_string(text).map_err(|error| usage(format!("cannot read {text}: {error}")))?;
            return table_of(&read, names, text).map(Self::Rows);
        }
        let rows = text.split(';').map(|row| numbers(row, names, "--do"));
        let rows = rows.collect::<Result<Vec<_>>>().map_err(|error| usage(format!("{error}; {ACTIONS}")))?;
        Ok(Self::Rows(Table { width: names.len(), data: rows.concat() }))
    }
}

/// The rows of a CSV file, whose first line may name its columns.
fn table_of(text: &str, names: &[String], origin: &str) -> Result<Table> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
    let cells = |line: &str| line.split(',').map(|cell| cell.trim().trim_matches('"').to_owned()).collect::<Vec<_>>();
    // Which column of the file each number of an action is in.
    let mut order: Vec<usize> = (0..names.len()).collect();
    if let Some((_, first)) = lines.peek()
        && cells(first).iter().any(|cell| cell.parse::<f32>().is_err())
    {
        let header = cells(first);
        if header.len() != names.len() || names.iter().any(|name| !header.contains(name)) {
            let (header, names) = (header.join(", "), names.join(", "));
            return Err(usage(format!("{origin} has columns {header}; the numbers of an action are {names}")));
        }
        order = names.iter().filter_map(|name| header.iter().position(|cell| cell == name)).collect();
        lines.next();
    }
    let mut table = Table::new(names.len());
    for (at, line) in lines {
        let row = numbers(line, names, &format!("{origin}, line {}", at + 1))?;
        table.push(&order.iter().map(|&column| row[column]).collect::<Vec<f32>>());
    }
    if table.is_empty() {
        return Err(usage(format!("{origin} has no rows of actions")));
    }
    Ok(table)
}

/// One row of numbers with commas between them.
fn numbers(row: &str, names: &[String], origin: &str) -> Result<Vec<f32>> {
    let number = |cell: &str| {
        let cell = cell.trim().trim_matches('"');
        let read = cell.parse().ok().filter(|x: &f32| x.is_finite());
        read.ok_or_else(|| usage(format!("{origin}: {cell:?} is no finite number")))
    };
    let numbers = row.split(',').map(number).collect::<Result<Vec<f32>>>()?;
    if numbers.len() != names.len() {
        return Err(usage(format!(
            "{origin}: a row of {} numbers, and an action has {} ({})",
            numbers.len(),
            names.len(),
            names.join(", ")
        )));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["push", "turn"].map(str::to_owned).to_vec()
    }

    fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.expect_err("refused").to_string()
    }

    #[test]
    fn a_start_is_a_row_or_a_whole_state() {
        assert_eq!(Start::parse("3:10").expect("a row"), Start::Row { episode: 3, row: 10 });
        let Start::State(numbers) = Start::parse("turn=-1e-1, push=2").expect("a state") else { panic!("a state") };
        assert_eq!(Start::state(&numbers, &names()).expect("whole"), [2.0, -0.1], "in the order of the log");
        assert!(refused(Start::parse("3")).contains("EPISODE:ROW"), "neither");
        assert!(refused(Start::parse("push=fast")).contains("push is \"fast\""), "no number");
        assert!(refused(Start::parse("push=1,push=2")).contains("twice"), "which of the two?");
        let state = |numbers: &[(&str, f32)]| {
            let numbers: Vec<(String, f32)> = numbers.iter().map(|(name, x)| ((*name).to_owned(), *x)).collect();
            refused(Start::state(&numbers, &names()))
        };
        assert!(state(&[("pull", 1.0)]).contains("no pull in the state; there are push, turn"), "unknown");
        assert!(state(&[("push", 1.0)]).contains("lacks turn"), "lacking");
    }

    #[test]
    fn actions_are_words_rows_or_a_file() {
        assert_eq!(Doing::parse("hold", &names()).expect("a word"), Doing::Hold);
        let rows = |data: &[f32]| Doing::Rows(Table::from_data(2, data.to_vec()));
        assert_eq!(Doing::parse("0.1,-2;3,4", &names()).expect("rows"), rows(&[0.1, -2.0, 3.0, 4.0]));
        let told = refused(Doing::parse("0.1", &names()));
        assert!(told.contains("a row of 1 numbers") && told.contains("push, turn") && told.contains("hold"), "{told}");
        assert!(refused(Doing::parse("0.1,inf", &names())).contains("\"inf\" is no finite number"), "endless");
        assert!(refused(Doing::parse("stay", &names())).contains("as-recorded"), "what there is");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("actions.csv");
        let of = |text: &str| {
            std::fs::write(&file, text).expect("written");
            Doing::parse(&file.display().to_string(), &names())
        };
        assert_eq!(of("1,2\n\n3,4\n").expect("rows"), rows(&[1.0, 2.0, 3.0, 4.0]), "without a header");
        assert_eq!(of("turn,push\n1,2\n").expect("rows"), rows(&[2.0, 1.0]), "columns by name");
        assert!(refused(of("turn,pull\n1,2\n")).contains("are push, turn"), "another column");
        assert!(refused(of("1,2\n3\n")).contains("line 2: a row of 1"), "where");
        assert!(refused(of("push,turn\n")).contains("no rows"), "nothing to do");
    }
}
