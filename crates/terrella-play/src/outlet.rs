//! What the stage thread hands to a socket: the newest frame, and texts in order.
//!
//! A frame that the socket has not taken gives way to the next one, so that a slow client sees the present; what is shown once
//! only is handed on. Texts are never dropped: who leaves so many unread is not there.

use crate::frame::Header;
use crate::messages::Say;
use axum::body::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use terrella_core::Image;
use tokio::sync::{mpsc, watch};

/// Texts that wait for a client at most.
const UNREAD: usize = 256;

/// Pictures that are shown once, and not with every frame.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    /// What they are; of the same name, the newer ones count.
    pub(crate) name: String,
    pub(crate) pictures: Arc<[Image]>,
}

/// The newest frame.
struct Shown {
    bytes: Bytes,
    echo: Option<f64>,
    once: Vec<Once>,
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
    let nothing = Shown { bytes: Bytes::new(), echo: None, once: Vec::new(), taken: AtomicBool::new(true) };
    let (frames, newest) = watch::channel(nothing);
    (Outlet { texts, frames }, Inlet { texts: inlet, frames: Newest(newest) })
}

impl Outlet {
    /// Says something; tells whether anybody is there to hear it.
    pub(crate) fn say(&self, say: &Say) -> bool {
        self.texts.try_send(say.json()).is_ok()
    }

    /// Shows a frame in the place of the last one. Where nobody has taken that, its echo goes with this one, which is then the
    /// first to show the action, and so do pictures that are shown once.
    pub(crate) fn show(&self, mut header: Header, pictures: &[&Image], mut once: Vec<Once>) {
        self.frames.send_modify(|shown| {
            if !*shown.taken.get_mut() {
                header.echo = header.echo.or(shown.echo);
                let older = std::mem::take(&mut shown.once);
                let is_new = |older: &Once| once.iter().all(|newer| newer.name != older.name);
                let left: Vec<Once> = older.into_iter().filter(is_new).collect();
                once.extend(left);
            }
            let mut all = pictures.to_vec();
            for Once { name, pictures } in &once {
                header.pictures.extend((0..pictures.len()).map(|at| format!("{name}:{at}")));
                all.extend(pictures.iter());
            }
            let bytes = Bytes::from(header.frame(&all));
            *shown = Shown { bytes, echo: header.echo, once, taken: AtomicBool::new(false) };
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
        let show = |step, echo| outlet.show(Header { step, echo, ..Header::default() }, &[], Vec::new());
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
    async fn what_is_shown_once_is_not_lost_with_a_frame_that_nobody_took() {
        let (outlet, mut inlet) = outlet();
        let pictures = |greys: &[u8]| greys.iter().map(|&grey| Image::filled(1, 1, [grey; 3])).collect::<Vec<_>>();
        let once = |name: &str, greys: &[u8]| Once { name: name.to_owned(), pictures: pictures(greys).into() };
        let show = |once: Vec<Once>| outlet.show(Header { size: 1, ..Header::default() }, &[], once);
        let told = |frame: Bytes| {
            let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
            let head: serde_json::Value = serde_json::from_slice(&frame[4..4 + length]).expect("JSON");
            (head["pictures"].to_string(), frame[4 + length..].to_vec())
        };
        show(vec![once("goal", &[1]), once("ghost:0", &[2, 3])]);
        show(vec![once("ghost:0", &[4])]);
        show(Vec::new());
        let (names, bytes) = told(inlet.frames.next().await.expect("a frame"));
        assert_eq!(
            (names.as_str(), bytes),
            (r#"["ghost:0:0","goal:0"]"#, vec![4, 4, 4, 1, 1, 1]),
            "the newest of each"
        );
        show(Vec::new());
        assert_eq!(told(inlet.frames.next().await.expect("a frame")), ("[]".to_owned(), Vec::new()), "once");
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
