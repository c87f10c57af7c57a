//! The demonstrator of PushT: it walks to a place on the outline and pushes from there.
//!
//! A stroke is chosen by trying pushes at places all around the body in the simulator itself and
//! taking the one that wins most per step, the walk included. While pushing, a few directions and
//! speeds are tried again at every step, each followed by letting go, so that it stops in time.
//! The error is the root mean square distance of the body's corners to their places in the goal,
//! which weighs turning and shifting as a picture does. When nothing is left to win it walks to
//! where the goal's agent stands. Its pace is that of the human recordings.

use super::options::GOAL;
use super::plan::GoalPose;
use super::route;
use super::world::PushT;
use crate::geometry::{Vec2, vec2};
use crate::policy::state;
use serde::{Deserialize, Serialize};
use terrella_core::{Goal, Key, Observation, Result, RowPolicy, Sim, Stream};

/// How a demonstrator moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PushStyle {
    /// Pace of the target while pushing, in px a step.
    pub push_speed: f64,
    /// Pace while walking, in px a step.
    pub walk_speed: f64,
    /// Spread of the value of strokes: 0 always takes the best one.
    pub variety: f64,
    /// Deviation of a tremble of the target, in px.
    pub tremble: f64,
    /// Error in px below which the body counts as placed.
    pub content: f64,
}

impl Default for PushStyle {
    fn default() -> Self {
        Self { push_speed: 10.0, walk_speed: 14.0, variety: 0.25, tremble: 1.0, content: 4.0 }
    }
}

/// Distance between places on the outline, in px.
const SPACING: f64 = 8.0;
/// Directions of a push, against the inward normal, in radians.
const SLANTS: [f64; 5] = [-0.6, -0.3, 0.0, 0.3, 0.6];
/// Directions tried at each step of a push, against the last one.
const STEERS: [f64; 5] = [0.0, -0.12, 0.12, -0.3, 0.3];
/// Steps of the longest stroke tried, and of the look ahead while pushing.
const STROKE: usize = 16;
const AHEAD: usize = 5;
/// Room between disc and body when a push begins, and on the way there, in px.
const STANDOFF: f64 = 4.0;
const BERTH: f64 = 3.0;
/// Steps that a new stroke costs beyond its walk and its push.
const OVERHEAD: f64 = 6.0;

#[derive(Clone, Copy, Debug)]
enum Stage {
    Choose,
    /// Towards a place in the frame of the body, to push in a direction of that frame.
    Walk {
        place: Vec2,
        direction: Vec2,
        patience: usize,
    },
    /// In a direction of the world.
    Push {
        direction: Vec2,
    },
    /// The body is placed.
    Home,
}

/// Pushes the body of PushT into the goal pose.
#[derive(Clone)]
pub struct PushDemonstrator {
    /// Follows the real world, and knows the agent's velocity, which the state row hides.
    pub(super) shadow: PushT,
    pub(super) style: PushStyle,
    pub(super) pace: f64,
    goal: GoalPose,
    home: Vec2,
    stage: Stage,
    pub(super) target: Vec2,
    last_agent: Vec2,
    started: bool,
    stream: Stream,
}

impl PushDemonstrator {
    /// A demonstrator that knows this world's options and nothing of its state.
    pub fn new(world: PushT, style: PushStyle) -> Self {
        let goal = world.goal_pose(GOAL);
        Self {
            shadow: world,
            style,
            pace: 1.0,
            goal,
            home: vec2(150.0, 350.0),
            stage: Stage::Choose,
            target: Vec2::ZERO,
            last_agent: Vec2::ZERO,
            started: false,
            stream: Key::new(0).stream(),
        }
    }

    /// Brings the shadow to what was observed.
    pub(super) fn follow(&mut self, row: &[f32]) -> Result<()> {
        let seen = vec2(f64::from(row[0]), f64::from(row[1]));
        let expected = self.shadow.logged();
        let surprise = expected.iter().zip(row).map(|(e, r)| (e - r).abs()).fold(0.0, f32::max);
        if !self.started || surprise > 0.01 {
            let velocity = if self.started { (seen - self.last_agent) * 10.0 } else { Vec2::ZERO };
            self.shadow.set_logged(row)?;
            self.shadow.put_agent(seen, velocity);
        }
        if !self.started {
            self.target = seen;
            self.started = true;
        }
        self.last_agent = seen;
        Ok(())
    }

    fn clearance(&self) -> f64 {
        self.shadow.agent_radius() + BERTH
    }

    /// The target after the next step of whatever is to be done.
    fn next_target(&mut self) -> Vec2 {
        // A stage may end at once and hand over; three hand-overs lead from any stage to motion.
        for _ in 0..3 {
            match self.stage {
                Stage::Choose => self.stage = self.choose(),
                Stage::Walk { place, direction, patience } => {
                    let Some(next) = self.approach(place) else {
                        self.stage = Stage::Push { direction: self.shadow.obstacles().direction(direction) };
                        continue;
                    };
                    if patience == 0 {
                        self.stage = Stage::Choose;
                        continue;
                    }
                    self.stage = Stage::Walk { place, direction, patience: patience - 1 };
                    return next;
                }
                Stage::Push { direction } => match self.steer(direction) {
                    Some((direction, speed)) => {
                        self.stage = Stage::Push { direction };
                        return self.target + direction * speed;
                    }
                    None => self.stage = Stage::Choose,
                },
                Stage::Home => {
                    if self.shadow.goal_error(&self.goal) > 2.0 * self.style.content {
                        self.stage = Stage::Choose;
                        continue;
                    }
                    return self.walk(self.home);
                }
            }
        }
        self.shadow.agent()
    }

    /// A step of the way to a place in the frame of the body; nothing once it is there, and the target with it.
    pub(super) fn approach(&mut self, place: Vec2) -> Option<Vec2> {
        let to = self.shadow.obstacles().world(place);
        let agent = self.shadow.agent();
        if (agent - to).length() < STANDOFF + 2.0 {
            self.target = agent;
            return None;
        }
        Some(self.walk(to))
    }

    /// Where one stands to push at a point of the outline, in the frame of the body, if the disc has room there.
    pub(super) fn stand(&self, (point, normal): (Vec2, Vec2)) -> Option<Vec2> {
        let (body, radius) = (self.shadow.obstacles(), self.shadow.agent_radius());
        let place = point + normal * (radius + STANDOFF);
        (!body.covers(place, radius - 1.0) && body.in_world(place)).then_some(place)
    }

    /// A step of the way to a point, around the body.
    fn walk(&self, to: Vec2) -> Vec2 {
        let agent = self.shadow.agent();
        let (leg, _) = route::first_leg(&self.shadow.obstacles(), agent, to, self.clearance());
        let way = leg - agent;
        // The controller lags two steps behind a moving target.
        let lead = (2.0 * self.style.walk_speed * self.pace).min(way.length());
        let wanted = agent + way.unit() * lead;
        self.target.lerp(wanted, 0.7)
    }

    /// The stroke that wins most per step.
    fn choose(&mut self) -> Stage {
        let before = self.shadow.goal_error(&self.goal);
        if before < self.style.content {
            return Stage::Home;
        }
        let (body, agent) = (self.shadow.obstacles(), self.shadow.agent());
        let mut best = (0.0, Stage::Home);
        for [low, high] in body.boxes().to_vec() {
            for (point, normal) in outline(low, high) {
                let Some(place) = self.stand((point, normal)) else { continue };
                let walk = route::first_leg(&body, agent, body.world(place), self.clearance()).1;
                for slant in SLANTS {
                    let direction = (-normal).rotated(Vec2::of_angle(slant));
                    let (won, steps) = self.attempt(body.world(place), body.direction(direction), before);
                    let rate = won / (walk / self.style.walk_speed + steps + OVERHEAD);
                    let rate = rate * (1.0 + self.style.variety * self.stream.normal());
                    if won > 0.1 && rate > best.0 {
                        best = (rate, Stage::Walk { place, direction, patience: 70 });
                    }
                }
            }
        }
        best.1
    }

    /// How much error a straight push takes away at its best moment, and when that is.
    fn attempt(&self, from: Vec2, direction: Vec2, before: f64) -> (f64, f64) {
        let mut world = self.shadow.clone();
        world.put_agent(from, Vec2::ZERO);
        let (mut best, mut best_at) = (before, 0);
        for step in 1..=STROKE {
            world.push_to(from + direction * (self.style.push_speed * step as f64));
            let error = world.goal_error(&self.goal);
            if error < best {
                (best, best_at) = (error, step);
            } else if step > best_at + 5 || error > before + 4.0 {
                break;
            }
        }
        (before - best, best_at as f64)
    }

    /// How to go on with a push, or nothing if letting go is best.
    fn steer(&self, direction: Vec2) -> Option<(Vec2, f64)> {
        let mut best = (self.let_go(&self.shadow, direction) - 0.05, None);
        for steer in STEERS {
            let direction = direction.rotated(Vec2::of_angle(steer));
            for speed in [1.0, 0.4].map(|s| s * self.style.push_speed * self.pace) {
                let mut world = self.shadow.clone();
                for step in 1..=AHEAD {
                    world.push_to(self.target + direction * (speed * step as f64));
                    // A slow way to the same place is worth a little less.
                    let cost = self.let_go(&world, direction) + 0.05 * step as f64;
                    if cost < best.0 {
                        best = (cost, Some((direction, speed)));
                    }
                }
            }
        }
        best.1
    }

    /// Sets the target, with a tremble; the action that does so.
    pub(super) fn go(&mut self, next: Vec2) -> Vec<f32> {
        let tremble = vec2(self.stream.normal(), self.stream.normal()) * self.style.tremble;
        self.target = vec2(next.x.clamp(0.0, 512.0), next.y.clamp(0.0, 512.0));
        let action = self.shadow.action_for(self.target + tremble);
        self.shadow.step(&action);
        action.to_vec()
    }

    /// The error after backing off from here.
    fn let_go(&self, world: &PushT, direction: Vec2) -> f64 {
        let mut world = world.clone();
        let back = world.agent() - direction * 12.0;
        (0..2).for_each(|_| world.push_to(back));
        world.goal_error(&self.goal)
    }
}

/// Places along the edges of a box, with the outward normal.
pub(super) fn outline(low: Vec2, high: Vec2) -> Vec<(Vec2, Vec2)> {
    let corners = [low, vec2(high.x, low.y), high, vec2(low.x, high.y)];
    let mut places = Vec::new();
    for i in 0..4 {
        let (a, b) = (corners[i], corners[(i + 1) % 4]);
        let n = ((b - a).length() / SPACING).ceil().max(1.0) as usize;
        let normal = (b - a).rperp().unit();
        places.extend((0..n).map(|k| (a.lerp(b, (k as f64 + 0.5) / n as f64), normal)));
    }
    places
}

impl RowPolicy for PushDemonstrator {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        if !goal.observation.state.is_empty() {
            let [x, y, body_x, body_y, angle] = state("the goal of the PushT demonstrator", &goal.observation)?;
            self.goal = self.shadow.goal_pose([body_x, body_y, angle]);
            self.home = vec2(x, y);
        }
        self.stream = key.with("push").stream();
        self.pace = 1.0 + self.style.variety * self.stream.uniform(-0.8, 0.8);
        self.stage = Stage::Choose;
        self.started = false;
        Ok(())
    }

    fn looks(&self) -> bool {
        false
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let _: [f64; 5] = state("the PushT demonstrator", now)?;
        self.follow(&now.state)?;
        let next = self.next_target();
        Ok(self.go(next))
    }
}
