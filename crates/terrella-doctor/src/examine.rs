//! All checks, one after the other, and their findings in order.

use crate::finding::{Checkup, Finding};
use crate::series::Series;
use crate::subject::Subject;
use crate::view::View;
use crate::{checks, lag};

/// Examines a dataset. The worst findings come first, then in the order of checks and episodes.
pub fn examine(subject: &Subject) -> Checkup {
    let series = Series::all(subject);
    let view = View { subject, lag: lag::estimate(&series), series };
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
