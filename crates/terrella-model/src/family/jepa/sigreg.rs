//! SIGReg, the regulariser that replaces teachers and stop-gradients (Balestriero & LeCun 2025,
//! LeJEPA): in every direction the batch's latents should look standard normal, judged by the
//! Epps–Pulley distance between empirical and Gaussian characteristic functions.

use burn::prelude::*;
use terrella_core::Key;

/// Knots of the quadrature on `[0, 3]`.
pub(super) const KNOTS: usize = 17;

/// The sketched isotropic-Gaussian distance of `[batch, time, latent]`: mean over time steps and
/// directions (unit vectors, the columns of `[latent, n]`) of
/// `batch · Σ w(t) · ((E cos tx − e^{−t²/2})² + (E sin tx)²)`, trapezoid weights (doubled for the
/// symmetric half-line) times `e^{−t²/2}`.
pub fn sigreg(latents: Tensor<3>, directions: Tensor<2>) -> Tensor<1> {
    let [batch, time, latent] = latents.dims();
    let [_, n_directions] = directions.dims();
    let x = latents.reshape([batch * time, latent]).matmul(directions).reshape([batch, time, n_directions]);
    let (step, knots) = knots();
    // cos and sin at equally spaced knots by the Chebyshev recurrence: one sine and one cosine
    // instead of seventeen each.
    let (cos1, sin1) = ((x.clone() * step).cos(), (x * step).sin());
    let twice = cos1.clone() * 2.0;
    let (mut before, mut now) = ((cos1.ones_like(), sin1.zeros_like()), (cos1, sin1));
    let mut total: Option<Tensor<3>> = None;
    for (at, (gauss, weight)) in knots.into_iter().enumerate() {
        let real = now.0.clone().mean_dim(0) - gauss;
        let imaginary = now.1.clone().mean_dim(0);
        let error = (real.square() + imaginary.square()) * weight;
        total = Some(total.map_or(error.clone(), |sum| sum + error));
        if at + 2 < KNOTS {
            let next = (twice.clone() * now.0.clone() - before.0, twice.clone() * now.1.clone() - before.1);
            before = now;
            now = next;
        }
    }
    total.expect("there are sixteen knots").mean() * batch as f64
}

/// The distance between two knots, and of each knot but the first the Gaussian's value and the weight; at the first both
/// characteristic functions are one.
pub(super) fn knots() -> (f64, [(f64, f64); KNOTS - 1]) {
    let step = 3.0 / (KNOTS - 1) as f64;
    let knot = |at: usize| {
        let t = step * (at + 1) as f64;
        let gauss = (-t * t / 2.0).exp();
        (gauss, gauss * if at + 2 == KNOTS { step } else { 2.0 * step })
    };
    (step, std::array::from_fn(knot))
}

/// Random unit vectors as the columns of `[latent, n]`, drawn on the host, so that a step repeats
/// exactly on any backend.
pub fn directions(latent: usize, n: usize, key: Key, device: &Device) -> Tensor<2> {
    let rows = direction_rows(latent, n, key);
    Tensor::<2>::from_data(TensorData::new(rows, [n, latent]), device).transpose()
}

/// The same as rows, `[n, latent]`.
pub(super) fn direction_rows(latent: usize, n: usize, key: Key) -> Vec<f32> {
    let mut stream = key.with("directions").stream();
    let mut rows = vec![0.0f32; latent * n];
    for direction in rows.chunks_mut(latent) {
        direction.iter_mut().for_each(|x| *x = stream.normal() as f32);
        let norm = direction.iter().map(|x| x * x).sum::<f32>().sqrt();
        direction.iter_mut().for_each(|x| *x /= norm);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(scale: f64, shift: f64) -> f32 {
        let mut stream = Key::new(3).stream();
        let numbers: Vec<f32> = (0..256 * 8).map(|_| (stream.normal() * scale + shift) as f32).collect();
        let x = Tensor::<3>::from_data(TensorData::new(numbers, [256, 1, 8]), &Device::flex());
        sigreg(x, directions(8, 64, Key::new(1), &Device::flex())).into_scalar()
    }

    #[test]
    fn a_standard_normal_is_nearly_free_and_anything_else_is_not() {
        let normal = value(1.0, 0.0);
        assert!(normal < 2.0, "a sample of 256 normals: {normal}");
        for (scale, shift) in [(0.1, 0.0), (3.0, 0.0), (1.0, 1.0)] {
            assert!(value(scale, shift) > 8.0 * normal, "scale {scale}, shift {shift}: {}", value(scale, shift));
        }
    }

    /// The recurrence against the definition, knot by knot, for a point mass at x = 1.3 in one
    /// dimension, where the direction is ±1 and the sum is known in closed form.
    #[test]
    fn the_quadrature_is_the_definition() {
        let x = Tensor::<3>::from_data([[[1.3f32]], [[1.3]]], &Device::flex());
        let got: f32 = sigreg(x, directions(1, 4, Key::new(0), &Device::flex())).into_scalar();
        let dt = 3.0 / 16.0;
        let want: f64 = (0..17)
            .map(|k| {
                let t = f64::from(k) * dt;
                let gauss = (-t * t / 2.0).exp();
                let w = gauss * if k == 0 || k == 16 { dt } else { 2.0 * dt };
                w * (((t * 1.3).cos() - gauss).powi(2) + (t * 1.3).sin().powi(2))
            })
            .sum::<f64>()
            * 2.0;
        assert!((f64::from(got) - want).abs() < 1e-4, "{got} against {want}");
    }
}
