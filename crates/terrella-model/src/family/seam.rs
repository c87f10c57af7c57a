//! The seam that every family of models goes through: configuration → network → loss → world.
//!
//! A [`Family`] is what a settings file says about a model. It knows which data it wants, makes the
//! network, computes the gradient of a batch and wraps the trained network for use; schedule, clipping,
//! resume and checkpoints are [`crate::Trainer`]'s, once for all. What only some families can do has a
//! default that says "cannot".

use crate::interface::Interface;
use crate::learned_parameter::LearnedParameter;
use crate::losses::{LossChart, Losses};
use crate::things::Gaze;
use crate::train_config::TrainConfig;
use crate::{Error, Result};
use crate::{Symmetry, Views};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::prelude::*;
use std::sync::Arc;
use terrella_core::{Acts, Batch, Dynamics, Key, Observation, Signature, Table, Window};

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
pub trait Family: Clone + Default + Send + Sync + 'static {
    /// Everything that is trained.
    type Net: Module;
    /// What turning batches into gradients needs beside the network, made once.
    type Tools;
    /// Losses of one step, not yet read back.
    type Scores;
    /// A trained network with all that is needed to ask it in the units of the log.
    type World: Dynamics<State: Send + Sync + 'static> + Send + Sync + 'static;

    /// The same with nothing left to defaults, as it is frozen into a checkpoint.
    #[must_use]
    fn resolved(self) -> Self;

    /// Fails where its numbers do not go together.
    ///
    /// # Errors
    /// With the numbers, and what would do.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Fails where it does not go with the recordings that it is to learn from.
    ///
    /// # Errors
    /// With what does not fit, and what would.
    fn fits(&self, about: &Interface) -> Result<()> {
        let _ = about;
        Ok(())
    }

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

    /// The charts of its losses on that page; without, there is one of the total.
    fn charts(&self) -> &'static [LossChart] {
        &[]
    }

    /// The parameters of its equations, as a trained world has them; none where it knows no equations.
    fn parameters(world: &Self::World) -> Vec<LearnedParameter> {
        let _ = world;
        Vec::new()
    }

    /// Whether pictures are what it foretells, and what it is judged by.
    fn paints(&self) -> bool {
        false
    }

    /// Width of its latents, if heads can be learned on them: an amortised planner, a picture decoder, a
    /// linear probe. They should be of about unit deviation, whatever the units of the log.
    fn latent(&self) -> Option<usize> {
        None
    }

    /// What heads on its latents are taught from, if not from what it is shown when it acts.
    fn teaching(&self) -> Wants {
        self.wants()
    }

    /// The states of recorded rows as heads are taught by them.
    ///
    /// # Errors
    /// If an observation lacks what [`Self::teaching`] says.
    fn taught(world: &Self::World, observations: &[Observation]) -> terrella_core::Result<StateOf<Self>> {
        world.observe(observations)
    }

    /// Whether it learns from turned clips, too, where the world has a symmetry
    /// ([`TrainConfig::symmetry`]).
    fn turns(&self) -> bool {
        false
    }

    /// The same world, which looks at everything from the sides of a symmetry, if it can.
    fn around(world: &Self::World, symmetry: &Symmetry, views: Views) -> Option<Self::World> {
        let _ = (world, symmetry, views);
        None
    }

    /// The same world, which looks a second time where it reads places of things off pictures, or no longer, if it reads any.
    fn sharpened(world: &Self::World, gaze: Option<&Arc<Gaze>>) -> Option<Self::World> {
        let _ = (world, gaze);
        None
    }

    /// Lets somebody act on latents for `horizon` blocks, once for each of these rows of `start` with the goal
    /// in the same place of the rows of `goal`; answers with what is done in each. A world that looks from
    /// several sides asks for each side, and does the average.
    fn follow(
        world: &Self::World,
        [start, goal]: [(&StateOf<Self>, &[usize]); 2],
        horizon: usize,
        act: &mut OnLatents<'_>,
    ) -> Vec<Table> {
        let goal = world.latents(&world.take(goal.0, goal.1));
        let start = (world.take(start.0, start.1), start.1.len());
        follow(world, start, horizon, |k, state| act(k, &world.latents(state), &goal))
    }
}

/// A batch of states of a family's world.
pub type StateOf<F> = <<F as Family>::World as Dynamics>::State;

/// Somebody who acts on latents: told the number of the block, where things are and where they should be,
/// `[rows, latent]` each, answers with an action block a row in the units of the log.
pub type OnLatents<'a> = dyn FnMut(usize, &Table, &Table) -> Vec<f32> + 'a;

/// Block after block, what `act` does in these `n` states.
pub(crate) fn follow<D: Dynamics>(
    world: &D,
    (start, n): (D::State, usize),
    horizon: usize,
    mut act: impl FnMut(usize, &D::State) -> Vec<f32>,
) -> Vec<Table> {
    let width = world.block_width();
    let mut plans = vec![Table::new(width); n];
    let mut state = start;
    for k in 0..horizon {
        let blocks = act(k, &state);
        plans.iter_mut().zip(blocks.chunks(width)).for_each(|(plan, block)| plan.push(block));
        if k + 1 < horizon {
            state = world.step(&state, Acts::of(&blocks));
        }
    }
    plans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named_with_what_is_there() {
        let data = Signature { state: vec!["x".into()], action: vec!["u".into()], ..Signature::default() };
        let told = Wants { picture: Some(96), state: false }.check(&data).expect_err("no pictures").to_string();
        assert!(told.contains("pictures") && told.contains("(x)"), "{told}");
        assert!(Wants { picture: None, state: true }.check(&data).is_ok(), "a state is there");
    }
}
