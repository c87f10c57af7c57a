//! One recording of a log: its streams read, their clocks met, its rows cut into episodes.

use super::clock::{Misfit, Times, common, pick, rows};
use super::contents::Place;
use super::cuts::{Cut, cuts, truth};
use super::mapping::{Rule, Stream};
use super::pictures::PictureAt;
use super::reader::Reader;
use super::streams::Samples;
use crate::outcome::Outcome;
use crate::vectors::{Vector, joined_names};
use std::collections::BTreeSet;
use std::ops::Range;
use terrella_core::NO_ACTION;

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

/// What came of one recording.
pub(super) struct Recording {
    pub(super) task: Option<String>,
    pub(super) fps: f64,
    pub(super) state: Vec<String>,
    /// Units of the state.
    pub(super) units: Vec<String>,
    pub(super) action: Vec<String>,
    pub(super) episodes: Vec<Rows>,
    /// Distances between samples and rows, a name each.
    pub(super) misfits: Vec<(String, Misfit)>,
    /// What is odd about it.
    pub(super) odd: Vec<String>,
    /// Columns of its files that no stream took.
    pub(super) unused: BTreeSet<String>,
}

impl Reader<'_> {
    /// Reads the recording; `fps` overrules the mapping.
    pub(super) fn read(&mut self, fps: Option<f64>) -> Result<Recording, String> {
        let mapping = self.mapping;
        let state = mapping.state.iter().map(|s| self.stream(s, Rule::Interpolate)).collect::<Result<Vec<_>, _>>()?;
        let action = mapping.action.iter().map(|s| self.stream(s, Rule::Hold)).collect::<Result<Vec<_>, _>>()?;
        let outcomes = mapping.outcomes().map(|(what, s)| s.map(|s| self.outcome(what, s)).transpose());
        let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
        let pictures = mapping.pictures().map(|(name, p)| Ok((name, self.pictures(p)?)));
        let pictures: Vec<(String, (Times, Vec<PictureAt>))> = pictures.collect::<Result<_, String>>()?;
        let spans = mapping.marks.as_ref().map(|marks| self.spans(marks)).transpose()?.unwrap_or_default();
        let task = match &mapping.task_column {
            Some(column) => {
                self.used.insert(column.clone());
                self.content(Place::default())?.1.texts(column)?.into_iter().next()
            }
            None => mapping.task.clone(),
        };
        let success = match &mapping.success_column {
            Some(column) => {
                self.used.insert(column.clone());
                let (_, content) = self.content(Place::default())?;
                match content.numbers(column) {
                    Ok(numbers) => numbers.data.first().map(|x| *x != 0.0),
                    Err(_) => content.texts(column)?.first().and_then(|text| truth(text)),
                }
            }
            None => None,
        };
        let clocks: Vec<&Times> =
            state.iter().chain(&action).map(|s| &s.times).chain(pictures.iter().map(|(_, (t, _))| t)).collect();
        let native = || clocks[0].median_interval().map(|dt| 1.0 / dt);
        let chosen = fps.or(mapping.fps);
        let fps = chosen.or_else(native).ok_or("it has one sample, which tells no rate; give fps")?;
        // Without a wanted rate the rows are the samples of the first clock.
        let instants = if chosen.is_some() { rows(&clocks, fps)? } else { within(&clocks[0].0, &clocks) };
        if instants.is_empty() {
            let span = |t: &&Times| format!("{:.3} to {:.3} s", t.0[0], t.0[t.0.len() - 1]);
            return Err(format!(
                "its clocks have no time in common ({})",
                clocks.iter().map(span).collect::<Vec<_>>().join(", ")
            ));
        }
        let mut cuts = cuts(mapping, &instants, &clocks, &spans, fps);
        if cuts.is_empty() {
            return Err("no row lies between its marks".to_owned());
        }
        let sums = outcomes.iter().map(|s| s.as_ref().map(|s| s.until_next(&instants, 1.0 / fps)));
        let sums: Vec<Option<Vec<f64>>> = sums.collect();
        let outcome_of = |rows: Range<usize>| {
            let of = |at: usize| sums[at].as_ref().map_or(&[][..], |sums| &sums[rows.clone()]).iter();
            Outcome {
                rewards: of(0).map(|x| *x as f32).collect(),
                terminated: of(1).map(|x| *x != 0.0).collect(),
                truncated: of(2).map(|x| *x != 0.0).collect(),
            }
        };
        let results: Vec<Outcome> = cuts.iter().map(|cut| outcome_of(cut.rows.clone())).collect();
        // Only rows of episodes count from here on.
        let mut kept = Vec::with_capacity(instants.len());
        for cut in &mut cuts {
            let start = kept.len();
            kept.extend_from_slice(&instants[cut.rows.clone()]);
            cut.rows = start..kept.len();
        }
        let instants = kept;
        let mut misfits = Vec::new();
        let mut table = |streams: &[Samples], instants: &[f64]| {
            let parts: Vec<(usize, Vec<f64>)> =
                streams.iter().map(|s| (s.column.width, s.on(instants, &mut misfits))).collect();
            let row = |at: usize| {
                parts.iter().flat_map(move |(w, data)| data[at * w..(at + 1) * w].iter().map(|x| *x as f32))
            };
            (0..instants.len()).map(|at| row(at).collect()).collect::<Vec<Vec<f32>>>()
        };
        let (states, mut actions) = (table(&state, &instants), table(&action, &instants));
        if action.is_empty() {
            actions = vec![vec![0.0]; instants.len()];
        }
        let shown = pictures.into_iter().map(|(name, (times, at))| {
            let mut misfit = Misfit::default();
            let picked = pick(&times, &instants, Rule::Nearest, &mut misfit);
            misfits.push((name, misfit));
            picked.into_iter().map(|i| at[i].clone()).collect::<Vec<_>>()
        });
        let shown: Vec<Vec<PictureAt>> = shown.collect();
        let stored = self.stored.take().unwrap_or_default();
        let episodes = cuts.into_iter().zip(results).map(|(Cut { rows, span }, outcome)| Rows {
            instants: if chosen.is_some() { Vec::new() } else { instants[rows.clone()].to_vec() },
            outcome,
            states: states[rows.clone()].concat(),
            actions: actions[rows.clone()].concat(),
            pictures: shown.iter().map(|s| s[rows.clone()].to_vec()).collect(),
            times: stored_within(&stored, instants[rows.start], instants[rows.end - 1]),
            success: span.and_then(|at| spans[at].success).or(success),
            task: span.and_then(|at| spans[at].task.clone()),
        });
        let units = state.iter().flat_map(|s| s.units.clone()).collect();
        let names = |streams: Vec<Samples>| streams.into_iter().flat_map(|s| s.names).collect::<Vec<_>>();
        let vector = |(stream, samples): (&Stream, &Samples)| Vector {
            numbers: samples.names.clone(),
            ..Vector::new(stream.stem(), samples.names.len())
        };
        let vectors: Vec<Vector> = mapping.state.iter().zip(&state).map(vector).collect();
        // What comes along with pictures and marks is nobody's measurement.
        let streams: BTreeSet<&str> = mapping.streams().filter_map(|s| s.topic.as_deref()).collect();
        let measured = self.contents.iter().filter(|((_, t), _)| t.is_empty() || streams.contains(t.as_str()));
        let all = measured.flat_map(|(_, content)| content.names()).collect::<BTreeSet<_>>();
        let unused =
            all.into_iter().filter(|name| streams.is_empty() || !matches!(name.as_str(), "log_time" | "publish_time"));
        let unused = unused.filter(|name| {
            !self.used.iter().any(|u| u.split(['.', '[']).next() == name.split(['.', '[']).next() || u == name)
        });
        Ok(Recording {
            task,
            fps,
            episodes: episodes.collect(),
            units,
            state: joined_names(&vectors),
            action: if action.is_empty() { vec![NO_ACTION.to_owned()] } else { names(action) },
            misfits,
            unused: unused.chain(std::mem::take(&mut self.others)).collect(),
            odd: std::mem::take(&mut self.odd),
        })
    }
}

/// Stored times of the samples between two believed instants; NaN never lies between.
fn stored_within(stored: &[[f64; 2]], from: f64, to: f64) -> Vec<f64> {
    let slack = (to - from) * 1e-9;
    stored.iter().filter(|[_, t]| *t >= from - slack && *t <= to + slack).map(|[raw, _]| *raw).collect()
}

/// Samples of the first clock that lie within all others.
fn within(times: &[f64], clocks: &[&Times]) -> Vec<f64> {
    let Some((start, end)) = common(clocks) else { return Vec::new() };
    times.iter().copied().filter(|t| *t >= start && *t <= end).collect()
}
