//! Runs the PushT demonstrator from random resets and prints JSON: success, speed, smoothness.
//!
//! Arguments: episodes (default 100), steps an episode (default 300).

use std::io::Write;
use std::time::Instant;
use terrella_core::{Goal, Key, Observation, RowPolicy, Rule, Sim, Task};
use terrella_env::pusht::{PushDemonstrator, PushStyle};
use terrella_env::{PushT, PushTOptions, angle_difference, pusht::GOAL};

fn percentiles(mut x: Vec<f64>) -> serde_json::Value {
    x.sort_by(f64::total_cmp);
    let at = |p: f64| (x[((x.len() - 1) as f64 * p) as usize] * 100.0).round() / 100.0;
    serde_json::json!({"p5": at(0.05), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99)})
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |n: usize, default: usize| std::env::args().nth(n).map_or(Ok(default), |a| a.parse());
    let (episodes, steps) = (argument(1, 100)?, argument(2, 300)?);
    let mut world = PushT::new(PushTOptions::default())?;
    let mut demonstrator = PushDemonstrator::new(PushT::new(PushTOptions::default())?, PushStyle::default());
    let goal_row = vec![200.0, 310.0, GOAL[0] as f32, GOAL[1] as f32, GOAL[2] as f32];
    let goal = Goal { observation: Observation { image: None, state: goal_row.clone() }, steps: 0 };
    let (mut placed_at, mut errors) = (Vec::new(), Vec::new());
    let (mut reached, mut strict) = (0, 0);
    let (mut lead, mut change, mut pace) = (Vec::new(), Vec::new(), Vec::new());
    let mut total = 0;
    let start = Instant::now();
    for episode in 0..episodes {
        world.reset(episode as u64);
        demonstrator.begin(&goal, Key::new(7).at(episode as u64))?;
        let mut placed = None;
        let mut full = false;
        let mut last: Option<Vec<f32>> = None;
        for step in 0..steps {
            let state = world.logged();
            let action = demonstrator.act(&Observation { image: None, state: state.clone() })?;
            world.step(&action);
            total += 1;
            let after = world.logged();
            let gap = |a: &[f32], b: &[f32]| f64::from(a[0] - b[0]).hypot(f64::from(a[1] - b[1]));
            lead.push(gap(&action, &state));
            pace.push(gap(&after, &state));
            if let Some(last) = last.replace(action.clone()) {
                change.push(gap(&action, &last));
            }
            let [_, _, x, y, angle] = world.state_exact();
            let near = (x - GOAL[0]).hypot(y - GOAL[1]) < 20.0;
            let turned = angle_difference(angle, GOAL[2]).abs() < 20_f64.to_radians();
            if near && turned {
                placed.get_or_insert(step);
            }
            full |= world.reached(Rule::Moderate, &after, &goal_row);
        }
        let [_, _, x, y, angle] = world.state_exact();
        errors.push((x - GOAL[0]).hypot(y - GOAL[1]) + angle_difference(angle, GOAL[2]).abs().to_degrees());
        strict += usize::from(world.reached(Rule::Strict, &world.logged(), &goal_row));
        reached += usize::from(full);
        placed_at.extend(placed.map(|p| p as f64));
    }
    let seconds = start.elapsed().as_secs_f64();
    let report = serde_json::json!({
        "episodes": episodes, "steps": steps,
        "placed_within_20px_20deg": placed_at.len() as f64 / episodes as f64,
        "placed_within_120_steps": placed_at.iter().filter(|p| **p < 120.0).count() as f64 / episodes as f64,
        "placed_at_step": percentiles(placed_at),
        "moderate_with_agent": reached as f64 / episodes as f64,
        "strict_at_the_end": strict as f64 / episodes as f64,
        "final_px_plus_deg": percentiles(errors),
        "target_lead_px": percentiles(lead), "target_change_px": percentiles(change), "agent_px_a_step": percentiles(pace),
        "steps_per_s": total as f64 / seconds,
    });
    writeln!(std::io::stdout(), "{report:#}")?;
    Ok(())
}
