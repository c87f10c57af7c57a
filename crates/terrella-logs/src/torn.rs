//! What is left of a file of lines when the power goes.

/// The bytes without zeros at the end: blocks that a file system had set aside when the power went.
pub(super) fn without_zeros<'a>(bytes: &'a [u8], notes: &mut Vec<String>) -> &'a [u8] {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    if end < bytes.len() {
        notes.push(format!("left out: {} bytes at the end, which are zero", bytes.len() - end));
    }
    &bytes[..end]
}
