//! A server of objects on this machine, which speaks enough of S3, of Google's likeness of it, of the hub of Hugging Face and of
//! plain HTTP, and fails when it is told to: it cuts connections half-way, hangs, refuses, or knows no ranges.
//!
//! A request is a connection and a thread. Bytes of files that were sent are counted, and requests for them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

/// Objects and keys of a page of a list, so that small tests have several.
const PAGE: usize = 2;

/// What the server has, and how it fails.
#[derive(Default)]
pub(crate) struct State {
    /// What lies in the bucket `box`, in the dataset `some/set`, and under `/files` and `/plain`.
    pub(crate) objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Answers that are still to be cut half-way.
    pub(crate) cuts: Mutex<usize>,
    /// Answers stop half-way until this is taken back.
    pub(crate) hangs: AtomicBool,
    /// Whoever asks is refused.
    pub(crate) refuses: AtomicBool,
    /// Digests of the hub are wrong.
    pub(crate) lies: AtomicBool,
    /// Bytes of files that were sent.
    pub(crate) sent: AtomicU64,
    /// Requests for bytes of files.
    pub(crate) reads: AtomicUsize,
    stop: AtomicBool,
}

/// A server that ends when it is dropped.
pub(crate) struct Server {
    pub(crate) state: Arc<State>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn with(objects: &[(&str, Vec<u8>)]) -> Self {
        let state = Arc::new(State::default());
        let all = objects.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect();
        *state.objects.lock().expect("no panic") = all;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let served = state.clone();
        let thread = spawn(move || {
            for stream in listener.incoming() {
                if served.stop.load(SeqCst) {
                    return;
                }
                let state = served.clone();
                // Whoever asks may leave in the middle.
                spawn(move || stream.and_then(|stream| serve(&state, stream, address)).is_ok());
            }
        });
        Self { state, address, thread: Some(thread) }
    }

    /// Its address, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(SeqCst)
    }

    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        self.state.objects.lock().expect("no panic").insert(name.to_owned(), bytes);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.stop.store(true, SeqCst);
        self.state.hangs.store(false, SeqCst);
        // Wakes it up.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A request: its method, its path and its query without encoding, and the range that it asks for.
struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    range: Option<(usize, usize)>,
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut out) = (text.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next().expect("a digit"), bytes.next().expect("a digit")];
                let digits = std::str::from_utf8(&digits).expect("digits");
                u8::from_str_radix(digits, 16).expect("a number")
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).expect("a name")
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(key, value)| (decoded(key), decoded(value))).collect();
    let mut range = None;
    for line in lines {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some((from, to)) = line.strip_prefix("range: bytes=").and_then(|range| range.split_once('-')) {
            range = Some((from.parse().expect("a number"), to.parse().expect("a number")));
        }
    }
    Ok(Request { method: method.to_owned(), path: decoded(path), query, range })
}

fn serve(state: &State, stream: TcpStream, address: SocketAddr) -> std::io::Result<()> {
    let request = read(&stream)?;
    if state.refuses.load(SeqCst) {
        return answer(&stream, "403 Forbidden", "", b"<Error><Code>AccessDenied</Code></Error>");
    }
    let objects = state.objects.lock().expect("no panic").clone();
    let path = request.path.clone();
    let file = |name: &str, ranges: bool| match objects.get(name) {
        Some(bytes) => give(state, &stream, &request, bytes, ranges),
        None => answer(&stream, "404 Not Found", "", b""),
    };
    if path == "/box" || path == "/box/" {
        answer(&stream, "200 OK", "", list(&objects, &request.query).as_bytes())
    } else if let Some(name) = path.strip_prefix("/box/").or_else(|| path.strip_prefix("/files/")) {
        file(name, true)
    } else if let Some(name) = path.strip_prefix("/plain/") {
        file(name, false)
    } else if path == "/api/datasets/some/set/revision/main" {
        answer(&stream, "200 OK", "", br#"{"sha":"c0ffee"}"#)
    } else if let Some(folder) = path.strip_prefix("/api/datasets/some/set/tree/c0ffee") {
        let folder = folder.trim_start_matches('/');
        match tree(&objects, folder, &request.query, state.lies.load(SeqCst)) {
            None => answer(&stream, "404 Not Found", "", b""),
            Some((page, next)) => {
                let recursive = request.query.get("recursive").map_or("false", String::as_str);
                let mark = |next: usize| format!("recursive={recursive}&cursor={next}");
                let link = |next| format!("Link: <http://{address}/x?{}>; rel=\"next\"\r\n", mark(next));
                answer(&stream, "200 OK", &next.map_or_else(String::new, link), page.as_bytes())
            }
        }
    } else if let Some(name) = path.strip_prefix("/datasets/some/set/resolve/c0ffee/") {
        file(name, true)
    } else {
        answer(&stream, "404 Not Found", "", b"<Error><Code>NoSuchBucket</Code></Error>")
    }
}

fn answer(mut stream: &TcpStream, status: &str, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n")?;
    stream.write_all(body)
}

/// A file, or a range of it; half of it where the server is to fail.
fn give(state: &State, mut stream: &TcpStream, request: &Request, bytes: &[u8], ranges: bool) -> std::io::Result<()> {
    let (status, body, range) = match request.range.filter(|_| ranges) {
        Some((from, to)) if from < bytes.len() => {
            let to = to.min(bytes.len() - 1);
            let range = format!("Content-Range: bytes {from}-{to}/{}\r\n", bytes.len());
            ("206 Partial Content", &bytes[from..=to], range)
        }
        Some(_) => ("416 Range Not Satisfiable", &bytes[..0], String::new()),
        None => ("200 OK", bytes, String::new()),
    };
    let (tag, length) = (crc32fast::hash(bytes), body.len());
    let dates = "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\nConnection: close";
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: \"{tag:08x}\"\r\n{dates}\r\n{range}\r\n")?;
    if request.method == "HEAD" {
        return Ok(());
    }
    // What is asked for to see whether there is anything is neither counted nor cut.
    if request.range == Some((0, 0)) {
        return stream.write_all(&body[..body.len().min(1)]);
    }
    state.reads.fetch_add(1, SeqCst);
    let cut = {
        let mut cuts = state.cuts.lock().expect("no panic");
        let cut = *cuts > 0;
        *cuts -= usize::from(cut);
        cut
    };
    let hangs = state.hangs.load(SeqCst);
    let part = if cut || hangs { body.len() / 2 } else { body.len() };
    state.sent.fetch_add(part as u64, SeqCst);
    stream.write_all(&body[..part])?;
    while state.hangs.load(SeqCst) {
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// A page of a list as S3 gives it.
fn list(objects: &BTreeMap<String, Vec<u8>>, query: &BTreeMap<String, String>) -> String {
    let value = |key: &str| query.get(key).cloned().unwrap_or_default();
    let (prefix, begin) = (value("prefix"), value("continuation-token").parse().unwrap_or(0));
    let found: Vec<(&String, &Vec<u8>)> = objects.iter().filter(|(name, _)| name.starts_with(&prefix)).collect();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult>");
    if value("delimiter") == "/" {
        // What lies side by side, in one page.
        let mut folders: Vec<&str> = Vec::new();
        for (name, bytes) in found {
            match name[prefix.len()..].split_once('/') {
                Some((folder, _)) => folders.push(folder),
                None => text += &contents(name, bytes),
            }
        }
        folders.dedup();
        for folder in folders {
            text += &format!("<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>");
        }
        return text + "</ListBucketResult>";
    }
    found.iter().skip(begin).take(PAGE).for_each(|(name, bytes)| text += &contents(name, bytes));
    if begin + PAGE < found.len() {
        text += &format!("<NextContinuationToken>{}</NextContinuationToken>", begin + PAGE);
    }
    text + "</ListBucketResult>"
}

fn contents(name: &str, bytes: &[u8]) -> String {
    format!(
        "<Contents><Key>{name}</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>&quot;{:08x}&quot;</ETag><Size>{}</Size></Contents>",
        crc32fast::hash(bytes),
        bytes.len()
    )
}

/// A page of a tree as the hub gives it, and where the next begins; nothing where there is no such folder. Files of more than
/// a hundred bytes are in its large storage.
fn tree(
    objects: &BTreeMap<String, Vec<u8>>,
    folder: &str,
    query: &BTreeMap<String, String>,
    lies: bool,
) -> Option<(String, Option<usize>)> {
    use sha2::{Digest, Sha256};
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let recursive = query.get("recursive").is_some_and(|value| value == "true");
    let found = objects.iter().filter(|(name, _)| name.starts_with(&prefix));
    let found: Vec<_> = found.filter(|(name, _)| recursive || !name[prefix.len()..].contains('/')).collect();
    let begin = query.get("cursor").and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let entry = |(name, bytes): &(&String, &Vec<u8>)| {
        let oid = format!("{:08x}", crc32fast::hash(bytes));
        let content: &[u8] = if lies { b"a lie" } else { bytes.as_slice() };
        let sha = terrella_core::hex(Sha256::digest(content));
        let size = bytes.len();
        let mut entry = serde_json::json!({ "type": "file", "oid": oid, "size": size, "path": name });
        if size > 100 {
            entry["lfs"] = serde_json::json!({ "oid": sha, "size": size, "pointerSize": 130 });
        }
        entry
    };
    if found.is_empty() && !folder.is_empty() {
        return None;
    }
    let mut page: Vec<serde_json::Value> = found.iter().skip(begin).take(PAGE).map(entry).collect();
    page.push(serde_json::json!({ "type": "directory", "oid": "x", "size": 0, "path": format!("{prefix}folder") }));
    let next = begin + PAGE;
    Some((serde_json::Value::Array(page).to_string(), (next < found.len()).then_some(next)))
}
