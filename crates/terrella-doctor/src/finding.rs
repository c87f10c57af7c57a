//! A finding: what was found, where, how bad it is, and what helps.

use serde::Serialize;
use terrella_data::{Loss, Note};

/// What a note says where this program was built without the decoders.
const VIDEO: &str = "--features video";

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Probably wrong, or harmful to some uses.
    Warn,
    /// Wrong: what is learned from it is learned wrongly.
    Fail,
}

/// What a check looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Files, episodes or rows that are listed and not there, or were left out.
    Missing,
    /// What the reader assumed or did not keep.
    Reading,
    /// A text of a task that is empty, unprintable, or spelt in several ways.
    Task,
    /// Episodes that are too short to learn from.
    Short,
    /// Episodes that say of themselves that they failed.
    Failure,
    /// Episodes in which nothing moves.
    Idle,
    /// No times are stored.
    NoClock,
    /// Times that run backwards or repeat.
    ClockOrder,
    /// Times with a hole.
    ClockGap,
    /// A clock whose rate is not the stated one, or changes.
    ClockRate,
    /// Stored times that lie unevenly.
    ClockJitter,
    /// Velocities and positions disagree about the rate of rows.
    RatePhysics,
    /// Numbers that are not finite.
    NotFinite,
    /// A single sample far from its neighbours.
    Spike,
    /// A step that nothing else in the dataset comes near to.
    Jump,
    /// Values far outside of what other episodes have.
    OutOfRange,
    /// A sensor that repeats its value while it should move.
    Frozen,
    /// A sensor that has a new value only in every n-th row.
    SensorRate,
    /// A signal cut off at a limit.
    Saturated,
    /// A column in another unit than elsewhere.
    Units,
    /// Quaternions that have lost their norm or change sign.
    Quaternion,
    /// Angles that wrap around within an episode.
    AngleWrap,
    /// Actions stored some rows before they take effect.
    Lag,
    /// Pictures that show another instant than the state.
    PictureShift,
    /// Pictures that repeat while the state moves.
    PictureFrozen,
    /// A camera that has a new picture only in every n-th row.
    PictureRate,
    /// Pictures that show nothing.
    PictureBlank,
    /// Episodes that are the same, or nearly.
    Duplicate,
    /// Episodes in one split that are also in another.
    Leakage,
    /// Actions that are a copy of the state.
    LabelLeakage,
    /// Stored statistics that disagree with the data.
    Statistics,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked for.
    pub check: Check,
    /// How bad it is.
    pub severity: Severity,
    /// The episode, or the whole dataset.
    pub episode: Option<usize>,
    /// First and last row.
    pub rows: Option<[usize; 2]>,
    /// The column, with its role: `state block_x`.
    pub column: Option<String>,
    /// What was found, with its numbers.
    pub what: String,
    /// What helps.
    pub remedy: String,
}

impl Finding {
    /// A finding about the whole dataset.
    pub(crate) fn new(check: Check, severity: Severity, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, severity, episode: None, rows: None, column: None, what: what.into(), remedy: remedy.into() }
    }

    /// The same in one episode.
    #[must_use]
    pub(crate) fn in_episode(mut self, episode: usize) -> Self {
        self.episode = Some(episode);
        self
    }

    /// The same in rows, first and last.
    #[must_use]
    pub(crate) fn in_rows(mut self, first: usize, last: usize) -> Self {
        self.rows = Some([first, last]);
        self
    }

    /// The same in a column.
    #[must_use]
    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }

    /// A finding from what a reader told.
    pub(crate) fn from_note(note: &Note) -> Self {
        let (check, severity, remedy) = match note.loss() {
            None => (Check::Reading, Severity::Info, "see that this is meant"),
            Some(Loss::Bytes) => {
                (Check::Missing, Severity::Fail, "download or record it again, or remove it from the metadata")
            }
            Some(Loss::Other) => {
                (Check::Missing, Severity::Fail, "correct what it says, or see that the rest is what you want")
            }
            // Numbers are all there, and so are the pictures for who can decode them.
            Some(Loss::Camera) if note.what.contains("built without decoders") || note.what.contains(VIDEO) => {
                (Check::Missing, Severity::Warn, "build with --features video, or go on without these pictures")
            }
            Some(Loss::Camera) => {
                (Check::Missing, Severity::Warn, "convert its pictures as it says, or go on without them")
            }
        };
        Self::new(check, severity, format!("{}: {}", note.place, note.what), remedy)
    }
}

/// All findings about a dataset.
#[derive(Clone, Debug, Serialize)]
pub struct Checkup {
    /// Format of the recordings.
    pub format: String,
    /// Episodes looked at.
    pub episodes: usize,
    /// Rows looked at.
    pub rows: usize,
    /// SHA-256 of the content.
    pub hash: String,
    /// What physics says of the lag between actions and states, where it says something.
    pub lag: Option<crate::Lag>,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
}

/// Findings of one check and severity.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The check.
    pub check: Check,
    /// How bad.
    pub severity: Severity,
    /// At least one, in the order of episodes.
    pub findings: Vec<&'a Finding>,
}

impl Group<'_> {
    /// Episodes that have it, in words: `episodes 3, 7-9`, or nothing.
    pub fn episodes(&self) -> String {
        let numbers: std::collections::BTreeSet<usize> = self.findings.iter().filter_map(|f| f.episode).collect();
        let mut ranges: Vec<[usize; 2]> = Vec::new();
        for n in numbers.iter().copied() {
            match ranges.last_mut().filter(|r| r[1] + 1 == n) {
                Some(range) => range[1] = n,
                None => ranges.push([n, n]),
            }
        }
        let more = ranges.len().saturating_sub(12);
        let text = |[a, b]: &[usize; 2]| if a == b { a.to_string() } else { format!("{a}-{b}") };
        let list: Vec<String> = ranges.iter().take(12).map(text).collect();
        match numbers.len() {
            0 => String::new(),
            1 => format!("episode {}", list.join(", ")),
            n if more > 0 => format!("{n} episodes: {} and more", list.join(", ")),
            _ => format!("episodes {}", list.join(", ")),
        }
    }
}

impl Finding {
    /// Where it is within its episode, in words, or nothing.
    pub fn place(&self) -> String {
        let rows = self.rows.map(|[a, b]| if a == b { format!("row {a}") } else { format!("rows {a}-{b}") });
        let parts = [self.column.clone(), rows];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Check {
    /// Its name, as in the JSON.
    pub fn name(self) -> String {
        let words = format!("{self:?}");
        let mut name = String::new();
        for c in words.chars() {
            if c.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.extend(c.to_lowercase());
        }
        name
    }
}

impl Checkup {
    /// Findings by check and severity, the worst first.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group> = Vec::new();
        for finding in &self.findings {
            match groups.last_mut().filter(|g| g.check == finding.check && g.severity == finding.severity) {
                Some(group) => group.findings.push(finding),
                None => {
                    groups.push(Group { check: finding.check, severity: finding.severity, findings: vec![finding] })
                }
            }
        }
        groups
    }

    /// Number of findings of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// The worst severity, if there is a finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|f| f.severity).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: &str) -> (Severity, String) {
        let finding = Finding::from_note(&Note { place: "picture".to_owned(), what: format!("left out: {what}") });
        (finding.severity, finding.remedy)
    }

    #[test]
    fn only_what_is_not_there_is_to_be_downloaded_again() {
        let (severity, remedy) = told("what follows byte 90 of 100 (it ends); the 3 messages before that were read");
        assert!(severity == Severity::Fail && remedy.contains("download"), "{remedy}");
        let (severity, remedy) = told("70 of 100 rows, before its first sample");
        assert!(severity == Severity::Fail && !remedy.contains("download"), "{remedy}");
        for (why, helps) in [
            ("its 3 pictures are \"h265\", which is not read; convert them to H.264", "convert"),
            ("a.mcap: pictures are stored as video; build with --features video", "--features video"),
            ("it is video, for which this program was built without decoders", "--features video"),
        ] {
            let (severity, remedy) = told(&format!("the pictures of /front cannot be decoded: {why}"));
            assert!(severity == Severity::Warn && remedy.contains(helps), "{severity:?}: {remedy}");
            assert!(!remedy.contains("download"), "{remedy}");
        }
    }
}
