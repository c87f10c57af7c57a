//! The seam that every family of models goes through: configuration → network → loss → world.
//!
//! A [`Family`] is what a settings file says about a model. It knows which data it wants, makes the
//! network, computes the gradient of a batch and wraps the trained network for use; schedule, clipping,
//! resume and checkpoints are [`crate::Trainer`]'s, once for all. A new family is a file (or a folder)
//! beside this one and a line in the registry below; nothing else needs to know it.

mod any;
pub(crate) mod ensemble;
pub(crate) mod jepa;

use crate::family::jepa::config::JepaConfig;
use crate::interface::Interface;
use crate::train::{Losses, TrainConfig};
use crate::{Error, Result};
pub(crate) use any::Erased;
pub use any::{AnyWorld, Foretold};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::prelude::*;
pub use ensemble::{EnsembleConfig, EnsembleNet, EnsembleWorld, Particles};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use terrella_core::{Batch, Dynamics, Key, Signature, Window};

/// What a family looks at, before it knows any data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Side of the square pictures that it is shown; none if it sees no pictures.
    pub picture: Option<usize>,
    /// Whether it learns from the logged state.
    pub state: bool,
}

impl Wants {
    /// Fails if recordings lack what is wanted; the text names the field and what is there.
    ///
    /// # Errors
    /// As said.
    pub fn check(self, data: &Signature) -> Result<()> {
        let there = || {
            let picture = data.image.map_or_else(|| "no pictures".to_owned(), |[h, w]| format!("pictures of {h}x{w}"));
            let state = match data.state.len() {
                0 => "no logged state".to_owned(),
                n => format!("a logged state of {n} numbers ({})", data.state.join(", ")),
            };
            format!("there are {picture}, {state} and actions of {} numbers", data.action.len())
        };
        if self.picture.is_some() && data.image.is_none() {
            return Err(Error::Invalid(format!(
                "the model wants pictures, which these recordings lack; {}: train from the logged state with --preset quickstart-state",
                there()
            )));
        }
        if self.state && data.state.is_empty() {
            return Err(Error::Invalid(format!(
                "the model wants a logged state, which these recordings lack; {}: train from pictures alone with --preset quickstart-pixels",
                there()
            )));
        }
        Ok(())
    }
}

/// A family of models, as its configuration.
pub trait Family:
    Clone + Default + Serialize + DeserializeOwned + Into<ModelConfig> + TryFrom<ModelConfig, Error = ModelConfig>
{
    /// Everything that is trained.
    type Net: Module;
    /// What turning batches into gradients needs beside the network, made once.
    type Tools;
    /// Losses of one step, not yet read back.
    type Scores;
    /// A trained network with all that is needed to ask it in the units of the log.
    type World: Dynamics + Send + Sync + 'static;

    /// The same with nothing left to defaults, as it is frozen into a checkpoint.
    #[must_use]
    fn resolved(self) -> Self;

    /// What it looks at.
    fn wants(&self) -> Wants;

    /// The training window with this many rows.
    fn window(&self, n_frames: usize) -> Window;

    /// A network with fresh weights; they depend on the device's seed alone.
    fn net(&self, about: &Interface, device: &Device) -> Self::Net;

    /// The tools of training.
    fn tools(&self, about: &Interface, device: &Device) -> Self::Tools;

    /// The gradient of all losses on one batch. Whatever is random hangs on the key.
    ///
    /// # Errors
    /// If the batch does not fit the model.
    fn gradient(
        with: (&Self::Net, &Self::Tools),
        batch: &Batch,
        how: (&TrainConfig, Key),
        device: &Device,
    ) -> Result<(GradientsParams, Self::Scores)>;

    /// Reads the losses back, in one wait.
    fn read_back(scores: Self::Scores, config: &TrainConfig, gradient_norm: Tensor<1>) -> Losses;

    /// The trained network, ready for use.
    fn world(self, net: Self::Net, about: Interface, device: &Device) -> Self::World;

    /// What it is called, and what it does, in a sentence each; for the page about a run.
    fn words(&self) -> [String; 2];
}

/// Something to be done with whichever family a [`ModelConfig`] holds.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<F: Family>(self, family: F) -> Self::Output;
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
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self::Jepa(JepaConfig::default())
    }
}

impl ModelConfig {
    /// What it looks at.
    pub fn wants(&self) -> Wants {
        struct Ask;
        impl Visitor for Ask {
            type Output = Wants;
            fn visit<F: Family>(self, family: F) -> Wants {
                family.wants()
            }
        }
        self.clone().visit(Ask)
    }

    /// What it is called, and what it does.
    pub fn words(&self) -> [String; 2] {
        struct Ask;
        impl Visitor for Ask {
            type Output = [String; 2];
            fn visit<F: Family>(self, family: F) -> [String; 2] {
                family.words()
            }
        }
        self.clone().visit(Ask)
    }

    /// The family, if it is this one.
    ///
    /// # Errors
    /// If it is another, which is named.
    pub fn family<F: Family>(&self, what: &str) -> Result<F> {
        F::try_from(self.clone()).map_err(|other| {
            Error::Invalid(format!("{what}: this is of model.kind = {:?}, another family than asked for", other.kind()))
        })
    }
}

impl<'de> Deserialize<'de> for ModelConfig {
    /// Settings and checkpoints from before there were families have no kind: they are of a JEPA.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut keys = serde_json::Map::deserialize(deserializer)?;
        let kind = keys.remove("kind").unwrap_or_else(|| "jepa".into());
        let read = Self::read(kind.as_str().unwrap_or_default(), serde_json::Value::Object(keys));
        let read = read.ok_or_else(|| {
            let known: Vec<&str> = Self::all().iter().map(Self::kind).collect();
            D::Error::custom(format!("there is no model.kind = {kind}; there are {}", known.join(", ")))
        })?;
        read.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_as_it_was_written_and_none_means_jepa() {
        for config in ModelConfig::all() {
            let text = serde_json::to_string(&config).expect("JSON");
            assert!(text.contains(config.kind()), "{text}");
            assert_eq!(serde_json::from_str::<ModelConfig>(&text).expect("read back"), config, "{text}");
        }
        let old: ModelConfig = serde_json::from_str(r#"{"size":"s","frame_skip":3}"#).expect("before families");
        assert!(matches!(old, ModelConfig::Jepa(JepaConfig { frame_skip: 3, .. })), "{old:?}");
        let told = serde_json::from_str::<ModelConfig>(r#"{"kind":"rssm"}"#).expect_err("no such").to_string();
        assert!(told.contains("rssm") && told.contains("ensemble"), "{told}");
    }

    #[test]
    fn what_is_lacking_is_named_with_what_is_there() {
        let data = Signature { state: vec!["x".into()], action: vec!["u".into()], ..Signature::default() };
        let told = Wants { picture: Some(96), state: false }.check(&data).expect_err("no pictures").to_string();
        assert!(told.contains("pictures") && told.contains("(x)"), "{told}");
        assert!(Wants { picture: None, state: true }.check(&data).is_ok(), "a state is there");
    }
}
