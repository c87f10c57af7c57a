//! The files of a recording, one after another: a path is one file, or a folder of files of one layout.
//!
//! A file that cannot be read or does not fit the first is left out and told, as a bad episode is.

use super::recorded::Found;
use super::store::Store;
use std::path::{Path, PathBuf};
use terrella_data::{Error, Note, Result};

/// The files with these endings: the path itself, or those in it, sorted as people count.
pub(crate) fn files(path: &Path, endings: &[&str]) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_path_buf()];
    }
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let ends = |path: &Path| {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        endings.contains(&ending.as_str()) && !name(path).starts_with('.')
    };
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| ends(path) && path.is_file()).collect();
    files.sort_by_key(|path| counted(&name(path)));
    files
}

/// A key that sorts `2.h5` before `10.h5`.
pub(crate) fn counted(name: &str) -> Vec<(u64, String)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let (text, tail) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
        let (number, tail) = tail.split_at(tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len()));
        key.push((0, text.to_owned()));
        key.push((number.parse().unwrap_or(u64::MAX), number.to_owned()));
        rest = tail;
    }
    key
}

/// What a layout found in a file, with what is odd about the file.
pub(crate) fn noted(store: &dyn Store, mut found: Found) -> Found {
    found.notes.splice(..0, store.told());
    found.beside.extend(store.beside());
    found
}

/// What is found in all files together.
pub(crate) fn gather(files: &[PathBuf], read: impl Fn(&Path) -> Result<Found>) -> Result<Found> {
    let mut all: Option<Found> = None;
    let mut first_error = None;
    let mut notes: Vec<Note> = Vec::new();
    for (at, path) in files.iter().enumerate() {
        let place = if files.len() > 1 { path.file_name().map(|n| n.to_string_lossy().into_owned()) } else { None };
        match read(path).and_then(|found| fits(path, all.as_ref(), found)) {
            Ok(found) => {
                let into = all.get_or_insert_with(|| Found { episodes: Vec::new(), ..Found::like(&found) });
                for note in found.notes {
                    let note = place.iter().fold(note, |note, file| placed(note, file));
                    if !notes.contains(&note) {
                        notes.push(note);
                    }
                }
                into.beside.extend(found.beside);
                let named = |name: String| place.as_ref().map_or(name.clone(), |file| format!("{file}: {name}"));
                for (name, names) in found.splits {
                    let names = names.into_iter().map(named);
                    match into.splits.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) => known.extend(names),
                        None => into.splits.push((name, names.collect())),
                    }
                }
                for (name, mut recorded) in found.episodes {
                    if let Ok(recorded) = &mut recorded {
                        recorded.file = at;
                        recorded.task = recorded.task.take().or_else(|| found.task.clone());
                    }
                    into.episodes.push((named(name), recorded));
                }
            }
            Err(error) if files.len() == 1 => return Err(error),
            Err(error) => {
                notes.push(Note { place: place.unwrap_or_default(), what: format!("left out: {error}") });
                first_error.get_or_insert(error);
            }
        }
    }
    let nothing = || Error::Invalid("there is no file to read; give one, or a folder with some".to_owned());
    let mut all = all.ok_or_else(|| first_error.unwrap_or_else(nothing))?;
    all.notes = notes;
    Ok(all)
}

/// Notes of a damaged file name it; what is said of the layout is the same for all and said once.
fn placed(note: Note, file: &str) -> Note {
    if note.place == "file" { Note { place: file.to_owned(), ..note } } else { note }
}

/// Refuses a file that has another rate or other cameras than the first.
fn fits(path: &Path, first: Option<&Found>, found: Found) -> Result<Found> {
    let Some(first) = first else { return Ok(found) };
    let bad = |what: String| Err(Error::broken(path, what, "import it by itself"));
    if let (Some(rate), Some(other)) = (found.fps, first.fps)
        && rate != other
    {
        return bad(format!("it has {rate} rows a second, the files before it {other}"));
    }
    if found.cameras != first.cameras {
        let names = |found: &Found| found.cameras.names().collect::<Vec<_>>().join(", ");
        return bad(format!("its cameras are {}, those before it {}", names(&found), names(first)));
    }
    Ok(found)
}

impl Found {
    /// What holds for a whole recording, without episodes.
    fn like(found: &Self) -> Self {
        Self {
            fps: found.fps,
            task: found.task.clone(),
            env: found.env.clone(),
            state: found.state.clone(),
            action: found.action.clone(),
            cameras: found.cameras.clone(),
            outcomes: found.outcomes,
            ..Self::default()
        }
    }
}
