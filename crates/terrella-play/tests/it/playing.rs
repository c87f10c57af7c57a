//! What a person can do.

use crate::client::all_given_back;
use crate::toy::piloted;
use crate::{Client, Kept, Options, serve};
use serde_json::json;
use std::sync::mpsc;

const WAY: [[f64; 2]; 5] = [[1.0, 0.0], [0.5, 1.0], [-1.0, 1.0], [1.0, -0.5], [1.0, 1.0]];

#[tokio::test]
async fn a_world_is_driven_seen_and_rewound() {
    let running = serve(2, Options { sessions: 1, ..Options::default() });
    let mut page = Client::open(running.address()).await;
    let (header, pictures) = page.begin(3).await;
    assert_eq!(header["pictures"], json!(["learned:0", "real:0"]));
    assert_eq!((&header["size"], pictures.len()), (&json!(8), 2 * 8 * 8 * 3));
    let mut first = Vec::new();
    for (to, action) in (1..).zip(WAY) {
        let (header, pictures) = page.step(to, action).await;
        assert_eq!(header["echo"], json!(to as f64 + 0.5), "the first to show the action");
        assert_eq!(header["action"], json!(action));
        assert_eq!((&header["remembered"], &header["recording"]), (&json!(to), &json!(null)));
        first.push(pictures);
    }
    page.say(r#"{"do":"rewind","steps":5}"#).await;
    let (header, _) = page.frame(|header| header["step"] == 0).await;
    assert_eq!((&header["paused"], &header["remembered"], &header["echo"]), (&json!(true), &json!(0), &json!(null)));
    for ((to, action), before) in (1..).zip(WAY).zip(&first) {
        assert_eq!(&page.step(to, action).await.1, before, "step {to} comes again");
    }
    page.say(r#"{"do":"read"}"#).await;
    let state = page.text().await.expect("numbers");
    assert_eq!(
        (&state["say"], &state["step"], &state["names"]),
        (&json!("state"), &json!(5), &json!(["dot.x", "dot.y"]))
    );
    page.say(r#"{"do":"anchor"}"#).await;
    page.frame(|header| header["anchored"] == 5).await;
    page.say(r#"{"do":"save","name":"here"}"#).await;
    assert_eq!(page.text().await.expect("names"), json!({"say":"saved","names":["here"]}));
    page.step(6, [1.0, 1.0]).await;
    page.say(r#"{"do":"load","name":"here"}"#).await;
    page.frame(|header| header["step"] == 5).await;
    running.stop();
    running.join().expect("it stops");
}

#[tokio::test]
async fn time_passes_until_it_is_paused() {
    let running = serve(1, Options { sessions: 1, ..Options::default() });
    let mut page = Client::open(running.address()).await;
    page.say(r#"{"do":"speed","times":0}"#).await;
    page.frame(|header| header["step"].as_u64() > Some(100) && header["speed"] == 0.0).await;
    page.say(r#"{"do":"pause"}"#).await;
    let (header, _) = page.frame(|header| header["paused"] == true).await;
    let step = header["step"].as_u64().expect("a step");
    page.say(r#"{"do":"step"}"#).await;
    let (header, _) = page.frame(|_| true).await;
    assert_eq!(header["step"].as_u64(), Some(step + 1), "nothing moved in between");
}

#[tokio::test]
async fn two_futures_are_shown_side_by_side() {
    let running = serve(2, Options { sessions: 1, ..Options::default() });
    let mut page = Client::open(running.address()).await;
    page.begin(1).await;
    page.say(r#"{"do":"branch"}"#).await;
    let (header, pictures) = page.frame(|header| header["lanes"] == 2).await;
    assert_eq!(header["pictures"], json!(["learned:0", "real:0", "learned:1", "real:1"]));
    assert_eq!((pictures.len(), running.lent()), (4 * 192, 2));
    assert_eq!(pictures[..384], pictures[384..], "a fork");
    page.say(r#"{"do":"lane","lane":1}"#).await;
    page.step(1, [1.0, 1.0]).await;
    let (header, apart) = page.step(2, [1.0, 1.0]).await;
    assert_eq!(header["lane"], json!(1));
    assert_ne!(apart[..384], apart[384..], "one was driven");
    page.say(r#"{"do":"join"}"#).await;
    let (header, alone) = page.frame(|header| header["lanes"] == 1).await;
    assert_eq!((&header["lane"], &alone[..], running.lent()), (&json!(0), &apart[384..], 1));
}

#[tokio::test]
async fn the_planner_drives_towards_a_goal_and_shows_what_it_imagines() {
    let stage = piloted(2).0;
    let about = crate::About::new(&stage, "a toy");
    let running = terrella_play::serve(stage, about, options(1)).expect("a free port");
    let mut page = Client::open(running.address()).await;
    page.begin(3).await;
    page.say(r#"{"do":"goal","seed":5}"#).await;
    let (header, pictures) = page.frame(|header| header["goal"].is_string()).await;
    assert_eq!(header["pictures"], json!(["learned:0", "real:0", "goal:0"]));
    assert_eq!(pictures.len(), 3 * 192);
    page.say(r#"{"do":"pilot","on":true}"#).await;
    let (header, _) = page.frame(|header| header["drivers"] == json!(["planner"])).await;
    assert_eq!(
        (&header["pictures"], &header["plan"]),
        (&json!(["learned:0", "real:0"]), &json!(null)),
        "the goal comes once"
    );
    page.say(r#"{"do":"step"}"#).await;
    let (header, pictures) = page.frame(|header| header["step"] == 1).await;
    assert_eq!(header["pictures"], json!(["learned:0", "real:0", "ghost:0:0", "ghost:0:1", "ghost:0:2"]));
    assert_eq!((&header["plan"]["step"], &header["plan"]["every"], pictures.len()), (&json!(0), &json!(2), 5 * 192));
    assert_ne!(pictures[2 * 192..3 * 192], pictures[3 * 192..4 * 192], "it imagines to go there");
    let (header, _) = page.step(2, [0.5, 0.5]).await;
    assert_eq!(
        (&header["drivers"], &header["plan"], &header["action"]),
        (&json!(["hand"]), &json!(null), &json!([0.5, 0.5]))
    );
}

#[tokio::test]
async fn what_is_recorded_is_kept_when_it_is_turned_off_when_the_page_goes_and_when_the_server_stops() {
    let (sender, kept) = mpsc::channel();
    let running = serve(2, Options { keep: Some(Box::new(Kept(sender))), ..options(2) });
    let mut page = Client::open(running.address()).await;
    page.begin(1).await;
    page.say(r#"{"do":"record","on":true}"#).await;
    for to in 1..=3 {
        let (header, _) = page.step(to, [1.0, 0.0]).await;
        assert_eq!(header["recording"], json!(to));
    }
    page.say(r#"{"do":"record","on":false}"#).await;
    assert_eq!(page.text().await.expect("where"), json!({"say":"recorded","path":"kept/here","rows":3}));
    let driven = kept.recv().expect("an episode");
    assert_eq!((driven.episode.len(), driven.provenance.as_str()), (3, "seed 1, step 0"));
    assert_eq!(driven.episode.actions.data, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);

    page.say(r#"{"do":"record","on":true}"#).await;
    page.step(4, [1.0, 0.0]).await;
    drop(page);
    assert_eq!(kept.recv().expect("an episode").episode.len(), 1, "the page went");
    all_given_back(&running).await;

    let mut page = Client::open(running.address()).await;
    page.begin(2).await;
    page.say(r#"{"do":"record","on":true}"#).await;
    page.step(1, [0.0, 1.0]).await;
    page.step(2, [0.0, 1.0]).await;
    running.stop();
    assert_eq!(page.text().await.expect("where"), json!({"say":"recorded","path":"kept/here","rows":2}));
    assert_eq!(page.text().await.expect("a farewell")["say"], json!("closing"));
    assert_eq!(page.text().await, None, "it ended");
    running.join().expect("it stops");
    assert_eq!(kept.recv().expect("an episode").episode.len(), 2, "the server stopped");
}

fn options(sessions: usize) -> Options {
    Options { sessions, ..Options::default() }
}
