//! `terrella record`: lines of JSON from any driver, in any language, into a log that survives a kill.

use crate::out;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;
use terrella_logs::{Mapping, Recorder, Stamp};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// MCAP file to make
    destination: PathBuf,
    /// Mapping that says what the topics mean; it goes into the file
    #[arg(long, value_name = "FILE")]
    map: PathBuf,
    /// JSON file about cameras and frames; it goes into the file
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One line of input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    topic: Option<String>,
    /// Seconds on the clock of the sensor.
    time: Option<f64>,
    /// Seconds on the clock of the computer, for streams that were kept; the moment of arrival if absent.
    log_time: Option<f64>,
    data: Option<Value>,
    /// File of a PNG or a JPEG.
    picture: Option<PathBuf>,
    event: Option<String>,
    task: Option<String>,
    success: Option<bool>,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let read =
            |path: &Path| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
        let mapping = Mapping::parse(&self.map.display().to_string(), &read(&self.map)?)?;
        let calibration: Option<Value> = match &self.calibration {
            Some(path) => {
                Some(serde_json::from_str(&read(path)?).with_context(|| format!("{} is no JSON", path.display()))?)
            }
            None => None,
        };
        let recorder = Recorder::create(&self.destination, &mapping, calibration.as_ref())?;
        let watch = super::shared::watch();
        // Reading blocks, so it has a thread of its own and Ctrl-C is heard in this one.
        let (sender, lines) = sync_channel(1024);
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut wrong = 0usize;
        let mut number = 0usize;
        while !watch.stopped() {
            let line = match lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => line.context("cannot read from stdin")?,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            number += 1;
            if line.trim().is_empty() {
                continue;
            }
            // A driver that sends one bad line must not end the recording of the others.
            let parsed = serde_json::from_str::<Line>(&line).map_err(anyhow::Error::from);
            match parsed.and_then(|line| record(&recorder, line)) {
                Ok(written) => written?,
                Err(why) => {
                    wrong += 1;
                    if wrong <= 5 {
                        out::note(&format!("line {number} is left out: {why:#}"));
                    }
                }
            }
        }
        let recorded = recorder.finish()?;
        if self.json {
            return out::json(&json!({ "path": self.destination, "topics": recorded, "left_out": wrong }));
        }
        for topic in &recorded {
            out::line(&format!("{:24} {:>8} messages in {:.1} s", topic.topic, topic.messages, topic.seconds))?;
        }
        if wrong > 0 {
            out::note(&format!("{wrong} of {number} lines were left out"));
        }
        let path = self.destination.display();
        out::line(&format!("{path}: make a dataset of it with `terrella import {path} FOLDER`"))
    }
}

/// Records one line: the outer error is the line's, the inner one the disk's.
fn record(recorder: &Recorder, line: Line) -> Result<Result<(), terrella_data::Error>> {
    let nanoseconds = |seconds: f64| {
        if (0.0..1e10).contains(&seconds) {
            Ok((seconds * 1e9).round() as u64)
        } else {
            bail!("{seconds} is no time in seconds")
        }
    };
    let now = recorder.now();
    let log = line.log_time.map_or(Ok(now.log), nanoseconds)?;
    let stamp = Stamp { log, sensor: line.time.map_or(Ok(log), nanoseconds)? };
    Ok(match (line.topic, line.event, line.data, line.picture) {
        (None, Some(event), None, None) => {
            recorder.event(stamp, &event, line.task.as_deref().unwrap_or_default(), line.success)
        }
        (Some(topic), None, Some(data), None) if data.is_object() => recorder.sample(&topic, stamp, data),
        (Some(topic), None, None, Some(path)) => {
            let encoded = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            match recorder.picture(&topic, stamp, encoded) {
                Err(why @ terrella_data::Error::Invalid(_)) => return Err(why.into()),
                other => other,
            }
        }
        _ => bail!(
            "it needs a topic with data (an object) or a picture (a file), or an event: {{\"topic\": \"/imu\", \"time\": 0.1, \"data\": {{\"x\": 1}}}}"
        ),
    })
}
