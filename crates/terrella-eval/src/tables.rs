//! The numbers of a page as Markdown tables, for documents that quote them.
//!
//! Each row stands for itself: rate or error with its interval, its floors, what was held out, and the
//! command and revision that made it.

use crate::markdown::table;
use crate::score::percent;
use crate::{DoubtTable, Elsewhere, Faithful, OpenLoop, Report, Returns, Scorecard, Shifts, Trust};

impl Report {
    /// Scores, returns, open-loop errors, bands and what is left in other scenes, a table each; empty if nothing was measured.
    pub fn to_markdown(&self) -> String {
        let scores = (!self.scorecards.is_empty()).then(|| {
            let header = [
                "policy",
                "rule",
                "reached",
                "random",
                "nothing",
                "best other floor",
                "held out",
                "pairs",
                "command",
                "commit",
            ];
            table(&header, &self.scorecards.iter().flat_map(score_rows).collect::<Vec<_>>())
        });
        let returns = self.returns.as_ref().map(Returns::to_markdown);
        let open_loop = self.open_loop.as_ref().map(OpenLoop::to_markdown);
        let trust = self.trust.as_ref().map(Trust::to_markdown);
        let shifts = self.shifts.as_ref().map(Shifts::to_markdown);
        let doubt = self.doubt.as_ref().map(DoubtTable::to_markdown);
        let elsewhere = self.elsewhere.as_ref().map(Elsewhere::to_markdown);
        let faithful = self.faithful.as_ref().map(Faithful::to_markdown);
        let all = [scores, returns, open_loop, trust, faithful, elsewhere, shifts, doubt];
        all.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

fn score_rows(card: &Scorecard) -> Vec<Vec<String>> {
    let (held_out, all) = card.episodes();
    let (protocol, origin) = (card.protocol(), card.provenance());
    let row = |score: &crate::Score| {
        let best = score
            .best_floor()
            .map_or_else(|| "–".to_owned(), |f| format!("{} {}", f.name, percent(f.rate, f.interval)));
        let (random, null) = (score.random(), score.null());
        vec![
            card.policy().to_owned(),
            score.rule().name().to_owned(),
            format!("**{}**", percent(score.rate(), score.interval())),
            percent(random.0, random.1),
            percent(null.0, null.1),
            best,
            format!("{held_out} of {all} episodes ({})", origin.split),
            format!("{} × {}", protocol.seeds.len(), protocol.pairs),
            format!("`{}`", origin.command),
            origin.commit.clone(),
        ]
    };
    card.scores().iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_has_no_table() {
        assert_eq!(Report::new("nothing").to_markdown(), "", "nothing was measured");
    }
}
