//! Whether a dream does what is done: the same moment, other actions.
//!
//! A model that paints splendid films may not listen. So it dreams on from one recorded moment under the recorded actions, and under
//! others: another clip's, the same backwards, half as far, none. Dreams are compared with what was recorded, which the recorded
//! actions should come nearest to; and, where the world can be run, each with what those very actions bring about.

use crate::aligned::aligned;
use crate::curves::Estimate;
use crate::pictures::{mean_square, mean_square_of, moved};
use crate::recorded::recorded;
use crate::rollout::draw_clips;
use serde::{Deserialize, Serialize};
use std::fmt;
use terrella_core::{Acts, AnySim, Clip, Dataset, Dynamics, EnvSpec, Error, Image, Key, Result, Sim, View, Window};

/// What is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaithfulConfig {
    /// Blocks ahead.
    pub horizon: usize,
    /// Clips, spread over the held-out episodes.
    pub clips: usize,
    /// Seed of the draw.
    pub seed: u64,
}

impl Default for FaithfulConfig {
    fn default() -> Self {
        Self { horizon: 16, clips: 64, seed: 0 }
    }
}

/// One way to act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaithfulRow {
    /// What is done.
    pub acts: String,
    /// Root of the mean squared difference of the dream to what was recorded, where that moved; levels from 0 to 255.
    pub recorded: Estimate,
    /// The same to what these actions bring about, over all pixels that moved in either; absent where the world cannot be run.
    pub true_one: Option<Estimate>,
    /// How often the dream comes nearer to the recording under the recorded actions than under these, of all clips.
    pub nearer: Option<f64>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Faithful {
    /// Steps ahead.
    pub steps: usize,
    /// Clips, and the held-out episodes that they are from.
    pub counts: (usize, usize),
    /// The recorded actions first.
    pub rows: Vec<FaithfulRow>,
    /// Spearman's rank correlation, over clips and other actions, of how much the dream changes and how much the world does; absent
    /// where the world cannot be run.
    pub rank: Option<f64>,
}

/// A way to act in a clip: what to call it, and the actions `[clips, steps · action]`.
type Way = (&'static str, Vec<Vec<f32>>);

/// What came of one way to act, a clip each.
struct Tried {
    errors: Vec<f64>,
    dreamt: Vec<Image>,
    real: Option<Vec<Image>>,
}

/// Tries them all. `view` says what the model is shown, `world` runs what is done where there is one.
///
/// # Errors
/// If the model does not paint, or no held-out episode is long enough.
pub fn faithful<D: Dynamics>(
    dynamics: &D,
    (spec, world): (&EnvSpec, Option<&AnySim>),
    (dataset, held_out): (&Dataset, &[usize]),
    view: View,
    config: &FaithfulConfig,
) -> Result<Faithful> {
    let action = dataset.signature.action.len().max(1);
    let skip = (dynamics.block_width() / action).max(1);
    let window = Window { n_frames: config.horizon + 1, frame_skip: skip, goal: None };
    if config.horizon == 0 || config.clips == 0 {
        return Err(Error::Invalid(format!(
            "actions are tried over {} blocks in {} clips; give eval.faithful.horizon and eval.faithful.clips at least 1",
            config.horizon, config.clips
        )));
    }
    let key = Key::new(config.seed).with("faithful clips");
    let clips = draw_clips(dataset, held_out, window, (config.clips, key))?;
    let acts: Vec<Vec<f32>> =
        clips.iter().map(|clip| clip.actions(window, &dataset.episodes[clip.episode]).to_vec()).collect();
    let holds: Vec<Vec<f32>> = clips
        .iter()
        .map(|clip| match dataset.episodes[clip.episode].states.width {
            0 => vec![0.0; action],
            _ => spec.hold(dataset.episodes[clip.episode].states.row(clip.start)),
        })
        .collect();
    let seen =
        clips.iter().map(|clip| recorded(dataset, (clip.episode, clip.start), view)).collect::<Result<Vec<_>>>()?;
    let first: Vec<Image> = seen.iter().filter_map(|seen| seen.image.clone()).collect();
    let start = dynamics.observe(&seen)?;
    let dream = |acts: &[Vec<f32>]| -> Result<Vec<Image>> {
        let width = dynamics.block_width();
        let mut state = start.clone();
        for at in 0..config.horizon {
            let blocks: Vec<f32> = acts.iter().flat_map(|acts| acts[at * width..][..width].to_vec()).collect();
            state = dynamics.step(&state, Acts::of(&blocks));
        }
        dynamics
            .draw(&state)
            .ok_or_else(|| Error::Invalid("the model paints nothing that could be compared".to_owned()))
    };
    let side = first.first().map_or(0, |image| image.width);
    let truly = |acts: &[Vec<f32>]| -> Option<Vec<Image>> {
        let run = |(clip, acts): (&Clip, &Vec<f32>)| {
            let mut world = world?.clone();
            world.set_logged(dataset.episodes[clip.episode].states.row(clip.start)).ok()?;
            acts.chunks(action).for_each(|action| {
                world.step(action);
            });
            Some(world.draw(side))
        };
        clips.iter().zip(acts).map(run).collect()
    };
    let after = |clip: &Clip| {
        let row = clip.start + config.horizon * skip;
        recorded(dataset, (clip.episode, row), view).map(|seen| seen.image)
    };
    let after: Vec<Image> = clips.iter().filter_map(|clip| after(clip).transpose()).collect::<Result<_>>()?;
    let episodes: Vec<usize> = clips.iter().map(|clip| clip.episode).collect();
    let key = Key::new(config.seed).with("faithful interval");

    let (mut rows, mut changes): (Vec<FaithfulRow>, Vec<[f64; 2]>) = (Vec::new(), Vec::new());
    let mut as_recorded: Option<Tried> = None;
    for (name, acts) in ways(&acts, &holds, &episodes, action) {
        let dreamt = dream(&acts)?;
        let real = truly(&acts);
        let apart = |(dreamt, (first, after)): (&Image, (&Image, &Image))| between(dreamt, after, &moved(first, after));
        let errors: Vec<f64> = dreamt.iter().zip(first.iter().zip(&after)).map(apart).collect();
        let to_real = real.as_ref().map(|real| {
            let of = |(dreamt, (first, real)): (&Image, (&Image, &Image))| {
                let either: Vec<bool> =
                    moved(first, real).iter().zip(moved(first, dreamt)).map(|(a, b)| *a || b).collect();
                between(dreamt, real, &either)
            };
            Estimate::of(&dreamt.iter().zip(first.iter().zip(real)).map(of).collect::<Vec<_>>(), &episodes, key)
        });
        let nearer = as_recorded.as_ref().map(|recorded| {
            let own = recorded.errors.iter();
            own.zip(&errors).filter(|(own, other)| own < other).count() as f64 / errors.len() as f64
        });
        let before = as_recorded.as_ref().and_then(|recorded| Some((&recorded.dreamt, recorded.real.as_ref()?)));
        if let (Some((own, own_real)), Some(real)) = (before, &real) {
            let change = |a: &Image, b: &Image| mean_square(&levels(a), &levels(b)).sqrt();
            let pairs = dreamt.iter().zip(own).zip(real.iter().zip(own_real));
            changes.extend(pairs.map(|((a, b), (c, d))| [change(a, b), change(c, d)]));
        }
        rows.push(FaithfulRow {
            acts: name.to_owned(),
            recorded: Estimate::of(&errors, &episodes, key),
            true_one: to_real,
            nearer,
        });
        as_recorded.get_or_insert(Tried { errors, dreamt, real });
    }
    let mut distinct = episodes;
    distinct.dedup();
    let rank = (!changes.is_empty()).then(|| spearman(&changes));
    Ok(Faithful { steps: config.horizon * skip, counts: (clips.len(), distinct.len()), rows, rank })
}

/// The ways to act, the recorded one first; another's is of the next clip of another episode, if there is one.
fn ways(acts: &[Vec<f32>], holds: &[Vec<f32>], episodes: &[usize], action: usize) -> Vec<Way> {
    let n = acts.len();
    let other = |at: usize| (1..n).map(|by| (at + by) % n).find(|other| episodes[*other] != episodes[at]);
    let backwards = |acts: &Vec<f32>| acts.chunks(action).rev().flatten().copied().collect();
    let half = |(acts, hold): (&Vec<f32>, &Vec<f32>)| {
        acts.chunks(action).flat_map(|act| act.iter().zip(hold).map(|(x, hold)| hold + 0.5 * (x - hold))).collect()
    };
    let still = |(acts, hold): (&Vec<f32>, &Vec<f32>)| hold.repeat(acts.len() / action);
    let mut ways: Vec<Way> = vec![("as recorded", acts.to_vec())];
    if let Some(swapped) = (0..n).map(|at| other(at).map(|other| acts[other].clone())).collect() {
        ways.push(("another clip's", swapped));
    }
    ways.push(("the same, backwards", acts.iter().map(backwards).collect()));
    ways.push(("half as far", acts.iter().zip(holds).map(half).collect()));
    ways.push(("staying", acts.iter().zip(holds).map(still).collect()));
    ways
}

fn levels(image: &Image) -> Vec<f64> {
    image.data.iter().map(|x| f64::from(*x)).collect()
}

/// Root of the mean squared difference over some numbers, in levels.
fn between(a: &Image, b: &Image, which: &[bool]) -> f64 {
    255.0 * mean_square_of(which, &levels(b), &levels(a)).sqrt()
}

/// Spearman's rank correlation of pairs; equal values share the mean of their ranks.
fn spearman(pairs: &[[f64; 2]]) -> f64 {
    let ranks = |which: usize| {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|a, b| pairs[*a][which].total_cmp(&pairs[*b][which]));
        let mut ranks = vec![0.0; pairs.len()];
        let mut first = 0;
        for run in order.chunk_by(|a, b| pairs[*a][which] == pairs[*b][which]) {
            let mean = first as f64 + (run.len() - 1) as f64 / 2.0;
            run.iter().for_each(|at| ranks[*at] = mean);
            first += run.len();
        }
        ranks
    };
    let (a, b) = (ranks(0), ranks(1));
    let mean = (pairs.len() - 1) as f64 / 2.0;
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

impl Faithful {
    /// What it says, in a sentence.
    pub fn words(&self) -> String {
        let rank = self.rank.map_or_else(String::new, |rank| {
            format!(
                " Where other actions change the world much, they change the dream much: rank correlation {rank:.2}."
            )
        });
        format!(
            "{} steps on from {} moments of {} held-out episodes, under the recorded actions and under others.{rank}",
            self.steps, self.counts.0, self.counts.1
        )
    }

    /// Header and rows of a table.
    pub(crate) fn table(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let told = |e: &Estimate| crate::limits::with_interval(e.mean, e.interval);
        let row = |row: &FaithfulRow| {
            vec![
                row.acts.clone(),
                told(&row.recorded),
                row.nearer.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share)),
                row.true_one.as_ref().map_or_else(|| "–".to_owned(), told),
            ]
        };
        let header = vec![
            "what is done",
            "dream and recording apart (levels of 255, where it moved)",
            "clips in which the recorded actions come nearer",
            "dream and world under the same actions apart",
        ];
        (header, self.rows.iter().map(row).collect())
    }

    /// The same as a Markdown table.
    pub(crate) fn to_markdown(&self) -> String {
        let (header, rows) = self.table();
        crate::markdown::table(&header, &rows)
    }

    pub(crate) fn to_html(&self) -> String {
        let (header, rows) = self.table();
        let mut out = String::new();
        crate::html::push(&mut out, "<p>", &self.words(), "</p>\n");
        out + &crate::html::table(&header, &rows)
    }
}

impl fmt::Display for Faithful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (header, rows) = self.table();
        let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
        writeln!(f, "{}", aligned(&header, &rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_agree_whatever_the_scale_and_ties_share_one() {
        assert!((spearman(&[[1.0, 10.0], [2.0, 1000.0], [3.0, 1e5]]) - 1.0).abs() < 1e-12);
        assert!((spearman(&[[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]) + 1.0).abs() < 1e-12);
        let tied = spearman(&[[1.0, 1.0], [1.0, 2.0], [2.0, 3.0], [2.0, 4.0]]);
        assert!((tied - 0.894_427_191).abs() < 1e-9, "{tied}");
    }

    #[test]
    fn other_ways_to_act_are_what_they_are_called() {
        let (acts, holds) = (vec![vec![2.0, 4.0], vec![6.0, 8.0]], vec![vec![0.0], vec![10.0]]);
        let ways = ways(&acts, &holds, &[0, 1], 1);
        let all: Vec<(&str, Vec<f32>)> = ways.iter().map(|(name, acts)| (*name, acts.concat())).collect();
        assert_eq!(
            all,
            [
                ("as recorded", vec![2.0, 4.0, 6.0, 8.0]),
                ("another clip's", vec![6.0, 8.0, 2.0, 4.0]),
                ("the same, backwards", vec![4.0, 2.0, 8.0, 6.0]),
                ("half as far", vec![1.0, 2.0, 8.0, 9.0]),
                ("staying", vec![0.0, 0.0, 10.0, 10.0]),
            ]
        );
        assert_eq!(super::ways(&acts, &holds, &[0, 0], 1).len(), 4, "nobody else");
    }
}
