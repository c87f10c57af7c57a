//! Sixteen numbers side by side, and what a product of rows of them begins with.

/// Numbers of a lane.
pub(crate) const LANE: usize = 16;

/// Numbers side by side, as long as a cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Lane(pub(crate) [f32; LANE]);

/// The left side of a product: number `(row, k)` stands at `row · rows + k · depth`.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) depth: usize,
}

/// What the sums of a product begin with.
#[derive(Clone, Copy)]
pub(super) enum Begin<'a> {
    Zero,
    /// The same for each row.
    Bias(&'a [Lane]),
    /// What stands there.
    There,
}
