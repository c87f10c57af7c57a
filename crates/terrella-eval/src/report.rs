//! One self-contained page about one run, for someone who was not there.
//!
//! [`Report`] is plain data that a program fills in; [`Report::to_html`] makes the page. What the
//! run could *not* do is worked out here from the numbers, not written by whoever is proud of them.

use crate::html::{escape, facts, list, page, push, table};
use crate::limits::{digits, rollout_limits, score_limits};
use crate::scorecard::percent;
use crate::{Chart, Failures, Filmstrip, OpenLoop, Paired, Quantity, Returns, RolloutTable, Score, Scorecard, Series};
use serde::{Deserialize, Serialize};
use terrella_core::Rule;

/// Everything a page shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Heading.
    pub title: String,
    /// What was done, in plain words; one paragraph each.
    pub done: Vec<String>,
    /// Results; the first one is the headline.
    pub scorecards: Vec<Scorecard>,
    /// Two policies on the same pairs: names, rule and comparison.
    pub comparisons: Vec<(String, String, Rule, Paired)>,
    /// Training curves and the like.
    pub curves: Vec<Chart>,
    /// Open-loop errors.
    pub rollout: Option<RolloutTable>,
    /// Open-loop errors in units of the log, where there is no world to act in.
    pub open_loop: Option<OpenLoop>,
    /// Rewards that planning in the model collects.
    pub returns: Option<Returns>,
    /// Recorded beside imagined.
    pub dreams: Vec<Filmstrip>,
    /// Executed plans.
    pub attempts: Vec<Filmstrip>,
    /// Failed attempts by reason.
    pub failures: Vec<Failures>,
    /// Limits that numbers here do not show.
    pub limits: Vec<String>,
    /// Commands that make it all again, in order.
    pub commands: Vec<String>,
    /// Versions, seeds, sizes: name and value.
    pub facts: Vec<(String, String)>,
}

impl Report {
    /// An empty report.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    /// The page. Sections without content are left out, except the one about limits.
    pub fn to_html(&self) -> String {
        let mut out = String::new();
        push(&mut out, "<h1>", &self.title, "</h1>\n");
        // Whoever opens the page wants to know how good it is and what it looks like; how it was done follows.
        out.push_str(&self.headline());
        let (first, further) =
            self.attempts.split_at(usize::from(!self.scorecards.is_empty()).min(self.attempts.len()));
        first.iter().for_each(|strip| out.push_str(&strip.to_html()));
        section(
            &mut out,
            "What was done",
            &self.done.iter().map(|p| format!("<p>{}</p>\n", escape(p))).collect::<String>(),
        );
        section(&mut out, "How good it is", &self.results());
        section(&mut out, "What it collects", &self.returns.as_ref().map(Returns::to_html).unwrap_or_default());
        section(&mut out, "How well it foretells", &self.open_loop.as_ref().map(OpenLoop::to_html).unwrap_or_default());
        section(&mut out, "What the policy was told", &self.told());
        let curves: String = self.curves.iter().map(Chart::to_html).collect();
        section(&mut out, "What it learned", &grid(&curves));
        section(&mut out, "What it imagines", &self.imagination());
        let further: String = further.iter().map(Filmstrip::to_html).collect();
        section(&mut out, "What it did", &further);
        section(&mut out, "What it could not do", &list(&self.all_limits()));
        section(&mut out, "How to repeat it", &self.repeat());
        page(&self.title, &out)
    }

    /// The score of the first policy, a card a rule.
    fn headline(&self) -> String {
        let Some(first) = self.scorecards.first() else { return String::new() };
        let mut out = "<div class=\"big\">".to_owned();
        for score in first.scores() {
            let interval = score.interval();
            out.push_str("<div>");
            push(&mut out, "<span>", &format!("{}, {} rule", first.policy(), score.rule().name()), "</span>");
            push(&mut out, "<strong>", &format!("{:.1} %", 100.0 * score.rate()), "</strong>");
            let (low, high) = (100.0 * interval.low, 100.0 * interval.high);
            push(
                &mut out,
                "<span>",
                &format!("95 % interval {} {low:.1} to {high:.1} %", score.interval_words()),
                "</span>",
            );
            let (random, null) = (100.0 * score.random().0, 100.0 * score.null().0);
            push(&mut out, "<span>", &format!("acting at random {random:.1} %, doing nothing {null:.1} %"), "</span>");
            push(&mut out, "<span>", score.context(), "</span></div>");
        }
        out + "</div>\n"
    }

    fn results(&self) -> String {
        let Some(first) = self.scorecards.first() else { return String::new() };
        let mut out = explanation(first);
        let header = [
            "policy",
            "rule",
            "reached",
            "attempts alone",
            "mean ± sd of seeds",
            "random",
            "nothing",
            "p",
            "median steps",
            "ms/step",
        ];
        let rows: Vec<Vec<String>> =
            self.scorecards.iter().flat_map(|card| card.scores().iter().map(move |s| row(card, s))).collect();
        out.push_str(&table(&header, &rows));
        out.push_str(
            "<p class=\"soft\">Brackets are 95 % intervals by episode: attempts from one episode are alike, so they count for less than as \
             many from different ones. Reached: share of attempts. Attempts alone: the interval if all attempts were independent \
             (Wilson’s), which is too narrow. Random, nothing: what the two floors reach on the same pairs. p: chance of such a \
             difference from the random floor, pair by pair, with the signs of whole episodes flipped. ms/step: time the \
             policy thought, an environment step on average.</p>\n",
        );
        out.push_str(&floors(first));
        let provenance: Vec<Vec<String>> = self.scorecards.iter().map(origin).collect();
        out.push_str(&table(&["policy", "shown", "held out", "seeds × pairs", "data", "commit", "took"], &provenance));
        if !self.comparisons.is_empty() {
            let rows: Vec<Vec<String>> = self.comparisons.iter().map(comparison).collect();
            out.push_str("<h3>Policies against each other, on the same pairs</h3>\n");
            let header = ["policies", "rule", "both", "only first", "only second", "neither", "difference", "p"];
            out.push_str(&table(&header, &rows));
        }
        out
    }

    fn told(&self) -> String {
        let mut told: Vec<String> = Vec::new();
        for sentence in self.scorecards.iter().flat_map(|card| &card.provenance().told) {
            if !told.contains(sentence) {
                told.push(sentence.clone());
            }
        }
        if told.is_empty() {
            return String::new();
        }
        let intro = "Beside what it sees now and what it sees of the goal. A score without these would be another one.";
        format!("<p>{}</p>\n{}", escape(intro), list(&told))
    }

    fn imagination(&self) -> String {
        let mut out = String::new();
        if let Some(rollout) = &self.rollout {
            let charts: String = rollout.quantities.iter().map(|q| rollout_chart(q, rollout).to_html()).collect();
            out.push_str(&format!(
                "<p>The model was shown one moment of {} clips from {} held-out episodes, was told the actions that followed, and \
                 imagined the rest. “copy-last” says that nothing changes, “mean” always says the average of the training \
                 recordings, and “seen” is the model looking at the moment itself instead of imagining it. Bands are 95 % \
                 intervals. Data {}.</p>\n",
                rollout.n_clips,
                rollout.n_episodes,
                escape(&short(&rollout.data_hash))
            ));
            out.push_str(&grid(&charts));
            out.push_str(&rollout_numbers(rollout));
        }
        self.dreams.iter().for_each(|strip| out.push_str(&strip.to_html()));
        out
    }

    /// What the numbers say against the run, then what the caller adds.
    pub fn all_limits(&self) -> Vec<String> {
        let mut limits: Vec<String> = self.scorecards.iter().flat_map(score_limits).collect();
        limits.extend(self.failures.iter().flat_map(Failures::sentences));
        limits.extend(self.rollout.iter().flat_map(rollout_limits));
        limits.extend(self.open_loop.iter().flat_map(OpenLoop::limits));
        limits.extend(self.returns.iter().flat_map(Returns::limits));
        limits.extend(self.limits.iter().cloned());
        let mut said = std::collections::HashSet::new();
        limits.retain(|limit| said.insert(limit.clone()));
        // A page about attempts says itself what they are worth.
        if self.scorecards.is_empty() && self.returns.is_none() && self.attempts.is_empty() {
            limits.push("No policy was evaluated, so nothing here says whether a goal can be reached.".to_owned());
        }
        limits
    }

    fn repeat(&self) -> String {
        let mut commands = self.commands.clone();
        for card in &self.scorecards {
            if !commands.contains(&card.provenance().command) {
                commands.push(card.provenance().command.clone());
            }
        }
        let mut out = String::new();
        if !commands.is_empty() {
            push(&mut out, "<pre>", &commands.join("\n"), "</pre>\n");
        }
        let mut rows = self.facts.clone();
        if let Some(card) = self.scorecards.first() {
            let own = |name: &str, value: String| (name.to_owned(), value);
            let protocol = card.protocol();
            rows.push(own("seeds", join(&protocol.seeds)));
            rows.push(own("data hash", card.data_hash().to_owned()));
            rows.push(own("commit", card.provenance().commit.clone()));
            rows.push(own("machine", card.provenance().machine.clone()));
        }
        rows.retain(|(_, value)| !value.is_empty());
        out + &facts(&rows)
    }
}

fn section(out: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        push(out, "<section>\n<h2>", title, "</h2>\n");
        out.push_str(body);
        out.push_str("</section>\n");
    }
}

fn grid(charts: &str) -> String {
    if charts.is_empty() { String::new() } else { format!("<div class=\"charts\">\n{charts}</div>\n") }
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

/// What the protocol means, for someone who does not know it.
fn explanation(card: &Scorecard) -> String {
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
fn floors(card: &Scorecard) -> String {
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

fn row(card: &Scorecard, score: &Score) -> Vec<String> {
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

fn origin(card: &Scorecard) -> Vec<String> {
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
        duration(card.seconds()),
    ]
}

fn comparison((first, second, rule, paired): &(String, String, Rule, Paired)) -> Vec<String> {
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

fn duration(seconds: f64) -> String {
    if seconds < 100.0 { format!("{seconds:.1} s") } else { format!("{:.1} min", seconds / 60.0) }
}

fn rollout_chart(quantity: &Quantity, table: &RolloutTable) -> Chart {
    let direction = if quantity.higher_is_better { "higher is better" } else { "lower is better" };
    let mut chart = Chart::new(
        &format!("{}, {direction}", quantity.name),
        "environment steps ahead",
        if quantity.unit == "°" { "error in degrees" } else { &quantity.unit },
    );
    if quantity.unit == "px" || quantity.unit == "px/s" {
        chart.y_label = format!("error in {}", quantity.unit);
    }
    for curve in &quantity.curves {
        let x = |h: usize| (h * table.frame_skip) as f64;
        // At horizon 0 copy-last is perfect, which on a scale of decibels would dwarf all else.
        let from = usize::from(quantity.higher_is_better);
        chart.series.push(Series {
            name: curve.name.clone(),
            points: curve.points.iter().enumerate().skip(from).map(|(h, p)| [x(h), p.mean]).collect(),
            band: curve.points.iter().skip(from).map(|p| [p.interval.low, p.interval.high]).collect(),
        });
    }
    chart
}

/// The errors at the first block, in the middle and at the end, as numbers.
fn rollout_numbers(table: &RolloutTable) -> String {
    let Some(last) = table.quantities.first().and_then(|q| q.curves.first()).map(|c| c.points.len() - 1) else {
        return String::new();
    };
    let mut horizons = vec![1.min(last), last.div_ceil(2), last];
    horizons.dedup();
    let mut header = vec!["quantity".to_owned(), "unit".to_owned(), "predictor".to_owned()];
    header.extend(horizons.iter().map(|h| format!("{} steps", h * table.frame_skip)));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    for quantity in &table.quantities {
        for curve in &quantity.curves {
            let mut row = vec![quantity.name.clone(), quantity.unit.clone(), curve.name.clone()];
            row.extend(horizons.iter().map(|&h| {
                let point = curve.points[h];
                format!("{} [{}, {}]", digits(point.mean), digits(point.interval.low), digits(point.interval.high))
            }));
            rows.push(row);
        }
    }
    format!(
        "<details><summary>The same as numbers, with 95 % intervals</summary>{}</details>\n",
        crate::html::table(&header, &rows)
    )
}
