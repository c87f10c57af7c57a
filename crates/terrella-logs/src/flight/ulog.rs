//! ULog, the log of PX4: messages that say themselves what stands in them.
//!
//! A head, then messages: a length, a letter for the kind, and as many bytes. Definitions (`F`) say which fields a
//! topic has, subscriptions (`A`) give it a number, data (`D`) are its rows. What is damaged is passed by up to the next
//! mark (`S`) that recorders write for that; a file that ends within a message gives all before it. Lengths are held
//! against what follows.
//!
//! Format: <https://docs.px4.io/main/en/dev_log/ulog_file_format>.

use super::super::units::TimeUnit;
use super::bytes::Rest;
use super::found::FlightLog;
use super::kind::{Kind, Role};
use super::layout::{Formats, Layout, MOST_FIELDS, MOST_IN_ALL, What, layout, parse};
use super::px4;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// The format.
pub(super) struct Ulog;

const MAGIC: &[u8] = b"ULog\x01\x12\x35";
/// Bytes of the head: magic, version, when the log began.
const HEAD: usize = 16;
/// What a mark holds, behind its length and its letter.
const MARK: &[u8] = b"\x08\x00S\x2f\x73\x13\x20\x25\x0c\xbb\x12";
/// Elements of an array that becomes a column.
const LONGEST_LIST: usize = 64;
/// The topic of what was logged as text.
const TEXTS: &str = "logged_string";

impl Kind for Ulog {
    fn name(&self) -> &'static str {
        "ULog"
    }

    fn is(&self, name: &str, head: &[u8]) -> bool {
        let name = name.strip_suffix(".gz").unwrap_or(name);
        name.ends_with(".ulg") || name.ends_with(".ulog") || head.starts_with(MAGIC)
    }

    fn read(&self, bytes: &[u8], wanted: &BTreeSet<&str>) -> Result<FlightLog, String> {
        Reader::read(bytes, wanted)
    }

    fn role(&self, topic: &str, field: &str) -> Option<Role> {
        px4::role(topic, field)
    }

    fn is_known(&self, topic: &str) -> bool {
        px4::is_known(topic)
    }
}

/// A topic under its number.
struct Subscription {
    topic: String,
    wanted: bool,
    layout: Result<Rc<Layout>, String>,
}

struct Reader<'a> {
    bytes: &'a [u8],
    wanted: &'a BTreeSet<&'a str>,
    formats: Formats,
    layouts: BTreeMap<String, Result<Rc<Layout>, String>>,
    /// Fields of all layouts.
    fields: usize,
    subscriptions: HashMap<u16, Subscription>,
    /// Where appended parts begin, the next one last.
    appended: Vec<usize>,
    log: FlightLog,
    start: u64,
    /// The latest time of a message.
    now: u64,
    messages: usize,
    /// Milliseconds that the recorder lost, and when.
    dropouts: Vec<(u16, u64)>,
    /// Parameters that were changed.
    changed: BTreeSet<String>,
    /// Arrays too long for columns.
    long: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn read(bytes: &'a [u8], wanted: &'a BTreeSet<&'a str>) -> Result<FlightLog, String> {
        if !bytes.starts_with(MAGIC) {
            return Err("it does not begin as a ULog does".to_owned());
        }
        let time = bytes.get(MAGIC.len() + 1..HEAD).and_then(|time| Rest(time).u64());
        let start = time.ok_or_else(|| format!("it has {} bytes, the head of a ULog {HEAD}", bytes.len()))?;
        let mut reader = Self {
            bytes,
            wanted,
            formats: Formats::new(),
            layouts: BTreeMap::new(),
            fields: 0,
            subscriptions: HashMap::new(),
            appended: Vec::new(),
            log: FlightLog::default(),
            start,
            now: start,
            messages: 0,
            dropouts: Vec::new(),
            changed: BTreeSet::new(),
            long: BTreeSet::new(),
        };
        reader.walk()?;
        Ok(reader.finish())
    }

    /// All messages, one after the other.
    fn walk(&mut self) -> Result<(), String> {
        let mut at = HEAD;
        while at < self.bytes.len() {
            // A part that was appended begins where it is said to, whatever stands before it.
            let end = self.appended.last().copied().unwrap_or(self.bytes.len());
            if at >= end {
                self.appended.pop();
                continue;
            }
            let mut rest = Rest(&self.bytes[at..end]);
            let body = rest.u16().zip(rest.u8()).map(|(len, kind)| (len, kind, rest.take(usize::from(len))));
            let why = match body {
                Some((_, kind, Some(body))) => match self.message(kind, body)? {
                    Ok(()) => {
                        at = end - rest.0.len();
                        continue;
                    }
                    Err(why) => why,
                },
                Some((len, ..)) => format!("a message of {len} bytes begins, which is more than follows"),
                None => "it ends within a message".to_owned(),
            };
            let mark = self.bytes[at + 1..end].windows(MARK.len()).position(|bytes| bytes == MARK);
            let to = mark.map_or(end, |mark| at + 1 + mark);
            let (of, read) = (self.bytes.len(), self.messages);
            self.log.note(if to == of {
                format!("left out: what follows byte {at} of {of} ({why}); the {read} messages before that were read")
            } else {
                format!("left out: bytes {at} to {to} of {of} ({why})")
            });
            at = to;
        }
        Ok(())
    }

    /// One message; the inner error is damage, the outer one ends the reading.
    fn message(&mut self, kind: u8, body: &[u8]) -> Result<Result<(), String>, String> {
        let mut rest = Rest(body);
        let read = match kind {
            b'B' => return self.flags(rest).map(Ok),
            b'F' => self.define(body),
            b'A' => return self.subscribe(rest),
            b'D' => return self.data(rest),
            b'R' => rest.u16().map(|id| drop(self.subscriptions.remove(&id))).ok_or("an end of a subscription"),
            b'L' => return self.text(rest, false),
            b'C' => return self.text(rest, true),
            b'O' => rest.u16().map(|ms| self.dropouts.push((ms, self.now))).ok_or("a dropout"),
            b'P' => {
                self.parameter(rest);
                Ok(())
            }
            b'S' if body != &MARK[3..] => Err("a mark"),
            // Others say nothing about rows: what the vehicle is, defaults of parameters, kinds that are newer.
            other if other.is_ascii_uppercase() => Ok(()),
            _ => return Ok(Err(format!("a message of kind {kind}, which there is none of"))),
        };
        self.messages += 1;
        Ok(read.map_err(|what| format!("{what} is damaged")))
    }

    /// What a reader has to be able to do; where further parts begin.
    fn flags(&mut self, mut rest: Rest<'_>) -> Result<(), String> {
        let flags = rest.take(8).and_then(|_| rest.take(8)).ok_or("its flags are cut off")?;
        if flags[0] & !1 != 0 || flags[1..].iter().any(|flag| *flag != 0) {
            return Err(format!("it needs a newer reader: its flags are {flags:02x?}, of which 01 is known"));
        }
        let places = std::iter::from_fn(|| rest.u64()).take(3).filter(|place| *place != 0);
        let mut places: Vec<u64> = places.collect();
        places.sort_unstable();
        let size = self.bytes.len();
        for place in places.into_iter().rev() {
            match usize::try_from(place).ok().filter(|place| (HEAD..=size).contains(place)) {
                Some(place) => self.appended.push(place),
                None => self.log.note(format!("left out: a part at byte {place}, the file has {size}")),
            }
        }
        self.messages += 1;
        Ok(())
    }

    fn define(&mut self, body: &[u8]) -> Result<(), &'static str> {
        let text = std::str::from_utf8(body).map_err(|_| "a definition")?;
        let (name, fields) = parse(text).map_err(|_| "a definition")?;
        self.formats.entry(name).or_insert(fields);
        Ok(())
    }

    fn subscribe(&mut self, mut rest: Rest<'_>) -> Result<Result<(), String>, String> {
        let head = rest.u8().zip(rest.u16());
        let (Some((instance, id)), Ok(name)) = (head, std::str::from_utf8(rest.0)) else {
            return Ok(Err("a subscription is damaged".to_owned()));
        };
        let name = name.trim_end_matches('\0');
        let topic = if instance == 0 { name.to_owned() } else { format!("{name}.{instance}") };
        if !self.layouts.contains_key(name) {
            let laid = if self.fields > MOST_IN_ALL {
                Err(format!("all topics have more than {MOST_IN_ALL} fields, which is the limit (MOST_IN_ALL)"))
            } else {
                layout(&self.formats, name).map(Rc::new)
            };
            // One that was refused took as long as the largest.
            self.fields += laid.as_ref().map_or(MOST_FIELDS, |layout| layout.leaves.len());
            self.layouts.insert(name.to_owned(), laid);
        }
        self.log.topic(&topic)?;
        let wanted = self.wanted.contains(topic.as_str());
        self.subscriptions.insert(id, Subscription { topic, wanted, layout: self.layouts[name].clone() });
        self.messages += 1;
        Ok(Ok(()))
    }

    fn data(&mut self, mut rest: Rest<'_>) -> Result<Result<(), String>, String> {
        let Some(id) = rest.u16() else { return Ok(Err("a message is damaged".to_owned())) };
        self.messages += 1;
        let Some(Subscription { topic, wanted, layout }) = self.subscriptions.get(&id) else {
            self.log.leave_out(&format!("number {id}"), || "nothing says which topic that is".to_owned());
            return Ok(Ok(()));
        };
        let layout = match layout {
            Ok(layout) => Rc::clone(layout),
            Err(why) => {
                self.log.leave_out(topic, || why.clone());
                return Ok(Ok(()));
            }
        };
        let body = rest.0;
        let time = body.get(layout.timestamp..).and_then(|bytes| Rest(bytes).u64());
        let Some(time) = time.filter(|_| (layout.least..=layout.size).contains(&body.len())) else {
            self.log.leave_out(topic, || format!("it has {} bytes, its fields take {}", body.len(), layout.least));
            return Ok(Ok(()));
        };
        self.now = self.now.max(time);
        if !wanted {
            self.log.topic(topic)?.count(time);
            return Ok(Ok(()));
        }
        self.log.spend(layout.leaves.iter().map(|leaf| leaf.count.min(LONGEST_LIST)).sum())?;
        let table = self.log.topic(topic)?;
        table.row(time);
        for leaf in layout.leaves.iter().filter(|leaf| leaf.name != "timestamp") {
            let mut from = Rest(&body[leaf.offset..]);
            match leaf.what {
                What::Text => {
                    let text = from.take(leaf.count).unwrap_or_default();
                    let text = String::from_utf8_lossy(text.split(|b| *b == 0).next().unwrap_or_default()).into_owned();
                    table.columns.texts.entry(leaf.name.clone()).or_default().push(text);
                }
                What::Numbers(_) if leaf.count > LONGEST_LIST => {
                    if !self.long.contains(&leaf.name) {
                        self.long.insert(leaf.name.clone());
                    }
                }
                What::Numbers(number) => {
                    let mut row = [f64::NAN; LONGEST_LIST];
                    row[..leaf.count].fill_with(|| number.read(&mut from).unwrap_or(f64::NAN));
                    table.push(&leaf.name, &row[..leaf.count]);
                }
            }
        }
        Ok(Ok(()))
    }

    /// What was printed while logging.
    fn text(&mut self, mut rest: Rest<'_>, tagged: bool) -> Result<Result<(), String>, String> {
        let level = rest.u8().filter(|_| !tagged || rest.u16().is_some());
        let Some((level, time)) = level.zip(rest.u64()) else { return Ok(Err("a text is damaged".to_owned())) };
        self.messages += 1;
        let wanted = self.wanted.contains(TEXTS);
        let table = self.log.topic(TEXTS)?;
        if !wanted {
            table.count(time);
            return Ok(Ok(()));
        }
        table.row(time);
        table.push("level", &[f64::from(level)]);
        let text = String::from_utf8_lossy(rest.0).into_owned();
        table.columns.texts.entry("message".to_owned()).or_default().push(text);
        Ok(Ok(()))
    }

    /// A parameter, which is news only where it comes amid data.
    fn parameter(&mut self, mut rest: Rest<'_>) {
        let key = rest.u8().and_then(|len| rest.take(usize::from(len))).and_then(|key| std::str::from_utf8(key).ok());
        if let Some((_, name)) = key.and_then(|key| key.split_once(' ')).filter(|_| !self.subscriptions.is_empty()) {
            self.changed.insert(name.to_owned());
        }
    }

    /// Everything is read: what is there to tell.
    fn finish(mut self) -> FlightLog {
        if let Some((longest, when)) = self.dropouts.iter().max_by_key(|(ms, _)| *ms) {
            let all: f64 = self.dropouts.iter().map(|(ms, _)| f64::from(*ms) * 1e-3).sum();
            let at = (i128::from(*when) - i128::from(self.start)) as f64 * 1e-6;
            self.log.note(format!(
                "left out by the recorder: {} dropouts, {all:.3} s in all, the longest {:.3} s at {at:.3} s; max_gap cuts where it matters",
                self.dropouts.len(),
                f64::from(*longest) * 1e-3
            ));
        }
        let names = |names: &BTreeSet<String>| names.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
        if !self.changed.is_empty() {
            let (n, names) = (self.changed.len(), names(&self.changed));
            self.log.note(format!("{n} parameters were changed while logging: {names}"));
        }
        if !self.long.is_empty() {
            self.log.note(format!("lists too long for columns were passed by: {}", names(&self.long)));
        }
        for (name, topic) in &mut self.log.topics {
            let fields = topic.columns.numbers.keys();
            topic.columns.units = fields.filter_map(|f| Some((f.clone(), px4::unit(name, f)?))).collect();
        }
        self.log.finish(TimeUnit::Us, self.start)
    }
}
