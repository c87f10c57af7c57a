//! Derivatives of a step are exact: they agree with central differences for every mechanism.

use crate::twins::made;
use terrella_core::Key;
use terrella_physics::{Jacobians, MECHANISMS, Mechanism, Row};

/// A place of numbers that every mechanism can be in.
struct Place {
    state: Vec<f64>,
    action: Vec<f64>,
    parameters: Vec<f64>,
}

fn next(mechanism: &dyn Mechanism, place: &Place) -> Vec<f64> {
    let Place { state, action, parameters } = place;
    mechanism.step(Row { state, action, parameters, dt: 0.02 })
}

/// Compares with differences of what `nudge` changes: `column` numbers apart, `by` row-major with `width` columns.
fn agree(mechanism: &dyn Mechanism, place: &Place, (by, width): (&[f64], usize), of: fn(&mut Place) -> &mut Vec<f64>) {
    for column in 0..width {
        let moved = |d: f64| {
            let Place { state, action, parameters } = place;
            let mut place = Place { state: state.clone(), action: action.clone(), parameters: parameters.clone() };
            of(&mut place)[column] += d;
            next(mechanism, &place)
        };
        let h = 1e-6;
        let (above, below) = (moved(h), moved(-h));
        for (i, (a, b)) in above.iter().zip(&below).enumerate() {
            let (wanted, told) = ((a - b) / (2.0 * h), by[i * width + column]);
            let gap = (wanted - told).abs();
            assert!(
                gap < 2e-5 * (1.0 + wanted.abs()),
                "{}: number {i} by number {column}: {told}, by differences {wanted}",
                mechanism.name()
            );
        }
    }
}

fn check(mechanism: &dyn Mechanism, place: &Place) {
    let (s, a, p) = (place.state.len(), place.action.len(), place.parameters.len());
    let mut jacobians = Jacobians::new(s, a, (0..p).collect());
    let Place { state, action, parameters } = place;
    mechanism.step_with_jacobians(Row { state, action, parameters, dt: 0.02 }, &mut jacobians);
    let plain = next(mechanism, place);
    let same = plain.iter().zip(&jacobians.next).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(same, "{}: {plain:?} and {:?}", mechanism.name(), jacobians.next);
    agree(mechanism, place, (&jacobians.by_state, s), |place| &mut place.state);
    agree(mechanism, place, (&jacobians.by_action, a), |place| &mut place.action);
    agree(mechanism, place, (&jacobians.by_parameters, p), |place| &mut place.parameters);
}

#[test]
fn derivatives_of_every_mechanism_agree_with_differences() {
    for entry in MECHANISMS {
        let mechanism = made(entry.name, 2);
        for seed in 0..10 {
            let mut stream = Key::new(seed).with(entry.name).stream();
            let mut some =
                |n: usize, size: f64| -> Vec<f64> { (0..n).map(|_| size * stream.uniform(-1.0, 1.0)).collect() };
            let state = some(mechanism.state().len(), 1.0);
            let action = some(mechanism.action().len(), 0.5);
            let mut parameters = mechanism.defaults();
            // Away from 0, so that every parameter matters.
            parameters.iter_mut().for_each(|x| *x = if *x == 0.0 { 0.1 } else { *x * 1.1 });
            check(&*mechanism, &Place { state, action, parameters });
        }
    }
}

#[test]
fn derivatives_through_a_bounce_agree_with_differences() {
    let mechanism = made("ball", 2);
    // Touches in the middle of the second part of the step; slides, then rolls.
    for (across, friction) in [(3.0, 0.1), (0.5, 0.5)] {
        let state = vec![0.0, 0.0, 0.045, across, 0.3, -3.0];
        let parameters = vec![0.1, 0.2, -0.1, 0.3, 9.81, 0.8, friction, 0.0, -1e3];
        let place = Place { state, action: Vec::new(), parameters };
        assert!(next(&*mechanism, &place)[5] > 0.0, "it bounced");
        check(&*mechanism, &place);
    }
}

#[test]
fn only_what_is_asked_for_is_worked_out() {
    let mechanism = made("double-pendulum", 1);
    let (state, action, parameters) = (vec![0.3, -0.4, 1.0, 2.0], vec![0.1, 0.2], mechanism.defaults());
    let row = Row { state: &state, action: &action, parameters: &parameters, dt: 0.01 };
    let n = parameters.len();
    let mut all = Jacobians::new(4, 2, (0..n).collect());
    let mut some = Jacobians::new(4, 0, vec![9, 2]);
    mechanism.step_with_jacobians(row, &mut all);
    mechanism.step_with_jacobians(row, &mut some);
    assert_eq!((&some.next, &some.by_state, some.by_action.len()), (&all.next, &all.by_state, 0), "the same step");
    for i in 0..4 {
        let wanted = [all.by_parameters[i * n + 9], all.by_parameters[i * n + 2]];
        assert_eq!(some.by_parameters[2 * i..2 * i + 2], wanted, "in the order that was asked for");
    }
}

#[test]
fn rows_of_a_batch_are_the_same_alone() {
    let mechanism = made("pendulum", 3);
    let parameters = mechanism.defaults();
    let (states, actions, dt) = ([0.1, 0.2, 1.0, -3.0], [0.5, -0.5], [0.01, 0.03]);
    let mut together = [0.0; 4];
    mechanism.step_rows((&states, &actions), &parameters, &dt, &mut together);
    for (row, &dt) in dt.iter().enumerate() {
        let (state, action) = (&states[2 * row..2 * row + 2], &actions[row..=row]);
        let alone = mechanism.step(Row { state, action, parameters: &parameters, dt });
        assert_eq!(alone, together[2 * row..2 * row + 2], "row {row}");
    }
}
