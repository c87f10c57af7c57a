//! robomimic's layout: `data/demo_N` with `actions`, observations in `obs` and, for simulators, `states`.
//!
//! The state is made of all observations that are rows of floats, in the order of their names; of `states` if
//! there are none; of others where they are asked for.

use super::file::{Hdf5, Rows, Shape};
use super::recording::{Cameras, Found, Recorded, Recording, cameras};
use crate::outcome::Outcome;
use crate::vectors::{Vector, choose_vectors, joined, joined_names};
use crate::{Error, Note, Result, SourceOptions};
use serde_json::Value;

/// What came of each action; where a recording was cut is not stored.
const OUTCOMES: [&str; 3] = ["rewards", "dones", ""];

pub(super) fn open(file: Hdf5, options: &SourceOptions) -> Result<Recording> {
    let mut demos: Vec<(u64, String)> = file
        .groups("data")
        .into_iter()
        .map(|name| {
            let digits: String = name.chars().filter(char::is_ascii_digit).collect();
            (digits.parse().unwrap_or(u64::MAX), name)
        })
        .collect();
    demos.sort();
    let Some((_, first)) = demos.first() else {
        return Err(Error::broken(file.path(), "data has no demonstrations", "record one"));
    };
    let observed = file.datasets(&format!("data/{first}/obs"));
    let cameras = cameras(&file, options, &observed)?;
    let here = file.datasets(&format!("data/{first}"));
    let numbers = |place: &'static str| {
        move |(name, s): &(String, Shape)| {
            let width = s.width()?;
            let numbers = (0..width).map(|i| format!("{name}.{i}")).collect();
            Some(Vector { numbers, ..Vector::new(format!("{place}{name}"), width) })
        }
    };
    let others = here.iter().filter(|(name, _)| name != "actions" && !OUTCOMES.contains(&name.as_str()));
    let offered: Vec<Vector> =
        observed.iter().filter_map(numbers("obs/")).chain(others.filter_map(numbers(""))).collect();
    let float = |(_, s): &&(String, Shape)| s.is_table() && s.width().is_some();
    let floats: Vec<String> = observed.iter().filter(float).map(|(n, _)| format!("obs/{n}")).collect();
    let simulator = here.iter().any(|(name, s)| name == "states" && s.is_table());
    let usual = |v: &Vector| floats.contains(&v.name) || floats.is_empty() && simulator && v.name == "states";
    let parts = choose_vectors(file.path(), options, offered, usual)?;
    let mut kept: Vec<&str> = parts.iter().map(|p| p.name.as_str()).chain(["actions"]).collect();
    kept.extend(OUTCOMES.iter().filter(|name| here.iter().any(|(n, shape)| n == *name && shape.is_column())));
    let here = here.into_iter().map(|(name, _)| name);
    let mut others: Vec<String> = here.chain(observed.iter().map(|(name, _)| format!("obs/{name}"))).collect();
    let shown = |name: &str| cameras.names().any(|camera| name.strip_prefix("obs/") == Some(camera));
    others.retain(|name| !kept.contains(&name.as_str()) && !shown(name));
    others.extend(file.datasets("mask").into_iter().map(|(name, _)| format!("mask/{name}")));
    let mut notes = Vec::new();
    if !others.is_empty() {
        notes.push(Note { place: "datasets".to_owned(), what: format!("not kept: {}", others.join(", ")) });
    }
    let environment: Value =
        file.attribute("data", "env_args").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let state = joined_names(&parts);
    let episodes = demos
        .iter()
        .map(|(_, demo)| (format!("data/{demo}"), demonstration(&file, &format!("data/{demo}"), &parts, &cameras)));
    let episodes = episodes.collect();
    let found = Found {
        fps: environment["env_kwargs"]["control_freq"].as_f64().filter(|f| *f > 0.0),
        task: environment["env_name"].as_str().map(str::to_owned),
        state,
        outcomes: OUTCOMES,
        episodes,
        notes,
    };
    Recording::new(file, options, &cameras, found)
}

fn demonstration(file: &Hdf5, demo: &str, parts: &[Vector], cameras: &Cameras) -> Result<Recorded> {
    let rows_of = |name: &str| -> Result<Rows> {
        let dataset = format!("{demo}/{name}");
        let len = file.shape(&dataset)?.sides.first().copied().unwrap_or(0);
        Ok(Rows { dataset, from: 0, len })
    };
    let actions = file.table(&rows_of("actions")?)?;
    let tables = parts.iter().map(|part| file.table(&rows_of(&part.name)?)).collect::<Result<Vec<_>>>()?;
    for (Vector { name, width, .. }, table) in parts.iter().zip(&tables) {
        if table.width != *width || table.len() != actions.len() {
            let what = format!(
                "{demo}/{name} has {} rows of {} numbers, {} of {width} are needed",
                table.len(),
                table.width,
                actions.len()
            );
            return Err(Error::broken(file.path(), what, "record one row of each a step"));
        }
    }
    let states = joined(&tables);
    // A sparse reward of one is how robomimic says that the task was done.
    let rewards = rows_of("rewards").and_then(|rows| file.table(&rows)).ok();
    let success = rewards.map(|r| r.data.iter().any(|x| *x >= 1.0)).filter(|done| *done);
    let pictures = cameras.names().map(|camera| rows_of(&format!("obs/{camera}"))).collect::<Result<_>>()?;
    let recorded = Recorded { states, actions, pictures, success, outcome: Outcome::default() };
    Ok(recorded.with_outcome(file, OUTCOMES.map(|name| rows_of(name).ok())))
}
