//! What keypoints say of what was logged. Nothing here teaches: the state measures, and that is all.
//!
//! A linear map from places to the state is fitted on episodes that were learned from, and told on held-out ones. Beside it stand the mean, the
//! same map from grey pixels, and from the keypoints of a network that learned nothing.

use super::places::Places;
use crate::pipeline::Recordings;
use anyhow::Result;
use terrella_core::{Dataset, Image, Key, Part, PartKind, Scene, Table};
use terrella_eval::{Bodies, KeypointScore, PartRows, SeenAt, assign, read_parts, uses};
use terrella_model::{Probe, StateCodec};

/// Ridge of the map, per row.
const RIDGE: f64 = 1e-4;
/// Side of grey pictures.
const GREY: usize = 12;

/// Judges keypoints on held-out rows, with those of rows that were learned from, and the same of a finder of this
/// name before it learned.
pub(super) fn judge(
    recordings: &Recordings,
    [learned, unseen]: [&Places; 2],
    (name, blind): (&str, Option<[&Places; 2]>),
    key: Key,
) -> Result<KeypointScore> {
    let dataset: &Dataset = &recordings.dataset;
    let side = dataset.signature.image.map_or(1, |[side, _]| side);
    let episodes = unseen.rows.chunk_by(|a, b| a.0 == b.0).count();
    let seen = SeenAt { keypoints: unseen.found.clone(), bare: unseen.bare.clone(), side };
    let score = KeypointScore { episodes, rows: unseen.rows.len(), uses: uses(&seen), ..KeypointScore::default() };
    if dataset.signature.state.is_empty() || unseen.rows.is_empty() {
        return Ok(score);
    }
    let parts: Vec<Part> = recordings.parts().into_iter().filter(is_shown).collect();
    let rows = told(recordings, [learned, unseen], (name, blind))?;
    let parts_score = read_parts(&rows, &parts, key.with("parts"));
    let Some((scene, bodies)) = recordings.spec().and_then(|spec| spec.scene.as_ref()).map(|scene| {
        let bodies: Vec<Part> = parts.iter().filter(|part| is_body(part)).cloned().collect();
        (scene.clone(), bodies)
    }) else {
        return Ok(KeypointScore { parts: parts_score, ..score });
    };
    if bodies.is_empty() || bodies.len() > unseen.keypoints() {
        return Ok(KeypointScore { parts: parts_score, ..score });
    }
    let at = |places: &Places| followed(places, dataset, (&scene, &bodies, side));
    let (taught, shown) = (at(learned), at(unseen));
    let given = assign(&taught, f64::from(scene.side));
    let names: Vec<String> = bodies.iter().map(|body| body.name.to_string()).collect();
    let unit = bodies[0].unit.to_string();
    let scored = shown.score(&names, &unit, &given, key.with("bodies"));
    let [visible, hidden] = [false, true].map(|hidden| {
        let of = |(at, body): (usize, &Part)| {
            let n = bodies.len();
            let some: Vec<usize> =
                (0..rows.episodes.len()).filter(|row| shown.hidden[row * n + at] == hidden).collect();
            let key = key.with(if hidden { "hidden" } else { "visible" }).at(at as u64);
            (shown.hidden.iter().skip(at).step_by(n).any(|hidden| *hidden))
                .then(|| read_parts(&only(&rows, &some), std::slice::from_ref(body), key).swap_remove(0))
        };
        bodies.iter().enumerate().filter_map(of).collect()
    });
    Ok(KeypointScore { parts: parts_score, visible, hidden, bodies: scored, ..score })
}

/// Whether a single picture can show it: places and angles, but no speeds.
fn is_shown(part: &Part) -> bool {
    part.kind == PartKind::Angle || !(part.unit.contains("/s") || part.name.contains("veloc"))
}

/// Whether it is a place in the plane.
fn is_body(part: &Part) -> bool {
    part.kind == PartKind::Point && part.columns.len() == 2 && part.unit == "px"
}

fn only(rows: &PartRows, some: &[usize]) -> PartRows {
    PartRows {
        episodes: some.iter().map(|&row| rows.episodes[row]).collect(),
        truth: rows.truth.take(some),
        told: rows.told.iter().map(|(name, table)| (name.clone(), table.take(some))).collect(),
    }
}

/// Held-out rows with what everybody tells of them.
fn told(
    recordings: &Recordings,
    [learned, unseen]: [&Places; 2],
    (name, blind): (&str, Option<[&Places; 2]>),
) -> Result<PartRows> {
    let dataset: &Dataset = &recordings.dataset;
    let interface = recordings.interface()?;
    let codec = StateCodec::new(&interface);
    let (states, truth) = (learned.states(dataset), unseen.states(dataset));
    let linear = |from: &Table, to: &Table| Probe::fit(codec.clone(), from, &states, RIDGE).read(to);
    let places = |places: &Places| coordinates(places, dataset.signature.image.map_or(1, |[side, _]| side));
    let mean = Table { width: truth.width, data: interface.state_stats.mean.repeat(truth.len()) };
    let mut told = vec![
        (name.to_owned(), linear(&places(learned), &places(unseen))),
        ("the mean".to_owned(), mean),
        ("12x12 grey pixels".to_owned(), linear(&grey(learned, dataset), &grey(unseen, dataset))),
    ];
    if let Some([learned, unseen]) = blind {
        told.push((format!("{name} before learning"), linear(&places(learned), &places(unseen))));
    }
    Ok(PartRows { episodes: unseen.episodes(), truth, told })
}

/// x and y of each keypoint, from −1 to 1, and which way up it is, if that can be seen.
fn coordinates(places: &Places, side: usize) -> Table {
    let from = |x: f32| 2.0 * x / side as f32 - 1.0;
    let mut told = Table::new(2 * places.keypoints() + places.turns.width);
    for (at, row) in places.found.rows().enumerate() {
        told.data.extend(row.chunks(3).flat_map(|one| [from(one[0]), from(one[1])]));
        if places.turns.width > 0 {
            told.data.extend_from_slice(places.turns.row(at));
        }
    }
    told
}

/// Small grey pictures, from −1 to 1.
fn grey(places: &Places, dataset: &Dataset) -> Table {
    let mut told = Table::new(GREY * GREY);
    for (episode, row) in &places.rows {
        let image = dataset.episodes[*episode].frames.as_ref().map(|frames| frames.image(*row));
        let small = image.unwrap_or_else(|| Image::filled(1, 1, [0; 3])).resized(GREY, GREY);
        told.data.extend(small.data.chunks(3).map(|p| p.iter().map(|x| f32::from(*x)).sum::<f32>() / 382.5 - 1.0));
    }
    told
}

/// Keypoints and bodies in the plane of the world.
fn followed(places: &Places, dataset: &Dataset, (scene, bodies, side): (&Scene, &[Part], usize)) -> Bodies {
    let states = places.states(dataset);
    let scale = scene.side / side as f32;
    let keypoints = places.found.data.chunks(3).flat_map(|one| [one[0] * scale, one[1] * scale, one[2]]);
    let mut at = Table::new(2 * bodies.len());
    let mut hidden = Vec::with_capacity(states.len() * bodies.len());
    for row in states.rows() {
        for body in bodies {
            let place = [row[body.columns[0]], row[body.columns[1]]];
            at.data.extend(place);
            hidden.push(scene.is_hidden(place));
        }
    }
    let keypoints = Table::from_data(places.found.width, keypoints.collect());
    Bodies { episodes: places.episodes(), keypoints, places: at, hidden }
}
