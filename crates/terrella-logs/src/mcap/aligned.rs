//! Bytes of a message, read from the front: numbers in either byte order, aligned to their size, and parts that say how long they are.
//!
//! The bytes come from strangers: every length is held against what follows.

/// What is left of a message.
#[derive(Clone, Copy)]
pub(super) struct Aligned<'a> {
    data: &'a [u8],
    /// Where the part ends that is read, if that is known, else the data.
    end: usize,
    at: usize,
    little: bool,
    /// What numbers are aligned to at most.
    widest: usize,
}

impl<'a> Aligned<'a> {
    pub(super) fn new(data: &'a [u8], little: bool, widest: usize) -> Self {
        Self { data, end: data.len(), at: 0, little, widest }
    }

    /// The same, with numbers aligned to so many bytes at most.
    pub(super) fn widest(self, widest: usize) -> Self {
        Self { widest, ..self }
    }

    /// Bytes of the message, read or not.
    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// Bytes of the message that were not read.
    pub(super) fn unread(&self) -> usize {
        self.data.len() - self.at
    }

    /// Bytes that follow in this part.
    pub(super) fn left(&self) -> usize {
        self.end - self.at
    }

    /// Whether this part was read.
    pub(super) fn is_over(&self) -> bool {
        self.at == self.end
    }

    /// Begins a part of so many bytes; what is given belongs to [`Self::leave`].
    pub(super) fn enter(&mut self, size: usize) -> Result<usize, String> {
        let left = self.left();
        if size > left {
            return Err(format!("a part of {size} bytes is more than the {left} bytes that follow"));
        }
        Ok(std::mem::replace(&mut self.end, self.at + size))
    }

    /// Goes on where the part ends, whatever was read of it.
    pub(super) fn leave(&mut self, outer: usize) {
        self.at = std::mem::replace(&mut self.end, outer);
    }

    /// The next bytes as they are.
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let data: &'a [u8] = self.data;
        let end = self.at.checked_add(n).filter(|end| *end <= self.end);
        let end = end.ok_or_else(|| format!("{n} bytes are needed at byte {} of {}", self.at, self.end))?;
        let taken = &data[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// Goes on to where a number of this size begins.
    pub(super) fn align(&mut self, size: usize) {
        let to = size.min(self.widest);
        self.at = self.at.next_multiple_of(to).min(self.end);
    }

    /// Aligned bytes of a number, turned into little endian.
    pub(super) fn number<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.align(N);
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        if !self.little {
            bytes.reverse();
        }
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        self.number().map(u32::from_le_bytes)
    }
}
