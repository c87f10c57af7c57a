//! What the Crazyflie writes onto its SD card (µSD deck): kinds of events with typed names, then events with their time.
//!
//! Version 1 counts milliseconds, version 2 microseconds. The last four bytes are a checksum, which a log lacks whose
//! drone was switched off. Kinds of events are topics; `fixedFrequency` has the samples at a constant rate.

use super::super::units::TimeUnit;
use super::bytes::{Number, Rest};
use super::found::FlightLog;
use super::kind::{Kind, Role};
use std::collections::{BTreeMap, BTreeSet};

/// The format.
pub(super) struct Crazyflie;

const MAGIC: u8 = 0xbc;

impl Kind for Crazyflie {
    fn name(&self) -> &'static str {
        "log of a Crazyflie"
    }

    fn is(&self, _name: &str, head: &[u8]) -> bool {
        let [MAGIC, 1 | 2, 0, _, _, _, _, name @ ..] = head else { return false };
        let name = name.split(|b| *b == 0).next().unwrap_or_default();
        !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
    }

    fn read(&self, bytes: &[u8], wanted: &BTreeSet<&str>) -> Result<FlightLog, String> {
        let mut rest = Rest(bytes);
        let head = Head::parse(&mut rest)?;
        read(bytes, rest, &head, wanted)
    }

    fn role(&self, _topic: &str, field: &str) -> Option<Role> {
        let (group, name) = field.split_once('.')?;
        Some(match group {
            "acc" | "gyro" | "stateEstimate" | "kalman" => Role::State(0),
            "stabilizer" if matches!(name, "roll" | "pitch" | "yaw") => Role::State(0),
            "motor" if matches!(name, "m1" | "m2" | "m3" | "m4") => Role::Action(0),
            "pwm" => Role::Action(1),
            "controller" if name.starts_with("cmd_") => Role::Action(2),
            "ctrltarget" => Role::Action(3),
            _ => return None,
        })
    }

    fn is_known(&self, _topic: &str) -> bool {
        true
    }
}

/// A kind of event: its name, its numbers, and the bytes that they take.
struct Event {
    topic: String,
    numbers: Vec<(String, Number)>,
    size: usize,
}

struct Head {
    unit: TimeUnit,
    events: BTreeMap<u16, Event>,
}

impl Head {
    fn parse(rest: &mut Rest<'_>) -> Result<Self, String> {
        const CUT: &str = "its head is cut off";
        let (magic, version) = rest.u8().zip(rest.u16()).ok_or(CUT)?;
        let unit = match (magic, version) {
            (MAGIC, 1) => TimeUnit::Ms,
            (MAGIC, 2) => TimeUnit::Us,
            (MAGIC, other) => return Err(format!("it has version {other}, 1 and 2 are read")),
            _ => return Err("it does not begin as a log of a Crazyflie does".to_owned()),
        };
        let mut events = BTreeMap::new();
        // Counts are not believed: every name takes bytes that have to be there.
        for _ in 0..rest.u16().ok_or(CUT)? {
            let (id, topic) = rest.u16().zip(text(rest)).ok_or(CUT)?;
            let mut numbers = Vec::new();
            for _ in 0..rest.u16().ok_or(CUT)? {
                let name = text(rest).ok_or(CUT)?;
                numbers.push(
                    typed(&name).ok_or_else(|| format!("{name:.60}: a name with a type in brackets was expected"))?,
                );
            }
            let names: BTreeSet<&String> = numbers.iter().map(|(name, _)| name).collect();
            if names.len() < numbers.len() {
                return Err(format!("{topic:.60} has two variables of one name"));
            }
            let size = numbers.iter().map(|(_, number)| number.size()).sum();
            if events.insert(id, Event { topic, numbers, size }).is_some() {
                return Err(format!("two kinds of events have the number {id}"));
            }
        }
        Ok(Self { unit, events })
    }
}

/// A text that ends with a zero.
fn text(rest: &mut Rest<'_>) -> Option<String> {
    let n = rest.0.iter().position(|b| *b == 0)?;
    let text = String::from_utf8_lossy(rest.take(n)?).into_owned();
    rest.u8().map(|_| text)
}

/// `acc.x(f)`: a name, and the letter that Python's `struct` has for its type.
fn typed(text: &str) -> Option<(String, Number)> {
    let (name, letter) = text.strip_suffix(')')?.rsplit_once('(')?;
    let number = match letter {
        "?" => Number::Bool,
        "b" => Number::I8,
        "B" => Number::U8,
        "h" => Number::I16,
        "H" => Number::U16,
        "i" | "l" => Number::I32,
        "I" | "L" => Number::U32,
        "q" => Number::I64,
        "Q" => Number::U64,
        "f" => Number::F32,
        "d" => Number::F64,
        _ => return None,
    };
    Some((name.to_owned(), number))
}

/// The number and the time of the next event.
fn next(rest: &mut Rest<'_>, unit: TimeUnit) -> Option<(u16, u64)> {
    let id = rest.u16()?;
    let time = if unit == TimeUnit::Ms { rest.array().map(|t| u64::from(u32::from_le_bytes(t))) } else { rest.u64() };
    Some((id, time?))
}

/// The events behind the head.
fn read(bytes: &[u8], mut rest: Rest<'_>, head: &Head, wanted: &BTreeSet<&str>) -> Result<FlightLog, String> {
    let mut log = FlightLog::default();
    for event in head.events.values() {
        log.topic(&event.topic)?;
    }
    let (mut start, mut events) = (None, 0usize);
    // Where reading ended, and why, unless it was at the checksum.
    let (left, why) = loop {
        let left = rest;
        let Some((id, time)) = next(&mut rest, head.unit) else { break (left, "it ends within an event".to_owned()) };
        let Some(event) = head.events.get(&id) else {
            break (left, format!("an event of kind {id}, which its head does not name"));
        };
        let Some(data) = rest.take(event.size) else { break (left, "it ends within an event".to_owned()) };
        start.get_or_insert(time);
        events += 1;
        if !wanted.contains(event.topic.as_str()) {
            log.topic(&event.topic)?.count(time);
            continue;
        }
        log.spend(event.numbers.len())?;
        let table = log.topic(&event.topic)?;
        table.row(time);
        let mut data = Rest(data);
        for (name, number) in &event.numbers {
            table.push(name, &[number.read(&mut data).unwrap_or(f64::NAN)]);
        }
    };
    let at = bytes.len() - left.0.len();
    match left.0.try_into().map(u32::from_le_bytes) {
        Ok(written) => {
            let found = crc32fast::hash(&bytes[..at]);
            if found != written {
                log.note(format!("its checksum is {found:08x}, {written:08x} was written: some of it may be damaged"));
            }
        }
        Err(_) => {
            let of = bytes.len();
            let what = format!("what follows byte {at} of {of} ({why}); the {events} events before that were read");
            log.note(format!("left out: {what}"));
        }
    }
    for topic in log.topics.values_mut() {
        let fields = topic.columns.numbers.keys();
        topic.columns.units = fields.filter_map(|f| Some((f.clone(), unit(f)?))).collect();
    }
    Ok(log.finish(head.unit, start.unwrap_or_default()))
}

/// The unit that the firmware logs a variable in, as its documentation has it.
fn unit(variable: &str) -> Option<&'static str> {
    let (group, name) = variable.split_once('.')?;
    let axis = |prefix: &str| name.strip_prefix(prefix).is_some_and(|axis| matches!(axis, "x" | "y" | "z"));
    let angle = matches!(name, "roll" | "pitch" | "yaw");
    Some(match group {
        "acc" if axis("") => "g",
        "gyro" if axis("") => "deg/s",
        "stabilizer" | "stateEstimate" | "ctrltarget" if angle => "deg",
        "stateEstimate" | "ctrltarget" | "locSrv" if axis("") => "m",
        "stateEstimate" | "ctrltarget" if axis("v") => "m/s",
        "stateEstimate" if axis("a") => "g",
        "stateEstimateZ" if axis("") => "mm",
        "kalman" if matches!(name, "stateX" | "stateY" | "stateZ") => "m",
        "kalman" if matches!(name, "statePX" | "statePY" | "statePZ") => "m/s",
        "range" if matches!(name, "front" | "back" | "left" | "right" | "up" | "zrange") => "mm",
        "baro" if name == "asl" => "m",
        "baro" if name == "temp" => "degC",
        "pm" if name == "vbat" => "V",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_parsed_and_counts_are_not_believed() {
        let head = b"\xbc\x02\0\x01\0\xff\xfffixedFrequency\0\x02\0acc.x(f)\0motor.m1(H)\0";
        assert!(
            Crazyflie.is("log00", head) && !Crazyflie.is("log00", b"\xbc\x03\0\x01\0\xff\xffx\0"),
            "told by its head"
        );
        let parsed = Head::parse(&mut Rest(head)).expect("a head");
        let event = &parsed.events[&0xffff];
        assert_eq!((event.topic.as_str(), event.size, parsed.unit), ("fixedFrequency", 6, TimeUnit::Us), "an event");
        for end in 0..head.len() {
            assert!(Head::parse(&mut Rest(&head[..end])).is_err_and(|e| e.contains("cut off")), "cut at {end}");
        }
        for (bytes, words) in [
            (&b"\xbc\x03\0\x01\0"[..], "version 3"),
            (b"\xbc\x02\0\xff\xff\0\0a\0\xff\xffb(f)\0", "cut off"),
            (b"\xbc\x02\0\x01\0\0\0a\0\x01\0b(x)\0", "b(x)"),
            (b"\xbc\x02\0\x02\0\0\0a\0\0\0\0\0b\0\0\0", "number 0"),
        ] {
            assert!(Head::parse(&mut Rest(bytes)).is_err_and(|e| e.contains(words)), "{words}");
        }
    }

    #[test]
    fn units_are_those_of_the_firmware() {
        for (variable, wanted) in [
            ("acc.x", Some("g")),
            ("gyro.z", Some("deg/s")),
            ("gyro.xRaw", None),
            ("stateEstimate.vy", Some("m/s")),
            ("stateEstimate.qx", None),
            ("stabilizer.yaw", Some("deg")),
            ("motor.m1", None),
        ] {
            assert_eq!(unit(variable), wanted, "{variable}");
        }
    }
}
