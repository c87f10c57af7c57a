//! How many can drive at once: sessions of a running `terrella play` that all drive at full speed, then at ten steps a second, and
//! what a thousand that come and go leave behind. `bench/play.sh` starts the program and this beside it.
//!
//! Usage: crowd ADDRESS PID [--seconds S] [--sessions 1,2,4] [--visits N] [--json FILE]. PID is the program's, of which time and
//! memory are read where the system tells them (Linux). This client is one thread; what it takes itself is told, too.

#![allow(clippy::print_stdout)]

mod driver;
mod process;

use driver::{Driven, World, Wrong, visit};
use process::Process;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// After it the program has taken note of who has gone.
const SETTLED: Duration = Duration::from_millis(500);

/// What was asked for.
struct Asked {
    address: String,
    server: Process,
    seconds: f64,
    sessions: Vec<usize>,
    visits: usize,
    json: Option<String>,
}

fn asked() -> Result<Asked, Wrong> {
    let mut words = std::env::args().skip(1);
    let mut next = |what: &str| words.next().ok_or_else(|| format!("{what} is missing"));
    let (address, pid) = (next("ADDRESS")?, next("PID")?);
    let address = address.trim_start_matches("http://").to_owned();
    let server = Process::of(pid.parse()?);
    let mut asked =
        Asked { address, server, seconds: 5.0, sessions: vec![1, 2, 4, 8, 16, 32], visits: 1000, json: None };
    while let Ok(word) = next("") {
        match word.as_str() {
            "--seconds" => asked.seconds = next("seconds")?.parse()?,
            "--sessions" => {
                asked.sessions = next("numbers")?.split(',').map(str::parse::<usize>).collect::<Result<_, _>>()?;
            }
            "--visits" => asked.visits = next("a number")?.parse()?,
            "--json" => asked.json = Some(next("a file")?),
            other => return Err(format!("{other}: say --seconds, --sessions, --visits or --json").into()),
        }
    }
    Ok(asked)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Wrong> {
    let asked = asked()?;
    let world = World::ask(&asked.address)?;
    println!("{}: {} futures of {} pixels", world.name, asked.address, world.picture);
    println!(
        "{:>8}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
        "sessions", "speed", "steps/s", "each", "frames/s", "p50 ms", "p99 ms", "CPU %", "ms CPU", "client %"
    );
    let mut rows = Vec::new();
    for (name, speed) in [("full", 0.0), ("10 /s", world.speed_of(10.0))] {
        for &n in &asked.sessions {
            let row = crowd(&asked, &world, (n, speed)).await?;
            let number = |key: &str| row[key].as_f64().map_or_else(|| "-".to_owned(), |x| format!("{x:.1}"));
            println!(
                "{n:>8}  {name:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
                number("steps_per_second"),
                number("steps_per_second_each"),
                number("frames_per_second"),
                number("latency_p50_ms"),
                number("latency_p99_ms"),
                number("cpu_percent"),
                row["cpu_ms_per_step"].as_f64().map_or_else(|| "-".to_owned(), |x| format!("{x:.2}")),
                number("client_cpu_percent"),
            );
            rows.push(row);
        }
    }
    let left = visits(&asked, &world).await?;
    println!(
        "{} connected and left in {:.1} s: {} MiB resident before, {} after",
        asked.visits,
        left["seconds"].as_f64().unwrap_or_default(),
        left["before_mib"],
        left["after_mib"]
    );
    if let Some(path) = &asked.json {
        let all = json!({ "world": world.name, "picture": world.picture, "seconds": asked.seconds, "crowds": rows, "visits": left });
        std::fs::write(path, serde_json::to_string_pretty(&all)?)?;
    }
    Ok(())
}

/// So many drive at a speed (0: as fast as it goes) for the seconds that were asked for.
async fn crowd(asked: &Asked, world: &World, (n, speed): (usize, f64)) -> Result<Value, Wrong> {
    // Those who drove before have gone by then.
    tokio::time::sleep(SETTLED).await;
    let mut drivers = Vec::with_capacity(n);
    for at in 0..n {
        // Not all at once: people begin at different times.
        drivers.push(world.driver(&asked.address, at, speed).await?);
    }
    // All of them move, and caches are warm, before anything counts.
    let begins = Instant::now() + Duration::from_millis(700);
    let ends = begins + Duration::from_secs_f64(asked.seconds);
    let going: Vec<_> = drivers.into_iter().map(|driver| tokio::spawn(driver.drive((begins, ends)))).collect();
    tokio::time::sleep_until(begins.into()).await;
    let (server, own) = (asked.server.seconds(), Process::own().seconds());
    tokio::time::sleep_until(ends.into()).await;
    let took = |before: Option<f64>, after: Option<f64>| Some(after? - before?);
    let (server, own) = (took(server, asked.server.seconds()), took(own, Process::own().seconds()));
    let mut all = Driven::default();
    for task in going {
        all.add(task.await??);
    }
    all.latencies.sort_by(f64::total_cmp);
    let share = |p: f64| {
        let last = all.latencies.len().checked_sub(1)?;
        all.latencies.get((p * last as f64).round() as usize).copied()
    };
    let steps = all.steps as f64;
    let percent = |seconds: Option<f64>| seconds.map(|seconds| 100.0 * seconds / asked.seconds);
    Ok(json!({
        "sessions": n,
        "full_speed": speed == 0.0,
        "steps_per_second": steps / asked.seconds,
        "steps_per_second_each": steps / asked.seconds / n as f64,
        "frames_per_second": all.frames as f64 / asked.seconds,
        "latency_p50_ms": share(0.5),
        "latency_p99_ms": share(0.99),
        "latencies": all.latencies.len(),
        "cpu_percent": percent(server),
        "cpu_ms_per_step": server.map(|seconds| 1e3 * seconds / steps),
        "client_cpu_percent": percent(own),
    }))
}

/// Many come and go, and memory is looked at before and after. The first of them are not counted: they fill what is kept for later.
async fn visits(asked: &Asked, world: &World) -> Result<Value, Wrong> {
    for at in 0..(asked.visits / 10) {
        visit(&asked.address, world, at).await?;
    }
    tokio::time::sleep(SETTLED).await;
    let (began, before) = (Instant::now(), asked.server.resident_mib());
    for at in 0..asked.visits {
        visit(&asked.address, world, at).await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    tokio::time::sleep(SETTLED).await;
    Ok(
        json!({ "visits": asked.visits, "seconds": seconds, "before_mib": before, "after_mib": asked.server.resident_mib() }),
    )
}
