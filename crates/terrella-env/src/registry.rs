//! The list of worlds: one entry each, found by name.

use crate::error::{Error, Result};
use crate::policy::{PushDemonstrator, PushStyle, RandomPolicy, RoomDemonstrator, Wander};
use crate::pusht::ActionKind;
use crate::{Balls, BallsOptions, PushT, PushTOptions, TwoRoom, TwoRoomOptions, balls, pusht, tworoom};
use serde::de::DeserializeOwned;
use serde_json::Value;
use terrella_core::{Env, Policy};

/// A policy that can be sent to a thread.
pub type BoxedPolicy = Box<dyn Policy + Send>;

/// An entry of the registry.
#[derive(Debug)]
pub struct World {
    /// Its name.
    pub id: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    make: fn(&Value) -> Result<Box<dyn Env>>,
    demonstrator: fn(&Value) -> Result<BoxedPolicy>,
    explorer: fn(&Value) -> Result<BoxedPolicy>,
}

const WORLDS: &[World] = &[
    World {
        id: pusht::ID,
        about: "a disc pushes a T into a pose (gym-pusht 0.1.8; 512 px, 10 Hz)",
        make: |options| Ok(Box::new(PushT::new(read(pusht::ID, options)?)?)),
        demonstrator: |options| {
            let world = PushT::new(read::<PushTOptions>(pusht::ID, options)?)?;
            Ok(Box::new(PushDemonstrator::new(world, PushStyle::default())))
        },
        explorer: |options| {
            let world = PushT::new(read::<PushTOptions>(pusht::ID, options)?)?;
            let relative = world.options().action == ActionKind::Relative;
            Ok(Box::new(Wander::new(world.spec().action.clone(), relative)))
        },
    },
    World {
        id: tworoom::ID,
        about: "a disc walks through the door between two rooms (224 px, 10 Hz)",
        make: |options| Ok(Box::new(TwoRoom::new(read(tworoom::ID, options)?)?)),
        demonstrator: |options| {
            let world = TwoRoom::new(read::<TwoRoomOptions>(tworoom::ID, options)?)?;
            Ok(Box::new(RoomDemonstrator::new(world.options().clone())))
        },
        explorer: |options| uniform(&TwoRoom::new(read(tworoom::ID, options)?)?),
    },
    World {
        id: balls::ID,
        about: "balls bounce in a box under gravity, partly hidden (256 px, 20 Hz)",
        make: |options| Ok(Box::new(Balls::new(read(balls::ID, options)?)?)),
        // Nothing is to be achieved here: random pushes are the demonstration.
        demonstrator: |options| uniform(&Balls::new(read::<BallsOptions>(balls::ID, options)?)?),
        explorer: |options| uniform(&Balls::new(read(balls::ID, options)?)?),
    },
];

/// All worlds.
pub fn registry() -> &'static [World] {
    WORLDS
}

/// Builds a world from its name and its options as JSON (`null` for the defaults).
///
/// # Errors
/// If there is no such world, or the options are not understood.
pub fn make(id: &str, options: &Value) -> Result<Box<dyn Env>> {
    (find(id)?.make)(options)
}

/// A scripted policy that does the task of a world with these options.
///
/// # Errors
/// As [`make`].
pub fn demonstrator(id: &str, options: &Value) -> Result<BoxedPolicy> {
    (find(id)?.demonstrator)(options)
}

/// A policy without aim that still sees much of a world: wandering about the T, uniform elsewhere.
///
/// # Errors
/// As [`make`].
pub fn explorer(id: &str, options: &Value) -> Result<BoxedPolicy> {
    (find(id)?.explorer)(options)
}

fn uniform(env: &dyn Env) -> Result<BoxedPolicy> {
    Ok(Box::new(RandomPolicy::new(env.spec().action.clone())))
}

fn find(id: &str) -> Result<&'static World> {
    WORLDS.iter().find(|w| w.id == id).ok_or_else(|| {
        let known: Vec<&str> = WORLDS.iter().map(|w| w.id).collect();
        let shared = |name: &str| name.chars().filter(|c| id.to_lowercase().contains(*c)).count();
        let nearest = known.iter().copied().max_by_key(|k| shared(k)).filter(|k| 3 * shared(k) >= 2 * k.len());
        Error::UnknownWorld { id: id.to_owned(), known: known.join(", "), nearest }
    })
}

/// Options as JSON; serde's message names the keys that would do.
fn read<T: DeserializeOwned + Default>(id: &'static str, options: &Value) -> Result<T> {
    if options.is_null() {
        return Ok(T::default());
    }
    T::deserialize(options).map_err(|e| Error::Options { id, reason: e.to_string() })
}
