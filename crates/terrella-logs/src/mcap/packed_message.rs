//! Messages that are packed by themselves, as a recorder of ROS 2 does by `compression_mode: MESSAGE`: a frame of zstd in
//! the place of each.

use super::container::LARGEST_RECORD;
use std::io::Read;

/// How a frame of zstd begins.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Whether a message that should be CDR is a frame of zstd: CDR begins with a zero.
pub(super) fn is(message: &[u8]) -> bool {
    message.starts_with(&MAGIC)
}

/// The message; a frame that promises another size than it has is damaged.
pub(super) fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    limited(packed, LARGEST_RECORD)
}

fn limited(packed: &[u8], limit: u64) -> Result<Vec<u8>, String> {
    let mut message = Vec::new();
    zstd::Decoder::with_buffer(packed)
        .and_then(|unpacker| unpacker.take(limit + 1).read_to_end(&mut message))
        .map_err(|e| format!("it is packed by itself (zstd) and cannot be unpacked ({e})"))?;
    if message.len() as u64 > limit {
        return Err(format!("it has more than {} MiB after unpacking, the limit (LARGEST_RECORD)", limit >> 20));
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_unpacked_within_limits() {
        let whole: Vec<u8> = (0..5000u32).flat_map(u32::to_le_bytes).collect();
        let packed = zstd::encode_all(&whole[..], 1).expect("packed");
        assert!(is(&packed) && !is(&[0, 1, 0, 0, 5]), "told apart");
        assert_eq!(unpack(&packed), Ok(whole), "as it was");
        assert!(unpack(&packed[..packed.len() / 2]).is_err_and(|e| e.contains("cannot be unpacked")), "cut");
        let bomb = zstd::encode_all(&vec![0; 3 << 20][..], 1).expect("packed");
        assert!(bomb.len() < 4096 && limited(&bomb, 1 << 20).is_err_and(|e| e.contains("more than 1 MiB")), "a bomb");
    }
}
