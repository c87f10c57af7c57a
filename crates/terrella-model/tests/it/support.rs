//! What the tests share: an interface, random batches, and walks over a model with names.

use burn::module::{Module, ModuleVisitor, Param};
use burn::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use terrella_core::{Batch, Clip, Key, Signature, Stats, Table};
use terrella_model::{Interface, Jepa, JepaConfig};

/// The random numbers of the CPU backend are global: tests that make weights take turns.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Data with two state numbers and two action numbers.
pub(crate) fn interface(config: &JepaConfig) -> Interface {
    let names = |prefix: &str| (0..2).map(|i| format!("{prefix}{i}")).collect();
    let stats = Stats::of(2, [&Table::from_data(2, vec![-1.0, -1.0, 1.0, 1.0])]);
    let side = config.image_size();
    Interface {
        signature: Signature {
            fps: 10.0,
            image: Some([side, side]),
            state: names("s"),
            action: names("a"),
            env: None,
            ..Signature::default()
        },
        state_stats: stats.clone(),
        action_stats: stats,
        angles: Vec::new(),
        data_hash: "random".to_owned(),
        ..Interface::default()
    }
}

/// Random clips.
pub(crate) fn batch(config: &JepaConfig, clips: usize, n_frames: usize, key: Key) -> Batch {
    let mut stream = key.stream();
    let side = config.image_size();
    let mut numbers = |n: usize| (0..n).map(|_| stream.normal() as f32).collect::<Vec<_>>();
    let states = numbers(clips * n_frames * 2);
    let actions = numbers(clips * (n_frames - 1) * config.frame_skip * 2);
    Batch {
        clips: (0..clips).map(|start| Clip { episode: 0, start }).collect(),
        n_frames,
        image_size: Some([side, side]),
        images: (0..clips * n_frames * side * side * 3).map(|_| stream.below(256) as u8).collect(),
        states,
        actions,
        ..Batch::default()
    }
}

/// The same with goals so many steps ahead, of random states and pictures.
pub(crate) fn with_goals(batch: Batch, to_goal: &[usize]) -> Batch {
    let (clips, key) = (batch.clips.len(), Key::new(77));
    let mut stream = key.stream();
    let mut goals = Batch { to_goal: to_goal.to_vec(), images: Vec::new(), states: Vec::new(), ..batch.clone() };
    for clip in 0..clips {
        let (images, states) = (batch.images.len() / clips, batch.states.len() / clips);
        goals.images.extend(&batch.images[clip * images..(clip + 1) * images]);
        goals.images.extend((0..images / batch.n_frames).map(|_| stream.below(256) as u8));
        goals.states.extend(&batch.states[clip * states..(clip + 1) * states]);
        goals.states.extend((0..states / batch.n_frames).map(|_| stream.normal() as f32));
    }
    goals
}

/// Every number of a model, by name.
pub(crate) fn values(model: &Jepa) -> BTreeMap<String, Vec<f32>> {
    let mut walk = Walk { path: Vec::new(), found: BTreeMap::new() };
    model.visit(&mut walk);
    walk.found
}

/// Shapes of the trained parameters, by name; running statistics are not trained.
pub(crate) fn parameters(model: &Jepa) -> BTreeMap<String, usize> {
    values(model).into_iter().filter(|(name, _)| !name.contains(".running_")).map(|(name, v)| (name, v.len())).collect()
}

struct Walk {
    path: Vec<String>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Walk {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let numbers = param.val().into_data().iter::<f32>().collect();
        let known = self.found.insert(self.path.join("."), numbers);
        assert!(known.is_none(), "two parameters are called {}", self.path.join("."));
    }
}
