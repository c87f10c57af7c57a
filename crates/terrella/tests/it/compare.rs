//! `terrella compare`: runs side by side.

use crate::support::{copy, finished, fresh, program, told};
use std::fs;

#[test]
fn runs_stand_side_by_side_and_are_told_apart_pair_by_pair_where_they_made_the_same_attempts() {
    let folder = fresh("compared");
    copy(finished(), &folder.join("one"));
    copy(finished(), &folder.join("two"));
    let compared = |runs: &[&str]| told(&program(&folder, &[&["compare"], runs, &["--out", "page.html"]].concat()));
    let text = compared(&["one", "two"]);
    for line in
        ["exit 0", "hybrid, moderate", "best floor, strict", "steps ahead, model", "one hybrid against two hybrid"]
    {
        assert!(text.contains(line), "{line} is missing in: {text}");
    }
    assert!(text.contains("+0.0 points") && !text.contains("train.steps"), "the same run twice: {text}");
    let page = fs::read_to_string(folder.join("page.html")).expect("a page");
    assert!(page.contains("On the same attempts") && page.contains("What they learned"), "sections of the page");

    // Other settings of one are told; and one that was asked for other goals is not compared pair by pair.
    let record = folder.join("two/run.toml");
    let text = fs::read_to_string(&record).expect("a record");
    let other = text.replace("learning_rate = 0.002", "learning_rate = 0.001");
    assert_ne!(other, text, "there is a learning rate");
    fs::write(&record, other).expect("a record");
    let attempts = folder.join("two/attempts-hybrid.jsonl");
    let text = fs::read_to_string(&attempts).expect("attempts");
    fs::write(&attempts, text.lines().skip(1).map(|line| line.to_owned() + "\n").collect::<String>()).expect("fewer");
    let text = compared(&["one", "two"]);
    assert!(text.contains("train.learning_rate") && text.contains("two was asked for other goals than one"), "{text}");
    assert!(!text.contains("one hybrid against"), "{text}");

    let text = compared(&["one", "nowhere"]);
    assert!(text.contains("exit 1") || text.contains("exit 2"), "{text}");
    assert!(text.contains("nowhere") && !text.contains("panicked"), "{text}");
    assert!(compared(&["one", "one"]).contains("one is named twice"), "once is enough");
}
