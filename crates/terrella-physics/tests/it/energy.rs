//! Without friction and motors energy stays, where it is defined; with friction it goes.

use crate::twins::{made, with};
use terrella_physics::Row;

/// Energy after each of 400 steps of 0.01 s.
fn energies(name: &str, set: &[(&str, f64)], state: &[f64]) -> Vec<f64> {
    let mechanism = made(name, 4);
    let parameters = with(&*mechanism, set);
    let action = vec![0.0; mechanism.action().len()];
    let mut state = state.to_vec();
    let mut energies = Vec::new();
    for _ in 0..400 {
        state = mechanism.step(Row { state: &state, action: &action, parameters: &parameters, dt: 0.01 });
        energies.push(mechanism.energy(&state, &parameters).expect("defined"));
    }
    energies
}

type Case<'a> = (&'a str, &'a [(&'a str, f64)], &'a [f64]);

const FREE: [Case<'static>; 3] = [
    ("pendulum", &[("viscous", 0.0), ("coulomb", 0.0)], &[2.0, 1.0]),
    (
        "double-pendulum",
        &[("viscous1", 0.0), ("viscous2", 0.0), ("coulomb1", 0.0), ("coulomb2", 0.0)],
        &[1.2, 0.4, 0.0, 1.0],
    ),
    ("cart-pole", &[("track", 0.0), ("hinge", 0.0)], &[0.0, 0.3, 2.5, 0.5]),
];

#[test]
fn energy_stays_without_friction() {
    for (name, set, state) in FREE {
        let energies = energies(name, set, state);
        let strays = energies.iter().map(|e| (e - energies[0]).abs()).fold(0.0, f64::max);
        assert!(strays < 1e-5 * (1.0 + energies[0].abs()), "{name} strays by {strays} J from {}", energies[0]);
    }
}

#[test]
fn friction_takes_energy_at_every_step() {
    for (name, _, state) in FREE {
        let energies = energies(name, &[], state);
        assert!(energies.windows(2).all(|pair| pair[1] <= pair[0] + 1e-7), "{name} gains energy");
        assert!(energies[0] - energies[399] > 1e-3, "{name}: {} to {}", energies[0], energies[399]);
    }
}

#[test]
fn a_ball_keeps_its_share_of_velocity_in_a_bounce_and_falls_past_the_end_of_the_table() {
    let mechanism = made("ball", 4);
    let fall = |end: f64| {
        let set = [("drag", 0.0), ("restitution", 0.8), ("friction", 0.1), ("table.z", 0.0), ("table.end.y", end)];
        let parameters = with(&*mechanism, &set);
        let state = [0.0, 0.0, 0.02, 1.0, 2.0, -4.0];
        mechanism.step(Row { state: &state, action: &[], parameters: &parameters, dt: 0.01 })
    };
    let bounced = fall(-1.0);
    // It meets the plane after 5 ms with 4.05 m/s and rises for 5 ms more.
    assert!((bounced[5] - (0.8 * 4.05 - 0.05)).abs() < 0.05, "up with {} m/s", bounced[5]);
    let speed = bounced[3].hypot(bounced[4]);
    assert!((5.0_f64.sqrt() - speed - 0.1 * 1.8 * 4.05).abs() < 0.01, "{speed} m/s across");
    assert!((bounced[4] / bounced[3] - 2.0).abs() < 1e-9, "no turn");
    assert!(fall(1.0)[5] < -4.0, "no table there");
}
