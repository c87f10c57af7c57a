//! One WebSocket: it moves bytes between a browser and the stage thread, and sends away who says too much or is not there.

use crate::allowance::{Allowance, MESSAGES};
use crate::key::Scope;
use crate::messages::Say;
use crate::outlet::outlet;
use crate::thread::Order;
use axum::extract::ws::{Message, WebSocket};
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::time::{Instant, interval_at, timeout};

/// Longest message that is read at all, in bytes; who sends more is cut off before it lies in memory.
pub(crate) const LONGEST: usize = 256 << 10;
/// Longest message that can be meant: an action of a thousand numbers.
const LONG: usize = 16 << 10;
/// How long a client may take for one frame. A stalled one costs nothing but its rows until then.
const STALLED: Duration = Duration::from_secs(10);
/// How often a client is asked whether it is there, and after how long a silence it is not.
const PING: Duration = Duration::from_secs(15);
const SILENT: Duration = Duration::from_secs(60);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// Serves a socket until either side ends it.
pub(crate) async fn serve(mut socket: WebSocket, id: u64, scope: Scope, orders: Sender<Order>) {
    let (outlet, mut inlet) = outlet();
    if orders.send(Order::Open { id, scope, outlet }).is_err() {
        return;
    }
    let began = Instant::now();
    let mut allowance = Allowance::new(0.0);
    let mut heard = began;
    let mut pings = interval_at(began + PING, PING);
    loop {
        let message = tokio::select! {
            // Texts first: they are few, and they end when the session does.
            biased;
            text = inlet.texts.recv() => match text {
                Some(text) => Message::from(text),
                None => break,
            },
            received = socket.recv() => {
                let Some(Ok(received)) = received else { break };
                heard = Instant::now();
                if !allowance.allows((heard - began).as_secs_f64()) {
                    let text = format!("more than {MESSAGES} messages in a second; say less");
                    let _ = timeout(FAREWELL, socket.send(Message::from(Say::closing(text).json()))).await;
                    break;
                }
                let order = match received {
                    Message::Text(text) if text.len() <= LONG => Order::Said { id, text: text.as_str().to_owned() },
                    Message::Text(text) => {
                        Order::Mistaken { id, why: format!("a message of {} bytes; say at most {LONG}", text.len()) }
                    }
                    Message::Binary(_) => Order::Mistaken { id, why: "bytes; say one JSON object as text".to_owned() },
                    Message::Ping(_) | Message::Pong(_) => continue,
                    Message::Close(_) => break,
                };
                if orders.send(order).is_err() {
                    break;
                }
                continue;
            }
            _ = pings.tick() => {
                if heard.elapsed() > SILENT {
                    break;
                }
                Message::Ping(axum::body::Bytes::new())
            }
            frame = inlet.frames.next() => match frame {
                Some(frame) => Message::Binary(frame),
                // Its texts have ended, too: the last of them are sent first.
                None => continue,
            },
        };
        if !matches!(timeout(STALLED, socket.send(message)).await, Ok(Ok(()))) {
            break;
        }
    }
    // Nobody reads any more, so that nothing counts as told.
    drop(inlet);
    let _ = orders.send(Order::Close { id });
    let farewell = async {
        if socket.send(Message::Close(None)).await.is_ok() {
            // What was said is lost where a connection ends with bytes unread: read until the other side ends it.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    let _ = timeout(FAREWELL, farewell).await;
}
