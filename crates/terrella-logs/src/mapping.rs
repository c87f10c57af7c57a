//! The mapping file: which column of a log is what, in which unit, on which clock.
//!
//! Logs that follow no standard are told apart by people, so this is a format for people: TOML with
//! a section for each stream. Everything has a meaning of its own and unknown keys are refused, so
//! that a misspelt unit cannot pass silently. `docs/logs.md` is its manual.

use super::units::{TimeUnit, Unit};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use terrella_data::{Error, Result};
use terrella_imports::Arrays;

/// What the files of a log mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What these recordings are, for people.
    #[serde(default)]
    pub about: String,
    /// Files that tell this layout from others; all of them have to be there.
    #[serde(default)]
    pub detect: Vec<String>,
    /// Glob of files or folders, each of them one recording; everything is one recording if absent.
    pub episodes: Option<String>,
    /// Rows a second. If absent, rows are the samples of the first stream, and the rate is theirs.
    pub fps: Option<f64>,
    /// What was being done.
    pub task: Option<String>,
    /// Column that says what was being done; its first text counts.
    pub task_column: Option<String>,
    /// Column whose first value says whether the task was done (1 or true, 0 or false).
    pub success_column: Option<String>,
    /// World that can replay the recordings.
    pub env: Option<String>,
    /// Cuts recordings into episodes of so many seconds.
    pub episode_seconds: Option<f64>,
    /// Begins a new episode where a clock stands still for more than so many seconds.
    pub max_gap: Option<f64>,
    /// How tables in text are written.
    #[serde(default)]
    pub csv: Csv,
    /// The clock of streams that name none.
    #[serde(default)]
    pub clock: Clock,
    /// What was measured; streams stand side by side.
    #[serde(default)]
    pub state: Vec<Stream>,
    /// What was commanded. A log without any gets one action that is always 0.
    #[serde(default)]
    pub action: Vec<Stream>,
    /// What an action was worth: one number a sample. Samples between two rows are added up for the first of them.
    pub reward: Option<Stream>,
    /// What says that an action ended the task for good: a number that is not 0. A row has it if a sample until the
    /// next row does.
    pub terminated: Option<Stream>,
    /// As `terminated`, for recordings that were cut for another reason.
    pub truncated: Option<Stream>,
    /// What a camera saw.
    pub picture: Option<Pictures>,
    /// What others saw at the same time, by name: further cameras and depth.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub views: BTreeMap<String, Pictures>,
    /// Where episodes begin and end; no row lies outside of them.
    pub marks: Option<Marks>,
    /// Which array of an HDF5 file or an archive of NumPy is what; takes the place of streams and clocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrays: Option<Arrays>,
}

/// How tables in text are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Csv {
    /// Between columns: one character; a space stands for any number of spaces. Guessed from the first lines if absent.
    #[serde(serialize_with = "spelled_out")]
    pub delimiter: Option<char>,
    /// Whether the first line holds names; columns are `column.0` … otherwise.
    pub header: bool,
    /// Before decimals: a point or a comma. Each column may have its own if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
}

/// As mappings were written when there was always a delimiter, so that hashes of logs stay.
#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)]
fn spelled_out<S: serde::Serializer>(delimiter: &Option<char>, to: S) -> Result<S::Ok, S::Error> {
    delimiter.unwrap_or(',').serialize(to)
}

/// As above, when a clock without a unit was one of seconds.
#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)]
fn spelled_out_unit<S: serde::Serializer>(unit: &Option<TimeUnit>, to: S) -> Result<S::Ok, S::Error> {
    unit.unwrap_or_default().serialize(to)
}

impl Default for Csv {
    fn default() -> Self {
        Self { delimiter: None, header: true, decimal: None }
    }
}

/// When samples were taken: a column of times, or a rate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// Column of times.
    pub column: Option<String>,
    /// File of that column, if it is another one than the samples'.
    pub file: Option<String>,
    /// Unit of the times: what the column's type says, else seconds, if absent.
    #[serde(serialize_with = "spelled_out_unit")]
    pub unit: Option<TimeUnit>,
    /// Samples a second, for logs without times and for logs whose times are wrong.
    pub rate: Option<f64>,
    /// Column of times that are stored but not believed; only the doctor looks at it.
    pub stored: Option<String>,
}

/// Some columns on one clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// File of the columns; `{episode}`, `{folder}` and `{stem}` stand for the recording's path, its
    /// folder and its name without endings. The recording itself if absent.
    pub file: Option<String>,
    /// Topic of the columns, in an MCAP file.
    pub topic: Option<String>,
    /// Columns: `name`, `name[2]`, `name[0:3]`, or `name | other name` for files that disagree.
    pub columns: Vec<String>,
    /// Names of the numbers in the dataset.
    pub names: Option<Vec<String>>,
    /// Unit they are stored in; the dataset has SI units and radians.
    #[serde(default)]
    pub unit: Unit,
    /// Units of the numbers in the dataset, such as `rad` or `m/s`: one for all, or one each. A number in
    /// `rad` is an angle.
    #[serde(default)]
    pub si: Vec<String>,
    /// The clock, if it is not the one of the log.
    pub clock: Option<Clock>,
    /// How samples become rows; states are interpolated and actions held if absent.
    pub align: Option<Rule>,
    /// Whether the numbers are angles that wrap around; they are interpolated on the circle.
    #[serde(default)]
    pub circular: bool,
    /// Seconds that the samples were stored too late.
    #[serde(default)]
    pub delay: f64,
}

/// How samples become rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// The straight line between the samples around the row.
    Interpolate,
    /// The newest sample that is not younger than the row.
    Hold,
    /// The sample nearest in time.
    Nearest,
}

/// Where pictures are: exactly one of `column`, `files`, `array`, `video`, `video_column` and `topic`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// File with the column or the array; the recording itself if absent.
    pub file: Option<String>,
    /// Column of file names.
    pub column: Option<String>,
    /// Folder of those names.
    #[serde(default)]
    pub folder: String,
    /// Glob of picture files, in the order of the numbers in their names.
    pub files: Option<String>,
    /// Array of bytes, rows × height × width × 3.
    pub array: Option<String>,
    /// Video file, with placeholders as in [`Stream::file`].
    pub video: Option<String>,
    /// Column whose first text is the name of a video file.
    pub video_column: Option<String>,
    /// Topic of pictures, in an MCAP file.
    pub topic: Option<String>,
    /// The clock, if it is not the one of the log; a video has its own.
    pub clock: Option<Clock>,
    /// Metres of one count, if pixels are depth: grey of 16 bits in files or a topic. Pixels of a topic are
    /// millimetres (16UC1) or become them (32FC1), so this is 0.001 there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<f64>,
}

/// Samples that say where episodes begin and end, what is done in them, and whether it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Marks {
    /// File of the columns, with placeholders as in [`Stream::file`].
    pub file: Option<String>,
    /// Topic of the columns, in an MCAP file.
    pub topic: Option<String>,
    /// Column of texts: `begin` or `end`; every sample begins an episode if absent.
    pub event: Option<String>,
    /// Column that says what is done.
    pub task: Option<String>,
    /// Column that says whether it was done (1 or true, 0 or false); the last one of an episode counts.
    pub success: Option<String>,
    /// The clock, if it is not the one of the log.
    pub clock: Option<Clock>,
}

impl Stream {
    /// Its topic, or its file without folders and ending.
    pub(crate) fn stem(&self) -> &str {
        let file = self.file.as_deref().map(|file| file.rsplit('/').next().unwrap_or(file));
        let stem = file.map(|file| file.split_once('.').map_or(file, |(stem, _)| stem));
        self.topic.as_deref().or(stem).unwrap_or("stream")
    }

    /// What it is asked for by: its topic, else its file, else its first column.
    pub(crate) fn name(&self) -> &str {
        let first = self.columns.first().map_or("", String::as_str);
        self.topic.as_deref().or(self.file.as_deref()).unwrap_or(first)
    }

    /// Columns of a topic as they are.
    pub fn of_topic(topic: &str, columns: Vec<String>) -> Self {
        Self {
            file: None,
            topic: Some(topic.to_owned()),
            columns,
            names: None,
            unit: Unit::Si,
            si: Vec::new(),
            clock: None,
            align: None,
            circular: false,
            delay: 0.0,
        }
    }
}

impl Pictures {
    /// Pictures of a topic.
    pub fn of_topic(topic: &str) -> Self {
        Self { topic: Some(topic.to_owned()), ..Self::default() }
    }
}

impl Mapping {
    /// All pictures with the section they are described in: the camera first, if there is one, then the views.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = (String, &Pictures)> {
        let camera = self.picture.iter().map(|p| ("picture".to_owned(), p));
        camera.chain(self.views.iter().map(|(name, p)| (format!("views.{name}"), p)))
    }

    /// Reward, end and cut, with their sections.
    pub(super) fn outcomes(&self) -> [(&'static str, Option<&Stream>); 3] {
        let (reward, ends, cuts) = (self.reward.as_ref(), self.terminated.as_ref(), self.truncated.as_ref());
        [("reward", reward), ("terminated", ends), ("truncated", cuts)]
    }

    /// All streams of numbers.
    pub(super) fn streams(&self) -> impl Iterator<Item = &Stream> {
        let outcomes = self.outcomes().into_iter().filter_map(|(_, stream)| stream);
        self.state.iter().chain(&self.action).chain(outcomes)
    }

    /// Streams without a topic, whose columns all begin with the same one of these and a point, get it as theirs.
    pub(super) fn with_topics<'a>(mut self, names: impl Iterator<Item = &'a String>) -> Self {
        let mut names: Vec<&String> = names.collect();
        // Of `baro` and `baro.1` the longer one is meant.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let outcomes = self.reward.iter_mut().chain(&mut self.terminated).chain(&mut self.truncated);
        for stream in self.state.iter_mut().chain(&mut self.action).chain(outcomes).filter(|s| s.topic.is_none()) {
            let within = |topic: &str| {
                let field = |column: &String| column.strip_prefix(topic)?.strip_prefix('.').map(str::to_owned);
                stream.columns.iter().map(field).collect::<Option<Vec<String>>>()
            };
            let found = names.iter().find_map(|topic| Some(((*topic).clone(), within(topic)?)));
            if let Some((topic, columns)) = found.filter(|(_, columns)| !columns.is_empty()) {
                (stream.topic, stream.columns) = (Some(topic), columns);
            }
        }
        self
    }

    /// Topics that it names.
    pub(super) fn topics(&self) -> BTreeSet<&str> {
        let streams = self.streams().map(|s| &s.topic);
        let pictures = self.pictures().map(|(_, p)| &p.topic);
        let marks = self.marks.as_ref().map(|m| &m.topic);
        streams.chain(pictures).chain(marks).filter_map(Option::as_deref).collect()
    }

    /// Reads a mapping and checks what a parser cannot.
    ///
    /// # Errors
    /// If a key is unknown, a value has the wrong type or two of them contradict; the text begins
    /// with `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let wrong = |what: String| Error::Invalid(format!("{name}: {what}"));
        let mapping: Self =
            toml::from_str(text).map_err(|e| wrong(format!("{e}see docs/logs.md for what a mapping may say")))?;
        if let Some(arrays) = &mapping.arrays {
            arrays.check().map_err(|what| wrong(format!("[arrays] {what}")))?;
            if mapping.streams().next().is_some() || mapping.pictures().next().is_some() || mapping.marks.is_some() {
                return Err(wrong("[arrays] stands alone, without streams, pictures and marks".to_owned()));
            }
        } else if mapping.state.is_empty() && mapping.action.is_empty() {
            return Err(wrong("it names no columns; add [[state]] or [[action]] with columns = [..]".to_owned()));
        }
        for (what, value) in [
            ("fps", mapping.fps),
            ("episode_seconds", mapping.episode_seconds),
            ("max_gap", mapping.max_gap),
            ("clock.rate", mapping.clock.rate),
        ] {
            if value.is_some_and(|x| !x.is_finite() || x <= 0.0) {
                return Err(wrong(format!("{what} is {}, give a number above 0", value.unwrap_or_default())));
            }
        }
        if mapping.csv.decimal.is_some_and(|c| c != '.' && c != ',') {
            return Err(wrong("csv.decimal is neither \".\" nor \",\"".to_owned()));
        }
        let clocks = mapping.streams().filter_map(|s| s.clock.as_ref());
        let clocks = clocks.chain(mapping.pictures().filter_map(|(_, p)| p.clock.as_ref()));
        let clocks = clocks.chain(mapping.marks.as_ref().and_then(|m| m.clock.as_ref()));
        for clock in clocks.chain([&mapping.clock]) {
            if clock.column.is_some() && clock.rate.is_some() {
                return Err(wrong("a clock has a column and a rate; keep the one that is right".to_owned()));
            }
        }
        for (section, p) in mapping.pictures() {
            let sources = [&p.column, &p.files, &p.array, &p.video, &p.video_column, &p.topic];
            if sources.iter().filter(|x| x.is_some()).count() != 1 {
                let text = "needs exactly one of column, files, array, video, video_column and topic";
                return Err(wrong(format!("[{section}] {text}")));
            }
            let Some(metres) = p.depth else { continue };
            if !metres.is_finite() || metres <= 0.0 {
                return Err(wrong(format!("[{section}] depth is {metres}, give the metres of one count")));
            }
            if section == "picture" || p.array.is_some() || p.video.is_some() || p.video_column.is_some() {
                let text = "cannot be depth: models see colours, and depth is read from files and topics";
                return Err(wrong(format!("[{section}] {text}; move it to [views.NAME]")));
            }
        }
        Ok(mapping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_told() {
        let error = Mapping::parse("m.toml", "[[state]]\ncolumns = [\"x\"]\nunits = \"deg\"\n").expect_err("refused");
        let text = error.to_string();
        assert!(text.contains("m.toml") && text.contains("units") && text.contains("`unit`"), "{text}");
    }

    #[test]
    fn contradictions_are_told() {
        for (text, word) in [
            ("fps = 10.0", "[[state]]"),
            ("fps = 0.0\n[[state]]\ncolumns = [\"x\"]", "fps is 0"),
            ("[clock]\nrate = 1.0\ncolumn = \"t\"\n[[state]]\ncolumns = [\"x\"]", "a column and a rate"),
            ("[[state]]\ncolumns = [\"x\"]\n[picture]\nfolder = \"a\"", "exactly one"),
            ("[[state]]\ncolumns = [\"x\"]\n[views.side]\nfolder = \"a\"", "[views.side] needs exactly one"),
            ("[[state]]\ncolumns = [\"x\"]\n[views.side]\nvideo = \"a\"\ndepth = 1.0", "cannot be depth"),
            ("[[state]]\ncolumns = [\"x\"]\n[views.side]\nfiles = \"a\"\ndepth = 0.0", "metres of one count"),
        ] {
            let error = Mapping::parse("m.toml", text).expect_err("refused").to_string();
            assert!(error.contains(word), "{word} is missing in: {error}");
        }
    }
}
