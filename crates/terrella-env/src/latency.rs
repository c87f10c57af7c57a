//! Actions that take effect some steps late: one factor of variation, the same in every world.

use std::collections::VecDeque;

/// A queue of actions under way, each two numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latency {
    queue: VecDeque<[f64; 2]>,
}

impl Latency {
    /// Fills the queue with what the agent does before the first action arrives.
    pub(crate) fn reset(&mut self, steps: usize, idle: [f64; 2]) {
        self.queue.clear();
        self.queue.extend(std::iter::repeat_n(idle, steps));
    }

    /// Sends an action off and returns the one that arrives.
    pub(crate) fn pass(&mut self, action: [f64; 2]) -> [f64; 2] {
        match self.queue.pop_front() {
            None => action,
            Some(arrives) => {
                self.queue.push_back(action);
                arrives
            }
        }
    }

    pub(crate) fn save(&self, out: &mut Vec<f64>) {
        out.extend(self.queue.iter().flatten());
    }

    /// Restores what [`Self::save`] wrote.
    pub(crate) fn load(&mut self, from: &[f64]) {
        self.queue.clear();
        self.queue.extend(from.as_chunks::<2>().0);
    }
}
