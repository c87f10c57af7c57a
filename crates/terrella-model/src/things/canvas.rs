//! A picture, and what it would look like with sprites laid over its ground.

use super::patches::stands_out;
use super::sprite::{Pose, Sprite};

/// A square picture, and what is behind the thing that is looked for.
pub(super) struct Canvas {
    pub(super) side: usize,
    /// What is seen, `[side², 3]`, 0 to 1.
    pub(super) seen: Vec<[f32; 3]>,
    /// What would be seen without the thing.
    pub(super) behind: Vec<[f32; 3]>,
}

/// What laying a sprite over a picture explains.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fit {
    /// By how much the squared error falls.
    pub(super) gain: f32,
    /// By how much it would fall if the picture were just that.
    pub(super) most: f32,
}

impl Fit {
    /// 1 if the picture shows just that, 0 if half of it, −1 if nothing of it.
    pub(super) fn share(&self) -> f32 {
        self.gain / self.most.max(1e-9)
    }
}

/// Bytes as shares of the range.
pub(super) fn colours(bytes: &[u8]) -> Vec<[f32; 3]> {
    bytes.chunks(3).map(|p| [p[0], p[1], p[2]].map(|byte| f32::from(byte) / 255.0)).collect()
}

/// Shares of the range as bytes.
pub(super) fn bytes(colours: &[[f32; 3]]) -> Vec<u8> {
    colours.iter().flatten().map(|x| (x * 255.0).round() as u8).collect()
}

/// The largest difference of two colours.
pub(super) fn apart(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

impl Canvas {
    /// A picture before its ground.
    pub(super) fn new(picture: &[u8], ground: &[[f32; 3]], side: usize) -> Self {
        Self { side, seen: colours(picture), behind: ground.to_vec() }
    }

    /// Lays these sprites over the ground, and nothing else.
    pub(super) fn show<'a>(&mut self, ground: &[[f32; 3]], laid: impl Iterator<Item = (&'a Sprite, Pose)>) {
        self.behind.copy_from_slice(ground);
        laid.for_each(|(sprite, pose)| self.lay(sprite, pose));
    }

    /// How much each pixel stands out from what is behind, 0 to 1.
    pub(super) fn standing(&self) -> Vec<f32> {
        self.seen.iter().zip(&self.behind).map(|(seen, behind)| stands_out(apart(seen, behind))).collect()
    }

    /// What is behind, as bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        bytes(&self.behind)
    }

    /// Lays a sprite over what is behind.
    pub(super) fn lay(&mut self, sprite: &Sprite, pose: Pose) {
        self.lay_tinted(sprite, pose, [0.0; 3]);
    }

    /// Lays a sprite over what is behind, with this much of red, green and blue beside its own.
    pub(super) fn lay_tinted(&mut self, sprite: &Sprite, pose: Pose, tint: [f32; 3]) {
        let Self { side, behind, .. } = self;
        around(*side, (sprite.reach(), pose), 1, |at, inside| {
            let [r, g, b, cover] = sprite.sample(inside);
            for ((under, ink), tint) in behind[at].iter_mut().zip([r, g, b]).zip(tint) {
                *under = *under * (1.0 - cover) + ink + tint * cover;
            }
        });
    }

    /// What laying a sprite there would explain, looking at every `stride`-th row and column.
    pub(super) fn fit(&self, sprite: &Sprite, pose: Pose, stride: usize) -> Fit {
        let mut fit = Fit::default();
        around(self.side, (sprite.reach(), pose), stride, |at, inside| {
            let [r, g, b, cover] = sprite.sample(inside);
            if cover <= 0.0 {
                return;
            }
            let (seen, behind) = (self.seen[at], self.behind[at]);
            for ((ink, seen), behind) in [r, g, b].into_iter().zip(seen).zip(behind) {
                let change = ink - behind * cover;
                let lack = seen - behind;
                fit.gain += change * (2.0 * lack - change);
                fit.most += change * change;
            }
        });
        let scale = (stride * stride) as f32;
        Fit { gain: fit.gain * scale, most: fit.most * scale }
    }
}

/// Visits the pixels within a reach of a pose, with their places in its own axes.
pub(super) fn around(side: usize, (reach, pose): (f32, Pose), stride: usize, mut visit: impl FnMut(usize, [f32; 2])) {
    let span = |at: f32| {
        let end = |at: f32| (at.max(0.0) as usize).min(side);
        end(at - reach)..end(at + reach + 1.0)
    };
    let (sin, cos) = pose.turn.sin_cos();
    let near = (reach + 0.5).powi(2);
    for row in span(pose.at[1]).step_by(stride) {
        let y = row as f32 + 0.5 - pose.at[1];
        for column in span(pose.at[0]).step_by(stride) {
            let x = column as f32 + 0.5 - pose.at[0];
            if x * x + y * y <= near {
                visit(row * side + column, [cos * x + sin * y, cos * y - sin * x]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sprite_explains_a_picture_of_itself_and_nothing_else() {
        let sprite = Sprite::new(4.0, |[x, y]| if x.hypot(y) < 3.0 { [0.0, 0.5, 1.0, 1.0] } else { [0.0; 4] });
        let ground = vec![[1.0; 3]; 20 * 20];
        let pose = Pose { at: [9.0, 11.0], turn: 0.4 };
        let mut drawn = Canvas::new(&[255; 20 * 20 * 3], &ground, 20);
        drawn.lay(&sprite, pose);
        let mut canvas = Canvas::new(&drawn.bytes(), &ground, 20);
        let share = |pose| canvas.fit(&sprite, pose, 1).share();
        assert!(share(pose) > 0.99, "{}", share(pose));
        assert!(share(Pose { at: [10.0, 11.0], ..pose }) < 0.95 && share(Pose { at: [17.0, 3.0], ..pose }) < -0.99);
        canvas.lay(&sprite, pose);
        assert!(canvas.fit(&sprite, pose, 1).gain <= 0.0, "it is there already");
        canvas.show(&ground, std::iter::empty());
        assert!(canvas.fit(&sprite, pose, 1).share() > 0.99);
    }
}
