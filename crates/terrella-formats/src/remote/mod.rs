//! Recordings that lie elsewhere: in S3, in Google Cloud Storage, on the hub of Hugging Face, or in one file on the web.
//!
//! They are copied into a folder on this machine and then opened like any others. `place` takes an address apart; `fetch` lists
//! what lies there and copies what is missing or has changed, by a `store` that is a `bucket`, the `hub` or the `web`; `transfer` copies
//! one file in parts, and goes on where it was cut; `manifest` remembers what is whole, and `meter` counts. Nothing outside this
//! module is asynchronous. All of it but `place` and `options` sits behind the feature `remote`; without it `fetch` says how to get it.

#[cfg(feature = "remote")]
mod bucket;
#[cfg(feature = "remote")]
mod fetch;
#[cfg(feature = "remote")]
mod hub;
#[cfg(feature = "remote")]
mod manifest;
#[cfg(feature = "remote")]
mod meter;
#[cfg(feature = "remote")]
mod object;
mod options;
mod place;
#[cfg(feature = "remote")]
mod store;
#[cfg(feature = "remote")]
mod transfer;
#[cfg(feature = "remote")]
mod web;
#[cfg(not(feature = "remote"))]
mod without;

#[cfg(feature = "remote")]
pub use fetch::fetch;
pub use options::{FetchOptions, Fetched, Patience, Told};
pub use place::{Place, PlaceKind};
#[cfg(not(feature = "remote"))]
pub use without::fetch;
