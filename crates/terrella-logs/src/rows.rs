//! One run of a recording on rows: instants that all streams cover, cut into episodes, with what was there at each.

use super::clock::{Misfit, Times, pick};
use super::cuts::{Cut, Span, cuts, marked};
use super::extent::{self, Bound, Edges, too_few};
use super::laid::Laid;
use super::mapping::{Mapping, Rule};
use super::pictures::{PictureAt, Seen};
use super::runs::Stamps;
use super::streams::Samples;
use std::ops::Range;
use terrella_data::outcome::Outcome;

/// Rows of one episode.
pub(super) struct Rows {
    pub(super) states: Vec<f32>,
    pub(super) actions: Vec<f32>,
    /// Of the camera, if there is one, and of each view: one a row.
    pub(super) pictures: Vec<Vec<PictureAt>>,
    /// Stored times of the samples within, in seconds, as written.
    pub(super) times: Vec<f64>,
    /// Instants of the rows in seconds, where they are those of samples; empty where rows lie on a grid.
    pub(super) instants: Vec<f64>,
    /// What came of each action.
    pub(super) outcome: Outcome,
    /// Whether the task was done.
    pub(super) success: Option<bool>,
    /// What was being done, where the episode itself says so.
    pub(super) task: Option<String>,
}

/// All that was read of a recording.
pub(super) struct Streams {
    pub(super) state: Vec<Samples>,
    pub(super) action: Vec<Samples>,
    /// Reward, end and cut.
    pub(super) outcomes: Vec<Option<Samples>>,
    /// Each of the mapping's pictures, by section.
    pub(super) pictures: Vec<(String, Seen)>,
    pub(super) spans: Vec<Span>,
    pub(super) success: Option<bool>,
}

/// What rows are wanted.
pub(super) struct Asked<'a> {
    pub(super) mapping: &'a Mapping,
    /// Rows a second.
    pub(super) fps: f64,
    /// Whether they lie on a grid; they are the samples of the first stream otherwise.
    pub(super) grid: bool,
}

/// What came of one run.
pub(super) struct Run {
    pub(super) episodes: Vec<Rows>,
    /// First and last instant of each.
    pub(super) ranges: Vec<(f64, f64)>,
    /// Instants that all streams cover.
    pub(super) instants: Vec<f64>,
    pub(super) misfits: Vec<(String, Misfit)>,
    pub(super) edges: Edges,
    /// Samples that repeat the time of the next one, and of what.
    pub(super) repeated: Vec<(String, usize)>,
}

impl Streams {
    /// The times of everything.
    pub(super) fn stamps(&mut self) -> Vec<&mut Stamps> {
        let outcomes = self.outcomes.iter_mut().flatten();
        let streams = self.state.iter_mut().chain(&mut self.action).chain(outcomes);
        let numbers = streams.flat_map(|s| s.parts.iter_mut().map(|part| &mut part.stamps));
        let seen = self.pictures.iter_mut().filter_map(|(_, seen)| match seen {
            Seen::There(stamps, _) => Some(stamps),
            Seen::Unseen(_) => None,
        });
        numbers.chain(seen).collect()
    }

    /// Of each of the pictures, why it cannot be seen.
    pub(super) fn unseen(&self) -> Vec<Option<String>> {
        let why = |(_, seen): &(String, Seen)| if let Seen::Unseen(why) = seen { Some(why.clone()) } else { None };
        self.pictures.iter().map(why).collect()
    }

    /// Samples a second of the first stream.
    pub(super) fn rate(&self) -> Option<f64> {
        let first = self.state.iter().chain(&self.action).next()?;
        first.parts.iter().map(|part| &part.stamps).max_by_key(|stamps| stamps.times.len())?.rate()
    }

    /// Puts one run of its clocks onto rows.
    pub(super) fn rows(&self, run: usize, asked: &Asked<'_>) -> Result<Run, String> {
        let (state, action) = (laid(&self.state, run)?, laid(&self.action, run)?);
        let outcomes = self.outcomes.iter().map(|s| s.as_ref().map(|s| s.during(run)).transpose());
        let outcomes = outcomes.collect::<Result<Vec<_>, _>>()?;
        let repeated = self.state.iter().chain(&self.action).zip(state.iter().chain(&action));
        let repeated =
            repeated.filter(|(_, l)| l.repeated > 0).map(|(s, l)| (s.names[0].clone(), l.repeated)).collect();
        let mut seen: Vec<(&str, Times, Vec<&PictureAt>)> = Vec::new();
        for (name, pictures) in &self.pictures {
            let Seen::There(stamps, at) = pictures else { continue };
            let (times, kept) = stamps.during(run)?;
            seen.push((name, times, kept.into_iter().map(|i| &at[i]).collect()));
        }
        let bounds: Vec<Bound<'_>> = state.iter().chain(&action).flat_map(Laid::bounds).collect();
        let cameras = seen.iter().map(|(name, times, _)| Bound { name: (*name).to_owned(), times, held: false });
        let bounds: Vec<Bound<'_>> = bounds.into_iter().chain(cameras).collect();
        let fps = asked.fps;
        // Without a wanted rate the rows are the samples of the first clock.
        let base = if asked.grid { None } else { state.iter().chain(&action).next().and_then(Laid::busiest) };
        let instants = match base {
            Some(base) => extent::within(&base.0, &bounds),
            None => extent::rows(&bounds, fps)?,
        };
        if instants.is_empty() {
            return Err(format!("its clocks have no time in common ({})", extent::spelled(&bounds)));
        }
        let edges = Edges::of(&bounds, base, (fps, instants.len()), &|from, to| marked(&self.spans, from, to));
        if too_few(instants.len(), edges.lost()) {
            return Err(format!(
                "only {} of {} rows have all of its streams ({}); a stream that is published only when it changes needs align = \"hold\", and one that hardly runs together with the others is better left out",
                instants.len(),
                instants.len() + edges.lost(),
                extent::spelled(&bounds)
            ));
        }
        // What is held may stand still.
        let all_held = bounds.iter().all(|b| b.held);
        let clocks: Vec<&Times> = bounds.iter().filter(|b| all_held || !b.held).map(|b| b.times).collect();
        let mut cuts = cuts(asked.mapping, &instants, &clocks, &self.spans, fps);
        if cuts.is_empty() {
            return Err("no row lies between its marks".to_owned());
        }
        let sums: Vec<Option<Vec<f64>>> =
            outcomes.iter().map(|s| s.as_ref().map(|s| s.until_next(&instants, 1.0 / fps))).collect();
        let results: Vec<Outcome> = cuts.iter().map(|cut| outcome(&sums, cut.rows.clone())).collect();
        // Only rows of episodes count from here on.
        let mut kept = Vec::with_capacity(instants.len());
        for cut in &mut cuts {
            let start = kept.len();
            kept.extend_from_slice(&instants[cut.rows.clone()]);
            cut.rows = start..kept.len();
        }
        let mut misfits = Vec::new();
        let states = table(&self.state, &state, &kept, &mut misfits);
        let actions = match &action[..] {
            [] => vec![vec![0.0]; kept.len()],
            action => table(&self.action, action, &kept, &mut misfits),
        };
        let shown = seen.iter().map(|(name, times, at)| {
            let mut misfit = Misfit::default();
            let picked = pick(times, &kept, Rule::Nearest, &mut misfit);
            misfits.push(((*name).to_owned(), misfit));
            picked.into_iter().map(|i| at[i].clone()).collect::<Vec<_>>()
        });
        let shown: Vec<Vec<PictureAt>> = shown.collect();
        let ranges = cuts.iter().map(|cut| (kept[cut.rows.start], kept[cut.rows.end - 1])).collect();
        let episodes = cuts.into_iter().zip(results).map(|(Cut { rows, span }, outcome)| Rows {
            instants: if asked.grid { Vec::new() } else { kept[rows.clone()].to_vec() },
            outcome,
            states: states[rows.clone()].concat(),
            actions: actions[rows.clone()].concat(),
            pictures: shown.iter().map(|s| s[rows.clone()].to_vec()).collect(),
            times: Vec::new(),
            success: span.and_then(|at| self.spans[at].success).or(self.success),
            task: span.and_then(|at| self.spans[at].task.clone()),
        });
        let episodes = episodes.collect();
        Ok(Run { episodes, ranges, misfits, edges, repeated, instants })
    }
}

/// Streams in one run.
fn laid(all: &[Samples], run: usize) -> Result<Vec<Laid<'_>>, String> {
    all.iter().map(|s| s.during(run)).collect()
}

/// Streams side by side, a row at each instant.
fn table(
    samples: &[Samples],
    laid: &[Laid<'_>],
    instants: &[f64],
    misfits: &mut Vec<(String, Misfit)>,
) -> Vec<Vec<f32>> {
    let parts: Vec<(usize, Vec<f64>)> =
        samples.iter().zip(laid).map(|(s, l)| (s.names.len(), l.on(instants, misfits))).collect();
    let row = |at: usize| parts.iter().flat_map(move |(w, data)| data[at * w..(at + 1) * w].iter().map(|x| *x as f32));
    (0..instants.len()).map(|at| row(at).collect()).collect()
}

/// What came of the actions in these rows.
fn outcome(sums: &[Option<Vec<f64>>], rows: Range<usize>) -> Outcome {
    let of = |at: usize| sums[at].as_ref().map_or(&[][..], |sums| &sums[rows.clone()]).iter();
    Outcome {
        rewards: of(0).map(|x| *x as f32).collect(),
        terminated: of(1).map(|x| *x != 0.0).collect(),
        truncated: of(2).map(|x| *x != 0.0).collect(),
    }
}
