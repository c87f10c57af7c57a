//! The key of a cluster: who has it may hand out work, do it, and fetch what came of it.
//!
//! Only its digest is kept, and it is never sent: each side sends a number that it drew and proves that it has the key by
//! an HMAC (RFC 2104) of both numbers, which takes as long to compare whatever was tried.

use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::str::FromStr;

/// Shortest key: with 16 of 64 characters, guessing is hopeless.
const SHORTEST: usize = 16;
/// Longest key.
const LONGEST: usize = 128;
/// Bytes that SHA-256 takes at a time.
const BLOCK: usize = 64;

/// A number that is drawn for one connection, and what proves a key by it.
pub(super) type Proof = [u8; 32];

/// A key, by its digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    digest: [u8; 32],
}

/// Which side proves that it has the key, so that no proof can be sent back as one's own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Comes,
    Answers,
}

impl Key {
    /// Reads a key from a file: its first line that is not empty.
    ///
    /// # Errors
    /// If the file cannot be read or what it holds is no key.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        line.parse().map_err(|what| Error::broken(path, what))
    }

    /// Proves that one has it, by the numbers of who comes and of who answers.
    pub(super) fn proof(&self, side: Side, [comes, answers]: [&Proof; 2]) -> Proof {
        let side: &[u8] = match side {
            Side::Comes => b"terrella cluster, who comes",
            Side::Answers => b"terrella cluster, who answers",
        };
        hmac(&self.digest, &[side, comes, answers])
    }
}

/// Whether two proofs are the same; each is compared to its end, so that the time tells nothing of how near a guess was.
pub(super) fn same(a: &Proof, b: &Proof) -> bool {
    a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// HMAC with SHA-256 of texts one after the other, by a key of at most [`BLOCK`] bytes.
fn hmac(key: &[u8], texts: &[&[u8]]) -> Proof {
    let padded = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        Sha256::new_with_prefix(block)
    };
    let inner = texts.iter().fold(padded(0x36), |inner, text| inner.chain_update(text)).finalize();
    padded(0x5c).chain_update(inner).finalize().into()
}

impl FromStr for Key {
    type Err = String;

    fn from_str(key: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if !(SHORTEST..=LONGEST).contains(&key.len()) || !key.chars().all(plain) {
            return Err(format!(
                "a key of {} characters; take {SHORTEST} to {LONGEST} letters, digits, _ and -, drawn at random",
                key.chars().count()
            ));
        }
        Ok(Self { digest: Sha256::digest(key).into() })
    }
}

impl std::fmt::Debug for Key {
    /// Enough of its digest to tell two apart.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", terrella_core::hex(&self.digest[..4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_an_hmac_of_both_numbers_and_of_the_side() {
        // RFC 4231, test cases 1 and 2.
        let known = terrella_core::hex(hmac(&[0x0b; 20], &[b"Hi There"]));
        assert_eq!(known, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        let known = terrella_core::hex(hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]));
        assert_eq!(known, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let key: Key = "aaaaaaaaaaaaaaaa".parse().expect("a key");
        let other: Key = "aaaaaaaaaaaaaaab".parse().expect("a key");
        let (a, b) = ([1; 32], [2; 32]);
        let proof = key.proof(Side::Comes, [&a, &b]);
        assert!(same(&proof, &key.clone().proof(Side::Comes, [&a, &b])), "the same again");
        for wrong in [
            key.proof(Side::Answers, [&a, &b]),
            key.proof(Side::Comes, [&b, &a]),
            key.proof(Side::Comes, [&a, &a]),
            other.proof(Side::Comes, [&a, &b]),
        ] {
            assert!(!same(&proof, &wrong), "another proof");
        }
        assert!(!format!("{key:?}").contains("aaaa"), "no key is printed");
    }

    #[test]
    fn a_key_is_the_first_line_of_its_file_and_weak_ones_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        std::fs::write(&path, "\n  abcdefghijklmnop  \nmore\n").expect("written");
        assert_eq!(Key::read(&path).expect("read"), "abcdefghijklmnop".parse().expect("a key"));
        for text in ["", "short", "a key with spaces in it"] {
            std::fs::write(&path, text).expect("written");
            let error = Key::read(&path).expect_err(text).to_string();
            assert!(error.contains("16 to 128") && error.contains("key"), "{error}");
        }
        assert!(Key::read(&folder.path().join("none")).is_err(), "no file");
    }
}
