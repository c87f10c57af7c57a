//! The suite of shifts: one factor of a scene at a time, at three sizes, from small to large.
//!
//! Physics stays as it was, so that what changes in success is what changed in sight. The second size of a factor is its
//! middle one. A factor that a world does not have (no target to paint elsewhere) is left out.

use crate::error::Result;
use crate::{Lens, Look, Through};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use terrella_core::GoalWorld;

/// One change of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// What is changed.
    pub factor: String,
    /// By how much, in `unit`.
    pub size: f64,
    /// Unit of the size.
    pub unit: String,
    /// Options of the world.
    options: Value,
    /// What the picture goes through.
    lens: Lens,
}

impl Shift {
    /// Nothing is changed.
    pub fn none() -> Self {
        Self { factor: "as it is".into(), size: 0.0, unit: String::new(), options: Value::Null, lens: Lens::default() }
    }

    /// The world with this change.
    ///
    /// # Errors
    /// If there is no such world, or it has no such factor.
    pub fn world(&self, id: &str) -> Result<Box<dyn GoalWorld>> {
        let world = crate::make_env(id, &self.options)?;
        Ok(Box::new(Through::new(&*world, self.lens)?))
    }
}

/// All changes that a world can undergo.
pub fn shifts(id: &str) -> Vec<Shift> {
    let mut all = Vec::new();
    let mut factor = |factor: &str, unit: &str, sizes: [f64; 3], change: &dyn Fn(f64) -> (Value, Lens)| {
        for size in sizes {
            let (options, lens) = change(size);
            all.push(Shift { factor: factor.into(), size, unit: unit.into(), options, lens });
        }
    };
    let seen = |lens: Lens| (Value::Null, lens);
    factor("painted target elsewhere", "px", [60.0, 120.0, 180.0], &|px| {
        let aside = px * std::f64::consts::FRAC_1_SQRT_2;
        (json!({ "goal": [256.0 - aside, 256.0 + aside, std::f64::consts::FRAC_PI_4] }), Lens::default())
    });
    factor("other colours", "% of the way", [25.0, 50.0, 100.0], &|percent| {
        (json!({ "look": recoloured(percent / 100.0) }), Lens::default())
    });
    factor("textured ground", "grey levels", [16.0, 32.0, 64.0], &|levels| {
        let dark = 255 - levels as u8;
        let look = Look { pattern: crate::Pattern::Noise, pattern_color: [dark; 3], ..Look::default() };
        (json!({ "look": look }), Lens::default())
    });
    factor("light from one side", "%", [15.0, 30.0, 60.0], &|percent| {
        seen(Lens { light: percent / 100.0, ..Lens::default() })
    });
    factor("view moved", "% of its side", [2.0, 4.0, 8.0], &|percent| {
        seen(Lens { moved: [percent / 100.0, percent / 100.0], ..Lens::default() })
    });
    factor("view from farther away", "%", [5.0, 10.0, 20.0], &|percent| {
        seen(Lens { zoom: 1.0 - percent / 100.0, ..Lens::default() })
    });
    factor("noise", "grey levels", [8.0, 16.0, 32.0], &|levels| seen(Lens { noise: levels, ..Lens::default() }));
    factor("a stranger in view", "% of its side", [3.0, 6.0, 12.0], &|percent| {
        seen(Lens { stranger: percent / 100.0, ..Lens::default() })
    });
    all.retain(|shift| shift.world(id).is_ok());
    all
}

/// Colours on the way to quite other ones.
fn recoloured(share: f64) -> Look {
    let from = Look::default();
    let mix = |from: [u8; 3], to: [u8; 3]| {
        std::array::from_fn(|i| (f64::from(from[i]) + share * (f64::from(to[i]) - f64::from(from[i]))).round() as u8)
    };
    Look {
        agent: mix(from.agent, [200, 80, 30]),
        object: mix(from.object, [90, 60, 130]),
        goal: mix(from.goal, [240, 200, 120]),
        ..from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shift_changes_the_picture_and_not_what_happens() {
        let plain = Shift::none();
        for (id, least) in [("pusht", 24), ("tworoom", 21)] {
            let all = shifts(id);
            assert_eq!(all.len(), least, "{id}: {all:?}");
            let start = |shift: &Shift| {
                let mut world = shift.world(id).expect("a world");
                world.reset(5);
                world
            };
            let still = start(&plain).draw(64);
            for shift in &all {
                let (mut a, mut b) = (start(&plain), start(shift));
                assert_ne!(b.draw(64), still, "{id}: {shift:?} looks the same");
                let action = vec![100.0; a.spec().actions.width()];
                for _ in 0..5 {
                    a.step(&action);
                    b.step(&action);
                }
                assert_eq!(a.state(), b.state(), "{id}: {shift:?} changes what happens");
            }
            // Larger sizes change more.
            for three in all.chunks(3) {
                let by: Vec<f64> = three.iter().map(|s| start(s).draw(64).mean_abs_difference(&still)).collect();
                let target = three[0].factor.contains("target");
                assert!(target || by.is_sorted(), "{id}: {} by {by:?}", three[0].factor);
            }
        }
    }
}
