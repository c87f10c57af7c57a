//! What any flight log gives: topics with their tables, and what could not be read.

use super::super::column::Column;
use super::super::table::Columns;
use super::super::units::TimeUnit;
use std::collections::BTreeMap;

/// Numbers of all tables of a file.
const MOST_NUMBERS: usize = 1 << 29;
/// Topics of one file.
const MOST_TOPICS: usize = 65_536;
/// Things that are told of one file.
const MOST_NOTES: usize = 20;

/// A file that was read.
#[derive(Debug, Default)]
pub(crate) struct FlightLog {
    pub(crate) topics: BTreeMap<String, Topic>,
    /// What could not be read, and what else there is to tell.
    pub(crate) notes: Vec<String>,
    untold: usize,
    /// Numbers in all tables.
    numbers: usize,
    /// Messages that were left out: of which topic, how many, and why the first.
    strange: BTreeMap<String, (usize, String)>,
}

/// A topic of it.
#[derive(Debug, Default)]
pub(crate) struct Topic {
    pub(crate) messages: usize,
    /// First and last time, in units of the file's clock.
    span: Option<(u64, u64)>,
    /// Its table, if it was wanted.
    pub(crate) columns: Columns,
    times: Vec<u64>,
}

impl FlightLog {
    /// A topic, which may be new.
    pub(super) fn topic(&mut self, name: &str) -> Result<&mut Topic, String> {
        if !self.topics.contains_key(name) {
            if self.topics.len() >= MOST_TOPICS {
                return Err(format!("it has more than {MOST_TOPICS} topics, which is the limit (MOST_TOPICS)"));
            }
            self.topics.insert(name.to_owned(), Topic::default());
        }
        self.topics.get_mut(name).ok_or_else(String::new)
    }

    /// Counts numbers of a table before they are there.
    pub(super) fn spend(&mut self, numbers: usize) -> Result<(), String> {
        self.numbers += numbers;
        if self.numbers <= MOST_NUMBERS {
            return Ok(());
        }
        Err(format!(
            "its tables have more than {MOST_NUMBERS} numbers, which is the limit (MOST_NUMBERS); cut the file"
        ))
    }

    pub(super) fn note(&mut self, what: String) {
        if self.notes.len() < MOST_NOTES { self.notes.push(what) } else { self.untold += 1 }
    }

    /// Counts a message that is left out.
    pub(super) fn leave_out(&mut self, topic: &str, why: impl FnOnce() -> String) {
        // Files may lie about as many topics as they like.
        if self.strange.len() < MOST_NOTES || self.strange.contains_key(topic) {
            self.strange.entry(topic.to_owned()).or_insert_with(|| (0, why())).0 += 1;
        } else {
            self.untold += 1;
        }
    }

    /// All was read: times become columns, in this unit, and those of `log_time` count seconds from `start`.
    pub(super) fn finish(mut self, unit: TimeUnit, start: u64) -> Self {
        for topic in self.topics.values_mut().filter(|topic| !topic.times.is_empty()) {
            let times = std::mem::take(&mut topic.times);
            let since = |t: &u64| (i128::from(*t) - i128::from(start)) as f64 * unit.seconds();
            let column = |data| Column { width: 1, data };
            topic.columns.numbers.insert("log_time".to_owned(), column(times.iter().map(since).collect()));
            topic.columns.numbers.insert("timestamp".to_owned(), column(times.iter().map(|t| *t as f64).collect()));
            topic.columns.clocks.insert("timestamp".to_owned(), unit);
        }
        for (topic, (n, why)) in std::mem::take(&mut self.strange) {
            self.notes.push(format!("left out: {n} messages of {topic}; the first: {why}"));
        }
        if self.untold > 0 {
            self.notes.push(format!("left out: {} more like these", self.untold));
        }
        self
    }
}

impl Topic {
    /// Counts a message.
    pub(super) fn count(&mut self, time: u64) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        self.messages += 1;
    }

    /// Counts a message that becomes a row.
    pub(super) fn row(&mut self, time: u64) {
        self.count(time);
        self.times.push(time);
    }

    /// Appends numbers to a column, which is as wide as its first row.
    pub(super) fn push(&mut self, name: &str, numbers: &[f64]) {
        let width = numbers.len();
        if !self.columns.numbers.contains_key(name) {
            self.columns.numbers.insert(name.to_owned(), Column { width, data: Vec::new() });
        }
        if let Some(column) = self.columns.numbers.get_mut(name).filter(|column| column.width == width) {
            column.data.extend_from_slice(numbers);
        }
    }
}

/// Topics with how many messages they have, for messages.
pub(crate) fn listed(topics: &BTreeMap<String, Topic>) -> String {
    let filled: Vec<_> = topics.iter().filter(|(_, topic)| topic.messages > 0).collect();
    let one = |(name, topic): &(&String, &Topic)| format!("{name} ({} messages)", topic.messages);
    let shown: Vec<String> = filled.iter().take(80).map(one).collect();
    let more = filled.len().saturating_sub(80);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
