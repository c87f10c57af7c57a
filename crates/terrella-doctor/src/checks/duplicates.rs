//! Episodes that are the same or nearly the same, and splits that share them.
//!
//! Each episode becomes a point: its columns, normalised, at 24 instants. Near duplicates are much
//! closer than episodes of the same task ever are. Neighbours are looked for along random projections,
//! so that ten thousand episodes take seconds.

use crate::finding::{Check, Finding, Severity};
use crate::robust::quantile;
use crate::view::View;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use terrella_core::Key;

/// Instants of a point.
const INSTANTS: usize = 24;
/// Root mean square distance, in usual ranges, below which two episodes are nearly the same.
const NEAR: f64 = 0.02;
/// Part of the usual distance between neighbours that they must be under, too.
const UNUSUAL: f64 = 0.3;
/// Episodes up to which every pair is looked at.
const ALL_PAIRS: usize = 2000;
/// Neighbours looked at along each of the projections otherwise.
const WINDOW: usize = 24;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let points: Vec<Vec<f32>> = (0..view.subject.episodes.len()).into_par_iter().map(|e| point(view, e)).collect();
    if points.len() < 2 || points[0].is_empty() {
        return Vec::new();
    }
    let nearest: Vec<(f64, usize)> = nearest(&points);
    let mut distances: Vec<f64> = nearest.iter().map(|n| n.0).filter(|d| d.is_finite()).collect();
    // Not the median: half of a small dataset may be copies and what they are copies of.
    let usual = quantile(&mut distances, 0.75);
    let limit = NEAR.min(UNUSUAL * usual);
    let mut found = Vec::new();
    let mut pairs: BTreeSet<[usize; 2]> = BTreeSet::new();
    for (e, &(distance, other)) in nearest.iter().enumerate() {
        let same = identical(view, e, other);
        if (distance <= limit || same) && distance.is_finite() {
            let [a, b] = [e.min(other), e.max(other)];
            if !pairs.insert([a, b]) {
                continue;
            }
            let what = if same {
                format!("it equals episode {a} number by number")
            } else {
                format!(
                    "it differs from episode {a} by {distance:.4} usual ranges, others by {usual:.4} from their neighbours"
                )
            };
            let remedy = "keep one of them, and never one on each side of a split";
            found.push(Finding::new(Check::Duplicate, Severity::Warn, what, remedy).in_episode(b));
        }
    }
    found.extend(leaks(view, &pairs));
    found
}

/// Duplicates on both sides of a split that the dataset declares.
fn leaks(view: &View, pairs: &BTreeSet<[usize; 2]>) -> Vec<Finding> {
    let splits = &view.subject.claims.splits;
    let mut of: BTreeMap<usize, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for (name, range) in splits {
        for e in range.clone() {
            if let Some(before) = of.insert(e, name).filter(|b| *b != name) {
                let what = format!("it is in the splits {before} and {name}");
                let finding = Finding::new(Check::Leakage, Severity::Fail, what, "give each episode one split");
                found.push(finding.in_episode(e));
            }
        }
    }
    for [a, b] in pairs {
        if let (Some(x), Some(y)) = (of.get(a), of.get(b))
            && x != y
        {
            let what = format!("it is in {y}, and nearly the same as episode {a} in {x}");
            let remedy = "what is held out must not be known: move both to one side";
            found.push(Finding::new(Check::Leakage, Severity::Fail, what, remedy).in_episode(*b));
        }
    }
    found
}

fn identical(view: &View, a: usize, b: usize) -> bool {
    let (a, b) = (&view.subject.episodes[a], &view.subject.episodes[b]);
    a.states == b.states && a.actions == b.actions
}

/// Columns at evenly spaced instants, each in units of its usual range.
fn point(view: &View, e: usize) -> Vec<f32> {
    let mut point = Vec::new();
    for series in view.series.iter().filter(|s| s.moves() && s.wraps == 0) {
        let values = &series.values[e];
        if values.is_empty() {
            return Vec::new();
        }
        for i in 0..INSTANTS {
            let at = i as f64 * (values.len() - 1) as f64 / (INSTANTS - 1) as f64;
            let (low, high) = (values[at as usize], values[at.ceil() as usize]);
            let x = (low + (high - low) * at.fract() - series.usual[0]) / series.range();
            point.push(if x.is_finite() { x as f32 } else { 0.0 });
        }
    }
    // Length tells episodes apart that rest in the same place.
    point.push((view.subject.episodes[e].len() as f32).ln());
    point
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    let sum: f64 = a.iter().zip(b).map(|(x, y)| f64::from(x - y).powi(2)).sum();
    (sum / a.len() as f64).sqrt()
}

/// Distance to the nearest other episode, and which one that is.
fn nearest(points: &[Vec<f32>]) -> Vec<(f64, usize)> {
    let n = points.len();
    let better = |a: (f64, usize), b: (f64, usize)| if b.0 < a.0 { b } else { a };
    if n <= ALL_PAIRS {
        let one = |e: usize| {
            let others = (0..n).filter(|o| *o != e).map(|o| (distance(&points[e], &points[o]), o));
            others.fold((f64::INFINITY, e), better)
        };
        return (0..n).into_par_iter().map(one).collect();
    }
    let mut found = vec![(f64::INFINITY, 0); n];
    for projection in 0..8 {
        let mut stream = Key::new(0).with("doctor.duplicates").at(projection).stream();
        let direction: Vec<f32> = (0..points[0].len()).map(|_| stream.normal() as f32).collect();
        let along = |p: &Vec<f32>| p.iter().zip(&direction).map(|(x, d)| x * d).sum::<f32>();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| along(&points[*a]).total_cmp(&along(&points[*b])));
        for (i, &e) in order.iter().enumerate() {
            for &other in &order[i + 1..n.min(i + 1 + WINDOW)] {
                let d = distance(&points[e], &points[other]);
                found[e] = better(found[e], (d, other));
                found[other] = better(found[other], (d, e));
            }
        }
    }
    found
}
