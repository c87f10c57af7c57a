//! How soon `terrella watch` finds that a simulated world has changed, and how often it is wrong.
//!
//! ```text
//! change [WORLD …] [--tries N] [--quiet ROWS] [--steps N] [--rate RATE] [--noise SHARE]
//! ```
//!
//! In each world (double_pendulum, cart_pole) a small ensemble learns from exploring episodes, others tell what is usual. Then streams
//! of new episodes are watched: some change at a random row (friction × 1.5, mass × 1.3, actions a step late), one stays
//! as it was for so many rows, and one only has another policy. `--noise` is that of sensors, in deviations of each number of the
//! state. Everything hangs on keys: the same options give the same table.
#![allow(clippy::print_stdout)]

use burn::tensor::Device;
use serde_json::{Value, json};
use std::error::Error;
use std::sync::Arc;
use terrella_core::{AnySim, Dataset, Episode, Key, Signature, Sim, Stats, Stream, Table};
use terrella_data::Sampler;
use terrella_env::make;
use terrella_eval::{Recorded, StreamRow, ToldOfStream, Usual, Watcher, calibrate, foretold};
use terrella_model::{EnsembleConfig, EnsembleWorld, Family, Interface, TrainConfig, Trainer};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Episodes that are learned from, and others that tell what is usual.
const LEARNED: usize = 120;
const CALIBRATED: usize = 40;
/// Rows of an episode, at most.
const ROWS: usize = 250;
/// Rows after a change in which it should be found.
const PATIENCE: u64 = 20_000;

struct Options {
    worlds: Vec<String>,
    tries: u64,
    quiet: u64,
    steps: u64,
    rate: f64,
    noise: f64,
}

/// Who acts.
#[derive(Clone, Copy)]
enum Acting {
    /// As in the recordings: all sorts of actions, each held for a while.
    Exploring,
    /// Another way, in states that exploring comes through too.
    Otherwise,
}

/// A world with what can be changed in it, each under its name.
struct Bench {
    id: &'static str,
    plain: Value,
    changed: [(&'static str, Value); 3],
}

fn benches() -> [Bench; 2] {
    let pendulum = |friction: f64, tip: f64, latency: usize| json!({ "friction": friction, "masses": [0.5, tip], "latency": latency });
    let cart =
        |friction: f64, mass: f64, latency: usize| json!({ "friction": friction, "mass": mass, "latency": latency });
    [
        Bench {
            id: "double_pendulum",
            plain: pendulum(0.03, 0.5, 0),
            changed: [
                ("friction × 1.5", pendulum(0.045, 0.5, 0)),
                ("mass of the second link × 1.3", pendulum(0.03, 0.65, 0)),
                ("a step of delay", pendulum(0.03, 0.5, 1)),
            ],
        },
        Bench {
            id: "cart_pole",
            plain: cart(0.01, 0.1, 0),
            changed: [
                ("friction × 1.5", cart(0.015, 0.1, 0)),
                ("mass of the pole × 1.3", cart(0.01, 0.13, 0)),
                ("a step of delay", cart(0.01, 0.1, 1)),
            ],
        },
    ]
}

fn main() -> Outcome {
    let options = read(std::env::args().skip(1))?;
    for bench in benches() {
        if options.worlds.is_empty() || options.worlds.iter().any(|world| world == bench.id) {
            measure(&bench, &options)?;
        }
    }
    Ok(())
}

fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Options> {
    let mut options = Options { worlds: Vec::new(), tries: 40, quiet: 100_000, steps: 4000, rate: 1e-6, noise: 0.0 };
    while let Some(word) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--tries" => options.tries = value()?.parse()?,
            "--quiet" => options.quiet = value()?.parse()?,
            "--steps" => options.steps = value()?.parse()?,
            "--rate" => options.rate = value()?.parse()?,
            "--noise" => options.noise = value()?.parse()?,
            world if benches().iter().any(|bench| bench.id == world) => options.worlds.push(world.to_owned()),
            other => return Err(format!("{other} is no option and no world of this measurement").into()),
        }
    }
    Ok(options)
}

fn measure(bench: &Bench, options: &Options) -> Outcome {
    let plain = make(bench.id, &bench.plain)?;
    let key = Key::new(11).with(bench.id);
    let mut data = dataset(&plain, Vec::new());
    let mut source =
        Source::new(plain, key.with("recordings"), Acting::Exploring, vec![0.0; data.signature.state.len()]);
    let clean: Vec<Episode> = (0..LEARNED + CALIBRATED).map(|_| source.episode(None)).collect();
    let std = Stats::of(data.signature.state.len(), clean.iter().map(|episode| &episode.states)).std;
    let noise: Vec<f64> = std.iter().map(|std| options.noise * f64::from(*std)).collect();
    data.episodes = clean;
    blur(&mut data.episodes, &noise, key.with("sensors"));
    data.episodes.iter_mut().enumerate().for_each(|(index, episode)| episode.index = index);
    let data = Arc::new(data);
    let world = trained(&data, options.steps)?;
    let angles = data.signature.angles();
    let logs: Vec<Recorded> = (LEARNED..LEARNED + CALIBRATED)
        .map(|e| Recorded::of(&data, e, &foretold(&world, &data, e, 0..data.episodes[e].len() - 1)?, &angles))
        .collect::<Result<_, _>>()?;
    let usual = calibrate(&data.signature, &angles, &logs)?;
    println!("{}: {} rows of {CALIBRATED} episodes are usual; {:?}", bench.id, usual.rows(), usual.quiet);

    let stream = |name: &str, acting| -> Outcome<Source> {
        Ok(Source::new(make(bench.id, &bench.plain)?, key.with(name), acting, noise.clone()))
    };
    for (name, changed) in &bench.changed {
        let mut found = Vec::new();
        let mut early = 0;
        for number in 0..options.tries {
            let mut source = stream(name, Acting::Exploring)?;
            source.key = source.key.at(number);
            let from = 1000 + source.key.with("when").stream().below(2000) as u64;
            source.change = Some((from, make(bench.id, changed)?));
            let alarms = watch((&usual, &world), source, (options.rate, from + PATIENCE), Some(from))?;
            early += alarms.early;
            found.push(alarms.first);
        }
        println!("  {name}: found after {}; {early} alarms before the change", quantiles(found));
    }
    let source = stream("quiet", Acting::Exploring)?;
    let alarms = watch((&usual, &world), source, (options.rate, options.quiet), None)?;
    println!(
        "  nothing: {} alarms in {} quiet rows, of which {} were judged",
        alarms.early, options.quiet, alarms.judged
    );
    let source = stream("policy", Acting::Otherwise)?;
    let rows = (options.quiet / 10).max(10_000);
    let alarms = watch((&usual, &world), source, (options.rate, rows), None)?;
    println!("  another policy only: {} alarms in {rows} rows, of which {} were judged", alarms.early, alarms.judged);
    Ok(())
}

/// Median and ninth decile of the rows until something was found; what was not counts as longer than all.
fn quantiles(mut found: Vec<Option<u64>>) -> String {
    let n = found.len();
    let there = found.iter().flatten().count();
    found.sort_by_key(|rows| rows.unwrap_or(u64::MAX));
    let at = |share: f64| {
        let rows = found[((n as f64 * share).ceil() as usize).clamp(1, n) - 1];
        rows.map_or("more than is waited for".to_owned(), |rows| format!("{rows} rows"))
    };
    format!("{} (median), {} (90 %), in {there} of {n} streams within {PATIENCE}", at(0.5), at(0.9))
}

/// A small ensemble, trained on the episodes that are learned from.
fn trained(data: &Arc<Dataset>, steps: u64) -> Outcome<EnsembleWorld> {
    let learned: Vec<usize> = (0..LEARNED).collect();
    let interface = Interface::of(data, &learned, &data.signature.angles())?;
    let family = EnsembleConfig { members: 3, layers: 2, hidden: 64, ..EnsembleConfig::default() };
    let config = TrainConfig { steps, batch_size: 256, learning_rate: 3e-3, ..TrainConfig::default() };
    let sampler = Sampler::new(data.clone(), &learned, family.window(2), config.batch_size, 0)?;
    let mut trainer = Trainer::new(family, interface, config, &Device::flex());
    while trainer.step() < steps {
        trainer.advance(&sampler.batch(trainer.step()), false)?;
    }
    Ok(trainer.world(&Device::flex()))
}

/// What came of a stream.
struct Alarms {
    /// Rows from the change to the first alarm after it.
    first: Option<u64>,
    /// Alarms before it, or all where there is none.
    early: u64,
    judged: u64,
}

/// Watches a stream for so many rows, or until its change is found.
fn watch(
    (usual, world): (&Usual, &EnsembleWorld),
    mut source: Source,
    (rate, rows): (f64, u64),
    from: Option<u64>,
) -> Outcome<Alarms> {
    let mut watcher = Watcher::new(usual, rate)?;
    let mut alarms = Alarms { first: None, early: 0, judged: 0 };
    let noise = source.noise.clone();
    let mut number = 0;
    while watcher.summary().rows < rows && alarms.first.is_none() {
        let episode = source.episode(Some(watcher.summary().rows));
        let mut one = dataset(&source.world, vec![episode]);
        blur(&mut one.episodes, &noise, source.key.with("sensors").at(number as u64));
        let log = &one.episodes[0];
        let n = log.len() - 1;
        let ahead = foretold(world, &one, 0, 0..n)?;
        for (row, foretold) in ahead.rows().enumerate() {
            let (state, action, next) = (log.states.row(row), log.actions.row(row), log.states.row(row + 1));
            let (lasts, seconds) = (1.0 / one.signature.fps, log.time(row, one.signature.fps));
            let seen = StreamRow { episode: number, row, seconds, lasts, state, action, foretold, next };
            let told = watcher.see(&seen)?;
            for at in told
                .iter()
                .filter_map(|told| if let ToldOfStream::Alarm(alarm) = told { Some(alarm.at.read) } else { None })
            {
                match from.filter(|from| at >= *from) {
                    Some(from) if alarms.first.is_none() => alarms.first = Some(at - from),
                    Some(_) => {}
                    None => alarms.early += 1,
                }
            }
        }
        number += 1;
    }
    alarms.judged = watcher.summary().judged;
    Ok(alarms)
}

/// Episodes one after the other, in a world that may change.
struct Source {
    world: AnySim,
    key: Key,
    acting: Acting,
    /// Deviations of the sensors.
    noise: Vec<f64>,
    /// From which row of the stream on, to what.
    change: Option<(u64, AnySim)>,
    episodes: u64,
}

impl Source {
    fn new(world: AnySim, key: Key, acting: Acting, noise: Vec<f64>) -> Self {
        Self { world, key, acting, noise, change: None, episodes: 0 }
    }

    /// The next episode; `read` rows of the stream lie before it. There are always two rows at least.
    fn episode(&mut self, read: Option<u64>) -> Episode {
        let key = self.key.with("episode").at(self.episodes);
        self.episodes += 1;
        self.world.reset(key.with("start").seed());
        let mut hand = Hand { stream: key.with("hand").stream(), held: Vec::new(), left: 0 };
        let (states, actions) = (self.world.spec().state.len(), self.world.spec().actions.space().width());
        let mut episode = Episode { states: Table::new(states), actions: Table::new(actions), ..Episode::default() };
        for row in 0..ROWS as u64 {
            if let Some((_, changed)) = self.change.take_if(|(from, _)| read.is_some_and(|read| read + row >= *from)) {
                let before = std::mem::replace(&mut self.world, changed);
                self.world.set_state(&before.state()).expect("a world can be where another like it is");
            }
            let action = hand.act(&self.world, self.acting);
            episode.states.push(&self.world.logged());
            episode.actions.push(&action);
            if self.world.step(&action).terminated && row > 0 {
                break;
            }
        }
        episode
    }
}

/// Chooses actions.
struct Hand {
    stream: Stream,
    held: Vec<f32>,
    left: usize,
}

impl Hand {
    fn act(&mut self, world: &AnySim, acting: Acting) -> Vec<f32> {
        let (state, s) = (world.state(), &mut self.stream);
        if let [_, _, angle, turn] = state[..]
            && world.spec().id == "cart_pole"
        {
            // Towards where the pole falls, more or less surely.
            let right = angle + 0.2 * turn + 0.02 * state[0] + 0.05 * state[1] > 0.0;
            let sure = match acting {
                Acting::Exploring => 0.75,
                Acting::Otherwise => 0.9,
            };
            return vec![f32::from(u8::from(right == s.chance(sure)))];
        }
        if self.left == 0 {
            self.held = world.spec().actions.sample(s);
            self.left = 1 + s.below(10);
            if matches!(acting, Acting::Otherwise) {
                self.left = 15;
            }
        }
        self.left -= 1;
        match acting {
            Acting::Exploring => self.held.clone(),
            // Gentle, for longer, and against the motion.
            Acting::Otherwise => {
                self.held.iter().zip(&state[2..]).map(|(held, v)| 0.4 * held - 0.02 * *v as f32).collect()
            }
        }
    }
}

/// Recordings of a world.
fn dataset(world: &AnySim, episodes: Vec<Episode>) -> Dataset {
    let spec = world.spec();
    let signature = Signature {
        fps: spec.fps(),
        state: spec.names(),
        units: spec.state.iter().map(|c| c.unit.to_string()).collect(),
        action: spec.actions.space().names,
        ..Signature::default()
    };
    let [state_stats, action_stats] = [&signature.state, &signature.action].map(|names| Stats::of(names.len(), []));
    Dataset { signature, episodes, state_stats, action_stats, hash: "change".to_owned(), notes: Vec::new() }
}

/// Sensors that are not exact.
fn blur(episodes: &mut [Episode], noise: &[f64], key: Key) {
    for (at, episode) in episodes.iter_mut().enumerate() {
        let mut stream = key.at(at as u64).stream();
        for row in episode.states.data.chunks_exact_mut(noise.len().max(1)) {
            row.iter_mut().zip(noise).for_each(|(x, noise)| *x += (noise * stream.normal()) as f32);
        }
    }
}
