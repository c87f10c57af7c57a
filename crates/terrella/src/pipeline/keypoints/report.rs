//! What came of looking for keypoints: numbers, and what there is to tell of them.

use crate::pipeline::Recordings;
use crate::settings::KeypointSettings;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use terrella_eval::KeypointScore;
use terrella_model::KeypointLoss;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct KeypointsFound {
    /// The page.
    pub page: PathBuf,
    /// Episodes that were learned from.
    pub learned: usize,
    /// How others were held out, in words.
    pub split: String,
    /// Hash of the recordings.
    pub dataset: String,
    /// Where they are.
    pub source: PathBuf,
    /// How they were learned.
    pub settings: KeypointSettings,
    /// The seed.
    pub seed: u64,
    /// The last loss.
    pub loss: Option<KeypointLoss>,
    /// Seconds of each stage.
    pub seconds: Vec<(String, f64)>,
    /// What was measured.
    pub score: KeypointScore,
    /// What there is to tell, in sentences.
    pub notes: Vec<String>,
}

impl fmt::Display for KeypointsFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "learned from the pictures of {} episodes ({})", self.learned, self.split)?;
        write!(f, "{}{}", self.score, self.page.display())
    }
}

/// Held-out episodes that are no copies of learned ones; where neither state nor action tells that, all of them.
pub(super) fn held_out(recordings: &Recordings) -> Vec<usize> {
    let signature = &recordings.dataset.signature;
    if signature.state.is_empty() && !signature.acted() {
        return recordings.split.held_out.clone();
    }
    recordings.unseen()
}

/// What there is to tell.
pub(super) fn notes(recordings: &Recordings, score: &KeypointScore) -> Vec<String> {
    let mut notes = Vec::new();
    if score.rows == 0 {
        notes.push("All held-out episodes share their rows with those that were learned from, so nothing was judged; record others, or change data.split_seed.".to_owned());
    }
    if recordings.dataset.signature.state.is_empty() {
        notes.push("No state is logged, so there is nothing to judge keypoints by but the eye.".to_owned());
    }
    if score.rows > 0 && score.used() == 0 {
        notes.push(
            "No keypoint is there in a tenth of the held-out rows; lower keypoints.sparsity, or raise keypoints.steps."
                .to_owned(),
        );
    }
    if score.sticking() > 0 {
        notes.push(format!("{} keypoints stick to something that never moves.", score.sticking()));
    }
    notes
}
