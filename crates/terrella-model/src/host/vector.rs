//! Sixteen numbers at once: one text of a loop, for AVX-512 and for every other processor.
//!
//! A loop is written once over a [`Vector`] and made twice by [`widest`]: with the registers of AVX-512, and with
//! lanes that the compiler deals with as it can. Sums and products are the same bits on both; only exponentials differ
//! in the last place.

use super::dense;
use super::lanes::{LANE, Lane};
use std::array::from_fn;

/// The numbers of a lane, at hand.
pub(crate) trait Vector: Copy {
    fn load(from: &Lane) -> Self;
    fn all(x: f32) -> Self;
    fn store(self, to: &mut Lane);
    fn add(self, y: Self) -> Self;
    fn sub(self, y: Self) -> Self;
    fn mul(self, y: Self) -> Self;
    fn max(self, y: Self) -> Self;
    /// `eˣ` of numbers not above zero.
    fn exp(self) -> Self;
    /// These numbers where the others are above zero, zero elsewhere.
    fn behind(self, gate: Self) -> Self;
    /// All of them added up.
    fn sum(self) -> f32;
}

impl Vector for Lane {
    #[inline(always)]
    fn load(from: &Lane) -> Self {
        *from
    }

    #[inline(always)]
    fn all(x: f32) -> Self {
        Self([x; LANE])
    }

    #[inline(always)]
    fn store(self, to: &mut Lane) {
        *to = self;
    }

    #[inline(always)]
    fn add(self, y: Self) -> Self {
        Self(from_fn(|i| self.0[i] + y.0[i]))
    }

    #[inline(always)]
    fn sub(self, y: Self) -> Self {
        Self(from_fn(|i| self.0[i] - y.0[i]))
    }

    #[inline(always)]
    fn mul(self, y: Self) -> Self {
        Self(from_fn(|i| self.0[i] * y.0[i]))
    }

    #[inline(always)]
    fn max(self, y: Self) -> Self {
        Self(from_fn(|i| if self.0[i] > y.0[i] { self.0[i] } else { y.0[i] }))
    }

    #[inline(always)]
    fn exp(self) -> Self {
        Self(from_fn(|i| dense::exp(self.0[i])))
    }

    #[inline(always)]
    fn behind(self, gate: Self) -> Self {
        Self(from_fn(|i| if gate.0[i] > 0.0 { self.0[i] } else { 0.0 }))
    }

    /// Halves onto halves, as the wide register does.
    #[inline(always)]
    fn sum(self) -> f32 {
        let mut x = self.0;
        for half in [8, 4, 2, 1] {
            (0..half).for_each(|i| x[i] += x[i + half]);
        }
        x[0]
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod wide {
    use super::{Lane, Vector};
    use std::arch::x86_64::*;

    // SAFETY, here and below: `widest` comes here only where the instructions are there; a lane is 16 aligned numbers.
    impl Vector for __m512 {
        #[inline(always)]
        fn load(from: &Lane) -> Self {
            unsafe { _mm512_load_ps(from.0.as_ptr()) }
        }

        #[inline(always)]
        fn all(x: f32) -> Self {
            unsafe { _mm512_set1_ps(x) }
        }

        #[inline(always)]
        fn store(self, to: &mut Lane) {
            unsafe { _mm512_store_ps(to.0.as_mut_ptr(), self) }
        }

        #[inline(always)]
        fn add(self, y: Self) -> Self {
            unsafe { _mm512_add_ps(self, y) }
        }

        #[inline(always)]
        fn sub(self, y: Self) -> Self {
            unsafe { _mm512_sub_ps(self, y) }
        }

        #[inline(always)]
        fn mul(self, y: Self) -> Self {
            unsafe { _mm512_mul_ps(self, y) }
        }

        #[inline(always)]
        fn max(self, y: Self) -> Self {
            unsafe { _mm512_max_ps(self, y) }
        }

        /// `2ⁿ · 2ᶠ` with `|f| ≤ ½`, and the series of the second factor.
        #[inline(always)]
        fn exp(self) -> Self {
            unsafe {
                let t = _mm512_max_ps(
                    _mm512_mul_ps(self, _mm512_set1_ps(std::f32::consts::LOG2_E)),
                    _mm512_set1_ps(-126.0),
                );
                let n = _mm512_roundscale_ps::<0>(t);
                let f = _mm512_sub_ps(t, n);
                let mut p = _mm512_set1_ps(1.540_353e-4);
                for c in [1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 0.240_226_5, std::f32::consts::LN_2, 1.0] {
                    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(c));
                }
                _mm512_scalef_ps(p, n)
            }
        }

        #[inline(always)]
        fn behind(self, gate: Self) -> Self {
            unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_ps()), self) }
        }

        #[inline(always)]
        fn sum(self) -> f32 {
            unsafe { _mm512_reduce_add_ps(self) }
        }
    }
}

/// Makes a function of a loop over vectors: with AVX-512 where that is there.
macro_rules! widest {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) by $body:ident) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $vis fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx512f") {
                #[target_feature(enable = "avx512f")]
                fn wide($($arg: $type),*) {
                    $body::<std::arch::x86_64::__m512>($($arg),*);
                }
                // SAFETY: the instructions are there.
                return unsafe { wide($($arg),*) };
            }
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                #[target_feature(enable = "avx2")]
                fn narrow($($arg: $type),*) {
                    $body::<$crate::host::lanes::Lane>($($arg),*);
                }
                // SAFETY: the instructions are there.
                return unsafe { narrow($($arg),*) };
            }
            $body::<$crate::host::lanes::Lane>($($arg),*);
        }
    };
}
pub(crate) use widest;

widest! {
    /// Numbers below zero become zero.
    pub(crate) fn relu(x: &mut [Lane]) by relu_of
}

#[inline(always)]
fn relu_of<V: Vector>(x: &mut [Lane]) {
    x.iter_mut().for_each(|x| V::load(x).max(V::all(0.0)).store(x));
}

widest! {
    /// Zero where `gate` is not above zero.
    pub(crate) fn behind(x: &mut [Lane], gate: &[Lane]) by behind_of
}

#[inline(always)]
fn behind_of<V: Vector>(x: &mut [Lane], gate: &[Lane]) {
    x.iter_mut().zip(gate).for_each(|(x, gate)| V::load(x).behind(V::load(gate)).store(x));
}

widest! {
    /// Adds all rows, each as long as the sum.
    pub(crate) fn add_rows(sum: &mut [Lane], rows: &[Lane]) by add_rows_of
}

#[inline(always)]
fn add_rows_of<V: Vector>(sum: &mut [Lane], rows: &[Lane]) {
    for row in rows.chunks_exact(sum.len()) {
        sum.iter_mut().zip(row).for_each(|(sum, x)| V::load(sum).add(V::load(x)).store(sum));
    }
}

widest! {
    /// Softmax down each column of rows of `width` lanes.
    pub(super) fn softmax(x: &mut [Lane], width: usize) by softmax_of
}

#[inline(always)]
fn softmax_of<V: Vector>(x: &mut [Lane], width: usize) {
    for column in 0..width {
        let mut most = V::all(f32::NEG_INFINITY);
        x.iter().skip(column).step_by(width).for_each(|x| most = most.max(V::load(x)));
        let mut sum = V::all(0.0);
        for x in x.iter_mut().skip(column).step_by(width) {
            let e = V::load(x).sub(most).exp();
            sum = sum.add(e);
            e.store(x);
        }
        let mut scale = Lane::default();
        sum.store(&mut scale);
        scale.0.iter_mut().for_each(|x| *x = 1.0 / *x);
        let scale = V::load(&scale);
        x.iter_mut().skip(column).step_by(width).for_each(|x| V::load(x).mul(scale).store(x));
    }
}

widest! {
    /// Puts the gradient before a softmax in the place of the one behind it; `y` is what the softmax told.
    pub(super) fn softmax_back(back: &mut [Lane], y: &[Lane], width: usize) by softmax_back_of
}

#[inline(always)]
fn softmax_back_of<V: Vector>(back: &mut [Lane], y: &[Lane], width: usize) {
    for column in 0..width {
        let mut mean = V::all(0.0);
        for (back, y) in back.iter().zip(y).skip(column).step_by(width) {
            mean = mean.add(V::load(back).mul(V::load(y)));
        }
        for (back, y) in back.iter_mut().zip(y).skip(column).step_by(width) {
            V::load(back).sub(mean).mul(V::load(y)).store(back);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both texts of every loop, where this processor can do both.
    #[test]
    fn wide_vectors_do_what_lanes_do() {
        let lane = |at: f32| Lane(from_fn(|i| at + (i as f32 - 8.0) * 0.37));
        let rows: Vec<Lane> = (0..6).map(|i| lane(i as f32 * 1.3 - 4.0)).collect();
        let near = |name: &str, a: &[Lane], b: &[Lane]| {
            for (a, b) in a.iter().flat_map(|x| x.0).zip(b.iter().flat_map(|x| x.0)) {
                assert!((a - b).abs() < 1e-6, "{name}: {a} against {b}");
            }
        };
        let [mut a, mut b] = [rows.clone(), rows.clone()];
        softmax(&mut a, 2);
        softmax_of::<Lane>(&mut b, 2);
        near("softmax", &a, &b);
        for i in 0..LANE {
            let column = |row: usize| f64::from(rows[row].0[i]).exp();
            let want = column(2) / (column(0) + column(2) + column(4));
            assert!((f64::from(a[2].0[i]) - want).abs() < 1e-6, "{} against {want}", a[2].0[i]);
        }
        let [mut c, mut d] = [rows.clone(), rows.clone()];
        softmax_back(&mut c, &a, 2);
        softmax_back_of::<Lane>(&mut d, &a, 2);
        near("softmax, back", &c, &d);
        let mut sum = vec![Lane::default(); 2];
        add_rows(&mut sum, &c);
        near("a softmax does not feel what is added to all", &sum, &[Lane::default(); 2]);
        let [mut a, mut b] = [rows.clone(), rows.clone()];
        relu(&mut a);
        relu_of::<Lane>(&mut b);
        near("ReLU", &a, &b);
        behind(&mut a, &c);
        behind_of::<Lane>(&mut b, &c);
        near("a gate", &a, &b);
        assert!(a.iter().zip(&c).all(|(a, c)| (0..LANE).all(|i| a.0[i] == 0.0 || c.0[i] > 0.0)), "closed where told");
    }
}
