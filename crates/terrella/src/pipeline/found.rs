//! Places of things as the state of recordings: found in pictures, by what stands out from the ground, and taught to a model in the
//! place of a logged state, which nobody looks at.
//!
//! Things are named in an order of their own: first the one whose movements say most of what was done (the agent), then the largest.

use crate::error::usage;
use crate::watch::Watch;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use terrella_core::{Dataset, EnvSpec, Episode, Part, Ridge, Table, Thing};
use terrella_model::{Followed, Gaze, GroundKind, Interface, Probe, Sprite, StateCodec, Things, ThingsConfig};

/// What was found, in a run directory.
pub(super) const FILE: &str = "things.json";
/// With more of what stands out on no thing, these are not a few things before a ground.
const BARE: f64 = 0.2;
/// A thing has to be seen in this share of the rows at least.
const SEEN: f64 = 0.5;

/// Recordings as a model of things is taught them.
pub(super) struct Found {
    /// The episodes that are learned from have places of things as their states, all others none.
    pub dataset: Arc<Dataset>,
    /// The things.
    pub things: Vec<Thing>,
    /// Their world, with these as its state.
    pub spec: EnvSpec,
    /// What they mean for the logged state, if there is one: a linear map that measures, and teaches nothing.
    pub meant: Option<Probe>,
    /// How they look, for a second look where a model sees them.
    pub gaze: Option<Gaze>,
}

/// What was found, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundReport {
    /// Episodes in which they were followed.
    pub episodes: usize,
    /// Rows of these.
    pub rows: usize,
    /// One entry a thing, in the order of the state.
    pub things: Vec<ThingReport>,
    /// Share of the pixels that stand out from the ground and lie on no thing.
    pub unexplained: f64,
    /// Where a state is logged, which taught nothing: each part of it with its unit, and the median error of a linear map from
    /// places of things to it, fitted on these rows.
    pub errors: Vec<(String, String, f64)>,
}

/// What is known of a thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThingReport {
    /// What it is to the state.
    #[serde(flatten)]
    pub thing: Thing,
    /// Pixels that it covers.
    pub area: f64,
    /// Share of the rows in which it is seen; elsewhere its place is told from the rows around.
    pub seen: f64,
    /// Share of its movement from row to row that a linear law of its place and of what was done foretells.
    pub obeys: f64,
}

impl FoundReport {
    /// In a sentence.
    pub fn words(&self) -> String {
        let of = |(at, thing): (usize, &ThingReport)| {
            format!(
                "{} ({:.0} px{}, seen in {:.1} % of the rows)",
                at + 1,
                thing.area,
                if thing.thing.turns { ", turns" } else { "" },
                100.0 * thing.seen
            )
        };
        format!(
            "{} things in the pictures of {} episodes: {}; {:.1} % of what stands out is on none of them",
            self.things.len(),
            self.episodes,
            self.things.iter().enumerate().map(of).collect::<Vec<_>>().join(", "),
            100.0 * self.unexplained
        )
    }
}

/// Recordings in which things are found: the episodes that are learned from, and the world, if it is known.
#[derive(Clone, Copy)]
pub(super) struct Film<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) train: &'a [usize],
    pub(super) world: Option<&'a EnvSpec>,
    /// What was logged of them, which measures and teaches nothing.
    pub(super) logged: &'a Interface,
    /// What that is made of.
    pub(super) parts: &'a [Part],
}

/// Finds things in pictures of this side, and follows them there.
///
/// # Errors
/// If what stands out in them is not a few things.
pub(super) fn find(film: Film<'_>, (side, ground): (usize, GroundKind), watch: &Watch) -> Result<(Found, FoundReport)> {
    let Film { dataset, train, world, .. } = film;
    let config = ThingsConfig { side, ground, ..ThingsConfig::default() };
    let stage = watch.stage("find things", 1 + train.len() as u64);
    let things = Things::learn(dataset, train, &config)?;
    stage.at(1, "");
    let done = AtomicU64::new(1);
    let episodes: Vec<&Episode> = train.iter().map(|&e| &dataset.episodes[e]).collect();
    let followed = things.follow(&episodes, || stage.at(done.fetch_add(1, Ordering::Relaxed) + 1, ""))?;
    drop(stage);
    let sprites = things.sprites();
    let obeys: Vec<f64> = (0..sprites.len()).map(|at| obeys(&episodes, &followed, at)).collect();
    let mut order: Vec<usize> = (0..sprites.len()).collect();
    if let Some(agent) = order.iter().copied().max_by(|a, b| obeys[*a].total_cmp(&obeys[*b])) {
        order.retain(|at| *at != agent);
        order.insert(0, agent);
    }
    let mut report = report(&followed, (sprites, &obeys, &order));
    doubt(&report)?;
    nowhere((train, &followed), &order)?;
    let kinds: Vec<Thing> = report.things.iter().map(|thing| thing.thing).collect();
    let world = world.cloned().unwrap_or_default();
    let spec = world.with_things(&kinds, side);
    let mut told = Dataset::clone(dataset);
    told.signature.state = spec.names();
    told.signature.units = spec.state.iter().map(|c| c.unit.to_string()).collect();
    told.episodes.iter_mut().for_each(|episode| episode.states = Table::new(spec.state.len()));
    for (&episode, followed) in train.iter().zip(&followed) {
        let width = spec.state.len();
        told.episodes[episode].states = states((followed, width), (sprites, &order), world.pixel(side));
    }
    (told.state_stats, _) = told.stats_of(train);
    let meant = meant(film, (&told, &spec), &mut report.errors)?;
    let gaze = Gaze::of(&things, &order, world.pixel(side));
    Ok((Found { dataset: Arc::new(told), things: kinds, spec, meant, gaze }, report))
}

/// Fails if what was found cannot be the state of anything.
fn doubt(report: &FoundReport) -> Result<()> {
    let remedy = "learn from the pictures themselves with --preset quickstart-pixels, or from a logged state with --set data.state=logged";
    if report.unexplained > BARE {
        return Err(usage(format!("{}: these are not a few things that keep their looks; {remedy}", report.words())));
    }
    if let Some(at) = report.things.iter().position(|thing| thing.seen < SEEN) {
        return Err(usage(format!("{}: thing {} is lost too often; {remedy}", report.words(), at + 1)));
    }
    Ok(())
}

/// Fails if a thing is never seen in an episode: nobody could say where it is there.
fn nowhere((train, followed): (&[usize], &[Followed]), order: &[usize]) -> Result<()> {
    for (named, &at) in order.iter().enumerate() {
        let never = |(_, followed): &(&usize, &Followed)| followed.seen.iter().all(|seen| !seen[at]);
        let episodes: Vec<String> = train.iter().zip(followed).filter(never).map(|(e, _)| e.to_string()).collect();
        if !episodes.is_empty() {
            return Err(usage(format!(
                "thing {} of {} is never seen in episodes {}, so nobody can say where it is there; leave these out (`terrella curate`), or learn with --preset quickstart-pixels",
                named + 1,
                order.len(),
                episodes.join(", ")
            )));
        }
    }
    Ok(())
}

fn report(followed: &[Followed], (sprites, obeys, order): (&[Sprite], &[f64], &[usize])) -> FoundReport {
    let rows: usize = followed.iter().map(|f| f.seen.len()).sum();
    let [all, bare] = [0, 1].map(|at| followed.iter().map(|f| f.out[at]).sum::<usize>());
    let thing = |&at: &usize| {
        let seen: usize = followed.iter().map(|f| f.seen.iter().filter(|seen| seen[at]).count()).sum();
        ThingReport {
            thing: Thing { turns: sprites[at].turns(), mirrors: sprites[at].mirrors() },
            area: f64::from(sprites[at].area()),
            seen: seen as f64 / rows.max(1) as f64,
            obeys: obeys[at],
        }
    };
    FoundReport {
        episodes: followed.len(),
        rows,
        things: order.iter().map(thing).collect(),
        unexplained: bare as f64 / all.max(1) as f64,
        errors: Vec::new(),
    }
}

/// Places of things in the unit of the world, row by row.
fn states((followed, width): (&Followed, usize), (sprites, order): (&[Sprite], &[usize]), pixel: f32) -> Table {
    let mut states = Table::new(width);
    for poses in &followed.poses {
        for &at in order {
            states.data.extend(poses[at].at.map(|x| x * pixel));
            if sprites[at].turns() {
                states.data.push(poses[at].turn.rem_euclid(std::f32::consts::TAU));
            }
        }
    }
    states
}

/// Share of a thing's movement that a linear law of its place and of what was done foretells.
fn obeys(episodes: &[&Episode], followed: &[Followed], at: usize) -> f64 {
    let width = episodes.first().map_or(0, |e| e.actions.width) + 3;
    let mut law = Ridge::new(width, 2);
    let mut rows: Vec<(Vec<f64>, [f64; 2])> = Vec::new();
    for (episode, followed) in episodes.iter().zip(followed) {
        for row in 1..followed.poses.len() {
            let [before, now] = [row - 1, row].map(|row| followed.poses[row][at].at.map(f64::from));
            let done = episode.actions.row(row - 1).iter().map(|x| f64::from(*x));
            let input: Vec<f64> = done.chain([before[0], before[1], 1.0]).collect();
            rows.push((input, [now[0] - before[0], now[1] - before[1]]));
        }
    }
    rows.iter().for_each(|(input, made)| law.add(input, made));
    let weights = law.solve(1e-6, width - 1);
    let (mut left, mut all) = (0.0, 0.0);
    for (input, made) in &rows {
        for (column, made) in made.iter().enumerate() {
            let told: f64 = input.iter().enumerate().map(|(i, x)| x * weights[i * 2 + column]).sum();
            left += (told - made).powi(2);
            all += made.powi(2);
        }
    }
    if all > 0.0 { 1.0 - left / all } else { 0.0 }
}

/// What places of things mean for what was logged, and how well they tell it.
fn meant(
    Film { dataset, train, logged: about, parts, .. }: Film<'_>,
    (told, spec): (&Dataset, &EnvSpec),
    told_so: &mut Vec<(String, String, f64)>,
) -> Result<Option<Probe>> {
    if dataset.signature.state.is_empty() {
        return Ok(None);
    }
    let all = |dataset: &Dataset, width: usize| {
        let rows = train.iter().flat_map(|&e| dataset.episodes[e].states.data.iter().copied());
        Table::from_data(width, rows.collect())
    };
    let codec = StateCodec::new(&Interface::of(told, train, &spec.angles())?);
    let features = Table::from_data(codec.feature_width(), codec.encode(&all(told, spec.state.len()).data));
    let logged = all(dataset, dataset.signature.state.len());
    let meant = Probe::fit(StateCodec::new(about), &features, &logged, 1e-6);
    let guess = meant.read(&features);
    let median = |part: &Part| {
        let mut errors: Vec<f64> = guess.rows().zip(logged.rows()).map(|(a, b)| part.error(a, b)).collect();
        errors.sort_by(f64::total_cmp);
        errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN)
    };
    told_so.extend(parts.iter().map(|part| (part.name.to_string(), part.error_unit().to_owned(), median(part))));
    Ok(Some(meant))
}
