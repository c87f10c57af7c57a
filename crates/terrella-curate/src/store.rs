//! Results of stages on disk, each in a folder named after everything it depends on.
//!
//! A stage is built in `<name>.partial`, which is renamed when it is whole: whoever finds the name finds the
//! result, so a pipeline that was killed goes on where it was, and ends with the same bytes.

use crate::{CODE_VERSION, Error, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// What a result depends on, as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StageKey(String);

impl StageKey {
    /// The key of texts, in order, and of this version of the code.
    pub(crate) fn of(texts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for text in std::iter::once(&CODE_VERSION).chain(texts) {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        Self(terrella_core::hex(hasher.finalize()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// A folder of results.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
}

/// Says what a finished result is.
const RECORD: &str = "stage.json";

impl Store {
    /// Makes the folder, or finds it.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        Ok(Self { folder: folder.to_path_buf() })
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &Path) -> PathBuf {
        self.folder.join(name)
    }

    /// The record of a result, built by `build` in a folder of its own unless it is there already, and whether
    /// it was. `build` is given the folder to write to and the name that it will have in the store.
    pub(crate) fn make<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        key: &StageKey,
        build: impl FnOnce(&Path, &Path) -> Result<T>,
    ) -> Result<(T, bool)> {
        let name = PathBuf::from(format!("{name}-{}", &key.text()[..16]));
        let whole = self.folder.join(&name);
        let record = whole.join(RECORD);
        if whole.is_dir() {
            let text = fs::read_to_string(&record).map_err(Error::io("read", &record))?;
            return Ok((serde_json::from_str(&text).map_err(|e| Error::broken(&record, e))?, true));
        }
        let partial = whole.with_extension("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(Error::io("clean", &partial))?;
        }
        fs::create_dir_all(&partial).map_err(Error::io("create", &partial))?;
        let made = build(&partial, &name)?;
        let record = partial.join(RECORD);
        let text = serde_json::to_string_pretty(&made).map_err(|e| Error::broken(&record, e))?;
        terrella_core::write_atomic(&record, text.as_bytes())?;
        fs::rename(&partial, &whole).map_err(Error::io("rename the finished stage to", &whole))?;
        Ok((made, false))
    }

    /// Removes all results.
    pub(crate) fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.folder).map_err(Error::io("remove", &self.folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_built_once_and_half_a_one_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let key = StageKey::of(&["a", "b"]);
        assert_ne!(key, StageKey::of(&["ab"]), "texts do not run together");
        let failed = store.make::<u32>("01-x", &key, |path, _| {
            fs::write(path.join("half"), "x").expect("written");
            Err(Error::Invalid("killed".to_owned()))
        });
        assert!(failed.is_err(), "a build that ended early");
        let build = |path: &Path, _: &Path| {
            assert!(!path.join("half").exists(), "what was left is gone");
            Ok(7_u32)
        };
        assert_eq!(store.make("01-x", &key, build).expect("built"), (7, false), "built");
        let again = store.make::<u32>("01-x", &key, |_, _| panic!("it is there already"));
        assert_eq!(again.expect("found"), (7, true), "found");
    }
}
