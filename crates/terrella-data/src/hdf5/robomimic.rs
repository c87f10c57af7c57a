//! robomimic's layout: `data/demo_N` with `actions`, observations in `obs` and, for simulators, `states`.
//!
//! The state is made of all observations that are rows of floats, in the order of their names; of `states` if
//! there are none.

use super::file::{Hdf5, Rows};
use super::recording::{Cameras, Found, Recorded, Recording, cameras};
use crate::outcome::Outcome;
use crate::{Error, Note, Result, SourceOptions};
use serde_json::Value;
use terrella_core::Table;

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
    let mut parts: Vec<(String, usize)> = observed
        .iter()
        .filter(|(_, s)| s.is_table())
        .map(|(name, s)| (format!("obs/{name}"), s.sides.get(1).copied().unwrap_or(1)))
        .collect();
    let mut kept: Vec<&str> = parts.iter().map(|(p, _)| p.as_str()).chain(["actions"]).collect();
    let simulator = file.datasets(&format!("data/{first}")).into_iter().find(|(n, s)| n == "states" && s.is_table());
    if let (true, Some((name, shape))) = (parts.is_empty(), simulator) {
        parts.push((name, shape.sides.get(1).copied().unwrap_or(1)));
        kept = vec!["actions", "states"];
    }
    let here = file.datasets(&format!("data/{first}"));
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
    let names = parts.iter().flat_map(|(path, width)| {
        let name = path.trim_start_matches("obs/").to_owned();
        (0..*width).map(move |i| format!("{name}.{i}"))
    });
    let state = names.collect();
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

fn demonstration(file: &Hdf5, demo: &str, parts: &[(String, usize)], cameras: &Cameras) -> Result<Recorded> {
    let rows_of = |name: &str| -> Result<Rows> {
        let dataset = format!("{demo}/{name}");
        let len = file.shape(&dataset)?.sides.first().copied().unwrap_or(0);
        Ok(Rows { dataset, from: 0, len })
    };
    let actions = file.table(&rows_of("actions")?)?;
    let tables = parts.iter().map(|(name, _)| file.table(&rows_of(name)?)).collect::<Result<Vec<_>>>()?;
    for ((name, width), table) in parts.iter().zip(&tables) {
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
    let width = tables.iter().map(|t| t.width).sum();
    let data = (0..actions.len()).flat_map(|t| tables.iter().flat_map(move |table| table.row(t).iter().copied()));
    let states = Table { width, data: data.collect() };
    // A sparse reward of one is how robomimic says that the task was done.
    let rewards = rows_of("rewards").and_then(|rows| file.table(&rows)).ok();
    let success = rewards.map(|r| r.data.iter().any(|x| *x >= 1.0)).filter(|done| *done);
    let pictures = cameras.names().map(|camera| rows_of(&format!("obs/{camera}"))).collect::<Result<_>>()?;
    let recorded = Recorded { states, actions, pictures, success, outcome: Outcome::default() };
    Ok(recorded.with_outcome(file, OUTCOMES.map(|name| rows_of(name).ok())))
}
