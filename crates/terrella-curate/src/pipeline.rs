//! What a pipeline file says: recordings, and stages in the order they are done.
//!
//! A pipeline is TOML. Unknown keys are refused, since a misspelt one would silently change what a dataset
//! means. Paths are relative to the file.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrella_data::SourceOptions;
use terrella_formats::Place;

/// Recordings and what is done with them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Keys every random choice.
    #[serde(default)]
    pub seed: u64,
    /// What queries may hold in memory, in MiB; beyond it they use the disk.
    #[serde(default = "default_memory")]
    pub memory_mib: usize,
    /// Threads of a query. Results do not depend on it. One is usually best: rows are sorted by episode, so
    /// that each episode is done before the next begins; several have to exchange rows first, and need memory.
    #[serde(default = "one")]
    pub threads: usize,
    /// Where episodes come from.
    #[serde(rename = "source")]
    pub sources: Vec<Recording>,
    /// What is done, in order.
    #[serde(default, rename = "stage")]
    pub stages: Vec<Stage>,
}

fn default_memory() -> usize {
    1024
}

/// A recording of any format that can be imported.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recording {
    /// File or folder, or an address that is to be fetched before.
    pub path: PathBuf,
    /// Rows a second, for formats that do not store it.
    pub fps: Option<f64>,
    /// The world that can replay it.
    pub env: Option<String>,
    /// What was being done, for formats that do not store it.
    pub task: Option<String>,
    /// Names of the state's numbers, for formats that do not store them.
    pub state: Option<Vec<String>>,
    /// Names of the action's numbers, for formats that do not store them.
    pub action: Option<Vec<String>>,
    /// Vectors that make the state, joined in this order.
    pub vectors: Vec<String>,
    /// The picture feature to read, where there are several.
    pub camera: Option<String>,
    /// Views to keep beside it, by name, or `all`.
    pub views: Vec<String>,
    /// Leaves pictures out.
    pub no_pictures: bool,
    /// A mapping file, or the name of a known mapping.
    pub map: Option<String>,
}

/// What is done with the episodes that are there. Expressions are SQL; `{state}` and `{action}` stand for all
/// columns of that kind.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Stage {
    /// Cuts episodes into clips, which are episodes from then on.
    Split {
        /// Rows of a clip; whole runs if absent.
        rows: Option<usize>,
        /// Rows from one clip's begin to the next; `rows` if absent, so that clips do not overlap.
        step: Option<usize>,
        /// Shorter clips are left out.
        #[serde(default = "two")]
        at_least: usize,
        /// Keeps each n-th row; the rate falls accordingly.
        #[serde(default = "one")]
        every: usize,
        /// A condition on frames: clips are runs of rows for which it holds.
        #[serde(rename = "where")]
        condition: Option<String>,
    },
    /// Adds columns to `episodes`: aggregates over the frames of each.
    Measure {
        /// Name and aggregate of each column.
        columns: BTreeMap<String, String>,
    },
    /// Keeps episodes for which a condition on `episodes` holds.
    Filter {
        /// The condition.
        #[serde(rename = "where")]
        condition: String,
    },
    /// Keeps the episodes that a query returns; its further columns are added to `episodes`.
    Sql {
        /// A query that returns `episode_index`.
        query: String,
    },
    /// Leaves out episodes that are like an earlier one.
    Deduplicate {
        /// What being alike means.
        by: Alike,
        /// Columns that count; states and actions if absent.
        columns: Option<Vec<String>>,
        /// For paths: largest root mean square distance, in units of the columns' spread. For pictures: bits
        /// of 64 in which hashes may differ, on average over the episode.
        #[serde(default)]
        tolerance: f64,
    },
    /// Keeps at most so many episodes of each group, drawn at random.
    Balance {
        /// An expression over `episodes` that names the group.
        by: String,
        /// Episodes of a group that are kept.
        at_most: usize,
    },
    /// Adds changed copies of each episode.
    Augment {
        /// Copies of each episode.
        #[serde(default = "one")]
        copies: usize,
        /// Whether the episode itself stays.
        #[serde(default = "yes")]
        keep: bool,
        /// New values of columns of `frames`; `copy` counts copies from 1.
        set: BTreeMap<String, String>,
        /// Mirrors pictures from left to right.
        #[serde(default)]
        mirror_pictures: bool,
    },
    /// Divides episodes among several datasets; clips of one recorded episode stay together.
    Shard {
        /// Name and share of each dataset, drawn at random.
        #[serde(default)]
        parts: BTreeMap<String, f64>,
        /// Or: a new dataset after so many rows.
        rows: Option<usize>,
    },
}

/// How episodes are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alike {
    /// Every number equal.
    Content,
    /// The path at 16 even places within a tolerance.
    Path,
    /// Hashes of the pictures at 8 even places within a tolerance.
    Pictures,
}

fn one() -> usize {
    1
}

fn two() -> usize {
    2
}

fn yes() -> bool {
    true
}

impl Pipeline {
    /// Reads a pipeline file and checks what can be checked without the recordings.
    ///
    /// # Errors
    /// If it cannot be read, is not TOML, has unknown keys, or asks for what makes no sense.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let bad = |what: String| Error::Pipeline { path: path.to_path_buf(), what };
        let mut pipeline: Self = toml::from_str(&text).map_err(|e| bad(e.to_string()))?;
        pipeline.check().map_err(bad)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for source in &mut pipeline.sources {
            // An address is no path; whoever runs the pipeline fetches it.
            let address = source.path.to_str().map(Place::parse).transpose()?.flatten();
            if address.is_none() {
                source.path = folder.join(&source.path);
            }
        }
        Ok(pipeline)
    }

    /// Whether any stage names a column made of pictures.
    pub(crate) fn wants_pictures(&self) -> bool {
        let pictures = |stage: &Stage| matches!(stage, Stage::Deduplicate { by: Alike::Pictures, .. });
        self.stages.iter().any(|s| pictures(s) || s.text().contains("picture_"))
    }

    fn check(&self) -> Result<(), String> {
        if self.sources.is_empty() {
            return Err("there is no [[source]]; name a recording with path = \"…\"".to_owned());
        }
        if self.memory_mib < 64 {
            return Err(format!("memory_mib is {}; queries need at least 64", self.memory_mib));
        }
        for (at, stage) in self.stages.iter().enumerate() {
            let last = at + 1 == self.stages.len();
            stage.check(last).map_err(|what| format!("stage {} ({}): {what}", at + 1, stage.name()))?;
        }
        Ok(())
    }
}

impl Stage {
    /// Its name in a pipeline file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Split { .. } => "split",
            Self::Measure { .. } => "measure",
            Self::Filter { .. } => "filter",
            Self::Sql { .. } => "sql",
            Self::Deduplicate { .. } => "deduplicate",
            Self::Balance { .. } => "balance",
            Self::Augment { .. } => "augment",
            Self::Shard { .. } => "shard",
        }
    }

    /// The stage as one line of JSON: what its key, its lineage and its errors say.
    pub(crate) fn text(&self) -> String {
        // Every field is a number, a text or a map of them.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn check(&self, last: bool) -> Result<(), String> {
        let positive =
            |name: &str, n: usize| if n == 0 { Err(format!("{name} is 0; ask for at least 1")) } else { Ok(()) };
        match self {
            Self::Split { rows, step, at_least, every, condition } => {
                positive("rows", rows.unwrap_or(1))?;
                positive("step", step.unwrap_or(1))?;
                positive("at_least", *at_least)?;
                positive("every", *every)?;
                if rows.is_none() && step.is_some() {
                    return Err("step without rows; say how long clips are".to_owned());
                }
                if rows.is_none() && condition.is_none() && *every == 1 {
                    return Err("nothing says where to cut; give rows, where or every".to_owned());
                }
                Ok(())
            }
            Self::Deduplicate { by, columns, tolerance } => {
                if !tolerance.is_finite() || *tolerance < 0.0 {
                    return Err(format!("tolerance is {tolerance}; give 0 or more"));
                }
                if *by == Alike::Content && *tolerance != 0.0 {
                    return Err(
                        "contents are equal or not; tolerance belongs to by = \"path\" or \"pictures\"".to_owned()
                    );
                }
                if *by == Alike::Pictures && columns.is_some() {
                    return Err("pictures have no columns to choose; leave columns out".to_owned());
                }
                Ok(())
            }
            Self::Balance { at_most, .. } => positive("at_most", *at_most),
            Self::Augment { copies, .. } => positive("copies", *copies),
            Self::Shard { parts, rows } => {
                if parts.is_empty() == rows.is_none() {
                    return Err("give either parts = { name = share } or rows".to_owned());
                }
                if !last {
                    return Err("it decides what is written where, so it must be the last stage".to_owned());
                }
                positive("rows", rows.unwrap_or(1))?;
                let sum: f64 = parts.values().sum();
                if !parts.is_empty() && ((sum - 1.0).abs() > 1e-6 || parts.values().any(|p| *p <= 0.0)) {
                    return Err(format!("the shares of parts make {sum}; they must be positive and make 1"));
                }
                let plain = |name: &String| {
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
                };
                match parts.keys().find(|name| !plain(name)) {
                    Some(name) => Err(format!("{name:?} is to be a folder's name; use letters, digits, - and _")),
                    None => Ok(()),
                }
            }
            Self::Measure { columns } if columns.is_empty() => Err("there is no column to measure".to_owned()),
            Self::Measure { .. } | Self::Filter { .. } | Self::Sql { .. } => Ok(()),
        }
    }
}

impl Recording {
    /// As options of a reader.
    pub(crate) fn options(&self) -> SourceOptions {
        let Self { path: _, fps, env, task, state, action, vectors, camera, views, no_pictures, map } = self.clone();
        SourceOptions { fps, env, task, state, action, vectors, camera, views, no_pictures, map }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Pipeline, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.toml");
        std::fs::write(&path, text).expect("written");
        Pipeline::read(&path).map_err(|e| e.to_string())
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        let source = "[[source]]\npath = \"x\"\n[[stage]]\n";
        for (stage, said) in [
            ("do = \"filter\"\nwhere = \"true\"\nwher = \"x\"", "wher"),
            ("do = \"fitler\"\nwhere = \"true\"", "fitler"),
            ("do = \"split\"", "nothing says where to cut"),
            ("do = \"split\"\nrows = 0", "rows is 0"),
            ("do = \"split\"\nrows = 5\nevery = 0", "every is 0"),
            ("do = \"shard\"", "either parts"),
            ("do = \"shard\"\nparts = { a = 0.5, b = 0.6 }", "make 1.1"),
            ("do = \"shard\"\nparts = { \"../a\" = 1.0 }", "folder's name"),
            ("do = \"shard\"\nrows = 5\n[[stage]]\ndo = \"filter\"\nwhere = \"true\"", "last stage"),
            ("do = \"deduplicate\"\nby = \"content\"\ntolerance = 1", "equal or not"),
        ] {
            let error = read(&format!("{source}{stage}")).expect_err(stage);
            assert!(error.contains(said), "{stage}: {error}");
        }
        assert!(read("[[source]]\npath = \"az://x\"").is_err_and(|e| e.contains("s3://")), "no address of ours");
        assert!(read("seed = 1").is_err_and(|e| e.contains("source")), "no source");
        let good = read(&format!("{source}do = \"filter\"\nwhere = \"length > 3\"")).expect("a pipeline");
        assert_eq!(good.stages.len(), 1, "one stage");
    }
}
