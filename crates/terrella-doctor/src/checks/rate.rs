//! The rate of rows that physics tells: positions must move as their velocities say.
//!
//! Where a position and its velocity are both logged, central differences of one are regressed on the
//! other; the slope is the interval of a row. It needs no clock, so it finds one that is wrong.

use crate::examine::View;
use crate::finding::{Check, Finding, Severity};
use crate::robust::median;
use crate::series::{Role, Series};

/// Relative difference from the stated rate that is told.
const DIFFERENCE: f64 = 0.03;
/// Part of the variance that velocities must explain for the slope to mean something.
const EXPLAINED: f64 = 0.9;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let fps = view.subject.signature.fps;
    let states: Vec<&Series> = view.series.iter().filter(|s| s.role == Role::State && s.moves()).collect();
    let mut slopes = Vec::new();
    let mut pairs = Vec::new();
    for velocity in &states {
        let Some(stem) = stem(&velocity.name) else { continue };
        let position = states.iter().find(|s| s.name != velocity.name && positions(&s.name) == stem);
        let Some(position) = position else { continue };
        if let Some(slope) = slope(position, velocity) {
            slopes.push(slope);
            pairs.push(format!("{} and {}", position.name, velocity.name));
        }
    }
    if slopes.is_empty() {
        return Vec::new();
    }
    let dt = median(&mut slopes);
    let physics = 1.0 / dt;
    if (physics / fps - 1.0).abs() <= DIFFERENCE {
        return Vec::new();
    }
    let what = format!(
        "positions move as their velocities say if rows are {:.3} ms apart, {physics:.2} a second; the dataset says {fps} ({})",
        1e3 * dt,
        pairs.join(", ")
    );
    let remedy = "correct the rate of rows, or the unit of the velocities";
    vec![Finding::new(Check::RatePhysics, Severity::Fail, what, remedy)]
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

/// Seconds a row, by least squares through 0 over rows without impacts.
fn slope(position: &Series, velocity: &Series) -> Option<f64> {
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, v) in position.values.iter().zip(&velocity.values) {
        for t in 1..x.len().saturating_sub(1) {
            let (dx, v_mean) = ((x[t + 1] - x[t - 1]) / 2.0, v[t]);
            // Near an impact neither is what the other says.
            if !(dx.is_finite() && v_mean.is_finite()) || (v[t + 1] - v[t - 1]).abs() > 4.0 * velocity.large_step {
                continue;
            }
            xy += dx * v_mean;
            xx += v_mean * v_mean;
            yy += dx * dx;
        }
    }
    let slope = xy / xx;
    (xx > 0.0 && slope > 0.0 && xy * xy > EXPLAINED * xx * yy).then_some(slope)
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
