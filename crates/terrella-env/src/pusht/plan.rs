//! What a scripted pusher may know of the world: outlines to go around, and the simulator itself.

use super::options::ActionKind;
use super::shape::Pose;
use super::world::PushT;
use crate::geometry::{Vec2, vec2};

/// The body as something to walk around.
#[derive(Clone, Debug)]
pub(super) struct Obstacles {
    boxes: Vec<[Vec2; 2]>,
    pose: Pose,
    centre: Vec2,
}

impl Obstacles {
    pub(super) fn boxes(&self) -> &[[Vec2; 2]] {
        &self.boxes
    }

    /// A world point in the frame of the body.
    pub(super) fn local(&self, p: Vec2) -> Vec2 {
        (p - self.pose.position).unrotated(self.pose.rotation) + self.centre
    }

    /// A point of the body's frame in the world.
    pub(super) fn world(&self, p: Vec2) -> Vec2 {
        self.pose.position + (p - self.centre).rotated(self.pose.rotation)
    }

    /// Turns a direction of the body's frame into the world.
    pub(super) fn direction(&self, d: Vec2) -> Vec2 {
        d.rotated(self.pose.rotation)
    }

    /// Whether the agent can stand at a point of the body's frame.
    pub(super) fn in_world(&self, p: Vec2) -> bool {
        let Vec2 { x, y } = self.world(p);
        x > 8.0 && x < 504.0 && y > 8.0 && y < 504.0
    }

    /// Whether a point is closer to a box than `clearance` along both axes.
    pub(super) fn covers(&self, p: Vec2, clearance: f64) -> bool {
        self.gap(p) < clearance
    }

    /// Distance to the nearest box along the axis where it is larger; negative inside.
    pub(super) fn gap(&self, p: Vec2) -> f64 {
        let along = |x: f64, low: f64, high: f64| (low - x).max(x - high);
        let to = |[low, high]: &[Vec2; 2]| along(p.x, low.x, high.x).max(along(p.y, low.y, high.y));
        self.boxes.iter().map(to).fold(f64::INFINITY, f64::min)
    }

    /// Whether a segment passes closer than `clearance` (slab test against the grown boxes).
    pub(super) fn blocks(&self, a: Vec2, b: Vec2, clearance: f64) -> bool {
        self.boxes.iter().any(|[low, high]| {
            let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
            for (from, to, low, high) in [(a.x, b.x, low.x, high.x), (a.y, b.y, low.y, high.y)] {
                let (low, high, run) = (low - clearance, high + clearance, to - from);
                if run.abs() < 1e-12 {
                    if from <= low || from >= high {
                        return false;
                    }
                } else {
                    let (s, t) = ((low - from) / run, (high - from) / run);
                    enter = enter.max(s.min(t));
                    leave = leave.min(s.max(t));
                }
            }
            enter + 1e-9 < leave
        })
    }
}

impl PushT {
    /// The body where it is now, to walk around.
    pub(super) fn obstacles(&self) -> Obstacles {
        let body = &self.rules.body;
        let boxes = body.boxes().iter().map(|b| [b.low, b.high]).collect();
        Obstacles { boxes, pose: self.sim.pose, centre: body.centre }
    }

    /// Radius of the agent.
    pub(super) fn agent_radius(&self) -> f64 {
        self.rules.agent_radius
    }

    /// Where the agent is.
    pub(super) fn agent(&self) -> Vec2 {
        self.sim.agent
    }

    /// Puts the agent somewhere, at this speed, touching nothing remembered.
    pub(super) fn put_agent(&mut self, at: Vec2, velocity: Vec2) {
        self.sim.put_agent(at, velocity);
    }

    /// Acts by an absolute target, whatever the action kind, without latency.
    pub(super) fn push_to(&mut self, target: Vec2) {
        self.sim.step(&self.rules, target);
    }

    /// The action that sends the agent to a target.
    pub(super) fn action_for(&self, target: Vec2) -> [f32; 2] {
        let [x, y] = match self.options.action {
            ActionKind::Absolute => [target.x, target.y],
            ActionKind::Relative => [(target.x - self.sim.agent.x) / 100.0, (target.y - self.sim.agent.y) / 100.0],
        };
        let [low, high] = self.bounds;
        [x as f32, y as f32].map(|a| a.clamp(low, high))
    }

    /// Root mean square distance of the body's corners to where they are in the goal pose.
    pub(super) fn goal_error(&self, goal: &GoalPose) -> f64 {
        let Pose { position, rotation } = self.sim.pose;
        let turn = rotation - goal.rotation;
        let shift = position - goal.position;
        // Mean of |shift + turn·corner|² over corners about the centre, by their first two moments.
        let mean = goal.mean.rotated(turn);
        (shift.dot(shift) + 2.0 * shift.dot(mean) + turn.dot(turn) * goal.spread).sqrt()
    }

    /// Prepares a goal pose (body origin and angle).
    pub(super) fn goal_pose(&self, [x, y, angle]: [f64; 3]) -> GoalPose {
        let body = &self.rules.body;
        let rotation = Vec2::of_angle(angle);
        let position = vec2(x, y) + body.centre.rotated(rotation);
        let corners = || body.boxes().iter().flat_map(|b| b.corners()).map(|c| c - body.centre);
        let n = 4.0 * body.boxes().len() as f64;
        let mean = corners().fold(Vec2::ZERO, |sum, c| sum + c) * (1.0 / n);
        let spread = corners().map(|c| c.dot(c)).sum::<f64>() / n;
        GoalPose { position, rotation, mean, spread }
    }
}

/// A goal pose and the moments of the corners, so that an error costs a dozen operations.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GoalPose {
    position: Vec2,
    rotation: Vec2,
    mean: Vec2,
    spread: f64,
}
