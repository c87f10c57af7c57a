//! An MP4 file: its one picture track, samples in decoding order and frames in the order of showing.
//!
//! Frames are asked for by their place in the order of showing. Decoding begins at the nearest sample
//! before them that needs no other, and stops with the last one that is wanted; samples are read from
//! the file one by one, since datasets keep hundreds of episodes in a file.

use super::boxes::misfit;
use super::colour::to_rgb;
use super::decode::{Codec, Decoder, Planes};
use super::sequence::Sequence;
use crate::error::{DOWNLOAD_AGAIN, guarded};
use crate::{Error, Result};
use re_mp4::{Mp4, StsdBoxContent, TrackKind};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The largest side of a picture, as for pictures in files.
const LARGEST_SIDE: usize = 16_384;
/// Bytes of one compressed picture; a 16k picture of noise would have fewer.
const LARGEST_SAMPLE: u64 = 256 << 20;

/// What helps against a video of another kind.
const CONVERT: &str =
    "convert it to H.264 or AV1, for instance with ffmpeg -i in.mp4 -c:v libx264 -pix_fmt yuv420p out.mp4";

/// An opened video.
#[derive(Debug)]
pub struct Video {
    path: PathBuf,
    size: [usize; 2],
    codec: Codec,
    /// In decoding order.
    samples: Vec<Sample>,
    /// Samples in the order of showing.
    shown: Vec<usize>,
    /// Seconds at which they are shown.
    times: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    offset: u64,
    size: u64,
    /// Whether it needs no other sample.
    sync: bool,
    /// When it is shown, in units of the track.
    time: i64,
}

/// A reader of so many steps: an index has fewer than its file has bytes, unless it leads back to where it was.
struct Bounded<R> {
    reader: R,
    steps: u64,
}

impl<R> Bounded<R> {
    fn step(&mut self) -> std::io::Result<&mut R> {
        self.steps = self.steps.checked_sub(1).ok_or_else(|| std::io::Error::other("its boxes go in circles"))?;
        Ok(&mut self.reader)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.step()?.read(into)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.step()?.seek(to)
    }
}

impl Video {
    /// Reads the index of a file.
    ///
    /// # Errors
    /// If it is no MP4 file with pictures that can be decoded, or is cut off.
    pub fn open(path: &Path) -> Result<Self> {
        guarded(path, || Self::read_index(path))
    }

    fn read_index(path: &Path) -> Result<Self> {
        let broken = |what: String, remedy| Error::broken(path, what, remedy);
        let file = File::open(path).map_err(Error::io("open", path))?;
        let bytes = file.metadata().map_err(Error::io("open", path))?.len();
        let mut file = BufReader::new(file);
        if let Some(what) = misfit(&mut file, bytes).map_err(Error::io("read", path))? {
            return Err(broken(what, DOWNLOAD_AGAIN));
        }
        file.rewind().map_err(Error::io("read", path))?;
        let mp4 = Mp4::read(Bounded { reader: file, steps: bytes.saturating_add(4096) }, bytes)
            .map_err(|e| broken(format!("it is no MP4 file that can be read ({e})"), DOWNLOAD_AGAIN))?;
        let track = mp4.tracks().values().find(|t| t.kind == Some(TrackKind::Video));
        let track = track.ok_or_else(|| broken("it has no pictures".to_owned(), DOWNLOAD_AGAIN))?;
        let codec = match &track.trak(&mp4).mdia.minf.stbl.stsd.contents {
            StsdBoxContent::Avc1(avc1) => {
                let config = avc1.avcc.contents.clone();
                let mut headers = Vec::new();
                for unit in config.sequence_parameter_sets.iter().chain(&config.picture_parameter_sets) {
                    headers.extend_from_slice(&[0, 0, 0, 1]);
                    headers.extend_from_slice(&unit.bytes);
                }
                if let Some(why) = Sequence::last_in(&headers).and_then(|sequence| sequence.unreadable()) {
                    return Err(broken(why, CONVERT));
                }
                Codec::H264 { length_bytes: usize::from(config.length_size_minus_one & 3) + 1, headers }
            }
            StsdBoxContent::Av01(_) => Codec::Av1,
            _ => {
                let name = track.codec_string(&mp4).unwrap_or_else(|| "unknown".to_owned());
                return Err(broken(format!("its codec is {name}, H.264 and AV1 can be read"), CONVERT));
            }
        };
        let size = [usize::from(track.height), usize::from(track.width)];
        if size.contains(&0) || size[0].max(size[1]) > LARGEST_SIDE {
            return Err(broken(format!("its pictures are {}x{}", size[0], size[1]), DOWNLOAD_AGAIN));
        }
        let samples: Vec<Sample> = track
            .samples
            .iter()
            .map(|s| Sample { offset: s.offset, size: s.size, sync: s.is_sync, time: s.composition_timestamp })
            .collect();
        let beyond = samples
            .iter()
            .position(|s| s.size > LARGEST_SAMPLE || s.offset.checked_add(s.size).is_none_or(|end| end > bytes));
        if let Some(at) = beyond {
            let what = format!("picture {at} of {} lies beyond the end of the file of {bytes} bytes", samples.len());
            return Err(broken(what, DOWNLOAD_AGAIN));
        }
        if samples.is_empty() || track.timescale == 0 {
            return Err(broken("it has no pictures".to_owned(), DOWNLOAD_AGAIN));
        }
        let mut shown: Vec<usize> = (0..samples.len()).collect();
        shown.sort_by_key(|at| samples[*at].time);
        // Players count from the first picture that is shown, wherever reordering put its time.
        let first = samples[shown[0]].time;
        let seconds = |at: &usize| (samples[*at].time - first) as f64 / track.timescale as f64;
        let times = shown.iter().map(seconds).collect();
        Ok(Self { path: path.to_path_buf(), size, codec, samples, shown, times })
    }

    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Seconds at which frames are shown, ascending, the first at 0.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Decodes frames, given in ascending order of showing, to height × width × 3 bytes each.
    ///
    /// # Errors
    /// If one of them cannot be decoded, or the file is gone.
    pub fn frames(&self, wanted: &[usize], sink: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        guarded(&self.path, || self.decode(wanted, sink))
    }

    fn decode(&self, wanted: &[usize], sink: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let mut file = File::open(&self.path).map_err(Error::io("open", &self.path))?;
        let mut rgb = Vec::new();
        let mut next = 0;
        while next < wanted.len() {
            let begun = next;
            let start = self.start_of(wanted[next]);
            let order = self.shown_from(start);
            let mut decoder = Decoder::new(&self.codec).map_err(|e| self.undecoded(start, &e))?;
            let mut out = 0;
            let mut failed = None;
            // Frames come out in the order of showing; the same may be wanted by several rows.
            let mut take = |planes: &Planes<'_>| {
                let frame = order.get(out).copied();
                out += 1;
                while let Some(row) = wanted.get(next).filter(|w| Some(**w) == frame) {
                    match to_rgb(planes, self.size, &mut rgb) {
                        Ok(()) => sink(*row, &rgb),
                        Err(e) => failed = Some(e),
                    }
                    next += 1;
                }
                next < wanted.len()
            };
            for at in start..self.samples.len() {
                let more = decoder.feed(self.read(&mut file, at)?, &mut take).map_err(|e| self.undecoded(at, &e))?;
                if !more {
                    break;
                }
            }
            decoder.finish(&mut take).map_err(|e| self.undecoded(self.samples.len() - 1, &e))?;
            if let Some(e) = failed {
                return Err(self.undecoded(start, &e));
            }
            if next == begun {
                let what = format!("frame {} was not decoded", wanted[next]);
                return Err(Error::broken(&self.path, what, DOWNLOAD_AGAIN));
            }
        }
        Ok(())
    }

    /// The sample at which to begin for a frame.
    fn start_of(&self, frame: usize) -> usize {
        let sample = self.shown[frame];
        let before = |at: &usize| self.samples[*at].sync && self.samples[*at].time <= self.samples[sample].time;
        (0..=sample).rev().find(before).unwrap_or(0)
    }

    /// Frames that samples from here on make, in the order of showing.
    fn shown_from(&self, start: usize) -> Vec<usize> {
        (0..self.shown.len()).filter(|frame| self.shown[*frame] >= start).collect()
    }

    fn read(&self, file: &mut File, at: usize) -> Result<Vec<u8>> {
        let sample = self.samples[at];
        let mut bytes = vec![0; sample.size as usize];
        file.seek(SeekFrom::Start(sample.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(Error::io("read", &self.path))?;
        Ok(bytes)
    }

    fn undecoded(&self, at: usize, why: &str) -> Error {
        let what = format!("picture {at} of {} cannot be decoded ({why})", self.samples.len());
        Error::broken(&self.path, what, DOWNLOAD_AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::to_start_codes;
    use super::super::stream::VideoStream;
    use super::*;

    /// What tests/judges/h264_colours.py made.
    fn made(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/h264").join(name)
    }

    const SHOWN: [[u8; 3]; 5] = [[200, 40, 20], [20, 200, 60], [30, 60, 210], [128, 128, 128], [240, 240, 20]];

    #[test]
    fn colours_are_those_that_the_stream_says() {
        for name in ["bt601_full.mp4", "bt709_full.mp4", "bt709_limited.mp4", "unsaid.mp4"] {
            let video = Video::open(&made(name)).expect("opened");
            let mut seen = Vec::new();
            video.frames(&[0, 1, 2, 3, 4], &mut |_, rgb| seen.push([rgb[0], rgb[1], rgb[2]])).expect("decoded");
            let off = seen.iter().flatten().zip(SHOWN.iter().flatten()).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(seen.len() == 5 && off <= Some(3), "{name}: {seen:?}");
        }
    }

    #[test]
    fn grey_pictures_are_grey() {
        let video = Video::open(&made("grey.mp4")).expect("opened");
        let mut seen = Vec::new();
        video.frames(&[0, 1, 2, 3, 4], &mut |_, rgb| seen.push([rgb[0], rgb[1], rgb[2]])).expect("decoded");
        for (rgb, shown) in seen.iter().zip([81u8, 132, 60, 130, 231]) {
            assert!(rgb.iter().all(|x| *x == rgb[0] && x.abs_diff(shown) <= 2), "as ffmpeg has it: {seen:?}");
        }
    }

    #[test]
    fn a_profile_that_cannot_be_decoded_is_named_with_what_helps() {
        for (name, said) in
            [("yuv444.mp4", "4:4:4 Predictive (4:4:4, 8 bits)"), ("bits10.mp4", "High 10 (4:2:0, 10 bits)")]
        {
            let error = Video::open(&made(name)).expect_err("refused").to_string();
            assert!(
                error.contains(said) && error.contains("-pix_fmt yuv420p") && !error.contains("damaged"),
                "{error}"
            );
        }
    }

    /// In a log the parameters come with the pictures.
    #[test]
    fn a_stream_without_a_file_has_the_same_colours() {
        let video = Video::open(&made("bt601_full.mp4")).expect("opened");
        let Codec::H264 { length_bytes, headers } = &video.codec else { panic!("{:?}", video.codec) };
        let mut file = File::open(&video.path).expect("opened");
        let mut stream = VideoStream::new("h264").expect("a stream");
        let mut seen = Vec::new();
        let mut take = |_: [usize; 2], rgb: &[u8]| {
            seen.push([rgb[0], rgb[1], rgb[2]]);
            Ok(())
        };
        for at in 0..video.samples.len() {
            let mut units = if at == 0 { headers.clone() } else { Vec::new() };
            to_start_codes(&video.read(&mut file, at).expect("read"), *length_bytes, &mut units).expect("units");
            stream.feed(units, &mut take).expect("decoded");
        }
        stream.finish(&mut take).expect("decoded");
        let near = |a: &[u8; 3], b: &[u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 3);
        assert!(seen.len() == 5 && seen.iter().all(|a| SHOWN.iter().any(|b| near(a, b))), "{seen:?}");
    }

    /// Found by fuzzing: it took the library forever.
    #[test]
    fn boxes_that_go_in_circles_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("circle.mp4");
        let bytes = b"\0\0\0\x10ftypisom\0\0\x02\0\0\0\0\x18moov\0\0\0\0xxxx\0\0\0\0\0\0\0\0";
        std::fs::write(&path, bytes).expect("written");
        let error = Video::open(&path).expect_err("refused").to_string();
        assert!(error.contains("claims 0 bytes"), "{error}");
    }
}
