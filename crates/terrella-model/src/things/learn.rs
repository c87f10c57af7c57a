//! How many things there are, and how each looks.
//!
//! The pictures in which most patches stand apart say how many; patches are sorted by area and colour into as many kinds, one of each a
//! picture; and a sprite is the average of its kind, aligned to a first guess of itself again and again.

use super::canvas::{Canvas, colours};
use super::config::ThingsConfig;
use super::patches::{Patch, is_out, patches, standing};
use super::search::{Sought, closely, turns};
use super::sprite::{Pose, Sprite};
use super::symmetry::settled;
use crate::ground::{Ground, frames};
use crate::{Error, Result};
use terrella_core::Dataset;

/// Things are counted where at least this share of the pictures shows so many patches.
const COUNTS: f64 = 0.1;
/// Where more of the pictures than that stands out, there is no ground.
const FULL: f64 = 0.4;
/// Rounds of sorting, and of aligning.
const ROUNDS: usize = 6;
const ALIGNED: usize = 3;
/// Patches that make a sprite, at most.
const PATCHES: usize = 100;
/// Share of them that is averaged: the best.
const KEPT: f32 = 0.8;
/// Room around a patch in pixels.
const ROOM: f32 = 1.5;

/// A picture with its patches.
struct Seen<'a> {
    picture: &'a [u8],
    ground: Vec<[f32; 3]>,
    standing: Vec<f32>,
    patches: Vec<Patch>,
}

/// A patch of a picture.
type Member<'a> = (&'a Seen<'a>, &'a Patch);

/// How things look in these episodes, the largest first.
///
/// # Errors
/// If nothing stands out, or so much that these are not a few things before a ground that stands still.
pub(super) fn sprites(
    dataset: &Dataset,
    train: &[usize],
    (config, ground): (&ThingsConfig, &Ground),
) -> Result<Vec<Sprite>> {
    let side = config.side;
    let mut rows = Vec::new();
    for &at in train {
        let n = frames(&dataset.episodes[at], side)?.len();
        rows.extend((0..n).map(|row| (at, row)));
    }
    let n = rows.len().min(config.pictures);
    let mut all = Vec::with_capacity(n);
    for (at, row) in (0..n).map(|i| rows[i * rows.len() / n]) {
        let episode = &dataset.episodes[at];
        let (picture, ground) = (frames(episode, side)?.bytes(row), ground.under(episode)?);
        let standing = standing(picture, &ground);
        let patches = patches(&standing, (picture, side), config.least);
        all.push(Seen { picture, ground: colours(&ground), standing, patches });
    }
    let out = |seen: &Seen| seen.standing.iter().filter(|&&s| is_out(s)).count();
    let full = all.iter().map(out).sum::<usize>() as f64 / (all.len() * side * side).max(1) as f64;
    if full > FULL {
        return Err(Error::Invalid(format!(
            "{:.0} % of {} pictures stands out from what stands still: these are not a few things before a ground that stands still; train on the pictures themselves (preset quickstart-pixels)",
            100.0 * full,
            all.len()
        )));
    }
    let count = count(&all, config)?;
    let apart: Vec<&Seen> = all.iter().filter(|seen| seen.patches.len() == count).collect();
    let kinds = sorted(&apart, count);
    let mut sprites: Vec<Sprite> = kinds.iter().map(|kind| sprite(kind, side)).collect();
    sprites.sort_by(|a, b| b.area().total_cmp(&a.area()));
    Ok(sprites)
}

/// The largest number of patches that is no accident.
fn count(all: &[Seen<'_>], config: &ThingsConfig) -> Result<usize> {
    let mut counts: Vec<usize> = all.iter().map(|seen| seen.patches.len()).collect();
    counts.sort_unstable();
    let usual = counts.get(counts.len() / 2).copied().unwrap_or(0);
    let enough = |n: usize| counts.iter().filter(|&&c| c == n).count() as f64 >= COUNTS * counts.len() as f64;
    let count = (1..=config.most).rev().find(|&n| enough(n));
    match count {
        Some(count) if usual <= config.most => Ok(count),
        _ if usual == 0 => Err(Error::Invalid(format!(
            "in most of {} pictures nothing of {} pixels or more stands out from what stands still, so there is no thing to follow; train on the pictures themselves (preset quickstart-pixels)",
            counts.len(),
            config.least
        ))),
        _ => Err(Error::Invalid(format!(
            "{usual} patches stand out in the middle one of {} pictures: these are not a few things (at most {}) before a ground that stands still; train on the pictures themselves (preset quickstart-pixels)",
            counts.len(),
            config.most
        ))),
    }
}

/// Patches sorted into kinds, one of each a picture.
fn sorted<'a>(apart: &[&'a Seen<'a>], count: usize) -> Vec<Vec<Member<'a>>> {
    let whole = apart.iter().find(|seen| seen.patches.iter().all(|patch| !patch.at_edge)).or(apart.first());
    let first = whole.map_or(&[][..], |seen| &seen.patches);
    let mut kinds: Vec<(f32, [f32; 3])> = first.iter().map(|p| (p.pixels.len() as f32, p.colour)).collect();
    let mut members: Vec<Vec<Member<'a>>> = Vec::new();
    for _ in 0..ROUNDS {
        members = vec![Vec::new(); count];
        for seen in apart {
            let mut pairs: Vec<(f32, usize, usize)> = (0..count)
                .flat_map(|patch| (0..count).map(move |kind| (patch, kind)))
                .map(|(patch, kind)| (seen.patches[patch].unlike(kinds[kind]), patch, kind))
                .collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (mut given, mut taken) = (vec![false; count], vec![false; count]);
            for (_, patch, kind) in pairs {
                if !given[patch] && !taken[kind] {
                    (given[patch], taken[kind]) = (true, true);
                    members[kind].push((seen, &seen.patches[patch]));
                }
            }
        }
        for (kind, members) in kinds.iter_mut().zip(&members) {
            let middle = |of: &dyn Fn(&Patch) -> f32| {
                let mut all: Vec<f32> = members.iter().map(|(_, patch)| of(patch)).collect();
                all.sort_by(f32::total_cmp);
                all[all.len() / 2]
            };
            *kind = (middle(&|p| p.pixels.len() as f32), [0, 1, 2].map(|c| middle(&|p| p.colour[c])));
        }
    }
    for (kind, members) in kinds.iter().zip(&mut members) {
        // The most usual first; those that are cut off last.
        members.sort_by(|(_, a), (_, b)| a.at_edge.cmp(&b.at_edge).then(a.unlike(*kind).total_cmp(&b.unlike(*kind))));
    }
    members
}

/// The sprite of a kind.
fn sprite(kind: &[Member<'_>], side: usize) -> Sprite {
    // The most usual half, of all times.
    let usual = &kind[..kind.len().div_ceil(2)];
    let n = usual.len().min(PATCHES);
    let members: Vec<Member<'_>> = (0..n).map(|i| usual[i * usual.len() / n]).collect();
    let radius = members.iter().map(|(_, patch)| patch.radius()).fold(0.0, f32::max) + ROOM;
    let inks: Vec<Vec<[f32; 4]>> = members.iter().map(|(seen, patch)| ink(seen, patch, side)).collect();
    let upright = |(_, patch): &Member<'_>| Pose { at: patch.middle, turn: 0.0 };
    let mut sprite = average(radius, &[(&inks[0], upright(&members[0]))], side);
    for round in 0..=ALIGNED {
        let mut aligned: Vec<(f32, usize, Pose)> = Vec::with_capacity(n);
        for (at, (seen, patch)) in members.iter().enumerate() {
            let canvas = Canvas::new(seen.picture, &seen.ground, side);
            let poses = turns(&sprite).map(|turn| Pose { at: patch.middle, turn });
            let best = poses.map(|pose| (canvas.fit(&sprite, pose, 1).gain, pose)).max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, pose)) = best else { continue };
            let (pose, fit) = closely(Sought::new(&canvas, &sprite), pose);
            aligned.push((fit.share(), at, pose));
        }
        aligned.sort_by(|a, b| b.0.total_cmp(&a.0));
        aligned.truncate(((n as f32 * KEPT).ceil() as usize).max(1));
        let laid: Vec<_> = aligned.iter().map(|&(_, at, pose)| (&inks[at], pose)).collect();
        sprite = average(radius, &laid, side);
        // Only what is sharp enough says which way up it is; then once more, from there.
        if round + 1 >= ALIGNED {
            sprite = settled(&sprite);
        }
    }
    sprite
}

/// What of a picture is a patch: its colours, times how much each pixel stands out, and that.
fn ink(seen: &Seen<'_>, patch: &Patch, side: usize) -> Vec<[f32; 4]> {
    let mut ink = vec![[0.0; 4]; side * side];
    for &[x, y] in &patch.pixels {
        for row in y.saturating_sub(1)..(y + 2).min(side) {
            for column in x.saturating_sub(1)..(x + 2).min(side) {
                let at = row * side + column;
                let cover = seen.standing[at];
                let [r, g, b] = [0, 1, 2].map(|c| f32::from(seen.picture[at * 3 + c]) / 255.0 * cover);
                ink[at] = [r, g, b, cover];
            }
        }
    }
    ink
}

/// The mean of what lies at these poses.
fn average(radius: f32, laid: &[(&Vec<[f32; 4]>, Pose)], side: usize) -> Sprite {
    Sprite::new(radius, |own| {
        let mut sum = [0.0; 4];
        for (ink, pose) in laid {
            let there = between(ink, pose.outside(own), side);
            sum.iter_mut().zip(there).for_each(|(sum, x)| *sum += x / laid.len() as f32);
        }
        sum
    })
}

/// What is at a place in a picture, between the middles of pixels in proportion; nothing beyond.
fn between(ink: &[[f32; 4]], [x, y]: [f32; 2], side: usize) -> [f32; 4] {
    let [u, v] = [x - 0.5, y - 0.5];
    let [left, top] = [u.floor(), v.floor()];
    let mut sum = [0.0; 4];
    for (column, row) in [(left, top), (left + 1.0, top), (left, top + 1.0), (left + 1.0, top + 1.0)] {
        if column < 0.0 || row < 0.0 || column >= side as f32 || row >= side as f32 {
            continue;
        }
        let share = (1.0 - (u - column).abs()) * (1.0 - (v - row).abs());
        let pixel = ink[row as usize * side + column as usize];
        sum.iter_mut().zip(pixel).for_each(|(sum, x)| *sum += share * x);
    }
    sum
}
