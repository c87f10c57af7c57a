//! What a model calls a thing, drawn over held-out pictures: a ring in a colour of its own for each, and a line the way it is turned.

use super::Recordings;
use super::act::Actor;
use anyhow::Result;
use terrella_core::{Dynamics, EnvSpec, Image, Observation};
use terrella_eval::{Filmstrip, StripRow};

/// Pixels of the page in a pixel of the picture.
const LARGER: usize = 2;
/// Radius of a ring, and how far beyond its middle the line goes, in pixels of the page.
const RING: f32 = 9.0;
const LINE: f32 = 20.0;
/// Colours of things, in their order.
const COLOURS: [[u8; 3]; 4] = [[214, 39, 40], [31, 79, 180], [0, 120, 60], [148, 40, 150]];

/// Pictures of the first held-out episode, evenly spread, with what is seen in each; nothing where a model was taught no things.
///
/// # Errors
/// If the model cannot look at them.
pub(super) fn strip(actor: &Actor, recordings: &Recordings, columns: usize) -> Result<Option<Filmstrip>> {
    let (world, interface) = (&actor.saved.world, actor.saved.world.interface());
    let episode = recordings.split.held_out.first().map(|&e| &recordings.dataset.episodes[e]);
    let frames = episode.and_then(|episode| episode.frames.as_ref());
    let (false, Some(side), Some(frames)) = (interface.things.is_empty(), world.wants().picture, frames) else {
        return Ok(None);
    };
    let pixel = recordings.spec().map_or(1.0, |spec: &EnvSpec| spec.pixel(side));
    let n = columns.min(frames.len());
    let rows: Vec<usize> = (0..n).map(|at| at * (frames.len() - 1) / (n - 1).max(1)).collect();
    let seen: Vec<Observation> =
        rows.iter().map(|&row| Observation { image: Some(frames.image(row)), state: Vec::new() }).collect();
    let Some(states) = world.believe(&world.observe(&seen)?) else { return Ok(None) };
    let fps = recordings.dataset.signature.fps;
    let drawn = rows.iter().zip(states.rows()).map(|(&row, state)| {
        let small = frames.image(row);
        let mut image = small.resized(LARGER * small.height, LARGER * small.width);
        let mut numbers = state.iter().copied();
        for (thing, colour) in interface.things.iter().zip(COLOURS.iter().cycle()) {
            let mut next = || numbers.next().unwrap_or_default();
            let at = [next(), next()].map(|x| x / pixel * LARGER as f32);
            let turn = thing.turns.then(&mut next);
            mark(&mut image, at, turn, *colour);
        }
        Some(image)
    });
    Ok(Some(Filmstrip {
        title: "What it calls a thing".to_owned(),
        caption: format!(
            "{} things were found in pictures, without being told of any. Rings are where the model sees them in a held-out episode, lines the way they are turned.",
            interface.things.len()
        ),
        steps: rows.iter().map(|&row| format!("{:.1} s", row as f64 / fps)).collect(),
        rows: vec![StripRow { label: "seen".to_owned(), frames: drawn.collect() }],
    }))
}

/// A ring around a place, and a line from it along the thing's own y axis.
fn mark(image: &mut Image, [x, y]: [f32; 2], turn: Option<f32>, colour: [u8; 3]) {
    let mut dot = |x: f32, y: f32| {
        let [column, row] = [x, y].map(f32::floor);
        if column >= 0.0 && row >= 0.0 && (column as usize) < image.width && (row as usize) < image.height {
            let at = (row as usize * image.width + column as usize) * 3;
            image.data[at..at + 3].copy_from_slice(&colour);
        }
    };
    for step in 0..96 {
        let (sin, cos) = (step as f32 * std::f32::consts::TAU / 96.0).sin_cos();
        dot(x + RING * cos, y + RING * sin);
        dot(x + (RING - 1.0) * cos, y + (RING - 1.0) * sin);
    }
    if let Some((sin, cos)) = turn.map(f32::sin_cos) {
        (0..=40).map(|step| step as f32 * LINE / 40.0).for_each(|along| dot(x - sin * along, y + cos * along));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_lies_around_its_place_and_a_line_along_its_heading() {
        let mut image = Image::filled(64, 64, [255; 3]);
        mark(&mut image, [32.5, 20.5], Some(0.0), [9, 8, 7]);
        let dark = |x: usize, y: usize| image.pixel(y, x) == [9, 8, 7];
        assert!(dark(32, 29) && dark(41, 20) && !dark(36, 22), "a ring");
        assert!(dark(32, 38) && !dark(32, 5), "its own y axis points down");
    }
}
