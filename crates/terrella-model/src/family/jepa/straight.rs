//! Straightening: latents of three frames in a row should lie on a line, so that distances between latents say more of how far it is
//! to go (after temporal straightening, Hénaff et al. 2019, of what people see, and of world models since).

use burn::prelude::*;

/// One minus the cosine between successive changes of `[batch, time, latent]`, in the mean: 0 where latents move straight ahead,
/// 1 where they turn at right angles, 2 where they go back. Fewer than three frames are straight.
pub(super) fn bend(latents: Tensor<3>) -> Tensor<1> {
    let [_, time, _] = latents.dims();
    if time < 3 {
        return latents.sum() * 0.0;
    }
    let changes = latents.clone().narrow(1, 1, time - 1) - latents.narrow(1, 0, time - 1);
    let (before, after) = (changes.clone().narrow(1, 0, time - 2), changes.narrow(1, 1, time - 2));
    // What rests has no direction: it counts as a right angle, and nothing pulls at it.
    let length = |x: &Tensor<3>| (x.clone().square().sum_dim(2) + TINY).sqrt();
    let cosine = (before.clone() * after.clone()).sum_dim(2) / (length(&before) * length(&after));
    cosine.neg().add_scalar(1.0).mean()
}

/// Added to squared lengths of changes, so that the slope stays small where nothing moves.
const TINY: f64 = 1e-4;

/// [`bend`] of the first so many frames, and its gradient for all latents.
pub(super) fn straighten(latents: &Tensor<3>, frames: usize) -> (Tensor<3>, Tensor<1>) {
    let all = latents.clone().require_grad();
    let value = bend(all.clone().narrow(1, 0, frames));
    let mut grads = value.backward();
    (all.grad_remove(&mut grads).expect("it looks at latents"), value.inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latents(rows: &[[f32; 2]]) -> Tensor<3> {
        let data = TensorData::new(rows.concat(), [1, rows.len(), 2]);
        Tensor::from_data(data, &Device::flex().autodiff())
    }

    #[test]
    fn what_goes_straight_costs_nothing_and_what_turns_is_straightened_by_its_gradient() {
        let value = |rows: &[[f32; 2]]| bend(latents(rows)).into_scalar::<f32>();
        assert!(value(&[[0.0, 0.0], [1.0, 0.5], [3.0, 1.5]]).abs() < 1e-3, "a line, faster and faster");
        assert!((value(&[[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]]) - 1.0).abs() < 1e-3, "a right angle");
        assert!((value(&[[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]) - 2.0).abs() < 1e-3, "and back");
        assert_eq!(value(&[[0.0, 0.0], [1.0, 0.0]]), 0.0, "two frames");
        let bent = [[0.0, 0.0], [1.0, 0.0], [1.5, 1.2], [2.0, 1.0], [9.0, 9.0]];
        // The last frame is a goal, and no part of it.
        let (slope, cost) = straighten(&latents(&bent), 4);
        let slope: Vec<f32> = slope.into_data().iter::<f32>().collect();
        let cost = cost.into_scalar::<f32>();
        assert_eq!(slope[8..], [0.0, 0.0], "{slope:?}");
        for at in 0..8 {
            let moved = |by: f32| {
                let mut rows = bent;
                rows[at / 2][at % 2] += by;
                value(&rows[..4])
            };
            let wanted = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((slope[at] - wanted).abs() < 2e-2, "{at}: {} and {wanted}", slope[at]);
        }
        assert!((cost - value(&bent[..4])).abs() < 1e-6);
    }
}
