//! What a recording contains, and what looks odd about it.
//!
//! Tables are read completely; pictures only of a few evenly spaced episodes, so that looking at a
//! large dataset takes no longer than looking at a small one.

use crate::Opened;
use serde::Serialize;
use terrella_core::{Episode, Stats};
use terrella_data::{Result, Source, View};

/// Episodes whose pictures are looked at.
const LOOKED_AT: usize = 12;

/// A description of a recording.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Name of the format.
    pub format: String,
    /// Episodes.
    pub episodes: usize,
    /// Rows over all episodes.
    pub rows: usize,
    /// Rows a second.
    pub fps: f64,
    /// The world that can replay it.
    pub env: Option<String>,
    /// Height and width of the recorded pictures.
    pub image: Option<[usize; 2]>,
    /// Views beside them, of those that were asked for.
    pub views: Vec<View>,
    /// Names of the state's numbers.
    pub state: Vec<String>,
    /// Names of the action's numbers.
    pub action: Vec<String>,
    /// Distinct tasks.
    pub tasks: Vec<String>,
    /// Rows of the shortest, the median and the longest episode.
    pub lengths: [usize; 3],
    /// Statistics of the state columns.
    pub state_stats: Stats,
    /// Statistics of the action columns.
    pub action_stats: Stats,
    /// SHA-256 of the content.
    pub hash: String,
    /// What looks odd.
    pub warnings: Vec<String>,
}

/// Describes a recording of any format.
///
/// # Errors
/// If it cannot be read.
pub fn inspect(source: &Opened) -> Result<Summary> {
    let signature = source.signature().clone();
    let mut lengths = source.lengths();
    let episodes: Vec<Episode> = (0..lengths.len()).map(|at| source.episode(at)).collect();
    let state_stats = Stats::of(signature.state.len(), episodes.iter().map(|e| &e.states).filter(|t| t.width > 0));
    let action_stats = Stats::of(signature.action.len(), episodes.iter().map(|e| &e.actions));
    let mut warnings = constant_columns("state", &signature.state, &state_stats);
    warnings.extend(constant_columns("action", &signature.action, &action_stats));
    warnings.extend(repeated_pictures(&**source, &lengths)?);
    warnings.extend(source.notes().iter().map(ToString::to_string));
    let mut tasks: Vec<String> = episodes.iter().map(|e| e.task.clone()).collect();
    tasks.sort();
    tasks.dedup();
    let rows = lengths.iter().sum();
    lengths.sort_unstable();
    let at = |i: usize| lengths.get(i).copied().unwrap_or(0);
    Ok(Summary {
        format: source.format().to_owned(),
        episodes: lengths.len(),
        rows,
        fps: signature.fps,
        env: signature.env,
        image: signature.image,
        views: source.views().to_vec(),
        state: signature.state,
        action: signature.action,
        tasks,
        lengths: [at(0), at(lengths.len() / 2), at(lengths.len().saturating_sub(1))],
        state_stats,
        action_stats,
        hash: source.hash()?.to_owned(),
        warnings,
    })
}

fn constant_columns(what: &str, names: &[String], stats: &Stats) -> Vec<String> {
    let constant = (0..stats.width()).filter(|i| stats.count > 1 && stats.min[*i] == stats.max[*i]);
    constant.map(|i| format!("{what} {} is {} in every row", names[i], stats.min[i])).collect()
}

/// Counts pictures that equal the one before them: a camera that hangs, or a recorder that runs
/// faster than its camera.
fn repeated_pictures(source: &dyn Source, lengths: &[usize]) -> Result<Option<String>> {
    let (mut seen, mut repeated) = (0, 0);
    let n = lengths.len().min(LOOKED_AT);
    for i in 0..n {
        let Some(frames) = source.pictures(i * lengths.len() / n)? else { return Ok(None) };
        seen += frames.len().saturating_sub(1);
        repeated += (1..frames.len()).filter(|t| frames.bytes(*t) == frames.bytes(t - 1)).count();
    }
    let text = || format!("{repeated} of {seen} pictures looked at equal the one before them");
    Ok((repeated * 10 > seen).then(text))
}
