//! Contacts between the disc or a wall and one box of the body.
//!
//! The conventions are Chipmunk's (the engine behind the original task), because its solver's path
//! depends on them: the normal points from the disc or wall to the box; a wall touches a box in up
//! to two points, found by clipping the two facing edges against each other; contact ids let the
//! solver recognise a point one step later.

use super::shape::{BoxShape, Pose};
use crate::geometry::{Vec2, vec2};

/// A point where two shapes touch: on the first shape, on the second, and an id.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Touch {
    pub(crate) on_first: Vec2,
    pub(crate) on_second: Vec2,
    pub(crate) id: u32,
}

/// Up to two touching points that share a normal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Contacts {
    pub(crate) normal: Vec2,
    pub(crate) touches: [Touch; 2],
    pub(crate) count: usize,
}

/// A wall: a segment with rounded ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wall {
    pub(crate) a: Vec2,
    pub(crate) b: Vec2,
    pub(crate) radius: f64,
}

impl Wall {
    /// Whether a rectangle, given by its corners, is clear of the wall's own rectangle.
    #[inline]
    pub(crate) fn misses(&self, [low, high]: [Vec2; 2]) -> bool {
        let (a, b, r) = (self.a, self.b, self.radius);
        low.x > a.x.max(b.x) + r || high.x < a.x.min(b.x) - r || low.y > a.y.max(b.y) + r || high.y < a.y.min(b.y) - r
    }
}

/// The disc against a box. `centre` is the body's centre of gravity in its own frame.
#[inline]
pub(crate) fn disc_box(disc: Vec2, radius: f64, shape: &BoxShape, pose: &Pose, centre: Vec2) -> Option<Contacts> {
    let local = (disc - pose.position).unrotated(pose.rotation) + centre;
    let nearest = vec2(local.x.clamp(shape.low.x, shape.high.x), local.y.clamp(shape.low.y, shape.high.y));
    let away = nearest - local;
    let square = away.dot(away);
    if square > radius * radius {
        return None;
    }
    let (normal, nearest) = if square > 0.0 { (away * (1.0 / square.sqrt()), nearest) } else { way_out(local, shape) };
    let normal = normal.rotated(pose.rotation);
    let touch = Touch {
        on_first: disc + normal * radius,
        on_second: pose.position + (nearest - centre).rotated(pose.rotation),
        id: 0,
    };
    Some(Contacts { normal, touches: [touch, Touch::default()], count: 1 })
}

/// For a point inside a box: the inward normal of the nearest face, and the point on that face.
fn way_out(p: Vec2, shape: &BoxShape) -> (Vec2, Vec2) {
    let faces = [
        (p.x - shape.low.x, vec2(1.0, 0.0), vec2(shape.low.x, p.y)),
        (shape.high.x - p.x, vec2(-1.0, 0.0), vec2(shape.high.x, p.y)),
        (p.y - shape.low.y, vec2(0.0, 1.0), vec2(p.x, shape.low.y)),
        (shape.high.y - p.y, vec2(0.0, -1.0), vec2(p.x, shape.high.y)),
    ];
    let nearest = faces.into_iter().reduce(|best, face| if face.0 < best.0 { face } else { best });
    nearest.map_or((Vec2::ZERO, p), |(_, normal, point)| (normal, point))
}

/// A wall against a box.
pub(crate) fn wall_box(wall: &Wall, shape: &BoxShape, pose: &Pose, centre: Vec2) -> Option<Contacts> {
    let corners = shape.corners().map(|c| pose.position + (c - centre).rotated(pose.rotation));
    let (normal, distance) = separation(wall, &corners);
    (distance <= wall.radius).then(|| clip(wall, &corners, normal)).filter(|c| c.count > 0)
}

/// Direction and distance of closest approach; negative distance is depth.
fn separation(wall: &Wall, corners: &[Vec2; 4]) -> (Vec2, f64) {
    let along = (wall.b - wall.a).rperp().unit();
    let mut best = (Vec2::ZERO, f64::NEG_INFINITY);
    let mut consider = |normal: Vec2| {
        let far = wall.a.dot(normal).max(wall.b.dot(normal));
        let near = corners.iter().map(|c| c.dot(normal)).fold(f64::INFINITY, f64::min);
        if near - far > best.1 {
            best = (normal, near - far);
        }
    };
    consider(along);
    consider(-along);
    (0..4).for_each(|i| consider(-(corners[(i + 1) % 4] - corners[i]).rperp().unit()));
    if best.1 <= 0.0 {
        return best; // they overlap: the shallowest way out
    }
    let mut nearest = (Vec2::ZERO, f64::INFINITY);
    let mut consider = |delta: Vec2| {
        let distance = delta.length();
        if distance < nearest.1 {
            nearest = (delta * (1.0 / distance), distance);
        }
    };
    for i in 0..4 {
        consider(corners[i] - corners[i].onto_segment(wall.a, wall.b).0);
        for end in [wall.a, wall.b] {
            consider(end.onto_segment(corners[i], corners[(i + 1) % 4]).0 - end);
        }
    }
    nearest
}

/// The two facing edges, clipped against each other along the normal's tangent.
fn clip(wall: &Wall, corners: &[Vec2; 4], normal: Vec2) -> Contacts {
    let (a, b, wall_ids) =
        if (wall.b - wall.a).rperp().dot(normal) > 0.0 { (wall.a, wall.b, [0, 1]) } else { (wall.b, wall.a, [1, 0]) };
    let (c, d, box_ids) = facing_edge(corners, -normal);
    let [at_a, at_b, at_c, at_d] = [a, b, c, d].map(|p| p.cross(normal));
    let scale_wall = 1.0 / (at_b - at_a + f64::MIN_POSITIVE);
    let scale_box = 1.0 / (at_d - at_c + f64::MIN_POSITIVE);
    let mut contacts = Contacts { normal, ..Contacts::default() };
    let mut touch = |wall_t: f64, box_t: f64, id: u32| {
        let on_first = normal * wall.radius + a.lerp(b, wall_t.clamp(0.0, 1.0));
        let on_second = c.lerp(d, box_t.clamp(0.0, 1.0));
        if (on_second - on_first).dot(normal) <= 0.0 {
            contacts.touches[contacts.count] = Touch { on_first, on_second, id };
            contacts.count += 1;
        }
    };
    touch((at_d - at_a) * scale_wall, (at_a - at_c) * scale_box, 1 + wall_ids[0] * 4 + box_ids[1]);
    touch((at_c - at_a) * scale_wall, (at_b - at_c) * scale_box, 1 + wall_ids[1] * 4 + box_ids[0]);
    contacts
}

/// The edge of the box that faces a direction most, as its two corners and their indices.
fn facing_edge(corners: &[Vec2; 4], direction: Vec2) -> (Vec2, Vec2, [u32; 2]) {
    let mut tip = 0;
    for i in 1..4 {
        if corners[i].dot(direction) > corners[tip].dot(direction) {
            tip = i;
        }
    }
    let (before, after) = ((tip + 3) % 4, (tip + 1) % 4);
    let facing = |from: usize, to: usize| (corners[to] - corners[from]).rperp().unit().dot(direction);
    let (from, to) = if facing(before, tip) > facing(tip, after) { (before, tip) } else { (tip, after) };
    (corners[from], corners[to], [from as u32, to as u32])
}
