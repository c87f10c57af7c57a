//! A contact sheet: one picture that shows what a recording holds, for a first look without any viewer.
//!
//! A few episodes, evenly spaced, one below the other: their pictures at even times, and beneath them the
//! states and the actions as curves, each between its smallest and its largest number in the whole recording.

use crate::Opened;
use font8x8::UnicodeFonts;
use std::path::Path;
use terrella_core::{Episode, Image, Pixel, Stats, Table, write_atomic};
use terrella_data::{Error, Result};
use terrella_media::picture::Scaler;
use terrella_media::png_file::encode;

/// Episodes and pictures of each that are shown.
const EPISODES: usize = 8;
const PICTURES: usize = 8;
/// Pixels of a picture's height, of a strip of curves, of a line of text, between things.
const HIGH: usize = 96;
const STRIP: usize = 40;
const TEXT: usize = 14;
const GAP: usize = 8;
/// Pixels from edge to edge.
const WIDE: usize = 960;
const PAPER: [u8; 3] = [255; 3];
const INK: [u8; 3] = [40; 3];
const LINE: [u8; 3] = [225; 3];
/// Colours that people with any colour vision can tell apart (Okabe and Ito).
const CURVES: [[u8; 3]; 7] =
    [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [230, 159, 0], [86, 180, 233], [0, 0, 0]];

/// Draws the sheet of a recording and writes it as PNG.
///
/// # Errors
/// If the recording cannot be read, or the file cannot be written.
pub fn contact_sheet(source: &Opened, destination: &Path) -> Result<()> {
    let signature = source.signature();
    let lengths = source.lengths();
    let shown: Vec<usize> = spaced(lengths.len(), EPISODES);
    let all: Vec<Episode> = (0..lengths.len()).map(|at| source.episode(at)).collect();
    let state = Stats::of(signature.state.len(), all.iter().map(|e| &e.states).filter(|t| t.width > 0));
    let action = Stats::of(signature.action.len(), all.iter().map(|e| &e.actions));
    let strips = [("state", &signature.state, &state), ("action", &signature.action, &action)];
    let strips: Vec<_> = strips.into_iter().filter(|(_, names, _)| !names.is_empty()).collect();
    let sizes = signature.image.into_iter().chain(source.views().iter().map(|view| view.size));
    let tiles: Vec<[usize; 2]> = sizes.map(tile).collect();
    let pictures: usize = tiles.iter().map(|[high, _]| high + GAP).sum();
    let each = TEXT + pictures + strips.len() * (STRIP + 4) + 2 * GAP;
    let legend = TEXT * (2 + strips.len());
    let mut sheet = Sheet(Image::filled(GAP + legend + shown.len() * each, WIDE, PAPER));
    let rows: usize = lengths.iter().sum();
    let (name, format) = (source.name(), source.format());
    sheet.text(
        GAP,
        GAP,
        &format!("{name}: {format}, {} episodes, {rows} rows, {} a second", lengths.len(), signature.fps),
        INK,
    );
    for (at, (what, names, _)) in strips.iter().enumerate() {
        sheet.legend(GAP + (at + 1) * TEXT, what, names);
    }
    for (place, &at) in shown.iter().enumerate() {
        let mut y = GAP + legend + place * each;
        let episode = &all[at];
        let seconds = episode.len() as f64 / signature.fps;
        sheet.text(GAP, y, &format!("{at}: {} rows, {seconds:.1} s, {}", episode.len(), episode.task), INK);
        y += TEXT;
        let views = (0..source.views().len()).map(|view| source.view(at, view));
        let pictures = source.pictures(at)?.map(Ok).into_iter().chain(views);
        for (frames, [high, wide]) in pictures.zip(&tiles) {
            let frames = frames?;
            let scaler = Scaler::new(frames.size(), [*high, *wide]);
            for (tile, row) in spaced(frames.len(), PICTURES).into_iter().enumerate() {
                let mut pixels = Vec::new();
                scaler.append(&frames, row, &mut pixels);
                let rgb = if frames.pixel() == Pixel::Depth { greys(&pixels) } else { pixels };
                sheet.paste(GAP + tile * (WIDE - 2 * GAP) / PICTURES, y, *wide, &rgb);
            }
            y += high + GAP;
        }
        for (what, _, stats) in &strips {
            let table = if *what == "state" { &episode.states } else { &episode.actions };
            sheet.curves(y, table, stats);
            y += STRIP + 4;
        }
    }
    let Image { height, width, data } = sheet.0;
    let png = encode(Pixel::Rgb, [height, width], &data)
        .map_err(|e| Error::Invalid(format!("cannot draw the sheet: {e}")))?;
    Ok(write_atomic(destination, &png)?)
}

/// Height and width of a picture on the sheet.
fn tile([height, width]: [usize; 2]) -> [usize; 2] {
    let wide = (HIGH * width / height).clamp(1, (WIDE - 2 * GAP) / PICTURES - 4);
    [(wide * height / width).clamp(1, HIGH), wide]
}

/// Depth to look at: what is near is bright, what was not measured black.
fn greys(counts: &[u8]) -> Vec<u8> {
    let counts: Vec<u16> = counts.as_chunks::<2>().0.iter().map(|c| u16::from_le_bytes(*c)).collect();
    let far = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
    let grey = |count: u16| if count == 0 { 0 } else { (255.0 - 215.0 * f64::from(count) / far) as u8 };
    counts.iter().flat_map(|count| [grey(*count); 3]).collect()
}

/// At most `most` of `n` places, evenly spaced, the first and the last among them.
fn spaced(n: usize, most: usize) -> Vec<usize> {
    let k = n.min(most);
    (0..k).map(|i| if k == 1 { 0 } else { i * (n - 1) / (k - 1) }).collect()
}

struct Sheet(Image);

impl Sheet {
    fn put(&mut self, x: usize, y: usize, rgb: [u8; 3]) {
        if x < self.0.width && y < self.0.height {
            let at = (y * self.0.width + x) * 3;
            self.0.data[at..at + 3].copy_from_slice(&rgb);
        }
    }

    /// Writes a line of text and gives where it ends; what does not fit is cut.
    fn text(&mut self, x: usize, y: usize, text: &str, rgb: [u8; 3]) -> usize {
        let mut x = x;
        for letter in text.chars() {
            let glyph = font8x8::BASIC_FONTS.get(letter).or_else(|| font8x8::LATIN_FONTS.get(letter));
            for (row, bits) in glyph.unwrap_or([0, 0, 0x3c, 0x3c, 0x3c, 0x3c, 0, 0]).into_iter().enumerate() {
                (0..8).filter(|bit| bits >> bit & 1 == 1).for_each(|bit| self.put(x + bit, y + row, rgb));
            }
            x += 8;
        }
        x
    }

    /// Names in the colours of their curves.
    fn legend(&mut self, y: usize, what: &str, names: &[String]) {
        let mut x = self.text(GAP, y, &format!("{what}:"), INK) + 8;
        for (at, name) in names.iter().enumerate() {
            if x + 8 * name.chars().count() > WIDE - 8 * GAP {
                self.text(x, y, &format!("+{}", names.len() - at), INK);
                return;
            }
            x = self.text(x, y, name, CURVES[at % CURVES.len()]) + 8;
        }
    }

    fn paste(&mut self, x: usize, y: usize, wide: usize, rgb: &[u8]) {
        for (row, line) in rgb.chunks(wide * 3).enumerate() {
            for (column, pixel) in line.as_chunks::<3>().0.iter().enumerate() {
                self.put(x + column, y + row, *pixel);
            }
        }
    }

    /// Curves of a table over the whole width, each between the extremes of its column.
    fn curves(&mut self, y: usize, table: &Table, stats: &Stats) {
        let wide = WIDE - 2 * GAP;
        for x in 0..wide {
            self.put(GAP + x, y, LINE);
            self.put(GAP + x, y + STRIP, LINE);
        }
        let rows = table.rows().len();
        for column in 0..table.width {
            let (low, high) = (f64::from(stats.min[column]), f64::from(stats.max[column]));
            let span = if high > low { high - low } else { 1.0 };
            let mut last = None;
            for x in 0..wide {
                let at = (x * rows / wide).min(rows - 1);
                let value = (f64::from(table.row(at)[column]) - low) / span;
                let top = y + 1 + ((1.0 - value.clamp(0.0, 1.0)) * (STRIP - 2) as f64).round() as usize;
                let from = last.replace(top).unwrap_or(top);
                for line in from.min(top)..=from.max(top) {
                    self.put(GAP + x, line, CURVES[column % CURVES.len()]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_even_and_reach_both_ends() {
        assert_eq!(spaced(100, 4), [0, 33, 66, 99], "both ends");
        assert_eq!((spaced(3, 8), spaced(1, 8), spaced(0, 8)), (vec![0, 1, 2], vec![0], vec![]), "few");
    }

    #[test]
    fn near_is_bright() {
        let counts = [0u16, 100, 1000].map(u16::to_le_bytes).concat();
        let greys = greys(&counts);
        assert!(greys[0] == 0 && greys[3] > 200 && (30..60).contains(&greys[6]), "{greys:?}");
    }

    #[test]
    fn letters_are_where_they_should_be() {
        let mut sheet = Sheet(Image::filled(10, 30, PAPER));
        assert_eq!(sheet.text(1, 1, "I.", INK), 17, "where it ends");
        let dark = |x: std::ops::Range<usize>| {
            x.flat_map(|x| (0..10).map(move |y| (x, y))).filter(|(x, y)| sheet.0.pixel(*y, *x) == INK).count()
        };
        assert!(dark(1..9) > 8 && dark(9..17) > 1 && dark(17..30) == 0, "ink");
    }
}
