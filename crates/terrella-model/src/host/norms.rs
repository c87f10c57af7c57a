//! The norms, modulations and gates of a steered block, forward and back, row by row.
//!
//! A steering row is six rows side by side: shift, scale and gate of the attention, then of the perceptron. Functions take
//! such rows from the part on that they need. Gradients of steering and of a norm's scale and shift are added to what stands there; widths are
//! whole lanes, so that no padding enters a mean.

use super::block::{EPSILON, PLAIN};
use super::lanes::{LANE, Lane};
use super::vector::{Vector, widest};

/// Rows of a steering row.
pub(super) const PARTS: usize = 6;

/// What a modulated norm keeps for the way back.
pub(super) struct Normed<'a> {
    /// Behind the norm without parameters.
    pub(super) plain: &'a mut [Lane],
    /// Behind modulation and the second norm, before its scale and shift.
    pub(super) scaled: &'a mut [Lane],
    /// What one over the deviations was, a row each.
    pub(super) by: &'a mut [[f32; 2]],
}

widest! {
    /// `out = norm(plain(x) · (1 + scale) + shift) · affine[0] + affine[1]`, with steering from a shift on.
    pub(super) fn modulate(
        x: &[Lane],
        steering: &[Lane],
        affine: [&[Lane]; 2],
        kept: Normed<'_>,
        out: &mut [Lane],
    ) by modulate_of
}

#[inline(always)]
fn modulate_of<V: Vector>(x: &[Lane], steering: &[Lane], affine: [&[Lane]; 2], kept: Normed<'_>, out: &mut [Lane]) {
    let width = affine[0].len();
    let rows = x.chunks_exact(width).zip(steering.chunks(PARTS * width)).zip(out.chunks_exact_mut(width));
    let kept = kept.plain.chunks_exact_mut(width).zip(kept.scaled.chunks_exact_mut(width)).zip(kept.by);
    for (((x, steering), out), ((plain, scaled), by)) in rows.zip(kept) {
        let (shift, scale) = steering[..2 * width].split_at(width);
        by[0] = standardize::<V>(x, plain, PLAIN);
        for i in 0..width {
            let one = V::load(&scale[i]).add(V::all(1.0));
            V::load(&plain[i]).mul(one).add(V::load(&shift[i])).store(&mut out[i]);
        }
        by[1] = standardize::<V>(out, scaled, EPSILON);
        scale_and_shift::<V>(scaled, affine, out);
    }
}

widest! {
    /// Adds the gradient of `x` for that of what [`modulate`] told, which is used up; `sums` are those of scale and shift of
    /// the norm, one behind the other.
    pub(super) fn modulate_back(
        back: &mut [Lane],
        steering: &[Lane],
        affine: &[Lane],
        kept: Normed<'_>,
        of_steering: &mut [Lane],
        sums: &mut [Lane],
        x: &mut [Lane],
    ) by modulate_back_of
}

#[inline(always)]
fn modulate_back_of<V: Vector>(
    back: &mut [Lane],
    steering: &[Lane],
    affine: &[Lane],
    kept: Normed<'_>,
    of_steering: &mut [Lane],
    sums: &mut [Lane],
    x: &mut [Lane],
) {
    let width = affine.len();
    let of_rows = back.chunks_exact_mut(width).zip(x.chunks_exact_mut(width));
    let steering = steering.chunks(PARTS * width).zip(of_steering.chunks_mut(PARTS * width));
    let kept = kept.plain.chunks_exact(width).zip(kept.scaled.chunks_exact(width)).zip(kept.by);
    for (((back, x), (steering, of_steering)), ((plain, scaled), by)) in of_rows.zip(steering).zip(kept) {
        affine_back::<V>(back, scaled, affine, sums);
        standardize_back::<V>(back, scaled, by[1]);
        let scale = &steering[width..2 * width];
        let (of_shift, of_scale) = of_steering[..2 * width].split_at_mut(width);
        for i in 0..width {
            let (back_i, plain) = (V::load(&back[i]), V::load(&plain[i]));
            V::load(&of_shift[i]).add(back_i).store(&mut of_shift[i]);
            V::load(&of_scale[i]).add(back_i.mul(plain)).store(&mut of_scale[i]);
            back_i.mul(V::load(&scale[i]).add(V::all(1.0))).store(&mut back[i]);
        }
        standardize_back::<V>(back, plain, by[0]);
        for (x, back) in x.iter_mut().zip(&*back) {
            V::load(x).add(V::load(back)).store(x);
        }
    }
}

widest! {
    /// A norm with scale and shift, as the last block is followed by.
    pub(crate) fn norm(x: &[Lane], affine: [&[Lane]; 2], scaled: &mut [Lane], by: &mut [f32], out: &mut [Lane]) by norm_of
}

#[inline(always)]
fn norm_of<V: Vector>(x: &[Lane], affine: [&[Lane]; 2], scaled: &mut [Lane], by: &mut [f32], out: &mut [Lane]) {
    let width = affine[0].len();
    let rows = x.chunks_exact(width).zip(scaled.chunks_exact_mut(width)).zip(out.chunks_exact_mut(width));
    for (((x, scaled), out), by) in rows.zip(by) {
        *by = standardize::<V>(x, scaled, EPSILON);
        scale_and_shift::<V>(scaled, affine, out);
    }
}

widest! {
    /// Puts the gradient before [`norm`] in the place of the one behind it.
    pub(crate) fn norm_back(back: &mut [Lane], affine: &[Lane], scaled: &[Lane], by: &[f32], sums: &mut [Lane]) by norm_back_of
}

#[inline(always)]
fn norm_back_of<V: Vector>(back: &mut [Lane], affine: &[Lane], scaled: &[Lane], by: &[f32], sums: &mut [Lane]) {
    let width = affine.len();
    for ((back, scaled), by) in back.chunks_exact_mut(width).zip(scaled.chunks_exact(width)).zip(by) {
        affine_back::<V>(back, scaled, affine, sums);
        standardize_back::<V>(back, scaled, *by);
    }
}

widest! {
    /// `x += gate · y`, with steering from a gate on.
    pub(super) fn gate(x: &mut [Lane], y: &[Lane], steering: &[Lane], width: usize) by gate_of
}

#[inline(always)]
fn gate_of<V: Vector>(x: &mut [Lane], y: &[Lane], steering: &[Lane], width: usize) {
    let rows = x.chunks_exact_mut(width).zip(y.chunks_exact(width)).zip(steering.chunks(PARTS * width));
    for ((x, y), gate) in rows {
        for i in 0..width {
            V::load(&x[i]).add(V::load(&gate[i]).mul(V::load(&y[i]))).store(&mut x[i]);
        }
    }
}

widest! {
    /// The gradient of `y` for that of what [`gate`] told, and of the gate.
    pub(super) fn gate_back(
        back: &[Lane],
        y: &[Lane],
        steering: &[Lane],
        of_steering: &mut [Lane],
        of_y: &mut [Lane],
        width: usize,
    ) by gate_back_of
}

#[inline(always)]
fn gate_back_of<V: Vector>(
    back: &[Lane],
    y: &[Lane],
    steering: &[Lane],
    of_steering: &mut [Lane],
    of_y: &mut [Lane],
    width: usize,
) {
    let rows = back.chunks_exact(width).zip(y.chunks_exact(width)).zip(of_y.chunks_exact_mut(width));
    let gates = steering.chunks(PARTS * width).zip(of_steering.chunks_mut(PARTS * width));
    for (((back, y), of_y), (gate, of_gate)) in rows.zip(gates) {
        for i in 0..width {
            let back = V::load(&back[i]);
            V::load(&of_gate[i]).add(back.mul(V::load(&y[i]))).store(&mut of_gate[i]);
            back.mul(V::load(&gate[i])).store(&mut of_y[i]);
        }
    }
}

/// Mean of zero and variance of one; answers what deviations were multiplied by.
#[inline(always)]
fn standardize<V: Vector>(x: &[Lane], y: &mut [Lane], epsilon: f32) -> f32 {
    let share = 1.0 / (x.len() * LANE) as f32;
    let mut sum = V::all(0.0);
    x.iter().for_each(|x| sum = sum.add(V::load(x)));
    let (mean, mut square) = (V::all(sum.sum() * share), V::all(0.0));
    for (x, y) in x.iter().zip(&mut *y) {
        let apart = V::load(x).sub(mean);
        square = square.add(apart.mul(apart));
        apart.store(y);
    }
    let by = 1.0 / (square.sum() * share + epsilon).sqrt();
    y.iter_mut().for_each(|y| V::load(y).mul(V::all(by)).store(y));
    by
}

/// Puts the gradient before [`standardize`] in the place of the one behind it.
#[inline(always)]
fn standardize_back<V: Vector>(back: &mut [Lane], y: &[Lane], by: f32) {
    let share = 1.0 / (y.len() * LANE) as f32;
    let (mut sum, mut along) = (V::all(0.0), V::all(0.0));
    for (back, y) in back.iter().zip(y) {
        let back = V::load(back);
        sum = sum.add(back);
        along = along.add(back.mul(V::load(y)));
    }
    let (mean, along, by) = (V::all(sum.sum() * share), V::all(along.sum() * share), V::all(by));
    for (back, y) in back.iter_mut().zip(y) {
        V::load(back).sub(mean).sub(V::load(y).mul(along)).mul(by).store(back);
    }
}

/// Scale and shift, number by number.
#[inline(always)]
fn scale_and_shift<V: Vector>(scaled: &[Lane], [scale, shift]: [&[Lane]; 2], out: &mut [Lane]) {
    for i in 0..scale.len() {
        V::load(&scaled[i]).mul(V::load(&scale[i])).add(V::load(&shift[i])).store(&mut out[i]);
    }
}

/// Through scale and shift, whose own gradients are added to `sums`.
#[inline(always)]
fn affine_back<V: Vector>(back: &mut [Lane], scaled: &[Lane], scale: &[Lane], sums: &mut [Lane]) {
    let (of_scale, of_shift) = sums.split_at_mut(scale.len());
    for i in 0..scale.len() {
        let own = V::load(&back[i]);
        V::load(&of_scale[i]).add(own.mul(V::load(&scaled[i]))).store(&mut of_scale[i]);
        V::load(&of_shift[i]).add(own).store(&mut of_shift[i]);
        own.mul(V::load(&scale[i])).store(&mut back[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Key;

    /// Both texts of the loops, where this processor can do both, and the gradient against central differences.
    #[test]
    fn modulated_norms_have_the_gradient_of_their_value() {
        let (width, rows) = (2, 3);
        let mut stream = Key::new(1).stream();
        let mut lanes =
            |n: usize| -> Vec<Lane> { (0..n).map(|_| Lane(std::array::from_fn(|_| stream.normal() as f32))).collect() };
        let (x, steering, back) = (lanes(rows * width), lanes(rows * PARTS * width), lanes(rows * width));
        let affine = [lanes(width), lanes(width)];
        let zeros = |n: usize| vec![Lane::default(); n];
        let forward = |x: &[Lane], wide: bool| {
            let (mut kept, mut by, mut out) = ([zeros(x.len()), zeros(x.len())], vec![[0.0; 2]; rows], zeros(x.len()));
            let [plain, scaled] = &mut kept;
            let normed = Normed { plain, scaled, by: &mut by };
            let affine = [&affine[0][..], &affine[1][..]];
            match wide {
                true => modulate(x, &steering, affine, normed, &mut out),
                false => modulate_of::<Lane>(x, &steering, affine, normed, &mut out),
            }
            (kept, by, out)
        };
        let gradient = |wide: bool| {
            let ([mut plain, mut scaled], mut by, _) = forward(&x, wide);
            let normed = Normed { plain: &mut plain, scaled: &mut scaled, by: &mut by };
            let (mut back, mut found) = (back.clone(), zeros(x.len()));
            let (mut of_steering, mut sums) = (zeros(steering.len()), zeros(2 * width));
            let (of, sums_) = (&mut of_steering, &mut sums);
            match wide {
                true => modulate_back(&mut back, &steering, &affine[0], normed, of, sums_, &mut found),
                false => modulate_back_of::<Lane>(&mut back, &steering, &affine[0], normed, of, sums_, &mut found),
            }
            [found, of_steering, sums]
        };
        let far = |a: &[Lane], b: &[Lane]| {
            let both = a.iter().flat_map(|x| x.0).zip(b.iter().flat_map(|x| x.0));
            both.fold(0.0f32, |far, (a, b)| far.max((a - b).abs()))
        };
        assert!(far(&forward(&x, true).2, &forward(&x, false).2) < 1e-5, "both texts tell the same");
        let (wide, lanes) = (gradient(true), gradient(false));
        assert!(wide.iter().zip(&lanes).all(|(a, b)| far(a, b) < 1e-5), "both texts have the same gradients");
        let value = |x: &[Lane]| -> f64 {
            let told = forward(x, true).2;
            told.iter().flat_map(|x| x.0).zip(back.iter().flat_map(|x| x.0)).map(|(a, b)| f64::from(a * b)).sum()
        };
        for at in 0..rows * width {
            let moved = |by: f32| {
                let mut x = x.clone();
                x[at].0[5] += by;
                value(&x)
            };
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            let found = f64::from(wide[0][at].0[5]);
            assert!((slope - found).abs() < 2e-3 * (1.0 + slope.abs()), "lane {at}: {found} against {slope}");
        }
    }
}
