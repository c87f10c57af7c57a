//! Keys: who has one may do what it is for. Only their digests are kept, and comparing takes as long whatever was tried.

use sha2::{Digest, Sha256};
use std::str::FromStr;
use terrella_core::{Error, hex};

/// What somebody may do; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Look, and read the numbers.
    Read,
    /// Drive: everything but recordings.
    Step,
    /// Record what is driven, too.
    Record,
}

impl Scope {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Step => "step",
            Self::Record => "record",
        }
    }
}

/// Shortest key: with 16 of 64 characters, guessing is hopeless.
const SHORTEST: usize = 16;
/// Longest key: it stands in an address.
const LONGEST: usize = 128;

/// A key and what it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    digest: [u8; 32],
    scope: Scope,
}

impl Key {
    /// A key for a scope.
    ///
    /// # Errors
    /// If it is short, long, or has a character that an address would write otherwise.
    pub fn new(key: &str, scope: Scope) -> Result<Self, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if !(SHORTEST..=LONGEST).contains(&key.len()) || !key.chars().all(plain) {
            return Err(Error::Invalid(format!(
                "a key of {} characters; take {SHORTEST} to {LONGEST} letters, digits, _ and -, drawn at random",
                key.chars().count()
            )));
        }
        Ok(Self { digest: Sha256::digest(key).into(), scope })
    }

    /// What the first of these keys that is this one allows.
    pub(crate) fn scope(keys: &[Self], tried: &str) -> Option<Scope> {
        let tried: [u8; 32] = Sha256::digest(tried).into();
        let differ = |key: &Self| key.digest.iter().zip(tried).fold(0, |all, (a, b)| all | (a ^ b));
        // All are compared, and each to its end: the time tells nothing of how near a guess was.
        keys.iter().fold(None, |found, key| if differ(key) == 0 { found.or(Some(key.scope)) } else { found })
    }
}

impl FromStr for Key {
    type Err = Error;

    /// `read:KEY`, `step:KEY` or `record:KEY`; without a scope, one for everything.
    fn from_str(text: &str) -> Result<Self, Error> {
        let Some((scope, key)) = text.split_once(':') else { return Self::new(text, Scope::Record) };
        let scopes = [Scope::Read, Scope::Step, Scope::Record];
        let Some(scope) = scopes.into_iter().find(|known| known.name() == scope) else {
            return Err(Error::Invalid(format!("there is no scope {scope:?}; write read:KEY, step:KEY or record:KEY")));
        };
        Self::new(key, scope)
    }
}

impl std::fmt::Debug for Key {
    /// What it is for, and enough of its digest to tell two apart.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({}, {})", self.scope.name(), hex(&self.digest[..4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_what_it_is_for_and_no_other_does() {
        let keys: Vec<Key> = ["read:aaaaaaaaaaaaaaaa", "step:bbbbbbbbbbbbbbbb", "cccccccccccccccc"]
            .map(|text| text.parse::<Key>().expect("a good key"))
            .to_vec();
        let scope = |tried: &str| Key::scope(&keys, tried);
        assert_eq!(scope("aaaaaaaaaaaaaaaa"), Some(Scope::Read));
        assert_eq!(scope("bbbbbbbbbbbbbbbb"), Some(Scope::Step));
        assert_eq!(scope("cccccccccccccccc"), Some(Scope::Record));
        for wrong in ["", "aaaaaaaaaaaaaaab", "read:aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaa"] {
            assert_eq!(scope(wrong), None, "{wrong}");
        }
        assert!(!format!("{keys:?}").contains("aaaa"), "no key is printed");
        assert!(Scope::Read < Scope::Step && Scope::Step < Scope::Record);
    }

    #[test]
    fn weak_and_odd_keys_are_refused() {
        for (text, told) in
            [("short", "16 to 128"), ("write:aaaaaaaaaaaaaaaa", "no scope"), ("a key with spaces", "16 to 128")]
        {
            let error = text.parse::<Key>().expect_err(text).to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
