//! What a hybrid knows beforehand: its equations, where their numbers are in the recordings, and what is believed of their parameters.

use super::config::HybridConfig;
use crate::{Error, Result};
use std::sync::Arc;
use terrella_core::Signature;
use terrella_physics::{Choices, Columns, MECHANISMS, Mechanism, Named, Space};

/// The analytic half of a hybrid.
#[derive(Clone)]
pub struct Known {
    /// The equations.
    pub mechanism: Arc<dyn Mechanism>,
    /// Where their numbers are.
    pub columns: Columns,
    /// The parameters that are learned, each on the scale of its prior, and where all of them start.
    pub space: Space,
}

impl HybridConfig {
    /// What it knows of such recordings.
    ///
    /// # Errors
    /// If equations, columns or parameters are not there or do not fit, with what is there.
    pub fn known(&self, signature: &Signature) -> Result<Known> {
        if self.mechanism.is_empty() {
            let names: Vec<&str> = MECHANISMS.iter().map(|entry| entry.name).collect();
            return Err(Error::Invalid(format!(
                "a hybrid needs equations, and model.mechanism names none; there are {}",
                names.join(", ")
            )));
        }
        let mechanism: Arc<dyn Mechanism> = Arc::from(terrella_physics::mechanism(&self.mechanism, self.parts)?);
        let space = self.space(&*mechanism)?;
        let mut named = Named::default();
        for text in &self.columns {
            let (name, column) = pair("columns", text, "angle=q")?;
            let acts = mechanism.action().iter().any(|quantity| quantity.name == name);
            let side = if acts { &mut named.action } else { &mut named.state };
            side.push((name.to_owned(), column.to_owned()));
        }
        let said = |_: &str, name: &str, column: &str| format!("model.columns=[\"{name}={column}\"]");
        let columns = Columns::find_as(&*mechanism, signature, &named, &said)?;
        Ok(Known { mechanism, columns, space })
    }

    fn space(&self, mechanism: &dyn Mechanism) -> Result<Space> {
        let mut choices = Choices { free: self.free.clone(), ..Choices::default() };
        for text in &self.fixed {
            let (name, x) = pair("fixed", text, "gravity=9.81")?;
            choices.fixed.insert(name.to_owned(), number("fixed", text, x)?);
        }
        for text in &self.priors {
            let (name, interval) = pair("priors", text, "mass=0.1..2")?;
            let Some((low, high)) = interval.split_once("..") else {
                return Err(Error::Invalid(format!(
                    "model.priors holds {text:?} without '..'; write it as model.priors=[\"mass=0.1..2\"]"
                )));
            };
            choices.priors.insert(name.to_owned(), [number("priors", text, low)?, number("priors", text, high)?]);
        }
        let mut space = Space::new(mechanism, &choices)?;
        for text in &self.parameters {
            let (name, x) = pair("parameters", text, "mass=0.55")?;
            let x = number("parameters", text, x)?;
            let all = mechanism.parameters();
            let Some(at) = all.iter().position(|parameter| parameter.name == name) else {
                let names: Vec<&str> = all.iter().map(|parameter| parameter.name).collect();
                return Err(Error::Invalid(format!(
                    "model.parameters holds {text:?}, and {} has no parameter {name}; it has {}",
                    mechanism.name(),
                    names.join(", ")
                )));
            };
            let Some(nth) = space.free.iter().position(|&free| free == at) else {
                return Err(Error::Invalid(format!(
                    "model.parameters says where {name} starts, which is not learned; name it in model.fixed, or in model.free"
                )));
            };
            if !x.is_finite() || (space.is_log(nth) && x <= 0.0) {
                return Err(Error::Invalid(format!(
                    "model.parameters holds {text:?}, and {name} is believed to lie between {} and {}; start it there",
                    space.priors[nth][0], space.priors[nth][1]
                )));
            }
            space.start[at] = x;
        }
        Ok(space)
    }
}

/// The two sides of `NAME=…`.
fn pair<'t>(key: &str, text: &'t str, usual: &str) -> Result<(&'t str, &'t str)> {
    match text.split_once('=') {
        Some((name, what)) if !name.trim().is_empty() && !what.trim().is_empty() => Ok((name.trim(), what.trim())),
        _ => Err(Error::Invalid(format!(
            "model.{key} holds {text:?}, which is no pair; write it as model.{key}=[\"{usual}\"]"
        ))),
    }
}

fn number(key: &str, text: &str, x: &str) -> Result<f64> {
    let x = x.trim();
    x.parse().map_err(|_| Error::Invalid(format!("model.{key} holds {text:?}, and {x:?} is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature() -> Signature {
        let names = |all: [&str; 2]| all.map(str::to_owned).to_vec();
        Signature {
            state: names(["q", "velocity"]),
            units: names(["rad", "rad/s"]),
            action: vec!["torque".into()],
            fps: 50.0,
            ..Signature::default()
        }
    }

    fn words(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn what_was_said_is_what_is_known() {
        let config = HybridConfig {
            mechanism: "pendulum".into(),
            columns: words(&["angle=q"]),
            fixed: words(&["mass=0.6"]),
            free: words(&["rest"]),
            priors: words(&["length = 0.3 .. 0.6"]),
            parameters: words(&["viscous=0.07"]),
            ..HybridConfig::default()
        };
        let Known { columns, space, .. } = config.known(&signature()).expect("known");
        assert_eq!((columns.state, columns.action), (vec![0, 1], vec![Some(0)]), "columns");
        assert_eq!(space.free, [1, 2, 3, 5], "length, both frictions and the rest");
        assert_eq!((space.start[0], space.start[2], space.priors[0]), (0.6, 0.07, [0.3, 0.6]), "numbers");
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let usual =
            HybridConfig { mechanism: "pendulum".into(), columns: words(&["angle=q"]), ..HybridConfig::default() };
        let cases: [(HybridConfig, &[&str]); 9] = [
            (HybridConfig { mechanism: String::new(), ..usual.clone() }, &["model.mechanism", "double-pendulum"]),
            (HybridConfig { mechanism: "pendulums".into(), ..usual.clone() }, &["\"pendulums\"", "cart-pole"]),
            (HybridConfig { columns: Vec::new(), ..usual.clone() }, &["model.columns=[\"angle=COLUMN\"]"]),
            (HybridConfig { columns: words(&["angle=p"]), ..usual.clone() }, &["no column p", "q, velocity"]),
            (HybridConfig { fixed: words(&["weight=1"]), ..usual.clone() }, &["no parameter weight", "mass"]),
            (HybridConfig { fixed: words(&["mass"]), ..usual.clone() }, &["no pair", "gravity=9.81"]),
            (HybridConfig { priors: words(&["mass=2"]), ..usual.clone() }, &["'..'", "mass=0.1..2"]),
            (HybridConfig { parameters: words(&["gravity=9.8"]), ..usual.clone() }, &["not learned", "model.free"]),
            (HybridConfig { parameters: words(&["mass=-1"]), ..usual.clone() }, &["0.05", "5"]),
        ];
        for (config, wanted) in cases {
            let told = config.known(&signature()).err().expect("refused").to_string();
            wanted.iter().for_each(|wanted| assert!(told.contains(wanted), "{wanted}: {told}"));
        }
    }
}
