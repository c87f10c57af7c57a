//! Whether the boxes of an MP4 file fit into each other, before a library allocates what they claim to hold.
//!
//! Only what describes the tracks (`moov`) is looked at; the rest is never read as a whole.

use std::io::{self, Read, Seek, SeekFrom};

/// Boxes that hold boxes, as far as the library goes into them (ISO/IEC 14496-12).
const HOLD_BOXES: [&[u8; 4]; 9] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"meta", b"mvex"];
/// Boxes within boxes; files have six.
const DEEPEST: usize = 16;

/// What is wrong with the boxes of a file of so many bytes, if anything.
pub(super) fn misfit<R: Read + Seek>(reader: &mut R, bytes: u64) -> io::Result<Option<String>> {
    let mut ends = vec![bytes];
    let mut at = 0;
    while let Some(&end) = ends.last() {
        let outermost = ends.len() == 1;
        let Some((size, name, content)) = head(reader, at, end, outermost)? else {
            // Zeros may fill up what is too short for a box; the library would read others together with what follows.
            if !outermost && next(reader, at, end)?.0 != [0; 8] {
                return Ok(Some(format!("a box is cut after {} bytes, at byte {at}", end - at)));
            }
            ends.pop();
            at = end;
            continue;
        };
        let label = name.escape_ascii();
        // The library compares the outermost boxes with the file.
        let left = if outermost { bytes } else { end - at };
        if size < content - at || size > left {
            return Ok(Some(format!("its box \"{label}\" at byte {at} claims {size} bytes where {left} are left")));
        }
        if HOLD_BOXES.contains(&&name) && (!outermost || &name == b"moov") {
            if ends.len() > DEEPEST {
                return Ok(Some(format!("its boxes are nested more than {DEEPEST} deep")));
            }
            ends.push(at + size);
            at = content;
        } else {
            at += size;
        }
    }
    Ok(None)
}

/// Size and name of the box at a place before `end`, and where its content begins.
fn head<R: Read + Seek>(reader: &mut R, at: u64, end: u64, outermost: bool) -> io::Result<Option<(u64, [u8; 4], u64)>> {
    let ([a, b, c, d, name @ ..], true) = next(reader, at, end)? else { return Ok(None) };
    let (size, content) = match u32::from_be_bytes([a, b, c, d]) {
        // Nothing but the last box of the file may leave its size open.
        0 if outermost => return Ok(None),
        1 => match next(reader, at + 8, end)? {
            (size, true) => (u64::from_be_bytes(size), at + 16),
            _ if outermost => return Ok(None),
            _ => (0, at + 16),
        },
        size => (u64::from(size), at + 8),
    };
    // `meta` has four bytes of version and flags before its boxes, which are zero, but not in QuickTime.
    let versioned = &name == b"meta" && {
        let (first, _) = next(reader, content, end)?;
        first[..4] == [0; 4] || &first[4..] != b"hdlr"
    };
    Ok(Some((size, name, if versioned { content + 4 } else { content })))
}

/// The eight bytes at a place before `end`, zeros from there on, and whether all of them were there.
fn next<R: Read + Seek>(reader: &mut R, at: u64, end: u64) -> io::Result<([u8; 8], bool)> {
    let mut bytes = Vec::with_capacity(8);
    reader.seek(SeekFrom::Start(at))?;
    reader.by_ref().take(end.saturating_sub(at).min(8)).read_to_end(&mut bytes)?;
    let whole = bytes.len() == 8;
    bytes.resize(8, 0);
    Ok((std::array::from_fn(|i| bytes[i]), whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], name, content].concat()
    }

    fn said(file: &[u8]) -> Option<String> {
        misfit(&mut Cursor::new(file), file.len() as u64).expect("read")
    }

    /// Found by fuzzing: the library allocated what a box within `meta` claimed, four terabytes.
    #[test]
    fn boxes_that_claim_more_than_what_they_lie_in_are_refused() {
        let handler = boxed(b"hdlr", &[0; 25]);
        let huge = [&1u32.to_be_bytes()[..], b"blob", &(1u64 << 42).to_be_bytes()].concat();
        for version in [&[0; 4][..], &[]] {
            let meta = |inside: &[u8]| boxed(b"meta", &[version, &handler, inside].concat());
            let file = |inside: &[u8]| {
                [boxed(b"ftyp", b"isom"), boxed(b"moov", &boxed(b"udta", &meta(inside))), boxed(b"mdat", b"..")]
                    .concat()
            };
            assert_eq!(said(&file(&boxed(b"blob", b"12"))), None, "as it should be");
            let wrong = said(&file(&huge)).expect("refused");
            assert!(
                wrong.contains("\"blob\"") && wrong.contains("claims 4398046511104 bytes where 16 are left"),
                "{wrong}"
            );
            assert!(said(&file(&[0, 0, 0, 3, b'b', b'l', b'o', b'b'])).is_some(), "less than its own head");
            assert!(said(&file(&[0, 0, 0, 0, b'b', b'l', b'o', b'b'])).is_some(), "no size within another");
        }
        // A version of zero, and what looks like the name of a box is the size of one.
        let meta = boxed(b"meta", &[&[0; 4][..], &handler[4..]].concat());
        assert!(said(&boxed(b"moov", &meta)).is_some_and(|e| e.contains("claims 1751411826 bytes")), "hdlr as a size");
        let deep = (0..40).fold(Vec::new(), |inside, _| boxed(b"udta", &inside));
        assert!(said(&boxed(b"moov", &deep)).is_some_and(|e| e.contains("16 deep")), "too deep");
        assert_eq!(said(&boxed(b"moov", &boxed(b"udta", &[0; 4]))), None, "an end mark of QuickTime");
        assert!(said(&boxed(b"moov", &boxed(b"meta", &[0, 0, 0, 0, 9, 9]))).is_some(), "half a head");
    }
}
