//! Draws worlds with rewards: the start and two moments of an episode of random actions side by side, one
//! row a world, as a PPM picture on stdout. Usage: `sim_picture [SIZE]`, 96 pixels a side by default.

use std::io::Write;
use terrella_core::{Key, Sim};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let size: usize = std::env::args().nth(1).map_or(Ok(96), |text| text.parse())?;
    let mut rows: Vec<u8> = Vec::new();
    for entry in terrella_env::sims() {
        let mut world = entry.with_defaults()?;
        let mut stream = Key::new(0).with("picture").stream();
        let mut pictures = vec![world.draw(size)];
        for _ in 0..2 {
            for _ in 0..world.spec().max_steps.unwrap_or(50).min(50) / 2 {
                let action = world.spec().actions.sample(&mut stream);
                world.step(&action);
            }
            pictures.push(world.draw(size));
        }
        for row in 0..size {
            pictures.iter().for_each(|p| rows.extend(&p.data[row * size * 3..(row + 1) * size * 3]));
        }
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "P6 {} {} 255", 3 * size, terrella_env::sims().count() * size)?;
    out.write_all(&rows)?;
    Ok(())
}
