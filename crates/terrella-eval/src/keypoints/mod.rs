//! How good keypoints are that were learned from pictures alone, by a logged state that is used for measuring only.
//!
//! [`read`] is how well the parts of a state can be told from them beside floors, [`bodies`] whether a keypoint stays with its thing
//! and what becomes of it behind something, [`still`] whether it sticks to what never moves, [`page`] what they look like.

mod bodies;
mod page;
mod read;
mod score;
mod still;

pub use bodies::{Bodies, BodyScore, assign};
pub use page::{Crops, KeypointsPage, Mark, Marked};
pub use read::{PartRows, PartScore, read_parts};
pub use score::KeypointScore;
pub use still::{KeypointUse, SeenAt, is_there, uses};
