//! `terrella record` and `terrella export`, as a user has them: a pipe, a kill, a log, a dataset.

use crate::support::{fresh, program};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const MAP: &str = "fps = 20.0\n[[state]]\ntopic = \"/joints\"\ncolumns = [\"x\", \"y\"]\n[[action]]\ntopic = \"/command\"\ncolumns = [\"u\"]\n";

fn recording(folder: &Path) -> Child {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("map.toml"), MAP).expect("written");
    Command::new(env!("CARGO_BIN_EXE_terrella"))
        .args(["record", "log.mcap", "--map", "map.toml"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

/// Lines of both topics, 20 a second from row `from` to before `to`.
fn lines(from: usize, to: usize) -> String {
    let line = |i: usize| {
        let t = 1000.0 + i as f64 / 20.0;
        format!(
            "{{\"topic\": \"/joints\", \"log_time\": {t}, \"data\": {{\"x\": {i}, \"y\": {}}}}}\n{{\"topic\": \"/command\", \"log_time\": {t}, \"data\": {{\"u\": 1}}}}\n",
            i * i
        )
    };
    (from..to).map(line).collect()
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn rows(folder: &Path) -> Option<u64> {
    let said = program(folder, &["inspect", "log.mcap", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&said.stdout).ok()?;
    json["rows"].as_u64()
}

#[test]
fn a_pipe_becomes_a_log_and_the_log_a_dataset_and_back() {
    let folder = fresh("record");
    let mut child = recording(&folder);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(lines(0, 40).as_bytes()).expect("written");
    stdin.write_all(b"{\"topic\": \"/joints\", \"datum\": 1}\nnonsense\n").expect("written");
    drop(stdin);
    let said = child.wait_with_output().expect("ended");
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && out.contains("/joints") && out.contains("40 messages in "), "{out}{err}");
    assert!(err.contains("line 81 is left out") && err.contains("datum") && err.contains("2 of 82 lines"), "{err}");
    done(&program(&folder, &["import", "log.mcap", "data"]));
    done(&program(&folder, &["export", "data", "again.mcap"]));
    done(&program(&folder, &["import", "again.mcap", "twice"]));
    let table = |name: &str| fs::read(folder.join(name).join("data/chunk-000/file-000.parquet")).expect("a table");
    assert!(table("data") == table("twice"), "the same bytes after a round trip");
    let refused = program(&folder, &["export", "data", "again.bag"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains(".mcap"), "only MCAP");
}

#[cfg(unix)]
#[test]
fn a_recorder_that_is_killed_keeps_what_came_before() {
    let folder = fresh("record-killed");
    let mut child = recording(&folder);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(lines(0, 40).as_bytes()).expect("written");
    stdin.flush().expect("flushed");
    // What came is in the file soon, though nothing was closed.
    let begun = Instant::now();
    while rows(&folder) != Some(40) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is never handed to the system");
        std::thread::sleep(Duration::from_millis(100));
    }
    stdin.write_all(lines(40, 60).as_bytes()).expect("written");
    child.kill().expect("killed");
    child.wait().expect("ended");
    let rows = rows(&folder).expect("a log");
    assert!((40..=60).contains(&rows), "{rows} rows");
    let said = program(&folder, &["inspect", "log.mcap"]);
    let said = String::from_utf8_lossy(&said.stdout);
    assert!(said.contains("without an end mark"), "the missing end is told: {said}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_terrella"))
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    // Nobody reads: the pipe is closed before anything is written, or while it is.
    drop(child.stdout.take());
    let said = child.wait_with_output().expect("ended");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}
