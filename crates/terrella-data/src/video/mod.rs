//! Pictures from MP4 files: H.264 by Cisco's OpenH264, AV1 by dav1d's translation to Rust; and into them, as H.264.
//!
//! `boxes` looks whether a file holds together, `mp4` finds samples and their times, `decode` turns samples into planes, `colour` planes into RGB and back,
//! `encode` makes samples, and `mux` a file of them; `stream` decodes samples that come without a file.
//! All of it sits behind the feature `video`, because the decoders take a minute to build; without
//! it the same functions say how to get it.

#[cfg(feature = "video")]
mod boxes;
#[cfg(feature = "video")]
mod colour;
#[cfg(feature = "video")]
mod decode;
#[cfg(feature = "video")]
mod encode;
#[cfg(feature = "video")]
mod mp4;
#[cfg(feature = "video")]
mod mux;
#[cfg(feature = "video")]
mod stream;

#[cfg(all(test, feature = "video"))]
pub(crate) use stream::encoded;
#[cfg(feature = "video")]
pub(crate) use {mp4::Video, mux::VideoWriter, stream::VideoStream};

/// What LeRobot is told of the encoder: pictures from one that needs no other to the next.
pub(crate) const GROUP: u32 = 2;

/// Stands in where the decoders were not built.
#[cfg(not(feature = "video"))]
#[derive(Debug)]
pub(crate) enum Video {}

#[cfg(not(feature = "video"))]
impl Video {
    pub(crate) fn open(path: &std::path::Path) -> crate::Result<Self> {
        let remedy = "build with --features video, or leave pictures out with --no-pictures";
        Err(crate::Error::broken(path, "pictures are stored as video", remedy))
    }

    pub(crate) fn size(&self) -> [usize; 2] {
        match *self {}
    }

    pub(crate) fn times(&self) -> &[f64] {
        match *self {}
    }

    pub(crate) fn frames(&self, _wanted: &[usize], _sink: &mut dyn FnMut(usize, &[u8])) -> crate::Result<()> {
        match *self {}
    }
}

/// Stands in where the encoder was not built.
#[cfg(not(feature = "video"))]
pub(crate) enum VideoWriter {}

#[cfg(not(feature = "video"))]
impl VideoWriter {
    pub(crate) fn create(path: &std::path::Path, _size: [usize; 2], _fps: u32) -> crate::Result<Self> {
        let remedy = "build with --features video, or keep pictures as PNG";
        Err(crate::Error::broken(path, "pictures were to be stored as video", remedy))
    }

    pub(crate) fn push(&mut self, _rgb: &[u8], _first: bool) -> crate::Result<()> {
        match *self {}
    }

    pub(crate) fn bytes(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn len(&self) -> usize {
        match *self {}
    }

    pub(crate) fn finish(self) -> crate::Result<()> {
        match self {}
    }
}

/// Stands in where the decoders were not built.
#[cfg(not(feature = "video"))]
pub(crate) enum VideoStream {}

#[cfg(not(feature = "video"))]
impl VideoStream {
    pub(crate) fn new(_format: &str) -> Result<Self, String> {
        Err("it is video, for which this program was built without decoders".to_owned())
    }

    pub(crate) fn feed(&mut self, _sample: Vec<u8>, _take: &mut StreamTake<'_>) -> Result<(), String> {
        match *self {}
    }

    pub(crate) fn finish(&mut self, _take: &mut StreamTake<'_>) -> Result<(), String> {
        match *self {}
    }
}

/// Takes height and width, and pixels of a picture.
type StreamTake<'a> = dyn FnMut([usize; 2], &[u8]) -> Result<(), String> + 'a;

fn other_format(format: &str) -> String {
    format!("its video is \"{format:.20}\"; h264 and av1 can be read")
}

/// Whether a decoder can begin at a sample of a stream.
pub(crate) fn begins(format: &str, sample: &[u8]) -> Result<bool, String> {
    match format {
        // Slices have types 1 to 5; one of type 5 needs no earlier picture.
        "h264" => {
            let units = sample.windows(4).filter(|w| w.starts_with(&[0, 0, 1])).map(|w| w[3] & 0x1f);
            Ok(units.into_iter().find(|kind| (1..=5).contains(kind)) == Some(5))
        }
        "av1" => Ok(units_of_av1(sample).find(|kind| matches!(kind, 1 | 3 | 6)) == Some(1)),
        other => Err(other_format(other)),
    }
}

/// Types of the units of AV1: 1 describes a sequence, with which decoding begins, 3 and 6 are pictures (AV1, 5.3 and 6.2.2).
fn units_of_av1(sample: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = sample;
    std::iter::from_fn(move || {
        let (&head, tail) = rest.split_first()?;
        let tail = if head & 4 != 0 { tail.get(1..)? } else { tail };
        rest = if head & 2 == 0 {
            &[]
        } else {
            let bytes = tail.iter().take(8).position(|byte| byte & 0x80 == 0)? + 1;
            let size = tail[..bytes].iter().rev().fold(0u64, |n, byte| n << 7 | u64::from(byte & 0x7f));
            tail.get(bytes..)?.get(usize::try_from(size).ok()?..)?
        };
        Some(head >> 3 & 15)
    })
}

/// Fails where the decoders were not built, before anything else can be wrong with a video.
#[cfg_attr(feature = "video", allow(clippy::unnecessary_wraps))]
pub(crate) fn check_decoders(path: &std::path::Path) -> crate::Result<()> {
    #[cfg(not(feature = "video"))]
    Video::open(path)?;
    #[cfg(feature = "video")]
    let _ = path;
    Ok(())
}

/// The frame shown at each of these times, if all of them lie within `tolerance` of one.
pub(crate) fn frames_at(video: &Video, times: &[f64], tolerance: f64) -> Result<Vec<usize>, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_where_a_picture_needs_no_other() {
        let units = |kinds: &[u8]| kinds.iter().flat_map(|k| [0, 0, 0, 1, 0x60 | k, 9]).collect::<Vec<u8>>();
        assert_eq!(begins("h264", &units(&[9, 7, 8, 5, 1])), Ok(true), "with its parameters");
        assert_eq!((begins("h264", &units(&[9, 1, 5])), begins("h264", &[0, 0, 1])), (Ok(false), Ok(false)), "without");
        let (delimiter, sequence, frame) = ([0x12, 0], [0x0a, 1, 77], [0x32, 2, 1, 1]);
        assert_eq!(begins("av1", &[&delimiter[..], &sequence, &frame].concat()), Ok(true), "with its sequence");
        assert_eq!(begins("av1", &[&delimiter[..], &frame].concat()), Ok(false), "without");
        assert_eq!(begins("av1", &[0x12, 0xff, 0xff]), Ok(false), "lengths that lie");
        assert!(begins("h265", &[]).is_err_and(|e| e.contains("h264 and av1")), "another codec");
    }
}
