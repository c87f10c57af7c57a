//! The demonstrator of TwoRoom: straight to the goal, or to the door and through it first.

use super::options::TwoRoomOptions;
use crate::geometry::{Vec2, vec2};
use crate::policy::state;
use terrella_core::{Goal, Key, Observation, Result, RowPolicy, Stream};

/// Walks to the goal through the door.
#[derive(Clone, Debug)]
pub(super) struct RoomDemonstrator {
    options: TwoRoomOptions,
    goal: Vec2,
    /// Where in the door this episode passes, from -1 (top) to 1.
    lane: f64,
    stream: Stream,
}

impl RoomDemonstrator {
    /// A demonstrator for a world with these options.
    pub(super) fn new(options: TwoRoomOptions) -> Self {
        Self { options, goal: Vec2::ZERO, lane: 0.0, stream: Key::new(0).stream() }
    }

    /// The next point to walk straight to.
    fn waypoint(&self, agent: Vec2) -> Vec2 {
        let o = &self.options;
        let side = |p: Vec2| (p.x - o.wall_x).signum();
        let clear = o.wall_thickness / 2.0 + o.agent_radius + 2.0;
        let room = o.door_size / 2.0 - o.agent_radius;
        let door = vec2(o.wall_x, o.door_y + self.lane * (room - 1.0).max(0.0) * 0.8);
        let in_door = (agent.x - o.wall_x).abs() < clear && (agent.y - o.door_y).abs() < room;
        if in_door {
            return if (self.goal.x - o.wall_x).abs() < clear {
                self.goal
            } else {
                door + vec2(side(self.goal) * clear, 0.0)
            };
        }
        if side(agent) == side(self.goal) && (self.goal.x - o.wall_x).abs() >= clear {
            return self.goal;
        }
        let before = door + vec2(side(agent) * clear, 0.0);
        if (agent - before).length() < o.speed.max(3.0) { door } else { before }
    }
}

impl RowPolicy for RoomDemonstrator {
    fn begin(&mut self, goal: &Goal, key: Key) -> Result<()> {
        let [x, y] = state("the goal of the TwoRoom demonstrator", &goal.observation)?;
        self.goal = vec2(x, y);
        self.stream = key.with("rooms").stream();
        self.lane = self.stream.uniform(-1.0, 1.0);
        Ok(())
    }

    fn looks(&self) -> bool {
        false
    }

    fn act(&mut self, now: &Observation) -> Result<Vec<f32>> {
        let [x, y] = state("the TwoRoom demonstrator", now)?;
        let wanted = (self.waypoint(vec2(x, y)) - vec2(x, y)) * (1.0 / self.options.speed);
        let longest = wanted.x.abs().max(wanted.y.abs()).max(1.0);
        let step = wanted * (1.0 / longest);
        Ok([step.x, step.y].map(|s| (s + 0.05 * self.stream.normal()).clamp(-1.0, 1.0) as f32).to_vec())
    }
}
