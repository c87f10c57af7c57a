//! robomimic's layout: `data/demo_N` with `actions`, observations in `obs` and, for simulators, `states`.
//!
//! The state is made of all observations that are rows of floats, in the order of their names; of `states` if
//! there are none; of others where they are asked for. Masks are splits. LIBERO stores so too, a file each task.

use super::file::Hdf5;
use crate::arrays::recorded::{Cameras, Found, Recorded, pictures_among};
use crate::arrays::store::{Rows, Shape, Store};
use serde_json::Value;
use terrella_data::vectors::{Vector, choose_vectors, joined, joined_names};
use terrella_data::{Error, Note, Result, SourceOptions};

/// What came of each action; where a recording was cut is not stored.
const OUTCOMES: [&str; 3] = ["rewards", "dones", ""];

pub(super) fn is(file: &Hdf5) -> bool {
    file.groups("data").iter().any(|group| group.starts_with("demo"))
}

pub(super) fn read(file: &Hdf5, options: &SourceOptions) -> Result<Found> {
    let demos = file.groups("data");
    // The first of which all can be looked at stands for all.
    let sound = |demo: &&String| file.sound(&format!("data/{demo}"));
    let acts = |demo: &&String| file.shape(&format!("data/{demo}/actions")).is_ok();
    let whole = |demo: &&String| file.whole(&format!("data/{demo}")).is_ok() && acts(demo);
    let Some(first) = demos.iter().find(sound).or_else(|| demos.iter().find(whole)) else {
        return Err(file.lacks(&format!("none of {} demonstrations in data is whole", demos.len())));
    };
    let observed = file.datasets(&format!("data/{first}/obs"));
    let shown = pictures_among(file, &format!("data/{first}/obs"), &observed);
    let cameras = Cameras::choose(file.path(), options, &shown, None)?;
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
    let mut splits = Vec::new();
    for (name, _) in file.datasets("mask") {
        match file.texts(&format!("mask/{name}")) {
            Ok(names) => splits.push((name, names.into_iter().map(|demo| format!("data/{demo}")).collect())),
            Err(_) => others.push(format!("mask/{name}")),
        }
    }
    let mut notes = Vec::new();
    if !others.is_empty() {
        notes.push(Note { place: "datasets".to_owned(), what: format!("not kept: {}", others.join(", ")) });
    }
    let environment: Value =
        file.attribute("data", "env_args").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let state = joined_names(&parts);
    let episodes = demos
        .iter()
        .map(|demo| (format!("data/{demo}"), demonstration(file, &format!("data/{demo}"), &parts, &cameras)));
    let episodes = episodes.collect();
    let problem: Value =
        file.attribute("data", "problem_info").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let task = problem["language_instruction"].as_str().or(environment["env_name"].as_str());
    Ok(Found {
        fps: environment["env_kwargs"]["control_freq"].as_f64().filter(|f| *f > 0.0),
        task: task.map(str::to_owned),
        state,
        cameras,
        outcomes: OUTCOMES,
        episodes,
        splits,
        notes,
        ..Found::default()
    })
}

fn demonstration(file: &Hdf5, demo: &str, parts: &[Vector], cameras: &Cameras) -> Result<Recorded> {
    file.whole(demo)?;
    let rows_of = |name: &str| -> Result<Rows> {
        let array = format!("{demo}/{name}");
        let len = file.shape(&array)?.rows();
        Ok(Rows { array, from: 0, len })
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
    let recorded = Recorded { states, actions, pictures, success, ..Recorded::default() };
    recorded.with_outcome(file, OUTCOMES.map(|name| rows_of(name).ok())).with_sizes(file)
}
