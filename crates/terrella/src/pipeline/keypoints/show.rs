//! The page: stretches of held-out episodes with rings, and what each keypoint is on, cut out of many pictures.

use super::places::Places;
use super::report::KeypointsFound;
use crate::pipeline::Recordings;
use std::ops::Range;
use terrella_core::{Dataset, Image, Key};
use terrella_eval::{Crops, KeypointUse, KeypointsPage, Mark, Marked, is_there};

/// Stretches on the page.
const STRETCHES: usize = 4;
/// Pictures of each.
const PICTURES: usize = 14;
/// Pieces cut out for each keypoint.
const PIECES: usize = 9;
/// Side of a piece, as a share of the picture's.
const PIECE: f32 = 0.25;

/// The page about what was found in held-out rows.
pub(super) fn page(recordings: &Recordings, unseen: &Places, found: &KeypointsFound, key: Key) -> KeypointsPage {
    let dataset: &Dataset = &recordings.dataset;
    let episodes = stretches(unseen);
    let strips = episodes.iter().take(STRETCHES).map(|rows| marked(dataset, unseen, rows.clone())).collect();
    let crops = found.score.uses.iter().enumerate();
    let crops = crops
        .map(|(at, used)| Crops { pieces: pieces(dataset, unseen, (at, used), key), words: words(at, used, found) });
    let (score, settings) = (&found.score, &found.settings);
    let done = vec![
        format!(
            "{} keypoints were learned from the pictures of {} episodes alone: no state, no action, no names. A small network was to tell a few places from which whatever differs from the still background can be drawn again. What it made of that is a guess at the things in the scene.",
            settings.count, found.learned
        ),
        format!(
            "Below are {} of {} held-out episodes, which it never saw. {} of {} keypoints are in use; {} stick to something that never moves.",
            episodes.len().min(STRETCHES),
            score.episodes,
            score.used(),
            settings.count,
            match score.sticking() {
                0 => "none".to_owned(),
                n => n.to_string(),
            }
        ),
    ];
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let facts = vec![
        fact("command", std::env::args().collect::<Vec<_>>().join(" ")),
        fact("held out", found.split.clone()),
        fact("recordings", found.dataset.clone()),
        fact("steps, pictures a step", format!("{}, {}", settings.steps, settings.batch_size)),
        fact("seed", found.seed.to_string()),
        fact("terrella", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let limits = [
        found.notes.clone(),
        vec![
            "A keypoint is a place, not an outline, and has no name: what it is on is for the reader to say."
                .to_owned(),
            "What is hidden cannot be seen in a single picture; a keypoint knows nothing of the rows before."
                .to_owned(),
            "Things are what changes against a background that stands still: where the camera moves, everything does."
                .to_owned(),
        ],
    ];
    KeypointsPage {
        title: "Things without labels".to_owned(),
        done,
        strips,
        crops: crops.collect(),
        score: score.clone(),
        limits: limits.concat(),
        facts,
    }
}

/// The rows of each held-out episode, within all.
fn stretches(unseen: &Places) -> Vec<Range<usize>> {
    let mut start = 0;
    let episode = |rows: &[(usize, usize)]| {
        let range = start..start + rows.len();
        start = range.end;
        range
    };
    unseen.rows.chunk_by(|a, b| a.0 == b.0).map(episode).collect()
}

/// Some pictures of an episode, evenly spread.
fn marked(dataset: &Dataset, unseen: &Places, rows: Range<usize>) -> Marked {
    let n = rows.len().min(PICTURES);
    let last = rows.len().saturating_sub(1);
    let picked: Vec<usize> = (0..n).map(|at| rows.start + at * last / (n - 1).max(1)).collect();
    let (episode, fps) = (unseen.rows[rows.start].0, dataset.signature.fps);
    let seconds = |row: usize| dataset.episodes[episode].time(row, fps);
    let mark = |one: &[f32]| Mark { x: one[0], y: one[1], presence: one[2] };
    let image = |at: &usize| dataset.episodes[episode].frames.as_ref().map(|frames| frames.image(unseen.rows[*at].1));
    Marked {
        title: format!("Held-out episode {episode}"),
        steps: picked.iter().map(|&at| format!("{:.1} s", seconds(unseen.rows[at].1))).collect(),
        pictures: picked.iter().filter_map(image).collect(),
        marks: picked.iter().map(|&at| unseen.found.row(at).chunks(3).map(mark).collect()).collect(),
    }
}

/// Pieces of pictures around a keypoint, drawn from rows in which it is there.
fn pieces(dataset: &Dataset, unseen: &Places, (at, used): (usize, &KeypointUse), key: Key) -> Vec<Image> {
    let mut there: Vec<usize> =
        (0..unseen.rows.len()).filter(|&row| is_there(unseen.found.row(row)[3 * at + 2])).collect();
    if used.there < 0.01 {
        return Vec::new();
    }
    key.with("pieces").at(at as u64).stream().shuffle(&mut there);
    let cut = |&row: &usize| {
        let (episode, own) = unseen.rows[row];
        let image = dataset.episodes[episode].frames.as_ref()?.image(own);
        Some(piece(&image, [0, 1].map(|i| unseen.found.row(row)[3 * at + i])))
    };
    there.iter().take(PIECES).filter_map(cut).collect()
}

/// A square piece of a picture around a place; what lies beyond the edge is the edge again.
fn piece(image: &Image, [x, y]: [f32; 2]) -> Image {
    let side = ((image.width as f32 * PIECE) as usize).max(2);
    let at = |middle: f32, step: usize, last: usize| {
        (middle - side as f32 / 2.0 + step as f32).round().clamp(0.0, last as f32) as usize
    };
    let place = |row: usize, column: usize| (at(y, row, image.height - 1), at(x, column, image.width - 1));
    let places = (0..side).flat_map(|row| (0..side).map(move |column| place(row, column)));
    Image { height: side, width: side, data: places.flat_map(|(row, column)| image.pixel(row, column)).collect() }
}

/// What is known of a keypoint, in a sentence.
fn words(at: usize, used: &KeypointUse, found: &KeypointsFound) -> String {
    let there = 100.0 * used.there;
    if used.there < 0.01 {
        return "not used".to_owned();
    }
    let sticks = if used.sticks { ", and never moves" } else { "" };
    let body = found.score.bodies.iter().find(|body| body.keypoint == at);
    let follows = body.map_or_else(String::new, |body| {
        format!("; of all it follows “{}” best, {:.1} {} away", body.name, body.visible.value, body.unit)
    });
    format!("there in {there:.0} % of the rows{sticks}{follows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_what_lies_around_a_place() {
        let mut image = Image::filled(16, 16, [0; 3]);
        image.data[(5 * 16 + 9) * 3] = 200;
        let piece = piece(&image, [9.0, 5.0]);
        assert_eq!((piece.width, piece.pixel(2, 2)[0]), (4, 200), "in the middle");
        assert_eq!(super::piece(&image, [0.0, 0.0]).data.len(), 48, "at the edge");
    }
}
