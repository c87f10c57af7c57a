//! Options that several verbs share.

use crate::settings::{Layers, PRESETS, Settings};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// What changes settings, from the weakest to the strongest.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingOptions {
    /// Preset to begin with
    #[arg(long, value_name = "NAME", help = presets())]
    pub preset: Option<String>,
    /// TOML file laid over the preset
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, such as train.steps=500 or mpc.slack_blocks=none; may be given many times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
    /// Seed of weights, batches, recordings and plans
    #[arg(long)]
    pub seed: Option<i64>,
    /// Recordings of any known format; several, with a comma between two
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
}

/// The help of `--preset`.
fn presets() -> String {
    let names: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
    let (last, first) = names.split_last().expect("there are presets");
    format!("Preset to begin with: {} or {last}", first.join(", "))
}

impl SettingOptions {
    /// The sets of recordings that were named: one whose path has a comma, or several.
    pub fn sets_of_data(&self) -> Vec<PathBuf> {
        let Some(named) = &self.data else { return Vec::new() };
        match named.to_str() {
            Some(text) if text.contains(',') && !named.exists() => text.split(',').map(PathBuf::from).collect(),
            _ => vec![named.clone()],
        }
    }

    /// Resolves them over defaults and `preset`, if none was named.
    ///
    /// # Errors
    /// If a key is unknown or a value has the wrong type.
    pub fn resolve(&self, preset: &str) -> Result<Settings> {
        let mut layers = Layers::new()?;
        layers.preset(self.preset.as_deref().unwrap_or(preset))?;
        self.lay(layers)
    }

    /// Resolves them over the settings of an earlier run.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_over(&self, settings: &Settings) -> Result<Settings> {
        let mut layers = Layers::over(settings)?;
        if let Some(preset) = &self.preset {
            layers.preset(preset)?;
        }
        self.lay(layers)
    }

    /// Whether anything was given.
    pub fn is_empty(&self) -> bool {
        let none = self.preset.is_none() && self.config.is_none() && self.seed.is_none() && self.data.is_none();
        none && self.sets.is_empty()
    }

    fn lay(&self, mut layers: Layers) -> Result<Settings> {
        if let Some(file) = &self.config {
            layers.file(file)?;
        }
        for assignment in &self.sets {
            layers.set(assignment)?;
        }
        if let Some(seed) = self.seed {
            layers.value("seed", seed, "--seed")?;
        }
        if let Some((path, also)) = self.sets_of_data().split_first() {
            let also: Vec<String> = also.iter().map(|path| path.display().to_string()).collect();
            layers.value("data.path", path.display().to_string(), "--data")?;
            layers.value("data.also", also, "--data")?;
        }
        layers.resolve()
    }
}
