//! The contract of `Sim` and `Task`, checked for every world in the registry.

use proptest::prelude::*;
use serde_json::Value;
use terrella_core::{AnySim, Env, GoalWorld, Key, Many, Rule, Sim, Step};
use terrella_env::{make, make_env, registry};

fn worlds() -> impl Iterator<Item = AnySim> {
    registry().iter().map(|w| make(w.id, &Value::Null).expect("defaults are valid"))
}

fn worlds_with_goals() -> impl Iterator<Item = Box<dyn GoalWorld>> {
    worlds().filter_map(|w| w.goals().map(GoalWorld::boxed_clone))
}

fn actions(env: &dyn Sim, seed: u64, n: usize) -> Vec<Vec<f32>> {
    let mut stream = Key::new(seed).with("test").stream();
    (0..n).map(|_| env.spec().actions.sample(&mut stream)).collect()
}

fn bits(state: &[f64]) -> Vec<u64> {
    state.iter().map(|x| x.to_bits()).collect()
}

fn play(env: &mut dyn Sim, actions: &[Vec<f32>]) -> Vec<(Vec<u64>, Step)> {
    let step = |action: &Vec<f32>| {
        let step = env.step(action);
        (bits(&env.state()), step)
    };
    actions.iter().map(step).collect()
}

#[test]
fn specs_are_complete_and_say_the_right_widths() {
    for env in worlds() {
        let spec = env.spec().clone();
        assert_eq!(env.state().len(), spec.state.len(), "{}: one name a number", spec.id);
        assert_eq!(spec.actions.space().names.len(), spec.actions.width(), "{}: one name an action", spec.id);
        assert!(spec.state.iter().all(|c| c.angle == (c.unit == "rad")), "{}: angles are in radians", spec.id);
        assert_eq!(env.observe().len(), spec.observed(), "{}: one name a number that is shown", spec.id);
        assert!(spec.dt > 0.0, "{}: its clock", spec.id);
        let mut columns: Vec<usize> = spec.parts().iter().flat_map(|part| part.columns.clone()).collect();
        columns.sort_unstable();
        assert_eq!(columns, (0..spec.state.len()).collect::<Vec<_>>(), "{}: each number in one part", spec.id);
        // Goals are states that are near enough, rewards add up to an end.
        let tells = |goals: bool| if goals { !spec.rules.is_empty() } else { spec.max_steps.is_some() };
        assert!(tells(env.goals().is_some()), "{}: its rules, or its end", spec.id);
        for part in spec.parts() {
            let fits = part.columns.iter().all(|&c| spec.state[c].unit == part.unit);
            assert!(fits && part.tolerance.is_none_or(|t| t > 0.0), "{}: {part:?}", spec.id);
        }
    }
}

#[test]
fn the_same_seed_and_actions_give_the_same_bits() {
    for mut env in worlds() {
        let actions = actions(&env, 1, 80);
        let mut run = |seed| {
            env.reset(seed);
            (bits(&env.state()), play(&mut env, &actions), env.draw(48).data)
        };
        let (first, again, other) = (run(5), run(5), run(6));
        assert!(first == again, "{}: seed 5 twice", env.spec().id);
        assert_ne!(first.0, other.0, "{}: another seed", env.spec().id);
    }
}

#[test]
fn many_do_not_depend_on_threads() {
    // At most 2,048 worlds make a second thread worth starting.
    const N: usize = 4_100;
    for world in worlds() {
        let rows: Vec<usize> = (0..N).collect();
        let seeds: Vec<u64> = (0..N as u64).collect();
        let run = |n_threads| {
            let mut many = Many::with_threads(&world, N, n_threads);
            many.reset(&rows, &seeds).expect("rows and seeds");
            for t in 0..5 {
                let acts: Vec<f32> = actions(&world, t, N).concat();
                many.step(&rows, &acts).expect("one action a world");
            }
            many.worlds().iter().map(|w| bits(&w.state())).collect::<Vec<_>>()
        };
        assert!(run(1) == run(2), "{}: one thread and two", world.spec().id);
    }
}

#[test]
fn a_row_of_many_is_saved_with_the_time_it_has_left() {
    for world in worlds().filter(|w| w.spec().max_steps.is_some()) {
        let id = &world.spec().id;
        let mut many = Many::new(&world, 2);
        let idle = vec![0.0; 2 * world.spec().actions.width()];
        let idle = |many: &mut Many<AnySim>| many.step(&[0, 1], &idle).expect("one action a world");
        (0..7).for_each(|_| drop(idle(&mut many)));
        many.reset(&[1], &[3]).expect("a row");
        let snapshot = many.save(0);
        many.load(1, &snapshot);
        let max = world.spec().max_steps.unwrap_or_default();
        let last = (8..max).map(|_| idle(&mut many)).last();
        assert_eq!(last.map(|steps| steps.truncated), Some(vec![false, false]), "{id}: one step is left");
        assert_eq!(idle(&mut many).truncated, [true, true], "{id}: and then none");
    }
}

#[test]
fn a_snapshot_branches_exactly() {
    for mut env in worlds() {
        env.reset(3);
        let (before, after) = (actions(&env, 2, 40), actions(&env, 3, 60));
        play(&mut env, &before);
        let mut snapshot = Vec::new();
        env.save(&mut snapshot);
        let straight = play(&mut env, &after);
        play(&mut env, &before);
        env.load(&snapshot);
        assert!(straight == play(&mut env, &after), "{}: the branch equals the trunk", env.spec().id);
        let mut other = make(&env.spec().id, &Value::Null).expect("valid");
        other.load(&snapshot);
        assert!(straight == play(&mut other, &after), "{}: in another copy, too", env.spec().id);
    }
}

#[test]
fn a_clone_goes_its_own_way() {
    for mut env in worlds() {
        env.reset(4);
        let mut twin = env.clone();
        let steps = actions(&env, 4, 30);
        let expected = play(&mut env, &steps);
        assert!(expected == play(&mut twin, &steps), "{}: the clone does the same", env.spec().id);
        assert_eq!(env.draw(64), twin.draw(64), "{}: and looks the same", env.spec().id);
    }
}

#[test]
fn actions_out_of_range_are_clamped_and_nonsense_is_survived() {
    for mut env in worlds() {
        let space = env.spec().actions.space();
        let width = space.width();
        let mut run = |action: Vec<f32>| {
            env.reset(1);
            (0..5).for_each(|_| _ = env.step(&action));
            env.state()
        };
        // MountainCar computes with a limited force in doubles, as its original does.
        let same = |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-8);
        assert!(same(run(vec![1e9; width]), run(space.high.clone())), "clamped from above");
        assert!(same(run(vec![-1e9; width]), run(space.low.clone())), "clamped from below");
        assert!(run(vec![f32::NAN; width]).iter().all(|x| x.is_finite()), "NaN does not spread");
    }
}

#[test]
fn pictures_have_the_size_that_was_asked_for() {
    for env in worlds() {
        for size in [1, 17, 64, 96, 224, 512, 700] {
            let image = env.draw(size);
            assert_eq!((image.height, image.width, image.data.len()), (size, size, size * size * 3), "size {size}");
        }
        let (small, large) = (env.draw(64), env.draw(512).resized(64, 64));
        let id = env.spec().id.clone();
        assert!(small.mean_abs_difference(&large) < 4.0, "{id}: the same picture at two sizes");
    }
}

#[test]
fn a_picture_depends_on_the_state_alone() {
    for mut env in worlds() {
        env.reset(8);
        let steps = actions(&env, 8, 50);
        for action in steps {
            env.step(&action);
            env.draw(96);
        }
        let fresh = env.clone();
        let id = env.spec().id.clone();
        assert_eq!(env.draw(96), fresh.draw(96), "{id}: nothing of earlier pictures remains");
    }
}

#[test]
fn states_can_be_set_and_what_is_none_is_refused() {
    for mut env in worlds() {
        env.reset(9);
        let state = env.logged();
        env.reset(10);
        env.set_logged(&state).expect("a logged state");
        let close = env.logged().iter().zip(&state).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(close, "{}: {:?} became {:?}", env.spec().id, state, env.state());
        assert!(env.set_logged(&state[1..]).is_err(), "{}: a short row", env.spec().id);
        let mut bad = state.clone();
        bad[0] = f32::NAN;
        let message = env.set_logged(&bad).expect_err("NaN").to_string();
        assert!(message.contains("NaN") && message.contains("state"), "{message}");
    }
}

#[test]
fn a_state_is_its_own_goal_and_such_worlds_reward_nothing() {
    assert!(worlds_with_goals().count() >= 3, "some have goals");
    for mut env in worlds_with_goals() {
        env.reset(9);
        let state = env.logged();
        env.set_goal(&state).expect("a logged state");
        assert!(Rule::ALL.iter().all(|r| env.reached(*r, &state, &state)), "{}: at the goal", env.spec().id);
        let steps = actions(&*env, 1, 20);
        assert!(play(&mut *env, &steps).iter().all(|(_, step)| *step == Step::default()), "{}", env.spec().id);
    }
}

#[test]
fn a_world_without_goals_is_refused_where_goals_are_needed() {
    let refused = make_env("pendulum", &Value::Null).err().expect("no goals").to_string();
    assert!(refused.contains("pendulum") && refused.contains("tworoom"), "{refused}");
    assert!(make_env("tworoom", &Value::Null).is_ok());
}

/// Whether a world goes on from a snapshot after `n` steps as it went on before.
fn goes_on_the_same(env: &mut dyn Sim, seed: u64, n: usize) -> bool {
    env.reset(seed);
    let steps = actions(env, seed, n + 5);
    play(env, &steps[..n]);
    let mut snapshot = Vec::new();
    env.save(&mut snapshot);
    let next = play(env, &steps[n..]);
    env.load(&snapshot);
    next == play(env, &steps[n..])
}

#[test]
fn a_contact_long_lost_is_forgotten_by_world_and_snapshot() {
    let mut env = make("pusht", &Value::Null).expect("defaults are valid");
    assert!(goes_on_the_same(&mut env, 186, 38), "the agent comes back to where it touched before");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn snapshots_are_exact_anywhere(seed in 0u64..1000, n in 0usize..60) {
        for mut env in worlds() {
            prop_assert!(goes_on_the_same(&mut env, seed, n), "{}", env.spec().id);
        }
    }
}
