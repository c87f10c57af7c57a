//! The true equations as a simulator: what a planner would do if it knew the world.
//!
//! A state is a batch of copies of the world. Planning in it gives the ceiling of a planner, and
//! demonstrations. A world that has ended keeps its state and brings no more reward.

use terrella_core::{Acts, AnySim, Dynamics, Error, Image, Observation, Result, Sim, Space, Table};

/// A world with rewards as a [`Dynamics`] of its states.
#[derive(Clone, Debug)]
pub struct ExactSim {
    world: AnySim,
}

/// Copies of the world, and what the last step brought to each.
#[derive(Clone, Debug)]
pub struct Copies {
    worlds: Vec<AnySim>,
    /// Rewards and ends of the last step; nothing before the first.
    last: Option<[Vec<f32>; 2]>,
}

impl ExactSim {
    /// The simulator of this world.
    pub fn new(world: AnySim) -> Self {
        Self { world }
    }

    /// The box that planners search in.
    pub fn space(&self) -> Space {
        self.world.spec().actions.space()
    }
}

impl Dynamics for ExactSim {
    type State = Copies;

    fn block_width(&self) -> usize {
        self.world.spec().actions.width()
    }

    fn observe(&self, observations: &[Observation]) -> Result<Copies> {
        let world = |seen: &Observation| {
            Error::check("state size", self.world.spec().state.len(), seen.state.len())?;
            let mut world = self.world.clone();
            world.set_state(&seen.state.iter().map(|x| f64::from(*x)).collect::<Vec<_>>())?;
            Ok(world)
        };
        Ok(Copies { worlds: observations.iter().map(world).collect::<Result<_>>()?, last: None })
    }

    fn take(&self, state: &Copies, rows: &[usize]) -> Copies {
        let some = |x: &Vec<f32>| rows.iter().map(|&row| x[row]).collect();
        let last = state.last.as_ref().map(|[reward, ended]| [some(reward), some(ended)]);
        Copies { worlds: rows.iter().map(|&row| state.worlds[row].clone()).collect(), last }
    }

    fn step(&self, state: &Copies, acts: Acts<'_>) -> Copies {
        let mut worlds = state.worlds.clone();
        let (mut reward, mut ended) = (vec![0.0; worlds.len()], vec![0.0; worlds.len()]);
        let over = state.last.as_ref().map(|[_, ended]| ended);
        for (row, (world, action)) in worlds.iter_mut().zip(acts.blocks.chunks(self.block_width())).enumerate() {
            if over.is_some_and(|over| over[row] > 0.0) {
                ended[row] = 1.0;
                continue;
            }
            let step = world.step(action);
            (reward[row], ended[row]) = (step.reward as f32, f32::from(u8::from(step.terminated)));
        }
        Copies { worlds, last: Some([reward, ended]) }
    }

    fn latents(&self, state: &Copies) -> Table {
        let mut table = Table::new(self.world.spec().state.len());
        for world in &state.worlds {
            table.push(&world.state().iter().map(|x| *x as f32).collect::<Vec<_>>());
        }
        table
    }

    fn read(&self, state: &Copies) -> Option<Table> {
        Some(self.latents(state))
    }

    /// Equations do not disagree.
    fn doubts(&self, state: &Copies) -> Option<Table> {
        let width = self.world.spec().state.len();
        state.last.as_ref().map(|_| Table { width, data: vec![0.0; width * state.worlds.len()] })
    }

    fn reward(&self, state: &Copies) -> Option<Vec<f32>> {
        state.last.as_ref().map(|[reward, _]| reward.clone())
    }

    fn ended(&self, state: &Copies) -> Option<Vec<f32>> {
        state.last.as_ref().map(|[_, ended]| ended.clone())
    }

    fn draw(&self, _: &Copies) -> Option<Vec<Image>> {
        None
    }
}
