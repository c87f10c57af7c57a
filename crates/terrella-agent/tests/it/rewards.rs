//! Planning for the most reward in a world's own equations.

use terrella_agent::{ExactSim, IcemConfig, PlannerConfig, PriorRule, Return};
use terrella_core::{
    Actions, AnySim, Coordinate, Dynamics, EnvSpec, Image, Imagined, Key, Objective, Observation, Plan, Planner,
    Problem, Problems, Result, Sim, Space, Step, Table,
};

/// A walker on a line that is paid for where it stands, and falls off beyond 3: one step at a time, or by choice.
#[derive(Clone, Debug)]
struct Line(std::sync::Arc<EnvSpec>, f64);

fn line(actions: Actions) -> Line {
    let state = vec![Coordinate::new("x", "m")];
    let spec = EnvSpec { id: "line".into(), dt: 0.1, state, actions, max_steps: Some(50), ..EnvSpec::default() };
    Line(spec.into(), 0.0)
}

impl Sim for Line {
    fn spec(&self) -> &EnvSpec {
        &self.0
    }
    fn reset(&mut self, _: u64) {
        self.1 = 0.0;
    }
    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.1 = state[0];
        Ok(())
    }
    fn state(&self) -> Vec<f64> {
        vec![self.1]
    }
    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.push(self.1);
    }
    fn load(&mut self, snapshot: &[f64]) {
        self.1 = snapshot[0];
    }
    fn step(&mut self, action: &[f32]) -> Step {
        self.1 += match self.0.actions {
            Actions::Box(_) => f64::from(action[0]),
            Actions::Choice(_) => [-1.0, 0.0, 1.0][Actions::index(action[0], 3)],
        };
        Step { reward: self.1, terminated: self.1 > 3.0, truncated: false }
    }
    fn draw(&self, size: usize) -> Image {
        Image::filled(size, size, [0; 3])
    }
}

fn planned(actions: Actions, horizon: usize) -> (Plan, f64) {
    let mut world = AnySim::new(line(actions));
    let exact = ExactSim::new(world.clone());
    let start = exact.observe(&[Observation { state: vec![0.0], image: None }]).expect("a start");
    let space = exact.space();
    let mean = space.low.iter().zip(&space.high).map(|(l, h)| (l + h) / 2.0).collect::<Vec<_>>();
    let rule = PriorRule::Fixed { std: vec![1.0; mean.len()], mean: mean.clone() };
    let prior = rule.prior(&Table::new(1), &mean, horizon, 1);
    let objective = Return::new(&exact, &start, 1.0).expect("rewards");
    let each = [Problem { goal: 0, prior, proposals: Vec::new(), key: Key::new(0) }];
    let problems = Problems {
        dynamics: &exact,
        start: &start,
        objective: &objective,
        space: &space,
        each: &each,
        deadline: None,
        margin: 0.0,
    };
    let planner = PlannerConfig::Icem(IcemConfig { samples: 200, iterations: 6, ..IcemConfig::default() });
    let plan = planner.build(1).expect("a planner").plan(&problems).swap_remove(0);
    world.set_state(&[0.0]).expect("a state");
    let mut collected = 0.0;
    for block in plan.blocks.rows() {
        let step = world.step(block);
        collected += step.reward;
        if step.terminated {
            break;
        }
    }
    (plan, collected)
}

#[test]
fn a_plan_brings_what_it_promises_and_ends_the_task_only_when_that_costs_nothing() {
    // Up to 3 in three steps, staying there, and falling off for 4 in the very last: 1 + 2 + 3 × 5 + 4.
    let (plan, collected) = planned(Actions::Choice(["back", "rest", "forth"].map(String::from).to_vec()), 8);
    assert_eq!(collected, 22.0, "{:?}", plan.blocks);
    assert!((f64::from(-plan.cost) - collected).abs() < 1e-4, "promised {}", -plan.cost);
    assert!(plan.blocks.data.iter().all(|x| x.fract() == 0.0), "choices are whole: {:?}", plan.blocks);
    let (plan, collected) = planned(Actions::Box(Space::uniform(&["step"], -1.0, 1.0)), 8);
    assert!(collected > 20.0 && (f64::from(-plan.cost) - collected).abs() < 1e-3, "{collected} of {}", -plan.cost);
}

#[test]
fn what_tells_no_rewards_is_refused() {
    let world = crate::toy::Exact { skip: 1, wall: false, blur: 0.0 };
    let state = vec![[50.0, 50.0, 0.0, 0.0, 0.0]];
    let told = Return::new(&world, &state, 1.0).map(|_| ()).expect_err("no rewards").to_string();
    assert!(told.contains("foretells no rewards"), "{told}");
    let exact = ExactSim::new(AnySim::new(line(Actions::Box(Space::uniform(&["step"], -1.0, 1.0)))));
    let start = exact.observe(&[Observation { state: vec![0.0], image: None }]).expect("a start");
    assert!(Return::new(&exact, &start, 1.5).is_err(), "a discount above 1");
    // 1, then 2 at γ = 1/2, then 3 at γ² = 1/4.
    let rollout = exact.roll_out(&start, &[0], &[1.0, 1.0, 1.0]);
    let cost = Return::new(&exact, &start, 0.5).expect("rewards").cost(&Imagined {
        start: &start,
        rows: &[0],
        blocks: &[1.0, 1.0, 1.0],
        rollout: &rollout,
        goals: &[0],
    });
    assert!((cost[0] + 2.75).abs() < 1e-6, "{cost:?}");
}
