//! The dream of an exact model is the world: one loop, one trajectory.

use crate::toy::{Exact, Rolling};
use std::ops::ControlFlow;
use std::sync::Arc;
use terrella_agent::*;
use terrella_core::*;

const VIEW: View = View { picture: None, state: true };
const SKIP: usize = 5;

fn dream() -> ImaginedEnv<Exact> {
    let exact = Arc::new(Exact { skip: SKIP, wall: true, blur: 0.0 });
    ImaginedEnv::new(exact, Box::new(Rolling::new(true)), VIEW).expect("the model sees the state")
}

fn wander(env: &mut dyn Env, seed: u64, n_steps: usize) -> Table {
    let mut policy = RandomPolicy::new(env.spec().actions.space(), SKIP);
    policy.begin(&Goal::default(), Key::new(seed)).expect("no goal needed");
    play(env, &mut policy, VIEW, n_steps, |_, _| ControlFlow::Continue(())).expect("steps").states
}

#[test]
fn one_loop_runs_the_world_and_the_dream() {
    let (mut world, mut dream) = (Rolling::new(true), dream());
    for seed in 0..5 {
        world.reset(seed);
        dream.reset(seed);
        let (real, dreamt) = (wander(&mut world, seed, 40), wander(&mut dream, seed, 40));
        for block in 0..=40 / SKIP {
            assert_eq!(real.row(block * SKIP), dreamt.row(block * SKIP), "seed {seed}, after block {block}");
        }
        assert_eq!(dreamt.row(SKIP + 1), dreamt.row(2 * SKIP - 1), "inside a block the dream holds still");
    }
    world.set_logged(&[30.0, 80.0, 9.0, 9.0, 1.0]).expect("a state");
    dream.set_logged(&[30.0, 80.0, 9.0, 9.0, 1.0]).expect("a state");
    assert_eq!(world.logged(), dream.logged(), "both begin at rest");
    assert_eq!(world.draw(32), dream.draw(32), "both draw the same");
    assert_eq!(dream.draw(8).width, 8, "at any size");
    assert!(dream.reached(Rule::Historic, &[0.0; 5], &[0.0; 5]), "the rules are those of the world");
    assert!(dream.set_logged(&[1.0]).is_err(), "a row of another width");
}

#[test]
fn a_snapshot_inside_a_block_restores_the_future_bit_for_bit() {
    let mut dream = dream();
    dream.reset(1);
    wander(&mut dream, 1, 2 * SKIP + 3);
    let mut snapshot = Vec::new();
    dream.save(&mut snapshot);
    let mut copy = dream.boxed_clone();
    let first = wander(&mut dream, 2, 20);
    copy.reset(9);
    copy.load(&snapshot);
    assert_eq!(wander(&mut *copy, 2, 20), first, "a copy restored");
    dream.load(&snapshot);
    assert_eq!(wander(&mut dream, 2, 20), first, "itself restored");
}

#[test]
fn a_dream_of_recordings_begins_where_they_did() {
    let starts: Vec<Observation> =
        (0..4).map(|i| Observation { image: None, state: vec![10.0 * i as f32 + 5.0, 50.0, 0.0, 0.0, 0.0] }).collect();
    let mut dream = dream().with_starts(&starts).expect("four starts");
    let mut seen: Vec<f32> = (0..40)
        .map(|seed| {
            dream.reset(seed);
            dream.logged()[0]
        })
        .collect();
    seen.sort_by(f32::total_cmp);
    seen.dedup();
    assert_eq!(seen, [5.0, 15.0, 25.0, 35.0], "each start is drawn, and nothing else");
    let error = self::dream().with_starts(&[]).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("at least one"), "{error}");
}

/// The exact model without a decoder, and without a readout if it is told so.
#[derive(Clone)]
struct Silent {
    exact: Exact,
    tells: bool,
}

impl Dynamics for Silent {
    type State = Vec<crate::toy::Ball>;
    fn block_width(&self) -> usize {
        self.exact.block_width()
    }
    fn observe(&self, observations: &[Observation]) -> Result<Self::State> {
        self.exact.observe(observations)
    }
    fn take(&self, state: &Self::State, rows: &[usize]) -> Self::State {
        self.exact.take(state, rows)
    }
    fn step(&self, state: &Self::State, acts: Acts<'_>) -> Self::State {
        self.exact.step(state, acts)
    }
    fn latents(&self, state: &Self::State) -> Table {
        self.exact.latents(state)
    }
    fn read(&self, state: &Self::State) -> Option<Table> {
        self.exact.read(state).filter(|_| self.tells)
    }
    fn draw(&self, _: &Self::State) -> Option<Vec<Image>> {
        None
    }
}

#[test]
fn a_model_that_cannot_draw_shows_the_world_in_what_it_tells_and_one_that_is_silent_is_refused() {
    let silent = |tells| Arc::new(Silent { exact: Exact { skip: SKIP, wall: true, blur: 0.0 }, tells });
    let mut dream = ImaginedEnv::new(silent(true), Box::new(Rolling::new(true)), VIEW).expect("it tells states");
    dream.reset(4);
    wander(&mut dream, 4, SKIP);
    let mut world = Rolling::new(true);
    world.set_state(&dream.state()).expect("a state");
    assert_eq!(dream.draw(32), world.draw(32), "the world, where the ball is believed to be");
    let error = ImaginedEnv::new(silent(false), Box::new(Rolling::new(true)), VIEW).err().map(|e| e.to_string());
    assert!(error.is_some_and(|e| e.contains("neither draw nor tell")), "nothing to look at");
}
