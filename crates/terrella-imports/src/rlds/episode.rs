//! From one example to the rows of one episode; anything that does not fit is told as the reason.
//!
//! The number of steps is not stored: it is what the first action tensor divides into, and every
//! other feature has to agree.

use super::camera;
use super::columns::{Column, Columns, DISCOUNT, OUTCOMES};
use super::example::Example;
use terrella_core::Table;
use terrella_data::outcome::Outcome;

/// The rows of an episode without its pictures.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) states: Table,
    pub(crate) actions: Table,
    /// The instruction of the first step, empty if there is none.
    pub(crate) task: String,
    /// Whether later steps have another instruction.
    pub(crate) task_changes: bool,
    /// Height and width of all pictures, of each camera.
    pub(crate) sizes: Vec<[usize; 2]>,
    pub(crate) outcome: Outcome,
}

/// Reads the rows that `columns` and `cameras` name.
pub(crate) fn read<'a>(
    example: &Example,
    columns: &Columns,
    cameras: impl Iterator<Item = &'a str>,
) -> Result<Rows, String> {
    let actions = table(example, &columns.action)?;
    let states = table(example, &columns.state)?;
    let n = actions.len();
    if states.width > 0 && states.len() != n {
        return Err(format!("{n} actions and {} states", states.len()));
    }
    let (mut task, mut task_changes) = (String::new(), false);
    if let Some(name) = &columns.task {
        let texts = example.bytes(name)?;
        if texts.len() != n {
            return Err(format!("{n} actions and {} of {name}", texts.len()));
        }
        task_changes = texts.iter().any(|text| *text != texts[0]);
        task = String::from_utf8_lossy(&texts[0]).trim().to_owned();
    }
    let sizes = cameras.map(|name| size(example, name, n)).collect::<Result<_, _>>()?;
    let outcome = outcome(example, columns);
    Ok(Rows { states, actions, task, task_changes, sizes, outcome })
}

/// What came of each step; what one example lacks is seen when all are read.
fn outcome(example: &Example, columns: &Columns) -> Outcome {
    let numbers = |name: &str| {
        let read = columns.outcomes.contains(&name).then(|| example.numbers(name).ok());
        read.flatten().unwrap_or_default()
    };
    let [reward, terminal, last] = OUTCOMES.map(numbers);
    let mut outcome = Outcome { rewards: reward, ..Outcome::default() };
    terminal.iter().for_each(|x| Outcome::mark(&mut outcome.terminated, *x));
    numbers(DISCOUNT).iter().for_each(|x| Outcome::mark(&mut outcome.terminated, f32::from(u8::from(*x == 0.0))));
    // The last step of a task that goes on is where the recording was cut.
    let cut = last.iter().zip(&outcome.terminated).map(|(last, ended)| *last != 0.0 && !ended);
    outcome.truncated = cut.collect();
    outcome
}

/// Puts tensors side by side, a row a step.
fn table(example: &Example, columns: &[Column]) -> Result<Table, String> {
    let mut parts = Vec::with_capacity(columns.len());
    for Column { name, width } in columns {
        let numbers = example.numbers(name)?;
        if numbers.is_empty() {
            return Err(format!("{name} has no steps"));
        }
        if numbers.len() % width != 0 {
            return Err(format!("{name} has {} numbers, which are no rows of {width}", numbers.len()));
        }
        parts.push((name, *width, numbers));
    }
    let Some((first, width, numbers)) = parts.first() else { return Ok(Table::new(0)) };
    let n = numbers.len() / width;
    if let Some((name, width, numbers)) = parts.iter().find(|(_, width, numbers)| numbers.len() / width != n) {
        return Err(format!("{n} rows of {first} and {} of {name}", numbers.len() / width));
    }
    let mut data = Vec::with_capacity(parts.iter().map(|(_, _, numbers)| numbers.len()).sum());
    for row in 0..n {
        for (_, width, numbers) in &parts {
            data.extend_from_slice(&numbers[row * width..(row + 1) * width]);
        }
    }
    Ok(Table { width: columns.iter().map(|c| c.width).sum(), data })
}

/// The size of the pictures, which have to be as many as the actions and alike.
fn size(example: &Example, name: &str, n: usize) -> Result<[usize; 2], String> {
    let pictures = example.bytes(name)?;
    if pictures.len() != n {
        return Err(format!("{n} actions and {} pictures of {name}", pictures.len()));
    }
    let mut common = None;
    for (row, encoded) in pictures.iter().enumerate() {
        let found = camera::size(encoded).map_err(|e| format!("row {row}: {name} is no picture: {e}"))?;
        let [height, width] = *common.get_or_insert(found);
        if found != [height, width] {
            return Err(format!("row {row}: {name} is {}x{} after {height}x{width}", found[0], found[1]));
        }
    }
    common.ok_or_else(|| format!("{name} has no pictures"))
}
