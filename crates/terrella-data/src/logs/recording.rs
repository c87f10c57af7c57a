//! One recording of a log: its streams read, their clocks met, its rows cut into episodes.

use super::clock::{Misfit, Times, align, pick, rows};
use super::cuts::{Cut, cuts, truth};
use super::files;
use super::mapping::{Clock, Mapping, Rule, Stream};
use super::mcap::{self, MessageAt};
use super::pictures::PictureAt;
use super::table::{Column, Content};
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::{PI, TAU};

/// A stream that was read.
struct Samples {
    names: Vec<String>,
    times: Times,
    column: Column,
    rule: Rule,
    circular: bool,
}

/// Rows of one episode.
pub(super) struct Rows {
    pub(super) states: Vec<f32>,
    pub(super) actions: Vec<f32>,
    pub(super) pictures: Vec<PictureAt>,
    /// Stored times of the samples within, in seconds, as written.
    pub(super) times: Vec<f64>,
    /// Whether the task was done.
    pub(super) success: Option<bool>,
    /// What was being done, where the episode itself says so.
    pub(super) task: Option<String>,
}

/// Where columns are: a file, the recording itself if absent, and in an MCAP file a topic.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place<'a> {
    pub(super) file: Option<&'a str>,
    pub(super) topic: Option<&'a str>,
}

/// What came of one recording.
pub(super) struct Recording {
    pub(super) task: Option<String>,
    pub(super) fps: f64,
    pub(super) state: Vec<String>,
    pub(super) action: Vec<String>,
    pub(super) episodes: Vec<Rows>,
    /// Distances between samples and rows, a name each.
    pub(super) misfits: Vec<(String, Misfit)>,
    /// What is odd about it.
    pub(super) odd: Vec<String>,
    /// Columns of its files that no stream took.
    pub(super) unused: BTreeSet<String>,
}

/// Reads files of one recording, each once.
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Tree,
    mapping: &'a Mapping,
    /// The file or folder that is the recording.
    name: &'a str,
    /// By file and topic.
    contents: BTreeMap<(String, String), Content>,
    messages: BTreeMap<(String, String), Vec<MessageAt>>,
    pub(super) used: BTreeSet<String>,
    pub(super) odd: Vec<String>,
    /// Topics that nobody wanted.
    others: BTreeSet<String>,
    /// Stored times of the first clock beside those that are believed.
    stored: Option<Vec<[f64; 2]>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tree: &'a Tree, mapping: &'a Mapping, name: &'a str) -> Self {
        Self {
            tree,
            mapping,
            name,
            contents: BTreeMap::new(),
            messages: BTreeMap::new(),
            used: BTreeSet::new(),
            odd: Vec::new(),
            others: BTreeSet::new(),
            stored: None,
        }
    }

    /// Files that were read so far.
    pub(super) fn files(&self) -> impl Iterator<Item = &String> {
        self.contents.keys().map(|(file, _)| file)
    }

    /// Reads the recording; `fps` overrules the mapping.
    pub(super) fn read(&mut self, fps: Option<f64>) -> Result<Recording, String> {
        let mapping = self.mapping;
        let state = mapping.state.iter().map(|s| self.stream(s, Rule::Interpolate)).collect::<Result<Vec<_>, _>>()?;
        let action = mapping.action.iter().map(|s| self.stream(s, Rule::Hold)).collect::<Result<Vec<_>, _>>()?;
        let pictures = mapping.picture.as_ref().map(|p| self.pictures(p)).transpose()?;
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
            state.iter().chain(&action).map(|s| &s.times).chain(pictures.as_ref().map(|(t, _)| t)).collect();
        let native = || clocks[0].median_interval().map(|dt| 1.0 / dt);
        let chosen = fps.or(mapping.fps);
        let fps = chosen.or_else(native).ok_or("it has one sample, which tells no rate; give fps")?;
        // Without a wanted rate the rows are the samples of the first clock.
        let instants = if chosen.is_some() { rows(&clocks, fps) } else { within(&clocks[0].0, &clocks) };
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
        let shown = pictures.map(|(times, at)| {
            let mut misfit = Misfit::default();
            let picked = pick(&times, &instants, Rule::Nearest, &mut misfit);
            misfits.push(("pictures".to_owned(), misfit));
            picked.into_iter().map(|i| at[i].clone()).collect::<Vec<_>>()
        });
        let stored = self.stored.take().unwrap_or_default();
        let episodes = cuts.into_iter().map(|Cut { rows, span }| Rows {
            states: states[rows.clone()].concat(),
            actions: actions[rows.clone()].concat(),
            pictures: shown.as_ref().map(|s| s[rows.clone()].to_vec()).unwrap_or_default(),
            times: stored_within(&stored, instants[rows.start], instants[rows.end - 1]),
            success: span.and_then(|at| spans[at].success).or(success),
            task: span.and_then(|at| spans[at].task.clone()),
        });
        let names = |streams: Vec<Samples>| streams.into_iter().flat_map(|s| s.names).collect::<Vec<_>>();
        // What comes along with pictures and marks is nobody's measurement.
        let streams: BTreeSet<&str> =
            mapping.state.iter().chain(&mapping.action).filter_map(|s| s.topic.as_deref()).collect();
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
            state: names(state),
            action: if action.is_empty() { vec!["none".to_owned()] } else { names(action) },
            misfits,
            unused: unused.chain(std::mem::take(&mut self.others)).collect(),
            odd: std::mem::take(&mut self.odd),
        })
    }

    /// A file name with its placeholders filled in.
    pub(super) fn fill(&self, template: &str) -> String {
        let (folder, file) = self.name.rsplit_once('/').unwrap_or(("", self.name));
        let stem = file.split('.').next().unwrap_or(file);
        let filled = template.replace("{episode}", self.name).replace("{folder}", folder).replace("{stem}", stem);
        filled.trim_start_matches('/').to_owned()
    }

    /// A file of this recording, or a topic of one, read.
    pub(super) fn content(&mut self, place: Place<'_>) -> Result<(String, &Content), String> {
        let name = place.file.map_or_else(|| self.name.to_owned(), |file| self.fill(file));
        if name.is_empty() {
            return Err("a stream has to name its file where no glob of episodes does".to_owned());
        }
        let key = (name.clone(), place.topic.unwrap_or_default().to_owned());
        if !self.contents.contains_key(&key) {
            match (mcap::is_mcap(&name), place.topic) {
                (true, topic) => self.topics(&name, topic)?,
                (false, Some(topic)) => return Err(format!("{name} has no topics, {topic} or other; MCAP files have")),
                (false, None) => {
                    let bytes = self.tree.read(&name).map_err(|e| e.to_string())?;
                    let content = files::parse(&name, bytes, &self.mapping.csv).map_err(|e| format!("{name}: {e}"))?;
                    self.contents.insert(key.clone(), content);
                }
            }
        }
        Ok((name, &self.contents[&key]))
    }

    /// Reads the topics of an MCAP file that the mapping names; `topic` has to be one of them.
    fn topics(&mut self, name: &str, topic: Option<&str>) -> Result<(), String> {
        let store = self.tree.store(name).map_err(|e| e.to_string())?;
        let wanted = self.mapping.topics();
        let log = mcap::read(&store, &wanted).map_err(|e| format!("{name}: {e}"))?;
        match topic {
            None => return Err(format!("{name}: say which topic is meant: {}", mcap::listed(&log.topics))),
            Some(topic) if log.topics.get(topic).is_none_or(|found| found.rows.is_empty()) => {
                let notes = log.notes.iter().map(|note| format!("; {note}")).collect::<String>();
                let listed = mcap::listed(&log.topics);
                return Err(format!("{name}: no messages of topic {topic} can be read (there are: {listed}){notes}"));
            }
            Some(_) => {}
        }
        self.odd.extend(log.notes);
        for (topic, found) in log.topics {
            if wanted.contains(topic.as_str()) {
                let key = (name.to_owned(), topic);
                self.messages.insert(key.clone(), found.rows);
                self.contents.insert(key, Content::Columns(found.columns));
            } else {
                self.others.insert(topic);
            }
        }
        Ok(())
    }

    /// Whether a file that was read lacks this topic.
    pub(super) fn lacks(&self, place: Place<'_>) -> bool {
        let file = place.file.map_or_else(|| self.name.to_owned(), |file| self.fill(file));
        self.messages.keys().any(|(of, _)| *of == file) && self.messages(&file, place).is_empty()
    }

    /// The messages of a topic that was read.
    pub(super) fn messages(&self, file: &str, place: Place<'_>) -> Vec<MessageAt> {
        let key = (file.to_owned(), place.topic.unwrap_or_default().to_owned());
        self.messages.get(&key).cloned().unwrap_or_default()
    }

    fn stream(&mut self, stream: &Stream, usual: Rule) -> Result<Samples, String> {
        let mut parts = Vec::new();
        let mut names = Vec::new();
        let place = Place { file: stream.file.as_deref(), topic: stream.topic.as_deref() };
        for selector in &stream.columns {
            let (file, content) = self.content(place)?;
            let column = content.numbers(selector).map_err(|e| format!("{file}: {e}"))?;
            names.extend(number_names(selector, column.width));
            self.used.extend(selector.split('|').map(|s| s.trim().to_owned()));
            parts.push(column);
        }
        let n = parts.iter().map(Column::rows).min().unwrap_or(0);
        if n == 0 || parts.iter().any(|p| p.rows() != n) {
            let counts: Vec<String> = parts.iter().map(|p| p.rows().to_string()).collect();
            return Err(format!(
                "{} have {} rows; columns of a stream need equally many",
                stream.columns.join(", "),
                counts.join(" and ")
            ));
        }
        if let Some(given) = &stream.names {
            if given.len() != names.len() {
                return Err(format!(
                    "{} names are given for the {} numbers of {}",
                    given.len(),
                    names.len(),
                    stream.columns.join(", ")
                ));
            }
            names.clone_from(given);
        }
        let width = parts.iter().map(|p| p.width).sum();
        let factor = stream.unit.factor();
        let data = (0..n).flat_map(|at| parts.iter().flat_map(move |p| &p.data[at * p.width..(at + 1) * p.width]));
        let column = Column { width, data: data.map(|x| x * factor).collect() };
        let (mut times, kept) = self.times(stream.clock.as_ref(), place, n)?;
        times.0.iter_mut().for_each(|t| *t -= stream.delay);
        let (times, column) = self.without_gaps(&names[0], times, &kept, &column)?;
        Ok(Samples { names, times, column, rule: stream.align.unwrap_or(usual), circular: stream.circular })
    }

    /// Leaves out samples that hold a missing number.
    fn without_gaps(
        &mut self,
        name: &str,
        times: Times,
        kept: &[usize],
        column: &Column,
    ) -> Result<(Times, Column), String> {
        let w = column.width;
        let row = |at: usize| &column.data[at * w..(at + 1) * w];
        let good: Vec<(f64, usize)> = times
            .0
            .iter()
            .copied()
            .zip(kept.iter().copied())
            .filter(|(_, at)| row(*at).iter().all(|x| x.is_finite()))
            .collect();
        let missing = kept.len() - good.len();
        if good.is_empty() {
            return Err(format!("{name} and what stands beside it have no sample that is complete and finite"));
        }
        if missing > 0 {
            self.odd.push(format!(
                "{missing} of {} samples of {name} are missing or not finite; rows there come from their neighbours",
                kept.len()
            ));
        }
        let repeated = column.rows() - kept.len();
        if repeated > 0 {
            self.odd.push(format!("{repeated} samples of {name} repeat the time of the next one and were left out"));
        }
        let data = good.iter().flat_map(|(_, at)| row(*at).iter().copied()).collect();
        Ok((Times(good.into_iter().map(|(t, _)| t).collect()), Column { width: w, data }))
    }

    /// Times of `n` samples in a file, and which of them count.
    pub(super) fn times(
        &mut self,
        clock: Option<&Clock>,
        place: Place<'_>,
        n: usize,
    ) -> Result<(Times, Vec<usize>), String> {
        let mut clock = clock.unwrap_or(&self.mapping.clock).clone();
        if place.topic.is_some() && clock.rate.is_none() {
            clock.column.get_or_insert_with(|| "log_time".to_owned());
        }
        let clocked = Place { file: clock.file.as_deref().or(place.file), ..place };
        if let Some(rate) = clock.rate.or(if clock.column.is_none() { self.mapping.fps } else { None }) {
            let times = Times::regular(n, rate);
            if let (Some(selector), None) = (&clock.stored, &self.stored) {
                let (_, content) = self.content(clocked)?;
                // Rows do not need it, so a log without it is as good.
                if let Ok(column) = content.numbers(selector) {
                    let seconds = clock.unit.seconds();
                    self.stored = Some(column.data.iter().zip(&times.0).map(|(raw, t)| [raw * seconds, *t]).collect());
                    self.used.insert(selector.clone());
                }
            }
            return Ok((times, (0..n).collect()));
        }
        let selector =
            clock.column.as_deref().ok_or("nothing says when its samples were taken; give a clock, or fps")?;
        let (name, content) = self.content(clocked)?;
        let column = content.numbers(selector).map_err(|e| format!("{name}: {e}"))?;
        if column.width != 1 || column.rows() != n {
            return Err(format!(
                "{name}: the clock {selector} has {} × {} numbers for {n} samples",
                column.rows(),
                column.width
            ));
        }
        let seconds = clock.unit.seconds();
        if self.stored.is_none() {
            self.stored = Some(column.data.iter().map(|raw| [raw * seconds; 2]).collect());
        }
        let times = Times::of(&column.data, seconds).map_err(|e| format!("{name}: {selector}: {e}"))?;
        self.used.extend(selector.split('|').map(|s| s.trim().to_owned()));
        let dt = times.0.median_interval().unwrap_or_default();
        let longest = times.0.0.windows(2).map(|w| (w[1] - w[0], w[0])).max_by(|a, b| a.0.total_cmp(&b.0));
        // Between marked episodes a clock may stand still.
        let marked = self.mapping.marks.is_some();
        if let Some((gap, at)) = longest.filter(|(gap, _)| *gap > 10.0 * dt && !marked) {
            self.odd.push(format!(
                "the clock {selector} stands still for {gap:.3} s at {at:.3} s, {:.0} times its usual interval",
                gap / dt
            ));
        }
        Ok(times)
    }
}

impl Samples {
    fn on(&self, instants: &[f64], misfits: &mut Vec<(String, Misfit)>) -> Vec<f64> {
        let mut misfit = Misfit::default();
        let data = if self.circular && self.rule == Rule::Interpolate {
            let unwrapped = Column { width: self.column.width, data: unwrap(&self.column) };
            let data = align(&self.times, &unwrapped, instants, self.rule, &mut misfit);
            data.into_iter().map(|x| (x + PI).rem_euclid(TAU) - PI).collect()
        } else {
            align(&self.times, &self.column, instants, self.rule, &mut misfit)
        };
        let how = match self.rule {
            Rule::Interpolate => "interpolated",
            Rule::Hold => "held",
            Rule::Nearest => "nearest",
        };
        misfits.push((format!("{} ({how})", self.names.join(", ")), misfit));
        data
    }
}

/// Angles without jumps of a turn.
fn unwrap(column: &Column) -> Vec<f64> {
    let w = column.width;
    let mut data = column.data.clone();
    for at in w..data.len() {
        let step = data[at] - data[at - w];
        data[at] -= (step / TAU).round() * TAU;
    }
    data
}

/// Stored times of the samples between two believed instants; NaN never lies between.
fn stored_within(stored: &[[f64; 2]], from: f64, to: f64) -> Vec<f64> {
    let slack = (to - from) * 1e-9;
    stored.iter().filter(|[_, t]| *t >= from - slack && *t <= to + slack).map(|[raw, _]| *raw).collect()
}

/// Samples of the first clock that lie within all others.
fn within(times: &[f64], clocks: &[&Times]) -> Vec<f64> {
    let all = rows(clocks, 1.0);
    let Some(start) = all.first() else { return Vec::new() };
    let end = clocks.iter().filter_map(|c| c.0.last()).fold(f64::INFINITY, |a, b| a.min(*b));
    times.iter().copied().filter(|t| t >= start && *t <= end).collect()
}

/// `name`, or `name.0`, `name.1` … where a column has several numbers.
fn number_names(selector: &str, width: usize) -> Vec<String> {
    let first = selector.split('|').next().unwrap_or(selector).trim();
    if width == 1 {
        return vec![first.to_owned()];
    }
    let (name, from) = match first.strip_suffix(']').and_then(|s| s.rsplit_once('[')) {
        Some((name, range)) => (name, range.split(':').next().and_then(|d| d.trim().parse().ok()).unwrap_or(0)),
        None => (first, 0),
    };
    (0..width).map(|i| format!("{name}.{}", from + i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_named_by_their_place() {
        assert_eq!(number_names("pos1 | pos_meas1", 1), ["pos1"], "the first alternative");
        assert_eq!(number_names("ob[3:6]", 3), ["ob.3", "ob.4", "ob.5"], "a range");
    }

    #[test]
    fn angles_are_unwrapped_column_by_column() {
        let column = Column { width: 2, data: vec![3.0, 0.0, -3.0, 0.1] };
        let unwrapped = unwrap(&column);
        assert!((unwrapped[2] - (TAU - 3.0)).abs() < 1e-12 && unwrapped[3] == 0.1, "{unwrapped:?}");
    }
}
