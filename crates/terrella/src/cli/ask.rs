//! `terrella ask`.

use super::SettingOptions;
use super::eval::load_recordings;
use super::shared::device;
use crate::out;
use crate::pipeline::{Doing, Question, Run, Start, ask};
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;
use terrella_core::write_atomic;
use terrella_model::Saved;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory with a trained model
    run: PathBuf,
    /// Where it starts: EPISODE:ROW of the recordings, or a state as 'name=value,…'
    #[arg(long, value_name = "START", allow_hyphen_values = true)]
    from: String,
    /// What is done: as-recorded, hold, zero, a CSV file, or rows as 0.1,0.2;0.1,0.2
    #[arg(long = "do", value_name = "ACTIONS", allow_hyphen_values = true)]
    doing: String,
    /// Lets given actions begin anew until the end
    #[arg(long)]
    repeat: bool,
    /// Rows ahead
    #[arg(long)]
    steps: usize,
    /// Condition on the state in the end, such as 'x > 1.2 and abs(v) < 0.1'; may be given many times
    #[arg(long, value_name = "CONDITION", allow_hyphen_values = true)]
    whether: Vec<String>,
    /// Samples of the future, at least
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    samples: u32,
    /// Page to write as well
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingOptions,
    /// Print JSON, samples included
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let watch = super::shared::watch();
        let from = Start::parse(&self.from)?;
        let (run, recordings) = match from {
            Start::Row { .. } => {
                let (run, recordings) = load_recordings(&self.run, &self.settings, &watch)?;
                (run, Some(recordings))
            }
            // A state needs no recordings, which may be gone.
            Start::State(_) => {
                let mut run = Run::open(&self.run)?;
                run.settings = self.settings.resolve_over(&run.settings)?;
                (run, None)
            }
        };
        let model = run.file("model");
        if !model.is_dir() {
            anyhow::bail!("{} has no trained model yet; go on with: {}", self.run.display(), run.resume_command());
        }
        let saved = Saved::load(&model, &device())?;
        let question = Question {
            doing: Doing::parse(&self.doing, &saved.world.interface().signature.action)?,
            from,
            repeat: self.repeat,
            steps: self.steps,
            whether: self.whether,
            samples: self.samples as usize,
        };
        let answer = ask(&run, &saved, recordings.as_ref(), &question)?;
        if let Some(page) = &self.out {
            write_atomic(page, answer.to_html().as_bytes()).context("cannot write the page")?;
        }
        if self.json {
            return out::json(&answer);
        }
        out::line(&answer.to_string())?;
        self.out.map_or(Ok(()), |page| out::line(&format!("page: {}", page.display())))
    }
}
