//! How recordings are varied in training, as settings say it.

use crate::Symmetry;
use serde::{Deserialize, Serialize};

/// Side of the picture that is thought of where a model is shown none.
pub const UNSEEN_SIDE: usize = 96;

/// How pictures are varied in training; each number says how far, at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augment {
    /// Share of the clips that are varied; the others are seen as recorded.
    pub share: f64,
    /// Light, colours and what does not belong are drawn anew for each picture of a clip, not once for all: nothing that is
    /// foretold can then hang on them.
    pub anew: bool,
    /// Things lie so many of the pixels that the model is shown elsewhere, each way, with whatever the log says of
    /// places; pixels of the edge are repeated. A model that is shown no pictures counts in pixels of [`UNSEEN_SIDE`].
    pub shift: usize,
    /// The camera looks by this share of the picture's side aside, each way. Nothing of the log changes.
    pub pan: f64,
    /// Things look larger or smaller by this share, about the middle. Nothing of the log changes.
    pub zoom: f64,
    /// Brightness, contrast, saturation and each of the three colours are multiplied by something within 1 ± this.
    pub colour: f64,
    /// Hues are turned about grey by this share of half a turn, each way.
    pub hue: f64,
    /// Colours go this share of the way to grey.
    pub pale: f64,
    /// Each colour goes to another one, by up to this share of all levels: those of one thing to like ones, those of
    /// different things independently, so that no colour says what a thing is.
    pub paint: f64,
    /// Light falls in from a side: brighter by this share at one edge than in the middle, and darker at the other.
    pub light: f64,
    /// Deviation of normal noise on each number, in levels of 255, new in each picture.
    pub noise: f64,
    /// Radius of discs and squares that do not belong, as a share of the picture's side: up to three in half of the clips.
    pub stranger: f64,
    /// What of the log moves with the pictures; absent where nothing is moved.
    pub moves: Option<Symmetry>,
}

impl Default for Augment {
    fn default() -> Self {
        let none = 0.0;
        Self {
            share: 1.0,
            anew: false,
            shift: 0,
            pan: none,
            zoom: none,
            colour: none,
            hue: none,
            pale: none,
            paint: none,
            light: none,
            noise: none,
            stranger: none,
            moves: None,
        }
    }
}

impl Augment {
    /// What is varied, by name, and how far; nothing if nothing is.
    pub fn words(&self) -> String {
        let Self { share, anew, shift, pan, zoom, colour, hue, pale, paint, light, noise, stranger, .. } = self;
        if !self.varies() {
            return String::new();
        }
        let sizes = [
            ("shift", *shift as f64),
            ("pan", *pan),
            ("zoom", *zoom),
            ("colour", *colour),
            ("hue", *hue),
            ("pale", *pale),
            ("paint", *paint),
            ("light", *light),
            ("noise", *noise),
            ("stranger", *stranger),
        ];
        let mut words: Vec<String> =
            sizes.iter().filter(|(_, x)| *x > 0.0).map(|(name, x)| format!("{name} {x}")).collect();
        if *anew {
            words.push("looks anew in each picture".to_owned());
        }
        if *share < 1.0 {
            words.push(format!("in {:.0} % of the clips", 100.0 * share));
        }
        words.join(", ")
    }

    /// Whether anything but places is other than recorded.
    pub fn alters_looks(&self) -> bool {
        Self { shift: 0, ..self.clone() }.varies()
    }

    /// Whether anything is other than recorded.
    pub fn varies(&self) -> bool {
        self.share > 0.0
            && *self != Self { share: self.share, anew: self.anew, moves: self.moves.clone(), ..Self::default() }
    }
}
