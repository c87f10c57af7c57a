//! Bytes as hexadecimal digits: how a digest is written, and compared by eye.

/// Two digits a byte, in lower case.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes
        .as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|x| char::from_digit(x.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex([0, 9, 0xab, 255]), "0009abff");
        assert_eq!(hex([]), "");
    }
}
