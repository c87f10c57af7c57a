//! Measures of a picture: brightness, sharpness and a perceptual hash.
//!
//! Luma is BT.601's. Sharpness is the variance of the 3×3 Laplacian (Pech-Pacheco et al. 2000). The hash is the
//! difference hash: 64 signs of horizontal steps on a 9×8 grid of cell means, which brightness, contrast and
//! size hardly change.

use arrow::array::{Array, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use std::sync::Arc;

/// Columns of frames that pictures give.
pub(crate) const FIELDS: [(&str, DataType); 3] =
    [("picture_mean", DataType::Float32), ("picture_sharpness", DataType::Float32), ("picture_hash", DataType::Int64)];

/// What is measured of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measures {
    /// Mean luma, 0 to 1.
    pub(crate) mean: f32,
    /// Variance of the Laplacian of luma in 0 to 1.
    pub(crate) sharpness: f32,
    /// Difference hash.
    pub(crate) hash: u64,
}

/// Measures an RGB picture of `height × width × 3` bytes.
pub(crate) fn measure(height: usize, width: usize, rgb: &[u8]) -> Measures {
    let luma: Vec<f32> = rgb
        .chunks_exact(3)
        .map(|p| (0.299 * f32::from(p[0]) + 0.587 * f32::from(p[1]) + 0.114 * f32::from(p[2])) / 255.0)
        .collect();
    let mean = luma.iter().map(|l| f64::from(*l)).sum::<f64>() / luma.len().max(1) as f64;
    Measures { mean: mean as f32, sharpness: sharpness(height, width, &luma), hash: hash(height, width, &luma) }
}

fn sharpness(height: usize, width: usize, luma: &[f32]) -> f32 {
    if height < 3 || width < 3 {
        return 0.0;
    }
    let (mut sum, mut squares) = (0.0, 0.0);
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            let l = luma[at - 1] + luma[at + 1] + luma[at - width] + luma[at + width] - 4.0 * luma[at];
            sum += f64::from(l);
            squares += f64::from(l) * f64::from(l);
        }
    }
    let n = ((height - 2) * (width - 2)) as f64;
    (squares / n - (sum / n).powi(2)) as f32
}

fn hash(height: usize, width: usize, luma: &[f32]) -> u64 {
    // Where a side is smaller than the grid, cells share pixels.
    let cell = |i: usize, cells: usize, side: usize| {
        let from = i * side / cells;
        from..((i + 1) * side / cells).max(from + 1).min(side)
    };
    let mean = |row: usize, column: usize| {
        let (ys, xs) = (cell(row, 8, height), cell(column, 9, width));
        let n = (ys.len() * xs.len()).max(1) as f64;
        ys.flat_map(|y| xs.clone().map(move |x| y * width + x)).map(|at| f64::from(luma[at])).sum::<f64>() / n
    };
    let mut bits = 0;
    for row in 0..8 {
        let means: Vec<f64> = (0..9).map(|column| mean(row, column)).collect();
        for pair in means.windows(2) {
            // Noise of less than a thousandth is no step.
            bits = bits << 1 | u64::from(pair[1] > pair[0] + 1e-3);
        }
    }
    bits
}

/// `hamming(a, b)`: bits in which two whole numbers differ.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Hamming {
    signature: Signature,
}

pub(super) fn hamming() -> ScalarUDF {
    ScalarUDF::from(Hamming { signature: Signature::exact(vec![DataType::Int64; 2], Volatility::Immutable) })
}

impl ScalarUDFImpl for Hamming {
    fn name(&self) -> &'static str {
        "hamming"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let columns = arrays.iter().map(|a| Ok(cast(a, &DataType::Int64)?)).collect::<Result<Vec<_>>>()?;
        let [a, b] = [columns[0].as_primitive::<Int64Type>(), columns[1].as_primitive::<Int64Type>()];
        let bits = (0..a.len())
            .map(|at| (a.is_valid(at) && b.is_valid(at)).then(|| i64::from((a.value(at) ^ b.value(at)).count_ones())));
        Ok(ColumnarValue::Array(Arc::new(bits.collect::<Int64Array>())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(height: usize, width: usize, light: f32, noise: u8) -> Vec<u8> {
        let pixel = |y: usize, x: usize| {
            let wave = ((x * 9 / width) as f32 * 2.1 + (y * 8 / height) as f32).sin();
            (light * (100.0 + 60.0 * wave)) as u8 + if (x + y).is_multiple_of(2) { noise } else { 0 }
        };
        (0..height).flat_map(|y| (0..width).flat_map(move |x| [pixel(y, x); 3])).collect()
    }

    #[test]
    fn a_hash_sees_the_picture_and_not_its_light_or_size() {
        let hash = |rgb: &[u8], side: usize| measure(side, side, rgb).hash;
        let (one, darker, larger) = (ramp(72, 72, 1.0, 0), ramp(72, 72, 0.6, 0), ramp(144, 144, 1.0, 0));
        assert_eq!(hash(&one, 72), hash(&darker, 72), "less light");
        assert_eq!(hash(&one, 72), hash(&larger, 144), "twice the size");
        let mirrored: Vec<u8> = one.chunks(72 * 3).flat_map(|row| row.chunks(3).rev().flatten().copied()).collect();
        assert!((hash(&one, 72) ^ hash(&mirrored, 72)).count_ones() > 8, "another picture");
    }

    #[test]
    fn noise_is_sharp_and_grey_is_not() {
        let [grey, noisy] = [0, 20].map(|noise| measure(72, 72, &ramp(72, 72, 0.0, noise)));
        assert_eq!((grey.sharpness, grey.mean), (0.0, 0.0), "black");
        assert!(noisy.sharpness > 0.01, "{noisy:?}");
        let white = measure(4, 4, &[255; 48]);
        assert!((white.mean - 1.0).abs() < 1e-6 && white.hash == 0, "{white:?}");
        assert_eq!(measure(1, 1, &[0; 3]).hash, 0, "one pixel");
    }
}
