//! ManiSkill's layout: `traj_N` with `actions`, `obs` (one more, nested), `rewards`, `success`, `terminated` and `truncated`; the
//! world and the rate are in a JSON file of the same name beside it.
//!
//! The state is made of the floats of `obs/agent` and `obs/extra`, or of `obs` where it is flat, or of `env_states` where nothing
//! was observed.

use super::file::Hdf5;
use super::grouped::{Grouped, groups};
use crate::arrays::listing::{CHOSEN_BY, not_kept};
use crate::arrays::recorded::Found;
use crate::arrays::store::{Kind, Shape, Store};
use serde_json::Value;
use terrella_data::vectors::{joined_names, made_of};
use terrella_data::{Note, Result, SourceOptions};

/// What came of each action.
const OUTCOMES: [&str; 3] = ["rewards", "terminated", "truncated"];
/// Rows a second where nothing says another: `control_freq` of ManiSkill.
const USUAL_RATE: f64 = 20.0;

pub(super) fn is(file: &Hdf5) -> bool {
    let named = |name: &String| name.starts_with("traj_");
    file.groups("").iter().any(|name| named(name) && file.has(&format!("{name}/actions")))
}

pub(super) fn read(file: &Hdf5, options: &SourceOptions) -> Result<Found> {
    let grouped = Grouped::new(file, groups(file, "", "traj_")?)?;
    let observed = |name: &str, shape: &Shape| {
        let body = name == "obs" || name.starts_with("obs/agent/") || name.starts_with("obs/extra/");
        body && shape.kind == Kind::Float
    };
    let any = grouped.arrays.iter().any(|(name, shape)| observed(name, shape) && shape.width().is_some());
    let simulated = |name: &str| name == "env_states" || name.starts_with("env_states/");
    let usual = |name: &str, shape: &Shape| if any { observed(name, shape) } else { simulated(name) };
    let (mut parts, cameras) = grouped.parts(options, OUTCOMES, usual)?;
    parts.success = grouped.column("success");
    let mut notes: Vec<_> = not_kept(&grouped.arrays, CHOSEN_BY, |name| parts.has(name)).into_iter().collect();
    if options.vectors.is_empty() {
        notes.extend(made_of("state", parts.state.iter().map(|v| v.name.as_str())));
    }
    let beside = file.path().with_extension("json");
    let said = std::fs::read(&beside).ok();
    let about: Value = said.as_ref().and_then(|text| serde_json::from_slice(text).ok()).unwrap_or_default();
    let world = &about["env_info"];
    let settings = &world["env_kwargs"];
    let rates = [settings, &settings["sim_config"], &settings["sim_cfg"]].map(|s| s["control_freq"].as_f64());
    let rate = rates.into_iter().flatten().find(|rate| *rate > 0.0);
    if rate.is_none() && options.fps.is_none() {
        let what =
            format!("not stored: {USUAL_RATE} rows a second are assumed, as ManiSkill acts; --fps says otherwise");
        notes.push(Note { place: "fps".to_owned(), what });
    }
    if said.is_none() {
        let name = beside.file_name().unwrap_or_default().to_string_lossy().into_owned();
        notes.push(Note { place: name, what: "not there: the world is not known".to_owned() });
    }
    let task = world["env_id"].as_str().map(str::to_owned);
    let mut episodes = grouped.read(&parts);
    let told = |name: &str| {
        let number: u64 = name.strip_prefix("traj_")?.parse().ok()?;
        about["episodes"].as_array()?.iter().find(|e| e["episode_id"].as_u64() == Some(number))?["success"].as_bool()
    };
    for (name, episode) in &mut episodes {
        if let Ok(episode) = episode {
            episode.success = episode.success.or_else(|| told(name));
        }
    }
    let state = joined_names(&parts.state);
    let (fps, beside) = (Some(rate.or(options.fps).unwrap_or(USUAL_RATE)), said.map(|_| beside).into_iter().collect());
    Ok(Found { fps, task, state, cameras, outcomes: OUTCOMES, episodes, notes, beside, ..Found::default() })
}
