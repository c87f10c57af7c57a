//! The worlds with equations of their own: energy, periods and rests that were computed another way, and
//! the bounds of their rewards.

use std::f64::consts::PI;
use terrella_core::{Actions, AnySim, Key, Sim};
use terrella_env::{CartPoleSwingUp, DoublePendulum, Reacher};

/// Energy of a uniform rod: where its ends are and how fast they are say all. Mass in kg, `g` in m/s².
fn rod(mass: f64, g: f64, ends: [[f64; 2]; 2], speeds: [[f64; 2]; 2]) -> f64 {
    // Over its length the speed changes evenly, so its mean square is (a² + a·b + b²) / 3.
    let dot = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
    let [a, b] = speeds;
    mass / 6.0 * (dot(a, a) + dot(a, b) + dot(b, b)) + mass * g * (ends[0][1] + ends[1][1]) / 2.0
}

/// The end of a rod that hangs at an angle, and that end's speed.
fn end(from: [f64; 2], speed: [f64; 2], length: f64, angle: f64, turn: f64) -> ([f64; 2], [f64; 2]) {
    let (sin, cos) = angle.sin_cos();
    ([from[0] + length * sin, from[1] - length * cos], [speed[0] + length * turn * cos, speed[1] + length * turn * sin])
}

/// Energy of two rods, one on the end of the other.
fn two_rods([l1, l2]: [f64; 2], mass: f64, g: f64, s: &[f64]) -> f64 {
    let (elbow, fast) = end([0.0; 2], [0.0; 2], l1, s[0], s[2]);
    let (tip, faster) = end(elbow, fast, l2, s[0] + s[1], s[2] + s[3]);
    rod(mass, g, [[0.0; 2], elbow], [[0.0; 2], fast]) + rod(mass, g, [elbow, tip], [fast, faster])
}

/// Energy of the cart and its pole, whose angle is from upright.
fn cart_and_pole(s: &[f64]) -> f64 {
    let (joint, speed) = ([s[0], 0.0], [s[1], 0.0]);
    let (tip, fast) = end(joint, speed, 1.0, PI - s[2], -s[3]);
    0.5 * s[1] * s[1] + rod(0.1, 9.81, [joint, tip], [speed, fast])
}

#[test]
fn without_motors_and_friction_energy_stays() {
    // As a share of what lies between hanging and upright: 2 · 0.1 · 9.81 · 0.5 J; 2 · 0.5 · 9.81 · (0.15 + 0.45) J.
    let mut world = CartPoleSwingUp::default();
    for start in [[0.0, 0.0, 0.1, 0.0], [0.1, 0.5, 2.0, -6.0], [-0.3, 0.0, 3.0, 9.0]] {
        world.set_state(&start).expect("a state");
        let before = cart_and_pole(&start);
        for t in 0..60 {
            world.step(&[0.0]);
            let state = world.state();
            assert!(state[0].abs() < 1.8, "no buffer is met: {state:?}");
            let change = (cart_and_pole(&state) - before).abs() / 0.981;
            assert!(change < 1e-6, "step {t}: {change}");
        }
    }
    let mut world = DoublePendulum::new(0.0);
    let energy = |world: &DoublePendulum| two_rods([0.3; 2], 0.5, 9.81, &world.state());
    let starts = [[0.1, 0.0, 1e-5], [1.5, -0.5, 1e-5], [3.0, 0.2, 3e-3], [0.5, 2.0, 3e-3], [-2.5, -1.0, 3e-3]];
    for [first, second, tolerance] in starts {
        let start = [first, second, 0.0, 0.0];
        world.set_state(&start).expect("a state");
        let before = energy(&world);
        for t in 0..250 {
            world.step(&[0.0, 0.0]);
            let change = (energy(&world) - before).abs() / 5.886;
            assert!(change < tolerance, "step {t} from {start:?}: {change}");
        }
    }
}

#[test]
fn what_motors_do_goes_into_energy_and_friction() {
    // Work less heat over two steps of constant torque, by Simpson's rule.
    let check = |world: &mut dyn Sim,
                 torques: [f32; 2],
                 friction: f64,
                 energy: &dyn Fn(&[f64]) -> f64,
                 start: &[f64]| {
        world.set_state(start).expect("a state");
        let states: Vec<Vec<f64>> = (0..3)
            .map(|k| {
                if k > 0 {
                    world.step(&torques);
                }
                world.state()
            })
            .collect();
        let power =
            |s: &Vec<f64>| (0..2).map(|i| f64::from(torques[i]) * s[2 + i] - friction * s[2 + i].powi(2)).sum::<f64>();
        let work = world.spec().dt / 3.0 * (power(&states[0]) + 4.0 * power(&states[1]) + power(&states[2]));
        let gained = energy(&states[2]) - energy(&states[0]);
        assert!((gained - work).abs() < 0.02 * work.abs() && work.abs() > 1e-5, "{gained} J gained, {work} J put in");
    };
    let pendulum = |s: &[f64]| two_rods([0.3; 2], 0.5, 9.81, s);
    check(&mut DoublePendulum::default(), [1.5, -0.5], 0.03, &pendulum, &[0.4, 0.3, 2.0, -1.0]);
    check(&mut DoublePendulum::default(), [0.0, 0.0], 0.03, &pendulum, &[0.4, 0.3, 4.0, 1.0]);
    let arm = |s: &[f64]| two_rods([0.1, 0.11], 0.1, 0.0, s);
    check(&mut Reacher::default(), [0.1, -0.03], 0.002, &arm, &[0.4, 0.3, 3.0, -2.0, 0.1, 0.1]);
    check(&mut Reacher::default(), [0.0, 0.0], 0.002, &arm, &[0.4, -1.3, 9.0, 2.0, 0.1, 0.1]);
}

/// Mean time between upward passes of a number of the state through `level`, interpolated.
fn period(world: &mut dyn Sim, rest: &[f32], (at, level): (usize, f64), n_steps: usize) -> f64 {
    let mut passes: Vec<f64> = Vec::new();
    let mut before = world.state()[at] - level;
    for t in 0..n_steps {
        world.step(rest);
        let now = world.state()[at] - level;
        if before < 0.0 && now >= 0.0 {
            passes.push((t as f64 + before / (before - now)) * world.spec().dt);
        }
        before = now;
    }
    assert!(passes.len() > 2, "it swings: {passes:?}");
    (passes[passes.len() - 1] - passes[0]) / (passes.len() - 1) as f64
}

#[test]
fn small_swings_have_the_period_of_the_book() {
    // A pole under a free cart: ω² = g / (l (4/3 − m/(m + M))), l half its length. The cart sways against it,
    // so that their common centre of mass rests: x = −m l sin θ / (m + M) hanging.
    let mut world = CartPoleSwingUp::default();
    world.set_state(&[0.0, 0.0, PI - 0.02, 0.0]).expect("a state");
    // Near π the angle wraps, so the cart's swing is timed: from 0 to 2 · 0.1 · 0.5 · 0.02 / 1.1.
    let omega = (9.81f64 / (0.5 * (4.0 / 3.0 - 0.1 / 1.1))).sqrt();
    let middle = 0.1 * 0.5 * 0.02 / 1.1;
    let measured = period(&mut world, &[0.0], (0, middle), 250);
    assert!((measured * omega / (2.0 * PI) - 1.0).abs() < 1e-3, "{measured} s, {} s", 2.0 * PI / omega);
    // Two equal rods: with ω² = λ g / l, 7 λ² − 42 λ + 27 = 0 has the modes λ = 3 ∓ 6/√7; in each the second rod's
    // own angle is (9 − 8 λ) / 3 λ times that of the first.
    for sign in [-1.0, 1.0] {
        let lambda = 3.0 + sign * 6.0 / 7f64.sqrt();
        let bend = (9.0 - 8.0 * lambda) / (3.0 * lambda) - 1.0;
        let mut world = DoublePendulum::new(0.0);
        world.set_state(&[0.002, 0.002 * bend, 0.0, 0.0]).expect("a state");
        let measured = period(&mut world, &[0.0, 0.0], (0, 0.0), 250);
        let expected = 2.0 * PI / (lambda * 9.81 / 0.3).sqrt();
        assert!((measured / expected - 1.0).abs() < 1e-3, "mode {lambda}: {measured} s, {expected} s");
    }
}

#[test]
fn what_rests_stays_and_earns_what_it_should() {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let mut world = CartPoleSwingUp::default();
    for (angle, force, reward) in [(0.0, 0.0, 1.0), (PI, 0.0, 0.0)] {
        world.set_state(&[0.0, 0.0, angle, 0.0]).expect("a state");
        let step = world.step(&[force]);
        assert!(near(step.reward, reward) && !step.terminated, "{step:?}");
        assert!(world.state()[..2].iter().all(|x| near(*x, 0.0)) && near(world.state()[2].cos(), angle.cos()));
    }
    // Upright against the buffer, pushed by all there is: the pole falls, and the shares are
    // (1 + cos θ)/2, (1 + 0.1^0.81)/2, (1 + 0.1^(θ′²/25))/2 and 4/5.
    world.set_state(&[1.8, 0.0, 0.0, 0.0]).expect("a state");
    let step = world.step(&[99.0]);
    let [position, velocity, angle, turn] = world.state()[..] else { panic!("four numbers") };
    assert!(near(position, 1.8) && near(velocity, 0.0), "the buffer holds it");
    let expected = (1.0 + angle.cos()) / 2.0 * (1.0 + 0.1f64.powf(0.81)) / 2.0;
    let expected = expected * (1.0 + 0.1f64.powf(turn * turn / 25.0)) / 2.0 * 0.8;
    assert!(near(step.reward, expected), "{step:?}, {expected}");

    let mut world = DoublePendulum::default();
    for (state, reward) in [([0.0; 4], 0.0), ([PI, 0.0, 0.0, 0.0], 1.0), ([0.0, PI, 0.0, 0.0], 0.5)] {
        world.set_state(&state).expect("a state");
        let step = world.step(&[0.0, 0.0]);
        assert!(near(step.reward, reward) && world.state()[2..].iter().all(|v| near(*v, 0.0)), "{state:?}, {step:?}");
    }

    // The arm down, the target 5 cm right of its tip: 5 cm of cost; with full torques 2 cm more.
    let mut world = Reacher::default();
    world.set_state(&[0.0, 0.0, 0.0, 0.0, 0.05, -0.21]).expect("a state");
    assert!(near(world.step(&[0.0, 0.0]).reward, -0.05) && near(world.state()[2], 0.0));
    let step = world.step(&[0.1, -9.0]);
    let [right, up] = world.observe()[8..] else { panic!("ten numbers") };
    assert!((step.reward + f64::from(right).hypot(f64::from(up)) + 0.02).abs() < 1e-6, "{step:?}");
    assert!(world.state()[2] > 0.0 && world.state()[3] < 0.0, "torques turn their joints");
}

#[test]
fn a_buffer_takes_the_momentum_of_the_cart_and_no_spin_of_the_pole() {
    let mut world = CartPoleSwingUp::default();
    for angle in [0.3, PI - 0.4] {
        world.set_state(&[1.799, 2.0, angle, 1.0]).expect("a state");
        let before = cart_and_pole(&world.state());
        world.step(&[0.0]);
        let state = world.state();
        assert!(state[0] <= 1.8 && cart_and_pole(&state) < before - 1.5, "a blow costs energy: {state:?}");
        // Before the blow, in a step of 1 cm/s or less, θ′ hardly changes; then by 3 cos θ v / 4 l.
        let gained = state[3] - 1.0;
        assert!((gained - 1.5 * angle.cos() * 2.0).abs() < 0.6, "{gained}");
        assert!(gained * angle.cos() > 0.0);
    }
    // Turned round at once when pulled away.
    world.set_state(&[-1.8, 0.0, PI, 0.0]).expect("a state");
    world.step(&[10.0]);
    assert!(world.state()[0] > -1.8 && world.state()[1] > 0.0);
}

#[test]
fn rewards_keep_their_bounds_and_targets_their_disc() {
    let bounds: [(AnySim, [f64; 2]); 3] = [
        (AnySim::new(CartPoleSwingUp::default()), [0.0, 1.0]),
        (AnySim::new(DoublePendulum::default()), [0.0, 1.0]),
        (AnySim::new(Reacher::default()), [-0.43, 0.0]),
    ];
    for (mut world, [low, high]) in bounds {
        let mut stream = Key::new(5).stream();
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for seed in 0..20 {
            world.reset(seed);
            for _ in 0..world.spec().max_steps.expect("cut off") {
                // Far outside of the box as often as inside.
                let scale = if stream.chance(0.5) { 1.0 } else { 1e6 };
                let action: Vec<f32> = world.spec().actions.sample(&mut stream).iter().map(|a| a * scale).collect();
                let reward = world.step(&action).reward;
                (least, most) = (least.min(reward), most.max(reward));
            }
        }
        assert!(low <= least && most <= high, "{}: {least} to {most}", world.spec().id);
        assert!(most - least > 0.2 * (high - low), "{}: {least} to {most} tells nothing", world.spec().id);
    }
    let mut world = Reacher::default();
    let far: Vec<f64> = (0..1000)
        .map(|seed| {
            world.reset(seed);
            world.state()[4].hypot(world.state()[5])
        })
        .collect();
    let inside = far.iter().filter(|f| **f < 0.1).count();
    assert!(far.iter().all(|f| *f <= 0.2) && (200..300).contains(&inside), "a quarter of the disc: {inside}");
    let Actions::Box(space) = &world.spec().actions else { panic!("torques") };
    assert_eq!((space.low.clone(), space.high.clone()), (vec![-0.1, -0.03], vec![0.1, 0.03]));
}
