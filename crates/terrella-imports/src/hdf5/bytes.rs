//! Bytes as HDF5 stores them: numbers with their low byte first, texts, and the sum behind each structure.

/// Bob Jenkins' sum of bytes (lookup3, 2006), which the format has behind its structures.
pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    let [mut a, mut b, mut c] = [0xdead_beef_u32.wrapping_add(bytes.len() as u32); 3];
    let word =
        |part: &[u8], at: usize| (0..4).fold(0, |w, i| w | u32::from(*part.get(at + i).unwrap_or(&0)) << (8 * i));
    let mut rest = bytes;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.len().min(12));
        a = a.wrapping_add(word(part, 0));
        b = b.wrapping_add(word(part, 4));
        c = c.wrapping_add(word(part, 8));
        rest = after;
        if rest.is_empty() {
            break;
        }
        for (k, l, m) in [(4, 6, 8), (16, 19, 4)] {
            a = a.wrapping_sub(c) ^ c.rotate_left(k);
            c = c.wrapping_add(b);
            b = b.wrapping_sub(a) ^ a.rotate_left(l);
            a = a.wrapping_add(c);
            c = c.wrapping_sub(b) ^ b.rotate_left(m);
            b = b.wrapping_add(a);
        }
    }
    if !bytes.is_empty() {
        let ends = |x: u32, y: u32, k: u32| (x ^ y).wrapping_sub(y.rotate_left(k));
        c = ends(c, b, 14);
        a = ends(a, c, 11);
        b = ends(b, a, 25);
        c = ends(c, b, 16);
        a = ends(a, c, 4);
        b = ends(b, a, 14);
        c = ends(c, b, 24);
    }
    c
}

/// A text, whatever its bytes are.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bytes that are read from the front, numbers with their low byte first.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn skip(&mut self, n: usize) -> Option<()> {
        self.take(n).map(drop)
    }

    pub(super) fn number(&mut self, n: usize) -> Option<u64> {
        Some(self.take(n)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_its_author() {
        // From his own driver of the function.
        assert_eq!(
            (lookup3(b""), lookup3(b"Four score and seven years ago")),
            (0xdead_beef, 0x1777_0551),
            "known sums"
        );
    }
}
