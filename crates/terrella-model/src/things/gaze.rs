//! A second look: where eyes say that a thing is, its sprite is laid over the picture and moved to where it explains most.
//!
//! A network tells roughly where things are in any light, a sprite exactly where they are in the light that it knows. What the
//! sprite does not explain well is looked for by its outline, which stays when things are painted or lit anew; what has none either is
//! left as the eyes have it.

use super::camera::Camera;
use super::canvas::{Canvas, colours};
use super::follow::Things;
use super::outline;
use super::search::{Sought, around};
use super::sprite::{Pose, Sprite};
use serde::{Deserialize, Serialize};
use std::f32::consts::TAU;
use terrella_core::Image;

/// A thing that explains so much of its picture is where it is said to be.
const SURE: f32 = 0.8;
/// One that explains less has other colours, or stays where eyes have it.
const ENOUGH: f32 = 0.5;
/// Eyes err by so many pixels at most.
const NEAR: f32 = 6.0;

/// Sprites of the things of a state, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gaze {
    side: usize,
    /// Units of the state's places in a pixel.
    pixel: f32,
    /// Bytes of what stands still.
    ground: Vec<u8>,
    sprites: Vec<Sprite>,
}

impl Gaze {
    /// Of these things in this order; nothing where each episode has its own ground, which nobody knows beforehand.
    pub fn of(things: &Things, order: &[usize], pixel: f32) -> Option<Self> {
        let ground = things.ground().of_all()?.to_vec();
        let sprites = order.iter().map(|&at| things.sprites()[at].clone()).collect();
        Some(Self { side: (ground.len() / 3).isqrt(), pixel, ground, sprites })
    }

    /// What lays pictures back where a camera was moved.
    pub(crate) fn camera(&self) -> Camera {
        Camera::new(colours(&self.ground), self.side)
    }

    /// Makes a state exact that eyes read off this picture. Pictures of another size are left alone.
    pub(crate) fn sharpen(&self, image: &Image, state: &mut [f32]) {
        if [image.height, image.width] != [self.side; 2] {
            return;
        }
        let mut poses = self.poses(state);
        let ground = colours(&self.ground);
        let mut canvas = Canvas::new(&image.data, &ground, self.side);
        let mut explained = vec![false; self.sprites.len()];
        for at in [0..self.sprites.len(), 0..self.sprites.len()].into_iter().flatten() {
            let others = self.sprites.iter().zip(poses.iter().copied()).enumerate().filter(|(other, _)| *other != at);
            canvas.show(&ground, others.map(|(_, laid)| laid));
            let (sprite, said) = (&self.sprites[at], poses[at]);
            let found = around(Sought::new(&canvas, sprite), [said; 2], (SURE, NEAR));
            let far = (found.0.at[0] - said.at[0]).hypot(found.0.at[1] - said.at[1]);
            explained[at] = found.1.share() >= ENOUGH && far <= 2.0 * NEAR;
            if explained[at] {
                poses[at] = found.0;
            }
        }
        if explained.contains(&false) {
            self.outlines(&mut canvas, &ground, (&mut poses, &mut explained));
        }
        self.write(&poses, state);
    }

    /// The picture of a state: its things laid over the ground, the largest first.
    pub(crate) fn draw(&self, state: &[f32]) -> Image {
        let ground = colours(&self.ground);
        let mut laid: Vec<(&Sprite, Pose)> = self.sprites.iter().zip(self.poses(state)).collect();
        laid.sort_by(|(a, _), (b, _)| b.area().total_cmp(&a.area()));
        let mut canvas = Canvas::new(&self.ground, &ground, self.side);
        canvas.show(&ground, laid.into_iter());
        Image { height: self.side, width: self.side, data: canvas.bytes() }
    }

    /// Looks for the outlines of things that explain too little in the colours that they had, the largest first: on what stands
    /// out from the ground and lies on no thing that is known.
    fn outlines(&self, canvas: &mut Canvas, ground: &[[f32; 3]], (poses, known): (&mut [Pose], &mut [bool])) {
        let mut lost: Vec<usize> = (0..known.len()).filter(|&at| !known[at]).collect();
        lost.sort_by(|&a, &b| self.sprites[b].area().total_cmp(&self.sprites[a].area()));
        for at in lost {
            canvas.show(ground, std::iter::empty());
            for other in (0..known.len()).filter(|&other| known[other]) {
                canvas.lay_as_seen(&self.sprites[other], poses[other]);
            }
            if let Some(pose) = outline::find(canvas, &self.sprites[at], poses[at]) {
                (poses[at], known[at]) = (pose, true);
            }
        }
    }

    fn poses(&self, state: &[f32]) -> Vec<Pose> {
        let mut numbers = state.iter().copied();
        let mut next = || numbers.next().unwrap_or_default();
        let pose = |sprite: &Sprite| {
            let at = [next() / self.pixel, next() / self.pixel];
            Pose { at, turn: if sprite.turns { next() } else { 0.0 } }
        };
        self.sprites.iter().map(pose).collect()
    }

    fn write(&self, poses: &[Pose], state: &mut [f32]) {
        let mut numbers = state.iter_mut();
        for (sprite, pose) in self.sprites.iter().zip(poses) {
            let turn = sprite.turns.then(|| pose.turn.rem_euclid(TAU));
            let told = pose.at.map(|x| x * self.pixel).into_iter().chain(turn);
            told.zip(&mut numbers).for_each(|(told, number)| *number = told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_eyes_miss_by_a_little_is_made_exact_and_what_looks_otherwise_is_left() {
        let bar = |[x, y]: [f32; 2]| x.abs() <= 6.0 && y.abs() <= if x > 0.0 { 3.0 } else { 1.5 };
        let sprite = Sprite::new(8.0, |own| if bar(own) { [0.1, 0.2, 0.6, 1.0] } else { [0.0; 4] });
        let gaze = Gaze { side: 32, pixel: 2.0, ground: vec![230; 32 * 32 * 3], sprites: vec![sprite.clone()] };
        let ground = colours(&gaze.ground);
        let mut canvas = Canvas::new(&gaze.ground, &ground, 32);
        canvas.lay(&sprite, Pose { at: [15.2, 17.7], turn: 1.1 });
        let mut image = Image { height: 32, width: 32, data: canvas.bytes() };
        assert_eq!(gaze.draw(&[30.4, 35.4, 1.1]), image, "what is laid there is what is drawn");
        let mut state = [34.0, 32.0, 1.3];
        gaze.sharpen(&image, &mut state);
        let off = [state[0] - 30.4, state[1] - 35.4, state[2] - 1.1];
        assert!(off[0].abs() < 0.2 && off[1].abs() < 0.2 && off[2].abs() < 0.02, "{off:?}");
        image.data.fill(230);
        let mut nothing = [34.0, 32.0, 1.3];
        gaze.sharpen(&image, &mut nothing);
        assert_eq!(nothing, [34.0, 32.0, 1.3], "it is not there");
        // Painted anew, and far from where eyes have it.
        canvas = Canvas::new(&gaze.ground, &ground, 32);
        canvas.lay_tinted(&sprite, Pose { at: [15.2, 17.7], turn: 1.1 }, [0.7, 0.2, -0.5]);
        image.data = canvas.bytes();
        let mut painted = [10.0, 50.0, 4.0];
        gaze.sharpen(&image, &mut painted);
        let off = [painted[0] - 30.4, painted[1] - 35.4, painted[2] - 1.1];
        assert!(off[0].abs() < 0.6 && off[1].abs() < 0.6 && off[2].abs() < 0.06, "{off:?}");
    }
}
