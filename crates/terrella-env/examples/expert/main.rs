//! Measures how much reward a planner collects that has a world's own equations, beside acting at random,
//! and prints a table. Starts are those of seeds 0, 1, 2 …
//!
//! Usage: `expert [EPISODES]` for all worlds, with settings that solve them, or `expert EPISODES WORLD
//! HORIZON SAMPLES ITERATIONS BETA` to try others.

mod act;

use act::{SEARCHES, Search, episode, expert};
use std::io::Write;
use std::time::Instant;
use terrella_agent::{ExactSim, RandomPolicy};
use terrella_core::Each;

fn mean_and_deviation(x: &[f64]) -> [f64; 2] {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    [mean, (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (x.len() as f64 - 1.0).max(1.0)).sqrt()]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let episodes: u64 = args.first().map_or(Ok(20), |text| text.parse())?;
    let searches: Vec<(&str, Search)> = match &args[..] {
        [_, world, h, s, i, b] => {
            let search = Search { horizon: h.parse()?, samples: s.parse()?, iterations: i.parse()?, beta: b.parse()? };
            vec![(world, search)]
        }
        _ => SEARCHES.to_vec(),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "| world | horizon × samples × iterations, β | expert | least | random | steps | ms/step |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    for (id, search) in searches {
        let entry = terrella_env::sims().find(|w| w.id == id).ok_or_else(|| format!("no world {id}"))?;
        let mut world = entry.with_defaults()?;
        let exact = ExactSim::new(world.clone());
        let (mut returns, mut floor, mut steps) = (Vec::new(), Vec::new(), 0);
        let (started, mut policy) = (Instant::now(), expert(&exact, &world, search)?);
        for seed in 0..episodes {
            let (sum, n) = episode(&mut world, &mut policy, seed)?;
            returns.push(sum);
            steps += n;
        }
        let ms = 1e3 * started.elapsed().as_secs_f64() / steps as f64;
        for seed in 0..episodes {
            floor.push(episode(&mut world, &mut Each::new(|_| RandomPolicy::new(exact.space(), 1)), seed)?.0);
        }
        let ([mean, deviation], [random, spread]) = (mean_and_deviation(&returns), mean_and_deviation(&floor));
        let least = returns.iter().copied().fold(f64::INFINITY, f64::min);
        let (Search { horizon, samples, iterations, beta }, steps) = (search, steps as f64 / episodes as f64);
        writeln!(
            out,
            "| {id} | {horizon} × {samples} × {iterations}, {beta} | {mean:.2} ± {deviation:.2} | {least:.2} | \
             {random:.2} ± {spread:.2} | {steps:.0} | {ms:.2} |"
        )?;
    }
    Ok(())
}
