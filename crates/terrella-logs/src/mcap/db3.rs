//! Bags of ROS 2 in SQLite (`.db3`), what its recorder wrote until Iron: a table of topics and one of messages.
//!
//! Only bags since Iron say what their messages are made of. For the others the standard types are known (`standard`);
//! topics of other types are left out and told.

use super::container::{Chunk, Item, Opened, Place, Store, Visit};
use super::sqlite::{Cell, Damage, Database, Row, columns};
use super::standard;
use super::wal::Wal;
use mcap::records::{Channel, MessageHeader, SchemaHeader};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// Where a table begins, and its columns.
struct Table {
    root: u32,
    columns: Vec<String>,
}

impl Table {
    /// The place of a column that has to be there.
    fn column(&self, name: &str) -> Result<usize, String> {
        let at = self.columns.iter().position(|column| column == name);
        at.ok_or_else(|| format!("a table has no column {name}, but {}", self.columns.join(", ")))
    }
}

/// A table by its name, or why it is not understood.
type Named = (String, Result<Table, String>);

/// Encodings and texts of definitions, by type.
type Definitions = BTreeMap<String, (String, String)>;

/// A topic, and its messages that cannot be read since nothing says what they are made of.
struct Topic {
    channel: u16,
    name: String,
    kind: String,
    known: bool,
    unread: usize,
}

/// A file that is to be read through the log of writes beside it, with what to tell of that; nothing where there is none.
/// One that cannot be read so, and a change that was not finished, are refused.
pub(super) fn finished(store: &Store, file: &mut Opened) -> Result<Option<(Store, String)>, String> {
    let Store::Disk(path) = store else { return Ok(None) };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = |ending: &str| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        let bytes = std::fs::metadata(&beside).map_or(0, |meta| meta.len());
        (bytes > 0).then(|| (PathBuf::from(beside), bytes))
    };
    let refused = |ending: &str, what: &str, pragma: &str| {
        Err(format!(
            "its recorder did not end well: {name}{ending} beside it holds {what}. `sqlite3 {name} \"PRAGMA {pragma};\"` there repairs it"
        ))
    };
    if beside("-journal").is_some() {
        return refused("-journal", "what a change that was not finished has to be undone with", "quick_check");
    }
    let Some((log, bytes)) = beside("-wal") else { return Ok(None) };
    let page = Database::open(file)?.page_size();
    match Wal::read(&log, page) {
        Ok(Some(wal)) => {
            let told = wal.told(&format!("{name}-wal"), bytes);
            Ok(Some((Store::Through { file: path.clone(), log, wal: Arc::new(wal) }, told)))
        }
        Ok(None) | Err(_) => refused(
            "-wal",
            "rows that were never moved into it, and no change that is whole",
            "wal_checkpoint(TRUNCATE)",
        ),
    }
}

/// Passes what stands in a bag to `visit`, and gives what was left out.
pub(super) fn walk(file: &mut Opened, visit: &mut Visit<'_>) -> Result<Vec<String>, String> {
    let mut database = Database::open(file)?;
    let missing = database.missing();
    let mut notes = Vec::new();
    if missing > 0 {
        notes.push(format!("left out: {missing} bytes are missing at its end, and rows in them"));
    }
    let mut tell = |table: &str, damage: Damage| {
        if damage.times > 0 {
            notes.push(format!("left out: {} parts of the table {table}; the first: {}", damage.times, damage.first));
        }
    };
    let mut tables: HashMap<String, Result<Table, String>> = HashMap::new();
    tell("sqlite_schema", database.rows(1, &mut |row| Ok(table(row).map(|found| tables.extend(found))))?);
    let mut table = |name: &str| tables.remove(name).transpose();
    let (Some(topics), Some(messages)) = (table("topics")?, table("messages")?) else {
        return Err("it is SQLite without the tables topics and messages, so no bag of ROS 2".to_owned());
    };
    let mut own = Definitions::new();
    if let Some(table) = table("message_definitions")? {
        tell("message_definitions", definitions(&mut database, &table, &mut own)?);
    }
    let mut known = HashMap::new();
    tell("topics", self::topics(&mut database, &topics, &own, &mut known, visit)?);
    tell("messages", self::messages(&mut database, &messages, &mut known, visit)?);
    let mut strange: Vec<Topic> = known.into_values().filter(|topic| topic.unread > 0).collect();
    strange.sort_by(|a, b| a.name.cmp(&b.name));
    notes.extend(strange.into_iter().map(|Topic { name, kind, unread, .. }| {
        let remedy = "to have it, convert the bag to MCAP where its package is installed (ros2 bag convert)";
        format!("left out: {unread} messages of {name}: nothing says what {kind} is made of; {remedy}")
    }));
    Ok(notes)
}

/// What a bag says that its types are made of.
fn definitions(database: &mut Database<'_>, table: &Table, own: &mut Definitions) -> Result<Damage, String> {
    let at = [table.column("topic_type")?, table.column("encoding")?, table.column("encoded_message_definition")?];
    database.rows(table.root, &mut |row| {
        Ok(row.cells(at).map(|cells| {
            if let [Cell::Text(kind), Cell::Text(encoding), Cell::Text(text)] = cells
                && !text.trim().is_empty()
            {
                own.insert(kind.to_owned(), (encoding.to_owned(), text.to_owned()));
            }
        }))
    })
}

/// Topics by their numbers, passed on as channels.
fn topics(
    database: &mut Database<'_>,
    table: &Table,
    own: &Definitions,
    known: &mut HashMap<i64, Topic>,
    visit: &mut Visit<'_>,
) -> Result<Damage, String> {
    let at = ["id", "name", "type", "serialization_format"].map(|name| table.column(name));
    let [id, name, kind, encoding] = at;
    let at = [id?, name?, kind?, encoding?];
    database.rows(table.root, &mut |row| {
        let (id, name, kind, encoding) = match row.cells(at) {
            Ok([Cell::Integer(id), Cell::Text(name), Cell::Text(kind), Cell::Text(how)]) => (id, name, kind, how),
            // The number of the row itself.
            Ok([_, Cell::Text(name), Cell::Text(kind), Cell::Text(how)]) => (row.id, name, kind, how),
            Ok(_) => return Ok(Err("a topic without a name and a type".to_owned())),
            Err(why) => return Ok(Err(why)),
        };
        let Ok(channel) = u16::try_from(known.len()) else {
            return Ok(Err(format!("it has more than {} topics", u16::MAX)));
        };
        if known.contains_key(&id) {
            return Ok(Err(format!("two topics have the number {id}")));
        }
        let definition = definition(own, kind);
        let (name, kind, is_known) = (name.to_owned(), kind.to_owned(), definition.is_some());
        let (how, text) = definition.unwrap_or_default();
        visit(Item::Schema(SchemaHeader { id: channel, name: kind.clone(), encoding: how }, text.as_bytes()))?;
        let (topic, message_encoding, metadata) = (name.clone(), encoding.to_owned(), BTreeMap::new());
        visit(Item::Channel(Channel { id: channel, schema_id: channel, topic, message_encoding, metadata }))?;
        known.insert(id, Topic { channel, name, kind, known: is_known, unread: 0 });
        Ok(Ok(()))
    })
}

/// Passes messages on.
fn messages(
    database: &mut Database<'_>,
    table: &Table,
    known: &mut HashMap<i64, Topic>,
    visit: &mut Visit<'_>,
) -> Result<Damage, String> {
    let at = [table.column("topic_id")?, table.column("timestamp")?, table.column("data")?];
    database.rows(table.root, &mut |row| {
        let (topic, time, data, offset) = match row.cells(at) {
            Ok([Cell::Integer(topic), Cell::Integer(time), Cell::Blob(data, offset)]) => (topic, time, data, offset),
            Ok(_) => return Ok(Err("a message without a topic, a time or data".to_owned())),
            Err(why) => return Ok(Err(why)),
        };
        let (Some(topic), Ok(time)) = (known.get_mut(&topic), u64::try_from(time)) else {
            return Ok(Err(format!("a message of topic {topic} at {time} ns, which there is not")));
        };
        topic.unread += usize::from(!topic.known);
        let head = MessageHeader { channel_id: topic.channel, sequence: 0, log_time: time, publish_time: time };
        let place = Place { chunk: Some(row.at), offset: offset as u64, len: data.len() as u64 };
        visit(Item::Message(head, data, place)).map(Ok)
    })
}

/// A row of the table of tables, if it is of a table.
fn table(row: &Row<'_>) -> Result<Option<Named>, String> {
    let [Cell::Text("table"), Cell::Text(name), Cell::Integer(root), Cell::Text(statement)] =
        row.cells([0, 1, 3, 4])?
    else {
        return Ok(None);
    };
    let root = u32::try_from(root).map_err(|_| format!("the table {name} begins at page {root}"))?;
    let told = |why| format!("the table {name}: {why}");
    Ok(Some((name.to_lowercase(), columns(statement).map(|columns| Table { root, columns }).map_err(told))))
}

/// Encoding and text of a type's definition: the bag's own if it is read, else the standard's.
fn definition(own: &Definitions, kind: &str) -> Option<(String, String)> {
    let found = own.get(kind);
    let plain = found.filter(|(encoding, _)| encoding == "ros2msg").cloned();
    plain.or_else(|| standard::definition(kind).map(|text| ("ros2msg".to_owned(), text))).or(found.cloned())
}

/// The bytes of the row at a place: messages lie in them.
pub(super) fn row(file: &mut Opened, at: u64) -> Chunk {
    Ok((Database::open(file)?.row_at(at)?, None))
}
