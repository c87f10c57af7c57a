//! How well checks find seeded defects: precision and recall over episodes.

use crate::defects::{Defect, Seeded, Strength, seed};
use crate::examine::examine;
use crate::finding::{Check, Checkup};
use crate::subject::Subject;
use serde::Serialize;
use std::collections::BTreeSet;
use terrella_core::Key;

/// Counts of one defect at one strength.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Damaged episodes that were found.
    pub found: usize,
    /// Damaged episodes that were not.
    pub missed: usize,
    /// Healthy episodes in which the check found what it does not find in the undamaged dataset.
    pub false_alarms: usize,
    /// Healthy episodes in which it finds something in the undamaged dataset, too.
    pub before: usize,
}

impl Tally {
    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.false_alarms += other.false_alarms;
        self.before += other.before;
    }

    /// Damaged episodes found, of all damaged ones.
    pub fn recall(&self) -> f64 {
        self.found as f64 / (self.found + self.missed).max(1) as f64
    }

    /// Damaged episodes found, of all that were flagged and were not before the damage.
    pub fn precision(&self) -> f64 {
        self.found as f64 / (self.found + self.false_alarms).max(1) as f64
    }
}

impl Defect {
    /// The checks that are right to find it.
    pub fn checks(self) -> &'static [Check] {
        match self {
            Self::NotFinite => &[Check::NotFinite],
            Self::Spike => &[Check::Spike],
            Self::Jump => &[Check::Jump],
            Self::Frozen => &[Check::Frozen],
            Self::Saturated => &[Check::Saturated],
            Self::Units => &[Check::Units],
            Self::Quaternion => &[Check::Quaternion],
            Self::ClockGap => &[Check::ClockGap],
            Self::ClockOrder => &[Check::ClockOrder],
            Self::ClockRate => &[Check::ClockRate],
            Self::Lag => &[Check::Lag],
            Self::PictureShift => &[Check::PictureShift],
            Self::PictureFrozen => &[Check::PictureFrozen],
            Self::Duplicate => &[Check::Duplicate],
        }
    }
}

/// Damages a dataset and counts what is found; nothing where it cannot be damaged so.
pub fn tally(healthy: &Subject, before: &Checkup, defect: Defect, strength: Strength, key: Key) -> Option<Tally> {
    let Seeded { subject, episodes, twins } = seed(healthy, defect, strength, key)?;
    let flagged = flagged(&examine(&subject), defect);
    let flagged_before = self::flagged(before, defect);
    let damaged: BTreeSet<usize> = episodes.iter().copied().collect();
    let twin = |e: usize| twins.iter().any(|(copy, of)| *copy == e && flagged.contains(of));
    let found = damaged.iter().filter(|e| flagged.contains(e) || twin(**e)).count();
    let others = |e: &&usize| !damaged.contains(e) && !twins.iter().any(|(_, of)| of == *e);
    let healthy_flagged: Vec<&usize> = flagged.iter().filter(others).collect();
    let known = healthy_flagged.iter().filter(|e| flagged_before.contains(e)).count();
    Some(Tally { found, missed: damaged.len() - found, false_alarms: healthy_flagged.len() - known, before: known })
}

fn flagged(checkup: &Checkup, defect: Defect) -> BTreeSet<usize> {
    let right = checkup.findings.iter().filter(|f| defect.checks().contains(&f.check));
    right.filter_map(|f| f.episode).collect()
}
