//! Bits of a parameter set, as H.264 and HEVC write them: flags, numbers of so many bits, and numbers as long as they are large.

/// Bytes of a parameter set that are looked at; those of cameras have some dozens.
const LONGEST: usize = 4096;

/// Bits of a unit, without the bytes that only keep start codes apart.
pub(super) struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    pub(super) fn of(unit: &[u8]) -> Self {
        let mut bytes: Vec<u8> = Vec::new();
        let mut zeros = 0;
        for byte in unit.iter().take(LONGEST) {
            if zeros >= 2 && *byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if *byte == 0 { zeros + 1 } else { 0 };
            bytes.push(*byte);
        }
        Self { bytes, at: 0 }
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    pub(super) fn number(&mut self, bits: usize) -> Option<u32> {
        let mut number = 0;
        for _ in 0..bits {
            number = number << 1 | u32::from(self.flag()?);
        }
        Some(number)
    }

    /// A number of the exponential Golomb code (9.1); signed ones take as many bits.
    pub(super) fn exp(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        if zeros > 31 {
            return None;
        }
        Some((1u32 << zeros) - 1 + self.number(zeros)?)
    }
}
