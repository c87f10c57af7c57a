//! Cameras that cannot be decoded, by their codec, their pixels or their schema: they cost no numbers.
//!
//! Where no recording shows a camera it is left out of the mapping and told, with the remedy. Where some do, the
//! recordings that do not are left out instead, since all have one signature. A camera that was asked for by name is
//! an error.

use super::mapping::{Mapping, Pictures};
use super::recording::Recording;
use std::path::Path;
use terrella_data::{Error, Note, Result, SourceOptions};

/// A recording by its place, or why there is none.
type Found = (String, Result<Recording, String>);

/// Leaves out cameras that no recording shows, and recordings that lack one that others show.
pub(super) fn leave_out(
    path: &Path,
    mapping: &mut Mapping,
    found: &mut [Found],
    options: &SourceOptions,
    notes: &mut Vec<Note>,
) -> Result<()> {
    let all: Vec<(String, Pictures)> = mapping.pictures().map(|(name, p)| (name, p.clone())).collect();
    for (at, (section, pictures)) in all.iter().enumerate() {
        let mut shown = found.iter().filter_map(|(_, read)| read.as_ref().ok()).map(|read| &read.unseen[at]).peekable();
        let Some(first) = shown.peek().copied().cloned() else { return Ok(()) };
        if shown.all(Option::is_some) {
            notes.push(left_out(path, section, pictures, &first.unwrap_or_default(), options)?);
            without(mapping, section);
            continue;
        }
        for (_, read) in found.iter_mut() {
            if let Some(why) = read.as_ref().ok().and_then(|read| read.unseen[at].clone()) {
                *read = Err(format!("its pictures ({section}) cannot be decoded: {why}"));
            }
        }
    }
    Ok(())
}

/// Tells that a camera was left out, unless somebody asked for it.
pub(super) fn left_out(
    path: &Path,
    section: &str,
    pictures: &Pictures,
    why: &str,
    options: &SourceOptions,
) -> Result<Note> {
    let topic = pictures.topic.as_deref().unwrap_or(section);
    let view = section.strip_prefix("views.").unwrap_or(section);
    let by_name = options.views.iter().any(|name| name == view || name == topic);
    if by_name || (section == "picture" && options.camera.is_some()) {
        let text = format!(
            "{}: the pictures of {topic} cannot be decoded: {why}; --no-pictures reads the rest",
            path.display()
        );
        return Err(Error::Invalid(text));
    }
    Ok(Note::of_camera(section, topic, why))
}

/// Takes a camera out of a mapping.
pub(super) fn without(mapping: &mut Mapping, section: &str) {
    match section.strip_prefix("views.") {
        Some(name) => drop(mapping.views.remove(name)),
        None => mapping.picture = None,
    }
}
