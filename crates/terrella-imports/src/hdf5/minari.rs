//! Minari's layout: `episode_N` with `actions`, `observations` (one more, or a dictionary of them), `rewards`, `terminations`
//! and `truncations`, in `data/main_data.hdf5` of a folder, with `metadata.json` beside it.
//!
//! The state is made of all observations that are numbers; `infos` are others to ask for.

use super::file::Hdf5;
use super::grouped::{Grouped, groups};
use crate::arrays::listing::{CHOSEN_BY, not_kept};
use crate::arrays::recorded::Found;
use crate::arrays::store::Store;
use serde_json::Value;
use terrella_data::vectors::{joined_names, made_of};
use terrella_data::{Result, SourceOptions};

/// What came of each action.
const OUTCOMES: [&str; 3] = ["rewards", "terminations", "truncations"];

pub(super) fn is(file: &Hdf5) -> bool {
    let named = |name: &String| name.starts_with("episode_");
    file.groups("").iter().any(|name| named(name) && file.has(&format!("{name}/actions")))
}

pub(super) fn read(file: &Hdf5, options: &SourceOptions) -> Result<Found> {
    let grouped = Grouped::new(file, groups(file, "", "episode_")?)?;
    let usual = |name: &str, _: &_| name == "observations" || name.starts_with("observations/");
    let (parts, cameras) = grouped.parts(options, OUTCOMES, usual)?;
    let mut notes: Vec<_> = not_kept(&grouped.arrays, CHOSEN_BY, |name| parts.has(name)).into_iter().collect();
    if options.vectors.is_empty() {
        notes.extend(made_of("state", parts.state.iter().map(|v| v.name.as_str())));
    }
    let beside = file.path().with_file_name("metadata.json");
    let said = std::fs::read(&beside).ok();
    let metadata: Value = said.as_ref().and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
    // The world is a text of JSON in there.
    let world: Value =
        metadata["env_spec"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let task = [&world["id"], &metadata["dataset_id"]].into_iter().find_map(Value::as_str).map(str::to_owned);
    let (state, episodes) = (joined_names(&parts.state), grouped.read(&parts));
    let beside = said.map(|_| beside).into_iter().collect();
    Ok(Found { task, state, cameras, outcomes: OUTCOMES, episodes, notes, beside, ..Found::default() })
}
