//! Colours and backgrounds: the factors of variation that only the picture knows.

use crate::Rgb;
use serde::{Deserialize, Serialize};
use terrella_core::Key;

/// Colours of a world. The defaults are the same in every world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Look {
    /// The agent (its rim; the face is lighter).
    pub agent: Rgb,
    /// What the agent acts on.
    pub object: Rgb,
    /// The goal.
    pub goal: Rgb,
    /// Walls.
    pub wall: Rgb,
    /// The ground.
    pub background: Rgb,
    /// What is drawn on the ground.
    pub pattern: Pattern,
    /// The second colour of the pattern.
    pub pattern_color: Rgb,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            agent: [65, 105, 225],
            object: [119, 136, 153],
            goal: [144, 238, 144],
            wall: [211, 211, 211],
            background: [255, 255, 255],
            pattern: Pattern::Plain,
            pattern_color: [230, 230, 230],
        }
    }
}

/// What is drawn on the ground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pattern {
    /// Nothing.
    #[default]
    Plain,
    /// Squares of two colours, a sixteenth of the world wide.
    Checker,
    /// Upright stripes of two colours, a sixteenth of the world wide.
    Stripes,
    /// Small squares of random mixtures of the two colours, always the same ones.
    Noise,
}

impl Look {
    /// The colour of the ground at a pixel of a world this wide.
    pub(crate) fn ground(&self, side: usize) -> impl Fn(usize, usize) -> Rgb + '_ {
        let cell = (side / 16).max(1);
        move |x, y| {
            let mix = match self.pattern {
                Pattern::Plain => 0.0,
                Pattern::Checker => ((x / cell + y / cell) % 2) as f64,
                Pattern::Stripes => ((x / cell) % 2) as f64,
                Pattern::Noise => {
                    let tile = (x * 4 / cell) as u64 + 1000 * (y * 4 / cell) as u64;
                    Key::new(0).with("ground").at(tile).seed() as f64 / u64::MAX as f64
                }
            };
            let channel = |i: usize| {
                let (a, b) = (f64::from(self.background[i]), f64::from(self.pattern_color[i]));
                (a + (b - a) * mix).round() as u8
            };
            [channel(0), channel(1), channel(2)]
        }
    }
}

/// The face of a shape: a fifth lighter than its rim, as the original shades.
pub(crate) fn lighter(color: Rgb) -> Rgb {
    color.map(|c| (1.2 * f32::from(c)).min(255.0).round() as u8)
}
