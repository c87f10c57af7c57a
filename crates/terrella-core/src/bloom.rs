//! A set of hashes in few bits (Bloom 1970): what was put in is always found, something else rarely is.
//!
//! 16 bits an entry and 11 probes find 1 in 2,000 strangers by mistake, `(1 − e^(−11/16))^11`. Written
//! as hexadecimal digits, which is 4 bytes an entry: JSON has no bytes.

use crate::seed::mix;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Write;

/// Bits an entry.
const BITS: usize = 16;
/// Probes an entry: `16 ln 2` is best.
const PROBES: u64 = 11;

/// The set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bloom(Vec<u64>);

impl Bloom {
    /// The set of these hashes, `n` of them.
    pub(crate) fn of(n: usize, hashes: impl Iterator<Item = u64>) -> Self {
        let mut set = Self(vec![0; (n * BITS).div_ceil(64).max(1)]);
        for hash in hashes {
            set.probes(hash).for_each(|bit| set.0[bit / 64] |= 1 << (bit % 64));
        }
        set
    }

    /// Whether a hash was put in; said of 1 in 2,000 others, too.
    pub(crate) fn has(&self, hash: u64) -> bool {
        self.probes(hash).all(|bit| self.0[bit / 64] >> (bit % 64) & 1 == 1)
    }

    /// Two hashes stand for all (Kirsch and Mitzenmacher 2006).
    fn probes(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let (bits, step) = (64 * self.0.len() as u64, mix(hash) | 1);
        (0..PROBES).map(move |i| (mix(hash.wrapping_add(i.wrapping_mul(step))) % bits) as usize)
    }
}

impl Serialize for Bloom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(16 * self.0.len());
        self.0.iter().try_for_each(|word| write!(text, "{word:016x}")).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Bloom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let whole = !text.is_empty() && text.len().is_multiple_of(16) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !whole {
            let n = text.len();
            return Err(serde::de::Error::custom(format!("a set of hashes is {n} characters, not 16, 32, … digits")));
        }
        let word = |at: usize| u64::from_str_radix(&text[at..at + 16], 16).map_err(serde::de::Error::custom);
        (0..text.len()).step_by(16).map(word).collect::<Result<Vec<u64>, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_entries_are_found_and_few_strangers() {
        let n = 20_000u64;
        let set = Bloom::of(n as usize, (0..n).map(mix));
        assert!((0..n).all(|i| set.has(mix(i))), "what was put in");
        let strangers = (n..n + 1_000_000).filter(|&i| set.has(mix(i))).count();
        assert!((250..750).contains(&strangers), "{strangers} of a million; 463 are expected");
    }

    #[test]
    fn it_survives_json_and_nonsense_is_refused() {
        let set = Bloom::of(100, (0..100).map(mix));
        let text = serde_json::to_string(&set).expect("JSON");
        assert_eq!(text.len(), 2 + 400, "four bytes an entry");
        assert_eq!(serde_json::from_str::<Bloom>(&text).expect("back"), set, "{text}");
        for nonsense in ["\"\"", "\"0123\"", "\"000000000000000+\"", "\"ααααααα \""] {
            assert!(serde_json::from_str::<Bloom>(nonsense).is_err(), "{nonsense}");
        }
    }
}
