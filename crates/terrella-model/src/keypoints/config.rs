//! What a finder of keypoints is, before it knows its pictures: how many there are, how sharp they are, and what each part of its loss
//! weighs.

use crate::ground::GroundKind;
use crate::{Error, Result};

/// Side of a cell in pixels: heatmaps have one number a cell.
pub(super) const CELL: usize = 4;

/// A finder of keypoints, before it knows its pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct KeypointConfig {
    /// Keypoints.
    pub count: usize,
    /// Side of the square pictures in pixels, a multiple of `CELL`.
    pub side: usize,
    /// Channels of the network that looks.
    pub width: usize,
    /// Channels of the network that draws.
    pub ink: usize,
    /// Numbers that a keypoint carries of how a thing looks, from one picture of a pair to the other; 0 draws by place alone.
    pub look: usize,
    /// Rows that the pictures of a pair are apart, at most.
    pub apart: usize,
    /// Deviation of the spot that a keypoint draws by, in pixels.
    pub spread: f64,
    /// Weight of the mean presence: how much a keypoint has to explain.
    pub sparsity: f64,
    /// Weight of keypoints at one place.
    pub separation: f64,
    /// Distance in pixels within which two are at one place.
    pub near: f64,
    /// Weight of heat that lies further from its keypoint than a spot reaches (Nibali et al. 2018, arXiv:1801.07372): without it one keypoint may be the middle of two things.
    pub compact: f64,
    /// Weight of jumps from a row to the next, where a keypoint is there in both.
    pub steady: f64,
    /// Whether the later picture of a pair is turned by quarters, and keypoints have to turn with it (as Thewlis et al. 2017,
    /// arXiv:1705.02193, ask of landmarks): a keypoint is then a part of its thing, whichever way up that is.
    pub turns: bool,
    /// What stands still.
    pub ground: GroundKind,
}

impl Default for KeypointConfig {
    fn default() -> Self {
        Self {
            count: 8,
            side: 96,
            width: 16,
            ink: 24,
            look: 0,
            apart: 1,
            spread: 5.0,
            sparsity: 0.02,
            separation: 0.1,
            near: 6.0,
            compact: 0.05,
            steady: 0.1,
            turns: false,
            ground: GroundKind::Recordings,
        }
    }
}

impl KeypointConfig {
    /// Cells along a side.
    pub fn cells(&self) -> usize {
        self.side / CELL
    }

    /// Bytes of a picture.
    pub fn bytes(&self) -> usize {
        self.side * self.side * 3
    }

    /// Fails where no network can be made of it.
    ///
    /// # Errors
    /// If there is no keypoint, or cells do not fill a picture.
    pub fn check(&self) -> Result<()> {
        if self.count == 0 {
            return Err(Error::Invalid("0 keypoints find nothing; ask for 1 at least (8 is usual)".to_owned()));
        }
        if self.side < 4 * CELL || !self.side.is_multiple_of(CELL) {
            return Err(Error::Invalid(format!(
                "pictures of {} pixels are not made of cells of {CELL}; take a multiple of it from {} on (96 is usual)",
                self.side,
                4 * CELL
            )));
        }
        Ok(())
    }
}
