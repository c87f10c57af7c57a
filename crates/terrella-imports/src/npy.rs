//! One NumPy array (`.npy`): its header, and its numbers in row-major order.
//!
//! Texts, dates, records of named fields and pickled objects are no numbers and are passed by.

use npyz::{DType, NpyFile, Order, TypeChar};

/// Brackets within brackets in the header of an array; names of fields with shapes of their own have five.
const DEEPEST_HEADER: usize = 8;

/// What an array is.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Its sides, the first axis first.
    pub shape: Vec<usize>,
    /// Floats, whole numbers, truths, …
    pub kind: TypeChar,
    /// Bytes of a number.
    pub size: u64,
    /// As NumPy spells it: `<f4`.
    pub spelled: String,
    transposed: bool,
}

/// Numbers of an array.
#[derive(Debug, PartialEq)]
pub enum Numbers {
    /// Bytes of more than two axes: pixels.
    Bytes(Vec<u8>),
    /// Everything else.
    Floats(Vec<f64>),
}

impl Header {
    /// Whether it is kept as bytes: three axes or more that matter.
    fn is_pixels(&self) -> bool {
        let skipped = self.shape.iter().take(self.shape.len().saturating_sub(2)).take_while(|d| **d == 1).count();
        self.kind == TypeChar::Uint && self.size == 1 && self.shape.len() - skipped >= 3 && !self.transposed
    }
}

/// The header of an array, for which its first bytes are enough; nothing of records.
///
/// # Errors
/// If it is none.
pub(crate) fn header(bytes: &[u8]) -> Result<Option<Header>, String> {
    check_header(bytes)?;
    Ok(header_of(&NpyFile::new(bytes).map_err(|e| e.to_string())?))
}

fn header_of(file: &NpyFile<&[u8]>) -> Option<Header> {
    let DType::Plain(kind) = file.dtype() else { return None };
    Some(Header {
        shape: file.shape().iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX)).collect(),
        kind: kind.type_char(),
        size: kind.size_field(),
        spelled: kind.to_string(),
        transposed: file.order() == Order::Fortran,
    })
}

/// An array's header and numbers; nothing where there are none.
///
/// # Errors
/// If it is cut off or no array.
pub fn read(bytes: &[u8]) -> Result<Option<(Header, Numbers)>, String> {
    check_header(bytes)?;
    let file = NpyFile::new(bytes).map_err(|e| e.to_string())?;
    let DType::Plain(kind) = file.dtype() else { return Ok(None) };
    let Some(header) = header_of(&file) else { return Ok(None) };
    let shape = &header.shape;
    let promised = shape.iter().try_fold(kind.num_bytes().unwrap_or(1), |n, d| n.checked_mul(*d));
    if promised.is_none_or(|n| n > bytes.len()) {
        return Err(format!("it promises shape {shape:?} and has {} bytes: it is truncated", bytes.len()));
    }
    if header.is_pixels() {
        let data = file.into_vec::<u8>().map_err(|e| e.to_string())?;
        return Ok(Some((header, Numbers::Bytes(data))));
    }
    macro_rules! as_f64 {
        ($type:ty) => {
            file.into_vec::<$type>().map_err(|e| e.to_string())?.into_iter().map(|x| x as f64).collect::<Vec<f64>>()
        };
    }
    let data = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 4) => as_f64!(f32),
        (TypeChar::Float, 8) => as_f64!(f64),
        (TypeChar::Int, 1) => as_f64!(i8),
        (TypeChar::Int, 2) => as_f64!(i16),
        (TypeChar::Int, 4) => as_f64!(i32),
        (TypeChar::Int, 8) => as_f64!(i64),
        (TypeChar::Uint, 1) => as_f64!(u8),
        (TypeChar::Uint, 2) => as_f64!(u16),
        (TypeChar::Uint, 4) => as_f64!(u32),
        (TypeChar::Uint, 8) => as_f64!(u64),
        (TypeChar::Bool, _) => {
            let bools = file.into_vec::<bool>().map_err(|e| e.to_string())?;
            bools.into_iter().map(|x| f64::from(u8::from(x))).collect()
        }
        _ => return Ok(None),
    };
    let data = if header.transposed { untranspose(&header.shape, &data) } else { data };
    Ok(Some((header, Numbers::Floats(data))))
}

/// Refuses a header with which the library would never end: its time doubles with each bracket that is open.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    // Six bytes of magic and two of version stand before the header's length, of which version 1 has two bytes.
    let (begin, length) = match bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([*a, *b]))),
        [_, _, _, _, _, _, _, _, a, b, c, d, ..] => (12, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Ok(()),
    };
    let (mut open, mut deepest) = (0usize, 0);
    for byte in bytes[begin..].iter().take(length) {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    if deepest <= DEEPEST_HEADER {
        return Ok(());
    }
    Err(format!("its header has {deepest} brackets within each other, the limit (DEEPEST_HEADER) is {DEEPEST_HEADER}"))
}

/// From column-major to row-major order.
fn untranspose(shape: &[usize], data: &[f64]) -> Vec<f64> {
    let mut index = vec![0; shape.len()];
    let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[..axis].iter().product()).collect();
    let mut out = Vec::with_capacity(data.len());
    for _ in 0..data.len() {
        out.push(data[index.iter().zip(&strides).map(|(i, s)| i * s).sum::<usize>()]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_major_arrays_are_turned() {
        assert_eq!(untranspose(&[2, 3], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "rows");
    }

    #[test]
    fn an_array_that_promises_more_than_it_has_is_refused() {
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 7), }";
        bytes.extend(format!("{header:<117}\n").bytes());
        let error = read(&bytes).expect_err("refused");
        assert!(error.contains("truncated"), "{error}");
    }
}
