//! Things without labels: keypoints are learned from pictures, judged by a logged state where there is one, and drawn on a page.
//!
//! A [`finder`] has them, [`learn`] teaches it, [`places`] is where they are in chosen rows, [`judge`] what that says of what was logged (the only file that
//! looks at a state), [`show`] the page, [`report`] what came of it.

mod finder;
mod judge;
mod learn;
mod places;
mod report;
mod show;

pub use report::KeypointsFound;

use super::Recordings;
use crate::settings::Settings;
use crate::watch::Watch;
use anyhow::{Context, Result};
use burn::tensor::Device;
use finder::Finder;
use places::Places;
use std::path::Path;
use terrella_core::{Key, write_atomic};
use terrella_model::Wants;

/// The page.
const PAGE: &str = "keypoints.html";
/// The same in numbers.
const NUMBERS: &str = "keypoints.json";
/// Where keypoints are in all held-out rows.
const PLACES: &str = "places.csv";
/// Rows that what judges is fitted on, at most.
const FITTED: usize = 4000;

/// Learns keypoints from the recordings of the settings, judges them on held-out episodes and writes a folder.
///
/// # Errors
/// If the recordings have no pictures, or these never change, or are too few episodes; the folder exists or cannot be written to;
/// or somebody asked to stop.
pub fn find_keypoints(out: &Path, settings: &Settings, device: &Device, watch: &Watch) -> Result<KeypointsFound> {
    if out.symlink_metadata().is_ok() {
        return Err(terrella_data::Error::Exists(out.to_owned()).into());
    }
    let path = settings.data.path.as_deref().context("name recordings with pictures with --data")?;
    let wants = Wants { picture: Some(settings.keypoints.side), state: false };
    let recordings = Recordings::open_for(wants, path, settings, watch)?;
    let dataset = &recordings.dataset;
    let train = &recordings.split.train;
    let held_out = report::held_out(&recordings);
    let (keypoints, loss) = Finder::learn((dataset, train), settings, device, watch)?;
    let untaught = Finder::untaught((dataset, train), settings, device)?;
    let key = Key::new(settings.seed).with("keypoints");
    let stage = watch.stage("judge", 4);
    let learned_rows = places::spread(dataset, train, FITTED);
    let learned = Places::of(&keypoints, dataset, learned_rows.clone())?;
    stage.at(1, "");
    let unseen_rows = places::spread(dataset, &held_out, usize::MAX);
    let unseen = Places::of(&keypoints, dataset, unseen_rows.clone())?;
    stage.at(2, "");
    let blind = match &untaught {
        Some(untaught) => {
            Some([Places::of(untaught, dataset, learned_rows)?, Places::of(untaught, dataset, unseen_rows)?])
        }
        None => None,
    };
    stage.at(3, "");
    let floor = blind.as_ref().map(|[learned, unseen]| [learned, unseen]);
    let score = judge::judge(&recordings, [&learned, &unseen], (keypoints.name(), floor), key)?;
    stage.at(4, "");
    drop(stage);
    let found = KeypointsFound {
        page: out.join(PAGE),
        learned: train.len(),
        split: recordings.split_words.clone(),
        dataset: dataset.hash.clone(),
        source: path.to_owned(),
        settings: settings.keypoints.clone(),
        seed: settings.seed,
        loss,
        seconds: watch.timings(),
        notes: report::notes(&recordings, &score),
        score,
    };
    let page = show::page(&recordings, &unseen, &found, key);
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    write_atomic(&out.join(PLACES), unseen.to_csv(dataset).as_bytes())?;
    write_atomic(&out.join(NUMBERS), format!("{}\n", serde_json::to_string_pretty(&found)?).as_bytes())?;
    write_atomic(&out.join(PAGE), page.to_html().as_bytes())?;
    Ok(found)
}
