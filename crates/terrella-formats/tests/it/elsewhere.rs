//! Recordings of others, which lie beside the repository where they are at all: a test without them says
//! so, in one line, and fails where `TERRELLA_NEEDS_RECORDINGS=1` says that they must be there.

// Shared by the test binaries of three crates.
use std::path::{Path, PathBuf};

/// The path of one of them, if it is here.
pub(crate) fn recordings(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    let needed = std::env::var("TERRELLA_NEEDS_RECORDINGS").is_ok_and(|v| v == "1");
    assert!(!needed, "{} is not here, and TERRELLA_NEEDS_RECORDINGS=1 says that it must be", path.display());
    eprintln!("skipped: {} is not here", path.display());
    None
}
