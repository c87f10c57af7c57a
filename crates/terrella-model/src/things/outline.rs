//! Where a thing is in colours that it never had: its outline, filled with what explains most.
//!
//! A lamp is changed, or somebody paints a thing; its shape stays. A sprite is tinted by the one colour that explains most where it
//! is laid (least squares), and what cannot be explained around its rim counts against it, so that a part of something larger is
//! not taken for it.

use super::canvas::{Canvas, Fit, around};
use super::search::{Ink, Sought, better, closely, everywhere};
use super::sprite::{Pose, Sprite};

/// Pixels around a thing that must look like what is behind it.
pub(super) const RIM: f32 = 1.5;
/// An outline that explains so much of what it covers is a thing.
const LIKE: f32 = 0.6;
/// What it covers must differ so much from what is behind: a tenth of the range in one colour.
const DIFFERENT: f32 = 0.01;

/// What an outline explains, and in which tint.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outline {
    /// Beside all that its cover could explain.
    pub(super) fit: Fit,
    /// Red, green and blue beside its own.
    pub(super) tint: [f32; 3],
    /// What of it the tint explains.
    tinted: f32,
}

impl Canvas {
    /// What a sprite explains there in its own colours, less what is around it that looks like no ground: so that a small thing is not
    /// taken for a part of a larger one.
    pub(super) fn alone(&self, sprites: [&Sprite; 2], pose: Pose, stride: usize) -> Fit {
        let Outline { fit, tinted, .. } = self.outline(sprites, pose, stride);
        Fit { gain: fit.gain - tinted, ..fit }
    }

    /// What an outline explains there, looking at every `stride`-th row and column; its rim is what a grown sprite has beyond it.
    pub(super) fn outline(&self, [sprite, grown]: [&Sprite; 2], pose: Pose, stride: usize) -> Outline {
        let (mut lacks, mut left, mut beyond, mut cubes) = (0.0, 0.0, 0.0, 0.0);
        let mut weighed = [0.0; 3];
        around(self.side, (grown.reach(), pose), stride, |at, inside| {
            let [r, g, b, cover] = sprite.sample(inside);
            let rim = (grown.sample(inside)[3] - cover).max(0.0);
            if rim + cover <= 0.0 {
                return;
            }
            cubes += cover.powi(3);
            for (i, ink) in [r, g, b].into_iter().enumerate() {
                let behind = self.behind[at][i];
                let lack = self.seen[at][i] - behind;
                let rest = lack - (ink - behind * cover);
                beyond += rim * lack * lack;
                lacks += cover * lack * lack;
                left += cover * rest * rest;
                weighed[i] += cover * cover * rest;
            }
        });
        // Squares count by the cover, and so much of a tint is seen: hence its third power.
        let cubes = f32::max(cubes, 1e-9);
        let tint = weighed.map(|sum| sum / cubes);
        let explained: f32 = weighed.iter().map(|sum| sum * sum / cubes).sum();
        let scale = (stride * stride) as f32;
        let fit = Fit { gain: (lacks - left + explained - beyond) * scale, most: lacks * scale };
        Outline { fit, tint, tinted: explained * scale }
    }

    /// Lays a sprite over what is behind, in the colours that are seen there.
    pub(super) fn lay_as_seen(&mut self, sprite: &Sprite, pose: Pose) {
        let tint = self.outline([sprite, sprite], pose, 1).tint;
        self.lay_tinted(sprite, pose, tint);
    }
}

/// Where the outline of a sprite is, near where it is said to be if that will do, or anywhere among what stands out.
pub(super) fn find(canvas: &Canvas, sprite: &Sprite, said: Pose) -> Option<Pose> {
    let grown = sprite.grown(RIM);
    let sought = Sought::new(canvas, sprite).with(Ink::Any(&grown));
    let near = closely(sought, said);
    let far = everywhere(sought, (&canvas.standing(), canvas.side));
    let is_it = |(_, fit): &(Pose, Fit)| fit.share() >= LIKE && fit.most >= DIFFERENT * sprite.area();
    // Whoever said so may know more than the outline.
    let best = far.map_or(near, |far| if near.1.gain >= 0.5 * far.1.gain { near } else { better(near, far) });
    is_it(&best).then_some(best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc and a bar in colours of their own, before a ground with a patch that was painted anew and is larger than the disc.
    #[test]
    fn a_thing_that_was_painted_is_found_by_its_outline_and_a_part_of_something_larger_is_not_taken_for_it() {
        let disc = Sprite::new(5.0, |[x, y]| if x.hypot(y) < 3.0 { [0.1, 0.2, 0.9, 1.0] } else { [0.0; 4] });
        let bar = |[x, y]: [f32; 2]| x.abs() <= 8.0 && y.abs() <= if x > 0.0 { 4.0 } else { 2.0 };
        let bar = Sprite::new(10.0, |own| if bar(own) { [0.4, 0.5, 0.6, 1.0] } else { [0.0; 4] });
        let (side, known) = (64, vec![[0.9f32; 3]; 64 * 64]);
        let mut painted = known.clone();
        for at in 0..15 * 15 {
            painted[(40 + at / 15) * side + 6 + at % 15] = [0.5, 0.8, 0.5];
        }
        let [at_disc, at_bar] = [([44.3, 20.6], 0.0), ([20.2, 18.4], 0.7)].map(|(at, turn)| Pose { at, turn });
        let mut drawn = Canvas::new(&[0; 64 * 64 * 3], &painted, side);
        drawn.lay_tinted(&bar, at_bar, [0.1, -0.3, 0.2]);
        drawn.lay_tinted(&disc, at_disc, [0.5, 0.0, -0.5]);
        let mut canvas = Canvas::new(&drawn.bytes(), &known, side);
        let far = Pose { at: [55.0, 55.0], turn: 0.0 };
        let off = |found: Pose, pose: Pose| (found.at[0] - pose.at[0]).hypot(found.at[1] - pose.at[1]);
        let found = find(&canvas, &bar, far).expect("the bar stands out");
        assert!(off(found, at_bar) < 0.3 && (found.turn - 0.7).abs() < 0.05, "{found:?}");
        let tint = canvas.outline([&bar, &bar.grown(RIM)], found, 1).tint;
        assert!((tint[1] + 0.3).abs() < 0.03, "{tint:?}");
        canvas.lay_as_seen(&bar, found);
        let found = find(&canvas, &disc, far).expect("the disc stands out");
        assert!(off(found, at_disc) < 0.3, "{found:?}");
        canvas.lay_as_seen(&disc, found);
        assert_eq!(find(&canvas, &disc, far), None, "what is left is larger than it");
    }

    #[test]
    fn a_small_thing_explains_a_part_of_a_larger_one_of_its_colour_and_alone_it_does_not() {
        let disc =
            |r: f32| Sprite::new(r + 1.0, move |[x, y]| if x.hypot(y) < r { [0.4, 0.4, 0.4, 1.0] } else { [0.0; 4] });
        let (small, large) = (disc(3.5), disc(5.5));
        let ground = vec![[0.9f32; 3]; 32 * 32];
        let at = Pose { at: [16.0, 15.0], turn: 0.0 };
        let seen = |sprite: &Sprite| {
            let mut drawn = Canvas::new(&[0; 32 * 32 * 3], &ground, 32);
            drawn.lay(sprite, at);
            Canvas::new(&drawn.bytes(), &ground, 32)
        };
        let alone = |canvas: &Canvas, sprite: &Sprite| canvas.alone([sprite, &sprite.grown(RIM)], at, 1).share();
        assert!(seen(&large).fit(&small, at, 1).share() > 0.9, "as far as it goes");
        assert!(alone(&seen(&large), &small) < 0.3, "{}", alone(&seen(&large), &small));
        assert!(alone(&seen(&small), &small) > 0.9 && alone(&seen(&large), &large) > 0.9, "each is itself");
        assert!(alone(&seen(&small), &large) < 0.3, "{}", alone(&seen(&small), &large));
    }
}
