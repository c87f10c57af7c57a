//! Measures worlds stepped together and prints JSON: steps a second by world, number of
//! worlds and threads.
//!
//! A step is what a learner does: act, read what each world shows, reset those whose episode ended.
//! Actions are drawn before the clock starts. Usage: `many_speed [SECONDS]` for each measurement.

use serde_json::{Value, json};
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};
use terrella_core::{AnySim, Env, Key, Many, Result, Sim};

/// Rows of actions that are used again and again.
const ROUNDS: usize = 64;

fn steps_per_second(world: &AnySim, n: usize, n_threads: usize, time: Duration) -> Result<f64> {
    let mut stream = Key::new(0).with("speed").stream();
    let space = &world.spec().actions;
    let actions: Vec<Vec<f32>> =
        (0..ROUNDS).map(|_| (0..n).flat_map(|_| space.sample(&mut stream)).collect()).collect();
    let mut many = Many::with_threads(world, n, n_threads);
    let mut seed = n as u64;
    let rows: Vec<usize> = (0..n).collect();
    many.reset(&rows, &(0..seed).collect::<Vec<_>>())?;
    let (start, mut rounds) = (Instant::now(), 0usize);
    while start.elapsed() < time {
        for actions in &actions {
            let ended = many.step(&rows, black_box(actions))?.ended();
            let seeds: Vec<u64> = (seed..seed + ended.len() as u64).collect();
            seed += ended.len() as u64;
            many.reset(&ended, &seeds)?;
            black_box(many.shown());
        }
        rounds += ROUNDS;
    }
    Ok((rounds * n) as f64 / start.elapsed().as_secs_f64())
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(0.5), |text| text.parse())?;
    let mut rows: Vec<Value> = Vec::new();
    for entry in terrella_env::registry() {
        let world = terrella_env::make(entry.id, &Value::Null)?;
        for n in [1, 64, 1024, 8192] {
            for n_threads in [1, 2] {
                let rate = steps_per_second(&world, n, n_threads, Duration::from_secs_f64(seconds))?;
                rows.push(json!({"world": entry.id, "n": n, "threads": n_threads, "steps_per_s": rate}));
            }
        }
    }
    writeln!(std::io::stdout(), "{}", Value::from(rows))?;
    Ok(())
}
