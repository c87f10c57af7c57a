//! `terrella plan`.

use super::SettingOptions;
use super::eval::load;
use crate::out;
use crate::pipeline::{About, PlanConfig, origin, plan};
use crate::settings::Flavour;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Run directory with a trained model
    run: PathBuf,
    /// Episode to start in
    #[arg(long)]
    episode: usize,
    /// Row to start from
    #[arg(long, default_value_t = 0)]
    start: usize,
    /// Row to bring about [default: eval.offset rows after the start]
    #[arg(long)]
    goal_row: Option<usize>,
    /// Who acts
    #[arg(long, default_value = "hybrid")]
    policy: Flavour,
    #[command(flatten)]
    settings: SettingOptions,
    /// Print JSON, plans and states included
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let (mut run, actor, recordings) = load(&self.run, &self.settings, &super::shared::watch())?;
        run.about = About::now("plan");
        let config =
            PlanConfig { episode: self.episode, start: self.start, goal_row: self.goal_row, policy: self.policy };
        let attempt = plan(&run, &actor, &recordings, &config)?;
        if self.json {
            return out::json(&attempt);
        }
        out::line(origin(attempt.trained_on))?;
        for (rule, step) in &attempt.verdict.reached {
            let words = step.map_or("not reached".to_owned(), |step| format!("reached at step {step}"));
            out::line(&format!("{rule}: {words}"))?;
        }
        for (part, error, unit) in &attempt.left {
            out::line(&format!("{part}: {error:.1} {unit} from the goal at the end"))?;
        }
        out::line(&format!("{} plans, shown in {}", attempt.plans.len(), attempt.page.display()))
    }
}
