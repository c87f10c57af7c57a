//! One recording of a log: its streams read, their clocks met, its rows cut into episodes.

use super::clock::{Misfit, Times, align, pick, rows};
use super::files;
use super::mapping::{Clock, Mapping, Pictures, Rule, Stream};
use super::table::{Column, Content};
use super::tree::Tree;
use crate::video::Video;
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::{PI, TAU};
use std::ops::Range;

/// Where one picture is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PictureAt {
    File(String),
    /// A row of an array in a file.
    Array {
        file: String,
        array: String,
        row: usize,
    },
    /// A frame of a video, in the order of showing.
    Video {
        file: String,
        frame: usize,
    },
}

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
    tree: &'a Tree,
    mapping: &'a Mapping,
    /// The file or folder that is the recording.
    name: &'a str,
    contents: BTreeMap<String, Content>,
    used: BTreeSet<String>,
    odd: Vec<String>,
    /// Stored times of the first clock beside those that are believed.
    stored: Option<Vec<[f64; 2]>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tree: &'a Tree, mapping: &'a Mapping, name: &'a str) -> Self {
        Self { tree, mapping, name, contents: BTreeMap::new(), used: BTreeSet::new(), odd: Vec::new(), stored: None }
    }

    /// Files that were read so far.
    pub(super) fn files(&self) -> impl Iterator<Item = &String> {
        self.contents.keys()
    }

    /// Reads the recording; `fps` overrules the mapping.
    pub(super) fn read(&mut self, fps: Option<f64>) -> Result<Recording, String> {
        let mapping = self.mapping;
        let state = mapping.state.iter().map(|s| self.stream(s, Rule::Interpolate)).collect::<Result<Vec<_>, _>>()?;
        let action = mapping.action.iter().map(|s| self.stream(s, Rule::Hold)).collect::<Result<Vec<_>, _>>()?;
        let pictures = mapping.picture.as_ref().map(|p| self.pictures(p)).transpose()?;
        let task = match &mapping.task_column {
            Some(column) => {
                self.used.insert(column.clone());
                self.content(None)?.1.texts(column)?.into_iter().next()
            }
            None => mapping.task.clone(),
        };
        let success = match &mapping.success_column {
            Some(column) => {
                self.used.insert(column.clone());
                let (_, content) = self.content(None)?;
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
        let cuts = self.cuts(&instants, &clocks, fps);
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
        let episodes = cuts.into_iter().map(|range| Rows {
            states: states[range.clone()].concat(),
            actions: actions[range.clone()].concat(),
            pictures: shown.as_ref().map(|s| s[range.clone()].to_vec()).unwrap_or_default(),
            times: stored_within(&stored, instants[range.start], instants[range.end - 1]),
            success,
        });
        let names = |streams: Vec<Samples>| streams.into_iter().flat_map(|s| s.names).collect::<Vec<_>>();
        let all = self.contents.values().flat_map(Content::names).collect::<BTreeSet<_>>();
        let unused = all.into_iter().filter(|name| {
            !self.used.iter().any(|u| u.split(['.', '[']).next() == name.split(['.', '[']).next() || u == name)
        });
        Ok(Recording {
            task,
            fps,
            episodes: episodes.collect(),
            state: names(state),
            action: if action.is_empty() { vec!["none".to_owned()] } else { names(action) },
            misfits,
            unused: unused.collect(),
            odd: std::mem::take(&mut self.odd),
        })
    }

    /// A file name with its placeholders filled in.
    fn fill(&self, template: &str) -> String {
        let (folder, file) = self.name.rsplit_once('/').unwrap_or(("", self.name));
        let stem = file.split('.').next().unwrap_or(file);
        let filled = template.replace("{episode}", self.name).replace("{folder}", folder).replace("{stem}", stem);
        filled.trim_start_matches('/').to_owned()
    }

    /// A file of this recording, read.
    fn content(&mut self, file: Option<&str>) -> Result<(String, &Content), String> {
        let name = file.map_or_else(|| self.name.to_owned(), |file| self.fill(file));
        if name.is_empty() {
            return Err("a stream has to name its file where no glob of episodes does".to_owned());
        }
        if !self.contents.contains_key(&name) {
            let bytes = self.tree.read(&name).map_err(|e| e.to_string())?;
            let content = files::parse(&name, bytes, &self.mapping.csv).map_err(|e| format!("{name}: {e}"))?;
            self.contents.insert(name.clone(), content);
        }
        let content = &self.contents[&name];
        Ok((name, content))
    }

    fn stream(&mut self, stream: &Stream, usual: Rule) -> Result<Samples, String> {
        let mut parts = Vec::new();
        let mut names = Vec::new();
        for selector in &stream.columns {
            let (file, content) = self.content(stream.file.as_deref())?;
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
        let (mut times, kept) = self.times(stream.clock.as_ref(), stream.file.as_deref(), n)?;
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
    fn times(&mut self, clock: Option<&Clock>, file: Option<&str>, n: usize) -> Result<(Times, Vec<usize>), String> {
        let clock = clock.unwrap_or(&self.mapping.clock).clone();
        if let Some(rate) = clock.rate.or(if clock.column.is_none() { self.mapping.fps } else { None }) {
            let times = Times::regular(n, rate);
            if let (Some(selector), None) = (&clock.stored, &self.stored) {
                let (_, content) = self.content(clock.file.as_deref().or(file))?;
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
        let (name, content) = self.content(clock.file.as_deref().or(file))?;
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
        if let Some((gap, at)) = longest.filter(|(gap, _)| *gap > 10.0 * dt) {
            self.odd.push(format!(
                "the clock {selector} stands still for {gap:.3} s at {at:.3} s, {:.0} times its usual interval",
                gap / dt
            ));
        }
        Ok(times)
    }

    fn pictures(&mut self, pictures: &Pictures) -> Result<(Times, Vec<PictureAt>), String> {
        let file = pictures.file.as_deref();
        let all: Vec<PictureAt> = if let Some(column) = &pictures.column {
            let folder = self.fill(&pictures.folder);
            let (_, content) = self.content(file)?;
            let names = content.texts(column)?;
            self.used.insert(column.clone());
            let below = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
            names.into_iter().map(|name| PictureAt::File(below(name))).collect()
        } else if pictures.video.is_some() || pictures.video_column.is_some() {
            return self.video(pictures);
        } else if let Some(glob) = &pictures.files {
            let filled = self.fill(glob);
            let pattern = glob::Pattern::new(&filled).map_err(|e| format!("files = \"{glob}\": {e}"))?;
            let mut names: Vec<&String> = self.tree.names().iter().filter(|n| pattern.matches(n)).collect();
            names.sort_by_key(|name| natural(name));
            names.into_iter().cloned().map(PictureAt::File).collect()
        } else {
            let array = pictures.array.clone().unwrap_or_default();
            let (file, content) = self.content(file)?;
            let Content::Columns(columns) = content else { return Err(format!("{file} holds no arrays")) };
            let bytes = columns.bytes.get(&array).ok_or_else(|| format!("{file} has no array of bytes \"{array}\""))?;
            if bytes.shape.len() != 4 || bytes.shape[3] != 3 {
                return Err(format!("{file}: {array} has shape {:?}, not rows, height, width, 3", bytes.shape));
            }
            let n = bytes.shape[0];
            self.used.insert(array.clone());
            (0..n).map(|row| PictureAt::Array { file: file.clone(), array: array.clone(), row }).collect()
        };
        let (times, kept) = self.times(pictures.clock.as_ref(), file, all.len())?;
        let there = |at: &PictureAt| match at {
            PictureAt::File(name) => self.tree.contains(name),
            PictureAt::Array { .. } | PictureAt::Video { .. } => true,
        };
        let (good, lost): (Vec<_>, Vec<_>) = times.0.into_iter().zip(kept).partition(|(_, at)| there(&all[*at]));
        if let (PictureAt::File(first), true) = (&all.first().ok_or("it has no pictures")?, good.is_empty()) {
            return Err(format!("none of its {} pictures is there, {first} for one", all.len()));
        }
        if !lost.is_empty() {
            self.odd.push(format!("{} of {} pictures are missing; rows there show a neighbour", lost.len(), all.len()));
        }
        let pictures = good.iter().map(|(_, at)| all[*at].clone()).collect();
        Ok((Times(good.into_iter().map(|(t, _)| t).collect()), pictures))
    }

    /// Frames of a video, on its own clock unless another is given.
    fn video(&mut self, pictures: &Pictures) -> Result<(Times, Vec<PictureAt>), String> {
        let file = match (&pictures.video, &pictures.video_column) {
            (Some(template), _) => self.fill(template),
            (None, column) => {
                let column = column.clone().unwrap_or_default();
                let (name, content) = self.content(pictures.file.as_deref())?;
                let texts = content.texts(&column)?;
                self.used.insert(column.clone());
                texts.into_iter().next().ok_or_else(|| format!("{name}: {column} is empty"))?
            }
        };
        let path = self.tree.file(&file).map_err(|e| e.to_string())?;
        let video = Video::open(&path).map_err(|e| e.to_string())?;
        let frame = |frame| PictureAt::Video { file: file.clone(), frame };
        let n = video.times().len();
        let Some(clock) = &pictures.clock else {
            return Ok((Times(video.times().to_vec()), (0..n).map(frame).collect()));
        };
        let (times, kept) = self.times(Some(clock), pictures.file.as_deref(), n)?;
        Ok((times, kept.into_iter().map(frame).collect()))
    }

    /// Ranges of rows that are episodes: cut at gaps, then by length.
    fn cuts(&self, instants: &[f64], clocks: &[&Times], fps: f64) -> Vec<Range<usize>> {
        let limit = self.mapping.max_gap.unwrap_or(f64::INFINITY);
        let gaps: Vec<(f64, f64)> =
            clocks.iter().flat_map(|c| c.0.windows(2).filter(|w| w[1] - w[0] > limit).map(|w| (w[0], w[1]))).collect();
        let inside = |t: f64| gaps.iter().any(|(a, b)| *a < t && t < *b);
        let between = |a: f64, b: f64| gaps.iter().any(|(from, to)| a <= *from && *to <= b);
        let mut cuts = Vec::new();
        let mut start = 0;
        for at in 0..=instants.len() {
            let lost = at < instants.len() && inside(instants[at]);
            let broken = at > start && at < instants.len() && between(instants[at - 1], instants[at]);
            if at == instants.len() || lost || broken {
                let longest = self.mapping.episode_seconds.map_or(usize::MAX, |s| ((s * fps).round() as usize).max(1));
                cuts.extend(pieces(start..at, longest));
                start = if lost { at + 1 } else { at };
            }
        }
        cuts
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

/// Stored times of the samples between two believed instants; NaN never lies between.
fn stored_within(stored: &[[f64; 2]], from: f64, to: f64) -> Vec<f64> {
    let slack = (to - from) * 1e-9;
    stored.iter().filter(|[_, t]| *t >= from - slack && *t <= to + slack).map(|[raw, _]| *raw).collect()
}

/// What a text says about success.
fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "success" => Some(true),
        "false" | "no" | "failure" => Some(false),
        _ => None,
    }
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

/// A key that sorts `2.png` before `10.png`.
pub(super) fn natural(name: &str) -> Vec<(u64, String)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(letters);
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        key.push((0, text.to_owned()));
        key.push((number.parse().unwrap_or(0), String::new()));
        rest = tail;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_their_numbers() {
        let mut names = vec!["a/10_x.jpg", "a/9_x.jpg", "a/100_x.jpg"];
        names.sort_by_key(|n| natural(n));
        assert_eq!(names, ["a/9_x.jpg", "a/10_x.jpg", "a/100_x.jpg"], "as people count");
    }

    #[test]
    fn numbers_are_named_by_their_place() {
        assert_eq!(number_names("pos1 | pos_meas1", 1), ["pos1"], "the first alternative");
        assert_eq!(number_names("ob[3:6]", 3), ["ob.3", "ob.4", "ob.5"], "a range");
    }

    #[test]
    fn a_short_rest_stays_with_the_last_piece() {
        assert_eq!(pieces(0..9, 4), [0..4, 4..9], "a rest of 1 of 4 joins");
        assert_eq!(pieces(2..13, 4), [2..6, 6..10, 10..13], "a rest of 3 of 4 stands alone");
        assert_eq!(pieces(0..3, usize::MAX).len(), 1, "no length");
        assert!(pieces(5..5, 4).is_empty(), "nothing");
    }

    #[test]
    fn angles_are_unwrapped_column_by_column() {
        let column = Column { width: 2, data: vec![3.0, 0.0, -3.0, 0.1] };
        let unwrapped = unwrap(&column);
        assert!((unwrapped[2] - (TAU - 3.0)).abs() < 1e-12 && unwrapped[3] == 0.1, "{unwrapped:?}");
    }
}
