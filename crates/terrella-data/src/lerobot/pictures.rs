//! Picture features of a dataset that is being written: the camera and the views beside it.
//!
//! Each is PNG in the tables or, where colours may lose a little, a video of its own; depth is TIFF in the tables,
//! since a video would change what was measured.

use super::feature::Feature;
use super::names::IMAGE;
use super::stats::Histogram;
use super::videos::{ClipRow, Videos};
use crate::views::short_names;
use crate::{Error, Result, View};
use rayon::prelude::*;
use serde_json::json;
use std::path::Path;
use terrella_core::{Frames, Pixel};
use terrella_media::{depth, png_file};

/// One picture feature.
pub(super) struct PictureFeature {
    /// Its name in the dataset.
    pub(super) key: String,
    pub(super) size: [usize; 2],
    depth: Option<f64>,
    /// The videos it goes to, if it does not stand in the tables.
    videos: Option<Videos>,
    pub(super) histogram: Histogram,
}

/// The pictures of an episode as they are stored.
pub(super) enum Stored {
    Clip(ClipRow),
    /// PNG, or TIFF of depth.
    Files(Vec<Vec<u8>>),
}

impl PictureFeature {
    /// The pictures that models see.
    pub(super) fn camera(size: [usize; 2]) -> Self {
        Self { key: IMAGE.to_owned(), size, depth: None, videos: None, histogram: Histogram::new(Pixel::Rgb) }
    }

    /// Pictures beside them.
    pub(super) fn views(views: &[View]) -> impl Iterator<Item = Self> {
        short_names(views).into_iter().zip(views).map(|(name, view)| Self {
            key: format!("observation.images.{name}"),
            size: view.size,
            depth: view.depth,
            videos: None,
            histogram: Histogram::new(view.pixel()),
        })
    }

    /// From now on as video, unless it is depth.
    pub(super) fn into_video(self, root: &Path, fps: f64) -> Self {
        let videos = self.depth.is_none().then(|| Videos::new(root, &self.key, fps));
        Self { videos, ..self }
    }

    pub(super) fn is_video(&self) -> bool {
        self.videos.is_some()
    }

    pub(super) fn pixel(&self) -> Pixel {
        if self.depth.is_some() { Pixel::Depth } else { Pixel::Rgb }
    }

    /// Encodes the pictures of an episode, those of a video into its file.
    pub(super) fn store(&mut self, frames: &Frames) -> Result<Stored> {
        if let Some(videos) = &mut self.videos {
            return videos.push(frames).map(Stored::Clip);
        }
        let (size @ [height, width], pixel) = (frames.size(), frames.pixel());
        // In parallel, one episode in memory at a time.
        let encode = |i: usize| match pixel {
            Pixel::Rgb => png_file::encode(pixel, size, frames.bytes(i)).map_err(|e| e.to_string()),
            Pixel::Depth => depth::encode(size, frames.bytes(i)),
        };
        let encoded = (0..frames.len()).into_par_iter().map(encode).collect::<Result<_, _>>();
        encoded.map(Stored::Files).map_err(|e| {
            Error::Invalid(format!("cannot encode a {height}x{width} picture: {e}; record at another size"))
        })
    }

    /// Completes an open video.
    pub(super) fn close(&mut self) -> Result<()> {
        self.videos.as_mut().map_or(Ok(()), Videos::close)
    }

    /// As `meta/info.json` has it.
    pub(super) fn described(&self, fps: f64) -> Feature {
        let [height, width] = self.size;
        let channels = if self.depth.is_some() { 1 } else { 3 };
        let dtype = if self.is_video() { "video" } else { "image" };
        let mut feature = Feature::new(dtype, vec![height, width, channels], json!(["height", "width", "channels"]));
        if self.is_video() {
            feature.info = Some(json!({
                "video.height": height, "video.width": width, "video.codec": "h264", "video.pix_fmt": "yuv420p",
                "video.fps": fps as u64, "video.channels": 3, "video.g": terrella_media::video::GROUP,
                "is_depth_map": false, "has_audio": false,
            }));
        }
        if let Some(metres) = self.depth {
            let mut info = json!({ "is_depth_map": true, "depth_metres_per_count": metres });
            // The two units that others know by name.
            if metres == 0.001 {
                info["depth_unit"] = json!("mm");
            } else if metres == 1.0 {
                info["depth_unit"] = json!("m");
            }
            feature.info = Some(info);
        }
        feature
    }
}
