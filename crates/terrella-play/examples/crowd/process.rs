//! What the system tells of a process: the time that it has taken, and what it holds in memory. Nothing where it tells nothing.

use std::fs::read_to_string;

/// Ticks of the clock in a second, by which Linux tells times: the same on all of its machines.
const TICKS: f64 = 100.0;

/// A process, by its number.
pub(crate) struct Process(String);

impl Process {
    pub(crate) fn of(pid: u32) -> Self {
        Self(pid.to_string())
    }

    /// This one.
    pub(crate) fn own() -> Self {
        Self("self".to_owned())
    }

    /// Seconds that all its threads have taken together.
    pub(crate) fn seconds(&self) -> Option<f64> {
        let text = read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name, in brackets, may hold anything; behind it the user's and the system's time are the twelfth and the thirteenth.
        let mut numbers = text.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut next = || numbers.next()?.parse::<f64>().ok();
        Some((next()? + next()?) / TICKS)
    }

    /// MiB that it holds in memory.
    pub(crate) fn resident_mib(&self) -> Option<f64> {
        let text = read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some((kib / 102.4).round() / 10.0)
    }
}
