//! What identifies an episode: exactly, by a hash of its numbers; roughly, by its path at a few places.

use super::Rows;
use sha2::{Digest, Sha256};

/// Places at which a path is sampled.
pub(crate) const PLACES: usize = 16;

/// SHA-256 of the numbers in order, as hexadecimal digits. What rows are ordered by is not part of it, so the
/// same motion at another place of a recording is the same content.
pub(super) fn content_hash(rows: &Rows) -> Option<String> {
    let mut hasher = Sha256::new();
    hasher.update((rows.width as u64).to_le_bytes());
    // Adding 0 makes one zero of two.
    rows.values.iter().for_each(|x| hasher.update((x + 0.0).to_le_bytes()));
    Some(terrella_core::hex(hasher.finalize()))
}

/// The rows at [`PLACES`] even places of the episode, linearly interpolated: `PLACES × width` numbers.
pub(super) fn path_signature(rows: &Rows) -> Option<Vec<f64>> {
    let last = rows.len().checked_sub(1)?;
    let mut signature = Vec::with_capacity(PLACES * rows.width);
    for place in 0..PLACES {
        let at = place as f64 / (PLACES - 1) as f64 * last as f64;
        let low = (at.floor() as usize).min(last);
        let (a, b, part) = (rows.row(low), rows.row((low + 1).min(last)), at - low as f64);
        signature.extend(a.iter().zip(b).map(|(a, b)| a + part * (b - a)));
    }
    Some(signature)
}

/// The rows at 8 even places, as they are: halves of hashes cannot be interpolated.
pub(super) fn picture_signature(rows: &Rows) -> Option<Vec<f64>> {
    let last = rows.len().checked_sub(1)?;
    Some((0..8).flat_map(|place| rows.row((place * last + 3) / 7)).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: usize) -> Rows {
        let order: Vec<f64> = (0..n).map(|t| t as f64).collect();
        Rows { width: 1, values: order.iter().map(|t| t / (n - 1) as f64).collect(), order }
    }

    #[test]
    fn a_path_is_the_same_at_any_rate_and_its_content_is_not() {
        let (slow, fast) = (line(61), line(31));
        let (a, b) = (path_signature(&slow).expect("a path"), path_signature(&fast).expect("a path"));
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-12), "{a:?} and {b:?}");
        assert_ne!(content_hash(&slow), content_hash(&fast), "other rows");
        let later = Rows { order: slow.order.iter().map(|t| t + 7.0).collect(), ..slow.clone() };
        assert_eq!(content_hash(&slow), content_hash(&later), "the time does not count");
        assert_eq!(path_signature(&Rows::default()), None, "no row, no path");
    }
}
