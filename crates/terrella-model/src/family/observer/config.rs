//! What an observer is, before it knows its data: eyes, and the mind behind them.

use crate::family::jepa::{JepaConfig, Sees, Size};
use serde::{Deserialize, Deserializer, Serialize};

/// An observer in front of a model of states, before it knows its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObserverConfig {
    /// The size dial of what looks at pictures.
    pub size: Size,
    /// What foretells states: always `sees = "state"` and with a readout.
    #[serde(deserialize_with = "mind")]
    pub mind: JepaConfig,
}

impl Default for ObserverConfig {
    fn default() -> Self {
        Self { size: Size::Xs, mind: JepaConfig { sees: Sees::State, readout: true, ..JepaConfig::default() } }
    }
}

impl ObserverConfig {
    /// A model that looks at pictures of this size and tells states.
    pub(super) fn eyes(&self) -> JepaConfig {
        JepaConfig { size: self.size, sees: Sees::Pixels, readout: true, ..JepaConfig::default() }
    }
}

/// What is not said of a mind is what a mind behind eyes is by default.
fn mind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JepaConfig, D::Error> {
    use serde::de::Error as _;
    let mut keys = serde_json::Map::deserialize(deserializer)?;
    for (name, value) in [("sees", "state".into()), ("readout", serde_json::Value::from(true))] {
        let said = keys.entry(name).or_insert_with(|| value.clone());
        if *said != value {
            return Err(D::Error::custom(format!(
                "model.mind.{name} = {said} does not go with model.kind = \"observer\", whose mind is shown the states that its \
                 eyes read off pictures; leave it out"
            )));
        }
    }
    serde_json::from_value(keys.into()).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mind_is_told_states_whatever_is_left_out() {
        let read = |text: &str| serde_json::from_str::<ObserverConfig>(text);
        assert_eq!(read("{}").expect("defaults"), ObserverConfig::default());
        let some = read(r#"{"mind": {"frame_skip": 3}}"#).expect("some keys");
        assert_eq!((some.mind.sees, some.mind.readout, some.mind.frame_skip), (Sees::State, true, 3));
        for text in [r#"{"mind": {"sees": "pixels"}}"#, r#"{"mind": {"readout": false}}"#] {
            let told = read(text).expect_err("no such mind").to_string();
            assert!(told.contains("model.mind.") && told.contains("leave it out"), "{told}");
        }
        assert!(read(r#"{"mind": {"frames": 3}}"#).is_err(), "an unknown key");
    }
}
