//! Event-driven motion of discs: fly to the next contact, resolve it, repeat.

use crate::geometry::{Vec2, vec2};

/// Contacts part at least this fast (px/s), or as fast as they approached, so that their number
/// in a finite time stays finite.
const GENTLE: f64 = 12.0;
/// More contacts than this in a step mean that balls are wedged; the rest of the step is skipped.
const MAX_CONTACTS: usize = 20_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Ball {
    pub(super) position: Vec2,
    pub(super) velocity: Vec2,
    pub(super) radius: f64,
    pub(super) mass: f64,
}

/// The inside of the box, the same along both axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) low: f64,
    pub(super) high: f64,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A ball meets a wall whose inward normal is this.
    Wall(usize, Vec2),
    /// Two balls meet.
    Pair(usize, usize),
}

impl Ball {
    pub(super) fn energy(&self, gravity: f64, floor: f64) -> f64 {
        self.mass * (0.5 * self.velocity.dot(self.velocity) + gravity * (floor - self.position.y))
    }

    fn fly(&mut self, gravity: f64, time: f64) {
        self.position += self.velocity * time + vec2(0.0, 0.5 * gravity * time * time);
        self.velocity.y += gravity * time;
    }
}

/// Moves all balls for a time.
pub(super) fn advance(balls: &mut [Ball], room: Room, gravity: f64, restitution: f64, mut time: f64) {
    for _ in 0..MAX_CONTACTS {
        let next = next_event(balls, room, gravity).filter(|(at, _)| *at <= time);
        let flight = next.map_or(time, |(at, _)| at);
        balls.iter_mut().for_each(|b| b.fly(gravity, flight));
        time -= flight;
        match next {
            None => return,
            Some((_, Event::Wall(i, normal))) => {
                let speed = -balls[i].velocity.dot(normal);
                // A ball laid on the floor at rest needs a tremble, or it would touch forever.
                let parting = if speed < 1e-6 && gravity > 0.0 { 1.0 } else { parting(restitution, speed) };
                balls[i].velocity += normal * (speed + parting);
            }
            Some((_, Event::Pair(i, j))) => bounce(balls, i, j, restitution),
        }
    }
}

/// Speed after a contact approached at `speed`.
fn parting(restitution: f64, speed: f64) -> f64 {
    (restitution * speed).max(speed.min(GENTLE))
}

fn bounce(balls: &mut [Ball], i: usize, j: usize, restitution: f64) {
    let (a, b) = (balls[i], balls[j]);
    let normal = (b.position - a.position).unit();
    let speed = (a.velocity - b.velocity).dot(normal);
    let impulse = (speed + parting(restitution, speed)) / (1.0 / a.mass + 1.0 / b.mass);
    balls[i].velocity -= normal * (impulse / a.mass);
    balls[j].velocity += normal * (impulse / b.mass);
}

/// The next contact; at equal times the first in order of index, so that replays agree.
fn next_event(balls: &[Ball], room: Room, gravity: f64) -> Option<(f64, Event)> {
    let mut next: Option<(f64, Event)> = None;
    let mut offer = |time: Option<f64>, event: Event| {
        if let Some(time) = time.filter(|t| next.is_none_or(|(best, _)| *t < best)) {
            next = Some((time, event));
        }
    };
    for (i, a) in balls.iter().enumerate() {
        let Vec2 { x, y } = a.position;
        let (low, high) = (room.low + a.radius, room.high - a.radius);
        offer(reach(x - low, -a.velocity.x, 0.0), Event::Wall(i, vec2(1.0, 0.0)));
        offer(reach(high - x, a.velocity.x, 0.0), Event::Wall(i, vec2(-1.0, 0.0)));
        offer(reach(y - low, -a.velocity.y, -gravity), Event::Wall(i, vec2(0.0, 1.0)));
        offer(reach(high - y, a.velocity.y, gravity), Event::Wall(i, vec2(0.0, -1.0)));
        for (j, b) in balls.iter().enumerate().skip(i + 1) {
            offer(meet(a, b), Event::Pair(i, j));
        }
    }
    next
}

/// When something at this distance, with this speed and acceleration towards it, arrives.
fn reach(distance: f64, speed: f64, acceleration: f64) -> Option<f64> {
    let distance = distance.max(0.0);
    if acceleration > 0.0 {
        // It always arrives; of the two forms of the root, the one that does not cancel.
        let root = (speed * speed + 2.0 * acceleration * distance).sqrt();
        return Some(if speed > 0.0 { 2.0 * distance / (speed + root) } else { (root - speed) / acceleration });
    }
    let square = speed * speed + 2.0 * acceleration * distance;
    (speed > 0.0 && square >= 0.0).then(|| 2.0 * distance / (speed + square.sqrt()))
}

/// When two balls touch. Both fall alike, so they approach on straight lines.
fn meet(a: &Ball, b: &Ball) -> Option<f64> {
    let (p, v) = (b.position - a.position, b.velocity - a.velocity);
    let approach = p.dot(v);
    if approach >= 0.0 {
        return None;
    }
    let radius = a.radius + b.radius;
    let gap = (p.dot(p) - radius * radius).max(0.0);
    let square = approach * approach - v.dot(v) * gap;
    (square >= 0.0).then(|| gap / (-approach + square.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_balls_keep_momentum_and_swap_velocities_when_equal() {
        let ball =
            |x: f64, vx: f64, mass: f64| Ball { position: vec2(x, 100.0), velocity: vec2(vx, 0.0), radius: 10.0, mass };
        let room = Room { low: 0.0, high: 1000.0 };
        let mut equal = [ball(100.0, 50.0, 1.0), ball(200.0, -30.0, 1.0)];
        advance(&mut equal, room, 0.0, 1.0, 2.0);
        let [a, b] = equal.map(|b| b.velocity.x);
        assert!((a + 30.0).abs() < 1e-12 && (b - 50.0).abs() < 1e-12, "swapped: {a}, {b}");
        let mut unequal = [ball(100.0, 50.0, 3.0), ball(200.0, -30.0, 0.5)];
        advance(&mut unequal, room, 0.0, 0.4, 2.0);
        let momentum: f64 = unequal.iter().map(|b| b.mass * b.velocity.x).sum();
        assert!((momentum - 135.0).abs() < 1e-9, "3 × 50 − 0.5 × 30 = {momentum}");
        let parting = unequal[1].velocity.x - unequal[0].velocity.x;
        assert!((parting - 0.4 * 80.0).abs() < 1e-9, "restitution times the approach: {parting}");
    }

    #[test]
    fn a_dropped_ball_returns_to_its_height() {
        let mut balls = [Ball { position: vec2(50.0, 50.0), velocity: Vec2::ZERO, radius: 10.0, mass: 1.0 }];
        // 40 px of fall at 400 px/s² take sqrt(2 × 40 / 400) s; down and up again twice that.
        let fall = (2.0_f64 * 40.0 / 400.0).sqrt();
        advance(&mut balls, Room { low: 0.0, high: 100.0 }, 400.0, 1.0, 2.0 * fall);
        assert!((balls[0].position.y - 50.0).abs() < 1e-9, "back at {}", balls[0].position.y);
    }
}
