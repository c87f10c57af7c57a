//! The format of logs: by a mapping that is given, known, found in the file or guessed, in this order.
//!
//! Mappings of known layouts lie in `mappings/`, which are the examples too.

use crate::bags::{self, Bag};
use crate::files::{self, ENDINGS, table_ending};
use crate::mapping::{self, Mapping};
use crate::mcap::Guessed;
use crate::reader::Before;
use crate::table::Content;
use crate::tree::Tree;
use crate::{flight, mcap, source};
use std::collections::BTreeSet;
use std::path::Path;
use terrella_data::{Error, Format, Note, Result, Source, SourceOptions};
use terrella_imports::mapped::{self, About};

/// Mappings of layouts that are known.
pub const MAPPINGS: &[(&str, &str)] = &[
    ("comma2k19", include_str!("../mappings/comma2k19.toml")),
    ("donkeycar", include_str!("../mappings/donkeycar.toml")),
    ("double-pendulum", include_str!("../mappings/double-pendulum.toml")),
    ("double-pendulum-recorded", include_str!("../mappings/double-pendulum-recorded.toml")),
    ("droid-json", include_str!("../mappings/droid-json.toml")),
    ("simple-pendulum", include_str!("../mappings/simple-pendulum.toml")),
    ("simple-pendulum-recorded", include_str!("../mappings/simple-pendulum-recorded.toml")),
    ("slambook", include_str!("../mappings/slambook.toml")),
    ("table-tennis", include_str!("../mappings/table-tennis.toml")),
    ("vjepa2-franka", include_str!("../mappings/vjepa2-franka.toml")),
];

/// The format.
pub struct Logs;

impl Format for Logs {
    fn name(&self) -> &'static str {
        "log"
    }

    fn describe(&self) -> &'static str {
        "MCAP and bags of ROS 1 and 2; ULog and logs of Crazyflies; CSV, JSON, NumPy or Parquet files in a folder or an archive, with --map"
    }

    fn detect(&self, path: &Path) -> bool {
        let folder = bags::folder_of(path);
        let path = folder.as_deref().unwrap_or(path);
        (path.is_file() && table_ending(path))
            || Tree::open(path).is_ok_and(|tree| {
                known(&tree).is_some() || bag(&tree, &bags::find(&tree)).is_some() || !flight::logs_of(&tree).is_empty()
            })
    }

    fn open(&self, path: &Path, options: &SourceOptions) -> Result<Box<dyn Source>> {
        if let Some(mapping) = options.map.as_deref().map(named).transpose()?
            && let Some(arrays) = &mapping.arrays
        {
            let (fps, task, env) = (mapping.fps, mapping.task.clone(), mapping.env.clone());
            return mapped::open(path, arrays, About { fps, task, env }, options);
        }
        // Whoever points at the metadata of a bag means the bag.
        let folder = bags::folder_of(path);
        let path = folder.as_deref().unwrap_or(path);
        let tree = Tree::open(path)?;
        let bags = bags::find(&tree);
        let (mapping, mut notes, before) = match &options.map {
            Some(name) => (with_topics(named(name)?, &tree)?, Vec::new(), None),
            None => match known(&tree) {
                Some(mapping) => (mapping, Vec::new(), None),
                None => match of_bag(path, &tree, &bags, options)? {
                    Some(found) => found,
                    None => {
                        let found = of_flight(path, &tree, options)?;
                        let (mapping, notes) = found.ok_or_else(|| no_mapping(path, &tree))?;
                        (mapping, notes, None)
                    }
                },
            },
        };
        if path.is_file() {
            let place = path.display().to_string();
            notes.extend(bags::beside(path)?.map(|what| Note { place, what }));
        }
        Ok(Box::new(source::Log::open(path, tree, mapping, options, (notes, before))?))
    }
}

/// A mapping by its name, or from a file.
fn named(name: &str) -> Result<Mapping> {
    if let Some((name, text)) = MAPPINGS.iter().find(|(known, _)| *known == name) {
        return Mapping::parse(name, text);
    }
    let path = Path::new(name);
    let text = std::fs::read_to_string(path).map_err(|e| {
        let known: Vec<&str> = MAPPINGS.iter().map(|(name, _)| *name).collect();
        Error::Invalid(format!("cannot read the mapping {name}: {e}; give a file, or one of {}", known.join(", ")))
    })?;
    Mapping::parse(name, &text)
}

/// The mapping whose files are all there.
fn known(tree: &Tree) -> Option<Mapping> {
    let mappings = MAPPINGS.iter().filter_map(|(name, text)| Mapping::parse(name, text).ok());
    mappings.into_iter().find(|m| !m.detect.is_empty() && m.detect.iter().all(|name| tree.contains(name)))
}

/// The first MCAP file or bag of a tree.
fn bag(tree: &Tree, bags: &[Bag]) -> Option<String> {
    let file = tree.names().iter().find(|name| mcap::ending(name).is_some());
    bags::gather(bags, file.into_iter().cloned().collect(), file.is_none()).into_iter().next()
}

/// A mapping, what is to be told of it, and a file as it was read to guess it.
type Found = (Mapping, Vec<Note>, Option<Before>);

/// The mapping that an MCAP file has, or that is guessed for it, and the file as it was read for that; each file or bag of
/// a folder is a recording.
fn of_bag(path: &Path, tree: &Tree, bags: &[Bag], options: &SourceOptions) -> Result<Option<Found>> {
    let Some(first) = bag(tree, bags) else { return Ok(None) };
    let found = mcap::mapping_of(&bags::store(tree, bags, &first)?, options);
    let Guessed { mut mapping, note, log } =
        found.map_err(|what| Error::Invalid(format!("{}: {what}", tree.path(&first).display())))?;
    let mut notes: Vec<Note> = note.into_iter().collect();
    if !path.is_file() || tree.names().len() > 1 {
        // A bag is found by its files.
        let of = |name: &String| mcap::ending(name);
        let ending = tree.names().iter().find_map(of).unwrap_or(bags::METADATA);
        let others = tree.names().iter().filter(|name| of(name).is_some_and(|e| e != ending));
        let others: Vec<&str> = others.filter(|name| !bags::claimed(bags, name)).map(String::as_str).collect();
        if mapping.episodes.is_none() && !others.is_empty() {
            let (n, names) = (others.len(), others[..others.len().min(8)].join(", "));
            let what = format!(
                "left out: {n} logs that do not end in {ending} as the first does: {names}; read them by themselves"
            );
            notes.push(Note { place: "files".to_owned(), what });
        }
        mapping.episodes.get_or_insert_with(|| format!("**/*{ending}"));
    }
    Ok(Some((mapping, notes, log.map(|log| Before { name: first, log }))))
}

/// The mapping that is guessed for a flight log; each one of a folder is a recording.
fn of_flight(path: &Path, tree: &Tree, options: &SourceOptions) -> Result<Option<(Mapping, Vec<Note>)>> {
    let logs = flight::logs_of(tree);
    let Some((first, kind)) = logs.first() else { return Ok(None) };
    let found = flight::mapping_of(*kind, &tree.read(first)?, options);
    let (mut mapping, note) =
        found.map_err(|what| Error::Invalid(format!("{}: {what}", tree.path(first).display())))?;
    if !path.is_file() || tree.names().len() > 1 {
        mapping.episodes = Some(flight::glob_of(&logs));
    }
    Ok(Some((mapping, vec![note])))
}

/// A mapping whose columns may begin with topics of a flight log, with these apart.
fn with_topics(mapping: Mapping, tree: &Tree) -> Result<Mapping> {
    let Some((first, kind)) = flight::logs_of(tree).into_iter().next() else { return Ok(mapping) };
    // What cannot be read is told when it is.
    let topics = kind.read(&tree.read(first)?, &BTreeSet::new()).map(|log| log.topics).unwrap_or_default();
    Ok(mapping.with_topics(topics.keys()))
}

/// Tells what columns there are, and how a mapping for them begins.
fn no_mapping(path: &Path, tree: &Tree) -> Error {
    let columns = || -> Result<Vec<String>> {
        let name = tree.names().first().cloned().unwrap_or_default();
        let bytes = tree.read(&name)?;
        let parsed = files::parse(&name, bytes, &mapping::Csv::default());
        let (content, _): (Content, _) = parsed.map_err(|e| Error::broken(path, e, "repair it"))?;
        Ok(content.names())
    };
    match columns() {
        Err(error) => error,
        Ok(names) => {
            let clock = names.iter().find(|n| matches!(n.to_lowercase().as_str(), "t" | "time" | "timestamp"));
            let clock = clock.map_or("rate = 100.0".to_owned(), |c| format!("column = \"{c}\""));
            Error::Invalid(format!(
                "{}: a log that does not say what its columns mean ({}); write that into a file and give it with --map FILE. It may begin with\n\n[clock]\n{clock}\n\n[[state]]\ncolumns = [\"…\"]\n\n[[action]]\ncolumns = [\"…\"]\n\ndocs/logs.md has the rest; {ENDINGS} can be read",
                path.display(),
                names.join(", ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn every_mapping_that_is_shipped_can_be_read() {
        for (name, text) in MAPPINGS {
            let mapping = Mapping::parse(name, text).expect("a mapping");
            assert!(!mapping.about.is_empty(), "{name} says what it is for");
        }
    }

    /// A file of messages in JSON: joints, commands, a camera, and two of depth of which one is called so; with a list
    /// that is too long for columns on each.
    fn robot(path: &Path) {
        use base64::Engine;
        let bytes = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
        let picture = |encoding: &str, step: usize, data: &[u8]| {
            let data = bytes(data);
            json!({"height": 1, "width": 2, "step": step, "encoding": encoding, "data": data, "long": vec![0; 65]})
        };
        let mut writer = ::mcap::Writer::new(std::fs::File::create(path).expect("a file")).expect("a writer");
        let mut channels = Vec::new();
        for (topic, kind) in [
            ("/joints", "sensor_msgs/msg/JointState"),
            ("/cmd", "geometry_msgs/msg/Twist"),
            ("/eye", "sensor_msgs/msg/Image"),
            ("/range", "sensor_msgs/msg/Image"),
            ("/depth", "sensor_msgs/msg/Image"),
        ] {
            let schema = writer.add_schema(kind, "jsonschema", b"{}").expect("a schema");
            channels.push(writer.add_channel(schema, topic, "json", &BTreeMap::new()).expect("a channel"));
        }
        for at in 0..20u64 {
            let x = at as f64 / 7.0;
            let messages = [
                json!({"position": [x, -x], "long": vec![x; 65]}),
                json!({"linear": {"x": x}, "long": vec![x; 65]}),
                picture("rgb8", 6, &[at as u8; 6]),
                picture("16UC1", 4, &[at as u8; 4]),
                picture("16UC1", 4, &[7; 4]),
            ];
            for (channel_id, message) in channels.iter().zip(messages) {
                let time = 1_000_000_000 + at * 100_000_000;
                let header = ::mcap::records::MessageHeader {
                    channel_id: *channel_id,
                    sequence: at as u32,
                    log_time: time,
                    publish_time: time,
                };
                writer.write_to_known_channel(&header, message.to_string().as_bytes()).expect("written");
            }
        }
        writer.finish().expect("finished");
    }

    #[test]
    fn a_file_without_a_mapping_is_walked_through_twice_and_read_as_with_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("robot.mcap");
        robot(&path);
        let tree = Tree::open(&path).expect("a tree");
        let store = bags::store(&tree, &[], &tree.names()[0]).expect("a store");
        for (views, no_pictures) in [(&[][..], false), (&["all"][..], false), (&["/range"][..], false), (&[][..], true)]
        {
            let views: Vec<String> = views.iter().map(ToString::to_string).collect();
            let options = SourceOptions { views, no_pictures, ..SourceOptions::default() };
            crate::mcap::WALKS.set(0);
            let guessed = Logs.open(&path, &options).expect("opened");
            assert_eq!(crate::mcap::WALKS.get(), 2, "to see what is there, and to read it: {options:?}");
            // The same mapping, given: all is read for it alone.
            let found = crate::mcap::mapping_of(&store, &options).expect("guessed");
            let map = folder.path().join("map.toml");
            std::fs::write(&map, toml::to_string(&found.mapping).expect("TOML")).expect("written");
            let map = Some(map.to_string_lossy().into_owned());
            crate::mcap::WALKS.set(0);
            let given = Logs.open(&path, &SourceOptions { map, ..options.clone() }).expect("opened");
            assert_eq!(crate::mcap::WALKS.get(), 1, "nothing to guess: {options:?}");
            let told = |source: &dyn Source| -> Vec<String> {
                let notes = source.notes().into_iter().filter(|note| note.place != "topics");
                notes.map(|note| note.to_string()).collect()
            };
            assert_eq!(told(&*guessed), told(&*given), "notes: {options:?}");
            let (a, b) = (guessed.episode(0), given.episode(0));
            assert_eq!((a.states, a.actions, a.times), (b.states, b.actions, b.times), "rows: {options:?}");
            assert_eq!(guessed.cameras(), given.cameras(), "cameras: {options:?}");
            for camera in 0..given.cameras().len() {
                let bytes = |source: &dyn Source| {
                    let frames = source.frames(0, camera).expect("pictures");
                    (0..frames.len()).map(|at| frames.bytes(at).to_vec()).collect::<Vec<_>>()
                };
                assert_eq!(bytes(&*guessed), bytes(&*given), "pictures of camera {camera}: {options:?}");
            }
        }
    }
}
