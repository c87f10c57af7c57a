//! `terrella bench`.

use super::SettingOptions;
use super::shared::device;
use crate::out;
use crate::pipeline::{About, BenchConfig, bench};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Seconds for each measurement
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    #[command(flatten)]
    settings: SettingOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let settings = self.settings.resolve("quickstart")?;
        let config = BenchConfig { seconds: self.seconds, env: settings.data.collected_in().to_owned() };
        let folder = std::env::temp_dir().join(format!("terrella-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let timed = bench(&settings, &config, &folder, (&device(), &super::shared::watch()));
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        let timed = timed?;
        let about = About::now("bench");
        if self.json {
            return out::json(
                &json!({ "run": about, "model": settings.model, "batch": settings.train.batch_size, "timings": timed }),
            );
        }
        out::line(&about.machine())?;
        timed
            .iter()
            .try_for_each(|t| out::line(&format!("{:48} {:10.3} ms {:12.0} {}/s", t.name, t.ms, t.per_second, t.unit)))
    }
}
