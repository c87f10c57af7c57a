//! Dreams of an exact model are the worlds: one loop, one trajectory a row.

use crate::toy::{Exact, Reach, Rolling};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use terrella_agent::*;
use terrella_core::*;

const VIEW: View = View { picture: None, state: true };
const SKIP: usize = 5;

fn dreams(n: usize) -> Dream<Exact> {
    let exact = Arc::new(Exact { skip: SKIP, wall: true, blur: 0.0 });
    Dream::new(exact, AnySim::new(Rolling::new(true)), VIEW, n).expect("the model sees the state")
}

/// Lets chance act in some rows, keyed by these numbers.
fn wander(env: &mut dyn Env, rows: &[usize], keys: &[u64], n_steps: usize) -> Vec<Table> {
    let space = env.spec().actions.space();
    let mut policy = Each::new(|_| RandomPolicy::new(space.clone(), SKIP));
    let keys: Vec<Key> = keys.iter().map(|key| Key::new(*key)).collect();
    policy.begin(rows, &vec![Goal::default(); rows.len()], &keys).expect("no goal needed");
    let played = play(env, &mut policy, (rows, VIEW), n_steps, |_| ControlFlow::Continue(())).expect("steps");
    played.into_iter().map(|played| played.states).collect()
}

const ALL: [usize; 4] = [0, 1, 2, 3];

#[test]
fn one_loop_runs_worlds_and_dreams() {
    let (mut worlds, mut dreams) = (Many::new(&Rolling::new(true), 4), dreams(4));
    for seed in 0..3 {
        let seeds = ALL.map(|row| seed * 10 + row as u64);
        worlds.reset(&ALL, &seeds).expect("rows");
        dreams.reset(&ALL, &seeds).expect("rows");
        let both = wander(&mut worlds, &ALL, &seeds, 40).into_iter().zip(wander(&mut dreams, &ALL, &seeds, 40));
        for (row, (real, dreamt)) in both.enumerate() {
            for block in 0..=40 / SKIP {
                assert_eq!(real.row(block * SKIP), dreamt.row(block * SKIP), "row {row}, after block {block}");
            }
            assert_eq!(dreamt.row(SKIP + 1), dreamt.row(2 * SKIP - 1), "inside a block the dream holds still");
        }
    }
    let state = Table::from_data(5, vec![30.0, 80.0, 9.0, 9.0, 1.0]);
    worlds.set_logged(&[2], &state).expect("a state");
    dreams.set_logged(&[2], &state).expect("a state");
    assert_eq!(worlds.logged(&[2]), dreams.logged(&[2]), "both begin at rest");
    assert_eq!(worlds.draw(&[2, 0], 32), dreams.draw(&[2, 0], 32), "both draw the same");
    assert_eq!(dreams.draw(&[1], 8)[0].width, 8, "at any size");
    assert!(dreams.set_logged(&[0], &Table::from_data(1, vec![1.0])).is_err(), "a row of another width");
    assert!(dreams.reset(&[4], &[0]).is_err() && dreams.step(&[1, 1], &[0.0; 4]).is_err(), "rows that are not there");
}

/// A planner acts in real worlds as in dreams of them: what it reaches in one, it reaches in the other.
#[test]
fn the_same_policy_plans_in_worlds_and_in_dreams() {
    let dynamics = Exact { skip: SKIP, wall: false, blur: 0.0 };
    let play_in = |env: &mut dyn Env| -> Vec<Played> {
        let rule = PriorRule::HoldLast { std: vec![10.0, 10.0], growth: 0.5 };
        let aim = |goals: &[Goal]| Ok(Aim { objective: Reach::of(goals), propose: None });
        let (action, planner) = (Rolling::new(false).space(), PlannerConfig::default().build(2).expect("good"));
        let mut policy =
            MpcPolicy::new(&dynamics, action, planner, (MpcConfig::default(), rule), aim).expect("a policy");
        env.reset(&ALL, &[1, 2, 3, 4]).expect("rows");
        let goal = |row: usize| Observation { image: None, state: vec![30.0 + 15.0 * row as f32, 60.0, 0.0, 0.0, 0.0] };
        let goals = ALL.map(|row| Goal { observation: goal(row), steps: 25 });
        policy.begin(&ALL, &goals, &ALL.map(|row| Key::new(row as u64))).expect("goals");
        play(env, &mut policy, (&ALL, VIEW), 30, |_| ControlFlow::Continue(())).expect("steps")
    };
    let open = Rolling::new(false);
    let mut dreams = Dream::new(Arc::new(dynamics.clone()), AnySim::new(open.clone()), VIEW, 4).expect("dreams");
    let (real, dreamt) = (play_in(&mut Many::new(&open, 4)), play_in(&mut dreams));
    for (row, (real, dreamt)) in real.iter().zip(&dreamt).enumerate() {
        assert_eq!(real.actions, dreamt.actions, "row {row}: the same plans");
        assert_eq!(real.states.row(30), dreamt.states.row(30), "row {row}: the same place");
        assert!((real.states.row(30)[0] - 30.0 - 15.0 * row as f32).abs() < 6.0, "row {row} gets there");
    }
}

/// Rows that are stepped apart, reset in the middle of a block and stepped together again go their own ways.
#[test]
fn a_dream_depends_on_its_own_seed_and_actions_alone() {
    let mut dreams = dreams(4);
    dreams.reset(&ALL, &[1, 2, 3, 4]).expect("rows");
    wander(&mut dreams, &ALL, &[1, 2, 3, 4], 7);
    dreams.reset(&[2], &[9]).expect("a row");
    wander(&mut dreams, &[3, 1], &[7, 6], 4);
    let together = wander(&mut dreams, &[2, 1, 0], &[5, 6, 7], 23);
    let mut alone = self::dreams(1);
    alone.reset(&[0], &[9]).expect("a row");
    assert_eq!(wander(&mut alone, &[0], &[5], 23)[0], together[0], "reset in the middle of a block of the others");
    alone.reset(&[0], &[2]).expect("a row");
    wander(&mut alone, &[0], &[2], 7);
    wander(&mut alone, &[0], &[6], 4);
    assert_eq!(wander(&mut alone, &[0], &[6], 23)[0], together[1], "stepped while others waited");
}

#[test]
fn a_snapshot_inside_a_block_restores_the_future_bit_for_bit() {
    let mut dreams = dreams(3);
    dreams.reset(&[0, 1, 2], &[1, 2, 3]).expect("rows");
    wander(&mut dreams, &[0, 1, 2], &[1, 2, 3], 2 * SKIP + 3);
    let snapshot = dreams.save(1);
    let first = wander(&mut dreams, &[1], &[2], 20);
    dreams.load(2, &snapshot);
    assert_eq!(wander(&mut dreams, &[2], &[2], 20), first, "another row restored");
    dreams.load(1, &snapshot);
    assert_eq!(wander(&mut dreams, &[1], &[2], 20), first, "itself restored");
}

#[test]
fn a_snapshot_that_is_forgotten_gives_up_its_place_and_the_others_keep_theirs() {
    let mut dreams = dreams(2);
    dreams.reset(&[0, 1], &[1, 2]).expect("rows");
    wander(&mut dreams, &[0, 1], &[1, 2], SKIP + 2);
    let (kept, first) = (dreams.save(1), dreams.save(0));
    let future = wander(&mut dreams, &[1], &[2], 12);
    dreams.forget(&first);
    for seed in 0..100 {
        dreams.reset(&[0], &[seed]).expect("a row");
        let snapshot = dreams.save(0);
        assert_eq!(snapshot[0].to_bits(), first[0].to_bits(), "the place of the one that was forgotten");
        dreams.forget(&snapshot);
    }
    let (again, other) = (dreams.save(0), dreams.save(0));
    assert!(again[0] < 2.0 && (other[0] - 2.0).abs() < 1e-9, "a place of its own for each that is kept");
    dreams.forget(&again);
    dreams.load(0, &kept);
    assert_eq!(wander(&mut dreams, &[0], &[2], 12), future, "nothing of another was forgotten");
}

#[test]
fn a_dream_of_recordings_begins_where_they_did() {
    let starts: Vec<Observation> =
        (0..4).map(|i| Observation { image: None, state: vec![10.0 * i as f32 + 5.0, 50.0, 0.0, 0.0, 0.0] }).collect();
    let mut dreams = dreams(40).with_starts(&starts).expect("four starts");
    let rows: Vec<usize> = (0..40).collect();
    dreams.reset(&rows, &(0..40).collect::<Vec<_>>()).expect("rows");
    let mut seen: Vec<f32> = dreams.logged(&rows).rows().map(|state| state[0]).collect();
    seen.sort_by(f32::total_cmp);
    seen.dedup();
    assert_eq!(seen, [5.0, 15.0, 25.0, 35.0], "each start is drawn, and nothing else");
    let error = self::dreams(1).with_starts(&[]).err().map(|e| e.to_string()).unwrap_or_default();
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
    let world = || AnySim::new(Rolling::new(true));
    let mut dream = Dream::new(silent(true), world(), VIEW, 1).expect("it tells states");
    dream.reset(&[0], &[4]).expect("a row");
    wander(&mut dream, &[0], &[4], SKIP);
    let mut world_there = Rolling::new(true);
    world_there.set_logged(dream.logged(&[0]).row(0)).expect("a state");
    assert_eq!(dream.draw(&[0], 32)[0], world_there.draw(32), "the world, where the ball is believed to be");
    let error = Dream::new(silent(false), world(), VIEW, 1).err().map(|e| e.to_string());
    assert!(error.is_some_and(|e| e.contains("neither draw nor tell")), "nothing to look at");
}

#[test]
fn without_a_world_a_dream_begins_in_what_was_recorded_and_is_what_the_model_draws() {
    let start = |x: f32| Observation { image: None, state: vec![x, 50.0, 0.0, 0.0, 0.0] };
    let spec = EnvSpec { id: "recordings".into(), ..dreams(1).spec().clone() };
    let exact = Arc::new(Exact { skip: SKIP, wall: true, blur: 0.0 });
    let draw = move |seed: u64| match seed {
        9 => Err(Error::Invalid("nothing was recorded".to_owned())),
        seed => Ok(start(10.0 + seed as f32)),
    };
    let mut dream = Dream::of_recordings(exact, spec.clone(), draw, 3).expect("it draws");
    assert_eq!(dream.spec().id, "recordings");
    dream.reset(&[0, 2], &[4, 1]).expect("rows");
    assert_eq!([dream.logged(&[0]).data[0], dream.logged(&[2]).data[0]], [14.0, 11.0], "what the seeds draw");
    dream.set_seen(&[1], &[start(14.0)]).expect("a row");
    assert_eq!(
        wander(&mut dream, &[0], &[7], 2 * SKIP),
        wander(&mut dream, &[1], &[7], 2 * SKIP),
        "one start, one dream"
    );
    let before = dream.logged(&[2]);
    assert!(dream.reset(&[2], &[9]).is_err() && dream.logged(&[2]) == before, "what cannot begin goes on");
    let silent = Arc::new(Silent { exact: Exact { skip: SKIP, wall: true, blur: 0.0 }, tells: true });
    let error = Dream::of_recordings(silent, spec, move |_| Ok(start(1.0)), 1).err().map(|e| e.to_string());
    assert!(error.is_some_and(|e| e.contains("cannot paint") && e.contains("diffusion")), "no world shows its states");
}

/// The exact model, which takes note of how many rows each step is for. States may be joined, or not, if it is told so.
#[derive(Clone)]
struct Counted {
    exact: Exact,
    joins: bool,
    steps: Arc<Mutex<Vec<usize>>>,
}

impl Counted {
    fn new(joins: bool) -> Self {
        Self { exact: Exact { skip: SKIP, wall: true, blur: 0.0 }, joins, steps: Arc::default() }
    }

    /// Rows of each step since the last time somebody asked.
    fn steps(&self) -> Vec<usize> {
        std::mem::take(&mut self.steps.lock().expect("nobody panicked"))
    }
}

impl Dynamics for Counted {
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
    fn join(&self, states: &[&Self::State]) -> Option<Self::State> {
        self.exact.join(states).filter(|_| self.joins)
    }
    fn step(&self, state: &Self::State, acts: Acts<'_>) -> Self::State {
        self.steps.lock().expect("nobody panicked").push(state.len());
        self.exact.step(state, acts)
    }
    fn latents(&self, state: &Self::State) -> Table {
        self.exact.latents(state)
    }
    fn read(&self, state: &Self::State) -> Option<Table> {
        self.exact.read(state)
    }
    fn draw(&self, state: &Self::State) -> Option<Vec<Image>> {
        self.exact.draw(state)
    }
}

#[test]
fn rows_that_began_at_different_times_and_move_on_together_are_asked_for_at_once() {
    let dreams = |joins: bool| {
        let model = Counted::new(joins);
        let world = AnySim::new(Rolling::new(true));
        (Dream::new(Arc::new(model.clone()), world, VIEW, 4).expect("dreams"), model)
    };
    let (mut together, joined) = dreams(true);
    let (mut apart, split) = dreams(false);
    let go = |dream: &mut Dream<Counted>, model: &Counted| {
        // One after the other, row 2 in the middle of a block of the others, and row 0 is put where row 3 is.
        ALL.iter().for_each(|&row| dream.reset(&[row], &[row as u64]).expect("a row"));
        let mut told = vec![wander(dream, &[0, 1, 3], &[5, 6, 7], SKIP + 2)];
        dream.reset(&[2], &[9]).expect("a row");
        let snapshot = dream.save(3);
        dream.load(0, &snapshot);
        told.push(wander(dream, &[3, 2, 1, 0], &[1, 2, 3, 4], 2 * SKIP));
        (told, dream.draw(&ALL, 32), model.steps())
    };
    let (told, drawn, asked) = go(&mut together, &joined);
    let (alone, pictures, each) = go(&mut apart, &split);
    assert_eq!((told, drawn), (alone, pictures), "the same futures");
    // Row 2 is two actions behind the others.
    assert_eq!(asked, [3, 3, 1, 3, 1], "all that are due");
    assert_eq!(each, [1; 11], "without, one after the other");
}
