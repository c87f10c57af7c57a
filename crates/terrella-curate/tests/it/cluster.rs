//! The same pipeline on Ballista gives the same dataset as here: within one process, with two executors of
//! which one is killed on the way, and with a key at an address that other machines reach.
#![cfg(feature = "cluster")]

use crate::common::Bench;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use terrella_curate::cluster::{ExecutorOptions, Key, Workers, executor, scheduler};
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

/// Name the role, the address and the file of the key of [`process`].
const ROLE: &str = "TERRELLA_CLUSTER_ROLE";
const ADDRESS: &str = "TERRELLA_CLUSTER_ADDRESS";
const KEY: &str = "TERRELLA_CLUSTER_KEY";

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
    let key = std::env::var(KEY).ok().map(|path| Key::read(Path::new(&path)).expect("a key"));
    if role == "scheduler" {
        scheduler(address, 4, key.as_ref()).expect("a scheduler");
    } else {
        executor(&options(address, PathBuf::from(role), key)).expect("an executor");
    }
}

/// An executor on the machine of the scheduler.
fn options(address: SocketAddr, work: PathBuf, key: Option<Key>) -> ExecutorOptions {
    let host = address.ip().to_string();
    ExecutorOptions { scheduler: (host.clone(), address.port()), host, tasks: 2, memory_mib: 256, work, key }
}

struct Process(Child);

impl Process {
    fn start(role: &str, address: SocketAddr, key: Option<&Path>) -> Self {
        let child = Command::new(std::env::current_exe().expect("a test"))
            .args(["--exact", "cluster::process"])
            .env(ROLE, role)
            .env(ADDRESS, address.to_string())
            .envs(key.map(|path| (KEY, path)))
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

/// Waits until somebody listens.
fn wait_for(address: SocketAddr) {
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no scheduler at {address}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// An address of this machine that others reach, if there is one; nothing is sent.
fn known_to_others() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[test]
fn a_cluster_that_others_reach_needs_its_key_and_gives_the_same() {
    let Some(ip) = known_to_others() else {
        eprintln!("skipped: this machine has no address that others reach");
        return;
    };
    let bench = Bench::new(60, false);
    let here = bench.run_with("here", "threads = 2", STAGES).expect("curated");
    let address = TcpListener::bind((ip, 0)).and_then(|l| l.local_addr()).expect("a port");
    for refused in [scheduler(address, 4, None), executor(&options(address, bench.path("refused"), None))] {
        let error = refused.expect_err("no key").to_string();
        assert!(error.contains("other machines can reach") && error.contains("--key"), "{error}");
    }
    let (path, other) = (bench.path("key"), bench.path("other"));
    std::fs::write(&path, "abcdefghijklmnop\n").expect("written");
    std::fs::write(&other, "abcdefghijklmnoq\n").expect("written");
    let _scheduler = Process::start("scheduler", address, Some(&path));
    wait_for(address);
    let _executor = Process::start(&bench.path("work").to_string_lossy(), address, Some(&path));
    let workers = |key: Option<&Path>| {
        let key = key.map(|path| Key::read(path).expect("a key"));
        Workers::Cluster(format!("df://{address}"), key)
    };
    let there = run(&bench, "there", &workers(Some(&path)));
    assert_eq!(hashes(&there), hashes(&here), "the same rows in the same order");
    let pipeline = Pipeline::read(&bench.path("here.toml")).expect("a pipeline");
    for (key, said) in [(None, "other machines can reach"), (Some(&*other), "it does not take this key")] {
        let refused = curate_on(&workers(key), &pipeline, &bench.path("refused"), &mut |_, _, _| {});
        let error = refused.expect_err("refused").to_string();
        assert!(error.contains(said), "{said}: {error}");
        assert!(!bench.path("refused").exists(), "nothing was made");
    }
    let refused = executor(&options(address, bench.path("refused"), Some(Key::read(&other).expect("a key"))));
    let error = refused.expect_err("another key").to_string();
    assert!(error.contains("it does not take this key"), "{error}");
}

#[test]
fn executors_of_which_one_is_killed_give_the_same() {
    let bench = Bench::new(60, false);
    let here = bench.run_with("here", "threads = 2", STAGES).expect("curated");
    let address = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let _scheduler = Process::start("scheduler", address, None);
    wait_for(address);
    let start = |name: &str| Process::start(&bench.path(name).to_string_lossy(), address, None);
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
    let there = run(&bench, "there", &Workers::Cluster(format!("df://{address}"), None));
    assert!(killer.join().expect("joined"), "the executor that was killed had worked");
    assert_eq!(hashes(&there), hashes(&here), "the same rows in the same order");
}
