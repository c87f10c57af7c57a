//! From held-out episodes to what is usual, and how far that can be trusted.
//!
//! Errors of neighbouring rows resemble each other, and bets must not take that for news. What goes on from row to row is taken out first
//! (an autoregression of order one for each number, fitted here); what scores still remember is measured with each row ranked among the
//! rows of *other* episodes, and bets are on the mean of blocks as long as that. Then all of these episodes are watched, each
//! against the others: if bets hold more than a quiet world lets them in nineteen cases of twenty, the tolerance is raised until they do not.

use super::bets::Place;
use super::evidence::Evidence;
use super::inputs::Inputs;
use super::surprise::Recorded;
use super::usual::{NEIGHBOURS, Quiet, Scored, Usual, centred};
use terrella_core::{Error, Result, Signature, Table};

/// Rows that are kept at most, evenly spread: a search through as many takes some fifty microseconds a row.
const KEPT: usize = 8000;
/// Rows that are ranked among those of other episodes, at most.
const COMPARED: usize = 20_000;
/// Tolerances that are tried: the least is what ranks among fifty are off by chance, beyond the last nothing would be found.
const TOLERANCES: [f64; 9] = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6];
/// What bets may hold of each block that was quiet: of bets whose mean after n blocks is n at most, one in twenty ever holds 20 n.
const QUIET: f64 = 20.0;
/// Share of quiet rows that lie within reach of their neighbours.
const WITHIN: f64 = 0.99;
/// Rows that scores may remember, at most: blocks of more would find nothing in time.
const LONGEST: usize = 50;

/// One row of the calibration, ready to be bet on.
struct Ranked {
    episode: usize,
    row: usize,
    scored: Scored,
    with: Vec<f32>,
}

/// Learns what is usual from episodes that the model was not trained on.
///
/// # Errors
/// If there are too few of them, or they differ so much from each other that nothing else would be told from that.
pub fn calibrate(signature: &Signature, angles: &[usize], episodes: &[Recorded]) -> Result<Usual> {
    let usable = |e: &Recorded| e.errors.len().saturating_sub(1);
    let (all, most) = (episodes.iter().map(usable).sum::<usize>(), episodes.iter().map(usable).max().unwrap_or(0));
    let stride = all.div_ceil(KEPT).max(1);
    // Each row needs neighbours in other episodes than its own.
    let needed = 2 * NEIGHBOURS * stride;
    if all - most < needed {
        return Err(Error::Invalid(format!(
            "what is usual cannot be told from {} held-out episodes with {all} rows, {most} of them in one: at least two are needed, with {needed} rows beside the longest; hold more out (data.held_out), or cut long recordings (data.cut)",
            episodes.len(),
        )));
    }
    if let Some(at) = episodes.iter().position(|e| e.errors.data.iter().any(|x| !x.is_finite())) {
        return Err(Error::Invalid(format!(
            "the model foretells numbers that are not finite in held-out episode {at} of {}; train it anew",
            episodes.len()
        )));
    }
    let mut usual = kept(signature, angles, episodes, stride);
    if usual.places.width == 0 {
        return Err(Error::Invalid(
            "neither a state nor an action ever changes in the held-out episodes; hold out others (data.split_seed)"
                .to_owned(),
        ));
    }
    let mut ranked = ranked(&usual, episodes);
    let mut distances: Vec<f32> = ranked.iter().map(|r| r.scored.distance).collect();
    distances.sort_by(f32::total_cmp);
    let at = (WITHIN * (distances.len() - 1) as f64).ceil() as usize;
    usual.reach = distances[at];
    usual.centre = centre(&mut ranked, signature.state.len());
    usual.quiet = quiet(&usual, &ranked)?;
    Ok(usual)
}

/// The rows that are kept: every `stride`-th that has one before it.
fn kept(signature: &Signature, angles: &[usize], episodes: &[Recorded], stride: usize) -> Usual {
    let states: Vec<&Table> = episodes.iter().map(|e| &e.states).collect();
    let actions: Vec<&Table> = episodes.iter().map(|e| &e.actions).collect();
    let mut changes = Table::new(signature.action.len());
    for table in &actions {
        let width = table.width;
        changes.data.extend(table.data.iter().skip(width).zip(&table.data).map(|(now, before)| now - before));
    }
    let inputs = Inputs::of(&states, &actions, &changes, angles);
    let lasts = episodes.iter().flat_map(|e| e.lasts.iter().copied());
    let lasts = lasts.fold([f64::INFINITY, 0.0], |[low, high], dt| [dt.min(low), dt.max(high)]);
    let width = signature.state.len();
    let mut usual = Usual {
        signature: signature.clone(),
        angles: angles.to_vec(),
        goes_on: (0..width).map(|column| goes_on(episodes, column)).collect(),
        places: Table::default(),
        fresh: Table::new(width),
        errors: Table::new(width),
        episodes: Vec::new(),
        centre: vec![[0.0; 2]; width],
        reach: f32::INFINITY,
        lasts,
        still: (0..width).map(|column| still(episodes, column)).collect(),
        inputs,
        quiet: Quiet::default(),
    };
    let mut place = Vec::new();
    let rows = episodes.iter().enumerate().flat_map(|(e, log)| (1..log.errors.len()).map(move |row| (e, row)));
    for (e, row) in rows.step_by(stride) {
        let log = &episodes[e];
        place.clear();
        usual.inputs.place(log.states.row(row), log.actions.row(row), &mut place);
        usual.places.width = place.len();
        usual.places.data.extend_from_slice(&place);
        let fresh = usual.freshly(log.errors.row(row - 1), log.errors.row(row));
        usual.fresh.push(&fresh);
        usual.errors.push(log.errors.row(row));
        usual.episodes.push(e as u32);
    }
    usual
}

/// Rows in order, each ranked among those of other episodes. Episodes are taken whole, so that rows stay neighbours.
fn ranked(usual: &Usual, episodes: &[Recorded]) -> Vec<Ranked> {
    let (mut ranked, mut room, mut place) = (Vec::new(), Vec::new(), Vec::new());
    for (episode, log) in episodes.iter().enumerate() {
        if ranked.len() >= COMPARED {
            break;
        }
        for row in 1..log.errors.len() {
            let (state, action) = (log.states.row(row), log.actions.row(row));
            place.clear();
            usual.inputs.place(state, action, &mut place);
            let fresh = usual.freshly(log.errors.row(row - 1), log.errors.row(row));
            let scored = usual.score(&place, (log.errors.row(row), &fresh), Some(episode as u32), &mut room);
            let mut with = place.clone();
            usual.inputs.change(log.actions.row(row - 1), action, &mut with);
            ranked.push(Ranked { episode, row, scored, with });
        }
    }
    ranked
}

/// Takes the means of all scores out of them, and answers with these.
fn centre(ranked: &mut [Ranked], width: usize) -> Vec<[f32; 2]> {
    let n = ranked.len().max(1) as f64;
    let mean = |column: usize| {
        let scores = ranked.iter().map(|r| [r.scored.signed[column], r.scored.sized[column]]);
        scores.fold([0.0; 2], |[a, b], [signed, sized]| [a + signed, b + sized]).map(|sum: f64| (sum / n) as f32)
    };
    let means: Vec<[f32; 2]> = (0..width).map(mean).collect();
    for Scored { signed, sized, .. } in ranked.iter_mut().map(|r| &mut r.scored) {
        signed.iter_mut().zip(&means).for_each(|(score, [mean, _])| *score = centred(*score, f64::from(*mean)));
        sized.iter_mut().zip(&means).for_each(|(score, [_, mean])| *score = centred(*score, f64::from(*mean)));
    }
    means
}

/// How these rows look when they are watched, in blocks and with a tolerance that keep them quiet.
fn quiet(usual: &Usual, ranked: &[Ranked]) -> Result<Quiet> {
    let width = usual.signature.state.len();
    let scores = |column: usize, sized: bool| {
        let of = |r: &Ranked| if sized { r.scored.sized[column] } else { r.scored.signed[column] };
        memory(ranked, of)
    };
    let each = (0..width).flat_map(|column| [scores(column, false), scores(column, true)]);
    let (lasts, after) = each.fold((1.0f64, 0.0f64), |(lasts, after), (n, first)| (lasts.max(n), after.max(first)));
    let block = (lasts.ceil() as usize).clamp(1, LONGEST);
    let episodes = ranked.last().map_or(0, |r| r.episode + 1);
    let before = usual.goes_on.iter().map(|share| f64::from(share.abs())).fold(0.0, f64::max);
    let mut quiet = Quiet { rows: ranked.len(), episodes, block, remembers: [before, after], ..Quiet::default() };
    for tolerance in TOLERANCES {
        let with = ranked.first().map_or(0, |r| r.with.len());
        let mut evidence = Evidence::new(usual, with, (block, tolerance), f64::INFINITY);
        for r in ranked.iter().filter(|r| usual.covers(&r.scored)) {
            let place = Place { episode: r.episode, row: r.row, ..Place::default() };
            evidence.row(place, &r.scored, &r.with);
        }
        let (highest, blocks) = (evidence.bets().highest(), evidence.bets().blocks());
        quiet = Quiet { tolerance, highest, blocks, ..quiet };
        if highest < QUIET * blocks.max(1) as f64 {
            return Ok(quiet);
        }
    }
    Err(Error::Invalid(format!(
        "the held-out episodes differ from each other as much as from a changed world: watched against each other, bets held {:.3e} where {:.3e} is quiet; look whether something changed between them (terrella doctor), or hold more episodes out (data.held_out)",
        quiet.highest,
        QUIET * quiet.blocks.max(1) as f64
    )))
}

/// For how many rows scores remember each other (1 + twice the sum of the autocorrelation until it is no longer positive), and the
/// first of the autocorrelations.
fn memory(ranked: &[Ranked], score: impl Fn(&Ranked) -> f64) -> (f64, f64) {
    let scores: Vec<f64> = ranked.iter().map(score).collect();
    let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
    let square = scores.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / scores.len().max(1) as f64;
    let at_lag = |lag: usize| {
        let pairs = ranked.iter().zip(&ranked[lag.min(ranked.len())..]).enumerate();
        let pairs = pairs.filter(|(_, (a, b))| a.episode == b.episode);
        let (sum, n) =
            pairs.fold((0.0, 0), |(sum, n), (at, _)| (sum + (scores[at] - mean) * (scores[at + lag] - mean), n + 1));
        if n == 0 || square <= 0.0 { 0.0 } else { sum / f64::from(n) / square }
    };
    let first = at_lag(1);
    // What chance makes of the autocorrelation of so many rows is no memory.
    let chance = 2.0 / (scores.len().max(1) as f64).sqrt();
    let sum: f64 = (1..=2 * LONGEST).map(at_lag).take_while(|r| *r > chance).sum();
    (1.0 + 2.0 * sum, first)
}

/// Share of an error that goes on in the next row, by least squares; held where an error still says something new.
fn goes_on(episodes: &[Recorded], column: usize) -> f32 {
    let pairs = episodes.iter().flat_map(|e| e.errors.rows().zip(e.errors.rows().skip(1)));
    let pairs = pairs.map(|(before, now)| (f64::from(before[column]), f64::from(now[column])));
    let (product, square) = pairs.fold((0.0, 0.0), |(p, s), (before, now)| (p + before * now, s + before * before));
    if square > 0.0 { (product / square).clamp(-0.9, 0.9) as f32 } else { 0.0 }
}

/// The longest stretch of rows in which a number of the state is the same.
fn still(episodes: &[Recorded], column: usize) -> usize {
    let mut longest = 1;
    for log in episodes {
        let (mut now, mut last) = (0, f32::NAN);
        for state in log.states.rows() {
            now = if state[column] == last { now + 1 } else { 1 };
            last = state[column];
            longest = longest.max(now);
        }
    }
    longest
}
