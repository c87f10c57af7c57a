//! Whether a model is asked about what it knows: moments that are like none it learned from are told, and why.
//!
//! Three numbers say so of a moment and of what is done there. Members *disagree* (the epistemic part: their deviation in deviations
//! of the noise that they tell, as in PETS and MOPO). The moment is *far* from all that was learned from (distance to near training rows,
//! whitened; deep nearest neighbours, Sun et al. 2022, arXiv:2204.06507). What came next is a *surprise* (its error in told deviations).
//! What of them is usual, held-out episodes say: a conformal p-value by episode ([`Familiar`]). How well each finds worlds that were
//! changed is an AUROC ([`DoubtTable`]).

mod auroc;
mod familiar;
mod moments;
mod places;
mod stretch;
mod table;

pub use auroc::{Separated, auroc};
pub use familiar::{DoubtConfig, Doubtful, Familiar, familiar};
pub use moments::{DoubtKind, Moment as DoubtMoment};
pub use stretch::Stretch;
pub use table::{DoubtRow, DoubtTable, DoubtTold, Judged as DoubtJudged};
