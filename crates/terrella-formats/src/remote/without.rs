//! Stands in where object storage was not built: says how to get it.

use super::{FetchOptions, Fetched, Place, Told};
use terrella_data::Result;

/// Says that this was built without it.
///
/// # Errors
/// Always.
pub fn fetch(place: &Place, _: &FetchOptions, _: &mut dyn FnMut(Told<'_>) -> bool) -> Result<Fetched> {
    let what = "recordings that lie elsewhere are fetched by a program that was built for it, which this one was not";
    Err(place.error(what, "build with --features remote, or download them and give the folder"))
}
