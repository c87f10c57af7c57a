//! What an RSSM is, before it knows its data.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What an RSSM looks at, and draws again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Senses {
    /// The logged state.
    #[default]
    State,
    /// Pictures.
    Pixels,
    /// Both.
    Both,
}

impl Senses {
    /// Whether the logged state is looked at.
    pub fn state(self) -> bool {
        self != Self::Pixels
    }

    /// Whether pictures are.
    pub fn pixels(self) -> bool {
        self != Self::State
    }
}

/// An RSSM, before it knows its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RssmConfig {
    /// What it looks at.
    pub sees: Senses,
    /// Side of its square pictures, in pixels, where it sees any.
    pub picture: usize,
    /// Side of a patch of these; it divides the picture.
    pub patch: usize,
    /// Numbers of the deterministic memory.
    pub memory: usize,
    /// Blocks that the recurrent cell is cut into; they divide the memory.
    pub blocks: usize,
    /// Categorical variables of the stochastic latent.
    pub groups: usize,
    /// Classes of each.
    pub classes: usize,
    /// Width of hidden layers.
    pub hidden: usize,
    /// Hidden layers of encoder and heads.
    pub layers: usize,
    /// Share of a uniform distribution in each categorical, so that none is ever sure and no divergence infinite.
    pub unimix: f64,
    /// Divergence, in nats, below which nothing pulls on prior and posterior: 1 in the paper, whose latents say hundreds of nats. A world
    /// of few numbers says two or three in all, and hides behind a whole one what its prior foretells wrongly.
    pub free_nats: f64,
    /// Weight of teaching the prior what the posterior says.
    pub dynamics: f64,
    /// Weight of keeping the posterior to what the prior can say.
    pub representation: f64,
    /// Weight of the cross-entropy of ends, where recordings have some.
    pub end_weight: f64,
    /// Places between the least and the most reward, among which a foretold one is a distribution.
    pub bins: usize,
    /// Whether the logged state is told from what pictures gave, where it sees nothing else; it teaches nothing but its own layers.
    pub readout: bool,
}

impl Default for RssmConfig {
    fn default() -> Self {
        Self {
            sees: Senses::State,
            picture: 64,
            patch: 8,
            memory: 128,
            blocks: 4,
            groups: 16,
            classes: 16,
            hidden: 96,
            layers: 2,
            unimix: 0.01,
            free_nats: 1.0,
            dynamics: 1.0,
            representation: 0.1,
            end_weight: 1.0,
            bins: 63,
            readout: true,
        }
    }
}

impl RssmConfig {
    /// Numbers of the stochastic latent.
    pub(super) fn latent(&self) -> usize {
        self.groups * self.classes
    }

    /// Numbers that heads are told: memory and latent.
    pub(super) fn told(&self) -> usize {
        self.memory + self.latent()
    }

    /// As [`crate::Family::check`].
    pub(super) fn whole(&self) -> Result<()> {
        if self.blocks == 0 || self.memory == 0 || !self.memory.is_multiple_of(self.blocks) {
            return Err(Error::Invalid(format!(
                "model.memory = {} is not a whole number for each of model.blocks = {}; 128 and 4 go together",
                self.memory, self.blocks
            )));
        }
        let most = usize::from(u16::MAX);
        if self.groups == 0 || self.classes < 2 || self.classes > most || self.hidden == 0 || self.layers == 0 {
            return Err(Error::Invalid(format!(
                "model.groups = {}, model.hidden = {} and model.layers = {} must be at least 1, model.classes = {} from 2 to {most}",
                self.groups, self.hidden, self.layers, self.classes
            )));
        }
        if !(self.unimix > 0.0 && self.unimix < 1.0) {
            return Err(Error::Invalid(format!(
                "model.unimix = {} must lie between 0 and 1, both left out; 0.01 is usual",
                self.unimix
            )));
        }
        if self.bins < 2 {
            return Err(Error::Invalid(format!(
                "model.bins = {} cannot tell one reward from another; 63 are usual",
                self.bins
            )));
        }
        let weights = [self.free_nats, self.dynamics, self.representation, self.end_weight];
        if weights.iter().any(|weight| !weight.is_finite() || *weight < 0.0) {
            return Err(Error::Invalid(format!(
                "model.free_nats = {}, model.dynamics = {}, model.representation = {} and model.end_weight = {} must be 0 or more",
                self.free_nats, self.dynamics, self.representation, self.end_weight
            )));
        }
        let tiles = self.patch > 0 && self.picture > 0 && self.picture.is_multiple_of(self.patch);
        if self.sees.pixels() && !tiles {
            return Err(Error::Invalid(format!(
                "model.picture = {} is not a whole number of patches of model.patch = {}; 64 and 8 go together",
                self.picture, self.patch
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_go_together_are_named() {
        assert!(RssmConfig::default().whole().is_ok(), "the defaults do");
        let told = |config: RssmConfig| config.whole().expect_err("cannot be").to_string();
        let told_of = told(RssmConfig { memory: 100, blocks: 3, ..RssmConfig::default() });
        assert!(told_of.contains("100") && told_of.contains('3'), "{told_of}");
        let told_of = told(RssmConfig { classes: 1, ..RssmConfig::default() });
        assert!(told_of.contains("model.classes = 1"), "{told_of}");
        let told_of = told(RssmConfig { unimix: 0.0, ..RssmConfig::default() });
        assert!(told_of.contains("model.unimix = 0"), "{told_of}");
        let uneven = RssmConfig { picture: 60, ..RssmConfig::default() };
        assert!(uneven.whole().is_ok(), "who sees no pictures has no patches");
        let told_of = told(RssmConfig { sees: Senses::Both, ..uneven });
        assert!(told_of.contains("60"), "{told_of}");
    }
}
