//! `terrella curate` and `terrella trace`.

#[cfg(feature = "curate")]
use crate::out;
#[cfg(feature = "curate")]
use crate::pipeline::local;
#[cfg(feature = "curate")]
use anyhow::Context;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct CurateOptions {
    /// What to do: a TOML file (see docs/curate.md)
    #[arg(required_unless_present = "functions")]
    pipeline: Option<PathBuf>,
    /// Folder to make; the pipeline's name without extension if absent
    destination: Option<PathBuf>,
    /// List the functions that queries may use, and end
    #[arg(long)]
    functions: bool,
    /// Who computes: here, standalone (a cluster within this process) or df://HOST:PORT (its scheduler)
    #[arg(long, default_value = "here")]
    workers: String,
    /// File with the key of the cluster, where its scheduler is at an address that other machines reach
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct TraceOptions {
    /// A dataset that was made by `terrella curate`
    dataset: PathBuf,
    /// Episode and row, as in 12:40
    #[arg(value_parser = row)]
    row: [usize; 2],
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn row(text: &str) -> Result<[usize; 2], String> {
    let (episode, frame) = text.split_once(':').ok_or("write episode and row as in 12:40")?;
    let number = |part: &str| part.parse().map_err(|_| format!("{part:?} is not a number; write as in 12:40"));
    Ok([number(episode)?, number(frame)?])
}

#[cfg(feature = "curate")]
impl CurateOptions {
    pub(super) fn run(self) -> Result<()> {
        if self.functions {
            let line = |(name, help): (&str, &str)| out::line(&format!("{name:<18}{help}"));
            return terrella_curate::functions::list().try_for_each(line);
        }
        let file = self.pipeline.context("name a pipeline file")?;
        let mut pipeline = terrella_curate::Pipeline::read(&file)?;
        let destination = self.destination.unwrap_or_else(|| file.with_extension(""));
        let watch = super::shared::watch();
        for source in &mut pipeline.sources {
            source.path = local(&source.path, &watch)?;
        }
        let mut stage: Option<(String, _)> = None;
        let mut progress = |name: &str, done: usize, total: usize| {
            if stage.as_ref().is_none_or(|(of, _)| of != name) {
                stage = Some((name.to_owned(), watch.stage(name, total as u64)));
            }
            if let Some((_, stage)) = &mut stage {
                stage.at(done as u64, "");
            }
        };
        #[cfg(feature = "cluster")]
        let curated = {
            use terrella_curate::cluster::{Key, Workers};
            let workers: Workers = self.workers.parse().map_err(anyhow::Error::msg)?;
            if self.key.is_some() && !matches!(workers, Workers::Cluster(..)) {
                anyhow::bail!("--key is for a cluster: it goes with --workers df://HOST:PORT");
            }
            let workers = workers.with_key(self.key.map(|path| Key::read(&path)).transpose()?);
            terrella_curate::curate_on(&workers, &pipeline, &destination, &mut progress)?
        };
        #[cfg(not(feature = "cluster"))]
        let curated = {
            if self.workers != "here" || self.key.is_some() {
                anyhow::bail!("this program was built without clusters; build it with --features cluster");
            }
            terrella_curate::curate(&pipeline, &destination, &mut progress)?
        };
        drop(stage);
        if self.json {
            return out::json(&curated);
        }
        curated.notes.iter().for_each(|note| out::note(&format!("note: {note}")));
        for done in &curated.stages {
            let [episodes, rows] = done.left;
            let how = if done.reused { "done before".to_owned() } else { format!("{:.1} s", done.seconds) };
            out::line(&format!("{:<12}{episodes:>8} episodes {rows:>10} rows  {how}", done.name))?;
        }
        for dataset in &curated.datasets {
            let terrella_curate::Dataset { path, episodes, rows, hash } = dataset;
            out::line(&format!("{}: {episodes} episodes, {rows} rows, {}", path.display(), &hash[..16]))?;
        }
        Ok(())
    }
}

#[cfg(feature = "curate")]
impl TraceOptions {
    pub(super) fn run(self) -> Result<()> {
        let trace = terrella_curate::trace(&self.dataset, self.row[0], self.row[1])?;
        if self.json {
            return out::json(&trace);
        }
        out::line(&format!("row {}:{} of {}", trace.row[0], trace.row[1], trace.dataset.display()))?;
        for origin in &trace.origins {
            origin.stages.iter().try_for_each(|stage| out::line(&format!("  through {stage}")))?;
            let state = if origin.unchanged { "unchanged" } else { "changed or gone" };
            out::line(&format!(
                "from row {}:{} of {} ({}, {}, {state}), by {}",
                origin.row[0],
                origin.row[1],
                origin.path.display(),
                origin.format,
                &origin.hash[..16],
                origin.code
            ))?;
            if let Some([state, action]) = &origin.values {
                out::line(&format!("  state {state:?}, action {action:?}"))?;
            }
        }
        Ok(())
    }
}

/// Said where the engine was not built.
#[cfg(not(feature = "curate"))]
const HOW: &str = "this program was built without the query engine; build it with `cargo run --release --features curate -- curate …`";

#[cfg(not(feature = "curate"))]
impl CurateOptions {
    pub(super) fn run(self) -> Result<()> {
        anyhow::bail!(HOW)
    }
}

#[cfg(not(feature = "curate"))]
impl TraceOptions {
    pub(super) fn run(self) -> Result<()> {
        anyhow::bail!(HOW)
    }
}
