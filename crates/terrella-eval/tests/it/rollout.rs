//! Open-loop error of models that are right, and of one that is wrong by a known amount.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use toy::recordings;

fn measure(blur: f32) -> RolloutTable {
    let (env, dataset) = (Rolling::new(false), recordings(6, 60, 32, false));
    let dynamics = Exact { skip: 5, wall: false, blur };
    let config = RolloutConfig { horizon: 6, clips: 31, mean_rows: 64, batch: 8, seed: 0 };
    rollout_error(&dynamics, &env.spec, (&dataset, &[0, 1, 2, 3], &[4, 5]), VIEW, &config).expect("a table")
}

#[test]
fn an_exact_model_has_no_error_and_the_baselines_have() {
    let table = measure(0.0);
    assert_eq!((table.n_clips, table.n_episodes, table.frame_skip), (31, 2, 5), "counts");
    for name in ["latent", "picture", "ball", "angle"] {
        let quantity = table.quantity(name).expect(name);
        let at = |curve: &str, h: usize| quantity.curve(curve).expect(curve).points[h].mean;
        assert_eq!(quantity.curves[0].name, "model", "the model comes first");
        assert!((0..=6).all(|h| at("model", h) < 1e-9), "{name}: the model is exact");
        assert!(at("copy-last", 0) < 1e-9 && at("copy-last", 6) > 1e-4, "{name}: things move");
        assert!(at("mean", 0) > 1e-4, "{name}: the average is nowhere");
        assert_eq!(quantity.lost_to("copy-last"), None, "{name}: never worse");
    }
    let psnr = table.quantity("picture PSNR").expect("pictures");
    assert!(psnr.higher_is_better && psnr.curve("model").is_some_and(|c| c.points[3].mean == 60.0), "equal pictures");
}

#[test]
fn a_wrong_model_is_seen_to_drift() {
    let table = measure(0.6);
    let ball = table.quantity("ball").expect("a place");
    let points = &ball.curve("model").expect("a model").points;
    assert!(points[1].mean > 0.5 && points[6].mean > points[1].mean, "errors grow: {points:?}");
    assert!(
        points[3].interval.low <= points[3].mean && points[3].mean <= points[3].interval.high,
        "inside its interval"
    );
    assert_eq!(points[0].mean, 0.0, "what was seen is known");
}

/// What moves and what does not is told apart, and both together are the whole.
#[test]
fn errors_are_told_apart_for_what_moved() {
    let (mut env, mut dataset) = (Rolling::new(false), recordings(6, 60, 32, false));
    // In one of the two held-out recordings the ball lies still for the second half.
    let held = dataset.episodes[5].states.row(30).to_vec();
    let width = held.len();
    dataset.episodes[5].states.data[30 * width..].chunks_mut(width).for_each(|row| row.copy_from_slice(&held));
    env.spec.parts.iter_mut().for_each(|part| part.tolerance = Some(1e-3));
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let config = RolloutConfig { horizon: 3, clips: 40, mean_rows: 64, batch: 8, seed: 0 };
    let table =
        rollout_error(&dynamics, &env.spec, (&dataset, &[0, 1, 2, 3], &[4, 5]), VIEW, &config).expect("a table");
    let ball = table.quantity("ball").expect("a place");
    let last = |name: &str| ball.curve(name).expect(name).points[3].mean;
    assert!(last("model, where it moved") < last("model, where it lay still"), "the model moves on: {ball:?}");
    let whole = last("model");
    assert!(last("model, where it moved") <= whole && whole <= last("model, where it lay still"), "the mean of both");
    assert!(
        measure(0.0).quantity("ball").expect("a place").curve("model, where it lay still").is_none(),
        "always moving"
    );
}

#[test]
fn what_cannot_be_imagined_is_refused_with_numbers() {
    let (env, dataset) = (Rolling::new(false), recordings(3, 20, 8, false));
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let config = RolloutConfig { horizon: 10, ..RolloutConfig::default() };
    let error = rollout_error(&dynamics, &env.spec, (&dataset, &[0], &[1, 2]), VIEW, &config).expect_err("too short");
    let text = error.to_string();
    assert!(text.contains("51") && text.contains("20") && text.contains("lower the horizon"), "{text}");
}

/// The exact model, counting how often it looks.
struct Looking(Exact, AtomicUsize);

impl Dynamics for Looking {
    type State = Vec<toy::Ball>;
    fn block_width(&self) -> usize {
        self.0.block_width()
    }
    fn observe(&self, observations: &[Observation]) -> Result<Self::State> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.observe(observations)
    }
    fn take(&self, state: &Self::State, rows: &[usize]) -> Self::State {
        self.0.take(state, rows)
    }
    fn step(&self, state: &Self::State, acts: Acts<'_>) -> Self::State {
        self.0.step(state, acts)
    }
    fn latents(&self, state: &Self::State) -> Table {
        self.0.latents(state)
    }
    fn read(&self, state: &Self::State) -> Option<Table> {
        self.0.read(state)
    }
    fn draw(&self, state: &Self::State) -> Option<Vec<Image>> {
        self.0.draw(state)
    }
}

#[test]
fn each_moment_is_looked_at_once() {
    let (env, dataset) = (Rolling::new(false), recordings(3, 60, 8, false));
    let looking = Looking(Exact { skip: 5, wall: false, blur: 0.0 }, AtomicUsize::new(0));
    let config = RolloutConfig { horizon: 4, clips: 6, batch: 6, ..RolloutConfig::default() };
    rollout_error(&looking, &env.spec, (&dataset, &[], &[1, 2]), VIEW, &config).expect("a table");
    assert_eq!(looking.1.into_inner(), 5, "the first moment and four that are imagined");
}
