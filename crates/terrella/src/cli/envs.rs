//! `terrella envs`.

use crate::out;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) fn run(self) -> Result<()> {
        let worlds = terrella_env::registry();
        if !self.json {
            let goals = worlds.iter().map(|world| (world.id, world.about));
            let rewards = terrella_env::sims().iter().map(|world| (world.id, world.about));
            return goals.chain(rewards).try_for_each(|(id, about)| out::line(&format!("{id:18} {about}")));
        }
        let specs = worlds.iter().map(|world| {
            let env = terrella_env::make(world.id, &Value::Null)?;
            Ok(json!({ "id": world.id, "about": world.about, "spec": env.spec() }))
        });
        let rewards = terrella_env::sims().iter().map(|world| Ok(json!({ "id": world.id, "about": world.about })));
        out::json(&specs.chain(rewards).collect::<Result<Vec<_>>>()?)
    }
}
