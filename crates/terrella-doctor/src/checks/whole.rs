//! Bookkeeping: what the reader told, tasks, outcomes, lengths, episodes without motion.

use crate::finding::{Check, Finding, Severity};
use crate::robust::median;
use crate::view::View;
use std::collections::BTreeMap;

/// Rows below which nothing with a history can be learned.
const TOO_SHORT: usize = 5;

pub(super) fn check(view: &View) -> Vec<Finding> {
    let subject = view.subject;
    let mut found: Vec<Finding> = subject.notes.iter().map(Finding::from_note).collect();
    found.extend(tasks(view));
    for (at, evidence) in subject.evidence.iter().enumerate() {
        if evidence.success == Some(false) {
            let remedy = "leave it out of demonstrations; a world model may learn from it";
            found.push(
                Finding::new(Check::Failure, Severity::Warn, "the recording says that the task failed", remedy)
                    .in_episode(at),
            );
        }
    }
    let mut lengths: Vec<f64> = subject.episodes.iter().map(|e| e.len() as f64).collect();
    let usual = median(&mut lengths);
    for (at, episode) in subject.episodes.iter().enumerate() {
        let n = episode.len();
        if n < TOO_SHORT || (n as f64) < 0.1 * usual {
            let what = format!("it has {n} rows, the median is {usual:.0}");
            found.push(
                Finding::new(Check::Short, Severity::Warn, what, "leave it out, or see why it was cut").in_episode(at),
            );
        }
        let still = |v: &Vec<f64>| v.windows(2).all(|w| w[0] == w[1]);
        if n > 1 && view.series.iter().any(|s| s.moves()) && view.series.iter().all(|s| still(&s.values[at])) {
            found.push(Finding::new(Check::Idle, Severity::Warn, "nothing moves in it", "leave it out").in_episode(at));
        }
    }
    found
}

fn tasks(view: &View) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut spellings: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for (at, episode) in view.subject.episodes.iter().enumerate() {
        let task = episode.task.as_str();
        let plain: String = task.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
        let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let bad = if plain.is_empty() || plain == "unknown" {
            Some("the task is empty")
        } else if task.contains('\u{fffd}') || task.chars().any(|c| c.is_control()) {
            Some("the task has characters that cannot be printed")
        } else if task.chars().count() > 1000 {
            Some("the task has over 1,000 characters")
        } else {
            None
        };
        if let Some(what) = bad {
            found.push(
                Finding::new(Check::Task, Severity::Warn, what, "say what was done; language models read it")
                    .in_episode(at),
            );
        } else {
            *spellings.entry(plain).or_default().entry(task).or_default() += 1;
        }
    }
    for texts in spellings.into_values().filter(|t| t.len() > 1) {
        let list: Vec<String> = texts.iter().map(|(text, n)| format!("\"{text}\" {n} times")).collect();
        let what = format!("one task is spelt in several ways: {}", list.join(", "));
        found.push(Finding::new(Check::Task, Severity::Warn, what, "keep one spelling"));
    }
    found
}
