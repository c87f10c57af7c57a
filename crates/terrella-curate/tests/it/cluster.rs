//! The same pipeline on Ballista gives the same dataset as here: within one process, and with two executors of
//! which one is killed on the way.
#![cfg(feature = "cluster")]

use crate::common::Bench;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use terrella_curate::cluster::{ExecutorOptions, Workers, executor, scheduler};
use terrella_curate::{Curated, Pipeline, curate_on};

/// Every kind of query that stages ask: ordered aggregates, windows of ours, keyed random numbers, joins.
const STAGES: &str = r#"
[[stage]]
do = "split"
rows = 10

[[stage]]
do = "measure"
columns = { jerk = "jerk({state} ORDER BY timestamp)", energy = "energy({state} ORDER BY timestamp)" }

[[stage]]
do = "sql"
query = "SELECT episode_index, novelty(jerk, energy) OVER () AS novelty FROM episodes WHERE jerk IS NOT NULL"

[[stage]]
do = "filter"
where = "novelty > 0"

[[stage]]
do = "deduplicate"
by = "path"

[[stage]]
do = "balance"
by = "task"
at_most = 60

[[stage]]
do = "augment"
copies = 2
set = { action_push = "action_push + 0.1 * noise('push', {seed}, episode_index, frame_index, copy)" }

[[stage]]
do = "shard"
parts = { a = 0.5, b = 0.5 }
"#;

fn run(bench: &Bench, name: &str, workers: &Workers) -> Curated {
    let pipeline = Pipeline::read(&bench.path("here.toml")).expect("a pipeline");
    curate_on(workers, &pipeline, &bench.path(name), &mut |_, _, _| {}).expect("curated")
}

fn hashes(curated: &Curated) -> Vec<&str> {
    curated.datasets.iter().map(|d| d.hash.as_str()).collect()
}

#[test]
fn a_cluster_within_the_process_gives_the_same() {
    let bench = Bench::new(60, false);
    let here = bench.run_with("here", "threads = 2", STAGES).expect("curated");
    let there = run(&bench, "there", &Workers::Standalone);
    assert!(here.datasets.iter().all(|d| d.rows > 300), "something is left: {here:?}");
    assert_eq!(hashes(&there), hashes(&here), "the same rows in the same order");
    for dataset in &here.datasets {
        let other = bench.path("there").join(dataset.path.file_name().expect("a name"));
        for file in ["rows.parquet", "episodes.parquet"] {
            let read = |folder: &std::path::Path| std::fs::read(folder.join("lineage").join(file)).expect("a file");
            assert_eq!(read(&other), read(&dataset.path), "{file}");
        }
    }
}

/// Name the role and the address of [`process`].
const ROLE: &str = "TERRELLA_CLUSTER_ROLE";
const ADDRESS: &str = "TERRELLA_CLUSTER_ADDRESS";

/// Not a test by itself: a process of the cluster, if it is told which.
#[test]
fn process() {
    let (Ok(role), Ok(address)) = (std::env::var(ROLE), std::env::var(ADDRESS)) else { return };
    let address: SocketAddr = address.parse().expect("an address");
    // Orphans end by themselves.
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(300));
        std::process::exit(1);
    });
    if role == "scheduler" {
        scheduler(address, 4).expect("a scheduler");
    } else {
        let work = PathBuf::from(role);
        let scheduler = (address.ip().to_string(), address.port());
        let options = ExecutorOptions { scheduler, host: "127.0.0.1".to_owned(), tasks: 2, memory_mib: 256, work };
        executor(&options).expect("an executor");
    }
}

struct Process(Child);

impl Process {
    fn start(role: &str, address: SocketAddr) -> Self {
        let child = Command::new(std::env::current_exe().expect("a test"))
            .args(["--exact", "cluster::process"])
            .env(ROLE, role)
            .env(ADDRESS, address.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("a process"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn executors_of_which_one_is_killed_give_the_same() {
    let bench = Bench::new(60, false);
    let here = bench.run_with("here", "threads = 2", STAGES).expect("curated");
    let address = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let _scheduler = Process::start("scheduler", address);
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no scheduler at {address}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let start = |name: &str| Process::start(&bench.path(name).to_string_lossy(), address);
    let (_stays, mut goes) = (start("first"), start("second"));
    // Killed as soon as it has something that others may need.
    let folder = bench.path("second");
    let killer = std::thread::spawn(move || {
        let begun = Instant::now();
        let busy = || std::fs::read_dir(&folder).is_ok_and(|mut jobs| jobs.next().is_some());
        while !busy() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let was_busy = busy();
        goes.0.kill().expect("killed");
        was_busy
    });
    let there = run(&bench, "there", &Workers::Cluster(format!("df://{address}")));
    assert!(killer.join().expect("joined"), "the executor that was killed had worked");
    assert_eq!(hashes(&there), hashes(&here), "the same rows in the same order");
}
