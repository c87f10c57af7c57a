//! A file of either kind, MCAP or a bag of ROS 1: which one it is is asked here and nowhere else.

use super::container::{Opened, Place, Store, Visit};
use super::{bag, walk as mcap};

fn is_bag(file: &mut Opened) -> Result<bool, String> {
    Ok(file.read(0, bag::MAGIC.len() as u64).map_err(|e| e.to_string())? == bag::MAGIC)
}

/// Passes every record to `visit`, in the order of the file, and gives what was left out.
pub(super) fn walk(store: &Store, visit: &mut Visit<'_>) -> Result<Vec<String>, String> {
    let mut file = store.open().map_err(|e| e.to_string())?;
    if is_bag(&mut file)? { bag::walk(&mut file, visit) } else { mcap::walk(&mut file, visit) }
}

/// Passes the data of these messages on, one after the other; neighbours share a chunk.
pub(super) fn messages(
    store: &Store,
    places: impl Iterator<Item = Place>,
    take: &mut dyn FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let mut file = store.open().map_err(|e| e.to_string())?;
    let unpack = if is_bag(&mut file)? { bag::chunk } else { mcap::chunk };
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
