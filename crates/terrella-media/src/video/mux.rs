//! A new MP4 file with one track of pictures at a constant rate, its index at the front.
//!
//! Units of time divide the rate, the first picture is shown at 0, there is no edit list: the time of
//! picture `i` is exactly `i / fps`, which is what LeRobot's readers ask for. Samples go to a file of their own
//! until their number is known, then index and samples are put together.

use super::encode::Encoder;
use crate::Result;
use crate::error::Error;
use mp4_atom::{
    Avc1, Avcc, Codec, Colr, Dinf, Dref, DrefEntry, Encode, FixedPoint, Ftyp, Hdlr, Matrix, Mdhd, Mdia, Minf, Moov,
    Mvhd, Stbl, Stco, Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry, Tkhd, Trak, Url, Visual, Vmhd,
};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Units of time a picture.
const TICKS: u32 = 512;

/// A video that is being written.
pub struct VideoWriter {
    path: PathBuf,
    /// Where samples wait for their index.
    samples: (BufWriter<File>, PathBuf),
    encoder: Encoder,
    size: [usize; 2],
    fps: u32,
    sizes: Vec<u32>,
    /// Pictures that need no other, counted from 1.
    syncs: Vec<u32>,
    bytes: u64,
}

impl VideoWriter {
    /// Begins a file for pictures of `[height, width]`. `fps` is a whole number; sides are even, as H.264 wants them.
    ///
    /// # Errors
    /// If H.264 cannot have such sides, or the file cannot be written.
    pub fn create(path: &Path, size: [usize; 2], fps: u32) -> Result<Self> {
        let [height, width] = size;
        let (long, short) = (height.max(width), height.min(width));
        if height % 2 + width % 2 > 0 || short < 16 || long > 3840 || short > 2160 {
            return Err(Error::Invalid(format!(
                "pictures of {height}x{width} cannot be stored as H.264: sides are even, at least 16 and at most 3840x2160; give --image-size, or keep pictures as PNG"
            )));
        }
        let waiting = path.with_extension("samples");
        let file = File::create(&waiting).map_err(Error::io("write", &waiting))?;
        let encoder = Encoder::new(size, f64::from(fps)).map_err(|e| unencodable(path, &e))?;
        Ok(Self {
            path: path.to_path_buf(),
            samples: (BufWriter::new(file), waiting),
            encoder,
            size,
            fps,
            sizes: Vec::new(),
            syncs: Vec::new(),
            bytes: 0,
        })
    }

    /// Appends a picture of height × width × 3 bytes; the first one of an episode needs no other.
    ///
    /// # Errors
    /// If it cannot be encoded or written.
    pub fn push(&mut self, rgb: &[u8], first: bool) -> Result<()> {
        let encoded = self.encoder.encode(rgb, first).map_err(|e| unencodable(&self.path, &e))?;
        self.samples.0.write_all(&encoded.bytes).map_err(Error::io("write", &self.samples.1))?;
        self.sizes.push(encoded.bytes.len() as u32);
        self.bytes += encoded.bytes.len() as u64;
        if encoded.sync {
            self.syncs.push(self.sizes.len() as u32);
        }
        Ok(())
    }

    /// Bytes of samples so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Pictures so far.
    pub fn pictures(&self) -> usize {
        self.sizes.len()
    }

    /// Puts index and samples together.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.samples.0.flush().map_err(Error::io("write", &self.samples.1))?;
        let wrong = |e: mp4_atom::Error| unencodable(&self.path, &e.to_string());
        let ftyp = Ftyp {
            major_brand: b"isom".into(),
            minor_version: 512,
            compatible_brands: vec![b"isom".into(), b"iso2".into(), b"avc1".into(), b"mp41".into()],
        };
        let mut head = Vec::new();
        ftyp.encode(&mut head).map_err(wrong)?;
        // The index is as long whatever the place of the samples is.
        let mut index = Vec::new();
        self.index(0).encode(&mut index).map_err(wrong)?;
        let samples_at = head.len() + index.len() + 8;
        index.clear();
        self.index(samples_at as u32).encode(&mut index).map_err(wrong)?;
        head.extend(index);
        head.extend((self.bytes as u32 + 8).to_be_bytes());
        head.extend(b"mdat");
        let mut out = File::create(&self.path).map_err(Error::io("write", &self.path))?;
        let mut samples = File::open(&self.samples.1).map_err(Error::io("read", &self.samples.1))?;
        let mut put = || {
            out.write_all(&head)?;
            std::io::copy(&mut samples, &mut out)?;
            out.sync_all()
        };
        put().map_err(Error::io("write", &self.path))?;
        std::fs::remove_file(&self.samples.1).map_err(Error::io("clean", &self.samples.1))
    }

    fn index(&self, samples_at: u32) -> Moov {
        let [height, width] = self.size;
        let count = self.sizes.len() as u32;
        let (timescale, duration) = (self.fps * TICKS, u64::from(count) * u64::from(TICKS));
        let [sps, pps] = self.encoder.headers.clone().unwrap_or_default();
        let avc1 = Avc1 {
            visual: Visual {
                data_reference_index: 1,
                width: width as u16,
                height: height as u16,
                horizresolution: FixedPoint::from(72),
                vertresolution: FixedPoint::from(72),
                frame_count: 1,
                compressor: "OpenH264".into(),
                depth: 24,
            },
            avcc: Avcc {
                configuration_version: 1,
                avc_profile_indication: sps.get(1).copied().unwrap_or(66),
                profile_compatibility: sps.get(2).copied().unwrap_or(0),
                avc_level_indication: sps.get(3).copied().unwrap_or(30),
                length_size: 4,
                sequence_parameter_sets: vec![sps],
                picture_parameter_sets: vec![pps],
                ..Avcc::default()
            },
            // BT.601 with 525 lines, limited range: what the encoder is told, too.
            colr: Some(Colr::Nclx {
                colour_primaries: 6,
                transfer_characteristics: 6,
                matrix_coefficients: 6,
                full_range_flag: false,
            }),
            ..Avc1::default()
        };
        let stbl = Stbl {
            stsd: Stsd { codecs: vec![Codec::Avc1(avc1)] },
            stts: Stts { entries: vec![SttsEntry { sample_count: count, sample_delta: TICKS }] },
            stss: Some(Stss { entries: self.syncs.clone() }),
            stsc: Stsc {
                entries: vec![StscEntry { first_chunk: 1, samples_per_chunk: count, sample_description_index: 1 }],
            },
            stsz: Stsz { samples: StszSamples::Different { sizes: self.sizes.clone() } },
            stco: Some(Stco { entries: vec![samples_at] }),
            ..Stbl::default()
        };
        let track = Trak {
            tkhd: Tkhd {
                track_id: 1,
                duration,
                enabled: true,
                in_movie: true,
                matrix: Matrix::default(),
                width: FixedPoint::from(width as u16),
                height: FixedPoint::from(height as u16),
                ..Tkhd::default()
            },
            mdia: Mdia {
                mdhd: Mdhd { timescale, duration, language: "und".into(), ..Mdhd::default() },
                hdlr: Hdlr { handler: b"vide".into(), name: "pictures".into() },
                minf: Minf {
                    vmhd: Some(Vmhd::default()),
                    dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                    stbl,
                    ..Minf::default()
                },
            },
            ..Trak::default()
        };
        let mvhd = Mvhd {
            timescale,
            duration,
            rate: FixedPoint::from(1),
            volume: FixedPoint::from(1),
            matrix: Matrix::default(),
            next_track_id: 2,
            ..Mvhd::default()
        };
        Moov { mvhd, trak: vec![track], ..Moov::default() }
    }
}

fn unencodable(path: &Path, what: &str) -> Error {
    Error::broken(path, format!("pictures cannot be encoded as H.264: {what}"), "keep them as PNG")
}
