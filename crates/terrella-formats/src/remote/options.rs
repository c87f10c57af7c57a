//! How recordings are fetched: where copies lie, by which credentials, and how patiently.
//!
//! Variables of the environment are a map, so that tests need not change those of the process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use terrella_data::{Error, Result};

/// How to fetch recordings.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// Folder of the copies; each has a folder of its own in it.
    pub cache: PathBuf,
    /// Variables of the environment: credentials and where stores are.
    pub variables: BTreeMap<String, String>,
    /// What is tried again, and how often.
    pub patience: Patience,
}

/// How often something is tried again that did not work, and after which pause.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first pause; each that follows is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
    /// Times that something is tried again without getting any farther.
    pub tries: u32,
}

impl Default for Patience {
    /// Half a minute in all, which is longer than routers and servers take to start anew.
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(10), tries: 6 }
    }
}

#[cfg(feature = "remote")]
impl Patience {
    /// The pause before something is tried again, `before` times of which were in vain.
    pub(super) fn pause(&self, before: u32) -> Duration {
        self.first.saturating_mul(2u32.saturating_pow(before)).min(self.most)
    }
}

/// What is told while recordings are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// Something for people.
    Note(&'a str),
    /// How far it is; both are 0 until it is known what lies there.
    At {
        /// Bytes that are here, those of earlier fetches with them.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
}

/// What came of a fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The copy: a folder, or a file where the place is one.
    pub path: PathBuf,
    /// Files that lie there.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that had to be fetched, in part at least.
    pub fetched: usize,
    /// Bytes that were received for them.
    pub received: u64,
}

impl FetchOptions {
    /// As the environment says: copies lie in `TERRELLA_CACHE`, or where this system keeps what can be had again.
    ///
    /// # Errors
    /// If no variable says where that is.
    pub fn from_environment() -> Result<Self> {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let variables: BTreeMap<String, String> = std::env::vars_os().filter_map(text).collect();
        Ok(Self { cache: cache_folder(&variables)?, variables, patience: Patience::default() })
    }
}

fn cache_folder(variables: &BTreeMap<String, String>) -> Result<PathBuf> {
    let folder = |name: &str| variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = folder("TERRELLA_CACHE") {
        return Ok(own);
    }
    let usual = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    usual.map(|usual| usual.join("terrella")).ok_or_else(|| {
        let what = "nothing says where copies of recordings that lie elsewhere are kept";
        Error::Invalid(format!("{what}; set TERRELLA_CACHE to a folder with room for them"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_lie_where_the_environment_says() {
        let of = |variables: &[(&str, &str)]| {
            cache_folder(&variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!(of(&[("TERRELLA_CACHE", "/big"), ("HOME", "/home/x")]).expect("one"), PathBuf::from("/big"));
        if cfg!(target_os = "linux") {
            let home = of(&[("TERRELLA_CACHE", ""), ("HOME", "/home/x")]).expect("one");
            assert_eq!(home, PathBuf::from("/home/x/.cache/terrella"));
            let cache = of(&[("XDG_CACHE_HOME", "/c"), ("HOME", "/home/x")]).expect("one");
            assert_eq!(cache, PathBuf::from("/c/terrella"));
        }
        let error = of(&[]).expect_err("nowhere").to_string();
        assert!(error.contains("TERRELLA_CACHE"), "{error}");
    }
}
