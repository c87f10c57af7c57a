//! The rate of rows that physics tells: positions must move as their velocities say.
//!
//! Where a position and its velocity are both logged, the way made in some rows is regressed on the sum
//! of velocities; the slope is the interval of a row. It needs no clock, so it finds one that is wrong.

use crate::checks::units::FACTORS;
use crate::finding::{Check, Finding, Severity};
use crate::robust::median;
use crate::series::{Role, Series};
use crate::view::View;

/// Relative difference from the stated rate that is told.
const DIFFERENCE: f64 = 0.03;
/// Part of the variance that velocities must explain for the slope to mean something.
const EXPLAINED: f64 = 0.9;
/// Rows of way that are compared, so that noise of the velocities averages out.
const WINDOW: usize = 16;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let fps = view.subject.signature.fps;
    let states: Vec<&Series> = view.series.iter().filter(|s| s.role == Role::State && s.moves()).collect();
    let mut found = Vec::new();
    let mut best: Option<(f64, f64, String)> = None;
    for velocity in &states {
        let Some(stem) = stem(&velocity.name) else { continue };
        let position = states.iter().find(|s| s.name != velocity.name && positions(&s.name) == stem);
        let Some(position) = position else { continue };
        let each: Vec<(f64, f64)> = position.values.iter().zip(&velocity.values).map(|(x, v)| slope(x, v)).collect();
        // Medians, since some episodes may be in other units.
        let explained = median(&mut each.iter().map(|s| s.1).collect::<Vec<_>>());
        if explained < EXPLAINED {
            continue;
        }
        let mut clear: Vec<f64> = each.iter().filter(|s| s.1 > EXPLAINED).map(|s| s.0).collect();
        let dt = median(&mut clear);
        found.extend(units(position, velocity, &each, dt));
        // The pair with the least noise is bent least.
        if best.as_ref().is_none_or(|b| explained > b.1) {
            best = Some((dt, explained, format!("{} and {}", position.name, velocity.name)));
        }
    }
    let Some((dt, _, pair)) = best else { return found };
    let physics = 1.0 / dt;
    if (physics / fps - 1.0).abs() <= DIFFERENCE {
        return found;
    }
    let what = format!(
        "positions move as their velocities say if rows are {:.3} ms apart, {physics:.2} a second; the dataset says {fps} ({})",
        1e3 * dt,
        pair
    );
    let remedy = "correct the rate of rows, or the unit of the velocities";
    found.push(Finding::new(Check::RatePhysics, Severity::Fail, what, remedy));
    found
}

/// Episodes whose velocities are some units larger or smaller than their positions tell.
fn units(position: &Series, velocity: &Series, each: &[(f64, f64)], dt: f64) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, (own, _)) in each.iter().enumerate().filter(|(_, s)| s.1 > 0.5 * EXPLAINED) {
        let ratio = dt / own;
        if let Some((factor, _)) = FACTORS.into_iter().find(|(f, _)| (ratio / f).ln().abs() < 0.3) {
            let factor = factor.max(1.0 / factor);
            let what = format!(
                "against {} it is {ratio:.4} times as large as elsewhere, near to a factor of {factor:.4} between units",
                position.name
            );
            let remedy = "convert one of both to the unit of the other episodes";
            let finding = Finding::new(Check::Units, Severity::Fail, what, remedy);
            found.push(finding.in_episode(at).in_column(&velocity.name));
        }
    }
    found
}

/// The name of a velocity without the word that says so.
fn stem(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let word = ["velocity", "velocities", "vel", "speed"].into_iter().find(|w| tokens(&lower).any(|t| t == *w))?;
    Some(tokens(&lower).filter(|t| *t != word).collect::<Vec<_>>().join("."))
}

/// The name of a position without words that only say so.
fn positions(name: &str) -> String {
    let lower = name.to_lowercase();
    tokens(&lower).filter(|t| !["position", "pos", "angle"].contains(t)).collect::<Vec<_>>().join(".")
}

fn tokens(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', '_', ' ', '/', '-']).filter(|t| !t.is_empty())
}

/// Seconds a row in an episode, and the part of the motion that it explains. Noise of velocities bends a
/// regression on them downwards and one on positions upwards; the geometric mean of both is taken.
fn slope(x: &[f64], v: &[f64]) -> (f64, f64) {
    // Where a position would be at one second a row.
    let mut path = vec![0.0];
    let mut sum = 0.0;
    path.extend(v.windows(2).map(|w| {
        sum += 0.5 * (w[0] + w[1]);
        sum
    }));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    let window = WINDOW.min(x.len() / 2).max(1);
    for t in window..x.len() {
        let (moved, expected) = (x[t] - x[t - window], path[t] - path[t - window]);
        if moved.is_finite() && expected.is_finite() {
            xy += moved * expected;
            xx += expected * expected;
            yy += moved * moved;
        }
    }
    if xx > 0.0 && yy > 0.0 && xy > 0.0 { ((yy / xx).sqrt(), xy * xy / (xx * yy)) } else { (f64::NAN, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_velocity_finds_its_position_by_name() {
        for (velocity, position) in [
            ("state joint1.velocity", "state joint1.angle"),
            ("state ball.velocity.x", "state ball.x"),
            ("state vel_2", "state pos_2"),
        ] {
            assert_eq!(stem(velocity), Some(positions(position)), "{velocity}");
        }
        assert_eq!(stem("state agent_x"), None, "no velocity");
        assert_ne!(stem("state ball.velocity.x"), Some(positions("state ball.y")), "another axis");
    }
}
