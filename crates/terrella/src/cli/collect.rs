//! `terrella collect`.

use crate::out;
use crate::pipeline::{CollectConfig, GoingOn, Run, collect_on};
use crate::settings::{DataSettings, EvalSettings};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use terrella_env::Exploring;
use terrella_model::load_any;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// World to record in (see `terrella envs`)
    #[arg(long, default_value = "pusht")]
    env: String,
    /// Episodes
    #[arg(long, default_value_t = 200)]
    episodes: usize,
    /// Steps of an episode, at most [default: 120, or as many as a world with rewards allows]
    #[arg(long)]
    steps: Option<usize>,
    /// Share of the episodes that explore instead of demonstrating
    #[arg(long, default_value_t = DataSettings::default().explore)]
    explore: f64,
    /// How those explore: wander, random, or contacts, which seeks contacts that it has not had
    #[arg(long, default_value = "wander", value_parser = exploring)]
    explorer: Exploring,
    /// Largest noise on demonstrations, as a share of the action's range
    #[arg(long, default_value_t = DataSettings::default().noise)]
    noise: f64,
    /// Side of the square pictures; 0 records none
    #[arg(long, default_value_t = 96)]
    size: usize,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads; they change no number [default: all]
    #[arg(long)]
    threads: Option<usize>,
    /// Recordings whose episodes come first in the new folder
    #[arg(long, value_name = "DIR")]
    onto: Option<PathBuf>,
    /// Run whose model plans for rewards, in place of the expert
    #[arg(long, value_name = "RUN")]
    by: Option<PathBuf>,
    /// Folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn exploring(name: &str) -> Result<Exploring, String> {
    serde_json::from_value(json!(name)).map_err(|_| "there are wander, random and contacts".to_owned())
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let config = CollectConfig {
            env: self.env,
            episodes: self.episodes,
            steps: self.steps,
            explore: self.explore,
            explorer: self.explorer,
            noise: self.noise,
            size: self.size,
            seed: self.seed,
            threads: self.threads.unwrap_or_else(|| EvalSettings::default().threads()),
        };
        let acting = self.by.map(|path| -> Result<_> {
            let run = Run::open(&path)?;
            Ok((load_any(&run.file("model"), &super::shared::device())?, run.settings))
        });
        let acting = acting.transpose()?;
        let by = acting.as_ref().map(|(model, settings)| (settings, model));
        let from = GoingOn { onto: self.onto.as_deref(), by };
        let written = collect_on(&self.out, &config, from, &super::shared::watch())?;
        if self.json {
            return out::json(&json!({ "path": self.out, "written": written, "config": config }));
        }
        out::line(&format!(
            "{}: {} episodes, {} rows of {}",
            self.out.display(),
            written.episodes,
            written.rows,
            config.env
        ))
    }
}
