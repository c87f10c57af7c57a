//! Planners, policies and the dream, against worlds whose dynamics are known exactly.

mod doubt;
mod dream;
mod mpc;
mod planners;
mod rewards;
mod toy;
