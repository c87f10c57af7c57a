//! A pipeline from recordings to datasets.

use crate::engine::Engine;
use crate::ingest::ingest;
use crate::lineage::{Lineage, StageRecord};
use crate::output::{Output, part_folder};
use crate::recordings::Recordings;
use crate::stage::Work;
use crate::store::Store;
use crate::{CODE_VERSION, Error, Pipeline, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What came of a pipeline.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Curated {
    /// What each stage did.
    pub stages: Vec<Done>,
    /// The datasets.
    pub datasets: Vec<Dataset>,
    /// What readers left out, assumed or could not keep.
    pub notes: Vec<String>,
}

/// What a stage did.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Done {
    /// Its name.
    pub name: String,
    /// Episodes and rows after it.
    pub left: [usize; 2],
    /// Whether an earlier run had done it.
    pub reused: bool,
    /// How long it took.
    pub seconds: f64,
}

/// A dataset that was written.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Dataset {
    /// Its folder.
    pub path: PathBuf,
    /// Episodes.
    pub episodes: usize,
    /// Rows.
    pub rows: usize,
    /// SHA-256 of its content.
    pub hash: String,
}

/// Runs a pipeline and makes the folder `destination`: a LeRobot v3.0 dataset, or one for each part. Results of
/// stages are kept in `<destination>.work` until all is done, so a run that was killed goes on there.
/// `progress` hears what is being done, and how much of how much.
///
/// # Errors
/// If a recording cannot be read, a stage cannot be done, or the destination exists or cannot be written.
pub fn curate(
    pipeline: &Pipeline,
    destination: &Path,
    progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<Curated> {
    in_store(pipeline, destination, |scratch| Engine::local(pipeline, scratch), progress)
}

/// As [`curate`], by these workers.
///
/// # Errors
/// As [`curate`], or if the workers cannot be reached.
#[cfg(feature = "cluster")]
pub fn curate_on(
    workers: &crate::cluster::Workers,
    pipeline: &Pipeline,
    destination: &Path,
    progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<Curated> {
    // Whoever opens the tables may have another current folder.
    let destination = std::path::absolute(destination).map_err(Error::io("find", destination))?;
    in_store(pipeline, &destination, |scratch| Engine::of(workers, pipeline, scratch), progress)
}

fn in_store(
    pipeline: &Pipeline,
    destination: &Path,
    engine: impl FnOnce(&Path) -> Result<Engine>,
    progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<Curated> {
    if destination.symlink_metadata().is_ok() {
        return Err(terrella_data::Error::Exists(destination.to_path_buf()).into());
    }
    let work = terrella_core::suffixed(destination, ".work");
    let store = Store::open(&work)?;
    let scratch = work.join("scratch");
    std::fs::create_dir_all(&scratch).map_err(Error::io("create", &scratch))?;
    let engine = engine(&scratch)?;
    run(pipeline, destination, (&engine, &mut Recordings::of(pipeline)), store, progress)
}

/// As [`curate`], by a given engine, in a given store.
fn run(
    pipeline: &Pipeline,
    destination: &Path,
    (engine, recordings): (&Engine, &mut Recordings),
    store: Store,
    progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<Curated> {
    let mut stages = Vec::new();
    let mut clock = Instant::now();
    let mut tell = |name: &str, left: [usize; 2], reused: bool, stages: &mut Vec<Done>| {
        stages.push(Done { name: name.to_owned(), left, reused, seconds: clock.elapsed().as_secs_f64() });
        clock = Instant::now();
    };
    let (read, mut key, reused) =
        ingest(pipeline, &store, recordings, &mut |done, total| progress("read", done, total))?;
    tell("read", read.tables.counts, reused, &mut stages);
    let mut tables = read.tables;
    let mut records = Vec::new();
    for (at, stage) in pipeline.stages.iter().enumerate() {
        progress(stage.name(), at, pipeline.stages.len());
        let work = Work { engine, store: &store, seed: pipeline.seed, number: at + 1, stage, before: &tables };
        let (after, reused, next) = work.run(&key)?;
        records.push(StageRecord {
            number: at + 1,
            stage: serde_json::from_str(&stage.text()).unwrap_or_default(),
            episodes: [tables.counts[0], after.counts[0]],
            rows: [tables.counts[1], after.counts[1]],
            folder: after.episodes.parent().unwrap_or(Path::new("")).to_path_buf(),
        });
        tell(stage.name(), after.counts, reused, &mut stages);
        (tables, key) = (after, next);
    }
    let notes = read.sources.iter().flat_map(|s| s.notes.iter().map(|n| format!("{}: {n}", s.path.display())));
    let notes = notes.collect();
    let lineage = Lineage {
        code: CODE_VERSION.to_owned(),
        seed: pipeline.seed,
        sources: read.sources,
        stages: records,
        part: None,
    };
    let text = toml::to_string_pretty(pipeline).map_err(|e| Error::Invalid(e.to_string()))?;
    let folder = store.path(Path::new("output"));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(Error::io("clean", &folder))?;
    }
    let output = Output { engine, store: &store, tables: &tables, lineage: &lineage, pipeline: &text, folder: &folder };
    let written = output.write(recordings, &mut |done, total| progress("write", done, total))?;
    let left = [0, 1].map(|i| written.iter().map(|(_, w)| [w.episodes, w.rows][i]).sum());
    tell("write", left, false, &mut stages);
    if destination.symlink_metadata().is_ok() {
        return Err(terrella_data::Error::Exists(destination.to_path_buf()).into());
    }
    std::fs::rename(&folder, destination).map_err(Error::io("rename the finished dataset to", destination))?;
    store.remove()?;
    let mut datasets = Vec::new();
    for (part, written) in written {
        let path = part_folder(destination, &part);
        let dataset = terrella_formats::open_source(&path, &terrella_data::SourceOptions::default())?;
        let hash = dataset.hash()?.to_owned();
        datasets.push(Dataset { path, episodes: written.episodes, rows: written.rows, hash });
    }
    Ok(Curated { stages, datasets, notes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use terrella_core::{Episode, Frames, Signature, Table};

    /// Writes two episodes whose numbers and pictures begin at `first`.
    fn record(path: &Path, first: u8, pictures: bool) {
        let signature = Signature {
            fps: 10.0,
            image: pictures.then_some([2, 2]),
            state: vec!["x".into()],
            action: vec!["push".into()],
            ..Signature::default()
        };
        let mut writer = terrella_data::Writer::create(path, &signature).expect("a folder");
        for index in 0..2 {
            let table = |scale: f32| {
                Table::from_data(1, (0..5u8).map(|t| scale * f32::from(first + t) + index as f32).collect())
            };
            let bytes: Vec<u8> = (0..5 * 12u8).map(|at| first + at / 12).collect();
            let frames = pictures.then(|| Frames::new(2, 2, 5, Arc::new(bytes), 0));
            let (states, actions) = (table(1.0), table(0.1));
            let episode = Episode { index, task: "push".into(), states, actions, frames, ..Episode::default() };
            writer.write_episode(&episode).expect("written");
        }
        writer.finish().expect("finished");
    }

    #[test]
    fn each_recording_is_opened_once_and_again_only_where_memory_is_short() {
        for pictures in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = |name: &str| folder.path().join(name);
            record(&path("first"), 10, pictures);
            record(&path("second"), 20, pictures);
            let text =
                "[[source]]\npath = \"first\"\n[[source]]\npath = \"second\"\n[[stage]]\ndo = \"split\"\nrows = 2\n";
            std::fs::write(path("p.toml"), text).expect("written");
            let pipeline = Pipeline::read(&path("p.toml")).expect("a pipeline");
            let curated = |name: &str, mut recordings: Recordings| {
                let store = Store::open(&path(&format!("{name}.work"))).expect("a store");
                let engine = Engine::local(&pipeline, &path("scratch")).expect("an engine");
                let made = run(&pipeline, &path(name), (&engine, &mut recordings), store, &mut |_, _, _| {});
                (made.expect("curated").datasets[0].hash.clone(), recordings.opened)
            };
            std::fs::create_dir(path("scratch")).expect("a folder");
            let (hash, opened) = curated("roomy", Recordings::of(&pipeline));
            assert_eq!(opened, 2, "two recordings, pictures: {pictures}");
            // For the hash, for the tables, and for pictures.
            let (same, opened) = curated("short", Recordings::within(0));
            assert_eq!((same, opened), (hash, if pictures { 6 } else { 4 }), "pictures: {pictures}");
        }
    }
}
