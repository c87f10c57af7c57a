//! `terrella identify`.

use super::SettingOptions;
use super::shared::{data_of, watch};
use crate::error::usage;
use crate::out;
use crate::pipeline::{Asked, Run, identify_mechanism};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;
use terrella_physics::{Choices, MECHANISMS, Named};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings of any known format, or the directory of a run that was trained on some
    #[arg(value_name = "DATA|RUN")]
    path: PathBuf,
    #[arg(long, value_name = "NAME", help = mechanisms())]
    mechanism: String,
    /// Column of a number of the mechanism's state, where it has another name: joint1.angle=q1; may be given many times
    #[arg(long = "state", value_name = "NAME=COLUMN")]
    state: Vec<String>,
    /// Column of a number of its action, or none where that is 0 throughout: torque=none; may be given many times
    #[arg(long = "action", value_name = "NAME=COLUMN")]
    action: Vec<String>,
    /// A parameter that is known: gravity=9.81; may be given many times
    #[arg(long = "fix", value_name = "NAME=VALUE")]
    fix: Vec<String>,
    /// A parameter to fit that is fixed by itself; may be given many times
    #[arg(long = "free", value_name = "NAME")]
    free: Vec<String>,
    /// Where a parameter is believed to lie with 90 %: mass=0.1..2; may be given many times
    #[arg(long = "prior", value_name = "NAME=LOW..HIGH")]
    prior: Vec<String>,
    #[command(flatten)]
    settings: SettingOptions,
    /// Folder to make, with identify.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The help of `--mechanism`.
fn mechanisms() -> String {
    let all: Vec<String> = MECHANISMS.iter().map(|entry| format!("{} ({})", entry.name, entry.about)).collect();
    let (last, first) = all.split_last().expect("there are mechanisms");
    format!("Equations: {} or {last}", first.join(", "))
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        if self.settings.data.is_some() {
            return Err(usage("recordings are named without --data here: terrella identify DATA --mechanism NAME"));
        }
        let asked = self.asked()?;
        let (path, settings) = if self.path.join("run.toml").is_file() {
            let run = Run::open(&self.path)?;
            (data_of(&run), self.settings.resolve_over(&run.settings)?)
        } else {
            (self.path.clone(), self.settings.resolve("ensemble")?)
        };
        let report = identify_mechanism(&path, &settings, &asked, self.out.as_deref(), &watch())?;
        if self.json {
            return out::json(&report);
        }
        report.notes.iter().for_each(|note| out::note(&format!("note: {note}")));
        out::line(&report.to_string())
    }

    fn asked(&self) -> Result<Asked> {
        let columns = |option: &str, told: &[String]| -> Result<Vec<(String, String)>> {
            told.iter().map(|text| pair(option, text, "joint1.angle=q1")).collect()
        };
        let mut parameters = Choices { free: self.free.clone(), ..Choices::default() };
        for text in &self.fix {
            let (name, x) = pair("--fix", text, "gravity=9.81")?;
            let x = number("--fix", text, &x)?;
            parameters.fixed.insert(name, x);
        }
        for text in &self.prior {
            let (name, interval) = pair("--prior", text, "mass=0.1..2")?;
            let Some((low, high)) = interval.split_once("..") else {
                return Err(usage(format!("--prior {text} has no '..'; write it as --prior mass=0.1..2")));
            };
            let ends = [number("--prior", text, low)?, number("--prior", text, high)?];
            parameters.priors.insert(name, ends);
        }
        let columns = Named { state: columns("--state", &self.state)?, action: columns("--action", &self.action)? };
        Ok(Asked { mechanism: self.mechanism.clone(), columns, parameters })
    }
}

/// The two sides of `NAME=…`.
fn pair(option: &str, text: &str, usual: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((name, what)) if !name.trim().is_empty() && !what.trim().is_empty() => {
            Ok((name.trim().to_owned(), what.trim().to_owned()))
        }
        _ => Err(usage(format!("{option} {text} is no pair; write it as {option} {usual}"))),
    }
}

fn number(option: &str, text: &str, x: &str) -> Result<f64> {
    x.trim().parse().map_err(|_| usage(format!("{option} {text}: {x:?} is no number")))
}
