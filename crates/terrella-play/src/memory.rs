//! What a session can rewind: its last moments, as a ring.
//!
//! A moment holds all futures that there were. What falls out is forgotten on the stage too, so that hours of play need no more
//! memory than a minute.

use crate::lane::LaneMoment;
use crate::stage::Stage;
use std::collections::VecDeque;

/// Moments that are remembered: a minute at ten steps a second.
pub(crate) const MOST: usize = 600;

/// A session at an instant.
#[derive(Debug)]
pub(crate) struct Moment {
    /// Its futures, one or two.
    pub(crate) lanes: Vec<LaneMoment>,
    /// Which recording went on, and how many rows it had.
    pub(crate) take: Option<(u64, usize)>,
}

impl Moment {
    /// Nobody comes back to it.
    pub(crate) fn forget(self, stage: &Stage) {
        self.lanes.into_iter().for_each(|lane| lane.forget(stage));
    }
}

/// The last moments, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Memory(VecDeque<Moment>);

impl Memory {
    /// How many steps can be rewound.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Remembers a moment, and forgets the oldest where there are too many.
    pub(crate) fn push(&mut self, moment: Moment, stage: &Stage) {
        self.0.push_back(moment);
        if self.0.len() > MOST
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.forget(stage);
        }
    }

    /// The moment so many steps ago, or the oldest. It and all that came after it are remembered no longer; whoever gets it lets
    /// its lanes be forgotten.
    pub(crate) fn back(&mut self, steps: usize, stage: &Stage) -> Option<Moment> {
        let first = self.0.len().saturating_sub(steps.max(1));
        let mut later = self.0.split_off(first).into_iter();
        let moment = later.next();
        later.for_each(|moment| moment.forget(stage));
        moment
    }

    /// Only this one of two futures goes on.
    pub(crate) fn join(&mut self, kept: usize, stage: &Stage) {
        for moment in self.0.iter_mut().filter(|moment| moment.lanes.len() > 1) {
            let lane = moment.lanes.swap_remove(kept);
            moment.lanes.drain(..).for_each(|other| other.forget(stage));
            moment.lanes.push(lane);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self, stage: &Stage) {
        self.0.drain(..).for_each(|moment| moment.forget(stage));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::Lane;
    use crate::past::Began;
    use crate::toy::counted;
    use std::sync::atomic::Ordering;

    #[test]
    fn the_ring_holds_so_many_and_forgets_the_rest() {
        let (stage, filed) = counted(1, true);
        let lane = Lane::begun(0, Began::default(), &stage);
        let filed = || filed.load(Ordering::Relaxed) / 2;
        let mut memory = Memory::default();
        for _ in 0..MOST + 40 {
            memory.push(Moment { lanes: vec![lane.moment(&stage)], take: None }, &stage);
        }
        assert_eq!((memory.len(), filed()), (MOST, MOST as isize), "no more than the ring holds");
        let moment = memory.back(10, &stage).expect("a moment");
        assert_eq!((memory.len(), filed()), (MOST - 10, MOST as isize - 9), "ten are gone, one of them is lent");
        moment.forget(&stage);
        memory.back(usize::MAX, &stage).expect("the oldest").forget(&stage);
        assert_eq!((memory.len(), filed()), (0, 0));
        assert!(memory.back(1, &stage).is_none(), "nothing is left");
    }
}
