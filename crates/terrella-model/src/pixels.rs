//! Pictures to patches on the host, in one pass: shrink, mirror or turn, cut, normalise.
//!
//! Every layout (patch size, overlap, symmetry) is one table of byte indices made once; a picture is
//! then a gather through it into the batch's single host buffer. Overlapping patches so cost
//! nothing but the wider first layer, and a turned picture costs nothing at all.

use crate::Turn;
use crate::host::grid::Grid;
use crate::host::lanes::{LANE, Lane};
use rayon::prelude::*;
use std::borrow::Cow;

/// ImageNet mean and deviation of each channel, as in the recipe.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// How pictures are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Side of the square pictures.
    pub size: usize,
    /// Each `shrink × shrink` pixels are averaged into one first.
    pub shrink: usize,
    /// Side of a patch, after shrinking.
    pub patch: usize,
    /// Distance between patches, after shrinking; patches are centred on a grid of such cells and
    /// repeat the border pixel where they reach over it.
    pub stride: usize,
}

/// Turns pictures into patches.
#[derive(Clone, Debug)]
pub struct Patcher {
    cut: Cut,
    /// For each turn, for each output number, the (shrunken) byte it comes from.
    gather: Vec<Vec<u32>>,
    /// The same for cells, where patches are two by two of them.
    grid: Option<(Grid, Vec<Vec<u32>>)>,
    levels: Vec<f32>,
}

impl Cut {
    /// Side after shrinking.
    fn small(self) -> usize {
        self.size / self.shrink
    }

    /// Patches along one side.
    fn cells(self) -> usize {
        self.small() / self.stride
    }
}

impl Patcher {
    /// A patcher.
    ///
    /// # Panics
    /// If shrinking or the stride does not divide the picture.
    pub fn new(cut: Cut) -> Self {
        let Cut { size, shrink, patch, stride } = cut;
        assert!(size % shrink == 0 && (size / shrink) % stride == 0 && patch >= stride, "{cut:?} does not tile");
        let (side, margin) = (cut.small(), ((patch - stride) / 2) as isize);
        let inside =
            |at: usize, cell: usize| ((cell * stride + at) as isize - margin).clamp(0, side as isize - 1) as usize;
        // `squares` along a side, each so many pixels wide and a stride apart.
        let tables = |squares: usize, wide: usize| -> Vec<Vec<u32>> {
            let table = |turn: Turn| {
                let mut index = Vec::with_capacity(squares.pow(2) * wide * wide * 3);
                for (row, column) in (0..squares).flat_map(|r| (0..squares).map(move |c| (r, c))) {
                    for channel in 0..3 {
                        for (y, x) in (0..wide).flat_map(|y| (0..wide).map(move |x| (y, x))) {
                            let (sy, sx) = turn.source(inside(y, row), inside(x, column), side);
                            index.push(((sy * side + sx) * 3 + channel) as u32);
                        }
                    }
                }
                index
            };
            Turn::all().map(table).collect()
        };
        let gather = tables(cut.cells(), patch);
        let grid = Grid::new(cut.cells(), stride).filter(|_| patch == 2 * stride);
        let grid = grid.map(|grid| (grid, tables(grid.side + 1, stride)));
        Self { cut, gather, grid, levels: levels() }
    }

    /// Number of patches in a picture.
    pub fn tokens(&self) -> usize {
        self.cut.cells().pow(2)
    }

    /// Numbers in a patch: `3 × patch × patch`, channel by channel.
    pub fn values(&self) -> usize {
        3 * self.cut.patch.pow(2)
    }

    /// Bytes in a picture.
    pub fn bytes(&self) -> usize {
        self.cut.size.pow(2) * 3
    }

    /// Patches of many pictures, `[turns, tokens, values]`, row by row. The pictures take a turn each, in
    /// order; where there are more turns they begin anew, so that one set can be seen from many sides.
    ///
    /// # Panics
    /// If pictures are not whole, or are left over without a turn.
    pub fn patches(&self, images: &[u8], turns: &[Turn]) -> Vec<f32> {
        let (n, numbers) = (self.bytes(), self.tokens() * self.values());
        let whole = images.len().is_multiple_of(n) && turns.len().is_multiple_of(images.len() / n);
        assert!(whole, "{} bytes of pictures for {} turns", images.len(), turns.len());
        let images = self.shrunken(images);
        let n = self.cut.small().pow(2) * 3;
        let square = self.cut.patch.pow(2);
        let mut out = vec![0.0; numbers * turns.len()];
        out.par_chunks_mut(numbers).zip(turns).enumerate().for_each(|(at, (out, turn))| {
            let image = &images[at * n % images.len()..][..n];
            let gather = &self.gather[turn.index()];
            for (i, (out, from)) in out.chunks_mut(square).zip(gather.chunks(square)).enumerate() {
                let levels = &self.levels[256 * (i % 3)..256 * (i % 3 + 1)];
                for (o, f) in out.iter_mut().zip(from) {
                    *o = levels[usize::from(image[*f as usize])];
                }
            }
        });
        out
    }

    /// The grid of cells, if patches are two by two of them.
    pub(crate) fn grid(&self) -> Option<Grid> {
        self.grid.as_ref().map(|(grid, _)| *grid)
    }

    /// Cells of picture number `at` of those already shrunken, turned: `[cells, lanes]`. As in
    /// [`Self::patches`], pictures begin anew where there are more turns.
    ///
    /// # Panics
    /// If there is no grid.
    pub(crate) fn cells(&self, images: &[u8], at: usize, turn: Turn, out: &mut [Lane]) {
        let (grid, gather) = self.grid.as_ref().expect("a grid of cells");
        let n = self.cut.small().pow(2) * 3;
        let image = &images[at * n % images.len()..][..n];
        let each = grid.lanes() / 3;
        let (from, _) = gather[turn.index()].as_chunks::<LANE>();
        for (i, (out, from)) in out.iter_mut().zip(from).enumerate() {
            let channel = i / each % 3;
            let levels = &self.levels[256 * channel..256 * (channel + 1)];
            for (o, f) in out.0.iter_mut().zip(from) {
                *o = levels[usize::from(image[*f as usize])];
            }
        }
    }

    /// The pictures as they are cut: each is shrunk once, however often it is turned.
    pub(crate) fn shrunken<'a>(&self, images: &'a [u8]) -> Cow<'a, [u8]> {
        if self.cut.shrink == 1 {
            return Cow::Borrowed(images);
        }
        let (large, small) = (self.bytes(), self.cut.small().pow(2) * 3);
        let mut out = vec![0; images.len() / large * small];
        out.par_chunks_mut(small).zip(images.par_chunks(large)).for_each(|(out, image)| {
            shrink(image, self.cut.size, self.cut.shrink, out);
        });
        Cow::Owned(out)
    }

    /// The picture whose patches (unturned, not shrunken) these are; where patches overlap, the
    /// last one wins.
    pub fn image(&self, patches: &[f32]) -> Vec<u8> {
        let square = self.cut.patch.pow(2);
        let mut image = vec![0; self.cut.small().pow(2) * 3];
        for (i, (values, from)) in patches.chunks(square).zip(self.gather[0].chunks(square)).enumerate() {
            for (v, f) in values.iter().zip(from) {
                image[*f as usize] = ((v * STD[i % 3] + MEAN[i % 3]) * 255.0).round().clamp(0.0, 255.0) as u8;
            }
        }
        image
    }
}

/// What each byte of each colour is to the network, `[3, 256]`.
fn levels() -> Vec<f32> {
    let of = |channel: usize, byte: usize| (byte as f32 / 255.0 - MEAN[channel]) / STD[channel];
    (0..3 * 256).map(|i| of(i / 256, i % 256)).collect()
}

/// Averages `by × by` pixels into one, rounding to the nearest level.
fn shrink(image: &[u8], size: usize, by: usize, out: &mut [u8]) {
    // A number that the compiler knows is four times as fast.
    if by == 2 { average(image, size, 2, out) } else { average(image, size, by, out) }
}

#[inline(always)]
fn average(image: &[u8], size: usize, by: usize, out: &mut [u8]) {
    let (row, half) = (size * 3, (by * by / 2) as u32);
    for (rows, out) in image.chunks_exact(by * row).zip(out.chunks_exact_mut(row / by)) {
        for (at, out) in out.chunks_exact_mut(3).enumerate() {
            let mut sum = [half; 3];
            for line in rows.chunks_exact(row) {
                for pixel in line[at * by * 3..(at + 1) * by * 3].chunks_exact(3) {
                    sum.iter_mut().zip(pixel).for_each(|(sum, level)| *sum += u32::from(*level));
                }
            }
            out.iter_mut().zip(sum).for_each(|(level, sum)| *level = (sum / (by * by) as u32) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Image;

    #[test]
    fn patches_go_back_to_the_picture() {
        let image: Vec<u8> = (0..192).map(|i| (i * 7 % 256) as u8).collect();
        for (patch, stride) in [(2, 2), (4, 2), (8, 8)] {
            let patcher = Patcher::new(Cut { size: 8, shrink: 1, patch, stride });
            let patches = patcher.patches(&image, &[Turn::NONE]);
            assert_eq!(patches.len(), patcher.tokens() * patcher.values(), "the promised shape");
            assert_eq!(patcher.image(&patches), image, "patch {patch}, stride {stride}");
        }
    }

    #[test]
    fn one_set_of_pictures_is_seen_from_many_sides() {
        let images: Vec<u8> = (0..3 * 192).map(|i| (i * 11 % 253) as u8).collect();
        for shrink in [1, 2] {
            let patcher = Patcher::new(Cut { size: 8, shrink, patch: 4, stride: 2 });
            let turns: Vec<Turn> = Turn::all().flat_map(|turn| [turn; 3]).collect();
            let copies = images.repeat(turns.len() / 3);
            assert_eq!(patcher.patches(&images, &turns), patcher.patches(&copies, &turns), "shrink {shrink}");
            let one_by_one = turns.iter().zip(copies.chunks(192)).flat_map(|(t, image)| patcher.patches(image, &[*t]));
            assert!(patcher.patches(&images, &turns).into_iter().eq(one_by_one), "shrink {shrink}, one by one");
            assert!(patcher.patches(&[], &[]).is_empty(), "nothing of nothing");
        }
    }

    #[test]
    fn a_turned_picture_is_cut_like_any_other() {
        let size = 8;
        let data: Vec<u8> = (0..192).map(|i| (i * 5 % 251) as u8).collect();
        let image = Image { height: size, width: size, data };
        let patcher = Patcher::new(Cut { size, shrink: 2, patch: 4, stride: 2 });
        for turn in Turn::all() {
            let turned = turn.image(&image).data;
            assert_eq!(patcher.patches(&image.data, &[turn]), patcher.patches(&turned, &[Turn::NONE]), "{turn:?}");
        }
    }
}
