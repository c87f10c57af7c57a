//! Who sends nonsense, too much, or reads nothing: they are told, and others notice nothing.

use crate::client::all_given_back;
use crate::{Client, Options, serve};
use serde_json::json;

#[tokio::test]
async fn nonsense_is_answered_and_the_session_goes_on() {
    let running = serve(1, Options { sessions: 1, ..Options::default() });
    let mut page = Client::open(running.address()).await;
    page.begin(1).await;
    let long = format!(r#"{{"do":"save","name":"{}"}}"#, "a".repeat(20_000));
    for (text, told) in [
        (long.as_str(), "at most 16384"),
        ("not JSON", "JSON object"),
        ("[]", "JSON object"),
        (r#"{"do":"explode"}"#, "expected one of"),
        (r#"{"do":"drive","action":[NaN,0]}"#, "JSON object"),
        (r#"{"do":"drive","action":[1e300,0]}"#, "finite"),
        (r#"{"do":"drive","action":[0,0,0]}"#, "say 2: x, y"),
        (r#"{"do":"reset","episode":40,"row":1}"#, "no row 1 of episode 40"),
        (r#"{"do":"record","on":true}"#, "nothing is recorded here"),
    ] {
        page.say(text).await;
        let answer = page.text().await.expect("an answer");
        assert_eq!(answer["say"], json!("error"), "{answer}");
        assert!(answer["text"].as_str().is_some_and(|text| text.contains(told)), "{answer}");
    }
    page.send(vec![0; 100]).await;
    assert_eq!(page.text().await.expect("an answer")["say"], json!("error"), "bytes");
    page.step(1, [1.0, 1.0]).await;
}

#[tokio::test]
async fn who_never_makes_sense_is_sent_away() {
    let running = serve(1, Options { sessions: 1, ..Options::default() });
    let mut page = Client::open(running.address()).await;
    for _ in 0..32 {
        page.say("nonsense").await;
    }
    for _ in 0..32 {
        assert_eq!(page.text().await.expect("an answer")["say"], json!("error"));
    }
    assert_eq!(page.text().await.expect("a farewell")["say"], json!("closing"));
    assert_eq!(page.text().await, None, "it ended");
    all_given_back(&running).await;
}

#[tokio::test]
async fn who_sends_a_huge_message_is_cut_off() {
    let running = serve(1, Options { sessions: 1, ..Options::default() });
    let mut page = Client::open(running.address()).await;
    page.say(" ".repeat(4 << 20)).await;
    while page.text().await.is_some() {}
    all_given_back(&running).await;
    Client::open(running.address()).await.begin(1).await;
}

#[tokio::test]
async fn who_says_too_much_is_told_and_sent_away() {
    let running = serve(1, Options { sessions: 1, ..Options::default() });
    let mut page = Client::open(running.address()).await;
    page.shout(r#"{"do":"pause"}"#, 1000).await;
    let mut last = json!(null);
    while let Some(text) = page.text().await {
        last = text;
    }
    assert!(last["say"] == "closing" && last["text"].as_str().is_some_and(|text| text.contains("240")), "{last}");
    all_given_back(&running).await;
}

#[tokio::test]
async fn who_reads_nothing_holds_nobody_up() {
    let running = serve(2, Options { sessions: 2, ..Options::default() });
    let mut stalled = Client::open(running.address()).await;
    stalled.say(r#"{"do":"speed","times":0}"#).await;
    let mut page = Client::open(running.address()).await;
    page.begin(1).await;
    for to in 1..=200 {
        page.step(to, [0.0, 0.5]).await;
    }
    drop((stalled, page));
    all_given_back(&running).await;
}
