//! `[arrays]` of a mapping: which array of a file is what, and where its episodes are.

use super::episode::{Parts, Place, read};
use super::listing::{listed, not_kept};
use super::recorded::{Cameras, Found};
use super::spans::{Span, by_beginnings, by_ends, by_lengths, by_stops};
use super::store::{Rows, Store};
use serde::{Deserialize, Serialize};
use terrella_data::vectors::{Vector, choose_vectors, joined_names};
use terrella_data::{Error, Note, Result, SourceOptions};

/// Which array is what. Names are paths in the file, or below the group of an episode where there is one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arrays {
    /// Glob of groups, each an episode.
    pub episodes: Option<String>,
    /// Arrays of flags that end an episode with their row.
    pub last: Vec<String>,
    /// Array of flags that begin an episode with their row.
    pub first: Option<String>,
    /// Array of the lengths of episodes.
    pub lengths: Option<String>,
    /// Array of the rows before which episodes end.
    pub ends: Option<String>,
    /// What was measured.
    pub state: Vec<String>,
    /// What was commanded.
    pub action: Vec<String>,
    /// Pictures, the camera that models see first.
    pub pictures: Vec<String>,
    /// What an action was worth.
    pub reward: Option<String>,
    /// Where an action ended the task.
    pub terminated: Option<String>,
    /// Where the recording was cut.
    pub truncated: Option<String>,
    /// Whether the task is done; the last row counts.
    pub success: Option<String>,
    /// Whether actions, rewards and ends are stored with the observation that they led to.
    pub led: bool,
}

/// What reward, end and cut are called here.
const OUTCOMES: [&str; 3] = ["reward", "terminated", "truncated"];

impl Arrays {
    /// Checks what a parser cannot.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        if self.action.is_empty() {
            return Err("names no action = [..]".to_owned());
        }
        if self.state.is_empty() && self.pictures.is_empty() {
            return Err("names neither state = [..] nor pictures = [..]".to_owned());
        }
        let ways = [
            self.episodes.is_some(),
            !self.last.is_empty(),
            self.first.is_some(),
            self.lengths.is_some(),
            self.ends.is_some(),
        ];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err(
                "says in several ways where episodes are; keep one of episodes, last, first, lengths, ends".into()
            );
        }
        Ok(())
    }

    /// Reads a file by it; `about` is what else the mapping says.
    pub(crate) fn read(&self, store: &dyn Store, about: &Found, options: &SourceOptions) -> Result<Found> {
        let path = store.path();
        let groups = self.groups(store)?;
        // The first episode whose actions can be read stands for all.
        let within = |group: &String, name: &str| match group.as_str() {
            "" => name.to_owned(),
            group => format!("{group}/{name}"),
        };
        let missing = |name: &str| {
            let held = listed(&store.below(""));
            Error::broken(
                path,
                format!("the mapping names {name}, which is not there; there is {held}"),
                "correct [arrays]",
            )
        };
        let acts = |group: &&String| store.shape(&within(group, &self.action[0])).is_ok();
        let looked = groups.iter().find(acts).ok_or_else(|| missing(&within(&groups[0], &self.action[0])))?;
        let named = [&self.reward, &self.terminated, &self.truncated, &self.success].into_iter().flatten();
        let named = named.chain(&self.state).chain(&self.action).chain(&self.pictures);
        if let Some(name) = named.into_iter().find(|name| store.shape(&within(looked, name)).is_err()) {
            return Err(missing(&within(looked, name)));
        }
        let vector = |name: &String| -> Result<Vector> {
            let shape = store.shape(&within(looked, name))?;
            let width = shape.width().ok_or_else(|| super::store::no_numbers(path, name, &shape))?;
            Ok(Vector::new(name, width))
        };
        let offered = self.state.iter().map(vector).collect::<Result<Vec<_>>>()?;
        let state = choose_vectors(path, options, offered, |_| true)?;
        let shown: Vec<&str> = self.pictures.iter().map(String::as_str).collect();
        let cameras = Cameras::choose(path, options, &shown, shown.first().copied())?;
        let parts = Parts {
            action: self.action.clone(),
            pictures: cameras.names().map(str::to_owned).collect(),
            outcomes: [self.reward.clone(), self.terminated.clone(), self.truncated.clone()],
            success: self.success.clone(),
            actions_led: self.led,
            outcomes_led: self.led,
            state,
        };
        let mut notes: Vec<Note> = Vec::new();
        let places: Vec<(String, Option<Span>)> = match self.spans(store, &mut notes)? {
            Some(spans) => spans.into_iter().map(|span| (String::new(), Some(span))).collect(),
            None => groups.iter().map(|group| (group.clone(), None)).collect(),
        };
        let marks = self.last.iter().chain(&self.first).chain(&self.lengths).chain(&self.ends);
        let marks: Vec<&String> = marks.collect();
        notes.extend(not_kept(&store.below(looked), "[arrays] names what is", |name| {
            parts.has(name) || marks.iter().any(|mark| *mark == name)
        }));
        let episode = |(at, (group, span)): (usize, (String, Option<Span>))| {
            let name = if group.is_empty() { format!("episode {at}") } else { group.clone() };
            (name, read(store, Place { group: &group, span }, &parts))
        };
        let episodes = places.into_iter().enumerate().map(episode).collect();
        let (fps, task, env) = (about.fps, about.task.clone(), about.env.clone());
        let state = joined_names(&parts.state);
        Ok(Found { fps, task, env, state, cameras, outcomes: OUTCOMES, episodes, notes, ..Found::default() })
    }

    /// Groups that fit the glob, part by part; the root where there is none.
    fn groups(&self, store: &dyn Store) -> Result<Vec<String>> {
        let mut found = vec![String::new()];
        let Some(glob) = &self.episodes else { return Ok(found) };
        for part in glob.split('/').filter(|part| !part.is_empty()) {
            let pattern =
                glob::Pattern::new(part).map_err(|e| Error::Invalid(format!("[arrays] episodes = \"{glob}\": {e}")))?;
            let below = |group: &String| {
                let fit: Vec<String> = store.groups(group).into_iter().filter(|name| pattern.matches(name)).collect();
                fit.into_iter().map(|name| if group.is_empty() { name } else { format!("{group}/{name}") }).collect()
            };
            found = found.iter().flat_map(|group| -> Vec<String> { below(group) }).collect();
        }
        if found.is_empty() {
            let held = listed(&store.below(""));
            let what = format!("no group fits episodes = \"{glob}\"; there is {held}");
            return Err(Error::broken(store.path(), what, "correct [arrays]"));
        }
        Ok(found)
    }

    /// Episodes among rows that follow each other, where the mapping says how they are told apart.
    fn spans(&self, store: &dyn Store, notes: &mut Vec<Note>) -> Result<Option<Vec<Span>>> {
        let flags = |name: &String| -> Result<Vec<bool>> {
            let len = store.shape(name)?.rows();
            let table = store.table(&Rows { array: name.clone(), from: 0, len })?;
            Ok(table.data.iter().map(|x| *x != 0.0).collect())
        };
        let wrong = |name: &String| {
            let what = format!("{name} holds numbers that are no lengths or ends of episodes");
            Error::broken(store.path(), what, "correct [arrays], or what is stored")
        };
        if let Some(name) = &self.lengths {
            return by_lengths(&store.integers(name)?).ok_or_else(|| wrong(name)).map(Some);
        }
        if let Some(name) = &self.ends {
            return by_stops(&store.integers(name)?).ok_or_else(|| wrong(name)).map(Some);
        }
        if let Some(name) = &self.first {
            return Ok(Some(by_beginnings(&flags(name)?)));
        }
        let Some(one) = self.last.first() else { return Ok(None) };
        let mut ends = flags(one)?;
        for name in &self.last[1..] {
            let more = flags(name)?;
            if more.len() != ends.len() {
                let what = format!("{one} has {} rows, {name} {}", ends.len(), more.len());
                return Err(Error::broken(store.path(), what, "name flags of the same rows in last = [..]"));
            }
            ends.iter_mut().zip(more).for_each(|(end, more)| *end |= more);
        }
        let (spans, left) = by_ends(ends);
        if let Some((from, len)) = spans.last().filter(|_| left) {
            let what =
                format!("the last {len} rows, from row {from} on, have no end; they are an episode that was cut");
            notes.push(Note { place: one.clone(), what });
        }
        Ok(Some(spans))
    }
}
