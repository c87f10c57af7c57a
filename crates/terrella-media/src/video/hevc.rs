//! What an HEVC stream says of itself: profile, chroma and bits of its sequence parameter set (ITU-T H.265, 7.3.2.2 and 7.3.3).
//!
//! Nothing here decodes HEVC. Whoever meets it is told what it is, because it matters for what helps: colours of 8 bits can
//! be had as H.264, depth of 12 bits cannot.

use super::bits::Bits;

/// The unit that holds it, and the bytes of the head of a unit.
const SPS: u8 = 33;
const HEAD: usize = 2;

/// Profile, chroma and bits, from units behind start codes; nothing where no parameter set is among them that makes sense.
pub(super) fn told(sample: &[u8]) -> Option<String> {
    let begins = |at: &usize| sample[*at..].starts_with(&[0, 0, 1]) && sample[at + 3] >> 1 & 63 == SPS;
    let mut sets = (0..sample.len().saturating_sub(3 + HEAD)).filter(begins);
    sets.find_map(|at| parse(&sample[at + 3 + HEAD..]))
}

/// What follows the head of the unit.
fn parse(unit: &[u8]) -> Option<String> {
    let mut bits = Bits::of(unit);
    bits.number(4)?;
    let layers = bits.number(3)? as usize;
    bits.number(1 + 3)?;
    let profile = bits.number(5)?;
    // Which profiles it is compatible with, what it keeps itself to, its level.
    skip(&mut bits, 32 + 48 + 8)?;
    let said = (0..layers).map(|_| Some([bits.flag()?, bits.flag()?])).collect::<Option<Vec<_>>>()?;
    if layers > 0 {
        skip(&mut bits, 2 * (8 - layers))?;
    }
    for [profile, level] in said {
        skip(&mut bits, 88 * usize::from(profile) + 8 * usize::from(level))?;
    }
    bits.exp()?;
    let chroma = bits.exp()?;
    if chroma == 3 {
        bits.flag()?;
    }
    // Width and height, and how much of them is shown.
    (0..2).try_for_each(|_| bits.exp().map(drop))?;
    if bits.flag()? {
        (0..4).try_for_each(|_| bits.exp().map(drop))?;
    }
    let more = bits.exp()?.max(bits.exp()?);
    let depth = 8 + Some(more).filter(|more| *more <= 8)?;
    let name = |names: [&'static str; 4]| names.get(chroma as usize).copied();
    let spelled = name(["grey", "4:2:0", "4:2:2", "4:4:4"])?;
    let profile = match profile {
        1 => "Main".to_owned(),
        2 => "Main 10".to_owned(),
        3 => "Main Still Picture".to_owned(),
        // Extensions of formats have one number and are told apart by what they allow.
        4 if depth > 8 => format!("{} {depth}", name(["Monochrome", "Main", "Main 4:2:2", "Main 4:4:4"])?),
        4 => name(["Monochrome", "Main", "Main 4:2:2", "Main 4:4:4"])?.to_owned(),
        other => format!("profile {other}"),
    };
    Some(format!("HEVC {profile} ({spelled}, {depth} bits)"))
}

fn skip(bits: &mut Bits, n: usize) -> Option<()> {
    (0..n).try_for_each(|_| bits.flag().map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A parameter set with this profile, sub-layers, chroma and bits, as a unit behind a start code.
    fn set(profile: u32, layers: u32, chroma: u32, depth: u32) -> Vec<u8> {
        let mut bits: Vec<bool> = Vec::new();
        let number = |bits: &mut Vec<bool>, n: u32, x: u32| bits.extend((0..n).rev().map(|at| x >> at & 1 == 1));
        let exp = |bits: &mut Vec<bool>, x: u32| {
            let n = (x + 1).ilog2();
            bits.extend(std::iter::repeat_n(false, n as usize));
            bits.extend((0..=n).rev().map(|at| (x + 1) >> at & 1 == 1));
        };
        number(&mut bits, 4, 0);
        number(&mut bits, 3, layers);
        number(&mut bits, 4, 0b1000);
        number(&mut bits, 5, profile);
        number(&mut bits, 32, 1 << (31 - profile));
        // All that keeps start codes apart is left out where no byte is 0.
        (0..6).for_each(|_| number(&mut bits, 8, 0xb5));
        number(&mut bits, 8, 93);
        (0..layers).for_each(|_| number(&mut bits, 2, 0b11));
        (0..if layers > 0 { 8 - layers } else { 0 }).for_each(|_| number(&mut bits, 2, 0));
        (0..layers).for_each(|_| (0..12).for_each(|_| number(&mut bits, 8, 0x55)));
        exp(&mut bits, 0);
        exp(&mut bits, chroma);
        if chroma == 3 {
            number(&mut bits, 1, 0);
        }
        exp(&mut bits, 640);
        exp(&mut bits, 480);
        number(&mut bits, 1, 1);
        (0..4).for_each(|side| exp(&mut bits, side));
        exp(&mut bits, depth - 8);
        exp(&mut bits, depth - 8);
        bits.push(true);
        let mut unit = vec![0x40, 1, 7, 0, 0, 1, SPS << 1, 1];
        let (mut zeros, padded) = (0, bits.len().div_ceil(8) * 8);
        bits.resize(padded, false);
        for byte in bits.chunks(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | u8::from(*bit))) {
            if zeros == 2 && byte <= 3 {
                unit.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            unit.push(byte);
        }
        unit
    }

    #[test]
    fn profile_chroma_and_bits_are_told() {
        for (profile, layers, chroma, depth, wanted) in [
            (1, 0, 1, 8, "HEVC Main (4:2:0, 8 bits)"),
            (2, 0, 1, 10, "HEVC Main 10 (4:2:0, 10 bits)"),
            (4, 0, 1, 12, "HEVC Main 12 (4:2:0, 12 bits)"),
            (4, 2, 0, 12, "HEVC Monochrome 12 (grey, 12 bits)"),
            (4, 1, 3, 8, "HEVC Main 4:4:4 (4:4:4, 8 bits)"),
            (9, 0, 1, 8, "HEVC profile 9 (4:2:0, 8 bits)"),
        ] {
            let whole = [&[0, 0, 0, 1][..], &set(profile, layers, chroma, depth)].concat();
            assert_eq!(told(&whole).as_deref(), Some(wanted), "{whole:?}");
            for end in 0..whole.len() - 2 {
                assert_eq!(told(&whole[..end]), None, "cut at {end}");
            }
        }
        assert_eq!(told(&[0, 0, 1, SPS << 1]), None, "nothing in it");
    }
}
