//! Planning where the model says that it does not know: the way there is short, and only there it flatters.

use terrella_agent::{Distance, Doubt, IcemConfig, MppiConfig, PlannerConfig, PriorRule, Timing};
use terrella_core::*;

/// A walker on a plane, whose steps are three times as long in a pond that nobody ever crossed: so the model says, in doubt.
/// A state is a place, and the doubt so far.
struct Pond;

fn in_pond([x, y]: [f32; 2]) -> bool {
    (x - 2.0).abs() < 1.0 && y.abs() < 1.5
}

impl Dynamics for Pond {
    type State = Vec<[f32; 3]>;
    fn block_width(&self) -> usize {
        2
    }
    fn observe(&self, observations: &[Observation]) -> Result<Self::State> {
        Ok(observations.iter().map(|o| [o.state[0], o.state[1], 0.0]).collect())
    }
    fn take(&self, state: &Self::State, rows: &[usize]) -> Self::State {
        rows.iter().map(|&row| state[row]).collect()
    }
    fn step(&self, state: &Self::State, acts: Acts<'_>) -> Self::State {
        let walk = |([x, y, doubt], step): (&[f32; 3], &[f32])| {
            let pace = if in_pond([*x, *y]) { 3.0 } else { 1.0 };
            let [x, y] = [x + pace * step[0], y + pace * step[1]];
            [x, y, doubt + if in_pond([x, y]) { 3.0 } else { 0.0 }]
        };
        state.iter().zip(acts.blocks.chunks_exact(2)).map(walk).collect()
    }
    fn latents(&self, state: &Self::State) -> Table {
        Table::from_data(2, state.iter().flat_map(|s| [s[0], s[1]]).collect())
    }
    fn read(&self, state: &Self::State) -> Option<Table> {
        Some(self.latents(state))
    }
    fn doubts(&self, state: &Self::State) -> Option<Table> {
        Some(Table::from_data(1, state.iter().map(|s| s[2]).collect()))
    }
    fn draw(&self, _: &Self::State) -> Option<Vec<Image>> {
        None
    }
}

const HORIZON: usize = 8;

/// Behind the pond, and in its middle.
const GOALS: [[f32; 2]; 2] = [[4.0, 0.0], [2.0, 0.0]];

/// The best plans from these places to a goal.
fn plans(
    (starts, goal): (&[[f32; 2]], [f32; 2]),
    proposals: &[Table],
    doubt: [f32; 2],
    (planner, margin): (&PlannerConfig, f32),
) -> Vec<Plan> {
    let start: Vec<[f32; 3]> = starts.iter().map(|[x, y]| [*x, *y, 0.0]).collect();
    let goals = Table::from_data(2, goal.repeat(starts.len()));
    let objective = Distance::latent(&Pond, goals, Timing { nearest: 0.0 });
    let objective = match Doubt::new(doubt[0], doubt[1]).expect("numbers") {
        Some(doubt) => objective.with_doubt(doubt, &start).expect("it tells doubts"),
        None => objective,
    };
    let space = Space::uniform(&["x", "y"], -1.0, 1.0);
    let rule = PriorRule::Fixed { mean: vec![0.0; 2], std: vec![1.0; 2] };
    let problem = |(goal, place): (usize, &[f32; 2])| Problem {
        goal,
        prior: rule.prior(&Table::new(2), &[0.0; 2], HORIZON, 1),
        proposals: proposals.to_vec(),
        // Of the place alone, so that nothing hangs on who is beside it.
        key: Key::new(3).at(u64::from(place[0].to_bits())),
    };
    let each: Vec<Problem> = starts.iter().enumerate().map(problem).collect();
    let (dynamics, deadline) = (&Pond, None);
    let problems =
        Problems { dynamics, start: &start, objective: &objective, space: &space, each: &each, deadline, margin };
    planner.build(2).expect("a planner").plan(&problems)
}

/// The places that a plan comes through, and the doubt in the end.
fn way([x, y]: [f32; 2], plan: &Plan) -> Vec<[f32; 3]> {
    let mut state = vec![[x, y, 0.0]];
    let step = |block: &[f32]| {
        state = Pond.step(&state, Acts::of(block));
        state[0]
    };
    plan.blocks.rows().map(step).collect()
}

fn script(steps: &[[f32; 2]]) -> Table {
    let mut steps = steps.to_vec();
    steps.resize(HORIZON, [0.0; 2]);
    Table::from_data(2, steps.concat())
}

#[test]
fn of_two_ways_the_known_one_is_taken_where_doubt_costs_or_is_bounded() {
    // Through the pond to the very goal, and around it to beside the goal.
    let through = script(&[[0.75, 0.0], [0.75, 0.0], [0.833, 0.0]]);
    let around = script(&[[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, 0.0], [1.0, -1.0], [0.0, -0.5]]);
    let (planner, both) = (PlannerConfig::default(), [through.clone(), around.clone()]);
    let chosen = |doubt| plans((&[[0.0, 0.0]], GOALS[0]), &both, doubt, (&planner, 1.0)).remove(0);
    let ends = |plan: &Plan| way([0.0, 0.0], plan)[HORIZON - 1];
    let plain = chosen([0.0, 0.0]);
    assert!((ends(&plain)[0] - 4.0).abs() < 0.01 && ends(&plain)[2] > 0.0, "it leads through: {:?}", ends(&plain));
    for doubt in [[1.0, 0.0], [0.0, 2.9], [1.0, 2.9]] {
        let careful = chosen(doubt);
        assert_eq!((&careful.blocks, ends(&careful)[2]), (&around, 0.0), "{doubt:?}");
    }
    let (plain, dear) = (chosen([0.0, 4.0]), chosen([1e-4, 0.0]));
    assert_eq!([&plain.blocks, &dear.blocks], [&through; 2], "doubt within the bound, and worth next to nothing");
}

#[test]
fn where_all_plans_are_beyond_the_bound_the_least_doubtful_is_done() {
    // From within the pond; one of the two wades longer, nearer to the goal.
    let wading = script(&[[0.0, 0.0], [0.0, 0.0], [0.667, 0.0]]);
    let leaving = script(&[[0.05, 0.0], [0.3, 0.4]]);
    let planner = PlannerConfig::default();
    let plan = plans((&[[2.0, 0.0]], GOALS[0]), &[wading, leaving.clone()], [0.0, 1.0], (&planner, 1.0)).remove(0);
    assert_eq!(plan.blocks, leaving, "out of it");
    assert!(plan.cost.is_finite() && plan.cost > 1e19, "and its cost says that it is not allowed: {}", plan.cost);
}

#[test]
fn a_search_stays_where_it_is_sure_and_rows_know_nothing_of_each_other() {
    let starts = [[0.0, 0.0], [0.5, 0.4], [-0.5, -0.3]];
    let icem = PlannerConfig::Icem(IcemConfig { samples: 300, iterations: 6, ..IcemConfig::default() });
    let mppi = PlannerConfig::Mppi(MppiConfig { samples: 300, iterations: 6, ..MppiConfig::default() });
    for planner in [&icem, &mppi] {
        let doubts = |plans: &[Plan]| -> Vec<f32> {
            starts.iter().zip(plans).map(|(start, plan)| way(*start, plan)[HORIZON - 1][2]).collect()
        };
        let careful = plans((&starts, GOALS[1]), &[], [0.0, 1.0], (planner, 0.0));
        assert_eq!(doubts(&careful), [0.0; 3], "{}", planner.name());
        for (start, together) in starts.iter().zip(&careful) {
            let alone = plans((&[*start], GOALS[1]), &[], [0.0, 1.0], (planner, 0.0)).remove(0);
            assert_eq!(alone.blocks, together.blocks, "{} from {start:?}", planner.name());
        }
    }
    // Staying where it is costs half of the squared distance, 2; at the shore it is a half.
    let careful = plans((&starts[..1], GOALS[1]), &[], [0.0, 1.0], (&icem, 0.0)).remove(0);
    assert!(careful.cost < 1.5, "{}", careful.cost);
    let plain = plans((&starts[..1], GOALS[1]), &[], [0.0, 0.0], (&icem, 0.0)).remove(0);
    assert!(way(starts[0], &plain)[HORIZON - 1][2] > 1.0, "who does not ask wades in");
}

#[test]
fn who_tells_no_doubts_is_refused_with_what_helps() {
    let world = crate::toy::Exact { skip: 1, wall: false, blur: 0.0 };
    let state = vec![[50.0, 50.0, 0.0, 0.0, 0.0]];
    let doubt = Doubt::new(1.0, 0.0).expect("a number").expect("asked");
    let distance = Distance::latent(&world, Table::from_data(2, vec![0.5, 0.5]), Timing::default());
    let told = distance.with_doubt(doubt, &state).map(|_| ()).expect_err("one model").to_string();
    assert!(told.contains("model.kind=ensemble"), "{told}");
    assert_eq!(Doubt::new(0.0, 0.0).expect("numbers"), None, "nothing is asked");
    assert!(Doubt::new(-1.0, 0.0).is_err() && Doubt::new(0.0, f32::NAN).is_err(), "no sense");
}
