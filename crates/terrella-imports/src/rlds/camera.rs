//! Which picture feature is read: the one that was asked for, or the first that shows something.
//!
//! Datasets collected on several robots declare every camera any of them had and fill the absent
//! ones with black pictures, so a name alone does not say that there is anything to see.

use super::columns::note;
use super::example::Example;
use super::features::{Feature, Kind};
use std::path::Path;
use terrella_data::views::{Offered, choose_views};
use terrella_data::{Error, Note, Result, SourceOptions};
use terrella_media::picture;

/// A pixel is black below this: JPEG turns true black into values of up to 2 or 3 here and there.
const BLACK: u8 = 8;

/// The features to choose from, the preferred one first.
pub(crate) fn candidates<'a>(
    path: &Path,
    features: &'a [Feature],
    options: &SourceOptions,
) -> Result<Vec<&'a Feature>> {
    let pictures: Vec<&Feature> = features.iter().filter(|f| matches!(f.kind, Kind::Image { .. })).collect();
    if let Some(wanted) = &options.camera {
        let found = pictures.iter().find(|f| is_called(f, wanted)).ok_or_else(|| Error::Missing {
            path: path.to_path_buf(),
            kind: "picture feature",
            name: wanted.clone(),
            present: pictures.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", "),
        })?;
        return Ok(vec![found]);
    }
    let mut usable: Vec<&Feature> = pictures.into_iter().filter(|f| is_colour(f)).collect();
    let rank = |f: &Feature| ["image", "image_0"].iter().position(|name| f.leaf() == *name).unwrap_or(2);
    usable.sort_by_key(|f| rank(f));
    Ok(usable)
}

/// The views asked for; where all are, those that show something.
pub(crate) fn views(
    path: &Path,
    features: &[Feature],
    examples: &[Example],
    options: &SourceOptions,
    camera: Option<&str>,
) -> Result<Vec<String>> {
    let asked = |f: &Feature| options.views.iter().any(|view| is_called(f, view));
    let shown = features.iter().filter(|f| is_colour(f) && (asked(f) || !all_black(examples, &f.name)));
    let shown: Vec<&Feature> = shown.collect();
    let offered: Vec<Offered<'_>> = shown.iter().map(|f| Offered { name: &f.name, depth: false }).collect();
    let full = |view: &String| shown.iter().find(|f| is_called(f, view)).map_or(view, |f| &f.name).clone();
    let views = options.views.iter().map(full).collect();
    choose_views(path, &SourceOptions { views, ..options.clone() }, &offered, camera)
}

fn is_colour(feature: &Feature) -> bool {
    feature.name.starts_with("steps/") && matches!(feature.kind, Kind::Image { colour: true, .. })
}

/// Whether this is a feature's name, or the last part of it.
fn is_called(feature: &Feature, name: &str) -> bool {
    feature.name == name || feature.name.ends_with(&format!("/{name}"))
}

/// Chooses among candidates by what a few examples show, and says so where it was a choice.
pub(crate) fn choose<'a>(
    candidates: &[&'a Feature],
    examples: &[Example],
    asked: bool,
    notes: &mut Vec<Note>,
) -> Option<&'a Feature> {
    let first = *candidates.first()?;
    if asked {
        return Some(first);
    }
    let chosen = candidates.iter().find(|f| !all_black(examples, &f.name));
    for black in candidates.iter().take_while(|f| chosen.is_none_or(|c| c.name != f.name)) {
        let looked =
            if examples.len() == 1 { "one episode".to_owned() } else { format!("{} episodes", examples.len()) };
        notes.push(note(&black.name, format!("black in all pictures looked at, of {looked}")));
    }
    let chosen = *chosen.unwrap_or(&first);
    if candidates.len() > 1 {
        let others: Vec<&str> = candidates.iter().filter(|f| f.name != chosen.name).map(|f| f.name.as_str()).collect();
        notes.push(note(&chosen.name, format!("taken as the camera; there are also {}", others.join(", "))));
    }
    Some(chosen)
}

/// Whether the first, middle and last pictures are black; not if none can be decoded.
fn all_black(examples: &[Example], name: &str) -> bool {
    let mut looked_at = 0;
    for pictures in examples.iter().filter_map(|e| e.bytes(name).ok()) {
        let n = pictures.len();
        for at in [0, n / 2, n.saturating_sub(1)] {
            let Some(Ok((_, _, rgb))) = pictures.get(at).map(|p| decode(p)) else { continue };
            looked_at += 1;
            if rgb.iter().any(|byte| *byte >= BLACK) {
                return false;
            }
        }
    }
    looked_at > 0
}

/// Pixels bytes that one byte of a picture may become. Deflate reaches 1032, a blank JPEG 512; a
/// file that promises more than a few times that was made to fill memory.
const LARGEST_EXPANSION: usize = 4096;

/// Height and width, from the header alone.
pub(crate) fn size(encoded: &[u8]) -> Result<[usize; 2], String> {
    let [height, width] = picture::size(encoded)?;
    if height == 0 || width == 0 || height * width * 3 > encoded.len().saturating_mul(LARGEST_EXPANSION) {
        return Err(format!("{} bytes cannot hold {height}x{width} pixels", encoded.len()));
    }
    Ok([height, width])
}

/// Height, width and RGB bytes.
pub(crate) fn decode(encoded: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    size(encoded)?;
    let (height, width, rgb) = picture::decode(encoded)?;
    if rgb.len() != height * width * 3 {
        return Err(format!("{} bytes for {height}x{width} pixels", rgb.len()));
    }
    Ok((height, width, rgb))
}
