//! What an H.264 stream says of its colours and its profile: the sequence parameter set (ITU-T H.264, 7.3.2.1 and E.1).
//!
//! The decoder tells neither, and refuses what it cannot decode without a word of why.

use super::bits::Bits;

/// The unit that holds it.
const SPS: u8 = 7;
/// Profiles that say how chroma is sampled and how many bits there are.
const HIGH: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// How luma and chroma stand for colours; the code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colours {
    pub(super) matrix: u8,
    /// 0 to 255 instead of 16 to 235.
    pub(super) full_range: bool,
}

impl Colours {
    /// What is meant where nothing is said: what ffmpeg encodes from RGB is BT.601, limited.
    pub(super) const UNSAID: Self = Self { matrix: 2, full_range: false };
}

/// A sequence parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    profile: u8,
    /// 0 for grey, 1 to 3 for 4:2:0, 4:2:2 and 4:4:4.
    chroma: u32,
    bits: u32,
    interlaced: bool,
    pub(super) colours: Colours,
}

impl Sequence {
    /// The last one in units behind start codes, if there is one that makes sense.
    pub(super) fn last_in(stream: &[u8]) -> Option<Self> {
        let begins = |at: &usize| stream[*at..].starts_with(&[0, 0, 1]);
        let heads = (0..stream.len().saturating_sub(3)).filter(begins).map(|at| at + 3);
        let mut sets = heads.rev().filter(|at| stream[*at] & 0x1f == SPS);
        sets.find_map(|at| Self::parse(&stream[at + 1..]))
    }

    /// What follows the head of the unit.
    fn parse(unit: &[u8]) -> Option<Self> {
        let mut bits = Bits::of(unit);
        let profile = bits.number(8)? as u8;
        bits.number(16)?;
        bits.exp()?;
        let (mut chroma, mut depth) = (1, 8);
        if HIGH.contains(&profile) {
            chroma = bits.exp()?;
            if chroma == 3 {
                bits.number(1)?;
            }
            let [luma, colour] = [bits.exp()?, bits.exp()?];
            depth = 8 + luma.max(colour).min(6);
            bits.number(1)?;
            if bits.flag()? {
                for list in 0..if chroma == 3 { 12 } else { 8 } {
                    if bits.flag()? {
                        bits.scaling_list(if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        bits.exp()?;
        match bits.exp()? {
            0 => drop(bits.exp()?),
            1 => {
                bits.number(1)?;
                bits.exp()?;
                bits.exp()?;
                for _ in 0..bits.exp()?.min(255) {
                    bits.exp()?;
                }
            }
            _ => {}
        }
        bits.exp()?;
        bits.number(1)?;
        bits.exp()?;
        bits.exp()?;
        let interlaced = !bits.flag()?;
        if interlaced {
            bits.number(1)?;
        }
        bits.number(1)?;
        if bits.flag()? {
            for _ in 0..4 {
                bits.exp()?;
            }
        }
        let colours = if bits.flag()? { bits.colours()? } else { Colours::UNSAID };
        Some(Self { profile, chroma, bits: depth, interlaced, colours })
    }

    /// Why it cannot be decoded, if it is of a kind that cannot.
    pub(super) fn unreadable(&self) -> Option<String> {
        let profile = match self.profile {
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 => "High",
            110 => "High 10",
            122 => "High 4:2:2",
            244 => "High 4:4:4 Predictive",
            44 => "CAVLC 4:4:4 Intra",
            _ => "another profile",
        };
        let chroma = ["grey", "4:2:0", "4:2:2", "4:4:4"].get(self.chroma as usize).unwrap_or(&"unknown chroma");
        let woven = if self.interlaced { ", interlaced" } else { "" };
        (self.chroma > 1 || self.bits > 8 || self.interlaced).then(|| {
            format!(
                "its H.264 is {profile} ({chroma}, {} bits{woven}); whole pictures in 4:2:0 of 8 bits can be read",
                self.bits
            )
        })
    }
}

impl Bits {
    fn scaling_list(&mut self, length: usize) -> Option<()> {
        let (mut last, mut next) = (8i64, 8i64);
        for _ in 0..length {
            if next != 0 {
                let coded = i64::from(self.exp()?);
                let delta = if coded % 2 == 1 { (coded + 1) / 2 } else { -coded / 2 };
                next = (last + delta).rem_euclid(256);
            }
            last = if next == 0 { last } else { next };
        }
        Some(())
    }

    /// The beginning of the usability information, up to colours.
    fn colours(&mut self) -> Option<Colours> {
        if self.flag()? && self.number(8)? == 255 {
            self.number(32)?;
        }
        if self.flag()? {
            self.number(1)?;
        }
        let mut colours = Colours::UNSAID;
        if self.flag()? {
            self.number(3)?;
            colours.full_range = self.flag()?;
            if self.flag()? {
                self.number(16)?;
                colours.matrix = self.number(8)? as u8;
            }
        }
        Some(colours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By x264, of the videos in tests/data/h264: bt601_full, yuv444, bits10 and bt709_limited.
    const SETS: [&[u8]; 4] = [
        b"\0\0\x01\x67\x64\0\x0a\xac\xd9\x49\x69\xb8\x10\x10\x32\0\0\x03\0\x02\0\0\x03\0\x28\x1e\x24\x4b\x2c",
        b"\0\0\x01\x67\xf4\0\x0a\x91\x9b\x29\x2d\x35\x02\x02\x06\x40\0\0\x03\0\x40\0\0\x05\x03\xc4\x89\x65\x80",
        b"\0\0\x01\x67\x6e\0\x0a\xa6\xcd\x94\x96\x9a\x81\x01\x03\x20\0\0\x03\0\x20\0\0\x03\x02\x81\xe2\x44\xb2\xc0",
        b"\0\0\x01\x67\x64\0\x0a\xac\xd9\x49\x69\xa8\x10\x10\x0a\0\0\x03\0\x02\0\0\x03\0\x28\x1e\x24\x4b\x2c",
    ];

    #[test]
    fn what_a_stream_says_of_itself_is_read() {
        let full = SETS[0];
        let sequence = Sequence::last_in(full).expect("a sequence");
        assert_eq!(
            (sequence.colours, sequence.unreadable()),
            (Colours { matrix: 6, full_range: true }, None),
            "{sequence:?}"
        );
        let told = Sequence::last_in(SETS[1]).expect("a sequence").unreadable().expect("told");
        assert!(told.contains("High 4:4:4 Predictive (4:4:4, 8 bits)"), "{told}");
        let told = Sequence::last_in(SETS[2]).expect("a sequence").unreadable().expect("told");
        assert!(told.contains("High 10 (4:2:0, 10 bits)"), "{told}");
        let bt709 = Sequence::last_in(SETS[3]).expect("a sequence");
        assert_eq!(bt709.colours, Colours { matrix: 1, full_range: false }, "{bt709:?}");
        for length in 0..full.len() {
            // Nothing but what it says may come of half of it.
            let half = Sequence::last_in(&full[..length]);
            assert!(half.is_none_or(|half| half.unreadable().is_none()), "{length} bytes");
        }
        assert_eq!(Sequence::last_in(&[0, 0, 1, 7, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None, "zeros without an end");
    }
}
