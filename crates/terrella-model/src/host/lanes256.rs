//! The same with AVX2, to the bit: tiles of up to 6 rows × 1 lane, two registers wide, whose sums stay in registers.

use crate::host::lane::{Begin, LANE, Lane, Left};
use std::arch::x86_64::*;

/// Rows of a tile: 12 sums, a lane of the right side and a number of the left one fill the 16 registers.
const ROWS: usize = 6;

/// # Safety
/// All that the shape names must lie inside the slices, and the processor must have AVX2 and FMA.
#[allow(unsafe_code)]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn product(
    (rows, depth, width): (usize, usize, usize),
    left: Left<'_>,
    right: &[Lane],
    begin: Begin<'_>,
    out: &mut [Lane],
) {
    let (right, out) = (right.as_ptr(), out.as_mut_ptr());
    for column in 0..width {
        for row in (0..rows).step_by(ROWS) {
            // SAFETY: tiles lie inside the shape, which lies inside the slices.
            unsafe {
                let there = out.add(row * width + column).cast::<f32>();
                let tile = Tile {
                    depth,
                    left: left.numbers.as_ptr().add(row * left.rows),
                    strides: [left.rows, left.depth],
                    right: right.add(column).cast(),
                    stride: width * LANE,
                    out: there,
                    begin: match begin {
                        Begin::Zero => None,
                        Begin::Bias(bias) => Some((bias.as_ptr().add(column).cast(), 0)),
                        Begin::There => Some((there.cast_const(), width * LANE)),
                    },
                };
                match rows - row {
                    1 => tile.sums::<1>(),
                    2 => tile.sums::<2>(),
                    3 => tile.sums::<3>(),
                    4 => tile.sums::<4>(),
                    5 => tile.sums::<5>(),
                    _ => tile.sums::<ROWS>(),
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
    /// Numbers between rows of the right side and of what comes of it.
    stride: usize,
    out: *mut f32,
    /// What sums begin with, and how far apart its rows stand.
    begin: Option<(*const f32, usize)>,
}

impl Tile {
    #[allow(unsafe_code)]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn sums<const R: usize>(&self) {
        let [rows, depth] = self.strides;
        let mut sums = [[_mm256_setzero_ps(); 2]; R];
        // SAFETY: `R` rows, `depth` numbers and a lane from here lie inside, as the caller promises; lanes are aligned.
        unsafe {
            if let Some((begin, apart)) = self.begin {
                for (r, sum) in sums.iter_mut().enumerate() {
                    *sum = [0, 8].map(|half| _mm256_load_ps(begin.add(r * apart + half)));
                }
            }
            let (mut left, mut right) = (self.left, self.right);
            for _ in 0..self.depth {
                let (low, high) = (_mm256_load_ps(right), _mm256_load_ps(right.add(8)));
                for (r, sum) in sums.iter_mut().enumerate() {
                    let x = _mm256_broadcast_ss(&*left.add(r * rows));
                    sum[0] = _mm256_fmadd_ps(x, low, sum[0]);
                    sum[1] = _mm256_fmadd_ps(x, high, sum[1]);
                }
                // One step beyond the last is never read.
                (left, right) = (left.wrapping_add(depth), right.wrapping_add(self.stride));
            }
            for (r, sum) in sums.iter().enumerate() {
                _mm256_store_ps(self.out.add(r * self.stride), sum[0]);
                _mm256_store_ps(self.out.add(r * self.stride + 8), sum[1]);
            }
        }
    }
}
