//! Pictures of PushT, grey level for grey level as the original draws them.
//!
//! Order: ground, goal, the boxes of the body (a lighter face, then a thick rim, so a seam shows
//! between them), the agent, walls, and a short red mark through every touching point.

use super::options::PushTOptions;
use super::physics::{Bodies, EXTENT, Rules, WALLS, each_contact};
use super::shape::{BoxShape, Pose};
use crate::geometry::{Vec2, vec2};
use crate::look::lighter;
use crate::raster::{Backdrop, Canvas, Grid};

/// Half the width of a rim, and how far a mark reaches beyond the touching point.
const RIM: f64 = 2.0;
const MARK: [u8; 3] = [231, 76, 60];

pub(super) fn backdrop(options: &PushTOptions, rules: &Rules, goal: [f64; 3], size: usize) -> Backdrop {
    let extent = EXTENT as usize;
    Backdrop::new(Grid::new(extent, size), options.look.ground(extent), |canvas| {
        let rotation = Vec2::of_angle(goal[2]);
        // The original draws its goal about the body's origin: the pose is that of a state.
        let position = vec2(goal[0], goal[1]) + rules.body.centre.rotated(rotation);
        for shape in rules.body.boxes() {
            let corners = corners(shape, &Pose { position, rotation }, rules.body.centre);
            canvas.polygon(&corners, options.look.goal);
        }
        walls(canvas, options);
    })
}

fn walls(canvas: &mut Canvas, options: &PushTOptions) {
    for wall in WALLS {
        canvas.fat_segment(pixel(wall.a), pixel(wall.b), wall.radius, options.look.wall);
    }
}

pub(super) fn foreground(canvas: &mut Canvas, options: &PushTOptions, rules: &Rules, sim: &Bodies) {
    let (look, body) = (&options.look, &rules.body);
    let outlines = body.boxes().iter().map(|shape| corners(shape, &sim.pose, body.centre));
    let mut near_wall = false;
    for corners in outlines {
        let bound = |axis: usize, sign: i32| {
            let far = corners.iter().map(|c| sign * c[axis]).max().unwrap_or(0) + RIM as i32 + 1;
            f64::from(sign * far)
        };
        let (low, high) = ([bound(0, -1), bound(1, -1)], [bound(0, 1), bound(1, 1)]);
        near_wall |= low.iter().any(|x| *x < 8.0) || high.iter().any(|x| *x > 503.0);
        canvas.part(low, high);
        canvas.polygon(&corners, lighter(look.object));
        for i in 0..4 {
            canvas.fat_segment(corners[i], corners[(i + 1) % 4], RIM, look.object);
        }
    }
    let (agent, radius) = (pixel(sim.agent), rules.agent_radius.round_ties_even());
    let face = (rules.agent_radius - 4.0).round_ties_even();
    let [x, y] = agent.map(f64::from);
    near_wall |= x.min(y) < radius + 8.0 || x.max(y) > 503.0 - radius;
    canvas.part([x - radius, y - radius], [x + radius, y + radius]);
    canvas.disc(agent, radius as i32, look.agent);
    canvas.disc(agent, face as i32, lighter(look.agent));
    if near_wall {
        walls(canvas, options);
    }
    if options.contact_marks {
        each_contact(rules, sim.agent, &sim.pose, |_, contacts| {
            for touch in &contacts.touches[..contacts.count] {
                let a = pixel(touch.on_first + contacts.normal * -2.0);
                let b = pixel(touch.on_second + contacts.normal * 2.0);
                let bound = |axis: usize| [a[axis].min(b[axis]), a[axis].max(b[axis]) + 1].map(f64::from);
                let [x, y] = [bound(0), bound(1)];
                canvas.part([x[0], y[0]], [x[1], y[1]]);
                canvas.thin_line(a, b, MARK);
            }
        });
    }
}

fn corners(shape: &BoxShape, pose: &Pose, centre: Vec2) -> [[i32; 2]; 4] {
    shape.corners().map(|c| pixel(pose.position + (c - centre).rotated(pose.rotation)))
}

/// The pixel of a point; halves go to the even side, as in the original.
fn pixel(p: Vec2) -> [i32; 2] {
    [p.x.round_ties_even() as i32, p.y.round_ties_even() as i32]
}
