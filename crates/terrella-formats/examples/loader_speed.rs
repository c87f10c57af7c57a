//! Measures the loader: clips a second for 4 frames, 5 apart, in batches of 64, from the warm cache.
//!
//! `loader_speed DATASET [SOURCE]` prints one line of JSON. With `SOURCE`, recordings of PushT, the dataset is imported
//! first, if it is not there, and the times of import, first and second open are part of the line.
//! `bench/loader_speed.py` runs this beside LeRobot's loader.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use terrella_core::{Batch, Window};
use terrella_data::{Prefetch, Sampler, SourceOptions};
use terrella_formats::{OpenOptions, import, open};

const BATCHES: u64 = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let dataset: &Path = arguments.first().ok_or("usage: loader_speed DATASET [SOURCE]")?;
    let mut report = serde_json::Map::new();
    let seconds = |start: Instant| serde_json::json!((start.elapsed().as_secs_f64() * 1e4).round() / 1e4);
    if let Some(source) = arguments.get(1).filter(|_| !dataset.exists()) {
        let start = Instant::now();
        let options = SourceOptions { env: Some("pusht".to_owned()), ..SourceOptions::default() };
        import(source, dataset, &options.into(), &mut |_, _| {})?;
        report.insert("import_s".into(), seconds(start));
    }
    for name in ["first_open_s", "second_open_s"] {
        let start = Instant::now();
        open(dataset, &OpenOptions::default())?;
        report.insert(name.into(), seconds(start));
    }
    let data = Arc::new(open(dataset, &OpenOptions::default())?);
    let all: Vec<usize> = (0..data.episodes.len()).collect();
    let window = Window { n_frames: 4, frame_skip: 5, goal: None };
    let sampler = Arc::new(Sampler::new(data.clone(), &all, window, 64, 0)?);
    let mut batch = Batch::default();
    // One epoch's worth of touching, so that the pictures are in memory as they are in training.
    (0..BATCHES).for_each(|step| sampler.fill(step, &mut batch));
    let rate = |start: Instant| serde_json::json!((BATCHES as f64 * 64.0 / start.elapsed().as_secs_f64()).round());
    let start = Instant::now();
    (0..BATCHES).for_each(|step| sampler.fill(BATCHES + step, &mut batch));
    report.insert("clips_per_s".into(), rate(start));
    let start = Instant::now();
    (0..BATCHES).for_each(|step| drop(std::hint::black_box(sampler.batch(BATCHES + step))));
    report.insert("clips_per_s_new_buffers".into(), rate(start));
    let mut ahead = Prefetch::new(sampler.clone(), BATCHES, 2)?;
    let start = Instant::now();
    (0..BATCHES).for_each(|_| drop(std::hint::black_box(ahead.next())));
    report.insert("clips_per_s_prefetched".into(), rate(start));
    report.insert("clips".into(), sampler.n_clips().into());
    report.insert("rows".into(), data.n_rows().into());
    writeln!(std::io::stdout(), "{}", serde_json::Value::Object(report))?;
    Ok(())
}
