//! The planners as configuration: one struct each, one closed enum, checked when it is built.
//!
//! CEM: Rubinstein 1999; as a planner for latent models, Hafner et al. 2019 (PlaNet). iCEM:
//! Pinneri et al. 2020. MPPI: Williams et al. 2017, with the deviation refitted as in TD-MPC
//! (Hansen et al. 2022). Deviations and temperatures are relative (to the prior's deviation, to
//! the spread of the costs), so that one setting serves pixels, metres and latents.

use crate::SamplingPlanner;
use crate::settings::{Answer, Settings, Update};
use serde::{Deserialize, Serialize};
use terrella_core::{Error, Result};

/// The cross-entropy method: refit a Gaussian to the best samples, again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CemConfig {
    /// Sequences tried in each iteration.
    pub samples: usize,
    /// Refits.
    pub iterations: usize,
    /// Best samples that the Gaussian is refitted to.
    pub elites: usize,
    /// Share of the old mean and deviation kept at a refit, in `[0, 1)`.
    pub momentum: f64,
    /// Smallest deviation, as a share of the prior's.
    pub min_std: f64,
    /// Which sequence is the answer.
    pub answer: Answer,
}

impl Default for CemConfig {
    fn default() -> Self {
        Self { samples: 64, iterations: 5, elites: 8, momentum: 0.0, min_std: 0.05, answer: Answer::Best }
    }
}

/// CEM with smooth noise, kept elites and a shrinking number of samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IcemConfig {
    /// Sequences tried in the first iteration.
    pub samples: usize,
    /// Refits.
    pub iterations: usize,
    /// Best samples that the Gaussian is refitted to.
    pub elites: usize,
    /// Exponent β of the noise over environment steps: 0 is white, 2 drifts.
    pub beta: f64,
    /// Share of the elites that compete again in the next iteration.
    pub keep: f64,
    /// Divisor of the number of samples from one iteration to the next (never below 2 × elites).
    pub decay: f64,
    /// Share of the old mean and deviation kept at a refit, in `[0, 1)`.
    pub momentum: f64,
    /// Smallest deviation, as a share of the prior's.
    pub min_std: f64,
    /// Which sequence is the answer.
    pub answer: Answer,
}

impl Default for IcemConfig {
    fn default() -> Self {
        Self {
            samples: 64,
            iterations: 5,
            elites: 8,
            beta: 2.0,
            keep: 0.3,
            decay: 1.25,
            momentum: 0.1,
            min_std: 0.05,
            answer: Answer::Best,
        }
    }
}

/// Model-predictive path integral control: every sample counts, cheap ones exponentially more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MppiConfig {
    /// Sequences tried in each iteration.
    pub samples: usize,
    /// Refits.
    pub iterations: usize,
    /// Temperature in units of the costs' standard deviation over the samples: lower is greedier.
    pub temperature: f64,
    /// Exponent β of the noise over environment steps: 0 is white, 2 drifts.
    pub beta: f64,
    /// Share of the old mean and deviation kept at a refit, in `[0, 1)`.
    pub momentum: f64,
    /// Smallest deviation, as a share of the prior's.
    pub min_std: f64,
    /// Which sequence is the answer.
    pub answer: Answer,
}

impl Default for MppiConfig {
    fn default() -> Self {
        Self {
            samples: 64,
            iterations: 5,
            temperature: 0.2,
            beta: 1.0,
            momentum: 0.1,
            min_std: 0.05,
            answer: Answer::Mean,
        }
    }
}

/// Random shooting: try sequences of the prior, keep the best. The yardstick of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomConfig {
    /// Sequences tried at a time.
    pub samples: usize,
    /// Times.
    pub iterations: usize,
    /// Exponent β of the noise over environment steps: 0 is white, 2 drifts.
    pub beta: f64,
}

impl Default for RandomConfig {
    fn default() -> Self {
        Self { samples: 64, iterations: 5, beta: 0.0 }
    }
}

/// No search: the first proposal is the plan, or the prior's mean where nobody proposes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FollowConfig {}

/// Every planner there is, as it stands in a configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum PlannerConfig {
    /// The cross-entropy method.
    Cem(CemConfig),
    /// The improved cross-entropy method.
    Icem(IcemConfig),
    /// Path integral control.
    Mppi(MppiConfig),
    /// Random shooting.
    Random(RandomConfig),
    /// The proposal alone.
    Follow(FollowConfig),
}

impl Default for PlannerConfig {
    fn default() -> Self {
        Self::Icem(IcemConfig::default())
    }
}

impl PlannerConfig {
    /// Lower-case name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cem(_) => "cem",
            Self::Icem(_) => "icem",
            Self::Mppi(_) => "mppi",
            Self::Random(_) => "random",
            Self::Follow(_) => "follow",
        }
    }

    /// Builds the planner for actions of this width (one environment step, not one block).
    ///
    /// # Errors
    /// If a number makes no sense; the text names the setting.
    pub fn build(&self, action_width: usize) -> Result<SamplingPlanner> {
        let settings = self.settings();
        settings.check(self.name())?;
        if action_width == 0 {
            return Err(Error::Invalid("a planner needs actions of at least one number".to_owned()));
        }
        Ok(SamplingPlanner { settings, action_width })
    }

    fn settings(&self) -> Settings {
        let base = Settings {
            samples: 0,
            iterations: 1,
            decay: 1.0,
            beta: 0.0,
            keep: 0,
            update: Update::Nothing,
            momentum: 0.0,
            min_std: 0.0,
            answer: Answer::Best,
        };
        match self {
            Self::Cem(c) => Settings {
                samples: c.samples,
                iterations: c.iterations,
                update: Update::Elites(c.elites),
                momentum: c.momentum,
                min_std: c.min_std,
                answer: c.answer,
                ..base
            },
            Self::Icem(c) => Settings {
                samples: c.samples,
                iterations: c.iterations,
                decay: c.decay,
                beta: c.beta,
                keep: (c.keep * c.elites as f64).round() as usize,
                update: Update::Elites(c.elites),
                momentum: c.momentum,
                min_std: c.min_std,
                answer: c.answer,
            },
            Self::Mppi(c) => Settings {
                samples: c.samples,
                iterations: c.iterations,
                beta: c.beta,
                update: Update::Softmax(c.temperature),
                momentum: c.momentum,
                min_std: c.min_std,
                answer: c.answer,
                ..base
            },
            Self::Random(c) => Settings { samples: c.samples, iterations: c.iterations, beta: c.beta, ..base },
            Self::Follow(_) => Settings { update: Update::Follow, ..base },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_reads_with_defaults_and_refuses_what_it_does_not_know() {
        let read = |text: &str| serde_json::from_str::<PlannerConfig>(text);
        let cem = read(r#"{"kind": "cem", "samples": 300}"#).expect("a known key");
        assert_eq!(cem, PlannerConfig::Cem(CemConfig { samples: 300, ..CemConfig::default() }), "the rest is default");
        let error = read(r#"{"kind": "cem", "sample": 300}"#).expect_err("a typing error").to_string();
        assert!(error.contains("sample") && error.contains("samples"), "{error}");
    }

    #[test]
    fn settings_without_sense_are_named() {
        let error = |config: PlannerConfig| config.build(2).expect_err("refused").to_string();
        let text = error(PlannerConfig::Cem(CemConfig { elites: 100, ..CemConfig::default() }));
        assert!(
            text.contains("cem") && text.contains("elites") && text.contains("100") && text.contains("64"),
            "{text}"
        );
        let text = error(PlannerConfig::Mppi(MppiConfig { temperature: 0.0, ..MppiConfig::default() }));
        assert!(text.contains("temperature"), "{text}");
        let text = error(PlannerConfig::Icem(IcemConfig { momentum: 1.0, ..IcemConfig::default() }));
        assert!(text.contains("momentum"), "{text}");
    }
}
