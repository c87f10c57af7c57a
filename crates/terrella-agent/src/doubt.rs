//! Plans that lead where those who foretell disagree: they cost more, or are not done.
//!
//! A search finds what flatters the model that it searches in, and where nothing was learned there is most to find. An ensemble says
//! where that is: its members disagree. Their disagreement as a cost is the penalty of MOPO (Yu et al. 2020, arXiv:2005.13239); as a
//! bound on all that is imagined it is a constraint. Each plan is judged by its own rollout, and only plans of one problem compete,
//! so that no answer depends on what else is planned at the time.

use std::collections::BTreeMap;
use terrella_core::{Acts, Dynamics, Error, Imagined, Result};

/// What a plan costs that is beyond the bound where all of its rivals are, at the bound itself: more than any that is not.
pub(crate) const BEYOND: f32 = 1e20;

/// What disagreement is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    weight: f32,
    most: Option<f32>,
}

impl Doubt {
    /// A plan costs so much more for each unit of the disagreement that is imagined in the mean of its blocks (see
    /// [`Dynamics::doubts`]; the root mean square over the numbers of the state), and is not done if any block has more than `most`,
    /// unless that is so of all plans there are: then the least doubtful is. Where both are 0, nothing is asked.
    ///
    /// # Errors
    /// If a number is negative or not finite.
    pub fn new(weight: f32, most: f32) -> Result<Option<Self>> {
        for (name, x) in [("cost.doubt", weight), ("cost.doubt_most", most)] {
            if !(x.is_finite() && x >= 0.0) {
                return Err(Error::Invalid(format!("{name} is {x}; use a number of at least 0, which asks nothing")));
            }
        }
        let most = (most > 0.0).then_some(most);
        Ok((weight > 0.0 || most.is_some()).then_some(Self { weight, most }))
    }

    /// Fails unless a model tells how far it is in doubt; `probe` is any state of it.
    ///
    /// # Errors
    /// As said.
    pub fn check<D: Dynamics>(self, dynamics: &D, probe: &D::State) -> Result<()> {
        let rows = dynamics.latents(probe).len();
        let next = dynamics.step(probe, Acts::of(&vec![0.0; rows * dynamics.block_width()]));
        match dynamics.doubts(&next) {
            Some(_) => Ok(()),
            None => Err(Error::Invalid(
                "cost.doubt and cost.doubt_most ask how far several networks disagree, and this model is one; train an ensemble of several (--set model.kind=ensemble), or leave both at 0".to_owned(),
            )),
        }
    }

    /// Adds to the costs of some plans what their doubts cost.
    pub(crate) fn add<D: Dynamics>(self, dynamics: &D, imagined: &Imagined<'_, D::State>, costs: &mut [f32]) {
        let (mut mean, mut worst) = (vec![0.0f32; costs.len()], vec![0.0f32; costs.len()]);
        let blocks = imagined.rollout.len() as f32;
        for state in imagined.rollout {
            // `check` has seen that the model tells doubts after a step.
            let told = dynamics.doubts(state).unwrap_or_default();
            for ((mean, worst), row) in mean.iter_mut().zip(&mut worst).zip(told.rows()) {
                let doubt = overall(row);
                *mean += doubt / blocks;
                *worst = worst.max(doubt);
            }
        }
        if self.weight > 0.0 {
            costs.iter_mut().zip(&mean).for_each(|(cost, doubt)| *cost += self.weight * doubt);
        }
        let Some(most) = self.most else { return };
        // Plans of one problem begin in one row.
        let mut allowed: BTreeMap<usize, bool> = BTreeMap::new();
        for (row, worst) in imagined.rows.iter().zip(&worst) {
            *allowed.entry(*row).or_default() |= *worst <= most;
        }
        for ((cost, worst), row) in costs.iter_mut().zip(&worst).zip(imagined.rows) {
            if *worst > most {
                // Before anything allowed was found the search goes to where doubts are least.
                *cost = if allowed[row] { f32::INFINITY } else { BEYOND * (worst / most).min(1e10) };
            }
        }
    }
}

/// The doubt about a state, of those about its numbers: endless where one is no number.
fn overall(doubts: &[f32]) -> f32 {
    let square = doubts.iter().map(|doubt| doubt * doubt).sum::<f32>() / doubts.len().max(1) as f32;
    if square.is_nan() { f32::INFINITY } else { square.sqrt() }
}
