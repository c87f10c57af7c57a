//! The list of worlds: one entry each, found by name.

use crate::error::{Error, Result};
use crate::policy::RandomPolicy;
use crate::sim::{self, entry};
use crate::world::{BoxedPolicy, World};
use crate::{Acrobot, CartPoleSwingUp, MountainCar, Pendulum, Reacher, balls, pusht, tworoom};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use terrella_core::{AnySim, GoalWorld, Sim};

const WORLDS: &[World] = &[
    pusht::WORLD,
    tworoom::WORLD,
    balls::WORLD,
    entry::<Pendulum>("pendulum", "a weak motor swings a rod up and holds it (Pendulum-v1; 20 Hz)"),
    sim::cart_pole::WORLD,
    entry::<Acrobot>("acrobot", "a motor in the elbow swings two links up (Acrobot-v1; 5 Hz)"),
    entry::<MountainCar>("mountain_car", "a weak car rocks itself up a hill (MountainCarContinuous-v0)"),
    entry::<CartPoleSwingUp>(
        "cart_pole_swing_up",
        "a cart between buffers swings its hanging pole up and holds it there (25 Hz)",
    ),
    sim::double_pendulum::WORLD,
    entry::<Reacher>("reacher", "an arm of two links brings its tip to a target (50 Hz)"),
];

/// All worlds.
pub fn registry() -> &'static [World] {
    WORLDS
}

/// The worlds with rewards: those that have no goals to reach.
pub fn sims() -> impl Iterator<Item = &'static World> {
    WORLDS.iter().filter(|entry| entry.with_defaults().is_ok_and(|world| world.goals().is_none()))
}

/// Builds a world from its name and its options as JSON (`null` for the defaults).
///
/// # Errors
/// If there is no such world, or the options are not understood.
pub fn make(id: &str, options: &Value) -> Result<AnySim> {
    (find(id)?.make)(options)
}

/// Builds a world that has goals to reach.
///
/// # Errors
/// As [`make`], or if it has none.
pub fn make_env(id: &str, options: &Value) -> Result<Box<dyn GoalWorld>> {
    let world = make(id, options)?;
    world.goals().map(GoalWorld::boxed_clone).ok_or_else(|| {
        let makes = |w: &&World| (w.make)(&Value::Null).is_ok_and(|world| world.goals().is_some());
        let known: Vec<&str> = WORLDS.iter().filter(makes).map(|w| w.id).collect();
        Error::NoGoals { id: id.to_owned(), known: known.join(", ") }
    })
}

/// A scripted policy that does the task of a world with these options.
///
/// # Errors
/// As [`make`], or if nobody scripted one.
pub fn demonstrator(id: &str, options: &Value) -> Result<BoxedPolicy> {
    (find(id)?.demonstrator)(options)
}

/// How a policy without aim explores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exploring {
    /// As the world has it: wandering, or uniform actions.
    #[default]
    Wander,
    /// Uniform actions.
    Random,
    /// It seeks contacts that it has not had, where a world has any to seek.
    Contacts,
}

/// A policy without aim that still sees much of a world.
///
/// # Errors
/// As [`make`], or if nobody scripted one that explores like that.
pub fn explorer(id: &str, options: &Value, how: Exploring) -> Result<BoxedPolicy> {
    let world = find(id)?;
    match (how, world.seeker) {
        (Exploring::Wander, _) => (world.explorer)(options),
        (Exploring::Random, _) => Ok(Box::new(RandomPolicy::new((world.make)(options)?.spec().actions.clone()))),
        (Exploring::Contacts, Some(seeker)) => seeker(options),
        (Exploring::Contacts, None) => {
            let known: Vec<&str> = WORLDS.iter().filter(|w| w.seeker.is_some()).map(|w| w.id).collect();
            Err(Error::NoContacts { id: id.to_owned(), known: known.join(", ") })
        }
    }
}

fn find(id: &str) -> Result<&'static World> {
    WORLDS.iter().find(|w| w.id == id).ok_or_else(|| {
        let known: Vec<&str> = WORLDS.iter().map(|w| w.id).collect();
        // Percent of a name's letters: their number alone would favour long names.
        let share = |name: &str| 100 * name.chars().filter(|c| id.to_lowercase().contains(*c)).count() / name.len();
        let nearest = known.iter().copied().max_by_key(|k| share(k)).filter(|k| share(k) >= 66);
        Error::UnknownWorld { id: id.to_owned(), known: known.join(", "), nearest }
    })
}
