//! From a path to a [`Dataset`], and from any recording to a LeRobot dataset on disk.
//!
//! Both go through the same [`Source`]: opening reads tables and maps the decoded pictures, importing
//! streams episode by episode into a [`Writer`].

use crate::opened::open_source;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use terrella_core::{Dataset, Episode, Stats, write_atomic};
use terrella_data::cache::{PictureCache, content_hash, default_cache};
use terrella_data::{Error, Note, Result, Source, SourceOptions, View, Writer, Written};
use terrella_media::picture::Scaler;

/// How to open a dataset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenOptions {
    /// What the recording may not say about itself.
    pub source: SourceOptions,
    /// Side of the square pictures; the recorded size if absent.
    pub image_size: Option<usize>,
    /// Lays the views that were asked for beside the camera, all in one picture.
    pub side_by_side: bool,
    /// Leaves the pictures out: for models of logged states, and to look at tables quickly.
    pub skip_images: bool,
    /// Folder of the decoded pictures. If absent: `.cache` in a dataset folder that may be written to,
    /// memory for a single file.
    pub cache: Option<PathBuf>,
}

/// Opens a dataset of any format that [`crate::FORMATS`] lists.
///
/// # Errors
/// If it is not recognised, damaged or inconsistent; the message names file, row and remedy.
pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Dataset> {
    open_with(path.as_ref(), options, &mut |_, _| {})
}

/// As [`open`], told how many episodes are decoded of how many; nothing is told when none have to be.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: &Path, options: &OpenOptions, progress: &mut dyn FnMut(usize, usize)) -> Result<Dataset> {
    let mut wanted = options.source.clone();
    wanted.no_pictures |= options.skip_images;
    let source = open_source(path, &wanted)?;
    let folder = options.cache.clone().or_else(|| default_cache(path));
    let hash = content_hash(&source.files()?, folder.as_deref(), true)?;
    let mut signature = source.signature().clone();
    let lengths = source.lengths();
    let mut episodes: Vec<Episode> = (0..lengths.len()).map(|at| source.episode(at)).collect();
    match (signature.image, options.skip_images) {
        (Some(from), false) => {
            if options.image_size == Some(0) {
                return Err(Error::Invalid("pictures of size 0 were asked for; ask for at least 1".to_owned()));
            }
            let to = options.image_size.map_or(from, |side| [side, side]);
            signature.image = Some(to);
            let cameras = if options.side_by_side { source.cameras().len() } else { 1 };
            let cache = PictureCache { source: &*source, folder: folder.as_deref(), hash: &hash, to, cameras };
            for (episode, frames) in episodes.iter_mut().zip(cache.frames(&lengths, progress)?) {
                episode.frames = Some(frames);
            }
        }
        _ => signature.image = None,
    }
    let state_stats = Stats::of(signature.state.len(), episodes.iter().map(|e| &e.states).filter(|t| t.width > 0));
    let action_stats = Stats::of(signature.action.len(), episodes.iter().map(|e| &e.actions));
    let notes = source.notes().iter().map(ToString::to_string).collect();
    Ok(Dataset { signature, episodes, state_stats, action_stats, hash, notes })
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// What was written.
    #[serde(flatten)]
    pub written: Written,
    /// What was left out, assumed or lost.
    pub notes: Vec<Note>,
}

/// How to import a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// What the recording may not say about itself.
    pub source: SourceOptions,
    /// Side of square pictures; as recorded if absent.
    pub image_size: Option<usize>,
    /// Stores pictures as H.264 video instead of as PNG: smaller, and no longer the very pixels.
    pub video: bool,
}

impl From<SourceOptions> for ImportOptions {
    fn from(source: SourceOptions) -> Self {
        Self { source, ..Self::default() }
    }
}

/// Copies any recording into a new LeRobot v3.0 dataset; `progress` hears episodes done and in all. What was
/// left out, assumed or lost is told, and kept in `meta/import.json` with the hash of the source.
///
/// # Errors
/// If the source is not readable as a whole, or the destination exists or cannot be written. Nothing
/// stands under `destination` then.
pub fn import(
    source: &Path,
    destination: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Imported> {
    if destination.symlink_metadata().is_ok() {
        return Err(Error::Exists(destination.to_path_buf()));
    }
    let ImportOptions { source: options, image_size, video } = options;
    let source = open_source(source, options)?;
    let mut signature = source.signature().clone();
    let recorded_fps = signature.fps;
    let mut notes = source.notes();
    if recorded_fps.fract() != 0.0 || recorded_fps < 1.0 {
        // LeRobot names the rate by a whole number; where rows have times, it is only a name.
        signature.fps = recorded_fps.round().max(1.0);
        let what = format!(
            "the rate of rows, {recorded_fps:.4} a second, is stored as {}; rows keep their own times",
            signature.fps
        );
        notes.push(Note { place: "fps".to_owned(), what });
    }
    notes.extend(unused(&*source, *image_size, *video));
    if *image_size == Some(0) {
        return Err(Error::Invalid("pictures of size 0 were asked for; ask for at least 1".to_owned()));
    }
    let scaler = |camera: &View| image_size.map(|side| Scaler::new(camera.size, [side, side]));
    let scalers: Vec<Option<Scaler>> = source.cameras().iter().map(scaler).collect();
    let mut views = source.views().to_vec();
    if let Some(side) = image_size {
        signature.image = signature.image.map(|_| [*side, *side]);
        views.iter_mut().for_each(|view| view.size = [*side, *side]);
    }
    let mut writer = Writer::create(destination, &signature)?.with_views(&views);
    if *video && !scalers.is_empty() {
        writer = writer.with_video()?;
    }
    let total = source.lengths().len();
    for at in 0..total {
        let seen = scalers.par_iter().enumerate().map(|(camera, scaler)| {
            let frames = source.frames(at, camera)?;
            Ok(match scaler {
                Some(scaler) => scaler.frames(&frames),
                None => frames,
            })
        });
        let mut frames = seen.collect::<Result<Vec<_>>>()?;
        let views = frames.split_off(usize::from(signature.image.is_some()));
        let mut episode = Episode { frames: frames.pop(), ..source.episode(at) };
        if signature.fps != recorded_fps && episode.times.is_empty() {
            episode.times = (0..episode.len()).map(|row| episode.time(row, recorded_fps)).collect();
        }
        writer.write_views(&episode, &views)?;
        progress(at + 1, total);
    }
    let origin = serde_json::json!({
        "source": source.path().file_name().map(|name| name.to_string_lossy()),
        "source_hash": source.hash()?,
        "format": source.format(),
        "terrella": env!("CARGO_PKG_VERSION"),
        "options": format!("{options:?}"),
        "notes": notes,
    });
    write_atomic(&writer.folder().join("meta/import.json"), format!("{origin:#}\n").as_bytes())?;
    Ok(Imported { written: writer.finish()?, notes })
}

/// Tells options for pictures where there are none.
fn unused(source: &dyn Source, image_size: Option<usize>, video: bool) -> Option<Note> {
    let given = [image_size.map(|_| "--image-size"), video.then_some("--video")];
    let given = given.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    let what = format!("there are none, so {given} changes nothing");
    (source.cameras().is_empty() && !given.is_empty()).then(|| Note { place: "pictures".to_owned(), what })
}
