//! The way from one machine of a cluster to another: a gate that asks for the key, and doors that lead through it.
//!
//! Ballista's servers know no password, so where others reach this machine they listen at 127.0.0.1 only, and a gate
//! stands before them at the address that others know. Who connects proves that it has the key ([`Key`]) and hears that
//! the gate has it, too; then bytes go both ways untouched. A door is a port of 127.0.0.1 that leads through such a gate, so
//! that Ballista's clients need to know nothing of it either. What is sent is not encrypted.

use super::key::{Key, Proof, Side, same};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long somebody may take to prove that it has the key, and how long to connect.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a server that is about to listen is tried again, and after how long.
const TRIES: usize = 50;
const BETWEEN: Duration = Duration::from_millis(100);

/// Leads those who have the key from `listener` to a server of this machine, until the process ends.
pub(super) fn gate(listener: TcpListener, server: SocketAddr, key: Key) {
    forward(listener, move |mut comes| {
        admit(&mut comes, &key)?;
        join(comes, reach(server)?)
    });
}

/// Doors that lead through gates, a port of this machine each.
pub(super) struct Doors {
    key: Key,
    open: Mutex<BTreeMap<(String, u16), u16>>,
}

impl Doors {
    pub(super) fn new(key: Key) -> Self {
        Self { key, open: Mutex::default() }
    }

    /// Whether there is a gate at a place, and it has the same key.
    ///
    /// # Errors
    /// If nobody answers, or not as a gate with this key does.
    pub(super) fn check(&self, host: &str, port: u16) -> io::Result<()> {
        through(host, port, &self.key).map(drop)
    }

    /// The port of 127.0.0.1 behind which a place lies.
    ///
    /// # Errors
    /// If no port is free.
    pub(super) fn to(&self, host: &str, port: u16) -> io::Result<u16> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (host.to_owned(), port);
        if let Some(door) = open.get(&place) {
            return Ok(*door);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let door = listener.local_addr()?.port();
        let (host, key) = (place.0.clone(), self.key.clone());
        forward(listener, move |comes| join(comes, through(&host, port, &key)?));
        open.insert(place, door);
        Ok(door)
    }
}

/// Does the same with everybody who connects, each in a thread. What goes wrong ends that connection: its two ends tell.
fn forward(listener: TcpListener, serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) {
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for comes in listener.incoming() {
            let Ok(comes) = comes else {
                // No more files may be open, say: that passes.
                thread::sleep(BETWEEN);
                continue;
            };
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(comes));
        }
    });
}

/// Lets somebody in who has the key.
fn admit(comes: &mut TcpStream, key: &Key) -> io::Result<()> {
    comes.set_read_timeout(Some(PATIENCE))?;
    let mine = drawn()?;
    comes.write_all(&mine)?;
    let (theirs, proof) = (read(comes)?, read(comes)?);
    if !same(&proof, &key.proof(Side::Comes, [&theirs, &mine])) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another key, or none"));
    }
    comes.write_all(&key.proof(Side::Answers, [&theirs, &mine]))?;
    comes.set_read_timeout(None)
}

/// A connection through the gate at a place.
fn through(host: &str, port: u16, key: &Key) -> io::Result<TcpStream> {
    let mut tried = Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    for address in (host, port).to_socket_addrs()? {
        tried = TcpStream::connect_timeout(&address, PATIENCE);
        if tried.is_ok() {
            break;
        }
    }
    let mut stream = tried?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let refused = |e: io::Error| match e.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            io::Error::new(io::ErrorKind::PermissionDenied, "it does not take this key")
        }
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            io::Error::new(io::ErrorKind::TimedOut, "what listens there asks for no key, so it was started without one")
        }
        _ => e,
    };
    let theirs = read(&mut stream).map_err(refused)?;
    let mine = drawn()?;
    let sent = [mine, key.proof(Side::Comes, [&mine, &theirs])].concat();
    stream.write_all(&sent).map_err(refused)?;
    let proof = read(&mut stream).map_err(refused)?;
    if !same(&proof, &key.proof(Side::Answers, [&mine, &theirs])) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it has another key"));
    }
    stream.set_read_timeout(None)?;
    Ok(stream)
}

fn drawn() -> io::Result<Proof> {
    let mut number = [0; 32];
    getrandom::fill(&mut number).map_err(io::Error::other)?;
    Ok(number)
}

fn read(stream: &mut TcpStream) -> io::Result<Proof> {
    let mut bytes = [0; 32];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Connects to a server of this machine, which may be about to listen.
fn reach(server: SocketAddr) -> io::Result<TcpStream> {
    let mut tried = TcpStream::connect(server);
    for _ in 1..TRIES {
        if tried.is_ok() {
            break;
        }
        thread::sleep(BETWEEN);
        tried = TcpStream::connect(server);
    }
    tried
}

/// Passes bytes on both ways until both ends are done.
fn join(a: TcpStream, b: TcpStream) -> io::Result<()> {
    a.set_nodelay(true)?;
    b.set_nodelay(true)?;
    let back = (b.try_clone()?, a.try_clone()?);
    let back = thread::spawn(move || pass(back.0, back.1));
    let there = pass(a, b);
    back.join().unwrap_or(Ok(()))?;
    there
}

fn pass(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    let passed = io::copy(&mut from, &mut to);
    // Whoever reads hears that no more comes; whoever writes, that nobody reads.
    drop(to.shutdown(Shutdown::Write));
    if passed.is_err() {
        drop(from.shutdown(Shutdown::Both));
        drop(to.shutdown(Shutdown::Both));
    }
    passed.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse().expect("a key")
    }

    /// A server that says back what it hears, behind a gate; the gate's port.
    fn echo() -> u16 {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = server.local_addr().expect("an address");
        forward(server, |comes| pass(comes.try_clone()?, comes));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        gate(listener, address, key("aaaaaaaaaaaaaaaa"));
        port
    }

    fn said(port: u16, text: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        let mut writes = stream.try_clone()?;
        let text = text.to_vec();
        // A megabyte does not fit between, so somebody has to write while it is read.
        let writer = thread::spawn(move || writes.write_all(&text).and_then(|()| writes.shutdown(Shutdown::Write)));
        let mut heard = Vec::new();
        let read = stream.read_to_end(&mut heard);
        drop(writer.join());
        read.map(|_| heard)
    }

    #[test]
    fn bytes_go_both_ways_through_a_door_and_a_gate() {
        let port = echo();
        let doors = Doors::new(key("aaaaaaaaaaaaaaaa"));
        doors.check("127.0.0.1", port).expect("the same key");
        let door = doors.to("localhost", port).expect("a door");
        assert_eq!(doors.to("localhost", port).expect("a door"), door, "one door a place");
        let text: Vec<u8> = (0..1 << 20).map(|at: u32| (at % 251) as u8).collect();
        assert!(said(door, &text).expect("heard") == text, "as it was sent");
        assert_eq!(said(door, b"again").expect("heard"), b"again", "more than once");
    }

    #[test]
    fn nobody_comes_in_without_the_key() {
        let port = echo();
        let other = Doors::new(key("bbbbbbbbbbbbbbbb"));
        let error = other.check("127.0.0.1", port).expect_err("another key");
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (io::ErrorKind::PermissionDenied, "it does not take this key")
        );
        let door = other.to("127.0.0.1", port).expect("a door");
        assert!(said(door, b"hello").map_or(true, |heard| heard.is_empty()), "nothing comes back");
        // Without a key: whatever is said, the number of the gate is all that is heard.
        for text in [&[0; 64][..], &[7; 200]] {
            let heard = said(port, text).unwrap_or_default();
            assert!(heard.len() <= 32, "{} bytes", heard.len());
        }
    }

    #[test]
    fn a_gate_with_another_key_is_not_believed() {
        // One that lets everybody in, but cannot prove anything.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        forward(listener, |mut comes| {
            comes.write_all(&[1; 32])?;
            read(&mut comes)?;
            read(&mut comes)?;
            comes.write_all(&[2; 32])
        });
        let error = Doors::new(key("aaaaaaaaaaaaaaaa")).check("127.0.0.1", port).expect_err("no proof");
        assert_eq!(error.to_string(), "it has another key");
    }
}
