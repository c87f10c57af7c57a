//! Worlds that behave otherwise: one factor of their physics at a time, at three sizes, from small to large.
//!
//! What of its behaviour can be another each world declares itself in its entry of the registry; all else is as it was, and so is
//! what it looks like ([`shifts`](crate::shifts()) are the other way round).

use crate::error::Result;
use crate::registry::{make, registry};
use serde_json::Value;
use terrella_core::AnySim;

/// One change of how a world behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// What is changed.
    pub factor: String,
    /// To what, in `unit`.
    pub size: f64,
    /// Unit of the size.
    pub unit: String,
    /// Options of the world.
    options: Value,
    id: &'static str,
}

impl Behaviour {
    /// The world with this change.
    ///
    /// # Errors
    /// If its options are out of range, which a test excludes.
    pub fn world(&self) -> Result<AnySim> {
        make(self.id, &self.options)
    }
}

/// All changes of how a world can behave; none of a world that declares none, or is not known.
pub fn behaviours(id: &str) -> Vec<Behaviour> {
    let factors = registry().iter().filter(|world| world.id == id).flat_map(|world| {
        world.factors.iter().flat_map(move |factor| {
            factor.sizes.into_iter().map(move |size| Behaviour {
                factor: factor.name.to_owned(),
                size,
                unit: factor.unit.to_owned(),
                options: (factor.options)(size),
                id: world.id,
            })
        })
    });
    factors.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::{Key, Sim};

    /// How far a world is from the other after so many actions, the same from the same states.
    fn apart(mut plain: AnySim, mut other: AnySim, steps: usize) -> f64 {
        let mut stream = Key::new(2).stream();
        let mut worst = 0.0f64;
        for seed in 0..8 {
            plain.reset(seed);
            other.set_state(&plain.state()).expect("a state");
            plain.set_state(&other.state()).expect("a state");
            for _ in 0..steps {
                let action = plain.spec().actions.sample(&mut stream);
                plain.step(&action);
                other.step(&action);
            }
            let [a, b] = [plain.state(), other.state()];
            worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(worst, f64::max);
        }
        worst
    }

    #[test]
    fn every_behaviour_can_be_made_and_changes_what_happens() {
        let mut worlds = 0;
        for world in registry().iter().filter(|world| !world.factors.is_empty()) {
            let all = behaviours(world.id);
            assert_eq!(all.len(), 3 * world.factors.len(), "{}", world.id);
            // Pushes that no plan makes may miss what slides and rubs, not what comes late.
            for (at, behaviour) in all.iter().enumerate() {
                let plain = world.with_defaults().expect("a world");
                let far = apart(plain.clone(), behaviour.world().expect("in range"), 40);
                let late = at + 3 >= all.len();
                assert!(far > 1e-6 || !late, "{}: {behaviour:?} changes nothing", world.id);
                assert_eq!(plain.spec().state.len(), behaviour.world().expect("in range").spec().state.len());
            }
            worlds += 1;
        }
        assert!(worlds >= 4 && behaviours("nowhere").is_empty() && behaviours("pendulum").is_empty(), "{worlds}");
        for id in ["double_pendulum", "cart_pole"] {
            let plain = || make(id, &Value::Null).expect("a world");
            for three in behaviours(id).chunks(3) {
                let by: Vec<f64> = three.iter().map(|b| apart(plain(), b.world().expect("in range"), 10)).collect();
                assert!(by[0] > 1e-6 && by[0] < by[2], "{id}: {} by {by:?}", three[0].factor);
            }
        }
    }
}
