//! A world of sixty lines and its exact model: a ball rolls in a box and follows a target.
//!
//! The action is the point that the ball is drawn to, as in the human PushT recordings. The state
//! is position, velocity and the angle by which the ball has rolled. A wall with a gap may stand in
//! the middle, which makes the way to the other side anything but convex.

// Shared by two test binaries, and neither uses all of it.
#![allow(dead_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use terrella_core::*;

pub(crate) const EXTENT: f32 = 100.0;
pub(crate) const RADIUS: f32 = 4.0;
/// The wall stands at this `x` and leaves a gap above this `y`.
pub(crate) const WALL: [f32; 2] = [50.0, 70.0];

pub(crate) type Ball = [f32; 5];

/// A tenth of a second of a damped spring, in ten substeps; the wall and the sides stop the ball.
pub(crate) fn advance(ball: Ball, target: &[f32], wall: bool) -> Ball {
    let [mut x, mut y, mut vx, mut vy, mut angle] = ball;
    for _ in 0..10 {
        vx += 0.01 * (25.0 * (target[0] - x) - 10.0 * vx);
        vy += 0.01 * (25.0 * (target[1] - y) - 10.0 * vy);
        let next = x + 0.01 * vx;
        let touches = |x: f32| wall && y < WALL[1] && (x - WALL[0]).abs() < RADIUS;
        if touches(next) {
            vx = 0.0;
        } else {
            x = next;
            angle += 0.01 * vx / RADIUS;
        }
        y += 0.01 * vy;
        (x, y) = (x.clamp(RADIUS, EXTENT - RADIUS), y.clamp(RADIUS, EXTENT - RADIUS));
    }
    [x, y, vx, vy, angle.rem_euclid(std::f32::consts::TAU)]
}

pub(crate) fn draw(ball: &Ball, size: usize, wall: bool) -> Image {
    let mut image = Image::filled(size, size, [240, 240, 236]);
    let scale = EXTENT / size as f32;
    for row in 0..size {
        for column in 0..size {
            let (x, y) = ((column as f32 + 0.5) * scale, (row as f32 + 0.5) * scale);
            let (dx, dy) = (x - ball[0], y - ball[1]);
            let colour = if dx * dx + dy * dy < RADIUS * RADIUS * 2.0 {
                let turned = (dy.atan2(dx) - ball[4]).rem_euclid(std::f32::consts::TAU);
                if turned < std::f32::consts::PI { [30, 90, 200] } else { [120, 170, 240] }
            } else if wall && y < WALL[1] && (x - WALL[0]).abs() < 1.5 {
                [90, 90, 90]
            } else {
                continue;
            };
            image.data[(row * size + column) * 3..][..3].copy_from_slice(&colour);
        }
    }
    image
}

/// The world.
#[derive(Clone)]
pub(crate) struct Rolling {
    pub(crate) spec: EnvSpec,
    pub(crate) ball: Ball,
    pub(crate) wall: bool,
}

impl Rolling {
    pub(crate) fn new(wall: bool) -> Self {
        let numbers = [("ball_x", "cm"), ("ball_y", "cm"), ("speed_x", "cm/s"), ("speed_y", "cm/s"), ("angle", "rad")];
        let speed = Part { tolerance: None, ..Part::point("speed", [2, 3], "cm/s", 0.0) };
        let spec = EnvSpec {
            id: "rolling".into(),
            dt: 0.1,
            state: numbers.map(|(name, unit)| Coordinate::new(name, unit)).to_vec(),
            actions: Actions::Box(Space::uniform(&["target_x", "target_y"], 0.0, EXTENT)),
            actions_are: ActionsAre::Targets,
            parts: vec![
                Part::point("ball", [0, 1], "cm", 6.0),
                speed,
                Part::angle("angle", 4, std::f32::consts::PI / 3.0),
            ],
            ..EnvSpec::default()
        };
        Self { spec, ball: [20.0, 50.0, 0.0, 0.0, 0.0], wall }
    }

    pub(crate) fn space(&self) -> Space {
        self.spec.actions.space()
    }
}

impl Sim for Rolling {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }
    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("rolling").stream();
        let mut draw = |low, high| stream.uniform(low, high) as f32;
        self.ball = [draw(8.0, 40.0), draw(8.0, 92.0), 0.0, 0.0, draw(0.0, 6.0)];
    }
    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        Error::check("state of rolling", 5, state.len())?;
        self.ball = [state[0] as f32, state[1] as f32, 0.0, 0.0, state[4] as f32];
        Ok(())
    }
    fn state(&self) -> Vec<f64> {
        self.ball.map(f64::from).to_vec()
    }
    fn step(&mut self, action: &[f32]) -> Step {
        let mut action = action.to_vec();
        self.spec.actions.space().clamp(&mut action);
        self.ball = advance(self.ball, &action, self.wall);
        Step::default()
    }
    fn draw(&self, size: usize) -> Image {
        draw(&self.ball, size, self.wall)
    }
    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend(self.ball.map(f64::from));
    }
    fn load(&mut self, snapshot: &[f64]) {
        self.ball = std::array::from_fn(|i| snapshot[i] as f32);
    }
    fn goals(&self) -> Option<&dyn GoalWorld> {
        Some(self)
    }
}

impl Task for Rolling {
    fn set_goal(&mut self, _goal: &[f32]) -> Result<()> {
        Ok(())
    }
    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        let distance = (state[0] - goal[0]).hypot(state[1] - goal[1]);
        let turned = (state[4] - goal[4] + std::f32::consts::PI).rem_euclid(std::f32::consts::TAU);
        let angle = (turned - std::f32::consts::PI).abs().to_degrees();
        match rule {
            Rule::Historic => distance < 12.0,
            Rule::Moderate => distance < 6.0 && angle < 60.0,
            Rule::Strict => distance < 3.0 && angle < 30.0,
        }
    }
}

/// The world, counting the pictures that are drawn of it and of its copies.
#[derive(Clone)]
pub(crate) struct Counting(pub(crate) Rolling, pub(crate) Arc<AtomicUsize>);

impl Counting {
    pub(crate) fn new(wall: bool) -> Self {
        Self(Rolling::new(wall), Arc::default())
    }

    /// Pictures drawn since the last time somebody asked.
    pub(crate) fn drawn(&self) -> usize {
        self.1.swap(0, Ordering::Relaxed)
    }
}

impl Sim for Counting {
    fn spec(&self) -> &EnvSpec {
        self.0.spec()
    }
    fn reset(&mut self, seed: u64) {
        self.0.reset(seed);
    }
    fn set_state(&mut self, state: &[f64]) -> Result<()> {
        self.0.set_state(state)
    }
    fn state(&self) -> Vec<f64> {
        self.0.state()
    }
    fn step(&mut self, action: &[f32]) -> Step {
        self.0.step(action)
    }
    fn draw(&self, size: usize) -> Image {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.draw(size)
    }
    fn save(&self, snapshot: &mut Vec<f64>) {
        self.0.save(snapshot);
    }
    fn load(&mut self, snapshot: &[f64]) {
        self.0.load(snapshot);
    }
    fn goals(&self) -> Option<&dyn GoalWorld> {
        Some(self)
    }
}

impl Task for Counting {
    fn set_goal(&mut self, goal: &[f32]) -> Result<()> {
        self.0.set_goal(goal)
    }
    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        self.0.reached(rule, state, goal)
    }
}

/// A policy that asks for every picture, whatever the policy inside says.
pub(crate) struct Staring<P>(pub(crate) P);

impl<P: Policy> Policy for Staring<P> {
    fn begin(&mut self, rows: &[usize], goals: &[Goal], keys: &[Key]) -> Result<()> {
        self.0.begin(rows, goals, keys)
    }
    fn act(&mut self, rows: &[usize], seen: &[Observation]) -> Result<Table> {
        assert!(seen.iter().all(|now| now.image.is_some()), "a picture for who looks");
        self.0.act(rows, seen)
    }
}

/// Its exact model; `blur` makes it a wrong one, whose ball lags behind by that share of each move.
#[derive(Clone)]
pub(crate) struct Exact {
    pub(crate) skip: usize,
    pub(crate) wall: bool,
    pub(crate) blur: f32,
}

impl Dynamics for Exact {
    type State = Vec<Ball>;

    fn block_width(&self) -> usize {
        2 * self.skip
    }
    fn observe(&self, observations: &[Observation]) -> Result<Self::State> {
        let row = |o: &Observation| {
            Error::check("state of rolling", 5, o.state.len())?;
            Ok(std::array::from_fn(|i| o.state[i]))
        };
        observations.iter().map(row).collect()
    }
    fn take(&self, state: &Self::State, rows: &[usize]) -> Self::State {
        rows.iter().map(|&row| state[row]).collect()
    }
    fn join(&self, states: &[&Self::State]) -> Option<Self::State> {
        Some(states.iter().flat_map(|state| state.iter().copied()).collect())
    }
    fn step(&self, state: &Self::State, acts: Acts<'_>) -> Self::State {
        let block = |(ball, block): (&Ball, &[f32])| {
            let moved = block.chunks_exact(2).fold(*ball, |ball, target| advance(ball, target, self.wall));
            std::array::from_fn(|i| if i < 4 { moved[i] + self.blur * (ball[i] - moved[i]) } else { moved[i] })
        };
        state.iter().zip(acts.blocks.chunks_exact(self.block_width())).map(block).collect()
    }
    fn latents(&self, state: &Self::State) -> Table {
        Table::from_data(2, state.iter().flat_map(|b| [b[0] / EXTENT, b[1] / EXTENT]).collect())
    }
    fn read(&self, state: &Self::State) -> Option<Table> {
        Some(Table::from_data(5, state.concat()))
    }
    fn draw(&self, state: &Self::State) -> Option<Vec<Image>> {
        Some(state.iter().map(|ball| draw(ball, 32, self.wall)).collect())
    }
}

/// Squared distance to a point at the end, and a tenth of it on the way.
pub(crate) struct Reach {
    /// One or several.
    pub(crate) goals: Vec<[f32; 2]>,
}

impl Reach {
    /// The places of some goals.
    pub(crate) fn of(goals: &[Goal]) -> Self {
        Self { goals: goals.iter().map(|goal| [goal.observation.state[0], goal.observation.state[1]]).collect() }
    }
}

impl Objective<Vec<Ball>> for Reach {
    fn cost(&self, Imagined { rollout, goals, .. }: &Imagined<'_, Vec<Ball>>) -> Vec<f32> {
        let mut costs = vec![0.0; rollout[0].len()];
        for (k, states) in rollout.iter().enumerate() {
            let weight = if k + 1 == rollout.len() { 1.0 } else { 0.1 };
            for ((cost, b), goal) in costs.iter_mut().zip(states).zip(goals.iter()) {
                let goal = self.goals[*goal];
                *cost += weight * ((b[0] - goal[0]).powi(2) + (b[1] - goal[1]).powi(2));
            }
        }
        costs
    }
}

/// Recordings of someone who wanders from target to target.
pub(crate) fn recordings(n_episodes: usize, len: usize, picture: usize, wall: bool) -> Dataset {
    let mut env = Rolling::new(wall);
    let episodes: Vec<Episode> = (0..n_episodes)
        .map(|index| {
            let mut stream = Key::new(5).with("wander").at(index as u64).stream();
            env.reset(index as u64);
            let (mut states, mut actions, mut images) = (Table::new(5), Table::new(2), Vec::new());
            let mut target = vec![env.ball[0], env.ball[1]];
            for step in 0..len {
                if step % 15 == 0 {
                    target = env.spec.actions.sample(&mut stream);
                }
                states.push(&env.ball);
                actions.push(&target);
                images.push(env.draw(picture));
                env.step(&target);
            }
            let frames = Some(Frames::from_images(&images));
            Episode { index, task: "wander".to_owned(), states, actions, frames, ..Episode::default() }
        })
        .collect();
    let signature = Signature {
        fps: 10.0,
        image: Some([picture, picture]),
        state: env.spec.names(),
        action: env.spec.actions.space().names,
        env: Some("rolling".to_owned()),
        ..Signature::default()
    };
    let state_stats = Stats::of(5, episodes.iter().map(|e| &e.states));
    let action_stats = Stats::of(2, episodes.iter().map(|e| &e.actions));
    // Only a name here; real data sets are hashed by the data crate.
    let hash = format!("toy-{n_episodes}x{len}");
    Dataset { signature, episodes, state_stats, action_stats, hash, notes: Vec::new() }
}
