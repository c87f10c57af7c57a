//! `terrella inspect`.

use super::import::SourceArgs;
use crate::out;
use crate::pipeline::local;
use crate::watch::Watch;
use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use terrella_core::{Stats, time};
use terrella_formats::Opened;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Recordings of any known format, or an address of some (s3://, gs://, hf://, https://)
    path: PathBuf,
    #[command(flatten)]
    source_options: SourceArgs,
    /// Draw pictures and curves of a few episodes into this PNG file
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
    /// Write everything into this .rrd file, for the viewer of Rerun
    #[arg(long, value_name = "FILE")]
    rerun: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let (options, watch) = (self.source_options.resolve()?, super::shared::watch());
        let source = terrella_formats::open_source(local(&self.path, &watch)?, &options)?;
        if let Some(sheet) = &self.sheet {
            terrella_formats::contact_sheet(&source, sheet)?;
        }
        if let Some(file) = &self.rerun {
            write_rerun(&source, file, &watch)?;
        }
        let s = terrella_formats::inspect(&source)?;
        if self.json {
            return out::json(&s);
        }
        let [shortest, median, longest] = s.lengths;
        let picture = s.image.map_or("none".to_owned(), |[h, w]| format!("{h}×{w}"));
        out::line(&format!("format    {}", s.format))?;
        out::line(&format!(
            "episodes  {} of {shortest} to {longest} rows (median {median}), {} rows",
            s.episodes, s.rows
        ))?;
        out::line(&format!("rate      {} rows a second, {} minutes", s.fps, time::minutes(s.rows as f64 / s.fps)))?;
        out::line(&format!("world     {}", s.env.as_deref().unwrap_or("none of ours")))?;
        out::line(&format!("pictures  {picture}"))?;
        for view in &s.views {
            let [height, width] = view.size;
            let depth =
                view.depth.map_or(String::new(), |metres| format!(", depth in steps of {} mm", metres * 1000.0));
            out::line(&format!("view      {} {height}×{width}{depth}", view.name))?;
        }
        out::line(&format!("tasks     {}", s.tasks.join("; ")))?;
        columns("state", &s.state, &s.state_stats)?;
        columns("action", &s.action, &s.action_stats)?;
        out::line(&format!("hash      {}", s.hash))?;
        s.warnings.iter().try_for_each(|warning| out::line(&format!("odd       {warning}")))
    }
}

#[cfg(feature = "rerun")]
fn write_rerun(source: &Opened, file: &Path, watch: &Watch) -> Result<()> {
    let mut stage = None;
    terrella_formats::rerun_recording(source, file, &mut |done, total| {
        stage.get_or_insert_with(|| watch.stage("rerun", total as u64)).at(done as u64, "");
    })?;
    Ok(())
}

#[cfg(not(feature = "rerun"))]
fn write_rerun(_: &Opened, file: &Path, _: &Watch) -> Result<()> {
    let remedy = "build with --features rerun, or let Rerun open a dataset that `terrella import` made, or an MCAP file of `terrella export`";
    anyhow::bail!("{}: this program was built without Rerun; {remedy}", file.display())
}

fn columns(what: &str, names: &[String], stats: &Stats) -> Result<()> {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(14);
    for (i, name) in names.iter().enumerate() {
        let what = if i == 0 { what } else { "" };
        let (mean, std, min, max) = (stats.mean[i], stats.std[i], stats.min[i], stats.max[i]);
        out::line(&format!("{what:9} {name:width$} {mean:9.2} ± {std:<8.2} in {min:.2} to {max:.2}"))?;
    }
    Ok(())
}
