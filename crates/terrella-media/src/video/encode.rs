//! Pictures to H.264 by OpenH264: constant rate, no reordering, a picture that needs no other every second one.
//!
//! Quality is fixed by the quantizer instead of by a bit rate, so that no picture is dropped or starved, and
//! one thread encodes, so that the same pictures give the same bytes.

use super::colour::Planar;
use super::samples::GROUP;
use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, EncoderConfig, FrameRate, IntraFramePeriod, QpRange, RateControlMode, UsageType, VuiConfig,
};

/// The quantizer: 38 dB on the pictures of a small camera.
const QUANTIZER: u8 = 20;
/// Units that describe the stream, and a picture that needs no other.
const SPS: u8 = 7;
const PPS: u8 = 8;
const IDR: u8 = 5;

/// An encoder for pictures of one size.
pub(super) struct Encoder {
    encoder: openh264::encoder::Encoder,
    planar: Planar,
    /// Sequence and picture parameter sets.
    pub(super) headers: Option<[Vec<u8>; 2]>,
}

/// An encoded picture, its units behind lengths of four bytes.
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// Whether it needs no other.
    pub(super) sync: bool,
}

impl Encoder {
    pub(super) fn new(size: [usize; 2], fps: f64) -> Result<Self, String> {
        let config = EncoderConfig::new()
            .skip_frames(false)
            .max_frame_rate(FrameRate::from_hz(fps as f32))
            .rate_control_mode(RateControlMode::Quality)
            .bitrate(BitRate::from_bps(100_000_000))
            .usage_type(UsageType::CameraVideoRealTime)
            .scene_change_detect(false)
            .adaptive_quantization(false)
            .background_detection(false)
            .intra_frame_period(IntraFramePeriod::from_num_frames(GROUP))
            .qp(QpRange::new(QUANTIZER, QUANTIZER))
            .num_threads(1)
            .vui(VuiConfig::bt601());
        let encoder = openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config);
        Ok(Self { encoder: encoder.map_err(|e| e.to_string())?, planar: Planar::new(size), headers: None })
    }

    /// Encodes the next picture; `alone` asks for one that needs no other.
    pub(super) fn encode(&mut self, rgb: &[u8], alone: bool) -> Result<Encoded, String> {
        self.planar.fill(rgb);
        if alone && self.headers.is_some() {
            self.encoder.force_intra_frame();
        }
        let stream = self.encoder.encode(&self.planar).map_err(|e| e.to_string())?;
        let mut encoded = Encoded { bytes: Vec::new(), sync: false };
        let (mut sps, mut pps) = (None, None);
        for layer in (0..stream.num_layers()).filter_map(|at| stream.layer(at)) {
            for unit in (0..layer.nal_count()).filter_map(|at| layer.nal_unit(at)) {
                let unit = unit.strip_prefix(&[0, 0, 0, 1]).or_else(|| unit.strip_prefix(&[0, 0, 1])).unwrap_or(unit);
                match unit.first().map(|head| head & 0x1f) {
                    Some(SPS) => sps = Some(unit.to_vec()),
                    Some(PPS) => pps = Some(unit.to_vec()),
                    Some(kind) => {
                        encoded.sync |= kind == IDR;
                        encoded.bytes.extend((unit.len() as u32).to_be_bytes());
                        encoded.bytes.extend_from_slice(unit);
                    }
                    None => {}
                }
            }
        }
        if let (Some(sps), Some(pps)) = (sps, pps) {
            let headers = [sps, pps];
            // One description serves a whole file.
            if self.headers.as_ref().is_some_and(|known| *known != headers) {
                return Err("the encoder changed its parameters on the way".to_owned());
            }
            self.headers = Some(headers);
        }
        if encoded.bytes.is_empty() {
            return Err("the encoder left a picture out".to_owned());
        }
        Ok(encoded)
    }
}
