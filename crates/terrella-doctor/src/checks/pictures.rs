//! Pictures against states: shown at another instant, repeated, or empty.
//!
//! A linear probe reads the motion of the state off the change between thumbnails, fitted on other
//! episodes. The shift at which what it sees goes best with what was logged is the misalignment.

use super::rates;
use crate::finding::{Check, Finding, Severity};
use crate::robust::{fence, median, quantile};
use crate::series::{Role, Series};
use crate::subject::{Sight, Subject};
use crate::view::View;
use rayon::prelude::*;
use std::ops::Range;
use terrella_core::Ridge;

/// Shifts that are tried, to both sides.
const FARTHEST: usize = 6;
const SHIFTS: usize = 2 * FARTHEST + 1;
/// Correlation of motions below which nothing can be told.
const CLEAR: f64 = 0.15;
/// Correlation by which another shift must be better.
const BETTER: f64 = 0.01;
/// How far a peak must stand out of its curve.
const PEAK: f64 = 0.06;
/// Rows of an episode that are needed.
const ROWS: usize = 4 * FARTHEST;
/// Repeats of a picture from which on they are looked at.
const REPEATS: usize = 3;
/// A hang is so many times as long as pictures of its episode usually stay, and ends with a change that is so many times as
/// large as most, whatever other episodes have.
const HANG: f64 = 5.0;
const CATCH_UP: f64 = 2.0;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let sights = &view.subject.sights;
    if sights.is_empty() {
        return Vec::new();
    }
    let mut found = shifts(view);
    let longest: Vec<[usize; 2]> = sights.iter().enumerate().map(|(at, s)| repeats(view, at, s)).collect();
    // A camera that is slower than the rows repeats its pictures, and misses one now and then.
    let slow = rates::camera(view).map_or(0.0, |cadence| 3.0 * cadence.period());
    let usual = fence(longest.iter().map(|r| r[1] as f64), 4.0).max(REPEATS as f64).max(slow);
    let hangs = |at: usize, repeats: [usize; 2]| repeats[1] as f64 > usual || hang(&sights[at], repeats, slow);
    for (at, [row, n]) in longest.into_iter().enumerate().filter(|(at, r)| hangs(*at, *r)) {
        let what = format!("one picture is shown for {} rows while the state moves", n + 1);
        let finding = Finding::new(Check::PictureFrozen, Severity::Fail, what, "drop these rows: the camera hung");
        found.push(finding.in_episode(at).in_rows(row, row + n));
    }
    for (at, sight) in sights.iter().enumerate() {
        let blank: Vec<usize> = (0..sight.len()).filter(|&t| contrast(sight.row(t)) < 0.004).collect();
        if let (Some(first), Some(last)) = (blank.first(), blank.last()) {
            let what = format!("{} pictures are of one grey", blank.len());
            let finding = Finding::new(Check::PictureBlank, Severity::Fail, what, "drop these rows");
            found.push(finding.in_episode(at).in_rows(*first, *last));
        }
    }
    found
}

fn contrast(pixels: &[f32]) -> f32 {
    let mean = pixels.iter().sum::<f32>() / pixels.len() as f32;
    (pixels.iter().map(|p| (p - mean).powi(2)).sum::<f32>() / pixels.len() as f32).sqrt()
}

/// The longest run of repeated pictures while a state goes farther than a few steps: its row and repeats.
fn repeats(view: &View, at: usize, sight: &Sight) -> [usize; 2] {
    let moved = |from: usize, to: usize| {
        let mut states = view.series.iter().filter(|s| s.role == Role::State && s.moves()).peekable();
        states.peek().is_none() || states.any(|s| (s.values[at][to] - s.values[at][from]).abs() >= 3.0 * s.step)
    };
    let (mut best, mut start) = ([0, 0], 0);
    for t in 1..=sight.len() {
        if t == sight.len() || sight.hashes[t] != sight.hashes[start] {
            let n = t - 1 - start;
            if n > best[1] && moved(start, t - 1) {
                best = [start, n];
            }
            start = t;
        }
    }
    best
}

/// Whether a picture that is repeated so often stands out within its own episode: it stays far longer than pictures usually
/// do, and the next one shows that much went on meanwhile.
fn hang(sight: &Sight, [row, n]: [usize; 2], slow: f64) -> bool {
    let next = row + n + 1;
    if n <= REPEATS || n as f64 <= slow || next >= sight.len() {
        return false;
    }
    let (mut stays, mut changes, mut since) = (Vec::new(), Vec::new(), 0);
    for t in (1..sight.len()).filter(|t| sight.hashes[*t] != sight.hashes[*t - 1]) {
        stays.push((t - since) as f64);
        changes.extend((t != next).then(|| rates::change(sight, t)));
        since = t;
    }
    changes.len() > REPEATS
        && (n + 1) as f64 > HANG * quantile(&mut stays, 0.9)
        && rates::change(sight, next) > CATCH_UP * quantile(&mut changes, 0.9)
}

/// Motion of probe and state of one episode: columns × steps; what is seen has the columns of each shift.
struct Motions {
    seen: Vec<Vec<f64>>,
    logged: Vec<Vec<f64>>,
}

/// How motions of pictures and states go together.
struct Study {
    /// Correlation at each shift under the probe for that shift, the mean of columns that are seen.
    strengths: Vec<f64>,
    /// The shift of the dataset.
    best: usize,
    /// Correlation of each episode at each shift under the probe for the best.
    curves: Vec<Option<Vec<f64>>>,
    mean: f64,
}

/// Whether motion of the state is seen in the pictures at all.
pub(crate) fn tell(subject: &Subject) -> bool {
    study(&Series::all(subject), &subject.sights).is_some()
}

fn study(series: &[Series], sights: &[Sight]) -> Option<Study> {
    let states: Vec<&Series> = series.iter().filter(|s| s.role == Role::State && s.moves()).collect();
    let total: usize = sights.iter().map(Sight::len).sum();
    if states.is_empty() || sights.len() < 4 || total < 200 {
        return None;
    }
    // Coarser thumbnails where there are few pictures, so that the probe does not learn them by heart.
    let coarse = [1, 2, 3].into_iter().find(|c| total > 20 * Sight::SIZE / (c * c)).unwrap_or(4);
    let folds: Vec<Option<Vec<f64>>> = [0, 1].into_par_iter().map(|fold| fit(&states, sights, coarse, fold)).collect();
    let [Some(even), Some(odd)] = &folds[..] else { return None };
    let of_episode = |e: usize, shifts: Range<usize>| {
        motions(&states, &sights[e], e, coarse, if e.is_multiple_of(2) { even } else { odd }, shifts)
    };
    // How well each column is seen under the probe for each shift, shifts × columns.
    let seen = seen(sights.len(), states.len(), |e| of_episode(e, 0..SHIFTS));
    // Each column votes for the shift at which it is seen best. Those that lose say nothing: velocities
    // are seen best some rows from their own.
    let own: Vec<usize> = (0..states.len()).map(|j| peak(&seen.iter().map(|s| s[j][0]).collect::<Vec<_>>())).collect();
    let votes = |k: usize| own.iter().zip(&seen[k]).filter(|(o, _)| **o == k).map(|(_, c)| c[0].powi(2)).sum::<f64>();
    let best = peak(&(0..SHIFTS).map(votes).collect::<Vec<_>>());
    let weight = |j: usize| if own[j] == best { seen[best][j][0].powi(2) / seen[best][j][1] } else { 0.0 };
    let sum = |k: usize| own.iter().zip(&seen[k]).filter(|(o, _)| **o == best).map(|(_, c)| c[0]).sum::<f64>();
    let n_own = own.iter().filter(|o| **o == best).count() as f64;
    let strengths: Vec<f64> = (0..SHIFTS).map(|k| sum(k) / n_own).collect();
    let trust: Vec<f64> = (0..states.len()).map(weight).collect();
    let one = |e: usize| curve(&of_episode(e, best..best + 1), &trust);
    let curves: Vec<Option<Vec<f64>>> = (0..sights.len()).into_par_iter().map(one).collect();
    let n = curves.iter().flatten().count().max(1) as f64;
    let mean = curves.iter().flatten().map(|c| c[best]).sum::<f64>() / n;
    (mean >= CLEAR && strengths[best] >= CLEAR).then_some(Study { strengths, best, curves, mean })
}

fn shifts(view: &View) -> Vec<Finding> {
    let Some(Study { strengths, best, curves, mean }) = study(&view.series, &view.subject.sights) else {
        return Vec::new();
    };
    let told = |k: usize| k as i64 - FARTHEST as i64;
    let mut found = Vec::new();
    let ms = |k: i64| 1e3 * k as f64 / view.subject.signature.fps;
    let gain = strengths[best] - strengths[FARTHEST];
    let peaked = (1..SHIFTS - 1).contains(&best) && strengths[best] - median(&mut strengths.clone()) > PEAK;
    if best != FARTHEST && peaked && gain > BETTER {
        let k = told(best);
        let what = format!(
            "pictures show the state {} rows {} their own ({:.0} ms): motions correlate by {:.2} there and by {:.2} in their own row",
            k.abs(),
            if k > 0 { "after" } else { "before" },
            ms(k.abs()),
            strengths[best],
            strengths[FARTHEST]
        );
        found.push(Finding::new(Check::PictureShift, Severity::Fail, what, "shift the pictures by that many rows"));
    }
    // What is usual among episodes by chance: none where the peak is sharp.
    let gains = curves.iter().flatten().map(|c| c[peak(c)] - c[best]);
    let better = fence(gains, 6.0).max(BETTER);
    for (at, curve) in curves.iter().enumerate() {
        let Some(curve) = curve else { continue };
        let own = peak(curve);
        // A curve without a peak comes from motion that the probe does not see.
        let peaked = curve[own] - median(&mut curve.clone()) > PEAK;
        if own != best && peaked && curve[own] > 0.5 * mean && curve[own] - curve[best] > better {
            let k = told(own) - told(best);
            let what = format!(
                "its pictures are {} rows {} those of other episodes: motions correlate by {:.2} there and by {:.2} otherwise",
                k.abs(),
                if k > 0 { "ahead of" } else { "behind" },
                curve[own],
                curve[best]
            );
            let finding =
                Finding::new(Check::PictureShift, Severity::Fail, what, "shift its pictures, or leave it out");
            found.push(finding.in_episode(at));
        }
    }
    found
}

/// The change from the picture before, in cells of some pixels.
fn change(sight: &Sight, t: usize, coarse: usize, out: &mut Vec<f64>) {
    out.clear();
    let (now, before, side) = (sight.row(t), sight.row(t - 1), Sight::SIDE);
    for y in (0..side).step_by(coarse) {
        for x in (0..side).step_by(coarse) {
            for channel in 0..3 {
                let cells = (0..coarse).flat_map(|dy| (0..coarse).map(move |dx| (y + dy) * side + x + dx));
                let sum: f64 = cells.map(|i| f64::from(now[3 * i + channel] - before[3 * i + channel])).sum();
                out.push(sum / (coarse * coarse) as f64);
            }
        }
    }
}

fn scaled(series: &Series, e: usize, t: usize) -> f64 {
    let x = (series.values[e][t] - series.usual[0]) / series.range();
    if x.is_finite() { x } else { 0.0 }
}

/// The step of a state into a row; 0 beyond the ends.
fn step(series: &Series, e: usize, t: usize) -> f64 {
    if t >= 1 && t < series.values[e].len() { scaled(series, e, t) - scaled(series, e, t - 1) } else { 0.0 }
}

/// A probe for each shift, fitted on the episodes of the other fold: inputs × (shifts × columns).
fn fit(states: &[&Series], sights: &[Sight], coarse: usize, fold: usize) -> Option<Vec<f64>> {
    let inputs = 3 * (Sight::SIDE / coarse).pow(2);
    let mut ridge = Ridge::new(inputs, SHIFTS * states.len());
    let (mut input, mut target) = (Vec::new(), Vec::new());
    for (e, sight) in sights.iter().enumerate().filter(|(e, _)| e % 2 != fold) {
        for t in FARTHEST + 1..sight.len().saturating_sub(FARTHEST) {
            change(sight, t, coarse, &mut input);
            target.clear();
            target.extend((0..SHIFTS).flat_map(|k| states.iter().map(move |s| step(s, e, t + k - FARTHEST))));
            ridge.add(&input, &target);
        }
    }
    (ridge.rows() > 50).then(|| ridge.solve(1e-5, inputs))
}

/// What the probes of some shifts see in an episode, and what was logged.
fn motions(
    states: &[&Series],
    sight: &Sight,
    e: usize,
    coarse: usize,
    weights: &[f64],
    shifts: Range<usize>,
) -> Motions {
    let n = states.len();
    let mut seen = vec![Vec::with_capacity(sight.len()); shifts.len() * n];
    let mut input = Vec::new();
    for t in 1..sight.len() {
        change(sight, t, coarse, &mut input);
        for (j, seen) in seen.iter_mut().enumerate() {
            let at = shifts.start * n + j;
            seen.push(input.iter().enumerate().map(|(i, x)| x * weights[i * SHIFTS * n + at]).sum::<f64>());
        }
    }
    let logged = states.iter().map(|s| (1..sight.len()).map(|t| step(s, e, t)).collect());
    Motions { seen, logged: logged.collect() }
}

/// Correlation of seen and logged motion over all episodes, and the size of the latter: shifts × columns.
fn seen(episodes: usize, columns: usize, motions: impl Fn(usize) -> Motions + Sync) -> Vec<Vec<[f64; 2]>> {
    let of_episode = |e: usize| {
        let m = motions(e);
        let mut sums = vec![[0.0; 3]; SHIFTS * columns];
        for (at, sums) in sums.iter_mut().enumerate() {
            correlate(&m.seen[at], &m.logged[at % columns], at / columns, sums, 1.0);
        }
        sums
    };
    let each: Vec<Vec<[f64; 3]>> = (0..episodes).into_par_iter().map(of_episode).collect();
    let one = |at: usize| {
        let sums = [0, 1, 2].map(|i| each.iter().map(|sums| sums[at][i]).sum::<f64>());
        [correlation(&sums).max(0.0), (sums[2] / episodes as f64).max(1e-12)]
    };
    (0..SHIFTS).map(|k| (0..columns).map(|j| one(k * columns + j)).collect()).collect()
}

/// Sums of products of seen and logged motion, the logged one `k - FARTHEST` rows later.
fn correlate(seen: &[f64], logged: &[f64], k: usize, sums: &mut [f64; 3], weight: f64) {
    for t in FARTHEST..seen.len().saturating_sub(FARTHEST) {
        let (a, b) = (seen[t], logged[t + k - FARTHEST]);
        sums[0] += weight * a * b;
        sums[1] += weight * a * a;
        sums[2] += weight * b * b;
    }
}

fn correlation(sums: &[f64; 3]) -> f64 {
    let norm = (sums[1] * sums[2]).sqrt();
    if norm > 1e-12 { sums[0] / norm } else { 0.0 }
}

/// Correlation of motions of one episode at each shift.
fn curve(motions: &Motions, trust: &[f64]) -> Option<Vec<f64>> {
    if motions.seen.first()?.len() < ROWS {
        return None;
    }
    let at = |k: usize| {
        let mut sums = [0.0; 3];
        for ((seen, logged), trust) in motions.seen.iter().zip(&motions.logged).zip(trust) {
            correlate(seen, logged, k, &mut sums, *trust);
        }
        correlation(&sums)
    };
    Some((0..SHIFTS).map(at).collect())
}

fn peak(curve: &[f64]) -> usize {
    (0..curve.len()).max_by(|a, b| curve[*a].total_cmp(&curve[*b])).unwrap_or(FARTHEST)
}
