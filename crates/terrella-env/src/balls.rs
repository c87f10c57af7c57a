//! Balls: discs under gravity in a box, partly hidden by occluders, with exact contacts.
//!
//! The world is 256 px wide with a border of 8 px. Between contacts every ball follows its parabola
//! in closed form; contacts are found as roots of quadratics (gravity cancels between two balls) and
//! resolved one by one in time order. Nothing is integrated, so with restitution 1 energy is kept to
//! rounding, whatever the step. Below 12 px/s contacts lose nothing: a ball trembles by at most
//! 0.18 px instead of bouncing infinitely often in finite time.
//!
//! A state row is x, y, vx, vy of each ball. The action pushes the first ball: a change of velocity
//! of up to `push` px/s along each axis at the start of a step. Occluders hide, and do nothing else.
//! Historic and Moderate: the first ball is less than 16 px from its place in the goal; Strict: 8 px.

use crate::artist::Artist;
use crate::error::{Result, require};
use crate::geometry::{Vec2, pixel, vec2};
use crate::latency::Latency;
use crate::look::lighter;
use crate::policy::RandomPolicy;
use crate::raster::{Backdrop, Canvas, Grid, border};
use crate::world::{BoxedPolicy, Factor, LATE, World, read};
use crate::{Look, Rgb};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use terrella_core::{
    Actions, AnySim, Coordinate, EnvSpec, GoalWorld, Image, Key, Part, PartKind, Rule, Scene, Sim, Space, Step, Task,
};

mod motion;
use motion::Ball;

/// Name in the registry.
const ID: &str = "balls";
/// The entry of the registry.
pub(crate) const WORLD: World = World {
    id: ID,
    about: "balls bounce in a box under gravity, partly hidden (256 px, 20 Hz)",
    make: |options| Ok(AnySim::new(Balls::new(read(ID, options)?)?)),
    // Nothing is to be achieved here: random pushes are the demonstration.
    demonstrator: pushes,
    explorer: pushes,
    seeker: None,
    factors: &[
        Factor {
            name: "gravity",
            unit: "px/s²",
            sizes: [500.0, 600.0, 800.0],
            options: |gravity| json!({ "gravity": gravity }),
        },
        Factor {
            name: "bounces that lose speed",
            unit: "of it left",
            sizes: [0.95, 0.85, 0.7],
            options: |restitution| json!({ "restitution": restitution }),
        },
        LATE,
    ],
};
const EXTENT: f64 = 256.0;
const BORDER: f64 = 8.0;
/// Actions a second.
const FPS: f64 = 20.0;

/// Factors of variation of Balls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BallsOptions {
    /// How many balls, 1 to 8.
    pub count: usize,
    /// Radius of the first ball in px; the others' alternate between this and `other_radius`.
    pub radius: f64,
    /// Radius of every second ball.
    pub other_radius: f64,
    /// Mass of the first ball, the others' being 1 at radius 16 and as the square of the radius.
    pub mass: f64,
    /// Downward acceleration in px/s².
    pub gravity: f64,
    /// Part of the approach speed that a contact gives back.
    pub restitution: f64,
    /// Part of its speed that a ball loses in a second to the air.
    pub drag: f64,
    /// Largest change of the first ball's velocity along each axis in a step, in px/s, at mass 1.
    pub push: f64,
    /// Speeds at a reset are drawn up to this along each axis, in px/s.
    pub start_speed: f64,
    /// Rectangles that hide what is behind: left, top, right, bottom in px.
    pub occluders: Vec<[f64; 4]>,
    /// Their colour.
    pub occluder_color: Rgb,
    /// Steps until an action takes effect.
    pub latency: usize,
    /// Colours and background.
    pub look: Look,
}

impl Default for BallsOptions {
    fn default() -> Self {
        Self {
            count: 3,
            radius: 16.0,
            other_radius: 12.0,
            mass: 1.0,
            gravity: 400.0,
            restitution: 1.0,
            drag: 0.0,
            push: 60.0,
            start_speed: 150.0,
            occluders: vec![[104.0, 96.0, 152.0, 208.0]],
            occluder_color: [84, 92, 104],
            latency: 0,
            look: Look::default(),
        }
    }
}

/// The world.
#[derive(Clone)]
pub struct Balls {
    options: Arc<BallsOptions>,
    spec: Arc<EnvSpec>,
    balls: Vec<Ball>,
    latency: Latency,
    artist: Artist,
}

impl Balls {
    /// A world with these factors of variation, reset with seed 0.
    ///
    /// # Errors
    /// If an option is out of range.
    pub fn new(options: BallsOptions) -> Result<Self> {
        let o = &options;
        require((1..=8).contains(&o.count), ID, "count", o.count, "in 1..=8")?;
        require((3.0..=24.0).contains(&o.radius), ID, "radius", o.radius, "in 3..=24")?;
        require((3.0..=24.0).contains(&o.other_radius), ID, "other_radius", o.other_radius, "in 3..=24")?;
        require((0.01..=100.0).contains(&o.mass), ID, "mass", o.mass, "in 0.01..=100")?;
        require((0.0..=4000.0).contains(&o.gravity), ID, "gravity", o.gravity, "in 0..=4000")?;
        require((0.0..=1.0).contains(&o.restitution), ID, "restitution", o.restitution, "in 0..=1")?;
        require((0.0..1.0).contains(&o.drag), ID, "drag", o.drag, "in 0..1")?;
        require((0.0..=1000.0).contains(&o.push), ID, "push", o.push, "in 0..=1000")?;
        require((0.0..=1000.0).contains(&o.start_speed), ID, "start_speed", o.start_speed, "in 0..=1000")?;
        require(o.latency <= 100, ID, "latency", o.latency, "at most 100 steps")?;
        let numbers = [("x", "px"), ("y", "px"), ("vx", "px/s"), ("vy", "px/s")];
        let number = |i, (name, unit)| Coordinate::new(format!("ball{i}_{name}"), unit);
        let state = (0..o.count).flat_map(|i| numbers.map(|n| number(i, n))).collect();
        let spec = EnvSpec {
            id: ID.into(),
            dt: 1.0 / FPS,
            state,
            actions: Actions::Box(Space::uniform(&["push_x", "push_y"], -1.0, 1.0)),
            parts: (0..o.count).flat_map(parts).collect(),
            scene: Some(Scene { side: EXTENT as f32, hides: o.occluders.iter().map(|o| o.map(|x| x as f32)).collect() }),
            rules: "Discs bounce under gravity in a box of 256 px; an action pushes the first one. Moderate: the first is less than \
                    16 px from where it should be. Strict: less than 8 px, for three steps. The others do not matter."
                .into(),
            ..EnvSpec::default()
        };
        let balls = (0..o.count)
            .map(|i| {
                let radius = if i % 2 == 0 { o.radius } else { o.other_radius };
                let mass = if i == 0 { o.mass } else { (radius / 16.0).powi(2) };
                Ball { position: Vec2::ZERO, velocity: Vec2::ZERO, radius, mass }
            })
            .collect();
        let mut world = Self {
            options: Arc::new(options),
            spec: Arc::new(spec),
            balls,
            latency: Latency::default(),
            artist: Artist::default(),
        };
        world.reset(0);
        Ok(world)
    }

    /// The factors of variation.
    pub fn options(&self) -> &BallsOptions {
        &self.options
    }

    /// Kinetic and potential energy, the floor being height 0.
    pub fn energy(&self) -> f64 {
        self.balls.iter().map(|b| b.energy(self.options.gravity, EXTENT - BORDER)).sum()
    }
}

impl Sim for Balls {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("balls.reset").stream();
        for i in 0..self.balls.len() {
            let margin = BORDER + self.balls[i].radius;
            // Eight balls of the largest radius fill a quarter of the box: a place is always found.
            self.balls[i].position = loop {
                let p = vec2(stream.uniform(margin, EXTENT - margin), stream.uniform(margin, EXTENT - margin));
                let free = |b: &Ball| (b.position - p).length() > b.radius + self.balls[i].radius;
                if self.balls[..i].iter().all(free) {
                    break p;
                }
            };
            let speed = self.options.start_speed;
            self.balls[i].velocity = vec2(stream.uniform(-speed, speed), stream.uniform(-speed, speed));
        }
        self.latency.reset(self.options.latency, [0.0; 2]);
    }

    fn set_state(&mut self, state: &[f64]) -> terrella_core::Result<()> {
        terrella_core::Error::check("balls state", 4 * self.balls.len(), state.len())?;
        for (ball, row) in self.balls.iter_mut().zip(state.chunks_exact(4)) {
            let [x, y, vx, vy] = crate::row("balls state", row)?;
            (ball.position, ball.velocity) = (vec2(x, y), vec2(vx, vy));
        }
        self.latency.reset(self.options.latency, [0.0; 2]);
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        let numbers = |b: &Ball| [b.position.x, b.position.y, b.velocity.x, b.velocity.y];
        self.balls.iter().flat_map(numbers).collect()
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let [x, y] = self.latency.pass([0, 1].map(|i| f64::from(crate::clamped(action[i], -1.0, 1.0))));
        let Self { options, balls, .. } = self;
        let first = &mut balls[0];
        first.velocity += vec2(x, y) * (options.push / first.mass);
        if options.drag > 0.0 {
            let keep = (1.0 - options.drag).powf(1.0 / FPS);
            balls.iter_mut().for_each(|b| b.velocity = b.velocity * keep);
        }
        let room = motion::Room { low: BORDER, high: EXTENT - BORDER };
        motion::advance(balls, room, options.gravity, options.restitution, 1.0 / FPS);
        Step::default()
    }

    fn draw(&self, size: usize) -> Image {
        let Self { options, balls, artist, .. } = self;
        artist.draw(
            size,
            || {
                let extent = EXTENT as usize;
                Backdrop::new(Grid::new(extent, size), options.look.ground(extent), |canvas| {
                    border(canvas, EXTENT, BORDER, options.look.wall);
                    occluders(canvas, options);
                })
            },
            |canvas| {
                for (i, ball) in balls.iter().enumerate() {
                    let (at, radius) = (pixel(ball.position), ball.radius.round());
                    let ink = if i == 0 { options.look.agent } else { options.look.object };
                    let [x, y] = at.map(f64::from);
                    canvas.part([x - radius, y - radius], [x + radius, y + radius]);
                    canvas.disc(at, radius as i32, ink);
                    canvas.disc(at, radius as i32 - 3, lighter(ink));
                }
                occluders(canvas, options);
            },
        )
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        snapshot.extend(self.balls.iter().flat_map(|b| [b.position.x, b.position.y, b.velocity.x, b.velocity.y]));
        self.latency.save(snapshot);
    }

    fn load(&mut self, snapshot: &[f64]) {
        let (balls, latency) = snapshot.split_at(4 * self.balls.len());
        for (ball, [x, y, vx, vy]) in self.balls.iter_mut().zip(balls.as_chunks::<4>().0) {
            (ball.position, ball.velocity) = (vec2(*x, *y), vec2(*vx, *vy));
        }
        self.latency.load(latency);
    }

    fn goals(&self) -> Option<&dyn GoalWorld> {
        Some(self)
    }
}

impl Task for Balls {
    fn set_goal(&mut self, goal: &[f32]) -> terrella_core::Result<()> {
        terrella_core::Error::check("balls goal", 4 * self.balls.len(), goal.len())
    }

    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        crate::distance(state, goal) < if rule == Rule::Strict { 8.0 } else { 16.0 }
    }
}

/// Place and velocity of a ball; the rules ask where the first one is, and nothing else.
fn parts(ball: usize) -> [Part; 2] {
    let vector = |name, first, unit: &'static str| Part {
        name,
        columns: vec![first, first + 1],
        unit: unit.into(),
        kind: PartKind::Point,
        tolerance: None,
        strict: None,
    };
    let place = vector(format!("ball{ball}").into(), 4 * ball, "px");
    let velocity = vector(format!("ball{ball} velocity").into(), 4 * ball + 2, "px/s");
    let asked = |px: f32| (ball == 0).then_some(px);
    [Part { tolerance: asked(16.0), strict: asked(8.0), ..place }, velocity]
}

fn pushes(options: &Value) -> Result<BoxedPolicy> {
    Ok(Box::new(RandomPolicy::new(Balls::new(read(ID, options)?)?.spec.actions.clone())))
}

fn occluders(canvas: &mut Canvas, options: &BallsOptions) {
    for &[left, top, right, bottom] in &options.occluders {
        canvas.rectangle(vec2(left, top), vec2(right, bottom), options.occluder_color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(options: BallsOptions, steps: usize, mut check: impl FnMut(&Balls)) {
        for seed in 0..5 {
            let mut world = Balls::new(options.clone()).expect("in range");
            world.reset(seed);
            for _ in 0..steps {
                world.step(&[0.0, 0.0]);
                check(&world);
            }
        }
    }

    #[test]
    fn elastic_balls_keep_their_energy() {
        let mut world = Balls::new(BallsOptions { count: 6, ..Default::default() }).expect("in range");
        let start = world.energy();
        (0..2000).for_each(|_| _ = world.step(&[0.0, 0.0]));
        let drift = (world.energy() / start - 1.0).abs();
        assert!(drift < 1e-9, "100 seconds change the energy by {drift:e} of itself");
    }

    #[test]
    fn nothing_overlaps_even_when_contacts_lose_energy() {
        for restitution in [1.0, 0.5, 0.0] {
            let options = BallsOptions { count: 8, restitution, ..Default::default() };
            play(options, 300, |world| {
                for (i, a) in world.balls.iter().enumerate() {
                    let margin = BORDER + a.radius - 1e-7;
                    let inside = |x: f64| x > margin && x < EXTENT - margin;
                    assert!(inside(a.position.x) && inside(a.position.y), "out of the box: {:?}", a.position);
                    for b in &world.balls[..i] {
                        let gap = (a.position - b.position).length() - a.radius - b.radius;
                        assert!(gap > -1e-7, "overlap of {gap} px at restitution {restitution}");
                    }
                }
            });
        }
    }
}
