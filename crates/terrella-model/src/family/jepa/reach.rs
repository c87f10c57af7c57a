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
    pub(super) now: Vec<i32>,
    pub(super) then: Vec<i32>,
    /// Rows of `[clips · (frames - 1)]` action blocks.
    pub(super) block: Vec<i32>,
    /// Environment steps.
    pub(super) to_go: Vec<f32>,
    /// These add up to 1.
    pub(super) weight: Vec<f32>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    #[test]
    fn frames_and_goals_that_lie_ahead_are_asked_for_and_count_alike() {
        // Four frames, two steps apart; the first goal lies beyond all frames, the second before the second.
        let pairs = Pairs::of(&[7, 1], (2, 4), (2, 6));
        let told = |clip: i32| -> Vec<(i32, i32, i32, f32)> {
            let rows = (0..pairs.now.len()).filter(|&i| pairs.now[i] / 5 == clip);
            rows.map(|i| (pairs.now[i] % 5, pairs.then[i] % 5, pairs.block[i] - 3 * clip, pairs.to_go[i])).collect()
        };
        let frames = [(0, 1, 0, 2.0), (0, 2, 0, 4.0), (0, 3, 0, 6.0), (1, 2, 1, 2.0), (1, 3, 1, 4.0), (2, 3, 2, 2.0)];
        let goals = [(0, 4, 0, 7.0), (1, 4, 1, 5.0), (2, 4, 2, 3.0)];
        assert_eq!(told(0), [&frames[..], &goals].concat());
        assert_eq!(told(1), [&frames[..], &[(0, 4, 0, 1.0)]].concat());
        assert!((pairs.weight.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{:?}", pairs.weight);
        let of_goals: f32 = (0..pairs.now.len()).filter(|&i| pairs.then[i] % 5 == 4).map(|i| pairs.weight[i]).sum();
        assert!((of_goals - 0.5).abs() < 1e-6, "goals count as much as frames: {of_goals}");
        let near = Pairs::of(&[3], (1, 4), (2, 3));
        assert_eq!(near.to_go, [2.0, 2.0, 2.0, 3.0, 1.0], "nothing beyond the reach, of frames neither");
        assert!((near.weight.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{:?}", near.weight);
    }

    /// Central differences over the latents, frames and goal. No kink is near: all answers and all hidden numbers of this
    /// seed are far from where absolute values and rectifiers bend.
    #[test]
    fn both_latents_have_the_gradient_of_the_loss() {
        let _turn = crate::device::alone();
        let device = Device::flex();
        device.seed(5);
        let head = Reacher::new(3, 4, (8, 20), &device);
        let pairs = Pairs::of(&[9], (1, 3), (2, 20));
        let mut stream = Key::new(3).stream();
        let mut numbers = |n: usize| (0..n).map(|_| stream.normal() as f32).collect::<Vec<_>>();
        let (start, done) = (numbers(4 * 3), numbers(2 * 4));
        let at = |x: &[f32], device: &Device| Tensor::<3>::from_data(TensorData::new(x.to_vec(), [1, 4, 3]), device);
        let blocks = |device: &Device| Tensor::<3>::from_data(TensorData::new(done.clone(), [1, 2, 4]), device);
        let learning = device.clone().autodiff();
        let x = at(&start, &learning).require_grad();
        let grads = reach(&head.clone().train(), x.clone(), blocks(&learning), &pairs).backward();
        let gradient: Vec<f32> = x.grad(&grads).expect("a gradient").into_data().iter::<f32>().collect();
        let value = |x: &[f32]| reach(&head, at(x, &device), blocks(&device), &pairs).into_scalar::<f32>();
        for (i, found) in gradient.iter().enumerate() {
            let moved = |by: f32| {
                let mut x = start.clone();
                x[i] += by;
                value(&x)
            };
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((slope - found).abs() < 2e-4 + 0.02 * slope.abs(), "number {i}: {found} against {slope}");
        }
        let steep: f32 = gradient.iter().map(|slope| slope.abs()).sum();
        assert!(steep > 2e-3, "the point chosen has a slope, ten times what is forgiven: {gradient:?}");
    }
}
