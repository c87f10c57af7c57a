//! Somebody who drives: sends an action, waits for the first frame that shows it, and sends the next a little later, so that steps
//! and actions do not fall into one beat.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::error::Error;
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use terrella_core::Key;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Whatever may go wrong here ends the measurement.
pub(crate) type Wrong = Box<dyn Error + Send + Sync>;
/// Longest wait for a frame that shows an action; what takes longer is counted as so long, and the next is sent.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a page is told before it begins.
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) picture: u64,
    rate: f64,
    /// Bounds of each number of an action.
    bounds: Vec<[f64; 2]>,
    /// A choice of so many in place of numbers.
    choices: Option<usize>,
}

impl World {
    /// Asks as a page does.
    pub(crate) fn ask(address: &str) -> Result<Self, Wrong> {
        let mut stream = std::net::TcpStream::connect(address)?;
        write!(stream, "GET /about HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a body")?;
        let about: Value = serde_json::from_str(body)?;
        let actions = &about["actions"];
        let numbers = |key: &str, otherwise: f64| -> Vec<f64> {
            let all = actions[key].as_array().map_or(&[][..], Vec::as_slice);
            all.iter().map(|x| x.as_f64().unwrap_or(otherwise)).collect()
        };
        let bounds = numbers("low", -1.0).into_iter().zip(numbers("high", 1.0)).map(|(low, high)| [low, high]);
        let choices = (actions["kind"] == "choice").then(|| actions["names"].as_array().map_or(1, Vec::len));
        Ok(Self {
            name: about["world"].as_str().unwrap_or_default().to_owned(),
            picture: about["picture"].as_u64().unwrap_or_default(),
            rate: about["rate"].as_f64().ok_or("/about tells no rate")?,
            bounds: bounds.collect(),
            choices,
        })
    }

    /// Times real time that make so many steps a second.
    pub(crate) fn speed_of(&self, steps: f64) -> f64 {
        (steps / self.rate).clamp(0.1, 16.0)
    }

    fn action(&self, key: Key) -> Vec<f64> {
        let mut stream = key.stream();
        match self.choices {
            Some(n) => vec![stream.below(n) as f64],
            None => self.bounds.iter().map(|[low, high]| stream.uniform(*low, *high)).collect(),
        }
    }

    /// Somebody who has just begun, each with a seed of their own.
    pub(crate) async fn driver(&self, address: &str, at: usize, speed: f64) -> Result<Driver, Wrong> {
        let key = Key::new(1).with("crowd").at(at as u64);
        let script = (0..256).map(|i| self.action(key.at(i))).collect();
        let mut driver = Driver { socket: open(address).await?, script, key };
        driver.say(&json!({ "do": "reset", "seed": at })).await?;
        driver.say(&json!({ "do": "speed", "times": speed })).await?;
        Ok(driver)
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(address: &str) -> Result<Socket, Wrong> {
    let mut request = format!("ws://{address}/live").into_client_request()?;
    request.headers_mut().insert("origin", format!("http://{address}").parse()?);
    Ok(connect_async(request).await?.0)
}

/// What came of some driving.
#[derive(Default)]
pub(crate) struct Driven {
    pub(crate) frames: u64,
    pub(crate) steps: u64,
    /// From an action to the frame that shows it, in milliseconds.
    pub(crate) latencies: Vec<f64>,
}

impl Driven {
    pub(crate) fn add(&mut self, other: Self) {
        self.frames += other.frames;
        self.steps += other.steps;
        self.latencies.extend(other.latencies);
    }
}

/// Somebody who drives.
pub(crate) struct Driver {
    socket: Socket,
    script: Vec<Vec<f64>>,
    key: Key,
}

impl Driver {
    async fn say(&mut self, order: &Value) -> Result<(), Wrong> {
        Ok(self.socket.send(Message::text(order.to_string())).await?)
    }

    /// Drives until the end; what happens before the beginning does not count.
    pub(crate) async fn drive(mut self, (begins, ends): (Instant, Instant)) -> Result<Driven, Wrong> {
        // Steps of the episode that goes on, first and last.
        let (mut driven, mut going) = (Driven::default(), None::<[u64; 2]>);
        let clock = Instant::now();
        let mut sent: Option<(f64, Instant)> = None;
        let (mut next, mut actions, mut ended) = (Instant::now(), 0usize, false);
        loop {
            let now = Instant::now();
            if now >= ends {
                driven.steps += going.map_or(0, |[first, last]| last.saturating_sub(first));
                return Ok(driven);
            }
            if sent.is_some_and(|(_, at)| at.elapsed() > PATIENCE) {
                driven.latencies.push(PATIENCE.as_secs_f64() * 1e3);
                sent = None;
            }
            if sent.is_none() && now >= next {
                let at = clock.elapsed().as_secs_f64() * 1e3;
                let action = &self.script[actions % self.script.len()];
                let order = json!({ "do": "drive", "action": action, "at": at });
                self.say(&order).await?;
                (sent, actions) = (Some((at, now)), actions + 1);
            }
            // Until something comes, or something is to be said.
            let until = if sent.is_some() { ends } else { ends.min(next) };
            let Ok(message) = tokio::time::timeout_at(until.into(), self.socket.next()).await else { continue };
            let message = message.ok_or("the program ended the session")??;
            match message {
                Message::Binary(bytes) => {
                    let header = header(&bytes)?;
                    let now = Instant::now();
                    if now >= begins {
                        driven.frames += 1;
                        let step = header["step"].as_u64().unwrap_or_default();
                        going.get_or_insert([step; 2])[1] = step;
                    }
                    if let (Some((at, since)), Some(echo)) = (sent, header["echo"].as_f64())
                        && (echo - at).abs() < 1e-6
                    {
                        if since >= begins {
                            driven.latencies.push((now - since).as_secs_f64() * 1e3);
                        }
                        // 20 to 60 ms later.
                        let pause = self.key.with("pause").at(actions as u64).stream().uniform(0.02, 0.06);
                        (sent, next) = (None, now + Duration::from_secs_f64(pause));
                    }
                    // An episode that ended stands still, so another begins.
                    if header["ended"] == true && !ended {
                        driven.steps += going.take().map_or(0, |[first, last]| last.saturating_sub(first));
                        let order = json!({ "do": "reset", "seed": actions });
                        self.say(&order).await?;
                        self.say(&json!({ "do": "go" })).await?;
                        sent = None;
                    }
                    ended = header["ended"] == true;
                    if ended {
                        going = None;
                    }
                }
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(text.as_str())?;
                    if said["say"] == "closing" || said["say"] == "error" {
                        return Err(format!("the program says: {}", said["text"]).into());
                    }
                }
                Message::Close(_) => return Err("the program ended the session".into()),
                _ => {}
            }
        }
    }
}

fn header(frame: &[u8]) -> Result<Value, Wrong> {
    let length = frame.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes) as usize).ok_or("a short frame")?;
    Ok(serde_json::from_slice(frame.get(4..4 + length).ok_or("a short frame")?)?)
}

/// Comes, waits for a picture, and goes: without a word, after forking a future, or after a farewell.
pub(crate) async fn visit(address: &str, world: &World, at: usize) -> Result<(), Wrong> {
    let mut driver = world.driver(address, at, 1.0).await?;
    if at % 3 == 1 {
        driver.say(&json!({ "do": "branch" })).await?;
    }
    while let Some(message) = driver.socket.next().await {
        if let Message::Binary(_) = message? {
            break;
        }
    }
    if at % 3 == 2 {
        driver.socket.close(None).await?;
    }
    Ok(())
}
