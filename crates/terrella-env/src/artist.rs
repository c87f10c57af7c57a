//! Keeps between pictures what does not change from one to the next.

use crate::raster::{Backdrop, Canvas, Painter};
use std::sync::{Arc, Mutex, MutexGuard};
use terrella_core::Image;

/// Draws the same scene again and again, at whatever size was asked for last.
#[derive(Default)]
pub(crate) struct Artist(Mutex<Desk>);

/// What is kept; a panic within a picture clears it.
#[derive(Default)]
struct Desk {
    backdrop: Option<Arc<Backdrop>>,
    painter: Option<Painter>,
}

impl Clone for Artist {
    /// Shares the backdrop; the painter's buffer is made again when it is needed.
    fn clone(&self) -> Self {
        Self(Mutex::new(Desk { backdrop: self.desk().backdrop.clone(), painter: None }))
    }
}

impl Artist {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(|broken| {
            let mut desk = broken.into_inner();
            *desk = Desk::default();
            desk
        })
    }

    /// Forgets the backdrop, because something on it moved.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Draws a picture: `backdrop` only if there is none of this size yet, `foreground` always.
    pub(crate) fn draw(
        &self,
        size: usize,
        backdrop: impl FnOnce() -> Backdrop,
        foreground: impl FnOnce(&mut Canvas),
    ) -> Image {
        let mut desk = self.desk();
        let backdrop = match desk.backdrop.take() {
            Some(known) if known.size() == size => known,
            _ => {
                desk.painter = None;
                Arc::new(backdrop())
            }
        };
        desk.backdrop = Some(backdrop.clone());
        let painter = desk.painter.get_or_insert_with(|| Painter::new(backdrop));
        painter.paint(foreground)
    }
}
