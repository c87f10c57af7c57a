//! Recordings that lie elsewhere: copies equal what lies there, cuts and stops cost nothing twice, and what cannot be is told.

use crate::fixtures::write_dataset;
use crate::remote_server::Server;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use terrella_data::{Error, Result};
use terrella_formats::{FetchOptions, Fetched, OpenOptions, Patience, Place, Told, fetch, open};

/// Bytes of a file of two ranges, of which the first has eight mebibytes.
const BIG: usize = 9 << 20;

/// Bytes that are sent of its first range before it is cut.
const HALF: u64 = 4 << 20;

/// Bytes that tell where they are.
fn bytes(n: usize, seed: usize) -> Vec<u8> {
    (0..n).map(|at| (at * 31 + at / 251 + seed) as u8).collect()
}

fn objects() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("data/a.bin", bytes(300, 1)),
        ("data/b/c.bin", bytes(5, 2)),
        ("data/b/d e%.bin", bytes(70_000, 3)),
        ("data/empty", Vec::new()),
        ("other/x", bytes(9, 4)),
    ]
}

/// Those below a prefix, by their names there.
fn below(prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let named = objects().into_iter().filter_map(|(name, bytes)| Some((name.strip_prefix(prefix)?.to_owned(), bytes)));
    named.collect()
}

/// Files below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below it").to_str().expect("a name").replace('\\', "/");
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

fn options(server: &Server, cache: &Path) -> FetchOptions {
    let url = server.url();
    let set = ["AWS_ENDPOINT", "GOOGLE_BASE_URL", "HF_ENDPOINT"].map(|name| (name.to_owned(), url.clone()));
    let allowed = ["AWS_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP"].map(|name| (name.to_owned(), "true".to_owned()));
    let patience = Patience { first: Duration::from_millis(5), most: Duration::from_millis(20), tries: 4 };
    FetchOptions { cache: cache.to_path_buf(), variables: set.into_iter().chain(allowed).collect(), patience }
}

fn place(address: &str) -> Place {
    Place::parse(address).expect("an address").expect("not a path")
}

/// Fetches all of it, and what was told.
fn fetched(address: &str, options: &FetchOptions) -> (Result<Fetched>, String) {
    let mut notes = String::new();
    let outcome = fetch(&place(address), options, &mut |told| {
        if let Told::Note(note) = told {
            notes += note;
            notes.push('\n');
        }
        true
    });
    (outcome, notes)
}

fn refused(address: &str, options: &FetchOptions) -> String {
    let (outcome, _) = fetched(address, options);
    outcome.expect_err(address).to_string()
}

#[test]
fn copies_equal_what_lies_in_a_bucket_and_only_what_changed_is_fetched_again() {
    for scheme in ["s3", "gs"] {
        let (server, cache) = (Server::with(&objects()), tempfile::tempdir().expect("a folder"));
        // As some programs mark a folder.
        server.put("data/b/", Vec::new());
        let (options, address) = (options(&server, cache.path()), format!("{scheme}://box/data/"));
        let (outcome, notes) = fetched(&address, &options);
        let first = outcome.expect("a copy");
        assert!(first.path.ends_with("data"), "{}", first.path.display());
        assert_eq!(files(&first.path), below("data/"), "{scheme}");
        assert_eq!((first.files, first.fetched, first.bytes), (4, 4, 70_305), "{scheme}");
        assert_eq!((first.received, server.sent()), (70_305, 70_305), "{scheme}: each byte once");
        assert!(notes.contains("without credentials"), "{notes}");

        let reads = server.state.reads.load(SeqCst);
        let (outcome, notes) = fetched(&address, &options);
        let second = outcome.expect("a copy");
        assert_eq!((second.fetched, second.received, second.path.clone()), (0, 0, first.path.clone()), "{scheme}");
        assert_eq!(server.state.reads.load(SeqCst), reads, "nothing was asked for");
        assert!(notes.contains("are here as they are there"), "{notes}");

        server.put("data/a.bin", bytes(300, 7));
        server.state.objects.lock().expect("no panic").remove("data/b/c.bin");
        let third = fetched(&address, &options).0.expect("a copy");
        assert_eq!((third.files, third.fetched, third.received), (3, 1, 300), "{scheme}: what changed");
        let now = files(&third.path);
        assert_eq!(now["a.bin"], bytes(300, 7), "the newer one");
        assert!(!now.contains_key("b/c.bin"), "gone there, gone here");

        fs::write(third.path.join("a.bin"), "damaged").expect("a file");
        let fourth = fetched(&address, &options).0.expect("a copy");
        assert_eq!((fourth.fetched, files(&fourth.path)["a.bin"].clone()), (1, bytes(300, 7)), "made whole again");

        let one = fetched(&format!("{scheme}://box/data/a.bin"), &options).0.expect("a file");
        assert!(one.path.ends_with("a.bin") && one.files == 1, "{one:?}");
        assert_eq!(fs::read(&one.path).expect("a file"), bytes(300, 7));
    }
}

#[test]
fn a_dataset_in_a_bucket_opens_like_one_on_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let [source, cache] = ["source", "cache"].map(|name| folder.path().join(name));
    write_dataset(&source, &[5, 7]).expect("a dataset");
    let server = Server::with(&[]);
    for (name, bytes) in files(&source) {
        server.put(&format!("robots/trials/{name}"), bytes);
    }
    let options = options(&server, &cache);
    let there = open(&source, &OpenOptions::default()).expect("a dataset");
    let copy = fetched("s3://box/robots/trials", &options).0.expect("a copy");
    let here = open(&copy.path, &OpenOptions::default()).expect("a dataset");
    assert_eq!((here.n_rows(), here.hash), (12, there.hash));
    // The pictures that were decoded beside it are nobody's business.
    let again = fetched("s3://box/robots/trials", &options).0.expect("a copy");
    assert_eq!(again.received, 0);
    open(&again.path, &OpenOptions::default()).expect("a dataset");
}

#[test]
fn datasets_of_the_hub_are_listed_page_by_page_and_checked_by_their_digests() {
    let (server, cache) = (Server::with(&objects()), tempfile::tempdir().expect("a folder"));
    let options = options(&server, cache.path());
    let (outcome, notes) = fetched("hf://datasets/some/set", &options);
    let all = outcome.expect("a copy");
    assert!(all.path.ends_with("set") && notes.contains("HF_TOKEN"), "{notes}");
    assert_eq!(files(&all.path), below(""), "all of it");
    let part = fetched("hf://datasets/some/set@main/data", &options).0.expect("a copy");
    assert_eq!(files(&part.path), below("data/"), "a folder of it");
    let one = fetched("hf://datasets/some/set/data/a.bin", &options).0.expect("a file");
    assert_eq!(fs::read(&one.path).expect("a file"), bytes(300, 1), "one file");
    let sent = server.sent();
    assert_eq!(fetched("hf://datasets/some/set", &options).0.expect("a copy").received, 0);
    assert_eq!(server.sent(), sent, "nothing was asked for");

    server.state.lies.store(true, SeqCst);
    let error = refused("hf://datasets/some/set/data/a.bin", &options);
    assert!(error.contains("a.bin") && error.contains("SHA-256"), "{error}");
    server.state.lies.store(false, SeqCst);
    let one = fetched("hf://datasets/some/set/data/a.bin", &options).0.expect("a file");
    assert_eq!(fs::read(&one.path).expect("a file"), bytes(300, 1), "what was there of it is forgotten");
}

#[test]
fn cut_connections_are_gone_on_with_at_the_byte_where_they_were_cut() {
    let big = ("data/big.bin", bytes(BIG, 1));
    for (address, name) in [
        ("s3://box/data", "big.bin"),
        ("gs://box/data", "big.bin"),
        ("hf://datasets/some/set/data", "big.bin"),
        ("URL/files/data/big.bin", ""),
    ] {
        let (server, cache) = (Server::with(std::slice::from_ref(&big)), tempfile::tempdir().expect("a folder"));
        *server.state.cuts.lock().expect("no panic") = 2;
        let options = options(&server, cache.path());
        let copy = fetched(&address.replace("URL", &server.url()), &options).0.expect(address);
        let path = if name.is_empty() { copy.path.clone() } else { copy.path.join(name) };
        assert!(fs::read(path).expect("a file") == big.1, "{address}: every byte");
        assert_eq!(*server.state.cuts.lock().expect("no panic"), 0, "{address}: it was cut");
        assert_eq!((server.sent(), copy.received), (BIG as u64, BIG as u64), "{address}: no byte twice");
    }
}

#[test]
fn a_server_without_ranges_is_read_from_the_beginning_again() {
    let (server, cache) = (Server::with(&[("big.bin", bytes(BIG, 1))]), tempfile::tempdir().expect("a folder"));
    *server.state.cuts.lock().expect("no panic") = 1;
    let options = options(&server, cache.path());
    let copy = fetched(&format!("{}/plain/big.bin?signature=x", server.url()), &options).0.expect("a copy");
    assert!(copy.path.ends_with("big.bin"), "{}", copy.path.display());
    assert!(fs::read(&copy.path).expect("a file") == bytes(BIG, 1), "every byte");
    assert_eq!(server.sent(), (BIG / 2 + BIG) as u64, "half of it, then all of it");
}

#[test]
fn a_fetch_that_was_stopped_goes_on_and_begins_anew_where_the_file_has_changed() {
    for (address, changes) in [
        ("s3://box/data", false),
        ("s3://box/data", true),
        ("hf://datasets/some/set/data", false),
        ("hf://datasets/some/set/data", true),
        ("URL/files/data/big.bin", false),
        ("URL/files/data/big.bin", true),
    ] {
        let (server, cache) =
            (Server::with(&[("data/big.bin", bytes(BIG, 1))]), tempfile::tempdir().expect("a folder"));
        let (options, address) = (options(&server, cache.path()), address.replace("URL", &server.url()));
        server.state.hangs.store(true, SeqCst);
        let stopped = fetch(&place(&address), &options, &mut |told| !matches!(told, Told::At { done: HALF, .. }));
        assert!(matches!(stopped, Err(Error::Stopped)), "{address}: {stopped:?}");
        server.state.hangs.store(false, SeqCst);
        let now = bytes(BIG, if changes { 2 } else { 1 });
        server.put("data/big.bin", now.clone());
        let (outcome, notes) = fetched(&address, &options);
        let copy = outcome.expect(&address);
        let path = if copy.path.is_dir() { copy.path.join("big.bin") } else { copy.path.clone() };
        assert!(fs::read(path).expect("a file") == now, "{address}: every byte");
        let left = if changes { BIG as u64 } else { BIG as u64 - HALF };
        assert_eq!((copy.received, server.sent()), (left, HALF + left), "{address}");
        assert_eq!(notes.contains("begins anew"), changes, "{notes}");
    }
}

#[test]
fn names_that_would_leave_the_folder_are_refused() {
    for name in ["data/../evil", "data//evil"] {
        let (server, cache) = (Server::with(&objects()), tempfile::tempdir().expect("a folder"));
        server.put(name, bytes(9, 1));
        let options = options(&server, cache.path());
        for address in ["s3://box/data", "gs://box/data", "hf://datasets/some/set/data"] {
            let error = refused(address, &options);
            assert!(error.contains("would leave the folder") && error.contains("evil"), "{error}");
        }
        let written = files(cache.path());
        assert!(!written.keys().any(|name| name.ends_with("evil") || name.ends_with(".bin")), "{:?}", written.keys());
    }
}

#[test]
fn what_is_not_there_or_not_allowed_is_told_with_what_helps() {
    let (server, cache) = (Server::with(&objects()), tempfile::tempdir().expect("a folder"));
    let options = options(&server, cache.path());
    let url = server.url();
    for (address, parts) in [
        ("s3://box/dat", ["nothing lies there", "there are: data, other"]),
        ("gs://box/data/c", ["nothing lies there", "there are: a.bin, b, empty"]),
        ("s3://none/data", ["no bucket none", "AWS_ENDPOINT"]),
        ("gs://none", ["no bucket none", "spelling"]),
        ("hf://datasets/some/none", ["no such dataset", "spelling"]),
        ("hf://datasets/some/set@v9", ["v9", "spelling"]),
        ("hf://datasets/some/set/data/nothing", ["nothing lies there", "a.bin"]),
        ("URL/files/none.bin", ["no such file (404)", "spelling"]),
    ] {
        let error = refused(&address.replace("URL", &url), &options);
        assert!(parts.iter().all(|part| error.contains(part)), "{address}: {error}");
    }
    server.state.refuses.store(true, SeqCst);
    for (address, parts) in [
        ("s3://box/data", ["without credentials (403)", "AWS_ACCESS_KEY_ID"]),
        ("gs://box/data", ["without credentials (403)", "GOOGLE_SERVICE_ACCOUNT"]),
        ("hf://datasets/some/set", ["without a token (403)", "HF_TOKEN"]),
        ("URL/files/data/a.bin", ["the server refuses (403)", "signed"]),
    ] {
        let error = refused(&address.replace("URL", &url), &options);
        assert!(parts.iter().all(|part| error.contains(part)), "{address}: {error}");
    }
    let mut known = options.clone();
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN"];
    known.variables.extend(names.map(|name| (name.to_owned(), "x".to_owned())));
    let error = refused("s3://box/data", &known);
    assert!(error.contains("refuses these credentials (403)") && error.contains("AccessDenied"), "{error}");
    let error = refused("hf://datasets/some/set", &known);
    assert!(error.contains("refuses this token (403)"), "{error}");
    known.variables.remove("AWS_ALLOW_HTTP");
    let error = refused("s3://box/data", &known);
    assert!(error.contains("not encrypted") && error.contains("AWS_ALLOW_HTTP=true"), "{error}");
    known.variables.insert("AWS_ENDPOINT".to_owned(), "localhost:9000".to_owned());
    let error = refused("s3://box/data", &known);
    assert!(error.contains("AWS_ENDPOINT is \"localhost:9000\""), "{error}");
    // Nobody listens there.
    let (nobody, mut lost) = ("http://127.0.0.1:1", options);
    lost.variables.extend(["AWS_ENDPOINT", "HF_ENDPOINT"].map(|name| (name.to_owned(), nobody.to_owned())));
    for address in ["s3://box/data", "hf://datasets/some/set", "http://127.0.0.1:1/files/data/a.bin"] {
        let error = refused(address, &lost);
        assert!(error.contains("cannot be reached") && error.contains("same command again"), "{address}: {error}");
    }
}
