//! What the stage thread hands to a socket: the newest frame, and texts in order.
//!
//! A frame that the socket has not taken gives way to the next one, so that a slow client sees the present. Texts are never
//! dropped: who leaves so many unread is not there.

use crate::frame::Header;
use crate::messages::Say;
use axum::body::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use terrella_core::Image;
use tokio::sync::{mpsc, watch};

/// Texts that wait for a client at most.
const UNREAD: usize = 256;

/// The newest frame.
struct Shown {
    bytes: Bytes,
    echo: Option<f64>,
    taken: AtomicBool,
}

/// The end at which the stage thread gives. Texts end before frames do, as fields are dropped in order.
pub(crate) struct Outlet {
    texts: mpsc::Sender<String>,
    frames: watch::Sender<Shown>,
}

/// The end at which the socket takes.
pub(crate) struct Inlet {
    /// Texts in order; they end when the session does.
    pub(crate) texts: mpsc::Receiver<String>,
    pub(crate) frames: Newest,
}

/// The newest frame, once.
pub(crate) struct Newest(watch::Receiver<Shown>);

/// Both ends.
pub(crate) fn outlet() -> (Outlet, Inlet) {
    let (texts, inlet) = mpsc::channel(UNREAD);
    let (frames, newest) = watch::channel(Shown { bytes: Bytes::new(), echo: None, taken: AtomicBool::new(true) });
    (Outlet { texts, frames }, Inlet { texts: inlet, frames: Newest(newest) })
}

impl Outlet {
    /// Says something; tells whether anybody is there to hear it.
    pub(crate) fn say(&self, say: &Say) -> bool {
        self.texts.try_send(say.json()).is_ok()
    }

    /// Shows a frame in the place of the last one. Where nobody has taken that, its echo goes with this one, which is then the
    /// first to show the action.
    pub(crate) fn show(&self, mut header: Header, pictures: &[&Image]) {
        self.frames.send_modify(|shown| {
            if !*shown.taken.get_mut() {
                header.echo = header.echo.or(shown.echo);
            }
            let bytes = Bytes::from(header.frame(pictures));
            *shown = Shown { bytes, echo: header.echo, taken: AtomicBool::new(false) };
        });
    }
}

impl Newest {
    /// Waits for a frame that was not taken yet; nothing once the session has ended.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        self.0.changed().await.ok()?;
        let shown = self.0.borrow_and_update();
        shown.taken.store(true, Ordering::Relaxed);
        Some(shown.bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Step and echo of a frame.
    fn read(frame: &[u8]) -> (u64, Option<f64>) {
        let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        let told: serde_json::Value = serde_json::from_slice(&frame[4..4 + length]).expect("JSON");
        (told["step"].as_u64().expect("a step"), told["echo"].as_f64())
    }

    #[tokio::test]
    async fn a_frame_that_nobody_took_gives_way_and_hands_on_its_echo() {
        let (outlet, mut inlet) = outlet();
        let show = |step, echo| outlet.show(Header { step, echo, ..Header::default() }, &[]);
        show(1, Some(10.5));
        show(2, None);
        show(3, None);
        assert_eq!(read(&inlet.frames.next().await.expect("a frame")), (3, Some(10.5)), "the newest");
        show(4, None);
        assert_eq!(read(&inlet.frames.next().await.expect("a frame")), (4, None), "an echo comes once");
        show(5, Some(11.0));
        show(6, Some(12.0));
        assert_eq!(read(&inlet.frames.next().await.expect("a frame")), (6, Some(12.0)), "the newest action");
    }

    #[tokio::test]
    async fn texts_come_in_order_and_who_reads_none_is_not_there() {
        let (outlet, mut inlet) = outlet();
        let say = |at: usize| outlet.say(&Say::note(at.to_string()));
        assert!((0..UNREAD).all(say), "so many wait");
        assert!(!say(UNREAD), "and no more");
        drop(outlet);
        for at in 0..UNREAD {
            assert_eq!(inlet.texts.recv().await, Some(Say::note(at.to_string()).json()));
        }
        assert_eq!((inlet.texts.recv().await, inlet.frames.next().await), (None, None), "it ended");
    }
}
