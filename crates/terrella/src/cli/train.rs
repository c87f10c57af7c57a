//! `terrella train`.

use super::SettingOptions;
use super::shared::{data_of, device};
use crate::error::usage;
use crate::out;
use crate::pipeline::{Live, ProbeReport, Recordings, Run, train_beside, train_whole};
use anyhow::Result;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    settings: SettingOptions,
    /// Run directory to make [default: runs/train-<n>]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Run directory to go on with; needs nothing else
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let mut run = open("train", &self.settings, self.out.as_deref(), self.resume.as_deref(), true)?;
        let (watch, device) = (super::shared::watch(), device());
        let mut recordings = Recordings::open(&data_of(&run), &run.settings, &watch)?;
        run.about.data_hash = recordings.dataset.hash.clone();
        run.record()?;
        let training = Live::of(&run, &recordings, &watch).shows(|watch| {
            let (saved, training) = train_whole(&run, &mut recordings, &device, watch)?;
            train_beside(&run, &saved.world, &recordings, &device, watch)?;
            Ok(training)
        })?;
        let probes: Option<ProbeReport> = run.json("probes.json")?;
        run.write_json("timings.json", &watch.timings())?;
        if self.json {
            return out::json(
                &json!({ "run": run.path(), "training": training, "probes": probes, "timings": watch.timings() }),
            );
        }
        let path = run.path().display();
        out::line(&format!(
            "{path}/model: {} steps, {:.2} million parameters",
            training.steps,
            training.parameters as f64 / 1e6
        ))?;
        for part in probes.map(|p| p.parts).unwrap_or_default() {
            let unit = &part.unit;
            let own = part.readout.map_or_else(String::new, |r| format!(", readout {r:.1} {unit}"));
            out::line(&format!(
                "{} on held-out rows: linear probe {:.1} {unit}{own} (always the mean {:.1} {unit})",
                part.name, part.probe, part.mean
            ))?;
        }
        let model = &run.settings.model;
        if !recordings.has_goals() && !model.wants().state && !model.paints() {
            return out::line(
                "this model tells no states, and without a world of goals nothing else can be judged: train it with model.readout=true (preset quickstart)",
            );
        }
        out::line(&format!("next: terrella eval {path}"))
    }
}

/// A new run with these settings, or an earlier one as it was.
pub(super) fn open(
    verb: &str,
    options: &SettingOptions,
    out: Option<&std::path::Path>,
    resume: Option<&std::path::Path>,
    needs_data: bool,
) -> Result<Run> {
    if let Some(path) = resume {
        if !options.is_empty() {
            return Err(usage("a resumed run keeps its settings; give --resume alone, or start a new run"));
        }
        return Run::open(path);
    }
    let settings = options.resolve("quickstart")?;
    if needs_data && settings.data.path.is_none() {
        return Err(usage(format!(
            "there is nothing to learn from; record some with `terrella collect --out data/x` and give --data data/x, or use `terrella quickstart` instead of {verb}"
        )));
    }
    if let Some(env) = &settings.data.env {
        terrella_env::make(env, &serde_json::Value::Null)?;
    }
    Run::create(verb, out, settings)
}
