//! What worlds with rewards promise: replay from a state, the same numbers in any number of threads,
//! a picture with something on it; and points that were computed by hand.

use serde_json::Value;
use std::f64::consts::PI;
use terrella_core::{Actions, AnySim, Key, Many, Sim, Step, Steps};
use terrella_env::{Acrobot, CartPole, MountainCar, Pendulum, World, make, registry};

/// The worlds with rewards.
fn sims() -> impl Iterator<Item = &'static World> {
    registry().iter().filter(|entry| new(entry).goals().is_none())
}

fn new(entry: &World) -> AnySim {
    make(entry.id, &Value::Null).expect("a world")
}

/// `n` random actions, one row each.
fn actions(world: &AnySim, n: usize) -> Vec<Vec<f32>> {
    let mut stream = Key::new(1).with("actions").stream();
    (0..n).map(|_| world.spec().actions.sample(&mut stream)).collect()
}

#[test]
fn the_list_makes_the_worlds_that_it_names() {
    for entry in sims() {
        let world = new(entry);
        assert_eq!(world.spec().id, entry.id);
        assert_eq!(world.spec().state.len(), world.state().len());
        assert_eq!(world.spec().observation.len(), world.observe().len());
        assert!(world.spec().state.iter().all(|c| c.angle == (c.unit == "rad")), "{}", entry.id);
    }
}

#[test]
fn a_state_that_is_set_has_the_same_future() {
    for entry in sims() {
        let mut world = new(entry);
        let actions = actions(&world, 60);
        actions[..10].iter().for_each(|action| _ = world.step(action));
        let mut other = new(entry);
        other.reset(9);
        for world in [&mut other, &mut world.clone()] {
            assert!(world.set_state(&[f64::NAN]).is_err(), "{}", entry.id);
        }
        let state = world.state();
        world.set_state(&state).expect("a state of this world");
        other.set_state(&state).expect("a state of this world");
        for action in &actions[10..] {
            assert_eq!(world.step(action), other.step(action), "{}", entry.id);
            assert_eq!(world.state(), other.state(), "{}", entry.id);
            assert_eq!(world.observe(), other.observe(), "{}", entry.id);
        }
    }
}

#[test]
fn threads_do_not_matter() {
    // More than 2,048 worlds for each of four threads, else they are not started.
    const N: usize = 8_200;
    for entry in sims() {
        let world = new(entry);
        let run = |n_threads| -> (Vec<Steps>, Vec<Vec<f64>>) {
            let mut many = Many::with_threads(&world, N, n_threads);
            let seeds: Vec<u64> = (0..N as u64).collect();
            many.reset(&(0..N).collect::<Vec<_>>(), &seeds).expect("rows and seeds");
            let mut stream = Key::new(2).stream();
            let mut steps = Vec::new();
            for t in 0..25 {
                let actions: Vec<f32> = (0..N).flat_map(|_| world.spec().actions.sample(&mut stream)).collect();
                steps.push(many.step(&actions).expect("one action a world").clone());
                let ended = many.last().ended();
                let seeds: Vec<u64> = ended.iter().map(|&row| (t * N + row) as u64).collect();
                many.reset(&ended, &seeds).expect("rows and seeds");
            }
            (steps, many.worlds().iter().map(Sim::state).collect())
        };
        let one = run(1);
        assert!(one == run(2) && one == run(4), "{}", entry.id);
    }
}

#[test]
fn many_worlds_are_each_as_one_alone_and_refuse_what_does_not_fit() {
    for entry in sims() {
        let world = new(entry);
        let mut many = Many::new(&world, 3);
        many.reset(&[0, 1, 2], &[7, 8, 9]).expect("rows and seeds");
        let mut alone = new(entry);
        alone.reset(8);
        for action in actions(&world, 20) {
            let steps = many.step(&action.repeat(3)).expect("one action a world");
            let step = Step { reward: steps.reward[1], terminated: steps.terminated[1], truncated: steps.truncated[1] };
            assert_eq!(step, alone.step(&action), "{}", entry.id);
            assert_eq!(many.observe().row(1), alone.observe(), "{}", entry.id);
        }
        assert!(many.reset(&[3], &[0]).is_err() && many.reset(&[0, 1], &[0]).is_err());
        assert!(many.step(&[0.0]).is_err());
    }
}

#[test]
fn each_draws_something_and_draws_what_moved() {
    for entry in sims() {
        let mut world = new(entry);
        world.reset(3);
        let before = world.draw(64);
        assert!((0..64).any(|r| (0..64).any(|c| before.pixel(r, c) != [255; 3])), "{}: an empty picture", entry.id);
        for _ in 0..30 {
            world.step(&[1.0]);
        }
        assert!(world.draw(64) != before, "{}: nothing moved", entry.id);
        // However far a state lies, a picture is drawn.
        world.set_state(&vec![1e12; world.state().len()]).expect("finite");
        world.draw(64);
    }
}

#[test]
fn time_is_up_when_the_specification_says() {
    for entry in sims() {
        let mut world = new(entry);
        let max = world.spec().max_steps.expect("episodes of these are cut off");
        let truncated: Vec<bool> = (0..max).map(|_| world.step(&[0.0]).truncated).collect();
        assert_eq!(truncated.iter().position(|&t| t), Some(max - 1), "{}", entry.id);
        world.reset(1);
        assert!(!world.step(&[0.0]).truncated, "{}: time starts anew", entry.id);
    }
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
}

#[test]
fn pendulum_at_points_computed_by_hand() {
    let mut world = Pendulum::default();
    // Horizontal: gravity turns it by 15 rad/s², the motor by 3 · 2; and 4 N m are limited to 2.
    world.set_state(&[PI / 2.0, 1.0]).expect("a state");
    let step = world.step(&[4.0]);
    assert!(close(&world.state(), &[PI / 2.0 + 2.05 * 0.05, 2.05]), "{:?}", world.state());
    assert!((step.reward + (PI * PI / 4.0 + 0.1 + 0.004)).abs() < 1e-9 && !step.terminated, "{step:?}");
    // A turn and a half is the same as hanging, and no faster than 8 rad/s.
    world.set_state(&[3.0 * PI, 8.0]).expect("a state");
    assert!((world.step(&[2.0]).reward + (PI * PI + 6.4 + 0.004)).abs() < 1e-9);
    assert_eq!(world.state()[1], 8.0);
}

#[test]
fn cart_pole_at_points_computed_by_hand() {
    let mut world = CartPole::default();
    // Upright and at rest, a push of 10 N: the pole turns by −(10/1.1) / (0.5 (4/3 − 0.1/1.1)) rad/s².
    let turning = -(10.0 / 1.1) / (0.5 * (4.0 / 3.0 - 0.1 / 1.1));
    let moving = 10.0 / 1.1 - 0.05 * turning / 1.1;
    world.set_state(&[0.0; 4]).expect("a state");
    let step = world.step(&[1.0]);
    assert!(close(&world.state(), &[0.0, 0.02 * moving, 0.0, 0.02 * turning]), "{:?}", world.state());
    assert_eq!(step, Step { reward: 1.0, terminated: false, truncated: false });
    // The step that ends still earns 1; just inside goes on.
    for (state, ends) in [([2.39, 1.0, 0.0, 0.0], true), ([2.37, 1.0, 0.0, 0.0], false), ([0.0, 0.0, -0.21, 0.0], true)]
    {
        world.set_state(&state).expect("a state");
        let step = world.step(&[0.0]);
        assert_eq!((step.reward, step.terminated), (1.0, ends), "{state:?}");
    }
}

#[test]
fn acrobot_at_points_computed_by_hand() {
    let mut world = Acrobot::default();
    // Hanging at rest without torque it stays; the tip 2 m below is no end.
    world.set_state(&[0.0; 4]).expect("a state");
    let step = world.step(&[1.0]);
    assert!(close(&world.state(), &[0.0; 4]), "{:?}", world.state());
    assert_eq!((step.reward, step.terminated), (-1.0, false));
    // Standing upright it rests too (unstable): the tip is 2 m above, which ends and costs nothing.
    world.set_state(&[PI, 0.0, 0.0, 0.0]).expect("a state");
    let step = world.step(&[1.0]);
    assert_eq!((step.reward, step.terminated), (0.0, true));
    // Velocities are limited, angles wrapped.
    world.set_state(&[3.0, 3.0, 12.5, 28.0]).expect("a state");
    for _ in 0..20 {
        world.step(&[2.0]);
        let state = world.state();
        assert!(state[..2].iter().all(|a| a.abs() <= PI), "{state:?}");
        assert!(state[2].abs() <= 4.0 * PI && state[3].abs() <= 9.0 * PI, "{state:?}");
    }
}

#[test]
fn mountain_car_at_points_computed_by_hand() {
    let mut world = MountainCar::default();
    // In the valley's flank 3x = 0: only −0.0025 pulls; half force pushes 0.00075.
    world.set_state(&[0.0, 0.0]).expect("a state");
    let step = world.step(&[0.5]);
    assert!((world.state()[1] + 0.00175).abs() < 1e-8 && (world.state()[0] + 0.00175).abs() < 1e-8);
    assert!((step.reward + 0.025).abs() < 1e-9 && !step.terminated, "{step:?}");
    // The force is limited, what was asked for is paid: −0.1 · 3².
    world.set_state(&[0.0, 0.0]).expect("a state");
    assert!((world.step(&[3.0]).reward + 0.9).abs() < 1e-9);
    assert!((world.state()[1] + 0.001).abs() < 1e-8);
    // Over the line it earns 100; over it but rolling back, nothing.
    for (state, reward) in [([0.44, 0.05], 100.0), ([0.5, -0.02], 0.0)] {
        world.set_state(&state).expect("a state");
        let step = world.step(&[0.0]);
        assert_eq!((step.reward, step.terminated), (reward, reward > 0.0), "{state:?}");
    }
    // The left wall stops it.
    world.set_state(&[-1.19, -0.07]).expect("a state");
    world.step(&[-1.0]);
    assert_eq!(world.state(), [f64::from(-1.2f32), 0.0]);
}

#[test]
fn numbers_that_are_no_choice_are_moved_inside() {
    let indices = [f32::NAN, -3.0, 0.9, 1.0, 2.5, f32::INFINITY].map(|a| Actions::index(a, 3));
    assert_eq!(indices, [0, 0, 0, 1, 2, 2]);
}
