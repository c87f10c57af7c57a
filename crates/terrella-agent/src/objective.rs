//! What a goal costs: distance in latent space, distance of believed states in tolerances, or what somebody tells of latents.
//!
//! The latent distance is the published choice and needs nothing but pictures. Where a model can
//! tell the logged state, distances can instead be counted in the tolerances within which people
//! would call the goal reached: twenty pixels and twenty degrees then weigh the same.

use crate::{Consistency, Doubt};
use serde::{Deserialize, Serialize};
use terrella_core::{Dynamics, EnvSpec, Error, Imagined, Objective, Result, Table, wrapped};

/// Which moments of a rollout count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// Share of the nearest moment in the cost; the rest belongs to the last one. A goal that is
    /// touched on the way counts as reached, but a plan should not live on a moment the model
    /// may have imagined.
    pub nearest: f32,
}

impl Default for Timing {
    fn default() -> Self {
        Self { nearest: 0.5 }
    }
}

/// Distance to one of several goals, per rollout row.
pub struct Distance<'a, D> {
    dynamics: &'a D,
    target: Target<'a>,
    timing: Timing,
    consistency: Option<Consistency<'a>>,
    doubt: Option<Doubt>,
}

/// What somebody tells of latents and their goals, a number a row.
type Told<'a> = Box<dyn Fn(&Table, &Table) -> Vec<f32> + 'a>;

enum Target<'a> {
    Latent(Table),
    Told { goals: Table, told: Told<'a> },
    State { goals: Table, tolerance: Vec<f32>, angles: Vec<usize> },
}

impl<'a, D: Dynamics> Distance<'a, D> {
    /// Squared distance between latents, averaged over their dimensions; a goal a row.
    pub fn latent(dynamics: &'a D, goals: Table, timing: Timing) -> Self {
        Self { dynamics, target: Target::Latent(goals), timing, consistency: None, doubt: None }
    }

    /// What is told of latents and those of their goals, such as the steps that it takes; a goal a row.
    pub fn told(dynamics: &'a D, goals: Table, told: impl Fn(&Table, &Table) -> Vec<f32> + 'a, timing: Timing) -> Self {
        Self { dynamics, target: Target::Told { goals, told: Box::new(told) }, timing, consistency: None, doubt: None }
    }

    /// Squared distance between believed states, each number divided by its tolerance; a goal a row.
    ///
    /// # Errors
    /// If the model cannot tell states, or widths differ.
    pub fn state(
        dynamics: &'a D,
        state: &D::State,
        goals: Table,
        tolerance: Vec<f32>,
        spec: &EnvSpec,
        timing: Timing,
    ) -> Result<Self> {
        let told = dynamics.believe(state).ok_or_else(|| {
            Error::Invalid(
                "the model cannot tell states; train it with model.readout = true, or plan with the latent distance"
                    .to_owned(),
            )
        })?;
        Error::check("goal state", told.width, goals.width)?;
        Error::check("tolerances", told.width, tolerance.len())?;
        let target = Target::State { goals, tolerance, angles: spec.angles() };
        Ok(Self { dynamics, target, timing, consistency: None, doubt: None })
    }

    /// The same, where plans that an inverse model does not believe cost more.
    #[must_use]
    pub fn with_consistency(self, consistency: Consistency<'a>) -> Self {
        Self { consistency: Some(consistency), ..self }
    }

    /// The same, where plans cost more that lead where the model is in doubt, or are not done; `probe` is any state of it.
    ///
    /// # Errors
    /// If the model tells no doubts.
    pub fn with_doubt(self, doubt: Doubt, probe: &D::State) -> Result<Self> {
        doubt.check(self.dynamics, probe)?;
        Ok(Self { doubt: Some(doubt), ..self })
    }

    /// Distances of one moment.
    fn at(&self, state: &D::State, goals: &[usize]) -> Vec<f32> {
        match &self.target {
            Target::Latent(all) => {
                let square = |(row, goal): (&[f32], &usize)| {
                    row.iter().zip(all.row(*goal)).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / all.width as f32
                };
                self.dynamics.latents(state).rows().zip(goals).map(square).collect()
            }
            Target::Told { goals: all, told } => {
                let each = goals.iter().flat_map(|goal| all.row(*goal).iter().copied()).collect();
                told(&self.dynamics.latents(state), &Table::from_data(all.width, each))
            }
            Target::State { goals: all, tolerance, angles } => {
                // `Distance::state` has seen that the model tells states.
                let told = self.dynamics.believe(state).unwrap_or_default();
                let square = |(row, goal): (&[f32], &usize)| {
                    let goal = all.row(*goal);
                    (0..goal.len())
                        .map(|i| {
                            let difference = row[i] - goal[i];
                            let difference = if angles.contains(&i) { wrapped(difference) } else { difference };
                            (difference / tolerance[i]).powi(2)
                        })
                        .sum()
                };
                told.rows().zip(goals).map(square).collect()
            }
        }
    }
}

impl<D: Dynamics> Objective<D::State> for Distance<'_, D> {
    fn cost(&self, imagined: &Imagined<'_, D::State>) -> Vec<f32> {
        let Some((last, before)) = imagined.rollout.split_last() else { return Vec::new() };
        let mut costs = self.at(last, imagined.goals);
        if self.timing.nearest > 0.0 {
            let mut nearest = costs.clone();
            for state in before {
                nearest.iter_mut().zip(self.at(state, imagined.goals)).for_each(|(n, d)| *n = n.min(d));
            }
            let share = self.timing.nearest;
            costs.iter_mut().zip(nearest).for_each(|(cost, n)| *cost = (1.0 - share) * *cost + share * n);
        }
        if let Some(consistency) = &self.consistency {
            let factors = consistency.factors(self.dynamics, imagined);
            costs.iter_mut().zip(factors).for_each(|(cost, factor)| *cost *= factor);
        }
        if let Some(doubt) = self.doubt {
            doubt.add(self.dynamics, imagined, &mut costs);
        }
        costs
    }
}
