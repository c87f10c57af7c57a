//! What the messages of a channel are made of, whichever language says so (`ros2msg`, `idl`); `cdr` reads by it.

use std::sync::Arc;

/// Types that a definition may have.
pub(super) const MOST_TYPES: usize = 4096;

/// A definition.
#[derive(Debug, Default)]
pub(super) struct Definition {
    pub(super) types: Vec<Type>,
    /// Lists that are elements of lists.
    pub(super) lists: Vec<(Kind, Count)>,
    /// Whether an empty structure takes a byte.
    pub(super) padded: bool,
}

/// A structure; the first one is the message.
#[derive(Debug, Default)]
pub(super) struct Type {
    pub(super) fields: Vec<Field>,
    /// How it may grow, if that is said.
    pub(super) extensible: Option<Extensible>,
}

/// How a structure may grow, which decides what stands before it in the second version of CDR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extensible {
    /// Not at all.
    Final,
    /// By fields at its end.
    Appendable,
    /// By fields anywhere.
    Mutable,
}

/// A field of a type.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    pub(super) count: Count,
    /// Whether a message may lack it.
    pub(super) optional: bool,
}

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    One,
    Fixed(usize),
    Sequence,
}

/// What one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
    String,
    WideString,
    /// A number of 32 bits that stands for a word.
    Enum,
    /// A place in [`Definition::types`].
    Type(usize),
    /// A place in [`Definition::lists`].
    List(usize),
}
