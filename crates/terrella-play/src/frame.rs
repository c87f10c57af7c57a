//! One frame on the wire: the length of a header in JSON (`u32`, little-endian), the header, then the pictures that it names, as
//! raw RGB.

use crate::flight::PlanIs;
use serde::Serialize;
use terrella_core::Image;

/// What a page is told with each picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Header {
    /// Steps of the driven future since it began.
    pub(crate) step: usize,
    /// The same in seconds of the world.
    pub(crate) time: f64,
    /// The future that is driven, and how many there are.
    pub(crate) lane: usize,
    pub(crate) lanes: usize,
    pub(crate) paused: bool,
    /// Times real time; 0 is as fast as it can.
    pub(crate) speed: f64,
    /// Whose pictures follow: `learned:0` and `real:0` of each future, and, once, `goal:0` and `ghost:0:1`, the first moment that is
    /// imagined of a plan for future 0.
    pub(crate) pictures: Vec<String>,
    /// Their side.
    pub(crate) size: usize,
    /// Milliseconds that the model took for the step and its pictures, of all who were due together.
    pub(crate) took_ms: f64,
    /// The page's clock of the action that this frame shows first.
    pub(crate) echo: Option<f64>,
    /// What is done in the driven future.
    pub(crate) action: Vec<f32>,
    /// Mean absolute difference of the learned and the real picture, 0 to 1.
    pub(crate) error: Option<f64>,
    /// How much the members of the model disagree, where it has some.
    pub(crate) spread: Option<f64>,
    /// Rows of the recording that goes on.
    pub(crate) recording: Option<usize>,
    pub(crate) reward: f64,
    pub(crate) ended: bool,
    /// The step at which the learned world last saw the real one.
    pub(crate) anchored: usize,
    /// Steps that can be rewound.
    pub(crate) remembered: usize,
    /// Who drives each future: `hand` or `planner`.
    pub(crate) drivers: Vec<&'static str>,
    /// What is to be brought about, in words.
    pub(crate) goal: Option<String>,
    /// Rules by which the driven future has reached it.
    pub(crate) reached: Vec<&'static str>,
    /// The plan that is followed in the driven future.
    pub(crate) plan: Option<PlanIs>,
}

impl Header {
    /// The bytes of a frame.
    pub(crate) fn frame(&self, pictures: &[&Image]) -> Vec<u8> {
        // Numbers, words and lists of them always have a JSON.
        let head = serde_json::to_vec(self).unwrap_or_default();
        let mut frame =
            Vec::with_capacity(4 + head.len() + pictures.iter().map(|image| image.data.len()).sum::<usize>());
        frame.extend_from_slice(&(head.len() as u32).to_le_bytes());
        frame.extend_from_slice(&head);
        pictures.iter().for_each(|image| frame.extend_from_slice(&image.data));
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_its_header_and_its_pictures() {
        let pictures = vec!["learned:0".to_owned(), "real:0".to_owned()];
        let header = Header { step: 7, size: 2, pictures, echo: Some(1234.5), ..Header::default() };
        let images = [1, 2].map(|grey| Image::filled(2, 2, [grey; 3]));
        let frame = header.frame(&[&images[0], &images[1]]);
        let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        let told: serde_json::Value = serde_json::from_slice(&frame[4..4 + length]).expect("JSON");
        assert_eq!(
            (told["step"].as_u64(), told["echo"].as_f64(), told["pictures"][1].as_str()),
            (Some(7), Some(1234.5), Some("real:0"))
        );
        assert!(told["spread"].is_null() && told["recording"].is_null(), "{told}");
        assert_eq!(frame[4 + length..], [[1; 12], [2; 12]].concat());
    }
}
