//! Parameters along a stream: a friction that changes is followed, in memory that does not grow.

use crate::twins::{Twins, fixing, made, pendulum, with};
use terrella_physics::{Online, OnlineConfig, Record};

/// A minute of swinging with this friction.
fn swinging(viscous: f64, seed: u64) -> Record {
    let mut twins: Twins<'_> = pendulum([1, 3000]);
    twins.truth =
        with(&*made("pendulum", 1), &[("mass", 0.6), ("length", 0.4), ("viscous", viscous), ("coulomb", 0.0)]);
    twins.records(seed).remove(0)
}

#[test]
fn a_friction_that_changes_in_the_middle_is_followed() {
    let mechanism = made("pendulum", 2);
    let space = fixing(&*mechanism, &[("coulomb", 0.0), ("mass", 0.6), ("length", 0.4)]);
    let mut online = Online::new(&*mechanism, &space, OnlineConfig::new(vec![0.01, 0.05])).expect("a filter");
    let mut told = Vec::new();
    for record in [swinging(0.03, 1), swinging(0.12, 2)] {
        online.break_off();
        for row in 0..record.len() {
            let action = &record.actions[row..=row];
            online.push(record.state(row, 2), action, record.dt[row]).expect("a row");
        }
        told.push((online.values()[2], online.intervals()[0]));
    }
    for ((estimate, [low, high]), truth) in told.iter().zip([0.03, 0.12]) {
        assert!((estimate / truth - 1.0).abs() < 0.3, "{estimate} for {truth}");
        assert!(low < estimate && estimate < high && high / low < 3.0, "{low} to {high}");
    }
    assert_eq!(online.rows(), 6000, "rows");
}

#[test]
fn rows_that_are_none_change_nothing() {
    let mechanism = made("pendulum", 1);
    let space = fixing(&*mechanism, &[]);
    let mut online = Online::new(&*mechanism, &space, OnlineConfig::new(vec![0.01, 0.05])).expect("a filter");
    online.push(&[0.1, 0.0], &[0.0], 0.02).expect("a row");
    let before = online.values();
    for (state, action, dt) in
        [(vec![f64::NAN, 0.0], vec![0.0], 0.02), (vec![0.1], vec![0.0], 0.02), (vec![0.1, 0.0], vec![0.0], 0.0)]
    {
        online.push(&state, &action, dt).expect_err("refused");
    }
    assert_eq!((online.values(), online.rows()), (before, 1), "as before");
    for noise in [vec![0.01], vec![0.01, 0.0]] {
        assert!(Online::new(&*mechanism, &space, OnlineConfig::new(noise)).is_err(), "noise that is none");
    }
}
