//! A world of one dot for tests, and a learned twin of it that drifts.
//!
//! The action moves the dot in a square of 8 × 8; the episode ends at its right edge. What is filed for snapshots is counted,
//! as a learned world would need memory for each.

// Shared by two test binaries, and neither uses all of it.
#![allow(dead_code, unreachable_pub)]

use crate::{Stage, Starts};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use terrella_core::*;

/// The dot.
#[derive(Clone)]
pub(crate) struct Dot {
    spec: EnvSpec,
    at: [f64; 2],
    /// What the dot moves by itself in a step.
    drift: f64,
}

impl Dot {
    fn new(drift: f64) -> Self {
        let spec = EnvSpec {
            id: "dot".into(),
            dt: 0.1,
            state: vec![Coordinate::new("dot.x", "m"), Coordinate::new("dot.y", "m")],
            actions: Actions::Box(Space::uniform(&["x", "y"], -1.0, 1.0)),
            ..EnvSpec::default()
        };
        Self { spec, at: [1.0, 1.0], drift }
    }
}

impl Sim for Dot {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }
    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("dot").stream();
        self.at = [stream.uniform(0.0, 2.0), stream.uniform(2.0, 5.0)];
    }
    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        Error::check("state of the dot", 2, state.len())?;
        // A model believes anything.
        if self.drift < 1e-9 && state[0] > 8.0 {
            return Err(Error::Invalid(format!("state of the dot: x is {}, outside of [0, 8]", state[0])));
        }
        self.at = [state[0], state[1]];
        Ok(())
    }
    fn state(&self) -> Vec<f64> {
        self.at.to_vec()
    }
    fn step(&mut self, action: &[f32]) -> Step {
        let moved = |x: f64, by: f32| (x + 0.25 * f64::from(by)).clamp(0.0, 8.0);
        self.at = [moved(self.at[0], action[0]), moved(self.at[1] + self.drift, action[1])];
        Step { reward: self.at[0], terminated: self.at[0] >= 8.0, truncated: false }
    }
    fn draw(&self, size: usize) -> Image {
        let mut image = Image::filled(size, size, [0, 0, 0]);
        for row in 0..size {
            for column in 0..size {
                let place = |at: usize| (at as f64 + 0.5) * 8.0 / size as f64;
                let far = (place(column) - self.at[0]).hypot(place(row) - self.at[1]);
                let grey = (255.0 * (1.0 - far / 4.0).max(0.0)) as u8;
                image.data[(row * size + column) * 3..][..3].copy_from_slice(&[grey; 3]);
            }
        }
        image
    }
    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend(self.at);
    }
    fn load(&mut self, snapshot: &[f64]) {
        self.at = [snapshot[0], snapshot[1]];
    }
}

/// Dots side by side.
pub(crate) struct Dots {
    dots: Many<Dot>,
    /// Snapshots that nobody has forgotten yet.
    filed: Arc<AtomicIsize>,
}

impl Dots {
    fn boxed(drift: f64, n: usize, filed: &Arc<AtomicIsize>) -> Box<dyn Env + Send> {
        Box::new(Self { dots: Many::with_threads(&Dot::new(drift), n, 1), filed: Arc::clone(filed) })
    }

    pub(crate) fn real(n: usize) -> Box<dyn Env + Send> {
        Self::boxed(0.0, n, &Arc::default())
    }

    pub(crate) fn learned(n: usize) -> Box<dyn Env + Send> {
        Self::boxed(0.05, n, &Arc::default())
    }

    /// Both, and how many snapshots of either are filed.
    pub(crate) fn both(n: usize) -> ([Box<dyn Env + Send>; 2], Arc<AtomicIsize>) {
        let filed = Arc::default();
        ([Self::boxed(0.05, n, &filed), Self::boxed(0.0, n, &filed)], filed)
    }
}

impl Env for Dots {
    fn spec(&self) -> &EnvSpec {
        self.dots.spec()
    }
    fn n(&self) -> usize {
        self.dots.n()
    }
    fn reset(&mut self, rows: &[usize], seeds: &[u64]) -> Result<()> {
        self.dots.reset(rows, seeds)
    }
    fn set_logged(&mut self, rows: &[usize], states: &Table) -> Result<()> {
        self.dots.set_logged(rows, states)
    }
    fn step(&mut self, rows: &[usize], actions: &[f32]) -> Result<Steps> {
        self.dots.step(rows, actions)
    }
    fn logged(&self, rows: &[usize]) -> Table {
        self.dots.logged(rows)
    }
    fn draw(&self, rows: &[usize], size: usize) -> Vec<Image> {
        self.dots.draw(rows, size)
    }
    fn save(&self, row: usize) -> Vec<f64> {
        self.filed.fetch_add(1, Ordering::Relaxed);
        self.dots.save(row)
    }
    fn load(&mut self, row: usize, snapshot: &[f64]) {
        self.dots.load(row, snapshot);
    }
    fn forget(&self, _: &[f64]) {
        self.filed.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Recordings to start in: one of three rows, and one in whose only row the dot is where it cannot be.
pub(crate) struct Recorded;

impl Starts for Recorded {
    fn episodes(&self) -> Vec<usize> {
        vec![3, 1]
    }
    fn start(&self, episode: usize, row: usize) -> Result<Observation> {
        let state = match (episode, row) {
            (0, 0..3) => vec![row as f32, 4.0],
            (1, 0) => vec![9.0, 4.0],
            _ => return Err(Error::Invalid(format!("there is no row {row} of episode {episode}"))),
        };
        Ok(Observation { image: None, state })
    }
}

/// Futures of the dot in pictures of 8 × 8, in both worlds or in the learned one only.
pub(crate) fn stage(n: usize, real: bool) -> Stage {
    counted(n, real).0
}

/// The same, and how many snapshots are filed.
pub(crate) fn counted(n: usize, real: bool) -> (Stage, Arc<AtomicIsize>) {
    let ([learned, other], filed) = Dots::both(n);
    let stage = Stage::new(learned, real.then_some(other), 8).expect("one world");
    (stage.with_starts(Box::new(Recorded)), filed)
}
