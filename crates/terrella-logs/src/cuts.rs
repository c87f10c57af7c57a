//! Where episodes begin and end within a recording: at marks, at gaps of a clock, after so many rows.

use super::clock::Times;
use super::contents::Place;
use super::mapping::{Mapping, Marks};
use super::reader::Reader;
use super::runs::present;
use std::ops::Range;

/// A stretch of time that is an episode.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    from: f64,
    to: f64,
    /// What is done in it.
    pub(super) task: Option<String>,
    /// Whether it was.
    pub(super) success: Option<bool>,
}

/// Rows of one episode, and the marked stretch they lie in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut {
    pub(super) rows: Range<usize>,
    pub(super) span: Option<usize>,
}

impl Reader<'_> {
    /// The stretches between marks.
    pub(super) fn spans(&mut self, marks: &Marks) -> Result<Vec<Span>, String> {
        let place = Place { file: marks.file.as_deref(), topic: marks.topic.as_deref() };
        if let Some(topic) = &marks.topic
            && self.lacks(place)
        {
            self.odd.push(format!("nothing was marked on {topic}: the recording is one episode"));
            return Ok(Vec::new());
        }
        let (file, content) = self.content(place)?;
        let texts = |column: &Option<String>| {
            column.as_ref().map(|c| content.texts(c).map_err(|e| format!("{file}: {e}"))).transpose()
        };
        let (events, tasks) = (texts(&marks.event)?, texts(&marks.task)?);
        let successes: Option<Vec<Option<bool>>> = match &marks.success {
            None => None,
            Some(column) => Some(match content.numbers(column) {
                Ok(numbers) => numbers.data.iter().map(|x| x.is_finite().then_some(*x != 0.0)).collect(),
                Err(_) => content.texts(column)?.iter().map(|text| truth(text)).collect(),
            }),
        };
        let n = [events.as_ref().map(Vec::len), tasks.as_ref().map(Vec::len), successes.as_ref().map(Vec::len)];
        let n = n.into_iter().flatten().next().or_else(|| content.numbers("log_time").ok().map(|c| c.rows()));
        let n = n.ok_or("marks name no column; give event, task or success")?;
        for column in [&marks.event, &marks.task, &marks.success].into_iter().flatten() {
            self.used.insert(column.clone());
        }
        let stamps = self.stamps(marks.clock.as_ref(), place, n)?;
        let timed = present(&stamps)?;
        let (times, kept) = stamps.pick(&timed).during(0)?;
        let kept = kept.into_iter().map(|at| timed[at]);
        let mut spans: Vec<Span> = Vec::new();
        let mut open = false;
        for (t, at) in times.0.into_iter().zip(kept) {
            let event = events.as_ref().map_or("begin", |e| e[at].as_str());
            let ends = match event.trim().to_lowercase().as_str() {
                "begin" | "start" => false,
                "end" | "stop" => true,
                // Other events are not about episodes.
                _ => continue,
            };
            if let Some(last) = spans.last_mut().filter(|_| open) {
                last.to = t;
                last.success = successes.as_ref().and_then(|s| s[at]).filter(|_| ends).or(last.success);
            }
            open = !ends;
            if open {
                let task = tasks.as_ref().map(|t| t[at].clone()).filter(|t| !t.trim().is_empty());
                let success = successes.as_ref().and_then(|s| s[at]);
                spans.push(Span { from: t, to: f64::INFINITY, task, success });
            }
        }
        if spans.is_empty() {
            return Err(format!("{file}: of {n} marks none begins an episode"));
        }
        Ok(spans)
    }
}

/// How many of the seconds between two instants belong to episodes.
pub(super) fn marked(spans: &[Span], from: f64, to: f64) -> f64 {
    if spans.is_empty() {
        return (to - from).max(0.0);
    }
    spans.iter().map(|s| (s.to.min(to) - s.from.max(from)).max(0.0)).sum()
}

/// Ranges of rows that are episodes: within spans, cut at gaps, then by length.
pub(super) fn cuts(mapping: &Mapping, instants: &[f64], clocks: &[&Times], spans: &[Span], fps: f64) -> Vec<Cut> {
    let limit = mapping.max_gap.unwrap_or(f64::INFINITY);
    let gaps = clocks.iter().flat_map(|c| c.0.windows(2).filter(|w| w[1] - w[0] > limit).map(|w| (w[0], w[1])));
    let gaps = apart(gaps.collect());
    let inside = |t: f64| gaps[..gaps.partition_point(|gap| gap.0 < t)].last().is_some_and(|gap| t < gap.1);
    let between = |a: f64, b: f64| gaps.get(gaps.partition_point(|gap| gap.0 < a)).is_some_and(|gap| gap.1 <= b);
    // A mark that is nearly at a row means the row.
    let slack = 1e-3 / fps;
    let span = |t: f64| {
        let at = spans.partition_point(|s| s.from <= t + slack).checked_sub(1)?;
        (t <= spans[at].to + slack).then_some(at)
    };
    let longest = mapping.episode_seconds.map_or(usize::MAX, |s| ((s * fps).round() as usize).max(1));
    let mut cuts = Vec::new();
    let mut start = 0;
    for at in 0..=instants.len() {
        let within = instants.get(at).map(|t| span(*t));
        let lost = at < instants.len() && (inside(instants[at]) || (!spans.is_empty() && within == Some(None)));
        let broken = at > start
            && at < instants.len()
            && (between(instants[at - 1], instants[at]) || within != Some(span(instants[at - 1])));
        if at == instants.len() || lost || broken {
            let span = instants.get(start).and_then(|t| span(*t));
            cuts.extend(pieces(start..at, longest).into_iter().map(|rows| Cut { rows, span }));
            start = if lost { at + 1 } else { at };
        }
    }
    cuts
}

/// Gaps in order, those that overlap as one, so that the one at an instant is found at once.
fn apart(mut gaps: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut apart: Vec<(f64, f64)> = Vec::with_capacity(gaps.len());
    for (from, to) in gaps {
        match apart.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            _ => apart.push((from, to)),
        }
    }
    apart
}

/// Cuts a range into pieces of a length; a rest of less than half of it stays with the last piece.
fn pieces(range: Range<usize>, length: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let rest = range.end - start;
        let end = if rest < length.saturating_add(length.div_ceil(2)) { range.end } else { start + length };
        pieces.push(start..end);
        start = end;
    }
    pieces
}

/// What a text says about success.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "success" => Some(true),
        "false" | "no" | "failure" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_rest_stays_with_the_last_piece() {
        assert_eq!(pieces(0..9, 4), [0..4, 4..9], "a rest of 1 of 4 joins");
        assert_eq!(pieces(2..13, 4), [2..6, 6..10, 10..13], "a rest of 3 of 4 stands alone");
        assert_eq!(pieces(0..3, usize::MAX).len(), 1, "no length");
        assert!(pieces(5..5, 4).is_empty(), "nothing");
    }

    #[test]
    fn gaps_of_all_clocks_cut_where_they_are() {
        assert_eq!(apart(vec![(5.0, 9.0), (0.0, 2.0), (1.0, 3.0), (9.0, 12.0)]), [(0.0, 3.0), (5.0, 9.0), (9.0, 12.0)]);
        let instants: Vec<f64> = (0..12).map(f64::from).collect();
        let (a, b) = (Times(vec![0.0, 2.5, 5.0, 7.0, 11.0]), Times(vec![0.0, 3.0, 4.0, 7.0, 9.0, 11.0]));
        let mapping = Mapping { max_gap: Some(2.2), ..Mapping::default() };
        let found: Vec<Range<usize>> =
            cuts(&mapping, &instants, &[&a, &b], &[], 1.0).into_iter().map(|cut| cut.rows).collect();
        assert_eq!(found, [0..1, 7..8, 11..12], "rows in a gap of any clock are lost");
        let mapping = Mapping { max_gap: Some(2.7), ..mapping };
        let found = cuts(&mapping, &instants, &[&a, &b], &[], 1.0).into_iter().map(|cut| cut.rows).collect::<Vec<_>>();
        assert_eq!(found, [0..1, 3..5, 7..8, 11..12], "gaps that are longer");
    }

    /// The same by looking through all gaps and all marks at every row.
    fn one_by_one(mapping: &Mapping, instants: &[f64], clocks: &[&Times], spans: &[Span], fps: f64) -> Vec<Cut> {
        let limit = mapping.max_gap.unwrap_or(f64::INFINITY);
        let long = clocks.iter().flat_map(|c| c.0.windows(2)).filter(|w| w[1] - w[0] > limit);
        let gaps: Vec<(f64, f64)> = long.map(|w| (w[0], w[1])).collect();
        let slack = 1e-3 / fps;
        let span = |t: f64| spans.iter().rposition(|s| s.from <= t + slack).filter(|at| t <= spans[*at].to + slack);
        let lost = |t: f64| gaps.iter().any(|gap| gap.0 < t && t < gap.1) || (!spans.is_empty() && span(t).is_none());
        let apart = |a: f64, b: f64| span(a) != span(b) || gaps.iter().any(|gap| gap.0 >= a && gap.1 <= b);
        let longest = mapping.episode_seconds.map_or(usize::MAX, |s| ((s * fps).round() as usize).max(1));
        let mut runs: Vec<Range<usize>> = Vec::new();
        for at in (0..instants.len()).filter(|at| !lost(instants[*at])) {
            match runs.last_mut().filter(|run| run.end == at && !apart(instants[at - 1], instants[at])) {
                Some(run) => run.end = at + 1,
                None => runs.push(at..at + 1),
            }
        }
        let cut = |run: Range<usize>| {
            let span = span(instants[run.start]);
            pieces(run, longest).into_iter().map(move |rows| Cut { rows, span })
        };
        runs.into_iter().flat_map(cut).collect()
    }

    #[test]
    fn any_gaps_and_marks_cut_as_they_do_one_by_one() {
        let mut several = 0;
        for round in 0..500 {
            let mut stream = terrella_core::Key::new(3).with("cuts").at(round).stream();
            // Halves of seconds, so that gaps, marks and rows often meet.
            let mut rising = |n: usize, most: usize| {
                let mut t = stream.below(4) as f64 / 2.0;
                let next = |_| {
                    t += (1 + stream.below(most)) as f64 / 2.0;
                    t
                };
                (0..n).map(next).collect::<Vec<f64>>()
            };
            let instants = rising(40, 2);
            let clocks = [rising(25, 5), rising(20, 6), rising(30, 4)].map(Times);
            let marks = rising(6, 14);
            let spans = marks.chunks(2).map(|m| Span { from: m[0], to: m[1], task: None, success: None });
            let spans: Vec<Span> = spans.filter(|_| round % 3 > 0).collect();
            let mapping = Mapping {
                max_gap: (round % 2 > 0).then_some(1.0 + (round % 5) as f64 / 2.0),
                episode_seconds: (round % 7 == 0).then_some(3.0),
                ..Mapping::default()
            };
            let clocks = clocks.each_ref();
            let found = cuts(&mapping, &instants, &clocks, &spans, 2.0);
            several += usize::from(found.len() > 2);
            assert_eq!(found, one_by_one(&mapping, &instants, &clocks, &spans, 2.0), "round {round}: {mapping:?}");
        }
        assert!(several > 100, "{several} of 500 are cut");
    }

    #[test]
    fn rows_outside_of_marks_belong_to_no_episode() {
        let span = |from, to| Span { from, to, task: None, success: None };
        let instants: Vec<f64> = (0..10).map(f64::from).collect();
        let clock = Times(instants.clone());
        let cut = |rows, span| Cut { rows, span: Some(span) };
        let mapping = Mapping::default();
        let found =
            cuts(&mapping, &instants, &[&clock], &[span(1.0, 3.0), span(5.0, 7.0), span(7.0, f64::INFINITY)], 1.0);
        assert_eq!(found, [cut(1..4, 0), cut(5..7, 1), cut(7..10, 2)], "the later of two that touch has the row");
        assert_eq!(cuts(&mapping, &instants, &[&clock], &[], 1.0), [Cut { rows: 0..10, span: None }], "no marks");
    }
}
