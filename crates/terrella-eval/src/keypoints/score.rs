//! All that was measured of keypoints, as lines for a terminal.

use super::bodies::BodyScore;
use super::read::PartScore;
use super::still::KeypointUse;
use crate::labels::{Quantile, around, short};
use serde::Serialize;
use std::fmt;

/// How good keypoints are on held-out episodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct KeypointScore {
    /// Held-out episodes.
    pub episodes: usize,
    /// Their rows.
    pub rows: usize,
    /// How each keypoint is used.
    pub uses: Vec<KeypointUse>,
    /// How the parts of the logged state can be told from them; empty where none is logged.
    pub parts: Vec<PartScore>,
    /// The same over rows in which a body cannot be seen, the part that says where that is; empty where nothing is ever hidden.
    pub hidden: Vec<PartScore>,
    /// The same over rows in which it can.
    pub visible: Vec<PartScore>,
    /// Whether keypoints stay with their bodies; empty where the world does not say where bodies are in a picture.
    pub bodies: Vec<BodyScore>,
}

impl KeypointScore {
    /// Keypoints that are there and never move.
    pub fn sticking(&self) -> usize {
        self.uses.iter().filter(|used| used.sticks).count()
    }

    /// Keypoints that are there in a tenth of the rows at least.
    pub fn used(&self) -> usize {
        self.uses.iter().filter(|used| used.there >= 0.1).count()
    }
}

/// `12.3 [11.0, 14.1]`, or a dash where there is nothing.
pub(super) fn told(q: Quantile) -> String {
    if q.value.is_nan() { "–".to_owned() } else { format!("{}{}", short(q.value), around(q.interval)) }
}

impl fmt::Display for KeypointScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, sticking, used) = (self.uses.len(), self.sticking(), self.used());
        writeln!(
            f,
            "{} held-out rows of {} episodes; {used} of {count} keypoints are used, {sticking} stick to what never moves",
            self.rows, self.episodes
        )?;
        for (at, one) in self.uses.iter().enumerate() {
            writeln!(
                f,
                "keypoint {:<3} there in {:>3.0} % of the rows, wanders by {:>4.1} px of the picture, over bare ground in {:.0} %{}",
                at + 1,
                100.0 * one.there,
                one.wanders,
                100.0 * one.bare,
                if one.sticks { "  STICKS" } else { "" }
            )?;
        }
        let lists = [(&self.parts, ""), (&self.visible, ", while it can be seen"), (&self.hidden, ", while it cannot")];
        for (parts, when) in lists {
            for part in parts {
                for (at, error) in part.errors.iter().enumerate() {
                    let name = if at == 0 { format!("{}{when} ({})", part.name, part.unit) } else { String::new() };
                    let (median, ninety) = (told(error.median), told(error.ninety));
                    writeln!(f, "{name:<36}{:<34}median {median:<24}90 % within {ninety}", error.predictor)?;
                }
            }
        }
        for body in &self.bodies {
            writeln!(
                f,
                "{} is followed by keypoint {}: there in {:.0} % of the rows, {} {} away; with another body in {:.0} of 1000 rows; while it cannot be seen ({} rows) there in {:.0} %, {} {} away, with another body in {:.0} of 1000; {:.1} switches in 1000 rows",
                body.name,
                body.keypoint + 1,
                100.0 * body.there[0],
                told(body.visible),
                body.unit,
                body.with_another[0],
                body.rows[1],
                100.0 * body.there[1],
                told(body.hidden),
                body.unit,
                body.with_another[1],
                body.switches
            )?;
        }
        Ok(())
    }
}
