//! Settings for recordings that nobody has looked at yet: what was chosen, and why, as a file to read and change.

use super::spectrum::frequency_below;
use crate::settings::{Layers, Settings};
use anyhow::Result;
use std::fmt::Write as _;
use std::path::Path;
use terrella_core::{Signature, Sim, time};
use terrella_data::{ALL, SourceOptions};
use terrella_formats::{Opened, Summary, inspect, open_source};

/// Share of the power of actions that a block shall follow.
const FOLLOWED: f64 = 0.9;
/// Rows of a block at most.
const LONGEST: usize = 10;
/// Episodes that are too few to put whole ones aside, and pieces that they are cut into then.
const FEW: usize = 5;
const PIECES: usize = 10;
/// Rows of a piece at least.
const LEAST: usize = 50;
/// Names that are listed before there are too many to read.
const LISTED: usize = 40;

/// What recordings ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggested {
    /// The preset to begin with.
    pub preset: &'static str,
    /// Why it is that one, where it is not the usual one.
    pub why: Option<&'static str>,
    /// Rows that one look ahead spans, where the family has blocks.
    pub frame_skip: Option<usize>,
    /// The file, with a remark on each line.
    pub text: String,
}

/// The preset that recordings ask for, and why, if it is not the usual one.
///
/// # Errors
/// If they name a world that there is not.
pub fn preset_for(signature: &Signature) -> Result<(Option<&'static str>, Option<&'static str>)> {
    let world = signature.env.as_deref().map(|id| terrella_env::make(id, &serde_json::Value::Null)).transpose()?;
    Ok(match (signature.image, world) {
        (Some(_), None) if signature.state.is_empty() => (
            Some("quickstart-pixels"),
            Some("the recordings have no logged state, so pictures and what was done will be all that teaches"),
        ),
        (Some(_), Some(world)) if world.goals().is_some() => (None, None),
        (Some(_), _) => (
            Some("jepa"),
            Some(
                "no world says that the logged state is all that matters, so the model will imagine what pictures show, too",
            ),
        ),
        (None, Some(world)) if world.goals().is_none() => {
            (Some("ensemble"), Some("a world of rewards, of logged states: an ensemble will learn them"))
        }
        (None, None) => (Some("ensemble"), Some("logged states of no world of ours: an ensemble will learn them")),
        (None, Some(_)) => (
            Some("quickstart-state"),
            Some("the recordings have no pictures, so the model will be shown the logged state"),
        ),
    })
}

/// Looks at recordings and suggests settings for `path`, which lies at `here` on this machine; `file` is what the file will be called
/// in the command that it names.
///
/// # Errors
/// If they cannot be read.
pub fn suggest(path: &Path, here: &Path, file: &str) -> Result<Suggested> {
    let source = open_source(here, &SourceOptions { views: vec![ALL.to_owned()], ..SourceOptions::default() })?;
    let (signature, about) = (source.signature().clone(), inspect(&source)?);
    let (preset, why) = preset_for(&signature)?;
    let preset = preset.unwrap_or("quickstart");
    let mut layers = Layers::new()?;
    layers.preset(preset)?;
    let usual = layers.clone().resolve()?;
    let (block, frame_skip) = match section_of_blocks(&layers) {
        Some(section) => block(&source, &about, (section, usual.train.n_frames)),
        None => ("# This family looks one row ahead at a time.\n".to_owned(), None),
    };
    let mut text = head(preset, why, file, &about);
    data(&mut text, path, &source, &about, &usual);
    text.push('\n');
    text.push_str(&block);
    Ok(Suggested { preset, why, frame_skip, text })
}

/// The section of the setting of rows in a block, where the family of a preset has blocks: it is tried, so that no family is
/// named here.
fn section_of_blocks(layers: &Layers) -> Option<&'static str> {
    const TRIED: usize = 3;
    ["model.mind", "model"].into_iter().find(|section| {
        let mut layers = layers.clone();
        let set = layers.set(&format!("{section}.frame_skip={TRIED}"));
        set.and_then(|()| layers.resolve()).is_ok_and(|settings| settings.model.window(1).frame_skip == TRIED)
    })
}

fn head(preset: &str, why: Option<&str>, file: &str, about: &Summary) -> String {
    let mut text = format!(
        "# Settings for {} {}; lines may be changed or taken out, and remarks begin with #.\n# A model, its judgement and a report:\n#\n#   terrella quickstart --preset {preset} --config {file}\n#\n",
        counted(about.episodes, "episode"),
        if about.env.is_some() { "of a world that can be acted in" } else { "of no world of ours" }
    );
    if let Some(why) = why {
        let _ = writeln!(text, "# Why {preset}: {why}.");
    }
    for warning in &about.warnings {
        let _ = writeln!(text, "# Odd: {warning}");
    }
    text.push_str(
        "\n# Minutes that all of it may take on this machine; steps are measured and fixed before training begins.\nminutes = 10\n",
    );
    text
}

fn data(text: &mut String, path: &Path, source: &Opened, about: &Summary, usual: &Settings) {
    let [shortest, median, longest] = about.lengths;
    let _ = write!(
        text,
        "\n[data]\npath = {}\n# {} of {shortest} to {longest} rows (median {median}), {} rows a second, {} minutes.\n",
        toml::Value::String(path.display().to_string()),
        counted(about.episodes, "episode"),
        about.fps,
        time::minutes(about.rows as f64 / about.fps)
    );
    let _ = writeln!(text, "# State: {}", named(&about.state, |at| source.signature().unit(at).to_owned()));
    let _ = writeln!(text, "# Action: {}", named(&about.action, |_| String::new()));
    for note in source.notes() {
        let _ = writeln!(text, "# Note: {note}");
    }
    let _ = writeln!(
        text,
        "# Vectors that make the state, joined in this order, in place of the above.\n# vectors = [\"…\"]"
    );
    let cameras: Vec<&str> = source.cameras().iter().map(|view| view.name.as_str()).collect();
    if let Some((first, others)) = cameras.split_first() {
        let _ = writeln!(text, "# The camera that the model sees, of: {}.\ncamera = {first:?}", cameras.join(", "));
        if !others.is_empty() {
            let _ = writeln!(text, "# Further ones, laid beside it in one picture.\n# views = {others:?}");
        }
    }
    let whole = about.episodes;
    let cut = piece(about);
    let n = if cut > 0 { PIECES } else { whole };
    if cut > 0 {
        let _ = writeln!(
            text,
            "# {} cannot be told apart by episode, so pieces of so many rows are put aside: they lie beside what is learned from,\n# and scores on them say less of another day.\ncut = {cut}",
            counted(whole, "episode")
        );
    }
    // One piece alone would say nothing of how they differ.
    let least = if cut > 0 { 2.0 } else { 1.0 };
    if cut == 0 && whole < 2 {
        text.push_str("# One short episode cannot be put aside from itself: record more before you train.\n");
        return;
    }
    let share = usual.data.held_out.max((1e3 * least / n.max(1) as f64).ceil() / 1e3);
    let apart = counted((n as f64 * share).round() as usize, if cut > 0 { "piece" } else { "episode" });
    let few = if n < 10 { "; with so few, scores say little of others" } else { "" };
    let _ = writeln!(text, "# {apart} put aside for judging, whole{few}.\nheld_out = {share}");
}

/// Rows of the pieces that few long episodes are cut into; 0 leaves them whole.
fn piece(about: &Summary) -> usize {
    if about.episodes < FEW && about.rows >= PIECES * LEAST { about.rows / PIECES } else { 0 }
}

/// How many rows one look ahead spans, and why.
fn block(source: &Opened, about: &Summary, (section, frames): (&str, usize)) -> (String, Option<usize>) {
    let n = about.episodes.min(100);
    let columns = |at: usize| {
        let actions = source.episode(at * about.episodes / n.max(1)).actions;
        let column = |c: usize| (0..actions.len()).map(|row| f64::from(actions.row(row)[c])).collect::<Vec<f64>>();
        (0..actions.width).map(column).collect::<Vec<_>>()
    };
    let episodes: Vec<_> = (0..n).map(columns).collect();
    let frequency = frequency_below(&episodes, about.fps, FOLLOWED).filter(|hz| *hz > 0.0);
    let shortest = match piece(about) {
        0 => about.lengths[0],
        rows => rows,
    };
    let fitting = (shortest.saturating_sub(1) / frames.max(1)).max(1);
    let wanted = frequency.map(|hz| (about.fps / (2.0 * hz)).round() as usize);
    let skip = wanted.unwrap_or(1).clamp(1, LONGEST).min(fitting);
    let mut text = match frequency {
        Some(hz) => format!(
            "# {:.0} % of the power of the actions lies below {hz:.2} Hz: half a swing of that takes {} at {} a second.\n",
            100.0 * FOLLOWED,
            counted(wanted.unwrap_or(1).max(1), "row"),
            about.fps
        ),
        None => "# Actions never change for long, so they do not say how far to look ahead.\n".to_owned(),
    };
    if wanted.is_some_and(|wanted| wanted > skip) {
        let why = if skip == fitting {
            "longer ones would not fit the shortest episode"
        } else {
            "longer ones are harder to foretell"
        };
        let _ = writeln!(text, "# Blocks have {} at most here: {why}.", counted(skip, "row"));
    }
    let _ = writeln!(
        text,
        "# One look ahead of the model spans so many rows; it is told all actions of them.\n[{section}]\nframe_skip = {skip}"
    );
    (text, Some(skip))
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How many numbers, and their names with units.
fn named(names: &[String], unit: impl Fn(usize) -> String) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let name = |(at, name): (usize, &String)| match unit(at) {
        unit if unit.is_empty() => name.clone(),
        unit => format!("{name} ({unit})"),
    };
    let listed: Vec<String> = names.iter().enumerate().take(LISTED).map(name).collect();
    let more = if names.len() > LISTED { format!(" and {} more", names.len() - LISTED) } else { String::new() };
    format!("{}: {}{more}", counted(names.len(), "number"), listed.join(", "))
}
