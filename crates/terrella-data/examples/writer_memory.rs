//! How much memory a writer takes: writes rows of ten numbers and prints rows, seconds and the peak.
//!
//! `cargo run --release -p terrella-data --example writer_memory -- FOLDER [ROWS]`; 10⁸ rows if nothing is said. The
//! dataset is removed again. The peak is what Linux tells of the process.

use std::io::Write;
use std::time::Instant;
use terrella_core::{Episode, Key, Signature, Table};
use terrella_data::Writer;

/// Rows of an episode: 100 seconds at 100 Hz.
const LENGTH: usize = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder to write to")?;
    let rows: usize = arguments.next().map_or(Ok(100_000_000), |n| n.parse())?;
    let path = std::path::Path::new(&folder).join("writer-memory");
    let names = |what: &str, n: usize| (0..n).map(|i| format!("{what}.{i}")).collect();
    let (state, action) = (names("state", 8), names("action", 2));
    let signature = Signature { fps: 100.0, state, action, reward: true, ends: true, ..Signature::default() };
    let mut writer = Writer::create(&path, &signature)?;
    let began = Instant::now();
    for index in 0..rows.div_ceil(LENGTH) {
        let mut stream = Key::new(index as u64).stream();
        let mut numbers = |n: usize| (0..n * LENGTH).map(|_| stream.unit() as f32).collect();
        let (states, actions) = (Table::from_data(8, numbers(8)), Table::from_data(2, numbers(2)));
        let rewards = numbers(1);
        let terminated = (1..=LENGTH).map(|row| row == LENGTH).collect();
        writer.write_episode(&Episode { index, states, actions, rewards, terminated, ..Episode::default() })?;
    }
    let written = writer.finish()?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    writeln!(std::io::stdout(), "{} rows, {:.0} s, {peak}", written.rows, began.elapsed().as_secs_f64())?;
    std::fs::remove_dir_all(&path)?;
    Ok(())
}
