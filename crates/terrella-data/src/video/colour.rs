//! Luma and chroma to RGB (ITU-R BT.601 and BT.709), chroma taken from the nearest sample.

use super::decode::Planes;

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
    let table = Table::new(picture.bt709, picture.full_range);
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
            rgb.extend(row[..width].iter().flat_map(|y| table.rgb(*y, 128, 128)));
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
    offset: i32,
    luma: i32,
    red: i32,
    green: [i32; 2],
    blue: i32,
}

impl Table {
    fn new(bt709: bool, full_range: bool) -> Self {
        // Shares of red and blue in luma.
        let (kr, kb) = if bt709 { (0.2126, 0.0722) } else { (0.299, 0.114) };
        let kg = 1.0 - kr - kb;
        let (offset, luma, chroma) = if full_range { (0, 1.0, 1.0) } else { (16, 255.0 / 219.0, 255.0 / 224.0) };
        let fixed = |x: f64| (x * f64::from(1 << POINT)).round() as i32;
        Self {
            offset,
            luma: fixed(luma),
            red: fixed(2.0 * (1.0 - kr) * chroma),
            green: [fixed(2.0 * kb * (1.0 - kb) / kg * chroma), fixed(2.0 * kr * (1.0 - kr) / kg * chroma)],
            blue: fixed(2.0 * (1.0 - kb) * chroma),
        }
    }

    fn rgb(&self, y: u8, u: u8, v: u8) -> [u8; 3] {
        let y = (i32::from(y) - self.offset) * self.luma + (1 << (POINT - 1));
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        let byte = |x: i32| (x >> POINT).clamp(0, 255) as u8;
        [byte(y + self.red * v), byte(y - self.green[0] * u - self.green[1] * v), byte(y + self.blue * u)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_come_out() {
        let limited = Table::new(false, false);
        assert_eq!(limited.rgb(16, 128, 128), [0, 0, 0], "black");
        assert_eq!(limited.rgb(235, 128, 128), [255, 255, 255], "white");
        assert_eq!(limited.rgb(81, 90, 240), [254, 0, 0], "red of BT.601, as 8-bit tables have it");
        assert_eq!(Table::new(true, false).rgb(63, 102, 240), [255, 1, 0], "red of BT.709");
        assert_eq!(Table::new(false, true).rgb(77, 128, 128), [77, 77, 77], "grey at full range");
    }

    #[test]
    fn odd_sizes_have_chroma_for_their_last_row_and_column() {
        let planes = Planes {
            size: [3, 3],
            planes: [&[128; 9], &[128; 4], &[128; 4]],
            strides: [3, 2],
            chroma: Some([1, 1]),
            bt709: false,
            full_range: true,
        };
        let mut rgb = Vec::new();
        to_rgb(&planes, [3, 3], &mut rgb).expect("converted");
        assert_eq!(rgb, [128; 27], "grey");
        assert!(to_rgb(&planes, [3, 4], &mut rgb).is_err(), "another size");
        let short = Planes { planes: [&[128; 9], &[128; 3], &[128; 4]], ..planes };
        assert!(to_rgb(&short, [3, 3], &mut rgb).is_err(), "a plane that ends too early");
    }
}
