//! How things are looked for.

use crate::ground::GroundKind;

/// How things are looked for in pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct ThingsConfig {
    /// Side of the square pictures in pixels.
    pub side: usize,
    /// What stands still.
    pub ground: GroundKind,
    /// Things, at most.
    pub most: usize,
    /// Pixels of the smallest thing.
    pub least: usize,
    /// Pictures that are looked at to say how many things there are and how they look.
    pub pictures: usize,
}

impl Default for ThingsConfig {
    fn default() -> Self {
        Self { side: 96, ground: GroundKind::Starts, most: 8, least: 6, pictures: 600 }
    }
}
