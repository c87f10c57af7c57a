//! How far apart two pictures are: over all of them, where something moved, and by structure.

use terrella_core::Image;

/// Decibels of two pictures that cannot be told apart.
const ALIKE: f64 = 60.0;
/// Levels of 255, in any channel, from which on a pixel moved.
const MOVED: u8 = 16;
/// Side of the squares whose structure is compared.
const WINDOW: usize = 7;

/// Mean squared difference of levels from 0 to 1.
pub(crate) fn mean_square(truth: &[f64], guess: &[f64]) -> f64 {
    let sum: f64 = truth.iter().zip(guess).map(|(a, b)| ((a - b) / 255.0).powi(2)).sum();
    sum / truth.len().max(1) as f64
}

/// Peak signal-to-noise ratio of a mean squared difference, in decibels.
pub(crate) fn psnr(mean_square: f64) -> f64 {
    (-10.0 * mean_square.log10()).min(ALIKE)
}

/// Which numbers of a picture belong to pixels that moved between two moments; all, where nothing did.
pub(crate) fn moved(before: &Image, after: &Image) -> Vec<bool> {
    let pixels = before.data.chunks(3).zip(after.data.chunks(3));
    let of = |(a, b): (&[u8], &[u8])| [a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > MOVED); 3];
    let moved: Vec<bool> = pixels.flat_map(of).collect();
    if moved.contains(&true) { moved } else { vec![true; moved.len()] }
}

/// [`mean_square`] over some numbers.
pub(crate) fn mean_square_of(which: &[bool], truth: &[f64], guess: &[f64]) -> f64 {
    let pick = |all: &[f64]| all.iter().zip(which).filter(|(_, which)| **which).map(|(x, _)| *x).collect::<Vec<f64>>();
    mean_square(&pick(truth), &pick(guess))
}

/// Structural similarity of grey pictures, `height × width` with three channels each: the mean over all squares of 7×7 (Wang et al.
/// 2004, with equal weights in a square).
pub(crate) fn ssim(truth: &[f64], guess: &[f64], (height, width): (usize, usize)) -> f64 {
    const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
    const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
    let grey = |all: &[f64]| all.chunks(3).map(|p| 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]).collect::<Vec<f64>>();
    let (a, b) = (grey(truth), grey(guess));
    let window = WINDOW.min(height).min(width);
    let n = (window * window) as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for (top, left) in (0..=height - window).flat_map(|top| (0..=width - window).map(move |left| (top, left))) {
        let [mut sa, mut sb, mut saa, mut sbb, mut sab] = [0.0; 5];
        for row in top..top + window {
            let at = row * width + left;
            for (x, y) in a[at..at + window].iter().zip(&b[at..at + window]) {
                sa += x;
                sb += y;
                saa += x * x;
                sbb += y * y;
                sab += x * y;
            }
        }
        let (ma, mb) = (sa / n, sb / n);
        // Of the sample, as the usual implementations have it.
        let by = n / (n - 1.0);
        let (va, vb, cov) = (by * (saa / n - ma * ma), by * (sbb / n - mb * mb), by * (sab / n - ma * mb));
        sum += (2.0 * ma * mb + C1) * (2.0 * cov + C2) / ((ma * ma + mb * mb + C1) * (va + vb + C2));
        squares += 1.0;
    }
    sum / squares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(data: Vec<u8>) -> Image {
        Image { height: 8, width: 8, data }
    }

    #[test]
    fn pictures_are_compared_where_something_moved() {
        let before = picture(vec![100; 192]);
        let mut after = before.clone();
        after.data[9] = 200; // the fourth pixel
        let which = moved(&before, &after);
        assert_eq!(which.iter().filter(|moved| **moved).count(), 3, "one pixel in three channels");
        let [a, b] = [&before, &after].map(|image| image.data.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
        let (all, some) = (mean_square(&b, &a), mean_square_of(&which, &b, &a));
        assert!((some / all - 64.0).abs() < 1e-9, "{some} {all}");
        assert!(moved(&before, &before).iter().all(|moved| *moved), "all where nothing moved");
        assert!((psnr(0.01) - 20.0).abs() < 1e-9 && psnr(0.0) == 60.0);
    }

    #[test]
    fn structure_is_one_for_equals_and_what_the_definition_says_else() {
        let grey = |f: fn(usize) -> f64| (0..64).flat_map(|i| [f(i); 3]).collect::<Vec<f64>>();
        let (a, b) = (grey(|i| (i % 8 * 30) as f64), grey(|i| (i / 8 * 30) as f64));
        assert!((ssim(&a, &a, (8, 8)) - 1.0).abs() < 1e-12);
        // Columns against rows: equal means and variances, no covariance in a square. Variance of a sample of 7 equal steps, 7 times.
        let (m, v) = (105.0 - 15.0, 900.0 * 4.0 * 49.0 / 48.0);
        let (c1, c2) = ((0.01f64 * 255.0).powi(2), (0.03f64 * 255.0).powi(2));
        let of = |ma: f64, mb: f64| (2.0 * ma * mb + c1) / (ma * ma + mb * mb + c1) * c2 / (2.0 * v + c2);
        let wanted = (of(m, m) + of(m + 30.0, m) + of(m, m + 30.0) + of(m + 30.0, m + 30.0)) / 4.0;
        let found = ssim(&a, &b, (8, 8));
        assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
    }
}
