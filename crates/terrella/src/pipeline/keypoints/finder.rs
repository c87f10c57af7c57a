//! Who finds places in pictures: a network that learned to draw by them, or sprites that are laid over what stands out.

use crate::settings::{FinderKind, Settings};
use crate::watch::Watch;
use anyhow::Result;
use burn::tensor::Device;
use terrella_core::{Dataset, Episode, Table};
use terrella_model::{Ground, KeypointLoss, Keypoints, Things, ThingsConfig};

use super::learn;

/// What finds a few places in every picture.
pub(super) enum Finder {
    /// Keypoints of single pictures.
    Network(Box<Keypoints>),
    /// Things, followed from picture to picture.
    Sprites(Things),
}

impl Finder {
    /// Learned from these episodes; with the last loss, if there is one.
    pub(super) fn learn(
        data: (&Dataset, &[usize]),
        settings: &Settings,
        device: &Device,
        watch: &Watch,
    ) -> Result<(Self, Option<KeypointLoss>)> {
        let asked = &settings.keypoints;
        match asked.finder {
            FinderKind::Network => {
                let (keypoints, loss) = learn::learn(data, settings, device, watch)?;
                Ok((Self::Network(Box::new(keypoints)), loss))
            }
            FinderKind::Sprites => {
                let stage = watch.stage("learn", 1);
                let config = ThingsConfig { side: asked.side, ground: asked.ground, ..ThingsConfig::default() };
                let things = Things::learn(data.0, data.1, &config)?;
                stage.at(1, "");
                Ok((Self::Sprites(things), None))
            }
        }
    }

    /// The same before it learned anything: what is the merit of an architecture alone. Sprites are nothing then.
    pub(super) fn untaught(data: (&Dataset, &[usize]), settings: &Settings, device: &Device) -> Result<Option<Self>> {
        Ok(match settings.keypoints.finder {
            FinderKind::Network => Some(Self::Network(Box::new(learn::untaught(data, settings, device)?))),
            FinderKind::Sprites => None,
        })
    }

    /// What it finds.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Network(_) => "keypoints",
            Self::Sprites(_) => "things",
        }
    }

    /// How many places it finds in a picture.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Network(keypoints) => keypoints.count(),
            Self::Sprites(things) => things.sprites().len(),
        }
    }

    /// What stands still.
    pub(super) fn ground(&self) -> &Ground {
        match self {
            Self::Network(keypoints) => keypoints.ground(),
            Self::Sprites(things) => things.ground(),
        }
    }

    /// In these rows of an episode: x and y in pixels and presence of each place, and the cosine and sine of its turn for those that can
    /// be seen to turn.
    pub(super) fn find(&self, episode: &Episode, rows: &[usize]) -> Result<[Table; 2]> {
        let things = match self {
            Self::Network(keypoints) => return Ok([keypoints.find(episode, rows)?, Table::default()]),
            Self::Sprites(things) => things,
        };
        let sprites = things.sprites();
        let (mut places, mut turns) = (Table::new(3 * sprites.len()), Table::default());
        turns.width = 2 * sprites.iter().filter(|sprite| sprite.turns()).count();
        for followed in things.follow(&[episode], || ())? {
            for &row in rows {
                let there = followed.poses[row].iter().zip(&followed.seen[row]).zip(sprites);
                for ((pose, seen), sprite) in there {
                    places.data.extend([pose.at[0], pose.at[1], if *seen { 1.0 } else { 0.0 }]);
                    if sprite.turns() {
                        turns.data.extend([pose.turn.cos(), pose.turn.sin()]);
                    }
                }
            }
        }
        Ok([places, turns])
    }
}
