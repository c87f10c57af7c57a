//! Several vectors: those that make the state, joined in the order in which they were asked for.
//!
//! Recordings keep positions, velocities, forces, keypoints or tokens apart, each under a name of its own.
//! `SourceOptions::vectors` names those that are wanted; without it a format takes what it usually calls the state. A
//! field of more than one axis is one long row.

use crate::{Error, Note, Result, SourceOptions};
use std::path::Path;
use terrella_core::Table;

/// Numbers of a row, at most: each gets a name.
pub const LARGEST_WIDTH: usize = 1 << 16;

/// A field of numbers that a recording has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vector {
    /// What the recording calls it.
    pub name: String,
    /// What it calls each of its numbers; empty where it does not.
    pub numbers: Vec<String>,
    /// Units of the numbers; empty where they are not known.
    pub units: Vec<String>,
    /// Numbers a row.
    pub width: usize,
}

impl Vector {
    /// One whose numbers have neither names nor units.
    pub fn new(name: impl Into<String>, width: usize) -> Self {
        Self { name: name.into(), width, ..Self::default() }
    }

    /// What is left of the name without the place where it is stored.
    fn short(&self) -> &str {
        self.name.rsplit(['/', '.']).next().unwrap_or(&self.name)
    }

    /// Names of its numbers: its own, else the short name with a number.
    fn named(&self) -> Vec<String> {
        match self.numbers.len() == self.width {
            true => self.numbers.clone(),
            false => (0..self.width).map(|i| format!("{}.{i}", self.short())).collect(),
        }
    }
}

/// Positions of what was asked for among what is offered, as asked; nothing where nothing was.
///
/// # Errors
/// If one is not offered, or is asked for twice.
pub fn asked_for(path: &Path, options: &SourceOptions, offered: &[&str]) -> Result<Option<Vec<usize>>> {
    let mut chosen = Vec::new();
    for name in &options.vectors {
        let at = offered.iter().position(|o| o == name).ok_or_else(|| Error::Missing {
            path: path.to_path_buf(),
            kind: "vector",
            name: name.clone(),
            present: if offered.is_empty() { "none".to_owned() } else { offered.join(", ") },
        })?;
        if chosen.contains(&at) {
            return Err(Error::broken(path, format!("the vector {name} is asked for twice"), "name it once"));
        }
        chosen.push(at);
    }
    Ok((!chosen.is_empty()).then_some(chosen))
}

/// The vectors that make the state: those asked for, else the usual ones among what is offered.
///
/// # Errors
/// As [`asked_for`].
pub fn choose_vectors(
    path: &Path,
    options: &SourceOptions,
    offered: Vec<Vector>,
    usual: impl Fn(&Vector) -> bool,
) -> Result<Vec<Vector>> {
    let names: Vec<&str> = offered.iter().map(|v| v.name.as_str()).collect();
    Ok(match asked_for(path, options, &names)? {
        Some(chosen) => chosen.into_iter().map(|at| offered[at].clone()).collect(),
        None => offered.into_iter().filter(|v| usual(v)).collect(),
    })
}

/// Tells of a state (or an action) that nobody asked for, and that is made of several vectors.
pub fn made_of<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Option<Note> {
    let names: Vec<&str> = names.collect();
    let what = format!("there is no single one, so it is made of {}", names.join(", "));
    (names.len() > 1).then(|| Note { place: place.to_owned(), what })
}

/// Names of the numbers of joined vectors, all different: each vector's own, with the vector's name in front where two
/// would be alike.
pub fn joined_names(vectors: &[Vector]) -> Vec<String> {
    let plain: Vec<Vec<String>> = vectors.iter().map(Vector::named).collect();
    let alike = |at: usize| {
        let others = || plain.iter().enumerate().filter(move |(i, _)| *i != at).flat_map(|(_, names)| names);
        plain[at].iter().any(|name| others().any(|other| other == name))
    };
    let short = |at: usize| vectors.iter().filter(|v| v.short() == vectors[at].short()).count() == 1;
    let front = |at: usize| if short(at) { vectors[at].short() } else { &vectors[at].name };
    let told = |(at, names): (usize, &Vec<String>)| match alike(at) {
        // Made-up names begin with the vector's already.
        true if vectors[at].numbers.is_empty() => {
            (0..vectors[at].width).map(|i| format!("{}.{i}", front(at))).collect::<Vec<_>>()
        }
        true => names.iter().map(|name| format!("{}.{name}", front(at))).collect(),
        false => names.clone(),
    };
    let mut names: Vec<String> = Vec::new();
    for name in plain.iter().enumerate().flat_map(told) {
        // Of one vector, names stay as they are.
        let numbered = (2..).map(|n| format!("{name}_{n}"));
        let free = |name: &String| vectors.len() == 1 || !names.contains(name);
        let name = std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name);
        names.push(name);
    }
    names
}

/// Tables of as many rows side by side.
pub fn joined(tables: &[Table]) -> Table {
    let rows = tables.first().map_or(0, Table::len);
    debug_assert!(tables.iter().all(|t| t.len() == rows), "tables of one length");
    let data = (0..rows).flat_map(|at| tables.iter().flat_map(move |table| table.row(at).iter().copied()));
    Table { width: tables.iter().map(|t| t.width).sum(), data: data.collect() }
}

/// Units of the numbers of joined vectors; empty if none is known.
pub(crate) fn joined_units(vectors: &[Vector]) -> Vec<String> {
    let known = |v: &Vector| v.units.len() == v.width && v.width > 0;
    let units = |v: &Vector| if known(v) { v.units.clone() } else { vec![String::new(); v.width] };
    if vectors.iter().any(known) { vectors.iter().flat_map(units).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered() -> Vec<Vector> {
        let motors = |name: &str, unit: &str| Vector {
            numbers: vec!["lift".into(), "turn".into()],
            units: vec![unit.into(); 2],
            ..Vector::new(name, 2)
        };
        vec![
            motors("observation.state", "rad"),
            motors("observation.effort", "N m"),
            Vector::new("observation.touch", 1),
            Vector::new("next.touch", 1),
        ]
    }

    fn chosen(names: &[&str]) -> Result<Vec<Vector>> {
        let options =
            SourceOptions { vectors: names.iter().map(ToString::to_string).collect(), ..SourceOptions::default() };
        choose_vectors(Path::new("recording"), &options, offered(), |v| v.name == "observation.state")
    }

    #[test]
    fn vectors_are_joined_as_asked() {
        assert_eq!(joined_names(&chosen(&[]).expect("the usual")), ["lift", "turn"], "the usual alone");
        let both = chosen(&["observation.effort", "observation.touch", "observation.state"]).expect("chosen");
        let names = ["effort.lift", "effort.turn", "touch.0", "state.lift", "state.turn"];
        assert_eq!(joined_names(&both), names, "in the order asked for, none twice");
        assert_eq!(joined_units(&both), ["N m", "N m", "", "rad", "rad"], "units go along");
        let named = |name: &str, number: &str| Vector { numbers: vec![number.into()], ..Vector::new(name, 1) };
        let odd = [named("arm", "lift"), named("hand", "lift"), named("x", "arm.lift")];
        assert_eq!(joined_names(&odd), ["arm.lift", "hand.lift", "arm.lift_2"], "all different in the end");
        let alike = chosen(&["observation.touch", "next.touch"]).expect("chosen");
        assert_eq!(joined_names(&alike), ["observation.touch.0", "next.touch.0"], "whole names where short ones agree");
        assert_eq!(joined_units(&alike), Vec::<String>::new(), "none known");
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        for (asked, words) in [
            (
                &["observation.speed"][..],
                "no vector \"observation.speed\" (there are: observation.state, observation.effort",
            ),
            (&["observation.touch", "observation.touch"], "observation.touch is asked for twice"),
        ] {
            let error = chosen(asked).expect_err("refused").to_string();
            assert!(error.contains(words), "{words} is missing in: {error}");
        }
    }
}
