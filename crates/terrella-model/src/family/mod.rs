//! The registry of families: what settings and checkpoints call them, one line each.
//!
//! A new family is a file (or a folder) beside this one that implements [`Family`], and a line in the
//! registry below; nothing else needs to know it. The first line is what settings mean that name no family,
//! as those from before there were families.

mod any;
pub(crate) mod diffusion;
pub(crate) mod ensemble;
pub(crate) mod hybrid;
pub(crate) mod jepa;
pub(crate) mod observer;
pub(crate) mod rssm;
pub(crate) mod seam;

use crate::losses::LossChart;
use crate::{Error, Result};
pub use any::{AnyState, AnyWorld};
pub use diffusion::{DiffusionConfig, DiffusionNet, DiffusionWorld, Frames};
pub use ensemble::{EnsembleConfig, EnsembleNet, EnsembleWorld, Particles};
pub use hybrid::{HybridConfig, HybridNet, HybridStates, HybridWorld, Known};
use jepa::JepaConfig;
pub(crate) use jepa::eyes::Eyes;
pub(crate) use jepa::watching::{Studio, Watching};
pub(crate) use jepa::{Shape, Size};
pub use observer::{ObserverConfig, ObserverNet, ObserverWorld};
pub use rssm::{Beliefs, RssmConfig, RssmNet, RssmWorld, Senses};
pub use seam::{Family, OnLatents, StateOf, Wants};
use serde::{Deserialize, Deserializer, Serialize};
use terrella_core::Window;

/// A family that the registry knows, so that settings and checkpoints can name it.
pub trait Registered: Family + Into<ModelConfig> + TryFrom<ModelConfig, Error = ModelConfig> {}

impl<F: Family + Into<ModelConfig> + TryFrom<ModelConfig, Error = ModelConfig>> Registered for F {}

/// Something to be done with whichever family a [`ModelConfig`] holds.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<F: Registered>(self, family: F) -> Self::Output;
}

/// Makes the registry: an enum with a variant a family, read from and written to settings by its kind.
macro_rules! registry {
    ($($(#[$doc:meta])* $variant:ident($config:ty) = $kind:literal,)*) => {
        /// All families.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "kind")]
        pub enum ModelConfig {
            $($(#[$doc])* #[serde(rename = $kind)] $variant($config),)*
        }

        impl ModelConfig {
            /// What the families are called in settings.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// Each family with its defaults.
            pub fn all() -> Vec<Self> {
                vec![$(Self::$variant(<$config>::default().resolved()),)*]
            }

            /// Its name in settings.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $kind,)*
                }
            }

            /// Does something with the family that this is.
            pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
                match self {
                    $(Self::$variant(family) => visitor.visit(family),)*
                }
            }

            /// Whether pictures are what it foretells.
            pub fn paints(&self) -> bool {
                match self {
                    $(Self::$variant(family) => family.paints(),)*
                }
            }

            /// What it looks at.
            pub fn wants(&self) -> Wants {
                match self {
                    $(Self::$variant(family) => family.wants(),)*
                }
            }

            /// The training window with this many rows.
            pub fn window(&self, n_frames: usize) -> Window {
                match self {
                    $(Self::$variant(family) => family.window(n_frames),)*
                }
            }

            /// Whether it learns from turned clips, too, where the world has a symmetry.
            pub fn turns(&self) -> bool {
                match self {
                    $(Self::$variant(family) => family.turns(),)*
                }
            }

            /// The charts of its losses.
            pub fn charts(&self) -> &'static [LossChart] {
                match self {
                    $(Self::$variant(family) => family.charts(),)*
                }
            }

            /// What it is called, and what it does.
            pub fn words(&self) -> [String; 2] {
                match self {
                    $(Self::$variant(family) => family.words(),)*
                }
            }

            fn read(kind: &str, keys: serde_json::Value) -> Option<serde_json::Result<Self>> {
                match kind {
                    $($kind => Some(<$config>::deserialize(keys).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }

        $(
            impl From<$config> for ModelConfig {
                fn from(config: $config) -> Self {
                    Self::$variant(config)
                }
            }

            impl TryFrom<ModelConfig> for $config {
                type Error = ModelConfig;

                fn try_from(config: ModelConfig) -> std::result::Result<Self, ModelConfig> {
                    match config {
                        ModelConfig::$variant(config) => Ok(config),
                        #[allow(unreachable_patterns)]
                        other => Err(other),
                    }
                }
            }
        )*
    };
}

// A family is a line here.
registry! {
    /// Joint-embedding predictive architecture after the LeWM recipe.
    Jepa(JepaConfig) = "jepa",
    /// Probabilistic ensemble on state vectors (PETS).
    Ensemble(EnsembleConfig) = "ensemble",
    /// Eyes that tell states, in front of a joint-embedding predictive architecture that is told them.
    Observer(ObserverConfig) = "observer",
    /// Causal transformer that paints the next frame (diffusion forcing).
    Diffusion(DiffusionConfig) = "diffusion",
    /// Known equations with a learned rest (APHYNITY).
    Hybrid(HybridConfig) = "hybrid",
    /// Recurrent state-space model (DreamerV3).
    Rssm(RssmConfig) = "rssm",
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self::read(Self::KINDS[0], serde_json::Value::Object(serde_json::Map::new()))
            .and_then(serde_json::Result::ok)
            .expect("a family can be read from nothing but its kind")
    }
}

impl ModelConfig {
    /// The family, if it is this one.
    ///
    /// # Errors
    /// If it is another, which is named.
    pub fn family<F: Registered>(&self, what: &str) -> Result<F> {
        F::try_from(self.clone()).map_err(|other| {
            Error::Invalid(format!("{what}: this is of model.kind = {:?}, another family than asked for", other.kind()))
        })
    }
}

/// Keys of a model that earlier versions kept with its training.
const MOVED: [&str; 2] = ["directions", "weights"];

/// Where something of an earlier version now belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is a key of the model.
    ToModel,
    /// It never meant anything for this family.
    Dropped,
}

impl ModelConfig {
    /// Keys that earlier versions kept with the training of every family, and what becomes of them in
    /// settings and checkpoints of this kind.
    pub fn moved(kind: &str) -> impl Iterator<Item = (&'static str, Moved)> {
        let model = Self::all().into_iter().find(|model| model.kind() == kind);
        let keys = serde_json::to_value(model).unwrap_or_default();
        MOVED.into_iter().map(move |key| (key, if keys.get(key).is_some() { Moved::ToModel } else { Moved::Dropped }))
    }
}

impl<'de> Deserialize<'de> for ModelConfig {
    /// Settings and checkpoints from before there were families have no kind: they are of the first.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut keys = serde_json::Map::deserialize(deserializer)?;
        let kind = keys.remove("kind").unwrap_or_else(|| Self::KINDS[0].into());
        let read = Self::read(kind.as_str().unwrap_or_default(), serde_json::Value::Object(keys));
        let read = read.ok_or_else(|| {
            D::Error::custom(format!("there is no model.kind = {kind}; there are {}", Self::KINDS.join(", ")))
        })?;
        read.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_as_it_was_written_and_none_means_the_first() {
        for config in ModelConfig::all() {
            let text = serde_json::to_string(&config).expect("JSON");
            assert!(text.contains(config.kind()), "{text}");
            assert_eq!(serde_json::from_str::<ModelConfig>(&text).expect("read back"), config, "{text}");
        }
        let old: ModelConfig = serde_json::from_str(r#"{"size":"s","frame_skip":3}"#).expect("before families");
        assert_eq!((old.kind(), old.window(1).frame_skip), (ModelConfig::KINDS[0], 3), "{old:?}");
        assert_eq!(ModelConfig::default().kind(), ModelConfig::KINDS[0], "the default");
        let told = serde_json::from_str::<ModelConfig>(r#"{"kind":"oracle"}"#).expect_err("no such").to_string();
        assert!(told.contains("oracle") && told.contains("ensemble"), "{told}");
    }
}
