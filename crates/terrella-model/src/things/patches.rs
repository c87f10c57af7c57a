//! What stands out from the ground, and the patches that it falls into.

/// A pixel that differs from the ground by this share of the range stands out wholly.
const OUT: f32 = 0.1;
/// Less than that is noise.
const NOISE: f32 = 0.02;
/// A pixel belongs to a patch from here on.
const WHOLE: f32 = 0.5;

/// Pixels that stand out and touch each other.
#[derive(Clone, Debug)]
pub(super) struct Patch {
    /// Column and row of each.
    pub(super) pixels: Vec<[usize; 2]>,
    /// The mean of their middles.
    pub(super) middle: [f32; 2],
    /// Their mean colour, 0 to 1.
    pub(super) colour: [f32; 3],
    /// Whether one of them is at the edge of the picture.
    pub(super) at_edge: bool,
}

/// How much each pixel stands out, 0 to 1.
pub(super) fn standing(picture: &[u8], ground: &[u8]) -> Vec<f32> {
    let pixels = picture.chunks(3).zip(ground.chunks(3));
    let most = |(a, b): (&[u8], &[u8])| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
    pixels.map(|pair| stands_out(f32::from(most(pair)) / 255.0)).collect()
}

/// How much a pixel stands out that differs from what is behind by this share of the range, 0 to 1.
pub(super) fn stands_out(apart: f32) -> f32 {
    ((apart - NOISE) / OUT).clamp(0.0, 1.0)
}

/// Whether a pixel that stands out so much belongs to something.
pub(super) fn is_out(standing: f32) -> bool {
    standing >= WHOLE
}

/// The patches of at least so many pixels, the first pixel of the picture first.
pub(super) fn patches(standing: &[f32], (picture, side): (&[u8], usize), least: usize) -> Vec<Patch> {
    let mut open: Vec<bool> = standing.iter().map(|&s| is_out(s)).collect();
    let mut found = Vec::new();
    for start in 0..open.len() {
        if !open[start] {
            continue;
        }
        let (mut pixels, mut rim) = (Vec::new(), vec![start]);
        open[start] = false;
        while let Some(at) = rim.pop() {
            let [x, y] = [at % side, at / side];
            pixels.push([x, y]);
            for row in y.saturating_sub(1)..(y + 2).min(side) {
                for column in x.saturating_sub(1)..(x + 2).min(side) {
                    let next = row * side + column;
                    if std::mem::take(&mut open[next]) {
                        rim.push(next);
                    }
                }
            }
        }
        if pixels.len() >= least {
            found.push(Patch::of(pixels, picture, side));
        }
    }
    found
}

impl Patch {
    fn of(pixels: Vec<[usize; 2]>, picture: &[u8], side: usize) -> Self {
        let n = pixels.len() as f32;
        let (mut middle, mut colour) = ([0.0; 2], [0.0; 3]);
        for &[x, y] in &pixels {
            middle[0] += (x as f32 + 0.5) / n;
            middle[1] += (y as f32 + 0.5) / n;
            let at = (y * side + x) * 3;
            colour.iter_mut().zip(&picture[at..at + 3]).for_each(|(sum, byte)| *sum += f32::from(*byte) / (255.0 * n));
        }
        let at_edge = pixels.iter().flatten().any(|&at| at == 0 || at + 1 == side);
        Self { pixels, middle, colour, at_edge }
    }

    /// How unlike another it is: colours apart by a tenth count as much as areas that differ by a quarter.
    pub(super) fn unlike(&self, (area, colour): (f32, [f32; 3])) -> f32 {
        let colours: f32 = self.colour.iter().zip(colour).map(|(a, b)| (a - b).powi(2)).sum();
        let areas = (self.pixels.len() as f32 / area).ln();
        colours / 0.01 + (areas / 0.25).powi(2)
    }

    /// Distance from the middle of the pixel that is farthest.
    pub(super) fn radius(&self) -> f32 {
        let far = |&[x, y]: &[usize; 2]| (x as f32 + 0.5 - self.middle[0]).hypot(y as f32 + 0.5 - self.middle[1]);
        self.pixels.iter().map(far).fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_that_touch_are_one_patch_even_by_a_corner() {
        let ground = vec![10; 64 * 3];
        let mut picture = ground.clone();
        for at in [9, 18, 19, 44, 45, 63] {
            picture[at * 3..][..3].copy_from_slice(&[110, 10, 10]);
        }
        let out = standing(&picture, &ground);
        let found = patches(&out, (&picture, 8), 2);
        let told: Vec<_> = found.iter().map(|p| (p.pixels.len(), p.at_edge)).collect();
        assert_eq!(told, [(3, false), (2, false)], "a single pixel is none");
        assert_eq!(found[1].middle, [5.0, 5.5]);
        assert!((found[0].colour[0] - 110.0 / 255.0).abs() < 1e-6 && (found[0].radius() - 1.2).abs() < 0.4);
    }
}
