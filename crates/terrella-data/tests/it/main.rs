//! Tests of the crate from outside: sampling. What reads and writes goes through the doors, and is tested there (terrella-formats).

mod fixtures;
mod sampling;
