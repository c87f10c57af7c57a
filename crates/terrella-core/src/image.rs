//! An RGB picture on the host: bytes in height × width × channel order.

use serde::{Deserialize, Serialize};

/// An 8-bit RGB picture, row by row from the top, three bytes a pixel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `height × width × 3` bytes.
    pub data: Vec<u8>,
}

impl Image {
    /// A picture filled with one colour.
    pub fn filled(height: usize, width: usize, rgb: [u8; 3]) -> Self {
        Self { height, width, data: rgb.repeat(height * width) }
    }

    /// The colour at a row and a column.
    pub fn pixel(&self, row: usize, column: usize) -> [u8; 3] {
        let at = (row * self.width + column) * 3;
        [self.data[at], self.data[at + 1], self.data[at + 2]]
    }

    /// Mean absolute difference over all bytes, in grey levels (0 to 255).
    ///
    /// # Panics
    /// If the sizes differ.
    pub fn mean_abs_difference(&self, other: &Self) -> f64 {
        assert_eq!((self.height, self.width), (other.height, other.width), "pictures of two sizes");
        let sum: u64 = self.data.iter().zip(&other.data).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / self.data.len() as f64
    }

    /// Scales by area averaging, which is exact when the new size divides the old one.
    pub fn resized(&self, height: usize, width: usize) -> Self {
        if (height, width) == (self.height, self.width) {
            return self.clone();
        }
        let mut data = Vec::with_capacity(height * width * 3);
        for row in 0..height {
            let rows = span(row, height, self.height);
            for column in 0..width {
                let columns = span(column, width, self.width);
                let mut sum = [0.0f64; 3];
                let mut weight = 0.0;
                for &(y, wy) in &rows {
                    for &(x, wx) in &columns {
                        let pixel = self.pixel(y, x);
                        weight += wy * wx;
                        for (s, p) in sum.iter_mut().zip(pixel) {
                            *s += wy * wx * f64::from(p);
                        }
                    }
                }
                data.extend(sum.map(|s| (s / weight).round() as u8));
            }
        }
        Self { height, width, data }
    }
}

/// The source cells under one target cell, each with the length of its overlap.
fn span(at: usize, target: usize, source: usize) -> Vec<(usize, f64)> {
    let scale = source as f64 / target as f64;
    let (low, high) = (at as f64 * scale, (at + 1) as f64 * scale);
    let last = (high.ceil() as usize).min(source);
    (low as usize..last).map(|i| (i, (high.min((i + 1) as f64) - low.max(i as f64)).max(1e-9))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_averages_four_pixels() {
        let mut image = Image::filled(2, 2, [0, 0, 0]);
        image.data[..3].copy_from_slice(&[100, 200, 40]);
        assert_eq!(image.resized(1, 1).data, [25, 50, 10], "the mean of the four pixels");
    }

    #[test]
    fn difference_is_the_mean_over_bytes() {
        let (a, b) = (Image::filled(2, 2, [0, 0, 0]), Image::filled(2, 2, [3, 0, 0]));
        assert!((a.mean_abs_difference(&b) - 1.0).abs() < 1e-12, "3 levels in one of three channels");
    }
}
