//! The same with AVX-512: tiles of up to 6 rows × 4 lanes whose sums stay in registers.

use crate::host::lane::{Begin, LANE, Lane, Left};
use std::arch::x86_64::*;

/// Rows and lanes of a tile: 24 sums, 4 lanes of the right side and a number of the left one fill the 32 registers.
const ROWS: usize = 6;
const LANES: usize = 4;

/// # Safety
/// All that the shape names must lie inside the slices, and the processor must have AVX-512.
#[allow(unsafe_code)]
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn product(
    (rows, depth, width): (usize, usize, usize),
    left: Left<'_>,
    right: &[Lane],
    begin: Begin<'_>,
    out: &mut [Lane],
) {
    let (right, out) = (right.as_ptr(), out.as_mut_ptr());
    // Nearly equal panels of columns: three lanes four times, not four three times and one alone.
    let panels = width.div_ceil(LANES);
    for panel in 0..panels {
        let (first, end) = (panel * width / panels, (panel + 1) * width / panels);
        for row in (0..rows).step_by(ROWS) {
            // SAFETY: tiles lie inside the shape, which lies inside the slices.
            unsafe {
                let tile = Tile {
                    depth,
                    left: left.numbers.as_ptr().add(row * left.rows),
                    strides: [left.rows, left.depth],
                    right: right.add(first).cast(),
                    width,
                    out: out.add(row * width + first).cast(),
                    begin: match begin {
                        Begin::Zero => None,
                        Begin::Bias(bias) => Some((bias.as_ptr().add(first).cast(), 0)),
                        Begin::There => Some((out.add(row * width + first).cast(), width * LANE)),
                    },
                };
                match end - first {
                    1 => tile.rows::<1>(rows - row),
                    2 => tile.rows::<2>(rows - row),
                    3 => tile.rows::<3>(rows - row),
                    _ => tile.rows::<4>(rows - row),
                }
            }
        }
    }
}

/// Where a tile lies.
struct Tile {
    depth: usize,
    left: *const f32,
    strides: [usize; 2],
    right: *const f32,
    width: usize,
    out: *mut f32,
    /// What sums begin with, and how far apart its rows stand.
    begin: Option<(*const f32, usize)>,
}

impl Tile {
    #[allow(unsafe_code)]
    #[target_feature(enable = "avx512f")]
    unsafe fn rows<const V: usize>(&self, rows: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            match rows {
                1 => self.sums::<1, V>(),
                2 => self.sums::<2, V>(),
                3 => self.sums::<3, V>(),
                4 => self.sums::<4, V>(),
                5 => self.sums::<5, V>(),
                _ => self.sums::<ROWS, V>(),
            }
        }
    }

    #[allow(unsafe_code)]
    #[target_feature(enable = "avx512f")]
    unsafe fn sums<const R: usize, const V: usize>(&self) {
        let (stride, [rows, depth]) = (self.width * LANE, self.strides);
        let mut sums = [[_mm512_setzero_ps(); V]; R];
        // SAFETY: `R` rows, `depth` numbers and `V` lanes from here lie inside, as the caller promises; lanes are aligned.
        unsafe {
            if let Some((begin, apart)) = self.begin {
                for (r, row) in sums.iter_mut().enumerate() {
                    for (v, sum) in row.iter_mut().enumerate() {
                        *sum = _mm512_load_ps(begin.add(r * apart + v * LANE));
                    }
                }
            }
            let (mut left, mut right) = (self.left, self.right);
            for _ in 0..self.depth {
                let mut lanes = [_mm512_setzero_ps(); V];
                for (v, lane) in lanes.iter_mut().enumerate() {
                    *lane = _mm512_load_ps(right.add(v * LANE));
                }
                for (r, row) in sums.iter_mut().enumerate() {
                    let x = _mm512_set1_ps(*left.add(r * rows));
                    for (sum, lane) in row.iter_mut().zip(&lanes) {
                        *sum = _mm512_fmadd_ps(x, *lane, *sum);
                    }
                }
                // One step beyond the last is never read.
                (left, right) = (left.wrapping_add(depth), right.wrapping_add(stride));
            }
            for (r, row) in sums.iter().enumerate() {
                for (v, sum) in row.iter().enumerate() {
                    _mm512_store_ps(self.out.add(r * stride + v * LANE), *sum);
                }
            }
        }
    }
}

/// `σ(x)`: `2ⁿ · 2ᶠ` with `|f| ≤ ½`, the series of the second factor, and a reciprocal refined once.
#[target_feature(enable = "avx512f")]
fn gate(x: __m512) -> __m512 {
    let set = |x: f32| _mm512_set1_ps(x);
    // Beyond 2¹²⁶ the reciprocal would be of infinity.
    let t = _mm512_min_ps(_mm512_mul_ps(x, set(-std::f32::consts::LOG2_E)), set(126.0));
    let n = _mm512_roundscale_ps::<0>(t);
    let f = _mm512_sub_ps(t, n);
    let mut p = set(1.540_353e-4);
    for c in [1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 0.240_226_5, std::f32::consts::LN_2, 1.0] {
        p = _mm512_fmadd_ps(p, f, set(c));
    }
    let whole = _mm512_add_ps(_mm512_scalef_ps(p, n), set(1.0));
    let near = _mm512_rcp14_ps(whole);
    _mm512_mul_ps(near, _mm512_fnmadd_ps(whole, near, set(2.0)))
}

#[allow(unsafe_code)]
#[target_feature(enable = "avx512f")]
pub(super) fn silu(x: &mut [Lane]) {
    for lane in x {
        // SAFETY: a lane is 16 aligned numbers.
        unsafe {
            let x = _mm512_load_ps(lane.0.as_ptr());
            _mm512_store_ps(lane.0.as_mut_ptr(), _mm512_mul_ps(x, gate(x)));
        }
    }
}

#[allow(unsafe_code)]
#[target_feature(enable = "avx512f")]
pub(super) fn silu_and_slope(x: &mut [Lane], y: &mut [Lane]) {
    for (slope, lane) in x.iter_mut().zip(y) {
        // SAFETY: a lane is 16 aligned numbers.
        unsafe {
            let x = _mm512_load_ps(slope.0.as_ptr());
            let gate = gate(x);
            let y = _mm512_mul_ps(x, gate);
            _mm512_store_ps(lane.0.as_mut_ptr(), y);
            _mm512_store_ps(slope.0.as_mut_ptr(), _mm512_fnmadd_ps(y, gate, _mm512_add_ps(gate, y)));
        }
    }
}
