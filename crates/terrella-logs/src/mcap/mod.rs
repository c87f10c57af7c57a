//! MCAP, the container of robot logs: topics become tables that a mapping picks from.
//!
//! `walk` goes through the records of a file, whole or damaged, `bag` through those of ROS 1, `db3` through the tables of
//! ROS 2 in `sqlite`, through the log of writes beside it (`wal`), with definitions from `standard` (`either` asks which it
//! is); `packed_message` unpacks messages that are packed one by one, and `decoder` turns them (CDR and
//! ROS 1, `cdr` and `aligned`, with their definitions in `ros2msg` or `idl`, JSON, Protobuf) into a [`value::Value`]; `topic` lays them flat
//! into a table; `message` and `picture` find the pixels, which `pixels` and `packed_depth` know how to read. Only
//! topics that somebody wants are decoded. `guess` makes a mapping for files
//! that have one robot and one command in them.

mod aligned;
mod bag;
mod cdr;
mod container;
mod db3;
mod decoder;
mod definition;
mod either;
mod guess;
mod idl;
mod message;
mod naming;
mod packed_depth;
mod packed_message;
mod picture;
mod pixels;
mod records;
mod ros2msg;
mod sqlite;
mod standard;
mod topic;
mod value;
mod wal;
mod walk;

pub(super) use container::Store;
pub(super) use guess::{Guessed, mapping_of};
pub(super) use message::MessageAt;

use super::table::Columns;
use container::Item;
use decoder::{Decoder, is_read, spelled};
use either::walk;
use message::{Channel, VideoPlaces};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use topic::{MOST_COLUMNS, Topic, allowance};

/// Topics of one file.
const MOST_TOPICS: usize = 65_536;
/// The metadata record of files that say themselves what their topics mean.
pub(crate) const OWN_RECORD: &str = "terrella";

/// Endings of such files, and of those that are packed as a whole.
const ENDINGS: [&str; 16] = [
    ".mcap",
    ".mcap.gz",
    ".mcap.zst",
    ".mcap.zstd",
    ".bag",
    ".bag.gz",
    ".bag.zst",
    ".bag.zstd",
    ".bag.active",
    ".bag.active.gz",
    ".bag.active.zst",
    ".bag.active.zstd",
    ".db3",
    ".db3.gz",
    ".db3.zst",
    ".db3.zstd",
];

/// The ending of a file that is one, or a bag of ROS 1 or 2, by its name.
pub(super) fn ending(name: &str) -> Option<&'static str> {
    ENDINGS.into_iter().find(|ending| name.to_lowercase().ends_with(ending))
}

/// What a file says.
#[derive(Default)]
pub(super) struct Log {
    pub(super) topics: BTreeMap<String, Found>,
    /// The entries of the metadata record called [`OWN_RECORD`].
    pub(super) own: BTreeMap<String, String>,
    /// Topics whose messages were to be decoded.
    wanted: BTreeSet<String>,
    /// What the walk left out.
    lost: Vec<String>,
    /// How often channels of topics are defined anew.
    anew: BTreeMap<String, usize>,
    /// Of topics and of channels without one, how many messages were not decoded and why not the first.
    strange: BTreeMap<String, (usize, String)>,
}

impl Log {
    /// Whether everything is there that would be if these topics had been wanted.
    pub(super) fn has(&self, wanted: &BTreeSet<&str>) -> bool {
        wanted.iter().all(|topic| self.wanted.contains(*topic))
    }

    /// What could not be read, for somebody who wants these topics.
    pub(super) fn notes(&self, wanted: &BTreeSet<&str>) -> Vec<String> {
        let read = |topic: &str, found: &Found| wanted.contains(topic) || found.is_clock();
        let all: Vec<&Found> =
            self.topics.iter().filter(|(topic, found)| read(topic, found)).map(|(_, found)| found).collect();
        let mut notes = self.lost.clone();
        let packed: usize = all.iter().map(|found| found.packed).sum();
        if packed > 0 {
            notes
                .push(format!("{packed} messages were packed one by one (compression_mode: MESSAGE) and are unpacked"));
        }
        notes.extend(self.anew.iter().map(|(topic, n)| {
            format!(
                "{topic}: its channel is defined anew {n} times in mid-file; messages are read as defined last before them"
            )
        }));
        // Whoever needs a topic of which nothing is left hears of it there.
        let told = |topic: &str| self.topics.get(topic).is_none_or(|f| read(topic, f) && f.unread.is_none());
        let strange = self.strange.iter().filter(|(topic, _)| told(topic));
        notes.extend(strange.map(|(topic, (n, why))| format!("left out: {n} messages of {topic}; the first: {why}")));
        notes.extend(all.into_iter().flat_map(|found| found.passed.iter().cloned()));
        notes
    }
}

/// One topic of a file.
#[derive(Default)]
pub(super) struct Found {
    /// The name of its schema.
    pub(super) kind: String,
    /// In what its messages and their schema are, where that is not read.
    strange: Option<String>,
    /// Why there is no row of it, if it was wanted and has messages.
    pub(super) unread: Option<String>,
    pub(super) messages: usize,
    /// How many of them were packed one by one.
    packed: usize,
    /// Which of their fields have no column, and why.
    passed: Vec<String>,
    /// First and last log time, in nanoseconds.
    span: Option<(u64, u64)>,
    /// Its table, if it was wanted.
    pub(super) columns: Columns,
    /// Its messages, row by row, if it was wanted.
    pub(super) rows: Vec<MessageAt>,
}

impl Found {
    /// Messages a second.
    pub(super) fn rate(&self) -> Option<f64> {
        let (first, last) = self.span.filter(|(first, last)| last > first)?;
        Some((self.messages - 1) as f64 * 1e9 / (last - first) as f64)
    }

    pub(super) fn is_picture(&self) -> bool {
        picture::is_picture(&self.kind)
    }

    /// Whether its pictures, which were wanted, say that they are depth.
    fn is_depth(&self) -> bool {
        let first = |column: &str| self.columns.texts.get(column).and_then(|texts| texts.first());
        first("encoding").is_some_and(|encoding| picture::is_depth(encoding))
            || first("format").is_some_and(|format| format.contains("compressedDepth"))
    }

    /// Whether it tells the time of a simulation or of a bag that is played.
    pub(super) fn is_clock(&self) -> bool {
        is_clock(&self.kind)
    }
}

fn is_clock(kind: &str) -> bool {
    matches!(kind, "rosgraph_msgs/msg/Clock" | "rosgraph_msgs/Clock")
}

/// A channel while its file is read.
struct Open {
    topic: String,
    /// A hash of all that defines it.
    mark: u64,
    /// How its messages are decoded, if its topic is wanted.
    decoder: Option<Arc<Channel>>,
    /// Its pictures, if it is a video.
    video: Option<VideoPlaces>,
    /// Why they are not, and how often that mattered.
    failed: Option<String>,
}

impl Open {
    /// All of its messages are known.
    fn end(&mut self) {
        if let (Some(channel), Some(video)) = (&self.decoder, self.video.take()) {
            video.finish(channel);
        }
    }
}

/// Reads a file; messages of `wanted` topics and of clocks are decoded, the others counted.
pub(super) fn read(store: &Store, wanted: &BTreeSet<&str>) -> Result<Log, String> {
    let mut log = Log { wanted: wanted.iter().map(|topic| (*topic).to_owned()).collect(), ..Log::default() };
    let mut schemas: HashMap<u16, (String, String, Vec<u8>)> = HashMap::new();
    let mut channels: HashMap<u16, Open> = HashMap::new();
    let mut tables: BTreeMap<String, Topic> = BTreeMap::new();
    let mut left = allowance(store.size().map_err(|e| e.to_string())?);
    let mut base = None;
    let mut part = store.clone();
    let lost = walk(store, &mut |item| {
        match item {
            Item::Part(next) => {
                // Numbers of schemas and channels are those of one file.
                finish(&mut channels);
                schemas.clear();
                part = next.clone();
                if let Store::Through { wal, .. } = next {
                    left = left.saturating_add(allowance(wal.bytes()));
                }
            }
            Item::Schema(head, data) => {
                schemas.insert(head.id, (head.name, head.encoding, data.to_vec()));
            }
            Item::Channel(channel) => {
                let schema = schemas.get(&channel.schema_id);
                let (name, kind, data) = schema.map_or(("", "", &[][..]), |(n, k, d)| (n, k, d));
                let mark = mark(&channel, (name, kind, data));
                // Bags of ROS 1 repeat their connections at the end; one that says something else counts from there on.
                if let Some(open) = channels.get_mut(&channel.id) {
                    if open.mark == mark {
                        return Ok(());
                    }
                    *log.anew.entry(channel.topic.clone()).or_default() += 1;
                    if log.anew.values().sum::<usize>() > MOST_TOPICS {
                        return Err(format!("more than {MOST_TOPICS} channels are defined anew (MOST_TOPICS)"));
                    }
                    open.end();
                }
                let found = log.topics.entry(channel.topic.clone()).or_default();
                if found.kind.is_empty() {
                    name.clone_into(&mut found.kind);
                }
                if !is_read(&channel.message_encoding, kind) {
                    found.strange = Some(spelled(&channel.message_encoding, kind));
                }
                let is_wanted = wanted.contains(channel.topic.as_str());
                let decoder = (is_wanted || is_clock(name))
                    .then(|| Decoder::new(&channel.message_encoding, (name, kind, data)))
                    .filter(|decoder| is_wanted || decoder.is_ok());
                let (decoder, failed) = match decoder {
                    Some(Ok(decoder)) => (Some(Arc::new(Channel::new(part.clone(), decoder))), None),
                    Some(Err(why)) => (None, Some(why)),
                    None => (None, None),
                };
                let video = picture::is_video(name).then(VideoPlaces::default);
                channels.insert(channel.id, Open { topic: channel.topic, mark, decoder, video, failed });
                if log.topics.len() > MOST_TOPICS {
                    return Err(format!("it has more than {MOST_TOPICS} topics, which is the limit (MOST_TOPICS)"));
                }
            }
            Item::Message(head, data, place) => {
                let base = *base.get_or_insert(head.log_time);
                let Some(open) = channels.get_mut(&head.channel_id) else {
                    let stranger = log.strange.entry(format!("channel {}", head.channel_id)).or_default();
                    *stranger = (stranger.0 + 1, "nothing says what the channel is".to_owned());
                    return Ok(());
                };
                let Some(found) = log.topics.get_mut(&open.topic) else { return Ok(()) };
                let (first, last) = found.span.unwrap_or((head.log_time, head.log_time));
                found.messages += 1;
                found.span = Some((first.min(head.log_time), last.max(head.log_time)));
                let why = match (&open.decoder, &open.failed) {
                    (Some(channel), _) => {
                        let bytes = channel.decoder.unpacked(data);
                        found.packed += usize::from(matches!(bytes, Ok(Cow::Owned(_))));
                        let decoded = bytes.as_ref().map_err(String::clone).and_then(|bytes| {
                            let value = channel.decoder.decode(bytes)?;
                            let message = match &mut open.video {
                                Some(video) => video.push(channel, &value, place)?,
                                None => MessageAt::alone(channel, place),
                            };
                            Ok((value, message))
                        });
                        match decoded {
                            Ok((value, message)) => {
                                let table = tables.entry(open.topic.clone()).or_default();
                                table.push(&value, [head.log_time, head.publish_time], base, &mut left)?;
                                found.rows.push(message);
                                return Ok(());
                            }
                            Err(why) => why,
                        }
                    }
                    (None, Some(why)) => why.clone(),
                    (None, None) => return Ok(()),
                };
                let stranger = log.strange.entry(open.topic.clone()).or_insert((0, why));
                stranger.0 += 1;
            }
            Item::Metadata(metadata) if metadata.name == OWN_RECORD => log.own = metadata.metadata,
            Item::Metadata(_) => {}
        }
        Ok(())
    })?;
    finish(&mut channels);
    log.lost = lost;
    for (topic, (n, why)) in &log.strange {
        let Some(found) = log.topics.get_mut(topic).filter(|found| found.rows.is_empty()) else { continue };
        found.unread = Some(format!("{n} messages of type {}, the first: {why}", found.kind));
    }
    for (name, table) in tables {
        let Some(found) = log.topics.get_mut(&name) else { continue };
        let long = table.long.iter().map(|(field, n)| format!("{field} ({n})")).collect::<Vec<_>>();
        if !long.is_empty() {
            found.passed.push(format!("{name}: lists too long for columns were passed by: {}", long.join(", ")));
        }
        if table.crowded > 0 {
            found.passed.push(format!(
                "{name}: {} fields were passed by, the limit (MOST_COLUMNS) is {MOST_COLUMNS} columns a topic",
                table.crowded
            ));
        }
        let (columns, order) = table.finish();
        found.columns = columns;
        found.rows = order.iter().map(|at| found.rows[*at].clone()).collect();
    }
    Ok(log)
}

/// All messages of these channels are known.
fn finish(channels: &mut HashMap<u16, Open>) {
    for (_, mut open) in channels.drain() {
        open.end();
    }
}

/// What tells a channel from another of its number: topic, encoding and schema (name, encoding, data).
fn mark(channel: &::mcap::records::Channel, schema: (&str, &str, &[u8])) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&channel.topic, &channel.message_encoding, schema).hash(&mut hasher);
    hasher.finish()
}

/// Topics with type, count and rate, for messages.
pub(super) fn listed(topics: &BTreeMap<String, Found>) -> String {
    let one = |(name, found): (&String, &Found)| {
        let rate = found.rate().map_or_else(String::new, |r| format!(", {r:.1} a second"));
        let strange = found.strange.as_ref().map_or_else(String::new, |what| format!(", in {what}, which is not read"));
        format!("{name} ({}, {} messages{rate}{strange})", found.kind, found.messages)
    };
    let shown: Vec<String> = topics.iter().take(40).map(one).collect();
    let more = topics.len().saturating_sub(40);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

#[cfg(test)]
pub(super) use either::WALKS;
