//! One recording of a log: its streams read, the runs of their clocks found, each of them put onto rows.

use super::clock::{Misfit, rounding};
use super::contents::Place;
use super::cuts::truth;
use super::extent::Edges;
use super::mapping::{Rule, Stream};
use super::reader::Reader;
use super::rows::{Asked, Rows, Streams};
use super::runs::{agree, restarts};
use super::streams::Samples;
use std::collections::BTreeSet;
use terrella_core::NO_ACTION;
use terrella_data::vectors::{Vector, joined_names};

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
    /// Rows that streams cost at its ends.
    pub(super) edges: Edges,
    /// Of each of the mapping's pictures, why it cannot be seen.
    pub(super) unseen: Vec<Option<String>>,
    /// What is odd about it.
    pub(super) odd: Vec<String>,
    /// Columns of its files that no stream took.
    pub(super) unused: BTreeSet<String>,
}

impl Reader<'_> {
    /// Reads the recording; `fps` overrules the mapping.
    pub(super) fn read(&mut self, fps: Option<f64>) -> Result<Recording, String> {
        let mapping = self.mapping;
        let mut streams = self.streams()?;
        let task = self.task()?;
        streams.success = self.success()?;
        let (runs, told) = agree(streams.stamps())?;
        if runs > 1 && !streams.spans.is_empty() {
            return Err(format!(
                "{}, but marks do not say in which of them they lie; give all streams and the marks clock = {{ column = \"log_time\" }}",
                told.unwrap_or_default()
            ));
        }
        let chosen = fps.or(mapping.fps);
        let fps = chosen.or_else(|| streams.rate()).ok_or("it has one sample, which tells no rate; give fps")?;
        let asked = Asked { mapping, fps, grid: chosen.is_some() };
        let stored = by_run(self.stored.take().unwrap_or_default(), runs);
        let mut read = Recording {
            task,
            fps,
            state: Vec::new(),
            units: Vec::new(),
            action: Vec::new(),
            episodes: Vec::new(),
            misfits: Vec::new(),
            edges: Edges::default(),
            unseen: streams.unseen(),
            odd: Vec::new(),
            unused: BTreeSet::new(),
        };
        self.odd.extend(told);
        let mut failed = None;
        for (run, stored) in stored.iter().enumerate() {
            let mut found = match streams.rows(run, &asked) {
                Ok(found) => found,
                Err(why) if runs > 1 => {
                    self.tell(format!("left out: part {} of {runs}: {why}", run + 1));
                    failed.get_or_insert(why);
                    continue;
                }
                Err(why) => return Err(why),
            };
            for (name, n) in found.repeated {
                self.tell(format!("{n} samples of {name} repeat the time of the next one and were left out"));
            }
            if runs == 1 {
                self.tell_jumps(&found.instants);
            }
            for (rows, (from, to)) in found.episodes.iter_mut().zip(found.ranges) {
                rows.times = stored_within(stored, from, to);
            }
            read.episodes.extend(found.episodes);
            read.misfits.extend(found.misfits);
            read.edges.merge(found.edges, 0);
        }
        if read.episodes.is_empty() {
            return Err(failed.unwrap_or_else(|| "it has no rows".to_owned()));
        }
        read.units = streams.state.iter().flat_map(|s| s.units.clone()).collect();
        let vector = |(stream, samples): (&Stream, &Samples)| Vector {
            numbers: samples.names.clone(),
            ..Vector::new(stream.stem(), samples.names.len())
        };
        let vectors: Vec<Vector> = mapping.state.iter().zip(&streams.state).map(vector).collect();
        read.state = joined_names(&vectors);
        read.action = match &streams.action[..] {
            [] => vec![NO_ACTION.to_owned()],
            action => action.iter().flat_map(|s| s.names.clone()).collect(),
        };
        read.unused = self.unused();
        read.odd = std::mem::take(&mut self.odd);
        Ok(read)
    }

    /// Everything that the mapping names.
    fn streams(&mut self) -> Result<Streams, String> {
        let mapping = self.mapping;
        let state = mapping.state.iter().map(|s| self.stream(s, Rule::Interpolate)).collect::<Result<Vec<_>, _>>()?;
        let action = mapping.action.iter().map(|s| self.stream(s, Rule::Hold)).collect::<Result<Vec<_>, _>>()?;
        let outcomes = mapping.outcomes().map(|(what, s)| s.map(|s| self.outcome(what, s)).transpose());
        let outcomes = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
        let pictures = mapping.pictures().map(|(name, p)| Ok((name, self.pictures(p)?)));
        let pictures = pictures.collect::<Result<_, String>>()?;
        let spans = mapping.marks.as_ref().map(|marks| self.spans(marks)).transpose()?.unwrap_or_default();
        Ok(Streams { state, action, outcomes, pictures, spans, success: None })
    }

    /// What was being done, where the whole recording says so.
    fn task(&mut self) -> Result<Option<String>, String> {
        let Some(column) = &self.mapping.task_column else { return Ok(self.mapping.task.clone()) };
        self.used.insert(column.clone());
        Ok(self.content(Place::default())?.1.texts(column)?.into_iter().next())
    }

    /// Whether it was, where the whole recording says so.
    fn success(&mut self) -> Result<Option<bool>, String> {
        let Some(column) = &self.mapping.success_column else { return Ok(None) };
        self.used.insert(column.clone());
        let (_, content) = self.content(Place::default())?;
        Ok(match content.numbers(column) {
            Ok(numbers) => numbers.data.first().map(|x| *x != 0.0),
            Err(_) => content.texts(column)?.first().and_then(|text| truth(text)),
        })
    }

    /// Columns that no stream took, and topics that nobody wanted.
    fn unused(&mut self) -> BTreeSet<String> {
        // What comes along with pictures and marks is nobody's measurement.
        let streams: BTreeSet<&str> = self.mapping.streams().filter_map(|s| s.topic.as_deref()).collect();
        let measured = self.contents.iter().filter(|((_, t), _)| t.is_empty() || streams.contains(t.as_str()));
        let all = measured.flat_map(|(_, content)| content.names()).collect::<BTreeSet<_>>();
        let unused =
            all.into_iter().filter(|name| streams.is_empty() || !matches!(name.as_str(), "log_time" | "publish_time"));
        let unused = unused.filter(|name| {
            !self.used.iter().any(|u| u.split(['.', '[']).next() == name.split(['.', '[']).next() || u == name)
        });
        unused.chain(std::mem::take(&mut self.others)).collect()
    }
}

/// Stored times beside those that are believed, of each run.
fn by_run(stored: Vec<[f64; 2]>, runs: usize) -> Vec<Vec<[f64; 2]>> {
    let believed: Vec<f64> = stored.iter().map(|[_, t]| *t).collect();
    let starts = restarts(&believed);
    if starts.len() + 1 != runs {
        return vec![stored; runs];
    }
    let ends = starts.iter().copied().chain([stored.len()]);
    std::iter::once(0).chain(starts.iter().copied()).zip(ends).map(|(from, to)| stored[from..to].to_vec()).collect()
}

/// Stored times of the samples between two believed instants; NaN never lies between.
fn stored_within(stored: &[[f64; 2]], from: f64, to: f64) -> Vec<f64> {
    let slack = (to - from) * 1e-9 + rounding(to);
    stored.iter().filter(|[_, t]| *t >= from - slack && *t <= to + slack).map(|[raw, _]| *raw).collect()
}
