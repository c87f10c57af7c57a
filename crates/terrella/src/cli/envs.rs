//! `terrella envs`.

use crate::out;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use terrella_core::Sim;

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
            return worlds.iter().try_for_each(|world| out::line(&format!("{:18} {}", world.id, world.about)));
        }
        let specs = worlds.iter().map(|world| {
            let env = terrella_env::make(world.id, &Value::Null)?;
            Ok(json!({ "id": world.id, "about": world.about, "spec": env.spec() }))
        });
        out::json(&specs.collect::<Result<Vec<_>>>()?)
    }
}
