//! Where a sprite explains most of a picture: everywhere, nearby, and to a fraction of a pixel.

use super::canvas::{Canvas, Fit};
use super::patches::is_out;
use super::sprite::{Pose, Sprite};
use std::f32::consts::TAU;

/// A sprite that is looked for in a picture.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    pub(super) canvas: &'a Canvas,
    pub(super) sprite: &'a Sprite,
    pub(super) ink: Ink<'a>,
}

/// What counts as the sprite: see [`super::outline`] for the last two, which come with the sprite and a rim around it.
#[derive(Clone, Copy)]
pub(super) enum Ink<'a> {
    /// Its colours, whatever is around it.
    Own,
    /// Its colours, and it ends where it should.
    Alone(&'a Sprite),
    /// Its outline in any colour.
    Any(&'a Sprite),
}

impl<'a> Sought<'a> {
    /// In the colours that it has.
    pub(super) fn new(canvas: &'a Canvas, sprite: &'a Sprite) -> Self {
        Self { canvas, sprite, ink: Ink::Own }
    }

    /// With other ink.
    pub(super) fn with(self, ink: Ink<'a>) -> Self {
        Self { ink, ..self }
    }

    /// What it explains there.
    fn fit(&self, pose: Pose, stride: usize) -> Fit {
        match self.ink {
            Ink::Own => self.canvas.fit(self.sprite, pose, stride),
            Ink::Alone(grown) => self.canvas.alone([self.sprite, grown], pose, stride),
            Ink::Any(grown) => self.canvas.outline([self.sprite, grown], pose, stride).fit,
        }
    }
}

/// Turns that are tried everywhere.
const TURNS: usize = 24;
/// Best of these, each looked at closely.
const CLOSELY: usize = 6;
/// Steps of the close look, in pixels; a thing is turned so far that its rim moves about as much.
const STEPS: [f32; 5] = [1.5, 0.75, 0.3, 0.12, 0.05];

/// Where it explains most, and what it explains there.
pub(super) type Found = (Pose, Fit);

/// The turns by which a sprite looks different.
pub(super) fn turns(sprite: &Sprite) -> impl Iterator<Item = f32> {
    let n = if sprite.turns { TURNS } else { 1 };
    (0..n).map(|at| at as f32 * TAU / TURNS as f32)
}

/// The best pose with its middle near anything that stands out.
pub(super) fn everywhere(sought: Sought<'_>, (standing, side): (&[f32], usize)) -> Option<Found> {
    let (stride, apart) = coarsely(sought.sprite);
    let places = (0..side).step_by(apart).flat_map(|y| (0..side).step_by(apart).map(move |x| [x, y]));
    let out = places.filter(|[x, y]| is_out(standing[y * side + x]));
    let poses = out
        .flat_map(|[x, y]| turns(sought.sprite).map(move |turn| Pose { at: [x as f32 + 0.5, y as f32 + 0.5], turn }));
    closest(sought, poses, stride)
}

/// Rows and columns of a picture that are looked at, and pixels between places that are tried: fewer for larger things.
fn coarsely(sprite: &Sprite) -> (usize, usize) {
    (if sprite.reach() >= 8.0 { 2 } else { 1 }, if sprite.reach() >= 6.0 { 2 } else { 1 })
}

/// The best pose by small steps from where a thing may be; where that explains less than `sure`, the best within so many pixels of
/// where it was.
pub(super) fn around(sought: Sought<'_>, [start, was]: [Pose; 2], (sure, within): (f32, f32)) -> Found {
    let found = closely(sought, start);
    if found.1.share() >= sure {
        return found;
    }
    nearby(sought, was, within).map_or(found, |near| better(found, near))
}

/// Whichever explains more.
pub(super) fn better(a: Found, b: Found) -> Found {
    if b.1.gain > a.1.gain { b } else { a }
}

/// The best pose within so many pixels of another.
fn nearby(sought: Sought<'_>, around: Pose, within: f32) -> Option<Found> {
    let (stride, apart) = coarsely(sought.sprite);
    let apart = apart as f32;
    let n = (within / apart).ceil() as i32;
    let few = if sought.sprite.turns { 2 } else { 0 };
    let shifts = (-n..=n).flat_map(|y| (-n..=n).map(move |x| [x as f32 * apart, y as f32 * apart]));
    let poses = shifts.flat_map(|[x, y]| {
        (-few..=few).map(move |turn| Pose {
            at: [around.at[0] + x, around.at[1] + y],
            turn: around.turn + turn as f32 * TAU / TURNS as f32,
        })
    });
    closest(sought, poses, stride)
}

fn closest(sought: Sought<'_>, poses: impl Iterator<Item = Pose>, stride: usize) -> Option<Found> {
    let mut tried: Vec<(f32, Pose)> = poses.map(|pose| (sought.fit(pose, stride).gain, pose)).collect();
    tried.sort_by(|a, b| b.0.total_cmp(&a.0));
    // The best of a neighbourhood stands for it.
    let mut picked: Vec<Pose> = Vec::new();
    for (_, pose) in tried.iter().take(40 * CLOSELY) {
        let near = |other: &Pose| {
            let apart = (pose.at[0] - other.at[0]).hypot(pose.at[1] - other.at[1]);
            let turned = terrella_core::wrapped(pose.turn - other.turn).abs();
            apart < 3.0 && turned < 1.2 * TAU / TURNS as f32
        };
        if picked.len() < CLOSELY && !picked.iter().any(near) {
            picked.push(*pose);
        }
    }
    let refined = picked.into_iter().map(|pose| closely(sought, pose));
    refined.max_by(|a, b| a.1.gain.total_cmp(&b.1.gain))
}

/// The pose near another from which no small step explains more.
pub(super) fn closely(sought: Sought<'_>, pose: Pose) -> Found {
    let sprite = sought.sprite;
    let mut best = (pose, sought.fit(pose, 1));
    for step in STEPS {
        // As long as it helps, but not forever: steps of one size go round in no circle.
        for _ in 0..8 {
            let before = best.1.gain;
            let turn = step / (0.6 * sprite.reach());
            let moves = [[step, 0.0, 0.0], [0.0, step, 0.0], [0.0, 0.0, turn]];
            for [x, y, turn] in moves.into_iter().take(if sprite.turns { 3 } else { 2 }) {
                for sign in [1.0, -1.0] {
                    let (from, _) = best;
                    let to = Pose { at: [from.at[0] + sign * x, from.at[1] + sign * y], turn: from.turn + sign * turn };
                    let fit = sought.fit(to, 1);
                    if fit.gain > best.1.gain {
                        best = (to, fit);
                        break;
                    }
                }
            }
            if best.1.gain <= before {
                break;
            }
        }
    }
    best
}
