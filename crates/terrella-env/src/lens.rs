//! What happens to a picture on its way to a model: a camera that was moved, other light, noise, something in view.
//!
//! A lens changes the drawn picture and nothing of the world, so that a model can be tried on what it would meet in another
//! room. The same state looks the same again, noise included: it is keyed by the state.

use crate::error::{Result, require};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use terrella_core::{EnvSpec, GoalWorld, Image, Key, Rule, Sim, Step, Task};

/// The grey levels of what does not belong.
const STRANGER: [u8; 3] = [214, 69, 65];
/// Where it lies, as shares of the picture's sides.
const CORNER: [f64; 2] = [0.85, 0.15];

/// Changes of a picture. The default changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lens {
    /// By which share of its side the view is moved, to the right and down; what comes into view repeats the edge.
    pub moved: [f64; 2],
    /// How much larger things look, about the middle.
    pub zoom: f64,
    /// By which share it is darker at the left edge, and brighter at the right one.
    pub light: f64,
    /// Deviation of normal noise on each number, in grey levels of 255.
    pub noise: f64,
    /// Radius of a red disc in the upper right corner, as a share of the side.
    pub stranger: f64,
}

impl Default for Lens {
    fn default() -> Self {
        Self { moved: [0.0; 2], zoom: 1.0, light: 0.0, noise: 0.0, stranger: 0.0 }
    }
}

impl Lens {
    fn check(&self) -> Result<()> {
        let id = "lens";
        for moved in self.moved {
            require((-0.5..=0.5).contains(&moved), id, "moved", moved, "in -0.5..=0.5")?;
        }
        require((0.25..=4.0).contains(&self.zoom), id, "zoom", self.zoom, "in 0.25..=4")?;
        require((0.0..=1.0).contains(&self.light), id, "light", self.light, "in 0..=1")?;
        require((0.0..=128.0).contains(&self.noise), id, "noise", self.noise, "in 0..=128")?;
        require((0.0..=0.5).contains(&self.stranger), id, "stranger", self.stranger, "in 0..=0.5")
    }

    /// The picture through it; `key` is for its noise.
    fn through(&self, image: &Image, key: Key) -> Image {
        let (height, width) = (image.height, image.width);
        let mut noise = key.stream();
        let mut data = Vec::with_capacity(image.data.len());
        for row in 0..height {
            for column in 0..width {
                let y = self.source(row, height, self.moved[1]);
                let x = self.source(column, width, self.moved[0]);
                let (across, down) = (share(column, width), share(row, height));
                let seen = if (across - CORNER[0]).hypot(down - CORNER[1]) < self.stranger {
                    STRANGER.map(f64::from)
                } else {
                    between(image, y, x)
                };
                for level in seen {
                    let lit = level * (1.0 + self.light * (2.0 * across - 1.0));
                    let grain = if self.noise > 0.0 { self.noise * noise.normal() } else { 0.0 };
                    data.push((lit + grain).round().clamp(0.0, 255.0) as u8);
                }
            }
        }
        Image { height, width, data }
    }

    /// Where a pixel's middle lies in the drawn picture, in pixels.
    fn source(&self, at: usize, side: usize, moved: f64) -> f64 {
        let share = (share(at, side) - 0.5) / self.zoom + 0.5 - moved;
        (share * side as f64 - 0.5).clamp(0.0, (side - 1) as f64)
    }
}

/// The middle of a pixel as a share of the side.
fn share(at: usize, side: usize) -> f64 {
    (at as f64 + 0.5) / side as f64
}

/// The colour at a place between pixels, bilinear.
fn between(image: &Image, y: f64, x: f64) -> [f64; 3] {
    let (top, left) = (y.floor() as usize, x.floor() as usize);
    let (below, right) = ((top + 1).min(image.height - 1), (left + 1).min(image.width - 1));
    let (v, u) = (y - top as f64, x - left as f64);
    let corners = [[top, left], [top, right], [below, left], [below, right]].map(|[r, c]| image.pixel(r, c));
    let weights = [(1.0 - v) * (1.0 - u), (1.0 - v) * u, v * (1.0 - u), v * u];
    std::array::from_fn(|i| corners.iter().zip(weights).map(|(corner, w)| w * f64::from(corner[i])).sum())
}

/// A world seen through a lens. All but its pictures is as it was.
pub struct Through {
    world: Box<dyn GoalWorld>,
    lens: Arc<Lens>,
}

impl Through {
    /// Puts a lens before a world.
    ///
    /// # Errors
    /// If a number of the lens is out of range.
    pub fn new(world: &dyn GoalWorld, lens: Lens) -> Result<Self> {
        lens.check()?;
        Ok(Self { world: world.boxed_clone(), lens: Arc::new(lens) })
    }
}

impl Clone for Through {
    fn clone(&self) -> Self {
        Self { world: self.world.boxed_clone(), lens: self.lens.clone() }
    }
}

impl Sim for Through {
    fn spec(&self) -> &EnvSpec {
        self.world.spec()
    }
    fn reset(&mut self, seed: u64) {
        self.world.reset(seed);
    }
    fn set_state(&mut self, state: &[f64]) -> terrella_core::Result<()> {
        self.world.set_state(state)
    }
    fn state(&self) -> Vec<f64> {
        self.world.state()
    }
    fn step(&mut self, action: &[f32]) -> Step {
        self.world.step(action)
    }
    fn draw(&self, size: usize) -> Image {
        let drawn = self.world.draw(size);
        if *self.lens == Lens::default() {
            return drawn;
        }
        let key = self.state().iter().fold(Key::new(0).with("lens"), |key, x| key.at(x.to_bits()));
        self.lens.through(&drawn, key)
    }
    fn save(&self, snapshot: &mut Vec<f64>) {
        self.world.save(snapshot);
    }
    fn load(&mut self, snapshot: &[f64]) {
        self.world.load(snapshot);
    }
    fn observe(&self) -> Vec<f32> {
        self.world.observe()
    }
    fn goals(&self) -> Option<&dyn GoalWorld> {
        Some(self)
    }
}

impl Task for Through {
    fn set_goal(&mut self, goal: &[f32]) -> terrella_core::Result<()> {
        self.world.set_goal(goal)
    }
    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        self.world.reached(rule, state, goal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn seen(lens: Lens, seed: u64) -> (Image, Image) {
        let mut world = crate::make_env("pusht", &Value::Null).expect("a world");
        world.reset(seed);
        let through = Through::new(&*world, lens).expect("a lens");
        (world.draw(96), through.draw(96))
    }

    #[test]
    fn a_clear_lens_changes_nothing_and_others_what_they_say() {
        let (drawn, same) = seen(Lens::default(), 3);
        assert_eq!(drawn, same, "nothing");
        let (_, moved) = seen(Lens { moved: [12.0 / 96.0, 6.0 / 96.0], ..Lens::default() }, 3);
        let shifted = (0..84 * 90).all(|at| {
            let (row, column) = (at / 84 + 6, at % 84 + 12);
            moved.pixel(row, column) == drawn.pixel(row - 6, column - 12)
        });
        assert!(shifted, "to the right and down");
        let (_, lit) = seen(Lens { light: 0.5, ..Lens::default() }, 3);
        let mean = |image: &Image, columns: std::ops::Range<usize>| {
            columns.map(|c| (0..96).map(|r| f64::from(image.pixel(r, c)[0])).sum::<f64>()).sum::<f64>()
        };
        assert!(mean(&lit, 0..8) < 0.6 * mean(&drawn, 0..8), "darker at the left");
        let (_, strange) = seen(Lens { stranger: 0.06, ..Lens::default() }, 3);
        assert_eq!(strange.pixel(14, 81), STRANGER, "in its corner");
    }

    #[test]
    fn noise_has_its_deviation_and_a_state_looks_the_same_again() {
        let lens = Lens { noise: 16.0, ..Lens::default() };
        let ((drawn, noisy), (_, again), (_, other)) = (seen(lens, 3), seen(lens, 3), seen(lens, 4));
        assert!(noisy == again && noisy != other, "keyed by the state");
        // Where levels are in the middle, nothing is cut off.
        let pairs = drawn.data.iter().zip(&noisy.data).filter(|(a, _)| (80..176).contains(*a));
        let squares: Vec<f64> = pairs.map(|(a, b)| (f64::from(*b) - f64::from(*a)).powi(2)).collect();
        let deviation = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        assert!(squares.len() > 300 && (deviation - 16.0).abs() < 2.0, "{deviation} over {}", squares.len());
        assert!(
            Through::new(&*crate::make_env("pusht", &Value::Null).expect("a world"), Lens { zoom: 9.0, ..lens })
                .is_err()
        );
    }
}
