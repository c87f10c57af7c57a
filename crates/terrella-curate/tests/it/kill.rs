//! A pipeline that is killed at any moment and run again gives the same dataset.

use crate::common::Bench;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use terrella_core::Key;

const STAGES: &str = r#"
[[stage]]
do = "split"
rows = 10

[[stage]]
do = "measure"
columns = { jerk = "jerk({state} ORDER BY timestamp)" }

[[stage]]
do = "augment"
copies = 3
set = { action_push = "action_push + 0.1 * noise('push', {seed}, episode_index, frame_index, copy)" }

[[stage]]
do = "shard"
parts = { a = 0.5, b = 0.5 }
"#;

/// Names the folder in which [`victim`] is to run.
const FOLDER: &str = "TERRELLA_CURATE_VICTIM";

/// Not a test by itself: the process that is killed.
#[test]
fn victim() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        let folder = std::path::PathBuf::from(folder);
        let pipeline = terrella_curate::Pipeline::read(&folder.join("p.toml")).expect("a pipeline");
        terrella_curate::curate(&pipeline, &folder.join("killed"), &mut |_, _, _| {}).expect("curated");
    }
}

#[test]
fn killed_and_run_again_it_gives_the_same() {
    let bench = Bench::new(120, true);
    let begun = Instant::now();
    let whole = bench.run("whole", STAGES).expect("curated");
    let usual = begun.elapsed();
    std::fs::copy(bench.path("whole.toml"), bench.path("p.toml")).expect("copied");
    let mut stream = Key::new(5).stream();
    let mut kills = 0;
    while !bench.path("killed").exists() {
        let mut child = Command::new(std::env::current_exe().expect("a test"))
            .args(["--exact", "kill::victim"])
            .env(FOLDER, bench.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        // Later ones may live longer, so that the last one ends by itself.
        let patience = usual.mul_f64(stream.uniform(0.02, 0.1 + 0.1 * f64::from(kills)));
        let end = Instant::now() + patience;
        while Instant::now() < end && child.try_wait().expect("its state").is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        if child.try_wait().expect("its state").is_none() {
            child.kill().expect("killed");
            kills += 1;
        }
        child.wait().expect("ended");
        assert!(kills < 200, "it never ends");
    }
    assert!(kills > 0, "it was killed at least once");
    for dataset in &whole.datasets {
        let name = dataset.path.file_name().expect("a name");
        let other = bench.path("killed").join(name);
        let source = terrella_formats::open_source(&other, &terrella_data::SourceOptions::default()).expect("opened");
        let hash = source.hash().expect("a hash");
        assert_eq!(hash, dataset.hash, "after {kills} kills");
        for file in ["rows.parquet", "episodes.parquet", "lineage.json"] {
            let read = |folder: &std::path::Path| std::fs::read(folder.join("lineage").join(file)).expect("a file");
            assert_eq!(read(&other), read(&dataset.path), "{file}");
        }
    }
    assert!(!bench.path("killed.work").exists(), "what was kept for resuming is gone");
}
