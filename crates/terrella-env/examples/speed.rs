//! Measures PushT on one core and prints JSON: state steps, rendered steps, snapshots.
//!
//! Actions are a smooth random walk around the T, so that a good part of the steps is contact.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;
use terrella_core::{Key, Sim};
use terrella_env::{PushT, PushTOptions};

const STEPS: usize = 400_000;
const FRAMES: usize = 40_000;
const SNAPSHOTS: usize = 1_000_000;

/// Episodes of 100 actions, each with its seed: computed before the clock starts.
fn actions(n: usize) -> Vec<[f32; 2]> {
    let mut world = PushT::new(PushTOptions::default()).expect("defaults are valid");
    let mut stream = Key::new(1).with("speed").stream();
    let mut target = [256.0; 2];
    let mut out = Vec::with_capacity(n);
    for t in 0..n {
        if t % 100 == 0 {
            world.reset((t / 100) as u64);
        }
        let body = world.state_exact();
        for axis in 0..2 {
            let pull = (body[2 + axis] - target[axis]) * 0.05;
            target[axis] = (target[axis] + pull + stream.normal() * 20.0).clamp(20.0, 490.0);
        }
        out.push(target.map(|x| x as f32));
        world.step(&out[t]);
    }
    out
}

fn run(world: &mut PushT, actions: &[[f32; 2]], mut each: impl FnMut(&mut PushT)) -> (f64, f64) {
    let (start, mut moved) = (Instant::now(), 0);
    for (t, action) in actions.iter().enumerate() {
        if t % 100 == 0 {
            world.reset((t / 100) as u64);
        }
        let before = world.state_exact();
        world.step(action);
        moved += usize::from(world.state_exact()[2..] != before[2..]);
        each(world);
    }
    (actions.len() as f64 / start.elapsed().as_secs_f64(), moved as f64 / actions.len() as f64)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let actions = actions(STEPS);
    let mut world = PushT::new(PushTOptions::default())?;
    let (steps, contact) = run(&mut world, &actions, |_| ());
    let (frames, _) = run(&mut world, &actions[..FRAMES], |world| {
        black_box(world.draw(96));
    });
    let mut snapshot = Vec::new();
    let start = Instant::now();
    for _ in 0..SNAPSHOTS {
        snapshot.clear();
        world.save(&mut snapshot);
        world.load(black_box(&snapshot));
    }
    let save_and_load = start.elapsed().as_nanos() as f64 / SNAPSHOTS as f64;
    let start = Instant::now();
    (0..SNAPSHOTS).for_each(|_| drop(black_box(world.clone())));
    let clone = start.elapsed().as_nanos() as f64 / SNAPSHOTS as f64;
    let report = serde_json::json!({
        "steps_per_s": steps, "frames_per_s": frames, "contact_fraction": contact,
        "save_and_load_ns": save_and_load, "clone_ns": clone, "bytes": size_of::<PushT>(),
    });
    writeln!(std::io::stdout(), "{report:#}")?;
    Ok(())
}
