//! Scorecards as rows of the tables of a page.

use crate::html::{escape, table};
use crate::score::percent;
use crate::{Paired, Score, Scorecard};
use terrella_core::Rule;
use terrella_core::time::brief;

/// What the protocol means, for someone who does not know it.
pub(crate) fn explanation(card: &Scorecard) -> String {
    let protocol = card.protocol();
    let hold = |rule: &Rule| if rule.hold() > 1 { format!(", held for {} steps", rule.hold()) } else { String::new() };
    let rules: Vec<String> = protocol.rules.iter().map(|r| format!("{}{}", r.name(), hold(r))).collect();
    let (held_out, all) = card.episodes();
    let text = format!(
        "Each attempt starts as a recording of the world “{}” did and has to bring about what the recording showed {} steps later, \
         within {} steps. Starts that fulfil their goal already are not used. The recordings are {held_out} of {all} episodes that \
         nothing was learned from. Rules: {}.",
        card.world(),
        protocol.offset,
        protocol.budget,
        rules.join("; ")
    );
    format!("<p>{}</p>\n", escape(&text))
}

/// The headline and who needs no model, side by side: a column a rule.
pub(crate) fn floors(card: &Scorecard) -> String {
    let scores = card.scores();
    let mut header = vec!["who".to_owned()];
    header.extend(scores.iter().map(|s| s.rule().name().to_owned()));
    header.push("what it is".to_owned());
    let row = |name: &str, what: &str, cell: &dyn Fn(&Score) -> String| -> Vec<String> {
        [name.to_owned()].into_iter().chain(scores.iter().map(cell)).chain([what.to_owned()]).collect()
    };
    let mut rows = vec![
        row(card.policy(), "the policy with the model", &|s| percent(s.rate(), s.interval())),
        row("random", "draws every action anew", &|s| percent(s.random().0, s.random().1)),
        row("null", "keeps still", &|s| percent(s.null().0, s.null().1)),
    ];
    for floor in scores[0].floors() {
        let cell = |s: &Score| {
            let same = s.floors().iter().find(|f| f.name == floor.name);
            same.map_or_else(|| "–".to_owned(), |f| percent(f.rate, f.interval))
        };
        rows.push(row(&floor.name, &floor.what, &cell));
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    format!("<h3>Beside policies without a model, on the same pairs</h3>\n{}", table(&header, &rows))
}

pub(crate) fn row(card: &Scorecard, score: &Score) -> Vec<String> {
    let (mean, sd) = score.mean_sd();
    let alone = score.by_attempt();
    vec![
        card.policy().to_owned(),
        score.rule().name().to_owned(),
        percent(score.rate(), score.interval()),
        format!("[{:.1}, {:.1}]", 100.0 * alone.low, 100.0 * alone.high),
        if score.by_seed().len() > 1 {
            format!("{:.1} ± {:.1} %", 100.0 * mean, 100.0 * sd)
        } else {
            "one seed".to_owned()
        },
        percent(score.random().0, score.random().1),
        percent(score.null().0, score.null().1),
        probability(score.against_random().p),
        score.median_steps().map_or_else(|| "–".to_owned(), |s| s.to_string()),
        format!("{:.2}", card.ms_per_step()),
    ]
}

pub(crate) fn origin(card: &Scorecard) -> Vec<String> {
    let (held_out, all) = card.episodes();
    let view = card.view();
    let picture = view.picture.map(|size| format!("{size}×{size} picture"));
    let shown = [picture, view.state.then(|| "state".to_owned())].into_iter().flatten().collect::<Vec<_>>().join(" + ");
    vec![
        card.policy().to_owned(),
        if shown.is_empty() { "nothing".to_owned() } else { shown },
        format!("{held_out} of {all} episodes ({})", card.provenance().split),
        format!("{} × {}", card.protocol().seeds.len(), card.protocol().pairs),
        short(card.data_hash()),
        short(&card.provenance().commit),
        brief(card.seconds()),
    ]
}

pub(crate) fn comparison((first, second, rule, paired): &(String, String, Rule, Paired)) -> Vec<String> {
    let (d, i) = (100.0 * paired.difference, paired.interval);
    vec![
        format!("{first} against {second}"),
        rule.name().to_owned(),
        paired.both.to_string(),
        paired.only_first.to_string(),
        paired.only_second.to_string(),
        paired.neither.to_string(),
        format!("{d:+.1} points [{:+.1}, {:+.1}]", 100.0 * i.low, 100.0 * i.high),
        probability(paired.p),
    ]
}

fn probability(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

pub(crate) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
