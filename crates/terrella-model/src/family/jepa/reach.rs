//! The loss that comes from actions: whoever is shown where things are and where they will be can tell what is done.
//!
//! Prediction and SIGReg leave it open what of a picture a latent holds. Here each clip asks a small head for the action
//! block that left a frame, on the way to each later frame of the clip and to its goal: hindsight, with gradient into
//! both latents. One block ahead the agent is enough; where the things are that it pushes enters through goals that are
//! farther away (Ghosh et al. 2019 for the goals; the multi-step inverse models of Lamb et al. 2022 for latents).

use crate::nn::reacher::Reacher;
use burn::prelude::*;

/// What is asked about some clips: rows of latents and blocks, the steps between, and how much each answer counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pairs {
    /// Rows of `[clips · shown]` latents.
    now: Vec<i32>,
    then: Vec<i32>,
    /// Rows of `[clips · (frames - 1)]` action blocks.
    block: Vec<i32>,
    /// Environment steps.
    to_go: Vec<f32>,
    /// These add up to 1.
    weight: Vec<f32>,
}

impl Pairs {
    /// All pairs of `n` clips: a frame with each later frame and with the goal, if that lies ahead and within reach.
    ///
    /// Clips count alike, and in each of them frames and the goal do: frames are only one, two, three blocks apart, and twice
    /// as many, so that few would ask for what is far.
    pub(crate) fn of(to_goal: &[usize], (n, frames): (usize, usize), (skip, reach): (usize, usize)) -> Self {
        let mut pairs = Self::default();
        let shown = frames + usize::from(!to_goal.is_empty());
        for clip in 0..n {
            let later = (0..frames).flat_map(|k| (k + 1..frames).map(move |j| (k, j, (j - k) * skip)));
            let later: Vec<_> = later.filter(|(_, _, steps)| *steps <= reach).collect();
            let goal = to_goal.get(clip).into_iter().flat_map(|&goal| {
                // The last frame is left by no action of the clip.
                (0..frames - 1).filter(move |k| goal > k * skip).map(move |k| (k, frames, goal - k * skip))
            });
            let goal: Vec<_> = goal.collect();
            let kinds = usize::from(!later.is_empty()) + usize::from(!goal.is_empty());
            for kind in [later, goal] {
                for &(now, then, steps) in &kind {
                    pairs.now.push((clip * shown + now) as i32);
                    pairs.then.push((clip * shown + then) as i32);
                    pairs.block.push((clip * (frames - 1) + now) as i32);
                    pairs.to_go.push(steps as f32);
                    pairs.weight.push(1.0 / (n * kinds * kind.len()) as f32);
                }
            }
        }
        pairs
    }
}

/// Mean absolute error of the blocks told, in deviations: of several ways to get there the middle one, not a mean that
/// nobody went.
///
/// # Shapes
/// `latents`: `[clips, shown, latent]`, `blocks`: `[clips, frames - 1, block]` → `[1]`.
pub(crate) fn reach(head: &Reacher, latents: Tensor<3>, blocks: Tensor<3>, pairs: &Pairs) -> Tensor<1> {
    let device = latents.device();
    let rows = |x: Tensor<3>| x.flatten::<2>(0, 1);
    let at = |rows: &[i32]| Tensor::<1, Int>::from_data(TensorData::new(rows.to_vec(), [rows.len()]), &device);
    let latents = rows(latents);
    let (now, then) = (latents.clone().select(0, at(&pairs.now)), latents.select(0, at(&pairs.then)));
    let done = rows(blocks).select(0, at(&pairs.block));
    let weight = Tensor::<2>::from_data(TensorData::new(pairs.weight.clone(), [pairs.weight.len(), 1]), &device);
    let errors = (head.forward(now, then, &pairs.to_go) - done).abs().mean_dim(1); // [pairs, 1]
    (errors * weight).sum()
}
