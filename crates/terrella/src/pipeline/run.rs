//! A run directory that says what it is: `run.toml` is there before the first step.

use crate::error::usage;
use crate::settings::{Settings, modernised};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use terrella_core::RunDir;
use terrella_eval::Provenance;

/// Where a run came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// What was asked for: `train`, `quickstart`.
    pub verb: String,
    /// The command as it was typed.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// Revision it was built from, `unknown` outside a repository.
    pub commit: String,
    /// Whether sources had changed since that revision.
    pub dirty: bool,
    /// Processor.
    pub machine: String,
    /// Threads it may use.
    pub threads: usize,
    /// SHA-256 of the recordings, once they are there.
    pub data_hash: String,
}

impl About {
    /// What is known before anything happens.
    pub fn now(verb: &str) -> Self {
        let arguments = std::env::args().skip(1).map(|a| quoted(&a));
        Self {
            verb: verb.to_owned(),
            command: std::iter::once("terrella".to_owned()).chain(arguments).collect::<Vec<_>>().join(" "),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("TERRELLA_COMMIT").to_owned(),
            dirty: env!("TERRELLA_DIRTY") == "true",
            machine: processor(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            data_hash: String::new(),
        }
    }

    /// The revision, with a mark if sources had changed.
    pub fn revision(&self) -> String {
        format!("{}{}", self.commit, if self.dirty { " + changes" } else { "" })
    }

    /// The machine in words.
    pub fn machine(&self) -> String {
        format!("{}, {} threads", self.machine, self.threads)
    }
}

/// A run directory and what is written in its `run.toml`.
#[derive(Clone, Debug)]
pub struct Run {
    dir: RunDir,
    /// Where it came from.
    pub about: About,
    /// What it means.
    pub settings: Settings,
}

#[derive(Serialize, Deserialize)]
struct Record {
    run: About,
    settings: Settings,
}

const RECORD: &str = "run.toml";

impl Run {
    /// Makes the directory (`runs/<verb>-<n>` if none is given) and writes `run.toml`.
    ///
    /// # Errors
    /// If the directory exists, with more in it than the record of a run that never began, or cannot be written to.
    pub fn create(verb: &str, path: Option<&Path>, settings: Settings) -> Result<Self> {
        let path = path.map_or_else(|| next_free(verb), Path::to_path_buf);
        // What a mistyped path left behind is in nobody's way.
        let begun = |entry: std::io::Result<std::fs::DirEntry>| entry.is_ok_and(|e| e.file_name() != RECORD);
        let vain = std::fs::read_dir(&path).is_ok_and(|mut entries| path.join(RECORD).is_file() && !entries.any(begun));
        let dir = if vain { RunDir::open(&path)? } else { RunDir::create(&path)? };
        let run = Self { dir, about: About::now(verb), settings };
        run.record()?;
        Ok(run)
    }

    /// Opens an earlier run with the settings it had.
    ///
    /// # Errors
    /// If it is not a run directory, or its `run.toml` cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let dir = RunDir::open(path)?;
        if !dir.file(RECORD).is_file() {
            return Err(usage(format!(
                "{} is not a run directory: it has no {RECORD}; name one that `terrella train` or `terrella quickstart` made",
                path.display()
            )));
        }
        let text = dir.read(RECORD)?;
        let (Record { run: about, mut settings }, named) =
            parse(&text).map_err(|e| anyhow::anyhow!("{} cannot be read: {e}", dir.file(RECORD).display()))?;
        // Versions before there were families wrote their default world into every run, whoever said it.
        if settings.data.path.is_some() && !named {
            settings.data.env = None;
        }
        Ok(Self { dir, about, settings })
    }

    /// Writes `run.toml` anew, as when the hash of the recordings becomes known.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn record(&self) -> Result<()> {
        let record = Record { run: self.about.clone(), settings: self.settings.clone() };
        let text = toml::to_string_pretty(&record).context("cannot write run.toml")?;
        Ok(self.dir.write(RECORD, text.as_bytes())?)
    }

    /// Where a number of this run comes from: `split` says how episodes were held out, `told` what policies are told.
    pub(super) fn provenance(&self, split: &str, told: Vec<String>) -> Provenance {
        let About { command, .. } = &self.about;
        let (commit, machine) = (self.about.revision(), self.about.machine());
        Provenance { split: split.to_owned(), command: command.clone(), commit, machine, told }
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The directory, for reading and writing files.
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.file(name)
    }

    /// Reads a JSON file of this run, if it is there.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        if !self.file(name).is_file() {
            return Ok(None);
        }
        let value = serde_json::from_str(&self.dir.read(name)?);
        value.with_context(|| format!("{} is damaged; remove it and run the step again", self.file(name).display()))
    }

    /// Writes a JSON file of this run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        Ok(self.dir.write(name, &serde_json::to_vec_pretty(value)?)?)
    }

    /// The command that judges what came of this run.
    pub(super) fn judging_command(&self) -> String {
        format!("terrella eval {}", quoted(&self.path().display().to_string()))
    }

    /// The command that goes on with this run.
    pub fn resume_command(&self) -> String {
        format!("terrella {} --resume {}", self.about.verb, quoted(&self.path().display().to_string()))
    }
}

/// Reads a record of this version or an earlier one; answers, too, whether it names a family.
fn parse(text: &str) -> Result<(Record, bool), toml::de::Error> {
    let mut all: toml::Table = toml::from_str(text)?;
    let named = all.get("settings").and_then(|s| s.get("model")?.get("kind")).is_some();
    if let Some(toml::Value::Table(settings)) = all.remove("settings") {
        all.insert("settings".to_owned(), toml::Value::Table(modernised(settings)));
    }
    Ok((all.try_into()?, named))
}

fn next_free(verb: &str) -> PathBuf {
    (1..).map(|n| PathBuf::from("runs").join(format!("{verb}-{n}"))).find(|p| !p.exists()).unwrap_or_default()
}

fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', "'\\''"))
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        info.lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned()));
    name.unwrap_or_else(|| format!("{} {}", std::env::consts::OS, std::env::consts::ARCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_from_before_there_were_families_keep_only_the_world_that_they_collected_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = |name: &str, recordings: bool, families: bool| {
            let mut settings = Settings::default();
            settings.data.env = Some("pusht".to_owned());
            settings.data.path = recordings.then(|| PathBuf::from("data"));
            let run = Run::create("train", Some(&folder.path().join(name)), settings).expect("a run");
            if !families {
                let text = run.dir().read(RECORD).expect("a record");
                let old = text.replacen("kind = \"jepa\"\n", "", 1);
                assert_ne!(old, text, "what a model is was in the record");
                run.dir().write(RECORD, old.as_bytes()).expect("an old record");
            }
            Run::open(run.path()).expect("a run").settings.data.env
        };
        assert_eq!(opened("old", true, false), None, "nobody said so of these recordings");
        assert_eq!(opened("old-own", false, false).as_deref(), Some("pusht"), "collected there");
        assert_eq!(opened("new", true, true).as_deref(), Some("pusht"), "said");
    }
}
