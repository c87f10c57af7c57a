//! 90 % intervals hold the truth in 90 % of simulated twins, as far as so many twins can tell.

use crate::twins::{fixing, made, pendulum};
use terrella_physics::{IdentifyConfig, identify};

/// Twins; the standard deviation of how many are held is 3.3.
const TWINS: u64 = 120;

#[test]
fn nine_in_ten_intervals_hold_the_truth() {
    let twins = pendulum([8, 42]);
    let mechanism = made("pendulum", 1);
    let space = fixing(&*mechanism, &[("coulomb", 0.0)]);
    let config = IdentifyConfig { rows: 20, parts: 1, threads: 2, ..IdentifyConfig::default() };
    let mut held = [0; 3];
    for seed in 0..TWINS {
        let identified = identify(&*mechanism, &space, &twins.records(1000 + seed), &config).expect("identified");
        let truths = [("mass", 0.6), ("length", 0.4), ("viscous", 0.05)];
        for (held, (name, truth)) in held.iter_mut().zip(truths) {
            let parameter = identified.parameter(name).expect("there");
            *held += i32::from(parameter.interval.is_some_and(|[low, high]| low <= truth && truth <= high));
        }
    }
    // 108 are expected; 3.5 standard deviations to either side, and no more than there are.
    assert!(
        held.iter().all(|held| (96..=119).contains(held)),
        "mass, length and friction are held {held:?} times of {TWINS}"
    );
}
