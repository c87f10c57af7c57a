//! Replays actions in PushT for the judge: JSON of pairs on stdin, JSON of states on stdout.
//!
//! Input: `[{"state": [5 numbers], "actions": [[x, y], …]}, …]`. Output: for each pair the states
//! after each action, the start first. With a path as first argument, RGB pictures of
//! the start states are written there as raw bytes, one after another, 96 px wide unless a second
//! argument says otherwise.

use serde::Deserialize;
use std::io::{Read, Write};
use terrella_core::Sim;
use terrella_env::{PushT, PushTOptions};

#[derive(Deserialize)]
struct Pair {
    state: [f64; 5],
    actions: Vec<[f32; 2]>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let pairs: Vec<Pair> = serde_json::from_str(&text)?;
    let mut world = PushT::new(PushTOptions::default())?;
    let size = std::env::args().nth(2).map_or(Ok(96), |s| s.parse())?;
    let mut pictures = Vec::new();
    let mut out = Vec::new();
    for pair in &pairs {
        world.set_state_exact(pair.state);
        pictures.extend(world.draw(size).data);
        let mut states = vec![world.state_exact()];
        for action in &pair.actions {
            world.step(action);
            states.push(world.state_exact());
        }
        out.push(states);
    }
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(path, pictures)?;
    }
    std::io::stdout().write_all(&serde_json::to_vec(&out)?)?;
    Ok(())
}
