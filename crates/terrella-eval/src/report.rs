//! One self-contained page about one run, for someone who was not there.
//!
//! [`Report`] is plain data that a program fills in; [`Report::to_html`] makes the page. What the
//! run could *not* do is worked out here from the numbers, not written by whoever is proud of them.

use crate::html::{escape, facts, grid, list, page, push, section, table};
use crate::limits::{rollout_limits, score_limits};
use crate::rollout_page::{rollout_chart, rollout_numbers};
use crate::score_rows::{comparison, explanation, floors, origin, row, short};
use crate::{
    Chart, DoubtTable, Elsewhere, Failures, Faithful, Filmstrip, OpenLoop, Paired, Returns, RolloutTable, Scorecard,
    Shifts, Trust,
};
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
    /// Whether dreams do what is done, of a model that paints.
    pub faithful: Option<Faithful>,
    /// Open-loop errors in units of the log, where there is no world to act in.
    pub open_loop: Option<OpenLoop>,
    /// Bands around what is foretold, and up to where they are narrow enough.
    pub trust: Option<Trust>,
    /// How well its doubts tell changed worlds.
    pub doubt: Option<DoubtTable>,
    /// Rewards that planning in the model collects.
    pub returns: Option<Returns>,
    /// The headline policy in scenes that look otherwise.
    pub shifts: Option<Shifts>,
    /// Several sets of recordings side by side.
    pub elsewhere: Option<Elsewhere>,
    /// One moment in those scenes.
    pub scenes: Option<Filmstrip>,
    /// What the model sees in held-out pictures, where it was taught things.
    pub things: Option<Filmstrip>,
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
        section(&mut out, "How far it can be trusted", &self.trust.as_ref().map(Trust::to_html).unwrap_or_default());
        section(&mut out, "What it does not know", &self.doubt.as_ref().map(DoubtTable::to_html).unwrap_or_default());
        section(&mut out, "On other recordings", &self.elsewhere.as_ref().map(Elsewhere::to_html).unwrap_or_default());
        let shifted = self.shifts.iter().map(Shifts::to_html).chain(self.scenes.iter().map(Filmstrip::to_html));
        section(&mut out, "Where the scene looks otherwise", &shifted.collect::<String>());
        section(&mut out, "What the policy was told", &self.told());
        let curves: String = self.curves.iter().map(Chart::to_html).collect();
        section(&mut out, "What it learned", &grid(&curves));
        section(&mut out, "What it sees", &self.things.as_ref().map(Filmstrip::to_html).unwrap_or_default());
        section(&mut out, "What it imagines", &self.imagination());
        section(
            &mut out,
            "Whether it does what is done",
            &self.faithful.as_ref().map(Faithful::to_html).unwrap_or_default(),
        );
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
        let returns = self.returns.iter().flat_map(|returns| &returns.provenance.told);
        for sentence in self.scorecards.iter().flat_map(|card| &card.provenance().told).chain(returns) {
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
        limits.extend(self.trust.iter().flat_map(Trust::limits));
        limits.extend(self.returns.iter().flat_map(Returns::limits));
        limits.extend(self.shifts.iter().flat_map(Shifts::limits));
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

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
