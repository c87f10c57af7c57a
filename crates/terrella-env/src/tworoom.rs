//! TwoRoom: a disc in a square of two rooms, with one door between them.
//!
//! The world is 224 px wide with a border of 14 px. A wall of 10 px stands at x = 112; its door is
//! 40 px high at y = 112. The agent's radius is 7 px and an action moves it up to 5 px in x and in
//! y. The whole path is swept against walls with rounded corners: nothing tunnels, and what is left
//! of a blocked motion slides along the wall. All numbers but the width and the border are options.
//!
//! The state is the agent's x and y; nothing is hidden. Historic and Moderate: less than 16 px from
//! the goal. Strict: less than 8 px, for three steps.

use crate::artist::Artist;
use crate::error::{Result, require};
use crate::geometry::{Vec2, pixel, vec2};
use crate::latency::Latency;
use crate::look::lighter;
use crate::policy::RandomPolicy;
use crate::raster::{Backdrop, Grid, border};
use crate::world::{Factor, LATE, World, read};
use serde_json::json;
use std::sync::Arc;
use terrella_core::{
    Actions, AnySim, Coordinate, EnvSpec, GoalWorld, Image, Key, Part, Rule, Scene, Sim, Space, Step, Task,
};

mod demonstrator;
mod options;
use demonstrator::RoomDemonstrator;
pub use options::TwoRoomOptions;

/// Name in the registry.
const ID: &str = "tworoom";
/// The entry of the registry.
pub(crate) const WORLD: World = World {
    id: ID,
    about: "a disc walks through the door between two rooms (224 px, 10 Hz)",
    make: |options| Ok(AnySim::new(TwoRoom::new(read(ID, options)?)?)),
    demonstrator: |options| {
        let world = TwoRoom::new(read(ID, options)?)?;
        Ok(Box::new(RoomDemonstrator::new(world.options().clone())))
    },
    explorer: |options| Ok(Box::new(RandomPolicy::new(TwoRoom::new(read(ID, options)?)?.spec.actions.clone()))),
    seeker: None,
    factors: &[
        Factor {
            name: "another pace",
            unit: "px a step",
            sizes: [6.0, 7.5, 10.0],
            options: |speed| json!({ "speed": speed }),
        },
        LATE,
    ],
};
/// Side of the world in px.
const EXTENT: f64 = 224.0;
/// Width of the border in px.
const BORDER: f64 = 14.0;
/// How far off a wall a blocked agent comes to rest.
const SKIN: f64 = 1e-4;

/// The world.
#[derive(Clone)]
pub struct TwoRoom {
    options: Arc<TwoRoomOptions>,
    spec: Arc<EnvSpec>,
    /// The wall above and below the door: low and high corner.
    walls: [[Vec2; 2]; 2],
    agent: Vec2,
    glide: Vec2,
    latency: Latency,
    goal: Option<Vec2>,
    artist: Artist,
}

impl TwoRoom {
    /// A world with these factors of variation, reset with seed 0.
    ///
    /// # Errors
    /// If an option is out of range, or the agent does not fit through the door.
    pub fn new(options: TwoRoomOptions) -> Result<Self> {
        let o = &options;
        require((60.0..=164.0).contains(&o.wall_x), ID, "wall_x", o.wall_x, "in 60..=164")?;
        require((1.0..=40.0).contains(&o.wall_thickness), ID, "wall_thickness", o.wall_thickness, "in 1..=40")?;
        require((2.0..=20.0).contains(&o.agent_radius), ID, "agent_radius", o.agent_radius, "in 2..=20")?;
        let fits = o.door_size > 2.0 * o.agent_radius && o.door_size <= 160.0;
        require(fits, ID, "door_size", o.door_size, "wider than the agent and at most 160")?;
        let half = o.door_size / 2.0;
        let inside = o.door_y - half >= BORDER && o.door_y + half <= EXTENT - BORDER;
        require(inside, ID, "door_y", o.door_y, "such that the door lies between the borders (14 and 210)")?;
        require(o.speed > 0.0 && o.speed <= 50.0, ID, "speed", o.speed, "in 0..=50")?;
        require((0.0..1.0).contains(&o.glide), ID, "glide", o.glide, "in 0..1")?;
        require(o.latency <= 100, ID, "latency", o.latency, "at most 100 steps")?;
        let x = [o.wall_x - o.wall_thickness / 2.0, o.wall_x + o.wall_thickness / 2.0];
        let walls = [[vec2(x[0], 0.0), vec2(x[1], o.door_y - half)], [vec2(x[0], o.door_y + half), vec2(x[1], EXTENT)]];
        let spec = EnvSpec {
            id: ID.into(),
            dt: 0.1,
            state: vec![Coordinate::new("agent_x", "px"), Coordinate::new("agent_y", "px")],
            actions: Actions::Box(Space::uniform(&["dx", "dy"], -1.0, 1.0)),
            parts: vec![Part::point("agent", [0, 1], "px", 16.0).strictly(8.0)],
            scene: Some(Scene { side: EXTENT as f32, hides: Vec::new() }),
            rules: "A disc (the agent) walks between two rooms of together 224 px through one door. Moderate: it is less than \
                    16 px from where it should be. Strict: less than 8 px, for three steps."
                .into(),
            ..EnvSpec::default()
        };
        let mut world = Self {
            options: Arc::new(options),
            spec: Arc::new(spec),
            walls,
            agent: Vec2::ZERO,
            glide: Vec2::ZERO,
            latency: Latency::default(),
            goal: None,
            artist: Artist::default(),
        };
        world.reset(0);
        Ok(world)
    }

    /// The factors of variation.
    pub fn options(&self) -> &TwoRoomOptions {
        &self.options
    }

    /// Free space around a disc at this place (negative inside a wall) and the direction of more.
    fn clearance(&self, p: Vec2) -> (f64, Vec2) {
        let (low, high) = (BORDER, EXTENT - BORDER);
        let mut best = [
            (p.x - low, vec2(1.0, 0.0)),
            (high - p.x, vec2(-1.0, 0.0)),
            (p.y - low, vec2(0.0, 1.0)),
            (high - p.y, vec2(0.0, -1.0)),
        ]
        .into_iter()
        .fold((f64::INFINITY, Vec2::ZERO), |best, side| if side.0 < best.0 { side } else { best });
        for [low, high] in self.walls {
            let nearest = vec2(p.x.clamp(low.x, high.x), p.y.clamp(low.y, high.y));
            let away = p - nearest;
            let distance = away.length();
            let wall = if distance > 0.0 {
                (distance, away * (1.0 / distance))
            } else {
                // Inside: out through the nearer flat side.
                let (left, right) = (p.x - low.x, high.x - p.x);
                if left < right { (-left, vec2(-1.0, 0.0)) } else { (-right, vec2(1.0, 0.0)) }
            };
            if wall.0 < best.0 {
                best = wall;
            }
        }
        (best.0 - self.options.agent_radius, best.1)
    }

    /// Moves the agent along a path, stopping and sliding at walls.
    fn travel(&mut self, mut motion: Vec2) {
        for _ in 0..4 {
            let Some((part, outward)) = self.first_touch(self.agent, motion) else {
                self.agent += motion;
                break;
            };
            // A hair's breadth off the wall, so that rounding never puts the agent inside.
            self.agent += motion * part + outward * SKIN;
            let rest = motion * (1.0 - part);
            motion = rest - outward * rest.dot(outward).min(0.0);
        }
        self.settle();
    }

    /// The first touch on a straight way: which part of it is free, and the wall's outward normal.
    ///
    /// A disc meets a wall where its centre meets the wall grown by the radius: two rectangles, each
    /// longer along one axis, and four discs at the corners.
    fn first_touch(&self, from: Vec2, motion: Vec2) -> Option<(f64, Vec2)> {
        let r = self.options.agent_radius;
        let (low, high) = (BORDER + r, EXTENT - BORDER - r);
        let side = |gap: f64, normal: Vec2| {
            let approach = -motion.dot(normal);
            (approach > 0.0).then(|| (gap.max(0.0) / approach, normal))
        };
        let mut first = None;
        let mut offer = |touch: Option<(f64, Vec2)>| {
            if let Some(touch) = touch.filter(|t| t.0 <= first.map_or(1.0, |(part, _)| part)) {
                first = Some(touch);
            }
        };
        offer(side(from.x - low, vec2(1.0, 0.0)));
        offer(side(high - from.x, vec2(-1.0, 0.0)));
        offer(side(from.y - low, vec2(0.0, 1.0)));
        offer(side(high - from.y, vec2(0.0, -1.0)));
        for [low, high] in self.walls {
            let (along_x, along_y) = (vec2(r, 0.0), vec2(0.0, r));
            offer(enter_rectangle(from, motion, low - along_x, high + along_x));
            offer(enter_rectangle(from, motion, low - along_y, high + along_y));
            for corner in [low, vec2(high.x, low.y), high, vec2(low.x, high.y)] {
                offer(enter_disc(from, motion, corner, r));
            }
        }
        first
    }

    /// Leaves a wall that a logged row, rounded or foreign, lies in.
    fn settle(&mut self) {
        for _ in 0..8 {
            let (free, outward) = self.clearance(self.agent);
            if free >= 0.0 {
                break;
            }
            self.agent += outward * (SKIN - free);
        }
    }
}

impl Sim for TwoRoom {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("tworoom.reset").stream();
        self.agent = loop {
            let p = vec2(stream.uniform(BORDER, EXTENT - BORDER), stream.uniform(BORDER, EXTENT - BORDER));
            if self.clearance(p).0 > 0.0 {
                break p;
            }
        };
        self.glide = Vec2::ZERO;
        self.latency.reset(self.options.latency, [0.0; 2]);
    }

    fn set_state(&mut self, state: &[f64]) -> terrella_core::Result<()> {
        let [x, y] = crate::row("tworoom state", state)?;
        self.agent = vec2(x, y);
        self.settle();
        self.glide = Vec2::ZERO;
        self.latency.reset(self.options.latency, [0.0; 2]);
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        vec![self.agent.x, self.agent.y]
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let [x, y] = self.latency.pass([0, 1].map(|i| f64::from(crate::clamped(action[i], -1.0, 1.0))));
        let motion = vec2(x, y) * self.options.speed + self.glide;
        let before = self.agent;
        self.travel(motion);
        self.glide = (self.agent - before) * self.options.glide;
        Step::default()
    }

    fn draw(&self, size: usize) -> Image {
        let Self { options, walls, agent, goal, artist, .. } = self;
        let (agent, radius) = (pixel(*agent), options.agent_radius.round() as i32);
        artist.draw(
            size,
            || backdrop(options, walls, *goal, size),
            |canvas| {
                let [x, y] = agent.map(f64::from);
                let r = f64::from(radius);
                canvas.part([x - r, y - r], [x + r, y + r]);
                canvas.disc(agent, radius, options.look.agent);
                canvas.disc(agent, radius - 2, lighter(options.look.agent));
            },
        )
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend([self.agent.x, self.agent.y, self.glide.x, self.glide.y]);
        self.latency.save(snapshot);
    }

    fn load(&mut self, snapshot: &[f64]) {
        self.agent = vec2(snapshot[0], snapshot[1]);
        self.glide = vec2(snapshot[2], snapshot[3]);
        self.latency.load(&snapshot[4..]);
    }

    fn goals(&self) -> Option<&dyn GoalWorld> {
        Some(self)
    }
}

impl Task for TwoRoom {
    fn set_goal(&mut self, goal: &[f32]) -> terrella_core::Result<()> {
        let [x, y] = crate::logged("tworoom goal", goal)?;
        if self.goal != Some(vec2(x, y)) {
            self.goal = Some(vec2(x, y));
            if self.options.draw_goal {
                self.artist.forget();
            }
        }
        Ok(())
    }

    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        crate::distance(state, goal) < if rule == Rule::Strict { 8.0 } else { 16.0 }
    }
}

/// Where a straight way enters a rectangle from outside, and the normal there.
fn enter_rectangle(from: Vec2, motion: Vec2, low: Vec2, high: Vec2) -> Option<(f64, Vec2)> {
    let (mut enter, mut leave, mut normal) = (f64::NEG_INFINITY, f64::INFINITY, Vec2::ZERO);
    let axes = [(from.x, motion.x, low.x, high.x, vec2(1.0, 0.0)), (from.y, motion.y, low.y, high.y, vec2(0.0, 1.0))];
    for (at, run, low, high, axis) in axes {
        if run == 0.0 {
            if at <= low || at >= high {
                return None;
            }
            continue;
        }
        let (near, far) = if run > 0.0 { (low, high) } else { (high, low) };
        if (near - at) / run > enter {
            (enter, normal) = ((near - at) / run, axis * -run.signum());
        }
        leave = leave.min((far - at) / run);
    }
    (enter >= 0.0 && enter < leave).then_some((enter, normal))
}

/// Where a straight way enters a disc from outside, and the normal there.
fn enter_disc(from: Vec2, motion: Vec2, centre: Vec2, radius: f64) -> Option<(f64, Vec2)> {
    let away = from - centre;
    let (approach, square) = (-away.dot(motion), motion.dot(motion));
    let gap = away.dot(away) - radius * radius;
    if approach <= 0.0 || gap < 0.0 {
        return None;
    }
    let root = approach * approach - square * gap;
    let part = (root >= 0.0).then(|| gap / (approach + root.sqrt()))?;
    Some((part, (away + motion * part).unit()))
}

fn backdrop(options: &TwoRoomOptions, walls: &[[Vec2; 2]; 2], goal: Option<Vec2>, size: usize) -> Backdrop {
    let extent = EXTENT as usize;
    Backdrop::new(Grid::new(extent, size), options.look.ground(extent), |canvas| {
        if let Some(goal) = goal.filter(|_| options.draw_goal) {
            canvas.disc(pixel(goal), options.agent_radius.round() as i32, options.look.goal);
        }
        border(canvas, EXTENT, BORDER, options.look.wall);
        for [low, high] in walls {
            canvas.rectangle(*low, *high, options.look.wall);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> TwoRoom {
        TwoRoom::new(TwoRoomOptions::default()).expect("defaults are valid")
    }

    #[test]
    fn no_step_enters_or_crosses_a_wall() {
        let mut world =
            TwoRoom::new(TwoRoomOptions { speed: 50.0, wall_thickness: 1.0, ..Default::default() }).expect("in range");
        for seed in 0..50 {
            world.reset(seed);
            let mut stream = Key::new(seed).with("walk").stream();
            for _ in 0..200 {
                let before = world.agent;
                world.step(&[stream.uniform(-1.0, 1.0) as f32, stream.uniform(-1.0, 1.0) as f32]);
                let after = world.agent;
                assert!(world.clearance(after).0 > -1e-9, "inside a wall at {after:?}");
                if (before.x - 112.0) * (after.x - 112.0) < 0.0 {
                    let y = before.y + (after.y - before.y) * (112.0 - before.x) / (after.x - before.x);
                    assert!((y - 112.0).abs() < 40.0, "crossed away from the door, near y = {y}");
                }
            }
        }
    }

    #[test]
    fn a_blocked_motion_slides() {
        let mut world = world();
        world.set_state(&[99.0, 60.0]).expect("free");
        (0..4).for_each(|_| _ = world.step(&[1.0, 1.0]));
        let [x, y] = [world.agent.x, world.agent.y];
        assert!((x - 100.0).abs() < 1e-2, "107 px minus the radius: {x}");
        assert!((y - 80.0).abs() < 1e-2, "the other axis is not slowed: {y}");
    }
}
