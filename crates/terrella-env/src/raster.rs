//! A rasteriser that draws as the original task's picture library does, only where someone looks.
//!
//! The original draws the whole world at one pixel a unit and then scales it bilinearly: each pixel
//! of the small picture looks at four source pixels. So only the rows and columns that are looked
//! at exist here (192 of 512 for a 96-px picture). Integer rules for spans, thick lines and discs
//! are those of pygame 2.6, because recordings drawn by it must match to the grey level.

use crate::Rgb;
use crate::geometry::{Vec2, vec2};
use std::sync::Arc;
use terrella_core::Image;

/// Weights are integers out of this many.
const ONE: u32 = 1 << 11;

/// The two source coordinates that an output coordinate looks at, as indices of looked-at ones.
#[derive(Clone, Copy, Debug)]
struct Tap {
    low: u16,
    high: u16,
    weight: u32,
}

/// Which source coordinates a picture of one size looks at.
#[derive(Debug)]
pub(crate) struct Grid {
    side: i32,
    size: usize,
    taps: Vec<Tap>,
    /// `before[x]`: how many looked-at coordinates are smaller than `x`.
    before: Vec<u16>,
    coordinates: Vec<u16>,
}

impl Grid {
    pub(crate) fn new(side: usize, size: usize) -> Self {
        let scale = side as f64 / size as f64;
        let sources: Vec<(usize, usize, u32)> = (0..size)
            .map(|at| {
                let x = ((at as f64 + 0.5) * scale - 0.5).clamp(0.0, (side - 1) as f64);
                let low = x as usize;
                let weight = ((x - low as f64) * f64::from(ONE)).round() as u32;
                (low, (low + 1).min(side - 1), weight)
            })
            .collect();
        let mut looked_at = vec![false; side];
        sources.iter().for_each(|&(low, high, _)| (looked_at[low], looked_at[high]) = (true, true));
        let mut before = vec![0u16];
        for &yes in &looked_at {
            before.push(before[before.len() - 1] + u16::from(yes));
        }
        let coordinates = (0..side).filter(|&x| looked_at[x]).map(|x| x as u16).collect();
        let taps = sources.iter().map(|&(l, h, weight)| Tap { low: before[l], high: before[h], weight }).collect();
        Self { side: side as i32, size, taps, before, coordinates }
    }

    fn len(&self) -> usize {
        self.coordinates.len()
    }

    /// Indices of the looked-at coordinates in `low..=high`.
    #[inline]
    fn range(&self, low: i32, high: i32) -> std::ops::Range<usize> {
        let (low, high) = (low.max(0), high.min(self.side - 1));
        if low > high {
            return 0..0;
        }
        self.before[low as usize].into()..self.before[high as usize + 1].into()
    }

    /// Output coordinates that look into a range of indices.
    fn outputs(&self, range: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let first = self.taps.partition_point(|t| usize::from(t.high) < range.start);
        let last = self.taps.partition_point(|t| usize::from(t.low) < range.end);
        first..last.max(first)
    }
}

/// What stays the same from picture to picture.
#[derive(Debug)]
pub(crate) struct Backdrop {
    grid: Grid,
    cells: Vec<u32>,
    picture: Image,
}

impl Backdrop {
    /// Draws the ground, pixel by pixel, and what `draw` adds to it.
    pub(crate) fn new(grid: Grid, ground: impl Fn(usize, usize) -> Rgb, draw: impl FnOnce(&mut Canvas)) -> Self {
        let n = grid.len();
        let at = |i: usize| usize::from(grid.coordinates[i]);
        let mut cells: Vec<u32> = (0..n * n).map(|i| pack(ground(at(i % n), at(i / n)))).collect();
        let mut dirty = Vec::new();
        draw(&mut Canvas { grid: &grid, cells: &mut cells, dirty: &mut dirty });
        let mut picture = Image::filled(grid.size, grid.size, [0; 3]);
        resolve(&grid, &cells, [0..grid.size, 0..grid.size], &mut picture);
        Self { grid, cells, picture }
    }

    pub(crate) fn size(&self) -> usize {
        self.grid.size
    }
}

/// Draws pictures over a backdrop, touching only what changes.
#[derive(Debug)]
pub(crate) struct Painter {
    backdrop: Arc<Backdrop>,
    cells: Vec<u32>,
    dirty: Vec<Dirty>,
}

impl Painter {
    pub(crate) fn new(backdrop: Arc<Backdrop>) -> Self {
        Self { cells: backdrop.cells.clone(), backdrop, dirty: Vec::new() }
    }

    pub(crate) fn paint(&mut self, draw: impl FnOnce(&mut Canvas)) -> Image {
        let Backdrop { grid, cells, picture } = &*self.backdrop;
        self.dirty.clear();
        draw(&mut Canvas { grid, cells: &mut self.cells, dirty: &mut self.dirty });
        let mut picture = picture.clone();
        for dirty in &self.dirty {
            let region = [grid.range(dirty.low[0], dirty.high[0]), grid.range(dirty.low[1], dirty.high[1])];
            resolve(grid, &self.cells, [grid.outputs(&region[0]), grid.outputs(&region[1])], &mut picture);
        }
        for dirty in &self.dirty {
            let columns = grid.range(dirty.low[0], dirty.high[0]);
            for row in grid.range(dirty.low[1], dirty.high[1]) {
                let row = row * grid.len() + columns.start..row * grid.len() + columns.end;
                self.cells[row.clone()].copy_from_slice(&cells[row]);
            }
        }
        picture
    }
}

/// Scales the cells under some output columns and rows.
fn resolve(grid: &Grid, cells: &[u32], [columns, rows]: [std::ops::Range<usize>; 2], picture: &mut Image) {
    let n = grid.len();
    for y in rows {
        let tap_y = grid.taps[y];
        let (upper, lower) = (&cells[usize::from(tap_y.low) * n..][..n], &cells[usize::from(tap_y.high) * n..][..n]);
        let out = &mut picture.data[(y * grid.size + columns.start) * 3..(y * grid.size + columns.end) * 3];
        for (pixel, tap) in out.as_chunks_mut::<3>().0.iter_mut().zip(&grid.taps[columns.clone()]) {
            let (l, h) = (usize::from(tap.low), usize::from(tap.high));
            let corners = [upper[l], upper[h], lower[l], lower[h]];
            if corners[1..] == [corners[0]; 3] {
                *pixel = unpack(corners[0]);
                continue;
            }
            let [a, b, c, d] = corners.map(unpack);
            for channel in 0..3 {
                let mix = |p: u8, q: u8, w: u32| u32::from(p) * (ONE - w) + u32::from(q) * w;
                let top = mix(a[channel], b[channel], tap.weight);
                let bottom = mix(c[channel], d[channel], tap.weight);
                // Rounded as OpenCV rounds: each row to two bits below a grey level, then their sum.
                let part = |row: u32, weight: u32| ((row >> 4) * weight) >> 16;
                pixel[channel] = ((part(top, ONE - tap_y.weight) + part(bottom, tap_y.weight) + 2) >> 2) as u8;
            }
        }
    }
}

fn pack([r, g, b]: Rgb) -> u32 {
    u32::from_le_bytes([r, g, b, 0])
}

fn unpack(cell: u32) -> Rgb {
    let [r, g, b, _] = cell.to_le_bytes();
    [r, g, b]
}

/// A rectangle of source coordinates, bounds included.
#[derive(Clone, Copy, Debug)]
struct Dirty {
    low: [i32; 2],
    high: [i32; 2],
}

/// Something to draw on, in source coordinates.
pub(crate) struct Canvas<'a> {
    grid: &'a Grid,
    cells: &'a mut [u32],
    dirty: &'a mut Vec<Dirty>,
}

impl Canvas<'_> {
    /// Announces that what follows stays inside this box, until the next announcement.
    pub(crate) fn part(&mut self, low: [f64; 2], high: [f64; 2]) {
        self.dirty.push(Dirty { low: low.map(|x| x.floor() as i32), high: high.map(|x| x.ceil() as i32) });
    }

    /// Fills columns `x0..=x1` of row `y`.
    #[inline]
    fn span(&mut self, y: i32, x0: i32, x1: i32, ink: u32) {
        let row = self.grid.range(y, y);
        if !row.is_empty() {
            let columns = self.grid.range(x0, x1);
            let start = row.start * self.grid.len();
            self.cells[start + columns.start..start + columns.end].fill(ink);
        }
    }

    /// Fills rows `y0..=y1` of column `x`.
    #[inline]
    fn column(&mut self, x: i32, y0: i32, y1: i32, ink: u32) {
        let column = self.grid.range(x, x);
        if !column.is_empty() {
            for row in self.grid.range(y0, y1) {
                self.cells[row * self.grid.len() + column.start] = ink;
            }
        }
    }

    /// A filled disc; even sizes only, as the original's: `2 × radius` columns.
    pub(crate) fn disc(&mut self, [x, y]: [i32; 2], radius: i32, ink: Rgb) {
        let ink = pack(ink);
        let (mut across, mut down, mut f) = (0, radius, 1 - radius);
        while across < down {
            if f >= 0 {
                down -= 1;
                f -= 2 * down;
            }
            across += 1;
            f += 2 * across + 1;
            if f >= 0 {
                self.span(y + down - 1, x - across, x + across - 1, ink);
                self.span(y - down, x - across, x + across - 1, ink);
            }
            self.span(y + across - 1, x - down, x + down - 1, ink);
            self.span(y - across, x - down, x + down - 1, ink);
        }
    }

    /// A filled convex polygon, its outline included.
    pub(crate) fn polygon(&mut self, points: &[[i32; 2]], ink: Rgb) {
        let ink = pack(ink);
        let rows = || points.iter().map(|p| p[1]);
        let (Some(top), Some(bottom)) = (rows().min(), rows().max()) else { return };
        let edges = || points.iter().zip(points.iter().cycle().skip(1));
        for y in top.max(0)..=bottom.min(self.grid.side - 1) {
            if self.grid.range(y, y).is_empty() {
                continue;
            }
            let (mut low, mut high) = (i32::MAX, i32::MIN);
            for (a, b) in edges() {
                let (a, b) = if a[1] <= b[1] { (a, b) } else { (b, a) };
                if a[1] == b[1] {
                    if a[1] == y {
                        (low, high) = (low.min(a[0].min(b[0])), high.max(a[0].max(b[0])));
                    }
                    continue;
                }
                if (y >= a[1] && y < b[1]) || (y == bottom && b[1] == bottom) {
                    let (rise, run) = (b[1] - a[1], (y - a[1]) * (b[0] - a[0]));
                    let x = a[0] + run.div_euclid(rise); // crossings are rounded down on both sides
                    (low, high) = (low.min(x), high.max(x));
                }
            }
            if low <= high {
                self.span(y, low, high, ink);
            }
        }
    }

    /// A filled rectangle between two corners, the high one left out.
    pub(crate) fn rectangle(&mut self, low: Vec2, high: Vec2, ink: Rgb) {
        let [x0, y0, x1, y1] = [low.x, low.y, high.x, high.y].map(|x| x.round() as i32);
        for y in y0..y1 {
            self.span(y, x0, x1 - 1, pack(ink));
        }
    }

    /// A line of even width, cut flat along the axis it is closer to.
    pub(crate) fn line(&mut self, [mut x, mut y]: [i32; 2], [x2, y2]: [i32; 2], width: i32, ink: Rgb) {
        let ink = pack(ink);
        let (before, after) = (width / 2 - 1 + width % 2, width / 2);
        let (dx, dy) = ((x2 - x).abs(), (y2 - y).abs());
        let (sx, sy) = ((x2 - x).signum() | 1, (y2 - y).signum() | 1);
        let mut error = (if dx > dy { dx } else { -dy }) / 2;
        let flat = dx > dy;
        loop {
            if flat {
                self.column(x, y - before, y + after, ink);
            } else {
                self.span(y, x - before, x + after, ink);
            }
            if (flat && x == x2) || (!flat && y == y2) {
                return;
            }
            let now = error;
            if now > -dx {
                error -= dy;
                x += sx;
            }
            if now < dy {
                error += dx;
                y += sy;
            }
        }
    }

    /// A line with round ends: the original's "fat segment" of this radius.
    pub(crate) fn fat_segment(&mut self, a: [i32; 2], b: [i32; 2], radius: f64, ink: Rgb) {
        let width = (2.0 * radius).max(1.0).round_ties_even() as i32;
        self.line(a, b, width, ink);
        let across = [f64::from((b[1] - a[1]).abs()), f64::from((b[0] - a[0]).abs())];
        let length = across[0].hypot(across[1]);
        if width <= 2 || length == 0.0 {
            return;
        }
        let [ox, oy] = across.map(|x| (x * radius / length).round_ties_even() as i32);
        let corners = [[a[0] - ox, a[1] - oy], [a[0] + ox, a[1] + oy], [b[0] + ox, b[1] + oy], [b[0] - ox, b[1] - oy]];
        self.polygon(&corners, ink);
        let round = radius.round_ties_even() as i32;
        self.disc(a, round, ink);
        self.disc(b, round, ink);
    }

    /// A thin line whose steps are smoothed by mixing with what is below (Wu).
    pub(crate) fn thin_line(&mut self, mut a: [i32; 2], mut b: [i32; 2], ink: Rgb) {
        let steep = (b[1] - a[1]).abs() > (b[0] - a[0]).abs();
        let main = usize::from(steep);
        if a[main] > b[main] {
            (a, b) = (b, a);
        }
        let length = b[main] - a[main];
        let slope = if length == 0 { 0.0 } else { f64::from(b[1 - main] - a[1 - main]) / f64::from(length) };
        for step in 0..=length {
            let side = f64::from(a[1 - main]) + slope * f64::from(step);
            let cell = side.floor();
            for (offset, cover) in [(0, 1.0 - (side - cell)), (1, side - cell)] {
                let (along, across) = (a[main] + step, cell as i32 + offset);
                let (x, y) = if steep { (across, along) } else { (along, across) };
                self.blend(x, y, cover, ink);
            }
        }
    }

    fn blend(&mut self, x: i32, y: i32, cover: f64, ink: Rgb) {
        let (columns, rows) = (self.grid.range(x, x), self.grid.range(y, y));
        if columns.is_empty() || rows.is_empty() || cover <= 0.0 {
            return;
        }
        let cell = &mut self.cells[rows.start * self.grid.len() + columns.start];
        let below = unpack(*cell);
        let mixed = |i: usize| (f64::from(ink[i]) * cover + f64::from(below[i]) * (1.0 - cover)) as u8;
        *cell = pack([mixed(0), mixed(1), mixed(2)]);
    }
}

/// Four walls around a world.
pub(crate) fn border(canvas: &mut Canvas, extent: f64, width: f64, ink: Rgb) {
    canvas.rectangle(Vec2::ZERO, vec2(extent, width), ink);
    canvas.rectangle(vec2(0.0, extent - width), vec2(extent, extent), ink);
    canvas.rectangle(Vec2::ZERO, vec2(width, extent), ink);
    canvas.rectangle(vec2(extent - width, 0.0), vec2(extent, extent), ink);
}
