//! Known equations with unknown numbers: mechanisms, and what recordings say of their parameters.
//!
//! A [`Mechanism`] is a system whose equations are known and whose masses, frictions and lengths are not. Whoever adds one writes
//! [`Equations`] once, over any [`Number`]; derivatives come from dual numbers and are exact. [`identify()`] fits parameters to many short
//! clips of recordings and says how sure it is and what these recordings cannot tell apart ([`Direction`]); [`Online`] follows
//! parameters along a stream, row by row, in bounded memory. No networks, no files, no worlds: [`Columns`] makes [`Record`]s of the
//! columns of a dataset that a mechanism understands.

mod clip;
mod columns;
mod delay;
mod direction;
mod equations;
mod forecast;
mod identified;
mod identify;
mod jacobians;
mod levenberg;
mod mechanism;
pub mod mechanisms;
mod normal;
mod number;
mod online;
mod parameter;
mod quantile;
mod record;
mod space;
mod uncertainty;
mod words;

pub use clip::{Clip, clips};
pub use columns::{Columns, NOTHING, Named, Saying};
pub use delay::Delay;
pub use direction::Direction;
pub use equations::{Equations, Integrated};
pub use forecast::forecast;
pub use identified::{EpisodeError, Identified, ParameterTold};
pub use identify::{IdentifyConfig, identify, identify_while};
pub use jacobians::Jacobians;
pub use mechanism::{Mechanism, Row};
pub use mechanisms::{MECHANISMS, mechanism};
pub use normal::Initial;
pub use number::{Number, real, smooth_sign, value};
pub use online::{Online, OnlineConfig};
pub use parameter::{Parameter, Quantity};
pub use record::Record;
pub use space::{Choices, Space};
pub use words::digits;
