//! Evaluation one can trust: how often goals are reached, how far imagination carries, and a page
//! that says both to a stranger.
//!
//! Held-out episodes give [`Pair`]s of start and goal; [`evaluate`] lets a policy attempt them in a
//! world, [`floors()`] lets chance and idleness attempt the same ones, and only the two together make
//! a [`Scorecard`]. There is no other way to a printed success rate, so none can appear without
//! its floors, interval, split and data hash. [`rollout_error`] measures a model without a policy.
//! The protocol follows the audit of latent world models by CLEAR-LeWM (2026).

mod adaptive;
mod aligned;
mod arx;
mod band;
mod calibrate;
mod change;
mod clusters;
mod columns;
mod compare_clips;
mod compared;
mod conformal;
mod crps;
mod curves;
mod doubt;
mod elsewhere;
mod failures;
mod faithful;
mod floors;
mod foresee;
mod horizon;
pub mod html;
mod keypoints;
mod labels;
mod limits;
mod markdown;
mod mean;
mod open_loop;
mod open_loop_table;
mod outlook;
mod outlook_page;
mod paired;
mod pairs;
mod parts;
mod pictures;
mod png;
mod predicate;
mod progress_page;
mod promise;
mod protocol;
mod recorded;
mod report;
mod returns;
mod rollout;
mod rollout_page;
mod score;
mod score_rows;
mod scorecard;
mod scored;
mod shifted;
mod spread;
mod stats;
mod strips;
mod svg;
mod tables;
mod trust;
mod trust_page;
mod work;

pub use adaptive::Adaptive;
pub use band::{Band, BandNumber, TrustConfig};
pub use calibrate::trust;
pub use change::{
    Alarm, Effect, Notice, Place as StreamPlace, Quiet, Recorded, Row as StreamRow, Sign, Summary,
    Told as ToldOfStream, Usual, Watcher, calibrate, foretold,
};
pub use clusters::wilson_by_episode;
pub use compared::{Compared, ComparedRun};
pub use conformal::conformal_factor;
pub use crps::crps;
pub use curves::{Curve, Estimate, Quantity, RolloutTable};
pub use doubt::{
    DoubtConfig, DoubtJudged, DoubtKind, DoubtMoment, DoubtRow, DoubtTable, DoubtTold, Doubtful, Familiar, Separated,
    Stretch, auroc, familiar,
};
pub use elsewhere::{Elsewhere, Place};
pub use failures::{Failures, failures};
pub use faithful::{Faithful, FaithfulConfig, FaithfulRow, faithful};
pub use floors::{Cloning, GoalBlind, Memory, NearestReplay};
pub use foresee::{Foreseen, clouds, foresee, tells_deviations};
pub use horizon::{conformal_horizon, tolerances};
pub use keypoints::{
    Bodies, BodyScore, Crops, KeypointScore, KeypointUse, KeypointsPage, Mark, Marked, PartRows, PartScore, SeenAt,
    assign, is_there, read_parts, uses,
};
pub use labels::{LabelError, LabelScore, NumberScore, Quantile, Risk, ToldRows};
pub use open_loop::{Block, Forecaster, OpenLoopConfig, foretell, model_forecast, open_loop};
pub use open_loop_table::{OpenLoop, OpenLoopRow, Told};
pub use outlook::{Asked, Foretold, Likely, Outcome, Outlook, OutlookPath};
pub use paired::{Paired, compare};
pub use pairs::{Pair, draw_pairs};
pub use parts::logged_parts;
pub use predicate::Predicate;
pub use progress_page::{ProgressPage, StageIs, StageNow, Standing};
pub use promise::{Promise, episodes_needed};
pub use protocol::{Arena, Attempts, Floors, Judged, Make, Protocol, each, evaluate, floors};
pub use recorded::recorded;
pub use report::Report;
pub use returns::{Collected, Returns, ReturnsConfig, Share, collect_returns};
pub use rollout::{RolloutConfig, rollout_error};
pub use score::{Floor, Score, percent};
pub use scorecard::{Provenance, Scorecard};
pub use scored::ScoredRow;
pub use shifted::{Cost, Reached, ShiftRow, Shifts, Told as ShiftTold};
pub use stats::{Interval, bootstrap, mean_sd, wilson};
pub use strips::{Filmstrip, StripRow, attempt_strip, dream_strip};
pub use svg::{Chart, Series};
pub use trust::{Calibration, Covered, Trust, TrustExample, TrustNumber};
pub use work::Progress;
