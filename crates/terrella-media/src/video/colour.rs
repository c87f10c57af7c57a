//! Luma and chroma to RGB (ITU-R BT.601, BT.709 and their kin), chroma taken from the nearest sample, and back (BT.601),
//! chroma averaged over four pixels.

use super::decode::Planes;
use super::sequence::Colours;

/// Fixed point: 16 bits behind the point.
const POINT: u32 = 16;

/// Converts a picture of the expected size; `rgb` is overwritten.
pub(super) fn to_rgb(picture: &Planes<'_>, size: [usize; 2], rgb: &mut Vec<u8>) -> Result<(), String> {
    if picture.size != size {
        let [h, w] = picture.size;
        return Err(format!("it is {h}x{w}, the track declares {}x{}", size[0], size[1]));
    }
    let [height, width] = size;
    let [y, u, v] = picture.planes;
    let [luma, chroma] = picture.strides;
    let table = Table::new(picture.colours)?;
    let long_enough = |plane: &[u8], stride: usize, rows: usize, columns: usize| {
        stride >= columns && plane.len() >= stride * (rows - 1) + columns
    };
    if !long_enough(y, luma, height, width) {
        return Err("its luma is incomplete".to_owned());
    }
    rgb.clear();
    rgb.reserve(height * width * 3);
    let Some([down, across]) = picture.chroma else {
        for row in y.chunks(luma).take(height) {
            rgb.extend(row[..width].iter().flat_map(|y| table.grey(*y)));
        }
        return Ok(());
    };
    let (rows, columns) = (((height - 1) >> down) + 1, ((width - 1) >> across) + 1);
    if !long_enough(u, chroma, rows, columns) || !long_enough(v, chroma, rows, columns) {
        return Err("its chroma is incomplete".to_owned());
    }
    for row in 0..height {
        let luma_row = &y[row * luma..row * luma + width];
        let at = (row >> down) * chroma;
        let (u, v) = (&u[at..at + columns], &v[at..at + columns]);
        for (column, y) in luma_row.iter().enumerate() {
            let at = column >> across;
            rgb.extend(table.rgb(*y, u[at], v[at]));
        }
    }
    Ok(())
}

/// Factors of a matrix and a range.
struct Table {
    /// Planes are green, blue and red.
    plain: bool,
    offset: i32,
    luma: i32,
    red: i32,
    green: [i32; 2],
    blue: i32,
}

impl Table {
    fn new(Colours { matrix, full_range }: Colours) -> Result<Self, String> {
        // Shares of red and blue in luma (ITU-T H.273, table 4); what is not said is BT.601.
        let (kr, kb) = match matrix {
            0 | 2 | 3 | 5 | 6 => (0.299, 0.114),
            1 => (0.2126, 0.0722),
            4 => (0.3, 0.11),
            7 => (0.212, 0.087),
            9 => (0.2627, 0.0593),
            other => {
                return Err(format!(
                    "its colours are coded by matrix {other} of H.273; BT.601, BT.709 and BT.2020 can be read"
                ));
            }
        };
        let kg = 1.0 - kr - kb;
        let (offset, luma, chroma) = if full_range { (0, 1.0, 1.0) } else { (16, 255.0 / 219.0, 255.0 / 224.0) };
        let fixed = |x: f64| (x * f64::from(1 << POINT)).round() as i32;
        let plain = matrix == 0;
        Ok(Self {
            plain,
            offset,
            luma: fixed(luma),
            red: fixed(2.0 * (1.0 - kr) * chroma),
            green: [fixed(2.0 * kb * (1.0 - kb) / kg * chroma), fixed(2.0 * kr * (1.0 - kr) / kg * chroma)],
            blue: fixed(2.0 * (1.0 - kb) * chroma),
        })
    }

    fn grey(&self, y: u8) -> [u8; 3] {
        if self.plain { self.rgb(y, y, y) } else { self.rgb(y, 128, 128) }
    }

    fn rgb(&self, y: u8, u: u8, v: u8) -> [u8; 3] {
        if self.plain {
            let byte =
                |x: u8| (((i32::from(x) - self.offset) * self.luma + (1 << (POINT - 1))) >> POINT).clamp(0, 255) as u8;
            return [byte(v), byte(y), byte(u)];
        }
        let y = (i32::from(y) - self.offset) * self.luma + (1 << (POINT - 1));
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        let byte = |x: i32| (x >> POINT).clamp(0, 255) as u8;
        [byte(y + self.red * v), byte(y - self.green[0] * u - self.green[1] * v), byte(y + self.blue * u)]
    }
}

/// A picture as luma and two chroma planes of half the size (4:2:0), BT.601 in limited range.
pub(super) struct Planar {
    size: [usize; 2],
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl Planar {
    /// For pictures of this size, whose sides are even.
    pub(super) fn new(size: [usize; 2]) -> Self {
        let n = size[0] * size[1];
        Self { size, y: vec![0; n], u: vec![0; n / 4], v: vec![0; n / 4] }
    }

    /// Converts height × width × 3 bytes.
    pub(super) fn fill(&mut self, rgb: &[u8]) {
        let [height, width] = self.size;
        let fixed = |x: f64| (x * f64::from(1 << POINT)).round() as i32;
        let (luma, chroma) = (219.0 / 255.0, 224.0 / 255.0);
        let (kr, kb) = (0.299, 0.114);
        let kg = 1.0 - kr - kb;
        let to_y = [kr, kg, kb].map(|k| fixed(k * luma));
        let to_u = [-kr, -kg, 1.0 - kb].map(|k| fixed(k / (2.0 * (1.0 - kb)) * chroma));
        let to_v = [1.0 - kr, -kg, -kb].map(|k| fixed(k / (2.0 * (1.0 - kr)) * chroma));
        let dot = |k: [i32; 3], p: [i32; 3]| k[0] * p[0] + k[1] * p[1] + k[2] * p[2];
        let half = 1 << (POINT - 1);
        for (y, pixel) in self.y.iter_mut().zip(rgb.chunks_exact(3)) {
            let pixel = [pixel[0], pixel[1], pixel[2]].map(i32::from);
            *y = (16 + ((dot(to_y, pixel) + half) >> POINT)).clamp(0, 255) as u8;
        }
        for row in 0..height / 2 {
            for column in 0..width / 2 {
                let mut sum = [0i32; 3];
                for at in [0, 3, width * 3, width * 3 + 3] {
                    let at = (row * 2 * width + column * 2) * 3 + at;
                    sum.iter_mut().zip(&rgb[at..at + 3]).for_each(|(s, p)| *s += i32::from(*p));
                }
                let at = row * (width / 2) + column;
                let byte = |k| (128 + ((dot(k, sum) + 2 * (1 << POINT)) >> (POINT + 2))).clamp(0, 255) as u8;
                (self.u[at], self.v[at]) = (byte(to_u), byte(to_v));
            }
        }
    }
}

impl openh264::formats::YUVSource for Planar {
    fn dimensions(&self) -> (usize, usize) {
        (self.size[1], self.size[0])
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.size[1], self.size[1] / 2, self.size[1] / 2)
    }

    fn y(&self) -> &[u8] {
        &self.y
    }

    fn u(&self) -> &[u8] {
        &self.u
    }

    fn v(&self) -> &[u8] {
        &self.v
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_come_out() {
        let table = |matrix, full_range| Table::new(Colours { matrix, full_range }).expect("known");
        let limited = table(2, false);
        assert_eq!(limited.rgb(16, 128, 128), [0, 0, 0], "black");
        assert_eq!(limited.rgb(235, 128, 128), [255, 255, 255], "white");
        assert_eq!(limited.rgb(81, 90, 240), [254, 0, 0], "red of BT.601, as 8-bit tables have it");
        assert_eq!(table(1, false).rgb(63, 102, 240), [255, 1, 0], "red of BT.709");
        assert_eq!(table(5, true).rgb(77, 128, 128), [77, 77, 77], "grey at full range");
        assert_eq!(table(0, true).rgb(1, 2, 3), [3, 1, 2], "green, blue and red as they are");
        assert_eq!(table(0, true).grey(9), [9, 9, 9], "grey is grey");
        assert!(Table::new(Colours { matrix: 8, full_range: true }).is_err_and(|e| e.contains("matrix 8")), "others");
    }

    #[test]
    fn colours_survive_the_way_there_and_back() {
        for colour in [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [17, 200, 93]] {
            let mut planar = Planar::new([2, 2]);
            planar.fill(&colour.repeat(4));
            let back = Table::new(Colours::UNSAID).expect("known").rgb(planar.y[3], planar.u[0], planar.v[0]);
            let off = back.iter().zip(colour).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0);
            assert!(off <= 2, "{colour:?} came back as {back:?}");
        }
    }

    #[test]
    fn odd_sizes_have_chroma_for_their_last_row_and_column() {
        let planes = Planes {
            size: [3, 3],
            planes: [&[128; 9], &[128; 4], &[128; 4]],
            strides: [3, 2],
            chroma: Some([1, 1]),
            colours: Colours { matrix: 6, full_range: true },
        };
        let mut rgb = Vec::new();
        to_rgb(&planes, [3, 3], &mut rgb).expect("converted");
        assert_eq!(rgb, [128; 27], "grey");
        assert!(to_rgb(&planes, [3, 4], &mut rgb).is_err(), "another size");
        let short = Planes { planes: [&[128; 9], &[128; 3], &[128; 4]], ..planes };
        assert!(to_rgb(&short, [3, 3], &mut rgb).is_err(), "a plane that ends too early");
    }
}
