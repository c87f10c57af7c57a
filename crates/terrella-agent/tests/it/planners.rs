//! Every planner against problems with known answers.

use crate::toy::{Exact, Reach};
use proptest::prelude::*;
use std::time::Duration;
use terrella_agent::*;
use terrella_core::*;

/// A cart pushed along a line: position, velocity, and the effort spent so far. With costs made of
/// these the problem is quadratic in the pushes, so its optimum is one linear solve away.
struct Cart {
    pause: Duration,
}

impl Dynamics for Cart {
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
        std::thread::sleep(self.pause);
        let push = |[p, v, e]: [f32; 3], u: &f32| [p + 0.3 * v + 0.045 * u, v + 0.3 * u, e + u * u];
        state.iter().zip(acts.blocks.chunks_exact(2)).map(|(cart, block)| block.iter().fold(*cart, push)).collect()
    }
    fn latents(&self, state: &Self::State) -> Table {
        Table::from_data(3, state.concat())
    }
    fn read(&self, _: &Self::State) -> Option<Table> {
        None
    }
    fn draw(&self, _: &Self::State) -> Option<Vec<Image>> {
        None
    }
}

struct Quadratic;

impl Objective<Vec<[f32; 3]>> for Quadratic {
    fn cost(&self, Imagined { rollout, .. }: &Imagined<'_, Vec<[f32; 3]>>) -> Vec<f32> {
        let last = rollout.last().expect("a block");
        let on_the_way = |i: usize| rollout.iter().map(|s| (s[i][0] - 1.0).powi(2)).sum::<f32>();
        (0..last.len()).map(|i| on_the_way(i) + last[i][1].powi(2) + 0.05 * last[i][2]).collect()
    }
}

/// The two pushes that lead from each cart to the one in the same place, from its motion; `off` by so much.
fn pushes_between(now: &Table, then: &Table, off: f32) -> Table {
    let pushes = |(now, then): (&[f32], &[f32])| {
        let sum = (then[1] - now[1]) / 0.3;
        let first = (then[0] - now[0] - 0.6 * now[1] - 0.045 * sum) / 0.09;
        [first + off, sum - first - off]
    };
    Table::from_data(2, now.rows().zip(then.rows()).flat_map(pushes).collect())
}

#[test]
fn a_plan_that_an_inverse_model_does_not_believe_costs_more() {
    let (cart, timing) = (Cart { pause: Duration::ZERO }, Timing { nearest: 0.0 });
    let start = vec![[0.0; 3], [0.5, -0.2, 0.0]];
    let (rows, goals, blocks) = ([1, 0], [0, 0], [0.5, -1.0, 0.25, 0.75, 1.0, 1.0, -0.5, 0.0]);
    let rollout = cart.roll_out(&start, &rows, &blocks);
    let imagined = Imagined { start: &start, rows: &rows, blocks: &blocks, rollout: &rollout, goals: &goals };
    let costs = |consistency: Option<Consistency<'static>>| {
        let distance = Distance::latent(&cart, Table::from_data(3, vec![1.0, 0.0, 0.0]), timing);
        match consistency {
            Some(consistency) => distance.with_consistency(consistency).cost(&imagined),
            None => distance.cost(&imagined),
        }
    };
    let off = |off: f32| Consistency::new(3.0, vec![0.5, 0.25], move |now, then| pushes_between(now, then, off));
    let (plain, believed) = (costs(None), costs(Some(off(0.0).expect("a weight"))));
    // Half a push off is one deviation of the first push of a block, and two of the second.
    let doubted = costs(Some(off(0.5).expect("a weight")));
    for ((plain, believed), doubted) in plain.iter().zip(&believed).zip(&doubted) {
        assert!((believed / plain - 1.0).abs() < 1e-3, "{believed} for {plain}");
        assert!((doubted / plain - 5.5).abs() < 1e-3, "{doubted} for {plain}");
    }
    for (weight, scale) in [(-1.0, 1.0), (f32::NAN, 1.0), (1.0, 0.0), (1.0, f32::NAN)] {
        assert!(Consistency::new(weight, vec![scale], |now, _| now.clone()).is_err(), "{weight}, {scale}");
    }
}

const N: usize = 10;

/// The cost of one sequence of pushes, from rest at 0.
fn cart_cost(pushes: &[f32]) -> f64 {
    let cart = Cart { pause: Duration::ZERO };
    let mut rollout = vec![vec![[0.0; 3]]];
    for block in pushes.chunks_exact(2) {
        rollout.push(cart.step(rollout.last().expect("a state"), Acts::of(block)));
    }
    let imagined = Imagined { start: &rollout[0], rows: &[0], blocks: pushes, rollout: &rollout[1..], goals: &[0] };
    f64::from(Quadratic.cost(&imagined)[0])
}

/// The least cost: differences of a quadratic are exact, so two of them give its matrix.
fn least_cost() -> f64 {
    let unit = |hot: &[usize]| {
        let mut u = [0.0; N];
        hot.iter().for_each(|&i| u[i] += 1.0);
        cart_cost(&u)
    };
    let (zero, ones): (f64, Vec<f64>) = (unit(&[]), (0..N).map(|i| unit(&[i])).collect());
    // cost(u) = zero + gᵀu + ½ uᵀHu
    let h = |i: usize, j: usize| unit(&[i, j]) - ones[i] - ones[j] + zero;
    let mut rows: Vec<Vec<f64>> = (0..N)
        .map(|i| {
            let gradient = ones[i] - zero - 0.5 * h(i, i);
            (0..N).map(|j| h(i, j)).chain([-gradient]).collect()
        })
        .collect();
    for pivot in 0..N {
        for row in 0..N {
            if row != pivot {
                let factor = rows[row][pivot] / rows[pivot][pivot];
                let source = rows[pivot].clone();
                rows[row].iter_mut().zip(source).for_each(|(x, s)| *x -= factor * s);
            }
        }
    }
    let best: Vec<f32> = (0..N).map(|i| (rows[i][N] / rows[i][i]) as f32).collect();
    assert!(best.iter().all(|u| u.abs() < 4.0), "the optimum lies inside the box: {best:?}");
    cart_cost(&best)
}

fn solve_cart(config: &PlannerConfig, pause: Duration, deadline: Option<Duration>, seed: u64) -> Plan {
    let space = Space::uniform(&["push"; 2], -4.0, 4.0);
    let prior = PriorRule::Fixed { mean: vec![0.0], std: vec![1.5] }.prior(&Table::new(2), &[0.0], N / 2, 2);
    let start = vec![[0.0; 3]];
    let dynamics = Cart { pause };
    let each = [Problem { goal: 0, prior, proposals: Vec::new(), key: Key::new(seed) }];
    let problems = Problems {
        dynamics: &dynamics,
        start: &start,
        objective: &Quadratic,
        space: &space,
        each: &each,
        deadline,
        margin: 0.0,
    };
    config.build(1).expect("a good configuration").plan(&problems).swap_remove(0)
}

/// Searches with one budget.
fn searches(samples: usize, iterations: usize) -> [PlannerConfig; 3] {
    [
        PlannerConfig::Cem(CemConfig { samples, iterations, ..CemConfig::default() }),
        PlannerConfig::Icem(IcemConfig { samples, iterations, ..IcemConfig::default() }),
        PlannerConfig::Mppi(MppiConfig { samples, iterations, ..MppiConfig::default() }),
    ]
}

fn random(samples: usize, iterations: usize) -> PlannerConfig {
    PlannerConfig::Random(RandomConfig { samples, iterations, beta: 0.0 })
}

#[test]
fn each_search_comes_near_the_optimum_and_beats_random_shooting() {
    let optimum = least_cost();
    let idle = cart_cost(&[0.0; N]);
    let mean_excess = |config: &PlannerConfig| {
        let total: f64 = (0..10).map(|s| f64::from(solve_cart(config, Duration::ZERO, None, s).cost) - optimum).sum();
        total / 10.0 / (idle - optimum)
    };
    let floor = mean_excess(&random(100, 10));
    for config in searches(100, 10) {
        let excess = mean_excess(&config);
        eprintln!("{}: {:.2} % of idling's loss is left, random {:.2} %", config.name(), 100.0 * excess, 100.0 * floor);
        assert!(excess < 0.5 * floor, "{}: {excess} against {floor} of random", config.name());
    }
    for config in searches(300, 30) {
        let excess = mean_excess(&config);
        eprintln!("{}: {:.3} % with a large budget", config.name(), 100.0 * excess);
        assert!((-1e-4..0.015).contains(&excess), "{}: {excess} with a large budget", config.name());
    }
}

#[test]
fn each_search_finds_the_gap_in_the_wall() {
    let dynamics = Exact { skip: 5, wall: true, blur: 0.0 };
    let (space, goal) = (Space::uniform(&["x", "y"], 0.0, 100.0).block(5), [80.0, 40.0]);
    let rule = PriorRule::HoldLast { std: vec![12.0, 12.0], growth: 0.5 };
    let prior = rule.prior(&Table::new(10), &[20.0, 40.0], 6, 5);
    let start = vec![[20.0, 40.0, 0.0, 0.0, 0.0]];
    for config in searches(200, 8) {
        let planner = config.build(2).expect("a good configuration");
        let solved = (0..10u64).filter(|&seed| {
            let problem = Problem { goal: 0, prior: prior.clone(), proposals: Vec::new(), key: Key::new(seed) };
            let problems = Problems {
                dynamics: &dynamics,
                start: &start,
                objective: &Reach { goals: vec![goal] },
                space: &space,
                each: &[problem],
                deadline: None,
                margin: 0.0,
            };
            let plan = planner.plan(&problems).swap_remove(0);
            let states = Rollout::imagine(&dynamics, &start, &plan.blocks).states.expect("an exact model reads");
            states.row(5)[0] > 55.0
        });
        let n = solved.count();
        eprintln!("{}: {n} of 10 through the gap", config.name());
        // White noise on a target averages out before the ball has moved; smooth noise does not.
        let least = if matches!(config, PlannerConfig::Cem(_)) { 1 } else { 8 };
        assert!(n >= least, "{} went through the gap {n} times of 10", config.name());
    }
}

#[test]
fn the_answer_depends_on_the_key_and_not_on_threads() {
    for config in searches(64, 8).into_iter().chain([random(64, 5)]) {
        let alone = solve_cart(&config, Duration::ZERO, None, 3);
        let together: Vec<Plan> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| solve_cart(&config, Duration::ZERO, None, 3))).collect();
            workers.into_iter().map(|w| w.join().expect("a plan")).collect()
        });
        for plan in together {
            assert_eq!((&plan.blocks, plan.cost, &plan.history), (&alone.blocks, alone.cost, &alone.history));
        }
        assert_ne!(solve_cart(&config, Duration::ZERO, None, 4).blocks, alone.blocks, "another key, another answer");
    }
}

/// Problems with starts, goals, priors, proposals and keys of their own.
#[test]
fn problems_solved_together_are_solved_as_each_alone() {
    let dynamics = Exact { skip: 5, wall: true, blur: 0.0 };
    let space = Space::uniform(&["x", "y"], 0.0, 100.0).block(5);
    let rule = PriorRule::HoldLast { std: vec![12.0, 12.0], growth: 0.5 };
    let starts: Vec<_> = (0..5u16).map(|i| [15.0 + 5.0 * f32::from(i), 40.0, 0.0, 0.0, 0.0]).collect();
    let objective = Reach { goals: (0..5u16).map(|i| [80.0, 20.0 + 10.0 * f32::from(i)]).collect() };
    let problem = |i: usize| Problem {
        goal: 4 - i,
        prior: rule.prior(&Table::new(10), &starts[i][..2], 3, 5),
        // The last one has more proposals than a search has samples.
        proposals: vec![Table::from_data(10, vec![50.0; 20]); if i == 4 { 70 } else { i }],
        key: Key::new(i as u64),
    };
    let follow = PlannerConfig::Follow(FollowConfig {});
    for config in searches(64, 4).into_iter().chain([random(64, 3), follow]) {
        let planner = config.build(2).expect("good");
        let solve = |which: &[usize]| -> Vec<Plan> {
            let start: Vec<_> = which.iter().map(|&i| starts[i]).collect();
            let each: Vec<Problem> = which.iter().map(|&i| problem(i)).collect();
            let (objective, deadline) = (&objective, None);
            let problems = Problems {
                dynamics: &dynamics,
                start: &start,
                objective,
                space: &space,
                each: &each,
                deadline,
                margin: 0.0,
            };
            let still = |plan| Plan { elapsed: Duration::ZERO, ..plan };
            planner.plan(&problems).into_iter().map(still).collect()
        };
        let all = solve(&[0, 1, 2, 3, 4]);
        assert_eq!(solve(&[3, 1, 4]), [all[3].clone(), all[1].clone(), all[4].clone()], "{}: three", config.name());
        (0..5).for_each(|i| assert_eq!(solve(&[i]), all[i..=i], "{}: problem {i} alone", config.name()));
        assert!(solve(&[]).is_empty(), "nothing to solve");
    }
}

#[test]
fn a_deadline_is_kept_and_more_time_never_hurts() {
    // Five steps of 2 ms: an iteration takes at least 10 ms, on a busy machine more.
    let pause = Duration::from_millis(2);
    let [cem, icem, _] = searches(64, 8);
    for config in [cem, icem] {
        let hurried = solve_cart(&config, pause, Some(Duration::from_millis(1)), 0);
        assert_eq!(hurried.history.len(), 1, "at least one iteration, and no second");
        let brisk = solve_cart(&config, pause, Some(Duration::from_millis(35)), 0);
        assert!(brisk.history.len() <= 3, "{} iterations of 10 ms do not fit into 35 ms", brisk.history.len());
        let patient = solve_cart(&config, pause, None, 0);
        assert_eq!(patient.history[0], hurried.history[0], "the same search, cut short");
        assert!(patient.history.is_sorted_by(|a, b| a >= b), "best so far: {:?}", patient.history);
        assert!(patient.cost < hurried.cost, "{} after {}", patient.cost, hurried.cost);
    }
}

#[test]
fn a_good_proposal_is_found_at_once_and_a_broken_one_is_left_out_and_counted() {
    let space = Space::uniform(&["push"; 2], -4.0, 4.0);
    let prior = PriorRule::Fixed { mean: vec![0.0], std: vec![0.5] }.prior(&Table::new(2), &[0.0], N / 2, 2);
    let (start, dynamics) = (vec![[0.0; 3]], Cart { pause: Duration::ZERO });
    let search = |planner: SamplingPlanner, proposals: Vec<Table>| {
        let each = [Problem { goal: 0, prior: prior.clone(), proposals, key: Key::new(0) }];
        let (objective, deadline) = (&Quadratic, None);
        let problems = Problems {
            dynamics: &dynamics,
            start: &start,
            objective,
            space: &space,
            each: &each,
            deadline,
            margin: 0.0,
        };
        planner.plan(&problems).swap_remove(0)
    };
    let good = solve_cart(&searches(64, 8)[0], Duration::ZERO, None, 0);
    let broken = Table::from_data(2, vec![f32::NAN; N]);
    let short = Table::from_data(2, good.blocks.data[..4].to_vec());
    let one = PlannerConfig::Cem(CemConfig { iterations: 1, ..CemConfig::default() }).build(1).expect("good");
    let hybrid = search(one, vec![broken, short.clone(), good.blocks.clone()]);
    assert!(hybrid.cost <= good.cost + 1e-6, "the proposal is among the candidates: {} {}", hybrid.cost, good.cost);
    assert_eq!(hybrid.left_out, 1, "the broken one");
    let follow = PlannerConfig::Follow(FollowConfig {}).build(1).expect("good");
    let followed = search(follow, vec![short]);
    assert_eq!(followed.blocks.data[..4], good.blocks.data[..4], "the proposal itself");
    assert_eq!(followed.blocks.data[4..], [0.0; N - 4], "continued by the prior's mean");
    assert_eq!(followed.left_out, 0, "nothing broken");
}

#[test]
fn what_is_found_replaces_a_proposal_only_where_it_is_cheaper_by_the_margin() {
    let space = Space::uniform(&["push"; 2], -4.0, 4.0);
    let prior = PriorRule::Fixed { mean: vec![0.0], std: vec![0.5] }.prior(&Table::new(2), &[0.0], N / 2, 2);
    let (start, dynamics, objective) = (vec![[0.0; 3]], Cart { pause: Duration::ZERO }, &Quadratic);
    let proposed = Table::from_data(2, vec![0.3; N]);
    let dearer = Table::from_data(2, vec![-3.0; N]);
    for config in searches(32, 2).into_iter().chain([random(32, 2)]) {
        let planner = config.build(1).expect("good");
        let search = |margin: f32, proposals: Vec<Table>| {
            let each = [Problem { goal: 0, prior: prior.clone(), proposals, key: Key::new(0) }];
            let (start, space, each) = (&start, &space, &each);
            let problems = Problems { dynamics: &dynamics, start, objective, space, each, deadline: None, margin };
            planner.plan(&problems).swap_remove(0)
        };
        let both = || vec![dearer.clone(), proposed.clone()];
        let found = search(0.0, both());
        let kept = search(1.0, both());
        assert_eq!(kept.blocks, proposed, "{}: the cheaper of both proposals", config.name());
        assert_eq!(kept.history.len(), 1, "{}: nothing else is imagined", config.name());
        let gain = (kept.cost - found.cost) / kept.cost;
        assert!(gain > 0.01 && gain < 0.99, "{}: the search improves on it by {gain}", config.name());
        assert_eq!(search(gain - 0.005, both()).blocks, found.blocks, "{}: enough", config.name());
        assert_eq!(search(gain + 0.005, both()).blocks, proposed, "{}: not enough", config.name());
        assert_eq!(search(1.0, vec![]).blocks, search(0.0, vec![]).blocks, "{}: nobody proposes", config.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_planner_leaves_the_box(
        seed in any::<u64>(),
        kind in 0usize..5,
        low in -5.0f32..0.0,
        size in 0.0f32..3.0,
        mean in prop_oneof![Just(f32::NAN), Just(f32::INFINITY), -50.0f32..50.0],
        std in 0.0f32..100.0,
        proposal in -50.0f32..50.0,
    ) {
        let (high, dynamics) = (low + size, Exact { skip: 2, wall: true, blur: 0.0 });
        let (low, high) = (vec![low, -1.0, low, -1.0], vec![high, 1.0, high, 1.0]);
        let space = Space { low, high, ..Space::uniform(&[""; 4], 0.0, 0.0) };
        let prior = PriorRule::Fixed { mean: vec![mean; 2], std: vec![std; 2] }.prior(&Table::new(4), &[0.0; 2], 3, 2);
        let mut configs = searches(64, 8).to_vec();
        configs.extend([random(20, 2), PlannerConfig::Follow(FollowConfig {})]);
        let start = vec![[20.0, 40.0, 0.0, 0.0, 0.0]];
        let objective = Reach { goals: vec![[80.0, 40.0]] };
        let each = [Problem { goal: 0, prior, proposals: vec![Table::from_data(4, vec![proposal; 8])], key: Key::new(seed) }];
        let problems = Problems { dynamics: &dynamics, start: &start, objective: &objective, space: &space, each: &each, deadline: None, margin: 0.0 };
        let plan = configs[kind].build(2).expect("good").plan(&problems).swap_remove(0);
        prop_assert_eq!(plan.blocks.len(), 3);
        for block in plan.blocks.rows() {
            for i in 0..4 {
                prop_assert!(block[i] >= space.low[i] && block[i] <= space.high[i], "{:?} outside", block);
            }
        }
    }
}
