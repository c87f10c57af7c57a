//! How a model uses a symmetry of its world when it acts: a setting of its own, since each side costs a look.

use serde::{Deserialize, Serialize};

/// How a model uses a symmetry of its world when it acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Views {
    /// Not at all.
    One,
    /// It looks from eight sides and believes the average; a search then imagines one side,
    /// corrected by what the average said of its beginning.
    #[default]
    Look,
    /// It also imagines all eight, which is eight times the work: errors of prediction average out too.
    Imagine,
}
