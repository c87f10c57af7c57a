//! What is wrong with recordings: checks of clocks, sensors, physics, pictures and bookkeeping.
//!
//! [`Subject::open`] reads a dataset of any format together with what it claims about itself;
//! [`examine`] looks at it and returns [`Finding`]s with severity, place and remedy. A check compares
//! recordings with each other and with a fitted model of how actions move states, never with limits
//! made up beforehand, so it needs no settings. [`Defect`]s seed known damage, by which the checks
//! are measured; docs/doctor.md has the table.

mod cadence;
mod checks;
mod defects;
mod examine;
mod finding;
mod lag;
mod robust;
mod score;
mod series;
mod subject;
mod view;

pub use defects::{Defect, Seeded, Strength, lagging, seed};
pub use examine::examine;
pub use finding::{Check, Checkup, Finding, Group, Severity};
pub use lag::{Lag, lag};
pub use score::{Tally, tally};
pub use subject::{Sight, Subject};
