//! Pictures from MP4 files: H.264 by Cisco's OpenH264, AV1 by dav1d's translation to Rust; and into them, as H.264.
//!
//! `boxes` looks whether a file holds together, `mp4` finds samples and their times, `sequence` and `hevc` read what H.264 and HEVC say of themselves in `bits`, `decode` turns samples into planes, `colour` planes into RGB and back,
//! `encode` makes samples, and `mux` a file of them; `stream` decodes samples that come without a file.
//! All of it sits behind the feature `video`, because the decoders take a minute to build; without
//! it the same functions say how to get it.

mod bits;
#[cfg(feature = "video")]
mod boxes;
#[cfg(feature = "video")]
mod colour;
#[cfg(feature = "video")]
mod decode;
#[cfg(feature = "video")]
mod encode;
mod hevc;
#[cfg(feature = "video")]
mod mp4;
#[cfg(feature = "video")]
mod mux;
mod samples;
#[cfg(feature = "video")]
mod sequence;
#[cfg(feature = "video")]
mod stream;
#[cfg(not(feature = "video"))]
mod without;

pub use samples::{GROUP, StreamTake, begins};
#[cfg(not(feature = "video"))]
pub use without::{Video, VideoStream, VideoWriter};
#[cfg(feature = "video")]
pub use {mp4::Video, mux::VideoWriter, stream::VideoStream, stream::encoded};

/// Fails where the decoders were not built, before anything else can be wrong with a video.
///
/// # Errors
/// If this was built without the feature `video`.
#[cfg_attr(feature = "video", allow(clippy::unnecessary_wraps))]
pub fn check_decoders(path: &std::path::Path) -> crate::Result<()> {
    #[cfg(not(feature = "video"))]
    Video::open(path)?;
    #[cfg(feature = "video")]
    let _ = path;
    Ok(())
}

/// The frame shown at each of these times in seconds, if all of them lie within `tolerance` of one.
///
/// # Errors
/// The first time that is too far from any frame.
pub fn frames_at(video: &Video, times: &[f64], tolerance: f64) -> Result<Vec<usize>, String> {
    let shown = video.times();
    let nearest = |t: f64| {
        let after = shown.partition_point(|x| *x < t);
        [after.checked_sub(1), (after < shown.len()).then_some(after)]
            .into_iter()
            .flatten()
            .min_by(|a, b| (shown[*a] - t).abs().total_cmp(&(shown[*b] - t).abs()))
    };
    let mut frames = Vec::with_capacity(times.len());
    for (row, &t) in times.iter().enumerate() {
        let at = nearest(t).ok_or("it has no frames")?;
        let off = (shown[at] - t).abs();
        if off > tolerance {
            return Err(format!(
                "row {row} is at {t:.4} s, the nearest of {} frames at {:.4} s; {:.1} ms is more than {:.1} ms",
                shown.len(),
                shown[at],
                1e3 * off,
                1e3 * tolerance
            ));
        }
        frames.push(at);
    }
    Ok(frames)
}
