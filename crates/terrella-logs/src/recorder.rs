//! Recording robots: samples of many sensors, each on its own clock, into an MCAP file that survives a kill.
//!
//! Sensors hand their samples over and go on; one thread writes. Every half second what was written is
//! given to the system whole, so a process that is killed loses less than a second. The file
//! carries the mapping that says what its topics mean (which of them is the command, which was applied, in which
//! unit, by which rule of alignment) and the calibration, and is read like any log.

use crate::mcap_file::McapFile;
use crate::{Mapping, Marks};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use terrella_data::{Error, Result};

/// Time between two moments at which everything is safe.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// Samples that may wait for the disk before sensors have to.
const WAITING: usize = 4096;

/// When something was sampled, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// On the clock of the recording computer, since 1970: one clock for all topics.
    pub log: u64,
    /// On the clock of the sensor, whatever its origin; that of the computer if it has none.
    pub sensor: u64,
}

/// Messages of a topic.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Recorded {
    /// Its name.
    pub topic: String,
    /// Samples that were written.
    pub messages: usize,
    /// Seconds from the first to the last.
    pub seconds: f64,
}

/// A recording that goes on; sensors may share it between threads.
pub struct Recorder {
    sender: Option<SyncSender<Entry>>,
    writer: Option<JoinHandle<Vec<Recorded>>>,
    failed: Arc<Mutex<Option<Error>>>,
    origin: (u64, Instant),
    marks: String,
}

enum Entry {
    Values { topic: String, stamp: Stamp, values: Value },
    Picture { topic: String, stamp: Stamp, encoded: Vec<u8> },
}

impl Recorder {
    /// Begins a new file. Marks of episodes go to `/episode` unless the mapping says otherwise.
    ///
    /// # Errors
    /// If the file exists or cannot be written.
    pub fn create(path: &Path, mapping: &Mapping, calibration: Option<&Value>) -> Result<Self> {
        let mut mapping = mapping.clone();
        let marks = mapping.marks.get_or_insert_with(|| Marks {
            topic: Some("/episode".to_owned()),
            event: Some("event".to_owned()),
            task: Some("task".to_owned()),
            success: Some("success".to_owned()),
            ..Marks::default()
        });
        let topic = marks.topic.clone().unwrap_or_else(|| "/episode".to_owned());
        let about = calibration.map(|c| ("calibration".to_owned(), c.to_string()));
        let mut file = McapFile::create(path, &mapping, about.into_iter().collect())?;
        file.flush()?;
        let (sender, receiver) = sync_channel(WAITING);
        let failed = Arc::new(Mutex::new(None));
        let told = Arc::clone(&failed);
        let spawned = std::thread::Builder::new().name("recorder".to_owned()).spawn(move || {
            let mut writing = Writing { file, channels: BTreeMap::new() };
            let outcome = writing.run(&receiver);
            let recorded = writing.recorded();
            if let Err(error) = outcome.and_then(|()| writing.file.finish()) {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            recorded
        });
        let writer = spawned.map_err(Error::io("start writing", path))?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let origin = (now.as_nanos() as u64, Instant::now());
        Ok(Self { sender: Some(sender), writer: Some(writer), failed, origin, marks: topic })
    }

    /// Now, on the computer's clock, which never runs backwards while recording.
    pub fn now(&self) -> Stamp {
        let log = self.origin.0 + self.origin.1.elapsed().as_nanos() as u64;
        Stamp { log, sensor: log }
    }

    /// Records values: a JSON object of numbers, lists and texts.
    ///
    /// # Errors
    /// If what came before could not be written.
    pub fn sample(&self, topic: &str, stamp: Stamp, values: Value) -> Result<()> {
        self.send(Entry::Values { topic: topic.to_owned(), stamp, values })
    }

    /// Records a picture, encoded as PNG or JPEG.
    ///
    /// # Errors
    /// If it is neither, or what came before could not be written.
    pub fn picture(&self, topic: &str, stamp: Stamp, encoded: Vec<u8>) -> Result<()> {
        terrella_media::picture::size(&encoded)
            .map_err(|why| Error::Invalid(format!("{topic}: a picture that is neither PNG nor JPEG ({why})")))?;
        self.send(Entry::Picture { topic: topic.to_owned(), stamp, encoded })
    }

    /// Records an event. `begin` and `end` mark an episode, with what is done and whether it was; others are
    /// kept in the log.
    ///
    /// # Errors
    /// If what came before could not be written.
    pub fn event(&self, stamp: Stamp, event: &str, task: &str, success: Option<bool>) -> Result<()> {
        let values = json!({ "event": event, "task": task, "success": success });
        self.sample(&self.marks, stamp, values)
    }

    /// Writes index and statistics, and says what was recorded.
    ///
    /// # Errors
    /// If anything could not be written.
    pub fn finish(mut self) -> Result<Vec<Recorded>> {
        self.sender = None;
        let recorded = self.writer.take().and_then(|writer| writer.join().ok()).unwrap_or_default();
        self.failure().map_or(Ok(recorded), Err)
    }

    fn send(&self, entry: Entry) -> Result<()> {
        let gone = self.sender.as_ref().is_none_or(|sender| sender.send(entry).is_err());
        if gone {
            let stopped = || Error::Invalid("the recording has ended; begin a new one".to_owned());
            return Err(self.failure().unwrap_or_else(stopped));
        }
        Ok(())
    }

    fn failure(&self) -> Option<Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.sender = None;
        // A recorder that is dropped has nobody to tell of a failure.
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

/// What the writing thread has.
struct Writing {
    file: McapFile,
    /// Channel, messages, first and last log time of each topic.
    channels: BTreeMap<String, (u16, usize, u64, u64)>,
}

impl Writing {
    fn run(&mut self, entries: &Receiver<Entry>) -> Result<()> {
        let mut flushed = Instant::now();
        let mut dirty = false;
        loop {
            let wait = FLUSH_EVERY.saturating_sub(flushed.elapsed());
            match entries.recv_timeout(wait) {
                Ok(entry) => {
                    self.write(&entry)?;
                    dirty = true;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            if flushed.elapsed() >= FLUSH_EVERY {
                if dirty {
                    self.file.flush()?;
                }
                (flushed, dirty) = (Instant::now(), false);
            }
        }
    }

    fn write(&mut self, entry: &Entry) -> Result<()> {
        let (Entry::Values { topic, stamp, .. } | Entry::Picture { topic, stamp, .. }) = entry;
        if !self.channels.contains_key(topic) {
            let channel = match entry {
                Entry::Values { values, .. } => {
                    self.file.channel(topic, topic.trim_matches('/'), &properties(values))?
                }
                Entry::Picture { .. } => self.file.camera(topic)?,
            };
            self.channels.insert(topic.clone(), (channel, 0, stamp.log, stamp.log));
        }
        if let Some((channel, messages, first, last)) = self.channels.get_mut(topic) {
            match entry {
                Entry::Values { values, .. } => self.file.write(*channel, stamp.log, stamp.sensor, values)?,
                Entry::Picture { encoded, .. } => {
                    self.file.write_picture(*channel, stamp.log, stamp.sensor, encoded)?;
                }
            }
            *messages += 1;
            (*first, *last) = ((*first).min(stamp.log), (*last).max(stamp.log));
        }
        Ok(())
    }

    fn recorded(&self) -> Vec<Recorded> {
        let of = |(topic, (_, messages, first, last)): (&String, &(u16, usize, u64, u64))| Recorded {
            topic: topic.clone(),
            messages: *messages,
            seconds: (last - first) as f64 * 1e-9,
        };
        self.channels.iter().map(of).collect()
    }
}

/// Names and JSON types of the fields of an object.
fn properties(values: &Value) -> Vec<(&str, &str)> {
    let kind = |value: &Value| match value {
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(_) | Value::Null => "number",
    };
    values.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), kind(value))).collect()
}
