//! A file of any kind, MCAP, a bag of ROS 1 or one of ROS 2 in SQLite: which one it is is asked here and nowhere else.

use super::container::{Item, Opened, Place, Store, Visit};
use super::{bag, db3, sqlite, walk as mcap};

enum Kind {
    Mcap,
    Ros1,
    Sqlite,
}

fn kind(file: &mut Opened) -> Result<Kind, String> {
    let begin = file.read(0, bag::MAGIC.len().max(sqlite::MAGIC.len()) as u64).map_err(|e| e.to_string())?;
    Ok(match () {
        () if begin.starts_with(bag::MAGIC) => Kind::Ros1,
        () if begin.starts_with(sqlite::MAGIC) => Kind::Sqlite,
        () => Kind::Mcap,
    })
}

/// Passes every record to `visit`, in the order of the files, and gives what was left out.
pub(super) fn walk(store: &Store, visit: &mut Visit<'_>) -> Result<Vec<String>, String> {
    #[cfg(test)]
    WALKS.set(WALKS.get() + 1);
    let mut all = Vec::new();
    for (name, part) in store.parts() {
        let within = |text: String| if name.is_empty() { text } else { format!("{text} (in {name})") };
        let mut file = part.open().map_err(|e| e.to_string())?;
        let kind = kind(&mut file)?;
        let through = match kind {
            Kind::Sqlite => db3::finished(part, &mut file).map_err(within)?,
            Kind::Mcap | Kind::Ros1 => None,
        };
        let part = match &through {
            Some((through, told)) => {
                file = through.open().map_err(|e| e.to_string())?;
                all.push(within(told.clone()));
                through
            }
            None => part,
        };
        visit(Item::Part(part))?;
        let walked = match kind {
            Kind::Mcap => mcap::walk(&mut file, visit),
            Kind::Ros1 => bag::walk(&mut file, visit),
            Kind::Sqlite => db3::walk(&mut file, visit),
        };
        let notes = part.torn().cloned().into_iter().chain(walked.map_err(within)?);
        all.extend(notes.map(within));
    }
    Ok(all)
}

/// Passes the data of these messages on, one after the other; neighbours share a chunk.
pub(super) fn messages(
    store: &Store,
    places: impl Iterator<Item = Place>,
    take: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let mut file = store.open().map_err(|e| e.to_string())?;
    let unpack = match kind(&mut file)? {
        Kind::Mcap => mcap::chunk,
        Kind::Ros1 => bag::chunk,
        Kind::Sqlite => db3::row,
    };
    let mut kept: Option<(u64, Vec<u8>)> = None;
    for place in places {
        let Some(chunk) = place.chunk else {
            take(&file.read(place.offset, place.len).map_err(|e| e.to_string())?)?;
            continue;
        };
        if kept.as_ref().is_none_or(|(at, _)| *at != chunk) {
            kept = Some((chunk, unpack(&mut file, chunk)?.0));
        }
        let (from, to) = (place.offset as usize, (place.offset + place.len) as usize);
        let bytes = kept.as_ref().and_then(|(_, records)| records.get(from..to));
        take(bytes.ok_or("the file changed while it was read")?)?;
    }
    Ok(())
}

#[cfg(test)]
thread_local! {
    /// How many recordings were walked through on this thread.
    pub(crate) static WALKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
