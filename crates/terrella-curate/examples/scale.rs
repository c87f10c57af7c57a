//! Time and memory of a pipeline against the number of rows, on synthetic recordings.
//!
//! `scale make ROWS FOLDER` writes datasets of two million rows at most; `scale run FOLDER` curates them into
//! shards of the same size and prints seconds and the most memory that was resident. Linux only.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::path::Path;
use std::time::Instant;
use terrella_core::{Episode, Key, Signature, Table};
use terrella_curate::{Pipeline, curate};
use terrella_data::Writer;

/// Rows of a dataset.
const SHARD: usize = 2_000_000;
/// Rows of an episode.
const LENGTH: usize = 1000;

const STAGES: &str = r#"
[[stage]]
do = "measure"
columns = { jerk = "jerk({state} ORDER BY timestamp)", consistency = "consistency(state_x, state_y, state_vx, state_vy ORDER BY timestamp)" }

[[stage]]
do = "filter"
where = "jerk < 1e9"

[[stage]]
do = "deduplicate"
by = "content"

[[stage]]
do = "split"
rows = 500

[[stage]]
do = "balance"
by = "task"
at_most = 1000000

[[stage]]
do = "shard"
rows = 2000000
"#;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", rows, folder] => make(rows.parse().expect("a number of rows"), Path::new(folder)),
        ["run", folder] => run(Path::new(folder)),
        _ => println!("scale make ROWS FOLDER, then scale run FOLDER"),
    }
}

fn make(rows: usize, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    let signature = Signature {
        fps: 50.0,
        image: None,
        state: names(&["x", "y", "vx", "vy"]),
        action: names(&["ax", "ay"]),
        env: None,
        ..Signature::default()
    };
    let mut pipeline = "memory_mib = 512\n".to_owned();
    for (shard, from) in (0..rows).step_by(SHARD).enumerate() {
        let mut writer = Writer::create(&folder.join(format!("in-{shard}")), &signature).expect("a folder");
        for first in (from..rows.min(from + SHARD)).step_by(LENGTH) {
            // Every tenth episode is one of before once more, for deduplication to find.
            let number = first / LENGTH;
            let mut stream = Key::new(0).at(if number % 10 == 9 { number - 5 } else { number } as u64).stream();
            let (mut states, mut actions) = (Table::new(4), Table::new(2));
            let mut s = [0.0, 0.0, stream.unit(), stream.unit()].map(|x| x as f32);
            for _ in 0..LENGTH {
                let a = [stream.unit() as f32 - 0.5, stream.unit() as f32 - 0.5];
                states.push(&s);
                actions.push(&a);
                s = [s[0] + 0.02 * s[2], s[1] + 0.02 * s[3], 0.99 * s[2] + 0.1 * a[0], 0.99 * s[3] + 0.1 * a[1]];
            }
            let task = format!("task {}", number % 7);
            writer
                .write_episode(&Episode { index: 0, task, states, actions, frames: None, ..Episode::default() })
                .expect("written");
        }
        writer.finish().expect("finished");
        pipeline.push_str(&format!("[[source]]\npath = \"in-{shard}\"\n"));
    }
    std::fs::write(folder.join("p.toml"), pipeline + STAGES).expect("written");
}

fn run(folder: &Path) {
    let pipeline = Pipeline::read(&folder.join("p.toml")).expect("a pipeline");
    let begun = Instant::now();
    let curated = curate(&pipeline, &folder.join("out"), &mut |_, _, _| {}).expect("curated");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
    for stage in &curated.stages {
        println!("{:<12}{:>8} episodes {:>10} rows {:>8.1} s", stage.name, stage.left[0], stage.left[1], stage.seconds);
    }
    println!("{:.1} s, most memory {peak}", begun.elapsed().as_secs_f64());
}
