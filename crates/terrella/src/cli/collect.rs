//! `terrella collect`.

use crate::out;
use crate::pipeline::{CollectConfig, collect};
use crate::settings::{DataSettings, EvalSettings};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

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
    /// Folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let config = CollectConfig {
            env: self.env,
            episodes: self.episodes,
            steps: self.steps,
            explore: self.explore,
            noise: self.noise,
            size: self.size,
            seed: self.seed,
            threads: self.threads.unwrap_or_else(|| EvalSettings::default().threads()),
        };
        let written = collect(&self.out, &config, &super::watch())?;
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
