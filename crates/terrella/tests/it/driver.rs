//! Somebody who drives in the program, through its socket as the page does: a WebSocket in few lines, one text or frame at a time.

use crate::painting::playing;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// Longer than anything here takes on any machine: what takes longer hangs.
const HANGS: Duration = Duration::from_secs(300);

/// The program as it plays, with one who drives.
pub(crate) struct Driver {
    child: Child,
    folder: PathBuf,
    /// Where it listens.
    pub(crate) address: String,
    stream: BufReader<TcpStream>,
}

impl Driver {
    /// Starts the program in a folder and opens a session that is paused.
    pub(crate) fn of(folder: &Path, arguments: &[&str]) -> Self {
        let (child, address) = playing(folder, arguments);
        let mut stream = TcpStream::connect(&address).expect("it listens");
        stream.set_read_timeout(Some(HANGS)).expect("a timeout");
        let fixed = "upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13";
        let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
        write!(stream, "GET /live HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n{fixed}\r\n{key}\r\n\r\n")
            .expect("a request");
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).expect("an answer");
        assert!(line.starts_with("HTTP/1.1 101"), "{line}");
        while line.trim() != "" {
            line.clear();
            stream.read_line(&mut line).expect("headers");
        }
        let mut driver = Self { child, folder: folder.to_path_buf(), address, stream };
        driver.say(r#"{"do":"pause"}"#);
        driver.frame(|header| header["paused"] == true);
        driver
    }

    /// Says something short.
    pub(crate) fn say(&mut self, text: &str) {
        // One final text frame, masked with zeros.
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("a short text");
        let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0][..], text.as_bytes()].concat();
        self.stream.get_mut().write_all(&frame).expect("it listens");
    }

    /// What kind the next message is, and its bytes.
    fn next(&mut self) -> (u8, Vec<u8>) {
        let mut read = |n: usize| {
            let mut bytes = vec![0; n];
            self.stream.read_exact(&mut bytes).expect("the session goes on");
            bytes
        };
        let number = |bytes: Vec<u8>| bytes.iter().fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte));
        let head = read(2);
        let length = match head[1] & 0x7f {
            126 => number(read(2)),
            127 => number(read(8)),
            length => usize::from(length),
        };
        (head[0] & 0x0f, read(length))
    }

    /// The header of the first frame from now on that is as wanted.
    pub(crate) fn frame(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (kind, bytes) = self.next();
            match kind {
                1 => assert!(!String::from_utf8_lossy(&bytes).contains("\"error\""), "{bytes:?}"),
                2 => {
                    let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
                    let header: Value = serde_json::from_slice(&bytes[4..4 + length]).expect("JSON");
                    if wanted(&header) {
                        return header;
                    }
                }
                _ => {}
            }
        }
    }

    /// Acts for so many steps, from this one on.
    pub(crate) fn act(&mut self, from: u64, action: [f64; 2], steps: u64) {
        self.say(&format!(r#"{{"do":"drive","action":[{},{}]}}"#, action[0], action[1]));
        for step in from + 1..=from + steps {
            self.say(r#"{"do":"step"}"#);
            self.frame(|header| header["step"] == step);
        }
    }

    /// Stops recording, and says where that lies.
    pub(crate) fn recorded(&mut self) -> PathBuf {
        self.say(r#"{"do":"record","on":false}"#);
        loop {
            let (kind, bytes) = self.next();
            if kind == 1 {
                let said: Value = serde_json::from_slice(&bytes).expect("JSON");
                assert_eq!(said["say"], "recorded", "{said}");
                return self.folder.join(said["path"].as_str().expect("a path"));
            }
        }
    }
}

impl Drop for Driver {
    /// Ends the program as Ctrl-C does.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
