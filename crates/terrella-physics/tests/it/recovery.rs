//! Parameters of simulated twins are found again, and no result depends on threads.

use crate::twins::{Twins, fixing, made, pendulum, with};
use terrella_physics::{Choices, Clip, Identified, IdentifyConfig, Initial, Row, Space, clips, identify};

fn found(twins: &Twins<'_>, fixed: &[(&str, f64)], config: &IdentifyConfig) -> Identified {
    let mechanism = made(twins.name, config.parts);
    identify(&*mechanism, &fixing(&*mechanism, fixed), &twins.records(1), config).expect("identified")
}

/// Fails unless each free parameter that is not 0 is near its truth.
fn near(identified: &Identified, twins: &Twins<'_>, share: f64) {
    for (parameter, truth) in identified.parameters.iter().zip(&twins.truth).filter(|(_, truth)| **truth != 0.0) {
        let gap = (parameter.estimate - truth).abs();
        let free = parameter.interval.is_some();
        assert!(
            !free || gap <= share * truth.abs().max(0.05),
            "{}: {} for {truth}\n{identified}",
            parameter.name,
            parameter.estimate
        );
    }
}

#[test]
fn a_driven_pendulum_is_weighed_and_measured() {
    let twins = pendulum([8, 84]);
    let identified = found(&twins, &[("coulomb", 0.0)], &IdentifyConfig { rows: 20, ..IdentifyConfig::default() });
    near(&identified, &twins, 0.1);
    assert!(identified.directions.is_empty(), "{identified}");
    assert!((identified.noise[0] / 0.01 - 1.0).abs() < 0.15, "noise of the angle {}", identified.noise[0]);
    assert!((identified.noise[1] / 0.05 - 1.0).abs() < 0.15, "noise of the velocity {}", identified.noise[1]);
    assert_eq!((identified.episodes.len(), identified.clips), (8, 32), "what was looked at");
    let text = identified.to_string();
    assert!(text.contains("length") && text.contains("fixed") && text.contains("8 episodes"), "{text}");
}

#[test]
fn a_double_pendulum_of_known_masses_is_found() {
    let mechanism = made("double-pendulum", 1);
    let known = [("mass1", 0.6), ("mass2", 0.5), ("length1", 0.25), ("coulomb1", 0.0), ("coulomb2", 0.0)];
    let rest = [
        ("centre1", 0.22),
        ("centre2", 0.17),
        ("inertia1", 6e-3),
        ("inertia2", 4e-3),
        ("viscous1", 0.02),
        ("viscous2", 0.01),
    ];
    let twins = Twins {
        name: "double-pendulum",
        truth: with(&*mechanism, &[&known[..], &rest[..]].concat()),
        size: [10, 126],
        dt: 0.01,
        noise: vec![0.002, 0.002, 0.02, 0.02],
        push: vec![1.0, 0.4],
        late: 0,
        start: vec![[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]],
    };
    let identified = found(&twins, &known, &IdentifyConfig { rows: 20, ..IdentifyConfig::default() });
    near(&identified, &twins, 0.1);
    assert!(identified.directions.is_empty(), "{identified}");
}

#[test]
fn a_cart_and_its_pole_are_found() {
    let mechanism = made("cart-pole", 1);
    let set = [("cart", 1.2), ("pole", 0.3), ("half", 0.4), ("track", 0.3), ("hinge", 4e-3)];
    let twins = Twins {
        name: "cart-pole",
        truth: with(&*mechanism, &set),
        size: [8, 105],
        dt: 0.02,
        noise: vec![0.002, 0.01, 0.002, 0.01],
        push: vec![6.0],
        late: 0,
        // Hanging down, where it swings.
        start: vec![[0.0, 0.5], [0.0, 0.5], [3.1, 0.8], [0.0, 1.0]],
    };
    near(&found(&twins, &[], &IdentifyConfig { rows: 20, ..IdentifyConfig::default() }), &twins, 0.15);
}

#[test]
fn a_ball_tells_its_drag_its_spin_and_how_it_bounces() {
    let mechanism = made("ball", 1);
    let set = [
        ("drag", 0.15),
        ("lift.x", 0.4),
        ("lift.z", -0.3),
        ("restitution", 0.8),
        ("friction", 0.15),
        ("table.z", -0.1),
    ];
    let twins = Twins {
        name: "ball",
        truth: with(&*mechanism, &set),
        size: [20, 63],
        dt: 0.01,
        noise: vec![0.002, 0.002, 0.002, 0.02, 0.02, 0.02],
        push: vec![],
        late: 0,
        // Comes down in the middle of a recording.
        start: vec![[0.0, 0.2], [0.0, 0.2], [0.25, 0.1], [0.0, 0.5], [4.0, 0.5], [0.5, 0.5]],
    };
    // Somebody looked at which height balls turn: a plane that is far off is crossed in other clips than the true one.
    let priors = [("table.z".to_owned(), [-0.15, -0.07])].into_iter().collect();
    let space = Space::new(&*mechanism, &Choices { priors, ..Choices::default() }).expect("a space");
    let config = IdentifyConfig { rows: 30, ..IdentifyConfig::default() };
    let identified = identify(&*made("ball", config.parts), &space, &twins.records(1), &config).expect("identified");
    assert!(identified.parameter("lift.y").is_some_and(|p| p.estimate.abs() < 0.05), "no such spin: {identified}");
    near(&identified, &twins, 0.2);
}

#[test]
fn a_car_that_steers_late_tells_how_late() {
    let mechanism = made("bicycle", 1);
    let set =
        [("wheelbase", 0.3), ("steering.gain", 0.5), ("steering.offset", 0.03), ("throttle.gain", 2.0), ("drag", 0.4)];
    let twins = Twins {
        name: "bicycle",
        truth: with(&*mechanism, &set),
        size: [8, 125],
        dt: 0.05,
        noise: vec![0.01, 0.01, 0.01, 0.02],
        push: vec![0.8, 0.5],
        late: 2,
        start: vec![[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.5, 0.3]],
    };
    let config = IdentifyConfig { rows: 20, delay: 4.0, ..IdentifyConfig::default() };
    let identified = found(&twins, &[("wheelbase", 0.3)], &config);
    near(&identified, &twins, 0.1);
    let delay = identified.delay.expect("looked for");
    assert!((delay.rows - 2.0).abs() < 0.3 && (delay.seconds - 0.1).abs() < 0.02, "{delay:?}");
    assert!(delay.interval.is_some_and(|[low, high]| low <= delay.rows && delay.rows <= high), "{delay:?}");
    let none = delay.profile.first().expect("no delay was tried")[1];
    assert!(none < -10.0, "no delay is far less likely: {delay:?}");
}

#[test]
fn threads_change_no_number_and_exact_starts_bias() {
    let twins = pendulum([6, 63]);
    let config =
        |threads: usize, initial: Initial| IdentifyConfig { rows: 20, threads, initial, ..IdentifyConfig::default() };
    let of = |threads, initial| found(&twins, &[("coulomb", 0.0)], &config(threads, initial));
    let alone = of(1, Initial::Free);
    assert_eq!(alone, of(3, Initial::Free), "threads");
    // Taking noisy starts for exact leaves their noise in every row after.
    let exact = of(1, Initial::Measured);
    assert!(exact.noise[0] > 1.15 * alone.noise[0], "{} and {}", exact.noise[0], alone.noise[0]);
}

#[test]
fn without_noise_the_truth_is_found_to_many_digits() {
    let mut twins = pendulum([3, 63]);
    twins.noise = vec![0.0; 2];
    let config = IdentifyConfig { rows: 20, parts: 8, ..IdentifyConfig::default() };
    near(&found(&twins, &[("coulomb", 0.0)], &config), &twins, 1e-4);
}

#[test]
fn what_cannot_be_identified_is_refused_with_a_remedy() {
    let mechanism = made("pendulum", 1);
    let space = fixing(&*mechanism, &[]);
    let mut records = pendulum([2, 20]).records(0);
    let told = |records: &[terrella_physics::Record], config: &IdentifyConfig, space: &Space| {
        identify(&*mechanism, space, records, config).expect_err("refused").to_string()
    };
    let late = IdentifyConfig { delay: 30.0, ..IdentifyConfig::default() };
    assert!(told(&records, &late, &space).contains("32 rows"), "too short");
    let none = IdentifyConfig { delay: f64::NAN, ..IdentifyConfig::default() };
    assert!(told(&records, &none, &space).contains("identify.delay"), "no number");
    // A rod of no length turns infinitely fast.
    let short = fixing(&*mechanism, &[("length", 0.0)]);
    assert!(told(&records, &IdentifyConfig::default(), &short).contains("runs away"), "no number");
    records[1].states[7] = f64::NAN;
    let text = told(&records, &IdentifyConfig::default(), &space);
    assert!(text.contains("number 1 of the state in row 3 of episode 1 is NaN"), "{text}");
}

#[test]
fn a_clip_can_be_foretold_with_what_was_found() {
    let twins = pendulum([4, 63]);
    let identified = found(&twins, &[("coulomb", 0.0)], &IdentifyConfig { rows: 20, ..IdentifyConfig::default() });
    let (mechanism, fresh) = (made("pendulum", 2), twins.records(9));
    let Clip { record, start, rows } = clips(&fresh, 20, 0, 0)[0];
    let record = &fresh[record];
    let mut state = record.state(start, 2).to_vec();
    for row in start..start + rows {
        let action = &record.actions[row..=row];
        state = mechanism.step(Row { state: &state, action, parameters: &identified.values(), dt: record.dt[row] });
    }
    let truth = record.state(start + rows, 2);
    assert!((state[0] - truth[0]).abs() < 0.2, "{state:?} for {truth:?}");
}
