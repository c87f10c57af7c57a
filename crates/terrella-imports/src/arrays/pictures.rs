//! Pictures in arrays: bytes of RGB, or a JPEG or PNG a row, padded to one length.
//!
//! Padding is zeros behind the picture, which neither JPEG nor PNG ends with; lengths that some recorders store
//! beside them are not needed.

use super::store::{Kind, LIMIT, Rows, Shape, Store};
use terrella_data::{Error, Result};
use terrella_media::DOWNLOAD_AGAIN;
use terrella_media::picture::{self, is_jpeg};

/// Bytes of a row that may be an encoded picture: the smallest JPEG has more.
const LEAST_ENCODED: usize = 64;

/// Whether the rows of an array are pictures, as they are or encoded.
pub(crate) fn are_pictures(store: &dyn Store, array: &str, shape: &Shape) -> bool {
    shape.is_pictures() || are_encoded(store, array, shape)
}

/// Whether the rows of an array are encoded pictures: only their first bytes tell.
pub(crate) fn are_encoded(store: &dyn Store, array: &str, shape: &Shape) -> bool {
    let length = match (shape.kind, shape.sides.as_slice()) {
        (Kind::Byte, [_, length]) => *length,
        (Kind::Text, [_]) => usize::try_from(shape.element).unwrap_or(0),
        _ => 0,
    };
    let first = Rows { array: array.to_owned(), from: 0, len: 1 };
    let signed = |bytes: Vec<u8>| is_jpeg(&bytes) || bytes.starts_with(b"\x89PNG");
    length >= LEAST_ENCODED && shape.rows() > 0 && store.bytes(&first).is_ok_and(signed)
}

/// Height and width of the pictures in rows; of encoded ones, of the first.
pub(crate) fn size(store: &dyn Store, rows: &Rows) -> Result<[usize; 2]> {
    let shape = store.shape(&rows.array)?;
    if let (true, &[_, height, width, _]) = (shape.is_pictures(), shape.sides.as_slice()) {
        return Ok([height, width]);
    }
    if !are_encoded(store, &rows.array, &shape) {
        let what = format!("{} is {shape}, not rows, height, width, 3 of bytes", rows.array);
        return Err(Error::broken(store.path(), what, "store RGB pictures, channels last, or JPEG"));
    }
    let first = store.bytes(&Rows { len: rows.len.min(1), ..rows.clone() })?;
    picture::size(unpadded(&first)).map_err(|e| damaged(store, rows, 0, &e))
}

/// RGB bytes of all rows, which have this size.
pub(crate) fn pixels(store: &dyn Store, rows: &Rows, size: [usize; 2]) -> Result<Vec<u8>> {
    let shape = store.shape(&rows.array)?;
    let need = [rows.len, size[0], size[1], 3].iter().try_fold(1_usize, |n, side| n.checked_mul(*side));
    let Some(need) = need.filter(|need| *need as u64 <= LIMIT) else {
        let what = format!("{} would be more than {} GiB", rows.array, LIMIT >> 30);
        return Err(Error::broken(store.path(), what, "store shorter episodes"));
    };
    let bytes = store.bytes(rows)?;
    if shape.is_pictures() {
        if bytes.len() != need {
            let what = format!("{} holds {} bytes where {need} were declared", rows.array, bytes.len());
            return Err(Error::broken(store.path(), what, DOWNLOAD_AGAIN));
        }
        return Ok(bytes);
    }
    let length = bytes.len() / rows.len.max(1);
    let mut rgb = Vec::with_capacity(need);
    for (row, encoded) in bytes.chunks_exact(length.max(1)).enumerate() {
        let (height, width, pixels) = picture::decode(unpadded(encoded)).map_err(|e| damaged(store, rows, row, &e))?;
        if [height, width] != size {
            let text = format!("it is {height}x{width}, the first is {}x{}", size[0], size[1]);
            return Err(damaged(store, rows, row, &text));
        }
        rgb.extend(pixels);
    }
    if rgb.len() != need {
        let what = format!("{} holds {} bytes where {} rows were declared", rows.array, bytes.len(), rows.len);
        return Err(Error::broken(store.path(), what, DOWNLOAD_AGAIN));
    }
    Ok(rgb)
}

/// What is left without zeros at the end.
fn unpadded(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

fn damaged(store: &dyn Store, rows: &Rows, row: usize, why: &str) -> Error {
    let what = format!("row {} of {} is no picture: {why}", rows.from + row, rows.array);
    Error::broken(store.path(), what, "leave the camera out with --no-pictures, or record it again")
}
