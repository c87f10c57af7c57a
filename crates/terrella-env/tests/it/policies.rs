//! Scripted policies reach their goals, stay in the action space and follow their key.

use serde_json::Value;
use terrella_core::{Each, Goal, Key, Observation, Policy, RowPolicy, Rule, Sim};
use terrella_env::policy::Noisy;
use terrella_env::pusht::{PushDemonstrator, PushStyle};
use terrella_env::{
    BoxedPolicy, Exploring, PushT, PushTOptions, angle_difference, demonstrator, explorer, make, make_env, pusht,
    registry,
};

fn seen(env: &dyn Sim) -> Observation {
    Observation { image: None, state: env.logged() }
}

fn run(env: &mut dyn Sim, policy: &mut dyn RowPolicy, goal: &[f32], key: Key, steps: usize) -> Vec<Vec<f32>> {
    let goal = Goal { observation: Observation { image: None, state: goal.to_vec() }, steps };
    policy.begin(&goal, key).expect("a state goal");
    let mut actions = Vec::new();
    for _ in 0..steps {
        let action = policy.act(&seen(env)).expect("a logged state");
        env.spec().actions.space().check(&action).expect("inside the action space");
        env.step(&action);
        actions.push(action);
    }
    actions
}

#[test]
fn demonstrators_and_explorers_follow_their_key() {
    for world in registry() {
        type Made = terrella_env::Result<BoxedPolicy>;
        let wander = |id: &str, options: &Value| explorer(id, options, Exploring::Wander);
        let random = |id: &str, options: &Value| explorer(id, options, Exploring::Random);
        let makers: [fn(&str, &Value) -> Made; 3] = [demonstrator, wander, random];
        let mut env = make(world.id, &Value::Null).expect("valid");
        // Nobody scripted the tasks of worlds with rewards.
        let scripted = env.goals().is_some();
        assert_eq!(demonstrator(world.id, &Value::Null).is_ok(), scripted, "{}", world.id);
        for maker in &makers[usize::from(!scripted)..] {
            let goal = env.logged();
            let mut play = |key: u64| {
                let mut policy = maker(world.id, &Value::Null).expect("valid");
                env.reset(1);
                run(&mut env, &mut *policy, &goal, Key::new(key), 40)
            };
            let (first, again, other) = (play(1), play(1), play(2));
            assert!(first == again, "{}: the same key", world.id);
            assert!(first != other, "{}: another key", world.id);
        }
    }
}

#[test]
fn who_seeks_contacts_pushes_the_t_on_all_sides() {
    assert!(explorer("tworoom", &Value::Null, Exploring::Contacts).is_err_and(|e| e.to_string().contains("pusht")));
    // Of 24 sides of the T, and rows in which it moved, of 10 × 120.
    let (mut sides, mut moved) = ([false; 24], 0);
    for seed in 0..10 {
        let mut world = PushT::new(PushTOptions::default()).expect("valid");
        let mut policy = explorer("pusht", &Value::Null, Exploring::Contacts).expect("scripted");
        world.reset(seed);
        let goal = Goal { observation: seen(&world), steps: 0 };
        policy.begin(&goal, Key::new(seed)).expect("a start");
        for _ in 0..120 {
            let before = world.logged();
            let action = policy.act(&seen(&world)).expect("a logged state");
            world.step(&action);
            let after = world.logged();
            if (after[2] - before[2]).hypot(after[3] - before[3]) > 0.5 {
                let side = (before[1] - before[3]).atan2(before[0] - before[2]) - before[4];
                sides[(side.rem_euclid(std::f32::consts::TAU) / std::f32::consts::TAU * 24.0) as usize % 24] = true;
                moved += 1;
            }
        }
    }
    let sides = sides.iter().filter(|side| **side).count();
    assert!(sides >= 20 && moved >= 250, "{sides} sides, {moved} rows");
}

#[test]
fn the_pusht_demonstrator_places_the_t() {
    let mut world = PushT::new(PushTOptions::default()).expect("valid");
    let mut policy = PushDemonstrator::new(world.clone(), PushStyle::default());
    let [x, y, angle] = pusht::GOAL;
    let goal = [200.0, 310.0, x as f32, y as f32, angle as f32];
    let mut placed = 0;
    for seed in 100..120 {
        world.reset(seed);
        run(&mut world, &mut policy, &goal, Key::new(seed), 300);
        let [_, _, body_x, body_y, body_angle] = world.state_exact();
        let near = (body_x - x).hypot(body_y - y) < 20.0;
        placed += usize::from(near && angle_difference(body_angle, angle).abs() < 20_f64.to_radians());
    }
    assert!(placed >= 17, "{placed} of 20 within 20 px and 20°");
}

#[test]
fn the_pusht_demonstrator_copes_with_noise_and_relative_actions() {
    let options: PushTOptions = serde_json::from_str(r#"{"action": "relative"}"#).expect("valid");
    let mut world = PushT::new(options).expect("valid");
    let space = world.spec().actions.space();
    let shadow = world.clone();
    let demonstrator = Each::new(|_| PushDemonstrator::new(shadow.clone(), PushStyle::default()));
    let mut policy = Noisy::new(demonstrator, space, 0.03);
    let goal = [200.0, 310.0, 256.0, 256.0, 0.0];
    let mut placed = 0;
    for seed in 0..10 {
        world.reset(seed);
        let asked = Goal { observation: Observation { image: None, state: goal.to_vec() }, steps: 300 };
        policy.begin(&[0], &[asked], &[Key::new(seed)]).expect("a state goal");
        for _ in 0..300 {
            let action = policy.act(&[0], &[seen(&world)]).expect("a logged state");
            world.spec().actions.space().check(action.row(0)).expect("inside the action space");
            world.step(action.row(0));
        }
        let [_, _, x, y, angle] = world.state_exact();
        let near = (x - 256.0).hypot(y - 256.0) < 20.0;
        placed += usize::from(near && angle_difference(angle, 0.0).abs() < 20_f64.to_radians());
    }
    assert!(placed >= 7, "{placed} of 10 within 20 px and 20°");
}

#[test]
fn the_room_demonstrator_walks_through_the_door() {
    let mut env = make_env("tworoom", &Value::Null).expect("valid");
    let mut policy = demonstrator("tworoom", &Value::Null).expect("valid");
    for seed in 0..60 {
        env.reset(1000 + seed);
        let goal = env.logged();
        env.reset(seed);
        run(&mut *env, &mut *policy, &goal, Key::new(seed), 100);
        assert!(env.reached(Rule::Strict, &env.logged(), &goal), "seed {seed}: {:?} for {goal:?}", env.logged());
    }
}

#[test]
fn a_policy_without_a_state_says_so() {
    let mut policy = demonstrator("tworoom", &Value::Null).expect("valid");
    let message = policy.act(&Observation::default()).expect_err("blind").to_string();
    assert!(message.contains("needs 2 numbers") && message.contains("log the state"), "{message}");
}
