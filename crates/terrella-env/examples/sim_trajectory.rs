//! Steps worlds with rewards for a judge: each line in is `{"id", "state", "actions"}`, each line
//! out holds the states, observations, rewards and terminations that followed.

use serde_json::{Value, json};
use std::io::{BufRead, Write};
use terrella_core::Sim;
use terrella_env::{CartPole, Pendulum};

fn run(mut world: impl Sim, line: &Value) -> Result<Value, Box<dyn std::error::Error>> {
    world.set_state(&serde_json::from_value::<Vec<f64>>(line["state"].clone())?)?;
    let actions: Vec<Vec<f32>> = serde_json::from_value(line["actions"].clone())?;
    let steps = actions.iter().map(|action| {
        let step = world.step(action);
        json!([world.state(), world.observe(), step.reward, step.terminated])
    });
    Ok(steps.collect())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in std::io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let steps = match line["id"].as_str() {
            Some("pendulum") => run(Pendulum::default(), &line)?,
            Some("cart_pole") => run(CartPole::default(), &line)?,
            other => return Err(format!("no world {other:?}").into()),
        };
        writeln!(std::io::stdout(), "{steps}")?;
    }
    Ok(())
}
