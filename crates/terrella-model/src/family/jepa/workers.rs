//! Who works on the parts of a batch, and the rooms they work in.

use crate::family::jepa::judge_rows::Desks;
use crate::family::jepa::watching::Studio;
use crate::host::crew::Crew;

/// Who works on the parts, and where.
pub(crate) struct Workers {
    pub(super) crew: Crew,
    /// Where pictures are looked at without tensors.
    pub(super) studio: Studio,
    /// Where latents are judged without tensors.
    pub(super) desks: Desks,
    /// Whether they may be, and SIGReg too.
    pub(super) rows: bool,
}

impl Workers {
    /// Workers for so many parts, which share the threads there are.
    pub(crate) fn new(parts: usize) -> Self {
        Self { crew: Crew::new(parts), studio: Studio::default(), desks: Desks::default(), rows: true }
    }

    /// The same without short cuts for the CPU: slower, and the reference for them.
    #[cfg(test)]
    pub(crate) fn by_tensors(self) -> Self {
        Self { rows: false, ..self }
    }
}
