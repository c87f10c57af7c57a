//! All futures side by side: a learned world and, where there is one, the real one, as rows of two [`Env`]s.
//!
//! A future is the same row in both. Rows are lent to sessions and come back; all that are due are stepped in one call, so that
//! a model is asked once for everybody.

use crate::past::Began;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use terrella_core::{Env, EnvSpec, Error, Image, Observation, Result, Signature, Step};

/// Recordings that sessions can start in.
pub trait Starts: Send {
    /// Rows of each episode.
    fn episodes(&self) -> Vec<usize>;

    /// What is begun with in a row of an episode, both counted from 0: the logged state where there is a world that can be put
    /// into it, and otherwise what the model looks at.
    ///
    /// # Errors
    /// If there is no such row, or what is needed was not recorded.
    fn start(&self, episode: usize, row: usize) -> Result<Observation>;
}

/// The worlds, and which of their rows are lent.
pub struct Stage {
    learned: Box<dyn Env + Send>,
    real: Option<Box<dyn Env + Send>>,
    starts: Option<Box<dyn Starts>>,
    size: usize,
    free: Vec<usize>,
    lent: Arc<AtomicUsize>,
}

/// Everything that determines a future. What the worlds filed for it stays filed until [`Stage::forget`].
#[derive(Debug)]
pub(crate) struct Snapshot {
    learned: Vec<f64>,
    real: Vec<f64>,
}

/// Pictures of a future.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) learned: Image,
    pub(crate) real: Option<Image>,
}

impl Look {
    /// The picture of the world that counts: the real one, where there is one.
    pub(crate) fn into_true_one(self) -> Image {
        self.real.unwrap_or(self.learned)
    }

    /// What the learned picture is known by, and the state told with it: 64 bits of their SHA-256.
    pub(crate) fn print(&self, state: &[f32]) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.learned.data);
        state.iter().for_each(|x| hash.update(x.to_le_bytes()));
        terrella_core::hex(&hash.finalize()[..8])
    }

    /// Mean absolute difference of the two pictures, 0 to 1.
    pub(crate) fn error(&self) -> Option<f64> {
        self.real.as_ref().map(|real| real.mean_abs_difference(&self.learned) / 255.0)
    }
}

impl Stage {
    /// Futures in a learned world of some rows, and beside it in a real one of as many, shown as `size × size` pictures.
    ///
    /// # Errors
    /// If there is no row or no picture, or the two are not the same world.
    pub fn new(learned: Box<dyn Env + Send>, real: Option<Box<dyn Env + Send>>, size: usize) -> Result<Self> {
        let n = learned.n();
        if n == 0 || size == 0 {
            return Err(Error::Invalid(format!("{n} futures in pictures of {size} × {size}; both need at least 1")));
        }
        if learned.spec().actions.width() == 0 {
            return Err(Error::Invalid(format!(
                "nothing can be done in world {}; give one with actions",
                learned.spec().id
            )));
        }
        if let Some(real) = &real {
            Error::check("rows of the real world, beside those of the learned one", n, real.n())?;
            let (ours, theirs) = (learned.spec(), real.spec());
            if ours.actions != theirs.actions || ours.state.len() != theirs.state.len() {
                return Err(Error::Invalid(format!(
                    "the learned world {} and the real world {} differ in actions or state; give both of one world",
                    ours.id, theirs.id
                )));
            }
        }
        let free = (0..n).rev().collect();
        Ok(Self { learned, real, starts: None, size, free, lent: Arc::default() })
    }

    /// Lets people start in recordings, too.
    #[must_use]
    pub fn with_starts(self, starts: Box<dyn Starts>) -> Self {
        Self { starts: Some(starts), ..self }
    }

    /// What the world declares of itself.
    pub fn spec(&self) -> &EnvSpec {
        self.learned.spec()
    }

    /// How many futures there can be.
    pub fn n(&self) -> usize {
        self.learned.n()
    }

    /// Side of the pictures.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Whether the real world is there.
    pub(crate) fn is_real(&self) -> bool {
        self.real.is_some()
    }

    /// Rows of each recording to start in.
    pub(crate) fn episodes(&self) -> Vec<usize> {
        self.starts.as_ref().map_or_else(Vec::new, |starts| starts.episodes())
    }

    /// What recordings of what is driven here have in common: those of the real world, or of the learned one where it is alone.
    pub fn signature(&self) -> Signature {
        let (spec, told) = (self.spec(), self.told(0).len());
        let mut signature = Signature {
            fps: spec.fps(),
            image: Some([self.size; 2]),
            state: if told == spec.state.len() { spec.names() } else { Vec::new() },
            action: spec.actions.space().names,
            ..Signature::default()
        };
        if self.is_real() {
            // Whoever knows the world knows its units, its rewards and its ends.
            signature.env = Some(spec.id.to_string());
            (signature.reward, signature.ends) = (true, true);
        } else if !signature.state.is_empty() && spec.state.iter().any(|number| !number.unit.is_empty()) {
            signature.units = spec.state.iter().map(|number| number.unit.to_string()).collect();
        }
        signature
    }

    /// How many rows are lent, to be read from anywhere.
    pub(crate) fn lent(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.lent)
    }

    /// Lends a row, if one is free. It goes on where the last one who had it left: begin anew.
    pub(crate) fn lend(&mut self) -> Option<usize> {
        let row = self.free.pop()?;
        self.lent.fetch_add(1, Ordering::Relaxed);
        Some(row)
    }

    /// Takes a row back.
    pub(crate) fn take_back(&mut self, row: usize) {
        self.free.push(row);
        self.lent.fetch_sub(1, Ordering::Relaxed);
    }

    /// Starts a future anew from a seed.
    pub(crate) fn reset(&mut self, row: usize, seed: u64) -> Result<()> {
        self.both(row, |env| env.reset(&[row], &[seed]))
    }

    /// Starts a future anew from a row of a recording, and says where that was.
    pub(crate) fn start(&mut self, row: usize, episode: usize, at: usize) -> Result<Began> {
        let Some(starts) = &self.starts else {
            let told = "there are no recordings to start in here; reset by a seed";
            return Err(Error::Invalid(told.to_owned()));
        };
        let seen = starts.start(episode, at)?;
        self.both(row, |env| env.set_seen(&[row], std::slice::from_ref(&seen)))?;
        Ok(Began::Row { episode, row: at, state: seen.state })
    }

    /// Starts a future anew where another began. A state that was kept needs no recordings.
    pub(crate) fn begin(&mut self, row: usize, origin: &Began) -> Result<()> {
        match origin {
            Began::Seed(seed) => self.reset(row, *seed),
            Began::Row { episode, row: at, state } if state.is_empty() => self.start(row, *episode, *at).map(drop),
            Began::Row { state, .. } => {
                let seen = Observation { image: None, state: state.clone() };
                self.both(row, |env| env.set_seen(&[row], std::slice::from_ref(&seen)))
            }
        }
    }

    /// Lets the learned world look at the real one again.
    pub(crate) fn anchor(&mut self, row: usize) -> Result<()> {
        let Some(real) = &self.real else {
            return Err(Error::Invalid("there is no real world here to look at".to_owned()));
        };
        let state = real.logged(&[row]);
        self.learned.set_logged(&[row], &state)
    }

    /// Changes both worlds, or neither.
    fn both(&mut self, row: usize, change: impl Fn(&mut dyn Env) -> Result<()>) -> Result<()> {
        let before = self.learned.save(row);
        let changed = change(&mut *self.learned).and_then(|()| match &mut self.real {
            Some(real) => change(&mut **real).inspect_err(|_| self.learned.load(row, &before)),
            None => Ok(()),
        });
        self.learned.forget(&before);
        changed
    }

    /// Acts in these futures for one step, `[rows, action]`: what it brought in the world that counts, and how long the model
    /// took, in milliseconds.
    pub(crate) fn step(&mut self, rows: &[usize], actions: &[f32]) -> Result<(Vec<Step>, f64)> {
        let began = Instant::now();
        let mut steps = self.learned.step(rows, actions)?;
        let took = milliseconds(began);
        if let Some(real) = &mut self.real {
            steps = real.step(rows, actions)?;
        }
        Ok(((0..rows.len()).map(|at| steps.at(at)).collect(), took))
    }

    /// Pictures of these futures, and how long the model took for its own, in milliseconds.
    pub(crate) fn look(&self, rows: &[usize]) -> (Vec<Look>, f64) {
        let began = Instant::now();
        let learned = self.learned.draw(rows, self.size);
        let took = milliseconds(began);
        let mut real = self.real.as_ref().map(|real| real.draw(rows, self.size)).into_iter().flatten();
        (learned.into_iter().map(|learned| Look { learned, real: real.next() }).collect(), took)
    }

    /// The states of a future in the learned world and in the real one, as they are logged; nothing where nobody can tell.
    pub(crate) fn tell(&self, row: usize) -> [Option<Vec<f32>>; 2] {
        let told = |env: &dyn Env| Some(env.logged(&[row]).data).filter(|state| !state.is_empty());
        [told(&*self.learned), self.real.as_ref().and_then(|real| told(&**real))]
    }

    /// Numbers of the state that the world that counts can tell.
    pub(crate) fn told(&self, row: usize) -> Vec<f32> {
        let [learned, real] = self.tell(row);
        if self.is_real() { real } else { learned }.unwrap_or_default()
    }

    /// Everything that determines a future.
    pub(crate) fn save(&self, row: usize) -> Snapshot {
        Snapshot {
            learned: self.learned.save(row),
            real: self.real.as_ref().map_or_else(Vec::new, |real| real.save(row)),
        }
    }

    /// Restores a future in any row.
    pub(crate) fn load(&mut self, row: usize, snapshot: &Snapshot) {
        self.learned.load(row, &snapshot.learned);
        if let Some(real) = &mut self.real {
            real.load(row, &snapshot.real);
        }
    }

    /// Frees what the worlds keep for a snapshot.
    pub(crate) fn forget(&self, snapshot: Snapshot) {
        self.learned.forget(&snapshot.learned);
        if let Some(real) = &self.real {
            real.forget(&snapshot.real);
        }
    }
}

fn milliseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{Dots, stage};

    #[test]
    fn rows_are_lent_once_and_come_back() {
        let mut stage = stage(2, true);
        let [one, other] = [stage.lend(), stage.lend()].map(|row| row.expect("a free row"));
        assert!(one != other && stage.lend().is_none(), "two rows, and no third");
        stage.take_back(one);
        assert_eq!((stage.lend(), stage.lent().load(Ordering::Relaxed)), (Some(one), 2));
    }

    #[test]
    fn both_worlds_begin_alike_drift_apart_and_meet_when_the_learned_one_looks() {
        let mut stage = stage(1, true);
        stage.reset(0, 5).expect("a row");
        let error = |stage: &Stage| stage.look(&[0]).0[0].error().expect("two pictures");
        assert!(error(&stage) < 1e-3, "the same start");
        for _ in 0..8 {
            stage.step(&[0], &[1.0, 0.0]).expect("a step");
        }
        assert!(error(&stage) > 1e-3, "the learned world drifts");
        stage.anchor(0).expect("a real world");
        assert!(error(&stage) < 1e-3, "it looked");
        assert!(super::Stage::new(Dots::learned(2), Some(Dots::real(3)), 8).is_err(), "rows differ");
    }

    #[test]
    fn a_start_that_one_world_refuses_changes_neither() {
        let mut stage = stage(1, true);
        stage.reset(0, 5).expect("a row");
        let before = stage.tell(0);
        let error = stage.start(0, 1, 0).expect_err("the real dot cannot be there").to_string();
        assert!(error.contains("outside"), "{error}");
        assert_eq!(stage.tell(0), before);
        assert!(stage.start(0, 9, 0).is_err() && stage.start(0, 0, 2).is_ok(), "only what is there");
        assert_eq!(stage.tell(0)[0], stage.tell(0)[1], "both begin there");
    }
}
