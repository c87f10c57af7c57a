//! The page about a checkup: what is wrong, where, and what helps.

use terrella_doctor::{Checkup, Severity, Subject};
use terrella_eval::Chart;
use terrella_eval::html::{facts, page, push, text_table};

/// Findings of a group that are listed one by one.
const LISTED: usize = 50;

/// Makes the page.
pub fn checkup_page(path: &str, subject: &Subject, checkup: &Checkup) -> String {
    let mut body = String::new();
    push(&mut body, "<h1>", &format!("Checkup of {path}"), "</h1>\n");
    let [fail, warn, info] = [Severity::Fail, Severity::Warn, Severity::Info].map(|s| checkup.count(s));
    let verdict = match (fail, warn) {
        (0, 0) => "Nothing is wrong that the checks know of.".to_owned(),
        (0, _) => format!("Nothing failed; {warn} findings are warnings."),
        _ => format!("{fail} findings are failures: what is learned from these rows is learned wrongly."),
    };
    push(&mut body, "<p>", &verdict, "</p>\n");
    body.push_str(&facts(&[
        ("Episodes".to_owned(), checkup.episodes.to_string()),
        ("Rows".to_owned(), checkup.rows.to_string()),
        ("Rate".to_owned(), format!("{} rows a second", subject.signature.fps)),
        ("Format".to_owned(), checkup.format.clone()),
        ("Findings".to_owned(), format!("{fail} failures, {warn} warnings, {info} notes")),
        ("SHA-256".to_owned(), checkup.hash.clone()),
    ]));
    for group in checkup.groups() {
        let word = match group.severity {
            Severity::Fail => "Failure",
            Severity::Warn => "Warning",
            Severity::Info => "Note",
        };
        let episodes = group.episodes();
        let of = if episodes.is_empty() { String::new() } else { format!(" in {episodes}") };
        push(&mut body, "<h2>", &format!("{word}: {}{of}", group.check.name()), "</h2>\n");
        push(&mut body, "<p>", &group.findings[0].remedy, "</p>\n");
        let rows: Vec<Vec<String>> = group
            .findings
            .iter()
            .take(LISTED)
            .map(|f| vec![f.episode.map_or("all".to_owned(), |e| e.to_string()), f.place(), f.what.clone()])
            .collect();
        body.push_str(&text_table(&["episode", "place", "what was found"], &rows));
        if group.findings.len() > LISTED {
            push(
                &mut body,
                "<p class=\"soft\">",
                &format!("{} more are in the JSON.", group.findings.len() - LISTED),
                "</p>\n",
            );
        }
    }
    if let Some(lag) = &checkup.lag {
        push(&mut body, "<h2>", "Lag between actions and states", "</h2>\n");
        let mut chart =
            Chart::new("What actions leave unexplained", "rows by which actions are shifted", "residual variance");
        chart = chart.line("beside a model without actions", lag.curve.iter().map(|(k, r)| [*k as f64, *r]).collect());
        chart.note = format!(
            "Lowest at {} rows; a parabola puts it at {:.2}. The lower, the more actions tell.",
            lag.rows, lag.exact
        );
        body.push_str(&chart.to_html());
    }
    page(&format!("Checkup of {path}"), &body)
}
