//! What a model imagines of plans, in pictures for people: the moment in which each begins, and the one after each block.
//!
//! The world is drawn in the states that the model tells, as that is sharp; only where it tells none, or one that the world cannot
//! be in, the model draws.

use terrella_core::{Acts, AnySim, Dynamics, Image, Plan, Sim};

/// Pictures of `size × size` of these plans, which begin in rows of `state` and are equally long: a list a plan, of one picture more
/// than it has blocks. Nothing where nobody can draw them.
pub(super) fn imagined<D: Dynamics>(
    model: &D,
    world: &AnySim,
    (state, plans): (&D::State, &[Plan]),
    size: usize,
) -> Option<Vec<Vec<Image>>> {
    let horizon = plans.iter().map(|plan| plan.blocks.len()).min()?;
    let mut moments = vec![state.clone()];
    for at in 0..horizon {
        let blocks: Vec<f32> = plans.iter().flat_map(|plan| plan.blocks.row(at).iter().copied()).collect();
        moments.push(model.step(&moments[at], Acts::of(&blocks)));
    }
    let decoded = || {
        let drawn = |moment: &D::State| {
            let images = model.draw(moment)?;
            Some(images.iter().map(|image| image.resized(size, size)).collect::<Vec<Image>>())
        };
        moments.iter().map(drawn).collect::<Option<Vec<Vec<Image>>>>()
    };
    let drawn = believed(model, world, &moments, size).or_else(decoded)?;
    Some((0..plans.len()).map(|plan| drawn.iter().map(|moment| moment[plan].clone()).collect()).collect())
}

/// The world drawn in what is believed at these moments, a list of rows a moment.
fn believed<D: Dynamics>(model: &D, world: &AnySim, moments: &[D::State], size: usize) -> Option<Vec<Vec<Image>>> {
    let mut world = world.clone();
    let mut draw = |state: &[f32]| world.set_logged(state).ok().map(|()| world.draw(size));
    let mut told = Vec::with_capacity(moments.len());
    for moment in moments {
        let states = model.read(moment)?;
        told.push(states.rows().map(&mut draw).collect::<Option<Vec<Image>>>()?);
    }
    Some(told)
}
