//! The verbs: one file each. A verb turns what was typed into settings, calls the pipeline, and says
//! what came of it: data on stdout, words for people on stderr.

mod adapt;
mod ask;
mod bench;
mod cluster;
mod collect;
mod compare;
mod completions;
mod curate;
mod doctor;
mod envs;
mod eval;
mod export;
mod identify;
mod import;
mod init;
mod inspect;
mod keypoints;
mod label;
mod options;
mod plan;
mod play;
mod quickstart;
mod record;
mod replay;
mod report;
mod shared;
mod train;
mod watch;

pub use options::SettingOptions;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

/// World models on a laptop: recordings in, a planner acting in a learned world out.
#[derive(Debug, Parser)]
#[command(name = "terrella", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Does it all in minutes: record, train, judge, plan, report.
    Quickstart(quickstart::Options),
    /// Lists the worlds one can act in.
    Envs(envs::Options),
    /// Records demonstrations in a world.
    Collect(collect::Options),
    /// Copies recordings of any known format into a LeRobot v3.0 dataset.
    Import(import::Options),
    /// Writes recordings of any known format into an MCAP file.
    Export(export::Options),
    /// Records sensors of any driver: lines of JSON on stdin, into a log that survives a kill.
    Record(record::Options),
    /// Says what recordings contain, and what looks odd about them.
    Inspect(inspect::Options),
    /// Looks at recordings and writes a settings file for them, with what was chosen and why.
    Init(init::Options),
    /// Checks recordings: clocks, sensors, physics, pictures, duplicates. Ends with an error on failures.
    Doctor(doctor::Options),
    /// Makes datasets from datasets: splits, filters, deduplicates, balances, augments, by SQL, with lineage.
    Curate(curate::CurateOptions),
    /// Computes the stages of `curate` on several machines.
    Cluster(cluster::Options),
    /// Walks a row of a curated dataset back to where it came from.
    Trace(curate::TraceOptions),
    /// Tells the actions of video that has none, from recordings that have some, and leaves out what it is not sure of.
    Label(label::Options),
    /// Finds things in pictures without labels: keypoints learned from pictures alone, judged, and drawn on a page.
    Keypoints(keypoints::Options),
    /// Finds the parameters of known equations in recordings: masses, lengths, frictions, how sure they are, and what is not told apart.
    Identify(identify::Options),
    /// Trains a world model.
    Train(train::Options),
    /// Measures how good a trained model is, against floors.
    Eval(eval::Options),
    /// Fits a trained ensemble to a machine that differs, by the first rows of new recordings, and says by how much it moved.
    Adapt(adapt::Options),
    /// Reads recordings row by row, as if they came just now, and tells when their world has changed.
    Watch(watch::Options),
    /// Makes one attempt and shows its plans.
    Plan(plan::Options),
    /// Asks a trained model what comes of actions: a distribution, how far it can be trusted, and how probable conditions are.
    Ask(ask::Options),
    /// Opens a page on which people drive a learned world, beside the real one.
    Play(play::Options),
    /// Drives what was recorded once more, and says what differs: nothing, bit for bit, unless something was changed.
    Replay(replay::Options),
    /// Puts runs side by side: settings that differ, scores, paired tests, curves.
    Compare(compare::Options),
    /// Makes the page about a run anew.
    Report(report::Options),
    /// Measures how fast this machine is.
    Bench(bench::Options),
    /// Prints completions for a shell.
    Completions(completions::Options),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong; it is told once, by the caller.
    pub fn run(self) -> Result<()> {
        match self.verb {
            Verb::Quickstart(options) => options.run(),
            Verb::Envs(options) => options.run(),
            Verb::Collect(options) => options.run(),
            Verb::Import(options) => options.run(),
            Verb::Export(options) => options.run(),
            Verb::Record(options) => options.run(),
            Verb::Inspect(options) => options.run(),
            Verb::Init(options) => options.run(),
            Verb::Doctor(options) => options.run(),
            Verb::Curate(options) => options.run(),
            Verb::Cluster(options) => options.run(),
            Verb::Trace(options) => options.run(),
            Verb::Label(options) => options.run(),
            Verb::Keypoints(options) => options.run(),
            Verb::Identify(options) => options.run(),
            Verb::Train(options) => options.run(),
            Verb::Eval(options) => options.run(),
            Verb::Adapt(options) => options.run(),
            Verb::Watch(options) => options.run(),
            Verb::Plan(options) => options.run(),
            Verb::Ask(options) => options.run(),
            Verb::Play(options) => options.run(),
            Verb::Replay(options) => options.run(),
            Verb::Compare(options) => options.run(),
            Verb::Report(options) => options.run(),
            Verb::Bench(options) => options.run(),
            Verb::Completions(options) => options.run(&mut Self::command()),
        }
    }
}
