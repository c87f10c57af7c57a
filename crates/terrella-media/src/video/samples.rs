//! What is known of samples of a stream without decoding them.

use super::hevc;

/// What LeRobot is told of the encoder: pictures from one that needs no other to the next.
pub const GROUP: u32 = 2;

/// Takes height and width, and pixels of a picture.
pub type StreamTake<'a> = dyn FnMut([usize; 2], &[u8]) -> Result<(), String> + 'a;

/// That a sample of such a format is not read, with what it is.
pub(super) fn other_format(format: &str, sample: &[u8]) -> String {
    let what = hevc::told(sample).filter(|_| matches!(format, "h265" | "hevc"));
    let what = what.map_or_else(String::new, |what| format!(", {what}"));
    format!("its video is \"{format:.20}\"{what}; h264 and av1 can be read")
}

/// Whether a decoder can begin at a sample of a stream, whose format is `h264` or `av1`.
///
/// # Errors
/// If the format is another one.
pub fn begins(format: &str, sample: &[u8]) -> Result<bool, String> {
    match format {
        // Slices have types 1 to 5; one of type 5 needs no earlier picture.
        "h264" => {
            let units = sample.windows(4).filter(|w| w.starts_with(&[0, 0, 1])).map(|w| w[3] & 0x1f);
            Ok(units.into_iter().find(|kind| (1..=5).contains(kind)) == Some(5))
        }
        "av1" => Ok(units_of_av1(sample).find(|kind| matches!(kind, 1 | 3 | 6)) == Some(1)),
        other => Err(other_format(other, sample)),
    }
}

/// Types of the units of AV1: 1 describes a sequence, with which decoding begins, 3 and 6 are pictures (AV1, 5.3 and 6.2.2).
fn units_of_av1(sample: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = sample;
    std::iter::from_fn(move || {
        let (&head, tail) = rest.split_first()?;
        let tail = if head & 4 != 0 { tail.get(1..)? } else { tail };
        rest = if head & 2 == 0 {
            &[]
        } else {
            let bytes = tail.iter().take(8).position(|byte| byte & 0x80 == 0)? + 1;
            let size = tail[..bytes].iter().rev().fold(0u64, |n, byte| n << 7 | u64::from(byte & 0x7f));
            tail.get(bytes..)?.get(usize::try_from(size).ok()?..)?
        };
        Some(head >> 3 & 15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_where_a_picture_needs_no_other() {
        let units = |kinds: &[u8]| kinds.iter().flat_map(|k| [0, 0, 0, 1, 0x60 | k, 9]).collect::<Vec<u8>>();
        assert_eq!(begins("h264", &units(&[9, 7, 8, 5, 1])), Ok(true), "with its parameters");
        assert_eq!((begins("h264", &units(&[9, 1, 5])), begins("h264", &[0, 0, 1])), (Ok(false), Ok(false)), "without");
        let (delimiter, sequence, frame) = ([0x12, 0], [0x0a, 1, 77], [0x32, 2, 1, 1]);
        assert_eq!(begins("av1", &[&delimiter[..], &sequence, &frame].concat()), Ok(true), "with its sequence");
        assert_eq!(begins("av1", &[&delimiter[..], &frame].concat()), Ok(false), "without");
        assert_eq!(begins("av1", &[0x12, 0xff, 0xff]), Ok(false), "lengths that lie");
        assert!(begins("h265", &[]).is_err_and(|e| e.contains("h264 and av1")), "another codec");
    }
}
