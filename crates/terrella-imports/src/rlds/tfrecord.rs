//! TFRecord framing: length, its checksum, data, its checksum, one record after the other.
//!
//! [`Framing`] is a state machine that only sees bytes and says how many it wants next; [`Records`]
//! feeds it from anything that can be read. A length counts only once its checksum holds and as many
//! bytes are really there, so nothing is allocated on the word of a damaged or hostile file.

use std::io::Read;

/// Bytes before the data: the length and its checksum.
const HEADER: u64 = 12;
/// Bytes after the data: its checksum.
const FOOTER: u64 = 4;

/// One record whose checksums hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Where its length stands in the file.
    pub(crate) offset: u64,
    /// What it holds.
    pub(crate) data: Vec<u8>,
}

/// A record that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Where its length stands in the file.
    pub(crate) offset: u64,
    /// What is wrong, with the numbers.
    pub(crate) what: String,
}

/// Where in a record the next bytes lie.
enum State {
    Header,
    Data {
        length: u64,
    },
    /// The end, or a place after which nothing can be found again.
    Done,
}

/// What came of the bytes that were fed.
enum Found {
    /// A header; its data is wanted next.
    Header,
    Data,
    Damage(Damage),
}

/// The state machine.
struct Framing {
    offset: u64,
    end: u64,
    state: State,
}

impl Framing {
    /// How many bytes come next; 0 at the end. Never more than there are.
    fn wants(&self) -> u64 {
        match self.state {
            State::Header => HEADER.min(self.end.saturating_sub(self.offset)),
            State::Data { length } => length + FOOTER,
            State::Done => 0,
        }
    }

    /// Takes the bytes that were wanted.
    fn feed(&mut self, bytes: &[u8]) -> Found {
        match self.state {
            State::Data { length } => {
                let offset = self.offset;
                self.offset += HEADER + length + FOOTER;
                self.state = State::Header;
                let (data, footer) = bytes.split_at(bytes.len() - FOOTER as usize);
                let (stored, found) = (number(footer) as u32, masked(data));
                if stored == found {
                    return Found::Data;
                }
                let what = format!("its {length} bytes have checksum {found:08x}, {stored:08x} is stored");
                Found::Damage(Damage { offset, what })
            }
            _ => self.header(bytes),
        }
    }

    fn header(&mut self, bytes: &[u8]) -> Found {
        // After a length that cannot be trusted there is no way to find the next record.
        let mut stop = |what: String| {
            self.state = State::Done;
            Found::Damage(Damage { offset: self.offset, what })
        };
        if (bytes.len() as u64) < HEADER {
            return stop(format!("truncated: {} of the {HEADER} bytes of a header are there", bytes.len()));
        }
        let (length, stored, found) = (number(&bytes[..8]), number(&bytes[8..]) as u32, masked(&bytes[..8]));
        let left = self.end - self.offset - HEADER;
        if stored != found {
            return stop(format!(
                "its length has checksum {found:08x}, {stored:08x} is stored; the {left} bytes after it cannot be read"
            ));
        }
        if length > left.saturating_sub(FOOTER) || left < FOOTER {
            return stop(format!("truncated: it promises {length} bytes and a checksum, {left} bytes are there"));
        }
        self.state = State::Data { length };
        Found::Header
    }
}

/// The records of anything that can be read, in order.
pub(crate) struct Records<R> {
    input: R,
    framing: Framing,
}

impl<R: Read> Records<R> {
    /// Reads from `offset`, where the input has to stand, to `end`, which has to be its true end.
    pub(crate) fn new(input: R, offset: u64, end: u64) -> Self {
        Self { input, framing: Framing { offset, end, state: State::Header } }
    }
}

impl<R: Read> Iterator for Records<R> {
    type Item = std::io::Result<Result<Record, Damage>>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.framing.offset;
        loop {
            let n = self.framing.wants() as usize;
            if n == 0 {
                return None;
            }
            let mut data = vec![0; n];
            if let Err(error) = self.input.read_exact(&mut data) {
                self.framing.state = State::Done;
                return Some(Err(error));
            }
            match self.framing.feed(&data) {
                Found::Header => {}
                Found::Damage(damage) => return Some(Ok(Err(damage))),
                Found::Data => {
                    data.truncate(n - FOOTER as usize);
                    return Some(Ok(Ok(Record { offset, data })));
                }
            }
        }
    }
}

/// A little-endian number of up to 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// CRC-32C, rotated and shifted as TFRecord stores it, so that checksums of checksums differ.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(records: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for data in records {
            let length = (data.len() as u64).to_le_bytes();
            bytes.extend(length);
            bytes.extend(masked(&length).to_le_bytes());
            bytes.extend(*data);
            bytes.extend(masked(data).to_le_bytes());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Vec<Result<Record, Damage>> {
        Records::new(bytes, 0, bytes.len() as u64).map(|r| r.expect("bytes in memory")).collect()
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283, "RFC 3720");
        // The first 12 bytes of every TFRecord with an empty record.
        assert_eq!(masked(&[0; 8]).to_le_bytes(), [0x29, 0x03, 0x98, 0x07], "tensorflow.io.TFRecordWriter");
    }

    #[test]
    fn a_damaged_record_is_named_and_the_next_one_read() {
        let mut bytes = file(&[b"one", b"two", b""]);
        bytes[19 + 12] ^= 1;
        let found = read(&bytes);
        assert_eq!(found[0], Ok(Record { offset: 0, data: b"one".to_vec() }), "before");
        let damage = found[1].as_ref().expect_err("a flipped bit");
        assert_eq!(damage.offset, 19, "where it starts");
        assert!(damage.what.contains("its 3 bytes have checksum"), "{}", damage.what);
        assert_eq!(found[2], Ok(Record { offset: 38, data: Vec::new() }), "after");
    }

    #[test]
    fn a_length_that_is_damaged_or_too_large_ends_the_file() {
        let mut bytes = file(&[b"one", b"two"]);
        bytes[19] ^= 1;
        let found = read(&bytes);
        assert_eq!(found.len(), 2, "nothing after the damage");
        assert!(found[1].as_ref().expect_err("damaged").what.contains("the 7 bytes after it cannot be read"));
        let length = u64::MAX.to_le_bytes();
        let huge = [&length[..], &masked(&length).to_le_bytes(), b"few"].concat();
        assert!(read(&huge)[0].as_ref().expect_err("huge").what.contains("promises 18446744073709551615 bytes"));
        for keep in 1..19 {
            let found = read(&bytes[..keep]);
            assert!(found.len() == 1 && found[0].as_ref().is_err_and(|d| d.what.contains("truncated")), "{keep} bytes");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read(&bytes);
        }
    }
}
