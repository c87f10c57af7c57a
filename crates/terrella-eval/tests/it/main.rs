//! The whole protocol in a toy world whose dynamics are known exactly.

mod change;
mod doubt;
mod floors;
mod protocol;
mod report;
mod returns;
mod rollout;
#[path = "../../../terrella-agent/tests/it/toy.rs"]
mod toy;
mod trust;

use terrella_agent::*;
use terrella_core::*;
use terrella_eval::*;
use toy::{Counting, Exact, Reach, Rolling, Staring};

/// What the toy's model is shown.
const VIEW: View = View { picture: None, state: true };

/// Plans in the toy world with a model that may be wrong.
fn planner<'a>(dynamics: &'a Exact, wall: bool, config: &PlannerConfig) -> MpcPolicy<'a, Exact, Reach> {
    let aim = |goals: &[Goal]| Ok(Aim { objective: Reach::of(goals), propose: None });
    let rule = PriorRule::HoldLast { std: vec![12.0, 12.0], growth: 0.5 };
    let planner = config.build(2).expect("a good planner");
    MpcPolicy::new(dynamics, Rolling::new(wall).space(), planner, (MpcConfig::default(), rule), aim)
        .expect("a good policy")
        .with_start_action(|balls: &Vec<toy::Ball>| {
            Some(Table::from_data(2, balls.iter().flat_map(|ball| ball[..2].to_vec()).collect()))
        })
}

/// Keeps the ball where it is: its own position is the target.
fn hold(state: &[f32]) -> Vec<f32> {
    state[..2].to_vec()
}

fn provenance() -> Provenance {
    Provenance {
        split: "30 % by episode, seed 0".to_owned(),
        command: "cargo test -p terrella-eval".to_owned(),
        commit: "working tree".to_owned(),
        told: vec!["The clock: 25 steps, as the demonstrator <took>.".to_owned()],
        machine: format!("{} cores", std::thread::available_parallelism().map_or(1, usize::from)),
    }
}
