//! The files of a recording, each read once, and the topics of those that have some.

use super::bags;
use super::files;
use super::flight::{self, Kind};
use super::jumps::jumps;
use super::mcap::{self, MessageAt};
use super::reader::Reader;
use super::table::Content;
use std::collections::BTreeSet;

/// Where columns are: a file, the recording itself if absent, and in an MCAP file a topic.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place<'a> {
    pub(super) file: Option<&'a str>,
    pub(super) topic: Option<&'a str>,
}

impl Place<'_> {
    /// What to call it in a message.
    pub(super) fn on(&self, file: &str) -> String {
        self.topic.map_or_else(|| file.to_owned(), |topic| format!("{file}: {topic}"))
    }
}

impl Reader<'_> {
    /// Files that were read so far.
    pub(super) fn files(&self) -> impl Iterator<Item = &String> {
        self.contents.keys().map(|(file, _)| file)
    }

    /// A file name with its placeholders filled in.
    pub(super) fn fill(&self, template: &str) -> String {
        let (folder, file) = self.name.rsplit_once('/').unwrap_or(("", self.name));
        let stem = file.split('.').next().unwrap_or(file);
        let filled = template.replace("{episode}", self.name).replace("{folder}", folder).replace("{stem}", stem);
        filled.trim_start_matches('/').to_owned()
    }

    /// The name of the file of a place.
    fn file(&self, place: Place<'_>) -> String {
        place.file.map_or_else(|| self.name.to_owned(), |file| self.fill(file))
    }

    /// A file of this recording, or a topic of one, read.
    pub(super) fn content(&mut self, place: Place<'_>) -> Result<(String, &Content), String> {
        let name = self.file(place);
        if name.is_empty() {
            return Err("a stream has to name its file where no glob of episodes does".to_owned());
        }
        let key = (name.clone(), place.topic.unwrap_or_default().to_owned());
        if let Some(why) = self.unread.get(&key) {
            return Err(format!("{}: its messages cannot be read: {why}", place.on(&name)));
        }
        if !self.contents.contains_key(&key) {
            let has_topics = mcap::ending(&name).is_some() || bags::is_bag(self.bags, &name);
            match (has_topics, place.topic) {
                (true, topic) => self.topics(&name, topic)?,
                (false, topic) if let Some(kind) = flight::kind_of(self.tree, &name) => {
                    self.flight(kind, &name, topic)?
                }
                (false, Some(topic)) => {
                    return Err(format!("{name} has no topics, {topic} or other; MCAP files and flight logs have"));
                }
                (false, None) => {
                    let bytes = self.tree.read(&name).map_err(|e| e.to_string())?;
                    let parsed = files::parse(&name, bytes, &self.mapping.csv);
                    let (content, notes) = parsed.map_err(|e| format!("{name}: {e}"))?;
                    let place = if name == self.name { String::new() } else { format!(" (in {name})") };
                    self.odd.extend(notes.into_iter().map(|note| note + &place));
                    self.contents.insert(key.clone(), content);
                }
            }
        }
        Ok((name, &self.contents[&key]))
    }

    /// Reads the topics of an MCAP file that the mapping names; `topic` has to be one of them.
    fn topics(&mut self, name: &str, topic: Option<&str>) -> Result<(), String> {
        let wanted = self.mapping.topics();
        let before = self.before.take_if(|before| before.name == name && before.log.has(&wanted));
        let log = match before {
            Some(before) => before.log,
            None => {
                let store = bags::store(self.tree, self.bags, name).map_err(|e| e.to_string())?;
                mcap::read(&store, &wanted).map_err(|e| format!("{name}: {e}"))?
            }
        };
        // Of those that are there and cannot be read, each is missed only where somebody needs it.
        for (topic, found) in log.topics.iter().filter(|(topic, _)| wanted.contains(topic.as_str())) {
            if let Some(why) = &found.unread {
                self.unread.insert((name.to_owned(), topic.clone()), why.clone());
            }
        }
        match topic {
            None => return Err(format!("{name}: say which topic is meant: {}", mcap::listed(&log.topics))),
            Some(topic) if log.topics.get(topic).is_none_or(|found| found.rows.is_empty()) => {
                if let Some(why) = log.topics.get(topic).and_then(|found| found.unread.as_ref()) {
                    return Err(format!("{name}: {topic}: its messages cannot be read: {why}"));
                }
                let notes = log.notes(&wanted).iter().map(|note| format!("; {note}")).collect::<String>();
                let listed = mcap::listed(&log.topics);
                return Err(format!("{name}: no messages of topic {topic} can be read (there are: {listed}){notes}"));
            }
            Some(_) => {}
        }
        self.odd.extend(log.notes(&wanted));
        for (topic, found) in log.topics {
            let is_wanted = wanted.contains(topic.as_str());
            if found.is_clock() && !is_wanted {
                self.jumps.extend(jumps(&topic, &Content::Columns(found.columns)));
                self.others.insert(topic);
            } else if is_wanted && !found.rows.is_empty() {
                let key = (name.to_owned(), topic);
                self.messages.insert(key.clone(), found.rows);
                self.contents.insert(key, Content::Columns(found.columns));
            } else if !is_wanted {
                self.others.insert(topic);
            }
        }
        Ok(())
    }

    /// Reads the topics of a flight log that the mapping names; `topic` has to be one of them. A log of one topic needs
    /// no name for it.
    fn flight(&mut self, kind: &dyn Kind, name: &str, topic: Option<&str>) -> Result<(), String> {
        let bytes = self.tree.read(name).map_err(|e| e.to_string())?;
        let read = |wanted: &BTreeSet<&str>| kind.read(&bytes, wanted).map_err(|e| format!("{name}: {e}"));
        let mut wanted = self.mapping.topics();
        let all = read(&BTreeSet::new())?;
        let filled: Vec<&String> = all.topics.iter().filter(|(_, t)| t.messages > 0).map(|(name, _)| name).collect();
        match (topic, &filled[..]) {
            (None, [only]) => drop(wanted.insert(only)),
            (None, _) => return Err(format!("{name}: say which topic is meant: {}", flight::listed(&all.topics))),
            (Some(topic), _) if !filled.iter().any(|name| *name == topic) => {
                let notes = all.notes.iter().map(|note| format!("; {note}")).collect::<String>();
                let listed = flight::listed(&all.topics);
                return Err(format!("{name}: no messages of topic {topic} can be read (there are: {listed}){notes}"));
            }
            _ => {}
        }
        let log = read(&wanted)?;
        self.odd.extend(log.notes);
        self.used.extend(["log_time", "timestamp"].map(str::to_owned));
        for (other, found) in log.topics {
            if !wanted.contains(other.as_str()) {
                self.others.extend(Some(other).filter(|_| found.messages > 0));
                continue;
            }
            // The same under its name, and as the only one.
            let key = if topic.is_none() { String::new() } else { other };
            self.contents.insert((name.to_owned(), key), Content::Columns(found.columns));
        }
        Ok(())
    }

    /// Whether a place has times of its own, in a column `log_time`.
    pub(super) fn has_clock(&self, place: Place<'_>) -> bool {
        place.topic.is_some() || flight::kind_of(self.tree, &self.file(place)).is_some()
    }

    /// Why a topic that is there cannot be read.
    pub(super) fn unread(&self, place: Place<'_>) -> Option<String> {
        let key = (self.file(place), place.topic.unwrap_or_default().to_owned());
        self.unread.get(&key).cloned()
    }

    /// Whether a file that was read lacks this topic.
    pub(super) fn lacks(&self, place: Place<'_>) -> bool {
        let file = self.file(place);
        let there = self.unread(place).is_some() || !self.messages(&file, place).is_empty();
        self.messages.keys().any(|(of, _)| *of == file) && !there
    }

    /// The messages of a topic that was read.
    pub(super) fn messages(&self, file: &str, place: Place<'_>) -> Vec<MessageAt> {
        let key = (file.to_owned(), place.topic.unwrap_or_default().to_owned());
        self.messages.get(&key).cloned().unwrap_or_default()
    }
}
