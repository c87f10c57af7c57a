//! The contact solver of PushT: Chipmunk's sequential impulses for one dynamic body.
//!
//! The original task runs on Chipmunk with damping 0, so the body keeps no velocity from one
//! substep to the next and all motion comes from contact impulses. Its path then depends on the
//! order of the solver's stages, which are reproduced one by one: integrate positions, collide,
//! prepare contacts, damp, apply cached impulses, ten iterations. Nothing here allocates.

use super::collide::{Contacts, Wall, disc_box, wall_box};
use super::shape::{BodyShape, Pose};
use crate::geometry::{Vec2, vec2};

/// Side of the world in px.
pub(crate) const EXTENT: f32 = 512.0;
/// Seconds a substep.
const DT: f64 = 0.01;
/// Substeps an action.
const SUBSTEPS: usize = 10;
/// Proportional and derivative gain of the agent's controller.
const GAINS: [f64; 2] = [100.0, 20.0];
const ITERATIONS: usize = 10;
/// Overlap that contacts leave alone, in px. The engine stores its default as a float.
const SLOP: f64 = 0.1_f32 as f64;
/// Substeps for which impulses of a lost contact are remembered.
const PERSISTENCE: u8 = 3;
/// The disc and four walls against two boxes.
const PAIRS: usize = 10;

/// The walls of the original task.
pub(crate) const WALLS: [Wall; 4] = [
    Wall { a: vec2(5.0, 506.0), b: vec2(5.0, 5.0), radius: 2.0 },
    Wall { a: vec2(5.0, 5.0), b: vec2(506.0, 5.0), radius: 2.0 },
    Wall { a: vec2(506.0, 5.0), b: vec2(506.0, 506.0), radius: 2.0 },
    Wall { a: vec2(5.0, 506.0), b: vec2(506.0, 506.0), radius: 2.0 },
];

/// What does not change while the world runs.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) body: BodyShape,
    pub(crate) agent_radius: f64,
    pub(crate) friction: f64,
    /// Part of the velocity kept over a substep.
    pub(crate) keep: f64,
    /// Part of the overlap corrected in a substep.
    pub(crate) correction: f64,
}

impl Rules {
    pub(crate) fn new(body: BodyShape, agent_radius: f64, friction: f64, damping: f64) -> Self {
        // 0.9^60 of an overlap remains after a second; the engine stores this, too, as a float.
        let remaining = f64::from(0.9_f32).powi(60);
        Self { body, agent_radius, friction, keep: damping.powf(DT), correction: 1.0 - remaining.powf(DT) }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    /// Nothing remembered.
    #[default]
    Dead,
    /// Touches for the first time, or again after a gap: impulses are not applied in advance.
    First,
    /// Touched in the substep before, too.
    Lasting,
    /// Does not touch now; its impulses are remembered for a while.
    Lost,
}

#[derive(Clone, Copy, Debug, Default)]
struct Contact {
    r1: Vec2,
    r2: Vec2,
    normal_mass: f64,
    tangent_mass: f64,
    bias: f64,
    bias_impulse: f64,
    normal_impulse: f64,
    tangent_impulse: f64,
    id: u32,
}

/// The touching points of one pair of shapes, remembered over substeps.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    life: Life,
    age: u8,
    count: usize,
    normal: Vec2,
    contacts: [Contact; 2],
}

/// How the body moves: by impulses, and by the corrections that undo overlap without adding speed.
#[derive(Clone, Copy, Debug, Default)]
struct Motion {
    velocity: Vec2,
    spin: f64,
    bias_velocity: Vec2,
    bias_spin: f64,
}

impl Motion {
    /// One impulse of one contact: towards no approach, and towards the wanted separation speed.
    #[inline]
    fn correct(&mut self, rules: &Rules, contact: &mut Contact, normal: Vec2, other: Vec2) {
        let bias_speed = (self.bias_velocity + contact.r2.perp() * self.bias_spin).dot(normal);
        let relative = self.velocity + contact.r2.perp() * self.spin - other;

        let before = contact.bias_impulse;
        contact.bias_impulse = (before + (contact.bias - bias_speed) * contact.normal_mass).max(0.0);
        let bias = normal * (contact.bias_impulse - before);

        let before = contact.normal_impulse;
        contact.normal_impulse = (before - relative.dot(normal) * contact.normal_mass).max(0.0);
        let along = contact.normal_impulse - before;

        let limit = rules.friction * contact.normal_impulse;
        let before = contact.tangent_impulse;
        contact.tangent_impulse = (before - relative.dot(normal.perp()) * contact.tangent_mass).clamp(-limit, limit);
        let across = contact.tangent_impulse - before;

        self.bias_velocity += bias * rules.body.inverse_mass;
        self.bias_spin += rules.body.inverse_inertia * contact.r2.cross(bias);
        self.push(rules, contact.r2, vec2(along, across).rotated(normal));
    }

    fn push(&mut self, rules: &Rules, at: Vec2, impulse: Vec2) {
        self.velocity += impulse * rules.body.inverse_mass;
        self.spin += rules.body.inverse_inertia * at.cross(impulse);
    }
}

/// Everything that changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bodies {
    pub(crate) agent: Vec2,
    pub(crate) agent_velocity: Vec2,
    pub(crate) pose: Pose,
    pub(crate) angle: f64,
    motion: Motion,
    pairs: [Pair; PAIRS],
    /// Pairs that are not dead, so that free motion skips the bookkeeping.
    n_alive: usize,
}

impl Bodies {
    /// The world at rest. The state names the body's origin, but the body turns about its centre.
    pub(crate) fn at(rules: &Rules, state: [f64; 5]) -> Self {
        let [x, y, body_x, body_y, angle] = state;
        let rotation = Vec2::of_angle(angle);
        let position = vec2(body_x, body_y) + rules.body.centre.rotated(rotation);
        let mut sim = Self { agent: vec2(x, y), pose: Pose { position, rotation }, angle, ..Self::default() };
        // The original steps once after a reset; what overlaps then starts to come apart.
        sim.substep(rules);
        sim
    }

    /// Agent, body origin, angle (not wrapped).
    pub(crate) fn state(&self, rules: &Rules) -> [f64; 5] {
        let origin = self.pose.position - rules.body.centre.rotated(self.pose.rotation);
        [self.agent.x, self.agent.y, origin.x, origin.y, self.angle]
    }

    /// Puts the agent elsewhere, with what it touched forgotten.
    pub(crate) fn put_agent(&mut self, at: Vec2, velocity: Vec2) {
        (self.agent, self.agent_velocity) = (at, velocity);
        (self.pairs[0], self.pairs[1]) = (Pair::default(), Pair::default());
        self.n_alive = self.pairs.iter().filter(|p| p.life != Life::Dead).count();
    }

    /// One action: the controller pulls the agent to the target for a tenth of a second.
    pub(crate) fn step(&mut self, rules: &Rules, target: Vec2) {
        for _ in 0..SUBSTEPS {
            let pull = (target - self.agent) * GAINS[0] + (-self.agent_velocity) * GAINS[1];
            self.agent_velocity += pull * DT;
            self.substep(rules);
        }
    }

    fn substep(&mut self, rules: &Rules) {
        self.integrate();
        let (active, n_active) = self.collide(rules);
        self.motion.velocity = self.motion.velocity * rules.keep;
        self.motion.spin *= rules.keep;
        if n_active > 0 {
            self.solve(rules, &active[..n_active]);
        }
    }

    fn integrate(&mut self) {
        self.agent += self.agent_velocity * DT;
        let Motion { velocity, spin, bias_velocity, bias_spin } = self.motion;
        self.pose.position += (velocity + bias_velocity) * DT;
        let turn = spin + bias_spin;
        if turn != 0.0 {
            self.angle += turn * DT;
            self.pose.rotation = Vec2::of_angle(self.angle);
        }
        self.motion = Motion { velocity, spin, ..Motion::default() };
    }

    /// Finds all touching pairs, ages the others, and returns the indices to solve, in order.
    fn collide(&mut self, rules: &Rules) -> ([usize; PAIRS], usize) {
        let mut active = [0; PAIRS];
        let mut n_active = 0;
        let mut touched = [false; PAIRS];
        let mut found = |pairs: &mut [Pair; PAIRS], at: usize, contacts: Contacts| {
            pairs[at].update(&contacts, [if at < 2 { self.agent } else { Vec2::ZERO }, self.pose.position]);
            touched[at] = true;
            active[n_active] = at;
            n_active += 1;
        };
        each_contact(rules, self.agent, &self.pose, |at, contacts| found(&mut self.pairs, at, contacts));
        if n_active > 0 || self.n_alive > 0 {
            self.n_alive = 0;
            for (pair, touched) in self.pairs.iter_mut().zip(touched) {
                pair.age(touched);
                self.n_alive += usize::from(pair.life != Life::Dead);
            }
        }
        (active, n_active)
    }

    fn solve(&mut self, rules: &Rules, active: &[usize]) {
        let Self { agent, agent_velocity, pose, motion, pairs, .. } = self;
        for &at in active {
            let pair = &mut pairs[at];
            let offset = pose.position - if at < 2 { *agent } else { Vec2::ZERO };
            for contact in &mut pair.contacts[..pair.count] {
                contact.prepare(rules, pair.normal, offset);
            }
        }
        for &at in active {
            let pair = &pairs[at];
            if pair.life == Life::Lasting {
                for contact in &pair.contacts[..pair.count] {
                    let impulse = vec2(contact.normal_impulse, contact.tangent_impulse).rotated(pair.normal);
                    motion.push(rules, contact.r2, impulse);
                }
            }
        }
        for _ in 0..ITERATIONS {
            for &at in active {
                let pair = &mut pairs[at];
                let other = if at < 2 { *agent_velocity } else { Vec2::ZERO };
                for contact in &mut pair.contacts[..pair.count] {
                    motion.correct(rules, contact, pair.normal, other);
                }
            }
        }
    }

    /// Appends everything that determines the future.
    pub(crate) fn save(&self, out: &mut Vec<f64>) {
        let Motion { velocity, spin, bias_velocity, bias_spin } = self.motion;
        let vectors = [self.agent, self.agent_velocity, self.pose.position, velocity, bias_velocity];
        out.extend(vectors.iter().flat_map(|v| [v.x, v.y]));
        out.extend([self.angle, spin, bias_spin, self.n_alive as f64]);
        for (at, pair) in self.pairs.iter().enumerate().filter(|(_, p)| p.life != Life::Dead) {
            let life = if pair.life == Life::Lost { 1.0 } else { 0.0 };
            out.extend([at as f64, life, f64::from(pair.age), pair.count as f64]);
            for c in &pair.contacts[..pair.count] {
                out.extend([f64::from(c.id), c.normal_impulse, c.tangent_impulse]);
            }
        }
    }

    /// Restores what [`Self::save`] wrote and returns how many numbers that was.
    pub(crate) fn load(&mut self, from: &[f64]) -> usize {
        *self = Self::default();
        let vector = |at: usize| vec2(from[at], from[at + 1]);
        (self.agent, self.agent_velocity) = (vector(0), vector(2));
        self.angle = from[10];
        self.pose = Pose { position: vector(4), rotation: Vec2::of_angle(self.angle) };
        self.motion = Motion { velocity: vector(6), spin: from[11], bias_velocity: vector(8), bias_spin: from[12] };
        self.n_alive = from[13] as usize;
        let mut at = 14;
        for _ in 0..self.n_alive {
            let pair = &mut self.pairs[from[at] as usize];
            // Whether a touching pair was new is forgotten by the next substep.
            pair.life = if from[at + 1] == 1.0 { Life::Lost } else { Life::Lasting };
            (pair.age, pair.count) = (from[at + 2] as u8, from[at + 3] as usize);
            at += 4;
            for contact in &mut pair.contacts[..pair.count] {
                contact.id = from[at] as u32;
                (contact.normal_impulse, contact.tangent_impulse) = (from[at + 1], from[at + 2]);
                at += 3;
            }
        }
        at
    }
}

/// Calls `found` for every touching pair; the picture shows these points, too.
///
/// The order decides how ten iterations share the work. Chipmunk's comes out of its bounding-box
/// tree; walls before disc and second box before first agrees with it in nearly all situations
/// (an order the other way round costs up to 1 px in a step when the T is wedged into a corner).
#[inline]
pub(crate) fn each_contact(rules: &Rules, agent: Vec2, pose: &Pose, mut found: impl FnMut(usize, Contacts)) {
    let body = &rules.body;
    let boxes = || body.boxes().iter().enumerate().rev();
    let (low, high) = (5.0 + 2.0 + body.reach, 506.0 - 2.0 - body.reach);
    let p = pose.position;
    if !(p.x > low && p.x < high && p.y > low && p.y < high) {
        let bounds = body.boxes_bounds(pose);
        for (w, wall) in WALLS.iter().enumerate() {
            for (i, shape) in boxes() {
                if wall.misses(bounds[i]) {
                    continue;
                }
                if let Some(contacts) = wall_box(wall, shape, pose, body.centre) {
                    found(2 + 2 * w + i, contacts);
                }
            }
        }
    }
    let to_agent = agent - pose.position;
    let near = body.reach + rules.agent_radius;
    if to_agent.dot(to_agent) <= near * near {
        for (i, shape) in boxes() {
            if let Some(contacts) = disc_box(agent, rules.agent_radius, shape, pose, body.centre) {
                found(i, contacts);
            }
        }
    }
}

impl Pair {
    /// Takes the points found now; a point seen before keeps its impulses.
    fn update(&mut self, found: &Contacts, origins: [Vec2; 2]) {
        let old = *self;
        for (contact, touch) in self.contacts.iter_mut().zip(&found.touches[..found.count]) {
            *contact = Contact {
                r1: touch.on_first - origins[0],
                r2: touch.on_second - origins[1],
                id: touch.id,
                ..Contact::default()
            };
            for known in old.contacts[..old.count].iter().filter(|k| k.id == touch.id) {
                contact.normal_impulse = known.normal_impulse;
                contact.tangent_impulse = known.tangent_impulse;
            }
        }
        (self.count, self.normal) = (found.count, found.normal);
        self.life = match old.life {
            Life::Dead | Life::Lost => Life::First,
            Life::First | Life::Lasting => Life::Lasting,
        };
    }

    fn age(&mut self, touched: bool) {
        if self.life == Life::Dead {
            return;
        }
        self.age = if touched { 0 } else { self.age + 1 };
        if self.age >= PERSISTENCE {
            // With its impulses: a touch much later starts from nothing, as in the engine.
            *self = Self::default();
        } else if !touched {
            self.life = Life::Lost;
        }
    }
}

impl Contact {
    /// Effective masses and the speed at which overlap beyond the slop shall go.
    fn prepare(&mut self, rules: &Rules, normal: Vec2, offset: Vec2) {
        let mass = |direction: Vec2| {
            let arm = self.r2.cross(direction);
            1.0 / (rules.body.inverse_mass + rules.body.inverse_inertia * arm * arm)
        };
        (self.normal_mass, self.tangent_mass) = (mass(normal), mass(normal.perp()));
        let distance = (self.r2 - self.r1 + offset).dot(normal);
        self.bias = -rules.correction * (distance + SLOP).min(0.0) / DT;
        self.bias_impulse = 0.0;
    }
}
