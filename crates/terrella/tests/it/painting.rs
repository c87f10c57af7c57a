//! A model that paints: trained, judged by its dreams, and driven from a page.

use crate::support::{device, fresh, program, tiny, told, training};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use terrella::Watch;
use terrella::pipeline::{Run, quickstart};

/// A finished tiny run of a model that paints TwoRoom.
pub(crate) fn painted() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    RUN.get_or_init(|| {
        let _turn = training();
        let path = fresh("painted");
        let set = ["model.kind=diffusion", "model.picture=32", "eval.faithful.horizon=3", "eval.faithful.clips=4"];
        let run = Run::create("quickstart", Some(&path), tiny("tworoom", &set)).expect("a run");
        quickstart(run, &device(), &Watch::silent()).expect("the whole thread");
        path
    })
}

#[test]
fn dreams_are_judged_beside_copies_and_by_what_other_actions_do() {
    let run = painted();
    let read = |name: &str| fs::read_to_string(run.join(name)).expect("a file");
    let evaluation: serde_json::Value = serde_json::from_str(&read("eval.json")).expect("JSON");
    let quantities = evaluation["rollout"]["quantities"].as_array().expect("quantities");
    let names: Vec<&str> = quantities.iter().filter_map(|q| q["name"].as_str()).collect();
    for name in ["picture PSNR", "picture PSNR, where it moved", "picture SSIM", "agent"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let curves: Vec<&str> =
        quantities[1]["curves"].as_array().expect("curves").iter().filter_map(|c| c["name"].as_str()).collect();
    assert!(["model", "copy-last", "mean"].iter().all(|name| curves.contains(name)), "{curves:?}");
    let rows = evaluation["faithful"]["rows"].as_array().expect("rows");
    assert!(rows.len() >= 4 && rows[0]["acts"] == "as recorded" && rows[0]["true_one"]["mean"].is_number(), "{rows:?}");
    assert!(evaluation["faithful"]["rank"].is_number(), "the world can be run");
    let html = read("report.html");
    for text in ["A diffusion world of tworoom", "Whether it does what is done", "imagined", "Painting the next frame"]
    {
        assert!(html.contains(text), "{text}");
    }
    let page = read("progress.html");
    assert!(page.contains("judging: its dreams</th><td>done") && !page.contains("to come"), "{page}");
}

#[test]
fn what_only_models_that_act_can_do_is_refused_with_a_reason() {
    let run = painted();
    let folder = run.parent().expect("a folder");
    let text = told(&program(folder, &["eval", "painted", "--shift"]));
    assert!(text.starts_with("exit 2") && text.contains("--shift") && text.contains("paints"), "{text}");
    let text = told(&program(folder, &["eval", "painted"]));
    assert!(text.starts_with("exit 0") && text.contains("picture PSNR, where it moved"), "{text}");
    let text = told(&program(folder, &["report", "painted", "--markdown"]));
    assert!(text.starts_with("exit 0") && text.contains("| as recorded |"), "{text}");
}

/// The program as it plays, and the address that it tells first.
pub(crate) fn playing(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terrella"));
    command.arg("play").args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut line).expect("an address");
    (child, line.trim().trim_start_matches("http://").to_owned())
}

pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_run_is_driven_from_a_page_until_somebody_stops_it() {
    let run = painted();
    let folder = run.parent().expect("a folder");
    let (mut child, address) = playing(folder, &["painted", "--port", "0", "--record", "painted-drives"]);
    let page = get(&address, "/");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("play.js"), "{page}");
    let about = get(&address, "/about");
    assert!(about.contains("\"world\":\"tworoom\"") && about.contains("\"picture\":32"), "{about}");
    let planner = about.split("\"planner\":").nth(1).expect("who plans");
    assert!(planner.contains("\"ready\":false") && planner.contains("--preset quickstart"), "what would help: {about}");
    let port = address.rsplit(':').next().expect("a port");
    let text = told(&program(folder, &["play", "painted", "--port", port]));
    assert!(text.contains(&format!("cannot listen at 127.0.0.1:{port}")), "a busy port: {text}");
    let stop = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(stop.success() && child.wait().expect("it ends").success(), "it ends well");
}

#[test]
fn without_a_run_a_world_that_comes_with_the_program_is_driven() {
    let folder = fresh("brought");
    fs::create_dir_all(&folder).expect("a folder");
    let drive = || {
        let (mut child, address) = playing(&folder, &["--port", "0"]);
        let about = get(&address, "/about");
        assert!(about.contains("\"real\":true") && about.contains("\"ready\":true"), "a world, and who plans: {about}");
        let stop = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
        assert!(stop.success() && child.wait().expect("it ends").success(), "it ends well");
    };
    drive();
    let model = folder.join("runs/brought/model/model.json");
    let before = fs::read(&model).expect("unpacked");
    drive();
    assert_eq!(fs::read(&model).expect("still there"), before, "it is unpacked once");
    fs::write(&model, "another").expect("a file");
    let text = told(&program(&folder, &["play", "--port", "0"]));
    assert!(text.starts_with("exit 2") && text.contains("another run") && text.contains("by its name"), "{text}");
}

#[test]
fn what_cannot_be_played_is_told_before_anybody_comes() {
    let run = painted();
    let folder = run.parent().expect("a folder");
    let refused = |arguments: &[&str], words: &[&str]| {
        let text = told(&program(folder, &[&["play"], arguments].concat()));
        assert!(!text.starts_with("exit 0"), "{text}");
        words.iter().for_each(|word| assert!(text.contains(word), "{word} in {text}"));
    };
    refused(&["painted", "--sessions", "0"], &["--sessions 0", "1 to 32"]);
    refused(&["painted", "--address", "0.0.0.0", "--port", "0"], &["key"]);
    refused(&["nothing-here"], &["nothing-here"]);
    fs::write(folder.join("painted-keys"), "short\n").expect("a file");
    refused(&["painted", "--keys", "painted-keys", "--port", "0"], &["painted-keys", "5 characters"]);
}
