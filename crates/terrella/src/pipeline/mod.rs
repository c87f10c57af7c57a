//! The thread of data, one step a file: record → open → train → judge → show.
//!
//! Every step is a function of settings and values, so that the program, tests and other programs
//! run the very same code. [`quickstart`] strings them together.

mod act;
mod ahead;
mod bench;
mod collect;
mod collect_config;
mod compare;
mod doctor;
mod elsewhere;
mod evaluate;
mod films;
mod found;
mod heads;
mod heads_timed;
mod init;
mod keypoints;
mod label;
mod live;
mod local;
mod logs;
mod pace;
mod plan;
mod play;
mod quickstart;
mod recordings;
mod report;
mod rewards;
mod run;
mod shift;
mod sides;
mod spectrum;
mod things_seen;
mod train;
mod varied;
mod worlds;
mod worth;

pub use act::{Act, Actor};
pub use bench::{BenchConfig, Timed, bench};
pub use collect::{GoingOn, collect, collect_on};
pub use collect_config::CollectConfig;
pub use compare::compare_runs;
pub use doctor::checkup_page;
pub use elsewhere::judge_on;
pub use evaluate::{Evaluation, FILE as EVALUATION, evaluate};
pub use films::{evaluate_films, report_of_films, write_films_report};
pub use found::{FoundReport, ThingReport};
pub use heads::{PartError, ProbeReport, finish};
pub use heads_timed::Trained;
pub use init::{Suggested, preset_for, suggest};
pub use keypoints::{KeypointsFound, find_keypoints};
pub use label::{FilmRows, Labelled, Labelling, Lessons, label};
pub use live::Live;
pub use local::local;
pub use logs::{evaluate_logs, foretold, report_of_logs, train_beside, write_logs_report};
pub use pace::Pace;
pub use plan::{Attempt, PlanConfig, origin, plan};
pub use play::{Folder, stage};
pub use quickstart::{Outcome, quickstart};
pub use recordings::Recordings;
pub use report::{build as build_report, write as write_report};
pub use run::{About, Run};
pub use shift::try_shifts;
pub use train::{Training, train, train_whole};
