//! Stored statistics against those of the rows: training divides by them.

use crate::finding::{Check, Finding, Severity};
use crate::view::View;
use terrella_core::{Stats, Table};

/// Difference that is told, in standard deviations.
const DIFFERENCE: f64 = 0.02;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let subject = view.subject;
    let tables: [Vec<&Table>; 2] =
        [subject.episodes.iter().map(|e| &e.states).collect(), subject.episodes.iter().map(|e| &e.actions).collect()];
    let names = [&subject.signature.state, &subject.signature.action];
    let mut found = Vec::new();
    for (((claimed, tables), names), role) in
        subject.claims.stats.iter().zip(tables).zip(names).zip(["state", "action"])
    {
        let Some(claimed) = claimed else { continue };
        let actual = Stats::of(names.len(), tables.into_iter().filter(|t| t.width > 0));
        if claimed.width() != actual.width() {
            let what = format!("statistics of {} numbers are stored for {} columns", claimed.width(), actual.width());
            found.push(Finding::new(Check::Statistics, Severity::Fail, what, "compute them again").in_column(role));
            continue;
        }
        for (i, name) in names.iter().enumerate() {
            let scale = f64::from(actual.std[i]).max(1e-6 * f64::from(actual.mean[i]).abs()).max(1e-9);
            let worst = [
                ("mean", claimed.mean[i], actual.mean[i]),
                ("std", claimed.std[i], actual.std[i]),
                ("min", claimed.min[i], actual.min[i]),
                ("max", claimed.max[i], actual.max[i]),
            ]
            .map(|(what, stored, real)| ((f64::from(stored) - f64::from(real)).abs() / scale, what, stored, real))
            .into_iter()
            .max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((difference, what, stored, real)) = worst.filter(|w| w.0 > DIFFERENCE) else { continue };
            let what =
                format!("the stored {what} is {stored}, that of the rows {real}: {difference:.2} deviations apart");
            let finding = Finding::new(Check::Statistics, Severity::Fail, what, "compute them again");
            found.push(finding.in_column(&format!("{role} {name}")));
        }
    }
    found
}
