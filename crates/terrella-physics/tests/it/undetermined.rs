//! What recordings do not tell apart is found and named.

use crate::twins::{Twins, fixing, made, pendulum, with};
use terrella_physics::{Direction, IdentifyConfig, identify};

fn directions(twins: &Twins<'_>, fixed: &[(&str, f64)]) -> Vec<Direction> {
    let mechanism = made(twins.name, 2);
    let config = IdentifyConfig { rows: 20, ..IdentifyConfig::default() };
    identify(&*mechanism, &fixing(&*mechanism, fixed), &twins.records(3), &config).expect("identified").directions
}

fn idle(size: [usize; 2], viscous: f64) -> Twins<'static> {
    let mut twins = pendulum(size);
    twins.truth =
        with(&*made("pendulum", 1), &[("mass", 0.6), ("length", 0.4), ("viscous", viscous), ("coulomb", 0.0)]);
    twins.push = vec![0.0];
    twins
}

#[test]
fn mass_cancels_in_a_frictionless_swing() {
    let found = directions(&idle([8, 63], 0.0), &[("viscous", 0.0), ("coulomb", 0.0)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].parameters, ["mass"], "{found:?}");
    assert!(found[0].width > 0.99 && found[0].words.contains("its prior"), "{found:?}");
}

#[test]
fn friction_and_mass_of_a_free_swing_are_told_as_a_ratio() {
    let found = directions(&idle([8, 63], 0.05), &[("coulomb", 0.0)]);
    assert_eq!(found.len(), 1, "{found:?}");
    let mut names = found[0].parameters.clone();
    names.sort();
    assert_eq!(names, ["mass", "viscous"], "{found:?}");
    assert!((found[0].moves[0] / found[0].moves[1] - 1.0).abs() < 0.05, "both by the same share: {found:?}");
    assert!(found[0].words.contains("ratio"), "{found:?}");
}

#[test]
fn gravity_that_is_free_leaves_only_its_ratio_to_length() {
    let twins = idle([8, 63], 0.0);
    let mechanism = made("pendulum", 2);
    let priors = [("gravity".to_owned(), [1.0, 30.0])].into_iter().collect();
    let fixed = [("viscous", 0.0), ("coulomb", 0.0), ("mass", 0.6)].map(|(name, x)| (name.to_owned(), x));
    let choices = terrella_physics::Choices { fixed: fixed.into_iter().collect(), priors, ..Default::default() };
    let space = terrella_physics::Space::new(&*mechanism, &choices).expect("a space");
    let config = IdentifyConfig { rows: 20, ..IdentifyConfig::default() };
    let found = identify(&*mechanism, &space, &twins.records(3), &config).expect("identified").directions;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].words.contains("length and gravity") && found[0].words.contains("ratio"), "{found:?}");
}

#[test]
fn a_known_torque_tells_everything() {
    assert!(directions(&pendulum([8, 63]), &[("coulomb", 0.0)]).is_empty(), "nothing is left open");
}
