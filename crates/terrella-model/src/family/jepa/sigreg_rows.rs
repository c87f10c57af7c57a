//! [`super::sigreg`] and its gradient on plain rows, for a CPU.
//!
//! Tensors go over all projections a few hundred times, once for each operation at each knot. Here a lane of directions
//! stays in registers while its sines and cosines are made and summed. Pieces of directions are added in order, so that no
//! result depends on how many threads there are.

use super::sigreg::{KNOTS as ALL, knots};
use crate::host::lanes::{LANE, Lane, Left, flat, flat_mut, lanes, padded, product};
use crate::host::threads::each;
use crate::host::vector::{Vector, widest};

/// Knots that add something.
const KNOTS: usize = ALL - 1;
/// Lanes of directions that are worked on together.
const PIECE: usize = 4;

/// Value of [`super::sigreg::sigreg`] and its gradient, `[rows, latent]`, for latents `[batch · time, latent]` and
/// directions `[n, latent]`.
pub(super) fn sigreg_on_rows(latents: &[f32], (time, latent): (usize, usize), along: &[f32]) -> (f64, Vec<f32>) {
    let (rows, n) = (latents.len() / latent, along.len() / latent);
    let directions: Vec<&[f32]> = along.chunks(PIECE * LANE * latent).collect();
    let pieces = each(directions.len(), |piece| {
        let along = directions[piece];
        let own = along.len() / latent;
        let width = lanes(own);
        let mut turned = vec![Lane::default(); latent * width];
        for (at, row) in along.chunks_exact(latent).enumerate() {
            row.iter().enumerate().for_each(|(i, x)| flat_mut(&mut turned)[i * width * LANE + at] = *x);
        }
        let mut x = vec![Lane::default(); rows * width];
        product((rows, latent, width), Left { numbers: latents, rows: latent, depth: 1 }, &turned, None, &mut x);
        let mut errors = vec![Lane::default(); time * width];
        judge(&mut x, time, &mut errors);
        let told = flat(&errors).chunks_exact(width * LANE).flat_map(|row| &row[..own]);
        let value: f64 = told.map(|error| f64::from(*error)).sum();
        let mut back = vec![Lane::default(); rows * lanes(latent)];
        let left = Left { numbers: flat(&x), rows: width * LANE, depth: 1 };
        product((rows, own, lanes(latent)), left, &padded(along, latent), None, &mut back);
        (value, back)
    });
    let scale = 1.0 / (time * n) as f64;
    let mut value = 0.0;
    let mut gradient = vec![0.0; rows * latent];
    for (more, back) in pieces {
        value += more;
        let back = flat(&back).chunks_exact(lanes(latent) * LANE);
        for (sum, row) in gradient.chunks_exact_mut(latent).zip(back) {
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * scale as f32);
        }
    }
    (value * scale * (rows / time) as f64, gradient)
}

widest! {
    /// Sums over knots of weighted squared errors, `[time, width]`, of projections `[batch · time, width]`, which give
    /// place to their gradients.
    fn judge(x: &mut [Lane], time: usize, errors: &mut [Lane]) by judge_of
}

#[inline(always)]
fn judge_of<V: Vector>(x: &mut [Lane], time: usize, errors: &mut [Lane]) {
    let (step, knots) = knots();
    let columns = errors.len();
    let scale = V::all(1.0 / (x.len() / columns) as f32);
    debug_assert!(columns.is_multiple_of(time), "whole rows");
    for (column, told) in errors.iter_mut().enumerate() {
        let mut sums = [[V::all(0.0); 2]; KNOTS];
        for x in x.iter().skip(column).step_by(columns) {
            let waves = walk(V::load(x).mul(V::all(step as f32)));
            for (sum, [cos, sin]) in sums.iter_mut().zip(waves) {
                *sum = [sum[0].add(cos), sum[1].add(sin)];
            }
        }
        let mut error = V::all(0.0);
        let mut slopes = sums;
        for ((k, slopes), (gauss, weight)) in slopes.iter_mut().enumerate().zip(knots) {
            let [real, imaginary] = slopes.map(|sum| sum.mul(scale));
            let real = real.sub(V::all(gauss as f32));
            error = error.add(real.mul(real).add(imaginary.mul(imaginary)).mul(V::all(weight as f32)));
            let slope = V::all((2.0 * weight * step * (k + 1) as f64) as f32);
            *slopes = [imaginary.mul(slope), real.mul(slope)];
        }
        error.store(told);
        for x in x.iter_mut().skip(column).step_by(columns) {
            let mut back = V::all(0.0);
            for ([a, b], [cos, sin]) in slopes.into_iter().zip(walk(V::load(x).mul(V::all(step as f32)))) {
                back = back.add(a.mul(cos)).sub(b.mul(sin));
            }
            back.store(x);
        }
    }
}

/// Cosine and sine of `x`, `2x`, … `16x`, by the recurrence of Chebyshev.
#[inline(always)]
fn walk<V: Vector>(x: V) -> [[V; 2]; KNOTS] {
    let first = turn(x);
    let twice = first[0].add(first[0]);
    let (mut before, mut now) = ([V::all(1.0), V::all(0.0)], first);
    let mut waves = [first; KNOTS];
    for wave in &mut waves {
        *wave = now;
        (before, now) = (now, [twice.mul(now[0]).sub(before[0]), twice.mul(now[1]).sub(before[1])]);
    }
    waves
}

/// Cosine and sine: less the nearest multiple of π, then series up to `r¹²`.
#[inline(always)]
fn turn<V: Vector>(x: V) -> [V; 2] {
    /// Adding it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let round = |x: V| x.add(V::all(ROUND)).sub(V::all(ROUND));
    let n = round(x.mul(V::all(std::f32::consts::FRAC_1_PI)));
    // π in two parts, so that the remainder is exact.
    let r = x.sub(n.mul(V::all(3.140_625))).sub(n.mul(V::all(9.676_536e-4)));
    let odd = n.sub(round(n.mul(V::all(0.5))).mul(V::all(2.0)));
    let sign = V::all(1.0).sub(odd.mul(odd).mul(V::all(2.0)));
    let square = r.mul(r);
    let cos = [2.087_675_7e-9, -2.755_732e-7, 2.480_158_8e-5, -1.388_888_9e-3, 4.166_666_8e-2, -0.5];
    let sin = [-2.505_210_8e-8, 2.755_731_9e-6, -1.984_127e-4, 8.333_334e-3, -0.166_666_67, 1.0];
    let cos = series(cos, square).mul(square).add(V::all(1.0));
    [cos.mul(sign), series(sin, square).mul(r).mul(sign)]
}

#[inline(always)]
fn series<V: Vector>(terms: [f32; 6], x: V) -> V {
    let mut sum = V::all(0.0);
    for term in terms {
        sum = sum.mul(x).add(V::all(term));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::jepa::sigreg::{direction_rows, directions, sigreg};
    use crate::host::dense::numbers;
    use burn::prelude::*;
    use terrella_core::Key;

    /// Numbers of directions that fill no lane and no piece, latents near and far.
    #[test]
    fn rows_judge_as_tensors_do() {
        let device = Device::flex().autodiff();
        for (batch, time, latent, n, scale) in [(7, 3, 20, 70, 1.0), (64, 4, 128, 256, 0.3), (5, 1, 7, 3, 30.0)] {
            let mut stream = Key::new(1).stream();
            let latents: Vec<f32> =
                (0..batch * time * latent).map(|_| (scale * stream.normal() + 0.2) as f32).collect();
            let key = Key::new(2);
            let (value, found) = sigreg_on_rows(&latents, (time, latent), &direction_rows(latent, n, key));
            let data = TensorData::new(latents, [batch, time, latent]);
            let x = Tensor::<3>::from_data(data, &device).require_grad();
            let want = sigreg(x.clone(), directions(latent, n, key, &device));
            let gradient = numbers(x.grad(&want.backward()).expect("a gradient"));
            let want: f32 = want.into_scalar();
            assert!((value - f64::from(want)).abs() < 1e-4 * value.abs(), "{value} against {want}");
            let most = gradient.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            let far = found.iter().zip(&gradient).fold(0.0f32, |far, (a, b)| far.max((a - b).abs()));
            assert!(far < 1e-4 * most, "batch {batch}: {far} of {most}");
        }
    }

    #[test]
    fn sines_and_cosines_are_what_the_definitions_say() {
        for i in -4000..4000 {
            let x = i as f32 * 0.013;
            let [cos, sin] = turn(Lane([x; LANE])).map(|lane| f64::from(lane.0[3]));
            let (want_sin, want_cos) = f64::from(x).sin_cos();
            assert!((cos - want_cos).abs() < 1e-6 && (sin - want_sin).abs() < 1e-6, "{x}: {cos} {sin}");
        }
    }
}
