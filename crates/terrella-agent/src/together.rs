//! Attempts that a planner makes side by side, and how they part.
//!
//! Rows that began together are one batch of states and are always at the same place of a block. Those that are not
//! asked with the others, or begin anew, part from them and are a batch by themselves.

use crate::Aim;
use crate::calibrate::Camera;
use std::collections::VecDeque;
use std::rc::Rc;
use terrella_core::{Dynamics, Key, Table};

/// Rows that began together, as far as they are still asked together.
pub(crate) struct Together<'a, S, O> {
    pub(crate) aim: Rc<Aim<'a, S, O>>,
    /// The states at the last block boundary, a row an attempt.
    pub(crate) state: Option<S>,
    pub(crate) attempts: Vec<Attempt>,
}

/// What is forgotten when a row begins anew.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) row: usize,
    /// Its number among the goals of the aim.
    pub(crate) goal: usize,
    pub(crate) goal_steps: usize,
    pub(crate) key: Key,
    pub(crate) n_plans: u64,
    pub(crate) n_steps: usize,
    pub(crate) queue: VecDeque<Vec<f32>>,
    /// What was done since the last block boundary, in the frame that is seen, as is `last`.
    pub(crate) since: Vec<f32>,
    pub(crate) last: Option<Vec<f32>>,
    pub(crate) kept: Table,
    pub(crate) camera: Camera,
}

impl Attempt {
    /// Nothing is done yet.
    pub(crate) fn new((row, goal): (usize, usize), goal_steps: usize, key: Key, block_width: usize) -> Self {
        let (queue, since, kept) = (VecDeque::new(), Vec::with_capacity(block_width), Table::new(block_width));
        let camera = Camera::default();
        Self { row, goal, goal_steps, key, n_plans: 0, n_steps: 0, queue, since, last: None, kept, camera }
    }
}

impl<S, O> Together<'_, S, O> {
    /// Parts off those rows for which this is not true; nothing where it is true for all.
    pub(crate) fn part<D: Dynamics<State = S>>(&mut self, dynamics: &D, stays: impl Fn(usize) -> bool) -> Option<Self> {
        let (stay, go): (Vec<usize>, Vec<usize>) =
            (0..self.attempts.len()).partition(|&at| stays(self.attempts[at].row));
        if go.is_empty() {
            return None;
        }
        if stay.is_empty() {
            let none = Self { aim: Rc::clone(&self.aim), state: None, attempts: Vec::new() };
            return Some(std::mem::replace(self, none));
        }
        let some = |at: &[usize]| Self {
            aim: Rc::clone(&self.aim),
            state: self.state.as_ref().map(|state| dynamics.take(state, at)),
            attempts: at.iter().map(|&at| self.attempts[at].clone()).collect(),
        };
        let gone = some(&go);
        *self = some(&stay);
        Some(gone)
    }
}
