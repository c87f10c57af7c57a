//! Which way up a thing is: whether that can be seen, and where its own y axis lies.
//!
//! Headings are directions of a thing's own y axis, and a recording that is mirrored shows the same thing only if that is an axis of
//! its own symmetry. So sprites are turned until it is, where they have one.

use super::sprite::{Pose, Sprite};
use std::f32::consts::{PI, TAU};

/// Turns that are compared.
const TURNS: usize = 72;
/// A thing that is at most so unlike itself, however it is turned or mirrored, looks the same.
const SAME: f32 = 0.12;

/// The sprite with its own axes where they belong: one that looks the same however it is turned is made round, one that has an
/// axis of symmetry has it as its y axis.
pub(super) fn settled(sprite: &Sprite) -> Sprite {
    let turned = |turn: f32| {
        let pose = Pose { at: [0.0; 2], turn };
        sprite.through(move |own| pose.outside(own))
    };
    let all: Vec<Sprite> = (0..TURNS).map(|at| turned(at as f32 * TAU / TURNS as f32)).collect();
    let most = all.iter().map(|other| sprite.unlike(other)).fold(0.0, f32::max);
    if most < SAME {
        let mut round = Sprite { turns: false, mirrors: true, ..sprite.clone() };
        for (at, pixel) in round.pixels.iter_mut().enumerate() {
            for (channel, value) in pixel.iter_mut().enumerate() {
                *value = all.iter().map(|other| other.pixels[at][channel]).sum::<f32>() / TURNS as f32;
            }
        }
        return round;
    }
    // A mirror at an axis that is turned by θ is one at the y axis of the sprite turned back by θ.
    let lopsided = |turn: f32| {
        let other = turned(turn);
        other.unlike(&other.through(|[x, y]| [-x, y]))
    };
    let axis = (0..TURNS).map(|at| at as f32 * PI / TURNS as f32).min_by(|a, b| lopsided(*a).total_cmp(&lopsided(*b)));
    let axis = axis.unwrap_or(0.0);
    if lopsided(axis) >= SAME {
        return Sprite { turns: true, mirrors: false, ..sprite.clone() };
    }
    // To a fraction of a degree.
    let fine = (-20..=20).map(|at| axis + at as f32 * PI / (20 * TURNS) as f32);
    let axis = fine.min_by(|a, b| lopsided(*a).total_cmp(&lopsided(*b))).unwrap_or(axis);
    let other = turned(axis);
    let even = other.through(|[x, y]| [-x, y]);
    let mut settled = Sprite { turns: true, mirrors: true, ..other.clone() };
    for (pixel, twin) in settled.pixels.iter_mut().zip(&even.pixels) {
        pixel.iter_mut().zip(twin).for_each(|(a, b)| *a = f32::midpoint(*a, *b));
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(inside: bool) -> [f32; 4] {
        if inside { [0.3, 0.4, 0.5, 1.0] } else { [0.0; 4] }
    }

    #[test]
    fn a_disc_has_no_turn_and_a_t_has_its_axis() {
        let disc = settled(&Sprite::new(8.0, |[x, y]| ink(x.hypot(y) < 6.0)));
        assert!(!disc.turns && disc.mirrors);
        let pose = Pose { at: [0.0; 2], turn: 0.6 };
        let t = |[x, y]: [f32; 2]| {
            (x.abs() < 9.0 && (-6.0..-1.0).contains(&y)) || (x.abs() < 2.5 && (-1.0..9.0).contains(&y))
        };
        let turned = Sprite::new(12.0, |own| ink(t(pose.inside(own))));
        let settled = settled(&turned);
        assert!(settled.turns && settled.mirrors);
        let even = settled.unlike(&settled.through(|[x, y]| [-x, y]));
        assert!(even < 1e-3, "{even}");
    }

    #[test]
    fn what_no_mirror_leaves_alike_is_told_apart() {
        let l = |[x, y]: [f32; 2]| {
            ((-6.0..-2.0).contains(&x) && y.abs() < 8.0) || ((-2.0..3.0).contains(&x) && (4.0..8.0).contains(&y))
        };
        let settled = settled(&Sprite::new(10.0, |own| ink(l(own))));
        assert!(settled.turns && !settled.mirrors);
    }
}
