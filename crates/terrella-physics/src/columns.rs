//! Which columns of recordings are the numbers of a mechanism: by name and unit, or as told.

use crate::mechanism::Mechanism;
use crate::parameter::Quantity;
use crate::record::Record;
use terrella_core::{Dataset, Error, Result, Signature};

/// What is told in the place of an action's column where nobody acted: it is 0 throughout.
pub const NOTHING: &str = "none";

/// What was told: pairs of a mechanism's name and a column's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Of the state.
    pub state: Vec<(String, String)>,
    /// Of the action; [`NOTHING`] in the place of a column is 0 throughout.
    pub action: Vec<(String, String)>,
}

/// How somebody says which column is a number of the state or of the action (`state`, `action`): told that, the name of the number and a column.
pub type Saying<'a> = &'a dyn Fn(&str, &str, &str) -> String;

/// Where the numbers of a mechanism are in recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Column of each number of the state.
    pub state: Vec<usize>,
    /// Column of each number of the action; nothing where that is 0 throughout.
    pub action: Vec<Option<usize>>,
    /// What was assumed, in sentences.
    pub notes: Vec<String>,
}

impl Columns {
    /// Finds them.
    ///
    /// # Errors
    /// If a number has no column, two have the same, units disagree, or something was told that is not there.
    pub fn find(mechanism: &dyn Mechanism, signature: &Signature, named: &Named) -> Result<Self> {
        Self::find_as(mechanism, signature, named, &|side, name, column| format!("--{side} {name}={column}"))
    }

    /// The same for somebody who names columns in another way than the options of a command.
    ///
    /// # Errors
    /// As [`Self::find`], with remedies in these words.
    pub fn find_as(mechanism: &dyn Mechanism, signature: &Signature, named: &Named, say: Saying<'_>) -> Result<Self> {
        let mut notes = Vec::new();
        known(mechanism, ("state", say), mechanism.state(), &named.state)?;
        known(mechanism, ("action", say), mechanism.action(), &named.action)?;
        let mut state = Vec::new();
        let mut assumed = Vec::new();
        for quantity in mechanism.state() {
            let column = place(mechanism, ("state", say), quantity, (&signature.state, &named.state))?;
            let unit = signature.unit(column);
            if unit.is_empty() {
                assumed.push(format!("{} in {}", signature.state[column], quantity.unit));
            } else if unit != quantity.unit {
                return Err(Error::Invalid(format!(
                    "{} needs {} in {}, and column {} is in {unit}; import the recordings with a mapping that says {:?} (si)",
                    mechanism.name(),
                    quantity.name,
                    quantity.unit,
                    signature.state[column],
                    quantity.unit
                )));
            }
            once(&state, column, &signature.state[column])?;
            state.push(column);
        }
        if !assumed.is_empty() {
            notes.push(format!("the recordings do not say units: taken are {}", assumed.join(", ")));
        }
        let mut action = Vec::new();
        for quantity in mechanism.action() {
            let told = named.action.iter().find(|(name, _)| name == quantity.name);
            if told.is_some_and(|(_, column)| column == NOTHING) {
                action.push(None);
                continue;
            }
            if told.is_none() && !signature.acted() {
                notes.push(format!("nothing was commanded in these recordings: {} is taken as 0", quantity.name));
                action.push(None);
                continue;
            }
            let column = place(mechanism, ("action", say), quantity, (&signature.action, &named.action))?;
            let taken: Vec<usize> = action.iter().copied().flatten().collect();
            once(&taken, column, &signature.action[column])?;
            action.push(Some(column));
        }
        Ok(Self { state, action, notes })
    }

    /// Recordings as the mechanism sees them, of these episodes.
    ///
    /// # Errors
    /// If a number in them is none.
    pub fn records(&self, dataset: &Dataset, episodes: &[usize]) -> Result<Vec<Record>> {
        let record = |&index: &usize| {
            let episode = &dataset.episodes[index];
            let rows = 0..episode.len();
            let states = rows.clone().flat_map(|row| {
                let numbers = episode.states.row(row);
                self.state.iter().map(move |&column| f64::from(numbers[column]))
            });
            let actions = rows.clone().flat_map(|row| {
                let numbers = episode.actions.row(row);
                self.action.iter().map(move |column| column.map_or(0.0, |column| f64::from(numbers[column])))
            });
            let (states, actions) = (states.collect(), actions.collect());
            let dt = episode.durations(rows, dataset.signature.fps).collect();
            let record = Record { episode: index, states, actions, dt };
            record.check(self.state.len(), self.action.len())?;
            Ok(record)
        };
        episodes.iter().map(record).collect()
    }
}

/// Fails on names that the mechanism has not.
fn known(
    mechanism: &dyn Mechanism,
    (side, say): (&str, Saying<'_>),
    all: &[Quantity],
    told: &[(String, String)],
) -> Result<()> {
    match told.iter().find(|(name, _)| all.iter().all(|quantity| quantity.name != name)) {
        Some((name, column)) => Err(Error::Invalid(format!(
            "{}: {} has no {name}; it has {}",
            say(side, name, column),
            mechanism.name(),
            all.iter().map(|quantity| quantity.name).collect::<Vec<_>>().join(", ")
        ))),
        None => Ok(()),
    }
}

fn place(
    mechanism: &dyn Mechanism,
    (side, say): (&str, Saying<'_>),
    quantity: &Quantity,
    (columns, told): (&[String], &[(String, String)]),
) -> Result<usize> {
    let have = || if columns.is_empty() { "none".to_owned() } else { columns.join(", ") };
    if let Some((name, column)) = told.iter().find(|(name, _)| name == quantity.name) {
        return columns.iter().position(|have| have == column).ok_or_else(|| {
            Error::Invalid(format!(
                "{}: the recordings have no column {column}; they have {}",
                say(side, name, column),
                have()
            ))
        });
    }
    let mut names = std::iter::once(quantity.name).chain(quantity.also.iter().copied()).map(plain);
    // The first of the names that is there.
    names.find_map(|name| columns.iter().position(|column| plain(column) == name)).ok_or_else(|| {
        let unit = if quantity.unit.is_empty() { String::new() } else { format!(" ({})", quantity.unit) };
        let nothing = if side == "action" { format!(", or {NOTHING} if it is 0 throughout") } else { String::new() };
        Error::Invalid(format!(
            "{} needs {}{unit}, and the recordings have no column of that name but {}; name it with {}{nothing}",
            mechanism.name(),
            quantity.name,
            have(),
            say(side, quantity.name, "COLUMN")
        ))
    })
}

fn once(taken: &[usize], column: usize, name: &str) -> Result<()> {
    if taken.contains(&column) {
        return Err(Error::Invalid(format!("column {name} is taken for two numbers; name each with its own")));
    }
    Ok(())
}

/// A name without case, dots and underscores.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
