//! The first layer over overlapping patches, with fewer multiplications.
//!
//! A patch is two by two cells, and neighbours share them: the layer is a convolution of the grid of cells with a
//! kernel of 2×2. So the minimal filtering of Winograd (Lavin and Gray 2016) applies: 3×3 patches from 4×4 cells by
//! 16 products of a cell instead of 36. With `d` for cells, `w` for weights and `y` for patches, along one axis:
//!
//! ```text
//! x = [d0 − d2, d1 + d2, d2 − d1, d1 − d3]    v = [w0, (w0 + w1)/2, (w0 − w1)/2, w1]    m = x · v
//! y = [m0 + m1 + m2, m1 − m2, m1 + m2 − m3]
//! ```
//!
//! Gradients go through the same three maps the other way round.

use super::lanes::{LANE, Lane, flat, flat_mut};
use super::vector::{Vector, widest};

/// Patches along a side of a tile.
const TILE: usize = 3;
/// Cells along a side of a tile, and products along one axis.
const WIDE: usize = TILE + 1;
/// Products for a tile.
pub(crate) const TERMS: usize = WIDE * WIDE;
/// Lanes of hidden numbers that are computed together.
pub(crate) const PANEL: usize = 4;

/// How cells lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Patches along a side; cells are one more.
    pub(crate) side: usize,
    /// Pixels along a side of a cell.
    pub(crate) cell: usize,
}

impl Grid {
    /// The grid, if its patches fill tiles and the colours of a cell fill lanes.
    pub(crate) fn new(side: usize, cell: usize) -> Option<Self> {
        (side > 0 && side.is_multiple_of(TILE) && cell.pow(2).is_multiple_of(LANE)).then_some(Self { side, cell })
    }

    /// Patches in a picture.
    pub(crate) fn tokens(self) -> usize {
        self.side.pow(2)
    }

    /// Cells in a picture.
    pub(crate) fn cells(self) -> usize {
        (self.side + 1).pow(2)
    }

    /// Lanes of a cell: colour by colour, row by row.
    pub(crate) fn lanes(self) -> usize {
        3 * self.cell.pow(2) / LANE
    }

    /// Tiles in a picture.
    pub(crate) fn tiles(self) -> usize {
        (self.side / TILE).pow(2)
    }

    /// First row and column of each tile, for so many pictures.
    fn corners(self, pictures: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let along = self.side / TILE;
        (0..pictures * along * along).map(move |tile| {
            let (picture, tile) = (tile / (along * along), tile % (along * along));
            (picture, tile / along * TILE, tile % along * TILE)
        })
    }

    /// Where a value of a patch lies: the quarter (row, column) and the number within its cell.
    fn quarter(self, value: usize) -> (usize, usize, usize) {
        let patch = 2 * self.cell;
        let (colour, y, x) = (value / (patch * patch), value / patch % patch, value % patch);
        (y / self.cell, x / self.cell, (colour * self.cell + y % self.cell) * self.cell + x % self.cell)
    }

    /// Weights of patches, `[values, hidden]`, as products take them: `[panels, terms, cell numbers, panel]`.
    pub(crate) fn fold(self, weight: &[f32], hidden: usize) -> Vec<Lane> {
        let (numbers, panels) = (self.lanes() * LANE, hidden / (PANEL * LANE));
        let mut quarters = vec![Lane::default(); 4 * numbers * hidden / LANE];
        for (value, row) in weight.chunks_exact(hidden).enumerate() {
            let (a, b, u) = self.quarter(value);
            flat_mut(&mut quarters)[((2 * a + b) * numbers + u) * hidden..][..hidden].copy_from_slice(row);
        }
        let mut folded = vec![Lane::default(); panels * TERMS * numbers * PANEL];
        fold_weights(&quarters, numbers, &mut folded);
        folded
    }

    /// The gradient of patches' weights, `[values, hidden]`, from that of folded ones.
    pub(crate) fn unfold(self, folded: &[Lane], hidden: usize) -> Vec<f32> {
        let numbers = self.lanes() * LANE;
        let mut quarters = vec![Lane::default(); 4 * numbers * hidden / LANE];
        unfold_weights(folded, numbers, &mut quarters);
        let row = |value| {
            let (a, b, u) = self.quarter(value);
            &flat(&quarters)[((2 * a + b) * numbers + u) * hidden..][..hidden]
        };
        (0..4 * numbers).flat_map(|value| row(value).iter().copied()).collect()
    }
}

/// `x` from `d`.
#[inline(always)]
fn spread_line<V: Vector>([a, b, c, d]: [V; 4]) -> [V; 4] {
    [a.sub(c), b.add(c), c.sub(b), b.sub(d)]
}

/// `y` from `m`.
#[inline(always)]
fn join_line<V: Vector>([a, b, c, d]: [V; 4]) -> [V; 3] {
    let both = b.add(c);
    [a.add(both), b.sub(c), both.sub(d)]
}

/// The gradient of `m` from that of `y`.
#[inline(always)]
fn part_line<V: Vector>([a, b, c]: [V; 3]) -> [V; 4] {
    let both = a.add(c);
    [a, both.add(b), both.sub(b), V::all(0.0).sub(c)]
}

widest! {
    /// Cells, `[pictures, cells, lanes]`, as products take them: `[terms, pictures · tiles, lanes]`.
    pub(super) fn spread(grid: Grid, cells: &[Lane], x: &mut [Lane]) by spread_of
}

#[inline(always)]
fn spread_of<V: Vector>(grid: Grid, cells: &[Lane], x: &mut [Lane]) {
    let (lanes, all, side) = (grid.lanes(), grid.cells(), grid.side + 1);
    let pictures = cells.len() / (all * lanes);
    let term = pictures * grid.tiles() * lanes;
    for (at, (picture, row, column)) in grid.corners(pictures).enumerate() {
        let first = picture * all + row * side + column;
        for lane in 0..lanes {
            let mut half = [[V::all(0.0); WIDE]; WIDE];
            for (b, half) in half.iter_mut().enumerate() {
                *half = spread_line([0, 1, 2, 3].map(|a| V::load(&cells[(first + a * side + b) * lanes + lane])));
            }
            for i in 0..WIDE {
                for (j, x_ij) in spread_line(half.map(|half| half[i])).into_iter().enumerate() {
                    x_ij.store(&mut x[(i * WIDE + j) * term + at * lanes + lane]);
                }
            }
        }
    }
}

widest! {
    /// One panel of hidden numbers, `[pictures, tokens, width]`, from its products, `[terms, pictures · tiles, panel]`:
    /// with `place`, `[tokens, width]`, added, and nothing below zero.
    pub(super) fn join(grid: Grid, m: &[Lane], place: &[Lane], hidden: &mut [Lane], panel: usize) by join_of
}

#[inline(always)]
fn join_of<V: Vector>(grid: Grid, m: &[Lane], place: &[Lane], hidden: &mut [Lane], panel: usize) {
    let (tokens, term) = (grid.tokens(), m.len() / TERMS);
    let width = place.len() / tokens;
    for (at, (picture, row, column)) in grid.corners(hidden.len() / place.len()).enumerate() {
        for lane in 0..PANEL {
            let mut half = [[V::all(0.0); TILE]; WIDE];
            for (j, half) in half.iter_mut().enumerate() {
                *half = join_line([0, 1, 2, 3].map(|i| V::load(&m[(i * WIDE + j) * term + at * PANEL + lane])));
            }
            for p in 0..TILE {
                for (q, y) in join_line(half.map(|half| half[p])).into_iter().enumerate() {
                    let to = ((row + p) * grid.side + column + q) * width + panel * PANEL + lane;
                    y.add(V::load(&place[to])).max(V::all(0.0)).store(&mut hidden[picture * tokens * width + to]);
                }
            }
        }
    }
}

widest! {
    /// The gradient of one panel's products from that of hidden numbers, shapes as of [`join`].
    pub(super) fn part(grid: Grid, hidden: &[Lane], width: usize, m: &mut [Lane], panel: usize) by part_of
}

#[inline(always)]
fn part_of<V: Vector>(grid: Grid, hidden: &[Lane], width: usize, m: &mut [Lane], panel: usize) {
    let (tokens, term) = (grid.tokens(), m.len() / TERMS);
    for (at, (picture, row, column)) in grid.corners(hidden.len() / (tokens * width)).enumerate() {
        for lane in 0..PANEL {
            let mut half = [[V::all(0.0); WIDE]; TILE];
            for (q, half) in half.iter_mut().enumerate() {
                *half = part_line([0, 1, 2].map(|p| {
                    let token = picture * tokens + (row + p) * grid.side + column + q;
                    V::load(&hidden[token * width + panel * PANEL + lane])
                }));
            }
            for i in 0..WIDE {
                for (j, back) in part_line(half.map(|half| half[i])).into_iter().enumerate() {
                    back.store(&mut m[(i * WIDE + j) * term + at * PANEL + lane]);
                }
            }
        }
    }
}

widest! {
    /// `v` from `w`: `[quarters, numbers, hidden]` → `[panels, terms, numbers, panel]`.
    fn fold_weights(quarters: &[Lane], numbers: usize, folded: &mut [Lane]) by fold_of
}

#[inline(always)]
fn fold_of<V: Vector>(quarters: &[Lane], numbers: usize, folded: &mut [Lane]) {
    let (half, each) = (V::all(0.5), quarters.len() / 4);
    let line = |[a, b]: [V; 2]| [a, a.add(b).mul(half), a.sub(b).mul(half), b];
    for at in 0..each {
        let (u, lane) = (at / (each / numbers), at % (each / numbers));
        let w = |a: usize, b: usize| V::load(&quarters[(2 * a + b) * each + at]);
        let rows = [line([w(0, 0), w(1, 0)]), line([w(0, 1), w(1, 1)])];
        for i in 0..WIDE {
            for (j, v) in line(rows.map(|row| row[i])).into_iter().enumerate() {
                let term = lane / PANEL * TERMS + i * WIDE + j;
                v.store(&mut folded[(term * numbers + u) * PANEL + lane % PANEL]);
            }
        }
    }
}

widest! {
    /// The gradient of `w` from that of `v`.
    fn unfold_weights(folded: &[Lane], numbers: usize, quarters: &mut [Lane]) by unfold_of
}

#[inline(always)]
fn unfold_of<V: Vector>(folded: &[Lane], numbers: usize, quarters: &mut [Lane]) {
    let (half, each) = (V::all(0.5), quarters.len() / 4);
    let line = |[a, b, c, d]: [V; 4]| [a.add(b.add(c).mul(half)), d.add(b.sub(c).mul(half))];
    for at in 0..each {
        let (u, lane) = (at / (each / numbers), at % (each / numbers));
        let mut rows = [[V::all(0.0); 2]; WIDE];
        for (j, row) in rows.iter_mut().enumerate() {
            *row = line([0, 1, 2, 3].map(|i| {
                let term = lane / PANEL * TERMS + i * WIDE + j;
                V::load(&folded[(term * numbers + u) * PANEL + lane % PANEL])
            }));
        }
        for a in 0..2 {
            for (b, w) in line(rows.map(|row| row[a])).into_iter().enumerate() {
                w.store(&mut quarters[(2 * a + b) * each + at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::lanes::{Left, padded, product};
    use terrella_core::Key;

    fn numbers(n: usize, key: u64) -> Vec<f32> {
        let mut stream = Key::new(key).stream();
        (0..n).map(|_| stream.normal() as f32).collect()
    }

    /// Patches of two pictures by the definition, and the gradient of the weights for a random gradient of what comes out.
    #[test]
    fn fewer_products_tell_what_all_of_them_tell() {
        let (grid, pictures, hidden) = (Grid::new(6, 4).expect("whole tiles"), 2, 64);
        let (n, tokens, side) = (grid.lanes() * LANE, grid.tokens(), grid.side);
        let weight = numbers(4 * n * hidden, 1);
        let cells = padded(&numbers(pictures * grid.cells() * n, 2), n);
        let place = padded(&numbers(tokens * hidden, 3), hidden);
        let back = padded(&numbers(pictures * tokens * hidden, 4), hidden);
        let patch = |token: usize, value: usize| {
            let (a, b, u) = grid.quarter(value);
            let (picture, row, column) = (token / tokens, token % tokens / side, token % side);
            flat(&cells)[(picture * grid.cells() + (row + a) * (side + 1) + column + b) * n + u]
        };

        let tiles = pictures * grid.tiles();
        let mut x = vec![Lane::default(); TERMS * tiles * grid.lanes()];
        spread(grid, &cells, &mut x);
        let of = |k: usize| &flat(&x)[k * tiles * n..];
        let folded = grid.fold(&weight, hidden);
        let mut m = vec![Lane::default(); TERMS * tiles * PANEL];
        for (k, m) in m.chunks_mut(tiles * PANEL).enumerate() {
            let left = Left { numbers: of(k), rows: n, depth: 1 };
            product((tiles, n, PANEL), left, &folded[k * n * PANEL..], None, m);
        }
        let mut found = vec![Lane::default(); pictures * tokens * hidden / LANE];
        join(grid, &m, &place, &mut found, 0);
        for (at, found) in flat(&found).iter().enumerate() {
            let (token, column) = (at / hidden, at % hidden);
            let sum: f64 =
                (0..4 * n).map(|v| f64::from(patch(token, v)) * f64::from(weight[v * hidden + column])).sum();
            let want = (sum + f64::from(flat(&place)[at % (tokens * hidden)])).max(0.0);
            assert!((f64::from(*found) - want).abs() < 1e-4, "token {token}, {column}: {found} against {want}");
        }

        part(grid, &back, hidden / LANE, &mut m, 0);
        let mut sums = vec![Lane::default(); TERMS * n * PANEL];
        for (k, sums) in sums.chunks_mut(n * PANEL).enumerate() {
            let left = Left { numbers: of(k), rows: 1, depth: n };
            product((n, tiles, PANEL), left, &m[k * tiles * PANEL..], None, sums);
        }
        for (at, found) in grid.unfold(&sums, hidden).iter().enumerate() {
            let (value, column) = (at / hidden, at % hidden);
            let gradient = |token: usize| f64::from(flat(&back)[token * hidden + column]);
            let want: f64 = (0..pictures * tokens).map(|t| f64::from(patch(t, value)) * gradient(t)).sum();
            assert!((f64::from(*found) - want).abs() < 1e-4, "value {value}, {column}: {found} against {want}");
        }
    }
}
