//! Depth as ROS's `compressed_depth_image_transport` packs it: twelve bytes about how, then a PNG, or RVL.
//!
//! Millimetres are packed as they are. Of metres as floats the inverse is, so that near things are exact: a count `c`
//! is `a / (c - b)` metres, with the two numbers that stand before. RVL is Wilson's, "Fast lossless depth image
//! compression" (ISS 2017): runs of zeros and of differences, in numbers of three bits a nibble.

use super::pixels::millimetres;
use terrella_media::depth;
use terrella_media::png_file::LARGEST_SIDE;

/// What stands before: a kind that nobody reads, and the two numbers.
const HEADER: usize = 12;
const PNG: &[u8] = b"\x89PNG";

/// Height, width and counts, the low byte first.
type Counts = (usize, usize, Vec<u8>);

/// Whether a picture is packed so; some recorders do not say it in its format.
pub(super) fn is(format: &str, data: &[u8]) -> bool {
    format.contains("compressedDepth") || data.get(HEADER..).is_some_and(|rest| rest.starts_with(PNG))
}

/// Unpacks to millimetres.
pub(super) fn decode(format: &str, data: &[u8]) -> Result<Counts, String> {
    let (head, packed) = data.split_at_checked(HEADER).ok_or("it ends within its head: it is cut")?;
    let float = |at: usize| f32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (height, width, mut counts) =
        if format.to_lowercase().contains("rvl") { rvl(packed)? } else { depth::decode(packed)? };
    if format.starts_with("32FC1") {
        let (a, b) = (f64::from(float(4)), f64::from(float(8)));
        for two in counts.as_chunks_mut::<2>().0 {
            let count = u16::from_le_bytes(*two);
            let metres = if count == 0 { 0.0 } else { a / (f64::from(count) - b) };
            *two = millimetres(metres).to_le_bytes();
        }
    }
    Ok((height, width, counts))
}

fn rvl(packed: &[u8]) -> Result<Counts, String> {
    let cut = || "its RVL ends too early: it is cut".to_owned();
    let (width, rest) = packed.split_first_chunk::<4>().ok_or_else(cut)?;
    let (height, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let [height, width] = [height, width].map(|n| u32::from_le_bytes(*n) as usize);
    if height.max(width) > LARGEST_SIDE || height * width == 0 {
        return Err(format!("{width}x{height} pixels, a side may have 1 to {LARGEST_SIDE}"));
    }
    let wanted = height * width * 2;
    let (mut nibbles, mut counts, mut before) = (Nibbles { packed: rest, at: 0 }, Vec::new(), 0u16);
    while counts.len() < wanted {
        let zeros = nibbles.number().ok_or_else(cut)? as usize;
        let many = nibbles.number().ok_or_else(cut)? as usize;
        let left = (wanted - counts.len()) / 2;
        if zeros.saturating_add(many) > left || zeros + many == 0 {
            return Err(format!("its RVL has a run of {zeros} and {many} pixels where {left} are left: it is damaged"));
        }
        counts.resize(counts.len() + 2 * zeros, 0);
        for _ in 0..many {
            let folded = nibbles.number().ok_or_else(cut)?;
            let difference = (folded >> 1) as i32 ^ -((folded & 1) as i32);
            before = before.wrapping_add(difference as u16);
            counts.extend(before.to_le_bytes());
        }
    }
    Ok((height, width, counts))
}

/// Numbers of several nibbles, the lowest three bits first; the highest bit of a nibble says that more follow.
/// Nibbles lie in words of 32 bits, low byte first, the highest nibble first.
struct Nibbles<'a> {
    packed: &'a [u8],
    at: usize,
}

impl Nibbles<'_> {
    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..32).step_by(3) {
            let byte = *self.packed.get(self.at / 8 * 4 + 3 - self.at % 8 / 2)?;
            let nibble = if self.at.is_multiple_of(2) { byte >> 4 } else { byte & 15 };
            self.at += 1;
            number |= u32::from(nibble & 7) << shift;
            if nibble & 8 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_core::Pixel;
    use terrella_media::png_file::encode;

    /// The other way around, for pictures of one row.
    fn packed_rvl(counts: &[u16]) -> Vec<u8> {
        let mut nibbles = Vec::new();
        let mut put = |mut number: u32| loop {
            let more = if number > 7 { 8 } else { 0 };
            nibbles.push((number & 7) as u8 | more);
            number >>= 3;
            if more == 0 {
                break;
            }
        };
        let (mut rest, mut before) = (counts, 0i32);
        while !rest.is_empty() {
            let zeros = rest.iter().take_while(|c| **c == 0).count();
            let many = rest[zeros..].iter().take_while(|c| **c != 0).count();
            put(zeros as u32);
            put(many as u32);
            for count in &rest[zeros..zeros + many] {
                let difference = i32::from(*count) - before;
                put(((difference << 1) ^ (difference >> 31)) as u32);
                before = i32::from(*count);
            }
            rest = &rest[zeros + many..];
        }
        nibbles.resize(nibbles.len().next_multiple_of(8), 0);
        let words = nibbles.chunks(8).map(|w| w.iter().fold(0u32, |word, nibble| word << 4 | u32::from(*nibble)));
        let sizes = [counts.len() as u32, 1].map(u32::to_le_bytes).concat();
        [sizes, words.flat_map(u32::to_le_bytes).collect()].concat()
    }

    fn bytes(counts: &[u16]) -> Vec<u8> {
        counts.iter().flat_map(|c| c.to_le_bytes()).collect()
    }

    #[test]
    fn rvl_keeps_every_count() {
        let counts = [0, 0, 0, 500, 501, 499, 60_000, 3, 0, 65_535, 1, 0];
        let data = [vec![0; HEADER], packed_rvl(&counts)].concat();
        assert!(is("16UC1; compressedDepth rvl", &data), "known by its format");
        assert_eq!(decode("16UC1; compressedDepth rvl", &data), Ok((1, 12, bytes(&counts))), "lossless");
        for end in 0..data.len() {
            let _ = decode("16UC1; compressedDepth rvl", &data[..end])
                .map_err(|e| assert!(e.contains("cut") || e.contains("damaged"), "{e}"));
        }
        assert!(decode("rvl", &data[..data.len() - 4]).is_err(), "a word is missing");
    }

    #[test]
    fn the_inverse_of_metres_becomes_millimetres() {
        // As the transport has it: up to 10 m, exact at 1/100 of it.
        let (a, b) = (100.0 * 101.0f32, 1.0 - 100.0 * 101.0f32 / 10.0);
        let head = [vec![0; 4], a.to_le_bytes().to_vec(), b.to_le_bytes().to_vec()].concat();
        let metres = [0.5f32, 2.0, 9.0];
        let counts: Vec<u16> = metres.iter().map(|m| (a / m + b) as u16).chain([0]).collect();
        let png = encode(Pixel::Depth, [2, 2], &bytes(&counts)).expect("a picture");
        for (packed, size) in [(png, (2, 2)), (packed_rvl(&counts), (1, 4))] {
            let how = if size.0 == 1 { "32FC1; compressedDepth rvl" } else { "32FC1; compressedDepth png" };
            let data = [&head[..], &packed].concat();
            let (height, width, found) = decode(how, &data).expect("decoded");
            assert_eq!((height, width), size, "the size");
            let found: Vec<u16> = found.as_chunks().0.iter().map(|c| u16::from_le_bytes(*c)).collect();
            for (metres, found) in metres.iter().zip(&found) {
                assert!((f32::from(*found) - 1000.0 * metres).abs() < 10.0, "{metres} m is {found} mm");
            }
            assert_eq!(found[3], 0, "unknown stays unknown");
        }
    }
}
