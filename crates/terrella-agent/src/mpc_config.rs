//! When to plan again and how far ahead, as it stands in a configuration file.

use serde::{Deserialize, Serialize};

/// When to plan and how far ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MpcConfig {
    /// Blocks in a plan, at most.
    pub horizon: usize,
    /// Blocks executed before planning again.
    pub replan_blocks: usize,
    /// Whether the rest of the last plan seeds the next search.
    pub warm_start: bool,
    /// Blocks allowed beyond the demonstrator's remaining time; with none (written `"none"`) plans are always
    /// `horizon` long.
    #[serde(with = "slack")]
    pub slack_blocks: Option<usize>,
    /// Time for one plan; the answer is then the best so far and depends on the machine.
    pub deadline_ms: Option<u64>,
    /// By which share of its cost the search has to improve on the cheapest proposal, where there are any, to be followed
    /// instead, from 0 to 1; with 1 the model only chooses among proposals.
    pub margin: f32,
    /// Steps within which a goal is searched for where there are proposals; towards one that lies farther away the first
    /// proposal is followed, since a cost at the end of a plan says little about what comes after it. With 0 goals are searched for
    /// wherever they lie.
    pub within: usize,
    /// For actions that are places: by which share of their range one look errs about where the agent is. Above 0, an
    /// attempt learns where its camera stands from where the agent went; 0 takes places as they are seen.
    pub calibrate: f32,
}

impl Default for MpcConfig {
    fn default() -> Self {
        Self {
            horizon: 5,
            replan_blocks: 1,
            warm_start: true,
            slack_blocks: Some(1),
            deadline_ms: None,
            margin: 0.0,
            within: 0,
            calibrate: 0.0,
        }
    }
}

/// `slack_blocks` in a file: TOML has no word for nothing, and an absent key means the default.
mod slack {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(
        untagged,
        expecting = "slack_blocks is a number of blocks, or \"none\" for plans that are always as long as the horizon"
    )]
    enum Written {
        Blocks(usize),
        Without(Without),
    }

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Without {
        None,
    }

    pub(super) fn serialize<S: Serializer>(slack: &Option<usize>, to: S) -> Result<S::Ok, S::Error> {
        slack.map_or(Written::Without(Without::None), Written::Blocks).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
        Ok(match Written::deserialize(from)? {
            Written::Blocks(blocks) => Some(blocks),
            Written::Without(Without::None) => None,
        })
    }
}
