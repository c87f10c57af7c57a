//! What a diffusion world is, before it knows its data.

use crate::Cut;
use crate::family::Size;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// A diffusion world, before it knows its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiffusionConfig {
    /// How large the network is.
    pub size: Size,
    /// Side of its square pictures, in pixels.
    pub picture: usize,
    /// Side of a patch, which is one token; it divides the picture.
    pub patch: usize,
    /// Frames that it looks back on, the one that it paints among them.
    pub context: usize,
    /// Environment steps from frame to frame.
    pub frame_skip: usize,
    /// Waves that each number of an action is also told as, the longest eight of its deviations, each half as long as the one before:
    /// where something goes decides about single pixels, and networks learn steep functions late (Tancik et al. 2020).
    pub waves: usize,
    /// Passes that paint a frame in use: one tells the likeliest picture, more draw one of several that may be.
    pub denoise: usize,
    /// Share of frames that are taught from nothing but the past, as one pass paints them; the others begin at noise of some level.
    pub direct: f64,
    /// Largest deviation of the noise on the frame before, in units of the pictures' own: so that small faults of a dream are mended.
    pub past_noise: f64,
    /// Share of clips that go on from frames that the network painted itself.
    pub own: f64,
    /// How often an error counts again where something moved.
    pub moved: f64,
    /// The same where something stands out from what all pictures of a batch have in common.
    pub stands_out: f64,
    /// Weight of telling the logged state from pictures, where there is one; it teaches nothing else. 0 leaves it out.
    pub readout: f64,
}

impl Default for DiffusionConfig {
    fn default() -> Self {
        Self {
            size: Size::Xs,
            picture: 64,
            patch: 16,
            context: 4,
            frame_skip: 1,
            waves: 6,
            denoise: 1,
            direct: 0.8,
            past_noise: 0.1,
            own: 0.3,
            moved: 20.0,
            stands_out: 3.0,
            readout: 0.1,
        }
    }
}

/// The sizes behind the dial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Widths {
    /// Of a token.
    pub(super) token: usize,
    /// Blocks, one after the other.
    pub(super) depth: usize,
    /// Attention heads.
    pub(super) heads: usize,
    /// Inside a perceptron.
    pub(super) hidden: usize,
    /// What a cell is to the patch that it lies in.
    pub(super) cell: usize,
}

/// Side of a cell, of which patches are made.
pub(super) const CELL: usize = 4;
/// Numbers of a cell.
pub(super) const CELL_VALUES: usize = 3 * CELL * CELL;

impl DiffusionConfig {
    pub(super) fn widths(&self) -> Widths {
        let of = |token, depth| Widths { token, depth, heads: token / 32, hidden: 4 * token, cell: token / 4 };
        match self.size {
            Size::Xs => of(128, 4),
            Size::S => of(192, 6),
            Size::M => of(384, 8),
            Size::L => of(768, 12),
        }
    }

    /// Numbers that an action of so many is told as.
    pub(super) fn steering(&self, action: usize) -> usize {
        self.frame_skip * action * (1 + 2 * self.waves)
    }

    /// How its pictures are cut.
    pub(super) fn cut(&self) -> Cut {
        Cut { size: self.picture, shrink: 1, patch: CELL, stride: CELL }
    }

    /// Patches of a picture, and cells of a patch.
    pub(super) fn counts(&self) -> [usize; 2] {
        [(self.picture / self.patch).pow(2), (self.patch / CELL).pow(2)]
    }

    /// Which cell of a picture, counted row by row, stands where: patch by patch, row by row in each.
    pub(super) fn order(&self) -> Vec<usize> {
        let (across, inside) = (self.picture / self.patch, self.patch / CELL);
        let square = |n: usize| (0..n).flat_map(move |row| (0..n).map(move |column| (row, column)));
        let cell = |(r, c): (usize, usize), (y, x): (usize, usize)| (r * inside + y) * across * inside + c * inside + x;
        square(across).flat_map(|patch| square(inside).map(move |at| cell(patch, at))).collect()
    }

    /// As [`crate::Family::check`].
    pub(super) fn whole(&self) -> Result<()> {
        let cells = self.patch > 0 && self.patch.is_multiple_of(CELL);
        if !cells || self.picture == 0 || !self.picture.is_multiple_of(self.patch) {
            return Err(Error::Invalid(format!(
                "model.picture = {} is not a whole number of patches of model.patch = {}, or these of cells of {CELL}; 64 and 16, or 96 and 16, go together",
                self.picture, self.patch
            )));
        }
        if self.context == 0 || self.frame_skip == 0 || self.denoise == 0 {
            return Err(Error::Invalid(format!(
                "model.context = {}, model.frame_skip = {} and model.denoise = {} must be at least 1",
                self.context, self.frame_skip, self.denoise
            )));
        }
        Ok(())
    }
}
