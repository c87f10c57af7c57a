//! The run that the program brings along: a learned world that can be driven before anything was trained here.
//!
//! It learned from recordings of the embedded world alone, by the command in `worlds/README.md`; its weights are rounded, so that it
//! packs small. It is unpacked as a run directory like any other, with recordings that it never saw, so that every command works
//! with it.

use super::{CollectConfig, Run, collect};
use crate::error::usage;
use crate::watch::Watch;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use terrella_core::suffixed;

/// `run.toml` and `model/`, packed by `examples/pack.rs`.
const PACKED: &[u8] = include_bytes!("../../worlds/brought.tar.zst");
/// Where it is unpacked.
pub const BROUGHT: &str = "runs/brought";
/// What tells which model is there.
const MODEL: &str = "model/model.json";
/// Recordings to begin in, and their seed: another than that of those which were learned from.
const EPISODES: usize = 20;
const SEED: u64 = 1000;

/// Puts the run there, unless it is there already.
///
/// # Errors
/// If another run is there, or the disk refuses; nothing is changed then.
pub fn brought(path: &Path, watch: &Watch) -> Result<()> {
    let files = packed()?;
    if path.exists() {
        let there = fs::read(path.join(MODEL)).unwrap_or_default();
        if files.get(Path::new(MODEL)) != Some(&there) {
            return Err(usage(format!(
                "{} holds another run than the one that this program brings along; play it by its name, or move it away",
                path.display()
            )));
        }
    } else {
        unpack(&files, path)?;
        watch.say(&format!(
            "a learned world that comes with the program was put into {}, a run like any other",
            path.display()
        ));
    }
    let run = Run::open(path)?;
    let data = run.file("data");
    if !data.exists() {
        collect(&data, &CollectConfig::of(&run.settings, EPISODES, SEED), watch)?;
    }
    Ok(())
}

/// What is packed, by name.
fn packed() -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let damaged = "the run that this program brings along is damaged; install the program anew";
    let bytes = zstd::decode_all(PACKED).context(damaged)?;
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(bytes.as_slice()).entries().context(damaged)? {
        let mut entry = entry.context(damaged)?;
        let (name, mut bytes) = (entry.path().context(damaged)?.into_owned(), Vec::new());
        entry.read_to_end(&mut bytes).context(damaged)?;
        files.insert(name, bytes);
    }
    if !files.contains_key(Path::new(MODEL)) {
        bail!("{damaged}: it has no {MODEL}");
    }
    Ok(files)
}

/// All files below a temporary name, which is then renamed.
fn unpack(files: &BTreeMap<PathBuf, Vec<u8>>, path: &Path) -> Result<()> {
    let temporary = suffixed(path, ".tmp");
    let cannot = || format!("cannot write {}", temporary.display());
    if temporary.exists() {
        fs::remove_dir_all(&temporary).with_context(cannot)?;
    }
    for (name, bytes) in files {
        let file = temporary.join(name);
        file.parent().map_or(Ok(()), fs::create_dir_all).with_context(cannot)?;
        fs::write(&file, bytes).with_context(cannot)?;
    }
    fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))
}
