//! Who may come in, and what is left of those who have gone.

use crate::client::{all_given_back, given_back};
use crate::{Client, Options, serve};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use tokio_tungstenite::tungstenite::Error;

/// Status of an answer to a WebSocket that was refused.
fn refused(result: Result<Client, Box<Error>>) -> Option<u16> {
    match *result.err()? {
        Error::Http(response) => Some(response.status().as_u16()),
        _ => None,
    }
}

/// The answer to a plain request, head and body.
fn get(address: SocketAddr, path: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test]
async fn only_the_page_of_the_server_drives() {
    let running = serve(1, Options { sessions: 1, names: vec!["play.example".into()], ..Options::default() });
    let address = running.address();
    let (here, there) = (format!("http://{address}"), "http://evil.example");
    assert_eq!(refused(Client::with(address, "", &[("origin", there)]).await), Some(403), "a page of others");
    assert_eq!(refused(Client::with(address, "", &[]).await), Some(403), "no page");
    let bent = [("host", "evil.example"), ("origin", there)];
    assert_eq!(refused(Client::with(address, "", &bent).await), Some(403), "a name that was bent to this server");
    let named = [("host", "play.example"), ("origin", "http://play.example")];
    assert!(Client::with(address, "", &named).await.is_ok(), "a name that was given");
    all_given_back(&running).await;
    assert!(Client::with(address, "", &[("origin", here.as_str())]).await.is_ok(), "its address");
}

#[tokio::test]
async fn a_key_is_needed_where_there_is_one_and_opens_what_it_is_for() {
    let keys = ["read:aaaaaaaaaaaaaaaa", "record:bbbbbbbbbbbbbbbb"]
        .map(|key| key.parse::<crate::Key>().expect("a key"))
        .to_vec();
    let running = serve(2, Options { sessions: 2, keys, ..Options::default() });
    let address = running.address();
    let origin = format!("http://{address}");
    let headers = [("origin", origin.as_str())];
    for query in ["", "?key=", "?key=aaaaaaaaaaaaaaab"] {
        assert_eq!(refused(Client::with(address, query, &headers).await), Some(403), "{query}");
    }
    let mut looks = Client::with(address, "?key=aaaaaaaaaaaaaaaa", &headers).await.expect("a key");
    looks.say(r#"{"do":"read"}"#).await;
    assert_eq!(looks.text().await.expect("numbers")["say"], json!("state"));
    looks.say(r#"{"do":"pause"}"#).await;
    assert_eq!(looks.text().await.expect("an answer")["say"], json!("error"));
    let mut drives = Client::with(address, "?key=bbbbbbbbbbbbbbbb", &headers).await.expect("a key");
    drives.begin(1).await;
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_at_once() {
    let options = || Options { sessions: 1, ..Options::default() };
    let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    for (options, told) in [
        (Options { address: anywhere, ..options() }, "key"),
        (Options { sessions: 0, ..options() }, "1 to 32"),
        (Options { sessions: 5, ..options() }, "4 futures"),
    ] {
        let stage = crate::toy::stage(4, true);
        let about = crate::About::new(&stage, "a toy");
        let error = terrella_play::serve(stage, about, options).expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test]
async fn the_page_is_served_and_nothing_else() {
    let running = serve(2, Options { sessions: 2, ..Options::default() });
    let (address, host) = (running.address(), running.address().to_string());
    let files = [
        ("/", "text/html"),
        ("/play.js", "text/javascript"),
        ("/play.css", "text/css"),
        ("/favicon.svg", "image/svg+xml"),
        ("/data", "text/html"),
        ("/data.js", "text/javascript"),
    ];
    for (path, kind) in files {
        let answer = get(address, path, &host).to_lowercase();
        assert!(answer.starts_with("http/1.1 200") && answer.contains(&format!("content-type: {kind}")), "{answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
        assert!(answer.contains("cache-control: no-store"), "{answer}");
    }
    for path in
        ["/../Cargo.toml", "/etc/passwd", "/play.js/..", "/%2e%2e/Cargo.toml", "/dist/index.html", "/library", "/runs"]
    {
        assert!(get(address, path, &host).starts_with("HTTP/1.1 404"), "{path}");
    }
    assert!(get(address, "/", "evil.example").starts_with("HTTP/1.1 403"), "a name that was bent to this server");
    let answer = get(address, "/about", &host);
    let about: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
    assert_eq!((&about["world"], &about["sessions_most"], &about["real"]), (&json!("dot"), &json!(2), &json!(true)));
}

/// A library of one run, whose pages say what they were asked for.
struct Shelf;

impl crate::Library for Shelf {
    fn shelves(&self) -> Vec<crate::Shelf> {
        vec![crate::Shelf { name: "pushes".to_owned(), ..crate::Shelf::default() }]
    }
    fn dataset(&self, dataset: usize) -> terrella_core::Result<crate::Contents> {
        Err(terrella_core::Error::Invalid(format!("there is no dataset {dataset}")))
    }
    fn episode(&self, _: usize, _: usize) -> terrella_core::Result<crate::Track> {
        Ok(crate::Track::default())
    }
    fn pictures(&self, _: usize, _: usize, _: &[usize]) -> terrella_core::Result<Vec<terrella_core::Image>> {
        panic!("a library that fails")
    }
    fn runs(&self, key: &str) -> terrella_core::Result<String> {
        Ok(format!("<p>all runs, for {key}</p>"))
    }
    fn report(&self, run: usize) -> terrella_core::Result<String> {
        Ok(format!("<p>report {run}</p>"))
    }
    fn compare(&self, runs: &[usize]) -> terrella_core::Result<String> {
        Ok(format!("<p>{runs:?}</p>"))
    }
}

#[tokio::test]
async fn the_library_answers_whoever_has_a_key_and_its_pages_run_no_script() {
    let keys = vec!["read:aaaaaaaaaaaaaaaa".parse::<crate::Key>().expect("a key")];
    let library: Option<std::sync::Arc<dyn crate::Library>> = Some(std::sync::Arc::new(Shelf));
    let running = serve(2, Options { sessions: 1, keys, library, ..Options::default() });
    let (address, host) = (running.address(), running.address().to_string());
    let ask = |path: &str| get(address, &format!("{path}key=aaaaaaaaaaaaaaaa"), &host);
    for path in ["/library", "/runs", "/runs/report?run=0", "/library?key=aaaaaaaaaaaaaaab"] {
        assert!(get(address, path, &host).starts_with("HTTP/1.1 403"), "{path} without a key");
    }
    assert!(ask("/library?").contains(r#""name":"pushes""#));
    assert!(ask("/library/dataset?dataset=3&").starts_with("HTTP/1.1 400"));
    assert!(ask("/library/pictures?dataset=0&episode=0&row=0&").starts_with("HTTP/1.1 500"), "it fails for one");
    let report = ask("/runs/report?run=2&");
    let rules = report.to_lowercase().lines().filter(|line| line.starts_with("content-security-policy")).count();
    assert!(rules == 1 && report.contains("report 2") && report.contains("style-src 'unsafe-inline'"), "{report}");
    assert!(!report.contains("script-src"), "{report}");
    assert!(ask("/runs?").contains("for aaaaaaaaaaaaaaaa"));
    let about = get(address, "/about", &host);
    assert!(about.contains(r#""library":true"#), "{about}");
}

#[tokio::test]
async fn a_thousand_come_and_go_and_leave_nothing() {
    let running = serve(8, Options { sessions: 4, ..Options::default() });
    for at in 0..1000 {
        let mut page = Client::open(running.address()).await;
        match at % 3 {
            0 => drop(page),
            1 => _ = page.say(r#"{"do":"branch"}"#).await,
            _ => page.anything().await,
        }
    }
    all_given_back(&running).await;
    let mut page = Client::open(running.address()).await;
    page.begin(1).await;
    // The last to come may have been seen late.
    given_back(&running, 1).await;
    drop(page);
    given_back(&running, 0).await;
}
