//! Worlds with rewards at points that were computed by hand.

use serde_json::json;
use std::f64::consts::PI;
use terrella_core::{Actions, Key, Sim, Step};
use terrella_env::{Acrobot, CartPole, MountainCar, Pendulum, make};

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

#[test]
fn factors_of_swinging_worlds_change_what_they_name_and_nonsense_is_refused() {
    let states = |id: &str, options: &serde_json::Value| {
        let mut world = make(id, options).expect("options in range");
        world.reset(1);
        let mut stream = Key::new(4).stream();
        let mut state = || {
            let action = world.spec().actions.sample(&mut stream);
            world.step(&action);
            world.state()
        };
        (0..8).map(|_| state()).collect::<Vec<_>>()
    };
    for (id, factors) in [
        ("double_pendulum", [json!({"friction": 0.045}), json!({"masses": [0.5, 0.65]}), json!({"latency": 1})]),
        ("cart_pole", [json!({"friction": 0.02}), json!({"mass": 0.13}), json!({"latency": 1})]),
    ] {
        let plain = states(id, &json!(null));
        assert_eq!(plain, states(id, &json!({})), "{id}: no options");
        for factor in factors {
            assert_ne!(plain, states(id, &factor), "{id} with {factor}");
        }
        for (nonsense, name) in [
            (json!({"friction": -1.0}), "friction"),
            (json!({"latency": 1000}), "latency"),
            (json!({"wind": 1}), "wind"),
        ] {
            let error = make(id, &nonsense).expect_err("refused").to_string();
            assert!(error.contains(id) && error.contains(name), "{error}");
        }
    }
    // A step late: the first push comes when the second is asked for.
    let mut late = make("double_pendulum", &json!({"latency": 1})).expect("a world");
    let mut plain = make("double_pendulum", &json!(null)).expect("a world");
    for world in [&mut late, &mut plain] {
        world.set_state(&[0.0; 4]).expect("a state");
    }
    late.step(&[1.0, 0.5]);
    assert_eq!(late.state(), [0.0; 4], "nothing arrived yet");
    let mut snapshot = Vec::new();
    late.save(&mut snapshot);
    late.step(&[0.0, 0.0]);
    plain.step(&[1.0, 0.5]);
    assert_eq!(late.state(), plain.state(), "what was asked for a step ago");
    late.step(&[1.0, 0.0]);
    late.load(&snapshot);
    late.step(&[0.0, 0.0]);
    assert_eq!(late.state(), plain.state(), "what is under way is kept in a snapshot");
}
