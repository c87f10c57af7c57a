//! All checks, one after the other, and their findings in order.

use crate::checks::{self, lag::Lag};
use crate::finding::{Checkup, Finding};
use crate::series::Series;
use crate::subject::Subject;

/// What a check looks at.
pub(crate) struct View<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) series: Vec<Series>,
    pub(crate) lag: Option<Lag>,
}

/// Examines a dataset. The worst findings come first, then in the order of checks and episodes.
pub fn examine(subject: &Subject) -> Checkup {
    let series = Series::all(subject);
    let view = View { subject, lag: checks::lag::estimate(&series), series };
    let mut findings: Vec<Finding> = checks::ALL.iter().flat_map(|check| check(&view)).collect();
    findings.sort_by(|a, b| (b.severity, a.check, a.episode).cmp(&(a.severity, b.check, b.episode)));
    Checkup {
        format: subject.format.clone(),
        episodes: subject.episodes.len(),
        rows: subject.episodes.iter().map(terrella_core::Episode::len).sum(),
        hash: subject.hash.clone(),
        lag: view.lag,
        findings,
    }
}
