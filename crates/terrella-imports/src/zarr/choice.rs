//! Which arrays of a replay buffer are what: by the names of Diffusion Policy and its kin.
//!
//! `data/state` is the state; without it, what the robot says of itself (`data/robot_eef_pose`, …). Bytes or floats in
//! the shape of pictures are cameras, `data/img` the usual one. Nothing is taken for a state that is not called one:
//! who imports is asked.

use super::described::Described;
use std::collections::BTreeMap;
use std::path::Path;
use terrella_data::vectors::{LARGEST_WIDTH, Vector, choose_vectors};
use terrella_data::views::{Offered, choose_camera, choose_views};
use terrella_data::{Error, Result, SourceOptions};

/// Where episodes end.
pub(super) const ENDS: &str = "meta/episode_ends";
/// The state as Diffusion Policy calls it.
pub(super) const STATE: &str = "data/state";
/// The picture as Diffusion Policy calls it.
const PICTURE: &str = "data/img";
/// What the action is called.
const ACTIONS: [&str; 2] = ["data/action", "data/actions"];
/// What the time of a row is called.
const TIMES: [&str; 4] = ["data/timestamp", "data/timestamps", "data/time", "data/times"];
/// What else a state is called, apart from anything that begins with `robot`.
const STATES: [&str; 7] = ["states", "obs", "observation", "observations", "agent_pos", "qpos", "proprio"];

/// Arrays by their parts.
pub(super) struct Chosen {
    pub(super) action: Described,
    /// What makes the state, of which the widths are known.
    pub(super) vectors: Vec<Vector>,
    pub(super) times: Option<Described>,
    /// The camera first, if there is one, then the views.
    pub(super) cameras: Vec<Described>,
    /// Whether the first of them is what models see.
    pub(super) sees: bool,
    pub(super) not_kept: Vec<String>,
}

/// Chooses among all arrays.
pub(super) fn choose(path: &Path, arrays: &BTreeMap<String, Described>, options: &SourceOptions) -> Result<Chosen> {
    let action = ACTIONS.iter().find_map(|name| arrays.get(*name));
    let action = action.ok_or_else(|| missing(path, "array", ACTIONS[0], arrays))?.clone();
    let times = TIMES.iter().find_map(|name| arrays.get(*name)).filter(|a| a.width() == 1);
    let offered: Vec<Offered<'_>> =
        arrays.values().filter(|a| is_picture(a)).map(|a| Offered { name: &a.name, depth: false }).collect();
    let camera = choose_camera(path, options, &offered, Some(PICTURE), |name| missing(path, "camera", name, arrays))?;
    let views = choose_views(path, options, &offered, camera.as_deref())?;
    let pictures: Vec<&str> = offered.iter().map(|o| o.name).collect();
    let aside = |a: &Described| a.name == action.name || pictures.contains(&a.name.as_str());
    let numbers: Vec<&Described> = arrays.values().filter(|a| a.name.starts_with("data/") && !aside(a)).collect();
    let offered: Vec<Vector> = numbers.iter().map(|a| Vector::new(&a.name, a.width())).collect();
    let whole = arrays.contains_key(STATE);
    let usual = |v: &Vector| if whole { v.name == STATE } else { is_state(&v.name) && v.width <= LARGEST_WIDTH };
    let vectors = choose_vectors(path, options, offered, usual)?;
    let is_time = |a: &Described| times.is_some_and(|times| times.name == a.name);
    let others: Vec<&str> = numbers.iter().filter(|a| !is_time(a)).map(|a| a.name.as_str()).collect();
    if vectors.is_empty() && pictures.is_empty() && !others.is_empty() {
        let what = format!("there is no {STATE}, and nothing says which of {} make the state", others.join(", "));
        return Err(Error::broken(path, what, "name those that do with --vectors, separated by commas"));
    }
    let cameras: Vec<Described> =
        camera.iter().chain(&views).filter_map(|name| arrays.get(name.as_str())).cloned().collect();
    let kept = |name: &str| {
        name == ENDS
            || name == action.name
            || vectors.iter().any(|v| v.name == name)
            || times.is_some_and(|times| times.name == name)
            || cameras.iter().any(|camera| camera.name == name)
    };
    let unwanted = |name: &str| options.no_pictures && pictures.contains(&name);
    let not_kept = arrays.keys().filter(|name| !kept(name) && !unwanted(name)).cloned().collect();
    Ok(Chosen { action, vectors, times: times.cloned(), cameras, sees: camera.is_some(), not_kept })
}

/// An error about an array that is not there.
pub(super) fn missing(path: &Path, kind: &'static str, name: &str, arrays: &BTreeMap<String, Described>) -> Error {
    let present = arrays.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    Error::Missing { path: path.to_path_buf(), kind, name: name.to_owned(), present }
}

/// Colours, channels last. Floats of that shape are pictures where they are called so; they may be points.
fn is_picture(array: &Described) -> bool {
    let named = ["img", "image", "rgb", "camera"].iter().any(|word| array.name.contains(word));
    let shaped = matches!(array.shape[..], [_, _, _, 3]) && (array.dtype == "u1" || array.dtype == "f4" && named);
    array.name.starts_with("data/") && (shaped || array.name == PICTURE)
}

/// Whether an array is called what a robot says of itself.
fn is_state(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.starts_with("robot") || STATES.contains(&last)
}
