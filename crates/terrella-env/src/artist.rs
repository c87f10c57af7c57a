//! Keeps between pictures what does not change from one to the next.

use crate::raster::{Backdrop, Canvas, Painter};
use std::sync::Arc;
use terrella_core::Image;

/// Draws the same scene again and again, at whatever size was asked for last.
#[derive(Default)]
pub(crate) struct Artist {
    backdrop: Option<Arc<Backdrop>>,
    painter: Option<Painter>,
}

impl Clone for Artist {
    /// Shares the backdrop; the painter's buffer is made again when it is needed.
    fn clone(&self) -> Self {
        Self { backdrop: self.backdrop.clone(), painter: None }
    }
}

impl Artist {
    /// Forgets the backdrop, because something on it moved.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Draws a picture: `backdrop` only if there is none of this size yet, `foreground` always.
    pub(crate) fn draw(
        &mut self,
        size: usize,
        backdrop: impl FnOnce() -> Backdrop,
        foreground: impl FnOnce(&mut Canvas),
    ) -> Image {
        let backdrop = match self.backdrop.take() {
            Some(known) if known.size() == size => known,
            _ => {
                self.painter = None;
                Arc::new(backdrop())
            }
        };
        let painter = self.painter.get_or_insert_with(|| Painter::new(backdrop.clone()));
        self.backdrop = Some(backdrop);
        painter.paint(foreground)
    }
}
