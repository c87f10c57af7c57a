//! Several finished runs side by side: settings that differ, scores, and paired tests where attempts were the same.

use super::evaluate::{Evaluation, FILE, verdicts};
use super::report::curves;
use super::run::Run;
use super::train::log;
use anyhow::{Context, Result};
use std::path::Path;
use terrella_core::{Key, Rule, Verdict, time};
use terrella_eval::{Compared, ComparedRun, Paired, Scorecard, compare};

/// Reads runs; the others are compared with the first.
///
/// # Errors
/// If one is no run directory, or a file of it is damaged.
pub fn compare_runs(paths: &[impl AsRef<Path>]) -> Result<Compared> {
    let runs = paths.iter().map(|path| Run::open(path.as_ref())).collect::<Result<Vec<_>>>()?;
    let mut compared = Compared { runs: runs.iter().map(column).collect::<Result<_>>()?, ..Compared::default() };
    let names = compared.names();
    for (at, run) in runs.iter().enumerate() {
        if compared.runs[at].scorecards.is_empty() && !run.file(FILE).is_file() {
            let name = &names[at];
            compared.notes.push(format!("{name} was not judged yet; run: terrella eval {}", run.path().display()));
        }
    }
    let Some((first, others)) = runs.split_first() else { return Ok(compared) };
    for (at, other) in others.iter().enumerate() {
        let cards = (&compared.runs[0].scorecards[..], &compared.runs[at + 1].scorecards[..]);
        let named = (names[0].as_str(), names[at + 1].as_str());
        match against((first, other), cards, named)? {
            Ok(paired) => compared.paired.extend(paired),
            Err(why) => compared.notes.push(why),
        }
    }
    Ok(compared)
}

fn column(run: &Run) -> Result<ComparedRun> {
    let evaluation: Evaluation = run.json(FILE)?.unwrap_or_default();
    let about = [
        ("command", run.about.command.clone()),
        ("commit", run.about.revision()),
        ("machine", run.about.machine()),
        ("recordings", run.about.data_hash.chars().take(12).collect()),
        ("minutes", minutes(run)?),
    ];
    let settings = toml::Value::try_from(&run.settings).context("settings cannot be told")?;
    let mut flat = Vec::new();
    flatten("", &settings, &mut flat);
    Ok(ComparedRun {
        path: run.path().display().to_string(),
        about: about.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        settings: flat,
        scorecards: evaluation.scorecards,
        rollout: evaluation.rollout,
        open_loop: evaluation.open_loop,
        returns: evaluation.returns,
        curves: curves(&log(run)?, run.settings.model.charts()),
    })
}

fn minutes(run: &Run) -> Result<String> {
    let timings: Option<Vec<(String, f64)>> = run.json("timings.json")?;
    Ok(timings.map_or_else(String::new, |all| time::minutes(all.iter().map(|(_, s)| s).sum())))
}

/// Every setting by its dotted name.
fn flatten(path: &str, value: &toml::Value, out: &mut Vec<(String, String)>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, out);
            }
        }
        value => out.push((path.to_owned(), value.to_string())),
    }
}

type Pairs = Vec<(String, String, Rule, Paired)>;

/// Two runs, policy by policy and rule by rule; a sentence where they did not make the same attempts.
fn against(
    (a, b): (&Run, &Run),
    (cards_a, cards_b): (&[Scorecard], &[Scorecard]),
    (name_a, name_b): (&str, &str),
) -> Result<Result<Pairs, String>> {
    let mut pairs = Pairs::new();
    for card in cards_a {
        let Some(other) = cards_b.iter().find(|other| other.policy() == card.policy()) else { continue };
        if card.data_hash() != other.data_hash() {
            return Ok(Err(format!("{name_b} was judged on other recordings than {name_a}: no attempt is the same.")));
        }
        let (first, second) = (verdicts(a, card.policy())?, verdicts(b, other.policy())?);
        let (Some(first), Some(second)) = (first, second) else { continue };
        let which = |v: &Verdict| (v.seed, v.episode, v.start, v.goal.clone());
        let same = first.len() == second.len() && first.iter().zip(&second).all(|(x, y)| which(x) == which(y));
        if !same || card.protocol().budget != other.protocol().budget {
            return Ok(Err(format!(
                "{name_b} was asked for other goals than {name_a} (other held-out episodes, offset, pairs, seeds or budget); to compare them pair by pair, judge one with the settings of the other: terrella eval"
            )));
        }
        let episodes: Vec<usize> = first.iter().map(|v| v.episode).collect();
        for rule in card.protocol().rules.iter().filter(|rule| other.protocol().rules.contains(rule)) {
            let wins = |all: &[Verdict]| all.iter().map(|v| v.success(*rule)).collect::<Vec<_>>();
            let key = Key::new(0).with("compare");
            let paired = compare((&wins(&first), &wins(&second)), &episodes, key);
            let named = |run: &str| format!("{run} {}", card.policy());
            pairs.push((named(name_a), named(name_b), *rule, paired));
        }
    }
    Ok(Ok(pairs))
}
