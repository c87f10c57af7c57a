//! Bands calibrated on one half of the held-out episodes, and judged on the other.
//!
//! Nothing that was learned from takes part. Each held-out episode draws a number from the seed, by which they are split; the first
//! half calibrates. Where the model tells no deviations, a quarter of that half is for their scale alone.

use crate::band::{Band, BandNumber, ClipErrors, TrustConfig, factor, fitted_scale, kept, scale_at, scores, worst};
use crate::compare_clips::{Ahead, compare_clips};
use crate::foresee::tells_deviations;
use crate::horizon::conformal_horizon;
use crate::promise::{Promise, episodes_needed};
use crate::recorded::recorded;
use crate::scored::scored;
use crate::trust::{Calibration, Covered, Trust, TrustExample, TrustNumber};
use terrella_core::{Dataset, Dynamics, Error, Key, Result, Table, View};

/// Coverages of the calibration curve, as far as there are episodes for them.
const LEVELS: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/// Of the calibration episodes of a model that tells no deviations, one in so many is for their scale alone: factors need the others
/// more than a root mean square needs many.
const FITTED: usize = 4;

/// How many of `n` held-out episodes calibrate, and on how many of these the scale is fitted.
fn shares(n: usize, tells: bool) -> [usize; 2] {
    let calibrating = n.div_ceil(2);
    [calibrating, if tells { 0 } else { calibrating.div_ceil(FITTED) }]
}

/// Whether there are enough held-out episodes for a level.
///
/// # Errors
/// If not: how many it takes, and up to which level there are enough.
fn enough(n: usize, tells: bool, level: f64) -> Result<()> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::Invalid(format!(
            "eval.trust.level is {level}; no number of episodes promises that, so choose one between 0 and 1 (0.9 is usual)"
        )));
    }
    let ranked = |n: usize| {
        let [calibrating, fitted] = shares(n, tells);
        calibrating - fitted
    };
    let needed = episodes_needed(level);
    if n > 1 && ranked(n) >= needed {
        return Ok(());
    }
    let all = (n.max(2)..).find(|&n| ranked(n) >= needed).unwrap_or(usize::MAX);
    // m episodes promise m / (m + 1) at most; rounded down, so that it is granted.
    let m = ranked(n) as f64;
    let most = (100.0 * m / (m + 1.0) + 1e-9).floor();
    let lower = match n > 1 && most > 0.0 {
        true => format!(", or ask for {most:.0} % with --set eval.trust.level={}", most / 100.0),
        false => String::new(),
    };
    let scale = if tells { "" } else { ", some to fit a scale on, as this model tells no deviations," };
    Err(Error::Invalid(format!(
        "a band of {:.0} % needs {needed} episodes to rank{scale} and as many again to judge it: {all} held-out episodes in all, and there are {n}; give more recordings with --data{lower}",
        100.0 * level
    )))
}

/// Calibrates bands of a model and judges them. `numbers` say names, units, angles and tolerances; their factors are found here.
/// Episodes that were learned from (the first of the two sides) only make a floor for scores.
///
/// # Errors
/// If the model cannot tell states, or the held-out episodes are too few or too short.
pub fn trust<D: Dynamics>(
    dynamics: &D,
    (dataset, train, held_out): (&Dataset, &[usize], &[usize]),
    (view, numbers): (View, Vec<BandNumber>),
    config: &TrustConfig,
) -> Result<(Trust, Calibration)> {
    let width = dataset.signature.state.len();
    Error::check("numbers of the state", width, numbers.len())?;
    let skip = (dynamics.block_width() / dataset.signature.action.len().max(1)).max(1);
    let length = |e: &usize| dataset.episodes[*e].len();
    let usable: Vec<usize> = held_out.iter().copied().filter(|e| length(e) > skip).collect();
    let Some(&first) = usable.first() else {
        return Err(Error::Invalid(format!(
            "a band needs held-out episodes of {} rows at least, a block and what came of it; of {} there is none",
            skip + 1,
            held_out.len()
        )));
    };
    let tells = tells_deviations(dynamics, &recorded(dataset, (first, 0), view)?)?;
    enough(usable.len(), tells, config.level)?;
    let mut lengths: Vec<usize> = usable.iter().map(length).collect();
    lengths.sort_unstable();
    // Half of them reach this far.
    let reached = lengths[lengths.len() / 2] - 1;
    let blocks = (config.horizon.min(reached) / skip).max(1);
    let key = Key::new(config.seed).with("trust");
    let (clips, copies) = (config.clips.max(1), config.copies.max(1));
    let ahead = Ahead { skip, blocks, clips, copies, key };
    let mut order = usable.clone();
    order.sort_by_key(|&e| (key.with("split").at(e as u64).seed(), e));
    let angles: Vec<bool> = numbers.iter().map(|number| number.angle).collect();
    let compared = compare_clips(dynamics, (dataset, &order), (view, &angles), &ahead)?;
    // Clips of an episode lie side by side, and each episode has some.
    let by_episode = compared.chunk_by(|a, b| a.episode == b.episode).map(|clips| clips.iter().collect());
    let by_episode: Vec<Vec<&ClipErrors>> = by_episode.collect();
    let [calibrating, fitted] = shares(usable.len(), tells);
    let (calibration, judged) = by_episode.split_at(calibrating);
    let (fit, ranked) = calibration.split_at(fitted);
    let scale = (!tells).then(|| fitted_scale(&fit.concat(), width));
    let blocks = scale.as_ref().map_or(blocks, |scale| blocks.min(scale.len()));

    let score = |clips: &Vec<&ClipErrors>| scores(clips.iter().copied(), scale.as_ref(), (blocks, width));
    let [ranked_scores, judged_scores] = [ranked, judged].map(|side| side.iter().map(score).collect::<Vec<_>>());
    let column = |all: &[Vec<f64>], at: usize| all.iter().map(|scores| scores[at]).collect::<Vec<f64>>();
    let all_at_once = |all: &[Vec<f64>]| all.iter().map(|scores| worst(scores)).collect::<Vec<f64>>();
    let with_factor = |(at, number): (usize, BandNumber)| {
        let factor = factor(&column(&ranked_scores, at), config.level);
        BandNumber { factor, ..number }
    };
    let band = Band {
        promise: Promise::of(ranked.len(), config.level).expect("enough episodes were counted"),
        numbers: numbers.into_iter().enumerate().map(with_factor).collect(),
        joint: factor(&all_at_once(&ranked_scores), config.level),
        skip,
        fps: dataset.signature.fps,
        blocks,
        clips,
        copies,
        fitted: scale,
        data_hash: dataset.hash.clone(),
    };
    let curve = LEVELS.into_iter().filter(|&level| Promise::of(ranked.len(), level).is_some());
    let curve = curve.map(|level| {
        let rate = |ranked: &[f64], judged: Vec<f64>| Covered::count(judged, factor(ranked, level)).rate();
        let single = (0..width).map(|at| rate(&column(&ranked_scores, at), column(&judged_scores, at)));
        [level, rate(&all_at_once(&ranked_scores), all_at_once(&judged_scores)), single.sum::<f64>() / width as f64]
    });
    let curve = curve.collect();
    let usual = usual_scales(&ranked.concat(), &band, width);
    let found = |(at, (number, scale)): (usize, (&BandNumber, &Vec<f64>))| TrustNumber {
        covered: Covered::count(column(&judged_scores, at), number.factor),
        scale: scale.clone(),
        horizon: number.tolerance.map(|tolerance| skip * held_under(scale, number.factor, tolerance)),
    };
    let tolerated = band.numbers.iter().zip(&usual).filter_map(|(number, scale)| Some((number.tolerance?, scale)));
    let told_at = told_at(blocks);
    let scored = scored((dataset, train), &judged.concat(), &angles, (&told_at, skip, key.with("scores")));
    let trust = Trust {
        fitted,
        told_at,
        scored,
        short: usable.iter().filter(|e| length(e) <= blocks * skip).count(),
        left_out: held_out.len() - usable.len(),
        numbers: band.numbers.iter().zip(&usual).enumerate().map(found).collect(),
        joint: Covered::count(all_at_once(&judged_scores), band.joint),
        horizon: tolerated.map(|(tolerance, scale)| skip * held_under(scale, band.joint, tolerance)).min(),
        curve,
        example: judged.first().and_then(|clips| clips.first()).map(|clip| example(clip, &band)).unwrap_or_default(),
        provenance: None,
        band: band.clone(),
    };
    let residuals = if tells { Vec::new() } else { calibration.concat().into_iter().map(residuals).collect() };
    Ok((trust, Calibration { band, residuals }))
}

/// Blocks that tables tell of: the first, the one half of the way, and the last.
fn told_at(blocks: usize) -> Vec<usize> {
    let mut told = vec![1, blocks.div_ceil(2), blocks];
    told.dedup();
    told
}

/// Blocks up to which a band of this factor on usual scales stays under a tolerance.
fn held_under(scale: &[f64], factor: Option<f64>, tolerance: f64) -> usize {
    conformal_horizon(scale.iter().map(|scale| factor.map_or(f64::INFINITY, |factor| factor * scale)), tolerance)
}

/// The median scale of each number over clips, block after block.
fn usual_scales(clips: &[&ClipErrors], band: &Band, width: usize) -> Vec<Vec<f64>> {
    let median = |column: usize, block: usize| {
        let there = clips.iter().filter(|clip| block < clip.apart.len());
        let mut scales: Vec<f64> = there.map(|clip| scale_at(clip, band.fitted.as_ref(), block, column)).collect();
        scales.sort_by(f64::total_cmp);
        // Of a block that no clip reached nothing is known.
        scales.get(scales.len() / 2).copied().unwrap_or_else(|| kept(f64::NAN))
    };
    (0..width).map(|column| (0..band.blocks).map(|block| median(column, block)).collect()).collect()
}

/// What was recorded less what was told, as far as both are numbers.
fn residuals(clip: &ClipErrors) -> Table {
    let rows = clip.apart.rows().take_while(|row| row.iter().all(|x| x.is_finite()));
    Table { width: clip.apart.width, data: rows.flatten().map(|x| -x).collect() }
}

/// A clip beside its band.
fn example(clip: &ClipErrors, band: &Band) -> TrustExample {
    let path = |column: usize| {
        let points = (0..band.blocks.min(clip.apart.len())).map(|block| {
            let [told, apart] = [&clip.told, &clip.apart].map(|table| f64::from(table.row(block)[column]));
            let deviation = clip.deviation.as_ref().map(|table| f64::from(table.row(block)[column]));
            let reach = band.reach(block, column, deviation).filter(|reach| reach.is_finite());
            // Recorded angles are told on the same turn.
            (told, told - apart, reach)
        });
        points.take_while(|(told, truth, _)| told.is_finite() && truth.is_finite()).collect()
    };
    TrustExample { episode: clip.episode, row: clip.start, paths: (0..band.numbers.len()).map(path).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_episodes_are_told_with_how_many_it_takes_and_what_they_are_enough_for() {
        assert!(enough(17, true, 0.9).is_ok() && enough(16, true, 0.9).is_err(), "nine calibrate, eight are judged");
        let told = |n, tells, level| enough(n, tells, level).expect_err("too few").to_string();
        let text = told(13, true, 0.9);
        assert!(text.contains("needs 9 episodes to rank") && text.contains("17 held-out episodes in all"), "{text}");
        assert!(text.contains("there are 13") && text.contains("eval.trust.level=0.87"), "{text}");
        assert!(enough(13, true, 0.87).is_ok(), "the remedy works");
        let text = told(13, false, 0.9);
        assert!(text.contains("to fit a scale on") && text.contains("23 held-out episodes"), "{text}");
        assert!(enough(23, false, 0.9).is_ok() && enough(22, false, 0.9).is_err(), "as it was told");
        assert!(!told(1, true, 0.5).contains("eval.trust.level"), "one episode cannot judge and be judged");
        assert!(told(100, true, 1.0).contains("between 0 and 1"), "certainty is not to be had");
    }
}
