//! Steps worlds with rewards for a judge: each line in is `{"id", "state", "actions"}`, each line
//! out holds the states, observations, rewards and both kinds of end that followed.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use terrella_core::Sim;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in std::io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let mut world = terrella_env::make(line["id"].as_str().unwrap_or_default(), &Value::Null)?;
        world.set_state(&serde_json::from_value::<Vec<f64>>(line["state"].clone())?)?;
        let actions: Vec<Vec<f32>> = serde_json::from_value(line["actions"].clone())?;
        let steps = actions.iter().map(|action| {
            let step = world.step(action);
            json!([world.state(), world.observe(), step.reward, step.terminated, step.truncated])
        });
        writeln!(std::io::stdout(), "{}", steps.collect::<Value>())?;
    }
    Ok(())
}
