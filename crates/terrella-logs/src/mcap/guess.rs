//! A mapping for a file that has none: written in the file itself, or guessed where there is no choice.
//!
//! One topic of joints, poses or odometry is the state, one of commands the action, one camera the
//! picture; further cameras and depth are views. As soon as there are two of a kind, only a person can tell which is
//! meant: `SourceOptions::vectors` names the topics of the state, a mapping everything.

use super::{Found, Log, OWN_RECORD, Store, listed, read};
use crate::clock::median_interval;
use crate::column::Column;
use crate::mapping::{Mapping, Pictures, Stream};
use crate::table::Columns;
use std::collections::{BTreeMap, BTreeSet};
use terrella_data::{Note, SourceOptions};

/// Words that tell a command from a measurement, where both have one type.
const COMMANDS: &[&str] = &["cmd", "command", "action", "target", "goal", "desired", "reference", "setpoint"];

/// Usual intervals for which a number of a topic may be missing and still be steadily there.
const LONGEST_GAP: f64 = 10.0;

/// What was found for a file that came without a mapping.
pub(crate) struct Guessed {
    pub(crate) mapping: Mapping,
    /// What to know about it.
    pub(crate) note: Option<Note>,
    /// The file as it was read to guess, with all topics that the mapping may want: it need not be read again.
    pub(crate) log: Option<Log>,
}

/// The mapping of a file: it is walked through once to see what topics it has, and if it does not say itself what they mean
/// once more for those that may be wanted.
pub(crate) fn mapping_of(store: &Store, options: &SourceOptions) -> Result<Guessed, String> {
    let log = read(store, &BTreeSet::new())?;
    if let Some(text) = log.own.get("mapping") {
        let mapping = Mapping::parse("the mapping within the file", text).map_err(|e| e.to_string())?;
        return Ok(Guessed { mapping, note: None, log: None });
    }
    guess(store, &log, options)
}

fn guess(store: &Store, log: &Log, options: &SourceOptions) -> Result<Guessed, String> {
    let filled: Vec<(&String, &Found)> = log.topics.iter().filter(|(_, found)| found.messages > 0).collect();
    let of = |role: Role| -> Vec<&String> {
        filled.iter().filter(|(name, found)| role_of(name, found) == Some(role)).map(|(name, _)| *name).collect()
    };
    let only = |role: Role, what: &str| match &of(role)[..] {
        [one] => Ok((*one).clone()),
        [] => Err(format!("no topic is surely {what}")),
        several => Err(format!("{} topics may be {what}", several.len())),
    };
    let states = if options.vectors.is_empty() {
        only(Role::State, "the state").map(|one| vec![one]).map_err(|why| match &of(Role::State)[..] {
            [] => why,
            several => {
                let names = several.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ");
                format!("{why}: {names}; name those that make it with --vectors")
            }
        })
    } else {
        let missing = options.vectors.iter().find(|name| !filled.iter().any(|(topic, _)| topic == name));
        missing.map_or(Ok(options.vectors.clone()), |name| {
            Err(format!("no vector \"{name}\": no such topic has messages"))
        })
    };
    let (states, action) = match (states, only(Role::Action, "the action")) {
        (Ok(states), Ok(action)) => (states, action),
        (Err(why), _) | (_, Err(why)) => return Err(no_guess(log, &why)),
    };
    if states.contains(&action) {
        return Err(no_guess(
            log,
            &format!("{action} is the action, and would be its own answer as a vector of the state"),
        ));
    }
    // A depth camera need not have the word in its name: its pictures say it. The state and the action are read along.
    let mut wanted: BTreeSet<&str> = states.iter().chain([&action]).map(String::as_str).collect();
    let mut cameras = of(Role::Camera);
    if !options.no_pictures {
        wanted.extend(cameras.iter().map(|topic| topic.as_str()));
    }
    let mut depths = of(Role::Depth);
    let mut also = wanted.clone();
    // Nobody sees depth who does not ask for it.
    if !options.no_pictures && (options.camera.is_some() || !options.views.is_empty()) {
        also.extend(depths.iter().map(|topic| topic.as_str()));
    }
    let (decoded, none) = (read(store, &also)?, Found::default());
    let (tables, notes) = (&decoded.topics, decoded.notes(&wanted));
    depths.extend(cameras.extract_if(.., |topic| tables.get(*topic).is_some_and(Found::is_depth)));
    let camera = match (&options.camera, &cameras[..]) {
        _ if options.no_pictures => None,
        (Some(camera), _) if log.topics.get(camera).is_some_and(Found::is_picture) => Some(camera.clone()),
        (Some(camera), _) => return Err(no_guess(log, &format!("no topic {camera} has pictures"))),
        (None, [] | [_]) => cameras.first().map(|c| (*c).clone()),
        (None, several) => {
            let names = several.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "{} topics have pictures: {names}; say which to read with --camera (and --views all to keep the others), or leave pictures out with --no-pictures",
                several.len()
            ));
        }
    };
    let stream = |topic: &str| {
        let found = tables.get(topic).unwrap_or(&none);
        if let Some(why) = &found.unread {
            return Err(no_guess(log, &format!("the messages of {topic} cannot be read: {why}")));
        }
        let (columns, aside) = columns_of(found);
        if columns.is_empty() {
            let why = notes.iter().filter(|note| note.contains(topic)).map(|note| format!("; {note}"));
            let what = "has no numbers that are there from beginning to end";
            let why = format!("{topic} {what} ({}{})", names(&found.columns), why.collect::<String>());
            return Err(no_guess(log, &why));
        }
        // Of joints that two publishers share the topic for, those that come more often.
        let rates = columns.iter().filter_map(|name| found.columns.numbers.get(name));
        let rates = rates.filter_map(|column| median_interval(&logged(found, column))).map(f64::recip);
        let rate = rates.max_by(f64::total_cmp);
        Ok((Stream::of_topic(topic, columns), rate, aside))
    };
    let state = states.iter().map(|topic| stream(topic)).collect::<Result<Vec<_>, _>>()?;
    let (rate, (action_stream, _, aside)) = (state[0].1, stream(&action)?);
    let aside: Vec<String> = state.iter().flat_map(|(_, _, aside)| aside.clone()).chain(aside).collect();
    let view = |topic: &String, depth| (topic.clone(), Pictures { depth, ..Pictures::of_topic(topic) });
    let views = cameras.iter().map(|t| view(t, None)).chain(depths.iter().map(|t| view(t, Some(0.001))));
    let mapping = Mapping {
        about: "Guessed from the types of the topics.".to_owned(),
        fps: rate.map(f64::round).filter(|rate| *rate >= 1.0),
        state: state.into_iter().map(|(stream, ..)| stream).collect(),
        action: vec![action_stream],
        picture: camera.as_ref().map(|topic| Pictures::of_topic(topic)),
        views: views.filter(|(topic, _)| Some(topic) != camera.as_ref()).collect(),
        ..Mapping::default()
    };
    let shown = camera.map_or_else(String::new, |topic| format!(", {topic} as the picture"));
    let state = states.join(" and ");
    let aside = match &aside[..] {
        [] => String::new(),
        aside => format!("; not there from beginning to end, so left aside: {}", aside.join(", ")),
    };
    let what = format!("taken, for want of a mapping: {state} as the state, {action} as the action{shown}{aside}");
    Ok(Guessed { mapping, note: Some(Note { place: "topics".to_owned(), what }), log: Some(decoded) })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    State,
    Action,
    Camera,
    Depth,
}

fn role_of(topic: &str, found: &Found) -> Option<Role> {
    let lower = topic.to_lowercase();
    if found.is_picture() {
        // The types are the same; drivers have the word in the name.
        return Some(if lower.contains("depth") { Role::Depth } else { Role::Camera });
    }
    let kind = found.kind.rsplit(['/', '.']).next().unwrap_or_default();
    match kind {
        "Twist" | "TwistStamped" | "JointTrajectory" | "AckermannDriveStamped" | "JointJog" => Some(Role::Action),
        "JointState" | "JointStates" | "Odometry" | "PoseStamped" | "PoseInFrame" => {
            let commanded = COMMANDS.iter().any(|word| lower.contains(word));
            Some(if commanded { Role::Action } else { Role::State })
        }
        _ => None,
    }
}

/// Some names of columns, for messages.
fn names(columns: &Columns) -> String {
    let shown: Vec<&str> = columns.numbers.keys().take(8).map(String::as_str).collect();
    let more = columns.numbers.len().saturating_sub(shown.len());
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// Log times of the messages that have a column's numbers.
fn logged(found: &Found, column: &Column) -> Vec<f64> {
    let Some(times) = found.columns.numbers.get("log_time") else { return Vec::new() };
    let whole = |row: &[f64]| row.iter().all(|x| x.is_finite());
    let rows = column.data.chunks(column.width.max(1)).zip(&times.data);
    rows.filter(|(row, _)| whole(row)).map(|(_, t)| *t).collect()
}

/// Whether a column has numbers from beginning to end: in every message, or in those of one of several publishers.
fn is_steady(found: &Found, column: &Column) -> bool {
    let there = logged(found, column);
    if there.len() == column.rows() {
        return !there.is_empty();
    }
    let Some(times) = found.columns.numbers.get("log_time").map(|c| &c.data) else { return false };
    let (Some(begin), Some(end), Some(usual)) = (times.first(), times.last(), median_interval(&there)) else {
        return false;
    };
    let all = [&[*begin][..], &there, &[*end]].concat();
    all.windows(2).all(|w| w[1] - w[0] <= LONGEST_GAP * usual)
}

/// Columns that say how something stands or moves and have a number from beginning to end, and those that have not.
fn columns_of(found: &Found) -> (Vec<String>, Vec<String>) {
    let all = &found.columns.numbers;
    let is_named = |name: &str, words: &[&str]| name.split('.').any(|part| words.contains(&part));
    let meant = all.iter().filter(|(name, _)| {
        let aside = ["log_time", "publish_time", "stamp", "timestamp", "covariance", "time_from_start", "header"];
        !is_named(name, &aside) && !name.ends_with("covariance")
    });
    let (whole, aside): (Vec<_>, Vec<_>) = meant.partition(|(_, column)| is_steady(found, column));
    // Efforts are not always meant, positions and velocities are.
    let whole: Vec<String> =
        whole.into_iter().map(|(name, _)| name.clone()).filter(|n| !is_named(n, &["effort", "efforts"])).collect();
    let rank = |name: &String| {
        let order: &[&[&str]] =
            &[&["position", "positions", "pose", "linear"], &["orientation"], &["velocity", "velocities", "twist"]];
        order.iter().position(|words| is_named(name, words)).unwrap_or(order.len())
    };
    let mut sorted = whole;
    sorted.sort_by_key(rank);
    (sorted, aside.into_iter().map(|(name, _)| name.clone()).collect())
}

/// Says what is in the file and how a mapping for it begins.
fn no_guess(log: &Log, why: &str) -> String {
    let mut by_count: BTreeMap<usize, &String> = BTreeMap::new();
    by_count.extend(log.topics.iter().map(|(name, found)| (found.messages, name)));
    let example = by_count.last_key_value().map_or("/topic", |(_, name)| name.as_str());
    format!(
        "{why}; say what is what in a mapping file and give it with --map FILE. There are: {}. It may begin with\n\nfps = 30.0\n\n[[state]]\ntopic = \"{example}\"\ncolumns = [\"…\"]\n\n[[action]]\ntopic = \"…\"\ncolumns = [\"…\"]\n\n[picture]\ntopic = \"…\"\n\ndocs/logs.md has the rest; a file may also carry its mapping in a metadata record \"{OWN_RECORD}\", key \"mapping\"",
        listed(&log.topics)
    )
}
