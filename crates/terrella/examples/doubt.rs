//! What planning in the ensemble of a run collects where the world behaves otherwise, with and without a price on doubt.
//!
//! ```text
//! doubt RUN [--factor WORD] [--doubt W,W,…] [--most X,X,…] [--episodes N]
//! doubt RUN --record DIR [--factor WORD] [--episodes N]
//! ```
//!
//! The model is that of a run of `terrella train` on recordings of a world with rewards. It plans in that world as it is and with each
//! behaviour whose name has the word (friction) in it: without counting doubts, at each of these prices (`cost.doubt`), and within each of
//! these bounds (`cost.doubt_most`), all from the same starts. With `--record` nobody plans: random actions in the last of these worlds become
//! recordings of a world without a name, for `terrella adapt`. Everything hangs on keys: the same options give the same table.
#![allow(clippy::print_stdout)]

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use serde_json::Value;
use std::path::{Path, PathBuf};
use terrella::Settings;
use terrella::pipeline::Run;
use terrella_agent::{Aim, Doubt, MpcPolicy, PriorRule, Return};
use terrella_core::{AnySim, Dynamics, Episode, Goal, Key, Observation, Policy, Signature, Sim, Table, View};
use terrella_data::Writer;
use terrella_env::{behaviours, make};
use terrella_eval::{ReturnsConfig, collect_returns};
use terrella_model::{AnyWorld, load_any};

struct Options {
    run: PathBuf,
    factor: String,
    /// Where random actions are recorded.
    record: Option<PathBuf>,
    /// Price and bound of each planner.
    doubts: Vec<[f32; 2]>,
    episodes: usize,
}

fn main() -> Result<()> {
    let options = read(std::env::args().skip(1))?;
    let run = Run::open(&options.run)?;
    let model = load_any(&run.file("model"), &Device::flex())?;
    let id = model.interface().signature.env.clone().context("the recordings of this run name no world")?;
    let mut worlds = vec![("as it is".to_owned(), make(&id, &Value::Null)?)];
    for other in behaviours(&id).into_iter().filter(|other| other.factor.contains(&options.factor)) {
        worlds.push((format!("{}: {} {}", other.factor, other.size, other.unit), other.world()?));
    }
    if let (Some(path), Some((name, world))) = (&options.record, worlds.last()) {
        record(world, path, options.episodes)?;
        println!("{}: {} episodes of {name}", path.display(), options.episodes);
        return Ok(());
    }
    let config = ReturnsConfig { episodes: options.episodes, ..run.settings.eval.returns.clone() };
    let size = [run.settings.eval.threads(), run.settings.eval.rows];
    println!("world | cost.doubt | cost.doubt_most | mean return [95 % interval] of {} episodes", config.episodes);
    for (name, world) in &worlds {
        for doubt in &options.doubts {
            let policy = || planner(&model, world, &run.settings, *doubt);
            let view = View { picture: None, state: true };
            let collected = collect_returns(world, ("model", view), (&config, size), &policy, None)?;
            let ([weight, most], mean) = (doubt, &collected.mean);
            let [low, high] = [mean.interval.low, mean.interval.high];
            println!("{name} | {weight} | {most} | {:.1} [{low:.1}, {high:.1}]", mean.mean);
        }
    }
    Ok(())
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let (mut run, mut record, mut factor, mut episodes) = (None, None, "friction".to_owned(), 20);
    let mut doubts = vec![[0.0, 0.0]];
    let list = |text: String| -> Result<Vec<f32>> {
        text.split(',').map(|x| x.parse().with_context(|| format!("{x} is no number"))).collect()
    };
    while let Some(word) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{word} needs a value"));
        match word.as_str() {
            "--factor" => factor = value()?,
            "--record" => record = Some(PathBuf::from(value()?)),
            "--episodes" => episodes = value()?.parse()?,
            "--doubt" => doubts.extend(list(value()?)?.into_iter().map(|weight| [weight, 0.0])),
            "--most" => doubts.extend(list(value()?)?.into_iter().map(|most| [0.0, most])),
            other if other.starts_with("--") => bail!("{other} is no option of this measurement"),
            other => run = Some(PathBuf::from(other)),
        }
    }
    Ok(Options { run: run.context("name a run: doubt RUN")?, factor, record, doubts, episodes })
}

/// Records random actions, each held for some steps.
fn record(world: &AnySim, path: &Path, episodes: usize) -> Result<()> {
    let (mut world, spec) = (world.clone(), world.spec().clone());
    let signature = Signature {
        fps: spec.fps(),
        state: spec.names(),
        units: spec.state.iter().map(|c| c.unit.to_string()).collect(),
        action: spec.actions.space().names,
        reward: true,
        ends: true,
        ..Signature::default()
    };
    let mut writer = Writer::create(path, &signature)?;
    for index in 0..episodes {
        let key = Key::new(21).with("record").at(index as u64);
        let (mut stream, mut held, mut left) = (key.with("hand").stream(), Vec::new(), 0);
        world.reset(key.with("start").seed());
        let (states, actions) = (Table::new(spec.state.len()), Table::new(spec.actions.width()));
        let mut episode = Episode { index, task: "explore".to_owned(), states, actions, ..Episode::default() };
        for _ in 0..spec.max_steps.unwrap_or(250) {
            if left == 0 {
                (held, left) = (spec.actions.sample(&mut stream), 1 + stream.below(10));
            }
            left -= 1;
            episode.states.push(&world.logged());
            episode.actions.push(&held);
            let step = world.step(&held);
            episode.rewards.push(step.reward as f32);
            episode.terminated.push(step.terminated);
            episode.truncated.push(step.truncated);
            if step.terminated || step.truncated {
                break;
            }
        }
        writer.write_episode(&episode)?;
    }
    writer.finish()?;
    Ok(())
}

/// Plans for the most reward, as `terrella eval` does with these settings, and counts doubts.
fn planner<'a>(
    model: &'a AnyWorld,
    world: &AnySim,
    settings: &Settings,
    [weight, most]: [f32; 2],
) -> terrella_core::Result<Box<dyn Policy + 'a>> {
    let space = world.spec().actions.space();
    let search = settings.planner.build(space.width())?;
    let mean = space.low.iter().zip(&space.high).map(|(low, high)| (low + high) / 2.0).collect();
    let std = space.low.iter().zip(&space.high).map(|(low, high)| (high - low) / 2.0).collect();
    let rules = (settings.mpc.clone(), PriorRule::Fixed { mean, std });
    let probe = model.observe(&[Observation { image: None, state: vec![0.0; world.spec().state.len()] }])?;
    let objective = Return::new(model, &probe, settings.cost.discount)?;
    let objective = match Doubt::new(weight, most)? {
        Some(doubt) => objective.with_doubt(doubt, &probe)?,
        None => objective,
    };
    let aim = move |_: &[Goal]| Ok(Aim { objective: objective.clone(), propose: None });
    Ok(Box::new(MpcPolicy::new(model, space, search, rules, aim)?))
}
