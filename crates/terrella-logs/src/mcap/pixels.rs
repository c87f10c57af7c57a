//! Plain pixels as cameras send them: colours side by side, mosaics of Bayer, luma with chroma, depth.
//!
//! An encoding, by its name in ROS and Foxglove, is a [`Layout`]. Colours of 16 bits become 8, the whole range of one
//! that of the other. Between the samples of a mosaic lies their mean. Luma and chroma are taken as BT.601 in full
//! range, since no message says which they are. Depth is millimetres in 16 bits, or metres as floats (REP 118).

use terrella_core::Pixel;

/// Encodings that are colours.
const COLOURS: &str = "rgb8, bgr8, rgba8, bgra8, the same with 16, mono8, mono16, 8UC1, 8UC3, 8UC4, 16UC3, 16UC4, bayer_*8, bayer_*16, uyvy (yuv422), yuyv (yuv422_yuy2), nv12, nv21 and nv24";

/// The bytes of a picture.
pub(super) struct Plain<'a> {
    pub(super) data: &'a [u8],
    /// Height and width.
    pub(super) size: [usize; 2],
    /// Bytes from one row to the next.
    pub(super) step: usize,
    /// Whether the high byte of 16 or 32 bits comes first.
    pub(super) big: bool,
}

/// How the bytes of a picture are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// So many samples a pixel, and where red, green and blue stand among them.
    Colours { at: [usize; 3], samples: usize, wide: bool },
    /// One sample a pixel, and row and column of the red one in every two by two.
    Mosaic { red: [usize; 2], wide: bool },
    /// Two pixels in four bytes, the first luma at this one.
    Pairs { luma: usize },
    /// Luma, behind it chroma of every two by two pixels (or of every one), blue at this byte of its two.
    Planes { blue: usize, halved: bool },
    /// Depth in millimetres.
    Counts,
    /// Depth in metres.
    Metres,
}

impl Layout {
    /// What an encoding means where pixels of this kind are wanted.
    pub(super) fn of(encoding: &str, pixel: Pixel) -> Result<Self, String> {
        let colours = |at, samples, wide| Self::Colours { at, samples, wide };
        let (rgb, bgr, grey) = ([0, 1, 2], [2, 1, 0], [0; 3]);
        Ok(match (encoding, pixel) {
            ("16UC1" | "mono16", Pixel::Depth) => Self::Counts,
            ("32FC1", Pixel::Depth) => Self::Metres,
            (other, Pixel::Depth) => {
                let what = "which is no depth; 16UC1, mono16 and 32FC1 are";
                return Err(format!("its pixels are \"{other:.40}\", {what}: name a topic with one of those as depth"));
            }
            ("16UC1" | "32FC1", Pixel::Rgb) => {
                let remedy = "name its topic under [views.NAME] with depth = 0.001 in a mapping, or another with --camera";
                return Err(format!("its pixels are \"{encoding}\", which is depth: {remedy}"));
            }
            ("rgb8", _) => colours(rgb, 3, false),
            ("bgr8" | "8UC3", _) => colours(bgr, 3, false),
            ("rgba8", _) => colours(rgb, 4, false),
            ("bgra8" | "8UC4", _) => colours(bgr, 4, false),
            ("mono8" | "8UC1", _) => colours(grey, 1, false),
            ("rgb16", _) => colours(rgb, 3, true),
            ("bgr16" | "16UC3", _) => colours(bgr, 3, true),
            ("rgba16", _) => colours(rgb, 4, true),
            ("bgra16" | "16UC4", _) => colours(bgr, 4, true),
            ("mono16", _) => colours(grey, 1, true),
            ("uyvy" | "yuv422", _) => Self::Pairs { luma: 1 },
            ("yuyv" | "yuv422_yuy2", _) => Self::Pairs { luma: 0 },
            ("nv12", _) => Self::Planes { blue: 0, halved: true },
            ("nv21", _) => Self::Planes { blue: 1, halved: true },
            ("nv24", _) => Self::Planes { blue: 0, halved: false },
            (other, _) => Self::mosaic(other).ok_or_else(|| {
                let remedy = "record a topic with one of those (image_proc makes rgb8 of what a driver sends), or name another with --camera";
                format!("its pixels are \"{other:.40}\"; {COLOURS} can be read: {remedy}")
            })?,
        })
    }

    /// `bayer_rggb8` and its like: the two by two of the first corner, and the bits of a sample.
    pub(super) fn mosaic(encoding: &str) -> Option<Self> {
        let (corner, bits) = encoding.strip_prefix("bayer_")?.split_at_checked(4)?;
        let red = match corner {
            "rggb" => [0, 0],
            "grbg" => [0, 1],
            "gbrg" => [1, 0],
            "bggr" => [1, 1],
            _ => return None,
        };
        matches!(bits, "8" | "16").then_some(Self::Mosaic { red, wide: bits == "16" })
    }

    /// Bytes of a row of so many pixels.
    fn row(self, width: usize) -> usize {
        match self {
            Self::Colours { samples, wide, .. } => width * samples * (1 + usize::from(wide)),
            Self::Mosaic { wide, .. } => width * (1 + usize::from(wide)),
            Self::Pairs { .. } => width.next_multiple_of(2) * 2,
            Self::Planes { .. } => width,
            Self::Counts => width * 2,
            Self::Metres => width * 4,
        }
    }

    /// What of it a reader should know who sees the colours only.
    pub(super) fn told(self) -> Option<&'static str> {
        match self {
            Self::Colours { wide: true, .. } => Some("colours of 16 bits became 8, 65535 is white"),
            Self::Mosaic { wide: true, .. } => {
                Some("colours of 16 bits became 8, 65535 is white; between the samples of the mosaic lies their mean")
            }
            Self::Mosaic { .. } => Some("between the samples of the mosaic lies their mean"),
            Self::Pairs { .. } | Self::Planes { .. } => {
                Some("luma and chroma were taken as BT.601 in full range, which messages do not say")
            }
            _ => None,
        }
    }

    /// The pixels: RGB, or counts of depth with the low byte first.
    pub(super) fn pixels(self, plain: &Plain<'_>) -> Result<Vec<u8>, String> {
        let Plain { data, size: [height, width], step, big } = *plain;
        let row = self.row(width);
        let last = step.checked_mul(height - 1).and_then(|n| n.checked_add(row));
        let planes = matches!(self, Self::Planes { .. });
        if !planes && (step < row || last.is_none_or(|n| n > data.len())) {
            return Err(format!(
                "{height} rows of {step} bytes do not hold {width} pixels in {row} bytes in the {} that are there: it is cut, or its driver names another encoding or step than it sends",
                data.len()
            ));
        }
        let rows = || data.chunks(step).take(height).map(|bytes| &bytes[..row]);
        Ok(match self {
            Self::Colours { at, samples, wide } => {
                let pixel = samples * (1 + usize::from(wide));
                let pixels = rows().flat_map(|row| row.chunks_exact(pixel));
                pixels.flat_map(|pixel| at.map(|at| sample(pixel, at, wide, big))).collect()
            }
            Self::Mosaic { red, wide } => {
                let samples = rows().flat_map(|row| (0..width).map(|x| sample(row, x, wide, big)));
                mosaic_to_rgb(&samples.collect::<Vec<u8>>(), [height, width], red)?
            }
            Self::Pairs { luma } => {
                let pairs = |row: &[u8]| {
                    let pairs = row.as_chunks::<4>().0.iter();
                    let both = |p: &[u8; 4]| [0, 2].map(|at| colour(p[at + luma], p[1 - luma], p[3 - luma]));
                    pairs.flat_map(both).take(width).flatten().collect::<Vec<u8>>()
                };
                rows().flat_map(pairs).collect()
            }
            Self::Planes { blue, halved } => planes_to_rgb(plain, blue, usize::from(halved))?,
            Self::Counts => {
                let counts = rows().flat_map(|row| row.as_chunks::<2>().0);
                counts.flat_map(|[a, b]| if big { [*b, *a] } else { [*a, *b] }).collect()
            }
            Self::Metres => {
                let metres = |four: &[u8; 4]| if big { f32::from_be_bytes(*four) } else { f32::from_le_bytes(*four) };
                let all = rows().flat_map(|row| row.as_chunks::<4>().0);
                all.flat_map(|four| millimetres(f64::from(metres(four))).to_le_bytes()).collect()
            }
        })
    }
}

/// One of several samples, as 8 bits.
fn sample(bytes: &[u8], at: usize, wide: bool, big: bool) -> u8 {
    if !wide {
        return bytes[at];
    }
    let two = [bytes[2 * at], bytes[2 * at + 1]];
    let count = if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) };
    ((u32::from(count) + 128) / 257) as u8
}

/// Metres to millimetres; 0 for what is no distance or more than fits.
pub(super) fn millimetres(metres: f64) -> u16 {
    let rounded = (metres * 1000.0).round();
    if (0.0..=f64::from(u16::MAX)).contains(&rounded) { rounded as u16 } else { 0 }
}

/// RGB of a mosaic, bilinear; beyond an edge lies what is on this side of it.
pub(super) fn mosaic_to_rgb(samples: &[u8], [height, width]: [usize; 2], red: [usize; 2]) -> Result<Vec<u8>, String> {
    if height < 2 || width < 2 {
        return Err(format!("{height}x{width} pixels are less than one square of a mosaic"));
    }
    // The neighbours at both sides keep the colour that the mosaic has there.
    let around = |at: usize, n: usize| [if at == 0 { 1 } else { at - 1 }, if at + 1 == n { n - 2 } else { at + 1 }];
    let mut rgb = Vec::with_capacity(samples.len() * 3);
    for y in 0..height {
        let [up, down] = around(y, height).map(|y| &samples[y * width..(y + 1) * width]);
        let here = &samples[y * width..(y + 1) * width];
        for x in 0..width {
            let [left, right] = around(x, width);
            let mean = |all: &[u8]| {
                let sum: usize = all.iter().map(|x| usize::from(*x)).sum();
                ((sum + all.len() / 2) / all.len()) as u8
            };
            let own = here[x];
            let beside = || mean(&[here[left], here[right]]);
            let above = || mean(&[up[x], down[x]]);
            let cross = || mean(&[here[left], here[right], up[x], down[x]]);
            let corners = || mean(&[up[left], up[right], down[left], down[right]]);
            rgb.extend(match ((y + red[0]) % 2, (x + red[1]) % 2) {
                (0, 0) => [own, cross(), corners()],
                (0, _) => [beside(), own, above()],
                (_, 0) => [above(), own, beside()],
                _ => [corners(), cross(), own],
            });
        }
    }
    Ok(rgb)
}

/// RGB of luma with chroma behind it, at every pixel or at every second one of both directions.
fn planes_to_rgb(plain: &Plain<'_>, blue: usize, halved: usize) -> Result<Vec<u8>, String> {
    let Plain { data, size: [height, width], step, .. } = *plain;
    let (rows, row) = (((height - 1) >> halved) + 1, (((width - 1) >> halved) + 1) * 2);
    // Some drivers count two bytes a pixel in `step`, whatever they send.
    let fits = |step: usize| {
        let below = if halved == 1 { step.max(row) } else { step * 2 };
        let end = step * height + below * (rows - 1) + row;
        (step >= width && end <= data.len()).then_some((step, below))
    };
    let Some((step, below)) = fits(step).or_else(|| fits(width)) else {
        return Err(format!("{} bytes do not hold luma and chroma of {height}x{width} pixels: it is cut", data.len()));
    };
    let mut rgb = Vec::with_capacity(height * width * 3);
    for y in 0..height {
        let luma = &data[y * step..y * step + width];
        let chroma = &data[height * step + (y >> halved) * below..][..row];
        for (x, luma) in luma.iter().enumerate() {
            let at = (x >> halved) * 2;
            rgb.extend(colour(*luma, chroma[at + blue], chroma[at + 1 - blue]));
        }
    }
    Ok(rgb)
}

/// BT.601 in full range, as JPEG has it, in fixed point of 16 bits.
fn colour(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let (y, u, v) = ((i32::from(luma) << 16) + (1 << 15), i32::from(blue) - 128, i32::from(red) - 128);
    [y + 91_881 * v, y - 22_554 * u - 46_802 * v, y + 116_130 * u].map(|x| (x >> 16).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two halves of these colours, side by side, as a camera would send them.
    const HALVES: [[u8; 3]; 2] = [[200, 40, 20], [20, 60, 180]];
    const SIZE: [usize; 2] = [6, 8];

    fn decoded(encoding: &str, step: usize, big: bool, data: &[u8]) -> Vec<u8> {
        let layout = Layout::of(encoding, Pixel::Rgb).expect("known");
        layout.pixels(&Plain { data, size: SIZE, step, big }).expect("decoded")
    }

    /// How far the colours are off, the column at each side of the border between the halves aside.
    fn off(rgb: &[u8]) -> u8 {
        assert_eq!(rgb.len(), SIZE[0] * SIZE[1] * 3, "all pixels");
        let pixels = rgb.as_chunks::<3>().0.iter().enumerate().filter(|(at, _)| !(3..5).contains(&(at % 8)));
        let each = pixels.flat_map(|(at, rgb)| (0..3).map(move |c| rgb[c].abs_diff(HALVES[at % 8 / 4][c])));
        each.max().expect("pixels")
    }

    fn wide(samples: &[u8], big: bool) -> Vec<u8> {
        let two = |x: &u8| (u16::from(*x) * 257 - 100 * u16::from(*x > 0)).to_be_bytes();
        samples.iter().flat_map(|x| if big { two(x) } else { [two(x)[1], two(x)[0]] }).collect()
    }

    /// Rows with bytes behind them that mean nothing.
    fn padded(data: &[u8], row: usize) -> Vec<u8> {
        data.chunks(row).flat_map(|row| [row, &[99; 6]].concat()).collect()
    }

    #[test]
    fn mosaics_of_every_order_are_the_colours_that_they_were() {
        for (corner, colours) in
            [("rggb", [0, 1, 1, 2]), ("bggr", [2, 1, 1, 0]), ("gbrg", [1, 2, 0, 1]), ("grbg", [1, 0, 2, 1])]
        {
            let at = |i: usize| HALVES[i % 8 / 4][colours[i / 8 % 2 * 2 + i % 2]];
            let samples: Vec<u8> = (0..SIZE[0] * SIZE[1]).map(at).collect();
            assert_eq!(off(&decoded(&format!("bayer_{corner}8"), 14, false, &padded(&samples, 8))), 0, "{corner}");
            for big in [false, true] {
                let rgb = decoded(&format!("bayer_{corner}16"), 16, big, &wide(&samples, big));
                assert!(off(&rgb) <= 1, "{corner} of 16 bits, {big}");
            }
        }
        let small = Plain { data: &[1, 2], size: [1, 2], step: 2, big: false };
        assert!(
            Layout::mosaic("bayer_rggb8").expect("one").pixels(&small).is_err_and(|e| e.contains("1x2")),
            "no square"
        );
        assert!(Layout::mosaic("bayer_rgbg8").is_none() && Layout::mosaic("bayer_rggb12").is_none(), "no such thing");
    }

    #[test]
    fn colours_of_16_bits_are_told_apart_by_their_order() {
        for (encoding, at) in
            [("rgb16", &[0, 1, 2][..]), ("bgr16", &[2, 1, 0]), ("rgba16", &[0, 1, 2, 2]), ("bgra16", &[2, 1, 0, 0])]
        {
            let samples: Vec<u8> = (0..48).flat_map(|i| at.iter().map(move |c| HALVES[i % 8 / 4][*c])).collect();
            for big in [false, true] {
                let rgb = decoded(encoding, 16 * at.len() + 6, big, &padded(&wide(&samples, big), 16 * at.len()));
                assert!(off(&rgb) <= 1, "{encoding}, {big}");
            }
        }
        let grey = decoded("mono16", 16, true, &wide(&[7; 48], true));
        assert_eq!(grey, [7; 144], "grey");
        assert_eq!(
            [0, 127, 128, 384, 385, 65535u16].map(|x| sample(&x.to_le_bytes(), 0, true, false)),
            [0, 0, 0, 1, 1, 255],
            "rounded"
        );
    }

    /// Luma, blue and red difference of a colour, in full range.
    fn ycc([r, g, b]: [u8; 3]) -> [u8; 3] {
        let [r, g, b] = [r, g, b].map(f64::from);
        let y = 0.299 * r + 0.587 * g + 0.114 * b;
        [y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402].map(|x| x.round() as u8)
    }

    #[test]
    fn luma_and_chroma_become_colours() {
        let at = |i: usize| ycc(HALVES[i % 8 / 4]);
        let pairs = |order: [usize; 4]| {
            (0..24)
                .flat_map(|i| {
                    let [y, u, v] = at(2 * i);
                    let four = [y, u, y, v];
                    order.map(|c| four[c])
                })
                .collect::<Vec<u8>>()
        };
        for (encoding, order) in
            [("yuyv", [0, 1, 2, 3]), ("yuv422_yuy2", [0, 1, 2, 3]), ("uyvy", [1, 0, 3, 2]), ("yuv422", [1, 0, 3, 2])]
        {
            assert!(off(&decoded(encoding, 22, false, &padded(&pairs(order), 16))) <= 2, "{encoding}");
        }
        let luma: Vec<u8> = (0..48).map(|i| at(i)[0]).collect();
        let chroma = |n: usize, every: usize, order: [usize; 2]| {
            (0..n).flat_map(|i| order.map(|c| at(i * every)[c])).collect::<Vec<u8>>()
        };
        for (encoding, chroma) in
            [("nv12", chroma(12, 2, [1, 2])), ("nv21", chroma(12, 2, [2, 1])), ("nv24", chroma(48, 1, [1, 2]))]
        {
            let data = [&luma[..], &chroma].concat();
            assert!(off(&decoded(encoding, 8, false, &data)) <= 2, "{encoding}");
            assert!(off(&decoded(encoding, 16, false, &data)) <= 2, "{encoding}, a step that was made up");
            let layout = Layout::of(encoding, Pixel::Rgb).expect("known");
            let cut = layout.pixels(&Plain { data: &data[..data.len() - 1], size: SIZE, step: 8, big: false });
            assert!(cut.is_err_and(|e| e.contains("it is cut")), "{encoding}");
        }
        let half = padded(&[&luma[..], &chroma(12, 2, [1, 2])].concat(), 8);
        assert!(off(&decoded("nv12", 14, false, &half)) <= 2, "padded rows of both planes");
    }

    #[test]
    fn no_size_and_no_encoding_reads_beyond_its_bytes() {
        let all = "rgb8 bgra16 mono16 bayer_gbrg8 bayer_grbg16 uyvy yuyv nv12 nv21 nv24 16UC1 32FC1";
        for (encoding, height, width, step, n) in all.split(' ').flat_map(|encoding| {
            (1..5).flat_map(move |h| {
                (1..5).flat_map(move |w| {
                    [1, 2, 5, 40].into_iter().flat_map(move |s| [0, 7, 60].map(|n| (encoding, h, w, s, n)))
                })
            })
        }) {
            let pixel = if encoding.ends_with("C1") { Pixel::Depth } else { Pixel::Rgb };
            let layout = Layout::of(encoding, pixel).expect("known");
            let data = vec![3; n];
            if let Ok(pixels) = layout.pixels(&Plain { data: &data, size: [height, width], step, big: false }) {
                assert_eq!(pixels.len(), height * width * pixel.bytes(), "{encoding} {height}x{width}");
            }
        }
    }
}
