//! The most reward as an aim: the cost of a rollout is what it does not bring.

use crate::Doubt;
use terrella_core::{Acts, Dynamics, Error, Imagined, Objective, Result};

/// `−Σ γᵏ rₖ Πⱼ₍ⱼ₌₀…ₖ₋₁₎ (1 − eⱼ)`: rewards `r` along a rollout, discounted by γ a block, each as likely as the task
/// has not ended before, where the model tells how probable ends `e` are.
pub struct Return<'a, D> {
    dynamics: &'a D,
    discount: f32,
    doubt: Option<Doubt>,
}

impl<D> Clone for Return<'_, D> {
    fn clone(&self) -> Self {
        Self { dynamics: self.dynamics, discount: self.discount, doubt: self.doubt }
    }
}

impl<'a, D: Dynamics> Return<'a, D> {
    /// The return as a model foretells it; `probe` is any state of it.
    ///
    /// # Errors
    /// If the model tells no rewards, or the discount is not in `(0, 1]`.
    pub fn new(dynamics: &'a D, probe: &D::State, discount: f32) -> Result<Self> {
        if !(discount > 0.0 && discount <= 1.0) {
            return Err(Error::Invalid(format!("discount is {discount}; use a number above 0 and up to 1")));
        }
        let rows = dynamics.latents(probe).len();
        let next = dynamics.step(probe, Acts::of(&vec![0.0; rows * dynamics.block_width()]));
        if dynamics.reward(&next).is_none() {
            return Err(Error::Invalid(
                "the model foretells no rewards, so there is nothing to plan for; train it on recordings with rewards"
                    .to_owned(),
            ));
        }
        Ok(Self { dynamics, discount, doubt: None })
    }

    /// The same, where plans cost more that lead where the model is in doubt, or are not done; `probe` is any state of it.
    ///
    /// # Errors
    /// If the model tells no doubts.
    pub fn with_doubt(self, doubt: Doubt, probe: &D::State) -> Result<Self> {
        doubt.check(self.dynamics, probe)?;
        Ok(Self { doubt: Some(doubt), ..self })
    }
}

impl<D: Dynamics> Objective<D::State> for Return<'_, D> {
    fn cost(&self, imagined: &Imagined<'_, D::State>) -> Vec<f32> {
        let mut cost: Vec<f32> = Vec::new();
        let mut weight: Vec<f32> = Vec::new();
        for state in imagined.rollout {
            // `Return::new` has seen that the model tells rewards after a step.
            let reward = self.dynamics.reward(state).unwrap_or_default();
            cost.resize(reward.len(), 0.0);
            weight.resize(reward.len(), 1.0);
            cost.iter_mut().zip(&weight).zip(&reward).for_each(|((c, w), r)| *c -= w * r);
            weight.iter_mut().for_each(|w| *w *= self.discount);
            if let Some(ended) = self.dynamics.ended(state) {
                weight.iter_mut().zip(ended).for_each(|(w, e)| *w *= 1.0 - e);
            }
        }
        if let Some(doubt) = self.doubt {
            doubt.add(self.dynamics, imagined, &mut cost);
        }
        cost
    }
}
