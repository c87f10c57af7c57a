//! Numbers as microcontrollers store them, little endian, read from what follows and no further.

/// What was not read yet.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a>(pub(super) &'a [u8]);

impl<'a> Rest<'a> {
    /// So many bytes, if they are there.
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N).and_then(|bytes| bytes.try_into().ok())
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// A kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Number {
    /// Bytes of one.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// The next one; nothing if fewer bytes follow.
    pub(super) fn read(self, from: &mut Rest<'_>) -> Option<f64> {
        Some(match self {
            Self::Bool => f64::from(u8::from(from.u8()? != 0)),
            Self::I8 => f64::from(i8::from_le_bytes(from.array()?)),
            Self::U8 => f64::from(from.u8()?),
            Self::I16 => f64::from(i16::from_le_bytes(from.array()?)),
            Self::U16 => f64::from(from.u16()?),
            Self::I32 => f64::from(i32::from_le_bytes(from.array()?)),
            Self::U32 => f64::from(u32::from_le_bytes(from.array()?)),
            Self::I64 => i64::from_le_bytes(from.array()?) as f64,
            Self::U64 => from.u64()? as f64,
            Self::F32 => f64::from(f32::from_le_bytes(from.array()?)),
            Self::F64 => f64::from_le_bytes(from.array()?),
        })
    }
}
