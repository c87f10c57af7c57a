//! How far imagination carries: the model is shown one moment of a held-out recording, told the
//! actions that followed, and compared with what then happened.
//!
//! Two baselines need no model: the world stands still (copy-last), and every moment looks like the
//! average of the training recordings (mean). A third curve, the model looking at the very moment
//! it should have imagined, shows how much of the error is the probe's or the decoder's own. Where a part of the world moved
//! in some clips and not in others (a body is pushed, or is not), the model's error is told apart for both.

use crate::curves::{Curve, Estimate, MEAN_SQUARE, Quantity, RolloutTable};
use crate::mean::Mean;
use crate::parts::check_same_world;
use crate::pictures::{mean_square, mean_square_of, moved, psnr, ssim};
use crate::recorded::recorded;
use crate::spread::spread;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terrella_core::{Acts, Clip, Dataset, Dynamics, EnvSpec, Error, Image, Key, Part, Result, Table, View, Window};

/// What is imagined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RolloutConfig {
    /// Blocks ahead.
    pub horizon: usize,
    /// Clips, spread over the held-out episodes.
    pub clips: usize,
    /// Training rows that the mean is taken over.
    pub mean_rows: usize,
    /// Clips in one batch.
    pub batch: usize,
    /// Seed of the draw.
    pub seed: u64,
}

impl Default for RolloutConfig {
    fn default() -> Self {
        Self { horizon: 10, clips: 200, mean_rows: 512, batch: 50, seed: 0 }
    }
}

/// Draws clips and measures a model on them. `view` says what the model is shown.
///
/// # Errors
/// If recordings, world and model do not fit together, or no held-out episode is long enough.
pub fn rollout_error<D: Dynamics>(
    dynamics: &D,
    spec: &EnvSpec,
    (dataset, train, held_out): (&Dataset, &[usize], &[usize]),
    view: View,
    config: &RolloutConfig,
) -> Result<RolloutTable> {
    check_same_world(spec, dataset)?;
    let (width, action) = (dynamics.block_width(), spec.actions.width());
    if action == 0 || !width.is_multiple_of(action) || config.horizon == 0 || config.batch == 0 || config.clips == 0 {
        return Err(Error::Invalid(format!(
            "blocks of {width} numbers, actions of {action}, horizon {}, {} clips, batch {}: need whole actions in a block and the rest at least 1",
            config.horizon, config.clips, config.batch
        )));
    }
    let window = Window { n_frames: config.horizon + 1, frame_skip: width / action, goal: None };
    let clips = draw_clips(dataset, held_out, window, (config.clips, Key::new(config.seed).with("rollout clips")))?;
    // Never fitted to what is judged: without the episodes that were learned from there is no such curve.
    let mean = match train {
        [] => None,
        _ => Some(Mean::over(dynamics, (dataset, train), spec, (view, [config.mean_rows, config.batch]))?),
    };
    let mut sums = Sums { parts: spec.parts(), errors: BTreeMap::new(), n_points: window.n_frames };
    for batch in clips.chunks(config.batch) {
        compare_batch(dynamics, dataset, (batch, window, view), mean.as_ref(), &mut sums)?;
    }
    let mut episodes: Vec<usize> = clips.iter().map(|c| c.episode).collect();
    episodes.dedup();
    Ok(RolloutTable {
        frame_skip: window.frame_skip,
        fps: spec.fps(),
        n_clips: clips.len(),
        n_episodes: episodes.len(),
        data_hash: dataset.hash.clone(),
        quantities: sums.quantities(&clips, config.seed),
    })
}

/// Clips spread evenly over the episodes that are long enough, sorted by episode.
pub(crate) fn draw_clips(
    dataset: &Dataset,
    held_out: &[usize],
    window: Window,
    (clips, key): (usize, Key),
) -> Result<Vec<Clip>> {
    let long: Vec<usize> = held_out.iter().copied().filter(|&e| window.count(dataset.episodes[e].len()) > 0).collect();
    if long.is_empty() {
        let longest = held_out.iter().map(|&e| dataset.episodes[e].len()).max().unwrap_or(0);
        return Err(Error::Invalid(format!(
            "imagining {} blocks of {} steps needs episodes of {} rows, but the longest of {} held-out ones has {longest}; lower the horizon",
            window.n_frames - 1,
            window.frame_skip,
            window.span(),
            held_out.len()
        )));
    }
    let starts = |episode: usize| 0..window.count(dataset.episodes[episode].len());
    Ok(spread(&long, clips, starts, |episode| key.at(episode as u64)))
}

/// Errors by (quantity, predictor): for each clip one number a horizon.
struct Sums {
    parts: Vec<Part>,
    errors: BTreeMap<(usize, &'static str), Vec<Vec<f64>>>,
    n_points: usize,
}

/// Of fewer clips nothing is told apart.
const FEW: usize = 5;

/// The model in clips in which a part moved, and in those in which it lay still.
pub(crate) const MOVED: &str = "model, where it moved";
pub(crate) const STILL: &str = "model, where it lay still";

/// Position of a quantity in the report: latent, picture, PSNR, that where it moved, SSIM, then the parts of the state.
const LATENT: usize = 0;
const PICTURE: usize = 1;
const PSNR: usize = 2;
const MOVED_PSNR: usize = 3;
const SSIM: usize = 4;
const PARTS: usize = 5;

impl Sums {
    fn push(&mut self, quantity: usize, predictor: &'static str, clip: usize, error: f64) {
        let clips = self.errors.entry((quantity, predictor)).or_default();
        if clips.len() <= clip {
            clips.resize(clip + 1, Vec::new());
        }
        clips[clip].push(error);
    }

    fn quantities(&self, clips: &[Clip], seed: u64) -> Vec<Quantity> {
        let key = Key::new(seed).with("rollout interval");
        let episodes: Vec<usize> = clips.iter().map(|clip| clip.episode).collect();
        let mut quantities: Vec<Quantity> = Vec::new();
        let mut current = None;
        for (&(quantity, predictor), errors) in &self.errors {
            if current != Some(quantity) {
                let (name, unit) = match quantity {
                    LATENT => ("latent".to_owned(), MEAN_SQUARE.to_owned()),
                    PICTURE => ("picture".to_owned(), MEAN_SQUARE.to_owned()),
                    PSNR => ("picture PSNR".to_owned(), "dB".to_owned()),
                    MOVED_PSNR => ("picture PSNR, where it moved".to_owned(), "dB".to_owned()),
                    SSIM => ("picture SSIM".to_owned(), "of 1".to_owned()),
                    part => {
                        (self.parts[part - PARTS].name.to_string(), self.parts[part - PARTS].error_unit().to_owned())
                    }
                };
                quantities.push(Quantity {
                    name,
                    unit,
                    higher_is_better: [PSNR, MOVED_PSNR, SSIM].contains(&quantity),
                    curves: Vec::new(),
                });
                current = Some(quantity);
            }
            let at = |h: usize| errors.iter().map(|clip| clip[h]).collect::<Vec<f64>>();
            let points = (0..self.n_points).map(|h| Estimate::of(&at(h), &episodes, key)).collect();
            if let Some(last) = quantities.last_mut() {
                last.curves.push(Curve { name: predictor.to_owned(), points });
            }
        }
        for (at, part) in self.parts.iter().enumerate() {
            if let Some(quantity) = quantities.iter_mut().find(|q| *q.name == *part.name) {
                quantity.curves.extend(self.apart(PARTS + at, part, &episodes, key));
            }
        }
        quantities.iter_mut().for_each(|q| q.curves.sort_by_key(|c| c.name != "model"));
        quantities
    }

    /// The model's error in clips in which a part moves by more than the Moderate rule forgives, and in the others; nothing
    /// if (nearly) all are alike.
    fn apart(&self, quantity: usize, part: &Part, episodes: &[usize], key: Key) -> Vec<Curve> {
        let [model, still] = ["model", "copy-last"].map(|name| self.errors.get(&(quantity, name)));
        let (Some(model), Some(still), Some(least)) = (model, still, part.error_tolerance()) else { return Vec::new() };
        let moved = |clip: usize| still[clip].last().is_some_and(|error| *error > least);
        let (with, without): (Vec<usize>, Vec<usize>) = (0..model.len()).partition(|&clip| moved(clip));
        if with.len().min(without.len()) < FEW {
            return Vec::new();
        }
        let curve = |name: &str, clips: &[usize]| {
            let of: Vec<usize> = clips.iter().map(|&clip| episodes[clip]).collect();
            let at = |h: usize| clips.iter().map(|&clip| model[clip][h]).collect::<Vec<f64>>();
            Curve {
                name: name.to_owned(),
                points: (0..self.n_points).map(|h| Estimate::of(&at(h), &of, key)).collect(),
            }
        };
        vec![curve(MOVED, &with), curve(STILL, &without)]
    }
}

fn compare_batch<D: Dynamics>(
    dynamics: &D,
    dataset: &Dataset,
    (clips, window, view): (&[Clip], Window, View),
    mean: Option<&Mean>,
    sums: &mut Sums,
) -> Result<()> {
    let rows = |h: usize| clips.iter().map(move |c| (c.episode, c.start + h * window.frame_skip));
    let see = |h: usize| -> Result<D::State> {
        dynamics.observe(&rows(h).map(|at| recorded(dataset, at, view)).collect::<Result<Vec<_>>>()?)
    };
    let width = dynamics.block_width();
    let mut state = see(0)?;
    let first = dynamics.latents(&state);
    if let Some(read) = dynamics.read(&state) {
        Error::check("state numbers that the model reads", dataset.signature.state.len(), read.width)?;
    }
    let offset = sums.errors.get(&(LATENT, "model")).map_or(0, Vec::len);
    for h in 0..window.n_frames {
        if h > 0 {
            let block = |c: &Clip| c.actions(window, &dataset.episodes[c.episode])[(h - 1) * width..h * width].to_vec();
            let actions: Vec<f32> = clips.iter().flat_map(block).collect();
            state = dynamics.step(&state, Acts::of(&actions));
        }
        // At first nothing is imagined yet.
        let seen = if h > 0 { Some(see(h)?) } else { None };
        let seen = seen.as_ref().unwrap_or(&state);
        let (imagined, truth) = (dynamics.latents(&state), dynamics.latents(seen));
        let (reads, seen_reads) = (dynamics.read(&state), dynamics.read(seen));
        let (draws, seen_draws) = (dynamics.draw(&state), dynamics.draw(seen));
        for (i, (episode, row)) in rows(h).enumerate() {
            let clip = offset + i;
            sums.push(LATENT, "model", clip, square(imagined.row(i), truth.row(i)));
            sums.push(LATENT, "copy-last", clip, square(first.row(i), truth.row(i)));
            if let Some(mean) = mean {
                let squares = truth.row(i).iter().zip(&mean.latent).map(|(a, b)| (f64::from(*a) - b).powi(2));
                sums.push(LATENT, "mean", clip, squares.sum::<f64>() / truth.width as f64);
            }
            let log = &dataset.episodes[episode];
            let start = clips[i].start;
            push_parts(sums, clip, (log.states.row(row), log.states.row(start)), (&reads, &seen_reads, i), mean);
            if let (Some(draws), Some(seen_draws), Some(frames)) = (&draws, &seen_draws, &log.frames) {
                let (height, width) = (draws[i].height, draws[i].width);
                let truth = frames.image(row).resized(height, width);
                let last = frames.image(start).resized(height, width);
                push_picture(sums, clip, &truth, (&draws[i], &seen_draws[i], &last), mean);
            }
        }
    }
    Ok(())
}

fn push_parts(
    sums: &mut Sums,
    clip: usize,
    (truth, last): (&[f32], &[f32]),
    (reads, seen, at): (&Option<Table>, &Option<Table>, usize),
    mean: Option<&Mean>,
) {
    let (Some(reads), Some(seen)) = (reads, seen) else { return };
    for (at_part, part) in sums.parts.clone().iter().enumerate() {
        let predictors = [("model", reads.row(at)), ("seen", seen.row(at)), ("copy-last", last)];
        for (name, guess) in predictors.into_iter().chain(mean.map(|mean| ("mean", &mean.state[..]))) {
            sums.push(PARTS + at_part, name, clip, part.error(guess, truth));
        }
    }
}

fn push_picture(
    sums: &mut Sums,
    clip: usize,
    truth: &Image,
    (drawn, seen, last): (&Image, &Image, &Image),
    mean: Option<&Mean>,
) {
    let bytes = |image: &Image| image.data.iter().map(|b| f64::from(*b)).collect::<Vec<_>>();
    let (which, size) = (moved(last, truth), (truth.height, truth.width));
    let truth = bytes(truth);
    let mut push = |name, guess: &[f64]| {
        let error = mean_square(&truth, guess);
        sums.push(PICTURE, name, clip, error);
        sums.push(PSNR, name, clip, psnr(error));
        sums.push(MOVED_PSNR, name, clip, psnr(mean_square_of(&which, &truth, guess)));
        sums.push(SSIM, name, clip, ssim(&truth, guess, size));
    };
    push("model", &bytes(drawn));
    push("seen", &bytes(seen));
    push("copy-last", &bytes(last));
    if let Some(picture) = mean.and_then(|mean| mean.picture.as_ref()) {
        push("mean", picture);
    }
}

/// Mean squared difference of two rows.
fn square(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>() / a.len() as f64
}
