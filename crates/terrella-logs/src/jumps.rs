//! Stamps that jump back while rows go by the clock of logging: a simulation that was started anew, a bag that was
//! played again. The rows go on across such a place, so it is told.

use super::reader::{Jump, Reader};
use super::runs::restarts;
use super::table::Content;

impl Reader<'_> {
    /// Tells of stamps that jump back within these rows, of which nobody goes by them.
    pub(super) fn tell_jumps(&mut self, instants: &[f64]) {
        let mut jumps = std::mem::take(&mut self.jumps);
        jumps.sort_by(|a, b| a.logged.total_cmp(&b.logged));
        jumps.dedup_by(|a, b| a.what == b.what && a.logged == b.logged);
        let Some(Jump { what, logged, before, after }) = jumps.first() else { return };
        let row = instants.partition_point(|t| t < logged);
        let more = if jumps.len() > 1 { format!(", and {} such jumps more", jumps.len() - 1) } else { String::new() };
        self.tell(format!(
            "{what} jumps back from {before:.3} to {after:.3} s at {logged:.3} s of log_time, which is row {row}{more}: something was started anew there, and the rows go on across it; a mapping whose clock is the stamp (column = \"header.stamp\") makes an episode of each part"
        ));
    }
}

/// Where stamps of a topic jump back and stay behind.
pub(super) fn jumps(topic: &str, content: &Content) -> Vec<Jump> {
    let Content::Columns(columns) = content else { return Vec::new() };
    let Some(logged) = columns.numbers.get("log_time") else { return Vec::new() };
    let is_stamp = |name: &&String| {
        !name.contains('[') && matches!(name.rsplit('.').next(), Some("stamp" | "timestamp" | "clock"))
    };
    let mut found = Vec::new();
    for (name, column) in columns.stamps.keys().filter(is_stamp).filter_map(|name| columns.numbers.get_key_value(name))
    {
        let there: Vec<usize> = (0..column.data.len()).filter(|at| column.data[*at].is_finite()).collect();
        let times: Vec<f64> = there.iter().map(|at| column.data[*at]).collect();
        found.extend(restarts(&times).into_iter().map(|at| Jump {
            what: format!("{name} of {topic}"),
            logged: logged.data.get(there[at]).copied().unwrap_or_default(),
            before: times[at - 1],
            after: times[at],
        }));
    }
    found
}
