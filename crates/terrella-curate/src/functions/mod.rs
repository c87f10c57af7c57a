//! Functions that queries may use beside those of SQL.
//!
//! Aggregates over the rows of an episode take `ORDER BY timestamp` (rates are then a second) or
//! `ORDER BY frame_index` (a step). They sort by themselves, so no plan can change what they say. Whoever runs
//! our plans elsewhere, as the executors of a cluster do, registers the same functions there.

mod keyed;
mod motion;
mod novelty;
mod physics;
pub(crate) mod pictures;
mod rows;
mod signature;
mod twins;

pub use rows::Rows;

use datafusion::common::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, WindowUDF};
use rows::{Answer, Ordered};
use std::sync::Arc;

/// Name, answer and one line of help of every ordered aggregate.
#[rustfmt::skip]
const ORDERED: &[(&str, Answer, &str)] = &[
    ("path_length", Answer::Number(motion::path_length), "sum of the lengths of the steps"),
    ("energy", Answer::Number(motion::energy), "sum of the squared speeds"),
    ("jerk", Answer::Number(motion::jerk), "root mean square of the third derivative"),
    ("idle_fraction", Answer::Number(motion::idle_fraction), "share of steps below 1 % of the mean step"),
    ("continuity", Answer::Number(physics::continuity), "0..1, of positions: no step unlike its neighbours"),
    ("kinematics", Answer::Number(physics::kinematics), "0..1, of positions, then velocities: those move as these say"),
    ("consistency", Answer::Number(physics::consistency), "0..1, of positions, then velocities: continuity times kinematics"),
    ("free_fall", Answer::Number(physics::free_fall), "0..1, of a height: it falls with one acceleration, but for bounces"),
    ("dissipation", Answer::Number(physics::dissipation), "0..1, of a height, velocities and g: no energy comes from nowhere"),
    ("path_signature", Answer::List(signature::path_signature), "the path at 16 even places"),
    ("picture_signature", Answer::List(signature::picture_signature), "of picture_hash >> 32 and picture_hash & 4294967295: hashes at 8 even places"),
    ("content_hash", Answer::Text(signature::content_hash), "SHA-256 of the numbers"),
];

/// Registers every function.
///
/// # Errors
/// If the registry refuses one.
pub fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for (name, answer, _) in ORDERED {
        registry.register_udaf(Arc::new(AggregateUDF::from(Ordered::new(name, *answer))))?;
    }
    registry.register_udwf(Arc::new(WindowUDF::from(novelty::Novelty::new())))?;
    for pictures in [false, true] {
        registry.register_udwf(Arc::new(WindowUDF::from(twins::Twin::new(pictures))))?;
    }
    for gaussian in [false, true] {
        registry.register_udf(Arc::new(keyed::keyed(gaussian)))?;
    }
    registry.register_udf(Arc::new(pictures::hamming()))?;
    Ok(())
}

/// Name and meaning of every function.
pub fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    let ordered = ORDERED.iter().map(|(name, _, help)| (*name, *help));
    ordered.chain([
        ("novelty", "OVER (): distance to the nearest other row, in the space of its arguments, each over its spread"),
        ("twin_path", "of a path signature and a tolerance, OVER (ORDER BY …): the earlier row that is alike, or NULL"),
        ("twin_pictures", "of a picture signature and bits of tolerance, likewise"),
        ("random", "uniform in 0..1, keyed by a label and whole numbers: random('label', {seed}, episode_index)"),
        ("noise", "standard normal, keyed likewise"),
        ("hamming", "bits in which two whole numbers, such as picture hashes, differ"),
    ])
}
