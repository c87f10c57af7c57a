//! A mapping for a flight log that has none: topics of these recorders are well known, so state and action are taken
//! from a list, and told.
//!
//! `SourceOptions::vectors` names topics that make the state instead. Numbers that are not always there are left to a
//! mapping. Where a clock stands still for ten of the slowest stream's intervals, a new episode begins.

use super::super::clock::median_interval;
use super::super::column::Column;
use super::super::mapping::{Mapping, Stream};
use super::super::units::conversion;
use super::found::{FlightLog, listed};
use super::kind::{Kind, Role};
use std::collections::BTreeSet;
use terrella_data::{Note, SourceOptions};

/// Intervals of the slowest stream, and seconds at least, after which a recording is cut.
const GAP: f64 = 10.0;
const SHORTEST_GAP: f64 = 0.1;

/// Columns of one topic, with the interval of its messages.
struct Found<'a> {
    topic: &'a str,
    columns: Vec<String>,
    interval: f64,
}

/// The mapping of a file, and what to know about it.
pub(crate) fn mapping_of(kind: &dyn Kind, bytes: &[u8], options: &SourceOptions) -> Result<(Mapping, Note), String> {
    let asked: BTreeSet<&str> = options.vectors.iter().map(String::as_str).collect();
    let all = kind.read(bytes, &BTreeSet::new())?;
    let filled = |topic: &&str| all.topics.get(*topic).is_some_and(|found| found.messages > 0);
    if let Some(missing) = asked.iter().find(|topic| !filled(topic)) {
        return Err(no_guess(&all, &format!("no vector \"{missing}\": no such topic has messages")));
    }
    let known = all.topics.keys().map(String::as_str).filter(|topic| kind.is_known(topic));
    let wanted: BTreeSet<&str> = known.chain(asked).filter(filled).collect();
    let log = kind.read(bytes, &wanted)?;
    let of = |topic: &'_ str, takes: &dyn Fn(&str) -> bool| -> Option<Found<'_>> {
        let (topic, found) = log.topics.get_key_value(topic)?;
        let numbers = &found.columns.numbers;
        let columns =
            numbers.iter().filter(|(name, _)| !matches!(name.as_str(), "log_time" | "timestamp") && takes(name));
        let columns: Vec<String> = columns.flat_map(|(name, column)| always_there(name, column)).collect();
        let interval = median_interval(&numbers.get("log_time")?.data)?;
        (!columns.is_empty()).then_some(Found { topic, columns, interval })
    };
    let rank = |topic: &str, field: &str| {
        if let Some(Role::State(rank)) = kind.role(topic, field) { Some(rank) } else { None }
    };
    let states: Vec<Found<'_>> = if options.vectors.is_empty() {
        let found = wanted.iter().filter_map(|topic| of(topic, &|field| rank(topic, field).is_some()));
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|found| found.columns.iter().filter_map(|c| rank(found.topic, c.split('[').next()?)).min());
        found
    } else {
        options.vectors.iter().filter_map(|topic| of(topic, &|_| true)).collect()
    };
    let action = wanted.iter().flat_map(|topic| {
        let priority = |field: &str| match kind.role(topic, field) {
            Some(Role::Action(priority)) => Some(priority),
            _ => None,
        };
        let fields = log.topics[*topic].columns.numbers.keys();
        let first = fields.filter_map(|field| priority(field)).min()?;
        Some((first, of(topic, &|field| priority(field) == Some(first))?))
    });
    let action = action.min_by_key(|(priority, _)| *priority).map(|(_, found)| found);
    let (Some(first), Some(action)) = (states.first(), action) else {
        let what = if states.is_empty() { "the state" } else { "the action" };
        return Err(no_guess(&all, &format!("no topic is surely {what}")));
    };
    let rate = first.interval.recip().round();
    let slowest = states.iter().chain([&action]).map(|found| found.interval).fold(0.0, f64::max);
    let streams = |found: &Found<'_>| {
        let units = &log.topics[found.topic].columns.units;
        let unit = |column: &String| {
            let name = column.rsplit_once('[').map_or(column.as_str(), |(name, _)| name);
            conversion(units.get(column).or_else(|| units.get(name)).copied().unwrap_or_default())
        };
        let alike = found.columns.chunk_by(|a, b| unit(a) == unit(b));
        let stream =
            |columns: &[String]| Stream { unit: unit(&columns[0]), ..Stream::of_topic(found.topic, columns.to_vec()) };
        alike.map(stream).collect::<Vec<Stream>>()
    };
    let max_gap = (GAP * slowest).max(SHORTEST_GAP);
    let mapping = Mapping {
        about: format!("Guessed from the topics of a {}.", kind.name()),
        fps: Some(rate).filter(|rate| *rate >= 1.0),
        max_gap: Some(max_gap),
        state: states.iter().flat_map(streams).collect(),
        action: streams(&action),
        ..Mapping::default()
    };
    let told = |found: &Found<'_>| format!("{} ({})", found.topic, found.columns.join(", "));
    let state = states.iter().map(told).collect::<Vec<_>>().join(" and ");
    let what = format!(
        "taken, for want of a mapping: {state} as the state, {} as the action; a gap of {max_gap:.2} s begins an episode",
        told(&action)
    );
    Ok((mapping, Note { place: "topics".to_owned(), what }))
}

/// Selectors for the numbers of a column that every row has.
fn always_there(name: &str, column: &Column) -> Vec<String> {
    let finite = |at: usize| column.data.iter().skip(at).step_by(column.width).all(|x| x.is_finite());
    let there: Vec<usize> = (0..column.width).filter(|at| finite(*at)).collect();
    if there.len() == column.width {
        return vec![name.to_owned()];
    }
    there.into_iter().map(|at| format!("{name}[{at}]")).collect()
}

/// Says what is in the file and how a mapping for it begins.
fn no_guess(log: &FlightLog, why: &str) -> String {
    let most = log.topics.iter().max_by_key(|(_, topic)| topic.messages);
    let example = most.map_or("topic", |(name, _)| name.as_str());
    let notes = log.notes.iter().map(|note| format!("; {note}")).collect::<String>();
    format!(
        "{why}; say what is what in a mapping file and give it with --map FILE. There are: {}{notes}. It may begin with\n\nfps = 50.0\n\n[[state]]\ntopic = \"{example}\"\ncolumns = [\"…\"]\n\n[[action]]\ntopic = \"…\"\ncolumns = [\"…\"]\n\ndocs/logs.md has the rest",
        listed(&log.topics)
    )
}
