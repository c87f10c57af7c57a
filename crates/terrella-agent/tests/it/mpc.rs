//! The model-predictive policy in the toy world, with the exact model.

use crate::toy::{Counting, Exact, Reach, Rolling, Staring};
use std::cell::RefCell;
use std::ops::ControlFlow;
use terrella_agent::*;
use terrella_core::*;

const VIEW: View = View { picture: None, state: true };

fn goal_at(x: f32, y: f32, steps: usize) -> Goal {
    Goal { observation: Observation { image: None, state: vec![x, y, 0.0, 0.0, 0.0] }, steps }
}

/// Where balls are, a row each.
fn places(balls: &[crate::toy::Ball]) -> Table {
    Table::from_data(2, balls.iter().flat_map(|ball| ball[..2].to_vec()).collect())
}

/// One attempt in one world.
fn alone(env: &dyn Sim, policy: &mut dyn Policy, (goal, key): (&Goal, Key), view: View, n_steps: usize) -> Played {
    let mut worlds = Many::new(&AnySim::from(env.goals().expect("a world with goals")), 1);
    policy.begin(&[0], std::slice::from_ref(goal), &[key]).expect("a goal");
    play(&mut worlds, policy, (&[0], view), n_steps, |_| ControlFlow::Continue(())).expect("steps").swap_remove(0)
}

fn policy<'a>(dynamics: &'a Exact, config: MpcConfig, planner: &PlannerConfig) -> MpcPolicy<'a, Exact, Reach> {
    let rule = PriorRule::HoldLast { std: vec![10.0, 10.0], growth: 0.5 };
    let aim = |goals: &[Goal]| Ok(Aim { objective: Reach::of(goals), propose: None });
    let planner = planner.build(2).expect("a good planner");
    MpcPolicy::new(dynamics, Rolling::new(false).space(), planner, (config, rule), aim)
        .expect("a good policy")
        .with_start_action(|balls: &Vec<_>| Some(places(balls)))
}

#[test]
fn it_reaches_goals_and_is_deterministic() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let mut hits = 0;
    for seed in 0..10u64 {
        let mut stream = Key::new(seed).stream();
        let goal = goal_at(stream.uniform(10.0, 90.0) as f32, stream.uniform(10.0, 90.0) as f32, 25);
        let run = || {
            let mut env = Rolling::new(false);
            env.reset(seed);
            let mut policy = policy(&dynamics, MpcConfig::default(), &PlannerConfig::default());
            alone(&env, &mut policy, (&goal, Key::new(seed)), VIEW, 30)
        };
        let played = run();
        assert_eq!(played, run(), "the same seeds, the same attempt");
        let end = played.states.row(30);
        hits += usize::from((end[0] - goal.observation.state[0]).hypot(end[1] - goal.observation.state[1]) < 4.0);
    }
    assert!(hits >= 9, "{hits} of 10 goals reached");
}

#[test]
fn the_horizon_follows_the_demonstrators_clock_and_plans_come_when_they_should() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let lengths = |config: MpcConfig| {
        let seen = RefCell::new(Vec::new());
        let mut policy = policy(&dynamics, config, &PlannerConfig::default()).on_plan(|_, rows, plans| {
            assert_eq!(rows, [0], "the only one");
            seen.borrow_mut().push(plans[0].blocks.len());
        });
        alone(&Rolling::new(false), &mut policy, (&goal_at(60.0, 60.0, 25), Key::new(0)), VIEW, 40);
        drop(policy);
        seen.into_inner()
    };
    let config = MpcConfig::default();
    assert_eq!(lengths(config.clone()), [5, 5, 4, 3, 2, 1, 1, 1], "25 steps, 5 a block, 1 of slack");
    assert_eq!(lengths(MpcConfig { slack_blocks: None, ..config.clone() }), [5; 8], "always the full horizon");
    assert_eq!(lengths(MpcConfig { replan_blocks: 2, slack_blocks: Some(0), ..config }), [5, 3, 1, 1, 1, 1]);
}

#[test]
fn a_goal_that_lies_too_far_to_be_searched_for_is_gone_to_as_proposed() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let proposal = [20.0, 80.0].repeat(5);
    let followed = |within: usize| {
        let seen = RefCell::new(Vec::new());
        let rule = PriorRule::HoldLast { std: vec![10.0, 10.0], growth: 0.5 };
        let aim = |goals: &[Goal]| {
            let propose = |_: &Vec<_>, goals: &[usize], ahead: &[Ahead]| {
                let proposed = |ahead: &Ahead| vec![Table::from_data(10, proposal.repeat(ahead.blocks))];
                assert_eq!(goals.len(), ahead.len());
                ahead.iter().map(proposed).collect()
            };
            Ok(Aim { objective: Reach::of(goals), propose: Some(Box::new(propose)) })
        };
        let planner = PlannerConfig::default().build(2).expect("a good planner");
        let config = MpcConfig { within, ..MpcConfig::default() };
        let mut policy = MpcPolicy::new(&dynamics, Rolling::new(false).space(), planner, (config, rule), aim)
            .expect("a good policy")
            .with_start_action(|balls: &Vec<_>| Some(places(balls)))
            .on_plan(|_, _, plans| seen.borrow_mut().push(plans[0].blocks.row(0) == proposal));
        alone(&Rolling::new(false), &mut policy, (&goal_at(60.0, 60.0, 25), Key::new(0)), VIEW, 30);
        drop(policy);
        seen.into_inner()
    };
    assert_eq!(followed(10), [true, true, true, false, false, false], "25, 20 and 15 steps away, then nearer");
    assert_eq!(followed(0), [false; 6], "there is something better everywhere");
}

/// Shows everything elsewhere, as a camera that was moved does.
struct Elsewhere<P>(P, f32);

impl<P> Elsewhere<P> {
    fn moved(&self, seen: &Observation) -> Observation {
        let mut seen = seen.clone();
        seen.state[..2].iter_mut().for_each(|place| *place += self.1);
        seen
    }
}

impl<P: Policy> Policy for Elsewhere<P> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        let goals: Vec<Goal> =
            goals.iter().map(|goal| Goal { observation: self.moved(&goal.observation), ..goal.clone() }).collect();
        self.0.begin(rows, &goals, keys)
    }
    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        let seen: Vec<Observation> = seen.iter().map(|seen| self.moved(seen)).collect();
        self.0.act(rows, &seen)
    }
}

#[test]
fn where_the_camera_stands_is_told_from_where_the_agent_went() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let missed = |calibrate: f32, off: f32| {
        let config = MpcConfig { calibrate, ..MpcConfig::default() };
        let policy = policy(&dynamics, config, &PlannerConfig::default()).with_whereabouts(|balls| Some(places(balls)));
        let goal = goal_at(62.0, 30.0, 25);
        let played = alone(&Rolling::new(false), &mut Elsewhere(policy, off), (&goal, Key::new(4)), VIEW, 30);
        let end = played.states.row(30);
        (end[0] - 62.0).hypot(end[1] - 30.0)
    };
    assert!(missed(0.0, 0.0) < 4.0 && missed(0.02, 0.0) < 4.0, "{} {}", missed(0.0, 0.0), missed(0.02, 0.0));
    assert!(missed(0.0, 20.0) > 15.0 && missed(0.02, 20.0) < 4.0, "{} {}", missed(0.0, 20.0), missed(0.02, 20.0));
    assert_eq!(missed(0.0, 0.0), missed(0.02, 0.0), "nothing is unexplained, nothing is moved");
}

/// Notes for each step whether a picture was shown.
struct Shown<P>(P, Vec<bool>);

impl<P: Policy> Policy for Shown<P> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        self.0.begin(rows, goals, keys)
    }
    fn looks(&self, rows: &[usize]) -> Vec<usize> {
        self.0.looks(rows)
    }
    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        self.1.push(seen[0].image.is_some());
        self.0.act(rows, seen)
    }
}

#[test]
fn the_world_is_drawn_only_for_who_looks_and_nothing_else_changes() {
    const SEEING: View = View { picture: Some(8), state: true };
    let env = Counting::new(false);
    let attempt = |policy: &mut dyn Policy, n_steps| {
        let played = alone(&env, policy, (&goal_at(60.0, 60.0, 25), Key::new(3)), SEEING, n_steps);
        (played, env.drawn())
    };
    for (skip, replan_blocks, n_steps) in [(5, 1, 32), (5, 3, 40), (1, 1, 4), (7, 2, 6)] {
        let dynamics = Exact { skip, wall: false, blur: 0.3 };
        let config = MpcConfig { replan_blocks, ..MpcConfig::default() };
        let policy = || policy(&dynamics, config.clone(), &PlannerConfig::default());
        let mut shown = Shown(policy(), Vec::new());
        let (played, drawn) = attempt(&mut shown, n_steps);
        assert_eq!(drawn, n_steps.div_ceil(skip), "a picture a block of {skip}");
        let due: Vec<bool> = (0..n_steps).map(|step| step % skip == 0).collect();
        assert_eq!(shown.1, due, "where a block of {skip} begins");
        // A second attempt begins with a look, however the first one ended.
        assert_eq!(attempt(&mut shown, n_steps), (played.clone(), drawn), "the same again");
        assert_eq!(attempt(&mut Staring(policy()), n_steps), (played, n_steps), "as if it always looked");
    }
    let space = env.spec().actions.space();
    let mut floors: [(Box<dyn Policy>, usize); 4] = [
        (Box::new(Each::new(|_| RandomPolicy::new(space.clone(), 1))), 0),
        (Box::new(Each::new(|_| NullPolicy::constant(vec![20.0, 50.0]))), 0),
        (Box::new(Each::new(|_| NullPolicy::holding(|now| now.state[..2].to_vec()))), 1),
        (Box::new(Each::new(|_| ReplayPolicy::new(Table::from_data(2, vec![1.0, 2.0])))), 0),
    ];
    for (policy, expected) in &mut floors {
        for _ in 0..2 {
            assert_eq!(attempt(&mut **policy, 12).1, *expected, "pictures of a policy without a model");
        }
    }
}

#[test]
fn a_proposal_for_the_goal_is_followed_without_a_search() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let action = Rolling::new(false).space();
    let follow = PlannerConfig::Follow(FollowConfig {}).build(2).expect("no settings");
    let rule = PriorRule::HoldLast { std: vec![10.0, 10.0], growth: 0.0 };
    let aim = |goals: &[Goal]| {
        let targets = Reach::of(goals).goals;
        let propose: Propose<'_, Vec<_>> = Box::new(move |_, goals, ahead| {
            let to = |(goal, ahead): (&usize, &Ahead)| Table::from_data(10, targets[*goal].repeat(5 * ahead.blocks));
            goals.iter().zip(ahead).map(|each| vec![to(each)]).collect()
        });
        Ok(Aim { objective: Reach::of(goals), propose: Some(propose) })
    };
    let mut policy = MpcPolicy::new(&dynamics, action, follow, (MpcConfig::default(), rule), aim).expect("a policy");
    let played = alone(&Rolling::new(false), &mut policy, (&goal_at(60.0, 70.0, 25), Key::new(0)), VIEW, 12);
    assert!(played.actions.rows().all(|a| a == [60.0, 70.0]), "the proposal, step by step");
}

#[test]
fn what_does_not_fit_is_refused_with_numbers() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let aim = |_: &[Goal]| Ok(Aim { objective: Reach { goals: vec![[0.0; 2]] }, propose: None });
    let build = |width: usize, rule| {
        let planner = PlannerConfig::default().build(width).expect("good");
        let action = Space::uniform(&["a", "b", "c", "d"][..width], 0.0, 1.0);
        MpcPolicy::<_, Reach>::new(&dynamics, action, planner, (MpcConfig::default(), rule), aim)
            .err()
            .map(|e| e.to_string())
    };
    let rule = |n: usize| PriorRule::HoldLast { std: vec![1.0; n], growth: 0.5 };
    let text = build(4, rule(4)).expect("10 numbers are not blocks of 4");
    assert!(text.contains("10") && text.contains('4'), "{text}");
    let text = build(2, rule(3)).expect("a prior of another width");
    assert!(text.contains("prior") && text.contains('3'), "{text}");
    let mut fresh = policy(&dynamics, MpcConfig::default(), &PlannerConfig::default());
    let text = fresh.act(&[0], &[Observation::default()]).expect_err("no goal").to_string();
    assert!(text.contains("begin"), "{text}");
}

#[test]
fn nothing_is_made_up_where_a_start_action_or_a_proposal_is_wrong() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.0 };
    let first = |rule: PriorRule, width: usize| {
        let aim = move |_: &[Goal]| {
            let propose: Propose<'_, Vec<_>> = Box::new(move |_, _, ahead| {
                ahead.iter().map(|ahead| vec![Table::from_data(width, vec![1.0; width * ahead.blocks])]).collect()
            });
            Ok(Aim { objective: Reach { goals: vec![[0.0; 2]] }, propose: Some(propose) })
        };
        let (action, planner) = (Rolling::new(false).space(), PlannerConfig::default().build(2).expect("good"));
        let policy = MpcPolicy::new(&dynamics, action, planner, (MpcConfig::default(), rule), aim).expect("a policy");
        let mut policy = policy.with_start_action(|_| None);
        policy.begin(&[0], &[goal_at(60.0, 60.0, 25)], &[Key::new(0)]).expect("a goal");
        let seen = Observation { image: None, state: vec![20.0, 50.0, 0.0, 0.0, 0.0] };
        policy.act(&[0], &[seen]).map_err(|e| e.to_string())
    };
    let hold = PriorRule::HoldLast { std: vec![1.0; 2], growth: 0.5 };
    let fixed = PriorRule::Fixed { mean: vec![50.0; 2], std: vec![1.0; 2] };
    let text = first(hold, 10).expect_err("nobody knows which action stays");
    assert!(text.contains("prior.kind=fixed"), "{text}");
    first(fixed.clone(), 10).expect("nothing is held, so nobody asks");
    let text = first(fixed, 4).expect_err("a proposal in blocks of 4");
    assert!(text.contains("proposal") && text.contains("10") && text.contains('4'), "{text}");
}

#[test]
fn the_simple_policies_do_what_their_names_say() {
    let env = Rolling::new(false);
    let start = env.logged();
    let mut null = Each::new(|_| NullPolicy::holding(|now| now.state[..2].to_vec()));
    let played = alone(&env, &mut null, (&Goal::default(), Key::new(0)), VIEW, 20);
    assert_eq!(played.states.row(20), start, "nothing moves");
    let mut replay = ReplayPolicy::new(Table::from_data(2, vec![1.0, 2.0, 3.0, 4.0]));
    let seen: Vec<_> = (0..3).map(|_| replay.act(&Observation::default()).expect("a row")[0]).collect();
    assert_eq!(seen, [1.0, 3.0, 3.0], "played back, then held");
    let mut random = RandomPolicy::new(env.space(), 2);
    let mut draw = |seed| {
        random.begin(&Goal::default(), Key::new(seed)).expect("no goal needed");
        (0..4).map(|_| random.act(&Observation::default()).expect("a draw")).collect::<Vec<_>>()
    };
    let first = draw(1);
    assert_eq!((&first, &first[0], &first[2]), (&draw(1), &first[1], &first[3]), "keyed, and held for two steps");
    assert!(first != draw(2) && first[0] != first[2], "another key, another draw");
}

/// The exact model with a diary of the blocks it was told about.
struct Diary(Exact, std::sync::Mutex<Vec<Vec<f32>>>);

impl Dynamics for Diary {
    type State = Vec<crate::toy::Ball>;
    fn block_width(&self) -> usize {
        self.0.block_width()
    }
    fn observe(&self, observations: &[Observation]) -> Result<Self::State> {
        self.0.observe(observations)
    }
    fn track(&self, before: &Self::State, block: &[f32], observations: &[Observation]) -> Result<Self::State> {
        let (expected, seen) = (self.step(before, Acts::of(block)), self.observe(observations)?);
        assert_eq!(expected, seen, "the state before, moved by the block, is what is seen");
        self.1.lock().expect("no panic").push(block.to_vec());
        Ok(seen)
    }
    fn take(&self, state: &Self::State, rows: &[usize]) -> Self::State {
        self.0.take(state, rows)
    }
    fn step(&self, state: &Self::State, acts: Acts<'_>) -> Self::State {
        self.0.step(state, acts)
    }
    fn latents(&self, state: &Self::State) -> Table {
        self.0.latents(state)
    }
    fn read(&self, state: &Self::State) -> Option<Table> {
        self.0.read(state)
    }
    fn draw(&self, state: &Self::State) -> Option<Vec<Image>> {
        self.0.draw(state)
    }
}

#[test]
fn the_model_is_told_of_every_block_that_was_executed() {
    let dynamics = Diary(Exact { skip: 5, wall: false, blur: 0.0 }, std::sync::Mutex::default());
    for replan_blocks in [1, 3] {
        let rule = PriorRule::HoldLast { std: vec![10.0, 10.0], growth: 0.5 };
        let config = MpcConfig { replan_blocks, slack_blocks: None, ..MpcConfig::default() };
        let planner = PlannerConfig::default().build(2).expect("good");
        let aim = |goals: &[Goal]| Ok(Aim { objective: Reach::of(goals), propose: None });
        let action = Rolling::new(false).space();
        let mut policy = MpcPolicy::new(&dynamics, action, planner, (config, rule), aim).expect("a policy");
        let goal = goal_at(60.0, 60.0, 25);
        let played = alone(&Rolling::new(false), &mut policy, (&goal, Key::new(0)), VIEW, 32);
        let told = std::mem::take(&mut *dynamics.1.lock().expect("no panic"));
        assert_eq!(told.concat(), played.actions.data[..60], "six whole blocks of 5 × 2 numbers");
    }
}

/// Attempts that begin together, of different lengths, with rows that drop out and one that begins anew.
#[test]
fn each_attempt_is_what_it_is_alone_however_many_there_are() {
    let dynamics = Exact { skip: 5, wall: false, blur: 0.3 };
    let goals: Vec<Goal> =
        (0..7u16).map(|i| goal_at(20.0 + 9.0 * f32::from(i), 70.0, 10 + 5 * usize::from(i % 3))).collect();
    let config = MpcConfig { replan_blocks: 2, ..MpcConfig::default() };
    let attempt = |rows: &[usize]| -> Vec<Played> {
        let mut worlds = Many::new(&AnySim::new(Rolling::new(false)), 7);
        worlds.reset(rows, &rows.iter().map(|row| *row as u64).collect::<Vec<_>>()).expect("rows");
        let mut policy = policy(&dynamics, config.clone(), &PlannerConfig::default());
        let (asked, keys): (Vec<Goal>, Vec<Key>) =
            rows.iter().map(|&row| (goals[row].clone(), Key::new(row as u64))).unzip();
        policy.begin(rows, &asked, &keys).expect("goals");
        let drops = |now: Moment<'_>| match now.number >= 13 + now.row {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let mut first = play(&mut worlds, &mut policy, (rows, VIEW), 30, drops).expect("steps");
        // One row begins anew while another goes on where it stopped.
        policy.begin(&rows[..1], &asked[..1], &keys[..1]).expect("a goal");
        first.extend(play(&mut worlds, &mut policy, (rows, VIEW), 9, |_| ControlFlow::Continue(())).expect("steps"));
        first
    };
    let all = attempt(&[0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(all[2].actions.len(), 15, "row 2 dropped out");
    for row in 1..7 {
        let some = attempt(&[0, row]);
        assert_eq!([&some[1], &some[3]], [&all[row], &all[7 + row]], "row {row} with the first one");
    }
    let three = attempt(&[0, 5, 3]);
    assert_eq!(
        [&three[1], &three[2], &three[4], &three[5]],
        [&all[5], &all[3], &all[12], &all[10]],
        "in another order"
    );
    assert_eq!([&attempt(&[0])[0], &attempt(&[0])[1]], [&all[0], &all[7]], "alone");
}
