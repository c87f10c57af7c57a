//! Pictures against states: shown at another instant, repeated, or empty.
//!
//! A linear probe reads the state off thumbnails, fitted on other episodes. Its motion between rows must
//! go with the motion of the logged state; the shift at which both agree best is the misalignment.

use crate::examine::View;
use crate::finding::{Check, Finding, Severity};
use crate::robust::fence;
use crate::series::{Role, Series};
use crate::subject::Sight;
use rayon::prelude::*;
use terrella_core::Ridge;

/// Shifts that are tried, to both sides.
const FARTHEST: usize = 6;
/// Correlation of motions below which nothing can be told.
const CLEAR: f64 = 0.15;
/// Correlation by which another shift must be better.
const BETTER: f64 = 0.08;
/// Rows of an episode that are needed.
const ROWS: usize = 4 * FARTHEST;
/// Repeats of a picture from which on they are looked at.
const REPEATS: usize = 3;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let sights = &view.subject.sights;
    if sights.is_empty() {
        return Vec::new();
    }
    let mut found = shifts(view);
    let longest: Vec<[usize; 2]> = sights.iter().enumerate().map(|(at, s)| repeats(view, at, s)).collect();
    let usual = fence(longest.iter().map(|r| r[1] as f64), 4.0).max(REPEATS as f64);
    for (at, [row, n]) in longest.into_iter().enumerate().filter(|(_, r)| r[1] as f64 > usual) {
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

/// The longest run of repeated pictures during which a state moves at usual speed: its row and repeats.
fn repeats(view: &View, at: usize, sight: &Sight) -> [usize; 2] {
    let moving = |t: usize| {
        let states = view.series.iter().filter(|s| s.role == Role::State && s.moves());
        let mut states = states.peekable();
        states.peek().is_none() || states.any(|s| (s.values[at][t] - s.values[at][t - 1]).abs() >= s.step)
    };
    let (mut best, mut start, mut n) = ([0, 0], 0, 0);
    for t in 1..sight.len() {
        if sight.hashes[t] == sight.hashes[t - 1] && moving(t) {
            n += 1;
            if n == 1 {
                start = t - 1;
            }
            if n > best[1] {
                best = [start, n];
            }
        } else {
            n = 0;
        }
    }
    best
}

/// Motion of probe and state of one episode: columns × steps.
struct Motions {
    seen: Vec<Vec<f64>>,
    logged: Vec<Vec<f64>>,
}

fn shifts(view: &View) -> Vec<Finding> {
    let states: Vec<&Series> = view.series.iter().filter(|s| s.role == Role::State && s.moves()).collect();
    let sights = &view.subject.sights;
    let total: usize = sights.iter().map(Sight::len).sum();
    if states.is_empty() || sights.len() < 4 || total < 200 {
        return Vec::new();
    }
    // Coarser thumbnails where there are few pictures, so that the probe does not learn them by heart.
    let coarse = if total < 40 * Sight::SIDE * Sight::SIDE { 2 } else { 1 };
    let weights: Vec<Option<Vec<f64>>> =
        [0, 1].into_par_iter().map(|fold| fit(&states, sights, coarse, fold)).collect();
    let motion = |e: usize| Some(motions(&states, &sights[e], e, coarse, weights[e % 2].as_ref()?));
    let Some(motions) = (0..sights.len()).into_par_iter().map(motion).collect::<Option<Vec<Motions>>>() else {
        return Vec::new();
    };
    let trust = trust(&motions, states.len());
    let curves: Vec<Option<Vec<f64>>> = motions.iter().map(|m| curve(m, &trust)).collect();
    let mut sum = vec![0.0; 2 * FARTHEST + 1];
    curves.iter().flatten().for_each(|c| sum.iter_mut().zip(c).for_each(|(s, x)| *s += x));
    let n = curves.iter().flatten().count().max(1) as f64;
    let best = peak(&sum);
    let told = |k: usize| k as i64 - FARTHEST as i64;
    if sum[best] / n < CLEAR {
        return Vec::new();
    }
    let mut found = Vec::new();
    let ms = |k: i64| 1e3 * k as f64 / view.subject.signature.fps;
    if best != FARTHEST && (sum[best] - sum[FARTHEST]) / n > 0.25 * BETTER {
        let k = told(best);
        let what = format!(
            "pictures show the state {} rows {} their own ({:.0} ms): motions correlate by {:.2} there and by {:.2} in their own row",
            k.abs(),
            if k > 0 { "after" } else { "before" },
            ms(k.abs()),
            sum[best] / n,
            sum[FARTHEST] / n
        );
        found.push(Finding::new(Check::PictureShift, Severity::Fail, what, "shift the pictures by that many rows"));
    }
    for (at, curve) in curves.iter().enumerate() {
        let Some(curve) = curve else { continue };
        let own = peak(curve);
        if own != best && curve[own] > CLEAR && curve[own] - curve[best] > BETTER {
            let k = told(own) - told(best);
            let what = format!(
                "its pictures are {} rows {} those of other episodes: motions correlate by {:.2} there and by {:.2} otherwise",
                k.abs(),
                if k > 0 { "ahead of" } else { "behind" },
                curve[own],
                curve[best]
            );
            let finding = Finding::new(Check::PictureShift, Severity::Fail, what, "shift its pictures, or leave it out");
            found.push(finding.in_episode(at));
        }
    }
    found
}

fn pixels(sight: &Sight, t: usize, coarse: usize, out: &mut Vec<f64>) {
    out.clear();
    let (row, side) = (sight.row(t), Sight::SIDE);
    for y in (0..side).step_by(coarse) {
        for x in (0..side).step_by(coarse) {
            let cells = (0..coarse).flat_map(|dy| (0..coarse).map(move |dx| (y + dy) * side + x + dx));
            out.push(cells.map(|i| f64::from(row[i])).sum::<f64>() / (coarse * coarse) as f64 - 0.5);
        }
    }
    out.push(1.0);
}

fn scaled(series: &Series, e: usize, t: usize) -> f64 {
    let x = (series.values[e][t] - series.usual[0]) / series.range();
    if x.is_finite() { x } else { 0.0 }
}

/// A probe fitted on the episodes of the other fold.
fn fit(states: &[&Series], sights: &[Sight], coarse: usize, fold: usize) -> Option<Vec<f64>> {
    let inputs = (Sight::SIDE / coarse).pow(2) + 1;
    let mut ridge = Ridge::new(inputs, states.len());
    let (mut input, mut target) = (Vec::new(), Vec::new());
    for (e, sight) in sights.iter().enumerate().filter(|(e, _)| e % 2 != fold) {
        for t in 0..sight.len() {
            pixels(sight, t, coarse, &mut input);
            target.clear();
            target.extend(states.iter().map(|s| scaled(s, e, t)));
            ridge.add(&input, &target);
        }
    }
    (ridge.rows() > 50).then(|| ridge.solve(3e-4, inputs - 1))
}

fn motions(states: &[&Series], sight: &Sight, e: usize, coarse: usize, weights: &[f64]) -> Motions {
    let n = states.len();
    let mut rows = vec![Vec::with_capacity(sight.len()); n];
    let mut input = Vec::new();
    for t in 0..sight.len() {
        pixels(sight, t, coarse, &mut input);
        for (j, row) in rows.iter_mut().enumerate() {
            row.push(input.iter().enumerate().map(|(i, x)| x * weights[i * n + j]).sum::<f64>());
        }
    }
    let difference = |v: &[f64]| v.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>();
    let logged = states.iter().map(|s| (0..sight.len()).map(|t| scaled(s, e, t)).collect::<Vec<_>>());
    Motions { seen: rows.iter().map(|r| difference(r)).collect(), logged: logged.map(|r| difference(&r)).collect() }
}

/// How well the motion of each column is seen: its largest correlation over shifts, all episodes.
fn trust(motions: &[Motions], columns: usize) -> Vec<f64> {
    let one = |j: usize| {
        let shifts = (0..=2 * FARTHEST).map(|k| {
            let mut sums = [0.0; 3];
            for m in motions {
                correlate(&m.seen[j], &m.logged[j], k, &mut sums, 1.0);
            }
            correlation(&sums)
        });
        shifts.fold(0.0, f64::max).powi(2)
    };
    (0..columns).map(one).collect()
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
    Some((0..=2 * FARTHEST).map(at).collect())
}

fn peak(curve: &[f64]) -> usize {
    (0..curve.len()).max_by(|a, b| curve[*a].total_cmp(&curve[*b])).unwrap_or(FARTHEST)
}
