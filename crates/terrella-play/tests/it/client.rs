//! A browser of a few lines, and a server of dots on any free port.

use crate::toy::stage;
use crate::{About, Driven, Keep, Options, Running};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes on any machine: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(120);

/// Keeps what was recorded by sending it to the test.
pub(crate) struct Kept(pub(crate) mpsc::Sender<Driven>);

impl Keep for Kept {
    fn keep(&mut self, driven: Driven) -> terrella_core::Result<PathBuf> {
        self.0.send(driven).map_err(|error| terrella_core::Error::Invalid(error.to_string()))?;
        Ok("kept/here".into())
    }
}

/// A server for dots, the learned beside the real ones.
pub(crate) fn serve(futures: usize, options: Options) -> Running {
    let stage = stage(futures, true);
    let about = About::new(&stage, "a toy");
    terrella_play::serve(stage, about, options).expect("a free port")
}

/// Header and pictures of a frame.
pub(crate) type Frame = (Value, Vec<u8>);

/// A page.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What was said while a frame was awaited.
    texts: VecDeque<Value>,
}

impl Client {
    /// Opens a session, as the page of the server does.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let origin = format!("http://{address}");
        Self::with(address, "", &[("origin", origin.as_str())]).await.expect("a session")
    }

    /// Opens a session with a query and headers.
    pub(crate) async fn with(
        address: SocketAddr,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Box<Error>> {
        let mut request = format!("ws://{address}/live{query}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket, texts: VecDeque::new() })
    }

    /// Says something, if the server still listens.
    pub(crate) async fn say(&mut self, text: impl Into<String>) -> bool {
        let text: String = text.into();
        self.socket.send(Message::text(text)).await.is_ok()
    }

    /// Says something so many times at once, if the server still listens.
    pub(crate) async fn shout(&mut self, text: &str, times: usize) -> bool {
        for _ in 0..times {
            if self.socket.feed(Message::text(text)).await.is_err() {
                return false;
            }
        }
        self.socket.flush().await.is_ok()
    }

    /// Sends bytes.
    pub(crate) async fn send(&mut self, bytes: Vec<u8>) -> bool {
        self.socket.send(Message::binary(bytes)).await.is_ok()
    }

    /// The next message; nothing once the server has ended the session.
    async fn next(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(HANGS, self.socket.next()).await.expect("the server hangs");
        next.and_then(Result::ok).filter(|message| !message.is_close())
    }

    /// Waits until anything comes, a text, a frame or the end.
    pub(crate) async fn anything(&mut self) {
        self.next().await;
    }

    /// The next text; nothing once the session has ended.
    pub(crate) async fn text(&mut self) -> Option<Value> {
        if let Some(text) = self.texts.pop_front() {
            return Some(text);
        }
        loop {
            if let Message::Text(text) = self.next().await? {
                return Some(serde_json::from_str(text.as_str()).expect("JSON"));
            }
        }
    }

    /// The first frame from now on whose header is as wanted.
    pub(crate) async fn frame(&mut self, wanted: impl Fn(&Value) -> bool) -> Frame {
        loop {
            match self.next().await.expect("the session goes on") {
                Message::Text(text) => self.texts.push_back(serde_json::from_str(text.as_str()).expect("JSON")),
                Message::Binary(bytes) => {
                    let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
                    let header: Value = serde_json::from_slice(&bytes[4..4 + length]).expect("JSON");
                    if wanted(&header) {
                        return (header, bytes[4 + length..].to_vec());
                    }
                }
                _ => {}
            }
        }
    }

    /// Pauses, and begins anew from a seed: from here on nothing depends on the clock.
    pub(crate) async fn begin(&mut self, seed: u64) -> Frame {
        self.say(r#"{"do":"pause"}"#).await;
        self.say(format!(r#"{{"do":"reset","seed":{seed}}}"#)).await;
        self.frame(|header| header["paused"] == true && header["step"] == 0).await
    }

    /// Drives for one step, and gives the frame that shows it.
    pub(crate) async fn step(&mut self, to: u64, [x, y]: [f64; 2]) -> Frame {
        self.say(format!(r#"{{"do":"drive","action":[{x},{y}],"at":{to}.5}}"#)).await;
        self.say(r#"{"do":"step"}"#).await;
        self.frame(|header| header["step"] == to).await
    }
}

/// Waits until no row is lent.
pub(crate) async fn all_given_back(running: &Running) {
    given_back(running, 0).await;
}

/// Waits until so many rows are lent and no more.
pub(crate) async fn given_back(running: &Running, but: usize) {
    let given = async {
        while running.lent() != but {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(HANGS, given).await.expect("rows that nobody gives back");
}
