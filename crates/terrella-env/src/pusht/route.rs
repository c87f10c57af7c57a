//! The shortest way of a disc around the boxes of a body: a visibility graph over their corners.

use super::plan::Obstacles;
use crate::geometry::{Vec2, vec2};

/// Corners to turn at lie this much farther out than the obstacles reach, in px.
const OUTSIDE: f64 = 3.0;

/// The first point to go to, and the length of the whole way, for a disc that keeps `clearance`
/// between its centre and the boxes. Ends that are closer than that are left or reached by legs
/// that come no closer than the ends themselves.
///
/// Dijkstra over at most ten points, all in the frame of the body.
pub(super) fn first_leg(body: &Obstacles, from: Vec2, to: Vec2, clearance: f64) -> (Vec2, f64) {
    let (start, goal) = (body.local(from), body.local(to));
    let near = |p: Vec2| clearance.min(body.gap(p) - 0.1);
    let near_end = near(start).min(near(goal));
    let free = |a: Vec2, b: Vec2| {
        !body.blocks(a, b, if a == start || b == goal || b == start || a == goal { near_end } else { clearance })
    };
    if free(start, goal) {
        return (to, (to - from).length());
    }
    let mut points = vec![start, goal];
    for shape in body.boxes() {
        let grow = clearance + OUTSIDE;
        let (low, high) = (shape[0] - vec2(grow, grow), shape[1] + vec2(grow, grow));
        let corners = [low, vec2(high.x, low.y), high, vec2(low.x, high.y)];
        points.extend(corners.into_iter().filter(|c| !body.covers(*c, clearance) && body.in_world(*c)));
    }
    let n = points.len();
    // From the goal backwards, so that the start's successor is known at the end.
    let mut length = vec![f64::INFINITY; n];
    let mut next = vec![1; n];
    let mut done = vec![false; n];
    length[1] = 0.0;
    while let Some(at) =
        (0..n).filter(|&i| !done[i] && length[i].is_finite()).min_by(|&a, &b| length[a].total_cmp(&length[b]))
    {
        done[at] = true;
        if at == 0 {
            break;
        }
        for i in 0..n {
            let through = length[at] + (points[i] - points[at]).length();
            if !done[i] && through < length[i] && free(points[i], points[at]) {
                (length[i], next[i]) = (through, at);
            }
        }
    }
    // No way (a body in a corner): straight through costs as much as a long detour.
    if length[0].is_finite() { (body.world(points[next[0]]), length[0]) } else { (to, (to - from).length() + 300.0) }
}
