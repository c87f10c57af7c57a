//! The world itself: a disc, a T and a goal pose, as a [`Sim`] with a [`Task`].

use super::draw;
use super::options::{ActionKind, ID, PushTOptions};
use super::physics::{Bodies, EXTENT, Rules};
use crate::artist::Artist;
use crate::error::Result;
use crate::geometry::{angle_difference, vec2};
use crate::latency::Latency;
use std::f64::consts::{PI, TAU};
use std::sync::Arc;
use terrella_core::{
    Actions, ActionsAre, Coordinate, EnvSpec, GoalWorld, Image, Key, Part, Rule, Scene, Sim, Space, Step, Symmetry,
    Task,
};

/// The world. Cheap to clone (about 3 kB): planners may hold thousands.
#[derive(Clone)]
pub struct PushT {
    pub(super) options: Arc<PushTOptions>,
    pub(super) rules: Arc<Rules>,
    spec: Arc<EnvSpec>,
    /// Bounds of an action's numbers.
    pub(super) bounds: [f32; 2],
    pub(super) sim: Bodies,
    latency: Latency,
    goal: [f64; 3],
    artist: Artist,
}

impl PushT {
    /// A world with these factors of variation, reset with seed 0.
    ///
    /// # Errors
    /// If an option is out of range.
    pub fn new(options: PushTOptions) -> Result<Self> {
        let rules = options.rules()?;
        let (space, actions_are) = match options.action {
            ActionKind::Absolute => (Space::uniform(&["target_x", "target_y"], 0.0, EXTENT), ActionsAre::Targets),
            ActionKind::Relative => (Space::uniform(&["dx", "dy"], -1.0, 1.0), ActionsAre::Displacements),
        };
        let (spec, goal) = (spec(&space, actions_are), options.goal);
        let mut world = Self {
            options: Arc::new(options),
            rules: Arc::new(rules),
            spec: Arc::new(spec),
            bounds: [space.low[0], space.high[0]],
            sim: Bodies::default(),
            latency: Latency::default(),
            goal,
            artist: Artist::default(),
        };
        world.reset(0);
        Ok(world)
    }

    /// The factors of variation.
    pub fn options(&self) -> &PushTOptions {
        &self.options
    }

    /// Where the nine keypoints of the recordings are now, x and y of each.
    pub fn keypoints(&self) -> [[f32; 2]; 9] {
        let (body, pose) = (&self.rules.body, &self.sim.pose);
        body.keypoints.map(|k| {
            let p = pose.position + (k - body.centre).rotated(pose.rotation);
            [p.x as f32, p.y as f32]
        })
    }

    /// The state in full precision, the angle not wrapped.
    pub fn state_exact(&self) -> [f64; 5] {
        self.sim.state(&self.rules)
    }

    /// Velocity of the agent in px a second: hidden from the state row.
    pub fn agent_velocity(&self) -> [f64; 2] {
        [self.sim.agent_velocity.x, self.sim.agent_velocity.y]
    }

    /// Starts anew from a state in full precision, at rest.
    pub fn set_state_exact(&mut self, state: [f64; 5]) {
        self.sim = Bodies::at(&self.rules, state);
        let idle = match self.options.action {
            ActionKind::Absolute => [state[0], state[1]],
            ActionKind::Relative => [0.0; 2],
        };
        self.latency.reset(self.options.latency, idle);
    }
}

/// What the world declares.
fn spec(space: &Space, actions_are: ActionsAre) -> EnvSpec {
    let angle = std::f32::consts::PI / 9.0;
    let px = |name: &'static str| Coordinate::new(name, "px");
    // Displacements turn about zero, and a symmetry says of all points that they turn about one centre.
    let symmetry = (actions_are == ActionsAre::Targets).then(|| Symmetry {
        side: EXTENT,
        points: vec![[0, 1], [2, 3]],
        headings: vec![4],
        action_points: vec![[0, 1]],
    });
    EnvSpec {
        id: ID.into(),
        dt: 0.1,
        state: vec![
            px("agent_x"),
            px("agent_y"),
            px("block_x"),
            px("block_y"),
            Coordinate::new("block_angle", "rad"),
        ],
        actions: Actions::Box(space.clone()),
        actions_are,
        parts: vec![
            Part::point("agent", [0, 1], "px", 20.0),
            Part::point("block", [2, 3], "px", 20.0).strictly(10.0),
            Part::angle("block angle", 4, angle).strictly(angle / 2.0),
        ],
        symmetry,
        scene: Some(Scene { side: EXTENT, hides: Vec::new() }),
        rules: "A disc (the agent) pushes a T (the block) in a square of 512 px. Moderate: agent and block together are less \
                than 20 px from where they should be, and the block is turned less than 20° too far. Strict: the block is \
                within 10 px and 10°, for three steps; where the agent is does not matter. The pale green T is painted on \
                the ground and is no goal."
            .into(),
        ..EnvSpec::default()
    }
}

impl Sim for PushT {
    fn spec(&self) -> &EnvSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) {
        let mut stream = Key::new(seed).with("pusht.reset").stream();
        let mut integer = |low: usize, n: usize| (low + stream.below(n)) as f64;
        let [x, y] = [integer(50, 400), integer(50, 400)];
        let [body_x, body_y] = [integer(100, 300), integer(100, 300)];
        self.set_state_exact([x, y, body_x, body_y, stream.uniform(-PI, PI)]);
    }

    fn set_state(&mut self, state: &[f64]) -> terrella_core::Result<()> {
        self.set_state_exact(crate::row("pusht state", state)?);
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        let [x, y, body_x, body_y, angle] = self.sim.state(&self.rules);
        let angle = angle.rem_euclid(TAU);
        // Inside a turn in single precision too, as it is logged.
        vec![x, y, body_x, body_y, if (angle as f32) < TAU as f32 { angle } else { 0.0 }]
    }

    fn step(&mut self, action: &[f32]) -> Step {
        let within = |i: usize| f64::from(crate::clamped(action[i], self.bounds[0], self.bounds[1]));
        let [x, y] = self.latency.pass([within(0), within(1)]);
        let target = match self.options.action {
            ActionKind::Absolute => vec2(x, y),
            ActionKind::Relative => self.sim.agent + vec2(x, y) * 100.0,
        };
        self.sim.step(&self.rules, target);
        Step::default()
    }

    fn draw(&self, size: usize) -> Image {
        let Self { options, rules, sim, goal, artist, .. } = self;
        artist.draw(
            size,
            || draw::backdrop(options, rules, *goal, size),
            |canvas| draw::foreground(canvas, options, rules, sim),
        )
    }

    fn save(&self, snapshot: &mut Vec<f64>) {
        self.sim.save(snapshot);
        self.latency.save(snapshot);
    }

    fn load(&mut self, snapshot: &[f64]) {
        let used = self.sim.load(snapshot);
        self.latency.load(&snapshot[used..]);
    }

    fn goals(&self) -> Option<&dyn GoalWorld> {
        Some(self)
    }
}

impl Task for PushT {
    fn set_goal(&mut self, goal: &[f32]) -> terrella_core::Result<()> {
        let [_, _, x, y, angle] = crate::logged("pusht goal", goal)?;
        if self.goal != [x, y, angle] {
            self.goal = [x, y, angle];
            self.artist.forget();
        }
        Ok(())
    }

    fn reached(&self, rule: Rule, state: &[f32], goal: &[f32]) -> bool {
        let d = |i: usize| f64::from(state[i]) - f64::from(goal[i]);
        let wrapped = angle_difference(f64::from(state[4]), f64::from(goal[4])).abs();
        let joint = (0..4).map(|i| d(i) * d(i)).sum::<f64>().sqrt();
        match rule {
            Rule::Historic => joint < 20.0 && d(4).abs() < PI / 9.0,
            Rule::Moderate => joint < 20.0 && wrapped < PI / 9.0,
            Rule::Strict => d(2).hypot(d(3)) < 10.0 && wrapped < PI / 18.0,
        }
    }
}
